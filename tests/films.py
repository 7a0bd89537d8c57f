"""Videos for tests: written frame by frame with known times, of drawn people with known entrances, or sent as MJPEG."""

import http.server
import threading
import time
from contextlib import contextmanager
from fractions import Fraction

import av
import cv2
import numpy as np

from facegui import drawn, image
from facegui.drawn.film import Part, film
from facegui.service import demo, models

KNOWN, OTHER = list(drawn.CAST)[:2]
STRANGER = drawn.STRANGERS[demo.STRANGER]
FPS, SECONDS = 10.0, 6.6
# bare, then gone, then back with a mask; the stranger is there in between and overlaps both
PARTS = [Part(drawn.CAST[KNOWN], 0.4, 2.6, 0.3), Part(STRANGER, 1.6, 5.0, 0.72), Part(drawn.CAST[KNOWN], 4.4, 6.2, 0.3, mask=True)]
SIZE = (560, 316)


def write(path, frames, times, codec="libx264", tone=None):
    """frames: (height, width, 3) RGB uint8; times in seconds; tone: hertz of a sound as long as the pictures."""
    with av.open(str(path), "w") as out:
        height, width = frames[0].shape[:2]
        video = out.add_stream(codec, rate=30)
        video.width, video.height, video.pix_fmt = width, height, "yuv420p"
        video.time_base = video.codec_context.time_base = Fraction(1, 1000)
        sound = out.add_stream("aac", rate=44_100, layout="mono") if tone else None
        for pixels, time_s in zip(frames, times, strict=True):
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts, frame.time_base = round(1000 * time_s), Fraction(1, 1000)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        if tone:
            wave = np.sin(2 * np.pi * tone * np.arange(int(44_100 * times[-1])) / 44_100).astype(np.float32)
            for start in range(0, len(wave) - 1024, 1024):
                part = av.AudioFrame.from_ndarray(0.5 * wave[None, start:start + 1024], format="fltp", layout="mono")
                part.sample_rate, part.pts = 44_100, start
                out.mux(sound.encode(part))
            out.mux(sound.encode())
    return path


def people(path):
    """The film of PARTS."""
    shot = list(film(PARTS, SECONDS, FPS, SIZE))
    return write(path, [pixels for _, pixels in shot], [time_s for time_s, _ in shot])


def present(parts, time_s):
    return [part for part in parts if part.start_s <= time_s < part.end_s]


def enroll(service):
    """KNOWN and OTHER, bare, with the threshold for drawn people."""
    service.gallery.set_setting(models.THRESHOLD, drawn.APART)
    for name in (KNOWN, OTHER):
        service.enroll(name, [drawn.person(drawn.CAST[name], **view) for view in demo.VIEWS])


class Camera:
    """What an address sends: `frames` in a circle, `drop()` ends all connections, `refuse` answers 503."""

    def __init__(self, frames, fps):
        self.jpegs = [image.encode_jpeg(one, 95) for one in frames]
        self.fps, self.refuse, self.served, self.connections = fps, False, 0, 0
        self._era = 0

    def drop(self):
        self._era += 1

    def send(self, handler):
        if self.refuse:
            handler.send_error(503)
            return
        self.connections += 1
        era = self._era
        handler.send_response(200)
        handler.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        handler.end_headers()
        start, number = time.monotonic(), 0
        while era == self._era:
            data = self.jpegs[self.served % len(self.jpegs)]
            head = b"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(data)
            handler.wfile.write(head + data + b"\r\n")
            self.served, number = self.served + 1, number + 1
            time.sleep(max(0.0, start + number / self.fps - time.monotonic()))


@contextmanager
def mjpeg(frames, fps=20):
    """A local camera over HTTP; yields (address, Camera)."""
    camera = Camera(frames, fps)

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            try:
                camera.send(self)
            except (BrokenPipeError, ConnectionResetError):
                pass

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/camera", camera
    finally:
        camera.drop()
        server.shutdown()
        server.server_close()


def grey(value, size=(160, 120)):
    return np.full((size[1], size[0], 3), value, np.uint8)


def readers():
    return [one.name for one in threading.enumerate() if one.name in ("video-decoder", "stream-reader")]


def shrunk(pixels, factor):
    return cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)

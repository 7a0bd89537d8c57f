"""A network camera on this machine: H.264 over RTP inside an RTSP connection (RFC 2326, RFC 6184), with a password."""

import base64
import socketserver
import struct
import threading
import time
from contextlib import contextmanager

import av

LARGEST = 1200  # bytes of a unit in one packet; longer ones go in fragments
SDP = """v=0\r
o=- 0 0 IN IP4 127.0.0.1\r
s=camera\r
t=0 0\r
m=video 0 RTP/AVP 96\r
a=rtpmap:96 H264/90000\r
a=fmtp:96 packetization-mode=1\r
a=control:track0\r
"""


def units(frames, fps):
    """[[bytes]]: the H.264 units of each frame, every frame a whole picture with its parameters before it."""
    codec = av.CodecContext.create("libx264", "w")
    codec.height, codec.width = frames[0].shape[:2]
    codec.pix_fmt, codec.framerate = "yuv420p", fps
    codec.options = {"tune": "zerolatency", "preset": "ultrafast", "profile": "baseline", "g": "1",
                         "x264-params": "repeat-headers=1:slices=1"}
    codec.gop_size = 1
    made = []
    for pixels in frames:
        for packet in codec.encode(av.VideoFrame.from_ndarray(pixels, format="rgb24")):
            made.append([one.lstrip(b"\0") for one in bytes(packet).replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1") if one])
    return made


def packets(nals, number, stamp):
    """RTP packets of one frame; the last one says so."""
    for place, nal in enumerate(nals):
        if len(nal) <= LARGEST:
            parts = [nal]
        else:  # FU-A: the unit's kind moves into a second byte, with marks for its first and last part
            pieces = [nal[1:][at:at + LARGEST] for at in range(0, len(nal) - 1, LARGEST)]
            parts = [bytes([nal[0] & 0xE0 | 28, (at == 0) << 7 | (at == len(pieces) - 1) << 6 | nal[0] & 0x1F]) + piece
                     for at, piece in enumerate(pieces)]
        for at, part in enumerate(parts):
            last = place == len(nals) - 1 and at == len(parts) - 1
            yield struct.pack(">BBHII", 0x80, last << 7 | 96, number & 0xFFFF, stamp & 0xFFFFFFFF, 7) + part
            number += 1


class Camera:
    """`played`: how often somebody began to watch; `refused`: how often the password was missing or wrong."""

    def __init__(self, frames, fps, password):
        self.frames, self.fps = units(frames, fps), fps
        self.password = base64.b64encode(password.encode()).decode()
        self.played = self.refused = 0
        self.on = True

    def talk(self, lines, out):
        """One connection, until it ends."""
        while request := self._request(lines):
            method, headers = request
            more, body = "", ""
            if headers.get("authorization") != f"Basic {self.password}":
                self.refused += 1
                out.write(f'RTSP/1.0 401 Unauthorized\r\nCSeq: {headers["cseq"]}\r\n'
                          'WWW-Authenticate: Basic realm="camera"\r\n\r\n'.encode())
                continue
            if method == "DESCRIBE":
                body, more = SDP, f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n"
            elif method == "SETUP":
                more = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n"
            elif method == "OPTIONS":
                more = "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n"
            out.write(f"RTSP/1.0 200 OK\r\nCSeq: {headers['cseq']}\r\n{more}\r\n{body}".encode())
            if method == "PLAY":
                self.played += 1
                return self._play(out)

    def _request(self, lines):
        first, headers = lines.readline().decode().split(), {}
        while first and (line := lines.readline().decode().strip()):
            key, _, value = line.partition(":")
            headers[key.strip().lower()] = value.strip()
        return (first[0], headers) if first else None

    def _play(self, out):
        start, number, sent = time.monotonic(), 0, 0
        while self.on:
            for packet in packets(self.frames[number % len(self.frames)], sent, round(90_000 * number / self.fps)):
                out.write(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
                sent += 1
            number += 1
            time.sleep(max(0.0, start + number / self.fps - time.monotonic()))


@contextmanager
def camera(frames, fps=20, password="ana:bright-sky"):
    """(host and path, Camera): rtsp://USER:PASSWORD@ before the first is its address."""
    made = Camera(frames, fps, password)

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            try:
                made.talk(self.rfile, self.wfile)
            except (BrokenPipeError, ConnectionResetError):
                pass

    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_address[1]}/front-door", made
    finally:
        made.on = False
        server.shutdown()
        server.server_close()

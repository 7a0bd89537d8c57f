"""What counts as a video: real files of every container that can be made here, and texts that begin like one by accident."""

import struct

import av
import numpy as np
import pytest
from PIL import Image

from facegui.capture import kinds
from facegui.types import VideoError

FRAMES = [np.random.default_rng(number).integers(0, 255, (48, 64, 3), dtype=np.uint8) for number in range(3)]
CONTAINERS = {"a.mp4": "mpeg4", "a.mov": "mpeg4", "a.webm": "libvpx", "a.mkv": "mpeg4", "a.avi": "mpeg4", "a.mpg": "mpeg1video",
              "a.ts": "mpeg2video", "a.wmv": "wmv2", "a.flv": "flv", "a.y4m": "rawvideo", "a.gif": "gif", "a.rm": "rv10"}
FORMATS = {"a.y4m": "yuv4mpegpipe"}
PIXELS = {"gif": "rgb8"}


def made(path, **options):
    """A video of three frames, written by FFmpeg."""
    with av.open(str(path), "w", format=FORMATS.get(path.name), options=options) as out:
        stream = out.add_stream(CONTAINERS[path.name], rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 48, PIXELS.get(CONTAINERS[path.name], "yuv420p")
        for pixels in FRAMES:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(pixels).reformat(format=stream.pix_fmt)))
        out.mux(stream.encode())
    return path


@pytest.mark.parametrize("name", CONTAINERS)
def test_real_videos_are_taken(tmp_path, name):
    kinds.check(made(tmp_path / name))


def test_films_for_the_web_and_films_with_filling_in_front(tmp_path):
    path = made(tmp_path / "a.mp4", movflags="faststart")
    kinds.check(path)
    whole = path.read_bytes()
    filling = struct.pack(">I4s", 8, b"wide") + struct.pack(">I4s", 3000, b"free") + bytes(2992)
    long = struct.pack(">I4sQ", 1, b"skip", 116) + bytes(100)
    for before in (filling, long, filling + long):
        path.write_bytes(before + whole)
        kinds.check(path)
    path.write_bytes(struct.pack(">I4s", 0, b"mdat") + bytes(100))  # to the end of the file
    kinds.check(path)


@pytest.mark.parametrize("colours", [2, 16, 256])
@pytest.mark.parametrize("version", [b"GIF87a", b"GIF89a"])
def test_moving_pictures_of_gif(tmp_path, colours, version):
    pages = [Image.fromarray(pixels).quantize(colours) for pixels in FRAMES]
    path = tmp_path / "a.gif"
    pages[0].save(path, save_all=True, append_images=pages[1:])
    path.write_bytes(version + path.read_bytes()[6:])
    kinds.check(path)
    data = path.read_bytes()
    path.write_bytes(data[:10] + b"\x00" + data[11:13] + data[13 + 3 * 2 ** (data[10] % 8 + 1):])  # without a table of colours for all
    kinds.check(path)


NO_VIDEOS = {
    "letters of a GIF": b"GIF89a is a format of CompuServe; GIF87a was the first one.\n" * 20,
    "begins like a GIF": b"GIF8 bytes are not enough, and so on and on\n" * 20,
    "a GIF without pictures": b"GIF89a\x10\x00\x10\x00\x00\x00\x00;",
    "a cut GIF": b"GIF89a\x10\x00",
    "free by accident": b"Buy free beer, and wide skies\n" * 50,
    "skip by accident": b"I'd skip this; it is a text\n" * 50,
    "movie by accident": b"The moov box of an MP4 file\n" * 50,
    "a brand by accident": b"0000ftyp is four letters here\n" * 50,
    "filling and nothing behind": struct.pack(">I4s", 16, b"free") + bytes(8),
    "filling, then a text": struct.pack(">I4s", 16, b"free") + bytes(8) + b"and then a playlist\n" * 20,
    "a box smaller than its head": struct.pack(">I4s", 4, b"free") + bytes(100),
    "filling for ever": struct.pack(">I4s", 8, b"free") * 1000,
    "a playlist": b"#EXTM3U\nfile:///etc/passwd\n",
    "a script": b"ffconcat version 1.0\nfile /etc/passwd\n",
    "Ogg in words": b"OggS is the capture pattern of Ogg\n",
    "Y4M in words": b"YUV4MPEG2 is a format\n",
    "RealMedia in words": b".RMF begins RealMedia\n",
}


@pytest.mark.parametrize("what", NO_VIDEOS)
def test_whatever_begins_like_a_video_by_accident_is_refused(tmp_path, what):
    path = tmp_path / "clip.mp4"
    path.write_bytes(NO_VIDEOS[what])
    with pytest.raises(VideoError, match="not a video that this program reads"):
        kinds.check(path)

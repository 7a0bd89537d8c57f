"""What a file is by its first bytes: only containers of moving pictures go on to FFmpeg.

FFmpeg would also follow playlists and scripts to other files and addresses; an uploaded text must not be able to do that.
"""

from __future__ import annotations

import stat
from pathlib import Path

from ..image import shown
from ..types import VideoError

HEAD_BYTES = 1024
PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\x00", b"MM\x00*")
PICTURE_BRANDS = (b"WEBP", b"heic", b"mif1", b"avif")
ISO_BOXES = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")
BEGINNINGS = (b"\x1aE\xdf\xa3", b"OggS", b"FLV\x01", b"0&\xb2u\x8ef\xcf\x11", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3",
              b"\x00\x00\x00\x01", b"GIF8", b"YUV4MPEG2 ", b".RMF")
KINDS = "MP4, MOV, WebM, MKV, AVI, MPEG, WMV, FLV or GIF"


def check(path: Path) -> None:
    """Raises VideoError unless the file begins like a video."""
    name = shown(path.name)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            kind = "a folder" if stat.S_ISDIR(status.st_mode) else "not a plain file"
            raise VideoError(f"{name} is {kind}, not a video; give a video file")
        with open(path, "rb") as file:
            head = file.read(HEAD_BYTES)
    except FileNotFoundError:
        raise VideoError(f"{name} does not exist; check the name and the folder") from None
    except PermissionError:
        raise VideoError(f"{name} may not be read by this user; change its permissions or copy it") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        raise VideoError(f"{name} cannot be read ({error}); check the disk and the file name") from None
    if not head:
        raise VideoError(f"{name} is empty (0 bytes); copy or download it again")
    if head.startswith(PICTURES) or head[8:12] in PICTURE_BRANDS:
        raise VideoError(f"{name} is a picture, not a video; recognise it as a photo instead")
    if not is_video(head):
        raise VideoError(f"{name} is not a video that this program reads; give {KINDS}")


def is_video(head: bytes) -> bool:
    """Whether the first bytes are those of a container of moving pictures."""
    if head.startswith(BEGINNINGS) or head[4:8] in ISO_BOXES:
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return True
    for start, packet in ((0, 188), (4, 192)):  # MPEG transport stream, plain and of a camcorder
        if len(head) > start + 2 * packet and all(head[start + number * packet] == 0x47 for number in range(3)):
            return True
    return False

"""What a file is by its first bytes: only containers of moving pictures go on to FFmpeg.

FFmpeg would also follow playlists and scripts to other files and addresses; an uploaded text must not be able to do that.
"""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import BinaryIO

from ..image import shown
from ..types import VideoError

HEAD_BYTES = 1024
PICTURES = (b"\xff\xd8\xff", b"\x89PNG", b"BM", b"II*\x00", b"MM\x00*")
PICTURE_BRANDS = (b"WEBP", b"heic", b"mif1", b"avif")
FILLING = (b"wide", b"free", b"skip")  # boxes that may come first and say nothing
MOST_FILLING = 16
BEGINNINGS = (b"\x1aE\xdf\xa3", b"OggS\x00", b"FLV\x01", b"0&\xb2u\x8ef\xcf\x11", b"\x00\x00\x01\xba", b"\x00\x00\x01\xb3",
              b"\x00\x00\x00\x01", b".RMF\x00\x00")
Y4M = re.compile(rb"YUV4MPEG2 [WHFIACX][^\n]*\n")
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
            video = is_video(head) or _is_iso(file, status.st_size)
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
    if not video:
        raise VideoError(f"{name} is not a video that this program reads; give {KINDS}")


def is_video(head: bytes) -> bool:
    """Whether the first bytes are those of a container of moving pictures, other than MP4 and MOV."""
    if head.startswith(BEGINNINGS) or Y4M.match(head) or _is_gif(head):
        return True
    if head.startswith(b"RIFF") and head[8:12] == b"AVI ":
        return True
    for start, packet in ((0, 188), (4, 192)):  # MPEG transport stream, plain and of a camcorder
        if len(head) > start + 2 * packet and all(head[start + number * packet] == 0x47 for number in range(3)):
            return True
    return False


def _is_gif(head: bytes) -> bool:
    """Signature, screen descriptor, colour table if there is one, and then an extension or an image (GIF89a, 17 to 23)."""
    if not head.startswith((b"GIF87a", b"GIF89a")) or len(head) < 13:
        return False
    at = 13 + (3 << ((head[10] & 7) + 1) if head[10] & 0x80 else 0)
    return head[at:at + 1] == b"," or head[at:at + 2] in (b"!\xf9", b"!\xfe", b"!\xff", b"!\x01")


def _is_iso(file: BinaryIO, size: int) -> bool:
    """MP4 and MOV begin with a box that fits into the file: its length, its type (ISO/IEC 14496-12, 4.2). Filling is skipped."""
    at = 0
    for _ in range(MOST_FILLING):
        file.seek(at)
        head = file.read(16)
        length, kind, start = int.from_bytes(head[:4], "big"), head[4:8], 8
        if length == 1:
            length, start = int.from_bytes(head[8:16], "big"), 16
        elif length == 0:
            length = size - at  # to the end
        if len(head) < 8 or length < start or at + length > size:
            return False
        if kind not in FILLING:
            return kind in (b"moov", b"mdat") or kind == b"ftyp" and length >= 16 and length % 4 == 0
        at += length
    return False

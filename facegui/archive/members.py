"""What any zip file must be before a member of it is opened: plain files, each once, readable, no bomb, and room for them all."""

from __future__ import annotations

import shutil
import stat
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from .. import image
from ..types import FaceguiError

SWELLING = 100  # photos and vectors hardly shrink in a zip; a bomb unpacks to a thousand times its size
SPARE = 64 << 20  # bytes that stay free on the disk


def check(members: Sequence[tuple[str, zipfile.ZipInfo]], size: int, room: Path, refuse: Callable[[str], FaceguiError]) -> None:
    """members: each with its name as the caller reads it; size: of the zip file, bytes; room: a folder on the disk where they
    will be kept. Raises what `refuse` makes of the reason."""
    if len({name for name, _ in members}) < len(members):
        raise refuse("a file stands in it twice; pack it again")
    for name, member in members:
        if member.flag_bits & 1:
            raise refuse("it is encrypted; pack it without a password")
        if stat.S_IFMT(member.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            raise refuse(f"it holds a link or no plain file ({image.shown(name)}); pack the files themselves")
        if member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise refuse("it is packed in an unusual way; pack it as a plain zip file")
    total = sum(member.file_size for _, member in members)
    if total > SWELLING * size + (1 << 20) or sum(member.compress_size for _, member in members) > size:
        raise refuse(f"it would unpack to {total:,} bytes out of {size:,}, as honest ones never do")
    free = shutil.disk_usage(room).free
    if total + SPARE > free:
        raise refuse(f"its files need {total / 1e6:,.0f} MB and {free / 1e6:,.0f} MB are free on the gallery's disk; "
                     "free some space and try again")

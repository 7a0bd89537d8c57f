"""Files that are being written, beside their final place; what a process left that died meanwhile is swept up."""

from __future__ import annotations

import contextlib
import os
import re
import time
from pathlib import Path

NAME = re.compile(r"\.(\d{1,9})-[0-9a-f]{8}\.part")
QUIET_S = 60  # a writer in another container, whose number means nothing here, is never silent for so long


def beside(path: Path) -> Path:
    """A name for what will be `path` when it is complete. What dead processes left in its folder goes."""
    sweep(path.parent)
    return path.with_name(f".{os.getpid()}-{os.urandom(4).hex()}.part")


def sweep(folder: Path) -> int:
    """Remove unfinished files of processes that are no more; returns how many."""
    gone = 0
    for part in folder.glob(".*.part") if os.name == "posix" else ():
        with contextlib.suppress(OSError):
            found = NAME.fullmatch(part.name)
            if found and time.time() - part.lstat().st_mtime > QUIET_S and not _alive(int(found[1])):
                part.unlink()
                gone += 1
    return gone


def _alive(process: int) -> bool:
    try:
        os.kill(process, 0)  # asks only
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # another user's
    return True

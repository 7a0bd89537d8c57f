"""A page's private folder for uploads, videos and exports: gone when it closes, or at the next start if it was killed."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

PREFIX, ALIVE = "facegui-page-", "alive"


@contextmanager
def private_folder() -> Iterator[Path]:
    """A new folder that its owner alone can read (mode 0700), deleted at the end. Those of killed processes go first."""
    sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with open(folder / ALIVE, "w") as alive:
            fcntl.flock(alive, fcntl.LOCK_EX)  # the system lets go of it when the process ends, however it ends
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path) -> int:
    """Delete this user's folders in `place` whose process has ended; returns how many."""
    gone = 0
    for folder in place.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            with open(folder / ALIVE) as alive:
                fcntl.flock(alive, fcntl.LOCK_EX | fcntl.LOCK_NB)  # raises BlockingIOError where the process is alive
                shutil.rmtree(folder, ignore_errors=True)
                gone += 1
    return gone

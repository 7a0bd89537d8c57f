"""A place inside the gallery folder to prepare files in; swept when its process is provably gone."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def stage(folder: Path) -> Iterator[Path]:
    """A new empty folder on the gallery's own disk, removed at the end."""
    place = folder / "incoming" / uuid.uuid4().hex[:12]
    place.mkdir(parents=True)
    lock = FileLock(place / "lock")  # the system lets go of it when the process dies
    try:
        with lock:
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def sweep(folder: Path) -> int:
    """Remove stages that no living process holds; returns how many."""
    count = 0
    for place in (folder / "incoming").glob("*"):
        try:
            with FileLock(place / "lock").acquire(timeout=0):
                pass
        except Timeout:
            continue
        except OSError:
            pass  # removed meanwhile
        shutil.rmtree(place, ignore_errors=True)
        count += 1
    return count

"""Who may build: one process at a time, and what a process that died while building left behind."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ..types import Progress, Tick


@contextmanager
def alone(root: Path, tick: Tick) -> Iterator[None]:
    """Wait until no other process builds. The system lets go of the lock when a process dies."""
    root.mkdir(parents=True, exist_ok=True)
    lock = FileLock(root / "building.lock")
    while True:
        try:
            lock.acquire(timeout=1)
            break
        except Timeout:
            tick(Progress(0, 0, "another process is building the index"))
    try:
        _clear(root)
        yield
    finally:
        lock.release()


def sweep(root: Path) -> None:
    """Remove what a killed build left, vectors and all. Whoever is building right now blanks what was deleted."""
    if next(root.glob("*/*.part"), None) is not None:
        try:
            with FileLock(root / "building.lock").acquire(timeout=0):
                _clear(root)
        except Timeout:
            pass


def _clear(root: Path) -> None:
    for part in root.glob("*/*.part"):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink(missing_ok=True)

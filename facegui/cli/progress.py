"""A progress bar with remaining time on standard error: live on a terminal, a line every few seconds elsewhere."""

from __future__ import annotations

import sys
import time
from typing import TextIO

from ..jobs import Remaining
from ..types import Progress

LIVE_S, PLAIN_S = 0.1, 5.0  # seconds between drawings on a terminal, and in a log


def duration(seconds: float) -> str:
    """97 -> "1m37s"; short enough for a bar."""
    seconds = max(0, round(seconds))
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m{seconds % 60:02d}s"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"


class Bar:
    """A Tick. Use as a context manager, so that the last line is finished whatever happens."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = self._stream.isatty()
        self._clock = Remaining()
        self._last = time.monotonic() - (0 if not self._live else LIVE_S)
        self._width = 0

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._width:
            self._stream.write("\r" + " " * self._width + "\r")
            self._stream.flush()

    def __call__(self, progress: Progress) -> None:
        progress = self._clock.fill(progress)
        now = time.monotonic()
        if now - self._last < (LIVE_S if self._live else PLAIN_S):
            return
        self._last = now
        line = self.line(progress)
        if self._live:
            self._stream.write("\r" + line.ljust(self._width))
            self._width = len(line)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()

    @staticmethod
    def line(progress: Progress) -> str:
        """One line: bar, share, count, remaining time, note."""
        parts = []
        if progress.total > 0:
            share = min(progress.done / progress.total, 1.0)
            parts.append("[" + ("#" * int(share * 24)).ljust(24) + f"] {share:4.0%}  {progress.done}/{progress.total}")
        elif progress.done:
            parts.append(str(progress.done))
        if progress.remaining_s is not None:
            parts.append(f"{duration(progress.remaining_s)} left")
        if progress.note:
            parts.append(progress.note[:60])
        return "  ".join(parts)

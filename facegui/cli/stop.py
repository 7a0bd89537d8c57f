"""Ctrl-C as a request: work that keeps its state asks for it between two steps; pressed again it interrupts at once."""

from __future__ import annotations

import signal
import threading

from ..types import Cancelled


class Stop:
    """Use as a context manager in the main thread. Call it to ask; `check` raises Cancelled."""

    def __init__(self) -> None:
        self.asked = threading.Event()

    def __enter__(self) -> Stop:
        self._before = signal.signal(signal.SIGINT, self._first)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def __call__(self) -> bool:
        return self.asked.is_set()

    def check(self) -> None:
        if self():
            raise Cancelled("Stopped; the same command goes on where it was.")

    def _first(self, *_: object) -> None:
        self.asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

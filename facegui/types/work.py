"""Progress of long work."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is. `total` 0 means unknown; `note` is a short sentence for people."""

    done: int
    total: int
    note: str = ""
    remaining_s: float | None = None


Tick = Callable[[Progress], None]  # called by long work; raises Cancelled when the user pressed cancel


def no_tick(_: Progress) -> None:
    """The Tick of callers that do not watch."""

"""One photo of a gallery to be built."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """`load()` gives the bytes of the photo file or raises ImageError; `label` is what messages call it."""

    person: str
    label: str
    load: Callable[[], bytes]

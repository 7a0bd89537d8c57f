"""The promise that the user chooses: at most one of so many strangers gets a name, or a score set by hand."""

from __future__ import annotations

from dataclasses import dataclass

from ..types import GalleryError

CHOICES = (10, 100, 1_000, 10_000)
DEFAULT = 100


@dataclass(frozen=True, slots=True)
class Promise:
    """`one_in`: at most one of so many strangers gets a name; `by_hand`: the score that a name needs, whatever follows."""

    one_in: int = DEFAULT
    by_hand: float | None = None

    @property
    def words(self) -> str:
        return "a score by hand" if self.by_hand is not None else f"1 in {self.one_in:,}"


def parse(text: str) -> Promise:
    """ "1/1000", "1 in 1,000" or "1000" -> a promise; "0.47" -> that score by hand. Raises GalleryError."""
    plain = text.strip().lower().replace(",", "").replace(" ", "").replace("in", "/")
    number = plain.removeprefix("1/")
    if number.isdecimal() and int(number) in CHOICES:
        return Promise(int(number))
    try:
        score = float(plain)
    except ValueError:
        score = 2.0
    if "." in plain and -1 <= score <= 1:
        return Promise(by_hand=score)
    options = ", ".join(f"1/{choice}" for choice in CHOICES)
    raise GalleryError(f"{text!r} is no promise; choose one of {options}, or a score by hand such as 0.47")

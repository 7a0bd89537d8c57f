"""The picture with boxes, names and scores: teal for a known face, orange for an unknown one.

Text is drawn with the fonts inside OpenCV 5, which cover Latin, Cyrillic, Greek and Chinese, Japanese and Korean names
without a font on the machine (Arabic letters appear unjoined).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np

from .types import Box, Identification, Recognition

KNOWN, UNKNOWN = (15, 118, 110), (180, 83, 9)  # the colours of the pages; colour-blind people tell them apart
_WHITE = (255, 255, 255)
_WEIGHT = 500


def annotate(pixels: np.ndarray, recognition: Recognition) -> np.ndarray:
    """A copy of (height, width, 3) RGB uint8 `pixels` with everybody marked as "Name 0.82" or "unknown".

    `pixels` may be smaller than the file the boxes were found in. Labels stay in the picture, out of each other's way
    where there is room.
    """
    picture = np.ascontiguousarray(pixels).copy()
    mark(picture, _marks(recognition, picture.shape[1]))
    return picture


@dataclass(frozen=True, slots=True)
class Mark:
    """A box in pixels of the picture, what stands at it, and whether that is a name."""

    box: Box
    text: str
    known: bool


def mark(picture: np.ndarray, marks: Sequence[Mark]) -> None:
    """Draw boxes with their labels into a contiguous (height, width, 3) RGB uint8 picture."""
    height, width = picture.shape[:2]
    line = max(2, round(max(width, height) / 500))  # thinner ones vanish in the coding of a video
    for one in marks:
        box = tuple(round(value) for value in one.box)
        cv2.rectangle(picture, box[:2], box[2:], (0, 0, 0), line + max(2, line))  # visible on its own colour
        cv2.rectangle(picture, box[:2], box[2:], _colour(one), line)
    font = cv2.FontFace("sans")
    for one, tag in zip(marks, _layout(marks, width, height), strict=True):
        x1, y1, x2, y2 = tag.box
        cv2.rectangle(picture, (x1, y1), (x2 - 1, y2 - 1), _colour(one), cv2.FILLED)
        cv2.putText(picture, tag.text, tag.start, _WHITE, font, tag.letters_px, _WEIGHT)


@dataclass(frozen=True, slots=True)
class Tag:
    """A label's text, its letters' size, its filled box (x1, y1, x2, y2, ends excluded) and where the text starts."""

    text: str
    letters_px: int
    box: tuple[int, int, int, int]
    start: tuple[int, int]


def layout(recognition: Recognition, width: int, height: int) -> list[Tag]:
    """The labels of a width x height picture, in the order of the faces; placed from the top of the picture down."""
    return _layout(_marks(recognition, width), width, height)


def _layout(marks: Sequence[Mark], width: int, height: int) -> list[Tag]:
    boxes, font = [tuple(round(value) for value in one.box) for one in marks], cv2.FontFace("sans")
    tags: dict[int, Tag] = {}
    for number in sorted(range(len(boxes)), key=lambda number: boxes[number][1]):
        box = boxes[number]
        text, size = _fit(marks[number].text, _letters_px(box, width, height), width, font)
        left, top, wide, tall = _extent(text, size, font)
        pad = max(2, size // 4)
        place = _place(box, min(wide + 2 * pad, width), min(tall + 2 * pad, height), width, height,
                       [tag.box for tag in tags.values()], boxes[:number] + boxes[number + 1 :])
        tags[number] = Tag(text, size, place, (place[0] + pad - left, place[1] + pad - top))
    return [tags[number] for number in range(len(boxes))]


def _marks(recognition: Recognition, width: int) -> list[Mark]:
    return [Mark(tuple(round(value * width / recognition.width) for value in one.probe.face.box), label(one), one.name is not None)
            for one in recognition.faces]


def label(one: Identification) -> str:
    """What stands at the box of a face: a name with its score, a question, or unknown."""
    if one.question is not None:
        return f"Is this {named(one.question, None)}?"
    return "unknown" if one.name is None else named(one.name, one.match_score)


def named(name: str, score: float | None) -> str:
    """A name on one line, with its score."""
    name = " ".join("".join(letter if letter.isprintable() else " " for letter in name).split())
    return name if score is None else f"{name} {score:.2f}"


def _colour(one: Mark) -> tuple[int, int, int]:
    return KNOWN if one.known else UNKNOWN


def _letters_px(box: Box, width: int, height: int) -> int:
    """Letter height that suits the face, within what can be read and what leaves room in the picture."""
    long = max(width, height)
    return round(np.clip(0.2 * (box[3] - box[1]), max(11, long / 100), max(11, long / 36)))


def _extent(text: str, size: int, font: cv2.FontFace) -> Box:
    """Left, top, width and height of a text whose first letter stands at (0, 0), as high as any Latin letter."""
    left, top, wide, tall = cv2.getTextSize((1, 1), text, (0, 0), font, size, _WEIGHT)
    _, high, _, deep = cv2.getTextSize((1, 1), "Äg", (0, 0), font, size, _WEIGHT)
    bottom, top = max(top + tall, high + deep), min(top, high)
    return left, top, wide, bottom - top


def _fit(text: str, size: int, width: int, font: cv2.FontFace) -> tuple[str, int]:
    """The text in smaller letters, then shortened, until it fits into the picture's width."""
    while size > 8 and _extent(text, size, font)[2] + size > width:
        size -= 1
    while len(text) > 2 and _extent(text, size, font)[2] + size > width:
        text = text.rstrip(".")[:-1] + ".."
        if len(text) < 5:
            return "", size
    return text, size


def _place(box: Box, wide: int, tall: int, width: int, height: int, taken: Sequence[Box], faces: Sequence[Box]) -> Box:
    """Where the label goes: above, below, inside or beside the box, with the least in its way."""
    x1, y1, x2, y2 = box
    best, least = (0, 0, wide, tall), float("inf")
    for rank, (left, top) in enumerate([(x1, y1 - tall), (x2 - wide, y1 - tall), (x1, y2), (x2 - wide, y2), (x1, y1),
                                        ((x1 + x2 - wide) // 2, y1 - tall), (x2, y1), (x1 - wide, y1), (x1, y2 - tall),
                                        (x1, y1 - 2 * tall), (x1, y2 + tall)]):
        left, top = max(0, min(left, width - wide)), max(0, min(top, height - tall))
        spot = (left, top, left + wide, top + tall)
        cost = 5 * sum(_shared(spot, other) for other in taken) + sum(_shared(spot, other) for other in faces)
        cost += 0.3 * _shared(spot, box) + rank
        if cost < least:
            best, least = spot, cost
    return best


def _shared(one: Box, other: Box) -> float:
    """Area that two boxes have in common."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return float(max(across, 0) * max(down, 0))

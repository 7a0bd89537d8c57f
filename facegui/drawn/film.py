"""A short film of drawn people: who stands where from when to when is known exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np

TURNS = 4  # drawings of one part, shown to and fro as the head turns a little


@dataclass(frozen=True, slots=True)
class Part:
    """One person on stage from `start_s` to before `end_s`; `place` is the middle of the picture, 0 (left) to 1 (right)."""

    seed: int
    start_s: float
    end_s: float
    place: float = 0.5
    mask: bool | str = False
    view: int = 3


def film(parts: Sequence[Part], seconds: float, fps: float = 12.5, size: tuple[int, int] = (640, 360)) \
        -> Iterator[tuple[float, np.ndarray]]:
    """(time in seconds, (height, width, 3) RGB uint8) frame by frame; size is (width, height). People sway."""
    from . import person

    width, height = size
    side = round(0.9 * height)
    drawn = {part: [person(part.seed, size=side, yaw=yaw, light=0.2, smile=0.3 * abs(yaw), mask=part.mask, view=part.view)
                    for yaw in np.linspace(-0.15, 0.2, TURNS)] for part in parts}
    room = cv2.resize(np.array([[[196, 200, 205], [214, 216, 219]], [[150, 148, 146], [163, 160, 158]]], np.uint8), size,
                      interpolation=cv2.INTER_LINEAR)
    for number in range(round(seconds * fps)):
        now = number / fps
        frame = room.copy()
        for part in parts:
            if part.start_s <= now < part.end_s:
                phase = (now - part.start_s) * 2.2
                still = drawn[part][round((TURNS - 1) * (0.5 - 0.5 * math.cos(phase)))]
                middle = part.place * width + 0.03 * width * math.sin(phase)
                left = int(np.clip(middle - side / 2, 0, width - side))
                frame[height - side:, left:left + side] = still
        yield now, frame


def sample(known: int, stranger: int) -> tuple[list[Part], float]:
    """The parts and seconds of the film that the page offers: the known person comes, goes and returns with a mask; a stranger
    walks through."""
    return [Part(known, 0.8, 5.0, 0.3), Part(stranger, 3.0, 8.0, 0.72), Part(known, 7.0, 11.0, 0.3, mask=True)], 12.0

"""Boxes, names and scores drawn onto a copy of a picture."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .types import Identification, Recognition

KNOWN, UNKNOWN = (22, 128, 61), (180, 83, 9)  # green and amber, both 4.5 : 1 and more under white text
TEXT = (255, 255, 255)
FONT_FILES = ("DejaVuSans-Bold.ttf", "DejaVuSans.ttf", "NotoSans-Bold.ttf", "Arial Bold.ttf", "arialbd.ttf")


def annotate(pixels: np.ndarray, recognition: Recognition) -> np.ndarray:
    """(h, w, 3) RGB uint8 -> a copy of the same shape with a box and a label per face.

    Boxes are in pixels of the upright file; `pixels` may be a smaller copy of it. Labels stay inside the picture and
    step aside for each other; line and letter follow the picture's size.
    """
    canvas = Image.fromarray(pixels.copy())
    draw = ImageDraw.Draw(canvas)
    scale = canvas.width / recognition.width
    line = max(2, round(max(canvas.size) / 400))
    taken: list[tuple[float, float, float, float]] = []
    for one in recognition.faces:
        box = tuple(value * scale for value in one.probe.face.box)
        colour = UNKNOWN if one.name is None else KNOWN
        draw.rectangle(box, outline=colour, width=line)
        font = _font(letter_px(box, canvas.size))
        text = _fitting(draw, font, label(one), canvas.width)
        if one.name is None and _size(draw, font, text)[0] > 1.6 * (box[2] - box[0]):
            text = "?"  # in a crowd the word would hide the neighbours
        place = _place(box, _size(draw, font, text), canvas.size, taken)
        taken.append(place)
        draw.rectangle(place, fill=colour)
        draw.text(((place[0] + place[2]) / 2, (place[1] + place[3]) / 2), text, font=font, fill=TEXT, anchor="mm")
    return np.asarray(canvas)


def label(one: Identification) -> str:
    """What is written at a face: the name with its score, or that nobody is near enough."""
    return "unknown" if one.name is None else f"{one.name} {one.match_score:.2f}"


def letter_px(box: tuple[float, ...], size: tuple[int, int]) -> int:
    """Letters grow with the face, between what can be read and what would hide the picture."""
    return round(min(max((box[2] - box[0]) / 6, max(size) / 70, 11), max(size) / 22 + 6))


def _font(size_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """A font of this machine that knows more scripts than Pillow's own, if there is one."""
    for name in FONT_FILES:
        try:
            return ImageFont.truetype(name, size_px)
        except OSError:
            continue
    return ImageFont.load_default(size_px)


def _size(draw: ImageDraw.ImageDraw, font, text: str) -> tuple[float, float]:
    left, top, right, bottom = draw.textbbox((0, 0), text, font=font)
    ascent = draw.textbbox((0, 0), "Áy", font=font)
    return right - left + 8, max(bottom - top, ascent[3] - ascent[1]) + 6


def _fitting(draw: ImageDraw.ImageDraw, font, text: str, width: int) -> str:
    """A label wider than the picture loses the middle of its name, never the score."""
    while len(text) > 12 and _size(draw, font, text)[0] > width:
        middle = (len(text) - 5) // 2
        text = text[:middle - 2] + "…" + text[middle + 1:]
    return text


def _place(box: tuple[float, ...], size: tuple[float, float], canvas: tuple[int, int],
           taken: list[tuple[float, float, float, float]]) -> tuple[float, float, float, float]:
    """Above the box, below it, or inside at its top: the first place that is in the picture and free, else the first."""
    width, height = size
    x = min(max((box[0] + box[2] - width) / 2, 0), max(canvas[0] - width, 0))
    tops = (box[1] - height, box[3], box[1], box[3] - height)
    places = [(x, y, x + width, y + height) for y in (min(max(top, 0), canvas[1] - height) for top in tops)]
    free = (place for place in places if not any(_overlap(place, other) for other in taken))
    return next(free, places[0])


def _overlap(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]

"""Drawn people: pictures for tests, demos and documentation that show nobody. The seed is the identity.

A face is a height field (skull, nose, brows, cheeks, lips) lit from one side, with painted eyes, brows, lips and hair.
"""

from __future__ import annotations

import math

import cv2
import numpy as np

from .face import head
from .sheet import Sheet, traits
from .wear import MASKS, body, glasses, hair_front, mask_on

# Chosen among 330 seeds by two published embedders and the bundled one: MTCNN finds each of them, bare and masked. Enrolled
# with three photos each, a masked view scores 0.74 to 0.93 with its owner; the strangers score 0.51 to 0.68 with anybody.
# Drawings resemble each other more than people do.
CAST = {"Ana Lima": 64, "Karl Weiß": 117, "Зоя Иванова": 34, "João Sá": 75, "Grace Oduya": 82, "Malik Diallo": 251,
        "Mei Lin": 220, "Omar Haddad": 259, "Priya Nair": 174, "Kenji Mori": 151, "Amara Okafor": 106, "Boris Petrov": 29}
STRANGERS = {"stranger 1": 67, "stranger 2": 258, "stranger 3": 135, "stranger 4": 77}
APART = 0.7  # a threshold that tells them apart; that of real people is lower


def person(seed: int, *, size: int = 400, light: float = 0.0, yaw: float = 0.0, smile: float = 0.0,
           mask: bool | str = False, view: int = 0) -> np.ndarray:
    """One drawn person -> (size, size, 3) RGB uint8; even seeds are women, odd ones men.

    light: -1 (from image left) to 1 (right); yaw: -1 to 1, 1 is about 30 degrees to the image right; smile: 0 to 1;
    mask: True or a colour of MASKS; view: another photo of the same person (background, clothes, distance, tilt, noise).
    """
    who, shot = traits(seed), np.random.default_rng([seed, view])
    vary = 1.0 if view else 0.0
    tilt, zoom = vary * shot.uniform(-0.12, 0.12), 1 + vary * shot.uniform(-0.12, 0.1)
    unit = 0.25 * size * zoom
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    x = (columns - size * (0.5 + vary * shot.uniform(-0.03, 0.03))) / unit
    y = (rows - size * (0.5 + vary * shot.uniform(-0.03, 0.03))) / unit
    face_x, face_y = x * math.cos(tilt) + y * math.sin(tilt), y * math.cos(tilt) - x * math.sin(tilt)
    sheet = Sheet(_backdrop(shot, size), face_x, face_y, unit, np.random.default_rng([seed, 99]))
    body(sheet, who, shot, x, y)
    head(sheet, who, light, yaw, smile)
    if mask:
        colour = MASKS[mask] if isinstance(mask, str) else list(MASKS.values())[(seed + view) % 3]
        mask_on(sheet, who, np.array(colour, np.float32), light, yaw)
    hair_front(sheet, who, light)
    if who.glasses:
        glasses(sheet, who, yaw)
    warmth = np.array([1, 0.2, -1], np.float32) * (vary * shot.uniform(-0.05, 0.05)) + (1 + vary * shot.uniform(-0.1, 0.08))
    photo = sheet.rgb * warmth + 2.2 * shot.standard_normal(sheet.rgb.shape, np.float32)
    return cv2.GaussianBlur(np.clip(photo, 0, 255).astype(np.uint8), (0, 0), 0.55 * size / 400 + 0.1)


def group(people: list[np.ndarray], size: tuple[int, int] = (1200, 800)) -> np.ndarray:
    """Pictures of persons side by side in rows, as one (height, width, 3) picture; size is (width, height)."""
    width, height = size
    columns = max(1, round((len(people) * width / height) ** 0.5))
    lines = -(-len(people) // columns)
    side = min(width // columns, height // lines)
    picture = np.full((height, width, 3), 205, np.uint8)
    for place, pixels in enumerate(people):
        line, column = divmod(place, columns)
        in_line = min(columns, len(people) - line * columns)
        left = (width - in_line * side) // 2 + column * side
        top = (height - lines * side) // 2 + line * side
        picture[top : top + side, left : left + side] = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_AREA)
    return picture


def _backdrop(shot: np.random.Generator, size: int) -> np.ndarray:
    """A wall out of focus: large soft patches around one muted colour."""
    base = shot.uniform(125, 215) + shot.uniform(-12, 12, 3)
    patches = shot.normal(0, 14, (4, 4, 1)) + shot.normal(0, 3, (4, 4, 3))
    return cv2.resize((base + patches).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC)

"""One random view of an aligned face: as a worse photo, a slightly different alignment and, often, a mask would show it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..align import similarity
from ..types import CropSpec
from .masks import STYLES, draw


@dataclass(frozen=True, slots=True)
class Augment:
    """How often (0..1) and how strongly a view differs from the stored face."""

    flip: float = 0.5
    turn_deg: float = 5.0  # standard deviations of the alignment's error
    shift: float = 0.015  # share of the crop's side
    zoom: float = 0.03
    light: float = 0.4
    grey: float = 0.05
    blur: float = 0.1
    low_resolution: float = 0.15
    jpeg: float = 0.15
    mask: float = 0.5
    styles: tuple[str, ...] = STYLES


STILL = Augment(flip=0, turn_deg=0, shift=0, zoom=0, light=0, grey=0, blur=0, low_resolution=0, jpeg=0, mask=0)


def view(pixels: np.ndarray, points: np.ndarray, spec: CropSpec, rng: np.random.Generator,
         how: Augment) -> tuple[np.ndarray, bool]:
    """(h, w, 3) RGB uint8 with five `points` -> (size, size, 3) RGB uint8 crop for `spec`, and whether a mask was drawn."""
    masked = bool(rng.random() < how.mask)
    if masked:
        pixels = draw(pixels, points, rng, styles=how.styles)
    crop = cv2.warpAffine(pixels, jittered(points, spec, rng, how, pixels.shape), (spec.size, spec.size), flags=cv2.INTER_LINEAR,
                          borderMode=cv2.BORDER_CONSTANT if spec.points else cv2.BORDER_REPLICATE)
    if rng.random() < how.flip:
        crop = crop[:, ::-1]
    return spoil(crop, rng, how), masked


def jittered(points: np.ndarray, spec: CropSpec, rng: np.random.Generator, how: Augment, shape: tuple[int, ...]) -> np.ndarray:
    """(2, 3) warp of a picture of `shape` onto `spec` with a random alignment error; a box crop is the whole picture."""
    matrix = similarity(points, np.asarray(spec.points)) if spec.points else stretched(shape, spec.size)
    turn, zoom = np.deg2rad(rng.normal(0, how.turn_deg)), 1 + rng.normal(0, how.zoom)
    about = np.full(2, spec.size / 2)
    error = zoom * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    shift = about - error @ about + rng.normal(0, how.shift * spec.size, 2)
    return np.column_stack([error @ matrix[:, :2], error @ matrix[:, 2] + shift])


def stretched(shape: tuple[int, ...], size: int) -> np.ndarray:
    """(2, 3) warp of a whole picture onto a square: pixel edges on pixel edges."""
    x, y = size / shape[1], size / shape[0]
    return np.array([[x, 0, (x - 1) / 2], [0, y, (y - 1) / 2]])


def spoil(crop: np.ndarray, rng: np.random.Generator, how: Augment) -> np.ndarray:
    """Light, colour, blur, low resolution, JPEG: what cameras and messengers do to a photo. uint8 in, uint8 out."""
    size = crop.shape[0]
    if rng.random() < how.low_resolution:
        small = int(size / rng.uniform(1.5, 5))
        crop = cv2.resize(cv2.resize(crop, (small, small), interpolation=cv2.INTER_AREA), (size, size),
                          interpolation=int(rng.choice([cv2.INTER_LINEAR, cv2.INTER_CUBIC])))
    if rng.random() < how.blur:
        crop = cv2.GaussianBlur(crop, (0, 0), rng.uniform(0.5, 2.0) * size / 112)
    if rng.random() < how.light:
        gamma, gain, lift = np.exp(rng.normal(0, 0.25)), np.exp(rng.normal(0, 0.12)), rng.normal(0, 10)
        tint = np.exp(rng.normal(0, 0.04, 3))
        curve = 255 * gain * (np.arange(256) / 255) ** gamma + lift
        table = np.clip(curve[:, None] * tint, 0, 255).astype(np.uint8)
        crop = cv2.LUT(np.ascontiguousarray(crop), table.reshape(1, 256, 3))
    if rng.random() < how.grey:
        crop = cv2.cvtColor(cv2.cvtColor(np.ascontiguousarray(crop), cv2.COLOR_RGB2GRAY), cv2.COLOR_GRAY2RGB)
    if rng.random() < how.jpeg:
        quality = int(rng.integers(25, 90))
        data = cv2.imencode(".jpg", np.ascontiguousarray(crop), [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        crop = cv2.imdecode(data, cv2.IMREAD_COLOR)  # channel order is kept through the round trip
    return np.ascontiguousarray(crop)

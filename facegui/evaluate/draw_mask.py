"""Face masks drawn on a photo, to measure recognition of people who wear one where only bare photos exist.

For measuring only, and unlike the masks that training draws on crops: these are drawn on the photo before detection, so
the detector and the alignment meet them too. Shape: a face's frame follows from the five landmarks (origin between
the eyes, one unit down = the mouth), the head's turn from where the nose stands between the eyes. Light: the face's
own shading, smoothed, falls on the cloth; the mask bulges, throws a soft shadow and has straps.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ..types import Face

VERSION = 1  # part of cache keys: raise it when masks come out differently
FINE = 4  # shapes are drawn this much larger and averaged down


@dataclass(frozen=True, slots=True)
class Style:
    """Colour (RGB of the cloth in full light) and cut of a mask."""

    colour: tuple[int, int, int]
    cut: str  # surgical (pleats, ear loops), cloth (centre seam) or cup (FFP2: a fold down the middle)
    pattern: str = "plain"


STYLES = {
    "surgical_blue": Style((150, 196, 222), "surgical"),
    "surgical_white": Style((232, 236, 238), "surgical"),
    "surgical_green": Style((158, 206, 186), "surgical"),
    "surgical_black": Style((52, 54, 58), "surgical"),
    "cloth_black": Style((40, 40, 44), "cloth"),
    "cloth_grey": Style((128, 130, 134), "cloth"),
    "cloth_red": Style((158, 52, 56), "cloth"),
    "cloth_stripes": Style((70, 92, 132), "cloth", "stripes"),
    "cloth_dots": Style((206, 186, 170), "cloth", "dots"),
    "ffp2_white": Style((240, 240, 238), "cup"),
    "ffp2_grey": Style((176, 178, 182), "cup"),
}


def draw_mask(pixels: np.ndarray, face: Face, seed: int, style: str | None = None) -> np.ndarray:
    """A copy of RGB uint8 `pixels` in which `face` wears a mask; the same seed draws the same mask.

    style: a name from STYLES; None chooses by the seed.
    """
    rng = np.random.default_rng(seed)
    chosen = sorted(STYLES)[rng.integers(len(STYLES))]
    cloth = STYLES[style or chosen]
    frame = _Frame(np.asarray(face.landmarks, dtype=np.float64))
    top, left, right, bottom = _area(frame, pixels.shape)
    if bottom - top < 4 or right - left < 4:
        return pixels.copy()
    part = pixels[top:bottom, left:right].astype(np.float32)
    frame = frame.moved(left, top)
    outline = _outline(frame, cloth, rng)
    cover = _fill(outline, part.shape)
    texture = _cloth(frame, cloth, part.shape, rng) * _light(part, frame)[..., None]
    soft = max(0.4, frame.unit / 70)  # as sharp as the photo's own edges
    texture = cv2.GaussianBlur(texture, (0, 0), soft)
    cover = cv2.GaussianBlur(cover, (0, 0), soft)[..., None]
    below = _shift(cover[..., 0], 0.05 * frame.unit * frame.down)
    shadow = cv2.GaussianBlur(below, (0, 0), max(0.8, 0.055 * frame.unit))[..., None]
    part *= 1 - 0.38 * shadow * (1 - cover)
    part = _straps(part, frame, outline, cloth)
    part = part * (1 - cover) + texture * cover
    result = pixels.copy()
    result[top:bottom, left:right] = np.clip(part + 0.5, 0, 255).astype(np.uint8)
    return result


class _Frame:
    """Face coordinates (u, v) to pixels: u in eye distances from the middle, v 0 at the eyes, 1 at the mouth."""

    def __init__(self, landmarks: np.ndarray):
        left_eye, right_eye, nose, left_mouth, right_mouth = landmarks
        self.origin = (left_eye + right_eye) / 2
        across = right_eye - left_eye
        self.down = (left_mouth + right_mouth) / 2 - self.origin
        tall = float(np.linalg.norm(self.down))
        self.down = self.down / max(tall, 1e-6)
        # A turned head shortens the eye distance, a lowered one the way to the mouth: the longer one gives the size.
        self.unit = max(float(np.linalg.norm(across)), 0.86 * tall, 1.0)
        self.tall = max(tall, 0.85 * self.unit)
        self.side = across / max(float(np.linalg.norm(across)), 1e-6)
        # -1 (nose over the left eye: head turned to the picture's left) to 1
        self.turn = float(np.clip(2 * (nose - self.origin) @ self.side / self.unit, -1, 1))

    def moved(self, x: int, y: int) -> _Frame:
        copy = object.__new__(_Frame)
        copy.__dict__.update(self.__dict__, origin=self.origin - (x, y))
        return copy

    def at(self, u: np.ndarray, v: np.ndarray) -> np.ndarray:
        """(n, 2) pixels. The near cheek looks wider than the far one, the middle line bends towards the nose."""
        u, v = np.asarray(u, dtype=np.float64), np.asarray(v, dtype=np.float64)
        towards = np.where(u < 0, -self.turn, self.turn)  # 1: the cheek that is turned away, -1: the near one
        wide = np.where(towards > 0, np.maximum(0.25, 1 - 0.8 * towards), 1 - 0.5 * towards) * u
        bend = 0.30 * self.turn * np.clip(v, 0, 1)
        # a smile lifts the mouth but not the chin, so below the mouth the face's size counts
        way = np.minimum(v, 1) * self.tall + np.maximum(v - 1, 0) * max(self.tall, 1.12 * self.unit)
        return self.origin + (wide + bend)[:, None] * self.unit * self.side + way[:, None] * self.down

    def grid(self, shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
        """(h, w) u and v of every pixel, without the perspective of `at`."""
        y, x = np.mgrid[: shape[0], : shape[1]]
        offset = np.stack([x, y], axis=-1) + 0.5 - self.origin
        basis = np.linalg.inv(np.stack([self.side * self.unit, self.down * self.tall]))
        plane = offset @ basis
        return plane[..., 0] - 0.30 * self.turn * np.clip(plane[..., 1], 0, 1), plane[..., 1]


def _area(frame: _Frame, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    corners = frame.at(np.array([-2.0, 2.0, -2.0, 2.0]), np.array([-0.4, -0.4, 2.3, 2.3]))
    (left, top), (right, bottom) = np.floor(corners.min(axis=0)), np.ceil(corners.max(axis=0))
    return max(0, int(top)), max(0, int(left)), min(shape[1], int(right)), min(shape[0], int(bottom))


def _outline(frame: _Frame, cloth: Style, rng: np.random.Generator) -> np.ndarray:
    """(n, 2) pixels of the mask's edge: over the bridge of the nose, along the cheeks, under the chin."""
    high = 0.30 + rng.uniform(-0.06, 0.10)
    wide = rng.uniform(1.02, 1.13) * (0.97 if cloth.cut == "cup" else 1.0)
    chin = 1.78 + rng.uniform(-0.05, 0.09)
    peak = {"surgical": 0.06, "cloth": 0.12, "cup": 0.16}[cloth.cut]
    u = np.array([0.0, 0.18, 0.45, 0.80, 1.0, 0.99, 0.90, 0.66, 0.34, 0.0]) * wide
    v = np.array([-peak / 2, 0.0, 0.16, 0.26, 0.33, 0.95 - high, 1.22 - high, -0.17, -0.03, 0.0]) + high
    v[7:] += chin - high
    if cloth.cut == "cup":  # comes to a point at nose and chin
        u[5:9] *= 0.96, 0.9, 0.9, 0.85
    edge = frame.at(np.concatenate([u, -u[-2:0:-1]]), np.concatenate([v, v[-2:0:-1]]))
    for _ in range(3):  # corner cutting (Chaikin 1974) rounds the polygon
        following = np.roll(edge, -1, axis=0)
        edge = np.stack([0.75 * edge + 0.25 * following, 0.25 * edge + 0.75 * following], axis=1).reshape(-1, 2)
    return edge


def _fill(outline: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    large = np.zeros((shape[0] * FINE, shape[1] * FINE), dtype=np.uint8)
    cv2.fillPoly(large, [np.round(outline * FINE * 16).astype(np.int32)], 255, cv2.LINE_AA, shift=4)
    return cv2.resize(large, (shape[1], shape[0]), interpolation=cv2.INTER_AREA).astype(np.float32) / 255


def _shift(cover: np.ndarray, by: np.ndarray) -> np.ndarray:
    move = np.float32([[1, 0, by[0]], [0, 1, by[1]]])
    return cv2.warpAffine(cover, move, cover.shape[::-1], borderMode=cv2.BORDER_REPLICATE)


def _light(part: np.ndarray, frame: _Frame) -> np.ndarray:
    """(h, w) light on the cloth, about 1: how bright the photo is, and which side of the face its light comes from."""
    luma = part @ np.float32([0.299, 0.587, 0.114])
    bright = np.clip(np.percentile(luma, 92) / 215, 0.45, 1.05)
    smooth = cv2.GaussianBlur(luma, (0, 0), max(1.0, 0.28 * frame.unit))
    u, v = frame.grid(part.shape)
    face = (np.abs(u) < 0.8) & (v > -0.2) & (v < 1.5)
    level = float(np.median(smooth[face])) if face.any() else float(smooth.mean())
    own = np.clip((smooth / max(level, 1.0)) ** 0.8, 0.5, 1.35)
    around = 1 - 0.22 * np.clip(np.abs(u + 0.4 * frame.turn), 0, 1.3) ** 2.2  # it curves away at the sides
    under = 1 - 0.28 * np.clip((v - 1.05) / 0.65, 0, 1) ** 1.5  # and under the chin
    return (bright * own * around * under).astype(np.float32)


def _cloth(frame: _Frame, cloth: Style, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
    """(h, w, 3) the cloth in full light: colour, cut, pattern and a fine grain."""
    u, v = frame.grid(shape)
    colour = np.float32(cloth.colour) * np.float32(rng.uniform(0.9, 1.06)) + rng.normal(0, 4, 3).astype(np.float32)
    tone = 1 + 0.03 * cv2.GaussianBlur(rng.normal(0, 1, shape[:2]).astype(np.float32), (0, 0), 0.7)
    folds = cv2.GaussianBlur(rng.normal(0, 1, shape[:2]).astype(np.float32), (0, 0), max(1.0, 0.13 * frame.unit))
    tone += 0.05 * folds / max(float(folds.std()), 1e-6)
    bulge = v - 0.10 * np.cos(np.clip(u, -1.2, 1.2) * 1.3)  # lines across hang lower in the middle
    if cloth.cut == "surgical":
        for line in np.array([0.62, 0.84, 1.06]) + rng.uniform(-0.03, 0.03, 3):
            dark, bright = ((bulge - line) / 0.022) ** 2, ((bulge - line - 0.055) / 0.04) ** 2
            tone -= 0.16 * np.exp(-dark) - 0.07 * np.exp(-bright)
        tone += 0.08 * np.exp(-(((v - 0.42 - 0.25 * np.abs(u)) / 0.03) ** 2)) * (np.abs(u) < 0.45)  # the wire
    else:
        strength, width = (0.12, 0.03) if cloth.cut == "cloth" else (0.16, 0.04)
        dark, bright = (u / width) ** 2, ((u + 2.2 * width) / (2 * width)) ** 2
        tone -= strength * (np.exp(-dark) - 0.8 * np.exp(-bright))
    picture = colour * tone[..., None]
    if cloth.pattern == "stripes":
        picture += 60 * (np.sin(bulge * 26) > 0.2)[..., None]
    elif cloth.pattern == "dots":
        picture -= np.float32([30, 90, 70]) * ((np.sin(u * 24) * np.sin(bulge * 24)) > 0.55)[..., None]
    return picture.astype(np.float32)


def _straps(part: np.ndarray, frame: _Frame, outline: np.ndarray, cloth: Style) -> np.ndarray:
    """Ear loops from the mask's upper and lower corners towards the ears, over the near cheek alone when turned."""
    lines = np.zeros((part.shape[0] * FINE, part.shape[1] * FINE), dtype=np.uint8)
    thick = max(1, round(0.024 * frame.unit * FINE))
    for side in (-1, 1):
        if side * frame.turn > 0.35:  # the ear on that side is out of sight
            continue
        ear = frame.at(np.array([1.17 * side, 1.22 * side, 1.21 * side]), np.array([0.27, 0.38, 0.52]))
        upper, lower = frame.at(np.array([0.98 * side, 0.92 * side]), np.array([0.66, 1.15]))
        path = np.round(np.stack([upper, *ear, lower]) * FINE).astype(np.int32)
        cv2.polylines(lines, [path], False, 255, thick, cv2.LINE_AA)
    alpha = cv2.resize(lines, part.shape[1::-1], interpolation=cv2.INTER_AREA).astype(np.float32)[..., None] / 255
    colour = np.float32(cloth.colour) * 0.35 + np.float32((235, 235, 235)) * (0.45 if sum(cloth.colour) > 240 else 0.0)
    light = float(np.clip(np.median(part) / 150, 0.5, 1.0))
    return part * (1 - 0.75 * alpha) + colour * light * 0.75 * alpha

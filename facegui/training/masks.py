"""Drawn face masks: a face with five known points gets a mask of random kind, cut, colour, pattern and wear.

Coordinates inside: `a` to the side in eye distances from the middle between the eyes, `b` down in
eye-to-mouth distances (eyes 0, nose tip about 0.5, mouth 1, chin about 1.6).
"""

from __future__ import annotations

import cv2
import numpy as np

STYLES = ("surgical", "cloth", "kn95", "duckbill", "bandana", "printed")
HELD_OUT = ("bandana", "printed")  # never drawn in training: validation looks at masks the network has not seen

_SURGICAL = ((152, 196, 222), (176, 212, 232), (120, 176, 200), (228, 232, 236), (160, 208, 196), (232, 178, 196), (44, 44, 48))
_PLAIN = ((236, 236, 234), (20, 20, 22), (60, 62, 68), (128, 130, 134), (32, 44, 84), (120, 28, 36), (206, 188, 158),
          (74, 92, 60), (222, 150, 170), (64, 110, 160), (90, 60, 110), (196, 92, 40))


def draw(pixels: np.ndarray, points: np.ndarray, rng: np.random.Generator, style: str | None = None,
         styles: tuple[str, ...] = STYLES) -> np.ndarray:
    """A copy of `pixels` (h, w, 3 RGB uint8) whose face, with its five `points` (5, 2), wears a mask."""
    style = style or str(rng.choice(styles))
    points = np.asarray(points, np.float64)
    origin, side, down = axes(points)
    to_face = np.linalg.inv(np.column_stack([side, down]))
    lean = float((to_face @ (points[2] - origin))[0])  # nose off the middle: the head is turned
    low = rng.random() < 0.08  # worn below the nose
    outline = _outline(style, lean, low, rng)
    place = origin + outline[:, :1] * side + outline[:, 1:] * down
    scale = float(np.linalg.norm(side))
    out = pixels.copy()
    # only the part of the photo that the mask and its shadow touch is worked on
    margin = 0.2 * scale
    left, top = np.maximum(place.min(0) - margin, 0).astype(int)
    right, bottom = np.minimum(np.ceil(place.max(0) + margin), (pixels.shape[1], pixels.shape[0])).astype(int)
    if right - left < 4 or bottom - top < 4:
        return out
    part = pixels[top:bottom, left:right].astype(np.float32)
    x = np.arange(left, right, dtype=np.float32)[None] + 0.5 - np.float32(origin[0])
    y = np.arange(top, bottom, dtype=np.float32)[:, None] + 0.5 - np.float32(origin[1])
    (axx, axy), (bxx, bxy) = to_face.astype(np.float32)
    a, b = axx * x + axy * y, bxx * x + bxy * y
    alpha = coverage(place - (left, top), *part.shape[:2], soft=rng.uniform(0.3, 0.9) * scale / 36)
    texture = _texture(style, a - np.float32(0.5 * lean), b, rng)
    lit = _light(part, alpha, a - np.float32(0.6 * lean), b, texture, scale, rng)
    shadow = cv2.GaussianBlur(alpha, (0, 0), 0.09 * scale) * np.float32(rng.uniform(0.05, 0.4))
    part *= (1 - np.clip(shadow - alpha, 0, 1))[:, :, None]
    if style != "bandana":
        colour = lit[lit.shape[0] * 3 // 4, lit.shape[1] // 2] * rng.uniform(0.7, 1.1)
        _straps(out, outline, origin, side, down, colour, scale, rng)
        part = np.where(alpha[:, :, None] > 0.02, part, out[top:bottom, left:right])
    part += alpha[:, :, None] * (lit - part)
    out[top:bottom, left:right] = np.clip(part, 0, 255)
    return out


def axes(points):
    """Middle of the eyes, one step of `a` and one step of `b`, in pixels."""
    eyes, mouth = points[:2].mean(0), points[3:].mean(0)
    side, down = points[1] - points[0], mouth - eyes
    # a turned head brings the eyes together, not the face's height: never let the mask become a stripe
    narrow = np.linalg.norm(side) / max(1e-6, np.linalg.norm(down) / 1.15)
    if narrow < 0.75:
        side = side * 0.75 / max(narrow, 0.2)
    return eyes, side, down


def _outline(style, lean, low, rng):
    """(n, 2) closed smooth curve in (a, b)."""
    def r(lo, hi):
        return rng.uniform(lo, hi)
    top = r(0.58, 0.75) if low else r(0.14, 0.44) if style != "kn95" else r(0.1, 0.34)
    wide = r(0.82, 1.08)
    cheek = top + (r(0.0, 0.12) if low else r(0.05, 0.3))
    ear, jaw, chin = cheek + r(0.05, 0.2), r(1.18, 1.45), r(1.45, 1.85)
    if style == "surgical":
        half = [(0, top), (0.28, top + 0.05), (wide * 0.72, cheek), (wide, ear), (wide * 0.97, (ear + jaw) / 2),
                (wide * r(0.66, 0.82), jaw), (0.4, chin - 0.06), (0, chin)]
    elif style in ("kn95", "duckbill"):
        half = [(0, top - 0.04), (0.2, top + 0.06), (wide * 0.6, cheek + 0.05), (wide, ear + 0.1), (wide * 0.92, ear + 0.3),
                (wide * 0.62, jaw - 0.02), (0.3, chin - 0.08), (0, chin)]
    elif style == "bandana":
        half = [(0, top), (0.4, top + 0.02), (wide * 0.8, cheek - 0.05), (wide * 1.25, ear - 0.1), (wide * 1.4, 1.2),
                (wide * 1.3, 2.6), (0.5, 2.8), (0, 2.8)]
    else:
        half = [(0, top), (0.25, top + 0.04), (wide * 0.7, cheek), (wide * 1.05, ear - 0.02), (wide * 1.05, ear + r(0.1, 0.5)),
                (wide * 0.75, jaw), (0.38, chin - 0.05), (0, chin)]
    half = np.array(half)
    uneven = rng.normal(0, 0.02, (2 * len(half) - 2, 2))
    ring = np.concatenate([half, half[-2:0:-1] * (-1, 1)]) + uneven
    ring[:, 1] += ring[:, 0] * r(-0.05, 0.05)  # worn a little crooked
    # a turned head shows less of one side
    ring[:, 0] = ring[:, 0] * (1 - np.sign(ring[:, 0]) * np.clip(lean, -0.6, 0.6) * 0.9) + 0.5 * lean
    return smooth(ring)


def smooth(ring, steps=6):
    """Catmull-Rom curve through a closed ring."""
    p0, p1, p2, p3 = (np.roll(ring, k, axis=0)[:, None] for k in (1, 0, -1, -2))
    t = (np.arange(steps) / steps)[None, :, None]
    curve = 0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * t**2 + (3 * p1 - p0 - 3 * p2 + p3) * t**3)
    return curve.reshape(-1, 2)


def coverage(place, height, width, soft):
    canvas = np.zeros((height, width), np.uint8)
    cv2.fillPoly(canvas, [np.round(place * 16 - 8).astype(np.int32)], 255, cv2.LINE_AA, 4)
    return cv2.GaussianBlur(canvas.astype(np.float32) / 255, (0, 0), max(0.3, soft))


def noise(shape, cells, rng):
    """Smooth noise, mean 0, about -1..1."""
    small = rng.standard_normal((cells, cells)).astype(np.float32)
    return cv2.resize(small, shape[::-1], interpolation=cv2.INTER_CUBIC)


def _texture(style, a, b, rng):
    """(h, w, 3) float32 cloth before light falls on it."""
    palette = _SURGICAL if style in ("surgical", "duckbill") else _PLAIN
    colour = np.array(palette[rng.integers(len(palette))], np.float32) + rng.normal(0, 8, 3).astype(np.float32)
    if style == "kn95":
        colour = np.array([(238, 238, 236), (226, 226, 226), (40, 40, 42), (196, 200, 206)][rng.choice(4, p=[.5, .2, .2, .1])], np.float32)
    if style in ("cloth", "printed", "bandana") and rng.random() < 0.3:
        colour = rng.uniform(10, 245, 3).astype(np.float32)
    cloth = np.broadcast_to(colour, (*a.shape, 3)).astype(np.float32)
    fold = np.zeros_like(a)
    if style == "surgical":
        for level in np.linspace(0.6, 1.3, rng.integers(3, 5)) + rng.normal(0, 0.03):
            bend = b - level + 0.12 * a * a
            fold += np.exp(-(bend / 0.022) ** 2) * -0.16 + np.exp(-((bend - 0.05) / 0.03) ** 2) * 0.08
    elif style == "kn95":
        fold += np.exp(-(a / 0.025) ** 2) * rng.uniform(-0.3, -0.1) + 0.10 * np.tanh(a / 0.1) * rng.choice([-1, 1])
        fold += np.exp(-((np.abs(a) - 0.55 + 0.2 * b) / 0.03) ** 2) * -0.08
    elif style == "duckbill":
        line = b - rng.uniform(0.75, 1.0) - 0.1 * a * a
        fold += np.exp(-(line / 0.03) ** 2) * -0.2 + 0.12 * np.tanh(-line / 0.15)
    else:
        fold += 0.06 * np.sin((a * rng.uniform(-1, 1) + b) * rng.uniform(5, 14) + rng.uniform(0, 6))
    if style == "printed" or (style in ("cloth", "bandana") and rng.random() < 0.4):
        other = np.array(_PLAIN[rng.integers(len(_PLAIN))], np.float32)
        cloth = cloth + _pattern(a, b, rng)[:, :, None] * (other - cloth)
    wrinkles = 0.05 * noise(a.shape, int(rng.integers(5, 12)), rng) + 0.02 * rng.standard_normal(a.shape).astype(np.float32)
    return cloth * (1 + fold + wrinkles)[:, :, None]


def _pattern(a, b, rng):
    """(h, w) 0..1: where the second colour is."""
    kind, step, turn = rng.integers(6), rng.uniform(0.08, 0.35), rng.uniform(0, np.pi)
    u, v = (np.cos(turn) * a + np.sin(turn) * b) / step, (np.cos(turn) * b - np.sin(turn) * a) / step
    if kind == 0:
        return (np.sin(2 * np.pi * u) > 0).astype(np.float32)
    if kind == 1:
        return 0.5 * (np.sin(2 * np.pi * u) > 0.2) + 0.5 * (np.sin(2 * np.pi * v) > 0.2).astype(np.float32)
    if kind == 2:
        return ((u - np.round(u)) ** 2 + (v - np.round(v)) ** 2 < rng.uniform(0.03, 0.15)).astype(np.float32)
    if kind == 3:
        return (noise(a.shape, int(rng.integers(6, 20)), rng) > 0.3).astype(np.float32)
    if kind == 4:  # a badge on one cheek
        return (((a - rng.uniform(-0.5, 0.5)) / 0.2) ** 2 + ((b - rng.uniform(0.8, 1.2)) / 0.15) ** 2 < 1).astype(np.float32)
    grin = np.exp(-((b - 1.05 - 0.3 * a * a * rng.choice([-1, 1])) / 0.06) ** 2) * (np.abs(a) < 0.5)  # a printed mouth
    return grin.astype(np.float32)


def _light(pixels, alpha, a, b, texture, scale, rng):
    """The photo's own light on the cloth: the face's soft shading, a rounded form, the photo's exposure."""
    grey = pixels @ np.array([0.299, 0.587, 0.114], np.float32)
    soft = cv2.GaussianBlur(grey, (0, 0), rng.uniform(0.18, 0.35) * scale)
    inside = float((soft * alpha).sum() / max(1e-3, alpha.sum()))
    own = np.clip(soft / max(8.0, inside), 0.4, 1.8) ** rng.uniform(0.3, 0.9)
    round_ = 1 - rng.uniform(0.05, 0.3) * np.clip(np.abs(a), 0, 1.4) ** 2 - rng.uniform(0, 0.25) * np.clip(b - 1, 0, 1)
    ridge = rng.uniform(0, 0.15) * np.exp(-(a / 0.16) ** 2) * np.exp(-((b - 0.5) / 0.3) ** 2)
    exposure = np.clip((inside / 150) ** rng.uniform(0.4, 1.0), 0.3, 1.25)
    lit = texture * (own * (round_ + ridge) * exposure)[:, :, None]
    tint = (pixels.reshape(-1, 3).mean(0) + 40) / (grey.mean() + 40)
    return lit * (1 + 0.35 * (tint - 1)).astype(np.float32)


def _straps(out, outline, origin, side, down, colour, scale, rng):
    if rng.random() < 0.25:
        return
    colour = tuple(float(c) for c in np.clip(colour, 0, 255))
    for sign in (-1, 1):
        edge = outline[np.argsort(outline[:, 0] * sign)[-12:]]
        for corner, ear in ((edge[edge[:, 1].argmin()], (1.22, rng.uniform(-0.05, 0.2))),
                            (edge[edge[:, 1].argmax()], (1.22, rng.uniform(0.25, 0.5)))):
            start, end = origin + corner[0] * side + corner[1] * down, origin + sign * ear[0] * side + ear[1] * down
            if abs(corner[0]) > 1.15:
                continue
            ends = [tuple(int(v) for v in np.round(p * 16 - 8)) for p in (start, end)]
            cv2.line(out, *ends, colour, max(1, round(scale * 0.035)), cv2.LINE_AA, 4)

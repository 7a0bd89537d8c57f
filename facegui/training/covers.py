"""Drawn covers that are no masks: dark glasses, hands and things held before a face; and clear glasses, which hide nothing.

Coordinates as in masks.py: `a` to the side in eye distances, `b` down in eye-to-mouth distances, eyes at (-.5, 0), (.5, 0).
"""

from __future__ import annotations

import cv2
import numpy as np

from .masks import axes, coverage, noise, smooth

KINDS = ("glasses", "hand", "thing")
SHARES = (0.45, 0.35, 0.2)  # glasses are what people wear; hands and things pass by, but look less alike
_LENSES = ((14, 14, 16), (30, 26, 24), (58, 36, 22), (34, 44, 34), (26, 32, 58), (70, 70, 74), (96, 52, 24), (20, 20, 20))
_FRAMES = ((12, 12, 14), (40, 26, 18), (150, 120, 60), (170, 170, 176), (230, 230, 228), (120, 26, 32), (96, 60, 30), (20, 30, 70))


def draw_cover(pixels: np.ndarray, points: np.ndarray, rng: np.random.Generator, kind: str | None = None) -> np.ndarray:
    """A copy of `pixels` (h, w, 3 RGB uint8) in which both eyes, or one, or the mouth of the face with its five `points`
    (5, 2) are hidden by something of KINDS."""
    kind = kind or str(rng.choice(KINDS, p=SHARES))
    return {"glasses": _glasses, "hand": _hand, "thing": _thing}[kind](pixels, np.asarray(points, np.float64), rng)


def draw_clear_glasses(pixels: np.ndarray, points: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A copy whose face wears glasses through which its eyes are seen."""
    return _glasses(pixels, np.asarray(points, np.float64), rng, clear=True)


def _glasses(pixels, points, rng, clear=False):
    origin, side, down = axes(points)
    scale = float(np.linalg.norm(side))
    lean = _lean(points, origin, side, down)

    def place(ring):
        return origin + ring[:, :1] * side + ring[:, 1:] * down

    rings = [place(ring) for ring in _lenses(rng, lean)]
    out = pixels.astype(np.float32)
    lens = np.array(_LENSES[rng.integers(len(_LENSES))], np.float32) + rng.normal(0, 6, 3).astype(np.float32)
    dense = rng.uniform(0.0, 0.14) if clear else rng.uniform(0.78, 1.0)
    fade = 0.0 if clear else rng.choice([0, rng.uniform(0.1, 0.3)], p=[0.6, 0.4])  # lighter below
    if not clear and rng.random() < 0.15:  # mirrors
        lens = rng.uniform(60, 220, 3).astype(np.float32)
        dense = rng.uniform(0.9, 1.0)
    height, width = pixels.shape[:2]
    y = ((np.arange(height)[:, None] - origin[1]) / max(np.linalg.norm(down), 1)).astype(np.float32)
    x = ((np.arange(width)[None] - origin[0]) / scale).astype(np.float32)
    light = np.clip(np.median(pixels[max(0, int(points[2, 1]) - 4):int(points[2, 1]) + 5].reshape(-1, 3).mean(1)) / 140, 0.35, 1.3)
    soft = rng.uniform(0.2, 0.5) * scale / 36
    for ring in rings:
        alpha = coverage(ring, height, width, soft)
        share = alpha * np.clip(dense - fade * (y + 0.2) * 1.6, 0, 1)
        shine = _reflection(x, y, ring.mean(0) - origin, scale, rng, clear)
        surface = lens * light + shine[:, :, None] * np.array([225, 232, 240], np.float32)
        out += np.maximum(share, alpha * np.clip(shine, 0, 0.8))[:, :, None] * (surface - out)
    out = np.clip(out, 0, 255).astype(np.uint8)
    if rng.random() < 0.85:
        _frame(out, rings, origin, side, down, light, scale, rng)
    return out


def _lenses(rng, lean):
    """Outlines of one shield or two lenses in (a, b), as (n, 2) curves."""
    def r(low, high):
        return rng.uniform(low, high)
    wide, tall, drop, apart = r(0.31, 0.47), r(0.19, 0.4), r(-0.02, 0.14), r(0.49, 0.56)
    turn = np.linspace(0, 2 * np.pi, 24, endpoint=False)
    power = r(0.55, 1.0)  # 1 is an ellipse, less is squarer
    a = np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power * wide
    b = np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power * tall
    cut = r(0, 0.5)  # an aviator hangs to the outside, a cat's eye rises there
    b = b * (1 + r(-0.25, 0.45) * (b > 0)) - r(-0.06, 0.08) * a / wide
    a = a * (1 - cut * 0.4 * (b < 0) * np.abs(b) / tall) + 0.06 * b / tall
    tilt = r(-0.06, 0.06)
    lenses = []
    for sign in (-1, 1):
        one = np.stack([a * sign + apart * sign, b + drop], 1)[:: sign]
        one[:, 1] += tilt * one[:, 0]
        one[:, 0] = one[:, 0] * (1 - np.sign(one[:, 0]) * lean * 0.5) + 0.3 * lean
        lenses.append(one)
    if rng.random() < 0.12:  # a sports shield: one lens over both eyes
        whole = np.concatenate(lenses)
        return [smooth(cv2.convexHull(whole.astype(np.float32))[:, 0].astype(np.float64))]
    return lenses


def _reflection(x, y, centre, scale, rng, clear):
    """(h, w) 0..1: a lamp's streak or the bright sky in the glass."""
    kind = rng.random()
    a, b = x - np.float32(centre[0] / scale), y - np.float32(centre[1] / scale)
    if kind < 0.45:
        return np.zeros(np.broadcast(a, b).shape, np.float32)
    if kind < 0.75:
        turn = rng.uniform(-1, 1)
        across = (a * np.cos(turn) + b * np.sin(turn) - rng.uniform(-0.2, 0.2)) / rng.uniform(0.03, 0.12)
        return (np.exp(-across ** 2) * rng.uniform(0.1, 0.3 if clear else 0.6)).astype(np.float32)
    top = 0.5 - 0.5 * np.tanh((b + rng.uniform(-0.05, 0.2)) / rng.uniform(0.04, 0.2))
    return (top * rng.uniform(0.05, 0.15 if clear else 0.35)).astype(np.float32) * np.ones_like(a)


def _frame(out, rings, origin, side, down, light, scale, rng):
    colour = tuple(float(c) for c in np.clip(np.array(_FRAMES[rng.integers(len(_FRAMES))]) * light, 0, 255))
    thick = max(1, round(scale * rng.uniform(0.015, 0.09)))
    for ring in rings:
        cv2.polylines(out, [np.round(ring * 16 - 8).astype(np.int32)], True, colour, thick, cv2.LINE_AA, 4)
    ends = []
    if len(rings) == 2:
        left, right = rings if rings[0].mean(0)[0] < rings[1].mean(0)[0] else rings[::-1]
        ends.append((left[left[:, 0].argmax()], right[right[:, 0].argmin()]))
    every = np.concatenate(rings)
    for sign, outer in ((-1, every[every[:, 0].argmin()]), (1, every[every[:, 0].argmax()])):
        ends.append((outer - 0.1 * down, origin + sign * rng.uniform(1.05, 1.3) * side + rng.uniform(-0.15, 0.05) * down))
    for start, end in ends:
        start, end = (tuple(int(v) for v in np.round(point * 16 - 8)) for point in (start, end))
        cv2.line(out, start, end, colour, max(1, thick), cv2.LINE_AA, 4)


def _hand(pixels, points, rng):
    """Palm and fingers, skin-coloured, over an eye, both, or the mouth."""
    origin, side, down = axes(points)
    scale = float(np.linalg.norm(side))
    where = str(rng.choice(["mouth", "eye", "eyes"], p=[0.5, 0.25, 0.25]))
    sign = rng.choice([-1, 1])
    aim = {"mouth": (rng.normal(0, 0.12), rng.uniform(0.85, 1.1)), "eye": (0.5 * sign + rng.normal(0, 0.08), rng.normal(0.02, 0.08)),
           "eyes": (rng.normal(0, 0.1), rng.normal(0.0, 0.08))}[where]
    centre = origin + aim[0] * side + aim[1] * down
    # fingers point from the wrist: a hand comes from below or from the side, seldom from above
    turn = rng.normal(0, 0.45) if where == "eye" else sign * rng.uniform(0.7, 1.75)
    along = np.array([np.sin(turn), -np.cos(turn)])
    across = np.array([along[1], -along[0]]) * rng.choice([-1, 1])
    thick = rng.uniform(0.24, 0.34) * scale
    spread, length = rng.uniform(-0.02, 0.12), rng.uniform(0.9, 1.4) * scale
    back = rng.uniform(0.2, 0.65)  # which part of the fingers lies over the aim
    height, width = pixels.shape[:2]
    shade = np.zeros((height, width), np.float32)
    alpha = np.zeros((height, width), np.float32)
    knuckles = centre - along * length * back
    fingers = int(rng.choice([3, 4, 4, 4]))
    parts = []
    for number in range(fingers):
        off = number - (fingers - 1) / 2
        root = knuckles + across * off * thick * 0.92
        reach = length * (1 - 0.07 * off * off + rng.normal(0, 0.03))
        parts.append((root, root + (along + across * off * spread) * reach, thick * rng.uniform(0.9, 1.02)))
    palm = knuckles - along * thick * 1.2
    parts.insert(0, (palm, palm - along * 3 * scale, thick * fingers * 0.98))  # palm and wrist as one broad stroke
    parts.insert(1, (palm + across * thick * 1.6, knuckles + across * thick * fingers * 0.6 + along * length * 0.3, thick * 1.1))
    for start, end, broad in parts:
        stroke = np.zeros((height, width), np.uint8)
        cv2.line(stroke, *(tuple(int(v) for v in np.round(point * 16 - 8)) for point in (start, end)), 255, max(1, round(broad)),
                 cv2.LINE_AA, 4)
        soft = cv2.GaussianBlur(stroke.astype(np.float32) / 255, (0, 0), max(0.3, 0.02 * scale))
        deep = np.clip(cv2.GaussianBlur(soft, (0, 0), 0.18 * broad + 0.1), 0, 1)
        shade = shade * (1 - soft) + soft * (0.62 + 0.45 * deep)  # darker towards each finger's edge
        alpha = np.maximum(alpha, soft)
    return _lay(pixels, alpha, _skin(pixels, points, rng) * shade[:, :, None], scale, rng)


def _skin(pixels, points, rng):
    """The face's own skin, a little lighter or darker, and now and then somebody else's or a glove."""
    kind = rng.random()
    if kind < 0.08:
        return rng.uniform(15, 245, 3).astype(np.float32)
    x, y = np.clip(points[2].astype(int), 0, (pixels.shape[1] - 1, pixels.shape[0] - 1))
    patch = pixels[max(0, y - 6):y + 3, max(0, x - 10):x + 11].reshape(-1, 3)
    own = np.median(patch, axis=0).astype(np.float32) if len(patch) else np.array([200, 160, 140], np.float32)
    return own * np.float32(np.exp(rng.normal(0.03, 0.14 if kind < 0.85 else 0.35))) * np.exp(rng.normal(0, 0.03, 3)).astype(np.float32)


def _thing(pixels, points, rng):
    """A telephone, cup, microphone, leaf or arm: a smooth or angular shape in any colour over the mouth or the eyes."""
    origin, side, down = axes(points)
    scale = float(np.linalg.norm(side))
    aim = [(rng.normal(0, 0.15), rng.uniform(0.9, 1.15)), (rng.choice([-0.5, 0.5]) + rng.normal(0, 0.1), rng.normal(0, 0.08)),
           (rng.normal(0, 0.1), rng.normal(-0.02, 0.08))][rng.choice(3, p=[0.4, 0.3, 0.3])]
    centre, long = origin + aim[0] * side + aim[1] * down, rng.uniform(0.8, 1.9)
    turn = np.linspace(0, 2 * np.pi, 16, endpoint=False)
    power = rng.uniform(0.2, 1.0)
    ring = np.stack([np.sign(np.cos(turn)) * np.abs(np.cos(turn)) ** power * 0.5 * long,
                     np.sign(np.sin(turn)) * np.abs(np.sin(turn)) ** power * rng.uniform(0.3, 0.55)], 1) * scale
    lean = rng.uniform(-np.pi, np.pi) if aim[1] > 0.5 or abs(aim[0]) > 0.3 else rng.normal(0, 0.15)
    if aim[1] <= 0.5 and abs(aim[0]) <= 0.3:
        ring[:, 0] *= max(1, 1.7 / long)  # both eyes
    ring = ring @ np.array([[np.cos(lean), np.sin(lean)], [-np.sin(lean), np.cos(lean)]])
    height, width = pixels.shape[:2]
    alpha = coverage(smooth(centre + ring), height, width, rng.uniform(0.2, 0.6) * scale / 36)
    colour, other = (_hue(rng) for _ in range(2))
    grain = noise((height, width), int(rng.integers(3, 14)), rng)
    surface = colour * (1 + rng.uniform(0, 0.25) * grain)[:, :, None]
    if rng.random() < 0.35:
        surface = np.where((grain > rng.uniform(-0.3, 0.6))[:, :, None], other, surface)
    return _lay(pixels, alpha, surface.astype(np.float32), scale, rng)


def _hue(rng):
    """Any colour, but half of the things are black, grey or nearly so."""
    grey, vivid = rng.choice([rng.uniform(8, 60), rng.uniform(8, 245)]), rng.uniform(0, 1) if rng.random() < 0.5 else 0.08
    return (grey + vivid * (rng.uniform(5, 250, 3) - grey)).astype(np.float32)


def _lay(pixels, alpha, surface, scale, rng):
    """`surface` over the picture where `alpha` is, with a shadow around it."""
    shadow = cv2.GaussianBlur(alpha, (0, 0), 0.08 * scale) * np.float32(rng.uniform(0.05, 0.5))
    out = pixels.astype(np.float32) * (1 - np.clip(shadow - alpha, 0, 1))[:, :, None]
    out += alpha[:, :, None] * (surface * (1 + 0.02 * rng.standard_normal(alpha.shape).astype(np.float32))[:, :, None] - out)
    return np.clip(out, 0, 255).astype(np.uint8)


def _lean(points, origin, side, down):
    """How far the nose stands off the middle: the head is turned."""
    return float(np.clip((np.linalg.inv(np.column_stack([side, down])) @ (points[2] - origin))[0], -0.5, 0.5))

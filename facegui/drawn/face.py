"""The bare face: a lit height field, then eyes, brows, lips and beard painted on it."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np

from .sheet import Sheet, ease

TURN = 0.35  # how far the eyes move sideways at yaw 1, half face widths; the nose tip moves 1.6 times as far


def lamp(light: float) -> np.ndarray:
    """Unit vector towards the light: above the camera, `light` to the side."""
    direction = np.array([0.75 * light, -0.42, 0.9], np.float32)
    return direction / np.linalg.norm(direction)


def normals(height: np.ndarray, unit: float) -> np.ndarray:
    """Unit vectors that stand on a surface, (height, width, 3)."""
    down, right = np.gradient(cv2.GaussianBlur(height, (0, 0), 0.028 * unit) * unit)
    normal = np.dstack([-right, -down, np.ones_like(height)]).astype(np.float32)
    return normal / np.linalg.norm(normal, axis=2, keepdims=True)


def half_width(who: SimpleNamespace, y: np.ndarray) -> np.ndarray:
    return 1 - who.jaw * ease(0.15, 1.35, y) + 0.03 * ease(-0.3, -1.1, y)


def head(sheet: Sheet, who: SimpleNamespace, light: float, yaw: float, smile: float) -> None:
    x, y, shift = sheet.x, sheet.y, TURN * yaw
    for side in (-1, 1):  # ears; the one turned away is narrower
        wide = 0.15 * (1 - 0.8 * max(0.0, side * yaw))
        sheet.put(sheet.oval(side * 1.0, 0.08, wide, who.ears + 0.06), who.skin * 0.84)
        sheet.put(0.55 * sheet.oval(side * 1.03, 0.06, wide * 0.5, who.ears * 0.7, 0.08), who.skin * 0.5)
    half = half_width(who, y)
    reach = (np.abs((x - 0.1 * shift) / half) ** who.square + np.abs(y / who.tall) ** who.square) ** (1 / who.square)
    cover = sheet.inside(1 - reach)
    normal = normals(_relief(sheet, who, shift, smile, half), sheet.unit)
    shade = np.clip(normal @ lamp(light), 0, 1)
    between = lamp(light) + np.array([0, 0, 1], np.float32)
    shine = np.clip(normal @ (between / np.linalg.norm(between)), 0, 1) ** 24
    red = sheet.hill(1.6 * shift, who.nose_y, 0.2, 0.15)
    red += sum(sheet.hill(side * 0.52 + shift, 0.36, 0.3, 0.22) for side in (-1, 1))
    skin = who.skin * (1 - 0.11 * red[..., None] * np.array([0, 1, 0.9], np.float32))
    skin *= 1 + 0.015 * cv2.GaussianBlur(sheet.rng.normal(0, 3, x.shape).astype(np.float32), (0, 0), 1.5)[..., None]
    spots = cv2.GaussianBlur((sheet.rng.random(x.shape, np.float32) > 0.997).astype(np.float32), (0, 0), 0.012 * sheet.unit)
    skin *= 1 - who.freckles * np.clip(spots * (red + 0.1) * sheet.unit, 0, 0.14)[..., None]
    sheet.tone = (0.34 + 0.72 * shade)[..., None] ** np.array([0.9, 1.05, 1.12], np.float32)  # shadows on skin are reddish
    sheet.put(cover, skin * sheet.tone + 30 * shine[..., None])
    _beard(sheet, who, shift, cover)
    _mouth(sheet.around(1.15 * shift, who.mouth_y, 0.7, 0.35), who, shift, smile)
    for side in (-1, 1):
        hole = 1.55 * shift + side * 0.52 * who.nose_w, who.nose_y + 0.065
        under = sheet.around(*hole, 0.15, 0.1)
        under.put(0.7 * under.oval(*hole, 0.3 * who.nose_w, 0.026, 0.04), who.skin * 0.28)
        _eye(sheet.around(shift + side * who.eye_gap, who.eye_y - 0.15, 0.45, 0.45), who, side, yaw, smile)


def _relief(sheet: Sheet, who: SimpleNamespace, shift: float, smile: float, half: np.ndarray) -> np.ndarray:
    """Height of the face towards the viewer."""
    x, y = sheet.x, sheet.y
    skull = np.sqrt(np.clip(1 - 0.92 * (x / half) ** 2 - 0.72 * (y / who.tall) ** 2, 0.02, 1))
    down = np.clip((y - who.eye_y + 0.1) / (who.nose_y - who.eye_y + 0.1), 0, 1)
    wide = who.bridge + (who.nose_w * 0.8 - who.bridge) * down**2
    ridge = down * (1 - ease(who.nose_y + 0.01, who.nose_y + 0.15, y))
    ridge = ridge * np.exp(-(((x - shift * (1.05 + 0.55 * down)) / wide) ** 2))
    height = 0.95 * skull + who.nose_high * ridge
    for side in (-1, 1):
        height += 0.055 * sheet.hill(1.5 * shift + side * who.nose_w, who.nose_y + 0.01, 0.075, 0.07)
        height -= who.socket * sheet.hill(shift + side * who.eye_gap, who.eye_y - 0.02, 0.24, 0.13)
        height += 0.05 * sheet.hill(shift + side * who.eye_gap, who.eye_y - who.brow_y, 0.3, 0.08)
        height += (0.05 + 0.04 * smile) * sheet.hill(shift + side * 0.5, 0.32, 0.26, 0.2)
        fold = shift + side * (who.nose_w + 0.08 + 0.3 * (y - who.nose_y))
        height -= (0.018 * who.lines + 0.02 * smile) * sheet.hill(fold, (who.nose_y + who.mouth_y) / 2, 0.04, 0.2)
    height += 0.03 * sheet.hill(1.15 * shift, who.mouth_y - 0.06, 0.3, 0.06)
    height += 0.05 * sheet.hill(1.15 * shift, who.mouth_y + 0.07, 0.22, 0.06)
    height -= 0.05 * sheet.hill(1.1 * shift, who.mouth_y + 0.19, 0.2, 0.05)
    return height + 0.07 * sheet.hill(1.1 * shift, who.tall - 0.22, 0.26, 0.16)


def _eye(sheet: Sheet, who: SimpleNamespace, side: int, yaw: float, smile: float) -> None:
    """One eye with lids and brow; t runs from -1 (inner corner) to 1 (outer corner)."""
    middle, wide = TURN * yaw + side * who.eye_gap * (1 - 0.1 * yaw * side), who.eye_w * (1 - 0.18 * yaw * side)
    t = (sheet.x - middle) / wide * side
    y = sheet.y - who.eye_y + who.slant * wide * t
    tall = who.eye_h * (1 - 0.22 * smile)
    arch = np.clip(1 - np.abs(t) ** 2.2, 0, None)
    below_lid, above_rim = y + tall * arch, 0.55 * tall * arch - y
    opening = sheet.inside(np.minimum(below_lid, above_rim), 0.015) * (np.abs(t) < 1)
    sheet.put(opening, (0.62 + 0.34 * ease(0, tall, below_lid))[..., None] * np.array([240, 236, 232], np.float32))
    iris_x, iris_y = sheet.x - middle - 0.12 * yaw * wide, sheet.y - who.eye_y + 0.12 * tall
    radius, away = 0.105, np.hypot(iris_x, iris_y)
    rim = 0.55 + 0.75 * (1 - ease(0.5 * radius, radius, away)) * ease(0.2 * radius, 0.9 * radius, away)
    sheet.put(opening * sheet.inside(radius - away), rim[..., None] * who.iris)
    sheet.put(opening * sheet.inside(0.42 * radius - away), np.array([14, 11, 10]))
    sheet.put(0.9 * opening * sheet.inside(0.022 - np.hypot(iris_x + 0.03, iris_y + 0.035)), np.array([250, 250, 250]))
    lash = 0.024 if who.woman else 0.014
    near = sheet.inside(1.06 - np.abs(t), 0.12)
    lashes = sheet.inside(lash * (0.6 + 0.5 * ease(-1, 1, t)) - np.abs(below_lid + 0.006), 0.014)
    sheet.put(0.92 * near * lashes, np.array([30, 20, 18]))
    sheet.put(0.4 * near * sheet.inside(0.008 - np.abs(above_rim), 0.02), who.skin * 0.35)
    crease = sheet.inside(0.008 - np.abs(below_lid + 0.045 + 0.02 * arch), 0.025)
    sheet.put(0.45 * near * crease, who.skin * sheet.tone * 0.5)
    sheet.put(0.22 * near * sheet.inside(0.012 - np.abs(above_rim + 0.05), 0.04), who.skin * 0.45)
    t = (sheet.x - middle - side * 0.02) / who.brow_w * side
    line = who.eye_y - who.brow_y - who.brow_arch * (1 - (t - 0.15) ** 2) - who.brow_tilt * t
    thick = who.brow_h * (1 - 0.6 * ease(0, 1, t)) * (1 - 0.25 * ease(0.5, 1, -t))
    brow = sheet.inside(thick - np.abs(sheet.y - line), 0.04) * sheet.inside(1 - np.abs(t), 0.25)
    sheet.put(0.85 * brow * np.clip(sheet.strands(0.2), 0.6, 1), np.minimum(who.hair, 150) * 0.62)


def _mouth(sheet: Sheet, who: SimpleNamespace, shift: float, smile: float) -> None:
    wide = who.mouth_w * (1 + 0.25 * smile)
    t = (sheet.x - 1.15 * shift) / wide
    arch = np.clip(1 - t**2, 0, None)
    y = sheet.y - who.mouth_y + (0.02 + 0.12 * smile) * (t**2 - 0.35)
    gap = 0.09 * ease(0.35, 1.0, np.float32(smile)) * arch
    bow = who.upper * arch**0.8 * (1 - 0.3 * np.exp(-((t / 0.17) ** 2)))
    lips = sheet.inside(np.minimum(y + bow + 0.4 * gap, who.lower * arch + 0.6 * gap - y), 0.02) * (np.abs(t) < 1)
    red = who.skin * (1 - who.lip_red * np.array([0.12, 0.5, 0.42], np.float32)) * 0.92
    sheet.put(0.88 * lips, red * sheet.tone * (1 - 0.18 * (y < 0))[..., None])
    gleam = sheet.hill(1.15 * shift, who.mouth_y + 0.55 * who.lower + 0.6 * gap, 0.12, 0.02)
    sheet.put(0.35 * gleam * lips, np.array([255, 240, 236]))
    teeth = sheet.inside(np.minimum(y + 0.4 * gap, 0.6 * gap - y), 0.012) * (np.abs(t) < 0.9)
    sheet.put(teeth * float(smile > 0.35), (236, 230, 220) * (0.55 + 0.45 * arch)[..., None])
    shut = sheet.inside(0.012 * (0.4 + arch) - np.abs(y), 0.02) * sheet.inside(1.03 - np.abs(t), 0.08)
    sheet.put(0.8 * shut * float(smile <= 0.35), who.skin * np.array([0.32, 0.2, 0.2]))
    for side in (-1, 1):
        sheet.put(0.35 * sheet.hill(1.15 * shift + side * wide, who.mouth_y - 0.085 * smile, 0.03, 0.03), who.skin * 0.35)


def _beard(sheet: Sheet, who: SimpleNamespace, shift: float, cover: np.ndarray) -> None:
    if not who.beard:
        return
    x, y = sheet.x - shift, sheet.y
    lip = sheet.oval(1.15 * shift, who.mouth_y + 0.02, who.mouth_w * 1.0, who.lower + 0.05, 0.06)
    jaw = sheet.inside(y - np.maximum(who.mouth_y - 0.22, 0.62 - 1.1 * np.clip(np.abs(x) - 0.45, 0, 1)), 0.22)
    under_nose = sheet.oval(1.3 * shift, (who.nose_y + who.mouth_y) / 2 + 0.07, who.mouth_w * 1.05, 0.09, 0.1)
    area = {"moustache": under_nose}.get(who.beard, np.maximum(jaw, under_nose)) * (1 - lip) * cover
    strength = {"stubble": 0.3, "full": 0.86, "moustache": 0.85}[who.beard]
    sheet.put(strength * area, (sheet.strands(0.3)[..., None] * who.hair * 0.85) * (0.4 + 0.6 * sheet.tone))

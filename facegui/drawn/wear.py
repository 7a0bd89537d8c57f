"""What is around and on the face: neck and clothes, hair, glasses, a face mask."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from .face import TURN, half_width, lamp, normals
from .sheet import Sheet, ease

MASKS = {"blue": (138, 178, 206), "white": (226, 226, 222), "black": (44, 44, 48), "green": (128, 172, 140),
         "red": (158, 58, 62), "pink": (222, 164, 176)}


def body(sheet: Sheet, who: SimpleNamespace, shot: np.random.Generator, x: np.ndarray, y: np.ndarray) -> None:
    """Hair behind the head, neck and clothes; x and y stay upright when the head is tilted."""
    hair = (sheet.strands(0.6 if who.cut == "curly" else 0.0) * 0.72)[..., None] * who.hair
    if who.cut == "long":
        sheet.put(sheet.oval(0, 0.5, 1.16 + who.volume, 1.9 + who.volume, power=2.6), hair)
    elif who.cut == "bob":
        sheet.put(sheet.oval(0, 0.0, 1.14 + who.volume, 1.3 + who.volume, power=2.8), hair)
    elif who.cut == "bun":
        sheet.put(sheet.oval(0, -who.tall - 0.2, 0.42, 0.36), hair)
    neck = 0.48 if who.woman else 0.6
    wide = neck + 0.3 * ease(1.35, 1.9, y) ** 2
    shade = 0.86 - 0.34 * (1 - ease(1.05, 1.6, y)) - 0.2 * np.abs(x / neck) ** 2
    sheet.put(sheet.inside(np.minimum(wide - np.abs(x), y - 0.6)), shade[..., None] * who.skin)
    cloth = np.array(shot.uniform(40, 190) + shot.uniform(-45, 45, 3), np.float32)
    top = 1.46 + 0.2 * np.abs(x) ** 1.9 + 0.4 * np.exp(-((x / 0.42) ** 2))
    folds = 1.0 - 0.22 * np.exp(-(((y - top) / 0.08) ** 2)) - 0.12 * np.abs(x) + 0.05 * np.sin(5 * x + 2 * y)
    sheet.put(sheet.inside(y - top), np.clip(folds, 0.3, 1.2)[..., None] * cloth)


def hair_front(sheet: Sheet, who: SimpleNamespace, light: float) -> None:
    """Everything of the hair that lies over the head."""
    if who.cut == "bald":
        return
    x, y, side = sheet.x, sheet.y, np.abs(sheet.x)
    curly = who.cut == "curly"
    grow = who.volume * (1.9 if curly else 1.0 if who.woman else 0.7)
    bumps = 0.05 * (sheet.strands(0.25) - 1) * 2 if curly else 0.0
    outer = 1 - np.sqrt((x / (1.03 + grow)) ** 2 + ((y + 0.1) / (who.tall + grow - 0.02)) ** 2) + bumps
    line = {"receding": -1.06, "bun": -0.86}.get(who.cut, who.hairline) + 0.62 * side**3 + 0.16 * (x - who.part) ** 2
    if who.fringe:
        line = -0.42 + 0.1 * side**2 + 0.02 * np.sin(17 * x)
    elif who.cut in ("short", "long", "bob"):
        line = line - 0.1 * np.exp(-(((x - who.part) / 0.12) ** 2))
    covered = np.minimum(outer, line - y)
    if who.cut in ("long", "bob"):
        end = 1.9 if who.cut == "long" else 1.0 + who.volume
        curtain = np.minimum(np.minimum(side - 0.83 - 0.1 * np.cos(1.5 * y), end - y), np.maximum(y + 0.2, outer))
        covered = np.maximum(covered, np.minimum(curtain, 1.14 + who.volume - side))
    else:
        covered = np.maximum(covered, np.minimum(np.minimum(outer, side - 0.9), 0.05 - y))  # sideburns
    gloss = 0.85 + 0.4 * np.exp(-(((y + 0.95 - 0.35 * x**2) / 0.2) ** 2)) + 0.12 * light * x - 0.12 * side
    sheet.put(sheet.inside(covered, 0.05), (sheet.strands(0.6 if curly else 0.0) * gloss)[..., None] * who.hair)


def glasses(sheet: Sheet, who: SimpleNamespace, yaw: float) -> None:
    colour = np.array([who.rim, who.rim * 0.85, who.rim * 0.8])
    power, tall = (2.0, 0.25) if who.glasses == "round" else (4.0, 0.2)
    for side in (-1, 1):
        middle, wide = TURN * yaw * 1.1 + side * who.eye_gap, 0.3 * (1 - 0.12 * yaw * side)
        outer = sheet.oval(middle, who.eye_y + 0.03, wide, tall, power=power)
        inner = sheet.oval(middle, who.eye_y + 0.03, wide - 0.03, tall - 0.03, power=power)
        sheet.put(0.06 * inner, np.array([235, 242, 250]))
        sheet.put(outer * (1 - inner) * 0.95, colour)
        hinge = side * (sheet.x - middle) - wide
        arm = np.minimum(0.02 - np.abs(sheet.y - who.eye_y + 0.02), np.minimum(hinge, 1.0 - side * sheet.x))
        sheet.put(sheet.inside(arm), colour)
    bridge = who.eye_gap - 0.29
    bridge = np.minimum(0.018 - np.abs(sheet.y - who.eye_y + 0.02), bridge - np.abs(sheet.x - 0.39 * yaw))
    sheet.put(sheet.inside(bridge), colour)


def mask_on(sheet: Sheet, who: SimpleNamespace, colour: np.ndarray, light: float, yaw: float) -> None:
    """A pleated face mask from the bridge of the nose to under the chin, with ear loops."""
    x, y, nose = sheet.x, sheet.y, 1.4 * TURN * yaw
    half = half_width(who, y) * 0.985
    for side in (-1, 1):
        for start, end in ((0.3, -0.05), (1.0, 0.22)):
            t = (side * x - 0.82) / 0.2
            loop = 0.014 - np.abs(y - start - (end - start) * t)
            sheet.put(0.9 * sheet.inside(np.minimum(loop, 0.14 - np.abs(side * x - 0.93))), colour * 0.8 + 40)
    top = 0.25 - 0.17 * np.exp(-(((x - nose) / 0.28) ** 2)) + 0.05 * x**2
    low = who.tall + 0.08 - 0.5 * np.abs(x - 0.3 * nose) ** 2.4
    edge = np.minimum(np.minimum(y - top, low - y), half - np.abs(x))
    swell = np.sqrt(np.clip(1 - 0.8 * (x / half) ** 2 - 0.5 * ((y - 0.6) / 0.9) ** 2, 0.02, 1))
    swell = swell + 0.16 * np.exp(-(((x - nose) / 0.3) ** 2)) * ease(0.0, 0.35, y) * (1 - ease(0.5, 1.1, y))
    shade = 0.5 + 0.58 * np.clip(normals(swell, sheet.unit) @ lamp(light), 0, 1)
    for pleat in (0.5, 0.7, 0.9):
        fold = y - pleat - 0.1 * (1 - (x - 0.5 * nose) ** 2) + 0.06
        shade = shade - 0.13 * np.exp(-((fold / 0.018) ** 2)) + 0.06 * np.exp(-(((fold - 0.04) / 0.025) ** 2))
    shade = shade - 0.1 * np.exp(-(((y - top - 0.05) / 0.012) ** 2)) - 0.25 * np.exp(-((edge / 0.03) ** 2))
    shade = shade * (1 + 0.012 * np.sin(140 * x) * np.sin(140 * y))
    sheet.put(0.5 * sheet.inside(edge + 0.06, 0.12) * (y > top - 0.04), who.skin * 0.4)
    sheet.put(sheet.inside(edge), shade[..., None] * colour)

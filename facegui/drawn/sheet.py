"""What is painted on, and who is painted. Lengths are in half face widths from the middle of the face, x right, y down."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np

SKINS = ((244, 213, 190), (232, 190, 158), (208, 158, 120), (170, 118, 84), (126, 84, 60), (96, 64, 48))
HAIRS = ((24, 21, 22), (52, 34, 25), (92, 60, 38), (126, 62, 34), (190, 150, 98), (150, 148, 146))
IRISES = ((74, 44, 26), (96, 66, 34), (74, 100, 128), (84, 106, 74), (52, 34, 24))


class Sheet:
    """The picture, float RGB, with face coordinates for every pixel; `unit` is px per half face width.

    `tone` is the light that falls on the skin, (height, width, 3), once the head is shaded.
    """

    def __init__(self, rgb: np.ndarray, x: np.ndarray, y: np.ndarray, unit: float, rng: np.random.Generator) -> None:
        self.rgb, self.x, self.y, self.unit, self.rng = rgb, x, y, unit, rng
        self.tone = np.ones_like(rgb)

    def around(self, x: float, y: float, across: float, down: float) -> Sheet:
        """The part of the sheet near a place, to paint small things quickly; it shares its pixels."""
        near = (np.abs(self.x - x) < across) & (np.abs(self.y - y) < down)
        rows, columns = (np.flatnonzero(near.any(axis=axis)) for axis in (1, 0))
        part = (slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)) if len(rows) else (slice(1), slice(1))
        sheet = Sheet(self.rgb[part], self.x[part], self.y[part], self.unit, self.rng)
        sheet.tone = self.tone[part]
        return sheet

    def put(self, cover: np.ndarray, colour: np.ndarray) -> None:
        """Paints `colour` ((3,) or (height, width, 3)) where `cover` (0..1) says."""
        self.rgb += cover[..., None] * (np.asarray(colour, np.float32) - self.rgb)

    def inside(self, depth: np.ndarray, soft: float = 0.0) -> np.ndarray:
        """Cover of the region where `depth` (distance from its edge) is positive; the edge is `soft` wide, or a pixel."""
        return np.clip(depth / max(soft, 1.3 / self.unit) + 0.5, 0, 1)

    def oval(self, x: float, y: float, across: float, down: float, soft: float = 0.0, power: float = 2.0) -> np.ndarray:
        reach = (np.abs((self.x - x) / across) ** power + np.abs((self.y - y) / down) ** power) ** (1 / power)
        return self.inside((1 - reach) * min(across, down), soft)

    def hill(self, x: float | np.ndarray, y: float, across: float | np.ndarray, down: float) -> np.ndarray:
        return np.exp(-(((self.x - x) / across) ** 2) - ((self.y - y) / down) ** 2)

    def strands(self, curl: float) -> np.ndarray:
        """Hair texture around 1: long vertical streaks, or short ones where it curls."""
        height, width = self.x.shape
        streaks = self.rng.normal(0, 1, (int(4 + 50 * curl), 70)), self.rng.normal(0, 1, (int(3 + 90 * curl), 150))
        return 1 + 0.13 * sum(cv2.resize(streak.astype(np.float32), (width, height), interpolation=cv2.INTER_CUBIC)
                              for streak in streaks)


def ease(start: float, end: float, value: np.ndarray) -> np.ndarray:
    """0 before `start`, 1 after `end`, smooth between."""
    share = np.clip((value - start) / (end - start), 0, 1)
    return share * share * (3 - 2 * share)


def traits(seed: int) -> SimpleNamespace:
    """Everything that makes a person this person."""
    r = np.random.default_rng([seed, 1234])
    tone = r.integers(6)
    who = SimpleNamespace(woman=seed % 2 == 0, skin=np.array(SKINS[tone], np.float32) * r.uniform(0.95, 1.04))
    who.hair = np.array(HAIRS[r.choice([0, 0, 0, 1, 5]) if tone > 2 else r.choice([0, 1, 2, 3, 4, 4, 5])], np.float32)
    who.iris = np.array(IRISES[r.choice([0, 4]) if tone > 2 else r.integers(5)], np.float32)
    who.tall, who.jaw, who.square = r.uniform(1.2, 1.44), r.uniform(0.08, 0.36), r.uniform(2.0, 2.6)
    who.eye_y, who.eye_gap = r.uniform(-0.18, -0.05), r.uniform(0.37, 0.475)
    who.eye_w, who.eye_h, who.slant = r.uniform(0.2, 0.275), r.uniform(0.085, 0.15), r.uniform(-0.13, 0.18)
    who.brow_y, who.brow_w, who.brow_h = r.uniform(0.23, 0.35), r.uniform(0.24, 0.33), r.uniform(0.03, 0.085)
    who.brow_arch, who.brow_tilt, who.socket = r.uniform(0.0, 0.13), r.uniform(-0.1, 0.03), r.uniform(0.06, 0.13)
    who.nose_y, who.nose_w, who.bridge = r.uniform(0.33, 0.49), r.uniform(0.11, 0.225), r.uniform(0.08, 0.14)
    who.nose_high = r.uniform(0.2, 0.32)
    who.mouth_y, who.mouth_w = r.uniform(0.71, 0.86), r.uniform(0.26, 0.4)
    who.upper, who.lower = r.uniform(0.03, 0.08), r.uniform(0.06, 0.125)
    who.lip_red = r.uniform(0.4, 0.85) if who.woman else r.uniform(0.2, 0.45)
    who.freckles = float(tone < 3 and r.random() < 0.3)
    who.cut = str(r.choice(["long", "bob", "bun", "curly"] if who.woman else ["short", "short", "curly", "receding", "bald"]))
    who.volume, who.hairline, who.part = r.uniform(0.07, 0.2), r.uniform(-0.86, -0.66), r.uniform(-0.6, 0.6)
    who.fringe = who.woman and r.random() < 0.35
    who.beard = "" if who.woman else str(r.choice(["", "", "stubble", "full", "moustache"]))
    who.glasses = str(r.choice(["", "", "", "round", "square"]))
    who.rim, who.ears, who.lines = r.choice([25, 70]), r.uniform(0.2, 0.27), r.uniform(0, 0.6)
    return who

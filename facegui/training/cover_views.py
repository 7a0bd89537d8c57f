"""What the judge of covers is shown: faces bare, masked, behind dark glasses, hands and things, as bad cameras see them."""

from __future__ import annotations

import cv2
import numpy as np

from ..align import ARCFACE_112
from ..cover import SIZE, SPEC
from .augment import Augment, jittered, spoil
from .cover_faces import CoverFaces
from .covers import draw_clear_glasses, draw_cover
from .masks import draw

BATCH = 128
POINTS = np.array(ARCFACE_112) + 8  # of a stored 128 px face
DRAWN = 0.4  # share of the masked half of a batch that is a bare face with a drawn mask
OTHER, CLEAR = 0.3, 0.12  # shares of all faces that get another cover, and glasses that hide nothing
KNOWN = 0.25  # share of the bare half that are faces known to wear another cover, once there are ten of them
# How far the detector's five points miss, px of 128; under a mask it invents the mouth and half invents the nose.
MISS_PX = {False: np.array([2, 2, 2.5, 2.5, 2.5]), True: np.array([2.5, 2.5, 5, 7, 7])}
LOOK = Augment(turn_deg=6, shift=0.03, zoom=0.06, light=0.6, grey=0.1, blur=0.25, low_resolution=0.35, jpeg=0.3)


class Pools:
    """Rows to train on: masked; bare; bare of the sources that have masked ones too; bare ones with another cover.

    The third come more often than they are many: the frame of the picture must not give the answer away.
    """

    def __init__(self, faces: CoverFaces) -> None:
        train = faces.part == "train"
        self.masked, bare = np.flatnonzero(train & faces.masked), train & ~faces.masked
        self.bare = np.flatnonzero(bare & (faces.other == 0))
        self.other = np.flatnonzero(bare & (faces.other == 1))
        alike = self.bare[np.isin(faces.source[self.bare], np.unique(faces.source[self.masked]))]
        self.alike = alike if len(alike) else self.bare


def batch(faces: CoverFaces, pools: Pools, hard: np.ndarray, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(BATCH, 64, 64, 3) uint8 crops, half of them masked, and what they wear: (BATCH, 2) bool, mask and other cover.

    hard (n,): how covered (0..1) each face looked to the network so far; bare faces that looked covered, such as white
    beards, come up to eleven times as often.
    """
    odds = 1 + 10 * hard[pools.bare]
    rows = np.where(rng.random(BATCH) < 0.35, rng.choice(pools.alike, BATCH), rng.choice(pools.bare, BATCH, p=odds / odds.sum()))
    masked = np.arange(BATCH) >= BATCH // 2
    drawn = masked & (rng.random(BATCH) < DRAWN)
    rows = np.where(masked & ~drawn, rng.choice(pools.masked, BATCH), rows)
    if len(pools.other) >= 10:
        rows = np.where(~masked & (rng.random(BATCH) < KNOWN), rng.choice(pools.other, BATCH), rows)
    worn = rng.choice(["other", "clear", ""], BATCH, p=[OTHER, CLEAR, 1 - OTHER - CLEAR])
    crops = [view(faces.pixels[row], bool(mask), bool(draws), str(what), rng)
             for row, mask, draws, what in zip(rows, masked, drawn, worn, strict=True)]
    return np.stack(crops), np.stack([masked, (worn == "other") | (faces.other[rows] == 1)], 1)


def view(face: np.ndarray, masked: bool, draws: bool, worn: str, rng: np.random.Generator) -> np.ndarray:
    """One random look at a stored face, as the program would cut and a bad camera would show it.

    draws: a mask is drawn; worn: "other", "clear" (glasses that hide nothing) or nothing is drawn besides.
    """
    if draws:
        face = draw(face, POINTS, rng)
    if worn:
        face = (draw_cover if worn == "other" else draw_clear_glasses)(face, POINTS, rng)
    if rng.random() < 0.25:  # a tight photo: nothing outside it
        face = face.copy()
        left, top, right, bottom = rng.integers(0, 22, 4)
        face[:top], face[128 - bottom:], face[:, :left], face[:, 128 - right:] = 0, 0, 0, 0
    if rng.random() < 0.1:  # hair or a hat's shadow on the forehead hides nothing
        face = face.copy()
        bottom, left = rng.integers(8, 36), rng.integers(-40, 60)
        face[:bottom, max(left, 0):left + rng.integers(40, 128)] = rng.integers(0, 256, 3)
    seen = POINTS + rng.normal(0, 1, (5, 2)) * MISS_PX[masked][:, None] * rng.uniform(0, 1)
    crop = cv2.warpAffine(face, jittered(seen, SPEC, rng, LOOK, face.shape), (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    return spoil(crop, rng, LOOK)


def still(faces: np.ndarray) -> np.ndarray:
    """(n, 128, 128, 3) stored faces -> (n, 64, 64, 3) crops without any accident."""
    return np.stack([cv2.resize(face, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for face in faces])

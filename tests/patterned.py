"""People as colour patterns under noise: pictures so simple that every figure about them can be recomputed by hand."""

import numpy as np

from facegui import align, image
from facegui.evaluate.cache import digest
from facegui.types import CropSpec, Face, ModelCard

SIZE = 48
COARSE = 12
DIMENSION = COARSE * COARSE * 3
POINTS = tuple((x * SIZE / 112, y * SIZE / 112) for x, y in align.ARCFACE_112)


class WholePicture:
    """The face fills the picture; black pictures show none."""

    key = "whole picture"

    def __init__(self):
        self.calls = 0

    def detect(self, pixels, *, small_faces=False):
        self.calls += 1
        return [Face((0.0, 0.0, SIZE, SIZE), np.array(POINTS, dtype=np.float32), 1.0)] if pixels.any() else []


class Correlation:
    """The crop itself, coarsely, as the embedding: its score is the correlation of two pictures."""

    def __init__(self, name="correlation"):
        self.card = ModelCard(name, "onnx", "x", digest(name), CropSpec("align", SIZE, POINTS), "RGB", (0, 0, 0),
                              (1, 1, 1), DIMENSION, "ours", "here")
        self.embedded = 0

    def embed(self, crops):
        self.embedded += len(crops)
        coarse = crops.reshape(len(crops), COARSE, SIZE // COARSE, COARSE, SIZE // COARSE, 3).mean(axis=(2, 4))
        rows = coarse.reshape(len(crops), -1).astype(np.float32)
        rows -= rows.mean(axis=1, keepdims=True)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def picture(person, shot, noise=60.0):
    own = np.random.default_rng(person).uniform(60, 200, (6, 6, 3)).repeat(8, axis=0).repeat(8, axis=1)
    return np.clip(own + np.random.default_rng([person, shot]).normal(0, noise, own.shape), 1, 255).astype(np.uint8)


def people_folder(root, counts, noise=60.0, black=()):
    """NAME/NAME_0001.png and so on; `black` photos (person, shot) show no face."""
    for person, count in enumerate(counts):
        home = root / f"P{person:02d}"
        home.mkdir(parents=True)
        for shot in range(1, count + 1):
            pixels = picture(person, shot, noise)
            image.write(home / f"{home.name}_{shot:04d}.png", pixels * ((person, shot) not in black))
    return root

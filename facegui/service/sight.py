"""From a picture to faces that are found, cut out and judged, and on to probes that can be searched or enrolled."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import align, quality
from ..cover import CoverJudge
from ..training import looks
from ..types import Cover, Detector, Embedder, Face, Photo, Picture, Probe, Quality, cover_of


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Found, judged and cut out, not yet embedded. The face is in pixels of the upright file."""

    face: Face
    quality: Quality
    masked: bool
    crop: np.ndarray

    @property
    def cover(self) -> Cover:
        return cover_of(self.masked, self.quality)


class Sight:
    """Detector, cover judge and embedder as one pipeline: the work is split so that many photos share one batch."""

    def __init__(self, detector: Detector, cover: CoverJudge, embedder: Embedder) -> None:
        self.detector, self.cover, self.embedder = detector, cover, embedder

    def look(self, picture: Picture, small_faces: bool = False) -> tuple[list[Seen], dict[str, float]]:
        """Everybody in the picture, largest first, and the milliseconds of `detect` and `align`."""
        start = time.perf_counter()
        faces = self.detector.detect(picture.pixels, small_faces=small_faces)
        detected = time.perf_counter()
        seen = self.judge(picture.pixels, faces, picture.scale)
        return seen, {"detect": (detected - start) * 1e3, "align": (time.perf_counter() - detected) * 1e3}

    def judge(self, pixels: np.ndarray, faces: Sequence[Face], scale: float = 1.0) -> list[Seen]:
        """Faces that were found in `pixels`, judged and cut out; `scale` is the picture's, see Picture."""
        spec = self.embedder.card.crop
        return [Seen(scaled(face, 1 / scale), quality.judge(pixels, face, masked, hidden), masked, align.crop(pixels, face, spec))
                for face, (masked, hidden) in zip(faces, self.cover.covers(pixels, faces), strict=True)]

    def embed(self, seen: Sequence[Seen]) -> list[Probe]:
        """All faces in one batch."""
        if not seen:
            return []
        vectors = self.embedder.embed(np.stack([one.crop for one in seen]))
        return [Probe(one.face, one.quality, one.masked, vector) for one, vector in zip(seen, vectors, strict=True)]

    def looks(self, seen: Sequence[Seen], embeddings: Sequence[np.ndarray]) -> list[np.ndarray | None]:
        """A second template of each face without a mask, for comparing masked faces with: its own mixed with that of the face under a
        drawn mask. None for masked faces, and for models whose crops do not align the face."""
        found: list[np.ndarray | None] = [None] * len(seen)
        points, bare = looks.landmarks(self.embedder.card.crop), [at for at, one in enumerate(seen) if not one.masked]
        if points is not None and bare:
            made = looks.looks(self.embedder.embed, [seen[at].crop for at in bare], np.stack([embeddings[at] for at in bare]), points)
            for at, vector in zip(bare, made, strict=True):
                found[at] = vector
        return found

    def judged_again(self, picture: Picture, photo: Photo) -> Quality:
        """The quality of a kept photo, as far as it says whether something hides eyes or mouth."""
        (_, hidden), = self.cover.covers(picture.pixels, [scaled(photo.face, picture.scale)])
        return quality.judged_again(photo.quality, hidden)

    def again(self, picture: Picture, face: Face) -> np.ndarray:
        """The crop of a face whose place in the file is known, for a model that has not seen it yet."""
        return align.crop(picture.pixels, scaled(face, picture.scale), self.embedder.card.crop)


def scaled(face: Face, factor: float) -> Face:
    """The face in a picture enlarged by `factor`."""
    if factor == 1:
        return face
    return Face(tuple(float(value * factor) for value in face.box), face.landmarks * np.float32(factor), face.score)


def subject(seen: Sequence[Seen], width: int, height: int) -> Seen | None:
    """The one face a portrait of width x height px is about; None where there is none, or several and no clear one.

    A face weighs its area, less the farther it is from the middle (nothing in a corner); the subject weighs at least
    three times as much as any other. Bystanders do not make a portrait a group photo; two people side by side do.
    """
    if not seen:
        return None
    weights = []
    for one in seen:
        x1, y1, x2, y2 = one.face.box
        off = math.hypot((x1 + x2) / 2 - width / 2, (y1 + y2) / 2 - height / 2) / math.hypot(width / 2, height / 2)
        weights.append((x2 - x1) * (y2 - y1) * max(1 - off, 0.0) ** 2)
    first = int(np.argmax(weights))
    if all(weights[first] >= 3 * weight for number, weight in enumerate(weights) if number != first):
        return seen[first]
    return None

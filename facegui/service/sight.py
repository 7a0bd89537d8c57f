"""From a picture to faces that are found, cut out and judged, and on to probes that can be searched or enrolled."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from .. import align, quality
from ..cover import CoverJudge
from ..types import Detector, Embedder, Face, Picture, Probe, Quality


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """Found, judged and cut out, not yet embedded. The face is in pixels of the upright file."""

    face: Face
    quality: Quality
    masked: bool
    crop: np.ndarray


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
        covered = [sure >= self.cover.threshold for sure in self.cover.masked(pixels, faces)]
        spec = self.embedder.card.crop
        return [Seen(scaled(face, 1 / scale), quality.judge(pixels, face, masked), masked, align.crop(pixels, face, spec))
                for face, masked in zip(faces, covered, strict=True)]

    def embed(self, seen: Sequence[Seen]) -> list[Probe]:
        """All faces in one batch."""
        if not seen:
            return []
        vectors = self.embedder.embed(np.stack([one.crop for one in seen]))
        return [Probe(one.face, one.quality, one.masked, vector) for one, vector in zip(seen, vectors, strict=True)]

    def again(self, picture: Picture, face: Face) -> np.ndarray:
        """The crop of a face whose place in the file is known, for a model that has not seen it yet."""
        return align.crop(picture.pixels, scaled(face, picture.scale), self.embedder.card.crop)


def scaled(face: Face, factor: float) -> Face:
    """The face in a picture enlarged by `factor`."""
    if factor == 1:
        return face
    return Face(tuple(float(value * factor) for value in face.box), face.landmarks * np.float32(factor), face.score)


def subject(seen: Sequence[Seen]) -> Seen | None:
    """The one face a portrait is about: the only one, or the one with at least four times the area of every other.

    None where there is no face, or several and no clear one. Small faces in the background do not make a portrait
    a group photo; two people side by side do.
    """
    if not seen:
        return None
    areas = [(one.face.box[2] - one.face.box[0]) * (one.face.box[3] - one.face.box[1]) for one in seen]
    first = int(np.argmax(areas))
    if all(areas[first] >= 4 * area for number, area in enumerate(areas) if number != first):
        return seen[first]
    return None

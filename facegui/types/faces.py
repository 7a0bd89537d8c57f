"""Faces: each stage is its own type, found, judged, embedded, decided."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np

from .decisions import Verdict

Box = tuple[float, float, float, float]  # x1, y1, x2, y2
HIDDEN = "partly_hidden"  # the reason of quality.REASONS that says OTHER below


class Cover(StrEnum):
    """What a face wears. OTHER: something that is no mask hides its eyes or mouth, such as dark glasses or a hand."""

    BARE = "bare"
    MASKED = "masked"
    OTHER = "otherwise covered"

    @property
    def covered(self) -> bool:
        return self is not Cover.BARE


def overlap(one: Box, other: Box) -> float:
    """Intersection over union of two boxes, 0..1."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    both = width * height
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return both / (areas - both)


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded, upright photo. A very large file may be decoded smaller: `pixels` = file size x `scale`."""

    pixels: np.ndarray
    width: int  # of the upright file, px
    height: int
    scale: float  # pixels.shape[1] / width, <= 1
    sha256: str  # of the file's bytes
    name: str = ""  # file name, for messages only
    decode_ms: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Face:
    """Found: where, how sure the detector is (0..1), and five points (eyes, nose, mouth corners; image left first)."""

    box: Box
    landmarks: np.ndarray  # (5, 2) float32
    score: float


class Detector(Protocol):
    def detect(self, pixels: np.ndarray, *, small_faces: bool = False) -> list[Face]:
        """All faces, largest first, in `pixels` coordinates; `small_faces` works at full size to find tiny ones."""


@dataclass(frozen=True, slots=True)
class Quality:
    """How fit a face is to be enrolled: 0 (useless) to 1 (ideal). `reasons` are from quality.REASONS; empty is good."""

    score: float
    reasons: tuple[str, ...] = ()


def cover_of(masked: bool, quality: Quality) -> Cover:
    """A mask counts first: it hides more than the glasses above it, and has templates of its own."""
    return Cover.MASKED if masked else Cover.OTHER if HIDDEN in quality.reasons else Cover.BARE


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Aligned, judged and embedded: ready to be searched or enrolled."""

    face: Face
    quality: Quality
    masked: bool
    embedding: np.ndarray  # (dimension,) float32, unit length

    @property
    def cover(self) -> Cover:
        return cover_of(self.masked, self.quality)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person near a probe: the best score over that person's templates, and the photo that gave it."""

    person_id: int
    name: str
    score: float
    photo_id: int


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """Decided: `name` is None for "unknown" and for a question. `candidates` are people, best first, whether or not above
    `threshold`, the score that the first one's name needs. `verdict` says by which rule, and why."""

    probe: Probe
    name: str | None
    match_score: float | None  # best candidate's score; None when the gallery is empty
    threshold: float
    candidates: tuple[Candidate, ...]
    verdict: Verdict | None = None

    @property
    def question(self) -> str | None:
        """The person that it may be: a possible match, asked and never stated."""
        return self.verdict.name if self.name is None and self.verdict is not None else None


@dataclass(frozen=True, slots=True, eq=False)
class Recognition:
    """Everybody in one picture, boxes in pixels of the upright file, with milliseconds per stage."""

    image: str
    width: int
    height: int
    faces: tuple[Identification, ...]
    ms: dict[str, float]  # decode, detect, align, embed, search


@dataclass(frozen=True, slots=True)
class Verification:
    """Two photos, one face each: same person or not."""

    same: bool
    score: float
    threshold: float

"""The gallery: people, their photos, and what becomes of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .faces import Candidate, Face, Quality


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    photos: int
    templates: int  # of the model in use
    note: str = ""  # e.g. how and when the person consented


@dataclass(frozen=True, slots=True, eq=False)
class Photo:
    """A kept photo of a person: the file is photos/ab/SHA256.ext in the gallery folder; the face is in file pixels."""

    id: int
    person_id: int
    sha256: str
    file: str  # path relative to the gallery folder
    original_name: str
    face: Face
    quality: Quality
    masked: bool


@dataclass(frozen=True, slots=True)
class PhotoOutcome:
    """What became of one photo offered for enrollment. status: enrolled | duplicate | refused | failed, or held: fit, but
    not enrolled until somebody has looked at who resembles it."""

    photo: str
    status: str
    reasons: tuple[str, ...] = ()
    advice: str = ""
    quality: float | None = None


@dataclass(frozen=True, slots=True)
class EnrollReport:
    name: str
    person_id: int | None  # None when every photo was refused and nobody was created
    outcomes: tuple[PhotoOutcome, ...]
    too_close_to: tuple[Candidate, ...] = ()  # other people the new templates resemble at or above the threshold
    too_close: tuple[int, ...] = ()  # for each of them, which of the photos offered gave the score

    @property
    def enrolled(self) -> int:
        return sum(outcome.status == "enrolled" for outcome in self.outcomes)

    @property
    def held(self) -> int:
        return sum(outcome.status == "held" for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Deletion:
    """What `forget` removed, counted."""

    name: str
    photos: int
    files: int
    templates: int
    index_rows: int


@dataclass(frozen=True, slots=True, eq=False)
class NewPhoto:
    """A photo offered to the gallery: a file to copy or its bytes, with the face in pixels of the upright file."""

    source: Path | bytes
    suffix: str  # ".jpg", ...
    sha256: str  # of the file's bytes
    original_name: str
    face: Face
    quality: Quality
    masked: bool
    embedding: np.ndarray  # (dimension,) float32, unit length
    look: np.ndarray | None = None  # of a bare face: its template for masked faces, likewise


@dataclass(frozen=True, slots=True)
class Enrolled:
    """What the gallery made of the photos offered: `photo_ids` beside `outcomes`, None where nothing was kept."""

    person_id: int | None  # None when nothing was kept and nobody was created
    name: str  # as the gallery spells it
    created: bool
    outcomes: tuple[PhotoOutcome, ...]
    photo_ids: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Merge:
    """A journal entry: `from_name` became part of person `into_id`; undone by `Gallery.undo_merge(id)`."""

    id: int
    from_name: str
    into_id: int
    into_name: str
    photos: int
    created: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Move:
    """A journal entry: photos of `from_name` went to `into_name`; undone by `Gallery.sorting.undo(id)`."""

    id: int
    from_name: str
    into_name: str
    photos: int
    created: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Two people who may be one: the photos that resemble each other most, and their score."""

    one: str
    other: str
    score: float
    one_photo: int
    other_photo: int


@dataclass(frozen=True, slots=True)
class Misplaced:
    """A photo that resembles `like` more (`like_score`, with `like_photo`) than the rest of its person (`own_score`)."""

    photo: int
    person: str
    own_score: float
    like: str
    like_photo: int
    like_score: float


@dataclass(frozen=True, slots=True)
class Doubts:
    """What looks wrong in a gallery, most alike first. Scores are as of bare faces: of masked ones so much less as these
    must score more to say the same."""

    duplicates: tuple[Duplicate, ...]
    misplaced: tuple[Misplaced, ...]
    templates: int
    threshold: float
    seconds: float


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The search index in numbers. kind "exact" compares with everything; "annoy" nominates by trees first."""

    kind: str
    templates: int  # that can be found
    in_base: int
    in_delta: int
    generation: str  # "" when there are no trees on disk
    trees: int
    search_k: int
    recall: float  # share of brute-force top-1 people found, measured when the trees were built; 1.0 for exact
    file_bytes: int
    building: bool


@dataclass(frozen=True, slots=True)
class ArchiveReport:
    """What an export wrote or an import brought in; `duplicates` were here already, `refused` say why in sentences."""

    file: str
    people: int
    photos: int
    templates: int
    people_created: int = 0
    duplicates: int = 0
    refused: tuple[str, ...] = ()
    seconds: float = 0.0

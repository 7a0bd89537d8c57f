"""The domain on one page: frozen records, protocols and errors. Imports numpy and the standard library only.

Conventions that hold everywhere:
- pixels are RGB uint8 arrays of shape (height, width, 3); BGR never leaves image.py;
- points are (x, y) in pixels of the array they were found in, plain indexes: (0, 0) is the centre of the first pixel, as
  in the field's crop templates and in cv2.warpAffine;
- embeddings are float32 of unit length; a score is their cosine, higher is better, never called confidence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

Box = tuple[float, float, float, float]  # x1, y1, x2, y2


# ---- errors: each message is a sentence (what happened, what to do), translated once at the edge ----------------


class FaceguiError(Exception):
    """Anything a user can put right. The message is shown as it is; the command line exits with `exit_code`."""

    exit_code = 2


class ImageError(FaceguiError):
    """A file that is not a readable picture, or is too large to decode safely."""


class FaceCountError(FaceguiError):
    """No face, or several, where exactly one is needed."""


class ModelError(FaceguiError):
    """A model that is missing, damaged, of another architecture, or whose card does not fit it."""


class DownloadError(ModelError):
    """A download that failed or did not match its checksum; says which file to place where instead."""


class GalleryError(FaceguiError):
    """A person, photo or gallery that does not exist, exists already, or cannot be written."""


class DataError(FaceguiError):
    """Training or evaluation data that cannot be used: empty folder, too few people, bad pairs file."""


class Cancelled(FaceguiError):
    """The user stopped the work; everything acknowledged so far is kept."""

    exit_code = 130


# ---- progress of long work --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a long piece of work is. `total` 0 means unknown; `note` is a short sentence for people."""

    done: int
    total: int
    note: str = ""
    remaining_s: float | None = None


Tick = Callable[[Progress], None]  # called by long work; raises Cancelled when the user pressed cancel


def no_tick(_: Progress) -> None:
    """The Tick of callers that do not watch."""


# ---- models -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CropSpec:
    """How a model wants its faces cut out.

    method "align": similarity warp of the five landmarks onto `points` (pixels of a size x size crop);
    method "box": the detector's box, enlarged so that `margin` px of the crop (both sides together) lie outside it,
    stretched to a square, as facenet-pytorch cuts the faces of its own InceptionResnetV1 weights.
    """

    method: str
    size: int
    points: tuple[tuple[float, float], ...] = ()
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything that defines a model's meaning; read from weights/ID/card.json, see cards.py for the JSON."""

    id: str
    architecture: str  # "onnx", "compact", "inception-resnet-v1", ...
    file: str  # weight file beside the card
    sha256: str
    crop: CropSpec
    channels: str  # "RGB" or "BGR"
    mean: tuple[float, float, float]  # subtracted from 0..255 values, in `channels` order
    std: tuple[float, float, float]  # then divided
    dimension: int
    licence: str
    origin: str
    description: str = ""
    flip: bool = False  # average with the mirrored crop's embedding
    # [[false match rate, score], ...]: impostor score tail, ascending scores; see thresholds in metrics.py
    impostor_tail: tuple[tuple[float, float], ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)


class Embedder(Protocol):
    """A loaded model."""

    card: ModelCard

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """(n, size, size, 3) RGB uint8 crops -> (n, dimension) float32 rows of unit length."""


# ---- faces: each stage is its own type --------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded, upright photo. A very large file may be decoded smaller: `pixels` = file size x `scale`."""

    pixels: np.ndarray
    width: int  # of the upright file, px
    height: int
    scale: float  # pixels.shape[1] / width, <= 1
    sha256: str  # of the file's bytes
    name: str = ""  # file name, for messages only


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


@dataclass(frozen=True, slots=True, eq=False)
class Probe:
    """Aligned, judged and embedded: ready to be searched or enrolled."""

    face: Face
    quality: Quality
    masked: bool
    embedding: np.ndarray  # (dimension,) float32, unit length


@dataclass(frozen=True, slots=True)
class Candidate:
    """One person near a probe: the best score over that person's templates, and the photo that gave it."""

    person_id: int
    name: str
    score: float
    photo_id: int


@dataclass(frozen=True, slots=True, eq=False)
class Identification:
    """Decided: `name` is None for "unknown". `candidates` are people, best first, whether or not above `threshold`."""

    probe: Probe
    name: str | None
    match_score: float | None  # best candidate's score; None when the gallery is empty
    threshold: float
    candidates: tuple[Candidate, ...]


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


# ---- gallery ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    id: int
    name: str
    photos: int
    templates: int  # of the model in use


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
    """What became of one photo offered for enrollment. status: enrolled | duplicate | refused | failed."""

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

    @property
    def enrolled(self) -> int:
        return sum(outcome.status == "enrolled" for outcome in self.outcomes)


@dataclass(frozen=True, slots=True)
class Deletion:
    """What `forget` removed, counted."""

    name: str
    photos: int
    files: int
    templates: int
    index_rows: int

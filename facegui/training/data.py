"""From a folder of photos to aligned faces: found and cut out once, kept by content and crop, never twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import image
from ..align import crop
from ..types import CropSpec, DataError, Detector, Face, ImageError, Progress, Tick, no_tick
from . import faces as sets
from .faces import UNKNOWN, FaceSet


@dataclass(frozen=True, slots=True)
class Refused:
    photo: str
    reason: str


def frame(spec: CropSpec) -> CropSpec:
    """The crop that is kept: an eighth wider on every side than the model's, so that shifted views have no empty edge."""
    if spec.method != "align":
        return spec
    margin = spec.size // 8
    return CropSpec("align", spec.size + 2 * margin, tuple((x + margin, y + margin) for x, y in spec.points))


def prepare(folder: Path, spec: CropSpec, detector: Callable[[], Detector], cache: Path,
            tick: Tick = no_tick) -> tuple[FaceSet, list[Refused]]:
    """Every photo in `folder`/PERSON/ as an aligned face; `detector` is only called where a new photo needs it.

    A folder that is a set of aligned faces already is loaded as it is. Photos without a face, unreadable ones and exact
    copies are refused, each with its reason. Raises DataError where nothing is left, Cancelled through `tick`.
    """
    if (folder / "faces.json").exists():
        return sets.load(folder), []
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}. Give one with a sub-folder of photos per person.")
    people = sorted(p for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))
    photos = [(number, photo) for number, person in enumerate(people) for photo in image.find_images(person)]
    if not photos:
        raise DataError(f"{folder} holds no photos in sub-folders. Make one folder per person and put their photos inside.")
    wide = frame(spec)
    shelf = _shelf(cache, wide)
    kept: list[tuple[int, np.ndarray, np.ndarray]] = []
    refused: list[Refused] = []
    seen: set[str] = set()
    finder: Detector | None = None
    for done, (number, photo) in enumerate(photos):
        tick(Progress(done, len(photos), f"aligning {photo.parent.name}"))
        try:
            data = image.load(photo)
            key = hashlib.sha256(data).hexdigest()
            if key in seen:
                refused.append(Refused(str(photo), "the same photo is there twice"))
                continue
            seen.add(key)
            if (found := _kept(shelf, key)) is None:
                finder = finder or detector()
                found = _cut(image.decode(data, photo.name).pixels, finder, wide)
                _keep(shelf, key, found)
            if found[0] is None:
                refused.append(Refused(str(photo), "no face was found"))
            else:
                kept.append((number, *found))
        except ImageError as error:
            refused.append(Refused(str(photo), str(error)))
    if not kept:
        raise DataError(f"No face was found in any of the {len(photos)} photos in {folder}. Give photos that show one face each.")
    numbers, pixels, points = (np.stack([np.asarray(row[k]) for row in kept]) for k in range(3))
    return FaceSet(pixels, points, numbers.astype(np.int64), np.zeros(len(kept), bool), tuple(p.name for p in people)), refused


def _shelf(cache: Path, wide: CropSpec) -> Path:
    return cache / hashlib.sha256(repr(wide).encode()).hexdigest()[:16]


def kept_path(cache: Path, wide: CropSpec, sha256: str) -> Path:
    """The file that is there once the photo of this content was aligned for `wide`, see `frame`."""
    return _shelf(cache, wide) / sha256[:2] / f"{sha256}.json"


def _cut(pixels: np.ndarray, finder: Detector, wide: CropSpec) -> tuple[np.ndarray | None, np.ndarray]:
    found = finder.detect(pixels)
    if not found:
        return None, np.zeros((5, 2))
    face = found[0]
    return crop(pixels, face, wide), np.array(wide.points) if wide.method == "align" else box_points(face, wide, pixels.shape)


def box_points(face: Face, spec: CropSpec, shape: tuple[int, ...]) -> np.ndarray:
    """Where the landmarks land in a box crop of `spec`: (5, 2) px. The box grows, is clipped, and becomes a square."""
    grow = [spec.margin * (face.box[k + 2] - face.box[k]) / (spec.size - spec.margin) / 2 for k in (0, 1)]
    low = [int(max(face.box[k] - grow[k], 0)) for k in (0, 1)]
    high = [int(min(face.box[k + 2] + grow[k], shape[1 - k])) for k in (0, 1)]
    scale = spec.size / np.maximum(1, np.subtract(high, low))
    return (np.asarray(face.landmarks, np.float64) + 0.5 - low) * scale - 0.5


def _kept(shelf: Path, key: str) -> tuple[np.ndarray | None, np.ndarray] | None:
    """What an earlier run found in the photo, None where it never looked (or its files are damaged)."""
    try:
        points = np.array(json.loads((shelf / key[:2] / f"{key}.json").read_text()), np.float64)
        return (image.read(shelf / key[:2] / f"{key}.png").pixels, points) if len(points) else (None, points)
    except (OSError, ValueError, ImageError):
        return None


def _keep(shelf: Path, key: str, found: tuple[np.ndarray | None, np.ndarray]) -> None:
    place = shelf / key[:2]
    try:
        place.mkdir(parents=True, exist_ok=True)
        if found[0] is not None:
            image.write(place / f"{key}.png", found[0])
        part = place / f"{key}.json.part"
        part.write_text(json.dumps(found[1].tolist() if found[0] is not None else []))
        part.replace(place / f"{key}.json")  # last: it says that the picture is complete
    except OSError as error:
        raise DataError(f"Aligned faces cannot be kept in {shelf} ({error.strerror}). Free some disk space and try again.") from None


def usable(faces: FaceSet, validation: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Identity-disjoint (training, validation) rows; only people with two photos or more take part.

    Raises DataError with fewer than two people on either side.
    """
    numbers, counts = np.unique(faces.people[faces.people != UNKNOWN], return_counts=True)
    several = int((counts > 1).sum())
    if several < 4:
        raise DataError(f"{len(faces)} usable photos of {len(numbers)} people, {several} of them with two photos or more: too few. "
                        f"Training needs four such people, two to learn from and two to measure on.")
    share = min(max(validation, 2 / several), 1 - 2 / several)
    train, held = sets.split(faces.people, share, seed)
    keep = np.isin(faces.people, numbers[counts > 1])
    return train[keep[train]], held

"""From photos to embeddings for a measurement: one face a photo, nothing found or embedded twice."""

from __future__ import annotations

import hashlib
import inspect
import shlex
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import align, image
from ..image import SUFFIXES
from ..types import DataError, Detector, Embedder, Face, ImageError, ModelCard, Progress, Tick, no_tick
from .cache import Table, digest
from .fingerprint import alignment_key, detector_key

if TYPE_CHECKING:  # importing it loads torch
    from ..cover import CoverJudge

BATCH = 64  # crops embedded at once
SAVE_AFTER = 200  # new entries, so that a stopped measurement goes on where it was


@dataclass(frozen=True, slots=True)
class Shot:
    """A picture to measure with: a key for its content, and how to get its (h, w, 3) RGB uint8 pixels."""

    key: str
    pixels: Callable[[], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Embedded:
    """(n, d) float32 unit rows, zero where `found` (n,) bool is False: no face was found there."""

    embeddings: np.ndarray
    found: np.ndarray


def shots(paths: Sequence[Path]) -> list[Shot]:
    """Photo files as shots, keyed by the SHA-256 of their bytes. Raises DataError for one that cannot be opened."""
    result = []
    for path in paths:
        try:
            key = hashlib.sha256(path.read_bytes()).hexdigest()
        except OSError as error:
            raise DataError(f"the photo {path} cannot be read ({error.strerror}); restore it or leave it out") from None
        result.append(Shot(key, lambda path=path: image.read(path).pixels))
    return result


def photos_of_people(directory: Path) -> tuple[list[Path], np.ndarray]:
    """Every photo DIR/NAME/photo and whose it is, sorted. Raises DataError where there are none."""
    if not directory.is_dir():
        raise DataError(f"{directory} is not a folder; give one that holds a folder of photos per person")
    paths = [path for path in sorted(directory.glob("*/*")) if path.suffix.lower() in SUFFIXES and path.is_file()]
    if not paths:
        raise DataError(f"{directory} holds no folders with photos; put the photos of each person into one")
    return paths, np.array([path.parent.name for path in paths])


def central_face(faces: Sequence[Face], width: int, height: int) -> Face | None:
    """The face a photo is about, after LFW's convention that it stands in the middle: largest side minus distance.

    The side is the root of the box's area, the distance that from the box's middle to the photo's, both px.
    """
    def worth(face: Face) -> float:
        x1, y1, x2, y2 = face.box
        away = np.hypot((x1 + x2 - width) / 2, (y1 + y2 - height) / 2)
        return float(max(0.0, (x2 - x1) * (y2 - y1)) ** 0.5 - away)

    return max(faces, key=worth, default=None)


def find_faces(shots: Sequence[Shot], detector: Detector, cache: Path | None, tick: Tick = no_tick,
               note: str = "Finding faces") -> list[Face | None]:
    """The central face of each shot, None where none was found or the file is no picture.

    Calls tick with the remaining time; what was found is kept in `cache` even when it raises Cancelled.
    """
    table = Table(_file(cache, "faces", detector_key(detector) + inspect.getsource(central_face)), 15)
    pace = _Pace(tick, note, sum(shot.key not in table for shot in shots))
    try:
        for shot in shots:
            if shot.key in table:
                continue
            pace.step()
            try:
                pixels = shot.pixels()
            except ImageError:
                table.put(shot.key, np.empty((0, 15)))  # counted as a photo without a face
                continue
            face = central_face(detector.detect(pixels), pixels.shape[1], pixels.shape[0])
            row = [] if face is None else [[*face.box, *np.asarray(face.landmarks).ravel(), face.score]]
            table.put(shot.key, np.array(row, dtype=np.float32).reshape(-1, 15))
            table.save(SAVE_AFTER)
    finally:
        table.save()
    rows = [table.get(shot.key) for shot in shots]
    return [Face(tuple(row[0, :4].tolist()), row[0, 4:14].reshape(5, 2), float(row[0, 14])) if len(row) else None
            for row in rows]


def embed_faces(shots: Sequence[Shot], faces: Sequence[Face | None], embedder: Embedder, cache: Path | None,
                tick: Tick = no_tick, note: str = "Embedding faces") -> Embedded:
    """Embeddings of the faces found in the shots, cached by photo, face, weights, crop and normalisation."""
    def make(keys: list[str], places: list[int]) -> np.ndarray:
        return embedder.embed(np.stack([align.crop(shots[place].pixels(), faces[place], embedder.card.crop) for place in places]))

    return embed_each(shots, faces, embedder.card, "embeddings", make, cache, tick, note)


def embed_each(shots: Sequence[Shot], faces: Sequence[Face | None], card: ModelCard, what: str,
               make: Callable[[list[str], list[int]], np.ndarray], cache: Path | None, tick: Tick, note: str) -> Embedded:
    """Rows of the model that are not in the cache of that name yet: `make` gets their keys and places, a batch at a time."""
    model = digest(card.sha256, card.crop, card.channels, card.mean, card.std, card.flip, alignment_key())
    table = Table(_file(cache, what, model), card.dimension)
    keys = [digest(shot.key, face.landmarks, face.box) if face is not None else ""
            for shot, face in zip(shots, faces, strict=True)]
    todo = {key: place for place, key in enumerate(keys) if key and key not in table}
    places = list(todo.items())
    pace = _Pace(tick, note, len(places))
    try:
        for start in range(0, len(places), BATCH):
            batch = places[start : start + BATCH]
            pace.step(len(batch))
            for (key, _), row in zip(batch, make(*map(list, zip(*batch, strict=True))), strict=True):
                table.put(key, row)
            table.save(2 * SAVE_AFTER)
    finally:
        table.save()
    found = np.array([bool(key) for key in keys], dtype=bool)
    embeddings = np.zeros((len(keys), card.dimension), dtype=np.float32)
    for place in np.flatnonzero(found):
        embeddings[place] = table.get(keys[place])[0]
    return Embedded(embeddings, found)


def covered(shots: Sequence[Shot], faces: Sequence[Face | None], cover: CoverJudge | None, cache: Path | None,
            tick: Tick = no_tick, note: str = "Looking for masks") -> np.ndarray:
    """(n,) 1.0 for a face that wears a mask, 0.0 for a bare one, infinity for one that is otherwise covered, NaN where there
    is no face or no judge."""
    worn = np.full(len(shots), np.nan)
    if cover is None:
        return worn
    table = Table(_file(cache, "cover", digest(cover.card.sha256, cover.card.crop, alignment_key())), 2)
    keys = [digest(shot.key, face.landmarks, face.box) if face is not None else ""
            for shot, face in zip(shots, faces, strict=True)]
    places = list({key: place for place, key in enumerate(keys) if key and key not in table}.items())
    pace = _Pace(tick, note, len(places))
    try:
        for start in range(0, len(places), BATCH):
            batch = places[start : start + BATCH]
            pace.step(len(batch))
            crops = [align.crop(shots[place].pixels(), faces[place], cover.card.crop) for _, place in batch]
            for (key, _), sure in zip(batch, cover.judge(np.stack(crops)), strict=True):
                table.put(key, sure)
            table.save(10 * SAVE_AFTER)
    finally:
        table.save()
    for place, key in enumerate(keys):
        if key:
            mask, other = table.get(key)[0] >= cover.threshold
            worn[place] = 1.0 if mask else np.inf if other else 0.0
    return worn


def command_line(*arguments: object) -> str:
    """The command that measures this again, to be kept with the figures."""
    return shlex.join(["python", "-m", "facegui", "evaluate", *map(str, arguments)])


def _file(cache: Path | None, what: str, key: str) -> Path | None:
    return None if cache is None else Path(cache) / f"{what}-{digest(what, key)[:24]}.npz"


class _Pace:
    """Ticks at most ten times a second, with the time that remains at the pace so far."""

    def __init__(self, tick: Tick, note: str, total: int):
        self.tick, self.note, self.total = tick, note, total
        self.done, self.start, self.last = 0, time.monotonic(), -1.0

    def step(self, count: int = 1) -> None:
        """Before the next `count` pieces of work."""
        now = time.monotonic()
        if now - self.last >= 0.1:
            left = (now - self.start) / self.done * (self.total - self.done) if self.done else None
            self.tick(Progress(self.done, self.total, self.note, left))
            self.last = now
        self.done += count

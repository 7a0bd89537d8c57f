"""Enroll everybody in a folder, or a zip file, that has one sub-folder per person."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from .. import image
from ..gallery import Gallery, name_key
from ..types import DataError, GalleryError, ImageError, PhotoOutcome, Progress, Tick
from .enrolling import BATCH, Offered, failure, new_photo, pick, read
from .sight import Seen, Sight
from .piece import Piece
from .zipped import people_in


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What became of a folder or zip file. `problems` lists the photos that were not taken; `without` the people left
    with none; `others` counts files that are no photos of anybody."""

    people: int
    enrolled: int
    duplicates: int
    problems: tuple[PhotoOutcome, ...]
    without: tuple[str, ...]
    seconds: float
    others: int = 0


def build(sight: Sight, gallery: Gallery, source: Path, *, force: bool, tick: Tick) -> BuildReport:
    """See FaceService.build."""
    with _open(source, gallery.folder) as (work, others):
        return _enroll(sight, gallery, work, others, force, tick)


def _enroll(sight: Sight, gallery: Gallery, work: Sequence[Piece], others: int, force: bool, tick: Tick) -> BuildReport:
    """Faces of several people share a batch; each batch is acknowledged by the database, so a run that is stopped or
    killed goes on where it was: photos that are enrolled already are recognised by content, not decoded again."""
    start = time.monotonic()
    known = gallery.enrolled_photos()
    waiting: list[tuple[str, Offered, Seen]] = []
    problems: list[PhotoOutcome] = []
    enrolled, duplicates, with_photo = 0, 0, set()

    def flush() -> None:
        nonlocal enrolled, duplicates
        probes = sight.embed([seen for _, _, seen in waiting])
        looks = sight.looks([seen for _, _, seen in waiting], [probe.embedding for probe in probes])
        items = [(name, new_photo(offered, seen, probe.embedding, look))
                 for (name, offered, seen), probe, look in zip(waiting, probes, looks, strict=True)]
        for (name, offered, _), outcome in zip(waiting, gallery.enroll_many(items), strict=True):
            enrolled += outcome.status == "enrolled"
            duplicates += outcome.status == "duplicate"
            if outcome.status in ("enrolled", "duplicate"):
                with_photo.add(name)
            else:
                problems.append(PhotoOutcome(offered.label, outcome.status, outcome.reasons, outcome.advice))
        waiting.clear()

    for number, one in enumerate(work):
        name = one.person
        tick(Progress(number, len(work), name))
        try:
            data = one.load()
            if (name_key(name), hashlib.sha256(data).hexdigest()) in known:
                duplicates += 1
                with_photo.add(name)
                continue
            offered = read((one.label, data))
            found = pick(sight, offered, force)
        except (ImageError, GalleryError) as error:  # GalleryError: the folder's name cannot be a person's
            problems.append(failure(one.label, error))
            continue
        if isinstance(found, PhotoOutcome):
            problems.append(found)
        else:
            waiting.append((name, offered, found))
        if len(waiting) == BATCH:
            flush()
    if waiting:
        flush()
    tick(Progress(len(work), len(work)))
    names = list(dict.fromkeys(one.person for one in work))
    without = tuple(name for name in names if name not in with_photo)
    return BuildReport(len(with_photo), enrolled, duplicates, tuple(problems), without, time.monotonic() - start, others)


@contextmanager
def _open(source: Path, room: Path) -> Iterator[tuple[Sequence[Piece], int]]:
    if source.is_file():
        with people_in(source, room) as found:
            yield found
    else:
        yield _photos(source), 0


def _photos(folder: Path) -> Sequence[Piece]:
    """Every photo of the folder. Raises DataError where it is not a folder of people."""
    if not folder.is_dir():
        raise DataError(f"there is no folder {folder}; give a folder, or a zip file, that has one sub-folder of photos per person")
    try:
        people = sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
        work = [Piece(person.name, str(path), partial(image.load, path))
                for person in people for path in image.find_images(person)]
    except OSError as error:
        raise DataError(f"{folder} cannot be read: {error.strerror}") from None
    if not work:
        loose = len(image.find_images(folder))
        hint = (f"its {loose} photos lie in it directly: put them into one sub-folder per person" if loose
                else "put one sub-folder with photos per person into it")
        raise DataError(f"there is nobody to enroll in {folder}; {hint}")
    return work

"""Enrolling: photo files first, then one transaction for all rows, so that a row always finds its file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from ..store import Connection, Database, files, names, people, photos, plainly, templates
from ..types import GalleryError, NewPhoto, PhotoOutcome


LOOKS = "+look"  # behind a model's id: the model whose templates are its looks, see compare.py


class Kept(NamedTuple):
    """What became of one photo; None for the ids where nothing was kept. `created`: the person was new."""

    outcome: PhotoOutcome
    photo_id: int | None
    person_id: int | None
    created: bool = False


def enroll(database: Database, model_id: str, dimension: int, batch: Sequence[tuple[str, NewPhoto]]) -> list[Kept]:
    """Enroll photos, each under a name, in one transaction: all of them or, on an error, none.

    Raises GalleryError for an unfit name, a vector of another model, a photo whose bytes do not match its checksum, and
    a disk that is full or cannot be written.
    """
    for name in {name for name, _ in batch}:
        names.tidy(name)
    if not batch:
        return []
    vectors = templates.unit([photo.embedding for _, photo in batch], dimension)
    drawn = [None if photo.look is None else templates.unit([photo.look], dimension)[0] for _, photo in batch]
    wanted = {files.file_of(photo.sha256, photo.suffix) for _, photo in batch}
    written = {file for file in wanted if not (database.folder / file).exists()}
    try:
        with plainly(database.folder):
            files.keep(database.folder, [photo for _, photo in batch])
        with database.write() as c:
            model = templates.register_model(c, model_id, dimension)
            kept = [_one(c, database, model, name, photo, vector)
                    for (name, photo), vector in zip(batch, vectors, strict=True)]
            _looks(c, model_id + LOOKS, dimension, kept, drawn)
    except BaseException:
        _tidy_up(database, written)
        raise
    if any(one.outcome.status != "enrolled" for one in kept):
        _tidy_up(database, written)
    return kept


def _one(c: Connection, database: Database, model: int, name: str, new: NewPhoto, vector: np.ndarray) -> Kept:
    person = people.find(c, name)
    shown, quality = new.original_name or new.sha256[:12], new.quality.score
    twin = photos.twin(c, new.sha256, new.face.box)
    if twin and twin[1] == person:
        added = templates.insert(c, model, twin[0], vector)
        advice = "Kept already; embedded for this model now." if added else "This face of it is enrolled already."
        return Kept(PhotoOutcome(shown, "duplicate", ("duplicate",), advice, quality), twin[0], person)
    if twin:
        other = people.name_of(c, twin[1])
        advice = f"This face of this photo is enrolled as {other}; remove it there first, or merge the two people."
        return Kept(PhotoOutcome(shown, "refused", ("enrolled_as_another",), advice, quality), None, None)
    person, created = people.find_or_create(c, name)
    files.keep(database.folder, [new])  # looked at again under the write lock: nobody removes it from here on
    photo_id = photos.insert(c, person, new, files.file_of(new.sha256, new.suffix))
    templates.insert(c, model, photo_id, vector)
    return Kept(PhotoOutcome(shown, "enrolled", new.quality.reasons, "", quality), photo_id, person, created)


def _looks(c: Connection, model_id: str, dimension: int, kept: Sequence[Kept], drawn: Sequence[np.ndarray | None]) -> None:
    """The second templates of bare photos, as those of a model of their own."""
    rows = [(one.photo_id, vector) for one, vector in zip(kept, drawn, strict=True) if one.photo_id is not None and vector is not None]
    if rows:
        model = templates.register_model(c, model_id, dimension)
        for photo_id, vector in rows:
            templates.insert(c, model, photo_id, vector)


def _tidy_up(database: Database, written: set[str]) -> None:
    """Remove files that were written for nothing; those in use stay."""
    try:
        files.discard(database, written)
    except GalleryError:
        pass  # the same full disk or closed gallery; the sweep at the next start removes them

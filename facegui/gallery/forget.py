"""Deletion that deletes: rows, vectors of all models, photo files, index rows, merge journal and log."""

from __future__ import annotations

from .. import index
from ..store import Connection, Database, chores, decisions, files, merges, moves, people, photos, plainly, templates, trust
from ..types import Deletion, GalleryError


def forget(database: Database, name: str, model_id: str) -> Deletion:
    """Remove a person and everything kept of it. Raises GalleryError for nobody of this name."""
    with database.write() as c:
        person = people.find_or_advise(c, name)
        name = people.name_of(c, person)
        mine = photos.of_person(c, person)
        templates, rows = _delete(c, mine, model_id)
        gone = merges.forget(c, person)
        moves.forget(c, gone)
        decisions.forget(c, gone)
        trust.forget(c, gone)
    return Deletion(name, len(mine), _finish(database, name, {photo.file for photo in mine}), templates, rows)


def remove_photo(database: Database, photo_id: int, model_id: str) -> Deletion:
    """Remove one photo. The person stays, without photos if it was the last. Raises GalleryError where it is gone."""
    with database.write() as c:
        photo = photos.one(c, photo_id)
        name = people.name_of(c, photo.person_id)
        templates, rows = _delete(c, [photo], model_id)
    return Deletion(name, 1, _finish(database, f"The photo of {name}", {photo.file}), templates, rows)


def _delete(c: Connection, mine: list, model_id: str) -> tuple[int, int]:
    templates = rows = 0
    for photo in mine:
        every, current = photos.count_templates(c, photo.id, model_id)
        templates, rows = templates + every, rows + current
        photos.delete(c, photo.id)
    chores.add(c, "purge")
    return templates, rows


def _finish(database: Database, what: str, count: set[str]) -> int:
    try:
        return finish(database, count)
    except GalleryError as error:
        raise GalleryError(f"{what} is deleted and will not be found again, but what is left on the disk could not be "
                           "overwritten, perhaps because it is full. It is tried again at every start.") from error


def finish(database: Database, count: set[str] = frozenset()) -> int:
    """What follows a deletion, and is done again at the next start if the process dies here.

    Returns how many of the files in `count` went.
    """
    removed = files.remove_unused(database)
    with database.read() as c:
        alive, last = templates.all_ids(c), templates.last_id(c)
    with plainly(database.folder):
        index.sweep(database.folder / "index")
        index.blank(database.folder / "index", alive, last)
    if database.purge():
        with database.write() as c:
            chores.done(c, "purge")
    return len(removed & count)

"""People: rows with a name. `c` is a connection lent by Database.read or Database.write."""

from __future__ import annotations

import time

from ..types import GalleryError, Person
from . import names
from .database import Connection

LISTING = """
SELECT p.id, p.name, (SELECT count(*) FROM photos f WHERE f.person_id = p.id),
    (SELECT count(*) FROM photos f JOIN templates t ON t.photo_id = f.id AND t.model = ? WHERE f.person_id = p.id),
    p.note
FROM people p
"""


def find(c: Connection, name: str) -> int | None:
    """The id of the person of this name, in any case, or None."""
    row = c.execute("SELECT id FROM people WHERE key = ?", (names.key(name),)).fetchone()
    return row[0] if row else None


def find_or_advise(c: Connection, name: str) -> int:
    """The id of the person of this name. Raises GalleryError for nobody."""
    person = find(c, name)
    if person is None:
        raise GalleryError(f"Nobody in the gallery is called {names.tidy(name)}; look at the list of people.")
    return person


def name_of(c: Connection, person_id: int) -> str:
    row = c.execute("SELECT name FROM people WHERE id = ?", (person_id,)).fetchone()
    if row is None:
        raise GalleryError("This person is no longer in the gallery; look at the list of people again.")
    return row[0]


def names_of(c: Connection, person_ids: set[int]) -> dict[int, str]:
    found: dict[int, str] = {}
    ids = sorted(person_ids)
    for start in range(0, len(ids), 500):
        part = ids[start:start + 500]
        found.update(c.execute(f"SELECT id, name FROM people WHERE id IN ({','.join('?' * len(part))})", part))
    return found


def remaining(c: Connection, person_ids: set[int]) -> set[int]:
    """Those of them who are in the gallery, as themselves or merged into somebody."""
    merged = {row[0] for row in c.execute("SELECT from_id FROM merges")}
    return person_ids & (merged | names_of(c, person_ids).keys())


def create(c: Connection, name: str) -> int:
    """A new person. Raises GalleryError where the name is taken or unfit."""
    if find(c, name) is not None:
        raise GalleryError(f"{names.tidy(name)} is in the gallery already.")
    return c.execute("INSERT INTO people(name, key, created) VALUES(?, ?, ?)",
                     (names.tidy(name), names.key(name), time.time())).lastrowid


def find_or_create(c: Connection, name: str) -> tuple[int, bool]:
    """The person of this name, and whether it is new."""
    person = find(c, name)
    return (create(c, name), True) if person is None else (person, False)


def listing(c: Connection, model: int, query: str | None, limit: int | None, offset: int) -> list[Person]:
    """People by name, with their photos and this model's templates counted; `query` is a part of the name."""
    where, values = "", [model]
    if query and query.strip():
        where, values = "WHERE instr(p.key, ?) ", [model, names.key(query)]
    rows = c.execute(f"{LISTING}{where}ORDER BY p.key LIMIT ? OFFSET ?",
                     [*values, -1 if limit is None else limit, offset])
    return [Person(*row) for row in rows]


def one(c: Connection, model: int, person_id: int) -> Person:
    row = c.execute(f"{LISTING}WHERE p.id = ?", (model, person_id)).fetchone()
    if row is None:
        raise GalleryError("This person is no longer in the gallery; look at the list of people again.")
    return Person(*row)


def rename(c: Connection, person_id: int, name: str) -> str:
    """Give a person another name; returns it as stored. Raises GalleryError where it belongs to somebody else."""
    owner = find(c, name)
    if owner is not None and owner != person_id:
        raise GalleryError(f"{name_of(c, owner)} is in the gallery already; if both are one person, merge them.")
    name_of(c, person_id)
    c.execute("UPDATE people SET name = ?, key = ? WHERE id = ?", (names.tidy(name), names.key(name), person_id))
    return names.tidy(name)


def set_note(c: Connection, person_id: int, note: str) -> None:
    c.execute("UPDATE people SET note = ? WHERE id = ?", (note, person_id))


def everybody(c: Connection) -> list[tuple[int, str, float, str]]:
    """(id, name, created, note) of all people."""
    return c.execute("SELECT id, name, created, note FROM people ORDER BY id").fetchall()


def counts(c: Connection, model: int) -> dict[str, int]:
    """People and photos in the gallery, and templates of one model."""
    return {"people": c.execute("SELECT count(*) FROM people").fetchone()[0],
            "photos": c.execute("SELECT count(*) FROM photos").fetchone()[0],
            "templates": c.execute("SELECT count(*) FROM templates WHERE model = ?", (model,)).fetchone()[0]}

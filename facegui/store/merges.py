"""Two people who are one: merged, with a journal so that a mistake can be undone exactly."""

from __future__ import annotations

import json
import time

from ..types import GalleryError, Merge
from .database import Connection


def merge(c: Connection, from_id: int, into_id: int) -> int:
    """Give all photos of one person to another and drop the first; returns the journal entry's id."""
    if from_id == into_id:
        raise GalleryError("This is one and the same person; choose two people to merge.")
    name, key, created = c.execute("SELECT name, key, created FROM people WHERE id = ?", (from_id,)).fetchone()
    moved = [row[0] for row in c.execute("SELECT id FROM photos WHERE person_id = ? ORDER BY id", (from_id,))]
    _move(c, moved, into_id)
    c.execute("DELETE FROM people WHERE id = ?", (from_id,))
    return c.execute("INSERT INTO merges(from_id, from_name, from_key, from_created, into_id, photos, created)"
                     " VALUES(?, ?, ?, ?, ?, ?, ?)",
                     (from_id, name, key, created, into_id, json.dumps(moved), time.time())).lastrowid


def undo(c: Connection, merge_id: int) -> int:
    """Bring the merged person back, with its old id, name and those of its photos that are still there."""
    row = c.execute("SELECT from_id, from_name, from_key, from_created, into_id, photos FROM merges WHERE id = ?",
                    (merge_id,)).fetchone()
    if row is None:
        raise GalleryError("This merge cannot be undone any more; it was undone already or its people were deleted.")
    from_id, name, key, created, into_id, photos = row
    if c.execute("SELECT 1 FROM people WHERE id = ?", (into_id,)).fetchone() is None:
        raise GalleryError(f"{name} was merged into somebody who was merged on; undo the later merge first.")
    if c.execute("SELECT 1 FROM people WHERE key = ?", (key,)).fetchone():
        raise GalleryError(f"Another person is called {name} by now; rename that one, then undo the merge.")
    c.execute("INSERT INTO people(id, name, key, created) VALUES(?, ?, ?, ?)", (from_id, name, key, created))
    mine = {row[0] for row in c.execute("SELECT id FROM photos WHERE person_id = ?", (into_id,))}
    _move(c, [photo for photo in json.loads(photos) if photo in mine], from_id)
    c.execute("DELETE FROM merges WHERE id = ?", (merge_id,))
    return from_id


def _move(c: Connection, photos: list[int], person_id: int) -> None:
    c.executemany("UPDATE photos SET person_id = ? WHERE id = ?", [(person_id, photo) for photo in photos])
    c.executemany("INSERT INTO changes(kind, item) VALUES('photo moved', ?)", [(photo,) for photo in photos])


def listing(c: Connection) -> list[Merge]:
    """Merges that can be undone, latest first; those into people who were merged on come back with the later merge."""
    rows = c.execute("SELECT m.id, m.from_name, p.id, p.name, m.photos, m.created FROM merges m"
                     " JOIN people p ON p.id = m.into_id ORDER BY m.id DESC")
    return [Merge(number, name, into, into_name, len(json.loads(photos)), created)
            for number, name, into, into_name, photos, created in rows]


def forget(c: Connection, person_id: int) -> None:
    """Drop a person without photos, and the journal of everybody who became part of it, over any number of merges."""
    gone = {person_id}
    while gone:
        marks = ",".join("?" * len(gone))
        inner = {row[0] for row in c.execute(f"SELECT from_id FROM merges WHERE into_id IN ({marks})", list(gone))}
        c.execute(f"DELETE FROM merges WHERE into_id IN ({marks})", list(gone))
        gone = inner
    c.execute("DELETE FROM people WHERE id = ?", (person_id,))

"""Two people who are one: merged, with a journal so that a mistake can be undone exactly."""

from __future__ import annotations

import json
from collections.abc import Iterable

from ..types import GalleryError, Merge
from . import journal
from .database import Connection
from .moves import pass_on


def merge(c: Connection, from_id: int, into_id: int) -> int:
    """Give all photos of one person to another and drop the first; returns the journal entry's id."""
    if from_id == into_id:
        raise GalleryError("This is one and the same person; choose two people to merge.")
    name, key, created, note = c.execute("SELECT name, key, created, note FROM people WHERE id = ?", (from_id,)).fetchone()
    (into_note,) = c.execute("SELECT note FROM people WHERE id = ?", (into_id,)).fetchone()
    moved = [row[0] for row in c.execute("SELECT id FROM photos WHERE person_id = ? ORDER BY id", (from_id,))]
    pass_on(c, moved, into_id)
    c.execute("UPDATE people SET note = ? WHERE id = ?", (_notes(into_note, note), into_id))
    c.execute("DELETE FROM people WHERE id = ?", (from_id,))
    return c.execute("INSERT INTO merges(from_id, from_name, from_key, from_created, into_id, photos, created, from_note,"
                     " into_note) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?)", (from_id, name, key, created, into_id,
                                                                       json.dumps(moved), journal.now(c), note, into_note)).lastrowid


def undo(c: Connection, merge_id: int) -> int:
    """Bring the merged person back, with its old id, name and those of its photos that are still there.

    Raises GalleryError where something later must be undone before.
    """
    row = c.execute("SELECT from_id, from_name, from_key, from_created, into_id, photos, from_note, into_note, created FROM merges"
                    " WHERE id = ?", (merge_id,)).fetchone()
    if row is None:
        raise GalleryError("This merge cannot be undone any more; it was undone already or its people were deleted.")
    from_id, name, key, created, into_id, photos, note, into_note, at = row
    photos = json.loads(photos)
    journal.check_undo(c, at, (into_id,), photos)
    if c.execute("SELECT 1 FROM people WHERE key = ?", (key,)).fetchone():
        raise GalleryError(f"Another person is called {name} by now; rename that one, then undo the merge.")
    c.execute("INSERT INTO people(id, name, key, created, note) VALUES(?, ?, ?, ?, ?)", (from_id, name, key, created, note))
    (noted,) = c.execute("SELECT note FROM people WHERE id = ?", (into_id,)).fetchone()
    others = c.execute("SELECT id, from_note, into_note FROM merges WHERE into_id = ? AND id <> ?", (into_id, merge_id)).fetchall()
    c.execute("UPDATE people SET note = ? WHERE id = ?", (_apart(noted, into_note, note, [text for _, text, _ in others]), into_id))
    for number, _, before in others:
        if number > merge_id:  # what was noted before it counts no longer with this merge
            still = [text for other, text, _ in others if other < number]
            c.execute("UPDATE merges SET into_note = ? WHERE id = ?", (_apart(before, into_note, note, still), number))
    mine = {row[0] for row in c.execute("SELECT id FROM photos WHERE person_id = ?", (into_id,))}
    pass_on(c, [photo for photo in photos if photo in mine], from_id)
    c.execute("DELETE FROM merges WHERE id = ?", (merge_id,))
    return from_id


def _notes(one: str, other: str) -> str:
    """What is noted of a person who was two."""
    return "\n".join(dict.fromkeys(text for text in (one, other) if text))


def _apart(noted: str, one: str, other: str, still: Iterable[str]) -> str:
    """What stays noted without `other`, which came to `one`; what was noted since stays too, and what is `still` said of those
    who are part of the person."""
    kept = {line for text in still for line in text.splitlines()}
    if noted == _notes(one, other) and kept.isdisjoint(other.splitlines()):
        return one
    gone = set(other.splitlines()) - set(one.splitlines()) - kept
    return "\n".join(line for line in noted.splitlines() if line not in gone)


def listing(c: Connection) -> list[Merge]:
    """Merges into people who are there, latest first; those into people who were merged on come back with the later merge."""
    rows = c.execute("SELECT m.id, m.from_name, p.id, p.name, m.photos, m.created FROM merges m"
                     " JOIN people p ON p.id = m.into_id ORDER BY m.id DESC")
    return [Merge(number, name, into, into_name, len(json.loads(photos)), created)
            for number, name, into, into_name, photos, created in rows]


def forget(c: Connection, person_id: int) -> set[int]:
    """Drop a person without photos, and the journal of everybody who became part of it, over any number of merges.

    Returns the ids of all these.
    """
    gone, every = {person_id}, {person_id}
    while gone:
        marks = ",".join("?" * len(gone))
        inner = {row[0] for row in c.execute(f"SELECT from_id FROM merges WHERE into_id IN ({marks})", list(gone))}
        c.execute(f"DELETE FROM merges WHERE into_id IN ({marks})", list(gone))
        every |= inner
        gone = inner
    c.execute("DELETE FROM people WHERE id = ?", (person_id,))
    return every

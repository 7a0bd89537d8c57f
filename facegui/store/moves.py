"""Photos given from one person to another, with a journal so that a mistake can be undone."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..types import GalleryError, Move
from . import decisions, journal, people, trust
from .database import Connection


def move(c: Connection, photo_ids: Sequence[int], into_id: int, into_new: bool) -> int:
    """Give photos of one person, not all of them, to another; returns the journal entry's id."""
    wanted = sorted(set(photo_ids))
    owners = dict(c.execute(f"SELECT id, person_id FROM photos WHERE id IN ({','.join('?' * len(wanted))})", wanted))
    if not wanted or len(owners) < len(wanted):
        raise GalleryError("A chosen photo is no longer in the gallery; choose the photos again.")
    if len(set(owners.values())) > 1:
        raise GalleryError("The chosen photos belong to several people; choose photos of one person.")
    from_id = owners[wanted[0]]
    if from_id == into_id:
        raise GalleryError(f"These photos are {people.name_of(c, into_id)}'s already; choose another person.")
    if c.execute("SELECT count(*) FROM photos WHERE person_id = ?", (from_id,)).fetchone()[0] == len(wanted):
        raise GalleryError(f"These are all photos of {people.name_of(c, from_id)}; leave one, or rename or merge the person.")
    pass_on(c, wanted, into_id)
    return c.execute("INSERT INTO moves(from_id, into_id, into_new, photos, created) VALUES(?, ?, ?, ?, ?)",
                     (from_id, into_id, int(into_new), json.dumps(wanted), journal.now(c))).lastrowid


def undo(c: Connection, move_id: int) -> Move:
    """Give back the photos that are still there; a person made for them goes when nothing is left of it.

    Raises GalleryError where something later must be undone before.
    """
    row = c.execute("SELECT from_id, into_id, into_new, photos, created FROM moves WHERE id = ?", (move_id,)).fetchone()
    if row is None:
        raise GalleryError("This move cannot be undone any more; it was undone already, or one of the two people was deleted since.")
    from_id, into_id, into_new, photos, created = *row[:3], json.loads(row[3]), row[4]
    journal.check_undo(c, created, (from_id, into_id), photos, into_id if into_new else None)
    found = next(entry for entry in listing(c) if entry.id == move_id)
    there = {one[0] for one in c.execute("SELECT id FROM photos WHERE person_id = ?", (into_id,))}
    pass_on(c, [photo for photo in photos if photo in there], from_id)
    c.execute("DELETE FROM moves WHERE id = ?", (move_id,))
    if into_new and not (there - set(photos)):
        c.execute("DELETE FROM people WHERE id = ?", (into_id,))
        decisions.forget(c, {into_id})
        trust.forget(c, {into_id})
    return found


def pass_on(c: Connection, photos: Sequence[int], person_id: int) -> None:
    """Change the owner of photos, and tell every index."""
    c.executemany("UPDATE photos SET person_id = ? WHERE id = ?", [(person_id, photo) for photo in photos])
    c.executemany("INSERT INTO changes(kind, item) VALUES('photo moved', ?)", [(photo,) for photo in photos])


def listing(c: Connection) -> list[Move]:
    """Moves between people who are there, latest first."""
    rows = c.execute("SELECT m.id, a.name, b.name, m.photos, m.created FROM moves m JOIN people a ON a.id = m.from_id"
                     " JOIN people b ON b.id = m.into_id ORDER BY m.id DESC")
    return [Move(number, one, other, len(json.loads(photos)), created) for number, one, other, photos, created in rows]


def forget(c: Connection, gone: set[int]) -> None:
    """Drop the journal of people who were deleted."""
    c.executemany("DELETE FROM moves WHERE from_id = ? OR into_id = ?", [(person, person) for person in gone])

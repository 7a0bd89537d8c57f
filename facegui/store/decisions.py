"""What the owner decided once and shall not be asked again: two people are not the same; a photo is this person's."""

from __future__ import annotations

from . import journal
from .database import Connection


def set_apart(c: Connection, one: int, other: int, apart: bool = True) -> None:
    """Two people are not the same; `apart` False takes that back, for those too who became part of them."""
    if apart:
        c.execute("INSERT OR IGNORE INTO apart(one, other) SELECT ?, ? WHERE ? <> ?", (*_pair(one, other), one, other))
        return
    into = journal.merged(c)
    for pair in c.execute("SELECT one, other FROM apart").fetchall():
        if _pair(*(journal.living(into, person) for person in pair)) == _pair(one, other):
            c.execute("DELETE FROM apart WHERE one = ? AND other = ?", pair)


def apart(c: Connection) -> set[tuple[int, int]]:
    """Pairs of person ids, the smaller one first; what was decided about the merged holds for whom they are by now."""
    into = journal.merged(c)
    pairs = {_pair(*(journal.living(into, person) for person in pair)) for pair in c.execute("SELECT one, other FROM apart")}
    return {pair for pair in pairs if pair[0] != pair[1]}


def keep(c: Connection, photo_id: int, person_id: int, kept: bool = True) -> None:
    """A photo is this person's, whatever it looks like; `kept` False takes that back."""
    c.execute("DELETE FROM kept WHERE photo_id = ?", (photo_id,))
    if kept:
        c.execute("INSERT INTO kept(photo_id, person_id) VALUES(?, ?)", (photo_id, person_id))


def kept(c: Connection) -> set[tuple[int, int]]:
    """(photo id, person id); for a photo that has changed hands since, the decision does not count."""
    into = journal.merged(c)
    return {(photo, journal.living(into, person)) for photo, person in c.execute("SELECT photo_id, person_id FROM kept")}


def forget(c: Connection, gone: set[int]) -> None:
    """Drop what was decided about people who were deleted."""
    for person in gone:
        c.execute("DELETE FROM apart WHERE one = ? OR other = ?", (person, person))
        c.execute("DELETE FROM kept WHERE person_id = ?", (person,))


def _pair(one: int, other: int) -> tuple[int, int]:
    return min(one, other), max(one, other)

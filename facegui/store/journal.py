"""What the journals of moves and merges share: one order, who is whom by now, and what can be undone at this moment.

An entry can be undone as long as the rest of the history makes sense without it: its people are there, no later entry
took up one of its photos, and none names a person who was made by it. Otherwise that later entry must be undone first.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterable

from ..types import GalleryError
from . import people
from .database import Connection

NEXT_S = 1e-6  # between two entries at least, as far as a float tells such times apart


def now(c: Connection) -> float:
    """When a new entry is made, s since 1970: later than all others, so that it orders both journals, whatever the clock does."""
    (last,) = c.execute("SELECT max(created) FROM (SELECT created FROM moves UNION ALL SELECT created FROM merges)").fetchone()
    return max(time.time(), (last or 0.0) + NEXT_S)


def merged(c: Connection) -> dict[int, int]:
    """Everybody who became part of somebody: id -> the other's id, who may have been merged on."""
    return dict(c.execute("SELECT from_id, into_id FROM merges"))


def living(into: dict[int, int], person_id: int) -> int:
    """Who a person is by now, over any number of merges."""
    while person_id in into:
        person_id = into[person_id]
    return person_id


def check_undo(c: Connection, created: float, persons: Iterable[int], photos: Iterable[int], made: int | None = None) -> None:
    """Raises GalleryError, naming what must be undone before, unless the entry of that time can be undone now.

    persons: who must be in the gallery; made: a person who came with the entry and goes with it.
    """
    into = merged(c)
    for person in persons:
        if person in into:
            (name,) = c.execute("SELECT from_name FROM merges WHERE from_id = ?", (person,)).fetchone()
            other = people.name_of(c, living(into, person))
            raise GalleryError(f"{name} was merged into {other} since; undo the later merge first.")
    mine = {photo for photo in photos if c.execute("SELECT 1 FROM photos WHERE id = ?", (photo,)).fetchone()}
    later = c.execute("SELECT created AS at, 'move', from_id, into_id, photos FROM moves WHERE at > ? UNION ALL SELECT"
                      " created, 'merge', from_id, into_id, photos FROM merges WHERE created > ? ORDER BY at DESC", (created, created))
    for _, kind, from_id, into_id, moved in later.fetchall():
        if made in (from_id, into_id) or not mine.isdisjoint(json.loads(moved)):
            one, other = (people.name_of(c, living(into, person)) for person in (from_id, into_id))
            if kind == "merge":
                raise GalleryError(f"Somebody was merged into {other} since; undo that first.")
            raise GalleryError(f"Photos were given from {one} to {other} since; undo that first.")

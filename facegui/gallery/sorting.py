"""Putting photos and people where they belong: photos given to somebody else, and decisions that are remembered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ..store import Database, decisions, moves, people
from ..types import GalleryError, Move

LONGEST_NOTE = 1000  # characters


class Sorting:
    """Part of a Gallery. Each method raises GalleryError with a sentence where it cannot do its work, and changes nothing then."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def move(self, photo_ids: Sequence[int], into_name: str) -> Move:
        """Give photos of one person to another, who is created where nobody is called so. `undo(result.id)` takes it back.

        At least one photo must stay: a person without photos cannot be found.
        """
        with self._database.write() as c:
            into, created = people.find_or_create(c, into_name)
            number = moves.move(c, photo_ids, into, created)
            return next(entry for entry in moves.listing(c) if entry.id == number)

    def undo(self, move_id: int) -> Move:
        """Give the photos of a move back; a person made for them goes again."""
        with self._database.write() as c:
            return moves.undo(c, move_id)

    def moves(self) -> list[Move]:
        """Moves between people who are there, latest first."""
        with self._database.read() as c:
            return moves.listing(c)

    def set_apart(self, one: str, other: str, apart: bool = True) -> None:
        """Remember that two people are not the same, or (`apart` False) forget that."""
        with self._database.write() as c:
            first, second = people.find_or_advise(c, one), people.find_or_advise(c, other)
            if first == second:
                raise GalleryError("This is one and the same person; name two people.")
            decisions.set_apart(c, first, second, apart)

    def tell_apart(self, person_id: int, others: Iterable[int]) -> None:
        """Remember that a person is none of the others. Whoever is gone meanwhile is left out."""
        with self._database.write() as c:
            there = people.remaining(c, {person_id, *others})
            for other in there - {person_id} if person_id in there else ():
                decisions.set_apart(c, person_id, other)

    def keep(self, photo_id: int, kept: bool = True) -> None:
        """Remember that a photo is its person's, whatever it looks like, or (`kept` False) forget that."""
        with self._database.write() as c:
            row = c.execute("SELECT person_id FROM photos WHERE id = ?", (photo_id,)).fetchone()
            if row is None:
                raise GalleryError("This photo is no longer in the gallery; look for doubtful photos again.")
            decisions.keep(c, photo_id, row[0], kept)

    def decided(self) -> tuple[set[tuple[int, int]], set[tuple[int, int]]]:
        """Pairs of person ids that are apart, smaller first; (photo id, person id) that were kept."""
        with self._database.read() as c:
            return decisions.apart(c), decisions.kept(c)

    def set_note(self, name: str, note: str, *, add: bool = False) -> None:
        """Keep a note with a person, e.g. how and when he or she consented; it goes when the person is forgotten.

        `add`: beside what is noted already, unless it stands there.
        """
        note = tidy_note(note)
        with self._database.write() as c:
            person = people.find_or_advise(c, name)
            if add and note:
                note = _beside(people.one(c, 0, person).note, note)
            if note or not add:
                people.set_note(c, person, note)

    def check_note(self, name: str, note: str) -> None:
        """Raises GalleryError where `set_note` with `add` would; nobody of this name need exist yet."""
        with self._database.read() as c:
            person = people.find(c, name)
            _beside("" if person is None else people.one(c, 0, person).note, tidy_note(note))


def _beside(kept: str, note: str) -> str:
    if not note:
        return kept
    return tidy_note("\n".join(dict.fromkeys([*kept.splitlines(), *note.splitlines()])))


def tidy_note(note: str) -> str:
    """Without spaces and lines that show nothing. Raises GalleryError for a note longer than 1,000 characters."""
    note = "\n".join(filter(None, (" ".join(line.split()) for line in note.splitlines())))
    if len(note) > LONGEST_NOTE:
        raise GalleryError(f"This note has {len(note):,} characters; give one of at most {LONGEST_NOTE:,}.")
    return note

"""How strictly a person is recognised, and faces that the owner said are not that person: vectors, never pictures.

Each stays with whom it was said about; while that person is part of another, it holds for the other.
"""

from __future__ import annotations

import time

import numpy as np

from ..types import GalleryError
from . import journal
from .database import Connection


def set_strictness(c: Connection, person_id: int, level: str) -> None:
    """Say it anew, whatever was said of those who became part of this person."""
    c.execute("UPDATE merges SET overruled = 1 WHERE into_id = ?", (person_id,))
    c.execute("DELETE FROM strictness WHERE person_id = ?", (person_id,))
    if level != "normal":
        c.execute("INSERT INTO strictness(person_id, level) VALUES(?, ?)", (person_id, level))


def strictness(c: Connection) -> dict[int, list[str]]:
    """What was said of everybody who is not recognised as usual, and of those who became part of them: the strictest holds."""
    into = dict(c.execute("SELECT from_id, into_id FROM merges WHERE NOT overruled"))
    found: dict[int, list[str]] = {}
    for person, level in c.execute("SELECT person_id, level FROM strictness"):
        found.setdefault(journal.living(into, person), []).append(level)
    return found


def reject(c: Connection, person_id: int, model: str, covered: bool, vector: np.ndarray) -> int:
    """Note that a face is not this person; returns the note's number. The column `masked` says whether it was covered at all."""
    return c.execute("INSERT INTO rejected(person_id, model, masked, vector, created) VALUES(?, ?, ?, ?, ?)",
                     (person_id, model, int(covered), vector.astype("<f4").tobytes(), time.time())).lastrowid


def take_back(c: Connection, number: int) -> int:
    """Drop a note; returns whom it was about. Raises GalleryError where it is gone already."""
    row = c.execute("SELECT person_id FROM rejected WHERE id = ?", (number,)).fetchone()
    if row is None:
        raise GalleryError("This was taken back already, or the person was deleted.")
    c.execute("DELETE FROM rejected WHERE id = ?", (number,))
    return journal.living(journal.merged(c), row[0])


def models(c: Connection) -> list[str]:
    """Those as which see the faces that are not somebody."""
    return [row[0] for row in c.execute("SELECT DISTINCT model FROM rejected ORDER BY model")]


def rejected(c: Connection, model: str) -> dict[int, list[tuple[int, bool, np.ndarray]]]:
    """Person id -> (number, covered, vector) of the faces that are not that person, as one model sees them."""
    into = journal.merged(c)
    found: dict[int, list[tuple[int, bool, np.ndarray]]] = {}
    for number, person, masked, blob in c.execute("SELECT id, person_id, masked, vector FROM rejected WHERE model = ?"
                                                  " ORDER BY id", (model,)):
        found.setdefault(journal.living(into, person), []).append((number, bool(masked), np.frombuffer(blob, "<f4").astype(np.float32)))
    return found


def masked_photos(c: Connection) -> np.ndarray:
    """(n,) int64 ids of the photos that show a masked face, ascending."""
    return np.array(c.execute("SELECT id FROM photos WHERE masked ORDER BY id").fetchall(), np.int64).reshape(-1)


def hidden_photos(c: Connection) -> np.ndarray:
    """(n,) int64 ids of the photos in which something that is no mask hides eyes or mouth, ascending."""
    rows = c.execute("SELECT id FROM photos WHERE instr(reasons, '\"partly_hidden\"') ORDER BY id").fetchall()
    return np.array(rows, np.int64).reshape(-1)


def forget(c: Connection, gone: set[int]) -> None:
    """Delete what was kept about people who were deleted."""
    for person in gone:
        c.execute("DELETE FROM strictness WHERE person_id = ?", (person,))
        c.execute("DELETE FROM rejected WHERE person_id = ?", (person,))

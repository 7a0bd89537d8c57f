"""Templates: one unit vector per photo and model. Ids only grow and never come back, so id order is commit order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..types import GalleryError
from .database import Connection


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Templates of one model as parallel arrays, all (n,) int64; ids ascend."""

    ids: np.ndarray
    photos: np.ndarray
    people: np.ndarray
    checksums: np.ndarray  # of the vectors, see `checksum`


def model_number(c: Connection, name: str, dimension: int) -> int | None:
    """The number of a model in this gallery, or None. Raises GalleryError where its dimension differs."""
    row = c.execute("SELECT id, dimension FROM models WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    if row[1] != dimension:
        raise GalleryError(f"The gallery holds vectors of {row[1]} numbers made by model {name}, but this one makes "
                           f"{dimension}; it is another model under the same name. Give it a name of its own.")
    return row[0]


def register_model(c: Connection, name: str, dimension: int) -> int:
    number = model_number(c, name, dimension)
    if number is None:
        number = c.execute("INSERT INTO models(name, dimension) VALUES(?, ?)", (name, dimension)).lastrowid
    return number


def models(c: Connection) -> dict[str, tuple[int, int]]:
    """Every model that ever embedded here: its name with its number and dimension."""
    rows = c.execute("SELECT id, name, dimension FROM models")
    return {name: (number, dimension) for number, name, dimension in rows}


def insert(c: Connection, model: int, photo_id: int, vector: np.ndarray) -> bool:
    """Store a checked vector; False where the photo has this model's template already."""
    return c.execute("INSERT OR IGNORE INTO templates(model, photo_id, checksum, vector) VALUES(?, ?, ?, ?)",
                     (model, photo_id, checksum(vector), vector.astype("<f4").tobytes())).rowcount == 1


def checksum(vector: np.ndarray) -> int:
    """The sum of a float32 vector's 32-bit words; the index keeps the same, and so recognises a vector unread."""
    return int(vector.astype("<f4").view("<u4").sum(dtype=np.uint64))


def unit(vectors: Sequence[np.ndarray] | np.ndarray, dimension: int) -> np.ndarray:
    """(n, dimension) float32 rows of unit length from `vectors`. Raises GalleryError for anything but numbers."""
    try:
        rows = np.ascontiguousarray(vectors, np.float32)
    except (TypeError, ValueError):
        rows = np.empty(0, np.float32)  # of several lengths, or no numbers
    if rows.ndim != 2 or rows.shape[1] != dimension:
        raise GalleryError(f"The gallery compares vectors of {dimension} numbers, but got shape {rows.shape}; "
                           "embed the faces with the gallery's model.")
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    if not np.isfinite(rows).all() or (lengths < 1e-6).any():
        raise GalleryError("A face's vector is not a number or has no direction; the model or the photo is damaged.")
    return rows if np.abs(lengths - 1).max(initial=0) < 1e-5 else rows / lengths


def rows(c: Connection, model: int, after: int = 0) -> Rows:
    """All templates of a model with an id above `after`, without their vectors; read from indexes alone."""
    if after:
        found = c.execute("SELECT t.id, t.photo_id, p.person_id, t.checksum FROM templates t NOT INDEXED JOIN photos p"
                          " ON p.id = t.photo_id WHERE t.id > ? AND t.model = ? ORDER BY t.id", (after, model))
        return Rows(*np.array(found.fetchall(), np.int64).reshape(-1, 4).T.copy())
    mine = np.array(c.execute("SELECT id, photo_id, checksum FROM templates INDEXED BY templates_at_a_glance"
                              " WHERE model = ?", (model,)).fetchall(), np.int64).reshape(-1, 3)
    owners = np.array(c.execute("SELECT id, person_id FROM photos INDEXED BY photos_of_person"
                                " WHERE person_id > 0").fetchall(), np.int64).reshape(-1, 2)
    mine = mine[np.argsort(mine[:, 0])]
    owners = owners[np.argsort(owners[:, 0])]
    ids, held, sums = mine.T.copy()
    return Rows(ids, held, owners[np.searchsorted(owners[:, 0], held), 1], sums)


def vectors(c: Connection, ids: np.ndarray, dimension: int) -> np.ndarray:
    """(n, dimension) float32 vectors of templates that exist, in the order of `ids`. Raises GalleryError for damage."""
    out = np.empty((len(ids), dimension), np.float32)
    for row, number in enumerate(ids.tolist()):
        blob = c.execute("SELECT vector FROM templates WHERE id = ?", (number,)).fetchone()
        if blob is None or len(blob[0]) != 4 * dimension:
            raise GalleryError(f"Template {number} in gallery.db is damaged; restore the gallery from an export.")
        out[row] = np.frombuffer(blob[0], "<f4")
    return out


def all_ids(c: Connection) -> np.ndarray:
    """(n,) int64 ids of the templates of all models, ascending."""
    return np.array(c.execute("SELECT id FROM templates ORDER BY id").fetchall(), np.int64).reshape(-1)


def last_id(c: Connection) -> int:
    """The highest template id ever given, of any model."""
    row = c.execute("SELECT seq FROM sqlite_sequence WHERE name = 'templates'").fetchone()
    return row[0] if row else 0


def last_change(c: Connection) -> int:
    row = c.execute("SELECT seq FROM sqlite_sequence WHERE name = 'changes'").fetchone()
    return row[0] if row else 0


def changes(c: Connection, after: int) -> tuple[list[int], list[tuple[int, int]]]:
    """Since change `after`: ids of templates removed, and (photo id, person id) of photos that changed hands."""
    rows = c.execute("SELECT item FROM changes WHERE id > ? AND kind = 'template removed'", (after,))
    removed = [row[0] for row in rows]
    moved = c.execute("SELECT DISTINCT p.id, p.person_id FROM changes x JOIN photos p ON p.id = x.item"
                      " WHERE x.id > ? AND x.kind = 'photo moved'", (after,)).fetchall()
    return removed, moved

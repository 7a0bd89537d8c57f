"""Photos: rows that say whose face stands where in which file. The files themselves are kept by files.py."""

from __future__ import annotations

import json
import time

import numpy as np

from ..types import Box, Face, GalleryError, NewPhoto, Photo, Quality, overlap
from .database import Connection

COLUMNS = "id, person_id, sha256, file, original_name, box, landmarks, score, quality, reasons, masked"
SAME_FACE = 0.4  # boxes in one file that overlap this much (intersection over union) are one face found twice


def twin(c: Connection, sha256: str, box: Box) -> tuple[int, int] | None:
    """(photo id, person id) of the row that holds this very face of this very file, or None."""
    rows = c.execute("SELECT id, person_id, box FROM photos WHERE sha256 = ?", (sha256,)).fetchall()
    best = max(((overlap(box, tuple(json.loads(text))), photo, person) for photo, person, text in rows), default=None)
    return best[1:] if best and best[0] >= SAME_FACE else None


def insert(c: Connection, person_id: int, new: NewPhoto, file: str) -> int:
    """A row for `new`, kept as `file`; returns its id."""
    face = new.face
    return c.execute(
        "INSERT INTO photos(person_id, sha256, file, original_name, box, landmarks, score, quality, reasons, masked,"
        " created) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (person_id, new.sha256, file, new.original_name, json.dumps([float(side) for side in face.box]),
         json.dumps(np.asarray(face.landmarks, np.float32).tolist()), float(face.score), float(new.quality.score),
         json.dumps(list(new.quality.reasons)), int(new.masked), time.time())).lastrowid


def photo(row: tuple) -> Photo:
    """A record from a row of COLUMNS."""
    number, person, sha256, file, original_name, box, landmarks, score, quality, reasons, masked = row
    face = Face(tuple(json.loads(box)), np.array(json.loads(landmarks), np.float32).reshape(5, 2), score)
    judged = Quality(quality, tuple(json.loads(reasons)))
    return Photo(number, person, sha256, file, original_name, face, judged, bool(masked))


def one(c: Connection, photo_id: int) -> Photo:
    row = c.execute(f"SELECT {COLUMNS} FROM photos WHERE id = ?", (photo_id,)).fetchone()
    if row is None:
        raise GalleryError("This photo is no longer in the gallery; open the person again.")
    return photo(row)


def of_person(c: Connection, person_id: int) -> list[Photo]:
    rows = c.execute(f"SELECT {COLUMNS} FROM photos WHERE person_id = ? ORDER BY id", (person_id,))
    return [photo(row) for row in rows]


def everything(c: Connection) -> list[Photo]:
    return [photo(row) for row in c.execute(f"SELECT {COLUMNS} FROM photos ORDER BY id")]


def owners(c: Connection) -> dict[int, int]:
    """The person of every photo, by id."""
    return dict(c.execute("SELECT id, person_id FROM photos ORDER BY id"))


def without_template(c: Connection, model: int) -> list[Photo]:
    """Photos that a model has not embedded yet."""
    rows = c.execute(f"SELECT {COLUMNS} FROM photos WHERE id NOT IN (SELECT photo_id FROM templates WHERE model = ?)"
                     " ORDER BY id", (model,))
    return [photo(row) for row in rows]


def judge(c: Connection, photo_id: int, quality: Quality) -> None:
    """Keep another judgement of a photo; nothing where it is gone."""
    c.execute("UPDATE photos SET quality = ?, reasons = ? WHERE id = ?", (quality.score, json.dumps(list(quality.reasons)), photo_id))


def exists(c: Connection, photo_id: int) -> bool:
    return c.execute("SELECT 1 FROM photos WHERE id = ?", (photo_id,)).fetchone() is not None


def count_templates(c: Connection, photo_id: int, model: str) -> tuple[int, int]:
    """How many templates a photo has: of all models, and of this one."""
    return c.execute("SELECT count(*), coalesce(sum(m.name = ?), 0) FROM templates t JOIN models m ON m.id = t.model"
                     " WHERE t.photo_id = ?", (model, photo_id)).fetchone()


def of_names(c: Connection) -> set[tuple[str, str]]:
    """(name key, sha256) of every photo kept."""
    return set(c.execute("SELECT DISTINCT p.key, f.sha256 FROM photos f JOIN people p ON p.id = f.person_id"))


def in_use(c: Connection, file: str) -> bool:
    return c.execute("SELECT 1 FROM photos WHERE file = ? AND sha256 = ? LIMIT 1",
                     (file, file.rpartition("/")[2].partition(".")[0])).fetchone() is not None


def all_files(c: Connection) -> set[str]:
    return {row[0] for row in c.execute("SELECT DISTINCT file FROM photos")}


def delete(c: Connection, photo_id: int) -> None:
    """Remove the row with its templates of all models, and leave the change and the file to be taken up."""
    c.execute("INSERT INTO changes(kind, item) SELECT 'template removed', id FROM templates WHERE photo_id = ?",
              (photo_id,))
    c.execute("DELETE FROM templates WHERE photo_id = ?", (photo_id,))
    c.execute("INSERT OR IGNORE INTO chores(kind, item) SELECT 'unlink', file FROM photos WHERE id = ?", (photo_id,))
    c.execute("DELETE FROM kept WHERE photo_id = ?", (photo_id,))
    c.execute("DELETE FROM photos WHERE id = ?", (photo_id,))

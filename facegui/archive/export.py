"""Write a gallery into one zip file: whole, or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import time
import uuid
import zipfile
from pathlib import Path

import numpy as np

from ..store import Connection, Database, files, people, photos, plainly, templates
from ..types import ArchiveReport, GalleryError, Photo, Progress, Tick, no_tick
from . import rulings

FORMAT, VERSION = "facegui gallery", 2
NOTICE = ("This archive holds biometric data: photos of people, their names and face templates, unencrypted. Keep it "
          "where only you can read it, and delete it when it is no longer needed.")
CHUNK = 4096
ATTEMPTS = 3


class _Changed(Exception):
    """Somebody was deleted while the archive was being written; nobody deleted may stay in it."""


def export(folder: Path, file: Path, tick: Tick = no_tick) -> ArchiveReport:
    """Write the gallery in `folder` to `file` (replaced only when complete), readable by its owner alone.

    `refused` of the report names photos left out because their file is missing or damaged. Raises GalleryError where
    there is no gallery or the file cannot be written, Cancelled when `tick` says so.
    """
    started = time.perf_counter()
    folder, file = Path(folder), Path(file)
    if not (folder / "gallery.db").exists():
        raise GalleryError(f"There is no gallery in {folder}; enroll somebody first.")
    if not file.parent.is_dir():
        raise GalleryError(f"The folder {file.parent} does not exist; create it or choose another place.")
    database = Database(folder)
    part = file.with_name(f".{file.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        for _ in range(ATTEMPTS):
            try:
                with plainly(file.parent):
                    counts, left_out = _write(database, part, tick)
                    os.replace(part, file)
                return ArchiveReport(str(file), *counts, refused=left_out, seconds=time.perf_counter() - started)
            except _Changed:
                continue
        raise GalleryError("The gallery is being changed all the time; export it when nobody deletes people or photos.")
    finally:
        part.unlink(missing_ok=True)
        database.close()


def _write(database: Database, part: Path, tick: Tick) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    with database.read() as c:
        everybody, every_photo = people.everybody(c), photos.everything(c)
    sums: dict[str, str] = {}
    left_out: list[str] = []
    with open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
            kept = _photo_files(database, archive, every_photo, left_out, tick)
            tick(Progress(len(kept), len(kept), "writing templates"))
            with database.read() as c:
                owners = photos.owners(c)
                moved = any(owners.get(one.id) != one.person_id for one in every_photo)
                if moved or set(everybody) - set(people.everybody(c)):
                    raise _Changed
                lines = {photo.id: line for line, photo in enumerate(kept)}
                models = _vectors(c, archive, lines, sums)
                places = {person: line for line, (person, *_) in enumerate(everybody)}
                _member(archive, "rulings.jsonl", sums, rulings.write(c, places, lines))
            _member(archive, "people.jsonl", sums, ({"name": name, "created": day, "note": note} for _, name, day, note in everybody))
            _member(archive, "photos.jsonl", sums, (_row(photo, places[photo.person_id]) for photo in kept))
            manifest = {"format": FORMAT, "version": VERSION, "created": time.time(), "notice": NOTICE,
                        "people": len(everybody), "photos": len(kept), "models": models, "sha256": sums}
            archive.writestr("manifest.json", json.dumps(manifest, indent=1))
            archive.writestr("README.txt", NOTICE + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    return (len(everybody), len(kept), sum(model["templates"] for model in models)), tuple(left_out)


def _photo_files(database: Database, archive: zipfile.ZipFile, every: list[Photo], left_out: list[str],
                 tick: Tick) -> list[Photo]:
    kept, written = [], set()
    for number, photo in enumerate(every):
        tick(Progress(number, len(every), "writing photos"))
        if photo.file not in written:
            try:
                data = files.read(database.folder, photo.file)
            except GalleryError as error:
                with database.read() as c:
                    if not photos.exists(c, photo.id):
                        raise _Changed from None
                left_out.append(str(error))
                continue
            archive.writestr(zipfile.ZipInfo(photo.file), data, zipfile.ZIP_STORED)  # pictures do not get smaller
            written.add(photo.file)
        kept.append(photo)
    return kept


def _vectors(c: Connection, archive: zipfile.ZipFile, lines: dict[int, int], sums: dict[str, str]) -> list[dict]:
    models = []
    for name, (number, dimension) in templates.models(c).items():
        rows = templates.rows(c, number)
        mine = np.array([photo in lines for photo in rows.photos.tolist()], bool)
        ids = rows.ids[mine]
        stem = f"vectors/{len(models)}"
        header = io.BytesIO()
        shape = {"descr": "<f4", "fortran_order": False, "shape": (len(ids), dimension)}
        np.lib.format.write_array_header_1_0(header, shape)
        digest = hashlib.sha256(header.getvalue())
        with archive.open(zipfile.ZipInfo(f"{stem}.npy"), "w", force_zip64=True) as member:
            member.write(header.getvalue())
            for start in range(0, len(ids), CHUNK):
                data = templates.vectors(c, ids[start:start + CHUNK], dimension).astype("<f4").tobytes()
                digest.update(data)
                member.write(data)
        sums[f"{stem}.npy"] = digest.hexdigest()
        places = io.BytesIO()
        np.save(places, np.array([lines[photo] for photo in rows.photos[mine].tolist()], "<i8"))
        sums[f"{stem}.photos.npy"] = hashlib.sha256(places.getvalue()).hexdigest()
        archive.writestr(f"{stem}.photos.npy", places.getvalue())
        models.append({"name": name, "dimension": dimension, "templates": len(ids)})
    return models


def _row(photo: Photo, person: int) -> dict:
    return {"person": person, "sha256": photo.sha256, "file": photo.file, "original_name": photo.original_name,
            "box": list(photo.face.box), "landmarks": photo.face.landmarks.tolist(), "score": photo.face.score,
            "quality": photo.quality.score, "reasons": list(photo.quality.reasons), "masked": photo.masked}


def _member(archive: zipfile.ZipFile, name: str, sums: dict[str, str], rows) -> None:
    """Write rows as JSON lines and note their checksum."""
    digest = hashlib.sha256()
    info = zipfile.ZipInfo(name)
    info.compress_type = zipfile.ZIP_DEFLATED
    with archive.open(info, "w", force_zip64=True) as member:
        for row in rows:
            line = (json.dumps(row) + "\n").encode()
            digest.update(line)
            member.write(line)
    sums[name] = digest.hexdigest()

"""Bring an archive into a gallery, empty or not: unpacked and checked aside, then enrolled in one transaction."""

from __future__ import annotations

import hashlib
import json
import math
import os
import time
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..store import Connection, Database, files, names, people, photos, plainly, staging, templates
from ..types import ArchiveReport, Face, GalleryError, NewPhoto, Progress, Quality, Tick, no_tick
from . import rulings
from .check import check_directory, open_zip, read_manifest, refuse

LONGEST_LINE = 1 << 19  # bytes of JSON; a vector of 65,536 numbers fits
LONGEST_NOTE = 20_000  # characters, of a person who was many


@dataclass(slots=True)
class _Brought:
    photos: int = 0
    templates: int = 0
    created: int = 0
    duplicates: int = 0


def load(folder: Path, file: Path, tick: Tick = no_tick) -> ArchiveReport:
    """Import `file` into the gallery in `folder`: all of it in one step, or nothing.

    People of one name become one, photos and templates that are there already count as duplicates, and a face that is
    enrolled here under another name is refused, with a sentence in the report. Raises GalleryError for a file that is
    no archive, damaged, or made to do harm; Cancelled when `tick` says so.
    """
    started = time.perf_counter()
    folder, file = Path(folder), Path(file)
    with open_zip(file) as archive:
        manifest = read_manifest(archive)
        room = next(place for place in (folder, *folder.absolute().parents) if place.is_dir())
        check_directory(archive, file.stat().st_size, room)
        database = Database(folder)
        try:
            with plainly(folder), staging.stage(folder) as place:
                everybody, *brought_in = _unpack(archive, manifest, place, tick)
                tick(Progress(0, 0, "enrolling"))
                brought, refused = _commit(database, place, everybody, *brought_in)
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError):
            raise refuse("it is damaged or was cut short") from None
        finally:
            database.close()
    return ArchiveReport(str(file), len(everybody), brought.photos, brought.templates, brought.created,
                         brought.duplicates, tuple(refused), time.perf_counter() - started)


def _unpack(archive: zipfile.ZipFile, manifest: dict, place: Path, tick: Tick):
    """All checked: people [(name, note)], photos [(person, NewPhoto)], {model: (dimension, lines, vectors)}, rulings."""
    for number, member in enumerate(archive.infolist()):
        tick(Progress(number, len(archive.infolist()), "unpacking and checking"))
        name = member.filename
        photo = name.startswith("photos/")
        wanted = name.rpartition("/")[2].partition(".")[0] if photo else manifest["sha256"].get(name)
        if wanted is None:
            continue  # the manifest itself and the note to the reader
        target = place / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if _copy(archive, member, target, sync=photo) != wanted:
            raise refuse(f"{name} does not match its checksum")
    try:
        everybody = [(names.tidy(row["name"]), str(row.get("note", ""))[:LONGEST_NOTE]) for row in _lines(place / "people.jsonl")]
        every_photo = [_photo(row, len(everybody), place) for row in _lines(place / "photos.jsonl")]
        if (len(everybody), len(every_photo)) != (manifest["people"], manifest["photos"]):
            raise ValueError
        vectors = {model["name"]: (model["dimension"], *_vectors(place / f"vectors/{number}", model, len(every_photo)))
                   for number, model in enumerate(manifest["models"])}
        path = place / "rulings.jsonl"
        said = rulings.checked(_lines(path) if path.exists() else (), len(everybody), len(every_photo))
    except (KeyError, TypeError, ValueError, RecursionError, OverflowError):
        raise refuse("what it says about people, photos or templates makes no sense") from None
    return everybody, every_photo, vectors, said


def _copy(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, sync: bool) -> str:
    """Unpack one member, never more than it declared; returns its SHA-256."""
    digest, left = hashlib.sha256(), member.file_size
    with archive.open(member) as source, open(target, "xb") as sink:
        while block := source.read(1 << 20):
            left -= len(block)
            if left < 0:
                raise refuse(f"{member.filename} is larger than it says")
            digest.update(block)
            files.write(sink, block)
        if sync:
            sink.flush()
            os.fsync(sink.fileno())
    return digest.hexdigest()


def _lines(path: Path):
    with open(path, "rb") as stream:
        while line := stream.readline(LONGEST_LINE):
            yield json.loads(line)


def _photo(row: dict, count: int, place: Path) -> tuple[int, NewPhoto]:
    person, sha256, file = row["person"], row["sha256"], row["file"]
    box, points = [float(side) for side in row["box"]], np.array(row["landmarks"], np.float32)
    numbers = [*box, float(row["score"]), float(row["quality"])]
    suffix = os.path.splitext(file)[1]
    if (not 0 <= int(person) < count or len(box) != 4 or box[2] <= box[0] or box[3] <= box[1] or points.shape != (5, 2)
            or not np.isfinite(points).all() or not all(map(math.isfinite, numbers))
            or file != files.file_of(sha256, suffix) or not (place / file).is_file()
            or len(row["reasons"]) > 50 or not all(isinstance(reason, str) for reason in row["reasons"])):
        raise ValueError
    original = "".join(letter for letter in Path(str(row["original_name"])).name if letter.isprintable())[:255]
    return int(person), NewPhoto(place / file, suffix, sha256, original, Face(tuple(box), points, float(row["score"])),
                                 Quality(float(row["quality"]), tuple(row["reasons"])), bool(row["masked"]),
                                 np.empty(0, np.float32))


def _vectors(stem: Path, model: dict, photo_count: int) -> tuple[np.ndarray, np.ndarray]:
    vectors = np.load(f"{stem}.npy", mmap_mode="r", allow_pickle=False)
    lines = np.load(f"{stem}.photos.npy", allow_pickle=False)
    if (vectors.dtype != np.float32 or vectors.shape != (model["templates"], model["dimension"])
            or lines.dtype != np.int64 or lines.shape != (len(vectors),)
            or (len(lines) and not (0 <= lines.min() and lines.max() < photo_count))):
        raise ValueError
    return lines, vectors


def _commit(database: Database, place: Path, everybody: list, every_photo: list, vectors: dict,
            said: list[tuple]) -> tuple[_Brought, list[str]]:
    brought, refused = _Brought(), []
    moved: set[str] = set()
    try:
        with database.write() as c:
            owners = [people.find(c, name) for name, _ in everybody]
            for person in set(range(len(everybody))) - {person for person, _ in every_photo}:  # without photos yet
                owners[person], created = people.find_or_create(c, everybody[person][0])
                brought.created += created
            here: dict[int, int] = {}  # line -> photo id
            for line, (person, new) in enumerate(every_photo):
                twin = photos.twin(c, new.sha256, new.face.box)
                if twin and twin[1] == owners[person]:
                    brought.duplicates += 1
                    here[line] = twin[0]
                elif twin:
                    other = people.name_of(c, twin[1])
                    refused.append(f"A photo of {everybody[person][0]} is enrolled here as {other}; remove it "
                                   "there or merge the two people, then import again.")
                else:
                    if owners[person] is None:
                        owners[person], created = people.find_or_create(c, everybody[person][0])
                        brought.created += created
                    here[line] = photos.insert(c, owners[person], new, _move(database.folder, place, new, moved))
                    brought.photos += 1
            for owner, (_, note) in zip(owners, everybody, strict=True):
                if note and owner is not None and not people.one(c, 0, owner).note:
                    people.set_note(c, owner, note)
            for model, (dimension, lines, rows) in vectors.items():
                brought.templates += _insert(c, model, dimension, lines, rows, here)
            rulings.bring(c, said, owners, here)
            files.sync_folders(database.folder, moved)
    except BaseException:
        if moved:
            files.discard(database, moved)
        raise
    return brought, refused


def _move(folder: Path, place: Path, new: NewPhoto, moved: set[str]) -> str:
    """Give an unpacked photo its final place, under the write lock, unless a file is there already."""
    file = files.file_of(new.sha256, new.suffix)
    target = folder / file
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(place / file, target)
        moved.add(file)
    return file


def _insert(c: Connection, model: str, dimension: int, lines: np.ndarray, rows: np.ndarray,
            here: dict[int, int]) -> int:
    number, count = templates.register_model(c, model, dimension), 0
    for start in range(0, len(rows), 4096):
        try:
            checked = templates.unit(np.array(rows[start:start + 4096]), dimension)
        except GalleryError:
            raise refuse("it holds vectors that are no numbers") from None
        for line, vector in zip(lines[start:start + 4096].tolist(), checked, strict=True):
            count += line in here and templates.insert(c, number, here[line], vector)
    return count

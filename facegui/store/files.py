"""Photo files: photos/ab/SHA256.ext, written whole or not at all, removed only while nobody can be enrolling them.

A file is on the disk before its row is committed and goes after its row is gone, so a row always finds its file.
Whoever removes one holds the database's write lock and looks for rows first; whoever enrolls looks for the file again
under that same lock. Files without a row (left by a killed process) are therefore safe to sweep at any moment.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from ..types import GalleryError, NewPhoto
from . import chores, photos
from .database import Connection, Database

SUFFIXES = frozenset((".jpg .jpeg .jpe .jfif .png .webp .bmp .dib .tif .tiff .gif .heic .heif .avif .ppm .pgm .pnm .jp2"
                      " .mpo").split())
OTHER = ".img"  # any other ending: the content decides what it is, and no browser runs it as a page
NAME = re.compile(r"photos/([0-9a-f]{2})/(\1[0-9a-f]{62})(\.[a-z0-9]{1,5})")
STALE_S = 300  # an unfinished file this old belongs to a process that died


def file_of(sha256: str, suffix: str) -> str:
    """Where a photo is kept, relative to the gallery folder. Raises GalleryError for a bad checksum."""
    if not re.fullmatch("[0-9a-f]{64}", sha256):
        raise GalleryError("A photo came with a malformed checksum; nothing was enrolled.")
    ending = suffix.lower()
    return f"photos/{sha256[:2]}/{sha256}{ending if ending in SUFFIXES else OTHER}"


def keep(folder: Path, new: Sequence[NewPhoto]) -> None:
    """Write the photos' files where they are not there yet, and onto the disk before any gets its final name.

    Raises GalleryError where a photo's content is not what its checksum says.
    """
    for attempt in range(3):
        try:
            return _keep(folder, new)
        except FileNotFoundError:  # somebody deleted this very photo, and our unfinished file with it
            if attempt == 2:
                raise
    return None


def _keep(folder: Path, new: Sequence[NewPhoto]) -> None:
    parts: dict[Path, Path] = {}
    try:
        for photo in new:
            target = folder / file_of(photo.sha256, photo.suffix)
            if target not in parts and not target.exists():
                parts[target] = _write_part(target, photo)
        if parts:
            with ThreadPoolExecutor(min(16, len(parts))) as pool:  # the file system settles many syncs in one go
                list(pool.map(_sync, parts.values()))
            for target, part in parts.items():
                os.replace(part, target)
            sync_folders(folder, (target.relative_to(folder).as_posix() for target in parts))
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


def _write_part(target: Path, new: NewPhoto) -> Path:
    data = new.source if isinstance(new.source, bytes) else Path(new.source).read_bytes()
    if hashlib.sha256(data).hexdigest() != new.sha256:
        raise GalleryError(f"Photo {new.original_name or new.sha256[:12]} changed while it was being read; try again.")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f"{new.sha256}.{uuid.uuid4().hex[:8]}.part")
    try:
        with open(part, "xb") as stream:
            write(stream, data)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return part


def write(stream, data: bytes) -> None:
    """The one place where photo bytes reach the disk."""
    stream.write(data)


def sync_folders(folder: Path, names: Iterable[str]) -> None:
    """Make the renames that put these files in place durable."""
    places = {place for name in names for place in list((folder / name).parents)[:3]}
    if places:
        with ThreadPoolExecutor(min(16, len(places))) as pool:
            list(pool.map(_sync_folder, places))


def _sync(path: Path) -> None:
    with open(path, "rb+") as stream:
        os.fsync(stream.fileno())


def _sync_folder(folder: Path) -> None:
    """Make renames in `folder` durable, where the system can."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def read(folder: Path, file: str) -> bytes:
    """The bytes of a kept photo, checked. Raises GalleryError where the file is missing or damaged."""
    try:
        data = (folder / file).read_bytes()
    except OSError as error:
        raise GalleryError(f"A photo file of the gallery is missing ({file}); restore it from an export.") from error
    if hashlib.sha256(data).hexdigest() != file.rpartition("/")[2].partition(".")[0]:
        raise GalleryError(f"A photo file of the gallery is damaged ({file}); restore it from an export.")
    return data


def remove_unused(database: Database) -> set[str]:
    """Remove the files of deleted rows, as the chores say; returns those that went."""
    removed = set()
    with database.write() as c:
        for file in chores.items(c, "unlink"):
            if _remove(c, database.folder, file):
                removed.add(file)
            chores.done(c, "unlink", file)
    return removed


def discard(database: Database, files: set[str]) -> None:
    """Remove files written for an enrollment that failed, unless somebody else uses them."""
    with database.write() as c:
        for file in files:
            _remove(c, database.folder, file)


def _remove(c: Connection, folder: Path, file: str) -> int:
    if photos.in_use(c, file):
        return 0
    target = folder / file
    gone = target.exists()
    target.unlink(missing_ok=True)
    for part in target.parent.glob(f"{target.stem}.*.part"):  # left by a process that died while writing it
        part.unlink(missing_ok=True)
    return int(gone)


def sweep(database: Database) -> int:
    """Remove photo files that no row speaks of, left by killed processes; returns how many went."""
    folder = database.folder
    found = {path.relative_to(folder).as_posix() for path in (folder / "photos").glob("??/*")}
    if not found:
        return 0
    with database.read() as c:
        strays = found - photos.all_files(c)
    old = {file for file in strays if file.endswith(".part") and _age_s(folder / file) > STALE_S}
    for file in old:
        (folder / file).unlink(missing_ok=True)
    strays = {file for file in strays if NAME.fullmatch(file)}
    if strays:
        with database.write() as c:
            return len(old) + sum(_remove(c, folder, file) for file in strays)
    return len(old)


def _age_s(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return 0.0

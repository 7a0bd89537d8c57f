"""People in a zip file, one folder per person. Anybody may have made the file: it is judged by its directory before a
member is opened, and members are read into memory one at a time; nothing of it is ever unpacked to the disk."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath

from .. import image
from ..archive import members as plain
from ..types import DataError, ImageError
from .piece import Piece

MOST_FILES, MOST_BYTES = 50_000, 8 << 30
LARGEST_DIRECTORY = 16 << 20  # bytes; 50,000 entries with long names fit
ARCHIVES = frozenset(".zip .rar .7z .tar .gz .tgz .bz2 .xz .zst .cab .jar .iso .lzh".split())
END = struct.Struct("<4s4H2LH")  # the record at the end of every zip file
JUNK = re.compile(r"(^|/)(__MACOSX|\.[^/]*|Thumbs\.db|desktop\.ini)(/|$)", re.IGNORECASE)


def refuse(why: str) -> DataError:
    return DataError(f"this zip file was not taken: {why}. Nobody was enrolled from it")


@contextmanager
def people_in(file: Path, room: Path) -> Iterator[tuple[list[Piece], int]]:
    """The photos of a zip file, each with its person, and how many other files lie in it.

    `room`: a folder on the disk where the photos will be kept. Raises DataError for anything that is not plainly a zip
    file of people's photos: too many or too large files, bombs, links, encrypted or nested archives, tricks with paths.
    """
    _check_end(file)
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise refuse("it is damaged or was cut short; pack it again") from None
    with archive:
        members = [(_path(member), member) for member in archive.infolist()]
        _check_kinds(members)
        plain.check(members, file.stat().st_size, room, refuse)
        _check_sizes([member for _, member in members])
        yield _pieces(archive, members)


def _check_end(file: Path) -> None:
    """The size of the directory, before all of it is read into memory."""
    try:
        with open(file, "rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(0, size - (1 << 16) - END.size))
            tail = stream.read()
    except OSError as error:
        raise DataError(f"{file.name} cannot be read ({error.strerror}); check the path") from None
    at = tail.rfind(b"PK\5\6")
    if at < 0 or len(tail) < at + END.size:
        raise refuse("it is not a zip file, or was cut short")
    *_, count, length, _, _ = END.unpack_from(tail, at)
    if count > MOST_FILES or length > LARGEST_DIRECTORY or b"PK\6\7" in tail[max(0, at - 20):at]:
        raise refuse(f"it holds more than {MOST_FILES:,} files; make several smaller ones of it")


def _path(member: zipfile.ZipInfo) -> str:
    """The name inside the archive, with "/" between folders. Old packers wrote UTF-8 without saying so."""
    name = member.filename
    if not member.flag_bits & 0x800:
        try:
            name = name.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return name.replace("\\", "/")


def _check_kinds(members: list[tuple[str, zipfile.ZipInfo]]) -> None:
    names = [name for name, _ in members]
    if {"manifest.json", "people.jsonl"} <= set(names):
        raise refuse("it is an export of a whole gallery; import it as such (Gallery, Export and import; or `import FILE`)")
    for name, member in members:
        shown = image.shown(name)
        if name.startswith("/") or re.match(r"[A-Za-z]:", name) or ".." in name.split("/") or "\0" in member.orig_filename:
            raise refuse(f"a file in it wants to lie outside of it ({shown}); pack the folder of people again")
        if PurePosixPath(name).suffix.lower() in ARCHIVES and not member.is_dir():
            raise refuse(f"it holds another archive ({shown}); unpack that one, then pack the photos")


def _check_sizes(members: list[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members)
    if len(members) > MOST_FILES:
        raise refuse(f"it holds more than {MOST_FILES:,} files; make several smaller ones of it")
    if total > MOST_BYTES:
        raise refuse(f"it holds {total / 2**30:.1f} GB of files, the limit is {MOST_BYTES >> 30} GB; make several smaller ones of it")


def _pieces(archive: zipfile.ZipFile, members: list[tuple[str, zipfile.ZipInfo]]) -> tuple[list[Piece], int]:
    """A folder around all people's folders is taken off. Photos outside of any folder belong to nobody."""
    files = [(name, member) for name, member in members if not name.endswith("/") and not JUNK.search(name)]
    photos = [(name.split("/"), member) for name, member in files if PurePosixPath(name).suffix.lower() in image.SUFFIXES]
    around = len({parts[0] for parts, _ in photos}) == 1 and all(len(parts) > 2 for parts, _ in photos)
    photos = sorted(((parts[1:] if around else parts), member.filename, member) for parts, member in photos)
    found = [Piece(parts[0], "/".join(parts), partial(_read, archive, member)) for parts, _, member in photos if len(parts) > 1]
    if not found:
        raise refuse("no photos lie in folders in it; pack one folder per person, with that person's photos inside")
    return found, len(files) - len(found)


def _read(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """One photo, never more than its entry declares. Raises ImageError."""
    name = image.shown(PurePosixPath(_path(member)).name)
    if member.file_size > image.MAX_FILE_BYTES:
        raise ImageError(f"{name} has {member.file_size / 2**20:.0f} MB, the limit is {image.MAX_FILE_BYTES >> 20} MB; "
                         "give a smaller copy")
    try:
        with archive.open(member) as stream:
            data = stream.read(member.file_size + 1)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError):
        raise ImageError(f"{name} is damaged inside the zip file; pack it again") from None
    if len(data) != member.file_size:
        raise ImageError(f"{name} is not as large as the zip file says; pack it again")
    return data

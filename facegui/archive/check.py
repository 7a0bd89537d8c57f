"""Is this archive one of ours, whole and harmless? Checked from the zip's directory, before anything is unpacked."""

from __future__ import annotations

import json
import re
import zipfile
from pathlib import Path

from ..types import GalleryError
from . import members
from .export import FORMAT, VERSION

NAMES = re.compile(r"manifest\.json|README\.txt|(people|photos|rulings)\.jsonl|vectors/\d{1,3}(\.photos)?\.npy"
                   r"|photos/([0-9a-f]{2})/\3[0-9a-f]{62}\.[a-z0-9]{1,5}")
LARGEST_PHOTO = 1 << 29  # bytes
LARGEST_MANIFEST = 1 << 20


def refuse(why: str) -> GalleryError:
    """Where the reason does not say what to do (after a semicolon), another archive may help."""
    then = "Nothing was changed." if "; " in why else "Nothing was changed; take one that facegui exported."
    return GalleryError(f"This archive was not imported: {why}. {then}")


def open_zip(file: Path) -> zipfile.ZipFile:
    """Raises GalleryError for anything but a whole zip file."""
    try:
        return zipfile.ZipFile(file)
    except FileNotFoundError:
        raise GalleryError(f"There is no file {file}; check the path.") from None
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise refuse("it is not a zip file or was cut short") from None


def check_directory(archive: zipfile.ZipFile, size: int, room: Path) -> None:
    """Names, kinds and sizes of all members. Raises GalleryError for tricks, bombs, and where the disk is too small."""
    for member in archive.infolist():
        if not NAMES.fullmatch(member.filename):
            raise refuse(f"it holds a file that does not belong there ({member.filename[:80]!r})")
        if member.filename.startswith("photos/") and member.file_size > LARGEST_PHOTO:
            raise refuse("a photo in it is larger than 512 MiB")
    members.check([(member.filename, member) for member in archive.infolist()], size, room, refuse)


def read_manifest(archive: zipfile.ZipFile) -> dict:
    """The manifest, its shape checked. Raises GalleryError for a foreign or newer archive."""
    try:
        with archive.open("manifest.json") as stream:
            text = stream.read(LARGEST_MANIFEST + 1)
        if len(text) > LARGEST_MANIFEST:
            raise ValueError
        manifest = json.loads(text)
        if manifest["format"] != FORMAT:
            raise ValueError
        version = int(manifest["version"])
    except (KeyError, TypeError, ValueError, RecursionError):
        raise refuse("it is no facegui archive") from None
    if version > VERSION:
        raise GalleryError(f"This archive was made by a newer facegui (format {version}, this one reads {VERSION}). "
                           "Nothing was changed; update facegui to import it.")
    try:
        for model in manifest["models"]:
            if not (isinstance(model["name"], str) and 0 < len(model["name"]) <= 200
                    and 0 < int(model["dimension"]) <= 65536 and 0 <= int(model["templates"])):
                raise ValueError
        count = len(manifest["models"])
        wanted = {f"vectors/{number}{end}" for number in range(count) for end in (".npy", ".photos.npy")}
        wanted |= {"people.jsonl", "photos.jsonl", *(["rulings.jsonl"] if version > 1 else [])}
        if set(manifest["sha256"]) != wanted or not wanted <= set(archive.namelist()):
            raise ValueError
        if int(manifest["people"]) < 0 or int(manifest["photos"]) < 0:
            raise ValueError
    except (KeyError, TypeError, ValueError):
        raise refuse("its manifest is damaged or files are missing") from None
    return manifest

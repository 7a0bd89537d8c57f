"""Tar shards of aligned faces become a set that training maps into memory.

    python -m facegui.training.shards FOLDER SET
"""

from __future__ import annotations

import csv
import sys
import tarfile
from pathlib import Path

import cv2
import numpy as np

from ..align import ARCFACE_112
from ..types import DataError, Progress, Tick, no_tick
from . import faces as sets
from .faces import UNKNOWN, FaceSet

MARGIN = 8  # px that shards keep round the 112 px crop


def pack_shards(folder: Path, target: Path, tick: Tick = no_tick) -> FaceSet:
    """Tar shards of aligned pictures and `faces.tsv` (path, source, identity or -, cover) -> a set in `target`."""
    try:
        with open(folder / "faces.tsv", newline="", encoding="utf-8") as table:
            rows = list(csv.DictReader(table, delimiter="\t"))
        place = {row["path"]: number for number, row in enumerate(rows)}
        labels = [f"{row['source']}/{row['identity']}" if row["identity"] != "-" else "" for row in rows]
        covered = np.array([row["cover"] == "masked" for row in rows])
    except (OSError, KeyError, UnicodeDecodeError) as error:
        raise DataError(f"{folder} has no readable faces.tsv ({error}). Its columns are path, source, identity, cover.") from None
    side = 112 + 2 * MARGIN
    target.mkdir(parents=True, exist_ok=True)
    pixels = np.lib.format.open_memmap(target / "pixels.npy", "w+", np.uint8, (len(rows), side, side, 3))
    filled = np.zeros(len(rows), bool)
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard) as archive:  # read member by member, nothing is extracted
            for member in archive:
                if member.isfile() and (number := place.get(member.name)) is not None:
                    coded = np.frombuffer(archive.extractfile(member).read(), np.uint8)
                    picture = cv2.imdecode(coded, cv2.IMREAD_COLOR)
                    if picture is not None and picture.shape == (side, side, 3):
                        pixels[number], filled[number] = picture[:, :, ::-1], True
                        tick(Progress(int(filled.sum()), len(rows), shard.name))
    if not filled.all():
        raise DataError(f"{int((~filled).sum())} of {len(rows)} faces in faces.tsv are missing from the shards, the first is "
                        f"{rows[int(np.argmin(filled))]['path']}. Complete the shards and try again.")
    pixels.flush()
    names = tuple(sorted(set(labels) - {""}))
    number = {name: k for k, name in enumerate(names)}
    faces = FaceSet(pixels, np.array(ARCFACE_112) + MARGIN, np.array([number.get(label, UNKNOWN) for label in labels]),
                    covered, names)
    sets.save(target, faces)
    return faces


if __name__ == "__main__":
    made = pack_shards(Path(sys.argv[1]), Path(sys.argv[2]))
    print(f"{len(made)} faces, {len(made.names)} people, {int(made.covered.sum())} really masked")

"""Faces to learn masks from: decoded once, split by person and by source, near copies of held-out faces left out."""

from __future__ import annotations

import csv
import tarfile
import zlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..types import DataError, Progress, Tick, no_tick

HELD_OUT_SOURCES = ("rwmfd", "glint", "pins", "sports5_avdhoot", "bollywood6_sambhav")  # never trained on
UNSURE_SOURCES = ("maskdet_chandrika",)  # its rows without a label show bare and masked faces alike
HELD_OUT_SHARE = 0.15  # of the people in the other sources
COPY = 0.985  # correlation of two 16 px thumbnails above which one is a copy of the other


@dataclass(frozen=True, slots=True, eq=False)
class CoverFaces:
    """pixels (n, 128, 128, 3) RGB uint8, aligned: the 112 template plus 8 px on every side; masked (n,) bool; other (n,)
    float: 1 where something else hides eyes or mouth, 0 where nothing does, NaN where it is hard to say; source (n,) str;
    part (n,) str: train, people (held-out people) or source (held-out sources); path (n,) str."""

    pixels: np.ndarray
    masked: np.ndarray
    other: np.ndarray
    source: np.ndarray
    part: np.ndarray
    path: np.ndarray


def read(folder: Path, looked_at: Path | None = None, tick: Tick = no_tick) -> CoverFaces:
    """The faces that faces.tsv (path, source, identity, cover) lists, from the tar shards beside it. Raises DataError.

    looked_at: a file of lines `path<TAB>other` or `path<TAB>unsure` for the faces that somebody looked at and found
    covered by something that is no mask, or could not tell. All others count as free of it.
    """
    seen = labels(looked_at) if looked_at else {}
    try:
        with open(folder / "faces.tsv", newline="") as file:
            rows = [row for row in csv.DictReader(file, delimiter="\t")
                    if row["cover"] != "-" or row["source"] not in UNSURE_SOURCES]
    except (OSError, KeyError) as error:
        raise DataError(f"{folder} has no readable faces.tsv with path, source, identity and cover: {error}") from None
    number = {row["path"]: index for index, row in enumerate(rows)}
    pixels = np.zeros((len(rows), 128, 128, 3), np.uint8)
    done = 0
    for shard in sorted(folder.glob("*.tar")):
        with tarfile.open(shard) as tar:
            for member in tar:
                if member.isfile() and (index := number.pop(member.name, None)) is not None:
                    data = np.frombuffer(tar.extractfile(member).read(), np.uint8)
                    pixels[index] = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
                    done += 1
        tick(Progress(done, len(rows), f"decoded {shard.name}"))
    if number:
        raise DataError(f"{len(number)} faces of {folder / 'faces.tsv'} are in no shard, for example {min(number)}")
    masked = np.array([row["cover"] == "masked" for row in rows])
    other = np.array([{"other": 1.0, "unsure": np.nan}.get(seen.get(row["path"], ""), 0.0) for row in rows])
    part = np.array([_part(row) for row in rows])
    keep = ~_copies(pixels, part)
    return CoverFaces(pixels[keep], masked[keep], other[keep], np.array([row["source"] for row in rows])[keep], part[keep],
                      np.array([row["path"] for row in rows])[keep])


def labels(file: Path) -> dict[str, str]:
    """path -> "other" or "unsure". Raises DataError."""
    try:
        found = dict(line.split("\t") for line in file.read_text().splitlines() if line and not line.startswith("#"))
    except (OSError, ValueError) as error:
        raise DataError(f"{file} must have lines of path, a tab, and other or unsure: {error}") from None
    if strange := set(found.values()) - {"other", "unsure"}:
        raise DataError(f"{file} calls a face {min(strange)!r}; it may say other or unsure")
    return found


def _part(row: dict[str, str]) -> str:
    if row["source"] in HELD_OUT_SOURCES:
        return "source"
    person = row["path"] if row["identity"] == "-" else f"{row['source']}/{row['identity']}"
    return "people" if zlib.crc32(person.encode()) % 1000 < 1000 * HELD_OUT_SHARE else "train"


def _copies(pixels: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Training faces that are copies of a held-out one: the web collections share pictures."""
    small = np.stack([cv2.resize(cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)[16:112, 16:112], (16, 16), interpolation=cv2.INTER_AREA)
                      for face in pixels]).reshape(len(pixels), -1).astype(np.float32)
    small -= small.mean(1, keepdims=True)
    small /= np.linalg.norm(small, axis=1, keepdims=True) + 1e-6
    train, held = np.flatnonzero(part == "train"), small[part != "train"]
    copies = np.zeros(len(pixels), bool)
    for start in range(0, len(train), 2048):
        rows = train[start:start + 2048]
        copies[rows] = (small[rows] @ held.T).max(1) > COPY
    return copies

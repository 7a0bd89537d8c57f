"""Verification (1:1) on a pairs file in the format of LFW: one command measures any installed model from raw photos."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import metrics
from ..image import SUFFIXES
from ..types import DataError, Detector, Embedder, Tick, no_tick
from .crowd import Show, captions, portraits
from .evidence import Comparisons, Evidence, split_by_cover, worst_pairs
from .figures import figures
from .photos import Embedded, command_line, covered, embed_faces, find_faces, shots

if TYPE_CHECKING:
    from ..cover import CoverJudge

FARS = (1e-2, 1e-3, 1e-4, 1e-5)


@dataclass(frozen=True, slots=True, eq=False)
class PairList:
    """Photos (each once), and pairs of them: (n, 2) places in `photos`, (n,) same person, (n,) fold."""

    photos: tuple[Path, ...]
    pairs: np.ndarray
    same: np.ndarray
    fold: np.ndarray


@dataclass(frozen=True, slots=True)
class PairsReport:
    """What `pairs` measured. A pair is undetected when no face was found in one of its photos.

    `accuracy` counts undetected pairs as wrong, genuine or not, so nothing is gained by not finding faces;
    `accuracy_if_rejected` counts them as "not the same person" (right for impostors) and `accuracy_if_left_out` not at
    all, as most published figures do. TAR@FAR and EER follow ISO/IEC 19795-1: an undetected pair is rejected.
    """

    model: str
    pairs: int
    genuine: int
    images: int
    undetected: int  # pairs
    undetected_genuine: int
    undetected_images: int
    accuracy: metrics.Accuracy
    correct: int
    accuracy_if_rejected: float
    accuracy_if_left_out: float
    tar_at_far: tuple[tuple[float, metrics.TarAtFar | None], ...]
    eer: float
    threshold: float  # mean of the folds' thresholds
    seconds: float
    command: str
    evidence: Evidence = field(default=Evidence(), repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; a TAR that the pairs are too few for is null."""
        return {
            "model": self.model, "pairs": self.pairs, "genuine": self.genuine, "impostor": self.pairs - self.genuine,
            "images": self.images, "undetected": self.undetected, "undetected_genuine": self.undetected_genuine,
            "undetected_images": self.undetected_images,
            "accuracy": self.accuracy.mean, "accuracy_std": self.accuracy.std,
            "accuracy_standard_error": self.accuracy.standard_error, "folds": list(self.accuracy.folds),
            "correct": self.correct, "wilson": list(metrics.wilson(self.correct, self.pairs)),
            "accuracy_if_rejected": self.accuracy_if_rejected, "accuracy_if_left_out": self.accuracy_if_left_out,
            "tar_at_far": {f"{far:g}": point and _point(point) for far, point in self.tar_at_far},
            "eer": self.eer, "threshold": self.threshold, "seconds": round(self.seconds, 1), "command": self.command,
            **figures(self.evidence),
        }


def _point(point: metrics.TarAtFar) -> dict[str, Any]:
    return {"tar": point.tar, "threshold": point.threshold, "accepted": point.accepted, "genuine": point.genuine,
            "false_accepts": point.false_accepts, "impostor": point.impostor,
            "wilson": list(metrics.wilson(point.accepted, point.genuine))}


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """The photos of a list after detection and embedding; worn (n,): 1 masked, 0 bare, infinity otherwise covered, NaN unknown."""

    listed: PairList
    embedded: Embedded
    worn: np.ndarray
    show: Show


def measure(listed: PairList, detector: Detector, embedder: Embedder, cache: Path | None, tick: Tick,
            cover: CoverJudge | None) -> Measured:
    pictures = shots(listed.photos)
    faces = find_faces(pictures, detector, cache, tick)
    embedded = embed_faces(pictures, faces, embedder, cache, tick)
    worn = covered(pictures, faces, cover, cache, tick)
    return Measured(listed, embedded, worn, portraits(pictures, faces, captions(listed.photos)))


def pairs(pairs_file: Path, images: Path, detector: Detector, embedder: Embedder, cache: Path | None = None,
          tick: Tick = no_tick, *, cover: CoverJudge | None = None) -> PairsReport:
    """Measure `embedder` on the pairs of photos in `pairs_file`; of several faces in a photo the central one counts.

    cache: a folder for what was found and embedded (made if missing), None for none. cover: tells bare and masked apart.
    Raises DataError for a bad pairs file, missing photos or too little data, and Cancelled when tick does; what was
    computed until then stays cached.
    """
    start = time.monotonic()
    measured = measure(read_pairs(pairs_file, images), detector, embedder, cache, tick, cover)
    command = command_line("pairs", pairs_file, "--images", images, "--model", embedder.card.id)
    return report(measured, embedder.card.id, command, start)


def report(measured: Measured, model: str, command: str, start: float) -> PairsReport:
    """Raises DataError where no pair shows two faces."""
    listed, embeddings, found = measured.listed, measured.embedded.embeddings, measured.embedded.found
    first, second = listed.pairs.T
    seen = found[first] & found[second]
    if not seen.any():
        raise DataError(f"no face was found in any of the {len(listed.photos)} photos; check that they show faces")
    scores = np.einsum("nd,nd->n", embeddings[first], embeddings[second]).astype(np.float64)
    rejected = np.where(seen, scores, -np.inf)
    accuracy = metrics.ten_fold_accuracy(np.where(seen, scores, np.nan), listed.same, listed.fold)
    sizes = np.unique(listed.fold, return_counts=True)[1]
    genuine, impostor = rejected[listed.same], rejected[~listed.same]
    return PairsReport(
        model=model, pairs=len(scores), genuine=int(listed.same.sum()), images=len(listed.photos),
        undetected=int((~seen).sum()), undetected_genuine=int((~seen & listed.same).sum()),
        undetected_images=int((~found).sum()), accuracy=accuracy,
        correct=int(round(float(np.dot(accuracy.folds, sizes)))),
        accuracy_if_rejected=metrics.ten_fold_accuracy(rejected, listed.same, listed.fold).mean,
        accuracy_if_left_out=metrics.ten_fold_accuracy(scores[seen], listed.same[seen], listed.fold[seen]).mean,
        tar_at_far=tuple((far, metrics.tar_at_far(genuine, impostor, far)) for far in FARS),
        eer=metrics.eer(genuine, impostor)[0], threshold=float(np.mean(accuracy.thresholds)),
        seconds=time.monotonic() - start, command=command, evidence=Evidence(_apart(measured, rejected), (), worst_pairs(
            rejected, listed.same, lambda n: (measured.show(int(first[n])), measured.show(int(second[n]))))),
    )


def _apart(measured: Measured, scores: np.ndarray) -> tuple[Comparisons, ...]:
    """All pairs of the list, and bare and masked ones apart."""
    listed = measured.listed
    people = np.array([photo.parent.name for photo in listed.photos])
    return tuple(split_by_cover("listed pairs", scores, listed.same, people[listed.pairs], measured.worn[listed.pairs]))


# ---- the pairs file ---------------------------------------------------------------------------------------------


def read_pairs(pairs_file: Path, images: Path) -> PairList:
    """The pairs of a file like LFW's: lines `name n m` (same person) and `name1 n name2 m`, tabs or spaces between.

    A first line `folds per_fold` (LFW View 2) says that each fold is per_fold genuine, then per_fold impostor lines.
    Otherwise, also after a lone count, ten folds are cut: genuine and impostor lines apart, each in the file's order,
    which keeps most people in one fold. Photo n of NAME is NAME/NAME_000n with any picture suffix. Raises DataError.
    """
    try:
        lines = pairs_file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        raise DataError(f"the pairs file {pairs_file} is no readable text; give one in the format of LFW") from None
    header, rows = _rows(lines, pairs_file)
    available = _photos(images)
    missing = sorted({shot for left, right in rows for shot in (left, right) if shot not in available})
    if missing:
        shown = ", ".join(f"{name} {number}" for name, number in missing[:3])
        raise DataError(f"{len(missing)} photos of {pairs_file.name} are not in {images} (such as {shown}); "
                        f"the photo 1 of NAME is looked for as NAME/NAME_0001.jpg or .png")
    used = sorted({shot for row in rows for shot in row})
    place = {shot: number for number, shot in enumerate(used)}
    same = np.array([left[0] == right[0] for left, right in rows], dtype=bool)
    if not 2 <= same.sum() <= len(same) - 2:
        raise DataError(f"{pairs_file.name} holds {int(same.sum())} genuine and {int((~same).sum())} impostor pairs; "
                        f"at least two of each are needed")
    places = np.array([(place[left], place[right]) for left, right in rows])
    return PairList(tuple(available[shot] for shot in used), places, same, _folds(header, same, pairs_file))


def _rows(lines: list[str], file: Path) -> tuple[tuple[int, ...], list[tuple[tuple[str, int], tuple[str, int]]]]:
    header: tuple[int, ...] = ()
    rows = []
    for number, line in enumerate(lines, 1):
        fields = line.strip().split("\t") if "\t" in line.strip() else line.split()
        fields = [field.strip() for field in fields]
        if not fields or fields == [""]:
            continue
        if not rows and not header and len(fields) <= 2 and all(map(_is_number, fields)):
            header = tuple(int(field) for field in fields)
            continue
        numbers = fields[1:3] if len(fields) == 3 else fields[1::2]
        if len(fields) not in (3, 4) or not all(map(_is_number, numbers)):
            raise DataError(f"line {number} of {file.name} is not a pair; write NAME N M or NAME1 N NAME2 M")
        other = fields[0] if len(fields) == 3 else fields[2]
        rows.append(((fields[0], int(numbers[0])), (other, int(numbers[1]))))
    return header, rows


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _photos(images: Path) -> dict[tuple[str, int], Path]:
    if not images.is_dir():
        raise DataError(f"{images} is not a folder; give the one that holds a folder of photos per person")
    found = {}
    for path in sorted(images.glob("*/*")):
        name, _, number = path.stem.rpartition("_")
        if path.suffix.lower() in SUFFIXES and name == path.parent.name and _is_number(number):
            found.setdefault((name, int(number)), path)
    return found


def _folds(header: tuple[int, ...], same: np.ndarray, file: Path) -> np.ndarray:
    if len(header) == 2:
        folds, size = header
        order = np.tile(np.repeat([True, False], size), folds)
        if folds < 2 or len(same) != 2 * folds * size or not (same == order).all():
            raise DataError(f"{file.name} promises {folds} folds of {size} genuine and {size} impostor pairs, "
                            f"but its {len(same)} pairs are not so; correct or remove the first line")
        return np.repeat(np.arange(folds), 2 * size)
    fold = np.empty(len(same), dtype=int)
    count = min(10, int(same.sum()), int((~same).sum()))
    for kind in (True, False):
        total = int((same == kind).sum())
        fold[same == kind] = np.arange(total) * count // total
    return fold

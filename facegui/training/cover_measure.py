"""Measures the judge of covers on photos, through the program's own detector, and writes the figures into its card:

    python -m facegui.training.cover_measure --model weights/cover --masked MFR2_DIR --bare LFW_DIR --looked-at FILE

For final figures only: neither set may be trained on, or used to choose.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from ..cards import write_card
from ..cover import CoverJudge
from ..detect import MtcnnDetector
from ..image import read
from ..types import DataError, Detector, Face
from .cover import share
from .cover_faces import labels

MASK, OTHER = 0, 1  # places in what the judge says of a face


@dataclass(frozen=True, slots=True)
class Measured:
    """right: faces judged rightly, of: faces judged, lost: photos in which no face was found."""

    right: int
    of: int
    lost: int
    wrong: tuple[Path, ...]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m facegui.training.cover_measure", description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, required=True, help="folder of the judge")
    parser.add_argument("--masked", type=Path, help="MFR2: images/NAME/NAME_0001.png and labels.txt (name, number, mask)")
    parser.add_argument("--bare", type=Path, help="LFW: images/NAME/NAME_0001.jpg, all bare")
    parser.add_argument("--looked-at", type=Path, help="which LFW photos somebody saw to be otherwise covered: lines of "
                        "NAME_0001, a tab, and other or unsure; the other photos count as free of it")
    parser.add_argument("--sample", type=int, default=1000, help="photos taken from the bare ones")
    parser.add_argument("--threads", type=int, default=1)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    judge, detector = CoverJudge(given.model, "cpu"), MtcnnDetector("cpu")
    figures = dict(judge.card.figures)
    if given.masked:
        marked = read_labels(given.masked)
        for covered in (True, False):
            photos = [photo for photo, masked in marked if masked == covered]
            name = "MFR2 masked photos judged masked" if covered else "MFR2 bare photos judged bare"
            figures[name] = report(name, measure(judge, detector, photos, MASK, covered))
    if given.bare:
        photos = sorted((given.bare / "images").rglob("*.jpg"))
        if not photos:
            raise DataError(f"there are no photos images/NAME/NAME_0001.jpg in {given.bare}")
        seen = labels(given.looked_at) if given.looked_at else {}
        some = [photos[i] for i in np.random.default_rng(0).permutation(len(photos))[:given.sample]]
        sets = {"LFW photos judged bare": (some, MASK, False)}
        if seen:
            sets["LFW photos not judged otherwise covered"] = [one for one in some if one.stem not in seen], OTHER, False
            sets["LFW photos with dark glasses, hands and things judged otherwise covered"] = [
                one for one in photos if seen.get(one.stem) == "other"], OTHER, True
        for name, (shown, which, worn) in sets.items():
            figures[name] = report(name, measure(judge, detector, shown, which, worn))
    write_card(given.model, replace(judge.card, figures=figures))


def measure(judge: CoverJudge, detector: Detector, photos: Iterable[Path], which: int, covered: bool) -> Measured:
    """Judges the face nearest to the middle of every photo; all are `covered` by a MASK, or by an OTHER cover, or all are not."""
    right = of = lost = 0
    wrong = []
    for photo in photos:
        pixels = read(photo).pixels
        faces = detector.detect(pixels)
        if not faces:
            lost += 1
            continue
        found = judge.covers(pixels, [min(faces, key=lambda face: _off_centre(face, pixels))])[0][which]
        of += 1
        right += found == covered
        if found != covered:
            wrong.append(photo)
    return Measured(right, of, lost, tuple(wrong))


def read_labels(folder: Path) -> list[tuple[Path, bool]]:
    """(photo, wears a mask) for each line of labels.txt. Raises DataError."""
    try:
        lines = [line.split(",") for line in (folder / "labels.txt").read_text().splitlines() if line.strip()]
        found = [(folder / "images" / name.strip() / f"{name.strip()}_{int(number):04d}.png", kind.strip() != "no-mask")
                 for name, number, kind in lines]
    except (OSError, ValueError) as error:
        raise DataError(f"{folder / 'labels.txt'} must have lines of name, number, mask type: {error}") from None
    return [(photo, masked) for photo, masked in found if photo.exists()]


def report(name: str, measured: Measured) -> dict[str, object]:
    figure = share(measured.right, measured.of) | {"no face found": measured.lost}
    print(name, figure, "wrong:", *(photo.name for photo in measured.wrong), flush=True)
    return figure


def _off_centre(face: Face, pixels: np.ndarray) -> float:
    x1, y1, x2, y2 = face.box
    height, width = pixels.shape[:2]
    return abs(x1 + x2 - width) + abs(y1 + y2 - height) - 0.5 * (x2 - x1)


if __name__ == "__main__":
    main()

"""Aligned faces on disk: one memory-mapped array, its people, and where the five points stand in every picture."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..types import DataError

UNKNOWN = -1


@dataclass(frozen=True, slots=True, eq=False)
class FaceSet:
    """Aligned faces; the five landmarks of each stand at `points`.

    pixels (n, side, side, 3) RGB uint8, points (5, 2) px, the same in every picture, or (n, 5, 2),
    people (n,) number of the person or UNKNOWN,
    covered (n,) bool: wears a real mask; names: people's names by number.
    """

    pixels: np.ndarray
    points: np.ndarray
    people: np.ndarray
    covered: np.ndarray
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.people)

    def points_of(self, row: int) -> np.ndarray:
        """(5, 2) px: where the landmarks stand in picture `row`."""
        return self.points if self.points.ndim == 2 else self.points[row]


def save(folder: Path, faces: FaceSet) -> None:
    """Write all but the pixels, which the caller has put into pixels.npy; done last, it marks the set as complete."""
    part = folder / "faces.json.part"
    part.write_text(json.dumps({"points": np.asarray(faces.points).tolist(), "people": faces.people.tolist(),
                                "covered": faces.covered.astype(int).tolist(), "names": list(faces.names)}))
    os.replace(part, folder / "faces.json")


def load(folder: Path) -> FaceSet:
    """The set in `folder`, its pixels mapped, not read. Raises DataError."""
    try:
        facts = json.loads((folder / "faces.json").read_text())
        pixels = np.load(folder / "pixels.npy", mmap_mode="r", allow_pickle=False)
        faces = FaceSet(pixels, np.array(facts["points"], np.float64), np.array(facts["people"], np.int64),
                        np.array(facts["covered"], bool), tuple(facts["names"]))
        if not len(faces.pixels) == len(faces.people) == len(faces.covered):
            raise ValueError("the counts differ")
        return faces
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{folder} holds no complete set of aligned faces ({error}). Delete it to make it anew.") from None


def split(people: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Identity-disjoint rows: (training, validation). Validation gets that share of the people with two or more faces;
    faces of nobody known go to training."""
    known, counts = np.unique(people[people != UNKNOWN], return_counts=True)
    several = known[counts > 1]
    held = np.random.default_rng(seed).permutation(several)[: round(share * len(several))]
    validation = np.isin(people, held)
    return np.flatnonzero(~validation), np.flatnonzero(validation)

"""What a measurement rests on: every score with its person, failures counted, and the worst mistakes as pictures.

Every recipe hands its evidence on; figures, charts and the report are made from it in one place.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from .. import align
from ..types import CropSpec, Face

MOST_SHOWN = 8  # mistakes of each kind
# Shown faces: upright and centred like a model's crop, with more of the head round it.
PORTRAIT = CropSpec("align", 112, tuple((56 + 0.62 * (x - 56), 60 + 0.62 * (y - 66)) for x, y in align.ARCFACE_112))


@dataclass(frozen=True, slots=True, eq=False)
class Comparisons:
    """1:1. genuine (g,) and impostor (i,) scores, -inf where a face was not found; whose: (g,) and (i, 2) names or numbers."""

    name: str
    genuine: np.ndarray
    impostor: np.ndarray
    genuine_people: np.ndarray
    impostor_people: np.ndarray


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """1:N among `gallery` people, closed and open set.

    mated (p,): the mate's score, -inf where the probe's face or all of the mate's templates were not found; ranks (p,):
    the mate's, 1 = first, ties against it. strangers (m,): the best score of each search for somebody not enrolled.
    """

    name: str
    gallery: int
    mated: np.ndarray
    ranks: np.ndarray
    mated_people: np.ndarray
    strangers: np.ndarray
    stranger_people: np.ndarray
    not_enrolled: int = 0  # people: failures to enroll
    not_acquired: int = 0  # searches without a face: failures to acquire

    @property
    def accepted(self) -> np.ndarray:
        """(p,) the mate's score where it came first, else -inf: a search that found somebody else missed at any threshold."""
        return np.where(self.ranks == 1, self.mated, -np.inf)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A face to be shown: what stands under it, and how to get its (112, 112, 3) RGB uint8 pixels."""

    caption: str
    pixels: Callable[[], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Mistake:
    """Two faces that a model takes for one person, or one person's that it takes for two."""

    kind: str
    score: float
    one: Side
    other: Side


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    comparisons: tuple[Comparisons, ...] = ()
    searches: tuple[Searches, ...] = ()
    mistakes: tuple[Mistake, ...] = ()


def side(caption: str, pixels: Callable[[], np.ndarray], face: Face) -> Side:
    """The face cut out of its photo when it is asked for."""
    return Side(caption, lambda: align.crop(pixels(), face, PORTRAIT))


def plain(report: Any) -> dict[str, Any]:
    """The fields of a report, all but its evidence, ready for asdict-like use."""
    return {one.name: getattr(report, one.name) for one in fields(report) if one.name != "evidence"}


def split_by_cover(name: str, scores: np.ndarray, same: np.ndarray, people: np.ndarray, covered: np.ndarray,
                   least: int = 10) -> list[Comparisons]:
    """All comparisons, and, where any face is covered, bare and masked apart.

    scores, same (n,), people (n, 2), covered (n, 2): NaN where no face was found, else 1 for a mask, 0 for none, infinity for
    another cover, which is in none of these groups. A group with fewer than `least` genuine or impostor comparisons is left
    out: it could tell nothing.
    """
    groups = {name: np.ones(len(scores), bool)}
    if np.nansum(covered):
        worn = np.nan_to_num(covered, posinf=np.inf).sum(axis=1)
        groups |= {f"{name}: both bare": worn == 0, f"{name}: one masked": worn == 1, f"{name}: both masked": worn == 2}
    made = [Comparisons(title, scores[rows & same], scores[rows & ~same], people[rows & same, 0], people[rows & ~same])
            for title, rows in groups.items()]
    return [one for one in made if one.name == name or min(len(one.genuine), len(one.impostor)) >= least]


def worst_pairs(scores: np.ndarray, same: np.ndarray, shown: Callable[[int], tuple[Side, Side]]) -> tuple[Mistake, ...]:
    """The highest impostor and the lowest genuine scores, worst first; `shown` makes the two faces of a comparison."""
    made = []
    for kind, rows, sign in (("different people, alike", ~same, -1), ("the same person, unlike", same, 1)):
        places = np.flatnonzero(rows & np.isfinite(scores))
        for place in places[np.argsort(sign * scores[places], kind="stable")][:MOST_SHOWN]:
            made.append(Mistake(kind, float(scores[place]), *shown(int(place))))
    return tuple(made)

"""The user's own gallery, measured on itself: what errors to expect, and which photos and people deserve a look.

Leave one photo out: each photo of a person with several searches the others (mated), and searches everybody else's as if
its person had never been enrolled (non-mated). Photos of one session resemble each other, so the true miss rate is higher.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..types import DataError, Progress, Tick, no_tick
from .crowd import LEAST, all_pairs
from .evidence import MOST_SHOWN, Evidence, Mistake, Searches, Side, plain
from .figures import figures
from .photos import Embedded, command_line

TWIN = 0.98  # a score from which two photos are nearly the same picture, whatever the model
CHUNK = 1024


@dataclass(frozen=True, slots=True, eq=False)
class Enrolled:
    """Every template: (n, d) unit vectors, (n,) names, photo ids and masked; `show` makes the picture of a place."""

    vectors: np.ndarray
    people: np.ndarray
    photos: np.ndarray
    masked: np.ndarray
    show: Callable[[int], Side]


@dataclass(frozen=True, slots=True)
class Doubt:
    """kind: mislabelled (looks like `other`), unlike (its person's other photos), twin (nearly the same picture), alike
    (two people's nearest photos)."""

    kind: str
    score: float
    person: str
    photo: int
    other: str
    other_photo: int


@dataclass(frozen=True, slots=True)
class GalleryReport:
    """Expected errors at the gallery's own `threshold` (of bare faces; masked ones have their own): `missed` of `searches` for
    enrolled people, `named` of `strangers`, with everybody once in the place of a stranger."""

    model: str
    people: int
    photos: int
    single_photo_people: int
    threshold: float
    searches: int
    missed: int
    misnamed: int  # of them: under somebody else's name
    strangers: int
    named: int
    doubts: tuple[Doubt, ...]
    seconds: float
    command: str
    evidence: Evidence = field(default=Evidence(), repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        return {**plain(self), "doubts": [asdict(one) for one in self.doubts], "seconds": round(self.seconds, 1),
                **figures(self.evidence)}


def gallery(enrolled: Enrolled, model: str, thresholds: Sequence[float], tick: Tick = no_tick) -> GalleryReport:
    """thresholds: scores from which two faces are taken for one person's, by how many of them wear a mask (0 to 2).

    Raises DataError with fewer than two people, or nobody with two photos; and Cancelled when tick does."""
    start = time.monotonic()
    names, who, counts = np.unique(enrolled.people, return_inverse=True, return_counts=True)
    if len(names) < 2 or counts.max() < 2:
        raise DataError(f"the gallery holds {len(names)} people, {int((counts > 1).sum())} of them with two photos or more: too "
                        "few to measure; enroll at least two people, one of them with two photos")
    needed, worn = np.asarray(thresholds, np.float64), enrolled.masked.astype(int)
    near = _nearest(enrolled.vectors, who, (needed - needed[0])[worn[:, None] + [0, 1]], worn, tick)
    several = counts[who] > 1
    ranks = np.where(several, near.rank, 0)[several]
    searches = _searches(enrolled, near, several, ranks, who, len(names))
    known, mixed = near.own >= needed[0], near.other >= needed[0]
    misnamed = (ranks > 1) & mixed[several]
    doubts, mistakes = _doubts(enrolled, near, who, several, known, mixed)
    compared = all_pairs("all photos", Embedded(enrolled.vectors, np.ones(len(who), bool)), enrolled.people,
                         enrolled.masked.astype(float))
    return GalleryReport(
        model, len(names), len(who), int((counts == 1).sum()), float(needed[0]), len(ranks),
        int((~known[several] | (ranks > 1)).sum()), int(misnamed.sum()), len(who), int(mixed.sum()), tuple(doubts),
        time.monotonic() - start, command_line("gallery", "--model", model),
        Evidence(tuple(compared), tuple(searches), tuple(mistakes)))


@dataclass(frozen=True, slots=True, eq=False)
class _Near:
    """(n,) each photo's best score with another photo of its person and with anybody else's, where, and the mate's rank.

    Scores of pairs with masks are lowered by what such pairs must score more, so that one threshold fits all.
    """

    own: np.ndarray
    own_place: np.ndarray
    other: np.ndarray
    other_place: np.ndarray
    rank: np.ndarray


def _nearest(vectors: np.ndarray, who: np.ndarray, more: np.ndarray, worn: np.ndarray, tick: Tick) -> _Near:
    """more (n, 2): what each photo's pairs must score more with a bare photo, and with a masked one."""
    count = len(who)
    order = np.argsort(who, kind="stable")
    first = np.unique(who[order], return_index=True)[1]
    parts = []
    for start in range(0, count, CHUNK):
        tick(Progress(start, count, "Comparing everybody with everybody"))
        mine = np.arange(start, min(start + CHUNK, count))
        scores = vectors[mine] @ vectors.T - more[mine][:, worn]
        scores[np.arange(len(mine)), mine] = -np.inf  # the photo itself is left out
        same = who[mine, None] == who[None]
        own, other = np.where(same, scores, -np.inf), np.where(same, -np.inf, scores)
        mate = own.max(axis=1)
        best = np.maximum.reduceat(scores[:, order], first, axis=1)
        best[np.arange(len(mine)), who[mine]] = -np.inf
        parts.append((mate, own.argmax(axis=1), other.max(axis=1), other.argmax(axis=1), 1 + (best >= mate[:, None]).sum(axis=1)))
    return _Near(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def _searches(enrolled: Enrolled, near: _Near, several: np.ndarray, ranks: np.ndarray, who: np.ndarray,
              people: int) -> list[Searches]:
    made = []
    worn = enrolled.masked.astype(bool)
    for title, state in (("leave one photo out", None), ("leave one photo out: bare photos", False),
                         ("leave one photo out: masked photos", True)):
        mine = np.ones(len(who), bool) if state is None else worn == state
        if state is not None and (not worn.any() or (mine & several).sum() < LEAST):
            continue
        made.append(Searches(title, people, near.own[several & mine], ranks[mine[several]], who[several & mine],
                             near.other[mine], who[mine]))
    return made


def _doubts(enrolled: Enrolled, near: _Near, who: np.ndarray, several: np.ndarray, known: np.ndarray,
            mixed: np.ndarray) -> tuple[list[Doubt], list[Mistake]]:
    """known, mixed (n,) bool: photos that pass for their person's others', or for somebody else's."""
    pairs = np.arange(len(who))
    wrong = several & mixed & (near.other > near.own)
    unlike = several & ~wrong & ~known
    twins = (near.own >= TWIN) & (near.own_place > pairs)  # each pair once
    alike = _alike(near, who)
    found: list[tuple[str, float, int, int]] = []
    for kind, places, score, other in (
            ("mislabelled", np.flatnonzero(wrong), near.other, near.other_place),
            ("twin", np.flatnonzero(twins), near.own, near.own_place), ("alike", alike, near.other, near.other_place),
            ("unlike", np.flatnonzero(unlike), near.own, near.own_place)):
        ranked = places[np.argsort(score[places] * (1 if kind == "unlike" else -1), kind="stable")]
        found += [(kind, float(score[place]), int(place), int(other[place])) for place in ranked]
    doubts = [Doubt(kind, score, str(enrolled.people[one]), int(enrolled.photos[one]), str(enrolled.people[two]),
                    int(enrolled.photos[two])) for kind, score, one, two in found]
    words = {"mislabelled": "looks like somebody else", "twin": "nearly the same picture", "alike": "different people, alike",
             "unlike": "unlike the person's other photos"}
    shown = [item for kind in words for item in [one for one in found if one[0] == kind][:MOST_SHOWN]]
    return doubts, [Mistake(words[kind], score, enrolled.show(one), enrolled.show(two)) for kind, score, one, two in shown]


def _alike(near: _Near, who: np.ndarray) -> np.ndarray:
    """One photo for each of the pairs of people that resemble each other most, MOST_SHOWN of them at most."""
    pairs = np.sort(np.stack([who, who[near.other_place]], axis=1), axis=1)
    order = np.argsort(-near.other, kind="stable")
    _, first = np.unique(pairs[order], axis=0, return_index=True)
    return order[np.sort(first)][:MOST_SHOWN]

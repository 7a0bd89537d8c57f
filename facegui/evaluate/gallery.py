"""The user's own gallery, measured on itself: what errors to expect, and which photos and people deserve a look.

Leave one photo out (gallery/leave_out.py): each photo of a person with several searches the others (mated), and searches everybody
else's as if its person had never been enrolled (non-mated), by the rule that decides about any face. Photos of one session
resemble each other, so the true miss rate is higher.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from ..decide.tails import BARE
from ..gallery.leave_out import NOBODY, LeftOut
from ..types import Cover
from .crowd import LEAST, all_pairs
from .evidence import MOST_SHOWN, Evidence, Mistake, Searches, Side, plain
from .figures import figures
from .photos import Embedded, command_line

TWIN = 0.98  # a score from which two photos are nearly the same picture, whatever the model


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
    """Expected errors: `missed` of `searches` for enrolled people get no name or a wrong one, `named` of `strangers` get one, with
    everybody once in the place of a stranger. `threshold`: of bare faces; scores are given as if of these."""

    model: str
    people: int
    photos: int
    single_photo_people: int
    threshold: float
    searches: int
    missed: int
    misnamed: int  # of them: under somebody else's name
    asked: int  # of them: it is asked whether it is that person
    strangers: int
    named: int
    doubts: tuple[Doubt, ...]
    seconds: float
    command: str
    evidence: Evidence = field(default=Evidence(), repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        return {**plain(self), "doubts": [asdict(one) for one in self.doubts], "seconds": round(self.seconds, 1),
                **figures(self.evidence)}


def gallery(left: LeftOut, model: str, show: Callable[[int], Side], started: float | None = None) -> GalleryReport:
    """show: makes the picture of the photo at a place; started: on the clock of time.monotonic."""
    started = time.monotonic() if started is None else started
    _, who, counts = np.unique(left.people, return_inverse=True, return_counts=True)
    names, found, several = np.array([left.names[one] for one in left.people.tolist()]), left.found, counts[who] > 1
    own, other = _as_bare(left, found.own), _as_bare(left, found.other)
    right, somebody = found.name == left.people, found.name != NOBODY
    doubts, mistakes = _doubts(left, own, other, names, who, show)
    compared = all_pairs("all photos", Embedded(left.vectors, np.ones(len(who), bool)), names,
                         np.select([left.covers == Cover.MASKED, left.covers == Cover.OTHER], [1.0, np.inf], 0.0))
    return GalleryReport(
        model, len(counts), len(who), int((counts == 1).sum()), left.level.score(BARE, left.level.match), int(several.sum()),
        int((several & ~right).sum()), int((several & ~right & somebody).sum()), int((several & (found.question == left.people)).sum()),
        len(who), int(found.stranger.sum()), tuple(doubts), time.monotonic() - started, command_line("gallery", "--model", model),
        Evidence(tuple(compared), tuple(_searches(left, own, other, several, who, len(counts))), tuple(mistakes)))


def _as_bare(left: LeftOut, rarities: np.ndarray) -> np.ndarray:
    """Scores of bare faces that are as rare; -inf where there is none."""
    return np.array([left.level.score(BARE, one) if np.isfinite(one) else -np.inf for one in rarities.tolist()])


def _searches(left: LeftOut, own: np.ndarray, other: np.ndarray, several: np.ndarray, who: np.ndarray, people: int) -> list[Searches]:
    made = []
    for title, cover in (("leave one photo out", None), ("leave one photo out: bare photos", Cover.BARE),
                         ("leave one photo out: masked photos", Cover.MASKED),
                         ("leave one photo out: otherwise covered photos", Cover.OTHER)):
        mine = np.ones(len(who), bool) if cover is None else left.covers == cover
        if cover is not None and ((left.covers == Cover.BARE).all() or (mine & several).sum() < LEAST):
            continue
        made.append(Searches(title, people, own[several & mine], left.found.rank[several & mine], who[several & mine], other[mine],
                             who[mine]))
    return made


def _doubts(left: LeftOut, own: np.ndarray, other: np.ndarray, names: np.ndarray, who: np.ndarray,
            show: Callable[[int], Side]) -> tuple[list[Doubt], list[Mistake]]:
    found, needed = left.found, left.level.match
    place = {photo: at for at, photo in enumerate(left.photos.tolist())}
    mate, rival = (np.array([place.get(photo, NOBODY) for photo in photos.tolist()]) for photos in (found.own_photo, found.other_photo))
    several = mate != NOBODY
    wrong = several & (rival != NOBODY) & (found.other >= needed) & (found.other > found.own)
    twin, alike = _twins(left.vectors, who), _alike(found.other, who, who[rival])
    alike = alike[rival[alike] != NOBODY]
    listed: list[tuple[str, float, int, int]] = []
    for kind, places, score, to in (
            ("mislabelled", np.flatnonzero(wrong), other, rival), ("twin", np.flatnonzero(twin[0] >= TWIN), *twin),
            ("alike", alike, other, rival), ("unlike", np.flatnonzero(several & ~wrong & (found.own < needed)), own, mate)):
        ranked = places[np.argsort(score[places] * (1 if kind == "unlike" else -1), kind="stable")]
        listed += [(kind, float(score[one]), int(one), int(to[one])) for one in ranked]
    doubts = [Doubt(kind, score, str(names[one]), int(left.photos[one]), str(names[two]), int(left.photos[two]))
              for kind, score, one, two in listed]
    words = {"mislabelled": "looks like somebody else", "twin": "nearly the same picture", "alike": "different people, alike",
             "unlike": "unlike the person's other photos"}
    shown = [item for kind in words for item in [one for one in listed if one[0] == kind][:MOST_SHOWN]]
    return doubts, [Mistake(words[kind], score, show(one), show(two)) for kind, score, one, two in shown]


def _twins(vectors: np.ndarray, who: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(n,) each photo's best cosine with a later one of its person (-inf: there is none), and where that is."""
    score, place = np.full(len(who), -np.inf), np.zeros(len(who), np.int64)
    order = np.argsort(who, kind="stable")
    for mine in np.split(order, np.flatnonzero(np.diff(who[order])) + 1):
        if len(mine) > 1:
            scores = np.where(np.triu(np.ones((len(mine), len(mine)), bool), 1), vectors[mine] @ vectors[mine].T, -np.inf)
            score[mine], place[mine] = scores.max(axis=1), mine[scores.argmax(axis=1)]
    return score, place


def _alike(rarities: np.ndarray, who: np.ndarray, other: np.ndarray) -> np.ndarray:
    """One photo for each of the pairs of people that resemble each other most, MOST_SHOWN of them at most."""
    order = np.argsort(-rarities, kind="stable")
    _, first = np.unique(np.sort(np.stack([who, other], axis=1), axis=1)[order], axis=0, return_index=True)
    return order[np.sort(first)][:MOST_SHOWN]

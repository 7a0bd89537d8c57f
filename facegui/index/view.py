"""One moment of the index, frozen: readers search it without a lock while writers prepare the next.

Annoy (Bernhardsson, github.com/spotify/annoy) nominates from its trees, exact cosine decides; rows that came after
the trees were built (the delta) are always compared exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

import numpy as np

SCORES_AT_ONCE = 1 << 24  # exact search takes so many probes together that their scores stay within 64 MiB
STRETCH = 128  # scores whose peak is looked at first
FIRST_ROWS = 64  # best templates looked at first; more where a few people own them all


class Hit(NamedTuple):
    """One person near a probe: best cosine over the person's templates, and the photo that gave it."""

    person_id: int
    photo_id: int
    score: float


def largest(scores: np.ndarray, count: int) -> np.ndarray:
    """Where the `count` largest of (n,) scores stand, in any order.

    They stand in the `count` stretches with the highest peaks, so only those are sorted apart: a third of the time
    for 100,000 scores.
    """
    if count >= len(scores):
        return np.arange(len(scores))
    whole = len(scores) // STRETCH * STRETCH
    if whole > 4 * STRETCH * count:
        peaks = scores[:whole].reshape(-1, STRETCH).max(axis=1)
        high = np.argpartition(peaks, len(peaks) - count)[len(peaks) - count:]
        rows = np.concatenate([(high[:, None] * STRETCH + np.arange(STRETCH)).ravel(), np.arange(whole, len(scores))])
        return rows[largest(scores[rows], count)]
    return np.argpartition(scores, len(scores) - count)[len(scores) - count:]


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Templates as rows: those of the base first, then the delta's.

    `blocks`: delta vectors, (rows, dimension) float32 each; `ids`, `photos`, `people`: (n,) int64; `alive`: (n,) bool,
    False for removed templates; `dead`: how many those are.
    """

    base: object | None  # index.generation.Generation
    blocks: tuple[np.ndarray, ...]
    ids: np.ndarray
    photos: np.ndarray
    people: np.ndarray
    alive: np.ndarray
    dead: int = 0

    def search(self, probes: np.ndarray, top: int) -> list[list[Hit]]:
        """The `top` people nearest to each of (n, dimension) unit probes, best first; fewer where there are fewer."""
        if self.dead == len(self.ids) or top < 1:
            return [[] for _ in probes]
        if self.base is not None and self.base.nominates(len(probes)):
            return [self._nominated(probe, top) or self._exact(probe[None], top)[0] for probe in probes]
        return self._exact(probes, top)

    def _exact(self, probes: np.ndarray, top: int) -> list[list[Hit]]:
        found: list[list[Hit]] = []
        step = max(1, SCORES_AT_ONCE // len(self.ids))
        for start in range(0, len(probes), step):
            scores = self.scores(probes[start:start + step])
            found.extend(self._best(row, top) for row in scores)
        return found

    def scores(self, probes: np.ndarray) -> np.ndarray:
        """(probes, rows) float32 cosines; -2, below any cosine, for removed rows."""
        scores = np.empty((len(probes), len(self.ids)), np.float32)
        at = 0
        for block in chain(() if self.base is None else self.base.pieces(), self.blocks):
            np.matmul(probes, block.T, out=scores[:, at:at + len(block)])
            at += len(block)
        if self.dead:
            scores[:, ~self.alive] = -2
        return scores

    def _best(self, scores: np.ndarray, top: int) -> list[Hit]:
        rows = len(scores)
        taken = min(rows, max(FIRST_ROWS, 8 * top))
        while True:
            best = largest(scores, taken)
            hits = self._people(best, scores[best], top)
            if len(hits) == top or taken == rows:
                return hits
            taken = min(rows, 16 * taken)  # somebody owns very many templates

    def _people(self, rows: np.ndarray, scores: np.ndarray, top: int) -> list[Hit]:
        """The best row of each person, best first; equal scores in the order the templates came."""
        order = np.lexsort((rows, -scores))
        rows, scores = rows[order], scores[order]
        rows, scores = rows[scores > -2], scores[scores > -2]
        _, first = np.unique(self.people[rows], return_index=True)
        first = np.sort(first)[:top]
        return [Hit(int(self.people[rows[at]]), int(self.photos[rows[at]]), min(float(scores[at]), 1.0))
                for at in first]

    def _nominated(self, probe: np.ndarray, top: int) -> list[Hit]:
        """Hits among the trees' nominees and the delta; none where the nominees are too few people to answer."""
        rows, near = self.base.nominate(probe, max(FIRST_ROWS, 8 * top))
        scores = np.concatenate([near, *(block @ probe for block in self.blocks)])
        rows = np.concatenate([rows, np.arange(len(self.base.ids), len(self.ids))])
        if self.dead:
            scores[~self.alive[rows]] = -2
        hits = self._people(rows, scores, top)
        return hits if len(hits) == top else []

"""Who may be in the gallery twice, and which photos may lie with the wrong person: every template against every other.

A photo is misplaced where, without its own template, the gallery would name it as somebody else: another person's
template reaches the threshold, and the rest of its own person does not, or stays LEAD behind. Two people are duplicates
where half of the templates of either reach it with the other's, and misplaced photos do not explain that: of nine
pairs of photos of two strangers one may come near, but not half of the photos.

Masks resemble each other, so pairs of which one or both wear a mask must score more to say as much; their scores count
less by just that.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ..store import people, trust
from ..store import photos as stored
from ..types import Doubts, Duplicate, Misplaced, Progress, Tick, no_tick

if TYPE_CHECKING:
    from . import Gallery

LEAD = 0.15  # of cosine; looks of one person differ by as much
TILE = 1024  # rows compared at a time: 4 MB of scores
MOST_HITS = 20_000  # kept of a tile: enough for any gallery whose threshold means something


class Nearest(NamedTuple):
    """For n templates: the best score with the rest of the own person (-2: there is none), the best with anybody else
    and that one's row; and every pair of rows (k, 2) of two people at or above the threshold, with its score."""

    own: np.ndarray
    other: np.ndarray
    like: np.ndarray
    pairs: np.ndarray
    scores: np.ndarray


def look(gallery: Gallery, threshold: float, tick: Tick = no_tick, more: Sequence[float] = (0.0, 0.0, 0.0)) -> Doubts:
    """Both lists, most alike first, without what was decided before.

    threshold: the score for a bare face's name; more: what pairs must score beyond it, by how many of the two are covered.
    """
    started = time.perf_counter()
    photos, persons, vectors = gallery.templates_in_use()
    order = np.argsort(persons, kind="stable")  # one person's templates side by side
    photos, persons, vectors = photos[order], persons[order], vectors[order]
    with gallery.database.read() as c:
        covered = np.isin(photos, np.union1d(trust.masked_photos(c), trust.hidden_photos(c)))
    near = nearest(persons, vectors, threshold, tick, covered, more)
    apart, kept = gallery.sorting.decided()
    lost = misplaced(persons, near, threshold, {row for row, pair in enumerate(zip(photos.tolist(), persons.tolist()))
                                                if pair in kept})
    twice = duplicates(persons, near, lost, apart)
    lost = [row for row in np.flatnonzero(lost).tolist()
            if _pair(persons[row], persons[near.like[row]]) not in twice]
    with gallery.database.read() as c:
        named = people.names_of(c, set(persons.tolist()))
    everyone = sorted(twice.values(), key=lambda one: -near.scores[one])
    pairs = [(near.pairs[one].tolist(), float(near.scores[one])) for one in everyone]
    return Doubts(
        tuple(Duplicate(named[persons[a]], named[persons[b]], score, int(photos[a]), int(photos[b]))
              for (a, b), score in pairs if {persons[a], persons[b]} <= named.keys()),
        tuple(Misplaced(int(photos[row]), named[persons[row]], float(near.own[row]), named[persons[near.like[row]]],
                        int(photos[near.like[row]]), float(near.other[row]))
              for row in sorted(lost, key=lambda row: near.own[row] - near.other[row])
              if {persons[row], persons[near.like[row]]} <= named.keys()),
        len(vectors), threshold, time.perf_counter() - started)


def still(gallery: Gallery, found: Doubts) -> Doubts:
    """Those whose people and photos are as they were, and that were not settled: nobody deleted, renamed or merged since, no
    photo moved."""
    with gallery.database.read() as c:
        owners = stored.owners(c)
        named = people.names_of(c, set(owners.values()))
    apart, kept = gallery.sorting.decided()

    def holds(photo: int, name: str) -> bool:
        return named.get(owners.get(photo)) == name

    return replace(
        found, duplicates=tuple(one for one in found.duplicates if holds(one.one_photo, one.one) and holds(one.other_photo, one.other)
                                and _pair(owners[one.one_photo], owners[one.other_photo]) not in apart),
        misplaced=tuple(one for one in found.misplaced if holds(one.photo, one.person) and holds(one.like_photo, one.like)
                        and (one.photo, owners[one.photo]) not in kept))


def nearest(persons: np.ndarray, vectors: np.ndarray, threshold: float, tick: Tick = no_tick,
            covered: np.ndarray | None = None, more: Sequence[float] = (0.0, 0.0, 0.0)) -> Nearest:
    """persons (n,) ids, equal ones side by side; vectors (n, dimension) float32 of unit length; covered (n,) bool: what the
    faces wear; more: by how much scores count less, by how many of the two wear a mask.

    Each pair is multiplied once, a tile at a time, so memory does not grow with n squared.
    """
    n = len(vectors)
    less = np.asarray(more, np.float32)
    worn = np.zeros(n, np.int8) if covered is None or not less.any() else covered.astype(np.int8)
    own, other, like = np.full(n, -2, np.float32), np.full(n, -2, np.float32), np.zeros(n, np.int64)
    pairs, scores = [np.empty((0, 2), np.int64)], [np.empty(0, np.float32)]
    for top in range(0, n, TILE):
        tick(Progress(top, n, "comparing everybody with everybody"))
        rows = slice(top, min(top + TILE, n))
        for left in range(top, n, TILE):
            columns = slice(left, min(left + TILE, n))
            score = vectors[rows] @ vectors[columns].T
            if worn[rows].any() or worn[columns].any():
                score -= less[worn[rows][:, None] + worn[columns]]
            if persons[rows][-1] >= persons[left]:  # somebody may be in both: only near the diagonal
                same = persons[rows][:, None] == persons[columns]
                mine = np.where(same, score, np.float32(-2))
                if left == top:
                    np.fill_diagonal(mine, -2)
                np.maximum(own[rows], mine.max(1), out=own[rows])
                np.maximum(own[columns], mine.max(0), out=own[columns])
                score[same] = -2
            _best(other, like, rows, score, left)
            if left > top:
                _best(other, like, columns, score.T, top)
            a, b = np.nonzero(np.triu(score >= threshold) if left == top else score >= threshold)
            hits = score[a, b]
            if len(hits) > MOST_HITS:
                best = np.argpartition(-hits, MOST_HITS)[:MOST_HITS]
                a, b, hits = a[best], b[best], hits[best]
            pairs.append(np.stack([a + top, b + left], axis=1))
            scores.append(hits)
    return Nearest(own, other, like, np.concatenate(pairs), np.concatenate(scores))


def _best(other: np.ndarray, like: np.ndarray, rows: slice, score: np.ndarray, offset: int) -> None:
    at = score.argmax(1)
    best = score[np.arange(len(at)), at]
    better = best > other[rows]
    other[rows][better], like[rows][better] = best[better], at[better] + offset


def misplaced(persons: np.ndarray, near: Nearest, threshold: float, kept: set[int] = frozenset()) -> np.ndarray:
    """(n,) bool: templates that would be named as somebody else if they were not enrolled. `kept`: rows decided before.

    Where all photos of a person look like one other person, that is a duplicate and none of them is misplaced.
    """
    found = (near.own > -2) & (near.other >= threshold) & ((near.own < threshold) | (near.other - near.own >= LEAD))
    found[list(kept)] = False
    rows = np.flatnonzero(found)
    pairs, place, count = np.unique(np.stack([persons[rows], persons[near.like[rows]]], axis=1), axis=0, return_inverse=True,
                                    return_counts=True)
    ids, sizes = np.unique(persons, return_counts=True)
    whole = count == sizes[np.searchsorted(ids, pairs[:, 0])]
    found[rows[whole[place.reshape(-1)]]] = False
    return found


def duplicates(persons: np.ndarray, near: Nearest, lost: np.ndarray, apart: set[tuple[int, int]]) -> dict[tuple[int, int], int]:
    """(person id, person id), smaller first -> the row of `near.pairs` with their best score. `lost`: see `misplaced`."""
    a, b = near.pairs.T
    lost_to = np.where(lost, persons[near.like], -1) if len(near.like) else near.like
    honest = np.flatnonzero((lost_to[a] != persons[b]) & (lost_to[b] != persons[a]))
    honest = honest[np.argsort(-near.scores[honest], kind="stable")]
    best: dict[tuple[int, int], int] = {}
    alike: dict[tuple[int, int], set[int]] = {}
    for row in honest.tolist():
        pair = _pair(persons[a[row]], persons[b[row]])
        best.setdefault(pair, row)
        alike.setdefault(pair, set()).update((int(a[row]), int(b[row])))
    sizes = dict(zip(*(values.tolist() for values in np.unique(persons, return_counts=True)), strict=True))
    return {pair: row for pair, row in best.items() if pair not in apart and any(
        2 * sum(int(persons[one]) == person for one in alike[pair]) >= sizes[person] for person in pair)}


def _pair(one: int, other: int) -> tuple[int, int]:
    return (int(one), int(other)) if one < other else (int(other), int(one))

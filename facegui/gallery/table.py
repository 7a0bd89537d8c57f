"""What a face is compared with: the templates of some people as rows, each with the pair of covers that it makes.

A bare face is compared with the photos alone; a masked one with looks, and with photos that show masked faces. A face
behind dark glasses or a hand scores against bare photos as a bare one does, and against photos of covered faces as masks
against masks (docs/decisions.md), so that comparison is judged by the tail of those.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..decide import PAIRS, Level
from ..decide.tails import BARE, LOOK, MASKED, MASKED_BARE
from ..index import View
from ..types import Cover
from .live import _pieces
from .rules import Rules


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """A view with its rows by person: those of the n-th of `people` are order[starts[n]:starts[n + 1]]."""

    view: View
    people: np.ndarray
    starts: np.ndarray
    order: np.ndarray

    def of(self, person: int) -> np.ndarray:
        at = int(np.searchsorted(self.people, person))
        if at == len(self.people) or self.people[at] != person:
            return np.empty(0, np.int64)
        return self.order[self.starts[at]:self.starts[at + 1]]

    def vectors(self, rows: np.ndarray) -> np.ndarray:
        return np.concatenate([*_pieces(self.view, rows)]) if len(rows) else np.empty((0, 0), np.float32)


def by_person(view: View) -> Rows:
    alive = np.flatnonzero(view.alive)
    order = alive[np.argsort(view.people[alive], kind="stable")]
    people, first = np.unique(view.people[order], return_index=True)
    return Rows(view, people, np.append(first, len(order)), order)


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Templates of some people as rows, grouped by person and pair of covers: group = 4 * person's place + pair's place."""

    vectors: np.ndarray
    photos: np.ndarray
    groups: np.ndarray


def table_for(people: np.ndarray, cover: Cover, main: Rows, looks: Rows | None, rules: Rules) -> Table:
    """What a face of that cover is compared with; looks: of a masked one."""
    rows = np.concatenate([main.of(person) for person in people] or [np.empty(0, np.int64)])
    place = np.searchsorted(people, main.view.people[rows])
    photos, vectors = main.view.photos[rows], main.vectors(rows)
    shown, worn = rules.is_masked(photos), cover == Cover.MASKED
    pair = np.where(shown, PAIRS.index(MASKED if worn else MASKED_BARE), PAIRS.index(MASKED_BARE if worn else BARE))
    if cover == Cover.OTHER:
        pair[shown | rules.is_hidden(photos)] = PAIRS.index(MASKED)
    if worn and looks is not None and len(drawn := np.concatenate([looks.of(person) for person in people])):
        seen = looks.view.photos[drawn]
        left = shown | ~np.isin(photos, seen)
        vectors = np.concatenate([vectors[left], looks.vectors(drawn)] if left.any() else [looks.vectors(drawn)])
        place = np.concatenate([place[left], np.searchsorted(people, looks.view.people[drawn])])
        photos, pair = np.concatenate([photos[left], seen]), np.concatenate([pair[left], np.full(len(drawn), PAIRS.index(LOOK))])
    order = np.argsort(4 * place + pair, kind="stable")
    return Table(vectors[order], photos[order], (4 * place + pair)[order])


def rarities_of(scores: np.ndarray, groups: np.ndarray, level: Level) -> np.ndarray:
    """(p, g) scores with (g,) groups of a table -> (p, g) rarities, each by the tail of its pair of covers."""
    rarities = np.empty(scores.shape)
    for at, pair in enumerate(PAIRS):
        if (columns := groups % 4 == at).any():
            rarities[:, columns] = level.rarity(pair, scores[:, columns])
    return rarities

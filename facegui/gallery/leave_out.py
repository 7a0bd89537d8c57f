"""Every enrolled photo searched as a new one: what the gallery would say if that photo, or its person, were not enrolled.

The same comparison, offsets and rule as for any face (compare.py, decide/), at the level of the gallery as it stands: taking
a photo out changes neither the promise nor the measured searches. Two things do change, and are worked out anew: the
templates of the photo's own person, whose scores and own threshold (decide/local.py) are those of the others alone, and
the cohort, in which nobody is measured by a probe of the person that is searched for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from ..decide import PAIRS, Level, Near, decide
from ..decide.fuse import fused_all, fused_without
from ..decide.rule import room
from ..decide.tails import BARE, LOOK
from ..store import people as persons
from ..types import MATCH, POSSIBLE, Cover, DataError, Progress, Tick, no_tick
from .compare import NOMINEES, Comparer, judged
from .rules import Rules
from .table import Rows, Table, rarities_of, table_for

CHUNK = 512  # probes at a time
NOBODY = -1


class Found(NamedTuple):
    """Of one photo. own: the rarity of the comparison with the rest of its person (-inf: there is none), other: of the best
    with anybody else, each with the nearest photo there; rank: its person's, if there is more of it. name, question: the person
    that a search names, or asks about (NOBODY); stranger: whether one gets a name when its person is not enrolled."""

    own: float
    own_photo: int
    other: float
    other_photo: int
    rank: int
    name: int
    question: int
    stranger: bool


@dataclass(frozen=True, slots=True, eq=False)
class LeftOut:
    """(n, d) vectors of (n,) photos of (n,) people, what each wears, (n,) Cover, and what was found for each, as columns;
    names by person."""

    vectors: np.ndarray
    photos: np.ndarray
    people: np.ndarray
    covers: np.ndarray
    found: Found  # of (n,) arrays
    names: dict[int, str]
    level: Level


def leave_out(comparer: Comparer, level: Level, tick: Tick = no_tick) -> LeftOut:
    """Raises DataError with fewer than two people, or nobody with two photos; and Cancelled when tick does."""
    main, rules = comparer._main(), comparer.rules.follow(comparer.gallery.model_id)
    several = int((np.diff(main.starts) > 1).sum())
    if len(main.people) < 2 or not several:
        raise DataError(f"the gallery holds {len(main.people)} people, {several} of them with two photos or more: too few to "
                        "measure; enroll at least two people, one of them with two photos")
    with comparer.gallery.database.read() as c:
        names = persons.names_of(c, set(main.people.tolist()))
    photos, people, vectors = main.view.photos[main.order], main.view.people[main.order], main.vectors(main.order)
    covers = np.where(rules.is_masked(photos), Cover.MASKED, np.where(rules.is_hidden(photos), Cover.OTHER, Cover.BARE))
    looks = comparer._look() if (covers == Cover.MASKED).any() else None  # now: what is enrolled meanwhile is in neither
    found: list[Found | None] = [None] * len(photos)
    done = 0
    for cover in Cover:
        mine = np.flatnonzero(covers == cover)
        if not len(mine):
            continue
        table = table_for(main.people, cover, main, looks, rules)
        search = _Search(table, main, cover, names, rules, level)
        for start in range(0, len(mine), CHUNK):
            tick(Progress(done, len(photos), "Comparing everybody with everybody"))
            some = mine[start:start + CHUNK]
            done += len(some)
            for at, one in zip(some, search.found(vectors[some], photos[some], people[some]), strict=True):
                found[at] = one
    return LeftOut(vectors, photos, people, covers, Found(*(np.array(column) for column in zip(*found, strict=True))), names, level)


class _Search:
    """Of the photos of one cover, in the table that such faces are compared with."""

    def __init__(self, table: Table, main: Rows, cover: Cover, names: dict[int, str], rules: Rules, level: Level) -> None:
        self.table, self.cover, self.names, self.rules, self.level = table, cover, names, rules, level
        self.groups = np.unique(table.groups)
        self.pairs, self.people = self.groups % 4, main.people[self.groups // 4]
        self.starts = np.searchsorted(table.groups, np.append(self.groups, 4 * len(main.people)))
        self.known, self.first = np.unique(self.people, return_index=True)  # groups lie by person
        self.by_photo = np.argsort(table.photos)
        self.off: dict[int, tuple[np.ndarray, dict[int, int], np.ndarray]] = {}  # pair: columns, rows by owner, what is taken off
        self.room = np.zeros(len(self.groups))
        for pair in (BARE, LOOK):
            columns, cohort = np.flatnonzero(self.pairs == PAIRS.index(pair)), level.cohorts.get(pair)
            if cohort is None or not len(columns):
                continue
            most = room(level, pair)
            self.room[columns] = [most[rules.strictness(owner)] for owner in self.people[columns].tolist()]
            rows = np.isin(table.groups, self.groups[columns])
            less = cohort.without_probes(table.vectors[rows], main.people[table.groups[rows] // 4])
            self.off[PAIRS.index(pair)] = (columns, {owner: at for at, owner in enumerate(cohort.owners.tolist())},
                                           np.minimum(less, self.room[columns]))

    def found(self, probes: np.ndarray, photos: np.ndarray, people: np.ndarray) -> Iterator[Found]:
        scores = np.minimum(fused_all(probes, self.table.vectors, self.table.groups)[1], 1.0).astype(np.float64)
        off = np.zeros(scores.shape)
        for columns, rows, less in self.off.values():
            off[:, columns] = less[[rows.get(owner, len(less) - 1) for owner in people.tolist()]]
        at = self.by_photo[np.searchsorted(self.table.photos, photos, sorter=self.by_photo)]  # the photos themselves
        mine = np.searchsorted(self.groups, self.table.groups[at])
        for group in np.unique(mine):
            rows = np.flatnonzero(mine == group)
            scores[rows, group], off[rows, group] = self._without(int(group), at[rows] - self.starts[group])
        scores -= off
        rarities = rarities_of(scores, self.groups, self.level)
        rarities[np.isneginf(scores)] = -np.inf
        best = np.maximum.reduceat(rarities, self.first, axis=1)
        own = np.searchsorted(self.known, people)
        for row in range(len(probes)):
            yield self._one(probes[row], int(at[row]), int(own[row]), best[row], rarities[row], scores[row], off[row])

    def _without(self, group: int, members: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Scores of some of a group's templates with the rest of it, -inf where there is none, and what is taken off them."""
        rows = self.table.vectors[self.starts[group]:self.starts[group + 1]]
        if len(rows) == 1:
            return np.full(len(members), -np.inf), np.zeros(len(members))
        off, cohort = np.zeros(len(rows)), self.level.cohorts.get(PAIRS[self.pairs[group]])
        if cohort is not None:
            off = np.minimum(cohort.without_templates(rows, int(self.people[group])), self.room[group])
        return np.minimum(fused_without(rows, rows).diagonal()[members], 1.0), off[members]

    def _one(self, probe: np.ndarray, itself: int, own: int, best: np.ndarray, rarities: np.ndarray, scores: np.ndarray,
             off: np.ndarray) -> Found:
        def near(place: int) -> Near:
            ends = np.append(self.first, len(self.groups))[place:place + 2]
            group = int(ends[0] + rarities[ends[0]:ends[1]].argmax())
            rows = np.arange(self.starts[group], self.starts[group + 1])
            rows = rows[rows != itself]
            photo = self.table.photos[rows[int(np.argmax(self.table.vectors[rows] @ probe))]]
            person = int(self.known[place])
            one = Near(person, self.names.get(person, ""), int(photo), PAIRS[self.pairs[group]], float(scores[group]),
                       float(rarities[group]), self.rules.strictness(person), float(off[group]))
            return judged(probe, self.cover.covered, one, self.rules, self.level)

        others = best.copy()
        others[own] = -np.inf
        top = np.argsort(-others, kind="stable")[:min(NOMINEES, len(best) - 1)]
        strangers = [near(int(place)) for place in top]
        mate = near(own) if best[own] > -np.inf else None
        said = decide(self.level, self.cover, [mate, *strangers] if mate else strangers)
        return Found(float(best[own]), mate.photo_id if mate else NOBODY, strangers[0].rarity, strangers[0].photo_id,
                     1 + int((others >= best[own]).sum()), said.person_id if said.level == MATCH else NOBODY,
                     said.person_id if said.level == POSSIBLE else NOBODY,
                     decide(self.level, self.cover, strangers).level == MATCH)

"""People near a face, each with all of its photos: the index nominates, fused scores of the fitting looks decide.

A bare photo has a second template, its look: the photo's own mixed with templates of the same face under drawn masks.
Looks stand in the gallery as the templates of a model of their own, so they are searched, merged and deleted like any.
A bare face is compared with the photos alone; a masked one with looks, and with photos that show masked faces.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..decide import PAIRS, Level, Near
from ..decide.fuse import fused_all
from ..decide.level import OWN_FROM
from ..decide.local import Cohort
from ..decide.own import Searches, search, under_masks
from ..decide.tails import BARE, BY_MASKS, LOOK, MASKED, MASKED_BARE
from ..index import View
from ..store import people as persons
from . import Gallery
from .enroll import LOOKS
from .live import LiveIndex, _pieces
from .rules import Rules

NOMINEES = 20  # people, at least: those whose best photo comes next may come first when all their photos count
STALE = 0.02  # share of templates that may come before the gallery's own people are searched again


# own searches: model, photos, looks and people they were made of; by pair of covers
NOTHING: tuple[str, np.ndarray, int, int, dict[str, Searches]] = ("", np.empty(0, np.int64), 0, 0, {})


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


class Comparer:
    """Of one gallery. Safe to share between threads; sees everything that any process has committed."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery, self.rules = gallery, Rules(gallery.database)
        self._looks: LiveIndex | None = None
        self._rows: dict[str, Rows] = {}
        self._own = NOTHING
        self._more: dict[str, tuple[View, Cohort, dict[int, float]]] = {}
        self._lock = threading.Lock()

    def close(self) -> None:
        if self._looks is not None:
            self._looks.close()

    def _main(self) -> Rows:
        return self._by_person("photos", self.gallery._index().fresh())

    def _look(self) -> Rows:
        name, dimension = self.gallery.model_id + LOOKS, self.gallery.dimension
        with self._lock:
            if self._looks is None or self._looks.model_id != name:
                self.close()
                self._looks = LiveIndex(self.gallery.database, name, dimension, self.gallery.trees_from)
            live = self._looks
        return self._by_person("looks", live.fresh())

    def _by_person(self, what: str, view: View) -> Rows:
        found = self._rows.get(what)
        if found is None or found.view is not view:
            alive = np.flatnonzero(view.alive)
            order = alive[np.argsort(view.people[alive], kind="stable")]
            people, first = np.unique(view.people[order], return_index=True)
            found = self._rows[what] = Rows(view, people, np.append(first, len(order)), order)
        return found

    # ---- searching ----------------------------------------------------------------------------------------------

    def near(self, embeddings: np.ndarray, masked: Sequence[bool], level: Level, top: int = 5) -> list[list[Near]]:
        """At least the `top` people nearest to each of (n, dimension) unit embeddings, most alike first.

        masked: (n,) whether the face wears a mask.
        """
        main, rules = self._main(), self.rules.follow(self.gallery.model_id)
        count = max(NOMINEES, 2 * top)
        hits = main.view.search(embeddings, count)
        looks, under = None, [number for number, worn in enumerate(masked) if worn]
        nominated = [{hit.person_id for hit in found} for found in hits]
        if under:
            looks = self._look()
            for number, found in zip(under, looks.view.search(embeddings[under], count), strict=True):
                nominated[number] |= {hit.person_id for hit in found}
        with self.gallery.database.read() as c:
            names = persons.names_of(c, set().union(*nominated))
        people = np.array(sorted(names), np.int64)  # one may have been deleted or merged meanwhile
        answers: list[list[Near]] = [[] for _ in hits]
        for worn in (False, True):
            mine = [number for number, one in enumerate(masked) if bool(one) is worn]
            if mine and len(people):
                table = _table(people, worn, main, looks, rules)
                more = self._asked_more(people, table, {BARE: main.view} | ({LOOK: looks.view} if looks else {}), level)
                for number, found in zip(mine, _compare(embeddings[mine], table, more, names, rules, level, count), strict=True):
                    answers[number] = [_judged(embeddings[number], worn, one, rules, level) for one in found]
        return answers

    def _asked_more(self, people: np.ndarray, table: Table, views: dict[str, View], level: Level) -> np.ndarray:
        """(g,) what each group of the table must score more than usual; kept while the view of its templates lasts."""
        groups = np.unique(table.groups)
        more, searches = np.zeros(len(groups)), self._own[-1] if level.own and level.promise.by_hand is None else {}
        for pair, view in views.items():
            cohort = searches[pair].cohort if pair in searches else None
            columns = np.flatnonzero(groups % 4 == PAIRS.index(pair))
            if cohort is None or not len(columns):
                continue
            kept = self._more.get(pair)
            if kept is None or kept[0] is not view or kept[1] is not cohort:
                kept = self._more[pair] = (view, cohort, {})
            owners = people[groups[columns] // 4]
            new = [owner not in kept[2] for owner in owners.tolist()]
            rows = np.isin(table.groups, groups[columns[new]])
            if rows.any():
                found, needed = cohort.offsets(table.vectors[rows], people[table.groups[rows] // 4])
                kept[2].update(zip(found.tolist(), needed.tolist(), strict=True))
            more[columns] = [kept[2][owner] for owner in owners.tolist()]
        return more

    # ---- what the promise needs to know -------------------------------------------------------------------------

    def photos_per_person(self) -> np.ndarray:
        """(people,) templates of each person that can be found with this model."""
        return np.diff(self._main().starts)

    def own_searches(self) -> dict[str, Searches]:
        """Enrolled people searched as strangers, by pair of covers: bare faces among bare photos, and the same faces under
        their drawn masks among looks.

        Photos of masked faces are left out. Measured anew when the gallery has grown by STALE, when a photo is gone (nothing
        of it stays in memory), or when there are fewer people: somebody who was in it twice looked like the best of strangers.
        """
        main = self._main()
        rows = main.order
        model, known, drawn, most, searches = self._own
        if len(main.people) < OWN_FROM:
            self._own, self._more = NOTHING, {}
            return {}
        looks = self._look()
        grown = max(len(rows) - (1 + STALE) * len(known), len(looks.order) - (1 + STALE) * drawn)
        same = model == self.gallery.model_id and grown <= 0 and len(main.people) >= most and len(looks.order) >= drawn
        if same and np.isin(known, main.view.photos[rows]).all():
            return searches
        rows = rows[~self.rules.follow(self.gallery.model_id).is_masked(main.view.photos[rows])]
        searches = {BARE: search(main.vectors(rows), main.view.people[rows])}
        photos, mine, seen = np.intersect1d(main.view.photos[rows], looks.view.photos[looks.order], return_indices=True)
        if len(photos):
            bare, templates = main.vectors(rows[mine]), looks.vectors(looks.order[seen])
            searches[LOOK] = search(templates, main.view.people[rows[mine]], under_masks(bare, templates))
        self._own = (self.gallery.model_id, main.view.photos[main.order], len(looks.order), len(main.people), searches)
        self._more = {}
        return searches


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """Templates of some people as rows, grouped by person and pair of covers: group = 4 * person's place + pair's place."""

    vectors: np.ndarray
    photos: np.ndarray
    groups: np.ndarray


def _table(people: np.ndarray, worn: bool, main: Rows, looks: Rows | None, rules: Rules) -> Table:
    """What a face (`worn`: a masked one) is compared with."""
    rows = np.concatenate([main.of(person) for person in people] or [np.empty(0, np.int64)])
    place = np.searchsorted(people, main.view.people[rows])
    photos, vectors = main.view.photos[rows], main.vectors(rows)
    shown = rules.is_masked(photos)
    pair = np.where(shown, PAIRS.index(MASKED if worn else MASKED_BARE), PAIRS.index(MASKED_BARE if worn else BARE))
    if worn and looks is not None and len(drawn := np.concatenate([looks.of(person) for person in people])):
        seen = looks.view.photos[drawn]
        left = shown | ~np.isin(photos, seen)
        vectors = np.concatenate([vectors[left], looks.vectors(drawn)] if left.any() else [looks.vectors(drawn)])
        place = np.concatenate([place[left], np.searchsorted(people, looks.view.people[drawn])])
        photos, pair = np.concatenate([photos[left], seen]), np.concatenate([pair[left], np.full(len(drawn), PAIRS.index(LOOK))])
    order = np.argsort(4 * place + pair, kind="stable")
    return Table(vectors[order], photos[order], (4 * place + pair)[order])


def _compare(probes: np.ndarray, table: Table, more: np.ndarray, names: dict[int, str], rules: Rules, level: Level,
             count: int) -> list[list[Near]]:
    """For each probe the `count` nearest people, each by the comparison that says most, most alike first.

    more (g,): what each group of the table must score more than usual.
    """
    people = sorted(names)
    if not len(table.groups):
        return [[] for _ in probes]
    groups, scores = fused_all(probes, table.vectors, table.groups)
    scores = np.minimum(scores, 1.0)
    rarities = np.empty(scores.shape)
    for at, pair in enumerate(PAIRS):
        if (columns := groups % 4 == at).any():
            rarities[:, columns] = level.rarity(pair, scores[:, columns] - more[columns])
    starts = np.searchsorted(table.groups, np.append(groups, 4 * len(people)))
    answers = []
    for row, probe in enumerate(probes):
        order = np.lexsort((groups, -rarities[row]))
        _, first = np.unique(groups[order] // 4, return_index=True)
        found = []
        for column in order[np.sort(first)[:count]]:
            person, pair = people[groups[column] // 4], PAIRS[groups[column] % 4]
            mine = slice(starts[column], starts[column + 1])
            photo = table.photos[mine][int(np.argmax(table.vectors[mine] @ probe))] if mine.stop - mine.start > 1 else table.photos[mine][0]
            found.append(Near(person, names[person], int(photo), pair, float(scores[row, column]), float(rarities[row, column]),
                              rules.strictness(person), float(more[column])))
        answers.append(found)
    return answers


def _judged(probe: np.ndarray, worn: bool, near: Near, rules: Rules, level: Level) -> Near:
    """Whether the owner ruled this person out: a face that is somebody else's is more alike than the person's own."""
    if said := rules.rejected(near.person_id):
        alike = max(float(level.rarity(BY_MASKS[worn + cover], float(probe @ vector) - near.more)) for _, cover, vector in said)
        return replace(near, rejected=alike >= level.question and alike > near.rarity)
    return near

"""People near a face, each with all of its photos: the index nominates, fused scores of the fitting looks decide.

A bare photo has a second template, its look: the photo's own mixed with templates of the same face under drawn masks.
Looks stand in the gallery as the templates of a model of their own, so they are searched, merged and deleted like any.
What is compared with what is said in table.py.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ..decide import PAIRS, Level, Near
from ..decide.fuse import fused_all
from ..decide.level import OWN_FROM
from ..decide.local import Cohort
from ..decide.own import Searches, search, under_masks
from ..decide.rule import room
from ..decide.tails import BARE, BY_MASKS, LOOK
from ..index import View
from ..store import people as persons
from ..types import Cover
from . import Gallery
from .enroll import LOOKS
from .live import LiveIndex
from .rules import Rules
from .table import Rows, Table, by_person, rarities_of, table_for

NOMINEES = 20  # people, at least: those whose best photo comes next may come first when all their photos count
STALE = 0.02  # share of templates that may come before the gallery's own people are searched again

# own searches: the model, photos, their owners and the count of looks they were made of; by pair of covers
NOTHING: tuple[str, np.ndarray, np.ndarray, int, dict[str, Searches]] = ("", np.empty(0, np.int64), np.empty(0, np.int64), 0, {})


class Comparer:
    """Of one gallery. Safe to share between threads; sees everything that any process has committed."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery, self.rules = gallery, Rules(gallery.database)
        self._looks: LiveIndex | None = None
        self._rows: dict[str, Rows] = {}
        self._own = NOTHING
        self._off: dict[tuple[Cover, str], tuple[View, weakref.ref[Cohort], dict[int, float]]] = {}
        self._lock, self._searching = threading.Lock(), threading.Lock()

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
            found = self._rows[what] = by_person(view)
        return found

    # ---- searching ----------------------------------------------------------------------------------------------

    def near(self, embeddings: np.ndarray, covers: Sequence[Cover], level: Level, top: int = 5) -> list[list[Near]]:
        """At least the `top` people nearest to each of (n, dimension) unit embeddings, most alike first.

        covers: (n,) what each face wears.
        """
        main, rules = self._main(), self.rules.follow(self.gallery.model_id)
        count = max(NOMINEES, 2 * top)
        hits = main.view.search(embeddings, count)
        looks, under = None, [number for number, cover in enumerate(covers) if cover == Cover.MASKED]
        nominated = [{hit.person_id for hit in found} for found in hits]
        if under:
            looks = self._look()
            for number, found in zip(under, looks.view.search(embeddings[under], count), strict=True):
                nominated[number] |= {hit.person_id for hit in found}
        with self.gallery.database.read() as c:
            names = persons.names_of(c, set().union(*nominated))
        people = np.array(sorted(names), np.int64)  # one may have been deleted or merged meanwhile
        answers: list[list[Near]] = [[] for _ in hits]
        for cover in Cover:
            mine = [number for number, one in enumerate(covers) if one == cover]
            if mine and len(people):
                table = table_for(people, cover, main, looks, rules)
                off = self._taken_off(people, table, cover, {BARE: main.view} | ({LOOK: looks.view} if looks else {}), level)
                for number, found in zip(mine, _compare(embeddings[mine], table, off, names, rules, level, count), strict=True):
                    answers[number] = [judged(embeddings[number], cover.covered, one, rules, level) for one in found]
        return answers

    def _taken_off(self, people: np.ndarray, table: Table, cover: Cover, views: dict[str, View], level: Level) -> np.ndarray:
        """(g,) what is taken off the scores of each group of the table (decide/local.py); kept while its view lasts."""
        groups = np.unique(table.groups)
        off = np.zeros(len(groups))
        for pair, view in views.items():
            cohort, columns = level.cohorts.get(pair), np.flatnonzero(groups % 4 == PAIRS.index(pair))
            if cohort is None or not len(columns):
                continue
            kept = self._off.get((cover, pair))  # which photos make the pair depends on what the face wears
            if kept is None or kept[0] is not view or kept[1]() is not cohort:
                kept = self._off[cover, pair] = (view, weakref.ref(cohort), {})
            owners = people[groups[columns] // 4].tolist()
            rows = np.isin(table.groups, groups[columns[[owner not in kept[2] for owner in owners]]])
            if rows.any():
                found, values = cohort.offsets(table.vectors[rows], people[table.groups[rows] // 4])
                kept[2].update(zip(found.tolist(), values.tolist(), strict=True))
            most = room(level, pair)
            off[columns] = [min(kept[2][owner], most[self.rules.strictness(owner)]) for owner in owners]
        return off

    # ---- what the promise needs to know -------------------------------------------------------------------------

    def photos_per_person(self) -> np.ndarray:
        """(people,) templates of each person that can be found with this model."""
        return np.diff(self._main().starts)

    def own_searches(self) -> dict[str, Searches]:
        """Enrolled people searched as strangers, by pair of covers: bare faces among bare photos, and the same faces under
        their drawn masks among looks.

        Photos of covered faces are left out. Measured anew when the gallery has grown by STALE, when a photo is gone (nothing
        of it stays in memory), or belongs to somebody else: a person enrolled twice looks like the best of strangers.
        """
        with self._searching:
            main = self._main()
            if len(main.people) < OWN_FROM:
                self._own = NOTHING
                return {}
            looks = self._look()
            photos, people = main.view.photos[main.order], main.view.people[main.order]
            if not self._still(photos, people, len(looks.order)):
                self._own = (self.gallery.model_id, photos, people, len(looks.order), self._search(main, looks))
            return self._own[-1]

    def _still(self, photos: np.ndarray, people: np.ndarray, looks: int) -> bool:
        """Whether own searches still say what they would say now."""
        model, known, owners, drawn, _ = self._own
        grown = max(len(photos) - (1 + STALE) * len(known), looks - (1 + STALE) * drawn)
        if model != self.gallery.model_id or grown > 0 or looks < drawn:
            return False
        order = np.argsort(photos)
        at = order[np.minimum(np.searchsorted(photos[order], known), len(photos) - 1)]
        return bool(((photos[at] == known) & (people[at] == owners)).all())

    def _search(self, main: Rows, looks: Rows) -> dict[str, Searches]:
        rules, shown = self.rules.follow(self.gallery.model_id), main.view.photos[main.order]
        rows = main.order[~(rules.is_masked(shown) | rules.is_hidden(shown))]
        searches = {BARE: search(main.vectors(rows), main.view.people[rows])}
        photos, mine, seen = np.intersect1d(main.view.photos[rows], looks.view.photos[looks.order], return_indices=True)
        if len(photos):
            bare, templates = main.vectors(rows[mine]), looks.vectors(looks.order[seen])
            searches[LOOK] = search(templates, main.view.people[rows[mine]], under_masks(bare, templates))
        return searches


def _compare(probes: np.ndarray, table: Table, off: np.ndarray, names: dict[int, str], rules: Rules, level: Level,
             count: int) -> list[list[Near]]:
    """For each probe the `count` nearest people, each by the comparison that says most, most alike first.

    off (g,): what is taken off the scores of each group of the table.
    """
    people = sorted(names)
    if not len(table.groups):
        return [[] for _ in probes]
    groups, scores = fused_all(probes, table.vectors, table.groups)
    scores = np.minimum(scores, 1.0) - off
    rarities = rarities_of(scores, groups, level)
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
                              rules.strictness(person), float(off[column])))
        answers.append(found)
    return answers


def judged(probe: np.ndarray, covered: bool, near: Near, rules: Rules, level: Level) -> Near:
    """Whether the owner ruled this person out: a face that is somebody else's is more alike than the person's own."""
    if said := rules.rejected(near.person_id):
        alike = max(float(level.rarity(BY_MASKS[covered + worn], float(probe @ vector) - near.off)) for _, worn, vector in said)
        return replace(near, rejected=alike >= level.question and alike > near.rarity)
    return near

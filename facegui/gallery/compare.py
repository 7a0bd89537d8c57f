"""People near a face, each with all of its photos: the index nominates, fused scores of the fitting looks decide.

A bare photo has a second template, its look: the photo's own mixed with templates of the same face under drawn masks.
Looks stand in the gallery as the templates of a model of their own, so they are searched, merged and deleted like any.
A bare face is compared with the photos alone; a masked one with looks, and with photos that show masked faces.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..decide import Level, Near, fused
from ..decide.level import OWN_FROM
from ..decide.own import best_others, sample
from ..decide.tails import BARE, LOOK, MASKED, MASKED_BARE
from ..index import View
from ..store import people as persons
from . import Gallery
from .enroll import LOOKS
from .live import LiveIndex, _pieces
from .rules import Rules

NOMINEES = 20  # people, at least: those whose best photo comes next may come first when all their photos count
STALE = 0.02  # share of templates that may come or go before the gallery's own people are searched again


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
        self._own: tuple[str, int, np.ndarray, float] = ("", 0, np.empty(0), 0.0)
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
        answers = []
        for probe, worn, ids in zip(embeddings, masked, nominated, strict=True):
            found = [self._compare(probe, worn, person, names[person], main, looks, rules, level)
                     for person in ids if person in names]  # one may have been deleted or merged meanwhile
            answers.append(sorted((one for one in found if one is not None), key=lambda one: (-one.rarity, one.person_id)))
        return answers

    def _compare(self, probe: np.ndarray, worn: bool, person: int, name: str, main: Rows, looks: Rows | None, rules: Rules,
                 level: Level) -> Near | None:
        rows = main.of(person)
        if not len(rows):
            return None
        photos, vectors = main.view.photos[rows], main.vectors(rows)
        shown = rules.is_masked(photos)
        groups = [(MASKED if worn else MASKED_BARE, photos[shown], vectors[shown])]
        rest = ~shown
        if worn and looks is not None and rest.any() and len(drawn := looks.of(person)):
            seen = looks.view.photos[drawn]
            groups.append((LOOK, seen, looks.vectors(drawn)))
            rest &= ~np.isin(photos, seen)
        groups.append((MASKED_BARE if worn else BARE, photos[rest], vectors[rest]))
        best: Near | None = None
        for pair, ids, templates in groups:
            if not len(ids):
                continue
            score = min(float(fused(probe[None], templates)[0]), 1.0)
            rarity = float(level.rarity(pair, score))
            if best is None or rarity > best.rarity:
                photo = int(ids[int(np.argmax(templates @ probe))])
                best = Near(person, name, photo, pair, score, rarity, rules.strictness(person))
        if best is not None and (said := rules.rejected(person)):
            alike = max(float(level.rarity(_pair(worn, cover), float(probe @ vector))) for _, cover, vector in said)
            if alike >= level.question and alike > best.rarity:
                best = Near(*(getattr(best, field) for field in Near.__slots__[:-1]), True)
        return best

    # ---- what the promise needs to know -------------------------------------------------------------------------

    def photos_per_person(self) -> np.ndarray:
        """(people,) templates of each person that can be found with this model."""
        return np.diff(self._main().starts)

    def own_searches(self) -> tuple[np.ndarray, float]:
        """Enrolled people searched as strangers: ((n,) best fused score with anybody else, comparisons of each search).

        Bare photos alone. Measured anew when the gallery has changed by STALE.
        """
        main = self._main()
        rows = main.order
        model, count, scores, comparisons = self._own
        if len(main.people) < OWN_FROM:
            return np.empty(0), 0.0
        if model == self.gallery.model_id and abs(len(rows) - count) <= STALE * count:
            return scores, comparisons
        rows = rows[~self.rules.follow(self.gallery.model_id).is_masked(main.view.photos[rows])]
        people = main.view.people[rows]
        asked, searched, comparisons = sample(people)
        best = best_others(main.vectors(rows[asked]), people[asked], main.vectors(rows[searched]), people[searched])
        self._own = (self.gallery.model_id, len(main.order), best, comparisons)
        return self._own[2:]


def _pair(one: bool, other: bool) -> str:
    return MASKED if one and other else MASKED_BARE if one or other else BARE

"""Decisions for one service: the promise of its gallery, the level that follows from it, and verdicts about faces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..decide import Level, Promise, decide, level_for, tails_of, words
from ..decide.promise import CHOICES, DEFAULT
from ..decide.tails import BARE, LOOK
from ..gallery import Gallery
from ..gallery.compare import Comparer
from ..types import MATCH, Candidate, Cover, GalleryError, Identification, Probe, Statement
from . import models

if TYPE_CHECKING:
    from . import FaceService

PROMISE = "promise"  # setting of the gallery: one stranger in so many; models.THRESHOLD beside it is a score by hand


class Decisions:
    """Safe to share between threads. What is derived is derived again as soon as anything was committed."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._comparer: Comparer | None = None
        self._level: dict[bool, tuple[tuple, Level]] = {}  # by hand or not: the last one

    @property
    def comparer(self) -> Comparer:
        gallery: Gallery = self._service.gallery
        if self._comparer is None or self._comparer.gallery is not gallery:
            self._comparer = Comparer(gallery)
        return self._comparer

    def close(self) -> None:
        if self._comparer is not None:
            self._comparer.close()
            self._comparer = None

    # ---- the promise --------------------------------------------------------------------------------------------

    def promise(self) -> Promise:
        gallery = self._service.gallery
        one_in, by_hand = gallery.setting(PROMISE, DEFAULT), gallery.setting(models.THRESHOLD)
        return Promise(one_in if one_in in CHOICES else DEFAULT, None if by_hand is None else float(by_hand))

    def keep(self, promise: Promise) -> Statement:
        """Make it the gallery's own, and say what it means."""
        gallery = self._service.gallery
        if promise.by_hand is None:
            gallery.set_setting(PROMISE, promise.one_in)
        gallery.set_setting(models.THRESHOLD, promise.by_hand)
        return self.statement()

    def level(self, by_hand: float | None = None) -> Level:
        """What a name needs now; `by_hand` for one question only."""
        gallery, card, comparer = self._service.gallery, self._service.card, self.comparer
        promise = self.promise() if by_hand is None else Promise(by_hand=by_hand)
        key = (gallery.database.version(), card.key, promise)
        kept = self._level.get(by_hand is not None)
        if kept is not None and kept[0] == key:
            return kept[1]
        tails = tails_of(card.impostor_tail, card.figures)
        photos = comparer.photos_per_person()
        level = level_for(promise, tails, photos, comparer.own_searches())
        self._level[by_hand is not None] = key, level
        return level

    def alike(self, masked: int) -> float:
        """The score from which two faces, of which so many (0 to 2) wear a mask, are taken for one person's."""
        return self.level().alike(masked)

    def resembled(self, embeddings: np.ndarray, covers: Sequence[Cover]) -> list[list[Candidate]]:
        """Whom each of (n, dimension) faces is as much alike as a name asks, most alike first; not who was ruled out."""
        if not len(embeddings):
            return []
        level = self.level()
        return [[Candidate(one.person_id, one.name, one.score, one.photo_id)
                 for one in near if one.rarity >= level.match and not one.rejected]
                for near in self.comparer.near(embeddings, covers, level)]

    def statement(self) -> Statement:
        level = self.level()
        by_hand = level.tails is None or level.promise.by_hand is not None
        return Statement(level.promise.words, None if by_hand else level.promise.one_in, level.people, level.templates,
                         level.score(BARE, level.match), level.score(LOOK, level.match), level.fpir, level.interval,
                         level.enough, level.own, words.statement(level))

    # ---- verdicts -----------------------------------------------------------------------------------------------

    def identify(self, probes: Sequence[Probe], top: int = 5, by_hand: float | None = None) -> list[Identification]:
        """Who each face is; `by_hand`: the score that a name needs, instead of the gallery's own rule."""
        if not probes:
            return []
        return self.judge(probes, np.stack([probe.embedding for probe in probes]), top, by_hand)

    def judge(self, probes: Sequence[Probe], embeddings: np.ndarray, top: int = 5,
              by_hand: float | None = None) -> list[Identification]:
        """`identify` with (n, dimension) embeddings that were fused over several looks at the same faces."""
        level = self.level(by_hand)
        found = self.comparer.near(embeddings, [probe.cover for probe in probes], level, top)
        answers = []
        for probe, near in zip(probes, found, strict=True):
            verdict = decide(level, probe.cover, near)
            ranked = sorted(near, key=lambda one: (one.rejected, -one.rarity, one.person_id))[:top]
            listed = tuple(Candidate(one.person_id, one.name, one.score, one.photo_id) for one in ranked)
            answers.append(Identification(probe, verdict.name if verdict.level == MATCH else None,
                                          listed[0].score if listed else None, verdict.threshold, listed, verdict))
        return answers

    # ---- what the owner says ------------------------------------------------------------------------------------

    def reject(self, person_id: int, one: Identification) -> int:
        """This face is not that person; returns the number to take it back with."""
        if all(candidate.person_id != person_id for candidate in one.candidates):
            raise GalleryError("This person was not among the answers for this face; recognise the photo again.")
        return self.comparer.rules.reject(person_id, self._service.gallery.model_id, one.probe.embedding, one.probe.cover.covered)

    def take_back(self, number: int) -> str:
        """Undo `reject`; returns the person's name."""
        return self.comparer.rules.take_back(number)

    def strictness(self, name: str) -> str:
        rules = self.comparer.rules.follow(self._service.gallery.model_id)
        return rules.strictness(self._service.gallery.person(name).id)

    def set_strictness(self, name: str, level: str) -> None:
        self.comparer.rules.set_strictness(name, level)

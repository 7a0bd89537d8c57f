"""From the nearest people to the verdict: match, possible match, unknown.

A name needs three things: the rarity that the promise asks for (raised by the person's strictness), a lead over the
second person, and that nobody said "this is not that person" about this very face. What misses the first by less than
a factor of ten, or the second, is a question; so is whoever comes next where the most alike person is ruled out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ..types import MATCH, POSSIBLE, UNKNOWN, Verdict
from . import words
from .level import Level

MARGIN = 0.5  # decades of rarity that the first must lead by where the second is a possible match too
STRICTNESS = {"normal": 1.0, "strict": 10.0, "stricter": 100.0}  # fewer strangers by this factor get this name


def strictest(levels: Iterable[str]) -> str:
    """The most that was asked; "normal" where nothing was."""
    return max(levels, key=lambda level: STRICTNESS.get(level, 0.0), default="normal")


@dataclass(frozen=True, slots=True)
class Near:
    """A person near a face: the best comparison and what the owner said. score: the cosine less `off` (local.py), of which
    `rarity` is the rarity."""

    person_id: int
    name: str
    photo_id: int
    pair: str
    score: float
    rarity: float
    strictness: str = "normal"
    off: float = 0.0
    rejected: bool = False  # a face that is "not this person" resembles this one more than any photo of the person does


@dataclass(frozen=True, slots=True)
class Rule:
    """What a person's name needs, as rarities."""

    match: float
    question: float


def rule_for(level: Level, strictness: str) -> Rule:
    more = level.stricter(STRICTNESS.get(strictness, 1.0))
    return Rule(level.match + more, level.question + more)


def room(level: Level, pair: str) -> dict[str, float]:
    """By strictness, the most that may be taken off a score: the same photo must still match itself, however much is asked."""
    return {said: max(0.0, 1 - level.score(pair, rule_for(level, said).match)) for said in STRICTNESS}


def decide(level: Level, cover: str, near: Sequence[Near]) -> Verdict:
    """The verdict about one face; near: people in any order; cover: what the face wears."""
    ranked = sorted(near, key=lambda one: (-one.rarity, one.person_id))
    allowed = [one for one in ranked if not one.rejected]
    if not ranked:
        return _verdict(level, cover, UNKNOWN, "nobody", None, None)
    first = allowed[0] if allowed else ranked[0]
    second = allowed[1] if len(allowed) > 1 else None
    rule = rule_for(level, first.strictness)
    if not allowed:
        return _verdict(level, cover, UNKNOWN, "rejected", first, None)
    if first.rarity >= rule.match:
        rival = second is not None and first.rarity - second.rarity < MARGIN and (
            second.rarity >= rule_for(level, second.strictness).question)
        if ranked[0].rejected:
            return _verdict(level, cover, POSSIBLE, "second_choice", first, None)
        return _verdict(level, cover, *((POSSIBLE, "two_alike") if rival else (MATCH, "clear")), first, second)
    if first.rarity >= rule.question:
        strict = first.strictness != "normal" and first.rarity >= level.match
        return _verdict(level, cover, POSSIBLE, "strict" if strict else "near", first, second)
    top = ranked[0]
    if top.rejected and top.rarity >= rule_for(level, top.strictness).question:
        return _verdict(level, cover, UNKNOWN, "rejected", top, None)
    return _verdict(level, cover, UNKNOWN, "far", first, second)


def _verdict(level: Level, cover: str, said: str, reason: str, first: Near | None, second: Near | None) -> Verdict:
    pair = first.pair if first else "masked-bare" if cover == "masked" else "bare-bare"
    rule = rule_for(level, first.strictness if first else "normal")
    threshold, question = level.score(pair, rule.match), level.score(pair, rule.question)
    named = first if said != UNKNOWN else None
    promise = "set by hand" if level.promise.by_hand is not None else f"for {level.promise.words}"
    people = "1 person" if level.people == 1 else f"{level.people:,} people"
    mode = f"{cover}: threshold {threshold:.2f} {promise} at {people}"
    text = words.sentence(reason, None if first is None else first.score, threshold,
                          None if second is None else second.score, None if first is None else first.strictness)
    return Verdict(said, named.person_id if named else None, named.name if named else None, cover, pair,
                   float(np.round(threshold, 6)), float(np.round(question, 6)), mode, reason, text)

"""The rarity that a name needs so that the promise holds in this gallery, and how sure that is.

FPIR = 1 - (1 - FMR)^N for N independent comparisons (ISO/IEC 19795-1; Grother and Ngan, NIST IR 8009), so a promise of
one stranger in m asks every comparison for the false match rate 1 - (1 - 1/m)^(1/N). N counts people, and a person of
k photos as k^DRAWS comparisons: more photos are more chances, though fused scores of one person depend on each other.

A gallery has people of its own kind, who may resemble each other more than those of the card's tail do: a small one is
held to a false match rate KIND times lower (held-out people of one source match 1.3 to 4 times as often). From OWN_FROM
people on, its own non-mated searches join in: each of a sample of its people is searched against all others as a
stranger, bare, and under the drawn mask of its look. At the share of them that EVENTS searches still support (or the
promise itself, if that is larger), the measured rarity replaces the computed one, and the difference carries over to the
promise; the card's tail gives the slope beyond. The difference there is read off a straight line through those of all
shares up to RANGE times as large (local linear regression, Fan 1992): ten searches alone scatter, and a person enrolled
twice is two of them. It is bounded by LARGEST, for a person enrolled twice looks like a perfect false match.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .fuse import draws
from .local import LEAST, Cohort
from .own import Searches
from .promise import Promise
from .tails import BARE, BY_MASKS, LOOK, Tail

OWN_FROM = LEAST  # people
EVENTS = 10  # searches: fewer leave a rate more uncertain than a factor of two
RANGE = 16  # shares up to so many times as large are looked at together
LARGEST = 1.5  # decades
KIND = 2.0  # how much more often people of one kind match than people at large, where a gallery is too small to tell
UNCALIBRATED = 0.5  # the score for a name where nothing was measured; said openly wherever it is used


@dataclass(frozen=True, slots=True)
class Level:
    """`match`: rarity for a name; `question`: for a possible match; `fpir` with its 95 % `interval`.

    `enough`: measured scores reach as far as the promise. `own`: searches of the gallery's own people that joined in.
    `comparisons`: N above. `shift`: decades by which this gallery differs from the tails, `worn` for masked faces; rarities
    of these are given as if they differed like bare ones; `plain`: the same two for scores that nothing was taken off.
    `cohorts`: by pair of covers, those that say what is (local.py). `tails` None: nothing was measured,
    scores decide and rarities are scores times ten.
    """

    promise: Promise
    people: int
    templates: int
    comparisons: float
    match: float
    question: float
    fpir: float | None
    interval: tuple[float, float] | None
    enough: bool
    own: int
    shift: float
    worn: float
    plain: tuple[float, float]
    tails: dict[str, Tail] | None
    cohorts: Mapping[str, Cohort | None]

    def rarity(self, pair: str, scores: np.ndarray | float) -> np.ndarray:
        """How rare scores are in a comparison of that kind; by hand, and where nothing was measured, ten times the score."""
        if self.tails is None or self.promise.by_hand is not None:
            return np.asarray(scores, np.float64) * 10
        return self.tails[pair].rarity(scores) + self._beside(pair)

    def score(self, pair: str, rarity: float) -> float:
        """The inverse of `rarity`."""
        if self.tails is None or self.promise.by_hand is not None:
            return rarity / 10
        return self.tails[pair].score(rarity - self._beside(pair))

    def alike(self, masked: int) -> float:
        """The score from which any two faces, of which so many (0 to 2) wear a mask, are as much alike as a name asks."""
        more = self.plain[0] - self.shift if masked == 0 and self.promise.by_hand is None else 0.0
        return self.score(BY_MASKS[masked], self.match + more)

    def _beside(self, pair: str) -> float:
        return 0.0 if pair == BARE else self.shift - (self.worn if pair == LOOK else self.plain[1])

    def stricter(self, factor: float) -> float:
        """What a name needs more where only one stranger in `factor` times as many may get it."""
        if self.tails is None or self.promise.by_hand is not None:
            return 0.5 * math.log10(factor)  # 0.05 of score for ten times
        return math.log10(factor)


def needed(one_in: float, comparisons: float) -> float:
    """The rarity of a comparison that keeps one stranger in `one_in`, over so many comparisons."""
    return -math.log10(-math.expm1(math.log1p(-1 / one_in) / max(1.0, comparisons)))


def fpir_of(rarity: float, comparisons: float) -> float:
    """The inverse: the share of strangers who reach that rarity in one of the comparisons."""
    return -math.expm1(max(1.0, comparisons) * math.log1p(-min(10.0 ** -rarity, 1 - 1e-12)))


def level_for(promise: Promise, tails: dict[str, Tail] | None, photos: np.ndarray, own: Mapping[str, Searches] | None = None) -> Level:
    """photos (people,): templates of each person; own: by pair of covers, enrolled people searched as strangers."""
    people, templates, comparisons = len(photos), int(np.sum(photos)), draws(photos)
    if tails is None:
        by_hand = UNCALIBRATED if promise.by_hand is None else promise.by_hand
        return Level(Promise(promise.one_in, by_hand), people, templates, comparisons, 10 * by_hand, 10 * by_hand - 0.5, None,
                     None, False, 0, 0.0, 0.0, (0.0, 0.0), None, {})
    tail, found = tails[BARE], {pair: one for pair, one in (own or {}).items() if len(one.scores) >= OWN_FROM}
    joined = len(found[BARE].scores) if BARE in found else 0
    share = _share(promise, joined) if joined else 0.0
    shift = plain = math.log10(KIND)
    if joined:
        shift, plain = _shifts(promise, tail, found[BARE])
    worn = plain_worn = plain  # looks of so few people have no thresholds of their own
    if LOOK in found:
        worn, plain_worn = _shifts(promise, tails[LOOK], found[LOOK])
    if promise.by_hand is None:
        match = needed(promise.one_in, comparisons) + shift
        question = min(match, needed(max(promise.one_in / 10, 2), comparisons) + shift)
        fpir, rarity = 1 / promise.one_in, match
    else:
        match, question = 10 * promise.by_hand, 10 * promise.by_hand - 0.5
        rarity = float(tail.rarity(promise.by_hand))
        fpir = fpir_of(rarity - plain, comparisons)
    told = shift if promise.by_hand is None else plain  # by hand nothing is taken off anybody's score
    interval = _interval(tail, rarity, told, comparisons, fpir, joined, share)
    supported = rarity <= tail.reach + 1e-9 or (joined > 0 and fpir >= share - 1e-12 and comparisons <= 1.5 * found[BARE].comparisons)
    return Level(promise, people, templates, comparisons, match, question, fpir, interval, bool(supported), joined, shift, worn,
                 (plain, plain_worn), tails, {} if promise.by_hand is not None else {pair: one.cohort for pair, one in found.items()})


def _share(promise: Promise, searches: int) -> float:
    """The share of own searches at which they are read off."""
    return min(max(1 / promise.one_in, EVENTS / searches), 0.5)


def _shifts(promise: Promise, tail: Tail, own: Searches) -> tuple[float, float]:
    """By scores that something may be taken off (local.py), and by plain ones."""
    return (_shift(promise, tail, own.scores, own.comparisons), _shift(promise, tail, own.plain, own.comparisons))


def _shift(promise: Promise, tail: Tail, scores: np.ndarray, comparisons: float) -> float:
    """Measured minus computed rarity, decades, at that share; of (s,) own searches over so many comparisons each."""
    ranked, events = np.sort(tail.rarity(scores))[::-1], max(EVENTS, int(_share(promise, len(scores)) * len(scores)))
    counts = np.arange(events, max(events + 1, min(RANGE * events, len(ranked) // 2)) + 1)
    differences = ranked[counts - 1] - [needed(len(ranked) / count, comparisons) for count in counts]
    return float(np.clip(np.polyfit(np.log10(counts / events), differences, 1)[1], -LARGEST, LARGEST))


def _interval(tail: Tail, rarity: float, shift: float, comparisons: float, fpir: float, joined: int,
              share: float) -> tuple[float, float]:
    """Of the FPIR: that of the own searches where they joined in (Poisson, by their events), else the tail's."""
    if joined:
        events = max(share * joined, 1.0)
        low, high = (math.exp(sign * 1.96 / math.sqrt(events)) for sign in (-1, 1))
    else:
        low, high = tail.spread(rarity)
    beyond = max(0.0, rarity - tail.reach)  # decades that are extrapolated, each uncertain by a factor of two
    bounds = (fpir_of(rarity - shift - math.log10(factor), comparisons) for factor in (low / 2**beyond, high * 2**beyond))
    found_low, found_high = bounds
    return min(found_low, fpir), max(found_high, fpir)


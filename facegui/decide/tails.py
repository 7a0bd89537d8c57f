"""How rare is a score between two different people? Measured impostor tails, one for each pair of covers.

A masked face scores otherwise against masked faces than against bare ones (mask matches mask), so a cosine means
something else in each case. Its rarity, -log10 of the share of impostor comparisons of the same kind that reach it,
means the same everywhere: 3 is one comparison in a thousand. Comparing rarities instead of cosines is a score
normalisation by condition, as Z-norm does it with a mean and a deviation (Auckenthaler, Carey and Lloyd-Thomas, "Score
normalization for text-independent speaker verification systems", Digital Signal Processing 10, 2000), but by the
measured tail itself, which need not be Gaussian.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

BARE, MASKED_BARE, MASKED, LOOK = "bare-bare", "masked-bare", "masked-masked", "masked-look"
BY_MASKS = (BARE, MASKED_BARE, MASKED)  # of two plain photos, by how many of them show a mask
PAIRS = (BARE, MASKED_BARE, MASKED, LOOK)  # "look": a bare photo's template mixed with drawn masks
SCORE_CAP = 0.99  # no threshold beyond: the same photo, saved anew, must still match itself


@dataclass(frozen=True, slots=True)
class Tail:
    """points: ((share of impostors at or above, score, its 95 % interval low, high), ...), scores ascending.

    comparisons of people: what it was measured on; 0 where it stands in for a tail that was not measured.
    """

    pair: str
    points: tuple[tuple[float, float, float, float], ...]
    comparisons: int = 0
    people: int = 0

    @property
    def reach(self) -> float:
        """The largest rarity that was measured."""
        return -math.log10(self.points[-1][0])

    def rarity(self, scores: np.ndarray | float) -> np.ndarray:
        """-log10 of the share of impostors at or above each score; linear in the score between measured points.

        Beyond the last point it follows the slope of the last decade, which understates the rarity of a score for tails
        that fall faster than an exponential, as measured ones do: fewer strangers get a name than promised.
        """
        at, slope, first = self._line()
        rates, values = self._curve
        scores = np.asarray(scores, np.float64)
        inside = np.interp(scores, values, rates)
        beyond = rates[-1] + (scores - at) / slope
        below = rates[0] + (scores - values[0]) / first
        return np.where(scores > at, beyond, np.where(scores < values[0], below, inside))

    def score(self, rarity: float) -> float:
        """The score of that rarity, at most SCORE_CAP; the inverse of `rarity`."""
        at, slope, first = self._line()
        rates, values = self._curve
        if rarity > rates[-1]:
            found = at + slope * (rarity - rates[-1])
        elif rarity < rates[0]:
            found = values[0] + first * (rarity - rates[0])
        else:
            found = float(np.interp(rarity, rates, values))
        return float(min(found, SCORE_CAP))

    def spread(self, rarity: float) -> tuple[float, float]:
        """Factors (low, high) on the share of impostors: the interval of the nearest measured point, relative to it."""
        rates, _ = self._curve
        share, _, low, high = self.points[int(np.argmin(np.abs(rates - rarity)))]
        return max(low, share / 20) / share, max(high, share) / share

    @property
    def _curve(self) -> tuple[np.ndarray, np.ndarray]:
        return _curve_of(self.points)

    def _line(self) -> tuple[float, float, float]:
        """The last score, score per unit of rarity beyond it, and the same before the first point."""
        rates, values = self._curve
        start = min(int(np.flatnonzero(rates >= rates[-1] - 1)[0]), len(rates) - 2)
        slope = (values[-1] - values[start]) / (rates[-1] - rates[start])
        return values[-1], max(slope, 1e-6), max((values[1] - values[0]) / (rates[1] - rates[0]), 1e-6)


@lru_cache(maxsize=32)
def _curve_of(points: tuple) -> tuple[np.ndarray, np.ndarray]:
    """Rarities and scores, both ascending; every search asks for them."""
    return -np.log10([point[0] for point in points]), np.array([point[1] for point in points])


def tails_of(impostor_tail: tuple, figures: dict) -> dict[str, Tail] | None:
    """The tails in a model card: `figures["impostor_tails"]` by pair, or what `impostor_tail` alone says.

    A pair that was not measured takes the nearest one that was. None where nothing was measured at all.
    """
    found: dict[str, Tail] = {}
    given = figures.get("impostor_tails")
    for pair, entry in (given.items() if isinstance(given, dict) else ()):
        try:
            points = tuple(tuple(float(value) for value in point) for point in entry["points"])
            if pair in PAIRS and _sound(points):
                found[pair] = Tail(pair, points, int(entry["comparisons"]), int(entry["people"]))
        except (KeyError, TypeError, ValueError):
            continue  # figures are free text to the card; what cannot be read counts as not measured
    if BARE not in found and len(impostor_tail) > 1:
        found[BARE] = Tail(BARE, tuple((rate, score, 0.0, 1.0) for rate, score in impostor_tail))
    if BARE not in found:
        return None
    for pair, nearest in ((MASKED_BARE, BARE), (MASKED, MASKED_BARE), (LOOK, MASKED)):
        if pair not in found:
            found[pair] = Tail(pair, found[nearest].points)
    return found


def _sound(points: tuple) -> bool:
    return (len(points) > 1 and all(len(point) == 4 and 0 < point[0] <= 1 and -1 <= point[1] <= 1 for point in points)
            and all(one[0] > other[0] and one[1] < other[1] for one, other in zip(points, points[1:], strict=False)))

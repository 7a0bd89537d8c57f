"""How sure a figure is, and the threshold that a measured impostor tail gives a gallery of some size."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import DataError, ModelError
from .verification import checked, just_above

SCORE_CAP = 0.99  # no threshold beyond: the same photo, saved anew, must still match itself


@dataclass(frozen=True, slots=True)
class Threshold:
    """A score to accept from, the FMR it stands for, and whether it lies beyond what was measured."""

    score: float
    fmr: float
    extrapolated: bool


def wilson(k: int, n: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Score interval of a share k of n (Wilson 1927), z = 1.96 for 95 %; (0, 1) where n is 0."""
    if n == 0:
        return 0.0, 1.0
    share, width = k / n, z * z / n
    middle = (share + width / 2) / (1 + width)
    half = z * (share * (1 - share) / n + width / (4 * n)) ** 0.5 / (1 + width)
    return 0.0 if k == 0 else max(0.0, middle - half), 1.0 if k == n else min(1.0, middle + half)


def impostor_tail(scores: np.ndarray) -> tuple[tuple[float, float], ...]:
    """((FMR, score), ...), scores ascending: at FMR 0.5, 0.2, 0.1, 0.05 ... as far as ten impostors support a point.

    Fewer than ten leave a rate more uncertain than a factor of two. Raises DataError with fewer than 100 scores.
    """
    scores = checked(scores, "impostor")
    scores = scores[np.searchsorted(scores, -np.inf, side="right"):]  # FMR is the matcher's: comparisons really made
    if len(scores) < 100:
        raise DataError(f"{len(scores)} impostor comparisons are too few for a threshold; give at least 100")
    tail: list[tuple[float, float]] = []
    steps = (digit / 10**decade for decade in range(1, 20) for digit in (5, 2, 1))
    for fmr in steps:
        allowed = int(fmr * len(scores) + 1e-9)
        if allowed < 10:
            break
        score = just_above(scores, allowed)
        matched = len(scores) - int(np.searchsorted(scores, score))
        if matched and np.isfinite(score) and (not tail or score > tail[-1][1]):  # ties repeat a score
            tail.append((matched / len(scores), score))
    return tuple(tail)


def threshold_for(impostor_tail: tuple[tuple[float, float], ...], gallery_size: int, fpir: float) -> Threshold:
    """The score from which a gallery names somebody, so that it names a stranger in a share `fpir` of searches.

    FPIR = 1 - (1 - FMR)^N for N independent comparisons, inverted exactly; N is the number of templates, which is on
    the safe side where a person has several. The score is linear in log10(FMR) between measured points. Beyond the
    last one it follows the slope of the last decade, which overstates the threshold for tails that fall faster than
    an exponential, as measured ones do. Raises ModelError where the model has no measured tail.
    """
    if len(impostor_tail) < 2:
        raise ModelError("this model has no measured impostor scores, so no threshold follows from its card; "
                         "set a threshold by hand or choose another model")
    if not 0 < fpir < 1:
        raise ModelError(f"a false alarm rate of {fpir} makes no sense; give a share between 0 and 1, such as 0.01")
    fmr = float(-np.expm1(np.log1p(-fpir) / max(1, gallery_size)))
    rates = np.log10([rate for rate, _ in impostor_tail])
    scores = np.array([score for _, score in impostor_tail])
    wanted = np.log10(fmr)
    if wanted >= rates[-1]:
        return Threshold(float(min(np.interp(-wanted, -rates, scores), SCORE_CAP)), fmr, False)
    last = np.flatnonzero(rates <= rates[-1] + 1)
    first = min(last[0], len(rates) - 2)
    slope = (scores[-1] - scores[first]) / (rates[first] - rates[-1])  # score per decade
    return Threshold(float(min(scores[-1] + slope * (rates[-1] - wanted), SCORE_CAP)), fmr, True)

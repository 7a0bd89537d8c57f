"""Verification, 1:1: from genuine and impostor scores to error rates. Conventions in the package's docstring."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..types import DataError


@dataclass(frozen=True, slots=True, eq=False)
class Roc:
    """One point per distinct score, thresholds descending from inf (nobody accepted); all three are (m,) float64."""

    thresholds: np.ndarray
    far: np.ndarray
    tar: np.ndarray


@dataclass(frozen=True, slots=True)
class TarAtFar:
    """`accepted` of `genuine` at the lowest threshold that lets at most far x `impostor` impostors in."""

    tar: float
    far: float  # asked for
    threshold: float
    accepted: int
    genuine: int
    false_accepts: int  # really let in: fewer than allowed where scores tie
    impostor: int


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Verification accuracy over folds. `std` is that of the folds (n - 1); `standard_error` is std / sqrt(folds)."""

    mean: float
    std: float
    standard_error: float
    folds: tuple[float, ...]
    thresholds: tuple[float, ...]  # the one each fold was judged by


def checked(values: np.ndarray, what: str) -> np.ndarray:
    """(n,) ascending scores, float32 if they came so (thresholds must compare the same way), else float64."""
    values = np.asarray(values)
    values = np.sort(values.ravel() if values.dtype == np.float32 else values.ravel().astype(np.float64))
    if not len(values):
        raise DataError(f"there are no {what} comparisons to measure with; give more photos or pairs")
    if np.isnan(values[-1]):  # NaN sorts last
        raise DataError(f"a {what} score is not a number; the embeddings are damaged")
    return values


def just_above(ascending: np.ndarray, allowed: int) -> float:
    """The lowest threshold that accepts at most `allowed` of the scores."""
    if allowed >= len(ascending):
        return -np.inf
    return float(np.nextafter(ascending[-1 - allowed], ascending.dtype.type(np.inf)))


def roc(genuine: np.ndarray, impostor: np.ndarray) -> Roc:
    """Receiver operating characteristic (ISO/IEC 19795-1) of (g,) genuine and (i,) impostor scores.

    Raises DataError where either is empty or holds a NaN.
    """
    genuine, impostor = checked(genuine, "genuine"), checked(impostor, "impostor")
    thresholds = np.unique(np.concatenate([genuine, impostor]))[::-1]
    return Roc(
        thresholds=np.concatenate([[np.inf], thresholds]),
        far=np.concatenate([[0.0], 1 - np.searchsorted(impostor, thresholds) / len(impostor)]),
        tar=np.concatenate([[0.0], 1 - np.searchsorted(genuine, thresholds) / len(genuine)]),
    )


def tar_at_far(genuine: np.ndarray, impostor: np.ndarray, far: float) -> TarAtFar | None:
    """True accept rate at a false accept rate; None means not enough data.

    At least 3 / far impostors are needed: by the "rule of three" (ISO/IEC 19795-1) fewer cannot support that FAR at
    95 % confidence even without one false accept. Raises DataError where either is empty or holds a NaN.
    """
    genuine, impostor = checked(genuine, "genuine"), checked(impostor, "impostor")
    if far * len(impostor) < 3 - 1e-9:
        return None
    allowed = int(far * len(impostor) + 1e-9)
    threshold = just_above(impostor, allowed)
    accepted = len(genuine) - int(np.searchsorted(genuine, threshold))
    return TarAtFar(accepted / len(genuine), far, threshold, accepted, len(genuine),
                    len(impostor) - int(np.searchsorted(impostor, threshold)), len(impostor))


def eer(genuine: np.ndarray, impostor: np.ndarray) -> tuple[float, float]:
    """(equal error rate, threshold nearest to it): where FAR = FRR on the straight lines between points of the ROC.

    Raises DataError where either is empty or holds a NaN.
    """
    curve = roc(genuine, impostor)
    gap = curve.far - (1 - curve.tar)  # rises from -1 to 1
    after = int(np.argmax(gap >= 0))
    before = after - 1
    share = -gap[before] / (gap[after] - gap[before])
    nearest = after if share >= 0.5 or before == 0 else before
    return float(curve.far[before] + share * (curve.far[after] - curve.far[before])), float(curve.thresholds[nearest])


def best_threshold(scores: np.ndarray, same: np.ndarray) -> float:
    """The threshold of most right decisions; halfway between scores, and of equally good ones the middle one.

    scores (n,) with NaN for comparisons to leave out, same (n,) bool. Raises DataError without a usable score.
    """
    scores, same = np.asarray(scores, dtype=np.float64), np.asarray(same, dtype=bool)
    kept = np.isfinite(scores)
    if not kept.any():
        raise DataError("no comparison has a score; no face was found in any of the pairs")
    values, group = np.unique(scores[kept], return_inverse=True)
    gain = np.zeros(len(values) + 1)  # entry i: right decisions won by accepting value i, lost where negative
    gain[:-1] = np.bincount(group, weights=np.where(same[kept], 1.0, -1.0), minlength=len(values))
    right = np.cumsum(gain[::-1])[::-1]  # accept values[i:] for i = 0..m
    edges = np.concatenate([[values[0] - 1e-6], (values[1:] + values[:-1]) / 2, [values[-1] + 1e-6]])
    best = np.flatnonzero(right == right.max())
    return float(edges[best[len(best) // 2]])


def ten_fold_accuracy(scores: np.ndarray, same: np.ndarray, folds: np.ndarray) -> Accuracy:
    """The LFW protocol, View 2 (Huang et al. 2007): each fold judged by the threshold best on all other folds.

    scores, same, folds: (n,) score, same person or not, fold number (as many folds as there are numbers). A NaN score
    is a comparison without a decision: wrong at every threshold; -inf is one that was rejected: wrong only for a
    genuine pair. Raises DataError with fewer than two folds.
    """
    scores, same, folds = np.asarray(scores, dtype=np.float64), np.asarray(same, dtype=bool), np.asarray(folds)
    numbers = np.unique(folds)
    if len(numbers) < 2:
        raise DataError("accuracy by folds needs at least two folds; give more pairs")
    accuracies, thresholds = [], []
    for number in numbers:
        held = folds == number
        threshold = best_threshold(scores[~held], same[~held])
        right = ((scores[held] >= threshold) == same[held]) & ~np.isnan(scores[held])
        accuracies.append(float(right.mean()))
        thresholds.append(threshold)
    std = float(np.std(accuracies, ddof=1))
    return Accuracy(float(np.mean(accuracies)), std, std / len(numbers) ** 0.5, tuple(accuracies), tuple(thresholds))


def pair_scores(embeddings: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(genuine, impostor) scores of all pairs among (n, d) unit rows with (n,) people; n (n - 1) / 2 in all."""
    embeddings, people = np.asarray(embeddings, dtype=np.float32), np.asarray(people)
    genuine, impostor = [], []
    for start in range(0, len(people), 512):
        rows = slice(start, start + 512)
        scores = embeddings[rows] @ embeddings[start:].T
        same = people[rows, None] == people[None, start:]
        upper = np.triu(np.ones(scores.shape, dtype=bool), 1)
        genuine.append(scores[same & upper])
        impostor.append(scores[~same & upper])
    empty = [np.empty(0, np.float32)]
    return np.concatenate(genuine or empty), np.concatenate(impostor or empty)

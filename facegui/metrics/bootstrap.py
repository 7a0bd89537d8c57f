"""Intervals where trials depend on each other: the people are drawn anew, not the scores.

One person's photos share a face, so their scores rise and fall together, and an interval that takes them for independent
is too narrow. The subsets bootstrap (Bolle, Ratha and Pankanti, "Error analysis of pattern recognition systems: the
subsets bootstrap", CVIU 93(1), 2004) draws whole people with replacement: a genuine score counts as often as its person
was drawn, an impostor score as often as the product of its two. The interval runs from the 2.5 to the 97.5 percentile.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .confidence import wilson

ROUNDS = 200
LEVELS = (2.5, 97.5)
GRID = 1024  # thresholds at which the equal error rate is looked for
FEW = 5  # people; fewer say nothing about other people

Interval = tuple[float, float]


@dataclass(frozen=True, slots=True)
class VerificationIntervals:
    """95 % intervals of the equal error rate and of TAR at each FAR asked for; None: fewer than FEW people."""

    eer: Interval | None
    tar: tuple[Interval | None, ...]


def draws(people: int, rounds: int, seed: int) -> np.ndarray:
    """(rounds, people) int64: how often each person was drawn; every row sums to `people`."""
    return np.random.default_rng(seed).multinomial(people, np.full(people, 1 / people), size=rounds)


def share_interval(hits: np.ndarray, people: np.ndarray, rounds: int = ROUNDS, seed: int = 0) -> Interval | None:
    """Of the share of True in `hits` (n,), each trial belonging to one of `people` (n,). None with fewer than FEW people."""
    known, who = np.unique(people, return_inverse=True)
    if len(known) < FEW:
        return None
    right = np.bincount(who, np.asarray(hits, float), len(known))
    count = np.bincount(who, minlength=len(known))
    weights = draws(len(known), rounds, seed)
    return _ends(weights @ right / np.maximum(weights @ count, 1), len(known))


def verification_intervals(genuine: np.ndarray, genuine_people: np.ndarray, impostor: np.ndarray, impostor_people: np.ndarray,
                           fars: tuple[float, ...], rounds: int = ROUNDS, seed: int = 0) -> VerificationIntervals:
    """genuine (g,) scores of genuine_people (g,); impostor (i,) scores between the two of impostor_people (i, 2)."""
    genuine, impostor = np.asarray(genuine, np.float64), np.asarray(impostor, np.float64)
    impostor_people = np.asarray(impostor_people).reshape(-1, 2)
    known, numbers = np.unique(np.concatenate([genuine_people, impostor_people.ravel()]), return_inverse=True)
    if len(np.unique(genuine_people)) < FEW:
        return VerificationIntervals(None, tuple(None for _ in fars))
    who, (one, two) = numbers[: len(genuine)], numbers[len(genuine):].reshape(-1, 2).T
    order = np.argsort(-genuine, kind="stable")
    genuine, who = genuine[order], who[order]
    order = np.argsort(-impostor, kind="stable")
    impostor, one, two = impostor[order], one[order], two[order]
    top = impostor[: min(len(impostor), int(4 * max(fars) * len(impostor)) + 10)]  # far more than any round accepts
    grid = np.unique(np.quantile(np.concatenate([genuine, impostor])[np.isfinite(np.concatenate([genuine, impostor]))],
                                 np.linspace(0, 1, GRID)))
    cells = [len(grid) - np.searchsorted(grid, scores, side="right") for scores in (genuine, impostor)]
    tar, eers = [], []
    for drawn in draws(len(known), rounds, seed).astype(np.float64):
        mine, theirs = drawn[who], drawn[one] * drawn[two]
        total, accepted = theirs.sum(), np.cumsum(mine)
        if not total or not accepted[-1]:
            continue
        let_in = np.cumsum(theirs[: len(top)])
        row = []
        for far in fars:
            refused = int(np.searchsorted(let_in, far * total * (1 + 1e-9), side="right"))  # the first that is too many
            limit = top[refused] if refused < len(top) else -np.inf
            count = int(np.searchsorted(-genuine, -limit, side="left"))  # genuine scores above it
            row.append(accepted[count - 1] / accepted[-1] if count else 0.0)
        tar.append(row)
        eers.append(_crossing(*(np.cumsum(np.bincount(cell, weight, len(grid) + 1)) / weight.sum()
                                for cell, weight in zip(cells, (mine, theirs), strict=True))))
    if not tar:
        return VerificationIntervals(None, tuple(None for _ in fars))
    people = len(np.unique(genuine_people))
    return VerificationIntervals(_ends(np.array(eers), people), tuple(_ends(column, people) for column in np.array(tar).T))


def _crossing(tar: np.ndarray, far: np.ndarray) -> float:
    """The equal error rate of a curve whose thresholds descend."""
    gap = far - (1 - tar)
    after = int(np.argmax(gap >= 0))
    if after == 0:
        return float(far[0])
    share = -gap[after - 1] / (gap[after] - gap[after - 1])
    return float(far[after - 1] + share * (far[after] - far[after - 1]))


def _ends(values: np.ndarray, people: int) -> Interval:
    """Drawn anew, people without an error never show one: then Wilson's interval, each person being one trial."""
    low, high = (float(end) for end in np.percentile(values, LEVELS))
    if low == high and low in (0.0, 1.0):
        return wilson(round(low * people), people)
    return low, high

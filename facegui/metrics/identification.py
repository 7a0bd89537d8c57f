"""Identification, 1:N: ranks, CMC, FPIR and FNIR from a score matrix of probes against templates."""

from __future__ import annotations

import numpy as np

from ..types import DataError


def person_scores(scores: np.ndarray, gallery: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Best score per person: (p, g) scores of probes against templates of (g,) people -> (m,) people, (p, m) scores."""
    gallery = np.asarray(gallery)
    order = np.argsort(gallery, kind="stable")
    people, first = np.unique(gallery[order], return_index=True)
    return people, np.maximum.reduceat(np.asarray(scores)[:, order], first, axis=1)


def ranks(scores: np.ndarray, probes: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    """(p,) rank of each probe's own person, 1 = first; 0 = not in the gallery. A tie counts against the probe.

    scores (p, g), probes (p,) and gallery (g,) people. A probe whose mate scores -inf or NaN ranks last.
    """
    people, best = person_scores(scores, gallery)
    probes = np.asarray(probes)
    column = np.minimum(np.searchsorted(people, probes), len(people) - 1)
    mate = best[np.arange(len(probes)), column]
    rank = len(people) - (best < mate[:, None]).sum(axis=1)  # everybody not clearly worse stands before the mate
    return np.where(people[column] == probes, rank, 0)


def cmc(scores: np.ndarray, probes: np.ndarray, gallery: np.ndarray, depth: int = 20) -> np.ndarray:
    """Cumulative match characteristic (ISO/IEC 19795-1): (depth,) share of mated probes found by rank 1, 2, ...

    Arguments as for `ranks`. Raises DataError without a mated probe.
    """
    found = ranks(scores, probes, gallery)
    found = found[found > 0]
    if not len(found):
        raise DataError("no probe shows a person of the gallery; give photos of enrolled people")
    return np.cumsum(np.bincount(np.minimum(found, depth + 1), minlength=depth + 2)[1 : depth + 1]) / len(found)


def rank_one(scores: np.ndarray, probes: np.ndarray, gallery: np.ndarray) -> float:
    """Share of mated probes whose own person comes first; arguments and errors as for `cmc`."""
    return float(cmc(scores, probes, gallery, 1)[0])


def fpir_fnir(mated: np.ndarray, nonmated: np.ndarray, threshold: float) -> tuple[float, float]:
    """(FPIR(T), FNIR(1, T)) of ISO/IEC 19795-1.

    mated (n,): the mate's score where it came first, else -inf; nonmated (m,): the best score of each search for
    somebody not enrolled. NaN for a rate without a search.
    """
    mated, nonmated = np.asarray(mated, dtype=np.float64), np.asarray(nonmated, dtype=np.float64)
    return (float((nonmated >= threshold).mean()) if len(nonmated) else float("nan"),
            float((mated < threshold).mean()) if len(mated) else float("nan"))

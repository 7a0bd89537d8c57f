"""From evidence to figures with their intervals, as plain JSON values. None says: not enough data for that rate."""

from __future__ import annotations

from typing import Any

import numpy as np

from .. import metrics
from .evidence import Comparisons, Evidence, Searches

FARS = (1e-2, 1e-3, 1e-4, 1e-5)
FPIRS = (1e-2, 1e-3)
DEPTH = 20
POINTS = 400  # of a curve in JSON and in a chart


def figures(evidence: Evidence) -> dict[str, Any]:
    return {"comparisons": [of_comparisons(one) for one in evidence.comparisons],
            "searches": [of_searches(one) for one in evidence.searches]}


def of_comparisons(one: Comparisons) -> dict[str, Any]:
    """EER and TAR at FARS with bootstrap intervals by identity, and the ROC thinned to POINTS."""
    intervals = metrics.verification_intervals(one.genuine, one.genuine_people, one.impostor, one.impostor_people, FARS)
    rate, threshold = metrics.eer(one.genuine, one.impostor)
    curve = thinned(metrics.roc(one.genuine, one.impostor))
    tar = {}
    for far, interval in zip(FARS, intervals.tar, strict=True):
        point = metrics.tar_at_far(one.genuine, one.impostor, far)
        tar[f"{far:g}"] = point and {
            "tar": point.tar, "threshold": finite(point.threshold), "accepted": point.accepted, "genuine": point.genuine,
            "false_accepts": point.false_accepts, "impostor": point.impostor,
            "wilson": metrics.wilson(point.accepted, point.genuine), "bootstrap_by_identity": interval}
    return {"name": one.name, "genuine": len(one.genuine), "impostor": len(one.impostor),
            "people": len(np.unique(one.genuine_people)), "failed_genuine": int(np.isneginf(one.genuine).sum()),
            "failed_impostor": int(np.isneginf(one.impostor).sum()),
            "eer": {"rate": rate, "threshold": finite(threshold), "bootstrap_by_identity": intervals.eer}, "tar_at_far": tar,
            "roc": {"threshold": [finite(value) for value in curve.thresholds], "far": curve.far.tolist(),
                    "tar": curve.tar.tolist()}}


def of_searches(one: Searches) -> dict[str, Any]:
    """Rank 1, CMC, and FNIR at FPIRS with Wilson intervals and bootstrap ones by identity."""
    first = one.ranks == 1
    right, count = int(first.sum()), len(one.ranks)
    capped = np.minimum(one.ranks, DEPTH + 1)
    cmc = np.cumsum(np.bincount(capped, minlength=DEPTH + 2)[1: DEPTH + 1]) / max(count, 1)
    fnir = {}
    for fpir in FPIRS:
        point = metrics.tar_at_far(one.accepted, one.strangers, fpir) if len(one.strangers) and count else None
        missed = point and point.genuine - point.accepted
        fnir[f"{fpir:g}"] = point and {
            "fnir": missed / point.genuine, "threshold": finite(point.threshold), "missed": missed, "searches": point.genuine,
            "named": point.false_accepts, "strangers": point.impostor, "wilson": metrics.wilson(missed, point.genuine),
            "bootstrap_by_identity": metrics.share_interval(one.accepted < point.threshold, one.mated_people)}
    return {"name": one.name, "gallery": one.gallery, "probes": count, "strangers": len(one.strangers),
            "failures_to_enroll": one.not_enrolled, "failures_to_acquire": one.not_acquired,
            "rank_one": {"share": right / max(count, 1), "right": right, "probes": count, "wilson": metrics.wilson(right, count),
                         "bootstrap_by_identity": metrics.share_interval(first, one.mated_people)},
            "cmc": cmc.tolist(), "fnir_at_fpir": fnir}


def thinned(curve: metrics.Roc) -> metrics.Roc:
    """At most POINTS of a curve, evenly spread over the logarithm of FAR where it counts, ends included."""
    if len(curve.far) <= POINTS:
        return curve
    first = int(np.argmax(curve.far > 0))
    low = max(curve.far[first], 1e-9)
    by_far = np.searchsorted(curve.far, np.geomspace(low, 1, POINTS // 2))
    by_tar = np.searchsorted(curve.tar, np.linspace(0, 1, POINTS // 2 - 2))
    kept = np.unique(np.clip(np.concatenate([[0, first, len(curve.far) - 1], by_far, by_tar]), 0, len(curve.far) - 1))
    return metrics.Roc(curve.thresholds[kept], curve.far[kept], curve.tar[kept])


def finite(value: float) -> float | None:
    """JSON knows no infinity: None stands for it."""
    return float(value) if np.isfinite(value) else None

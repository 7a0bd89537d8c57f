"""Figures of merit: verification (1:1), identification (1:N), thresholds and their confidence. Needs numpy alone.

Conventions: a score is a cosine, higher is better, and a comparison is accepted when score >= threshold. A rate is a
share, 0..1. A comparison that could not be made (no face found) has the score -inf: rejected at every threshold, as
ISO/IEC 19795-1 counts failures to acquire. Words as there: FAR/FRR count those failures, FMR/FNMR the matcher alone.
"""

from .bootstrap import VerificationIntervals, share_interval, verification_intervals
from .confidence import SCORE_CAP, Threshold, impostor_tail, threshold_for, wilson
from .identification import cmc, fpir_fnir, person_scores, rank_one, ranks
from .verification import (
    Accuracy,
    Roc,
    TarAtFar,
    best_threshold,
    eer,
    pair_scores,
    roc,
    tar_at_far,
    ten_fold_accuracy,
)

__all__ = [
    "SCORE_CAP", "Accuracy", "Roc", "TarAtFar", "Threshold", "VerificationIntervals", "best_threshold", "cmc", "eer", "fpir_fnir",
    "impostor_tail", "pair_scores", "person_scores", "rank_one", "ranks", "roc", "share_interval", "tar_at_far",
    "ten_fold_accuracy", "threshold_for", "verification_intervals", "wilson",
]

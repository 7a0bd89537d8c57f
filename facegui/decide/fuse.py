"""Several photos of a person, one score: half the mean template's, half the best photo's.

The mean of the unit embeddings, brought back to unit length, is the person's template with the chance of each single
photo averaged out (media-averaged templates: Whitelam et al., "IARPA Janus Benchmark-B Face Dataset", CVPRW 2017;
Ranjan et al., "Crystal Loss and Quality Pooling", 2018); the best single photo keeps a look that is far from the
mean, such as a child's. docs/decisions.md has the measurement behind this mix.
"""

from __future__ import annotations

import numpy as np

MEAN_SHARE = 0.5
DRAWS = 0.45  # exponent of a person's photos, measured: see docs/decisions.md


def fused(probes: np.ndarray, templates: np.ndarray) -> np.ndarray:
    """(p, d) unit probes against the (k, d) unit templates of one person in one look -> (p,) scores, -1..1."""
    scores = probes @ templates.T
    best = scores.max(axis=1)
    if len(templates) == 1:
        return best
    mean = templates.mean(axis=0)
    length = max(float(np.linalg.norm(mean)), 1e-9)
    return MEAN_SHARE * (scores.mean(axis=1) / length) + (1 - MEAN_SHARE) * best


def fused_all(probes: np.ndarray, templates: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """`fused` for everybody: (p, d) probes against (n, d) templates of (n,) people -> (m,) people, (p, m) scores."""
    order = np.argsort(people, kind="stable")
    known, first = np.unique(people[order], return_index=True)
    templates = templates[order]
    best = np.maximum.reduceat(probes @ templates.T, first, axis=1)
    if len(known) == len(people):
        return known, best
    means = np.add.reduceat(templates, first, axis=0)
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-9)
    several = np.diff(np.append(first, len(people))) > 1
    best[:, several] = MEAN_SHARE * (probes @ means[several].T) + (1 - MEAN_SHARE) * best[:, several]
    return known, best


def fused_without(probes: np.ndarray, templates: np.ndarray) -> np.ndarray:
    """(p, d) unit probes, (k, d) unit templates of one person in one look, two at least -> (p, k) what `fused` would say without
    each of the templates."""
    scores, count = probes @ templates.T, len(templates)
    ranked = np.partition(scores, -2, axis=1)
    best = np.repeat(ranked[:, -1:], count, axis=1)
    best[np.arange(len(scores)), scores.argmax(axis=1)] = ranked[:, -2]
    if count == 2:
        return best
    means = (templates.sum(axis=0) - templates) / (count - 1)
    lengths = np.maximum(np.linalg.norm(means, axis=1), 1e-9)
    others = (scores.sum(axis=1, keepdims=True) - scores) / (count - 1)
    return MEAN_SHARE * (others / lengths) + (1 - MEAN_SHARE) * best


def draws(photos: np.ndarray) -> float:
    """The comparisons that people with so many photos (n,) are."""
    return float((np.maximum(np.asarray(photos, np.float64), 1) ** DRAWS).sum())

"""The gallery's own people as strangers: a sample of them, each searched against others."""

from __future__ import annotations

import numpy as np

from .fuse import fused_all
from .level import draws

PROBES, TEMPLATES = 1000, 4000


def sample(people: np.ndarray) -> tuple[np.ndarray, np.ndarray, float]:
    """(n,) owners of templates -> rows of the probes, one each of up to PROBES people; rows to search, all of as many
    people as have up to TEMPLATES together; and how many comparisons a search is. The same for the same owners."""
    rng = np.random.default_rng(0)
    order = np.argsort(people, kind="stable")
    known, starts, sizes = np.unique(people[order], return_index=True, return_counts=True)
    chosen = rng.permutation(len(known))
    chosen = np.sort(chosen[np.cumsum(sizes[chosen]) <= TEMPLATES])
    searched = np.concatenate([order[starts[at]:starts[at] + sizes[at]] for at in chosen]) if len(chosen) else order[:0]
    asked = np.sort(rng.permutation(len(known))[:PROBES])
    return order[starts[asked] + rng.integers(0, sizes[asked])], searched, max(1.0, draws(sizes[chosen]) - 1)


def best_others(probes: np.ndarray, owners: np.ndarray, templates: np.ndarray, people: np.ndarray) -> np.ndarray:
    """(p,) best fused score of (p, d) probes of owners (p,) with anybody else; templates (t, d) of people (t,)."""
    known, scores = fused_all(probes, templates, people)
    scores[owners[:, None] == known[None]] = -2
    return scores.max(axis=1).astype(np.float64)

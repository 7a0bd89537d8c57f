"""The gallery's own people as strangers: a sample of them, bare and under a drawn mask, each searched against others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fuse import draws, fused_all

PROBES, TEMPLATES = 1000, 4000


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """(s,) best fused scores with somebody else, each over so many `comparisons` (see level.draws)."""

    scores: np.ndarray
    comparisons: float


def search(templates: np.ndarray, people: np.ndarray, worn: np.ndarray | None = None) -> Searches:
    """A sample of (n, d) templates of (n,) people against the others; `worn`: the probes' templates, where they differ."""
    asked, searched, comparisons = sample(people)
    if not len(searched):  # only masked faces are enrolled, or the first person drawn has very many photos
        return Searches(np.empty(0), comparisons)
    probes = templates if worn is None else worn
    return Searches(best_others(probes[asked], people[asked], templates[searched], people[searched]), comparisons)


def under_masks(bare: np.ndarray, looks: np.ndarray) -> np.ndarray:
    """(n, d) unit templates of faces under their drawn mask. A look is halfway between that and the bare template, so the
    one is the other's reflection in it."""
    return 2 * (looks * bare).sum(axis=1, keepdims=True) * looks - bare


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

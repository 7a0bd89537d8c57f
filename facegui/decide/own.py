"""The gallery's own people as strangers: a sample of them, bare and under a drawn mask, each searched against others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fuse import draws
from .local import LEAST, Cohort, scaled, with_others
from .tails import BARE, LOOK

PROBES, TEMPLATES = 1000, 4000


@dataclass(frozen=True, slots=True, eq=False)
class Searches:
    """(s,) best fused scores with somebody else, each over so many `comparisons` (see fuse.draws).

    From LEAST searches on they are scores by everybody's own threshold (local.py), which the `cohort` gives for anybody
    else, too; `plain`: the best as they were before that.
    """

    scores: np.ndarray
    comparisons: float
    plain: np.ndarray
    cohort: Cohort | None = None


def search(templates: np.ndarray, people: np.ndarray, worn: np.ndarray | None = None) -> Searches:
    """A sample of (n, d) templates of (n,) people against the others; `worn`: the probes' templates, where they differ."""
    asked, searched, comparisons = sample(people)
    if not len(searched):  # only masked faces are enrolled, or the first person drawn has very many photos
        return Searches(np.empty(0), comparisons, np.empty(0))
    probes, owners = (templates if worn is None else worn)[asked], people[asked]
    _, scores = with_others(probes, owners, templates[searched], people[searched])
    plain = scores.max(axis=1).astype(np.float64)
    if len(owners) < LEAST:
        return Searches(plain, comparisons, plain)
    by_person, usual = scaled(scores)
    return Searches(by_person.max(axis=1).astype(np.float64), comparisons, plain, Cohort(probes, owners, usual))


def searches(bare: np.ndarray, looks: np.ndarray | None, people: np.ndarray) -> dict[str, Searches]:
    """By pair of covers, of (n,) people with a (n, d) bare template each, and a look each where the model makes them."""
    found = {BARE: search(bare, people)}
    if looks is not None:
        found[LOOK] = search(looks, people, under_masks(bare, looks))
    return found


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

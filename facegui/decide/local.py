"""Everybody's own threshold: whom many others resemble must be more alike for a name. Given as scores, which are less by that.

Some templates are near to everybody: a blurred photo, a child's, a face like many here (the "lambs" of Doddington et al., "Sheep,
goats, lambs and wolves", ICSLP 1998; hubs: Radovanovic et al., JMLR 11, 2010). One threshold for all of them is set by the worst.
So each person is compared with a cohort of others from the same gallery, and the mean of the nearest of these scores is
taken off the person's, as CSLS does (Conneau et al., "Word translation without parallel data", ICLR 2018, eq. 2, the
template's half) and the adaptive normalisation of speakers' scores by their nearest cohort (Matejka et al., Interspeech
2017), but with a weight, less its mean over all people so that scores stay cosines of the usual size, and never below
zero: whoever is of a kind that is rare here must not be confused more easily for it. docs/decisions.md has the figures.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .fuse import fused_all, fused_without

NEAREST = 20  # of the cohort
WEIGHT = 0.75
MOST = 0.15  # of score: about what the most crowded of 4,261 people would need; a bad photo must not shut its person out
LEAST = 200  # people in the cohort: the nearest of fewer are no longer near


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Cohort:
    """(c, d) unit probes of (c,) owners, one of each; `usual`: the mean over all people of what
    NEAREST of them score with each."""

    probes: np.ndarray
    owners: np.ndarray
    usual: float

    def offsets(self, templates: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """(t, d) templates of (t,) people -> (m,) people, (m,) what is taken off the scores of each."""
        known, scores = with_others(self.probes, self.owners, templates, people)
        return known, _off(_nearest(scores)[1:].mean(axis=0), self.usual)

    def without_probes(self, templates: np.ndarray, people: np.ndarray) -> np.ndarray:
        """(c + 1, m) `offsets` without each of the probes, as somebody who is not enrolled meets them; with all of them at the end."""
        _, scores = with_others(self.probes, self.owners, templates, people)
        crowding, means = _crowding(scores)
        return _off(np.vstack([crowding, means]), self.usual)

    def without_templates(self, templates: np.ndarray, owner: int) -> np.ndarray:
        """(k, d) templates of one person, two at least -> (k,) what is taken off the person's scores without each of them."""
        return _off(_nearest(fused_without(self.probes[self.owners != owner], templates))[1:].mean(axis=0), self.usual)


def with_others(probes: np.ndarray, owners: np.ndarray, templates: np.ndarray, people: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(m,) people and the (p, m) fused scores of (p, d) probes with their (t, d) templates; -2 with the probe's owner."""
    known, scores = fused_all(probes, templates, people)
    scores[owners[:, None] == known[None]] = -2
    return known, scores


def scaled(scores: np.ndarray) -> tuple[np.ndarray, float]:
    """(p, m) scores of a cohort with people, -2 for a probe's own -> the same less what is taken off, and the cohort's
    `usual`. No probe counts among the nearest that it is itself measured by: a stranger would not."""
    without, means = _crowding(scores)
    return scores - _off(without, means.mean()), float(means.mean())


def _crowding(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean of the nearest of (p, m) scores with each person: (p, m) without each of the probes, and (m,) with all."""
    top = _nearest(scores)
    means = top[1:].mean(axis=0)
    return np.where(scores >= top[1], (top.sum(axis=0) - scores) / NEAREST, means), means


def _off(crowding: np.ndarray, usual: float) -> np.ndarray:
    return np.clip(WEIGHT * (crowding - usual), 0.0, MOST)


def _nearest(scores: np.ndarray) -> np.ndarray:
    """(NEAREST + 1, m) the highest of each column, ascending."""
    return np.sort(np.partition(scores, -NEAREST - 1, axis=0)[-NEAREST - 1:], axis=0)

"""Intervals by identity against loops that really repeat people, and against the truth in repeated experiments."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from facegui import metrics
from facegui.metrics.bootstrap import draws


def experiment(seed, people=40, photos=4, spread=0.12):
    """Scores of people who are hard or easy: one person's scores rise and fall together."""
    rng = np.random.default_rng(seed)
    ease = rng.normal(0.5, spread, people)
    who = np.repeat(np.arange(people), photos)
    genuine = (ease[who] + rng.normal(0, 0.03, len(who))).round(3)
    one, two = np.triu_indices(people, 1)
    impostor = (0.4 * (ease[one] + ease[two]) - 0.25 + rng.normal(0, 0.08, len(one))).round(3)
    return genuine, who, impostor, np.stack([one, two], axis=1)


def test_intervals_are_those_of_loops_that_repeat_the_people():
    genuine, who, impostor, pair = experiment(1)
    genuine[3], impostor[5] = -np.inf, -np.inf
    fars = (0.1, 0.02)
    found = metrics.verification_intervals(genuine, who, impostor, pair, fars, rounds=40, seed=7)
    tars, eers = [], []
    for drawn in draws(40, 40, 7):
        mine = np.concatenate([np.full(drawn[p], s) for s, p in zip(genuine, who, strict=True)])
        theirs = np.concatenate([np.full(drawn[a] * drawn[b], s) for s, (a, b) in zip(impostor, pair, strict=True)])
        row = []
        for far in fars:
            allowed = [t for t in [*np.unique(theirs), np.inf] if (theirs > t).sum() <= far * len(theirs) + 1e-9]
            row.append((mine > min(allowed)).mean())
        tars.append(row)
        far, tar, _ = roc_curve(np.repeat([1, 0], [len(mine), len(theirs)]),
                                np.concatenate([np.maximum(mine, -9), np.maximum(theirs, -9)]), drop_intermediate=False)
        eers.append(min(max(f, 1 - t) for f, t in zip(far, tar, strict=True)))
    np.testing.assert_allclose(found.tar, np.percentile(tars, (2.5, 97.5), axis=0).T, atol=0.012)  # ties at the limit
    np.testing.assert_allclose(found.eer, np.percentile(eers, (2.5, 97.5)), atol=0.012)


def test_share_intervals_are_those_of_loops():
    rng = np.random.default_rng(3)
    people, hits = rng.integers(0, 30, 200), rng.random(200) < 0.7
    numbers = np.unique(people, return_inverse=True)[1]
    shares = [np.concatenate([np.full(drawn[p], hit) for hit, p in zip(hits, numbers, strict=True)]).mean()
              for drawn in draws(len(set(people)), 60, 5)]
    assert metrics.share_interval(hits, people, 60, 5) == pytest.approx(tuple(np.percentile(shares, (2.5, 97.5))))


def test_intervals_by_identity_hold_the_truth_where_wilson_does_not():
    rng = np.random.default_rng(0)
    truth, by_people, by_photo = 0.8, 0, 0
    for trial in range(60):
        easy = rng.random(50) < truth  # all ten photos of a person succeed, or all fail
        hits, people = np.repeat(easy, 10), np.repeat(np.arange(50), 10)
        low, high = metrics.share_interval(hits, people, seed=trial)
        by_people += low <= truth <= high
        low, high = metrics.wilson(int(hits.sum()), len(hits))
        by_photo += low <= truth <= high
    assert by_people >= 52 > 42 > by_photo  # of 60; 57 are promised


def test_without_an_error_each_person_is_one_trial():
    assert metrics.share_interval(np.ones(100, bool), np.repeat(np.arange(20), 5)) == metrics.wilson(20, 20)
    pairs = np.stack(np.triu_indices(20, 1), axis=1)
    found = metrics.verification_intervals(np.full(40, 0.9), np.repeat(np.arange(20), 2), np.full(190, 0.1), pairs, (0.1,))
    assert found.eer == metrics.wilson(0, 20) and found.tar == (metrics.wilson(20, 20),)


def test_few_people_give_no_interval():
    assert metrics.share_interval(np.ones(20, bool), np.repeat(np.arange(4), 5)) is None
    found = metrics.verification_intervals([0.5, 0.6], [0, 1], [0.1], [[0, 1]], (0.1,))
    assert found.eer is None and found.tar == (None,)

"""Each figure against a naive loop or scikit-learn, on random data with ties."""

import numpy as np
import pytest
from sklearn.metrics import roc_curve

from facegui import metrics
from facegui.types import DataError, ModelError


def scores(seed, genuine=300, impostor=2000, decimals=2):
    rng = np.random.default_rng(seed)
    return rng.normal(0.6, 0.2, genuine).round(decimals), rng.normal(0.1, 0.15, impostor).round(decimals)


@pytest.mark.parametrize("seed", range(3))
def test_roc_is_that_of_scikit_learn(seed):
    genuine, impostor = scores(seed)
    curve = metrics.roc(genuine, impostor)
    far, tar, thresholds = roc_curve(np.repeat([1, 0], [300, 2000]), np.concatenate([genuine, impostor]),
                                     drop_intermediate=False)
    np.testing.assert_allclose(curve.far, far, atol=1e-12)
    np.testing.assert_allclose(curve.tar, tar, atol=1e-12)
    np.testing.assert_array_equal(curve.thresholds, thresholds)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("far", [0.002, 0.01, 0.29])
def test_tar_at_far_is_the_best_allowed_threshold(far, dtype):
    genuine, impostor = (values.astype(dtype) for values in scores(7))
    point = metrics.tar_at_far(genuine, impostor, far)
    candidates = [*np.unique(np.concatenate([genuine, impostor])), np.inf]
    allowed = [t for t in candidates if (impostor >= t).mean() <= far + 1e-12]
    assert point.accepted == (genuine >= min(allowed)).sum() and point.tar == point.accepted / len(genuine)
    assert point.false_accepts == (impostor >= point.threshold).sum() <= far * len(impostor) + 1e-9
    assert (point.genuine, point.impostor, point.far) == (300, 2000, far)


def test_tar_at_far_says_when_data_is_too_little():
    genuine, impostor = scores(1)
    assert metrics.tar_at_far(genuine, impostor[:1999], 3 / 2000) is None
    assert metrics.tar_at_far(genuine, impostor, 3 / 2000) is not None
    with pytest.raises(DataError, match="no genuine"):
        metrics.tar_at_far([], impostor, 0.1)
    with pytest.raises(DataError, match="not a number"):
        metrics.roc(genuine, [0.1, np.nan])


def test_failures_to_acquire_are_rejected_at_every_threshold():
    genuine, impostor = scores(2)
    lost = np.concatenate([genuine, np.full(100, -np.inf)])
    assert metrics.tar_at_far(lost, impostor, 0.01).accepted == metrics.tar_at_far(genuine, impostor, 0.01).accepted
    assert metrics.roc(lost, impostor).tar[-2] == pytest.approx(300 / 400)


@pytest.mark.parametrize("seed", range(5))
def test_eer_lies_where_the_two_error_rates_cross(seed):
    genuine, impostor = scores(seed)
    rate, threshold = metrics.eer(genuine, impostor)
    pairs = [((impostor >= t).mean(), (genuine < t).mean()) for t in np.unique(np.concatenate([genuine, impostor]))]
    above = min((frr for far, frr in pairs if frr >= far), default=1), min((far for far, frr in pairs if far >= frr))
    assert rate <= max(above) + 1e-12
    nearest = min(abs(far - frr) for far, frr in pairs)
    assert abs((impostor >= threshold).mean() - (genuine < threshold).mean()) == pytest.approx(nearest)
    assert metrics.eer([0.9, 0.8], [0.1, 0.2])[0] == 0
    assert metrics.eer([0.1, 0.2], [0.8, 0.9])[0] == 1


def accuracy_by_loops(values, same, folds):
    means = []
    for fold in sorted(set(folds)):
        train = [(v, s) for v, s, f in zip(values, same, folds, strict=True) if f != fold and np.isfinite(v)]
        distinct = sorted({v for v, _ in train})
        between = [(a + b) / 2 for a, b in zip(distinct, distinct[1:], strict=False)]
        edges = [distinct[0] - 1e-6, *between, distinct[-1] + 1e-6]
        right = [sum((v >= edge) == s for v, s in train) for edge in edges]
        best = [edge for edge, count in zip(edges, right, strict=True) if count == max(right)]
        threshold = best[len(best) // 2]
        held = [(v, s) for v, s, f in zip(values, same, folds, strict=True) if f == fold]
        means.append(sum(not np.isnan(v) and (v >= threshold) == s for v, s in held) / len(held))
    return means


def test_ten_fold_accuracy_is_that_of_the_loops():
    rng = np.random.default_rng(5)
    same = rng.random(600) < 0.5
    values = np.where(same, rng.normal(0.6, 0.3, 600), rng.normal(0.1, 0.3, 600)).round(2)
    values[rng.random(600) < 0.05], values[rng.random(600) < 0.05] = np.nan, -np.inf
    folds = rng.integers(0, 10, 600)
    result = metrics.ten_fold_accuracy(values, same, folds)
    means = accuracy_by_loops(values, same, folds)
    np.testing.assert_allclose(result.folds, means)
    assert result.mean == pytest.approx(np.mean(means)) and result.std == pytest.approx(np.std(means, ddof=1))
    assert result.standard_error == pytest.approx(result.std / 10**0.5)
    with pytest.raises(DataError, match="two folds"):
        metrics.ten_fold_accuracy(values, same, np.zeros(600))


def test_pair_scores_are_all_pairs_once():
    rng = np.random.default_rng(3)
    rows = rng.normal(size=(600, 8)).astype(np.float32)
    people = rng.integers(0, 40, 600)
    genuine, impostor = metrics.pair_scores(rows, people)
    pairs = [(float(rows[i] @ rows[j]), people[i] == people[j]) for i in range(600) for j in range(i + 1, 600)]
    np.testing.assert_allclose(np.sort(genuine), sorted(s for s, same in pairs if same), atol=1e-4)
    np.testing.assert_allclose(np.sort(impostor), sorted(s for s, same in pairs if not same), atol=1e-4)


def test_ranks_and_cmc_by_loops():
    rng = np.random.default_rng(4)
    gallery, probes = rng.permutation(np.repeat(np.arange(30), 3)), rng.integers(0, 35, 80)
    matrix = rng.random((80, 90)).round(1)  # many ties
    ranks = metrics.ranks(matrix, probes, gallery)
    for row, probe, rank in zip(matrix, probes, ranks, strict=True):
        best = {person: max(s for s, g in zip(row, gallery, strict=True) if g == person) for person in set(gallery)}
        assert rank == (1 + sum(s >= best[probe] for p, s in best.items() if p != probe) if probe in best else 0)
    mated = ranks[ranks > 0]
    np.testing.assert_allclose(metrics.cmc(matrix, probes, gallery, 5), [(mated <= k).mean() for k in range(1, 6)])
    assert metrics.rank_one(matrix, probes, gallery) == (mated == 1).mean()
    with pytest.raises(DataError, match="no probe"):
        metrics.cmc(matrix, probes + 100, gallery)


def test_fpir_and_fnir():
    fpir, fnir = metrics.fpir_fnir([0.5, 0.4, -np.inf, 0.7], [0.1, 0.5, 0.6], 0.5)
    assert (fpir, fnir) == (2 / 3, 0.5)
    assert np.isnan(metrics.fpir_fnir([0.5], [], 0.5)[0])


@pytest.mark.parametrize(("k", "n"), [(0, 10), (3, 10), (10, 10), (995, 1000)])
def test_wilson_ends_are_where_the_score_test_just_fails(k, n):
    low, high = metrics.wilson(k, n)
    for end in (low, high):
        if 0 < end < 1:
            assert abs(k / n - end) == pytest.approx(1.959963984540054 * (end * (1 - end) / n) ** 0.5)
    assert low <= k / n <= high
    assert metrics.wilson(0, 0) == (0.0, 1.0) and metrics.wilson(0, 10)[0] == 0 and metrics.wilson(10, 10)[1] == 1


def test_impostor_tail_states_the_rate_each_score_really_has():
    impostor = np.random.default_rng(8).normal(0, 0.1, 20_000).round(3)
    tail = metrics.impostor_tail(np.concatenate([impostor, [-np.inf]]))
    assert all(fmr == (impostor >= score).mean() for fmr, score in tail)
    rates, points = zip(*tail, strict=True)
    assert list(points) == sorted(set(points)) and list(rates) == sorted(rates, reverse=True)
    assert 10 / 20_000 * 0.5 < rates[-1] <= 10 / 20_000 and rates[0] == pytest.approx(0.5, rel=0.02)
    with pytest.raises(DataError, match="too few"):
        metrics.impostor_tail(impostor[:99])


def test_threshold_keeps_the_promised_fpir():
    rng = np.random.default_rng(9)
    tail = metrics.impostor_tail(rng.normal(0, 0.1, 1_000_000))
    chosen = metrics.threshold_for(tail, 50, 0.05)
    assert 1 - (1 - chosen.fmr) ** 50 == pytest.approx(0.05) and not chosen.extrapolated
    searches = rng.normal(0, 0.1, (20_000, 50)).max(axis=1)
    low, high = metrics.wilson(int((searches >= chosen.score).sum()), len(searches), 4)
    assert low <= 0.05 <= high
    assert metrics.threshold_for(tail, 0, 0.3) == metrics.threshold_for(tail, 1, 0.3)


def test_threshold_beyond_the_tail_is_flagged_and_capped():
    tail = ((0.1, 0.2), (0.01, 0.3), (0.001, 0.4))
    assert metrics.threshold_for(tail, 1, 10**-2.5).score == pytest.approx(0.35)
    far = metrics.threshold_for(tail, 1, 1e-4)
    assert far.score == pytest.approx(0.5) and far.extrapolated and far.fmr == pytest.approx(1e-4)
    assert metrics.threshold_for(tail, 10**9, 1e-4).score == metrics.SCORE_CAP < 1
    assert metrics.threshold_for(tail, 1, 0.9) == metrics.Threshold(0.2, pytest.approx(0.9), False)
    with pytest.raises(ModelError, match="no measured"):
        metrics.threshold_for((), 10, 0.01)
    with pytest.raises(ModelError, match="no sense"):
        metrics.threshold_for(tail, 10, 1.0)

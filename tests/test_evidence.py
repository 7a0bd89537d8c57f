"""The evidence behind a report: pairs, searches, figures, the gallery on itself, fingerprints and charts, recomputed slowly."""

import json
import re

import numpy as np
import pytest
from patterned import Correlation, WholePicture, people_folder
from sklearn.metrics import roc_curve

from facegui.evaluate import body, folder, lfw, page, write_page
from facegui.evaluate import charts, crowd, fingerprint
from facegui.evaluate.evidence import Comparisons, Evidence, Searches, Side, split_by_cover
from facegui.evaluate.figures import figures
from facegui.evaluate.photos import Embedded
from facegui.types import DataError


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def crowd_of(seed, counts, dimension=24, spread=0.9):
    rng = np.random.default_rng(seed)
    people = np.repeat([f"P{n:02d}" for n in range(len(counts))], counts)
    middles = unit(rng.normal(size=(len(counts), dimension)))
    rows = unit(middles[np.repeat(np.arange(len(counts)), counts)] + spread * unit(rng.normal(size=(len(people), dimension))))
    return rows, people


def show(place):
    return Side(f"photo {place}", lambda: np.full((112, 112, 3), place % 255, np.uint8))


def test_all_pairs_by_loops_bare_and_masked_apart():
    rows, people = crowd_of(1, [4] * 12)
    found, worn = np.ones(48, bool), (np.arange(48) % 3 == 0).astype(float)
    found[5], worn[5] = False, np.nan
    made = crowd.all_pairs("all", Embedded(rows, found), people, worn)
    assert [one.name for one in made] == ["all", "all: both bare", "all: one masked", "all: both masked"][: len(made)]
    for one, count in zip(made, (None, 0, 1, 2), strict=False):
        genuine, impostor = [], []
        for i in range(48):
            for j in range(i + 1, 48):
                if count is not None and np.nan_to_num(worn[i]) + np.nan_to_num(worn[j]) != count:
                    continue
                score = float(rows[i] @ rows[j]) if found[i] and found[j] else -np.inf
                (genuine if people[i] == people[j] else impostor).append(score)
        np.testing.assert_allclose(np.sort(one.genuine), sorted(genuine), atol=1e-6)
        np.testing.assert_allclose(np.sort(one.impostor), sorted(impostor), atol=1e-6)


def test_many_photos_are_drawn_from(monkeypatch):
    monkeypatch.setattr(crowd, "MOST", 500)
    rows, people = crowd_of(2, [3] * 30)
    (one,) = crowd.all_pairs("all", Embedded(rows, np.ones(90, bool)), people, np.full(90, np.nan))
    assert len(one.genuine) == 90 and 400 < len(one.impostor) <= 500
    assert (one.impostor_people[:, 0] != one.impostor_people[:, 1]).all()


def test_searches_by_loops():
    rows, people = crowd_of(3, [3] * 20 + [1] * 15)
    number = np.arange(len(people))
    probe = (number % 3 == 2) & (number < 60)
    stranger = number >= 54
    found = number != 8  # a probe without a face
    found[[0, 1]] = False  # a person who could not be enrolled
    (one,), mistakes = crowd.searches("all", Embedded(rows, found), people, probe, stranger, np.full(len(people), np.nan), show)
    templates = [n for n in number if not probe[n] and not stranger[n] and found[n]]
    for place, n in enumerate(np.flatnonzero(probe & ~stranger)):
        best = {}
        for t in templates:
            best[people[t]] = max(best.get(people[t], -2), float(rows[n] @ rows[t]))
        if not found[n] or people[n] not in best:
            assert one.mated[place] == -np.inf and one.ranks[place] == one.gallery + 1
            continue
        assert one.mated[place] == pytest.approx(best[people[n]], abs=1e-6)
        assert one.ranks[place] == 1 + sum(score > best[people[n]] for score in best.values())
    tops = [max(float(rows[n] @ rows[t]) for t in templates) for n in np.flatnonzero(stranger)]
    np.testing.assert_allclose(one.strangers, tops, atol=1e-6)
    assert (one.gallery, one.not_enrolled, one.not_acquired) == (17, 1, 1)
    assert {one.kind for one in mistakes} <= {"found as somebody else", "not enrolled, most like"}


def test_figures_are_those_of_scikit_learn_and_of_counting():
    rng = np.random.default_rng(4)
    genuine, impostor = rng.normal(0.6, 0.15, 400).round(3), rng.normal(0.1, 0.12, 40_000).round(3)
    genuine[:7] = -np.inf
    one = Comparisons("a", genuine, impostor, np.arange(400) % 80, rng.integers(0, 80, (40_000, 2)))
    ranks = np.where(rng.random(500) < 0.9, 1, rng.integers(2, 40, 500))
    mated, strangers = rng.normal(0.6, 0.15, 500), rng.normal(0.3, 0.1, 3000)
    found = Searches("b", 90, mated, ranks, np.arange(500) % 90, strangers, np.arange(3000))
    values = json.loads(json.dumps(figures(Evidence((one,), (found,)), )))
    pairs, search = values["comparisons"][0], values["searches"][0]
    far, tar, _ = roc_curve(np.repeat([1, 0], [400, 40_000]), np.concatenate([np.maximum(genuine, -9), impostor]),
                            drop_intermediate=False)
    for want in ("0.01", "0.001", "0.0001"):
        point = pairs["tar_at_far"][want]
        assert point["tar"] == pytest.approx(tar[far <= float(want) + 1e-12].max())
        assert point["bootstrap_by_identity"][0] <= point["tar"] <= point["bootstrap_by_identity"][1]
    assert pairs["tar_at_far"]["1e-05"] is None and pairs["failed_genuine"] == 7  # 40,000 impostors cannot tell
    for one_far, one_tar in zip(pairs["roc"]["far"], pairs["roc"]["tar"], strict=True):
        assert (np.isclose(far, one_far) & np.isclose(tar, one_tar)).any()
    assert len(pairs["roc"]["far"]) < 450
    assert search["rank_one"]["right"] == (ranks == 1).sum() and search["cmc"][4] == pytest.approx((ranks <= 5).mean())
    for want in (0.01, 0.001):
        point = search["fnir_at_fpir"][f"{want:g}"]
        assert point["named"] == (strangers >= point["threshold"]).sum() == int(want * 3000)
        assert point["missed"] == ((ranks != 1) | (mated < point["threshold"])).sum()


def test_lfw_and_its_report_as_one_file(tmp_path):
    root = people_folder(tmp_path / "lfw" / "images", [3] * 12 + [1] * 8, noise=330, black={(3, 1)})
    rng = np.random.default_rng(1)
    lines = [f"P{n:02d}\t1\t{k}" for n in range(12) for k in (2, 3)]
    lines += [f"P{a:02d}\t1\tP{b:02d}\t1" for a, b in (rng.choice(20, 2, replace=False) for _ in range(40))]
    (root.parent / "pairs.txt").write_text("\n".join(lines))
    report = lfw(root.parent, WholePicture(), Correlation())
    assert report.pairs == 64 and [one.name for one in report.evidence.comparisons] == ["listed pairs", "all photos"]
    file = tmp_path / "report.html"
    write_page(report, file)
    text = file.read_text()
    assert text == page(report) and text.count('class="ev-command"') > 4 and f"evaluate lfw {root.parent}" in text
    assert "not enough data: needs 300,000 impostor pairs" in text and "http" not in re.sub(r'http-equiv', "", text)
    assert text.count("data:image/jpeg;base64,") == 2 * len(report.evidence.mistakes) > 0
    with pytest.raises(DataError, match="cannot be written"):
        write_page(report, tmp_path / "nowhere" / "report.html")
    with pytest.raises(DataError, match="no pairs.txt"):
        lfw(root, WholePicture(), Correlation())


def test_names_from_folders_are_escaped(tmp_path):
    root = people_folder(tmp_path, [4, 4, 4], noise=300)
    (root / "P00").rename(root / "<b>Eve")
    text = body(folder(root, WholePicture(), Correlation()))
    assert "<b>Eve" not in text and "&lt;b&gt;Eve" in text


def test_a_histogram_counts_at_every_edge():
    rng = np.random.default_rng(6)
    mated, other = np.append(rng.normal(0.6, 0.1, 200), -np.inf), rng.normal(0.1, 0.1, 900)
    drawn = charts.histogram("h", mated, other, 0.4, ("a", "b", "FNIR", "FPIR"))
    data = json.loads(re.search(r'data-histogram="([^"]*)"', drawn)[1].replace("&quot;", '"'))
    for cell in (0, 57, 200):
        threshold = round(data["low"] + (data["high"] - data["low"]) * cell / 200, 6)
        assert data["accepted"][cell] == (other >= threshold).sum() and data["missed"][cell] == (mated < threshold).sum()
    assert f"({data['missed'][charts.CELLS]} of 201)" in charts.told_at(data, charts.CELLS)


def test_axes_have_round_ticks_within_their_span():
    for low, high in ((0, 1), (-0.37, 0.91), (0.2, 0.9), (1, 20)):
        axis = charts.numbers("x", low, high)
        assert 3 <= len(axis.ticks) <= 8 and all(low - 1e-9 <= value <= high + 1e-9 for value, _ in axis.ticks)
    assert [text for _, text in charts.shares("y", 0.913).ticks][-1] == "100 %" and charts.shares("y", 0.913).place(0.2) == 0
    assert charts.rates("x", 1e-4).place(1e-2) == pytest.approx(0.5)


def test_a_fingerprint_follows_what_the_code_does_alone(tmp_path, monkeypatch):
    import importlib

    monkeypatch.syspath_prepend(tmp_path)
    keys = []
    for number, text in enumerate(('"""One."""\nX = 1\n', '"""Two."""\n# why\nX = 1\n', "X = 2\n")):
        (tmp_path / f"made{number}.py").write_text(text)
        keys.append(fingerprint.code(importlib.import_module(f"made{number}")))
    assert keys[0] == keys[1] != keys[2]
    from facegui.detect import MtcnnDetector

    keys = {fingerprint.detector_key(MtcnnDetector("cpu", side)) for side in (640, 1024, 1024)}
    assert len(keys) == 2


def test_groups_too_small_to_tell_are_left_out():
    scores, same = np.linspace(0, 1, 40), np.arange(40) % 2 == 0
    covered = np.zeros((40, 2))
    covered[:4] = 1
    made = split_by_cover("all", scores, same, np.stack([np.arange(40)] * 2, axis=1), covered)
    assert [one.name for one in made] == ["all", "all: both bare"]

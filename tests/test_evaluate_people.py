"""Identification on folders of people, bare and masked, against loops; and the masks that are drawn for it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from patterned import DIMENSION, POINTS, SIZE, Correlation, WholePicture, people_folder, picture

from facegui import image, metrics
from facegui.decide import tails_of
from facegui.decide.tails import BARE, LOOK, MASKED, MASKED_BARE
from facegui.detect import MtcnnDetector
from facegui.drawn import CAST, person
from facegui.evaluate import folder, masked, summary
from facegui.evaluate.draw_mask import STYLES, draw_mask
from facegui.evaluate.folder import arrange
from facegui.evaluate.masked import masked_shot
from facegui.evaluate.photos import photos_of_people, shots
from facegui.service.evaluating import looks_of
from facegui.training import looks
from facegui.types import DataError, Face

FACE = Face((0.0, 0.0, SIZE, SIZE), np.array(POINTS, dtype=np.float32), 1.0)


def test_folder_is_measured_as_by_hand(tmp_path):
    black = {(0, 1), (1, 1), (1, 2), (1, 3), (1, 4), (1, 5)}
    root = people_folder(tmp_path, [5] * 12 + [1] * 40, noise=330, black=black)
    report = folder(root, WholePicture(), Correlation(), split=0.4, seed=3)
    paths, names = photos_of_people(root)
    split = arrange(names, 0.4, 3)
    pixels = np.stack([image.read(path).pixels for path in paths])
    seen = pixels.reshape(len(pixels), -1).any(axis=1)
    rows = np.zeros((len(pixels), DIMENSION), dtype=np.float32)
    rows[seen] = Correlation().embed(pixels[seen])
    templates = [n for n in range(len(names)) if seen[n] and not split.probe[n]]
    right = {"nearest template": 0, "person mean": 0}
    for probe in np.flatnonzero(split.probe & seen):
        best = max(templates, key=lambda t, p=probe: float(rows[p] @ rows[t]))
        right["nearest template"] += names[best] == names[probe]
        means = {}
        for person in sorted({names[t] for t in templates}):
            mean = np.mean([rows[t] for t in templates if names[t] == person], axis=0)
            means[person] = float(rows[probe] @ mean / np.linalg.norm(mean))
        right["person mean"] += max(means, key=means.get) == names[probe]
    count = right["person mean"]
    assert f"person mean: rank 1 {100 * count / 24:.2f} % ({count} of 24; " in summary(report)
    values = json.loads(json.dumps(report.to_json()))
    assert (values["people"], values["single_photo_people"], values["photos"]) == (12, 40, 100)
    assert values["undetected_images"] == 6 and values["not_enrolled"] == 1
    for method in values["methods"]:
        assert method["probes"] == split.probe.sum() == 24
        assert method["right"] == right.get(method["method"], method["right"]) > 12
        assert method["rank_one"] == method["right"] / 24
        assert method["wilson"] == list(metrics.wilson(method["right"], 24))
        assert method["open_set"]["0.01"] is None and method["open_set"]["0.1"]["named"] <= 0.1 * 65


def test_nobody_is_probe_and_stranger_and_template_at_once():
    names = np.repeat([f"P{n}" for n in range(30)], [1] * 10 + [2] * 10 + [7] * 10)
    split = arrange(names, 0.2, 0)
    for person in set(names):
        own = names == person
        count, probes = own.sum(), (split.probe & own).sum()
        assert probes == {1: 0, 2: 1, 7: 1}[count]
        assert split.stranger[own].all() or not split.stranger[own].any()
        assert count > 1 or split.stranger[own].all()
    assert len(set(names[split.stranger])) == 10 + 4
    assert (arrange(names, 0.2, 0).probe == split.probe).all() and (arrange(names, 0.2, 1).probe != split.probe).any()


@pytest.mark.parametrize(("counts", "sentence"), [
    ([], "holds no folders"), ([1, 1, 1], "0 of 3 people"), ([4, 1], "1 of 2 people")])
def test_too_little_data_is_said(tmp_path, counts, sentence):
    with pytest.raises(DataError, match=sentence):
        folder(people_folder(tmp_path, counts), WholePicture(), Correlation())


def test_photos_without_faces_are_said(tmp_path):
    root = people_folder(tmp_path, [2, 2], black={(0, 1), (0, 2), (1, 1), (1, 2)})
    with pytest.raises(DataError, match="fewer than two people"):
        folder(root, WholePicture(), Correlation())
    with pytest.raises(DataError, match="split of 1"):
        folder(root, WholePicture(), Correlation(), split=1.0)
    with pytest.raises(DataError, match="two photos"):
        masked(people_folder(tmp_path / "singles", [1, 1, 1]), WholePicture(), Correlation())


def tailed():
    """A model whose card says how rare scores are, otherwise for every pair of covers."""
    points = {pair: [[10.0 ** -n, at + 0.08 * n, 0.5 * 10.0 ** -n, 2 * 10.0 ** -n] for n in range(1, 6)]
              for pair, at in ((BARE, 0.1), (MASKED_BARE, 0.05), (MASKED, 0.4), (LOOK, 0.2))}
    model = Correlation()
    model.card = replace(model.card, figures={"impostor_tails": {
        pair: {"points": one, "comparisons": 1000, "people": 30} for pair, one in points.items()}})
    return model


@pytest.mark.parametrize("aware", [False, True])
def test_masked_search_is_that_of_the_loops(tmp_path, aware):
    root = people_folder(tmp_path, [2] * 15 + [1] * 30, noise=250, black={(2, 2), (4, 1), (20, 1)})
    model = tailed() if aware else Correlation()
    report, again = (masked(root, WholePicture(), model, looks=looks_of(model), people=25, strangers=10, seed=5) for _ in range(2))
    assert report.results == again.results
    assert (report.people, report.strangers, report.undetected_bare) == (25, 10, report.undetected_masked)
    paths, names = photos_of_people(root)
    files = {path.stem: shot for path, shot in zip(paths, shots(paths), strict=True)}
    tails = tails_of((), model.card.figures)

    def row(name, covered):
        pixels = files[name].pixels()
        if not pixels.any():
            return None
        return model.embed((masked_shot(files[name], FACE, 5).pixels() if covered else pixels)[None])[0]

    def score(probe, worn, name, covered):
        template = row(name, covered)
        if template is None:
            return -np.inf
        if worn and not covered:
            look = looks.looks(model.embed, [files[name].pixels()], template[None], np.array(POINTS))[0]
            return float(tails[LOOK].rarity(float(probe @ look)))
        return float(tails[(BARE, MASKED_BARE, MASKED)[worn + covered]].rarity(float(probe @ template)))

    singles = np.random.default_rng(5).permutation(np.arange(15, 45))[:10]
    gallery = [f"P{n:02d}_0001" for n in [*range(15), *singles]]
    worn = set(np.random.default_rng(5).permutation(25)[: round(0.75 * 25)].tolist())
    assert [result.matching for result in report.results] == ["by cosine"] * 5 + ["as facegui compares"] * 5 * aware
    for result in report.results:
        right, wears = 0, result.condition.masked_probe
        for place in range(15):
            probe = row(f"P{place:02d}_0002", wears)
            best = {}
            for other, name in enumerate(gallery):
                covered = result.condition.masked_others > 0 and other in worn
                if other == place:
                    covered = result.condition.masked_mate
                template = row(name, covered)
                if probe is not None and template is not None:
                    best[other] = float(probe @ template) if result.matching == "by cosine" else score(probe, wears, name, covered)
            right += bool(best) and max(best, key=best.get) == place
        assert (result.right, result.probes) == (right, 15), (result.condition.name, result.matching)
        assert result.rank_one == right / 15 and result.fnir is None  # ten strangers cannot tell
    assert summary(report).count(": rank 1 ") == 5 and "not enough strangers" in summary(report)
    rates = [result.rank_one for result in report.results]
    assert rates[0] > rates[2] < rates[1] and json.loads(json.dumps(report.to_json()))["people"] == 25


@pytest.mark.parametrize("style", sorted(STYLES))
def test_a_mask_covers_nose_and_mouth_and_leaves_the_eyes(style):
    pixels = picture(1, 1, noise=5).repeat(6, axis=0).repeat(6, axis=1)
    points = np.array(POINTS, dtype=np.float32) * 6
    drawn = draw_mask(pixels, Face((0.0, 0.0, 288.0, 288.0), points, 1.0), 7, style)
    changed = np.abs(drawn.astype(int) - pixels).max(axis=2) > 12
    left_eye, right_eye, nose, left_mouth, right_mouth = points.astype(int)

    def share(point, radius=8):
        return changed[point[1] - radius : point[1] + radius, point[0] - radius : point[0] + radius].mean()

    assert min(share(nose), share(left_mouth), share(right_mouth)) > 0.75
    assert max(share(left_eye), share(right_eye)) == 0 and not changed[:100].any()
    assert (draw_mask(pixels, Face((0, 0, 288, 288), points, 1.0), 7, style) == drawn).all()
    middle = drawn[nose[1] : left_mouth[1], left_mouth[0] : right_mouth[0]].mean(axis=(0, 1))
    dark, bright = STYLES["cloth_black"], STYLES["ffp2_white"]
    assert middle.sum() < 300 if STYLES[style] == dark else True
    assert middle.sum() > 300 if STYLES[style] == bright else True


def test_masks_at_the_edge_of_a_photo_do_not_fail():
    pixels = picture(2, 1).repeat(4, axis=0).repeat(4, axis=1)
    for shift in (-190, -100, 100, 190, 500):
        for turn in (1, -1):
            points = (np.array(POINTS) * [turn, 1]).astype(np.float32) + shift
            drawn = draw_mask(pixels, Face((0, 0, 10, 10), points, 1.0), 3)
            assert drawn.shape == pixels.shape and drawn.dtype == np.uint8
    same = np.full((5, 2), 50, dtype=np.float32)
    assert draw_mask(pixels, Face((0, 0, 1, 1), same, 1.0), 3).shape == pixels.shape


def test_drawn_people_are_measured_through_the_real_detector(tmp_path):
    seeds = list(CAST.values())[:3]
    for seed in seeds:
        (tmp_path / f"P{seed:02d}").mkdir()
        for view in range(2):
            pixels = person(seed, size=200, view=view)
            image.write(tmp_path / f"P{seed:02d}" / f"P{seed:02d}_{view + 1:04d}.jpg", pixels)
    report = masked(tmp_path, MtcnnDetector("cpu"), Correlation(), tmp_path / "cache", people=3)
    assert report.undetected_bare == 0 and report.results[0].probes == len(seeds)
    assert report.results[0].right == len(seeds)  # same face, other photo: the crops look alike once aligned

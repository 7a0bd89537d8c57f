"""Drawn masks: where they are, where they are not, and that nothing else happens."""

import numpy as np
import pytest

from facegui.align import ARCFACE_112
from facegui.drawn import person
from facegui.training.masks import HELD_OUT, STYLES, draw

POINTS = np.array(ARCFACE_112) + 8


def face(seed=3):
    return person(seed, size=128)


@pytest.mark.parametrize("style", STYLES)
def test_a_mask_covers_the_mouth_and_never_the_eyes(style):
    before = face()
    for seed in range(12):
        after = draw(before, POINTS, np.random.default_rng(seed), style)
        changed = np.abs(after.astype(int) - before).sum(axis=2) > 12
        for eye in POINTS[:2].astype(int):
            assert not changed[eye[1] - 3 : eye[1] + 2, eye[0] - 3 : eye[0] + 4].any()
        mouth = POINTS[3:].mean(axis=0).astype(int)
        assert changed[mouth[1] - 3 : mouth[1] + 4, mouth[0] - 6 : mouth[0] + 7].mean() > 0.6


def test_masks_differ_in_shape_and_colour_and_a_seed_fixes_them():
    before = face()
    drawn = [draw(before, POINTS, np.random.default_rng(seed)) for seed in range(20)]
    again = [draw(before, POINTS, np.random.default_rng(seed)) for seed in range(20)]
    assert all(np.array_equal(a, b) for a, b in zip(drawn, again, strict=True))
    sizes = [int((np.abs(d.astype(int) - before).sum(axis=2) > 12).sum()) for d in drawn]
    assert np.std(sizes) > 0.08 * np.mean(sizes)
    colours = np.array([d[96:106, 58:70].reshape(-1, 3).mean(axis=0) for d in drawn])
    assert colours.std(axis=0).min() > 20


def test_the_input_stays_untouched_and_the_output_is_a_picture():
    before = face()
    copy = before.copy()
    after = draw(before, POINTS, np.random.default_rng(0))
    assert np.array_equal(before, copy) and after.dtype == np.uint8 and after.shape == before.shape


def test_light_of_the_photo_falls_on_the_mask():
    rng = [np.random.default_rng(4) for _ in range(2)]
    bright = draw(face(), POINTS, rng[0], "surgical")[90:110, 50:76].mean()
    dark = draw((face() * 0.25).astype(np.uint8), POINTS, rng[1], "surgical")[90:110, 50:76].mean()
    assert dark < 0.75 * bright


@pytest.mark.parametrize("points", [POINTS * 0.2, POINTS + 500, POINTS - 300, np.repeat(POINTS[2:3], 5, axis=0) + np.eye(5, 2),
                                    POINTS * (-1, 1) + (120, 0)])
def test_odd_points_do_no_harm(points):
    for seed in range(6):
        assert draw(face(), points, np.random.default_rng(seed)).shape == (128, 128, 3)


def test_a_turned_head_still_has_its_mouth_covered():
    points = POINTS.copy()
    points[2, 0] += 12  # the nose points aside
    before = face()
    for seed in range(12):
        changed = np.abs(draw(before, points, np.random.default_rng(seed), "cloth").astype(int) - before).sum(axis=2) > 12
        assert changed[97:103, 66:78].mean() > 0.5


def test_held_out_styles_are_styles():
    assert set(HELD_OUT) < set(STYLES)

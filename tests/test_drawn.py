import numpy as np
import pytest
import torch

from facegui import drawn
from facegui.detect import MtcnnDetector
from facegui.drawn.sheet import traits

EVERYBODY = drawn.CAST | drawn.STRANGERS
VIEWS = [{}, {"view": 1, "light": 0.5, "yaw": 0.3, "smile": 0.6}, {"view": 2, "mask": True}, {"view": 3, "mask": "white", "yaw": -0.2}]


@pytest.fixture(scope="module")
def detector():
    torch.set_num_threads(1)  # tests run beside each other
    return MtcnnDetector("cpu")


def test_the_cast():
    assert len(drawn.CAST) >= 12 and len(drawn.STRANGERS) >= 4
    assert len(set(EVERYBODY.values())) == len(EVERYBODY)
    assert any(not name.isascii() for name in drawn.CAST)
    women = sum(traits(seed).woman for seed in drawn.CAST.values())
    assert 4 <= women <= 8 and len({tuple(traits(seed).skin.round()) for seed in drawn.CAST.values()}) > 5


def test_a_picture_is_repeatable_and_a_view_is_another_picture():
    one = drawn.person(5, size=160, view=2)
    assert one.shape == (160, 160, 3) and one.dtype == np.uint8
    np.testing.assert_array_equal(one, drawn.person(5, size=160, view=2))
    others = [drawn.person(7, size=160, view=2), *(drawn.person(5, size=160, **view) for view in
              ({}, {"view": 3}, {"view": 2, "yaw": 0.3}, {"view": 2, "light": 0.5}, {"view": 2, "smile": 1}, {"view": 2, "mask": True}))]
    assert all(np.abs(one.astype(int) - other).mean() > 0.1 for other in others)


def test_light_yaw_smile_and_mask_do_what_they_say():
    middle = slice(120, 280)
    left, right = (drawn.person(15, light=light)[middle] for light in (-0.8, 0.8))
    assert left[:, 120:200].mean() > right[:, 120:200].mean() and left[:, 200:280].mean() < right[:, 200:280].mean()
    bare, masked = drawn.person(145), drawn.person(145, mask="blue")
    changed = np.abs(bare.astype(int) - masked).max(axis=2) > 25
    assert changed[220:300, 150:250].mean() > 0.9 and changed[:170].mean() < 0.01
    assert masked[260, 200, 2] > masked[260, 200, 0] + 20 > bare[260, 200, 2]
    with pytest.raises(KeyError):
        drawn.person(1, mask="tartan")


@pytest.mark.parametrize("name", EVERYBODY)
def test_the_detector_finds_everybody_bare_and_masked(detector, name):
    for view in VIEWS:
        pixels = drawn.person(EVERYBODY[name], size=300, **view)
        faces = detector.detect(pixels)
        assert len(faces) == 1 and faces[0].score > 0.9, view


def test_the_detector_finds_the_drawn_eyes(detector):
    for seed in drawn.CAST.values():
        who, face = traits(seed), detector.detect(drawn.person(seed))[0]
        drawn_eyes = 200 + 100 * np.array([(-who.eye_gap, who.eye_y), (who.eye_gap, who.eye_y)])
        assert np.abs(face.landmarks[:2] - drawn_eyes).max() < 12


def test_yaw_turns_to_the_image_right(detector):
    noses = [detector.detect(drawn.person(174, yaw=yaw))[0].landmarks[2, 0] for yaw in (-0.6, 0, 0.6)]
    assert noses[0] + 10 < noses[1] < noses[2] - 10


@pytest.mark.parametrize("count, size", [(1, (300, 300)), (3, (900, 500)), (7, (1200, 800)), (16, (1300, 1000))])
def test_a_group_shows_everybody_once(detector, count, size):
    people = [drawn.person(seed, size=240, view=1) for seed in list(EVERYBODY.values())[:count]]
    picture = drawn.group(people, size)
    assert picture.shape == (size[1], size[0], 3)
    assert len(detector.detect(picture)) == count

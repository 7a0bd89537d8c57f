import math

import cv2
import numpy as np
import pytest

from facegui import drawn, quality
from facegui.types import HIDDEN, Face, Quality

SIZE = 400


def found(pixels=None, scale=1.0, tilt_deg=0.0, nose_shift=0.0, score=0.999):
    """A drawn person and where the eyes, nose and mouth were drawn (near enough), enlarged, tilted or looking aside."""
    if pixels is None:
        pixels = drawn.person(drawn.CAST["Ana Lima"], size=SIZE)
    points = np.array([(-0.42, -0.11), (0.42, -0.11), (nose_shift * 0.84, 0.42), (-0.3, 0.78), (0.3, 0.78)]) * 0.25 * SIZE + SIZE / 2
    turn = cv2.getRotationMatrix2D((SIZE / 2, SIZE / 2), tilt_deg, scale)
    turn[:, 2] += (scale - 1) * SIZE / 2
    side = round(SIZE * scale)
    pixels = cv2.warpAffine(cv2.GaussianBlur(pixels, (0, 0), 0.5 / scale) if scale < 1 else pixels, turn, (side, side),
                            borderMode=cv2.BORDER_REPLICATE)
    points = points @ turn[:, :2].T + turn[:, 2]
    box = (*(points.min(axis=0) - 40 * scale), *(points.max(axis=0) + 40 * scale))
    return pixels, Face(tuple(map(float, box)), points.astype(np.float32), score)


def reasons(pixels, face, masked=False):
    return quality.judge(pixels, face, masked).reasons


@pytest.mark.parametrize("name", drawn.CAST)
def test_good_photos_pass(name):
    """Every skin colour, also in half the light: dark skin is not a dark photo."""
    pixels, face = found(drawn.person(drawn.CAST[name], size=SIZE))
    good = quality.judge(pixels, face, False)
    assert good.reasons == () and good.score > 0.6 and not quality.refuses(good)
    dim = quality.judge((pixels * 0.6).astype(np.uint8), face, False)
    assert dim.reasons == () and dim.score <= good.score


def test_small_faces():
    assert reasons(*found(scale=0.25)) == ()
    assert reasons(*found(scale=0.15)) == ("too_small",)
    scores = [quality.judge(*found(scale=scale), False).score for scale in (0.1, 0.15, 0.3, 0.6)]
    assert scores == sorted(scores)


@pytest.mark.parametrize("scale", [0.4, 1, 4])
@pytest.mark.parametrize("noise", [0, 2.5])
def test_blur_is_told_at_every_size_and_through_noise(scale, noise):
    pixels, face = found(scale=scale)
    assert reasons(pixels, face) == ()
    eyes = np.hypot(*(face.landmarks[1] - face.landmarks[0]))
    soft = cv2.GaussianBlur(pixels, (0, 0), 0.12 * eyes)
    soft = np.clip(soft + np.random.default_rng(0).normal(0, noise, soft.shape), 0, 255).astype(np.uint8)
    assert reasons(soft, face) == ("blurred",)


def test_a_large_soft_photo_is_sharp_enough():
    """Blur that vanishes in the crop does not matter, however soft the photo looks at full size."""
    pixels, face = found(scale=4)
    assert reasons(cv2.GaussianBlur(pixels, (0, 0), 6), face) == ()


def test_light():
    pixels, face = found()
    assert "too_dark" in reasons((pixels * 0.12).astype(np.uint8), face)
    assert "too_dark" in reasons(np.zeros_like(pixels), face)
    assert "too_bright" in reasons(np.clip(pixels * 5.0, 0, 255).astype(np.uint8), face)
    assert "low_contrast" in reasons(np.clip((pixels - 128.0) * 0.06 + 140, 0, 255).astype(np.uint8), face)


@pytest.mark.parametrize("tilt", [-80, -30, 0, 45, 120])
@pytest.mark.parametrize("shift", [-0.6, -0.2, 0.0, 0.3, 0.8])
def test_yaw_does_not_depend_on_tilt(tilt, shift):
    _, face = found(nose_shift=shift, tilt_deg=tilt)
    assert quality.turned_deg(face) == pytest.approx(math.degrees(math.atan(shift / 0.55)), abs=0.5)


def test_a_profile_warns_and_tilt_does_not():
    side = quality.judge(*found(nose_shift=0.8), False)
    assert side.reasons == ("profile",) and not quality.refuses(side)
    assert reasons(*found(tilt_deg=35)) == ()


def test_masks_faces_at_the_border_and_doubtful_faces():
    pixels, face = found()
    covered = quality.judge(pixels, face, True)
    assert covered.reasons == ("lower_face_covered",) and quality.refuses(covered)
    assert covered.score < quality.judge(pixels, face, False).score
    hidden = quality.judge(pixels, face, False, True)
    assert hidden.reasons == (HIDDEN,) and quality.refuses(hidden) and hidden.score < quality.judge(pixels, face, False).score
    assert quality.judge(pixels, face, True, True).reasons == ("lower_face_covered", HIDDEN)
    for crop, moved in [(pixels[: int(face.landmarks[4, 1]) + 3], 0),
                        (pixels[:, int(face.landmarks[0, 0]) - 3 :], face.landmarks[0, 0] - 3)]:
        near = Face(face.box, face.landmarks - np.float32([moved, 0]), face.score)
        assert "cut_off" in reasons(crop, near)
    assert reasons(*found(score=0.8)) == ("unsure",)
    outside = Face((500, 500, 600, 600), face.landmarks + 500, 0.99)
    assert "cut_off" in reasons(pixels, outside)


def test_every_reason_has_advice():
    used = set()
    for photo in ((found(scale=0.1, score=0.5)), found(nose_shift=2)):
        used |= set(reasons(*photo, masked=True))
    assert used < set(quality.REASONS) and quality.REFUSED < set(quality.REASONS)
    assert all(len(advice) > 20 and advice.endswith(".") for advice in quality.REASONS.values())
    assert not quality.refuses(Quality(1.0)) and quality.refuses(Quality(0.1, ("profile", "blurred")))

"""Drawn covers: each hides what it says, clear glasses hide nothing, and the same seed draws the same."""

import numpy as np
import pytest

from facegui.training.cover_views import POINTS
from facegui.training.covers import KINDS, draw_clear_glasses, draw_cover


@pytest.mark.parametrize("kind", KINDS)
def test_a_drawn_cover_hides_an_eye_or_the_mouth(kind):
    for seed in range(12):
        picture = np.random.default_rng([9, seed]).integers(0, 256, (128, 128, 3), dtype=np.uint8)
        drawn = draw_cover(picture, POINTS, np.random.default_rng(seed), kind)
        changed = np.abs(drawn.astype(int) - picture).max(2) > 25
        places = [(POINTS[0], 5), (POINTS[1], 5), (POINTS[3:].mean(0), 7)]
        hidden = [changed[int(y - r):int(y + r), int(x - r):int(x + r)].mean() for (x, y), r in places]
        assert max(hidden) > 0.6, (seed, hidden)
        assert 0.01 < changed.mean() < 0.6 and drawn.shape == picture.shape and drawn.dtype == np.uint8
    again = draw_cover(picture, POINTS, np.random.default_rng(11), kind)
    assert np.array_equal(again, drawn)


def test_clear_glasses_leave_the_eyes_to_be_seen():
    for seed in range(8):
        face = np.random.default_rng(seed).integers(0, 256, (128, 128, 3), dtype=np.uint8)
        drawn = draw_clear_glasses(face, POINTS, np.random.default_rng(seed))
        for x, y in POINTS[:2].astype(int):
            eye = face[y - 3:y + 4, x - 3:x + 4].ravel(), drawn[y - 3:y + 4, x - 3:x + 4].ravel()
            assert np.corrcoef(*eye)[0, 1] > 0.7

"""Following faces, with the truth recomputed by hand."""

import numpy as np

from facegui.track import AGAIN_S, KEPT_S, LOOKS, MEMORY, Tracker, overlap


def box(x, y, side=100.0):
    return (x, y, x + side, y + side)


def test_overlap_is_the_share_of_common_pixels():
    random = np.random.default_rng(4)
    for _ in range(50):
        corners = random.integers(0, 30, (2, 2, 2))
        one, other = (tuple(map(float, (*pair.min(0), *(pair.max(0) + 1)))) for pair in corners)
        masks = np.zeros((2, 32, 32), bool)
        for mask, (x1, y1, x2, y2) in zip(masks, (one, other)):
            mask[int(y1):int(y2), int(x1):int(x2)] = True
        assert np.isclose(overlap(one, other), (masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())


def test_faces_keep_their_number_while_they_move_and_cross_the_order():
    tracker = Tracker()
    first = [track.number for track in tracker.update([box(0, 0), box(400, 0)], 0.0)]
    for step in range(1, 11):
        left, right = box(20 * step, 5 * step), box(400 + 10 * step, 0)
        assert [track.number for track in tracker.update([right, left], step / 15)] == first[::-1]


def test_a_face_missed_for_a_moment_stays_and_one_that_left_is_new_when_it_returns():
    tracker = Tracker()
    (one,) = tracker.update([box(0, 0)], 0.0)
    tracker.update([], KEPT_S / 2)
    assert tracker.update([box(10, 0)], KEPT_S * 0.9)[0] is one
    assert tracker.update([box(10, 0)], KEPT_S * 2.1)[0].number > one.number
    assert len({track.number for track in tracker.update([box(10, 0), box(11, 0)], KEPT_S * 2.2)}) == 2


def test_a_name_needs_several_looks_and_one_wrong_look_does_not_change_it():
    (track,) = Tracker().update([box(0, 0)], 0.0)
    for look in range(LOOKS):
        assert not track.decided and track.name is None and track.due(0.0)
        track.look(np.array([1.0, 0.0], np.float32), 0.0)
        track.vote("Ana")
    assert track.decided and track.name == "Ana" and not track.due(AGAIN_S / 2) and track.due(AGAIN_S)
    track.vote(None)
    assert track.name == "Ana" and track.due(0.01), "the disagreement is looked into at once"
    for _ in range(MEMORY):
        track.vote("Bia")
    assert track.name == "Bia"
    for _ in range(MEMORY):
        track.vote(None)
    assert track.decided and track.name is None


def test_fusion_is_the_fading_mean_of_unit_vectors_and_quieter_than_one_look():
    random = np.random.default_rng(1)
    truth = np.eye(1, 64)[0]
    (track,) = Tracker().update([box(0, 0)], 0.0)
    expected, alone, fused = None, [], []
    for _ in range(30):
        look = truth + random.normal(0, 0.15, 64)
        look /= np.linalg.norm(look)
        expected = look if expected is None else 0.6 * expected + 0.4 * look
        expected /= np.linalg.norm(expected)
        got = track.look(look.astype(np.float32), 0.0)
        assert np.allclose(got, expected, atol=1e-5) and np.isclose(np.linalg.norm(got), 1, atol=1e-5)
        alone.append(look @ truth)
        fused.append(got @ truth)
    assert np.mean(fused[5:]) > np.mean(alone) + 0.1

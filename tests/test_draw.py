import numpy as np
import pytest

from facegui import draw
from facegui.types import Face, Identification, Probe, Quality, Recognition


def recognition(width, height, *faces):
    """faces: (box, name or None, score)."""
    return Recognition("x", width, height, tuple(
        Identification(Probe(Face(box, np.zeros((5, 2), np.float32), 1.0), Quality(1.0), False, np.zeros(4, np.float32)),
                       name, score, 0.4, ()) for box, name, score in faces), {})


def changed(before, after):
    return np.argwhere((before != after).any(-1))


def test_the_picture_itself_is_left_alone_and_only_box_and_label_change():
    picture = np.full((400, 500, 3), 200, np.uint8)
    kept = picture.copy()
    after = draw.annotate(picture, recognition(500, 400, ((200, 150, 300, 280), "Ana", 0.8)))
    np.testing.assert_array_equal(picture, kept)
    assert after.shape == picture.shape and after.dtype == np.uint8
    assert (after[215, 250] == 200).all(), "the face itself stays visible"
    assert (after[215, 200] == draw.KNOWN).all()  # the left edge of the box
    rows, columns = changed(picture, after).T
    assert rows.max() <= 281 and 100 < rows.min() < 150 and columns.min() > 150 and columns.max() < 350


def test_known_and_unknown_differ_in_colour():
    picture = np.zeros((300, 300, 3), np.uint8)
    known = draw.annotate(picture, recognition(300, 300, ((100, 100, 200, 200), "Ana", 0.8)))
    unknown = draw.annotate(picture, recognition(300, 300, ((100, 100, 200, 200), None, 0.2)))
    assert (known[150, 100] == draw.KNOWN).all() and (unknown[150, 100] == draw.UNKNOWN).all()


@pytest.mark.parametrize("colour", [draw.KNOWN, draw.UNKNOWN])
def test_text_on_a_label_can_be_read(colour):
    """WCAG contrast ratio of at least 4.5, computed from the definition."""
    def luminance(rgb):
        linear = [c / 255 / 12.92 if c / 255 <= 0.04045 else ((c / 255 + 0.055) / 1.055) ** 2.4 for c in rgb]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    assert (luminance(draw.TEXT) + 0.05) / (luminance(colour) + 0.05) >= 4.5


def test_boxes_follow_a_picture_that_was_decoded_smaller():
    picture = np.zeros((200, 200, 3), np.uint8)
    after = draw.annotate(picture, recognition(800, 800, ((200, 400, 400, 600), "Ana", 0.8)))
    assert (after[125, 50] == draw.KNOWN).all() and (after[125, 99:101] == draw.KNOWN).all(-1).any()


@pytest.mark.parametrize("box", [(0, 0, 40, 40), (460, 0, 500, 30), (0, 370, 60, 400), (440, 360, 500, 400), (0, 0, 500, 400)])
@pytest.mark.parametrize("name", ["Ana", "Зоя Иванова", "João Sá 🙂", "N" * 200])
def test_labels_stay_inside(box, name):
    picture = np.zeros((400, 500, 3), np.uint8)
    after = draw.annotate(picture, recognition(500, 400, (box, name, 0.81)))
    label = (after == draw.KNOWN).all(-1)
    assert label.any()  # drawn at all, and an array of this size cannot hold what lies outside
    text = (after.min(-1) > 200).sum()
    assert text > 20, "white letters are there"


def test_labels_of_neighbours_do_not_cover_each_other():
    taken = []
    for box in [(100, 100, 160, 170), (120, 102, 180, 172), (140, 98, 200, 168)]:
        place = draw._place(box, (120, 20), (500, 400), taken)
        assert not any(draw._overlap(place, other) for other in taken)
        taken.append(place)


@pytest.mark.parametrize("side", [64, 3000])
def test_any_size(side):
    picture = np.zeros((side, side, 3), np.uint8)
    face = (side * 0.25, side * 0.25, side * 0.75, side * 0.75)
    assert draw.annotate(picture, recognition(side, side, (face, None, None))).any()


def test_in_a_crowd_an_unknown_takes_little_room():
    picture = np.zeros((1000, 2000, 3), np.uint8)
    wide = changed(picture, draw.annotate(picture, recognition(2000, 1000, ((900, 400, 940, 450), "Somebody", 0.8))))
    narrow = changed(picture, draw.annotate(picture, recognition(2000, 1000, ((900, 400, 940, 450), None, 0.2))))
    assert np.ptp(narrow[:, 1]) < 60 < np.ptp(wide[:, 1])

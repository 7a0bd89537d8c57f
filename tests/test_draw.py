import itertools

import cv2
import numpy as np
import pytest

from facegui import draw
from facegui.types import Face, Identification, Probe, Quality, Recognition

NAMES = ["Ana Lima", "Зоя Иванова", "João Sá", "李梅", "Søren Weiß", "Marie Skłodowska-Curie"]


def found(box, name=None, score=0.5):
    face = Face(tuple(map(float, box)), np.zeros((5, 2), np.float32), 0.99)
    return Identification(Probe(face, Quality(1.0), False, np.zeros(4, np.float32)), name, score, 0.4, ())


def recognition(width, height, *faces):
    return Recognition("photo.jpg", width, height, faces, {})


def check(pixels, shown):
    """The annotated picture; everything that changed is a label or the line round a face, and labels stay inside."""
    height, width = pixels.shape[:2]
    drawn, tags = draw.annotate(pixels, shown), draw.layout(shown, width, height)
    allowed = np.zeros((height, width), np.uint8)
    for one, tag in zip(shown.faces, tags, strict=True):
        box = [round(value * width / shown.width) for value in one.probe.face.box]
        cv2.rectangle(allowed, box[:2], box[2:], 1, max(width, height) // 200 + 5)
        x1, y1, x2, y2 = tag.box
        assert 0 <= x1 < x2 <= width and 0 <= y1 < y2 <= height
        allowed[y1:y2, x1:x2] = 1
    assert not (drawn != pixels).any(axis=2)[allowed == 0].any()
    return drawn, tags


def ink(drawn, tag, colour):
    """Shares of a label's area that are exactly its colour, and white."""
    x1, y1, x2, y2 = tag.box
    patch = drawn[y1:y2, x1:x2]
    return (patch == colour).all(axis=2).mean(), (patch > 235).all(axis=2).mean()


def test_labels_say_name_and_score_or_unknown():
    assert draw.label(found((0, 0, 9, 9), "Ana Lima", 0.8249)) == "Ana Lima 0.82"
    assert draw.label(found((0, 0, 9, 9), None, 0.3)) == "unknown"
    assert draw.label(found((0, 0, 9, 9), "Ana\n\x1b[31m  Lima\u202e", None)) == "Ana [31m Lima"


def test_the_picture_itself_is_left_alone():
    pixels = np.full((300, 400, 3), 90, np.uint8)
    copy = pixels.copy()
    drawn = draw.annotate(pixels, recognition(400, 300, found((150, 120, 220, 200), "Ana")))
    np.testing.assert_array_equal(pixels, copy)
    assert drawn.shape == pixels.shape and drawn.dtype == np.uint8 and (drawn != pixels).any()
    np.testing.assert_array_equal(draw.annotate(pixels, recognition(400, 300)), pixels)


def test_the_box_is_drawn_in_the_pixels_of_the_array():
    """Boxes count in file pixels; the array may be a smaller decode."""
    pixels = np.full((300, 400, 3), 200, np.uint8)
    drawn = draw.annotate(pixels, recognition(1600, 1200, found((400, 480, 800, 800), "Ana")))
    for y, x in ((160, 100), (160, 200), (120, 150), (200, 150)):
        assert tuple(drawn[y, x]) == draw.KNOWN
    changed = np.argwhere((drawn != pixels).any(axis=2))
    assert changed.min(axis=0)[1] >= 97 and changed.max(axis=0)[0] <= 203
    assert (drawn[125:195, 105:195] == 200).all()


def test_known_and_unknown_have_their_colours():
    pixels = np.full((400, 800, 3), 128, np.uint8)
    shown = recognition(800, 400, found((100, 150, 200, 270), "Ana"), found((500, 150, 600, 270)))
    drawn, tags = check(pixels, shown)
    for tag, colour, box in zip(tags, (draw.KNOWN, draw.UNKNOWN), ((100, 150), (500, 150)), strict=True):
        solid, white = ink(drawn, tag, colour)
        assert solid > 0.5 and white > 0.08
        assert tag.box[0] == box[0] and tag.box[3] == box[1]  # on top of the face's box
    assert [tag.text for tag in tags] == ["Ana 0.50", "unknown"]


@pytest.mark.parametrize("name", NAMES)
def test_every_script_is_drawn_as_itself(name):
    """No letter comes out as the font's question mark, and all stand inside the label."""
    pixels = np.full((200, 600, 3), 128, np.uint8)
    box = (250, 100, 330, 190)
    drawn, (tag,) = check(pixels, recognition(600, 200, found(box, name)))
    assert ink(drawn, tag, draw.KNOWN)[1] > 0.05
    for letter in set(name) - set(" -"):
        other = draw.annotate(pixels, recognition(600, 200, found(box, name.replace(letter, "?"))))
        assert (drawn != other).any(), letter


@pytest.mark.parametrize("size", [(60, 60), (160, 120), (250, 250), (1200, 800), (5000, 4000)])
def test_labels_stay_in_pictures_of_any_size_and_can_be_read(size):
    width, height = size
    pixels = np.full((height, width, 3), 128, np.uint8)
    for corner in [(0, 0, 0.3, 0.3), (0.7, 0, 1, 0.3), (0, 0.7, 0.3, 1), (0.7, 0.7, 1, 1)]:
        box = np.array(corner) * (width, height, width, height)
        drawn, (tag,) = check(pixels, recognition(width, height, found(box, "Marie Skłodowska-Curie", 0.75)))
        assert ink(drawn, tag, draw.KNOWN)[0] > 0.4
        assert tag.letters_px >= max(8, 0.01 * max(size)) and tag.text.startswith("Marie" if width > 100 else "")
    assert draw.layout(recognition(width, height, found(box, "A" * 500, 0.75)), width, height)[0].box[2] <= width


def test_labels_cover_neither_each_other_nor_faces_where_there_is_room():
    rng = np.random.default_rng(4)
    faces = []
    for y, x in itertools.product((100, 330, 560, 790), range(60, 1500, 240)):
        x, y = np.array((x, y)) + rng.integers(-20, 20, 2)
        faces.append(found((x, y, x + 60, y + 75), NAMES[len(faces) % 6]))
    _, tags = check(np.full((900, 1600, 3), 128, np.uint8), recognition(1600, 900, *faces))
    covered = np.zeros((900, 1600), int)
    for tag, one in zip(tags, faces, strict=True):
        for x1, y1, x2, y2 in (tag.box, one.probe.face.box):
            covered[int(y1) : int(y2), int(x1) : int(x2)] += 1
    assert covered.max() == 1


def test_boxes_beyond_the_border_and_tiny_boxes_do_no_harm():
    pixels = np.full((100, 100, 3), 128, np.uint8)
    for box in ((-50, -50, 30, 30), (90, 90, 400, 400), (50, 50, 50, 50), (200, 200, 300, 300)):
        assert draw.annotate(pixels, recognition(100, 100, found(box, "Ana"), found(box))).shape == pixels.shape

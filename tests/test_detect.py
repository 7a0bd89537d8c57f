import threading

import cv2
import numpy as np
import pytest
import torch
from facenet_pytorch import MTCNN

from facegui import drawn
from facegui.detect import MtcnnDetector
from facegui.drawn.sheet import traits

SEEDS = list(drawn.CAST.values())


@pytest.fixture(scope="module")
def detector():
    torch.set_num_threads(1)  # tests run beside each other
    return MtcnnDetector("cpu")


def eyes(seed, size, left=0, top=0):
    """Where the person at (left, top) was drawn to have the eyes."""
    who = traits(seed)
    return np.array([(left, top)]) + size / 2 + size / 4 * np.array([(-who.eye_gap, who.eye_y), (who.eye_gap, who.eye_y)])


@pytest.fixture(scope="module")
def street():
    """Three people of three sizes on a wide grey wall, and where their eyes are, largest first."""
    wall = np.full((900, 1500, 3), 150, np.uint8)
    truth = []
    for seed, size, left, top in ((SEEDS[0], 500, 900, 200), (SEEDS[1], 300, 100, 50), (SEEDS[2], 160, 560, 600)):
        wall[top : top + size, left : left + size] = drawn.person(seed, size=size)
        truth.append(eyes(seed, size, left, top))
    return wall, truth


def check(faces, truth, tolerance):
    assert len(faces) == len(truth)
    areas = [(face.box[2] - face.box[0]) * (face.box[3] - face.box[1]) for face in faces]
    assert areas == sorted(areas, reverse=True)
    for face, wanted in zip(faces, truth, strict=True):
        apart = np.linalg.norm(wanted[1] - wanted[0])
        assert np.abs(face.landmarks[:2] - wanted).max() < tolerance * apart
        assert face.landmarks.shape == (5, 2) and face.landmarks.dtype == np.float32
        assert face.box[0] < wanted[0, 0] < wanted[1, 0] < face.box[2] and face.box[1] < wanted[0, 1] < face.box[3]
        assert 0.9 < face.score <= 1 and all(type(value) is float for value in (*face.box, face.score))


def test_all_faces_largest_first_in_the_picture_s_own_pixels(detector, street):
    check(detector.detect(street[0]), street[1], 0.15)


@pytest.mark.parametrize("long_side", [0, 600, 3000])
def test_the_working_size_does_not_move_the_faces(street, long_side):
    faces = MtcnnDetector("cpu", long_side=long_side).detect(street[0])
    check(faces, street[1], 0.2)


def test_it_is_facenet_pytorch_s_mtcnn(detector):
    """Without resizing or framing the figures are those of the library, called by itself."""
    pixels = drawn.person(SEEDS[3], size=420)
    with torch.no_grad():
        boxes, scores, points = MTCNN(keep_all=True, min_face_size=20).detect(pixels, landmarks=True)
    face = detector.detect(pixels)[0]
    np.testing.assert_allclose(face.box, boxes[0].astype(float), atol=1e-3)
    np.testing.assert_allclose(face.landmarks, points[0].astype(float), atol=1e-3)
    assert face.score == pytest.approx(float(scores[0]))


def test_small_faces_are_found_at_full_size():
    people = [drawn.person(seed, size=80, view=1) for seed in SEEDS]
    wall = np.full((1600, 2400, 3), 160, np.uint8)
    for place, pixels in enumerate(people):
        top, left = 300 + 500 * (place % 3), 200 + 500 * (place // 3)
        wall[top : top + 80, left : left + 80] = pixels
    detector = MtcnnDetector("cpu", long_side=800)
    assert len(detector.detect(wall)) < len(people)
    assert len(detector.detect(wall, small_faces=True)) == len(people)


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("seed", SEEDS[:4])
def test_tight_crops(detector, seed, mask):
    """The face fills the picture, as in the files of face datasets."""
    tight = cv2.resize(drawn.person(seed, size=320, mask=mask)[70:250, 70:250], (120, 120), interpolation=cv2.INTER_AREA)
    faces = detector.detect(tight)
    truth = (eyes(seed, 320, -70, -70)) * (120 / 180)
    assert len(faces) == 1 and np.abs(faces[0].landmarks[:2] - truth).max() < 8
    assert min(faces[0].box) >= 0 and max(faces[0].box) <= 120


@pytest.mark.parametrize("shape", [(1, 1), (19, 400), (400, 19), (20, 20), (64, 64), (300, 500), (20, 3000)])
def test_no_face_is_an_empty_list(detector, shape):
    assert detector.detect(np.zeros((*shape, 3), np.uint8)) == []
    noise = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    assert detector.detect(noise, small_faces=True) == []


def test_boxes_stay_in_the_picture(detector):
    pixels = drawn.person(SEEDS[0], size=400)
    for part in (pixels[110:, 110:], pixels[:290, :280]):
        for face in detector.detect(np.ascontiguousarray(part)):
            assert 0 <= face.box[0] < face.box[2] <= part.shape[1] and 0 <= face.box[1] < face.box[3] <= part.shape[0]


def test_views_of_arrays_are_welcome_and_nothing_is_changed(detector):
    pixels = drawn.person(SEEDS[1], size=300)
    before = pixels.copy()
    mirrored = detector.detect(pixels[:, ::-1])[0]
    face = detector.detect(pixels)[0]
    np.testing.assert_array_equal(pixels, before)
    assert mirrored.landmarks[0, 0] == pytest.approx(299 - face.landmarks[1, 0], abs=6)


def test_threads_share_a_detector(detector):
    pictures = [drawn.person(seed, size=200 + 30 * number) for number, seed in enumerate(SEEDS[:4])]
    alone = [detector.detect(pixels, small_faces=number % 2 == 0)[0].landmarks for number, pixels in enumerate(pictures)]
    together = {}

    def work(number):
        together[number] = detector.detect(pictures[number], small_faces=number % 2 == 0)[0].landmarks

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    for number in range(4):
        np.testing.assert_allclose(together[number], alone[number], atol=1e-3)


def test_faces_are_followed_as_exactly_as_they_are_found(detector, street):
    """The wall moves a tenth of a face at a time; the truth is where the people were drawn."""
    wall, truth = street
    boxes = [face.box for face in detector.detect(wall)]
    for step in range(1, 6):
        shift = 6 * step
        moved = np.roll(wall, (shift, -shift), axis=(0, 1))
        faces = detector.follow(moved, boxes)
        check(faces, [eyes + (-shift, shift) for eyes in truth], 0.2)
        boxes = [face.box for face in faces]


def test_a_face_that_left_is_not_followed(detector, street):
    wall, _ = street
    boxes = [face.box for face in detector.detect(wall)]
    assert detector.follow(wall, []) == []
    x1, y1, x2, y2 = map(int, boxes[0])
    empty = wall.copy()
    empty[y1 - 40:y2 + 40, x1 - 40:x2 + 40] = 150
    assert detector.follow(empty, boxes) is None
    assert detector.follow(wall, [(-300.0, -300.0, -200.0, -200.0)]) is None, "wholly outside"
    assert detector.follow(wall, [(10.0, 10.0, 11.0, 11.0)]) is None, "a point"
    assert detector.follow(wall, [boxes[0], boxes[0]]) is None, "two faces became one"

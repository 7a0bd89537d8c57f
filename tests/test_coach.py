"""The coach without a browser: drawn people before the real detector; the pictures it takes, and why it does not."""

import time
import weakref

import numpy as np
import pytest

from facegui import drawn, image
from facegui.config import Settings
from facegui.service import FaceService, coach
from facegui.service.coach import Coach
from facegui.types import FaceguiError

SEED = drawn.CAST["Boris Petrov"]
FRONT, LEFT, RIGHT = (image.encode_jpeg(drawn.person(SEED, size=640, yaw=yaw, view=1), 92) for yaw in (0.0, 1.0, -1.0))
MASKED = image.encode_jpeg(drawn.person(SEED, size=640, mask=True, view=1), 92)
DARK = image.encode_jpeg((drawn.person(SEED, size=640, view=1) * 0.08).astype(np.uint8), 92)
FAR = image.encode_jpeg(np.pad(drawn.person(SEED, size=160, view=1), ((300, 180), (240, 240), (0, 0)), mode="edge"), 92)
TWO = image.encode_jpeg(drawn.group([drawn.person(SEED, view=1), drawn.person(drawn.CAST["Ana Lima"], view=1)]), 92)
WALL = image.encode_jpeg(np.full((480, 640, 3), 180, np.uint8), 92)


@pytest.fixture(scope="module")
def faces(tmp_path_factory):
    with FaceService(Settings(gallery=tmp_path_factory.mktemp("coach"))) as faces:
        yield faces


@pytest.fixture
def sitting(faces):
    mine = Coach(faces)
    token = mine.start("ana")
    return lambda frame, **how: mine.see(token, frame, "ana", **how), lambda: mine.shots(token, "ana"), mine, token


def test_front_left_and_right_are_taken_when_the_head_is_still(sitting, faces):
    see, shots, *_ = sitting
    first, second = see(FRONT), see(FRONT)
    assert (first.light, first.taken) == ("green", None) and second.taken == "front" and second.done == ("front",)
    again = see(FRONT)
    assert again.taken is None and "left" in again.text, "the same pose is not taken twice"
    assert see(RIGHT).taken is None and see(RIGHT).taken == "right", "either turn may come first"
    assert see(LEFT).taken is None
    last = see(LEFT)
    assert last.taken == "left" and "press Enroll" in last.text
    assert shots() == [("camera-front.jpg", FRONT), ("camera-right.jpg", RIGHT), ("camera-left.jpg", LEFT)] and shots() == []


def test_what_is_wrong_is_said_and_nothing_is_taken(sitting):
    see, shots, *_ = sitting
    for frame, light, words in ((WALL, "red", "No face"), (TWO, "red", "alone"), (MASKED, "red", "mask"), (DARK, "red", "dark"),
                                (FAR, "amber", "closer"), (LEFT, "amber", "straight")):
        for _ in range(3):
            found = see(frame)
            assert found.light == light and found.taken is None and words in found.text, (words, found)
    assert shots() == []


def test_moving_is_not_still_and_a_hand_may_take_it_now(sitting):
    see, shots, *_ = sitting
    shifted = image.encode_jpeg(np.roll(drawn.person(SEED, size=640, view=1), 120, axis=1), 92)
    assert see(FRONT).taken is None and see(shifted).taken is None
    assert see(shifted, now=True).taken == "front"
    assert see(MASKED, now=True).taken is None and see(WALL, now=True).taken is None
    assert see(FRONT, now=True).taken == "other" and len(shots()) == 2


def test_sittings_belong_to_their_owner_and_are_few(sitting, monkeypatch):
    _, _, mine, token = sitting
    for call in (lambda: mine.see(token, FRONT, "eve"), lambda: mine.shots(token, "eve"), lambda: mine.stop(token, "eve"),
                 lambda: mine.see("made up", FRONT, "ana")):
        with pytest.raises(FaceguiError, match="start it again"):
            call()
    for _ in range(coach.COACHES - 1):
        mine.start("ana")
    with pytest.raises(FaceguiError, match="close one first"):
        mine.start("ana")
    monkeypatch.setattr(coach.time, "monotonic", lambda now=coach.time.monotonic(): now + 2 * coach.IDLE_S)
    mine.start("ana")
    with pytest.raises(FaceguiError, match="start it again"):
        mine.shots(token, "ana")


def test_a_note_that_does_not_fit_stops_the_enrollment_before_it_begins(tmp_path):
    with FaceService(Settings(gallery=tmp_path)) as service:
        service.enroll("Ana", [("front.jpg", FRONT)], note="a" * 900)
        with pytest.raises(FaceguiError, match="characters"):
            service.enroll("Ana", [("left.jpg", LEFT)], note="b" * 200)
        assert len(service.photos("Ana")) == 1 and service.gallery.person("Ana").note == "a" * 900


def test_the_last_picture_is_fetched_after_the_camera_went_off(sitting):
    see, shots, mine, token = sitting
    assert see(FRONT, now=True).taken == "front"
    mine.stop(token, "ana")
    with pytest.raises(FaceguiError, match="start it again"):
        see(FRONT)
    with pytest.raises(FaceguiError, match="start it again"):
        mine.shots(token, "eve")
    for _ in range(coach.COACHES):
        mine.start("ana")  # a camera that is off takes nobody's place
    assert shots() == [("camera-front.jpg", FRONT)]
    assert shots() == [], "two pictures may be asked for by two questions, and the first had both"


@pytest.mark.parametrize("closed", [True, False])
def test_pictures_that_nobody_fetches_go_by_themselves(faces, monkeypatch, closed):
    monkeypatch.setattr(coach, "LEFT_S", 0.2)  # how often it is looked, too
    mine = Coach(faces)
    token = mine.start("ana")
    assert mine.see(token, FRONT, "ana", now=True).taken == "front"
    taken = weakref.ref(mine._sittings[token])
    if closed:
        mine.stop(token, "ana")
    else:
        taken().used_s -= coach.IDLE_S
    end = time.monotonic() + 60
    while taken() is not None and time.monotonic() < end:
        time.sleep(0.02)
    assert taken() is None, "nothing refers to the pictures any more"
    with pytest.raises(FaceguiError, match="start it again"):
        mine.shots(token, "ana")

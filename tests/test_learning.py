"""Training as a job of the service, on photos of drawn people: paused, cancelled, resumed, ended, promoted, taken back; and
a photo is answered while it works."""

import shutil
import time
from dataclasses import replace

import numpy as np
import pytest
from served import ROOT

from facegui import drawn, image
from facegui.config import Settings
from facegui.service import FaceService
from facegui.service.learning import Learning
from facegui.training import Recipe
from facegui.types import DataError, FaceguiError

NAMES = list(drawn.CAST)[:6]
PHOTOS = 4


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder of photos, and a weights folder of our own with the bundled models."""
    place = tmp_path_factory.mktemp("learning")
    for name in NAMES:
        (place / "people" / name).mkdir(parents=True)
        for view in range(PHOTOS):
            image.write(place / "people" / name / f"{view}.jpg", drawn.person(drawn.CAST[name], view=view, size=200))
    for model in ("compact", "cover"):
        shutil.copytree(ROOT / "weights" / model, place / "weights" / model)
    return place


@pytest.fixture(scope="module")
def service(place):
    with FaceService(Settings(gallery=place / "gallery", weights=place / "weights", device="cpu")) as service:
        for name in NAMES[:3]:
            service.enroll(name, [place / "people" / name / "0.jpg"])
        yield service


def recipe(place, name, **changes):
    return Recipe(name, str(place / "people"), **{"people": 4, "photos": 2, "steps": 60, "validation": 0.34} | changes)


def until(service, condition, seconds=200):
    end = time.monotonic() + seconds
    while not condition():
        assert service.jobs.current().state == "running", service.jobs.current().error
        assert time.monotonic() < end, "it never came to that"
        time.sleep(0.02)


def test_a_photo_is_answered_while_a_training_works(service, place):
    learning = Learning(service)
    learning.start(recipe(place, "busy", tune="last", steps=100_000))
    until(service, lambda: len(learning.reports) >= 2)
    before = len(learning.reports)
    face = drawn.person(drawn.CAST[NAMES[1]], view=0, size=200)
    answers = [service.identify(face) for _ in range(3)]
    assert [one.faces[0].candidates[0].name for one in answers] == [NAMES[1]] * 3
    until(service, lambda: len(learning.reports) > before)
    assert service.jobs.current().state == "running"
    service.jobs.cancel()
    assert service.jobs.wait(60).state == "cancelled"
    learning.discard("busy")
    assert learning.interrupted() == []


def test_paused_it_rests_and_cancelled_it_resumes_where_it_was(service, place):
    learning = Learning(service)
    learning.start(recipe(place, "mine", steps=20_000))
    until(service, lambda: len(learning.reports) > 20)
    learning.pause()
    time.sleep(0.5)
    rested = len(learning.reports)
    time.sleep(0.5)
    assert len(learning.reports) == rested and learning.paused and "paused" in service.jobs.current().progress.note
    learning.go_on()
    until(service, lambda: len(learning.reports) > rested)
    learning.pause()
    time.sleep(0.3)
    service.jobs.cancel()
    assert service.jobs.wait(60).state == "cancelled" and not learning.paused
    stopped = learning.reports[-1].step

    again = Learning(service)  # as after a restart of the program
    (waiting,) = again.interrupted()
    assert waiting == learning.recipe
    again.start(waiting)
    until(service, lambda: again.reports and again.reports[-1].step > stopped)
    steps = [one.step for one in again.reports]
    assert steps == sorted(set(steps)) and steps[0] < stopped < steps[-1] and again.interrupted() == []
    service.jobs.cancel()
    service.jobs.wait(60)
    again.discard("mine")
    with pytest.raises(DataError, match="no interrupted training"):
        again.discard("mine")


def test_stopped_before_its_first_saved_state_it_leaves_nothing(service, place):
    learning, states = Learning(service), place / "weights" / ".training" / "state"
    learning.start(recipe(place, "early"))
    service.jobs.cancel()  # long before a first step
    assert service.jobs.wait(60).state == "cancelled" and learning.reports == []
    learning.start(replace(recipe(place, "early"), folder=str(place / "weights")))  # no people in it
    assert service.jobs.wait(60).state == "failed"
    assert not list(states.glob("*")) and learning.interrupted() == []


def test_a_damaged_state_is_left_out(service, place):
    states = place / "weights" / ".training" / "state"
    (states / "broken").mkdir(parents=True)
    (states / "broken" / "state.safetensors").write_bytes(b"x" * 40)
    assert Learning(service).interrupted() == []
    shutil.rmtree(states / "broken")


def test_at_the_end_old_and_new_are_compared_promoted_and_taken_back(service, place):
    learning = Learning(service)
    seen = []
    learning.start(recipe(place, "better", steps=40))
    until(service, lambda: learning.examples is not None)
    seen.append(learning.examples)
    assert service.jobs.wait(200).state == "done", service.jobs.current().error
    (crops,) = seen
    assert crops.shape == (8, 128, 128, 3) and crops.dtype == np.uint8 and learning.version > 40
    outcome = learning.outcome
    assert list(outcome.scores) == list(outcome.other_scores) == ["bare", "masked", "masked, unseen kind"]
    for genuine, impostor in [*outcome.scores.values(), *outcome.other_scores.values()]:
        assert len(genuine) and len(impostor) and np.mean(genuine) > np.mean(impostor)
    with pytest.raises(FaceguiError, match="no earlier model"):
        learning.roll_back()
    templates = service.gallery.counts()["templates"]
    for act, model in ((lambda: learning.promote("better"), "better"), (learning.roll_back, "compact")):
        act()
        assert service.jobs.wait(200).state == "done", service.jobs.current().error
        assert service.card.id == learning.in_use == model and service.gallery.counts()["templates"] == templates == 3
        (face,) = service.identify(place / "people" / NAMES[2] / "1.jpg").faces
        assert face.candidates[0].name == NAMES[2]


def test_the_cost_is_measured_and_grows_with_the_work(service, place, tmp_path):
    learning = Learning(service)
    small, large = (learning.cost(recipe(place, "x", tune="last", steps=steps)) for steps in (10, 1000))
    assert (small.people, small.photos, small.steps, small.faces_per_step) == (len(NAMES), len(NAMES) * PHOTOS, 10, 8)
    assert small.to_align == 0, "the trainings before have aligned them"
    assert large.train_s > small.train_s > 0 and large.total_s > small.total_s
    head = learning.cost(recipe(place, "x", steps=1000))
    assert 0 < head.train_s < large.train_s and head.prepare_s > 0
    with pytest.raises(DataError, match="no photos"):
        learning.cost(Recipe("x", str(tmp_path)))

"""Live frames through the service: turns, busy viewers, when the whole picture is searched, and names that stay right."""

import threading

import cv2
import numpy as np
import pytest

from facegui import drawn, image
from facegui.config import Settings
from facegui.service import FaceService, demo, live
from facegui.service.live import Busy, Live
from facegui.types import FaceguiError

KNOWN, OTHER = list(drawn.CAST)[1:3]
STRANGER = drawn.STRANGERS[demo.STRANGER]


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with FaceService(Settings(gallery=tmp_path_factory.mktemp("gallery"), device="cpu")) as one:
        demo.prepare(one)
        yield one


@pytest.fixture
def clock(monkeypatch):
    """Time passes only when a test says so."""
    class Clock:
        now = 100.0
        perf_counter = staticmethod(live.time.perf_counter)

        def monotonic(self):
            return self.now
    one = Clock()
    monkeypatch.setattr(live, "time", one)
    return one


@pytest.fixture
def stream(service, clock):
    """A viewer's Live with everything that its detector was asked to do."""
    one, did = Live(service), []
    one.see(token := one.start(), frame(()))
    detect, follow = one._detector.detect, one._detector.follow
    one._detector.detect = lambda pixels: did.append("search") or detect(pixels)
    one._detector.follow = lambda pixels, boxes: did.append("follow") or follow(pixels, boxes)
    return one, token, did


def frame(seeds, shift=0):
    room = np.full((480, 640, 3), 190, np.uint8)
    for place, seed in enumerate(seeds):
        picture = cv2.resize(drawn.person(seed, view=3), (300, 300), interpolation=cv2.INTER_AREA)
        room[150 + shift:450 + shift, 10 + 315 * place:310 + 315 * place] = picture
    return image.encode_jpeg(room, 85)


def names(found):
    return [one.name or one.state for one in sorted(found, key=lambda one: one.box[0])]


def test_known_faces_are_followed_and_newcomers_found_at_the_next_search(stream, clock):
    one, token, did = stream
    seeds, numbers = [drawn.CAST[KNOWN], STRANGER], set()
    for step in range(6):
        found = one.see(token, frame(seeds, shift=4 * step))
        numbers |= {each.number for each in found}
        clock.now += live.SEARCH_S / 4.5
    assert did == ["search"] * 3 + ["follow"] * 3, "searched while somebody is due for a look"
    assert names(found) == [KNOWN, "unknown"] and len(numbers) == 2
    clock.now += 1.1 * live.SEARCH_S
    assert names(one.see(token, frame(seeds))) == [KNOWN, "unknown"] and did[-1] == "search"
    clock.now += live.SEARCH_S / 10
    one.see(token, frame(seeds[:1]))
    assert did[-2:] == ["follow", "search"], "somebody who left is missed at once"
    clock.now += 1.1 * live.SEARCH_S
    for _ in range(12):  # in the stranger's place
        clock.now += 0.1
        found = one.see(token, frame([seeds[0], drawn.CAST[OTHER]]))
    assert names(found) == [KNOWN, OTHER]


def test_a_followed_face_that_becomes_somebody_else_loses_its_name(stream, clock):
    """The worst case for following: another person's face in the same place, from one frame to the next."""
    one, token, _ = stream
    for _ in range(4):
        found = one.see(token, frame([drawn.CAST[KNOWN]]))
    assert names(found) == [KNOWN]
    told = []
    for _ in range(40):
        clock.now += live.SEARCH_S / 3
        told += names(one.see(token, frame([STRANGER])))
    assert told[-1] == "unknown" and OTHER not in told


def test_who_is_enrolled_meanwhile_is_named_at_the_next_looks(stream, clock, service):
    one, token, _ = stream
    seed, told = drawn.CAST[demo.NEWCOMER], []
    for _ in range(4):
        told = names(one.see(token, frame([seed])))
    assert told in (["unknown"], ["possible"])
    service.enroll(demo.NEWCOMER, [drawn.person(seed, **look) for look in demo.VIEWS])
    for _ in range(10):  # within one second of the camera's time
        clock.now += 0.1
        told = names(one.see(token, frame([seed])))
    assert told == [demo.NEWCOMER]
    service.forget(demo.NEWCOMER)


def test_a_face_that_is_not_this_person_loses_the_name_until_that_is_taken_back(stream, clock, service):
    one, token, _ = stream
    kept = sorted(path for path in service.settings.gallery.rglob("*") if path.is_file() and not path.name.startswith("gallery.db"))

    def looked():
        for _ in range(10):
            clock.now += 0.3
            (found,) = one.see(token, frame([drawn.CAST[KNOWN]]))
        return found

    with pytest.raises(FaceguiError, match="click a face"):
        one.again(token)
    found = looked()
    assert found.name == KNOWN
    met, _ = one.met(token, found.number)
    said, pixels = one.again(token)
    assert said.name == met.name == KNOWN and said.match_score == met.match_score and pixels.shape[0] == pixels.shape[1]
    number = service.decisions.reject(said.verdict.person_id, said)
    assert one.again(token)[0].name != KNOWN and looked().name != KNOWN
    assert one.again(token)[0].name != KNOWN, "the face on the card, not the one in the picture now"
    assert service.decisions.take_back(number) == KNOWN
    assert one.again(token)[0].name == KNOWN and looked().name == KNOWN
    now = sorted(path for path in service.settings.gallery.rglob("*") if path.is_file() and not path.name.startswith("gallery.db"))
    assert now == kept, "no picture is kept"
    one._find(token, "").shown_by = "another model"
    with pytest.raises(FaceguiError, match="click a face"):
        one.again(token)


def test_viewers_take_turns(service, monkeypatch):
    """Two viewers send as fast as they can; the frames are looked at alternately, and neither is turned away."""
    monkeypatch.setattr(live, "WAIT_S", 60.0)
    one, order, data = Live(service), [], frame([drawn.CAST[KNOWN]])
    tokens = [one.start("ana"), one.start("guest")]
    one.see(tokens[0], data, "ana")
    look = one._look
    one._look = lambda viewer, *rest: order.append(viewer.token) or look(viewer, *rest)
    ready, answers = threading.Barrier(2), {token: [] for token in tokens}

    def watch(token, owner):
        ready.wait(60)
        for _ in range(8):
            answers[token].append(one.see(token, data, owner))
    threads = [threading.Thread(target=watch, args=pair) for pair in zip(tokens, ("ana", "guest"))]
    [thread.start() for thread in threads]
    [thread.join(120) for thread in threads]
    assert all(len(each) == 8 and None not in each for each in answers.values())
    assert all(names(each[-1]) == [KNOWN] for each in answers.values())
    turns = [order.count(token) for token in tokens]
    changes = sum(a != b for a, b in zip(order, order[1:]))
    assert turns == [8, 8] and changes >= 8, order


def test_a_viewer_s_next_frame_waits_for_the_last_and_others_are_not_let_in(service, monkeypatch):
    one = Live(service)
    token = one.start("ana")
    one._find(token, "ana").busy.acquire()
    assert one.see(token, frame(()), "ana") is None, "the frame is given up"
    one._find(token, "ana").busy.release()
    assert one.see(token, frame(()), "ana") == [] and set(one.took_ms(token, "ana")) == {"decode", "wait", "detect"}
    for call in (one.see, one.met):
        with pytest.raises(FaceguiError, match="closed"):
            call(token, frame(()), "guest")
    monkeypatch.setattr(live, "WAIT_S", 0.01)
    one._line.append("somebody who takes long")
    assert one.see(token, frame(()), "ana") is None and list(one._line) == ["somebody who takes long"]
    for _ in range(live.VIEWERS - 1):
        one.start("guest")
    with pytest.raises(Busy, match="close one"):
        one.start("guest")
    one.stop(token, "ana")
    one.start("guest")

"""Strangers: kept only on request, grouped by likeness, bounded, dropped by age. Real gallery settings, made-up templates."""

from types import SimpleNamespace

import numpy as np
import pytest

from gallery_rig import photo, vector

from facegui import image
from facegui.gallery import Gallery
from facegui.service import strangers as room
from facegui.service.strangers import MOST_PEOPLE, MOST_PICTURES, Strangers
from facegui.types import HIDDEN, Cover, Face, FaceguiError, Identification, Probe, Quality

PIXELS = np.random.default_rng(3).integers(0, 255, (300, 400, 3), dtype=np.uint8)


@pytest.fixture
def kept(tmp_path):
    with Gallery(tmp_path, "model", 64) as gallery:
        decisions = SimpleNamespace(alike=lambda masked: (0.5, 0.5, 0.6)[masked], resembled=lambda vectors, masked: [
            [near for near in found if near.score >= 0.5] for found in gallery.search(vectors, 3)])
        yield Strangers(SimpleNamespace(gallery=gallery, decisions=decisions, card=SimpleNamespace(key="model")))


def seen(embedding, quality=0.9, reasons=(), name=None, masked=False):
    vector = np.asarray(embedding, np.float32)
    face = Face((100.0, 80.0, 180.0, 180.0), np.zeros((5, 2), np.float32), 1.0)
    return Identification(Probe(face, Quality(quality, reasons), masked, vector / np.linalg.norm(vector)), name, 0.1, 0.5, ())


def test_nobody_is_kept_unless_asked(kept):
    kept.meet(PIXELS, seen(np.eye(64)[0]))
    assert kept.hours == 0 and kept.everybody() == []
    with pytest.raises(FaceguiError):
        kept.keep(-1)


def test_strangers_are_grouped_by_likeness_and_known_people_are_none(kept):
    kept.keep(1)
    random = np.random.default_rng(1)
    for person in (0, 1, 2, 1, 0, 0):
        kept.meet(PIXELS, seen(np.eye(64)[person] + random.normal(0, 0.05, 64)))
    kept.meet(PIXELS, seen(np.eye(64)[5], name="Ana"))
    found = kept.everybody()
    assert sorted(one.seen for one in found) == [1, 2, 3]
    assert image.decode(found[0].pictures[0].portrait).width >= 96


def test_the_best_pictures_are_kept_and_the_oldest_people_go(kept):
    kept.keep(1)
    for number in range(MOST_PICTURES + 4):
        kept.meet(PIXELS, seen(np.eye(64)[0], quality=0.5 + number / 100))
    (one,) = kept.everybody()
    assert [round(each.quality, 2) for each in one.pictures] == [round(0.59 - n / 100, 2) for n in range(MOST_PICTURES)]
    random = np.random.default_rng(2)
    for _ in range(MOST_PEOPLE + 5):
        kept.meet(PIXELS, seen(random.normal(size=64)))
    assert len(kept.everybody()) <= MOST_PEOPLE and one.number not in {each.number for each in kept.everybody()}


def test_age_switching_off_and_another_model_forget(kept, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(room.time, "time", lambda: now[0])
    kept.keep(1)
    kept.meet(PIXELS, seen(np.eye(64)[0]))
    now[0] += 3000
    kept.meet(PIXELS, seen(np.eye(64)[1]))
    now[0] += 1000
    assert [one.pictures[0].embedding[1] for one in kept.everybody()] == [1.0]
    kept.keep(0)
    assert kept.everybody() == [] and kept._people == {}
    kept.keep(1)
    kept.meet(PIXELS, seen(np.eye(64)[2]))
    kept._service.card = SimpleNamespace(key="other")
    kept.meet(PIXELS, seen(np.ones(64)))
    assert len(kept.everybody()) == 1, "templates of another model are not compared"


def test_naming_enrolls_the_portraits_and_only_success_drops_the_stranger(kept):
    kept.keep(1)
    kept.meet(PIXELS, seen(np.eye(64)[0]))
    (one,) = kept.everybody()
    calls = []

    def enroll(name, photos, force, note):
        calls.append((name, photos, force, note))
        return SimpleNamespace(enrolled=len(calls) - 1)
    kept._service.enroll = enroll
    kept.name(one.number, "Ana")
    assert kept.everybody() == [one] and calls[0][0] == "Ana" and calls[0][1][0][1] == one.pictures[0].portrait
    kept.name(one.number, "Ana")
    assert kept.everybody() == []
    with pytest.raises(FaceguiError, match="no longer"):
        kept.name(one.number, "Ana")


MASKED = {"masked": True, "reasons": ("lower_face_covered",)}


def test_masked_strangers_are_kept_and_named_from_bare_pictures_where_there_are_any(kept):
    kept.keep(1)
    kept.meet(PIXELS, seen(np.eye(64)[0], 0.5, **MASKED))
    kept.meet(PIXELS, seen(np.eye(64)[1], reasons=("lower_face_covered", "blurred"), masked=True))
    (one,) = kept.everybody()
    calls = []
    kept._service.enroll = lambda name, photos, force, note: calls.append((photos, force)) or SimpleNamespace(enrolled=0)
    assert one.covered
    with pytest.raises(FaceguiError, match="only seen with a covered face"):
        kept.name(one.number, "Ana")
    kept.name(one.number, "Ana", covered_too=True)
    assert calls == [(one.portraits(), True)] and len(one.portraits()) == 1
    kept.meet(PIXELS, seen(np.eye(64)[0], 0.2))
    kept.meet(PIXELS, seen(np.eye(64)[0], 0.3))
    assert [(each.covered, each.quality) for each in one.pictures] == [(False, 0.3), (False, 0.2), (True, 0.5)]
    kept.name(one.number, "Ana")
    assert calls[1] == (one.portraits(), False) and len(one.portraits()) == 2 and not one.covered


def test_whoever_was_enrolled_meanwhile_is_no_stranger(kept):
    kept.keep(1)
    for person in range(3):
        kept.meet(PIXELS, seen(np.eye(64)[person]))
    kept._service.gallery.enroll("Ana", [photo(1, vector(5, np.eye(64)[1].astype(np.float32), 64, 0.3))])
    assert sorted(int(one.pictures[0].embedding.argmax()) for one in kept.everybody()) == [0, 2]


def test_age_is_watched_though_nobody_looks(kept, monkeypatch):
    waits = []

    class Timer:
        def __init__(self, wait_s, function):
            waits.append((wait_s, function))
        start = lambda self: None
    monkeypatch.setattr(room.threading, "Timer", Timer)
    now = [1000.0]
    monkeypatch.setattr(room.time, "time", lambda: now[0])
    kept.keep(1)
    kept.meet(PIXELS, seen(np.eye(64)[0]))
    now[0] += 1800
    kept.meet(PIXELS, seen(np.eye(64)[1]))
    ((wait_s, due),) = waits
    assert wait_s == 3601
    now[0] = 1000 + wait_s
    due()
    assert len(kept._people) == 1 and waits[1][0] == 1800, "the next one is due later"
    now[0] += waits[1][0] + 1
    due()
    assert kept._people == {} and len(waits) == 2


def test_two_masked_strangers_need_a_higher_score_to_be_one(kept):
    kept.keep(1)
    one, other = np.eye(64)[0], 0.55 * np.eye(64)[0] + np.sqrt(1 - 0.55 ** 2) * np.eye(64)[1]
    kept.meet(PIXELS, seen(one, masked=np.True_))
    kept.meet(PIXELS, seen(other, masked=np.True_))
    assert [each.seen for each in kept.everybody()] == [1, 1], "their masks resemble each other"
    kept.meet(PIXELS, seen(other))
    assert sorted(each.seen for each in kept.everybody()) == [1, 2]


def test_strangers_behind_dark_glasses_are_kept_as_masked_ones_are(kept):
    kept.keep(1)
    kept.meet(PIXELS, seen(np.eye(64)[0], 0.5, reasons=(HIDDEN,)))
    alike = np.eye(64)[0] * 0.55 + np.eye(64)[1] * np.sqrt(1 - 0.55 ** 2)
    kept.meet(PIXELS, seen(alike, 0.5, reasons=(HIDDEN,)))
    assert len(kept.everybody()) == 2, "two covered faces resemble one another: 0.6 is needed, not 0.5"
    kept.meet(PIXELS, seen(np.eye(64)[0], 0.4))
    one = next(one for one in kept.everybody() if one.seen == 2)
    assert not one.covered and [each.cover for each in one.pictures] == [Cover.BARE, Cover.OTHER]

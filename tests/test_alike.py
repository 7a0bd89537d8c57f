"""Alike enough for a question: masked faces resemble each other, and are held to more wherever somebody asks who is who."""

from dataclasses import replace
from types import SimpleNamespace

import gallery_rig
import numpy as np
import pytest
from gallery_rig import BOX, photo, unit, vector

from facegui.service import FaceService
from facegui.service.sight import Seen
from facegui.service.strangers import Strangers
from facegui.types import Cover, Face, Identification, Probe, Quality

TAILS = {pair: {"points": [[10.0 ** -n, start + 0.1 * n, 0.5 * 10.0 ** -n, 2 * 10.0 ** -n] for n in range(1, 7)],
                "comparisons": 10 ** 7, "people": 300}
         for pair, start in (("bare-bare", 0.0), ("masked-bare", 0.05), ("masked-masked", 0.3), ("masked-look", 0.1))}
FACE = Face(BOX, np.zeros((5, 2), np.float32), 0.9)


@pytest.fixture
def faces(tmp_path):
    """Ana is enrolled with a bare photo, Mia with a masked one."""
    tail = tuple((point[0], point[1]) for point in TAILS["bare-bare"]["points"])
    with gallery_rig.service(tmp_path, tail, {"impostor_tails": TAILS}) as service:
        service.gallery.enroll("Ana", [replace(photo(1, vector(0)), masked=False)])
        service.gallery.enroll("Mia", [replace(photo(2, vector(1)), masked=True)])
        yield service


def near(person, score, side):
    """A unit vector with that score to a person's template; the rest of it is at right angles to both and to other sides."""
    rest = np.linalg.svd(np.stack([vector(0), vector(1)]))[2][2 + side]
    return unit(score * vector(person) + (1 - score ** 2) ** 0.5 * rest).astype(np.float32)


def between(faces):
    """A score that says something of two bare faces, and nothing of two masked ones."""
    bare, _, masked = (faces.decisions.alike(number) for number in range(3))
    assert masked > bare + 0.1
    return (bare + masked) / 2


def test_whom_a_face_resembles_depends_on_the_masks(faces):
    score = between(faces)
    found = faces.decisions.resembled(np.stack([near(0, score, 0), near(1, score, 1), near(1, 0.95, 2), near(0, 0.1, 3)]),
                                      [Cover.BARE, Cover.MASKED, Cover.MASKED, Cover.BARE])
    assert [[one.name for one in row] for row in found] == [["Ana"], [], ["Mia"], []]
    faces.decisions.comparer.rules.reject(found[0][0].person_id, faces.gallery.model_id, near(0, score, 0), False)
    assert faces.decisions.resembled(near(0, score, 0)[None], [Cover.BARE]) == [[]], "the owner said that this is not Ana"


@pytest.mark.parametrize(("person", "masked", "asked"), [(0, False, ["Ana"]), (1, True, [])])
def test_a_newcomer_is_asked_about_where_he_would_get_the_others_name(faces, monkeypatch, person, masked, asked):
    embedding = near(person, between(faces), 4)
    seen = Seen(FACE, Quality(1.0), masked, np.zeros((32, 32, 3), np.uint8))
    sight = SimpleNamespace(look=lambda picture: ([seen], {}), looks=lambda seen, vectors: [None],
                            embed=lambda seen: [Probe(one.face, one.quality, one.masked, embedding) for one in seen])
    monkeypatch.setattr(FaceService, "sight", sight)
    report = faces.enroll("New", [np.full((200, 200, 3), 90, np.uint8)], careful=True)
    assert [one.name for one in report.too_close_to] == asked and report.held == len(asked) and report.enrolled == 1 - len(asked)


def test_a_masked_stranger_who_is_a_little_like_somebody_masked_stays_one(faces):
    strangers = Strangers(faces)
    strangers.keep(1)
    for person, masked, seed in ((1, True, 5), (0, False, 6)):
        probe = Probe(FACE, Quality(0.9), masked, near(person, between(faces), seed))
        strangers.meet(np.zeros((200, 200, 3), np.uint8), Identification(probe, None, None, 0.5, ()))
    (left,) = strangers.everybody()
    assert left.covered


def test_two_masked_people_are_in_doubt_at_a_higher_score_alone(faces):
    score = between(faces)
    faces.gallery.enroll("Bea", [replace(photo(4, near(0, score, 7)), masked=False)])
    faces.gallery.enroll("Eva", [replace(photo(5, near(1, score, 8)), masked=True)])
    found = faces.doubts()
    assert [{one.one, one.other} for one in found.duplicates] == [{"Ana", "Bea"}]
    assert found.duplicates[0].score == pytest.approx(score, abs=1e-5)
    faces.gallery.enroll("Zoe", [replace(photo(6, near(1, 0.97, 9)), masked=True)])
    assert {"Mia", "Zoe"} in [{one.one, one.other} for one in faces.doubts().duplicates]

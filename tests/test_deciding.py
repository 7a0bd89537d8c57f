"""Decisions through the service, on vectors instead of photos: the promise is kept with the gallery, and what is asked
and answered agrees with the pure rules."""

import json
from dataclasses import replace

import gallery_rig
import numpy as np
import pytest
from gallery_rig import BOX, photo, unit, vector

from facegui import draw
from facegui.cli import main
from facegui.decide import Promise, tails_of
from facegui.service import FaceService, answers, models
from facegui.types import HIDDEN, MATCH, POSSIBLE, UNKNOWN, Cover, Face, GalleryError, Probe, Quality, Recognition

TAIL = tuple((10.0 ** -n, 0.1 * n) for n in range(1, 7))


@pytest.fixture
def faces(tmp_path):
    with gallery_rig.service(tmp_path, TAIL) as service:
        for number, name in enumerate(("Ana", "Bea", "Cem")):
            service.gallery.enroll(name, [replace(photo(3 * number + 1, vector(number)), masked=False)])
        yield service


def probe(embedding, masked=False):
    return Probe(Face(BOX, np.zeros((5, 2), np.float32), 0.9), Quality(1.0), masked, embedding)


def at(score, person=0):
    """A unit vector with that score to a person's only template, and as far as can be from those of the others."""
    own, everybody = vector(person), np.stack([vector(number) for number in range(3)])
    side = unit(np.linalg.svd(everybody)[2][-1])  # orthogonal to all of them
    return (score * own + (1 - score ** 2) ** 0.5 * side).astype(np.float32)


def test_the_promise_is_kept_with_the_gallery_and_moves_the_threshold(faces):
    decisions = faces.decisions
    assert decisions.promise() == Promise(100) and decisions.statement().one_in == 100
    said = [decisions.keep(Promise(one_in)) for one_in in (10, 100, 1_000, 10_000)]
    assert (np.diff([one.threshold for one in said]) > 0).all() and said[-1].people == 3
    assert faces.threshold() == said[-1].threshold
    with FaceService(faces.settings) as again:
        assert again.decisions.promise() == Promise(10_000)
    by_hand = decisions.keep(Promise(by_hand=0.4))
    assert by_hand.threshold == by_hand.threshold_masked == faces.threshold() == 0.4 and by_hand.one_in is None
    assert faces.gallery.setting(models.THRESHOLD) == 0.4
    assert decisions.keep(Promise(100)).threshold != 0.4 and faces.gallery.setting(models.THRESHOLD) is None


def test_everybody_who_comes_or_goes_moves_the_threshold_at_once(faces):
    before = faces.threshold()
    faces.gallery.enroll("Dan", [photo(100, vector(50))])
    more = faces.threshold()
    assert more > before
    faces.gallery.merge("Dan", "Ana")
    merged = faces.threshold()
    assert before < merged < more
    faces.gallery.undo_merge()
    assert faces.threshold() == pytest.approx(more)
    faces.gallery.forget("Dan")
    assert faces.threshold() == pytest.approx(before)


def test_the_answer_says_what_the_face_wears(faces):
    covers = {Cover.BARE: probe(at(0.9)), Cover.MASKED: probe(at(0.9), masked=True),
              Cover.OTHER: replace(probe(at(0.9)), quality=Quality(0.5, (HIDDEN,)))}
    both = replace(covers[Cover.MASKED], quality=Quality(0.5, ("lower_face_covered", HIDDEN)))
    told = faces.decisions.identify([*covers.values(), both])
    for cover, one in zip([*covers, Cover.MASKED], told, strict=True):
        assert one.verdict.cover == cover and one.verdict.mode.startswith(f"{cover}: threshold {one.threshold:.2f}")
        assert answers.identification(one)["cover"] == str(cover)


def test_match_question_and_unknown(faces):
    need = faces.decisions.level()
    match, question = need.score("bare-bare", need.match), need.score("bare-bare", need.question)
    found = faces.decisions.identify([probe(at(match + 0.02)), probe(at(match - 0.02)), probe(at(question - 0.02))])
    assert [one.verdict.level for one in found] == [MATCH, POSSIBLE, UNKNOWN]
    assert [one.name for one in found] == ["Ana", None, None] and [one.question for one in found] == [None, "Ana", None]
    assert [draw.label(one).split()[0] for one in found] == ["Ana", "Is", "unknown"]
    told = [answers.identification(one) for one in found]
    assert [one["level"] for one in told] == ["match", "possible", "unknown"] and told[1]["question"] == "Ana"
    assert told[1]["mode"] == f"bare: threshold {match:.2f} for 1 in 100 at 3 people"
    answers.for_guest(told[1])
    assert "Ana" not in str(told[1])
    shown = answers.without_questions(Recognition("a.jpg", 200, 200, tuple(found), {}))
    assert [draw.label(one).split()[0] for one in shown.faces] == ["Ana", "unknown", "unknown"]


def test_a_score_by_hand_for_one_call_changes_nothing_else(faces):
    strict, = faces.decisions.identify([probe(at(0.8))], by_hand=0.9)
    assert strict.name is None and strict.threshold == pytest.approx(0.9) and "by hand" in strict.verdict.mode
    usual, = faces.decisions.identify([probe(at(0.8))])
    assert usual.name == "Ana" and faces.decisions.promise() == Promise(100)


def test_strictness_is_of_one_person(faces):
    faces.decisions.set_strictness("Ana", "stricter")
    need = faces.decisions.level()
    score = need.score("bare-bare", need.match) + 0.12
    strict, usual = faces.decisions.identify([probe(at(score)), probe(at(score, 1))])
    assert (strict.question, strict.verdict.reason, usual.name) == ("Ana", "strict", "Bea")
    tail = tails_of(TAIL, {})["bare-bare"]
    assert strict.threshold == pytest.approx(tail.score(need.match + 2), abs=1e-5) and faces.decisions.strictness("Ana") == "stricter"


def test_not_this_person_holds_for_that_face_until_it_is_taken_back(faces):
    faces.decisions.keep(Promise(1_000))
    found, = faces.decisions.identify([probe(at(0.8))])
    assert found.name == "Ana"
    number = faces.decisions.reject(found.verdict.person_id, found)
    again, own = faces.decisions.identify([probe(at(0.8)), probe(at(0.99))])
    assert again.name is None and again.verdict.reason == "rejected" and own.name == "Ana"
    assert faces.decisions.take_back(number) == "Ana"
    assert faces.decisions.identify([probe(at(0.8))])[0].name == "Ana"
    with pytest.raises(GalleryError, match="not among the answers"):
        faces.decisions.reject(999, found)


def test_an_empty_gallery_says_so(tmp_path, faces):
    for name in ("Ana", "Bea", "Cem"):
        faces.gallery.forget(name)
    found, = faces.decisions.identify([probe(at(0.8))])
    assert found.name is None and found.match_score is None and found.verdict.reason == "nobody"
    assert faces.decisions.identify([]) == []


def test_promise_and_strictness_on_the_command_line(faces, capsys):
    def run(*words):
        code = main([*words, "--gallery", str(faces.settings.gallery), "--weights", str(faces.settings.weights)])
        return code, capsys.readouterr().out

    code, said = run("promise", "1/1000", "--json")
    told = json.loads(said)
    assert (code, told["one_in"], told["people"], told["enough"]) == (0, 1000, 3, True)
    assert told["threshold"] == round(faces.threshold(), 4) and told["interval"][0] <= told["fpir"] <= told["interval"][1]
    faces.gallery.enroll_many([(f"P{number}", photo(200 + number, vector(200 + number))) for number in range(250)])
    code, said = run("promise", "1/10000")
    assert code == 1 and "Not enough data to promise 1 in 10,000" in said
    assert run("promise", "0.55")[0] == 0
    assert faces.threshold() == 0.55 and main(["promise", "1/7"]) == 2
    assert run("strictness", "ana", "strict") == (0, "Ana: strict\n") and faces.decisions.strictness("Ana") == "strict"


def test_two_faces_are_alike_at_the_score_that_their_masks_ask_for(faces):
    level = faces.decisions.level()
    assert [faces.decisions.alike(masked) for masked in range(3)] == [
        level.score(pair, level.match) for pair in ("bare-bare", "masked-bare", "masked-masked")]
    assert faces.decisions.alike(0) == pytest.approx(faces.threshold())

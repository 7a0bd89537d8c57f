"""Dark glasses wherever people are told apart: kept photos of older versions, doubts, "not this person", own searches, strangers."""

import json
import sqlite3
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from compare_rig import TAILS, comparer, gallery  # noqa: F401
from gallery_rig import crowd, opened, photo, unit, vector

from facegui import drawn
from facegui.config import Settings
from facegui.decide import Promise, level_for
from facegui.decide.tails import BARE
from facegui.gallery import doubts
from facegui.service import FaceService
from facegui.service.watch import Watcher
from facegui.store import schema, trust
from facegui.training.covers import draw_cover
from facegui.types import HIDDEN, Cover, Face, Identification, Probe, Quality

GLASSES = Quality(0.5, (HIDDEN,))


def worn(item):
    return replace(item, masked=False, quality=GLASSES)


def test_kept_photos_of_an_older_version_are_judged_when_they_are_embedded(tmp_path):
    with FaceService(Settings(gallery=tmp_path, device="cpu")) as service:
        bare, other = drawn.person(drawn.CAST["Ana Lima"]), drawn.person(drawn.CAST["Karl Weiß"])
        (face,) = service.sight.detector.detect(bare)
        report = service.enroll("Ana", [draw_cover(bare, face.landmarks, np.random.default_rng(2), "glasses")])
        assert [one.reasons for one in report.outcomes] == [(HIDDEN,)] and report.outcomes[0].status == "refused"
        assert service.enroll("Ana", [draw_cover(bare, face.landmarks, np.random.default_rng(2), "glasses")], force=True).enrolled == 1
        assert service.enroll("Karl", [other]).enrolled == 1
        judged = {name: service.photos(name)[0].quality for name in ("Ana", "Karl")}
        with service.gallery.database.write() as c:  # as an older version left it, and the other way round
            c.execute("DELETE FROM templates")
            for name, quality in (("Ana", Quality(1.0)), ("Karl", GLASSES)):
                c.execute("UPDATE photos SET quality = ?, reasons = ? WHERE id = ?",
                          (quality.score, json.dumps(quality.reasons), service.photos(name)[0].id))
        assert service.reembed() == 2
        assert [HIDDEN in service.photos(name)[0].quality.reasons for name in ("Ana", "Karl")] == [True, False]
        assert service.photos("Karl")[0].quality.score == pytest.approx(min(2 * 0.5, 1.0)) and HIDDEN in judged["Ana"].reasons


def test_a_gallery_of_the_fourth_format_gets_its_indexes_and_they_are_used(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many([("Ana", worn(photo(1))), ("Bea", replace(photo(2), masked=False)),
                             ("Cem", replace(photo(4), masked=False, quality=Quality(0.5, ("not_partly_hidden",))))])
    with sqlite3.connect(tmp_path / "gallery.db", isolation_level=None) as c:
        c.execute("DROP INDEX masked_photos")
        c.execute("DROP INDEX hidden_photos")
        c.execute("PRAGMA user_version=4")
    c.close()
    with opened(tmp_path) as gallery, gallery.database.read() as c:
        assert trust.hidden_photos(c).tolist() == [gallery.photos("Ana")[0].id]
        plans = [str(c.execute(f"EXPLAIN QUERY PLAN SELECT id FROM photos WHERE {what} ORDER BY id").fetchall())
                 for what in ("masked", "instr(reasons, '\"partly_hidden\"')")]
        assert "masked_photos" in plans[0] and "hidden_photos" in plans[1]
        assert c.execute("PRAGMA user_version").fetchone() == (schema.VERSION,)


def test_two_photos_behind_dark_glasses_are_no_doubt_at_the_score_of_bare_ones(tmp_path):
    alike = unit(vector(1) + 0.75 * vector(2))
    for items, found in (([photo(1, vector(1)), photo(2, alike)], 1), ([worn(photo(1, vector(1))), worn(photo(2, alike))], 0)):
        with opened(tmp_path / str(found)) as gallery:
            gallery.enroll_many([(name, item if HIDDEN in item.quality.reasons else replace(item, masked=False))
                                 for name, item in zip("AB", items, strict=True)])
            score = float(vector(1) @ alike)
            assert len(doubts.look(gallery, score - 0.02, more=(0.0, 0.01, 0.1)).duplicates) == found


def test_settled_doubts_are_left_out_of_another_pages_list(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(4, 3))
        gallery.enroll("Twin", [photo(9000, vector(9000, vector(10**6)))])
        gallery.enroll("Person 2", [photo(9100, vector(9100, vector(10**6 + 1)))])
        found = doubts.look(gallery, 0.55)
        assert len(found.duplicates) == len(found.misplaced) == 1
        gallery.sorting.set_apart("Twin", "Person 0")
        gallery.sorting.keep(found.misplaced[0].photo)
        assert doubts.still(gallery, found).duplicates == doubts.still(gallery, found).misplaced == ()


def test_a_rejected_face_behind_glasses_says_less_about_another_one(gallery, comparer):  # noqa: F811
    gallery.enroll("Ana", [replace(photo(1, vector(1)), masked=False)])
    levels = level_for(Promise(), TAILS, comparer.photos_per_person())
    probe = unit(vector(1) + 0.9 * vector(2))
    like = unit(probe + 0.85 * vector(3))
    score = float(probe @ like)

    def rejected(cover, covered):
        number = comparer.rules.reject(comparer.near(probe[None], [cover], levels)[0][0].person_id, "model", like, covered)
        found = comparer.near(probe[None], [cover], levels)[0][0]
        comparer.rules.take_back(number)
        return found.rejected, found.rarity

    (bare, rarity), (glasses, _) = rejected(Cover.BARE, False), rejected(Cover.OTHER, True)
    assert levels.rarity("bare-bare", score) > rarity > levels.rarity("masked-masked", score)
    assert bare and not glasses


def test_photos_behind_glasses_are_no_own_searches_of_bare_faces(gallery, comparer):  # noqa: F811
    items = [(name, replace(item, masked=False)) for name, item in crowd(230, 1)]
    gallery.enroll_many([(name, worn(item) if at % 10 == 0 else item) for at, (name, item) in enumerate(items)])
    bare = np.stack([item.embedding for at, (_, item) in enumerate(items) if at % 10])
    scores = bare @ bare.T
    np.fill_diagonal(scores, -2)
    assert np.sort(comparer.own_searches()[BARE].plain) == pytest.approx(np.sort(scores.max(axis=1)), abs=2e-6)


@pytest.mark.parametrize(("covers", "count"), [(((), ()), 1), (((HIDDEN,), ()), 2), (((HIDDEN,), (HIDDEN,)), 2)])
def test_watched_strangers_behind_glasses_are_kept_apart(covers, count):
    service = SimpleNamespace(decisions=SimpleNamespace(alike=lambda covered: (0.5, 0.6, 0.7)[covered]))
    watcher = Watcher.__new__(Watcher)
    watcher._service, watcher._by_hand, watcher._strangers, watcher._labels, watcher._answers = service, None, [], {}, {}
    face = Face((0.0, 0.0, 9.0, 9.0), np.zeros((5, 2), np.float32), 1.0)
    rows = np.eye(4, dtype=np.float32)[0], (0.55 * np.eye(4)[0] + np.sqrt(1 - 0.55**2) * np.eye(4)[1]).astype(np.float32)
    labels = []
    for number, (reasons, fused) in enumerate(zip(covers, rows, strict=True)):
        watcher._answers[number] = Identification(Probe(face, Quality(0.5, reasons), False, fused), None, 0.1, 0.5, ())
        labels.append(watcher._stranger(SimpleNamespace(number=number, fused=fused)))
    assert len(set(labels)) == count

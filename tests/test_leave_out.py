"""Each enrolled photo as a new one: what the comparison and the rule themselves say without it, and the report made of that."""

import html
import re
from dataclasses import replace

import numpy as np
import pytest
from compare_rig import TAILS, comparer, gallery  # noqa: F401
from gallery_rig import crowd, photo, unit, vector

from facegui import evaluate
from facegui.decide import Promise, decide, level_for, local, own
from facegui.decide import level as levels
from facegui.decide.fuse import fused, fused_without
from facegui.decide.local import Cohort
from facegui.decide.tails import BARE, LOOK
from facegui.evaluate.evidence import Side
from facegui.gallery import compare
from facegui.gallery.leave_out import NOBODY, leave_out
from facegui.types import MATCH, POSSIBLE, DataError, Quality
from facegui.types.faces import HIDDEN, cover_of


def show(place):
    return Side(f"photo {place}", lambda: np.full((112, 112, 3), place % 255, np.uint8))


def mixed():
    """Eighteen people of one kind, up to four photos each, some masked, some behind dark glasses; hard enough for every sort of error."""
    kind, items = vector(1), []
    for who in range(18):
        middle = unit(1.1 * kind + vector(100 + who))
        for number in range(1 if who in (3, 9) else 2 + who % 3):
            seed = 100 * who + number
            near = unit(middle + (0.55 + 0.05 * (who % 4)) * vector(5000 + seed))
            masked = (who + number) % 4 == 3
            look = None if masked or seed % 7 == 0 else unit(near + 0.5 * vector(9000 + seed))
            quality = Quality(0.75, (HIDDEN,) if seed % 5 == 2 else ())
            items.append((f"Person {who}", replace(photo(seed, near), masked=masked, look=look, quality=quality)))
    return items


@pytest.fixture
def crowded(gallery, comparer, monkeypatch):  # noqa: F811
    """Own thresholds from twelve people on."""
    for room, name, value in ((local, "NEAREST", 4), (local, "LEAST", 10), (own, "LEAST", 10), (levels, "OWN_FROM", 10),
                              (compare, "OWN_FROM", 12)):
        monkeypatch.setattr(room, name, value)
    gallery.enroll_many(mixed())
    comparer.rules.set_strictness("Person 5", "stricter")
    persons = {one.name: one.id for one in gallery.people()}
    one = next(item for name, item in mixed() if name == "Person 7").embedding
    comparer.rules.reject(persons["Person 7"], "model", unit(one + 0.3 * vector(6)), False)
    return gallery, comparer, persons


def level_of(comparer, promise):  # noqa: F811
    return level_for(promise, TAILS, comparer.photos_per_person(), comparer.own_searches())


def without(level, person):
    """The level whose cohorts hold no probe of a person."""
    kept = {pair: Cohort(one.probes[one.owners != person], one.owners[one.owners != person], one.usual)
            for pair, one in level.cohorts.items()}
    return replace(level, cohorts=kept)


def covered(item):
    return cover_of(item.masked, item.quality)


def judged(level, item, near):
    """(name, question): the persons that the rule names, and asks about."""
    verdict = decide(level, covered(item), near)
    return tuple(verdict.person_id if verdict.level == said else NOBODY for said in (MATCH, POSSIBLE))


@pytest.mark.parametrize("promise", [Promise(2), Promise(100), Promise(10 ** 7), Promise(by_hand=0.62)])
def test_every_photo_is_judged_as_by_a_gallery_without_it(crowded, promise):
    gallery, comparer, persons = crowded  # noqa: F811
    level = level_of(comparer, promise)
    assert (set(level.cohorts) == {BARE, LOOK}) == (promise.by_hand is None)
    left = leave_out(comparer, level)
    offered = {item.sha256: (persons[name], name, item) for name, item in mixed()}
    photos = [offered[one.sha256] for one in sorted((one for name in persons for one in gallery.photos(name)), key=lambda one: one.id)]
    order = np.argsort(left.photos)
    columns = zip(*(column[order] for column in left.found), strict=True)
    rows = [(number, *kept, type(left.found)(*one)) for number, kept, one in zip(left.photos[order].tolist(), photos, columns, strict=True)]
    assert left.people[order].tolist() == [person for _, person, *_ in rows]
    assert left.names == {number: name for name, number in persons.items()}
    offs = set()
    for _, person, _, item, found in rows:  # as if the person were not enrolled
        near = comparer.near(item.embedding[None], [covered(item)], without(level, person), top=20)[0]
        strangers = [one for one in near if one.person_id != person]
        assert len(near) == 18 and found.stranger == (judged(level, item, strangers)[0] != NOBODY)
        assert (found.other, found.other_photo) == (pytest.approx(strangers[0].rarity, abs=1e-4), strangers[0].photo_id)
        offs |= {round(one.off, 5) for one in strangers}
        if gallery.person(left.names[person]).photos == 1:
            assert (found.own, found.own_photo) == (-np.inf, NOBODY)
            assert (found.name, found.question) == judged(level, item, strangers)
    assert (len(offs) > 10) == (promise.by_hand is None)
    same, kinds = {number: number for number, *_ in rows}, set()  # photos' numbers now
    for number, person, name, item, found in rows:
        if gallery.person(name).photos == 1:
            continue
        gallery.remove_photo(same[number])
        near = comparer.near(item.embedding[None], [covered(item)], without(level, person), top=20)[0]
        (same[number],) = gallery.enroll(name, [item]).photo_ids
        mate = next(one for one in near if one.person_id == person)
        assert (found.own, same[found.own_photo]) == (pytest.approx(mate.rarity, abs=1e-4), mate.photo_id)
        assert found.rank == 1 + sum(one.rarity >= mate.rarity for one in near if one.person_id != person)
        assert (found.name, found.question) == judged(level, item, near)
        kinds.add("right" if found.name == person else "asked" if found.question == person else "lost")
    assert len(kinds) > 1 or promise.one_in == 10 ** 7, "hard enough to tell something"


def test_the_report_counts_what_was_found(crowded):
    gallery, comparer, persons = crowded  # noqa: F811
    twin = next(item for name, item in mixed() if name == "Person 2" and not item.masked)
    wrong = next(item for name, item in mixed() if name == "Person 4" and not item.masked)
    double = unit(twin.embedding + 0.05 * vector(77))
    gallery.enroll("Person 2", [replace(photo(70_001, double), masked=False)])
    gallery.enroll("Person 6", [replace(photo(70_002, unit(wrong.embedding + 0.3 * vector(78))), masked=False)])
    level = level_of(comparer, Promise(100))
    left = leave_out(comparer, level)
    report = evaluate.gallery(left, "model", show)
    missed = misnamed = asked = searches = 0
    for person, name, question, own in zip(left.people, left.found.name, left.found.question, left.found.own, strict=True):
        if own > -np.inf:
            searches += 1
            missed += name != person
            misnamed += name not in (person, NOBODY)
            asked += question == person
    assert (report.searches, report.missed, report.misnamed, report.asked) == (searches, missed, misnamed, asked)
    assert (report.people, report.photos, report.single_photo_people) == (18, len(left.photos), 2)
    assert (report.strangers, report.named) == (len(left.photos), sum(left.found.stranger))
    assert report.threshold == level.score(BARE, level.match)
    opening = re.findall(r"<p>(.*?)</p>", evaluate.body(report).split("</div>")[0])
    assert len(opening) == 2 and f"({missed} of {searches};" in opening[0] and f"({report.named} of {report.strangers};" in opening[1]
    assert all(evaluate.body(report).count(line) == 1 and html.unescape(line) in evaluate.summary(report) for line in opening)
    whole = report.evidence.searches[0]
    assert len(whole.mated) == searches and whole.strangers == pytest.approx([level.score(BARE, one) for one in left.found.other])
    ids = {one.sha256: one.id for name in persons for one in gallery.photos(name)}
    doubts = {(one.kind, frozenset((one.photo, one.other_photo))) for one in report.doubts}
    assert ("twin", frozenset((ids[twin.sha256], ids[photo(70_001).sha256]))) in doubts
    (lost,) = [one for one in report.doubts if one.kind == "mislabelled" and one.photo == ids[photo(70_002).sha256]]
    assert (lost.person, lost.other, lost.other_photo) == ("Person 6", "Person 4", ids[wrong.sha256])
    assert len([one for one in report.doubts if one.kind == "alike"]) == 8 == len(
        {frozenset((one.person, one.other)) for one in report.doubts if one.kind == "alike"})


def test_too_few_people_are_a_sentence(gallery, comparer):  # noqa: F811
    for _ in range(2):
        with pytest.raises(DataError, match="two photos"):
            leave_out(comparer, level_of(comparer, Promise()))
        gallery.enroll_many(crowd(1, 3))


def test_scores_without_each_template_by_leaving_it_out():
    rng = np.random.default_rng(3)
    for count in (2, 3, 7):
        probes, templates = unit(rng.normal(size=(5, 16))), unit(rng.normal(size=(count, 16)))
        wanted = [fused(probes, np.delete(templates, at, axis=0)) for at in range(count)]
        np.testing.assert_allclose(fused_without(probes, templates), np.stack(wanted, axis=1), atol=1e-6)

"""People near a face, against a slow recomputation; looks; what the owner says; and that deletion deletes it."""

import sqlite3
from dataclasses import replace

import numpy as np
import pytest
from compare_rig import TAILS, comparer, gallery  # noqa: F401
from gallery_rig import DIMENSION, crowd, photo, unit, vector

from facegui.decide import Promise, fused, level_for
from facegui.decide.tails import BARE, LOOK, MASKED, MASKED_BARE
from facegui.gallery import Gallery
from facegui.gallery.compare import Comparer
from facegui.gallery.enroll import LOOKS
from facegui.types import HIDDEN, Cover, GalleryError, Quality


def level(gallery, comparer, promise=Promise()):
    return level_for(promise, TAILS, comparer.photos_per_person())


def hidden(item):
    return HIDDEN in item.quality.reasons


def fill(gallery, people=12, each=3, looks=True):
    """Photos of a crowd, every third of a masked face (gallery_rig); bare ones with a look, and some with dark glasses."""
    items = []
    for at, (name, item) in enumerate(crowd(people, each)):
        if at % 5 == 1 and not item.masked:
            item = replace(item, quality=Quality(0.4, ("blurred", HIDDEN)))
        look = unit(item.embedding + 0.5 * vector(int(item.sha256[:6], 16))) if looks and not item.masked else None
        items.append((name, replace(item, look=look)))
    gallery.enroll_many(items)
    return items


def slowly(items, probe, cover, levels):
    """{name: (pair, score, rarity)} from the photos as they were offered."""
    found = {}
    for name in {name for name, _ in items}:
        mine = [item for owner, item in items if owner == name]
        groups = {BARE: [item.embedding for item in mine if not item.masked], MASKED_BARE: [item.embedding for item in mine if item.masked]}
        if cover == Cover.MASKED:
            groups = {MASKED: [item.embedding for item in mine if item.masked],
                      LOOK: [item.look for item in mine if not item.masked and item.look is not None],
                      MASKED_BARE: [item.embedding for item in mine if not item.masked and item.look is None]}
        if cover == Cover.OTHER:
            groups = {BARE: [item.embedding for item in mine if not item.masked and not hidden(item)],
                      MASKED: [item.embedding for item in mine if item.masked or hidden(item)]}
        scores = {pair: float(fused(probe[None], np.stack(rows))[0]) for pair, rows in groups.items() if rows}
        pair = max(scores, key=lambda one: float(levels.rarity(one, scores[one])))
        found[name] = (pair, scores[pair], float(levels.rarity(pair, scores[pair])))
    return found


@pytest.mark.parametrize("looks", [True, False])
@pytest.mark.parametrize("cover", list(Cover))
def test_people_near_a_face_are_those_that_a_slow_comparison_finds(gallery, comparer, cover, looks):
    items = fill(gallery, looks=looks)
    levels = level(gallery, comparer)
    probes = np.stack([vector(5000 + number, vector(10**6 + number)) for number in range(6)])
    for probe, near in zip(probes, comparer.near(probes, [cover] * 6, levels), strict=True):
        wanted = slowly(items, probe, cover, levels)
        assert {one.name for one in near} == set(wanted)
        for one in near:
            pair, score, rarity = wanted[one.name]
            assert (one.pair, one.score, one.rarity) == (pair, pytest.approx(score, abs=2e-6), pytest.approx(rarity, abs=1e-4))
        assert [one.rarity for one in near] == sorted((one.rarity for one in near), reverse=True)


def test_masked_and_bare_faces_of_one_call_are_each_compared_their_own_way(gallery, comparer):
    fill(gallery)
    levels = level(gallery, comparer)
    probes = np.stack([vector(6000), vector(6000)])
    one, other = comparer.near(probes, [Cover.MASKED, Cover.BARE], levels)
    assert {near.pair for near in one} <= {MASKED, LOOK} and {near.pair for near in other} <= {BARE, MASKED_BARE}


def test_looks_go_with_their_photos_and_move_with_a_merge(gallery, comparer):
    fill(gallery, people=3, each=2)
    levels = level(gallery, comparer)

    def owners():
        return {one.name for one in comparer.near(vector(1)[None], [Cover.MASKED], levels)[0]}

    assert owners() == {"Person 0", "Person 1", "Person 2"}
    gallery.merge("Person 1", "Person 2")
    assert owners() == {"Person 0", "Person 2"}
    gallery.undo_merge()
    gallery.forget("Person 0")
    assert owners() == {"Person 1", "Person 2"}
    with gallery.database.read() as c:
        assert c.execute("SELECT count(*) FROM templates t JOIN models m ON m.id = t.model WHERE m.name = ?"
                         " AND t.photo_id NOT IN (SELECT id FROM photos)", ("model" + LOOKS,)).fetchone() == (0,)


def test_a_rejected_face_is_not_that_person_until_it_is_taken_back(gallery, comparer):
    items = fill(gallery, people=4, each=2)
    rules, levels = comparer.rules, level(gallery, comparer)
    name, item = next((name, item) for name, item in items if not item.masked)
    probe = unit(item.embedding + 0.05 * vector(123))

    def first():
        return comparer.near(probe[None], [Cover.BARE], levels)[0][0]

    assert first().name == name and not first().rejected
    number = rules.reject(first().person_id, "model", probe, False)
    assert first().name == name and first().rejected
    other = comparer.near(item.embedding[None], [Cover.BARE], levels)[0][0]
    assert other.name == name and not other.rejected  # the person's own photo resembles itself more
    assert rules.take_back(number) == name and not first().rejected
    with pytest.raises(GalleryError, match="taken back already"):
        rules.take_back(number)


def test_rejections_of_another_model_do_not_count(gallery, comparer):
    items = fill(gallery, people=2, each=2)
    probe = items[1][1].embedding
    person = comparer.near(probe[None], [Cover.BARE], level(gallery, comparer))[0][0].person_id
    comparer.rules.reject(person, "another", probe, False)
    assert not comparer.near(probe[None], [Cover.BARE], level(gallery, comparer))[0][0].rejected


def test_deleting_a_person_deletes_what_was_said_about_it(gallery, comparer):
    fill(gallery, people=3, each=1)
    rules, secret = comparer.rules, vector(4242)
    for name in ("Person 0", "Person 1"):
        rules.set_strictness(name, "strict")
        rules.reject(gallery.person(name).id, "model", secret, False)
    gallery.merge("Person 0", "Person 1")
    gallery.forget("Person 1")
    with gallery.database.read() as c:
        assert c.execute("SELECT count(*) FROM rejected").fetchone() == c.execute("SELECT count(*) FROM strictness").fetchone() == (0,)
    path = gallery.folder / "gallery.db"
    gallery.close()
    assert secret.tobytes() not in path.read_bytes() and sqlite3.connect(path).execute("PRAGMA integrity_check").fetchone() == ("ok",)


def test_strictness_is_stored_with_the_person(gallery, comparer):
    fill(gallery, people=2, each=1)
    comparer.rules.set_strictness("person 1", "stricter")
    with Gallery(gallery.folder, "model", DIMENSION) as again:
        other = Comparer(again)
        near = other.near(vector(1)[None], [Cover.BARE], level(again, other))[0]
        assert {one.name: one.strictness for one in near} == {"Person 0": "normal", "Person 1": "stricter"}
        other.close()
    with pytest.raises(GalleryError, match="normal, strict, stricter"):
        comparer.rules.set_strictness("Person 1", "lenient")
    with pytest.raises(GalleryError, match="Nobody"):
        comparer.rules.set_strictness("Nobody at all", "strict")


def test_dark_glasses_resemble_dark_glasses(gallery, comparer):
    """Against a photo that is covered too, the same score says less than against a bare one."""
    glasses = [(name, replace(item, masked=False, quality=Quality(0.5, (HIDDEN,)))) for name, item in crowd(3, 1)]
    gallery.enroll_many(glasses)
    probe, levels = unit(glasses[0][1].embedding + 0.6 * vector(5)), level(gallery, comparer)
    covered, bare = (comparer.near(probe[None], [cover], levels)[0][0] for cover in (Cover.OTHER, Cover.BARE))
    assert covered.score == bare.score and (covered.pair, bare.pair) == (MASKED, BARE)
    assert bare.rarity - covered.rarity > 0.3
    gallery.forget(glasses[0][0])
    assert comparer.near(probe[None], [Cover.OTHER], levels)[0][0].name != glasses[0][0]

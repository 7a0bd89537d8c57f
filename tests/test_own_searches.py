"""A gallery's own people searched as strangers: against a slow recomputation, followed when it changes, gone with a photo."""

import weakref
from dataclasses import replace

import numpy as np
import pytest
from compare_rig import TAILS, comparer, gallery  # noqa: F401
from gallery_rig import crowd, photo, unit, vector

from facegui.decide import Promise, level_for
from facegui.decide.local import MOST, NEAREST, WEIGHT
from facegui.decide.rule import rule_for
from facegui.decide.tails import BARE, LOOK
from facegui.types import Cover


def test_photos_per_person_and_own_searches_follow_the_gallery(gallery, comparer):
    gallery.enroll_many(crowd(210, 1))
    assert sorted(comparer.photos_per_person()) == [1] * 210
    own = comparer.own_searches()
    bare = [item.embedding for _, item in crowd(210, 1) if not item.masked]
    scores = np.stack(bare) @ np.stack(bare).T
    np.fill_diagonal(scores, -2)
    assert list(own) == [BARE] and own[BARE].comparisons == len(bare) - 1  # nobody has a look yet
    assert np.sort(own[BARE].plain) == pytest.approx(np.sort(scores.max(axis=1)), abs=2e-6)
    gallery.enroll("Person 0", [photo(77_777)])
    assert comparer.own_searches() is own  # one photo more changes nothing worth measuring anew
    gallery.merge("Person 1", "Person 2")  # who was enrolled twice looked like a stranger of the same face
    own, before = comparer.own_searches(), own
    assert own is not before and comparer.own_searches() is own
    gallery.enroll_many(crowd(20, 1, first=50))
    assert comparer.own_searches() is not own


def test_own_searches_of_masked_faces_are_among_looks(gallery, comparer):
    items = [(name, replace(item, masked=False, look=vector(9000 + at, item.embedding))) for at, (name, item) in enumerate(crowd(205, 1))]
    gallery.enroll_many(items)
    bare, looks = (np.stack(rows) for rows in zip(*((item.embedding, item.look) for _, item in items), strict=True))
    masked = 2 * np.sum(bare * looks, axis=1, keepdims=True) * looks - bare
    scores = masked @ looks.T
    np.fill_diagonal(scores, -2)
    own = comparer.own_searches()
    assert sorted(own) == sorted([BARE, LOOK]) and own[LOOK].comparisons == 204
    assert np.sort(own[LOOK].plain) == pytest.approx(np.sort(scores.max(axis=1)), abs=2e-6)


@pytest.mark.parametrize("worn", [False, True])
def test_in_a_crowd_everybody_has_a_threshold_of_their_own(gallery, comparer, worn):
    items = [(name, replace(item, masked=False, look=unit(item.embedding + 0.7 * vector(9000 + at))))
             for at, (name, item) in enumerate(crowd(220, 1))]
    gallery.enroll_many(items)
    bare, looks = (np.stack(rows) for rows in zip(*((item.embedding, item.look) for _, item in items), strict=True))
    asked, templates, pair = (2 * np.sum(bare * looks, axis=1, keepdims=True) * looks - bare, looks, LOOK) if worn else (bare, bare, BARE)
    scores = asked @ templates.T
    np.fill_diagonal(scores, -2)
    crowding = np.sort(scores, axis=0)[-NEAREST:].mean(axis=0)
    off = dict(zip((name for name, _ in items), np.clip(WEIGHT * (crowding - crowding.mean()), 0, MOST), strict=True))
    levels = level_for(Promise(), TAILS, comparer.photos_per_person(), comparer.own_searches())
    probe = unit(items[5][1].embedding + 0.6 * vector(4321))
    cover = Cover.MASKED if worn else Cover.BARE
    for _ in range(2):  # the second time from memory
        found = comparer.near(probe[None], [cover], levels)[0]
        assert len({round(one.off, 4) for one in found}) > 5
        for one in found:
            score = float(probe @ templates[[name for name, _ in items].index(one.name)]) - off[one.name]
            assert (one.pair, one.score) == (pair, pytest.approx(score, abs=2e-6))
            assert one.off == pytest.approx(off[one.name], abs=2e-6)
            assert one.rarity == pytest.approx(float(levels.rarity(pair, score)), abs=1e-4)
    assert [one.rarity for one in found] == sorted((one.rarity for one in found), reverse=True)
    by_hand = level_for(Promise(by_hand=0.5), TAILS, comparer.photos_per_person(), comparer.own_searches())
    assert all(one.off == 0 for one in comparer.near(probe[None], [cover], by_hand)[0])
    crowded = max(found, key=lambda one: one.off)
    comparer.rules.set_strictness(crowded.name, "stricter")
    strict = next(one for one in comparer.near(probe[None], [cover], levels)[0] if one.name == crowded.name)
    needs = levels.score(pair, rule_for(levels, "stricter").match)
    assert strict.off == pytest.approx(min(crowded.off, 1 - needs)), "the same photo must still match itself"


def test_of_a_deleted_photo_nothing_stays_in_memory(gallery, comparer):
    gallery.enroll_many([(name, replace(item, masked=False)) for name, item in crowd(210, 2)])
    before = comparer.own_searches()[BARE].cohort.probes
    person = gallery.people()[0]
    gone, kept = (np.array([item.embedding for name, item in crowd(210, 2) if (name == person.name) is mine]) for mine in (True, False))
    assert (before @ gone.T).max() > 1 - 1e-5
    levels = level_for(Promise(), TAILS, comparer.photos_per_person(), comparer.own_searches())
    comparer.near(gone[:1], [Cover.BARE], levels)
    cohort = weakref.ref(levels.cohorts[BARE])
    del before, levels
    for photo_id in [one.id for one in gallery.photos(person.name)]:
        gallery.remove_photo(photo_id)
    assert cohort() is not None
    after = comparer.own_searches()[BARE].cohort.probes
    assert (after @ gone.T).max() < 1 - 1e-3 and (after @ kept.T).max(axis=1) == pytest.approx(1)
    assert cohort() is None, "nothing holds the old one"


def test_own_searches_follow_photos_that_change_hands(gallery, comparer):
    gallery.enroll_many([(name, replace(item, masked=False)) for name, item in crowd(220, 2)])

    def owners():
        own = comparer.own_searches()[BARE].cohort
        known = {one.id: np.stack([item.embedding for name, item in crowd(220, 2) if name == one.name]) for one in gallery.people()}
        alike = [person for probe, person in zip(own.probes, own.owners.tolist(), strict=True)
                 if person in known and (known[person] @ probe).max() > 1 - 1e-5]
        return len(own.owners), len(alike)

    assert owners() == (220, 220)
    merge = gallery.merge("Person 1", "Person 2")
    assert owners()[0] == 219
    gallery.undo_merge(merge.id)
    assert owners() == (220, 220)


def test_a_gallery_of_masked_faces_alone_has_nobody_to_search_for(gallery, comparer):
    gallery.enroll_many([(name, replace(item, masked=True)) for name, item in crowd(205, 1)])
    (own,) = comparer.own_searches().values()
    assert not len(own.scores)
    assert level_for(Promise(100), TAILS, comparer.photos_per_person(), comparer.own_searches()).own == 0

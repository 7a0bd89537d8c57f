"""Duplicates and misplaced photos, held against a naive loop over all templates, and planted ones that must be found."""

import itertools

import numpy as np
import pytest
from gallery_rig import crowd, opened, photo, unit, vector

from facegui.gallery import doubts

LIMIT = 0.5


def slowly(persons, vectors, threshold, apart=frozenset(), kept=frozenset(), masked=None, more=(0, 0, 0)):
    """(duplicates {pair: score}, misplaced {row: (like row, own, other)}) as the module's words say, one pair at a time."""
    score = vectors.astype(np.float64) @ vectors.T.astype(np.float64)
    count = len(persons)
    for a, b in itertools.product(range(count), repeat=2) if masked is not None else ():
        score[a, b] -= more[int(masked[a]) + int(masked[b])]
    found = {}
    for row in range(count):
        rest = [score[row, one] for one in range(count) if one != row and persons[one] == persons[row]]
        others = [(score[row, one], -one) for one in range(count) if persons[one] != persons[row]]
        if not rest or not others or row in kept:
            continue
        best, like = max(others)
        if best >= threshold and (max(rest) < threshold or best - max(rest) >= doubts.LEAD):
            found[row] = (-like, max(rest), best)
    for person in set(persons.tolist()):
        mine = [one for one in range(count) if persons[one] == person]
        if all(one in found for one in mine) and len({persons[found[one][0]] for one in mine}) == 1:
            found = {one: value for one, value in found.items() if one not in mine}
    pairs, alike = {}, {}
    for a, b in itertools.combinations(range(count), 2):
        explained = any(one in found and persons[found[one][0]] == persons[other] for one, other in ((a, b), (b, a)))
        if persons[a] != persons[b] and score[a, b] >= threshold and not explained:
            pair = tuple(sorted((int(persons[a]), int(persons[b]))))
            pairs[pair] = max(pairs.get(pair, -2), score[a, b])
            alike.setdefault(pair, set()).update((a, b))
    for pair in list(pairs):
        shares = [np.mean([one in alike[pair] for one in range(count) if persons[one] == person]) for person in pair]
        if max(shares) < 0.5:
            del pairs[pair]
    pairs = {pair: best for pair, best in pairs.items() if pair not in apart}
    return pairs, {row: value for row, value in found.items()
                   if tuple(sorted((int(persons[row]), int(persons[value[0]])))) not in pairs}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("tile", [7, 1024])
def test_as_a_naive_loop_finds_them(seed, tile, monkeypatch):
    """Few dimensions, so that everybody resembles somebody; tiles smaller than a person's templates too."""
    monkeypatch.setattr(doubts, "TILE", tile)
    random = np.random.default_rng(seed)
    persons = np.sort(random.integers(1, 12, 60))
    vectors = unit(random.standard_normal((12, 6))[persons] + 0.7 * random.standard_normal((60, 6)))
    kept, apart = {3, 17}, {(1, 2), (3, 5)}
    masked, more = (random.random(60) < 0.3, (0.0, 0.07, 0.13)) if seed % 2 else (None, (0, 0, 0))
    near = doubts.nearest(persons, vectors, LIMIT, covered=masked, more=more)
    lost = doubts.misplaced(persons, near, LIMIT, kept)
    twice = doubts.duplicates(persons, near, lost, apart)
    wanted, astray = slowly(persons, vectors, LIMIT, apart, kept, masked, more)
    assert {pair: pytest.approx(near.scores[row], abs=1e-5) for pair, row in twice.items()} == wanted and wanted
    alone = {row for row in np.flatnonzero(lost).tolist()
             if tuple(sorted((persons[row], persons[near.like[row]]))) not in twice}
    assert alone == set(astray)
    for row, (like, own, other) in astray.items():
        assert near.like[row] == like
        np.testing.assert_allclose((near.own[row], near.other[row]), (own, other), atol=1e-5)


@pytest.fixture
def gallery(tmp_path):
    """Six people; Twin is Person 0 again, and a photo of Person 1 lies with Person 2."""
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(6, 3))
        for number in range(2):
            gallery.enroll("Twin", [photo(9000 + number, vector(9000 + number, vector(10**6)))])
        gallery.enroll("Person 2", [photo(9100, vector(9100, vector(10**6 + 1)))])
        yield gallery


def test_planted_doubts_are_found_and_settled(gallery):
    found = doubts.look(gallery, 0.55)
    assert [{one.one, one.other} for one in found.duplicates] == [{"Person 0", "Twin"}]
    (twin,), (stray,) = found.duplicates, found.misplaced
    assert gallery.photo(twin.one_photo).person_id == gallery.person(twin.one).id
    assert gallery.photo(twin.other_photo).person_id == gallery.person(twin.other).id
    assert (stray.person, stray.like) == ("Person 2", "Person 1") and stray.like_score > 0.55 > stray.own_score
    assert gallery.photo(stray.photo).sha256 == photo(9100).sha256 and found.templates == 21

    gallery.sorting.set_apart("Twin", "Person 0")
    done = gallery.sorting.move([stray.photo], "Person 1")
    later = doubts.look(gallery, 0.55)
    assert later.duplicates == later.misplaced == ()
    gallery.sorting.undo(done.id)
    gallery.sorting.keep(stray.photo)
    assert doubts.look(gallery, 0.55).misplaced == ()
    gallery.sorting.move([stray.photo], "Person 3")
    assert [one.person for one in doubts.look(gallery, 0.55).misplaced] == ["Person 3"], "a decision belongs to its person"
    gallery.sorting.set_apart("Twin", "Person 0", False)
    gallery.merge("Twin", "Person 0")
    assert doubts.look(gallery, 0.55).duplicates == ()


@pytest.mark.parametrize(("change", "twice", "astray"), [
    (lambda gallery, stray: None, 1, 1), (lambda gallery, stray: gallery.forget("Twin"), 0, 1),
    (lambda gallery, stray: gallery.rename("Person 0", "Zoe"), 0, 1), (lambda gallery, stray: gallery.merge("Twin", "Person 3"), 0, 1),
    (lambda gallery, stray: gallery.forget("Person 1"), 1, 0), (lambda gallery, stray: gallery.remove_photo(stray.photo), 1, 0),
    (lambda gallery, stray: gallery.sorting.move([stray.photo], "Person 3"), 1, 0)])
def test_doubts_about_who_is_not_there_any_more_are_left_out(gallery, change, twice, astray):
    found = doubts.look(gallery, 0.55)
    change(gallery, found.misplaced[0])
    left = doubts.still(gallery, found)
    assert (len(left.duplicates), len(left.misplaced)) == (twice, astray) and (left == found) == (twice == astray == 1)


def test_two_entries_of_one_person_are_duplicates_though_each_photo_fits_the_other_better(gallery):
    """All photos of Torn look like Person 4 and not like each other: nothing is misplaced, the two are one."""
    centre = vector(10**6 + 4)
    gallery.enroll("Torn", [photo(9200 + number, unit(centre + 0.9 * vector(9300 + number))) for number in range(2)])
    found = doubts.look(gallery, 0.55)
    assert {"Person 4", "Torn"} in [{one.one, one.other} for one in found.duplicates]
    assert "Torn" not in [one.person for one in found.misplaced]


def test_an_empty_gallery_and_one_person_have_no_doubts(tmp_path):
    with opened(tmp_path) as gallery:
        assert doubts.look(gallery, 0.5).duplicates == () and doubts.look(gallery, 0.5).templates == 0
        gallery.enroll("Ana", [photo(1)])
        assert doubts.look(gallery, 0.5).misplaced == ()

"""The gallery's own people searched as strangers, and everybody's own threshold, recomputed the slow way."""

import numpy as np
import pytest
from gallery_rig import unit

from facegui.decide import Promise, fused, level_for, tails_of
from facegui.decide.fuse import DRAWS
from facegui.decide.local import LEAST, MOST, NEAREST, WEIGHT, with_others
from facegui.decide.own import sample, search, under_masks
from facegui.decide.tails import BARE, LOOK, MASKED, MASKED_BARE
from facegui.evaluate.matching import Matching

TAILS = tails_of((), {"impostor_tails": {pair: {"points": [[10.0 ** -n, start + 0.1 * n, 0.0, 1.0] for n in range(1, 7)],
                                                "comparisons": 10 ** 6, "people": 300}
                                         for pair, start in ((BARE, 0.0), (MASKED_BARE, 0.05), (MASKED, 0.2), (LOOK, 0.1))}})


def test_own_searches_never_find_the_person_itself():
    rng = np.random.default_rng(6)
    people = np.repeat(np.arange(40), 3)[rng.permutation(120)]
    vectors = unit(rng.standard_normal((40, 8))[people] + 0.2 * rng.standard_normal((120, 8)))
    asked, searched, comparisons = sample(people)
    assert sorted(people[asked]) == list(range(40)) and len(searched) == 120
    assert comparisons == pytest.approx(40 * 3 ** DRAWS - 1)
    best = with_others(vectors[asked], people[asked], vectors[searched], people[searched])[1].max(axis=1)
    for row, place in enumerate(asked):
        others = [float(fused(vectors[place][None], vectors[people == person])[0]) for person in range(40) if person != people[place]]
        assert best[row] == pytest.approx(max(others))


def test_a_face_under_its_mask_is_searched_among_looks():
    rng = np.random.default_rng(7)
    bare = unit(rng.standard_normal((30, 8)))
    masked = unit(bare + 0.5 * rng.standard_normal((30, 8)))
    looks, people = unit(bare + masked), np.arange(30)
    np.testing.assert_allclose(under_masks(bare, looks), masked, atol=1e-6)
    found = search(looks, people, under_masks(bare, looks))
    assert found.comparisons == 29
    np.testing.assert_allclose(found.scores, [max(masked[row] @ looks[other] for other in people if other != row) for row in people],
                               atol=1e-6)


def test_everybody_has_a_threshold_of_their_own():
    """Own searches and strangers alike: less the mean of the nearest 20 others, the searched one never among them."""
    rng = np.random.default_rng(9)
    people = np.repeat(np.arange(LEAST + 30), 2)
    centres = unit(rng.standard_normal((LEAST + 30, 16)) + 0.8 * (rng.random((LEAST + 30, 1)) < 0.3))  # some resemble many
    vectors = unit(centres[people] + 0.2 * rng.standard_normal((len(people), 16)))
    found = search(vectors, people)
    asked, *_ = sample(people)

    def crowding(person, but=None):
        scores = sorted(float(fused(vectors[row][None], vectors[people == person])[0])
                        for row in asked if people[row] not in (person, but))
        return float(np.mean(scores[-NEAREST:]))

    def off(one):
        return min(max(WEIGHT * (one - usual), 0), MOST)

    usual = np.mean([crowding(person) for person in range(LEAST + 30)])
    for place in (0, 7, 100):
        plain = {person: float(fused(vectors[asked[place]][None], vectors[people == person])[0])
                 for person in range(LEAST + 30) if person != people[asked[place]]}
        assert found.plain[place] == pytest.approx(max(plain.values()), abs=1e-5)
        own = max(score - off(crowding(person, people[asked[place]])) for person, score in plain.items())
        assert found.scores[place] == pytest.approx(own, abs=1e-5)
    known, less = found.cohort.offsets(vectors[people < 40], people[people < 40])
    assert known.tolist() == list(range(40))
    np.testing.assert_allclose(less, [off(crowding(person)) for person in range(40)], atol=1e-5)
    assert (less == 0).sum() > 5 and ((0 < less) & (less < MOST)).sum() > 5, "a crowd in which nobody differs would prove nothing"
    few = search(vectors[people < LEAST - 1], people[people < LEAST - 1])
    assert few.cohort is None and (few.scores == few.plain).all()


def test_an_evaluation_compares_as_a_gallery_of_the_same_people_would():
    """Own searches and own thresholds from those whose bare template stands; scores with masked templates have no own one."""
    rng = np.random.default_rng(12)
    bare = unit(rng.standard_normal((260, 96)))
    looks, masked = (unit(bare + share * 0.35 * rng.standard_normal((260, 96))) for share in (0.2, 0.4))
    probes, stand = unit(rng.standard_normal((6, 96))), rng.random(260) < 0.85
    rows = np.flatnonzero(stand)
    own = {BARE: search(bare[rows], rows), LOOK: search(looks[rows], rows, under_masks(bare[rows], looks[rows]))}
    level = level_for(Promise(), TAILS, np.ones(260), own)
    assert level.own == len(rows) and not np.isclose(level.shift, level.worn)
    scores = Matching("as facegui compares", bare, masked, TAILS, looks).standing(stand)
    for worn, templates, pair in ((False, bare, BARE), (True, looks, LOOK)):
        off = own[pair].cohort.offsets(templates, np.arange(260))[1]
        np.testing.assert_allclose(scores(probes, worn, False), level.rarity(pair, probes @ templates.T - off), atol=1e-5)
        plain = MASKED if worn else MASKED_BARE
        np.testing.assert_allclose(scores(probes, worn, True), level.rarity(plain, probes @ masked.T), atol=1e-5)
    cosine = Matching("by cosine", bare, masked).standing(stand)
    np.testing.assert_allclose(cosine(probes, True, False), probes @ bare.T, atol=1e-6)

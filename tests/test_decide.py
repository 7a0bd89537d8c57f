"""Decisions, recomputed the slow way: tails, promises, fusion, verdicts, and that no reason claims what is not so."""

import math
import re

import numpy as np
import pytest

from facegui.decide import CHOICES, Near, Promise, decide, fused, level_for, parse, tails_of, words
from facegui.decide.fuse import DRAWS, MEAN_SHARE, fused_all
from facegui.decide.level import KIND, OWN_FROM, fpir_of, needed
from facegui.decide.own import Searches
from facegui.decide.rule import MARGIN, STRICTNESS, rule_for
from facegui.decide.tails import BARE, BY_MASKS, LOOK, MASKED, MASKED_BARE, SCORE_CAP, Tail
from facegui.types import MATCH, POSSIBLE, UNKNOWN, GalleryError


def line(pair=BARE, slope=0.1, reach=6):
    """A tail whose score grows by `slope` a decade, from 0 at a share of one in ten."""
    return Tail(pair, tuple((10.0 ** -n, slope * (n - 1), 0.5 * 10.0 ** -n, 2 * 10.0 ** -n) for n in range(1, reach + 1)), 10 ** 7, 300)


TAILS = {BARE: line(), MASKED_BARE: line(MASKED_BARE, 0.11), MASKED: line(MASKED, 0.13), LOOK: line(LOOK, 0.12)}


def unit(rows):
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def test_rarity_and_score_are_inverse_and_beyond_the_tail_follow_its_last_decade():
    tail = line()
    for rarity in (0.2, 1.0, 2.5, 6.0, 7.3):
        assert tail.rarity(tail.score(rarity)) == pytest.approx(rarity)
    assert tail.rarity(0.25) == pytest.approx(3.5) and tail.score(9) == pytest.approx(0.8) and tail.score(50) == SCORE_CAP
    assert (np.diff(tail.rarity(np.linspace(-1, 1, 300))) > 0).all()


def test_a_card_without_tails_gives_none_and_one_tail_stands_in_for_the_others():
    assert tails_of((), {}) is None and tails_of((), {"impostor_tails": {BARE: {"points": "nonsense"}}}) is None
    alone = tails_of(((0.1, 0.2), (0.01, 0.3)), {"impostor_tails": {MASKED: {"points": [[0.1, 0.5, 0, 1]]}}})
    assert {tail.points for tail in alone.values()} == {((0.1, 0.2, 0.0, 1.0), (0.01, 0.3, 0.0, 1.0))}
    entry = {"points": [[0.1, 0.4, 0.09, 0.11], [0.01, 0.6, 0.008, 0.012]], "comparisons": 5000, "people": 40}
    both = tails_of(((0.1, 0.2), (0.01, 0.3)), {"impostor_tails": {MASKED: entry}})
    assert both[MASKED].score(2) == both[LOOK].score(2) == pytest.approx(0.6) and both[MASKED_BARE].score(2) == pytest.approx(0.3)


@pytest.mark.parametrize("text, wanted", [("1/1000", Promise(1000)), ("1 in 10,000", Promise(10_000)), ("100", Promise(100)),
                                          ("0.47", Promise(by_hand=0.47))])
def test_promises_are_read(text, wanted):
    assert parse(text) == wanted


@pytest.mark.parametrize("text", ["", "1/7", "2/100", "many", "1.5", "1", "nan"])
def test_what_is_no_promise_is_refused(text):
    with pytest.raises(GalleryError, match="1/1000"):
        parse(text)


def test_the_promise_is_kept_by_strangers_whose_scores_follow_the_tail():
    """Independent comparisons drawn from the tail itself: as many strangers get a name as promised."""
    rng = np.random.default_rng(3)
    for one_in, people in ((10, 50), (100, 20)):
        level = level_for(Promise(one_in), TAILS, np.ones(people))
        scores = TAILS[BARE].score(0) + 0.1 * -np.log10(rng.random((20_000, people)))  # P(score >= tail.score(r)) = 10^-r
        named = (scores.max(axis=1) >= level.score(BARE, level.match)).mean()
        assert named == pytest.approx(1 / one_in / KIND, rel=0.25)  # they are no more alike than people at large
    assert fpir_of(needed(1000, 321), 321) == pytest.approx(1e-3)


def test_more_people_photos_and_stricter_promises_need_more():
    matches = [level_for(Promise(one_in), TAILS, np.full(people, photos)).match
               for one_in, people, photos in ((10, 10, 1), (100, 10, 1), (100, 100, 1), (100, 100, 4), (1000, 100, 4))]
    assert (np.diff(matches) > 0).all()
    four, one = (level_for(Promise(), TAILS, np.full(100, photos)).comparisons for photos in (4, 1))
    assert four == pytest.approx(4 ** DRAWS * one)


def test_questions_begin_where_ten_times_as_many_strangers_would_get_a_name():
    level = level_for(Promise(1000), TAILS, np.ones(300))
    assert fpir_of(level.question - math.log10(KIND), 300) == pytest.approx(0.01) and level.question < level.match


def test_enough_data_is_said_only_where_measured_scores_reach():
    assert level_for(Promise(100), TAILS, np.ones(1000)).enough
    poor = level_for(Promise(10_000), TAILS, np.ones(1000))
    assert not poor.enough and needed(10_000, 1000) > TAILS[BARE].reach and "Not enough data" in words.statement(poor)
    low, high = poor.interval
    assert low < poor.fpir == 1e-4 < high and high / low > 4 * level_for(Promise(100), TAILS, np.ones(1000)).interval[1] / 0.01


def test_by_hand_says_how_many_strangers_that_lets_in():
    level = level_for(Promise(by_hand=0.3), TAILS, np.ones(50))
    assert level.score(BARE, level.match) == level.score(LOOK, level.match) == pytest.approx(0.3)
    assert level.fpir == pytest.approx(1 - (1 - KIND * 1e-4) ** 50)
    unknown = level_for(Promise(100), None, np.ones(50))
    assert unknown.fpir is None and not unknown.enough and unknown.score(BARE, unknown.match) == 0.5


def searched(pair, rarities, comparisons=999.0):
    scores = np.array([TAILS[pair].score(rarity) for rarity in rarities])
    return Searches(scores, comparisons, scores)


def test_the_gallery_own_searches_move_the_level_when_they_are_many():
    comparisons = 999.0
    rng = np.random.default_rng(4)
    alike = (-np.log10(rng.random((1000, 999)))).max(axis=1) + 0.8  # everybody resembles everybody more than the card says
    plain, moved = (level_for(Promise(100), TAILS, np.ones(1000), {BARE: searched(BARE, own)})
                    for own in (alike[:OWN_FROM - 1], alike))
    assert plain.own == 0 and moved.own == 1000
    # a line through the shares from ten of a thousand searches (one in a hundred) to sixteen times as many, read off at the first
    ranked, counts = sorted(alike, reverse=True), range(10, 161)
    rows = np.array([[1.0, math.log10(count / 1000) + 2] for count in counts])
    offset = np.linalg.lstsq(rows, np.array([ranked[count - 1] - needed(1000 / count, comparisons) for count in counts]))[0][0]
    assert moved.match == pytest.approx(offset + needed(100, 1000)) and offset == pytest.approx(0.8, abs=0.2)
    assert (alike >= moved.match).mean() == pytest.approx(0.01, rel=0.5)
    assert (alike >= plain.match).mean() > 0.02
    twins = level_for(Promise(100), TAILS, np.ones(1000), {BARE: Searches(np.ones(1000), comparisons, np.ones(1000))})
    assert twins.shift == 1.5  # people enrolled twice do not make everybody unknown


def test_masked_faces_are_judged_by_searches_of_masked_faces():
    rng = np.random.default_rng(8)
    rare = (-np.log10(rng.random((2, 1000, 999)))).max(axis=2) + [[0.8], [0.2]]
    own = {pair: searched(pair, one) for pair, one in zip((BARE, LOOK), rare, strict=True)}
    level, bare_alone = (level_for(Promise(100), TAILS, np.ones(1000), one) for one in (own, {BARE: own[BARE]}))
    assert level.match == bare_alone.match and level.shift == pytest.approx(0.8, abs=0.2)
    assert level.worn == pytest.approx(0.2, abs=0.2) and bare_alone.worn == bare_alone.shift
    for pair in set(TAILS) - {BARE}:
        needs = level.score(pair, level.match)
        assert needs == pytest.approx(TAILS[pair].score(needed(100, 1000) + level.worn))
        assert level.rarity(pair, needs) == pytest.approx(level.match)
        assert needs < bare_alone.score(pair, level.match) == pytest.approx(TAILS[pair].score(level.match))


def test_fused_scores_are_half_the_mean_template_and_half_the_best_photo():
    rng = np.random.default_rng(5)
    probes, templates = unit(rng.standard_normal((4, 16))), unit(rng.standard_normal((7, 16)))
    people = np.array([3, 1, 3, 2, 3, 1, 9])
    known, scores = fused_all(probes, templates, people)
    assert known.tolist() == [1, 2, 3, 9]
    for row, probe in enumerate(probes):
        for column, person in enumerate(known):
            mine = [templates[at] for at in range(7) if people[at] == person]
            mean = sum(mine)
            wanted = MEAN_SHARE * float(probe @ mean) / math.sqrt(float(mean @ mean)) + (1 - MEAN_SHARE) * max(
                float(probe @ one) for one in mine)
            assert scores[row, column] == pytest.approx(wanted)
            assert fused(probe[None], np.array(mine))[0] == pytest.approx(wanted)


def test_comparisons_without_an_own_threshold_keep_the_promise_by_plain_searches():
    rng = np.random.default_rng(10)
    rare = (-np.log10(rng.random((1000, 999)))).max(axis=1)
    scores = {pair: np.array([[TAILS[pair].score(one + more) for one in rare] for more in (0.2, 0.9)]) for pair in (BARE, LOOK)}
    level = level_for(Promise(100), TAILS, np.ones(1000), {pair: Searches(own, 999.0, plain) for pair, (own, plain) in scores.items()})
    for masked, pair in enumerate(BY_MASKS):
        assert level.alike(masked) == pytest.approx(TAILS[pair].score(needed(100, 1000) + level.plain[masked > 0]))
    assert level.alike(0) > level.score(BARE, level.match) + 0.05
    hand = level_for(Promise(by_hand=level.alike(0)), TAILS, np.ones(1000), {pair: Searches(own, 999.0, plain)
                                                                          for pair, (own, plain) in scores.items()})
    assert hand.fpir == pytest.approx(0.01) and hand.interval[0] < 0.01 < hand.interval[1] and hand.cohorts == {}
    few = level_for(Promise(100), TAILS, np.ones(1000), {BARE: Searches(*scores[BARE][:1], 999.0, scores[BARE][1])})
    assert few.worn == few.plain[0] > few.shift  # looks of few people have nothing taken off
    assert few.score(LOOK, few.match) == pytest.approx(TAILS[LOOK].score(needed(100, 1000) + few.plain[0]))


def near(person, rarity, **more):
    return Near(person, f"Person {person}", person, BARE, TAILS[BARE].score(rarity), rarity, **more)


LEVEL = level_for(Promise(100), TAILS, np.ones(100))


@pytest.mark.parametrize("people, level, reason", [
    ([], UNKNOWN, "nobody"),
    ([near(1, LEVEL.match + 0.1), near(2, 1.0)], MATCH, "clear"),
    ([near(1, LEVEL.match - 0.1), near(2, 1.0)], POSSIBLE, "near"),
    ([near(1, LEVEL.question - 0.1)], UNKNOWN, "far"),
    ([near(2, LEVEL.match + 0.1), near(1, LEVEL.match + 0.2)], POSSIBLE, "two_alike"),
    ([near(1, LEVEL.match + 0.1, strictness="strict")], POSSIBLE, "strict"),
    ([near(1, LEVEL.match + 2.1, strictness="stricter")], MATCH, "clear"),
    ([near(1, LEVEL.match + 3, rejected=True)], UNKNOWN, "rejected"),
    ([near(1, LEVEL.match + 3, rejected=True), near(2, 1.0)], UNKNOWN, "rejected"),
    ([near(1, LEVEL.match + 3, rejected=True), near(2, LEVEL.match + 1)], POSSIBLE, "second_choice"),
])
def test_verdicts(people, level, reason):
    said = decide(LEVEL, "bare", people)
    assert (said.level, said.reason) == (level, reason)
    assert (said.name is None) == (level == UNKNOWN)


def test_every_reason_holds_for_the_data_that_it_claims():
    """Random people near a face: the verdict, its reason and every number in its words are checked against the rule."""
    rng, met = np.random.default_rng(8), set()
    for _ in range(4000):
        people = [near(person, float(rng.uniform(LEVEL.question - 0.4, LEVEL.match + 2.2)),
                       strictness=str(rng.choice(list(STRICTNESS), p=[0.6, 0.2, 0.2])), rejected=bool(rng.random() < 0.3))
                  for person in range(1, int(rng.integers(1, 5)))]
        said = decide(LEVEL, "bare", people)
        met.add(said.reason)
        free = sorted((one for one in people if not one.rejected), key=lambda one: -one.rarity)
        first, second = (free + [None, None])[:2]
        top = max(people, key=lambda one: one.rarity, default=None)
        more = {name: math.log10(factor) for name, factor in STRICTNESS.items()}
        if said.reason == "nobody":
            assert not people
            continue
        about = top if said.reason == "rejected" else first
        assert said.threshold == pytest.approx(TAILS[BARE].score(LEVEL.match + more[about.strictness]), abs=1e-5)
        enough = about.rarity >= LEVEL.match + more[about.strictness]
        asked = about.rarity >= LEVEL.question + more[about.strictness]
        rival = second is not None and about.rarity - second.rarity < MARGIN and (
            second.rarity >= LEVEL.question + more[second.strictness])
        holds = {"clear": enough and not rival and not top.rejected, "two_alike": enough and rival and not top.rejected,
                 "second_choice": enough and top.rejected,
                 "strict": not enough and asked and about.strictness != "normal" and about.rarity >= LEVEL.match,
                 "near": not enough and asked, "far": not asked, "rejected": top.rejected and (not free or not (
                     first.rarity >= rule_for(LEVEL, first.strictness).question))}
        assert holds[said.reason], (said, people)
        claimed = [float(text) for text in re.findall(r"-?\d+\.\d+", said.words)]
        numbers = {round(about.score, 2), round(said.threshold, 2), round(max(said.threshold - about.score, 0), 2)}
        numbers |= {round(second.score, 2)} if second is not None else set()
        assert all(any(abs(number - one) < 0.0051 for one in numbers) for number in claimed), (said, numbers)
        assert "Person" not in said.words  # a guest may read it
    assert met >= set(words.REASONS) - {"nobody"}


def test_the_mode_says_cover_score_promise_and_people():
    level = level_for(Promise(1000), TAILS, np.ones(3000))
    masked = Near(1, "Ana", 1, LOOK, 0.7, float(TAILS[LOOK].rarity(0.7)))
    said = decide(level, "masked", [masked])
    assert said.mode == f"masked: threshold {TAILS[LOOK].score(level.match):.2f} for 1 in 1,000 at 3,000 people"
    assert CHOICES == (10, 100, 1_000, 10_000) and words.often(0.0033) == "1 in 300" and words.often(0.5) == "1 in 2"

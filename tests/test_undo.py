"""Moves, splits and merges, undone in any order, against a slow and obvious model: the history told anew without the entry."""

import random

import pytest
from gallery_rig import crowd, opened, photo, same_answers, vector

from facegui.gallery.rules import Rules
from facegui.store import journal
from facegui.types import GalleryError


class Story:
    """Who has which photo: the entries that stand, told from the beginning. An entry is (kind, number, from, into, photos,
    made), people by their first names, which never come twice."""

    def __init__(self, owners):
        self.first, self.entries, self.deleted = dict(owners), [], set()

    def told(self, without=None):
        """(owners, people), or None where the story makes no sense without that entry."""
        owners, people = dict(self.first), set(self.first.values())
        for entry in self.entries:
            kind, _, one, other, photos, made = entry
            if entry is without:
                continue
            people |= {other} if made else set()
            if not {one, other} <= people or any(owners[number] != one for number in photos - self.deleted):
                return None
            if kind == "merge":
                if {number for number, owner in owners.items() if owner == one} - self.deleted != photos - self.deleted:
                    return None
                people.remove(one)
            owners.update(dict.fromkeys(photos, other))
        return {number: owner for number, owner in owners.items() if number not in self.deleted}, people


def owners(gallery):
    with gallery.database.read() as c:
        return dict(c.execute("SELECT f.id, p.name FROM photos f JOIN people p ON p.id = f.person_id"))


def step(gallery, story, chance, fresh):
    """One random step, in the gallery and in the story."""
    there, people = story.told()
    what = chance.choice(["move", "split", "merge", "undo", "undo", "undo", "delete"])
    if what == "undo" and story.entries:
        entry = chance.choice(story.entries)
        kind, number, one, other, *_ = entry
        undo = gallery.undo_merge if kind == "merge" else gallery.sorting.undo
        if story.told(entry) is None or not {other, *([one] if kind == "move" else [])} <= people:
            before = owners(gallery)
            with pytest.raises(GalleryError, match="undo .* first"):
                undo(number)
            assert owners(gallery) == before
            return "refused"
        undo(number)
        story.entries.remove(entry)
        return "undone"
    if what == "delete":
        if chance.random() < 0.2:
            gone = chance.choice(sorted(there))
            gallery.remove_photo(gone)
            story.deleted.add(gone)
    elif what == "merge" and len(people) > 2:
        one, other = chance.sample(sorted(people), 2)
        mine = {number for number, owner in there.items() if owner == one}
        story.entries.append(("merge", gallery.merge(one, other).id, one, other, mine, False))
    elif what in ("move", "split"):
        one = chance.choice(sorted(people))
        mine = sorted(number for number, owner in there.items() if owner == one)
        other = f"New {next(fresh)}" if what == "split" else chance.choice(sorted(people - {one}) or [None])
        if len(mine) > 1 and other:
            chosen = set(chance.sample(mine, chance.randint(1, len(mine) - 1)))
            story.entries.append(("move", gallery.sorting.move(chosen, other).id, one, other, chosen, what == "split"))
    return what


@pytest.mark.parametrize("seed", range(8))
def test_any_order_of_undoing_leaves_what_the_rest_of_the_story_tells(tmp_path, seed, monkeypatch):
    if seed % 2:
        monkeypatch.setattr(journal.time, "time", lambda: 1e9)  # a clock that stands still: the order is the journal's own
    chance, fresh, done = random.Random(seed), iter(range(1000)), []
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(5, 4))
        story = Story(owners(gallery))
        for _ in range(150):
            done.append(step(gallery, story, chance, fresh))
            there, people = story.told()
            assert owners(gallery) == there and {one.name for one in gallery.people()} == people
        assert done.count("undone") > 8 and done.count("refused") > 3
        same_answers(gallery, [vector(10**6 + who) for who in range(5)])
        while story.entries:  # from the end, everything can be undone
            kind, number, *_ = story.entries.pop()
            (gallery.undo_merge if kind == "merge" else gallery.sorting.undo)(number)
        assert owners(gallery) == {number: owner for number, owner in story.first.items() if number not in story.deleted}


def test_a_photo_moved_out_of_a_merged_person_comes_back_to_whose_it_was(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(3, 2))
        before = owners(gallery)
        mine = gallery.photos("Person 0")[0].id
        merge = gallery.merge("Person 0", "Person 1")
        move = gallery.sorting.move([mine], "Person 2")
        with pytest.raises(GalleryError, match="given from Person 1 to Person 2 since; undo that first"):
            gallery.undo_merge(merge.id)
        gallery.sorting.undo(move.id)
        gallery.undo_merge(merge.id)
        assert owners(gallery) == before


def test_a_person_made_by_a_move_stays_while_later_entries_rest_on_it(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(3, 2))
        split = gallery.sorting.move([gallery.photos("Person 0")[0].id], "New")
        merge = gallery.merge("Person 1", "New")
        with pytest.raises(GalleryError, match="merged into New since; undo that first"):
            gallery.sorting.undo(split.id)
        gallery.undo_merge(merge.id)
        gallery.sorting.undo(split.id)
        assert [one.name for one in gallery.people()] == ["Person 0", "Person 1", "Person 2"]
        split = gallery.sorting.move([gallery.photos("Person 0")[0].id], "New")
        gallery.merge("Person 0", "Person 1")
        with pytest.raises(GalleryError, match="Person 0 was merged into Person 1 since"):
            gallery.sorting.undo(split.id)


@pytest.mark.parametrize("last_first", [True, False])
def test_notes_come_apart_in_either_order(tmp_path, last_first):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(3, 1))
        for who in range(3):
            gallery.sorting.set_note(f"Person {who}", f"agreed, {who}\non paper")
        merges = [gallery.merge(f"Person {who}", "Person 2").id for who in (0, 1)]
        assert {"agreed, 0", "agreed, 1", "agreed, 2"} < set(gallery.person("Person 2").note.splitlines())
        for number in sorted(merges, reverse=last_first):
            gallery.undo_merge(number)
        for who in range(3):
            assert gallery.person(f"Person {who}").note.splitlines()[0] == f"agreed, {who}"
            assert len([line for line in gallery.person(f"Person {who}").note.splitlines() if "agreed" in line]) == 1


def test_a_consent_worded_alike_stays_with_whoever_is_still_part_of_the_person(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(3, 1))
        for who in (0, 1):
            gallery.sorting.set_note(f"Person {who}", "agreed on paper")
        first, second = (gallery.merge(f"Person {who}", "Person 2") for who in (0, 1))
        gallery.undo_merge(first.id)
        assert [gallery.person(f"Person {who}").note for who in (0, 2)] == ["agreed on paper"] * 2
        gallery.undo_merge(second.id)
        assert [gallery.person(f"Person {who}").note for who in range(3)] == ["agreed on paper"] * 2 + [""]


# ---- what was said of the merged holds for whom they are by now -----------------------------------------------------


@pytest.fixture
def gallery(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(4, 1))
        yield gallery


def ids(gallery):
    return {one.name.removeprefix("Person "): one.id for one in gallery.people()}


def said(gallery, rules):
    """{name: (strictness, vectors that are not this person)}"""
    rules.follow("model")
    return {one.name.removeprefix("Person "): (rules.strictness(one.id), [seen.tobytes() for *_, seen in rules.rejected(one.id)])
            for one in gallery.people()}


def test_the_stricter_strictness_and_all_rulings_survive_a_merge_and_come_apart_again(gallery):
    rules, who = Rules(gallery.database), ids(gallery)
    rules.set_strictness("Person 0", "stricter")
    rules.set_strictness("Person 1", "strict")
    numbers = [rules.reject(who[name], "model", vector(900 + int(name)), False) for name in "01"]
    rules.reject(who["0"], "another", vector(950), False)
    before = said(gallery, rules)
    vectors = [vector(900).tobytes(), vector(901).tobytes()]
    first, second = gallery.merge("Person 0", "Person 1"), gallery.merge("Person 1", "Person 2")
    assert said(gallery, rules) == {"2": ("stricter", vectors), "3": ("normal", [])}
    gallery.undo_merge(second.id)
    assert said(gallery, rules) == {"1": ("stricter", vectors), "2": ("normal", []), "3": ("normal", [])}
    gallery.undo_merge(first.id)
    assert said(gallery, rules) == before
    gallery.merge("Person 0", "Person 3")
    assert rules.take_back(numbers[0]) == "Person 3" and said(gallery, rules)["3"] == ("stricter", [])


def test_what_the_owner_says_after_a_merge_holds_and_each_keeps_its_own_afterwards(gallery):
    rules, who = Rules(gallery.database), ids(gallery)
    rules.set_strictness("Person 0", "stricter")
    merge = gallery.merge("Person 0", "Person 1")
    rules.set_strictness("Person 1", "strict")
    later = rules.reject(who["1"], "model", vector(900), False)
    assert said(gallery, rules)["1"] == ("strict", [vector(900).tobytes()])
    rules.set_strictness("Person 1", "normal")
    assert said(gallery, rules)["1"][0] == "normal"
    gallery.undo_merge(merge.id)
    assert said(gallery, rules)["0"] == ("stricter", []) and said(gallery, rules)["1"] == ("normal", [vector(900).tobytes()])
    gallery.merge("Person 0", "Person 1")
    assert said(gallery, rules)["1"][0] == "stricter", "a new merge asks again"
    assert rules.take_back(later) == "Person 1"


def test_settled_doubts_hold_through_a_merge(gallery):
    who = ids(gallery)
    mine = gallery.photos("Person 0")[0].id
    gallery.sorting.keep(mine)
    gallery.sorting.set_apart("Person 0", "Person 3")
    gallery.sorting.set_apart("Person 0", "Person 1")
    before = gallery.sorting.decided()
    merge = gallery.merge("Person 0", "Person 1")
    assert gallery.sorting.decided() == ({(who["1"], who["3"])}, {(mine, who["1"])})
    gallery.undo_merge(merge.id)
    assert gallery.sorting.decided() == before
    gallery.merge("Person 0", "Person 1")
    gallery.sorting.set_apart("Person 1", "Person 3", False)
    assert gallery.sorting.decided()[0] == set()

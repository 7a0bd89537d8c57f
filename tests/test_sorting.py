"""Moving photos between people, remembered decisions and notes: real SQLite and index, undone exactly."""

import sqlite3

import pytest
from gallery_rig import crowd, opened, photo, same_answers, vector

from facegui import archive
from facegui.gallery.rules import Rules
from facegui.store import schema
from facegui.types import GalleryError


@pytest.fixture
def gallery(tmp_path):
    with opened(tmp_path / "gallery") as gallery:
        gallery.enroll_many(crowd(6, 3))
        yield gallery


def owners(gallery):
    with gallery.database.read() as c:
        return dict(c.execute("SELECT f.id, p.name FROM photos f JOIN people p ON p.id = f.person_id"))


PROBES = [vector(10**6 + who) for who in range(6)] + [vector(number) for number in range(20)]


def test_photos_split_off_make_a_new_person_and_come_back(gallery):
    before, people = owners(gallery), gallery.people()
    mine = [one.id for one in gallery.photos("Person 2")]
    done = gallery.sorting.move(mine[:2], "Somebody New")
    assert (done.from_name, done.into_name, done.photos) == ("Person 2", "Somebody New", 2)
    assert owners(gallery) == before | dict.fromkeys(mine[:2], "Somebody New")
    same_answers(gallery, PROBES)
    gallery.sorting.undo(done.id)
    assert owners(gallery) == before and gallery.people() == people and gallery.sorting.moves() == []
    same_answers(gallery, PROBES)
    with pytest.raises(GalleryError, match="undone already"):
        gallery.sorting.undo(done.id)


def test_a_move_to_somebody_there_is_and_a_photo_deleted_since(gallery):
    mine = [one.id for one in gallery.photos("Person 0")]
    done = gallery.sorting.move(mine[:2], "person 1")
    assert gallery.person("Person 1").photos == 5
    gallery.remove_photo(mine[0])
    gallery.sorting.undo(done.id)
    assert [one.id for one in gallery.photos("Person 0")] == mine[1:] and gallery.person("Person 1").photos == 3
    same_answers(gallery, PROBES)


def test_moves_that_make_no_sense_change_nothing(gallery):
    before, people = owners(gallery), gallery.people()
    mine, theirs = ([one.id for one in gallery.photos(name)] for name in ("Person 0", "Person 1"))
    for ids, into, words in ((mine, "New", "all photos"), ([mine[0], theirs[0]], "New", "several people"), ([99999], "New", "no longer"),
                             ([], "New", "no longer"), (mine[:1], "Person 0", "already"), (mine[:1], " ", "blank")):
        with pytest.raises(GalleryError, match=words):
            gallery.sorting.move(ids, into)
    assert owners(gallery) == before and gallery.people() == people and gallery.sorting.moves() == []


def test_a_new_person_who_got_more_photos_stays_after_the_undo(gallery):
    done = gallery.sorting.move([gallery.photos("Person 2")[0].id], "Kept")
    gallery.enroll("Kept", [photo(5000)])
    gallery.sorting.undo(done.id)
    assert gallery.person("Kept").photos == 1 and gallery.person("Person 2").photos == 3


def test_forgetting_takes_the_journal_and_the_decisions_along(gallery, tmp_path):
    gallery.sorting.move([gallery.photos("Person 0")[0].id], "Person 1")
    gallery.sorting.set_apart("Person 1", "Person 0")
    gallery.sorting.set_apart("Person 3", "Person 4")
    gallery.sorting.keep(gallery.photos("Person 0")[0].id)
    assert len(gallery.sorting.decided()[0]) == 2 and len(gallery.sorting.decided()[1]) == 1
    gallery.merge("Person 0", "Person 5")
    gallery.forget("Person 5")  # and with it Person 0, who became part of it
    apart, kept = gallery.sorting.decided()
    assert gallery.sorting.moves() == [] and kept == set()
    assert apart == {tuple(sorted(gallery.person(name).id for name in ("Person 3", "Person 4")))}


def test_decisions_are_remembered_and_taken_back(gallery):
    ids = tuple(sorted((gallery.person("Person 1").id, gallery.person("Person 0").id)))
    gallery.sorting.set_apart("Person 1", "Person 0")
    assert gallery.sorting.decided()[0] == {ids}
    with opened(gallery.folder) as again:
        assert again.sorting.decided()[0] == {ids}
    gallery.sorting.set_apart("Person 0", "Person 1", False)
    mine = gallery.photos("Person 0")[0]
    gallery.sorting.keep(mine.id)
    assert gallery.sorting.decided() == (set(), {(mine.id, mine.person_id)})
    gallery.sorting.keep(mine.id, False)
    assert gallery.sorting.decided() == (set(), set())
    for call in (lambda: gallery.sorting.set_apart("Person 0", "person 0"), lambda: gallery.sorting.keep(99999)):
        with pytest.raises(GalleryError):
            call()


def test_a_newcomer_is_told_apart_from_whoever_is_still_there(gallery):
    who = [gallery.person(f"Person {number}").id for number in range(4)]
    gallery.forget("Person 2")
    gallery.sorting.tell_apart(who[0], [who[1], who[2], who[0]])
    assert gallery.sorting.decided()[0] == {(who[0], who[1])}
    gallery.forget("Person 0")
    gallery.sorting.tell_apart(who[0], [who[3]])
    assert gallery.sorting.decided()[0] == set()


def test_notes_are_kept_merged_undone_exported_and_forgotten(gallery, tmp_path):
    gallery.sorting.set_note("Person 0", "  agreed on paper,\n 3 May  2026 ")
    gallery.sorting.set_note("Person 1", "agreed by mail")
    assert gallery.person("Person 0").note == "agreed on paper,\n3 May 2026"
    gallery.merge("Person 1", "Person 0")
    assert gallery.person("Person 0").note == "agreed on paper,\n3 May 2026\nagreed by mail"
    gallery.undo_merge()
    assert [gallery.person(f"Person {who}").note for who in (0, 1)] == ["agreed on paper,\n3 May 2026", "agreed by mail"]
    archive.export(gallery.folder, tmp_path / "all.zip")
    archive.load(tmp_path / "copy", tmp_path / "all.zip")
    with opened(tmp_path / "copy") as copy:
        assert [one.note for one in copy.people()] == [one.note for one in gallery.people()]
    with pytest.raises(GalleryError, match="1,001 characters"):
        gallery.sorting.set_note("Person 0", "x" * 1001)


def test_a_gallery_of_the_first_format_is_brought_up_to_date(tmp_path):
    place = tmp_path / "gallery.db"
    c = sqlite3.connect(place, isolation_level=None)
    for statement in ("PRAGMA page_size=16384", "PRAGMA journal_mode=WAL", *schema.FIRST.split(";"),
                      f"PRAGMA application_id={schema.APPLICATION}", "PRAGMA user_version=1",
                      "INSERT INTO people(name, key, created) VALUES('Ana', 'ana', 1.0)"):
        c.execute(statement)
    c.close()
    with opened(tmp_path) as gallery:
        assert gallery.person("Ana").note == ""
        gallery.enroll("Ana", [photo(1), photo(2)])
        gallery.sorting.move([gallery.photos("Ana")[0].id], "Bea")
    with opened(tmp_path) as gallery:
        assert [one.name for one in gallery.people()] == ["Ana", "Bea"] and len(gallery.sorting.moves()) == 1


def test_a_person_made_by_a_move_that_is_undone_leaves_nothing_behind(gallery):
    done = gallery.sorting.move([gallery.photos("Person 2")[0].id], "For A Moment")
    made = gallery.person("For A Moment").id
    gallery.sorting.set_apart("For A Moment", "Person 2")
    gallery.sorting.keep(gallery.photos("For A Moment")[0].id)
    rules = Rules(gallery.database)
    rules.set_strictness("For A Moment", "strict")
    rules.reject(made, "model", vector(1), False)
    gallery.sorting.undo(done.id)
    with gallery.database.read() as c:
        assert [c.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in ("apart", "kept", "strictness", "rejected", "moves")] == [0] * 5


def test_a_note_that_would_grow_too_long_is_refused_before(gallery):
    gallery.sorting.set_note("Person 0", "a" * 900)
    for name, note in (("Person 0", "b" * 200), ("Nobody yet", "c" * 1001)):
        with pytest.raises(GalleryError, match="characters"):
            gallery.sorting.check_note(name, note)
    for name, note in (("person 0", "a" * 900), ("Nobody yet", "c" * 900), ("Person 0", " ")):
        gallery.sorting.check_note(name, note)

"""What the owner said goes out and comes back with a gallery; archives from before it could still come in."""

import json
import zipfile

import pytest
from gallery_rig import DIMENSION, contents, crowd, opened, photo, vector
from test_archive_bad import honest, manifest, rewritten

from facegui import archive
from facegui.gallery.rules import Rules
from facegui.types import GalleryError


def said(gallery):
    """All that the owner said, by names and checksums."""
    rules, apart, kept = Rules(gallery.database), *gallery.sorting.decided()
    names = {one.id: one.name for one in gallery.people()}
    return {
        "notes": {one.name: one.note for one in gallery.people()},
        "strictness": {names[who]: rules.follow("model a").strictness(who) for who in names},
        "rejected": {(model, names[who], masked, seen.tobytes()) for model in ("model a", "model b") for who in names
                     for _, masked, seen in rules.follow(model).rejected(who)},
        "apart": {frozenset(names[who] for who in pair) for pair in apart},
        "kept": {(gallery.photo(number).sha256, names[who]) for number, who in kept if gallery.photo(number).person_id == who}}


@pytest.fixture
def exported(tmp_path):
    with opened(tmp_path / "from") as gallery:
        gallery.enroll_many(crowd(6, 2))
        rules, who = Rules(gallery.database), {one.name: one.id for one in gallery.people()}
        rules.set_strictness("Person 0", "strict")
        rules.set_strictness("Person 1", "stricter")
        rules.reject(who["Person 0"], "model a", vector(900), True)
        rules.reject(who["Person 1"], "model a", vector(901), False)
        rules.reject(who["Person 2"], "model b", vector(902, dimension=8), False)
        gallery.sorting.set_apart("Person 1", "Person 4")
        gallery.sorting.set_apart("Person 2", "Person 3")
        gallery.sorting.keep(gallery.photos("Person 1")[0].id)
        gallery.sorting.keep(gallery.photos("Person 5")[1].id)
        for number in (1, 3):
            gallery.sorting.set_note(f"Person {number}", f"{number}" + "n" * 998)
        gallery.merge("Person 3", "Person 1")
        gallery.merge("Person 1", "Person 5")  # what was said of Person 1 is said of Person 5 now
        archive.export(gallery.folder, tmp_path / "out.zip")
    return tmp_path / "out.zip"


def test_rulings_go_out_and_come_back(exported, tmp_path):
    archive.load(tmp_path / "to", exported)
    with opened(tmp_path / "from") as before, opened(tmp_path / "to") as after:
        assert contents(after) == contents(before)
        assert said(after) == said(before)
        told = said(after)
        assert told["strictness"] == {"Person 0": "strict", "Person 2": "normal", "Person 4": "normal", "Person 5": "stricter"}
        assert len(told["rejected"]) == 3 and len(told["kept"]) == 2
        assert told["apart"] == {frozenset(("Person 4", "Person 5")), frozenset(("Person 2", "Person 5"))}
    archive.load(tmp_path / "to", exported)
    with opened(tmp_path / "to") as again:
        assert said(again) == told
        with again.database.read() as c:
            assert c.execute("SELECT count(*) FROM rejected").fetchone() == (3,), "a second import says nothing twice"


def test_of_two_levels_the_stricter_holds_and_what_was_said_here_stays(exported, tmp_path):
    with opened(tmp_path / "to") as gallery:
        gallery.enroll("person 0", [photo(8000)])
        gallery.enroll("Person 2", [photo(8001)])
        rules = Rules(gallery.database)
        rules.set_strictness("Person 0", "stricter")
        rules.set_strictness("Person 2", "strict")
        rules.reject(gallery.person("Person 0").id, "model a", vector(903), False)
        archive.load(gallery.folder, exported)
        told = said(gallery)
        assert told["strictness"] == {"person 0": "stricter", "Person 2": "strict", "Person 4": "normal", "Person 5": "stricter"}
        assert {seen for _, name, _, seen in told["rejected"] if name == "person 0"} == {vector(900).tobytes(), vector(903).tobytes()}


def test_rulings_about_whoever_was_refused_are_left_out(exported, tmp_path):
    with opened(tmp_path / "to") as gallery:
        gallery.enroll("Somebody", [item for name, item in crowd(6, 2) if name == "Person 4"])
        assert len(archive.load(gallery.folder, exported).refused) == 2
        assert said(gallery)["apart"] == {frozenset(("Person 2", "Person 5"))}


def test_an_archive_of_the_first_format_still_comes_in(exported, tmp_path):
    with zipfile.ZipFile(exported) as file:
        sums = json.loads(file.read("manifest.json"))["sha256"]
    sums.pop("rulings.jsonl")
    first = rewritten(exported, tmp_path / "x.zip", lambda name, data: None if name == "rulings.jsonl" else data)
    first = rewritten(first, tmp_path / "first.zip", manifest(version=1, sha256=sums))
    report = archive.load(tmp_path / "to", first)
    assert (report.photos, report.people) == (12, 4)
    with opened(tmp_path / "to") as gallery:
        assert not said(gallery)["rejected"] and "3nnn" in said(gallery)["notes"]["Person 5"]


@pytest.mark.parametrize("row", [
    {"kind": "strictness", "person": 0, "level": "lenient"}, {"kind": "strictness", "person": 4, "level": "strict"},
    {"kind": "apart", "people": [0]}, {"kind": "apart", "people": [0, -1]}, {"kind": "kept", "photo": 12}, {"kind": "kept", "photo": "1"},
    {"kind": "other"}, [], {"kind": "rejected", "person": 0, "model": "model a", "masked": False, "vector": "AAA"},
    {"kind": "rejected", "person": 0, "model": "model a", "masked": False, "vector": "AAAA" * 16},
    {"kind": "rejected", "person": 0, "model": "model a", "masked": False, "vector": "AAAAAAAAAAAAAAAA"},
    {"kind": "rejected", "person": 0, "model": "model a", "masked": False, "vector": ""}], ids=str)
def test_rulings_that_make_no_sense_change_nothing(exported, tmp_path, row):
    bad = honest(exported, tmp_path / "bad.zip",
                 lambda name, data: data + json.dumps(row).encode() + b"\n" if name == "rulings.jsonl" else data)
    with opened(tmp_path / "to") as gallery:
        gallery.enroll("Ana", [photo(1)])
        before = contents(gallery), said(gallery)
        with pytest.raises(GalleryError):
            archive.load(gallery.folder, bad)
        assert (contents(gallery), said(gallery)) == before
        gallery.use_model("model a", DIMENSION)

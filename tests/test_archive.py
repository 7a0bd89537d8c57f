"""Archives: a gallery goes out and comes back whole; anything else is refused in a sentence and changes nothing."""

import os
import stat
import zipfile

import numpy as np
import pytest
from gallery_rig import ELSEWHERE, contents, crowd, opened, photo, same_answers, vector

from facegui import archive
from facegui.store import files
from facegui.types import Cancelled, GalleryError


@pytest.fixture
def exported(tmp_path):
    with opened(tmp_path / "from") as gallery:
        gallery.enroll_many(crowd(12, 3))
        gallery.enroll("Pair", [photo(5000), photo(5001)])
        gallery.enroll("Other", [photo(5000, vector(9), ELSEWHERE)])  # one file, two people
        gallery.add_templates("model b", [(one.id, vector(one.id, dimension=8)) for one in gallery.photos("Pair")])
        report = archive.export(gallery.folder, tmp_path / "out.zip")
    assert (report.people, report.photos, report.templates, report.refused) == (14, 39, 41, ())
    return tmp_path / "out.zip"


def test_out_and_back_is_the_same_gallery(exported, tmp_path):
    with opened(tmp_path / "from") as before:
        report = archive.load(tmp_path / "to", exported)
        assert (report.people, report.photos, report.templates, report.people_created) == (14, 39, 41, 14)
        assert (report.duplicates, report.refused) == (0, ())
        with opened(tmp_path / "to") as after:
            assert contents(after) == contents(before)
            for one in after.photos("Pair") + after.photos("Other"):
                assert after.photo_bytes(one.id) == photo(int(one.original_name[4:8])).source
            same_answers(after, np.stack([vector(5001), vector(9), vector(300)]))
            assert not list((tmp_path / "to" / "incoming").glob("*"))
    assert stat.S_IMODE(exported.stat().st_mode) == 0o600
    with zipfile.ZipFile(exported) as file:
        assert "biometric" in file.read("README.txt").decode() and "biometric" in archive.NOTICE


def test_a_second_import_brings_nothing_new(exported, tmp_path):
    with opened(tmp_path / "from") as gallery:
        before = contents(gallery)
        report = archive.load(gallery.folder, exported)
        assert (report.photos, report.templates, report.people_created, report.duplicates) == (0, 0, 0, 39)
        assert contents(gallery) == before


def test_people_of_one_name_become_one_and_another_name_is_refused(exported, tmp_path):
    with opened(tmp_path / "to") as gallery:
        gallery.enroll("PAIR", [photo(5001), photo(6000)])
        gallery.enroll("Somebody", [crowd(1, 1)[0][1]])  # enrolled as "Person 0" in the archive
        report = archive.load(gallery.folder, exported)
        assert (report.photos, report.duplicates, report.people_created) == (37, 1, 13)
        assert len(report.refused) == 1 and "Person 0" in report.refused[0] and "Somebody" in report.refused[0]
        assert len(gallery.photos("Pair")) == 3 and len(gallery.photos("Person 0")) == 2
        assert gallery.search(vector(5000)[None])[0][0].name == "PAIR"  # an open gallery sees it at once


def test_an_empty_gallery_and_a_name_without_photos_travel_too(tmp_path):
    with opened(tmp_path / "from") as gallery:
        archive.export(gallery.folder, tmp_path / "empty.zip")
        gallery.remove_photo(gallery.enroll("Ana", [photo(1)]).photo_ids[0])
        archive.export(gallery.folder, tmp_path / "name.zip")
    assert archive.load(tmp_path / "to", tmp_path / "empty.zip").people == 0
    assert archive.load(tmp_path / "to", tmp_path / "name.zip").people_created == 1


def test_cancel_and_full_disk_leave_no_trace(exported, tmp_path, monkeypatch):
    def stop(progress):
        if progress.done > 5:
            raise Cancelled("stopped")

    for work in (lambda tick: archive.load(tmp_path / "to", exported, tick),
                 lambda tick: archive.export(tmp_path / "from", tmp_path / "new.zip", tick)):
        with pytest.raises(Cancelled):
            work(stop)
    monkeypatch.setattr(files, "write", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
    with pytest.raises(GalleryError, match="full"):
        archive.load(tmp_path / "to", exported)
    assert not (tmp_path / "new.zip").exists() and not list(tmp_path.glob(".*part"))
    with opened(tmp_path / "to") as gallery:
        assert gallery.counts()["people"] == 0
    assert not [path for path in (tmp_path / "to").rglob("*.jpg")]


def test_a_damaged_photo_is_left_out_and_named(tmp_path):
    with opened(tmp_path / "from") as gallery:
        ids = gallery.enroll("Ana", [photo(1), photo(2)]).photo_ids
        gallery.photo_path(ids[0]).write_bytes(b"half")
        report = archive.export(gallery.folder, tmp_path / "out.zip")
    assert report.photos == report.templates == 1 and "damaged" in report.refused[0]
    assert archive.load(tmp_path / "to", tmp_path / "out.zip").photos == 1


def test_whoever_is_deleted_during_an_export_is_not_in_it(tmp_path):
    with opened(tmp_path / "from") as gallery:
        gallery.enroll_many(crowd(5))
        deleted = []

        def forget_one(progress):
            if progress.done == 4 and not deleted:
                deleted.append(gallery.forget("Person 1"))

        report = archive.export(gallery.folder, tmp_path / "out.zip", forget_one)
    assert deleted and (report.people, report.photos) == (4, 8)
    with zipfile.ZipFile(tmp_path / "out.zip") as file:
        assert b"Person 1" not in file.read("people.jsonl")
        assert sum(name.startswith("photos/") for name in file.namelist()) == 8


def test_export_says_where_it_cannot(tmp_path):
    with pytest.raises(GalleryError, match="no gallery"):
        archive.export(tmp_path / "nowhere", tmp_path / "out.zip")
    opened(tmp_path / "from").close()
    with pytest.raises(GalleryError, match="does not exist"):
        archive.export(tmp_path / "from", tmp_path / "no" / "out.zip")
    assert os.listdir(tmp_path) == ["from"]

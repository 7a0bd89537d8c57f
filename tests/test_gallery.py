"""Gallery: what is enrolled is found at once, by everybody; what is deleted is gone from every file."""

import re

import numpy as np
import pytest
from gallery_rig import BOX, DIMENSION, ELSEWHERE, brute, crowd, holding, opened, photo, same_answers, unit, vector

from facegui.types import GalleryError


@pytest.fixture
def gallery(tmp_path):
    with opened(tmp_path / "gallery") as gallery:
        yield gallery


def test_search_answers_what_brute_force_does(gallery):
    gallery.enroll_many(crowd(40, 3))
    probes = np.stack([vector(900 + seed, vector(10**6 + seed), spread=0.8) for seed in range(20)])
    same_answers(gallery, probes, 5)
    same_answers(gallery, probes, 40)
    assert len(gallery.search(probes[:1], 100)[0]) == 40  # no more people than there are
    assert gallery.search(np.empty((0, DIMENSION), np.float32)) == []


def test_a_person_with_very_many_templates_hides_nobody(gallery):
    centre = vector(1)
    gallery.enroll_many([("Many", photo(seed, vector(seed, centre, spread=0.2))) for seed in range(300)])
    gallery.enroll_many(crowd(6, 2, first=5000))
    same_answers(gallery, unit(centre[None]), 7)


def test_enroll_reports_each_photo_and_keeps_its_file(gallery):
    first, second = photo(1), photo(2)
    done = gallery.enroll("  Ana\u0301   Silva ", [first, second, first])
    assert (done.name, done.created) == ("An\u00e1 Silva", True)
    assert [outcome.status for outcome in done.outcomes] == ["enrolled", "enrolled", "duplicate"]
    assert done.photo_ids[2] == done.photo_ids[0]
    again = gallery.enroll("ANÁ silva", [photo(3)])
    assert (again.person_id, again.name, again.created) == (done.person_id, "An\u00e1 Silva", False)
    kept = gallery.photos("aná SILVA")[0]
    assert gallery.photo_bytes(kept.id) == first.source == gallery.photo_path(kept).read_bytes()
    assert kept.file == f"photos/{first.sha256[:2]}/{first.sha256}.jpg"
    assert (kept.face.box, kept.quality, kept.masked, kept.original_name) == (BOX, first.quality, False, "IMG 1.JPG")
    np.testing.assert_array_equal(kept.face.landmarks, first.face.landmarks)
    assert gallery.counts() == {"people": 1, "photos": 3, "templates": 3}
    assert ("an\u0061\u0301 silva", first.sha256) in gallery.enrolled_photos()


def test_one_face_belongs_to_one_person_but_a_photo_may_show_two(gallery):
    gallery.enroll("Ana", [photo(1)])
    nearly = tuple(side + 6 for side in BOX)
    refused = gallery.enroll("Bob", [photo(1, vector(5), nearly)])
    assert (refused.person_id, refused.photo_ids, refused.outcomes[0].status) == (None, (None,), "refused")
    assert "Ana" in refused.outcomes[0].advice
    assert [person.name for person in gallery.people()] == ["Ana"]  # nobody was created for nothing
    both = gallery.enroll("Bob", [photo(1, vector(6), ELSEWHERE)])
    assert both.outcomes[0].status == "enrolled"
    gallery.forget("Ana")
    assert gallery.photo_bytes(both.photo_ids[0]) == photo(1).source  # the file stays for Bob
    assert gallery.forget("Bob").files == 1


@pytest.mark.parametrize("name", ["", "  \t ", "x" * 10_000, "a\nb\x00c", "tail\u202e", "\u200d", "\ud800"])
def test_unfit_names_are_refused_in_a_sentence(gallery, name):
    with pytest.raises(GalleryError, match=r"name .*[.;]"):
        gallery.enroll(name, [photo(1)])
    assert gallery.counts()["photos"] == 0 and not holding(gallery.folder / "photos", b"photo 1")


def test_any_other_name_is_welcome_and_never_a_path(gallery):
    names = ["../../etc/passwd", "C:\\nul", "李小龍", "👩‍👩‍👧", "O'Neil; DROP TABLE people", "نرگس‌ها", "%", "_", "x" * 200]
    for seed, name in enumerate(names):
        gallery.enroll(name, [photo(seed)])
    assert sorted(person.name for person in gallery.people()) == sorted(names)
    assert [person.name for person in gallery.people("%")] == ["%"]
    assert [person.name for person in gallery.people("drop table")] == ["O'Neil; DROP TABLE people"]
    places = {path.name for path in gallery.folder.iterdir()}
    assert places <= {"gallery.db", "gallery.db-wal", "gallery.db-shm", "photos"}


def test_rename_and_merge_with_undo(gallery):
    gallery.enroll("Ana", [photo(1), photo(2)])
    bob = gallery.enroll("Bob", [photo(3)])
    with pytest.raises(GalleryError, match="Bob.*merge"):
        gallery.rename("Ana", "bob")
    assert gallery.rename("ana", "ANA").name == "ANA"
    before = [(one.id, one.person_id) for name in ("ANA", "Bob") for one in gallery.photos(name)]
    done = gallery.merge("Bob", "ANA")
    assert (done.from_name, done.into_name, done.photos) == ("Bob", "ANA", 1)
    assert gallery.search(vector(3)[None], 1)[0][0].name == "ANA"
    with pytest.raises(GalleryError, match="Nobody"):
        gallery.photos("Bob")
    assert gallery.undo_merge(done.id).id == bob.person_id
    assert [(one.id, one.person_id) for name in ("ANA", "Bob") for one in gallery.photos(name)] == before
    assert gallery.search(vector(3)[None], 1)[0][0].name == "Bob"
    with pytest.raises(GalleryError, match="cannot be undone"):
        gallery.undo_merge(done.id)


def test_chained_merges_come_back_latest_first_and_forget_takes_the_journal(gallery):
    for seed, name in enumerate(["Ana", "Bob", "Cem"]):
        gallery.enroll(name, [photo(seed)])
    inner, outer = gallery.merge("Ana", "Bob"), gallery.merge("Bob", "Cem")
    assert [entry.id for entry in gallery.merges()] == [outer.id]
    with pytest.raises(GalleryError, match="later merge first"):
        gallery.undo_merge(inner.id)
    gallery.undo_merge()
    assert [len(gallery.photos(name)) for name in ("Bob", "Cem")] == [2, 1]
    gallery.undo_merge()
    assert [len(gallery.photos(name)) for name in ("Ana", "Bob", "Cem")] == [1, 1, 1]
    gallery.merge("Ana", "Bob")
    gallery.merge("Bob", "Cem")
    gallery.forget("Cem")
    gallery.close()
    for name in (b"Ana", b"Bob", b"Cem"):
        assert not holding(gallery.folder, name)


def test_another_model_hides_the_templates_and_may_add_its_own(tmp_path):
    with opened(tmp_path) as first:
        ids = first.enroll("Ana", [photo(1), photo(2)]).photo_ids
    with opened(tmp_path, "model b", 8) as second:
        assert second.search(vector(1, dimension=8)[None]) == [[]]
        assert [one.id for one in second.missing_templates()] == list(ids)
        assert second.add_templates("model b", [(ids[0], vector(50, dimension=8)), (999, vector(51, dimension=8))]) == 1
        assert second.search(vector(50, dimension=8)[None])[0][0].photo_id == ids[0]
        assert [one.id for one in second.missing_templates("model b")] == [ids[1]]
        assert second.person("Ana").templates == 1 and second.person("Ana").photos == 2
        second.use_model("model a", DIMENSION)
        assert second.search(vector(2)[None])[0][0].photo_id == ids[1]
        with pytest.raises(GalleryError, match="48 numbers"):
            second.use_model("model a", 64)
        assert second.forget("Ana").templates == 3


def test_deleted_means_no_file_holds_it(tmp_path):
    """Churn, trees on disk, two models; then neither a vector nor a photo nor a name is in any file."""
    folder = tmp_path / "g"
    with opened(folder, trees_from=200) as gallery:
        gallery.enroll_many(crowd(150, 2))
        everybody = {name: item for name, item in crowd(150, 2)}
        gallery.add_templates("model b", [(one.id, vector(one.id, dimension=16)) for one in gallery.photos("Person 7")])
        gallery.rebuild_index()
        assert gallery.index_status().in_base == 300
        assert len(holding(folder, everybody["Person 7"].embedding.tobytes())) == 2  # the database and the trees
        gone = gallery.forget("Person 7")
        assert (gone.photos, gone.files, gone.templates, gone.index_rows) == (2, 2, 4, 2)
        for who in range(20, 140, 6):
            gallery.remove_photo(gallery.photos(f"Person {who}")[0].id)
        gallery.enroll_many(crowd(30, 2, first=10**6)[20:])
        for who in range(60, 150, 4):
            gallery.forget(f"Person {who}")
        for closed in (False, True):
            disk = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
            assert everybody["Person 9"].embedding.tobytes() in disk and b"Person 9" in disk
            for who in (7, *range(60, 150, 4)):
                assert everybody[f"Person {who}"].embedding.tobytes()[:64] not in disk
                assert everybody[f"Person {who}"].source[:64] not in disk
                assert not re.search(rb"(?i)person %d(?!\d)" % who, disk)
            if not closed:
                same_answers(gallery, np.stack([everybody[f"Person {who}"].embedding for who in (7, 8, 26, 61, 64)]))
                gallery.close()


def test_settings_stay_with_the_gallery(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.set_setting("threshold", {"fpir": 0.01, "list": [1, None]})
    with opened(tmp_path) as gallery:
        assert gallery.setting("threshold") == {"fpir": 0.01, "list": [1, None]}
        gallery.set_setting("threshold", None)
        assert gallery.setting("threshold", "none") == "none"
    with pytest.raises(GalleryError, match="closed"):
        gallery.people()


def test_brute_force_helper_is_itself_right(gallery):
    gallery.enroll("Ana", [photo(1), photo(2)])
    assert brute(gallery, vector(2), 1)[0] == ("Ana", pytest.approx(1))

"""Store: the database's own promises, names, chores, photo files."""

import os
import sqlite3
import threading
import time
import unicodedata

import numpy as np
import pytest
from gallery_rig import crowd, opened, photo, vector

from facegui.store import Database, chores, files, names, photos, staging, templates
from facegui.types import GalleryError


def raw(folder):
    return sqlite3.connect(folder / "gallery.db")


def test_settings_of_a_connection(tmp_path):
    database = Database(tmp_path)
    with database.read() as c:
        values = {name: c.execute(f"PRAGMA {name}").fetchone()[0]
                  for name in ("journal_mode", "foreign_keys", "synchronous", "secure_delete", "page_size")}
    assert values == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 2, "secure_delete": 1,
                      "page_size": 16384}
    database.close()
    database.close()  # twice does no harm
    with pytest.raises(GalleryError, match="closed"), database.read():
        pass


def test_a_newer_gallery_is_refused_in_a_sentence(tmp_path):
    opened(tmp_path).close()
    with raw(tmp_path) as c:
        c.execute("PRAGMA user_version=99")
    before = (tmp_path / "gallery.db").read_bytes()
    with pytest.raises(GalleryError, match="newer facegui.*update"):
        Database(tmp_path)
    assert (tmp_path / "gallery.db").read_bytes() == before


def test_somebody_elses_file_is_refused_and_left_alone(tmp_path):
    with raw(tmp_path) as c:
        c.execute("CREATE TABLE recipes(id)")
    with pytest.raises(GalleryError, match="another program"):
        Database(tmp_path)
    (tmp_path / "gallery.db").write_bytes(b"no database at all" * 100)
    with pytest.raises(GalleryError, match="damaged or no database"):
        Database(tmp_path)
    assert (tmp_path / "gallery.db").read_bytes() == b"no database at all" * 100


def test_photos_without_a_database_are_not_swept_away(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll("Ana", [photo(1)])
    (tmp_path / "gallery.db").unlink()
    with pytest.raises(GalleryError, match="put gallery.db back"):
        opened(tmp_path)
    assert len(list((tmp_path / "photos").rglob("*.jpg"))) == 1


def test_a_failed_transaction_leaves_nothing(tmp_path):
    with opened(tmp_path) as gallery:
        with pytest.raises(ZeroDivisionError), gallery.database.write() as c:
            c.execute("INSERT INTO people(name, key, created) VALUES('x', 'x', 0)")
            raise ZeroDivisionError
        with pytest.raises(GalleryError, match="failed"), gallery.database.write() as c:  # a foreign key
            c.execute("INSERT INTO templates(model, photo_id, checksum, vector) VALUES(1, 99, 0, x'00')")
        assert gallery.counts()["people"] == 0
        gallery.check()


def test_a_damaged_database_is_reported(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(30))
    content = bytearray((tmp_path / "gallery.db").read_bytes())
    for page in range(5, len(content) // 16384):
        content[page * 16384:page * 16384 + 200] = b"\xee" * 200
    (tmp_path / "gallery.db").write_bytes(content)
    with pytest.raises(GalleryError, match="damaged"), opened(tmp_path) as gallery:
        gallery.check()


def test_names_meet_in_one_key():
    assert names.key("Ana") == names.key("  aNA ") != names.key("Anna")
    assert names.key("STRASSE") == names.key("Straße")
    assert names.key("\u00c5sa") == names.key("A\u030asa") == names.key("\u212bsa")
    for name in ("a  b", "ΑΣ", "İpek", "ﬁ", "नमस्ते"):
        tidied = names.tidy(name)
        assert names.tidy(tidied) == tidied == unicodedata.normalize("NFC", tidied)
        assert names.key(tidied) == names.key(name)
    assert names.tidy("x" * 200) == "x" * 200
    with pytest.raises(GalleryError, match="201 characters"):
        names.tidy("x" * 201)


def test_overlap_of_boxes():
    assert photos.overlap((0, 0, 10, 10), (0, 0, 10, 10)) == 1
    assert photos.overlap((0, 0, 10, 10), (5, 0, 15, 10)) == pytest.approx(50 / 150)
    assert photos.overlap((0, 0, 10, 10), (10, 0, 20, 10)) == photos.overlap((0, 0, 10, 10), (20, 20, 30, 30)) == 0


def test_vectors_come_back_bit_by_bit_and_ids_are_never_used_again(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll_many(crowd(10))
        with gallery.database.read() as c:
            rows = templates.rows(c, 1)
            wanted = np.stack([item.embedding for _, item in crowd(10)])
            np.testing.assert_array_equal(templates.vectors(c, rows.ids, 48), wanted)
            np.testing.assert_array_equal(rows.checksums, [templates.checksum(one) for one in wanted])
            late = templates.rows(c, 1, after=int(rows.ids[14]))
            np.testing.assert_array_equal(late.ids, rows.ids[15:])
            np.testing.assert_array_equal(late.people, rows.people[15:])
        gallery.forget("Person 9")
        gallery.enroll("New", [photo(99999)])
        with gallery.database.read() as c:
            assert templates.rows(c, 1).ids.max() > rows.ids.max()


def test_waiting_chores_are_done_at_the_next_start(tmp_path):
    with opened(tmp_path) as gallery:
        file = gallery.photo_path(gallery.enroll("Ana", [photo(1)]).photo_ids[0])
        with gallery.database.write() as c:  # a process that dies right after the commit of its deletion
            photos.delete(c, 1)
            chores.add(c, "purge")
        assert file.exists()
    with opened(tmp_path) as gallery:
        assert not file.exists()
        with gallery.database.read() as c:
            assert not chores.pending(c)


def test_strays_are_swept_and_files_being_written_are_not(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll("Ana", [photo(1)])
        kept = gallery.photo_path(1)
    stray = tmp_path / files.file_of("ab" + "0" * 62, ".jpg")
    fresh, stale = (stray.with_name(f"{'ab' + '1' * 62}.{end}.part") for end in ("1", "2"))
    note = tmp_path / "photos" / "ab" / "my note.txt"
    (tmp_path / "photos" / "ab").mkdir(exist_ok=True)
    for path in (stray, fresh, stale, note):
        path.write_bytes(b"x")
    old = time.time() - 10_000
    os.utime(stale, (old, old))
    (tmp_path / "incoming" / "dead").mkdir(parents=True)
    with staging.stage(tmp_path) as alive:
        with opened(tmp_path):
            assert alive.is_dir() and not (tmp_path / "incoming" / "dead").exists()
    assert kept.exists() and fresh.exists() and note.exists() and not stray.exists() and not stale.exists()
    assert not alive.exists()


def test_purge_waits_for_readers_and_gives_up_in_the_end(tmp_path):
    with opened(tmp_path) as gallery:
        gallery.enroll("Ana", [photo(1)])
        with gallery.database.read() as c:
            c.execute("SELECT count(*) FROM people").fetchone()
            with gallery.database.write() as other:
                other.execute("DELETE FROM chores")
                other.execute("INSERT INTO changes(kind, item) VALUES('x', 1)")
            assert gallery.database.purge(patience_s=0.3) is False
        assert gallery.database.purge() is True
        assert (tmp_path / "gallery.db-wal").stat().st_size == 0


def test_readers_and_writers_of_many_threads(tmp_path):
    """Each thread enrolls its own people and finds them in its next search, while one reads without pause."""
    failures, stop = [], threading.Event()
    with opened(tmp_path) as gallery:
        def enroll(worker):
            try:
                for number in range(6):
                    seed = 1000 * worker + number
                    gallery.enroll(f"Person {seed}", [photo(seed)])
                    best = gallery.search(vector(seed)[None], 1)[0][0]
                    assert best.name == f"Person {seed}" and best.score > 0.999
                    if number % 3 == 2:
                        gallery.forget(f"Person {seed}")
                        assert gallery.search(vector(seed)[None], 1)[0][0].name != f"Person {seed}"
            except BaseException as error:
                failures.append(error)

        def read():
            while not stop.is_set():
                gallery.people()
                gallery.search(vector(1)[None])

        threads = [threading.Thread(target=enroll, args=(worker,)) for worker in range(1, 7)]
        reader = threading.Thread(target=read)
        for thread in (*threads, reader):
            thread.start()
        for thread in threads:
            thread.join()
        stop.set()
        reader.join()
        assert not failures
        assert gallery.counts() == {"people": 24, "photos": 24, "templates": 24}
        gallery.check()

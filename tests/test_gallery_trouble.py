"""Gallery in trouble: bad vectors, damaged files, a full disk, a read-only folder. Sentences, nothing lost."""

import errno
import logging
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from gallery_rig import DIMENSION, opened, photo, vector

from facegui.store import files
from facegui.types import GalleryError


@pytest.fixture
def gallery(tmp_path):
    with opened(tmp_path / "gallery") as gallery:
        yield gallery


def test_a_vector_must_be_numbers_of_the_right_length(gallery):
    for bad in (np.full(DIMENSION, np.nan), np.zeros(DIMENSION), np.ones(7)):
        with pytest.raises(GalleryError):
            gallery.enroll("Ana", [photo(1), photo(2, bad)])
    assert gallery.counts() == {"people": 0, "photos": 0, "templates": 0}
    gallery.enroll("Ana", [photo(1, 5 * vector(1))])  # any length of arrow will do
    assert gallery.search(vector(1)[None])[0][0].score == pytest.approx(1, abs=1e-6)


def test_content_that_does_not_match_its_checksum_is_refused(gallery, tmp_path):
    good = photo(1)
    file = tmp_path / "a.jpg"
    file.write_bytes(b"another content")
    with pytest.raises(GalleryError, match="changed while"):
        gallery.enroll("Ana", [replace(good, source=file)])
    assert not list((gallery.folder / "photos").rglob("*.*"))


def test_a_damaged_photo_file_is_not_served(gallery):
    number = gallery.enroll("Ana", [photo(1)]).photo_ids[0]
    gallery.photo_path(number).write_bytes(b"half a pho")
    with pytest.raises(GalleryError, match="damaged"):
        gallery.photo_bytes(number)
    gallery.photo_path(number).unlink()
    with pytest.raises(GalleryError, match="missing"):
        gallery.photo_bytes(number)


def test_a_full_disk_is_a_sentence_and_loses_nothing(gallery, monkeypatch):
    gallery.enroll("Ana", [photo(1)])
    calls = []

    def full(stream, data):
        calls.append(stream.write(data[:50]))
        if len(calls) == 2:
            raise OSError(errno.ENOSPC, "No space left on device")
        stream.write(data[50:])

    monkeypatch.setattr(files, "write", full)
    with pytest.raises(GalleryError, match="full"):
        gallery.enroll("Bob", [photo(2), photo(3)])
    monkeypatch.undo()
    assert [person.name for person in gallery.people()] == ["Ana"]
    assert len([path for path in (gallery.folder / "photos").rglob("*") if path.is_file()]) == 1
    assert gallery.enroll("Bob", [photo(2), photo(3)]).created


def test_a_folder_that_cannot_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(GalleryError, match="[Ff]older|file of the gallery"):
        opened(tmp_path / "file" / "gallery")
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to other users
        folder = Path(place) / "g"
        opened(folder).close()
        Path(place).chmod(0o755)
        folder.chmod(0o555)
        (folder / "gallery.db").chmod(0o444)
        child = os.fork()
        if not child:  # root may write anywhere: so be nobody
            status = 1
            try:
                if os.getuid() == 0:
                    os.setuid(65534)
                opened(folder).set_setting("a", 1)
            except GalleryError as error:
                status = 0 if "cannot be written" in str(error) else 2
            finally:
                os._exit(status)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        folder.chmod(0o755)


def test_logs_hold_no_names_or_vectors(gallery, caplog):
    caplog.set_level(logging.DEBUG, "facegui")
    gallery.enroll("Zaphod", [photo(1)])
    gallery.search(vector(1)[None])
    gallery.rename("Zaphod", "Trillian")
    gallery.rebuild_index()
    gallery.forget("Trillian")
    assert caplog.records and "ms" in caplog.text
    assert "Zaphod" not in caplog.text and "Trillian" not in caplog.text and "[" not in caplog.text


def test_a_disk_that_is_full_in_the_middle_of_a_deletion(gallery, monkeypatch):
    """The deletion stands; what is left to overwrite waits for the next start, and the gallery opens meanwhile."""
    path = gallery.photo_path(gallery.enroll("Ana", [photo(1)]).photo_ids[0])
    gallery.enroll("Bob", [photo(2)])

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "unlink", full)
    with pytest.raises(GalleryError, match="Ana is deleted.*every start"):
        gallery.forget("Ana")
    assert [person.name for person in gallery.people()] == ["Bob"] and path.exists()
    with opened(gallery.folder) as other:
        assert other.search(vector(1)[None], 1)[0][0].name == "Bob"
    monkeypatch.undo()
    opened(gallery.folder).close()
    assert not path.exists()

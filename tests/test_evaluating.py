"""A measurement or an export of the gallery does not outlive the photos in it, whoever deletes them."""

import films
import pytest

from facegui import drawn, evaluate
from facegui.config import Settings
from facegui.service import FaceService
from facegui.service.evaluating import Evaluating
from facegui.types import FaceguiError, no_tick
from facegui.ui.house import Exports


@pytest.fixture
def service(tmp_path):
    with FaceService(Settings(gallery=tmp_path / "gallery", device="cpu")) as one:
        for name in (films.KNOWN, films.OTHER):
            one.enroll(name, [drawn.person(drawn.CAST[name], view=view) for view in (0, 1)], force=True)
        yield one


def measured(measuring, service):
    measuring.start("gallery")
    return service.jobs.wait()


def test_its_file_is_written_once_and_goes_with_a_photo_that_another_process_deletes(service):
    measuring = Evaluating(service)
    assert measured(measuring, service).state == "done" and measuring.forget() == 0
    file = measuring.file()
    assert measuring.file() == file and "<svg" in file.read_text(encoding="utf-8")
    with FaceService(Settings(gallery=service.settings.gallery, device="cpu")) as other:
        other.forget(films.OTHER)
    assert measuring.forget() == 1 and measuring.report is None and not file.parent.exists()
    assert measuring.forget() == 0
    with pytest.raises(FaceguiError, match="measure something first"):
        measuring.file()


def test_the_next_measurement_takes_the_place_of_the_last(service):
    measuring = Evaluating(service)
    measured(measuring, service)
    first = measuring.file()
    measured(measuring, service)
    assert not first.exists() and measuring.file().exists() and measuring.file() != first


def test_who_is_deleted_while_the_gallery_is_measured_is_in_no_result(service, monkeypatch):
    body = evaluate.body

    def late(*arguments):
        service.forget(films.OTHER)
        return body(*arguments)

    monkeypatch.setattr(evaluate, "body", late)
    measuring = Evaluating(service)
    job = measured(measuring, service)
    assert job.state == "failed" and "deleted while the gallery was measured" in job.error
    assert measuring.report is None and not measuring.number


def test_the_photos_of_the_gallery_are_read_together(service, monkeypatch):
    """As many snapshots of the database as for any other gallery, however many photos there are."""
    measuring, read, counts = Evaluating(service), service.gallery.database.read, []
    monkeypatch.setattr(service.gallery.database, "read", lambda: (counts.append(1), read())[1])

    def asked():
        counts.clear()
        measuring.gallery()
        return len(counts)

    asked()
    few = asked()
    service.enroll(films.KNOWN, [drawn.person(drawn.CAST[films.KNOWN], view=view) for view in (2, 3, 4)], force=True)
    asked()
    assert asked() == few


def test_an_export_is_offered_as_long_as_all_its_photos_are_there(service, tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    copy, upload = tmp_path / "uploads" / "a1" / "made.zip", tmp_path / "uploads" / "b2" / "facegui-other.zip"
    exports = Exports(service)
    exports.make(tmp_path / "made.zip", no_tick)
    for file in (copy, upload):
        file.parent.mkdir(parents=True)
        file.write_bytes(b"as Gradio keeps it")
    assert exports.newest() == tmp_path / "made.zip" and exports.forget() == 0
    with FaceService(Settings(gallery=service.settings.gallery, device="cpu")) as other:
        other.forget(films.OTHER)
    assert exports.newest() is None and not copy.exists() and not (tmp_path / "made.zip").exists() and upload.exists()
    export = service.export
    monkeypatch.setattr(service, "export", lambda *given: (export(*given), service.forget(films.KNOWN)))
    with pytest.raises(FaceguiError, match="deleted while the export was made"):
        exports.make(tmp_path / "late.zip", no_tick)
    assert exports.newest() is None and not (tmp_path / "late.zip").exists()

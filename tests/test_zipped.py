"""Zip files of people: honest ones in the forms that packers make, and real malicious ones, refused in sentences."""

import io
import stat
import struct
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from facegui import drawn, image
from facegui.archive import members
from facegui.config import Settings
from facegui.service import FaceService, zipped
from facegui.service.zipped import people_in
from facegui.types import DataError, FaceguiError, ImageError

RANDOM = np.random.default_rng(4)
JPEG = image.encode_jpeg(RANDOM.integers(0, 255, (64, 64, 3), dtype=np.uint8), 90)


def packed(path, members, kind=zipfile.ZIP_STORED):
    """members: name or ZipInfo -> bytes."""
    with zipfile.ZipFile(path, "w", kind) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def listed(path):
    with people_in(path, path.parent) as (work, others):
        return [(one.person, one.label) for one in work], others, [one.load() for one in work]


def refused(path, words):
    with pytest.raises(DataError, match=words) as caught, people_in(path, path.parent):
        pass
    assert "Nobody was enrolled" in str(caught.value) and path.exists()


def test_photos_in_folders_are_found_with_and_without_a_folder_around_them(tmp_path):
    for number, around in enumerate(("", "family/")):
        path = packed(tmp_path / f"{number}.zip", {f"{around}Ana Lima/1.jpg": JPEG, f"{around}Ana Lima/old/2.JPG": JPEG,
                                                   f"{around}João/a.png": JPEG, f"{around}João/notes.txt": b"x",
                                                   f"__MACOSX/{around}João/._a.png": b"x", f"{around}João/.DS_Store": b"x"})
        found, others, data = listed(path)
        assert found == [("Ana Lima", "Ana Lima/1.jpg"), ("Ana Lima", "Ana Lima/old/2.JPG"), ("João", "João/a.png")]
        assert others == 1 and data == [JPEG] * 3


def test_backslashes_and_names_whose_packer_forgot_to_say_utf8(tmp_path):
    path = packed(tmp_path / "a.zip", {"Joa_o\\1.jpg": JPEG})
    path.write_bytes(path.read_bytes().replace(b"Joa_o", "João".encode()))
    with zipfile.ZipFile(path) as archive:
        assert archive.infolist()[0].flag_bits & 0x800 == 0
    assert listed(path)[0] == [("João", "João/1.jpg")]


@pytest.mark.parametrize("name", ["../Ana/1.jpg", "Ana/../../1.jpg", "/etc/Ana/1.jpg", "C:\\Ana\\1.jpg", "Ana\\..\\..\\1.jpg"])
def test_paths_that_lead_out_are_refused(tmp_path, name):
    refused(packed(tmp_path / "a.zip", {"Ana/ok.jpg": JPEG, name: JPEG}), "wants to lie outside")


def test_links_and_devices_are_refused(tmp_path):
    for mode in (stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR):
        link = zipfile.ZipInfo("Ana/1.jpg")
        link.create_system, link.external_attr = 3, (mode | 0o777) << 16
        refused(packed(tmp_path / "a.zip", {link: b"/etc/passwd"}), "holds a link")


def test_encrypted_nested_and_foreign_archives_are_refused(tmp_path):
    path = packed(tmp_path / "a.zip", {"Ana/1.jpg": JPEG})
    data = bytearray(path.read_bytes())
    data[data.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)
    refused(path, "encrypted")
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr("bomb", b"\0" * 10**6)
    refused(packed(path, {"Ana/1.jpg": JPEG, "Ana/more.ZIP": inner.getvalue()}), "another archive")
    refused(packed(path, {"manifest.json": b"{}", "people.jsonl": b"", "photos/ab/x.jpg": JPEG}), "export of a whole gallery")
    refused(packed(path, {"Ana/1.jpg": JPEG}, zipfile.ZIP_LZMA), "unusual way")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Ana/1.jpg", JPEG)
        archive.writestr("Ana/1.jpg", JPEG)
    refused(path, "twice")


def test_bombs_are_refused_before_a_member_is_opened(tmp_path, monkeypatch):
    path = packed(tmp_path / "a.zip", {f"Ana/{number}.bmp": b"\0" * (4 << 20) for number in range(8)}, zipfile.ZIP_DEFLATED)
    assert path.stat().st_size < 1 << 20
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_, **__: pytest.fail("opened"))
    refused(path, "would unpack to 33,554,432 bytes")


def test_overlapping_members_are_refused(tmp_path):
    """Fifield's bomb: many directory entries that share one body."""
    body = image.encode_jpeg(RANDOM.integers(0, 255, (200, 200, 3), dtype=np.uint8), 90)
    one = packed(tmp_path / "a.zip", {"Ana/00.jpg": body}).read_bytes()
    at, end = one.index(b"PK\1\2"), one.index(b"PK\5\6")
    entry, count = one[at:end], 60
    entries = b"".join(entry.replace(b"00.jpg", b"%02d.jpg" % number) for number in range(count))
    tail = struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, count, count, len(entries), at, 0)
    (tmp_path / "a.zip").write_bytes(one[:at] + entries + tail)
    assert len(zipfile.ZipFile(tmp_path / "a.zip").infolist()) == count
    refused(tmp_path / "a.zip", "would unpack to")


def test_too_many_files_and_too_large_directories_are_refused_unread(tmp_path, monkeypatch):
    monkeypatch.setattr(zipped, "MOST_FILES", 3)
    refused(packed(tmp_path / "a.zip", {f"Ana/{number}.jpg": JPEG for number in range(4)}), "more than 3 files")
    monkeypatch.undo()
    monkeypatch.setattr(zipfile, "ZipFile", lambda *_: pytest.fail("read"))
    for name, end in (("b.zip", struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 10, 10, 1 << 30, 0, 0)),
                      ("c.zip", b"PK\6\7" + bytes(16) + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 1, 1, 99, 0, 0))):
        (tmp_path / name).write_bytes(bytes(100) + end)
        refused(tmp_path / name, "more than 50,000 files")


def test_the_size_limit_and_a_full_disk(tmp_path, monkeypatch):
    path = packed(tmp_path / "a.zip", {"Ana/1.jpg": JPEG})
    monkeypatch.setattr(zipped, "MOST_BYTES", 1000)
    refused(path, "the limit is")
    monkeypatch.undo()
    monkeypatch.setattr(members.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 1 << 20}))
    refused(path, "are free on the gallery's disk")


@pytest.mark.parametrize("data", [b"", b"no zip at all" * 50, b"PK\5\6" + bytes(10), JPEG])
def test_what_is_no_zip_file(tmp_path, data):
    (tmp_path / "a.zip").write_bytes(data)
    refused(tmp_path / "a.zip", "not a zip file|damaged")


def test_photos_without_a_folder_and_a_cut_file(tmp_path):
    refused(packed(tmp_path / "a.zip", {"1.jpg": JPEG, "2.jpg": JPEG}), "no photos lie in folders")
    whole = packed(tmp_path / "b.zip", {"Ana/1.jpg": JPEG}).read_bytes()
    (tmp_path / "b.zip").write_bytes(whole[100:])
    with pytest.raises(FaceguiError):
        listed(tmp_path / "b.zip")


def test_a_damaged_photo_is_one_problem_and_a_lie_about_its_size_another(tmp_path):
    path = packed(tmp_path / "a.zip", {"Ana/1.jpg": JPEG, "Ana/2.jpg": JPEG})
    data = bytearray(path.read_bytes())
    data[data.index(JPEG) + 100] ^= 255
    path.write_bytes(data)
    with people_in(path, tmp_path) as (work, _):
        with pytest.raises(ImageError, match="1.jpg is damaged inside the zip"):
            work[0].load()
        assert work[1].load() == JPEG
    path = packed(path, {"Ana/1.jpg": JPEG}, zipfile.ZIP_DEFLATED)
    data = bytearray(path.read_bytes())
    at = data.index(b"PK\1\2") + 24
    data[at:at + 4] = struct.pack("<L", len(JPEG) - 50)
    path.write_bytes(data)
    with people_in(path, tmp_path) as (work, _), pytest.raises(ImageError):
        work[0].load()


def test_a_gallery_is_built_from_a_zip_and_nothing_else_stays(tmp_path):
    """The whole way through the command line, with a photo that nobody can use; run again, everything is there already."""
    members = {f"people/{name}/{view}.jpg": image.encode_jpeg(drawn.person(drawn.CAST[name], view=view), 92)
               for name in list(drawn.CAST)[:2] for view in range(2)}
    path = packed(tmp_path / "people.zip", members | {"people/Nobody/wall.jpg": JPEG})
    words = [sys.executable, "-m", "facegui", "build", str(path), "--gallery", str(tmp_path / "gallery")]
    run = subprocess.run(words, cwd=Path(__file__).parent.parent, capture_output=True, text=True)
    assert run.returncode == 0 and "4 photos enrolled" in run.stdout and "1 person without a usable photo: Nobody" in run.stdout
    with FaceService(Settings(gallery=tmp_path / "gallery")) as service:
        assert [(one.name, one.photos) for one in service.people()] == [(name, 2) for name in sorted(list(drawn.CAST)[:2])]
        again = service.build(path)
        assert (again.enrolled, again.duplicates, again.people) == (0, 4, 2)
        (tmp_path / "half.zip").write_bytes(path.read_bytes()[:-200])
        with pytest.raises(DataError, match="not a zip file|damaged"):
            service.build(tmp_path / "half.zip")
    kept = [one for one in (tmp_path / "gallery").rglob("*") if one.is_file() and one.suffix == ".jpg"]
    assert len(kept) == 4 and sorted(one.name for one in tmp_path.iterdir()) == ["gallery", "half.zip", "people.zip"]

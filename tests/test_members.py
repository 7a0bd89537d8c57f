"""An archive and a zip file of people are judged alike: the same tricks, the same reasons."""

import shutil
import stat
import warnings
import zipfile

import pytest
from gallery_rig import opened, photo

from facegui import archive
from facegui.archive import members
from facegui.service.zipped import people_in
from facegui.types import FaceguiError

PHOTO = f"photos/ab/ab{'0' * 62}.jpg"


def zipped(path, **about):
    """A further photo in the zip file, with a directory entry of its own."""
    with zipfile.ZipFile(path, "a") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        member = zipfile.ZipInfo(about.get("name", PHOTO))
        member.external_attr, member.compress_type = about.get("mode", 0) << 16, about.get("packed", zipfile.ZIP_STORED)
        file.writestr(member, about.get("data", b"x"))


def locked(path):
    zipped(path)
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\1\2") + 8] |= 1
    path.write_bytes(data)


TRICKS = {
    "a link or no plain file": lambda path: zipped(path, mode=stat.S_IFLNK | 0o777),
    "is encrypted": locked,
    "in an unusual way": lambda path: zipped(path, packed=zipfile.ZIP_BZIP2),
    "stands in it twice": lambda path: [zipped(path), zipped(path)],
    "would unpack to": lambda path: zipped(path, packed=zipfile.ZIP_DEFLATED, data=bytes(30_000_000)),
}


@pytest.mark.parametrize("why", TRICKS)
def test_both_refuse_the_same_for_the_same_reason(tmp_path, why):
    with opened(tmp_path / "from") as gallery:
        gallery.enroll("Ana", [photo(1)])
        archive.export(gallery.folder, tmp_path / "export.zip")
    with zipfile.ZipFile(tmp_path / "people.zip", "w") as file:
        file.writestr("Ana/1.jpg", b"x")
    said = []
    for name, take in (("export.zip", lambda path: archive.load(tmp_path / "to", path)),
                       ("people.zip", lambda path: people_in(path, tmp_path).__enter__())):
        TRICKS[why](tmp_path / name)
        with pytest.raises(FaceguiError, match=why) as caught:
            take(tmp_path / name)
        said.append(str(caught.value))
    assert "not imported" in said[0] and "not taken" in said[1]


def test_both_say_where_the_disk_is_too_small(tmp_path, monkeypatch):
    with opened(tmp_path / "from") as gallery:
        archive.export(gallery.folder, tmp_path / "export.zip")
    monkeypatch.setattr(members.shutil, "disk_usage", lambda _: shutil._ntuple_diskusage(1 << 30, 1 << 30, 1000))
    told = "gallery.s disk; free some space and try again. Nothing was changed.$"  # no other archive helps
    with pytest.raises(FaceguiError, match=told):
        archive.load(tmp_path / "to", tmp_path / "export.zip")

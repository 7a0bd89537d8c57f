"""Archives that are damaged, foreign or made to do harm: refused in a sentence, and nothing is changed."""

import hashlib
import io
import json
import stat
import struct
import zipfile

import numpy as np
import pytest
from gallery_rig import contents, crowd, opened, photo, vector

from facegui import archive
from facegui.types import GalleryError


@pytest.fixture
def exported(tmp_path):
    with opened(tmp_path / "from") as gallery:
        gallery.enroll_many(crowd(12, 3))
        gallery.enroll("Pair", [photo(5000), photo(5001)])
        gallery.add_templates("model b", [(one.id, vector(one.id, dimension=8)) for one in gallery.photos("Pair")])
        archive.export(gallery.folder, tmp_path / "out.zip")
    return tmp_path / "out.zip"


def rewritten(source, target, change):
    """A copy of an archive with `change(name, data)` -> data or None for each member."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            data = change(member.filename, old.read(member))
            if data is not None:
                new.writestr(member.filename, data)
    return target


def flip(name_part):
    return lambda name, data: data[:-9] + bytes([data[-9] ^ 1]) + data[-8:] if name_part in name else data


def drop(name_part):
    return lambda name, data: None if name_part in name else data


def manifest(**changes):
    return lambda name, data: json.dumps(json.loads(data) | changes).encode() if name == "manifest.json" else data


def extra(path, name, data=b"x", mode=0):
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as file:
        member = zipfile.ZipInfo(name)
        member.external_attr = mode << 16
        member.compress_type = zipfile.ZIP_DEFLATED
        file.writestr(member, data)


def swap_row(**changes):
    """Change the first photo's row, checksum and all: what a skilled forger would do."""
    def change(name, data):
        if name == "photos.jsonl":
            first, rest = data.split(b"\n", 1)
            return json.dumps(json.loads(first) | changes).encode() + b"\n" + rest
        return data
    return change


def honest(source, target, change):
    """Like `rewritten`, with the manifest's checksums made to fit."""
    rewritten(source, target, change)
    with zipfile.ZipFile(target) as file:
        sums = {name: hashlib.sha256(file.read(name)).hexdigest() for name in file.namelist()
                if name.endswith((".jsonl", ".npy"))}
    final = target.with_suffix(".2.zip")
    return rewritten(target, final, manifest(sha256=sums))


BAD = {
    "flipped photo": lambda a, b: rewritten(a, b, flip("photos/")),
    "flipped people": lambda a, b: rewritten(a, b, flip("people.jsonl")),
    "flipped vectors": lambda a, b: rewritten(a, b, flip("vectors/0.npy")),
    "photo missing": lambda a, b: rewritten(a, b, drop("photos/")),
    "vectors missing": lambda a, b: rewritten(a, b, drop("vectors/1.npy")),
    "no manifest": lambda a, b: rewritten(a, b, drop("manifest")),
    "foreign": lambda a, b: rewritten(a, b, manifest(format="something else")),
    "newer": lambda a, b: rewritten(a, b, manifest(version=99)),
    "miscounted": lambda a, b: rewritten(a, b, manifest(photos=7)),
    "models no list": lambda a, b: rewritten(a, b, manifest(models=5)),
    "person out of range": lambda a, b: honest(a, b, swap_row(person=13)),
    "file elsewhere": lambda a, b: honest(a, b, swap_row(file="../../../etc/passwd")),
    "a page": lambda a, b: honest(a, b, swap_row(file="photos/00/" + "0" * 64 + ".html", sha256="0" * 64)),
    "box of text": lambda a, b: honest(a, b, swap_row(box=["a", "b", "c", "d"])),
    "infinite score": lambda a, b: honest(a, b, swap_row(score=float("inf"))),
    "four landmarks": lambda a, b: honest(a, b, swap_row(landmarks=[[1, 2]] * 4)),
    "not JSON": lambda a, b: honest(a, b, lambda name, data: b"{]\n" if name == "people.jsonl" else data),
    "bad name": lambda a, b: honest(a, b, lambda name, data: data.replace(b"Pair", b"\\u0007")
                                    if name == "people.jsonl" else data),
    "pickle": lambda a, b: honest(a, b, lambda name, data: _pickled() if name == "vectors/0.npy" else data),
    "not finite": lambda a, b: honest(a, b, lambda name, data: data[:-4] + struct.pack("<f", float("nan"))
                                      if name == "vectors/0.npy" else data),
}


def _pickled():
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], object), allow_pickle=True)
    return out.getvalue()


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_archive_is_refused_and_changes_nothing(exported, tmp_path, kind):
    bad = BAD[kind](exported, tmp_path / "bad.zip")
    with opened(tmp_path / "to") as gallery:
        gallery.enroll("Ana", [photo(1)])
        before = contents(gallery)
        with pytest.raises(GalleryError, match=r"[.;]") as caught:
            archive.load(gallery.folder, bad)
        assert any(words in str(caught.value) for words in ("not imported", "Nothing was changed", "name"))
        assert contents(gallery) == before and gallery.counts()["people"] == 1
        left = [path for path in gallery.folder.rglob("*") if path.is_file() and not path.name.startswith("gallery.db")]
        assert len(left) == 1


def test_tricks_of_the_zip_format(exported, tmp_path):
    tricks = {"../evil.jpg": 0, "/etc/evil": 0, "photos/../../evil.jpg": 0, "photos\\evil.jpg": 0, "gallery.db": 0,
              f"photos/ab/ab{'0' * 62}.jpg": stat.S_IFLNK | 0o777}
    for name, mode in tricks.items():
        bad = rewritten(exported, tmp_path / "bad.zip", lambda _, data: data)
        extra(bad, name, mode=mode)
        with pytest.raises(GalleryError, match="not imported"):
            archive.load(tmp_path / "to", bad)
    bad = rewritten(exported, tmp_path / "bad.zip", lambda _, data: data)
    with pytest.warns(UserWarning):
        extra(bad, "people.jsonl")
    with pytest.raises(GalleryError, match="twice"):
        archive.load(tmp_path / "to", bad)
    bomb = rewritten(exported, tmp_path / "bomb.zip", lambda _, data: data)
    extra(bomb, f"photos/ab/ab{'0' * 62}.jpg", bytes(300_000_000))
    with pytest.raises(GalleryError, match="unpack to"):
        archive.load(tmp_path / "to", bomb)
    assert not (tmp_path / "evil.jpg").exists() and not (tmp_path / "to" / "photos").exists()


def test_cut_short_anywhere(exported, tmp_path):
    whole = exported.read_bytes()
    for share in (0, 0.2, 0.6, 0.98, 0.9999):
        (tmp_path / "cut.zip").write_bytes(whole[:int(len(whole) * share)])
        with pytest.raises(GalleryError, match="cut short|no facegui archive"):
            archive.load(tmp_path / "to", tmp_path / "cut.zip")
    hole = bytearray(whole)
    hole[len(whole) // 3:len(whole) // 3 + 400] = bytes(400)
    (tmp_path / "cut.zip").write_bytes(hole)
    with pytest.raises(GalleryError, match="not imported"):
        archive.load(tmp_path / "to", tmp_path / "cut.zip")
    with pytest.raises(GalleryError, match="no file"):
        archive.load(tmp_path / "to", tmp_path / "none.zip")

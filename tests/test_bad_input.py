"""Bad input, from the command line: a sentence that says what is wrong and what to do, exit code 2, nothing lost."""

import os
import struct
import zlib

import pytest
from PIL import Image

from facegui import drawn, image
from facegui.cli import main

SEED = next(iter(drawn.CAST.values()))


def png_header(width, height):
    """A PNG that claims this size and holds next to nothing: what a decompression bomb looks like from outside."""
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) + \
        chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def truncated(path):
    image.write(path, drawn.person(SEED))
    path.write_bytes(path.read_bytes()[:2000])


BAD = {
    "truncated.jpg": truncated,
    "text.jpg": lambda path: path.write_text("this is no picture"),
    "empty.png": lambda path: path.write_bytes(b""),
    "dot.png": lambda path: Image.new("RGB", (1, 1)).save(path),
    "bomb.png": lambda path: path.write_bytes(png_header(30_000, 30_000)),
    "folder.jpg": lambda path: path.mkdir(),
    "broken-link.jpg": lambda path: path.symlink_to("nowhere.jpg"),
    "missing.jpg": lambda path: None,
}


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("FACEGUI_GALLERY", str(tmp_path / "gallery"))
    return tmp_path


@pytest.fixture
def good(here):
    image.write(here / "good.jpg", drawn.person(SEED))
    return here / "good.jpg"


def files(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("name", BAD)
def test_a_bad_photo_is_a_sentence(here, good, capsys, name):
    BAD[name](here / name)
    for words in (["identify", here / name], ["verify", good, here / name], ["enroll", "Ana", here / name]):
        assert main([*map(str, words)]) == 2, words
        said = capsys.readouterr()
        text = said.err + said.out
        assert name in text and ";" in text and "Traceback" not in text, words
    assert main(["people", "--json"]) == 0 and capsys.readouterr().out.strip() == "[]"
    assert not [file for file in files(here / "gallery") if file.startswith("photos/")]


def test_one_bad_photo_does_not_stop_the_others(here, good, capsys):
    bad = here / "bad.jpg"
    bad.write_text("nonsense")
    assert main(["identify", str(bad), str(good), "--out", str(here / "out")]) == 2
    assert files(here / "out") == ["good.jpg"]
    assert main(["enroll", "Ana", str(bad), str(good)]) == 2  # said, but the good photo is enrolled
    assert main(["people"]) == 0 and "Ana  1 photo" in capsys.readouterr().out


def test_an_animated_picture_gives_its_first_frame(here, capsys):
    frames = [Image.fromarray(drawn.person(SEED, view=view)) for view in range(3)]
    frames[0].save(here / "moving.webp", save_all=True, append_images=frames[1:], duration=100)
    assert main(["identify", str(here / "moving.webp")]) == 0
    assert "1 face" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["", "   ", "a" * 10_000, "bell\x07", "line\nbreak"[:4] + "\u202e"])
def test_an_impossible_name_is_refused_before_anything_happens(here, good, capsys, name):
    assert main(["enroll", name, str(good)]) == 2
    assert "name" in capsys.readouterr().err
    assert main(["people", "--json"]) == 0 and capsys.readouterr().out.strip() == "[]"


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b\\c:d", "🙂 Ñandú", "Зоя Иванова", "O'Brien; DROP TABLE people", "-rf"])
def test_any_other_name_is_only_a_name(here, good, capsys, name):
    before = files(here)
    assert main(["enroll", "--force", "--", name, str(good)]) == 0
    capsys.readouterr()
    assert main(["identify", str(good)]) == 0 and name in capsys.readouterr().out
    new = set(files(here)) - set(before)
    assert all(file.startswith("gallery" + os.sep) for file in new)


@pytest.mark.parametrize("make, says", [
    (lambda folder: None, "no folder"),
    (lambda folder: folder.mkdir(), "nobody to enroll"),
    (lambda folder: (folder.mkdir(), (folder / "photo.jpg").write_bytes(b"x")), "sub-folder per person"),
    (lambda folder: folder.write_text("a file"), "not a zip file"),
])
def test_a_bad_folder_is_a_sentence(here, capsys, make, says):
    make(here / "people")
    assert main(["build", str(here / "people")]) == 2
    assert says in capsys.readouterr().err


def test_an_unwritable_out_is_a_sentence(here, good, capsys):
    assert main(["identify", str(good), "--out", str(here / "nowhere" / "out.jpg")]) == 2
    assert main(["identify", str(good), "--out", str(here / "out.xyz")]) == 2
    assert "Traceback" not in capsys.readouterr().err


def test_a_gallery_that_is_none_is_a_sentence(here, good, capsys):
    (here / "gallery").mkdir()
    (here / "gallery" / "gallery.db").write_text("not a database, " * 500)
    assert main(["people"]) == 2
    assert "damaged or no database" in capsys.readouterr().err
    assert (here / "gallery" / "gallery.db").read_text().startswith("not a database")

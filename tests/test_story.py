"""The main story, end to end, as a user tells it on the command line: real detector, real model, real gallery."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from facegui import drawn, image
from facegui.cli import main
from facegui.service import demo

ROOT = Path(__file__).resolve().parent.parent
PEOPLE = list(drawn.CAST)[:4]
LOOK = {"light": 0.2, "yaw": 0.1, "smile": 0.2, "view": 3}  # unlike any photo that is enrolled


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    place = tmp_path_factory.mktemp("people")
    demo.photos(place, PEOPLE[:3])
    return place


@pytest.fixture
def run(tmp_path, capsys):
    """run("identify", ...) -> (exit code, JSON answers, what was said on standard error)."""
    def run(*words):
        capsys.readouterr()
        code = main([*map(str, words), "--gallery", str(tmp_path / "gallery"), "--json"])
        said = capsys.readouterr()
        return code, [json.loads(line) for line in said.out.splitlines()], said.err
    return run


def photo(path, seed, **look):
    image.write(path, drawn.person(seed, **(LOOK | look)))
    return path


def test_build_enroll_identify(run, folder, tmp_path):
    code, (report,), _ = run("build", folder)
    assert code == 0 and report["people"] == 3 and report["enrolled"] == 3 * len(demo.VIEWS) and not report["problems"]
    assert run("build", folder)[1][0] | {"seconds": 0} == report | {"enrolled": 0, "duplicates": report["enrolled"], "seconds": 0}

    newcomer = PEOPLE[3]
    shots = [photo(tmp_path / f"new{view}.jpg", drawn.CAST[newcomer], view=view) for view in (0, 1)]
    bare = photo(tmp_path / "bare.jpg", drawn.CAST[newcomer])
    alone = run("identify", bare, "--threshold", drawn.APART)[1][0]["faces"][0]
    assert alone["name"] is None, "not enrolled yet, so unknown"
    assert run("enroll", newcomer, *shots)[1][0]["enrolled"] == 2

    masked = photo(tmp_path / "masked.jpg", drawn.CAST[newcomer], mask=True)
    stranger = photo(tmp_path / "stranger.jpg", drawn.STRANGERS[demo.STRANGER])
    code, answers, _ = run("identify", bare, masked, stranger, "--out", tmp_path / "out", "--top", 3,
                            "--threshold", drawn.APART)
    assert code == 0 and [len(answer["faces"]) for answer in answers] == [1, 1, 1]
    faces = [answer["faces"][0] for answer in answers]
    assert [face["name"] for face in faces] == [newcomer, newcomer, None]
    assert [face["masked"] for face in faces] == [False, True, False]
    assert [face["cover"] for face in faces] == ["bare", "masked", "bare"]
    for answer, face in zip(answers, faces, strict=True):
        assert set(answer) == {"image", "width", "height", "faces", "ms"}
        assert set(answer["ms"]) == {"decode", "detect", "align", "embed", "search"}
        assert set(face) == {"box", "landmarks", "score", "quality", "masked", "cover", "name", "match_score", "threshold",
                             "candidates", "level", "question", "question_from", "mode", "reason", "why"}
        assert len(face["candidates"]) == 3 and face["candidates"][0]["score"] == face["match_score"]
        assert (face["match_score"] >= face["threshold"]) == (face["name"] is not None)
        x1, y1, x2, y2 = face["box"]
        assert 0 <= x1 < x2 <= answer["width"] and 0 <= y1 < y2 <= answer["height"]
        assert all(x1 <= x <= x2 and y1 <= y <= y2 for x, y in face["landmarks"])
    for name in ("bare", "masked", "stranger"):
        before, after = image.read(tmp_path / f"{name}.jpg").pixels, image.read(tmp_path / "out" / f"{name}.jpg").pixels
        assert before.shape == after.shape and np.abs(before.astype(int) - after).max() > 100

    code, (answer,), _ = run("verify", bare, shots[0], "--threshold", drawn.APART)
    assert code == 0 and answer["same"]
    code, (answer,), _ = run("verify", bare, stranger, "--threshold", drawn.APART)
    assert code == 1 and not answer["same"]


def test_another_process_finds_the_newcomer_at_once(run, folder, tmp_path):
    """A process that is running, with its gallery open, finds a person whom this process enrolls meanwhile."""
    run("build", folder)
    bare = photo(tmp_path / "bare.jpg", drawn.CAST[PEOPLE[3]])
    code = ("import sys\nfrom facegui.service import FaceService\nfrom facegui.config import Settings\nfrom pathlib import Path\n"
            "faces = FaceService(Settings(gallery=Path(sys.argv[1])))\n"
            f"for line in sys.stdin: print(faces.identify(line.strip(), threshold={drawn.APART}).faces[0].name, flush=True)\n")
    other = subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "gallery")], cwd=ROOT, text=True,
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        def ask():
            other.stdin.write(f"{bare}\n")
            other.stdin.flush()
            return other.stdout.readline().strip()
        assert ask() == "None"
        run("enroll", PEOPLE[3], photo(tmp_path / "new.jpg", drawn.CAST[PEOPLE[3]], view=1))
        assert ask() == PEOPLE[3]
        run("rename", PEOPLE[3], "Somebody Else")
        assert ask() == "Somebody Else"
        run("forget", "Somebody Else")
        assert ask() == "None"
    finally:
        other.stdin.close()
        other.wait(20)


def test_people_can_be_renamed_merged_forgotten_and_carried(run, folder, tmp_path):
    run("build", folder)
    first, second, third = PEOPLE[:3]
    assert run("rename", first, "Zoë")[0] == 0
    assert run("rename", "Zoë", second)[0] == 2  # taken
    assert run("merge", "Zoë", second)[0] == 0
    assert {one["name"]: one["photos"] for one in run("people")[1][0]} == {second: 6, third: 3}
    assert run("merge", "--undo")[0] == 0
    assert {one["name"] for one in run("people")[1][0]} == {"Zoë", second, third}
    assert run("forget", third)[1][0]["photos"] == 3
    assert run("forget", third)[0] == 2

    assert run("export", tmp_path / "all.zip")[0] == 0
    carried = ["--gallery", str(tmp_path / "other")]
    assert main(["import", str(tmp_path / "all.zip"), *carried]) == 0
    probe = photo(tmp_path / "probe.jpg", drawn.CAST[first])
    assert run("identify", probe)[1][0]["faces"][0]["name"] == "Zoë"
    with_carried = subprocess.run([sys.executable, "-m", "facegui", "identify", str(probe), "--json", *carried], cwd=ROOT,
                                  capture_output=True, text=True, check=True)
    assert json.loads(with_carried.stdout)["faces"][0]["name"] == "Zoë"


def test_the_demo_tells_the_story(tmp_path, capsys):
    assert main(["demo", "--out", str(tmp_path / "demo.png"), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [face["name"] for face in told["faces"]] == [demo.NEWCOMER, None]
    assert told["faces"][0]["masked"] and told["people"] == len(drawn.CAST) - 1
    assert image.read(tmp_path / "demo.png").width > 400


def test_without_a_model_it_says_how_to_get_one(tmp_path, capsys):
    words = ["--gallery", str(tmp_path / "g"), "--weights", str(tmp_path / "none")]
    assert main(["people", *words]) == 0
    assert main(["identify", str(photo(tmp_path / "a.jpg", 1)), *words]) == 2
    assert "models get" in capsys.readouterr().err

"""`evaluate` on the command line, with the real detector, model and judge of masks, on photos of drawn people."""

import json
import re
import shutil

import pytest
from served import ROOT

from facegui import drawn, image
from facegui.cli import main

NAMES = list(drawn.CAST)[:4]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    place = tmp_path_factory.mktemp("evaluate")
    for name in NAMES:
        (place / "people" / name).mkdir(parents=True)
        for view in range(4):
            pixels = drawn.person(drawn.CAST[name], view=view, mask=view == 3, size=240)
            image.write(place / "people" / name / f"{view}.jpg", pixels)
    for model in ("compact", "cover"):
        shutil.copytree(ROOT / "weights" / model, place / "weights" / model)
    return place


@pytest.fixture
def run(place, capsys):
    def run(*words):
        code = main([*words, "--weights", str(place / "weights"), "--gallery", str(place / "gallery")])
        return code, capsys.readouterr()
    return run


def test_a_folder_with_real_masks_is_told_apart_and_reported(place, run, tmp_path):
    file = tmp_path / "report.html"
    code, said = run("evaluate", "folder", str(place / "people"), "--html", str(file), "--json")
    assert code == 0 and "keep it as safe as the photos" in said.err
    values = json.loads(said.out)
    pairs = {one["name"]: one for one in values["comparisons"]}
    assert pairs["all photos"]["genuine"] == 4 * 6 and pairs["all photos"]["impostor"] == 120 - 24
    masked = pairs["all photos: one masked"]  # the judge of masks found which photos wear one
    assert masked["genuine"] == 4 * 3 and masked["impostor"] == 4 * 9
    text = file.read_text()
    assert re.search(r"evaluate folder \S+people --split 0.2 --seed 0 --model compact", text) and "one masked" in text
    again, said = run("evaluate", "folder", str(place / "people"), "--json")
    second = json.loads(said.out)
    assert again == 0 and second["comparisons"] == values["comparisons"] and second["searches"] == values["searches"]


def test_masks_are_drawn_and_every_condition_reported(place, run, tmp_path):
    code, said = run("evaluate", "masked", str(place / "people"), "--html", str(tmp_path / "masked.html"), "--json")
    values = json.loads(said.out)
    assert code == 0 and len(values["results"]) == 10 and len(values["searches"]) == len(values["comparisons"]) == 5
    assert [one["matching"] for one in values["results"]] == ["by cosine"] * 5 + ["as facegui compares"] * 5
    for result, search in zip(values["results"][:5], values["searches"], strict=True):
        assert (search["probes"], search["rank_one"]["right"]) == (result["probes"], result["right"])
        assert search["name"] == result["condition"]["name"]
    assert (tmp_path / "masked.html").read_text().count('data-histogram="') == 10


def test_the_gallery_says_which_photo_is_under_a_wrong_name(place, run, tmp_path):
    for name in NAMES[:3]:
        run("enroll", name, *(str(place / "people" / name / f"{view}.jpg") for view in range(3)))
    image.write(tmp_path / "slip.jpg", drawn.person(drawn.CAST[NAMES[0]], view=5, size=240))
    run("enroll", NAMES[1], str(tmp_path / "slip.jpg"), "--force")
    code, said = run("evaluate", "gallery", "--html", str(tmp_path / "gallery.html"))
    assert code == 0 and "3 people, 10 photos" in said.out and "photos look more like somebody else" in said.out
    assert re.search(rf"{NAMES[1]}, photo \d+, looks like {NAMES[0]}", said.out)
    assert "Looks like somebody else" in (tmp_path / "gallery.html").read_text()
    code, said = run("evaluate", "gallery", "--html", str(tmp_path / "nowhere" / "x.html"))
    assert code == 2 and "cannot be written" in said.err

"""check, apart, move, keep and enroll --careful on the command line, on drawn people."""

import json

import pytest

from facegui import drawn, image
from facegui.cli import main
from facegui.config import Settings
from facegui.service import FaceService, models

ONE, TWO = list(drawn.CAST)[:2]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """ONE is there twice, and a photo of TWO lies with ONE."""
    place = tmp_path_factory.mktemp("doubts")

    def photos(name, views, **look):
        for view in views:
            image.write(place / f"{name}{view}.jpg", drawn.person(drawn.CAST[name], view=view, **look))
        return [place / f"{name}{view}.jpg" for view in views]
    with FaceService(Settings(gallery=place / "gallery")) as faces:
        faces.gallery.set_setting(models.THRESHOLD, drawn.APART)
        faces.enroll(TWO, photos(TWO, (0, 1)))
        faces.enroll(ONE, [*photos(ONE, (0, 1)), *photos(TWO, (2,))])
        faces.enroll("Double", photos(ONE, (3, 4)))
    return place


def run(place, capsys, *words):
    code = main([*words, "--gallery", str(place / "gallery")])
    caught = capsys.readouterr()
    return code, json.loads(caught.out) if "--json" in words else caught.out + caught.err


def test_doubts_are_listed_and_settled(place, capsys):
    code, found = run(place, capsys, "check", "--json")
    assert code == 1 and [{one["one"], one["other"]} for one in found["duplicates"]] == [{ONE, "Double"}]
    (stray,) = found["misplaced"]
    assert (stray["person"], stray["like"]) == (ONE, TWO)
    assert f"photo {stray['photo']} of {ONE}: like {TWO}" in run(place, capsys, "check")[1]

    assert run(place, capsys, "keep", str(stray["photo"]))[0] == 0
    assert run(place, capsys, "check", "--json")[1]["misplaced"] == []
    assert run(place, capsys, "keep", str(stray["photo"]), "--undo")[0] == 0
    code, moved = run(place, capsys, "move", str(stray["photo"]), "--to", TWO, "--json")
    assert (moved["from_name"], moved["into_name"], moved["photos"]) == (ONE, TWO, 1)
    assert run(place, capsys, "apart", "Double", ONE)[0] == 0
    assert run(place, capsys, "check") [0] == 0 and "nothing looks wrong" in run(place, capsys, "check")[1]
    assert run(place, capsys, "move", "--undo")[0] == 0
    assert run(place, capsys, "apart", "Double", ONE, "--undo")[0] == 0
    assert len(run(place, capsys, "check", "--json")[1]["misplaced"]) == 1
    listed = run(place, capsys, "people", ONE, "--photos")[1]
    assert f"photo {stray['photo']}  {TWO}2.jpg" in listed


def test_wrong_words_are_sentences(place, capsys):
    for words, said in ((("move", "3"), "--to NAME"), (("apart", ONE, "Nobody Such"), "Nobody in the gallery is called"),
                        (("keep", "99999"), "no longer in the gallery"), (("move", "99999", "--to", "X"), "no longer in the gallery")):
        code, told = run(place, capsys, *words)
        assert code == 2 and said in told


def test_careful_enrolling_asks_first_and_a_note_is_kept(place, capsys):
    image.write(place / "again.jpg", drawn.person(drawn.CAST[TWO], view=5))
    words = ("enroll", "Somebody Else", str(place / "again.jpg"), "--consent", "agreed by mail")
    code, told = run(place, capsys, *words, "--careful")
    assert code == 1 and f"looks like {TWO}" in told and "Somebody Else was not enrolled" in told
    assert run(place, capsys, "people", "Somebody", "--json")[1] == []
    code, told = run(place, capsys, *words)
    assert code == 0 and f"take care: looks like {TWO}" in told
    (person,) = run(place, capsys, "people", "Somebody", "--json")[1]
    assert person["note"] == "agreed by mail" and person["photos"] == 1
    for other in (TWO, ONE):  # a photo of the one lies with the other
        assert run(place, capsys, "apart", "Somebody Else", other)[0] == 0
    image.write(place / "more.jpg", drawn.person(drawn.CAST[TWO], view=6))
    assert run(place, capsys, "enroll", "Somebody Else", str(place / "more.jpg"), "--careful")[0] == 0, "decided before"
    run(place, capsys, "forget", "Somebody Else")

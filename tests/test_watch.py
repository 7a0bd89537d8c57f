"""watch and video from the command line: a film, real cameras over HTTP and RTSP, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import films
import pytest
import rtsp
from films import KNOWN, PARTS

from facegui import drawn, image
from facegui.capture import VideoFile
from facegui.cli import main
from facegui.config import Settings
from facegui.drawn.film import film as drawn_film
from facegui.service import FaceService
from facegui.service.watch import Watcher

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    place = tmp_path_factory.mktemp("gallery")
    with FaceService(Settings(gallery=place, device="cpu")) as one:
        films.enroll(one)
    return place


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return films.people(tmp_path_factory.mktemp("film") / "people.mp4")


def lines(capsys):
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_who_comes_and_goes_in_a_film(gallery, film, tmp_path, capsys):
    assert main(["watch", str(film), "--gallery", str(gallery), "--json", "--out", str(tmp_path / "met")]) == 0
    told = lines(capsys)
    assert [one["label"] for one in told if one["event"] == "comes"] == [KNOWN, "unknown #1", KNOWN]
    assert [one["label"] for one in told if one["event"] == "goes"] == [KNOWN, "unknown #1", KNOWN]
    assert [one["masked"] for one in told if one["event"] == "comes"] == [False, False, True]
    first = told[0]
    assert PARTS[0].start_s <= first["time_s"] <= PARTS[0].start_s + 1 and first["score"] > drawn.APART and not first["masked"]
    stranger = next(one for one in told if one["event"] == "goes" and one["label"] == "unknown #1")
    assert abs(stranger["time_s"] - PARTS[1].end_s) <= 0.3 and stranger["name"] is None
    pictures = sorted((tmp_path / "met").iterdir())
    assert [str(one) for one in pictures] == [one["picture"] for one in told if one["event"] == "comes"]
    assert image.read(pictures[0]).width == films.SIZE[0]


def test_a_break_shorter_than_the_patience_is_no_coming_and_going(gallery):
    frames = [pixels for _, pixels in drawn_film([films.Part(PARTS[0].seed, 0, 3, 0.4)], 3, 5, films.SIZE)]
    empty = frames[0] * 0 + 190
    with FaceService(Settings(gallery=gallery, device="cpu")) as service:
        watcher = Watcher(service, 0.2)
        events = []
        for number, pixels in enumerate([*frames[:6], *[empty] * 5, *frames[6:12]]):
            events += watcher.look(pixels, number * 0.2)
        assert [one.kind for one in events] == ["comes"] and watcher.marks[0].known
        events += watcher.leave(9.0)
    assert [(one.kind, one.label) for one in events] == [("comes", KNOWN), ("goes", KNOWN)]
    assert abs(events[1].time_s - 16 * 0.2) < 1e-6, "gone when last seen, not when noticed"


def test_a_camera_over_http_is_watched_and_recorded(gallery, tmp_path, capsys):
    frames = [pixels for _, pixels in drawn_film([films.Part(PARTS[0].seed, 0, 2, 0.4)], 2, 10, films.SIZE)]
    with films.mjpeg(frames, fps=10) as (address, _):
        code = main(["watch", address, "--gallery", str(gallery), "--json", "--every", "0.1", "--seconds", "8",
                     "--out", str(tmp_path / "seen.webm")])
    told = lines(capsys)
    assert code == 0 and [(one["event"], one["label"]) for one in told] == [("comes", KNOWN), ("goes", KNOWN)]
    assert told[0]["at"].startswith("20") and told[0]["score"] > drawn.APART
    with VideoFile(tmp_path / "seen.webm") as video:
        times = [frame.time_s for frame in video.frames()]
    assert len(times) >= 3 and times[-1] < 8.1 and films.readers() == []


def test_a_network_camera_with_a_password_is_watched_over_rtsp(gallery, capsys):
    frames = [pixels for _, pixels in drawn_film([films.Part(PARTS[0].seed, 0, 2, 0.4)], 2, 10, films.SIZE)]
    with rtsp.camera(frames, fps=10, password="ana:bright-sky") as (place, camera):
        words = ["--gallery", str(gallery), "--json", "--every", "0.1", "--seconds", "8"]
        assert main(["watch", f"rtsp://ana:bright-sky@{place}", *words]) == 0
        told = lines(capsys)
        assert main(["watch", f"rtsp://ana:guessed@{place}", *words]) == 2
    said = capsys.readouterr().err
    assert [(one["event"], one["label"]) for one in told] == [("comes", KNOWN), ("goes", KNOWN)]
    assert camera.played == 1 and camera.refused and "the login in it" in said and "guessed" not in said


def test_ctrl_c_is_a_clean_end(gallery, film, tmp_path):
    frames = [pixels for _, pixels in drawn_film([films.Part(PARTS[0].seed, 0, 2, 0.4)], 2, 10, films.SIZE)]
    with films.mjpeg(frames, fps=10) as (address, _):
        run = subprocess.Popen([sys.executable, "-m", "facegui", "watch", address, "--gallery", str(gallery),
                                "--out", str(tmp_path / "seen.webm")], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={**os.environ, "OMP_NUM_THREADS": "1"},
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))  # ignored where tests run with &
        assert f"comes  {KNOWN}" in run.stdout.readline()
        run.send_signal(signal.SIGINT)
        out, said = run.communicate(timeout=120)
    assert run.returncode == 0 and f"goes   {KNOWN}" in out and "Traceback" not in said
    assert [one.name for one in tmp_path.iterdir()] == ["seen.webm"]


def test_bad_sources_and_names_are_sentences(gallery, film, tmp_path, capsys):
    place = ["--gallery", str(gallery)]
    for words, told in ((["watch", str(tmp_path / "nowhere.mp4")], "does not exist"), (["watch", "63"], "camera 63"),
                        (["watch", "http://127.0.0.1:9/x"], "cannot be reached"),
                        (["video", str(film), "--timeline", str(tmp_path / "a.txt")], ".vtt"),
                        (["video", str(film), "--out", str(film)], "the video itself"),
                        (["video", str(film), "--rate", "1", "--out", str(tmp_path / "a.mp4")], ".webm")):
        assert main([*words, *place]) == 2
        said = capsys.readouterr().err
        assert told in said and "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_the_video_command_writes_what_was_asked_for(gallery, film, tmp_path, capsys):
    names = [tmp_path / f"a.{ending}" for ending in ("json", "csv", "vtt")]
    words = [word for name in names for word in ("--timeline", str(name))]
    assert main(["video", str(film), "--gallery", str(gallery), "--rate", "2", "--out", str(tmp_path / "a.webm"), *words, "--json"]) == 0
    (told,) = lines(capsys)
    assert [one["label"] for one in told["people"]] == [KNOWN, "unknown #1"]
    assert told["frames"] == 66 and told["looked"] == 14 and "thumbnail" not in told["people"][0]["best"]
    assert all(name.stat().st_size > 50 for name in [*names, tmp_path / "a.webm"])
    assert main(["video", str(film), "--gallery", str(gallery), "--rate", "2"]) == 0
    said = capsys.readouterr().out
    assert KNOWN in said and "unknown #1" in said and "x its running time" in said

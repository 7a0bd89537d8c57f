"""A film of drawn people with known entrances, worked through for real: the timeline against a slow look at single frames."""

import csv
import io
import json
import re
import shutil
from pathlib import Path

import films
import numpy as np
import pytest
from films import FPS, KNOWN, PARTS, SECONDS

from facegui import drawn
from facegui.capture import VideoFile
from facegui.config import Settings
from facegui.draw import KNOWN as TEAL
from facegui.service import FaceService
from facegui.service.strangers import Strangers
from facegui.service.video import analyse, export
from facegui.service.video.room import Videos
from facegui.types import Cancelled, FaceguiError, VideoError

STEP_S = 0.2


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    with FaceService(Settings(gallery=tmp_path_factory.mktemp("gallery"), device="cpu")) as one:
        films.enroll(one)
        yield one


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return films.people(tmp_path_factory.mktemp("film") / "people.mp4")


@pytest.fixture(scope="module")
def met():
    return []


@pytest.fixture(scope="module")
def found(service, film, met):
    out = film.with_name("named.webm")
    return analyse(service, film, out, meet=lambda pixels, one: met.append((pixels, one)))


def test_everybody_is_on_screen_when_they_were(found):
    told = found.timeline
    assert [(one.name, one.label) for one in told.people] == [(KNOWN, KNOWN), (None, "unknown #1")]
    for one, parts in ((told.people[0], (PARTS[0], PARTS[2])), (told.people[1], (PARTS[1],))):
        assert len(one.intervals) == len(parts), "who left and came back is one person with two appearances"
        for (start, end), part in zip(one.intervals, parts, strict=True):
            assert abs(start - part.start_s) <= STEP_S and abs(end - part.end_s) <= STEP_S
    best = told.people[0]
    assert not best.masked and best.score > told.threshold and any(start <= best.best_s < end for start, end in best.intervals)
    assert abs(told.seconds - SECONDS) < 0.1 and told.unclear == 0
    assert found.frames == round(SECONDS * FPS) and found.looked == round(SECONDS / STEP_S)
    assert found.embedded < found.faces, "good views alone are embedded"


def test_a_slow_look_at_single_frames_says_the_same(found, service, film):
    with VideoFile(film) as video:
        frames = [frame for frame in video.frames() if frame.number % 5 == 2]
    checked = 0
    for frame in frames:
        spans = [edge for one in found.timeline.people for span in one.intervals for edge in span]
        if min(abs(frame.time_s - edge) for edge in spans) < STEP_S:
            continue
        slow = sorted(str(one.name) for one in service.identify(frame.pixels).faces)
        fast = sorted(str(one.name) for one in found.timeline.people
                      if any(start <= frame.time_s < end for start, end in one.intervals))
        assert fast == slow, frame.time_s
        checked += 1
    assert checked >= 6


def test_the_annotated_copy_has_every_frame_with_the_boxes_of_its_moment(found, film):
    with VideoFile(film) as source, VideoFile(found.out) as made:
        pairs = list(zip(source.frames(), made.frames(), strict=True))
    for before, after in pairs:
        assert abs(before.time_s - after.time_s) < 2e-3
        here = films.present(PARTS, before.time_s)
        edge = min(abs(before.time_s - time_s) for part in PARTS for time_s in (part.start_s, part.end_s))
        height, width = before.pixels.shape[:2]
        left = after.pixels[:height, : width // 2].astype(int)  # where KNOWN stands
        teal = (np.abs(left - TEAL).max(axis=2) < 40).sum()
        if edge > STEP_S and any(part.seed == drawn.CAST[KNOWN] for part in here):
            assert teal > 150, before.time_s
        elif edge > STEP_S:
            assert teal < 20, before.time_s


def test_strangers_are_introduced_to_those_who_keep_them(found, met, service):
    kept = Strangers(service)
    kept.keep(1)
    try:
        for pixels, one in met:
            assert one.name is None
            kept.meet(pixels, one)
        (stranger,) = kept.everybody()
        assert stranger.seen == len(met) == 3
        assert service.identify(drawn.person(films.STRANGER)).faces[0].probe.embedding @ stranger.pictures[0].embedding > 0.6
    finally:
        kept.keep(0)


def test_whoever_may_be_somebody_enrolled_is_no_stranger(service, film, found):
    asked, met = found.timeline.people[0], []
    again = analyse(service, film, threshold=asked.score + 0.02, meet=lambda pixels, one: met.append(one.probe.embedding))
    question, *others = again.timeline.people
    assert question.name is None and question.question == KNOWN and question.intervals[0] == asked.intervals[0]
    assert len(met) == 3 * len(others), "the views of a question are kept from those who collect strangers"


@pytest.fixture
def lodger(tmp_path):
    """A service of its own, whose people can be deleted."""
    with FaceService(Settings(gallery=tmp_path / "gallery", device="cpu")) as one:
        films.enroll(one)
        yield one


def test_the_result_goes_with_whoever_it_names(lodger, film, tmp_path):
    room = Videos(lodger)
    room.start(Path(shutil.copy(film, tmp_path / "mine.mp4")), rate=2.0)
    lodger.jobs.wait()
    copy = room.result.out
    assert any(one.name == KNOWN for one in room.result.timeline.people) and copy.exists()
    lodger.rename(KNOWN, "Another Name")
    assert room.forget() == 0 and copy.exists(), "still enrolled"
    with FaceService(Settings(gallery=lodger.settings.gallery, device="cpu")) as other_process:
        other_process.forget("Another Name")
    assert room.forget() == 1 and room.result is None and not copy.parent.exists()
    assert room.forget() == 0


def test_who_is_deleted_while_a_video_is_looked_through_is_not_in_its_result(lodger, film, tmp_path, monkeypatch):
    def late(*arguments, **named):
        found = analyse(*arguments, **named)
        lodger.forget(KNOWN)
        return found

    monkeypatch.setattr("facegui.service.video.room.analyse", late)
    room = Videos(lodger)
    room.start(Path(shutil.copy(film, tmp_path / "mine.mp4")), rate=2.0)
    job = lodger.jobs.wait()
    assert "deleted from the gallery meanwhile" in job.error and room.result is None
    assert not any(room.shown.iterdir())


def stopping(at, words):
    """A tick that cancels at the n-th frame of a pass."""
    def tick(progress):
        tick.last = progress
        if words in progress.note:
            tick.calls += 1
            if tick.calls == at:
                raise Cancelled("stopped")
            assert tick.calls < at, "nothing is done after the stop"
    tick.calls = 0
    return tick


@pytest.mark.parametrize("words", ["looking", "drawing"])
def test_a_cancelled_job_stops_at_that_frame_and_leaves_nothing(service, film, tmp_path, words):
    (tmp_path / "out.webm").write_bytes(b"before")
    with pytest.raises(Cancelled):
        analyse(service, film, tmp_path / "out.webm", rate=1, tick=stopping(4, words))
    assert [one.name for one in tmp_path.iterdir()] == ["out.webm"] and (tmp_path / "out.webm").read_bytes() == b"before"
    assert films.readers() == []


def test_progress_counts_every_frame_of_both_passes_and_tells_the_rest(service, film, tmp_path):
    seen = []
    analyse(service, film, tmp_path / "out.webm", rate=1, tick=seen.append)
    counts = [one.done for one in seen if one.total]
    frames = round(SECONDS * FPS)
    assert counts == [*range(1, frames + 1), *range(frames + 1, 2 * frames + 1)] and seen[-1].total == 2 * frames
    assert seen[frames // 2].remaining_s > 0 and seen[-1].remaining_s == 0


def test_bad_input_is_a_sentence(service, tmp_path):
    (tmp_path / "letter.mp4").write_bytes(b"Dear Ana " * 300)
    with pytest.raises(VideoError, match="not a video"):
        analyse(service, tmp_path / "letter.mp4")
    with pytest.raises(FaceguiError, match="frames per second"):
        analyse(service, tmp_path / "letter.mp4", rate=-2)


def test_the_exports_say_what_the_timeline_says(found, tmp_path):
    told = found.timeline
    for ending in export.WRITERS:
        export.write(told, tmp_path / f"a{ending}")
    values = json.loads((tmp_path / "a.json").read_text())
    assert [one["name"] for one in values["people"]] == [KNOWN, None]
    assert values["people"][0]["best"]["thumbnail"].startswith("data:image/jpeg;base64,")
    rows = list(csv.DictReader(io.StringIO((tmp_path / "a.csv").read_text())))
    assert [row["person"] for row in rows] == [KNOWN, "unknown #1", KNOWN]
    spans = sorted((span["from_s"], span["to_s"]) for one in values["people"] for span in one["intervals"])
    assert sorted((float(row["from_s"]), float(row["to_s"])) for row in rows) == spans
    text = (tmp_path / "a.vtt").read_text()
    cues = re.findall(r"(\d\d):(\d\d):(\d\d\.\d{3}) --> (\d\d):(\d\d):(\d\d\.\d{3})\n(.+)\n", text)
    assert text.startswith("WEBVTT\n\n") and len(cues) == 5

    def seconds(parts):
        return 3600 * int(parts[0]) + 60 * int(parts[1]) + float(parts[2])
    for time_s in np.arange(0.01, told.seconds, 0.05):
        cue = [one[6].split(", ") for one in cues if seconds(one[:3]) <= time_s < seconds(one[3:6])]
        here = [one.label for one in told.people if any(start <= time_s < end for start, end in one.intervals)]
        assert cue == ([here] if here else [])
    with pytest.raises(VideoError, match="json"):
        export.check([tmp_path / "a.txt"])
    with pytest.raises(VideoError, match="no folder"):
        export.check([tmp_path / "nowhere" / "a.csv"])

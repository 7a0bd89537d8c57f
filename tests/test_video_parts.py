"""Rules of the video's pieces, on made-up traces: intervals, interpolation, scenes, splitting, grouping, exports, the room."""

import films
import numpy as np
import pytest

from facegui.config import Settings
from facegui.jobs import Busy
from facegui.service import FaceService
from facegui.service.video import Presence, Timeline, export
from facegui.service.video.decide import Decided, split
from facegui.service.video.render import Moments, place
from facegui.service.video.room import Videos
from facegui.service.video.scan import SAME_PLACE, SAME_SCENE, Look, Scan, Trace, alike
from facegui.service.video.scan import note as keep
from facegui.service.video.timeline import joined, timeline
from facegui.service.sight import Seen
from facegui.track import Tracker
from facegui.types import Candidate, Face, Identification, Probe, Quality, VideoError

BOX = (40.0, 40.0, 80.0, 90.0)
NOISE = np.random.default_rng(1)


def seen(quality=0.8, reasons=(), box=BOX):
    face = Face(box, np.zeros((5, 2), np.float32), 1.0)
    return Seen(face, Quality(quality, reasons), False, np.zeros((8, 8, 3), np.uint8))


def view(time_s, embedding, name=None, masked=False):
    one = seen()
    probe = Probe(one.face, one.quality, masked, embedding)
    pixels = films.image.encode_jpeg(np.zeros((120, 120, 3), np.uint8))
    return Look(time_s, one, pixels, one.face), Identification(probe, name, 0.5, 0.4, (Candidate(1, name or "x", 0.5, 1),))


def unit(number, size=8):
    return np.eye(size, dtype=np.float32)[number]


def decided(start, end, embedding, name=None, sure=True, masked=False):
    views = (view(start, embedding, name, masked),)
    return Decided(Trace([(start, BOX), (end, BOX)]), views, embedding, name, 0.5, None, sure)


def scanned(*traces, end_s=10.0):
    return Scan(tuple(one.trace for one in traces), 100, 50, 0.2, end_s)


def people(*traces):
    told, labels = timeline("a.mp4", 160, 120, scanned(*traces), traces, 0.6)
    return [(one.label, one.intervals) for one in told.people], told, labels


def test_short_gaps_are_joined_against_a_slow_count():
    for _ in range(50):
        spans = [(start, start + length) for start, length in zip(NOISE.uniform(0, 20, 6), NOISE.uniform(0.1, 3, 6), strict=True)]
        found = joined(spans, 1.0)
        grid = np.arange(0, 25, 0.01)
        there = np.any([(grid >= start) & (grid <= end) for start, end in spans], axis=0)
        for left, right in zip(found, found[1:], strict=False):
            assert right[0] - left[1] >= 1.0
        slow = np.any([(grid >= start) & (grid <= end) for start, end in found], axis=0)
        assert not (there & ~slow).any()
        run = 0
        for now in slow & ~there:  # what was filled in is never longer than the gap
            run = run + 1 if now else 0
            assert run <= 101


@pytest.mark.parametrize("masked, unknown", [((False, False), 1), ((True, False), 2), ((True, True), 2)])
def test_strangers_in_masks_need_more_to_be_one_person(masked, unknown):
    second = (0.65 * unit(0) + np.sqrt(1 - 0.65**2) * unit(1)).astype(np.float32)
    traces = [decided(0, 1, unit(0), masked=masked[0]), decided(5, 6, second, masked=masked[1])]
    told, _ = timeline("a.mp4", 160, 120, scanned(*traces), traces, 0.6, lambda worn: (0.6, 0.66, 0.7)[worn])
    assert len(told.people) == unknown
    assert len(timeline("a.mp4", 160, 120, scanned(*traces), traces, 0.6)[0].people) == 1  # by hand, the hand decides


def test_boxes_move_straight_between_looks_and_stay_half_a_step():
    trace = Trace([(1.0, (0, 0, 10, 10)), (1.2, (10, 20, 30, 40)), (2.0, (10, 20, 30, 40))])
    assert place(trace, 1.1, 0.1) == pytest.approx((5, 10, 20, 25))
    assert place(trace, 0.95, 0.1) == (0, 0, 10, 10) and place(trace, 0.85, 0.1) is None
    assert place(trace, 2.05, 0.1) == (10, 20, 30, 40) and place(trace, 2.1, 0.1) is None
    traces = [Trace([(start, BOX), (start + 1.7, BOX)]) for start in NOISE.uniform(0, 30, 20)]
    moments = Moments(traces, 0.1)
    for now in NOISE.uniform(0, 33, 100):
        assert [number for number, _ in moments.at(now)] == [n for n, one in enumerate(traces) if place(one, now, 0.1) is not None]


def test_a_cut_is_seen_and_the_same_scene_brighter_is_not_one():
    one, other = NOISE.uniform(0, 200, (54, 96)).astype(np.float32), NOISE.uniform(0, 200, (54, 96)).astype(np.float32)
    dark, bright = np.zeros((54, 96), np.float32), np.full((54, 96), 200, np.float32)
    for rule in (SAME_SCENE, SAME_PLACE):
        assert alike(one, 0.7 * one + 30, rule) and not alike(one, other, rule)
        assert alike(dark, dark + 2, rule) and not alike(dark, bright, rule)
    tracker = Tracker()
    first, second = tracker.update([BOX, (200, 40, 240, 90)], 0.0)
    tracker.cut(lambda box: box == BOX)
    again = tracker.update([BOX, (200, 40, 240, 90)], 0.2)
    assert again[0] is first and again[1].number > second.number


def test_the_best_view_of_each_half_second_and_the_best_of_these_are_kept():
    trace, pixels = Trace(), np.zeros((120, 160, 3), np.uint8)
    shown = []
    for number in range(80):
        quality = float(NOISE.uniform(0, 1))
        shown.append((number * 0.1, quality))
        keep(pixels, number * 0.1, [trace], [seen(quality)])
    assert len(trace.views) == 9
    best = {}
    for time_s, quality in shown:
        best[int(time_s / 0.5)] = max(best.get(int(time_s / 0.5), 0), quality)
    kept = sorted(one.seen.quality.score for one in trace.views.values())
    assert kept[-3:] == sorted(best.values())[-3:]
    blurred = Trace()
    keep(pixels, 0.0, [blurred], [seen(0.9, ("blurred",))])
    assert not blurred.looks()[0].usable
    keep(pixels, 1.0, [blurred], [seen(0.2, ("lower_face_covered",))])
    assert [one.time_s for one in blurred.looks()] == [1.0], "a usable view pushes out all others, a mask is no fault"


def test_one_who_takes_the_place_of_another_unseen_is_told_apart():
    trace = Trace([(time_s, BOX) for time_s in np.arange(0, 4, 0.2)])
    names = ["Ana", "Ana", None, "Bo", "Bo"]
    views = [view(0.4 + 0.8 * number, unit(0), name) for number, name in enumerate(names)]
    (first, before), (second, after) = split(trace, views)
    assert [one.name for _, one in before + after] == names and len(first.places) + len(second.places) == len(trace.places)
    assert first.places[-1][0] < second.places[0][0] <= after[0][0].time_s
    mixed = [view(time_s, unit(0), name) for time_s, name in enumerate(["Ana", "Bo", "Ana", "Bo"])]
    assert split(trace, mixed) == [(trace, mixed)], "names that alternate are one face and a doubt"


def test_strangers_are_grouped_by_likeness_but_never_with_somebody_beside_them():
    told, _, labels = people(decided(0, 1, unit(0)), decided(5, 6, unit(0)), decided(5, 6, unit(0)), decided(8, 9, unit(3)),
                             decided(2, 3, unit(1), "Ana"), decided(7, 8, unit(1), "Ana"), decided(4, 4.2, unit(5), sure=False))
    names = [name for name, _ in told]
    assert names == ["unknown #1", "Ana", "unknown #2", "unknown #3"]
    assert dict(told)["Ana"] == ((1.9, 3.1), (6.9, 8.1)) and len(dict(told)["unknown #1"]) == 2
    assert labels[6] is None and labels[4] is labels[5]


def test_names_cannot_run_in_a_spreadsheet_or_break_subtitles():
    names = ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "\tx", "<b>&\n\n00:00"]
    rows = [Presence(name, 0, 0.9, ((float(number), number + 0.5),), 0.0, BOX, 0.5, False, b"")
            for number, name in enumerate(names)]
    told = Timeline("a.mp4", 10, 10, 9.0, 0.5, tuple(rows), 0)
    cells = [line[0] for line in __import__("csv").reader(export.to_csv(told).splitlines()) if line][1:]
    assert all(not cell.startswith(("=", "+", "-", "@", "\t")) for cell in cells) and cells[0] == "'" + names[0]
    text = export.to_vtt(told)
    assert text.count("-->") == len(names) and "&lt;b&gt;&amp; 00:00" in text and "\n\n00:00\n" not in text


def test_the_room_keeps_one_result_and_no_upload(tmp_path):
    with FaceService(Settings(gallery=tmp_path / "gallery", device="cpu")) as service:
        videos = Videos(service)
        uploads = [films.write(tmp_path / f"{n}.mp4", [films.grey(90)] * 12, [k / 10 for k in range(12)]) for n in range(3)]
        results = []
        for upload in uploads[:2]:
            videos.start(upload, 1.0)
            with pytest.raises(Busy):
                videos.start(films.write(tmp_path / "late.mp4", [films.grey(9)] * 3, [0, 1, 2]))
            assert not (tmp_path / "late.mp4").exists() and not upload.exists()
            job = service.jobs.wait(60)
            assert job.state == "done" and "nobody" in job.result
            results.append(videos.result.out)
        assert videos.result.timeline.video == "1.mp4" and videos.version == 2
        assert not results[0].exists() and results[1].name == "1-names.webm" and results[1].parent.parent == videos.shown
        service.jobs.start("blocking", lambda tick: None)
        service.jobs.wait(10)
        (tmp_path / "letter.mp4").write_bytes(b"no film")
        with pytest.raises(VideoError):
            videos.start(tmp_path / "letter.mp4")
        assert not (tmp_path / "letter.mp4").exists()
        videos.start(uploads[2], 1.0)
        service.jobs.cancel()
        service.jobs.wait(60)
        assert len(list(videos.shown.iterdir())) == 1
        left = [one.name for one in videos.shown.parent.rglob("*") if one.is_file()]
        assert left == [videos.result.out.name] and videos.shown.parent.stat().st_mode & 0o077 == 0

"""video and watch."""

from __future__ import annotations

import contextlib
import sys
import time
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from .. import draw, image
from ..capture import Frame, Stream, VideoFile, VideoSink, is_live
from ..service import video as films
from ..service.video import export
from ..service.watch import Event, Watcher
from ..types import FaceguiError, VideoError
from .progress import Bar, duration
from .show import plural, put, put_json, service

LABELS = {"comes": "comes", "goes": "goes "}


def video(arguments: Namespace) -> int:
    """Ctrl-C stops within a frame; nothing half-written stays."""
    source, out = Path(arguments.file), Path(arguments.out) if arguments.out else None
    timelines = [Path(one) for one in arguments.timeline]
    export.check(timelines)
    for one in [out, *timelines]:
        if one is not None and one.exists() and source.exists() and one.samefile(source):
            raise FaceguiError(f"{one} is the video itself; give another name to write to")
    with service(arguments) as faces, Bar() as bar:
        found = films.analyse(faces, source, out, rate=arguments.rate, small_faces=arguments.small_faces,
                              threshold=arguments.threshold, tick=bar)
    told = found.timeline
    for one in timelines:
        export.write(told, one)
    if arguments.json:
        put_json({**export.values(told, thumbnails=False), "out": arguments.out, "timelines": [str(one) for one in timelines],
                  "frames": found.frames, "looked": found.looked,
                  "took_s": {stage: round(value, 2) for stage, value in found.took_s.items()}})
        return 0
    spent = sum(value for stage, value in found.took_s.items() if stage != "load")
    put(f"{told.video}  {told.width} x {told.height}  {duration(told.seconds)}, looked at {found.looked:,} of "
        f"{plural(found.frames, 'frame')} in {duration(spent)} ({told.seconds / max(spent, 1e-9):.1f} x its running time)")
    for one in told.people:
        score = "" if one.score is None or one.name is None else f"  {one.score:.2f}"
        perhaps = f"  perhaps {one.question}?" if one.question else ""
        spans = ", ".join(f"{_clock(start)}-{_clock(end)}" for start, end in one.intervals[:6])
        put(f"  {one.label}{score}{perhaps}  {one.seconds:.1f} s: {spans}" + (" ..." if len(one.intervals) > 6 else ""))
    if not told.people:
        put("  nobody was seen clearly" + ("; for people far away add --small-faces" if not arguments.small_faces else ""))
    if told.unclear:
        put(f"  {plural(told.unclear, 'face')} too small, blurred or short to tell who")
    for one in [*told.remarks, *(f"written to {one}" for one in [out, *timelines] if one is not None)]:
        put(f"  {one}")
    return 0


def watch(arguments: Namespace) -> int:
    """Runs until the source ends, `--seconds` are over, or Ctrl-C, which is a clean end."""
    every = arguments.every
    out = Path(arguments.out) if arguments.out else None
    if out is not None and out.suffix.lower() != ".webm":
        try:
            out.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise FaceguiError(f"cannot make the folder {out}: {error.strerror}; give another --out") from None
    live, now_s, trouble = is_live(arguments.source), 0.0, None
    with service(arguments) as faces, contextlib.ExitStack() as end:
        faces.sight
        source = end.enter_context(Stream(arguments.source, _say) if live else VideoFile(arguments.source))
        watcher, record = Watcher(faces, every, arguments.threshold), _Record(end, out)
        _say(f"watching {source.name}; Ctrl-C ends it")
        try:
            for frame in _paced(source, every) if live else source.frames(1 / every if every else 0.0, only=True):
                now_s = frame.time_s
                if arguments.seconds and now_s >= arguments.seconds:
                    break
                _tell(arguments, live, watcher.look(frame.pixels, now_s), record, frame.pixels, watcher)
                record.add(frame, watcher)
        except KeyboardInterrupt:
            pass
        except VideoError as error:  # what was recorded until then is kept
            trouble = error
        _tell(arguments, live, watcher.leave(now_s, everybody=True), record, None, watcher)
    if trouble is not None:
        raise trouble
    return 0


def _paced(source: Stream, every: float) -> Iterator[Frame]:
    while True:
        start = time.monotonic()
        yield source.newest()
        time.sleep(max(0.0, every - (time.monotonic() - start)))


class _Record:
    """What is kept of a watch: nothing, an annotated video, or a picture of every arrival."""

    def __init__(self, end: contextlib.ExitStack, out: Path | None) -> None:
        self._end, self._out = end, out
        self._film = out is not None and out.suffix.lower() == ".webm"
        self._sink: VideoSink | None = None
        self._count = 0

    def add(self, frame: Frame, watcher: Watcher) -> None:
        if not self._film:
            return
        if self._sink is None:
            height, width = frame.pixels.shape[:2]
            self._sink = self._end.enter_context(VideoSink(self._out, width, height))
        if frame.pixels.shape[:2] < (self._sink.height, self._sink.width):
            raise VideoError("the source changed its picture size; start again to record on")
        self._sink.add(_drawn(frame.pixels, watcher), frame.time_s)

    def arrival(self, event: Event, pixels: np.ndarray, watcher: Watcher) -> str | None:
        if self._out is None or self._film:
            return None
        while True:
            self._count += 1
            name = "".join(letter if letter.isalnum() or letter in " #-" else "_" for letter in event.label)[:60]
            path = self._out / f"{self._count:04d} {name}.jpg"
            if not path.exists():
                image.write(path, _drawn(pixels, watcher))
                return str(path)


def _drawn(pixels: np.ndarray, watcher: Watcher) -> np.ndarray:
    picture = np.ascontiguousarray(pixels).copy()
    draw.mark(picture, watcher.marks)
    return picture


def _tell(arguments: Namespace, live: bool, events: list[Event], record: _Record, pixels: np.ndarray | None,
          watcher: Watcher) -> None:
    for one in events:
        picture = record.arrival(one, pixels, watcher) if one.kind == "comes" and pixels is not None else None
        at = time.strftime("%Y-%m-%dT%H:%M:%S") if live else None
        if arguments.json:
            put_json({"event": one.kind, "time_s": round(one.time_s, 3), "at": at, "label": one.label, "name": one.name,
                      "score": None if one.score is None else round(one.score, 4), "masked": one.masked,
                      "seconds": one.seconds, "picture": picture})
            continue
        score = f"  {one.score:.2f}" if one.score is not None and one.name is not None else ""
        stayed = f"  after {one.seconds:.1f} s" if one.seconds is not None else "  masked" if one.masked else ""
        put(f"{at[11:] if at else _clock(one.time_s)}  {LABELS[one.kind]}  {one.label}{score}{stayed}"
            + (f"  {picture}" if picture else ""))


def _say(text: str) -> None:
    print(f"facegui: {text}", file=sys.stderr, flush=True)


def _clock(seconds: float) -> str:
    return export.clock(seconds).removeprefix("00:")[:-2]

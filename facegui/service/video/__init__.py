"""A video becomes an annotated copy and a timeline: who is on screen from when to when.

The networks see some frames of a second, once each. Names are decided per trace (a face followed without a break) over
its best views, so the first frame of a trace carries the name that its best frames gave it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ... import image
from ...capture import VideoFile
from ...detect import MtcnnDetector
from ...image import shown
from ...types import FaceguiError, Identification, Probe, Progress, Tick, no_tick
from .decide import Decided, decide
from .render import render
from .scan import LONG_SIDE_PX, RATE, scan
from .timeline import Presence, Timeline, timeline

if TYPE_CHECKING:
    from .. import FaceService

__all__ = ["RATE", "Analysis", "Presence", "Timeline", "analyse"]

MOST_RATE = 60.0
PICTURES = 3  # of a stranger, for those who keep them
DRAWING = 0.6  # time of the second pass as a share of the first, before it has begun

Meet = Callable[[np.ndarray, Identification], None]


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The answer about a video. `out`: the annotated copy, if one was wanted; seconds per stage in `took_s`."""

    timeline: Timeline
    out: Path | None
    frames: int
    looked: int  # frames the detector saw
    faces: int  # faces it found in them
    embedded: int  # views that were embedded
    took_s: dict[str, float] = field(default_factory=dict)


def analyse(service: FaceService, source: Path | str, out: Path | str | None = None, *, rate: float = RATE,
            small_faces: bool = False, threshold: float | None = None, tick: Tick = no_tick, meet: Meet | None = None,
            name: str = "") -> Analysis:
    """Look at `rate` frames a second (0: all of them). `meet` is shown the strangers (pixels, identification), not who may be
    somebody enrolled;
    `name`: what the video is called, if not as its file.

    Raises VideoError for a file that is no readable video or a copy that cannot be written, ModelError, and what `tick`
    raises, which hears of every frame; nothing half-written stays.
    """
    if not 0 <= rate <= MOST_RATE:
        raise FaceguiError(f"{rate:g} frames per second cannot be looked at; give 0.1 to {MOST_RATE:.0f}, "
                           "or 0 for every frame")
    source = Path(source)
    took, start = {}, time.perf_counter()

    def lap(stage: str) -> None:
        nonlocal start
        now = time.perf_counter()
        took[stage], start = now - start, now

    with VideoFile(source) as video:
        pace = _Pace(tick, video.promised, out is not None)
        pace.begin("loading the model")
        sight, limit = service.sight, service.threshold() if threshold is None else threshold
        detector = MtcnnDetector(service.settings.device, LONG_SIDE_PX)
        lap("load")
        found = scan(video, sight, detector, rate, small_faces, pace.looked)
        lap("look")
        decided = decide(found, sight, service.decisions, threshold)
        told, labels = timeline(shown(name) or video.name, video.width, video.height, found, decided, limit,
                                service.decisions.alike if threshold is None else None)
        lap("decide")
    if out is not None:
        pace.drawing(found.frames)
        remark = render(source, Path(out), decided, labels, found.step_s, pace.drawn)
        if remark:
            told = _remarked(told, remark)
        lap("draw")
    if meet is not None:
        for one in decided:
            if one.name is None and one.question is None and one.sure:
                _introduce(one, meet)
    return Analysis(told, Path(out) if out is not None else None, found.frames, found.looked,
                    sum(len(trace.places) for trace in found.traces), sum(len(one.views) for one in decided), took)


def _remarked(told: Timeline, remark: str) -> Timeline:
    return Timeline(told.video, told.width, told.height, told.seconds, told.threshold, told.people, told.unclear,
                    (*told.remarks, remark))


def _introduce(one: Decided, meet: Meet) -> None:
    best = sorted(one.views, key=lambda pair: -pair[0].seen.quality.score)[:PICTURES]
    for look, found in best:
        probe = Probe(look.place, found.probe.quality, found.probe.masked, found.probe.embedding)
        meet(image.decode(look.picture).pixels,
             Identification(probe, None, found.match_score, found.threshold, found.candidates))


class _Pace:
    """Progress over both passes with the remaining time of the whole."""

    def __init__(self, tick: Tick, frames: int, draws: bool) -> None:
        self._tick, self._frames, self._draws = tick, frames, draws
        self._began = time.monotonic()
        self._before = 0

    def begin(self, words: str) -> None:
        self._tick(Progress(0, 0, words))
        self._began = time.monotonic()

    def looked(self, number: int) -> None:
        if number == 0:
            self._began = time.monotonic()
        self._say(number + 1, "looking for faces", DRAWING if self._draws else 0.0)

    def drawing(self, frames: int) -> None:
        """The second pass begins; now the number of frames is known."""
        self._frames = self._before = frames
        self._began = time.monotonic()

    def drawn(self, number: int) -> None:
        self._say(number + 1, "drawing the names", 0.0)

    def _say(self, done: int, words: str, then: float) -> None:
        total = max(self._frames, done) if self._frames else 0
        left = None
        if total and done > 10:
            each = (time.monotonic() - self._began) / done
            left = each * (total - done + then * total)
        whole = total * (2 if self._draws else 1)
        self._tick(Progress(self._before + done, whole, words, left))

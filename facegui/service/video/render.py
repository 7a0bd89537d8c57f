"""Second pass over a video: every frame with the boxes and names of that moment, written for browsers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np

from ... import draw
from ...capture import VideoFile, VideoSink
from ...types import Box
from .decide import Decided
from .scan import Trace
from .timeline import Labels

OUT_SIDE_PX = 1280  # larger videos are made smaller: browsers show no more, and encoding takes longest
MOST_FPS = 31.0  # of a faster video, frames are left out


def place(trace: Trace, time_s: float, half_s: float) -> Box | None:
    """The box at a moment: between two looks on the line from one to the next, half a step longer at both ends; else None."""
    times = [when for when, _ in trace.places]
    if not times[0] - half_s <= time_s < times[-1] + half_s:
        return None
    return tuple(float(np.interp(time_s, times, [box[edge] for _, box in trace.places])) for edge in range(4))


class Moments:
    """Which traces are on screen when, found by the second."""

    def __init__(self, traces: Sequence[Trace], half_s: float) -> None:
        self._half_s = half_s
        self._by_second: dict[int, list[tuple[int, Trace]]] = {}
        for number, trace in enumerate(traces):
            first, last = trace.places[0][0] - half_s, trace.places[-1][0] + half_s
            for second in range(int(first) - 1, int(last) + 1):
                self._by_second.setdefault(second, []).append((number, trace))

    def at(self, time_s: float) -> list[tuple[int, Box]]:
        """(number of the trace, its box) of everybody on screen."""
        there = ((number, place(trace, time_s, self._half_s)) for number, trace in self._by_second.get(int(time_s), ()))
        return [(number, box) for number, box in there if box is not None]


def render(source: Path, out: Path, decided: Sequence[Decided], labels: Labels, step_s: float,
           tick: Callable[[int], None]) -> str:
    """Write the annotated copy of a video; returns a remark about its sound. The file is there complete or not at all.

    `tick` hears the number of every frame and may raise Cancelled. Raises VideoError.
    """
    moments = Moments([one.trace for one in decided], step_s / 2)
    with VideoFile(source) as video:
        scale = min(1.0, OUT_SIDE_PX / max(video.width, video.height))
        size = round(video.width * scale), round(video.height * scale)
        with VideoSink(out, *size, sound_of=source, fps=min(video.fps, MOST_FPS)) as sink:
            for frame in video.frames(MOST_FPS if video.fps > MOST_FPS else 0.0):
                tick(frame.number)
                if frame.pixels is None:
                    continue
                pixels = frame.pixels if scale == 1 else cv2.resize(frame.pixels, size, interpolation=cv2.INTER_AREA)
                draw.mark(pixels, [_mark(labels[number], box, scale) for number, box in moments.at(frame.time_s)])
                sink.add(pixels, frame.time_s)
            return "" if sink.sound else "without sound"


def _mark(one, box: Box, scale: float) -> draw.Mark:
    text = "unclear" if one is None else draw.named(one.label, one.score if one.name is not None else None)
    return draw.Mark(tuple(value * scale for value in box), text, one is not None and one.name is not None)

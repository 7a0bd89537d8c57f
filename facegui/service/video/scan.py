"""First pass over a video: faces found some times a second, followed from look to look, their best views kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np

from ... import image, quality
from ...capture import VideoFile
from ...track import KEPT_S, Tracker
from ...types import Box, Detector, Face
from ..sight import Seen, Sight

RATE = 5.0  # looks per second: people hardly move in 0.2 s, and a search costs as much as decoding dozens of frames
LONG_SIDE_PX = 640  # frames are searched at this size; faces are cut out of the full frame
LOOK_EVERY_S, LOOKS = 0.5, 9  # the best view of each half second, and the best of these
SMALL_PX = 192  # width of the grey pictures by which scenes are compared
# cells and least correlation: coarse for the whole picture, in which people and the camera move; fine for a face's place
SAME_SCENE, SAME_PLACE = ((8, 5), 0.4), ((16, 16), 0.8)
PORTRAIT, PORTRAIT_PX = 1.1, 160  # surroundings kept with a view, of the box side on every side; the box's size in them


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One view of a face. `seen.face` in pixels of the frame; `picture` a JPEG of its surroundings, `place` the face in it."""

    time_s: float
    seen: Seen
    picture: bytes
    place: Face

    @property
    def usable(self) -> bool:
        """Clear enough to stand for a person; a mask or dark glasses are no fault here."""
        return not (set(self.seen.quality.reasons) & quality.REFUSED) - quality.COVERED


@dataclass(slots=True, eq=False)
class Trace:
    """A face followed without a break: its box at every look of the scan, and its best views by half second."""

    places: list[tuple[float, Box]] = field(default_factory=list)
    views: dict[int, Look] = field(default_factory=dict)

    def looks(self) -> list[Look]:
        """In the order of time: the usable views, or, where there are none, the three best of the others."""
        found = [one for one in self.views.values() if one.usable]
        found = found or sorted(self.views.values(), key=lambda one: -one.seen.quality.score)[:3]
        return sorted(found, key=lambda one: one.time_s)


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """What the first pass found. `step_s`: between two looks; `frames`: in the file; `end_s`: when the last one goes."""

    traces: tuple[Trace, ...]
    frames: int
    looked: int
    step_s: float
    end_s: float
    remark: str = ""


def scan(video: VideoFile, sight: Sight, detector: Detector, rate: float, small_faces: bool,
         tick: Callable[[int], None]) -> Scan:
    """Look at `rate` frames per second (0: every frame). `tick` hears the number of every frame and may raise Cancelled."""
    step_s = 1 / rate if rate else 1 / video.fps
    tracker, traces, before = Tracker(max(KEPT_S, 1.5 * step_s)), {}, None
    looked, last_s = 0, 0.0
    number = -1
    for frame in video.frames(rate):
        number, last_s = frame.number, frame.time_s
        tick(number)
        if frame.pixels is None:
            continue
        looked += 1
        small = _small(frame.pixels)
        if before is not None and not alike(before, small, SAME_SCENE):
            shrink, earlier = small.shape[1] / video.width, before
            tracker.cut(lambda box: alike(_patch(earlier, box, shrink), _patch(small, box, shrink), SAME_PLACE))
        before = small
        faces = detector.detect(frame.pixels, small_faces=small_faces)
        followed = [traces.setdefault(track.number, Trace())
                    for track in tracker.update([face.box for face in faces], frame.time_s)]
        for trace, face in zip(followed, faces, strict=True):
            trace.places.append((frame.time_s, face.box))
        note(frame.pixels, frame.time_s, followed, sight.judge(frame.pixels, faces))
    return Scan(tuple(traces.values()), number + 1, looked, step_s, last_s + 1 / video.fps, video.missing(last_s))


def note(pixels: np.ndarray, time_s: float, traces: Sequence[Trace], seen: Sequence[Seen]) -> None:
    """Keep each view that is the best of its half second, as long as it is among the trace's best."""
    for trace, one in zip(traces, seen, strict=True):
        slot = int(time_s / LOOK_EVERY_S)
        best = trace.views.get(slot)
        if best is not None and best.seen.quality.score >= one.quality.score:
            continue
        if best is None and len(trace.views) >= LOOKS:
            worst = min(trace.views, key=lambda each: trace.views[each].seen.quality.score)
            if trace.views[worst].seen.quality.score >= one.quality.score:
                continue
            del trace.views[worst]
        trace.views[slot] = Look(time_s, one, *portrait(pixels, one.face))


def portrait(pixels: np.ndarray, face: Face) -> tuple[bytes, Face]:
    """The face with its surroundings as a JPEG, and where it is in there."""
    x1, y1, x2, y2 = face.box
    side = max(x2 - x1, y2 - y1, 2.0)
    reach = (0.5 + PORTRAIT) * side
    height, width = pixels.shape[:2]
    left, top = max(0, int((x1 + x2) / 2 - reach)), max(0, int((y1 + y2) / 2 - reach))
    right, bottom = min(width, int((x1 + x2) / 2 + reach) + 1), min(height, int((y1 + y2) / 2 + reach) + 1)
    part = pixels[top:bottom, left:right]
    shrink = min(1.0, PORTRAIT_PX / side)
    if shrink < 1:
        part = cv2.resize(part, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    box = tuple((value - corner) * shrink for value, corner in zip(face.box, (left, top, left, top), strict=True))
    points = (face.landmarks - np.float32([left, top]) + 0.5) * np.float32(shrink) - 0.5
    return image.encode_jpeg(np.ascontiguousarray(part), 93), Face(box, points.astype(np.float32), face.score)


def alike(one: np.ndarray, other: np.ndarray, rule: tuple[tuple[int, int], float]) -> bool:
    """Whether two small grey pictures (float32, same shape) show the same: they correlate, or both are plain."""
    cells, least = rule
    first, second = (cv2.resize(grey, cells, interpolation=cv2.INTER_AREA) for grey in (one, other))
    level = abs(float(first.mean() - second.mean()))
    first, second = first - first.mean(), second - second.mean()
    strength = float(np.sqrt((first**2).mean() * (second**2).mean()))
    if strength < 9:  # grey levels squared: hardly any picture in one of them
        return level < 20
    return float((first * second).mean()) / strength >= least


def _small(pixels: np.ndarray) -> np.ndarray:
    height, width = pixels.shape[:2]
    size = (SMALL_PX, max(1, round(SMALL_PX * height / width)))
    return cv2.cvtColor(cv2.resize(pixels, size, interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY).astype(np.float32)


def _patch(grey: np.ndarray, box: Box, shrink: float) -> np.ndarray:
    """The surroundings of a face; at least a pixel of it."""
    x1, y1, x2, y2 = (value * shrink for value in box)
    height, width = grey.shape
    left, top = int(np.clip(x1 - 2, 0, width - 1)), int(np.clip(y1 - 2, 0, height - 1))
    return grey[top:max(top + 1, int(y2) + 3), left:max(left + 1, int(x2) + 3)]

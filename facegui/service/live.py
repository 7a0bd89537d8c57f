"""Recognising a stream of frames: one tracker per viewer, frames of all viewers taken in the order they came."""

from __future__ import annotations

import math
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from .. import image
from ..detect import MtcnnDetector
from ..track import Track, Tracker
from ..types import Face, FaceguiError, Identification, Probe
from .thumbnails import cut

if TYPE_CHECKING:
    from . import FaceService

LONG_SIDE_PX = 320  # faces are searched at this size: a viewer's face is large, and it is four times faster than 640
SEARCH_S = 0.3  # between searches of the whole picture; in between the known faces are followed, newcomers wait
FRAME_PX = 1280  # larger frames are made smaller
VIEWERS = 8
IDLE_S = 30.0  # a viewer who sent nothing for so long has left
WAIT_S = 0.5  # for the frames of others; then the frame is given up, a newer one follows
LOOKS_PER_FRAME = 4  # faces embedded in one frame; a crowd is looked at in turns
STEADY = 0.03  # a name that is shown stays down to this much below the threshold


class Busy(FaceguiError):
    """Too many viewers, or their frames take all the time there is."""


@dataclass(slots=True, eq=False)
class Viewer:
    """One open camera. `met`: the last look at each face, its embedding fused over the looks, with its picture, for the card."""

    token: str
    owner: str
    used_s: float
    tracker: Tracker = field(default_factory=Tracker)
    faces: list[Face] = field(default_factory=list)  # of the last frame, and their tracks
    tracks: list[Track] = field(default_factory=list)
    searched_s: float = -math.inf
    met: dict[int, tuple[Identification, np.ndarray]] = field(default_factory=dict)
    shown: tuple[Identification, np.ndarray] | None = None  # the look whose card was asked for last, and
    shown_by: str = ""  # the model whose embedding it has
    took_ms: dict[str, float] = field(default_factory=dict)  # stages of the last frame
    busy: threading.Lock = field(default_factory=threading.Lock)


@dataclass(frozen=True, slots=True, eq=False)
class Sighting:
    """A face in a frame. state: known | possible (`question` is whom to ask about) | unknown | looking (not decided yet)."""

    number: int
    box: tuple[float, float, float, float]  # pixels of the frame as it came
    state: str
    name: str | None
    score: float | None
    question: str | None = None


class Clock:
    """Milliseconds from lap to lap, by name."""

    def __init__(self) -> None:
        self.took_ms: dict[str, float] = {}
        self._last = time.perf_counter()

    def lap(self, name: str) -> None:
        now = time.perf_counter()
        self.took_ms[name] = round((now - self._last) * 1e3, 2)
        self._last = now


class Live:
    """All viewers of one service. Nothing is written to disk, and nothing of a viewer stays when they leave."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._viewers: dict[str, Viewer] = {}
        self._lock = threading.Lock()
        self._line: deque[object] = deque()
        self._turn = threading.Condition()
        self._detector: MtcnnDetector | None = None
        self.on_look: Callable[[str, np.ndarray, Identification], None] | None = None  # viewer's owner, frame, face in it

    def start(self, owner: str = "") -> str:
        """A new viewer's token. Raises Busy."""
        now = time.monotonic()
        with self._lock:
            self._viewers = {token: one for token, one in self._viewers.items() if now - one.used_s < IDLE_S}
            if len(self._viewers) >= VIEWERS:
                raise Busy(f"{VIEWERS} cameras are open already; close one first")
            token = secrets.token_urlsafe(12)
            self._viewers[token] = Viewer(token, owner, now)
            return token

    def stop(self, token: str, owner: str = "") -> None:
        viewer = self._find(token, owner)
        with self._lock:
            self._viewers.pop(viewer.token, None)

    def see(self, token: str, data: bytes, owner: str = "") -> list[Sighting] | None:
        """Everybody in one frame (the bytes of a picture file); None: the frame was given up, send a newer one.

        Raises FaceguiError for an unknown token, ImageError, ModelError.
        """
        viewer = self._find(token, owner)
        viewer.used_s = time.monotonic()
        if not viewer.busy.acquire(blocking=False):
            return None  # this viewer's last frame is still being looked at
        try:
            clock = Clock()
            picture = image.decode(data, max_side=FRAME_PX)
            clock.lap("decode")
            with self._my_turn() as mine:
                clock.lap("wait")
                if not mine:
                    return None
                found = self._look(viewer, picture.pixels, clock)
            viewer.took_ms = clock.took_ms
            return [Sighting(one.number, tuple(value / picture.scale for value in one.box), one.state, one.name, one.score,
                             one.question)
                    for one in found]
        finally:
            viewer.busy.release()

    def met(self, token: str, number: int, owner: str = "") -> tuple[Identification, np.ndarray]:
        """The last look at a face of this viewer and its picture, (side, side, 3). Raises FaceguiError."""
        viewer = self._find(token, owner)
        found = viewer.met.get(number)
        if found is None:
            raise FaceguiError("this face has left the picture")
        viewer.shown, viewer.shown_by = found, self._service.gallery.model_id
        return found

    def again(self, token: str, owner: str = "") -> tuple[Identification, np.ndarray]:
        """The look that `met` gave last, answered as the gallery is now: to decide about it, and for the card after that.

        It is still at hand when the face has left the picture. Raises FaceguiError.
        """
        viewer = self._find(token, owner)
        shown = viewer.shown
        if shown is None or viewer.shown_by != self._service.gallery.model_id:  # another model's embedding means nothing here
            raise FaceguiError("click a face in the picture first")
        (said,) = self._service.decisions.identify([shown[0].probe])
        return said, shown[1]

    def took_ms(self, token: str, owner: str = "") -> dict[str, float]:
        """Milliseconds of this viewer's last answered frame: decode, wait, detect, align, embed, search (the last three where
        a face was due). Raises FaceguiError."""
        return self._find(token, owner).took_ms

    def _find(self, token: str, owner: str) -> Viewer:
        viewer = self._viewers.get(token)
        if viewer is None or viewer.owner != owner:
            raise FaceguiError("this camera was closed here; start it again")
        return viewer

    @contextmanager
    def _my_turn(self) -> Iterator[bool]:
        """First come, first served, so that a second viewer gets every second turn."""
        ticket = object()
        with self._turn:
            self._line.append(ticket)
            mine = self._turn.wait_for(lambda: self._line[0] is ticket, WAIT_S)
            if not mine:
                self._line.remove(ticket)
        try:
            yield mine
        finally:
            if mine:
                with self._turn:
                    self._line.popleft()
                    self._turn.notify_all()

    def _look(self, viewer: Viewer, pixels: np.ndarray, clock: Clock) -> list[Sighting]:
        sight, now = self._service.sight, time.monotonic()
        faces = self._faces(viewer, pixels, now)
        tracks = viewer.tracks = viewer.tracker.update([face.box for face in faces], now)
        clock.lap("detect")
        due = [pair for pair in zip(tracks, faces, strict=True) if pair[0].due(now)]
        due = sorted(due, key=lambda pair: pair[0].looked_s)[:LOOKS_PER_FRAME]
        if due:
            seen = sight.judge(pixels, [face for _, face in due])
            clock.lap("align")
            probes = sight.embed(seen)
            clock.lap("embed")
            self._decide(viewer, pixels, [track for track, _ in due], probes, now)
            clock.lap("search")
        present = {track.number for track in tracks}
        for number in list(viewer.met):
            if number not in present and len(viewer.met) > 2 * len(present) + 8:
                del viewer.met[number]
        return [self._sighting(viewer, track) for track in tracks]

    def _faces(self, viewer: Viewer, pixels: np.ndarray, now: float) -> list[Face]:
        if self._detector is None:
            self._detector = MtcnnDetector(self._service.settings.device, LONG_SIDE_PX)
        faces = None
        # a face that is due for a look is searched for: its landmarks are a little better, and so is its score
        settled = viewer.faces and not any(track.due(now) for track in viewer.tracks)
        if settled and now - viewer.searched_s < SEARCH_S:
            faces = self._detector.follow(pixels, [face.box for face in viewer.faces])
        if faces is None:
            faces, viewer.searched_s = self._detector.detect(pixels), now
        viewer.faces = faces
        return faces

    def _decide(self, viewer: Viewer, pixels: np.ndarray, tracks: list[Track], probes: list[Probe], now: float) -> None:
        fused = np.stack([track.look(probe.embedding, now) for track, probe in zip(tracks, probes, strict=True)])
        for track, probe, mixed, said in zip(tracks, probes, fused, self._service.decisions.judge(probes, fused), strict=True):
            best = said.verdict.name  # of a match or a question, none where the face is surely somebody else
            kept = best is not None and best == track.name and said.match_score >= said.threshold - STEADY
            track.vote(best if kept else said.name)
            found = replace(said, name=track.name)
            viewer.met[track.number] = (replace(found, probe=replace(probe, embedding=mixed)), cut(pixels, probe.face.box))
            if track.decided and self.on_look is not None:
                self.on_look(viewer.owner, pixels, found)

    @staticmethod
    def _sighting(viewer: Viewer, track: Track) -> Sighting:
        met = viewer.met.get(track.number)
        asked = met[0].question if met and track.decided else None
        state = "looking" if not track.decided else "known" if track.name is not None else "possible" if asked else "unknown"
        return Sighting(track.number, track.box, state, track.name, met[0].match_score if met else None, asked)

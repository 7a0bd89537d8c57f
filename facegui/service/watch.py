"""Watching a camera, a stream or a file as it runs: who comes, who goes, in events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..detect import MtcnnDetector
from ..draw import Mark, named
from ..track import KEPT_S, Track, Tracker
from ..types import Box, Face, Identification
from .live import STEADY

if TYPE_CHECKING:
    from . import FaceService

LONG_SIDE_PX = 640
GONE_S = 2.0  # not seen for so long: gone
STRANGERS = 500  # remembered by likeness, so that one who returns keeps the number


@dataclass(frozen=True, slots=True, eq=False)
class Event:
    """Somebody came or went. `name` None: a stranger, whose `label` is "unknown #k". `seconds`: stayed so long (went)."""

    kind: str  # "comes" or "goes"
    time_s: float
    label: str
    name: str | None
    score: float | None
    masked: bool = False
    seconds: float | None = None
    box: Box | None = None


@dataclass(slots=True, eq=False)
class _Guest:
    label: str
    name: str | None
    score: float | None
    came_s: float
    seen_s: float


class Watcher:
    """One source. Give it frames in the order of time; not safe to share between threads."""

    def __init__(self, service: FaceService, every_s: float, threshold: float | None = None) -> None:
        self._service, self._by_hand = service, threshold
        self._detector = MtcnnDetector(service.settings.device, LONG_SIDE_PX)
        self._tracker = Tracker(max(KEPT_S, 1.5 * every_s))
        self._gone_s = max(GONE_S, 2.5 * every_s)
        self._answers: dict[int, Identification] = {}
        self._labels: dict[int, str] = {}
        self._guests: dict[str, _Guest] = {}
        self._strangers: list[tuple[np.ndarray, bool]] = []  # fused embeddings, covered or bare; number k is at k - 1
        self.marks: list[Mark] = []  # of the last frame

    def look(self, pixels: np.ndarray, time_s: float) -> list[Event]:
        """What changed with this frame, (height, width, 3) RGB uint8."""
        faces = self._detector.detect(pixels)
        tracks = self._tracker.update([face.box for face in faces], time_s)
        due = [(track, face) for track, face in zip(tracks, faces, strict=True) if track.due(time_s)]
        if due:
            self._decide(pixels, due, time_s)
        events = [event for track in tracks if (event := self._present(track, time_s)) is not None]
        events = self.leave(time_s) + events
        self.marks = [self._mark(track) for track in tracks]
        alive = {track.number for track in tracks}
        if len(self._answers) > 4 * len(alive) + 50:
            self._answers = {number: one for number, one in self._answers.items() if number in alive}
            self._labels = {number: one for number, one in self._labels.items() if number in alive}
        return events

    def leave(self, time_s: float, everybody: bool = False) -> list[Event]:
        """Who has gone by now; at the end of the source `everybody`."""
        gone = [one for one in self._guests.values() if everybody or time_s - one.seen_s > self._gone_s]
        for one in gone:
            del self._guests[one.label]
        return [Event("goes", one.seen_s, one.label, one.name, one.score, seconds=round(one.seen_s - one.came_s, 3))
                for one in gone]

    def _decide(self, pixels: np.ndarray, due: Sequence[tuple[Track, Face]], time_s: float) -> None:
        sight = self._service.sight
        probes = sight.embed(sight.judge(pixels, [face for _, face in due]))
        fused = np.stack([track.look(probe.embedding, time_s) for (track, _), probe in zip(due, probes, strict=True)])
        for (track, _), one in zip(due, self._service.decisions.judge(probes, fused, 5, self._by_hand), strict=True):
            best = one.candidates[0] if one.candidates else None
            steady = best is not None and best.name == track.name and best.score >= one.threshold - STEADY
            track.vote(best.name if steady else one.name)
            self._answers[track.number] = one

    def _present(self, track: Track, time_s: float) -> Event | None:
        """The event of somebody's arrival, once the track is decided."""
        if not track.decided:
            return None
        label = track.name if track.name is not None else self._stranger(track)
        score = self._answers[track.number].match_score if track.number in self._answers else None
        guest = self._guests.get(label)
        if guest is not None:
            guest.seen_s = time_s
            if score is not None and track.name is not None:
                guest.score = max(score, guest.score or -1.0)
            return None
        self._guests[label] = _Guest(label, track.name, score, time_s, time_s)
        masked = track.number in self._answers and self._answers[track.number].probe.masked
        return Event("comes", time_s, label, track.name, score, masked, None, track.box)

    def _stranger(self, track: Track) -> str:
        """ "unknown #k": of the track, else of the most alike stranger before, else a new number."""
        known = self._labels.get(track.number)
        if known is not None:
            return known
        covered = track.number in self._answers and self._answers[track.number].probe.cover.covered
        beyond = np.array([float(fused @ track.fused) - self._alike(covered + worn) for fused, worn in self._strangers])
        best = int(np.argmax(beyond)) if len(beyond) else -1
        if best < 0 or beyond[best] < 0 and len(self._strangers) < STRANGERS:
            self._strangers.append((track.fused, covered))
            best = len(self._strangers) - 1
        self._labels[track.number] = f"unknown #{best + 1}"
        return self._labels[track.number]

    def _alike(self, covered: int) -> float:
        return self._service.decisions.alike(covered) if self._by_hand is None else self._by_hand

    def _mark(self, track: Track) -> Mark:
        if not track.decided:
            return Mark(track.box, "...", False)
        if track.name is None:
            return Mark(track.box, self._labels.get(track.number, "unknown"), False)
        one = self._answers.get(track.number)
        return Mark(track.box, named(track.name, one.match_score if one else None), True)

"""Faces followed from frame to frame: a name is steady, and is decided over several looks at the same person."""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np

from .types import Box, overlap

OVERLAP = 0.25  # of two boxes (intersection over union) to be the same face one frame later
KEPT_S = 0.8  # a face that was not found for so long has left
LOOKS = 3  # looks at a new face before anything is said about it
MEMORY = 5  # looks that vote on the name
AGAIN_S = 0.4  # between looks at a face whose name is settled
NEWEST = 0.4  # weight of the newest look in the fused embedding


@dataclass(slots=True, eq=False)
class Track:
    """One face over time. Not frozen: it is the state of a stream, owned by its Tracker."""

    number: int
    box: Box
    seen_s: float
    looked_s: float = -math.inf
    fused: np.ndarray | None = None
    votes: deque[str | None] = field(default_factory=lambda: deque(maxlen=MEMORY))

    @property
    def decided(self) -> bool:
        """Enough looks agree. Before that the face is neither known nor unknown."""
        return len(self.votes) >= LOOKS and Counter(self.votes).most_common(1)[0][1] > len(self.votes) / 2

    @property
    def name(self) -> str | None:
        """What most looks say; None is "unknown", or not decided yet."""
        return Counter(self.votes).most_common(1)[0][0] if self.decided else None

    def due(self, now_s: float) -> bool:
        """Whether the face should be looked at again: always while it is undecided or the last look disagrees."""
        return not self.decided or self.votes[-1] != self.name or now_s - self.looked_s >= AGAIN_S

    def look(self, embedding: np.ndarray, now_s: float) -> np.ndarray:
        """Fuse a new look in; returns the unit vector that is to be searched. Old looks fade, so an error heals."""
        mixed = embedding if self.fused is None else (1 - NEWEST) * self.fused + NEWEST * embedding
        self.fused = (mixed / max(float(np.linalg.norm(mixed)), 1e-9)).astype(np.float32)
        self.looked_s = now_s
        return self.fused

    def vote(self, name: str | None) -> None:
        self.votes.append(name)


class Tracker:
    """The faces of one stream. Not safe to share between threads: a stream has one frame at a time."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._tracks: list[Track] = []
        self._last = 0
        self._kept_s = kept_s

    def cut(self, stays: Callable[[Box], bool]) -> None:
        """The picture changed to another scene: faces are forgotten but those whose place looks as before."""
        self._tracks = [track for track in self._tracks if stays(track.box)]

    def update(self, boxes: Sequence[Box], now_s: float) -> list[Track]:
        """The track of each box of a new frame, in the same order: pairs with the most overlap first."""
        self._tracks = [track for track in self._tracks if now_s - track.seen_s <= self._kept_s]
        free = list(self._tracks)
        pairs = sorted(((overlap(track.box, box), number, track) for number, box in enumerate(boxes) for track in free),
                       key=lambda pair: -pair[0])
        found: dict[int, Track] = {}
        for shared, number, track in pairs:
            if shared >= OVERLAP and number not in found and track in free:
                found[number] = track
                free.remove(track)
        for number, box in enumerate(boxes):
            if number not in found:
                self._last += 1
                found[number] = Track(self._last, box, now_s)
                self._tracks.append(found[number])
            found[number].box, found[number].seen_s = box, now_s
        return [found[number] for number in range(len(boxes))]

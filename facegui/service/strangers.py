"""People whom nobody has enrolled, kept in memory if the owner wants it: grouped by likeness, named once, dropped by age."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .. import image, quality
from ..types import EnrollReport, FaceguiError, Identification
from .thumbnails import SIDE_PX, cut

if TYPE_CHECKING:
    from . import FaceService

SETTING = "keep_strangers_hours"  # in the gallery; absent or 0: nobody is kept
MOST_PEOPLE, MOST_PICTURES = 200, 6
PORTRAIT = 1.0  # of the box side added on every side: enough to find and align the face again
PORTRAIT_PX = 480


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One look at a stranger: a portrait to enroll from (JPEG bytes), a thumbnail, the template."""

    portrait: bytes
    thumbnail: bytes
    embedding: np.ndarray
    quality: float


@dataclass(slots=True, eq=False)
class Stranger:
    """One unknown person: the best pictures first. `seen`: how often; first and last in seconds since 1970."""

    number: int
    first_s: float
    last_s: float
    seen: int = 0
    pictures: list[Picture] = field(default_factory=list)

    def likeness(self, embedding: np.ndarray) -> float:
        return max(float(one.embedding @ embedding) for one in self.pictures)


class Strangers:
    """Safe to share between threads. Nothing is written to disk; all are gone when the program ends."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._people: dict[int, Stranger] = {}
        self._last = 0
        self._model = ""  # templates of different models cannot be compared

    @property
    def hours(self) -> float:
        """How long strangers are kept; 0: not at all."""
        return float(self._service.gallery.setting(SETTING, 0) or 0)

    def keep(self, hours: float) -> None:
        """Keep strangers for so long from now on; 0 forgets all and keeps nobody."""
        if not 0 <= hours <= 24 * 30:
            raise FaceguiError("strangers can be kept for 0 to 720 hours")
        self._service.gallery.set_setting(SETTING, hours or None)
        self.everybody()

    def meet(self, pixels: np.ndarray, one: Identification, scale: float = 1.0) -> None:
        """Take note of an unknown face, if wanted and if the picture is good enough to enroll from.

        pixels: the picture, RGB uint8; the face's box is in pixels of the picture divided by `scale`.
        """
        if one.name is not None or not self.hours or quality.refuses(one.probe.quality):
            return
        box = tuple(value * scale for value in one.probe.face.box)
        side = min(PORTRAIT_PX, max(96, round((box[2] - box[0]) * (1 + 2 * PORTRAIT))))
        made = Picture(image.encode_jpeg(cut(pixels, box, side, PORTRAIT), 92), image.encode_jpeg(cut(pixels, box, SIDE_PX), 85),
                       one.probe.embedding, one.probe.quality.score)
        now, same, model = time.time(), self._service.threshold(), self._service.card.id
        with self._lock:
            if model != self._model:
                self._people, self._model = {}, model
            near = max(self._people.values(), key=lambda person: person.likeness(made.embedding), default=None)
            if near is None or near.likeness(made.embedding) < same:
                self._last += 1
                near = self._people[self._last] = Stranger(self._last, now, now)
            near.seen, near.last_s = near.seen + 1, now
            near.pictures = sorted([*near.pictures, made], key=lambda one: -one.quality)[:MOST_PICTURES]
            while len(self._people) > MOST_PEOPLE:
                del self._people[min(self._people.values(), key=lambda person: person.last_s).number]

    def everybody(self) -> list[Stranger]:
        """Those who are still kept, last seen first."""
        oldest = time.time() - 3600 * self.hours
        with self._lock:
            self._people = {number: one for number, one in self._people.items() if one.last_s > oldest}
            return sorted(self._people.values(), key=lambda one: -one.last_s)

    def name(self, number: int, name: str) -> EnrollReport:
        """Enroll a stranger from the kept pictures; whoever is enrolled is no stranger any more."""
        person = self._people.get(number)
        if person is None:
            raise FaceguiError("this person is no longer kept")
        report = self._service.enroll(name, [(f"seen-{number}-{index}.jpg", one.portrait)
                                             for index, one in enumerate(person.pictures, 1)])
        if report.enrolled:
            self.drop(number)
        return report

    def drop(self, number: int) -> None:
        with self._lock:
            self._people.pop(number, None)

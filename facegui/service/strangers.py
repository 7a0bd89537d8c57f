"""People whom nobody has enrolled, kept in memory if the owner wants it: grouped by likeness, named once, dropped by age."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from .. import image, quality
from ..types import Cover, EnrollReport, FaceguiError, Identification, Quality
from .thumbnails import SIDE_PX, cut

if TYPE_CHECKING:
    from . import FaceService

SETTING = "keep_strangers_hours"  # in the gallery; absent or 0: nobody is kept
MOST_PEOPLE, MOST_PICTURES = 200, 6
PORTRAIT = 1.0  # of the box side added on every side: enough to find and align the face again
PORTRAIT_PX = 480
# Whoever is covered is kept too, to be recognised by the owner; a bare picture, once there is one, comes first.
UNFIT = quality.REFUSED - quality.COVERED


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """One look at a stranger: a portrait to enroll from (JPEG bytes), a thumbnail, the template."""

    portrait: bytes
    thumbnail: bytes
    embedding: np.ndarray
    quality: float
    cover: Cover

    @property
    def covered(self) -> bool:
        return self.cover.covered


@dataclass(slots=True, eq=False)
class Stranger:
    """One unknown person: bare pictures first, the best of each kind first. `seen`: how often; first and last in
    seconds since 1970."""

    number: int
    first_s: float
    last_s: float
    seen: int = 0
    pictures: list[Picture] = field(default_factory=list)

    @property
    def covered(self) -> bool:
        """Never seen bare-faced."""
        return all(one.covered for one in self.pictures)

    def portraits(self) -> list[tuple[str, bytes]]:
        """(file name, JPEG) to enroll from: covered looks only where there are no others."""
        chosen = [one for one in self.pictures if not one.covered] or self.pictures
        return [(f"seen-{self.number}-{index}.jpg", one.portrait) for index, one in enumerate(chosen, 1)]

    def likeness(self, made: Picture, needed: Sequence[float]) -> float:
        """By how much the score of the best pair of looks passes what it needs, by how many of the two are covered."""
        return max(float(one.embedding @ made.embedding) - needed[one.covered + made.covered] for one in self.pictures)


class Strangers:
    """Safe to share between threads. Nothing is written to disk; all are gone when the program ends."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._lock = threading.Lock()
        self._people: dict[int, Stranger] = {}
        self._last = 0
        self._model = ""  # templates of different models cannot be compared
        self._timer: threading.Timer | None = None

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
        """Take note of an unknown face, if wanted and if the picture is good enough to enroll from. Whoever may be
        somebody enrolled (a question) is not taken for a stranger.

        pixels: the picture, RGB uint8; the face's box is in pixels of the picture divided by `scale`.
        """
        if one.name is not None or one.question is not None or not fit(one.probe.quality) or not (hours := self.hours):
            return
        box = tuple(value * scale for value in one.probe.face.box)
        side = min(PORTRAIT_PX, max(96, round((box[2] - box[0]) * (1 + 2 * PORTRAIT))))
        made = Picture(image.encode_jpeg(cut(pixels, box, side, PORTRAIT), 92), image.encode_jpeg(cut(pixels, box, SIDE_PX), 85),
                       one.probe.embedding, one.probe.quality.score, one.probe.cover)
        now, model = time.time(), self._service.card.key
        needed = [self._service.decisions.alike(covered) for covered in range(3)]  # masks, and dark glasses, resemble each other
        with self._lock:
            if model != self._model:
                self._people, self._model = {}, model
            near = max(self._people.values(), key=lambda person: person.likeness(made, needed), default=None)
            if near is None or near.likeness(made, needed) < 0:
                self._last += 1
                near = self._people[self._last] = Stranger(self._last, now, now)
            near.seen, near.last_s = near.seen + 1, now
            near.pictures = sorted([*near.pictures, made], key=lambda one: (one.covered, -one.quality))[:MOST_PICTURES]
            while len(self._people) > MOST_PEOPLE:
                del self._people[min(self._people.values(), key=lambda person: person.last_s).number]
            self._watch(hours)

    def everybody(self) -> list[Stranger]:
        """Those who are still kept and whom nobody has enrolled meanwhile, last seen first."""
        self._discard()
        with self._lock:
            there, model = list(self._people.values()), self._model
        if there and model == self._service.card.key:
            first = [one.pictures[0] for one in there]
            found = self._service.decisions.resembled(np.stack([one.embedding for one in first]), [one.cover for one in first])
            for one, near in zip(there, found, strict=True):
                if near:
                    self.drop(one.number)
        with self._lock:
            return sorted(self._people.values(), key=lambda one: -one.last_s)

    def one(self, number: int) -> Stranger:
        """Raises FaceguiError where this person is gone."""
        self._discard()
        if (person := self._people.get(number)) is None:
            raise FaceguiError("this person is no longer kept")
        return person

    def name(self, number: int, name: str, *, covered_too: bool = False, note: str = "") -> EnrollReport:
        """Enroll a stranger from the kept pictures; whoever is enrolled is no stranger any more.

        Raises FaceguiError for somebody who was only seen with a covered face, unless `covered_too`.
        """
        person = self.one(number)
        if person.covered and not covered_too:
            raise FaceguiError("this person was only seen with a covered face, and other covered faces resemble such a picture; wait "
                               "for a look at the bare face, enroll from a photo, or tick the box to enroll these pictures anyway")
        report = self._service.enroll(name, person.portraits(), force=person.covered, note=note)
        if report.enrolled:
            self.drop(number)
        return report

    def _discard(self) -> None:
        """Let go of everybody who is older than the owner wants."""
        oldest = time.time() - 3600 * self.hours
        with self._lock:
            self._people = {number: one for number, one in self._people.items() if one.last_s > oldest}

    def _watch(self, hours: float) -> None:
        """Discard when the first of them is due, though nobody may look at the list then."""
        if self._timer is None and self._people:
            due = min(one.last_s for one in self._people.values()) + 3600 * hours - time.time()
            self._timer = threading.Timer(max(due, 0) + 1, self._due)
            self._timer.daemon = True
            self._timer.start()

    def _due(self) -> None:
        try:
            self._discard()
            hours = self.hours
        except FaceguiError:  # the gallery is closed: so is the program
            self._people, hours = {}, 0.0
        with self._lock:
            self._timer = None
            if hours:
                self._watch(hours)

    def drop(self, number: int) -> None:
        with self._lock:
            self._people.pop(number, None)


def fit(found: Quality) -> bool:
    """Whether a look at a stranger is good enough to be kept."""
    return UNFIT.isdisjoint(found.reasons)

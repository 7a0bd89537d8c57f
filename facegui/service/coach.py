"""A coach for the camera: tells how to sit, and takes the picture by itself when pose and light are good.

Frames are looked at and dropped; the few that are taken wait in memory until they are fetched for enrollment, and go by
themselves when nobody does.
"""

from __future__ import annotations

import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .. import image, quality
from ..detect import MtcnnDetector
from ..types import Box, FaceguiError, overlap
from .live import FRAME_PX, LONG_SIDE_PX, Busy
from .sight import Seen, subject

if TYPE_CHECKING:
    from . import FaceService

POSES = {"front": "Look straight into the camera.", "left": "Turn your head a little to your left.",
         "right": "Turn your head a little to your right."}
FRONT_DEG, TURN_DEG, MOST_DEG = 10, 12, 40  # yaw; turns count from the person's own front, because noses differ
GOOD = 0.5  # quality.judge's score
MIN_EYES_PX = 32  # twice what enrolling asks for: sitting closer costs nothing
LIGHT = ("too_dark", "too_bright", "low_contrast")
STILL = 0.8  # overlap of the face's boxes in two frames: whoever moves is blurred
COACHES, MOST_SHOTS = 4, 12
IDLE_S = 180.0  # a page in the background sends nothing
LEFT_S = 10.0  # after the camera went off: its last pictures are fetched at once, or the page was closed


@dataclass(frozen=True, slots=True)
class Advice:
    """What to show beside the video. light: red (no use) | amber (nearly) | green (hold still)."""

    light: str
    text: str
    box: Box | None  # of the face, in pixels of the frame as it came
    done: tuple[str, ...]  # poses taken so far
    taken: str | None = None  # the pose that this very frame was taken for


@dataclass(slots=True, eq=False, weakref_slot=True)
class Sitting:
    """One open camera. `shots`: pictures that were taken and not fetched yet, JPEG bytes by pose."""

    owner: str
    used_s: float
    done: list[str] = field(default_factory=list)
    shots: list[tuple[str, bytes]] = field(default_factory=list)
    front_deg: float = 0.0
    ready: tuple[str, Box] | None = None  # the pose and place of the last frame, if it was good
    closed: bool = False  # the camera is off; its last pictures may still be asked for
    busy: threading.Lock = field(default_factory=threading.Lock)

    @property
    def until_s(self) -> float:
        """When it goes, unless it is used again."""
        return self.used_s + (LEFT_S if self.closed else IDLE_S)


class Coach:
    """All sittings of one service."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._sittings: dict[str, Sitting] = {}
        self._lock = threading.Lock()
        self._detector: MtcnnDetector | None = None
        self._timer: threading.Timer | None = None

    def start(self, owner: str = "") -> str:
        """A new sitting's token. Raises Busy."""
        now = time.monotonic()
        self.discard()
        with self._lock:
            if sum(not one.closed for one in self._sittings.values()) >= COACHES:
                raise Busy(f"{COACHES} cameras are open for enrolling already; close one first")
            token = secrets.token_urlsafe(12)
            self._sittings[token] = Sitting(owner, now)
            self._watch()
            return token

    def discard(self) -> None:
        """Let go of sittings, with their pictures, that nobody uses any more."""
        now = time.monotonic()
        with self._lock:
            self._sittings = {token: one for token, one in self._sittings.items() if now < one.until_s}

    def _watch(self) -> None:
        """Discard when the first of them is due. Called with the lock held."""
        if self._timer is None and self._sittings:
            due = min(one.until_s for one in self._sittings.values()) - time.monotonic()
            self._timer = threading.Timer(min(max(due, 0.0), LEFT_S), self._due)
            self._timer.daemon = True
            self._timer.start()

    def _due(self) -> None:
        self.discard()
        with self._lock:
            self._timer = None
            self._watch()

    def stop(self, token: str, owner: str = "") -> None:
        """Close the camera. Pictures that were taken can be fetched for a moment more: asking for them may come after this."""
        sitting = self._find(token, owner)
        with self._lock:
            sitting.closed, sitting.used_s = True, time.monotonic()

    def shots(self, token: str, owner: str = "") -> list[tuple[str, bytes]]:
        """The pictures taken since this was last asked: (file name, JPEG bytes)."""
        sitting = self._find(token, owner, closed=True)
        with self._lock:
            shots, sitting.shots = sitting.shots, []
        return [(f"camera-{pose}.jpg", data) for pose, data in shots]

    def see(self, token: str, data: bytes, owner: str = "", *, now: bool = False) -> Advice | None:
        """Look at one frame (the bytes of a JPEG file) and take it if it is good; None: the last one is still looked at.

        `now`: take it in whatever pose, if it can be enrolled at all. Raises FaceguiError for an unknown token, ImageError.
        """
        sitting = self._find(token, owner)
        sitting.used_s = time.monotonic()
        if not sitting.busy.acquire(blocking=False):
            return None
        try:
            picture = image.decode(data, max_side=FRAME_PX)
            if self._detector is None:
                self._detector = MtcnnDetector(self._service.settings.device, LONG_SIDE_PX)
            faces = self._detector.detect(picture.pixels)
            seen = self._service.sight.judge(picture.pixels, faces, picture.scale)
            return self._advise(sitting, subject(seen, picture.width, picture.height), len(seen), data, now)
        finally:
            sitting.busy.release()

    def _find(self, token: str, owner: str, closed: bool = False) -> Sitting:
        """`closed`: one whose camera is off will do."""
        sitting = self._sittings.get(token)
        if sitting is None or sitting.owner != owner or sitting.closed and not closed:
            raise FaceguiError("this camera was closed here; start it again")
        return sitting

    def _advise(self, sitting: Sitting, one: Seen | None, faces: int, data: bytes, now: bool) -> Advice:
        if one is None:
            sitting.ready = None
            text = "Sit in the middle, alone in the picture." if faces else "No face is in the picture; sit in front of the camera."
            return Advice("red", text, None, tuple(sitting.done))
        yaw = quality.turned_deg(one.face)
        pose, wrong = self._pose(sitting, yaw), fault(one)
        if wrong or pose is None:
            sitting.ready = None
            if now and not quality.refuses(one.quality):
                return self._take(sitting, one, pose or "other", yaw, data)
            light = "red" if quality.refuses(one.quality) else "amber"
            return Advice(light, wrong or _next(sitting), one.face.box, tuple(sitting.done))
        before, sitting.ready = sitting.ready, (pose, one.face.box)
        if now or before is not None and before[0] == pose and overlap(before[1], one.face.box) >= STILL:
            return self._take(sitting, one, pose, yaw, data)
        return Advice("green", "Good. Hold still.", one.face.box, tuple(sitting.done))

    @staticmethod
    def _pose(sitting: Sitting, yaw: float) -> str | None:
        """The pose of this face, if it is one that is still lacking. The front comes first; positive: the person's left."""
        if "front" not in sitting.done:
            return "front" if abs(yaw) <= FRONT_DEG else None
        turned = yaw - sitting.front_deg
        pose = "left" if turned > 0 else "right"
        return pose if TURN_DEG <= abs(turned) <= MOST_DEG and pose not in sitting.done else None

    @staticmethod
    def _take(sitting: Sitting, one: Seen, pose: str, yaw: float, data: bytes) -> Advice:
        sitting.shots = [*sitting.shots, (pose, data)][-MOST_SHOTS:]
        sitting.ready = None
        if pose == "front":
            sitting.front_deg = yaw
        if pose in POSES:
            sitting.done.append(pose)
        return Advice("green", _next(sitting), one.face.box, tuple(sitting.done), pose)


def _next(sitting: Sitting) -> str:
    return next((text for pose, text in POSES.items() if pose not in sitting.done), "That is all: type the name and press Enroll.")


def fault(one: Seen) -> str:
    """What the person should change before the picture is taken, or nothing."""
    for reason in sorted(one.quality.reasons, key=lambda reason: reason not in LIGHT):  # in bad light all else is a guess
        return quality.REASONS[reason]
    eyes_px = abs(complex(*(one.face.landmarks[1] - one.face.landmarks[0])))
    if eyes_px < MIN_EYES_PX:
        return "Come closer."
    return "" if one.quality.score >= GOOD else "Nearly: more light on the face, and hold still."

"""A video file, every frame in order with its true time; a thread decodes ahead while the last frames are looked at."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from ..image import shown
from ..types import VideoError
from . import kinds

AHEAD = 4  # frames decoded before they are asked for
MAX_PIXELS = 8192 * 4608  # of one frame
USUAL_FPS = 25.0  # where a file does not say
INCOMPLETE = 0.95  # of the seconds that a file promises


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One picture of a video. `pixels` (height, width, 3) RGB uint8, upright; None where only the time was asked for."""

    number: int
    time_s: float  # since the first frame
    pixels: np.ndarray | None


class VideoFile:
    """An open video file; use as a context manager. Raises VideoError for anything that is not a readable video."""

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self.name = shown(self.path.name)
        kinds.check(self.path)
        self._capture = cv2.VideoCapture(str(self.path.absolute()), cv2.CAP_FFMPEG)
        try:
            if not self._capture.isOpened():
                raise VideoError(f"{self.name} is damaged, incomplete, or in a coding that cannot be decoded here; "
                                 "copy or download it again, or convert it to MP4")
            self.width = int(self._capture.get(cv2.CAP_PROP_FRAME_WIDTH))
            self.height = int(self._capture.get(cv2.CAP_PROP_FRAME_HEIGHT))
            if not 0 < self.width * self.height <= MAX_PIXELS:
                raise VideoError(f"{self.name} has frames of {self.width} x {self.height} pixels, more than can be "
                                 "decoded here; make a smaller copy")
            fps = self._capture.get(cv2.CAP_PROP_FPS)
            self.fps = fps if 0.01 < fps < 1000 else USUAL_FPS  # on average; times are each frame's own
            self.promised = max(0, int(self._capture.get(cv2.CAP_PROP_FRAME_COUNT)))  # frames; 0: unknown
        except VideoError:
            self._capture.release()
            raise

    def __enter__(self) -> VideoFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._capture.release()

    def frames(self, rate: float = 0.0, only: bool = False) -> Iterator[Frame]:
        """Every frame in order, once. With `rate`, pixels come for that many frames per second only (the first one always);
        with `only`, the others are left out. Raises VideoError where not one frame can be decoded.
        """
        ahead: queue.Queue = queue.Queue(AHEAD)
        stop = threading.Event()

        def put(item: object) -> bool:
            while not stop.is_set():
                try:
                    ahead.put(item, timeout=0.1)
                    return True
                except queue.Full:
                    continue
            return False

        def decode() -> None:
            try:
                for frame in self._decode(rate):
                    if (frame.pixels is not None or not only) and not put(frame):
                        return
                put(None)
            except BaseException as error:
                put(error)

        thread = threading.Thread(target=decode, name="video-decoder", daemon=True)
        thread.start()
        try:
            while (item := ahead.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            stop.set()
            thread.join()

    def _decode(self, rate: float) -> Iterator[Frame]:
        number, first_s, last_s, due_s = 0, 0.0, -1.0, 0.0
        while self._capture.grab():
            time_s = self._capture.get(cv2.CAP_PROP_POS_MSEC) / 1e3
            if number == 0:
                first_s = time_s
            time_s -= first_s
            if number and time_s <= last_s:  # a file without times, or with broken ones
                time_s = last_s + 1 / self.fps
            pixels = None
            if not rate or time_s >= due_s - 1e-6:
                found, bgr = self._capture.retrieve()
                if found:
                    pixels = cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB) if bgr.ndim == 3 else cv2.cvtColor(bgr, cv2.COLOR_GRAY2RGB)
                    due_s = max(due_s + 1 / rate, time_s + 0.5 / rate) if rate else 0.0  # evenly, whatever the file's own pace
            yield Frame(number, time_s, pixels)
            number, last_s = number + 1, time_s
        if not number:
            raise VideoError(f"{self.name} holds no picture that can be decoded; copy or download it again, "
                             "or convert it to MP4")

    def missing(self, last_s: float) -> str:
        """A remark where the file ended, with a frame at `last_s`, well before what it promised; else empty."""
        promised_s = self.promised / self.fps
        if last_s + 1 < INCOMPLETE * promised_s:
            return f"{self.name} is incomplete: {last_s:.0f} of {promised_s:.0f} seconds could be decoded"
        return ""

"""A camera or a stream: a thread reads it and keeps the newest frame alone, so that slow work costs frames and never lag."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable

import cv2

from ..types import VideoError
from .file import Frame

OPEN_MS, READ_MS = 10_000, 10_000
STALL_S = 12.0  # without a new frame: the source hangs, whatever the driver says
PATIENCE_S = 30.0  # reconnecting for so long before giving up
FIRST_WAIT_S, LONGEST_WAIT_S = 0.5, 8.0
SCHEMES = ("rtsp://", "rtsps://", "rtmp://", "http://", "https://", "udp://", "srt://")


def is_live(source: str) -> bool:
    """Whether `source` is a camera number or an address rather than a file."""
    return source.isdecimal() or source.lower().startswith(SCHEMES)


def shown_source(source: str) -> str:
    """The source fit for a message: "camera 0", or the address without its password."""
    return f"camera {int(source)}" if source.isdecimal() else re.sub(r"//[^/@]*@", "//", source)


class Stream:
    """An open live source; use as a context manager. `on_trouble` hears sentences while it reconnects.

    Raises VideoError where the source cannot be opened.
    """

    def __init__(self, source: str, on_trouble: Callable[[str], None] | None = None, *, patience_s: float = PATIENCE_S,
                 stall_s: float = STALL_S) -> None:
        self.name = shown_source(source)
        self._source, self._say = source, on_trouble or (lambda _: None)
        self._patience_s, self._stall_s = patience_s, stall_s
        self._news = threading.Condition()
        self._stop = threading.Event()
        self._newest: Frame | None = None
        self._given = -1
        self._error: VideoError | None = None
        capture = self._open()
        if capture is None:
            raise VideoError(f"{self.name} {self._advice()}")
        if not source.isdecimal() and capture.get(cv2.CAP_PROP_FRAME_COUNT) > 0:
            capture.release()
            raise VideoError(f"{self.name} is a finished video and no live picture; download it and give the file")
        self._started_s = time.monotonic()
        self._thread = threading.Thread(target=self._read, args=(capture,), name="stream-reader", daemon=True)
        self._thread.start()

    def __enter__(self) -> Stream:
        return self

    def __exit__(self, *_: object) -> None:
        """The reader lets go of the source itself, at the latest when its own read times out."""
        self._stop.set()
        self._thread.join(READ_MS / 1e3 + 2)

    def newest(self) -> Frame:
        """The newest frame that was not given yet, waiting for one where need be; `time_s` counts from the start.

        Raises VideoError where the source ended, or hangs, and could not be reached again.
        """
        with self._news:
            waited = 0.0
            while True:
                if self._newest is not None and self._newest.number > self._given:
                    self._given = self._newest.number
                    return self._newest
                if self._error is not None:
                    raise self._error
                if waited > self._stall_s + self._patience_s:
                    raise VideoError(f"{self.name} sends no pictures any more; check it and start again")
                self._news.wait(0.5)  # short, so that Ctrl-C is heard
                waited += 0.5

    def _open(self) -> cv2.VideoCapture | None:
        if self._source.isdecimal():
            capture = cv2.VideoCapture(int(self._source), cv2.CAP_ANY)
        else:
            capture = cv2.VideoCapture(self._source, cv2.CAP_FFMPEG,
                                       [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, OPEN_MS, cv2.CAP_PROP_READ_TIMEOUT_MSEC, READ_MS])
        if capture.isOpened():
            return capture
        capture.release()
        return None

    def _advice(self) -> str:
        if self._source.isdecimal():
            return ("cannot be opened: there is no such camera, another program uses it, or this user may not; "
                    "plug it in, close that program, or give another number")
        return ("cannot be reached or sends nothing that can be decoded; check the address, the login in it and that the "
                "source is switched on, and that another player can open it")

    def _read(self, capture: cv2.VideoCapture | None) -> None:
        number = 0
        try:
            while not self._stop.is_set():
                found, bgr = capture.read() if capture is not None else (False, None)
                if found and bgr is not None:
                    frame = Frame(number, time.monotonic() - self._started_s, cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB))
                    with self._news:
                        self._newest = frame
                        self._news.notify_all()
                    number += 1
                    continue
                if capture is not None:
                    capture.release()
                capture = self._again()
                if capture is None:
                    return
        except Exception as error:  # a driver's own
            self._fail(f"{self.name} failed ({type(error).__name__}: {error}); check it and start again")
        finally:
            if capture is not None:
                capture.release()

    def _again(self) -> cv2.VideoCapture | None:
        """Open the source anew, waiting longer each time. None: given up, or stopped."""
        self._say(f"{self.name} was lost; trying to reach it again")
        end, wait = time.monotonic() + self._patience_s, FIRST_WAIT_S
        while not self._stop.wait(min(wait, max(0.0, end - time.monotonic()))):
            capture = self._open()
            if capture is not None:
                self._say(f"{self.name} is back")
                return capture
            if time.monotonic() >= end:
                self._fail(f"{self.name} ended and could not be reached again for {self._patience_s:.0f} seconds; "
                           "check it and start again")
                return None
            wait = min(2 * wait, LONGEST_WAIT_S)
        return None

    def _fail(self, text: str) -> None:
        with self._news:
            self._error = VideoError(text)
            self._news.notify_all()

"""Writing a video that browsers play: VP9 pictures with each frame's own time, Opus sound, in WebM."""

from __future__ import annotations

import contextlib
import os
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError

from ..image import shown
from ..types import VideoError
from . import unfinished
from .sound import Sound

ENDING = ".webm"
# cpu-used 8 is libvpx's fastest for live pictures: nine times as fast as its default and hardly larger
OPTIONS = {"deadline": "realtime", "cpu-used": "8", "crf": "33", "row-mt": "1", "threads": "2"}
KEYFRAME_EVERY = 50  # frames: a jump in the player decodes at most two seconds
CLOCK = Fraction(1, 1000)


class VideoSink:
    """A video that is being written; use as a context manager. The file is there complete or not at all.

    width, height: px, made even. fps: about what is to be expected; each frame has its own time. sound_of: a video whose
    sound is kept; `sound` tells whether it has one that could be.
    Raises VideoError: unknown ending, folder missing, disk full.
    """

    def __init__(self, path: Path | str, width: int, height: int, sound_of: Path | None = None,
                 fps: float = 25.0) -> None:
        self.path = Path(path)
        self.width, self.height = max(2, width // 2 * 2), max(2, height // 2 * 2)
        if self.path.suffix.lower() != ENDING:
            raise VideoError(f"{shown(self.path.name)}: annotated videos are written as WebM; give a name that ends in .webm")
        self._part = unfinished.beside(self.path)
        self._last_ms = -1
        self._out = self._sound = None
        try:
            open(self._part, "xb").close()  # av opens it with the first frame only
            self._out = av.open(str(self._part), "w", format="webm")
        except (FFmpegError, OSError) as error:
            raise self._cannot(error) from None
        try:
            self._video = self._out.add_stream("libvpx-vp9", rate=max(1, round(fps)), options=OPTIONS)
            self._video.width, self._video.height, self._video.pix_fmt = self.width, self.height, "yuv420p"
            self._video.time_base = self._video.codec_context.time_base = CLOCK
            self._video.gop_size = KEYFRAME_EVERY
            self._video.bit_rate = 0  # quality alone decides
            self._sound = Sound(sound_of, self._out) if sound_of is not None else None
        except BaseException:
            self._drop()
            raise

    @property
    def sound(self) -> bool:
        return self._sound is not None and self._sound.there

    def __enter__(self) -> VideoSink:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None:
            self._drop()
            return
        try:
            for packet in self._video.encode():
                self._out.mux(packet)
            if self._sound is not None:
                self._sound.write(float("inf"))
            self._close()
            os.replace(self._part, self.path)
        except (FFmpegError, OSError) as error:
            raise self._cannot(error) from None
        finally:
            self._drop()

    def add(self, pixels: np.ndarray, time_s: float) -> None:
        """One frame, (height, width, 3) RGB uint8 of the size given (an odd last row or column is left out)."""
        now_ms = max(round(1e3 * time_s), self._last_ms + 1)
        frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels[: self.height, : self.width]), format="rgb24")
        frame.pts, frame.time_base = now_ms, CLOCK
        self._last_ms = now_ms
        try:
            for packet in self._video.encode(frame):
                self._out.mux(packet)
            if self._sound is not None:
                self._sound.write(time_s)
        except (FFmpegError, OSError) as error:
            raise self._cannot(error) from None

    def _cannot(self, error: Exception) -> VideoError:
        self._drop()
        why = getattr(error, "strerror", None) or type(error).__name__
        return VideoError(f"{shown(self.path.name)} cannot be written ({why}); check the folder and the free space")

    def _close(self) -> None:
        if self._out is not None:
            out, self._out = self._out, None
            out.close()

    def _drop(self) -> None:
        """Let go of everything; what was not finished is removed."""
        if self._sound is not None:
            self._sound.close()
        with contextlib.suppress(FFmpegError, OSError):  # the end of a file that is thrown away
            self._close()
        self._part.unlink(missing_ok=True)

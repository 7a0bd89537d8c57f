"""Moving pictures in and out: video files frame by frame, live sources newest frame first, annotated videos written.

OpenCV reads, PyAV writes: the encoder inside OpenCV takes no speed settings and needs 4 to 20 times as long.
"""

from __future__ import annotations

import os

import cv2

os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")  # what is wrong is said in a VideoError
cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_ERROR)

from .file import Frame, VideoFile  # noqa: E402
from .live import Stream, is_live  # noqa: E402
from .write import VideoSink  # noqa: E402

__all__ = ["Frame", "Stream", "VideoFile", "VideoSink", "is_live"]

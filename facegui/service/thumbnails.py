"""Small pictures of faces for screens, made in memory and kept there: no face is written anywhere to be shown."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np

from .. import image
from ..types import Box, ImageError, Photo

SIDE_PX = 128
MARGIN = 0.3  # of the box side, on every side: hair and chin belong to a face that people recognise
KEPT = 4000  # thumbnails, about 5 KB each


def cut(pixels: np.ndarray, box: Box, side: int = SIDE_PX, margin: float = MARGIN) -> np.ndarray:
    """The square around a face, (side, side, 3); what lies outside the picture is filled with its edge."""
    x1, y1, x2, y2 = box
    half = max(x2 - x1, y2 - y1, 2.0) * (0.5 + margin)
    scale = side / (2 * half)
    place = np.array([[scale, 0, side / 2 - scale * (x1 + x2) / 2], [0, scale, side / 2 - scale * (y1 + y2) / 2]])
    if scale < 0.5:  # shrink with area averaging first, else the warp skips pixels
        factor = max(2 * scale, 1e-3)
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)
        place[:, :2] /= factor
    return cv2.warpAffine(pixels, place, (side, side), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)


class Thumbnails:
    """JPEG bytes of the faces of kept photos, by content: a changed or deleted photo is never shown from memory."""

    def __init__(self, path_of: Callable[[Photo], Path]) -> None:
        self._path_of = path_of
        self._kept: OrderedDict[tuple, bytes] = OrderedDict()
        self._lock = threading.Lock()

    def face(self, photo: Photo) -> bytes | None:
        """The face of an enrolled photo; None where its file is missing or damaged."""
        key = (photo.id, photo.sha256)
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        try:
            made = image.encode_jpeg(self._read(photo), 85)
        except ImageError:
            return None
        with self._lock:
            self._kept[key] = made
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return made

    def drop(self, photo_ids: set[int]) -> int:
        """Forget the faces of photos that were deleted; returns how many were kept."""
        with self._lock:
            gone = [key for key in self._kept if key[0] in photo_ids]
            for key in gone:
                del self._kept[key]
        return len(gone)

    def _read(self, photo: Photo) -> np.ndarray:
        """A small decode is enough for most faces; a small face in a large photo needs the whole file."""
        box = photo.face.box
        path = self._path_of(photo)
        picture = image.read(path, max_side=800)
        if picture.scale < 1 and (box[2] - box[0]) * picture.scale < SIDE_PX / (1 + 2 * MARGIN):
            picture = image.read(path)
        return cut(picture.pixels, tuple(value * picture.scale for value in box))

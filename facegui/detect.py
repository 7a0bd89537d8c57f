"""Finding faces: MTCNN, as published by facenet-pytorch, run at a working size and mapped back.

K. Zhang et al., "Joint face detection and alignment using multitask cascaded convolutional networks", IEEE SPL 2016.
"""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from itertools import combinations

import cv2
import numpy as np
import torch
from facenet_pytorch import MTCNN

from .device import pick_device
from .types import Box, Face, overlap

MIN_FACE_PX = 20  # of the working picture: what the networks were made for
MIN_FACE_SHARE = 1 / 32  # of the working picture's long side: smaller faces are rarely meant, and cost most of the time
FULL_SIZE_PX = 3000  # long side at which `small_faces` stops growing
TIGHT_PX = 200  # pictures up to this long side are taken for face crops and framed: MTCNN wants room round a face
SURE = 0.9  # a find below this with an eye or mouth corner outside the picture is a collar or a hand
MERGED = 0.5  # overlap (intersection over union) from which two followed boxes are taken to be on the same face
ONET_PX = 48  # input side of MTCNN's last network
SMALL_PX = 400  # pictures up to this long side get a second, closer look when nothing was found


class MtcnnDetector:
    """All faces of a picture. Safe to share between threads: a call changes nothing in the detector.

    long_side: working size, px; larger pictures are searched at this size (0: as they are). The smallest face found
    is 1/32 of it, but at least 20 px. device: "auto" (a GPU when there is one), "cpu", "cuda".
    """

    def __init__(self, device: str = "auto", long_side: int = 1024) -> None:
        # channels last: torch's pooling and small convolutions are vectorised for it, a search takes two thirds of the time
        self._networks = MTCNN(keep_all=True, device=pick_device(device)).eval().to(memory_format=torch.channels_last)
        self._long_side = long_side

    @cached_property
    def key(self) -> str:
        """What finds must be kept under: they are those of these weights, libraries and settings."""
        state = hashlib.sha256()
        for name, value in sorted(self._networks.state_dict().items()):
            state.update(name.encode() + value.cpu().numpy().tobytes())
        libraries = " ".join(f"{name} {version(name)}" for name in ("facenet-pytorch", "torch")) + f" opencv {cv2.__version__}"
        return f"mtcnn {state.hexdigest()[:16]} {libraries} long side {self._long_side}"

    def detect(self, pixels: np.ndarray, *, small_faces: bool = False) -> list[Face]:
        """(height, width, 3) RGB uint8 -> faces, largest first, boxes clipped to the picture.

        small_faces: search at full size (at most 3000 px) down to 20 px, for group photos; several times slower.
        """
        height, width = pixels.shape[:2]
        limit = FULL_SIZE_PX if small_faces else self._long_side or max(height, width)
        shrink = min(1.0, limit / max(height, width))
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        work = pixels if size == (width, height) else cv2.resize(pixels, size, interpolation=cv2.INTER_AREA)
        min_face = MIN_FACE_PX if small_faces else max(MIN_FACE_PX, round(MIN_FACE_SHARE * max(size)))
        border = max(size) // 4 if max(size) <= TIGHT_PX else 0
        boxes, scores, points = self._search(work, min_face, border)
        if not len(boxes) and max(size) <= SMALL_PX:  # a face that fills the picture or wears a large mask
            boxes, scores, points = self._search(work, min_face, max(size) // 4, factor=0.85, thresholds=(0.5, 0.6, 0.7))
            if not len(boxes) and border:  # a few faces are found in the picture as it is and under no frame
                boxes, scores, points = self._search(work, min_face, 0)
        grow = np.array([width / size[0], height / size[1]])
        points = (points + 0.5) * grow - 0.5  # the middle of a pixel stays the middle of what it stood for
        boxes = np.clip(boxes * np.tile(grow, 2), 0, [width, height, width, height])
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        outside = ((points < 0) | (points > (width - 1, height - 1))).any(axis=(1, 2))
        keep = (area > 0) & ((scores >= SURE) | ~outside)
        return [Face(tuple(boxes[i].tolist()), points[i].astype(np.float32), float(scores[i]))
                for i in np.argsort(-area, kind="stable") if keep[i]]

    @torch.inference_mode()
    def follow(self, pixels: np.ndarray, boxes: Sequence[Box]) -> list[Face] | None:
        """The faces that stood at `boxes` a moment ago, in the same order; None where one is not clearly there any more.

        Only the last of the three networks looks, at the old places: as exact as `detect` and ten times as fast, but it
        finds no newcomer. A moment is as long as the old box still holds most of the face.
        """
        if not boxes:
            return []
        places = np.rint([_square(box) for box in boxes]).astype(int)
        if (places[:, 2] - places[:, 0]).min() < 4:
            return None
        crops = torch.from_numpy(np.stack([_cut(pixels, place, ONET_PX) for place in places]))
        device = next(self._networks.parameters()).device
        crops = ((crops.permute(0, 3, 1, 2).float() - 127.5) * 0.0078125).to(device, memory_format=torch.channels_last)
        moves, points, sure = (each.cpu().numpy().astype(np.float64) for each in self._networks.onet(crops))
        if sure[:, 1].min() < SURE:
            return None
        height, width = pixels.shape[:2]
        corner, side = places[:, :2], (places[:, 2] - places[:, 0])[:, None]
        found = np.clip(places + moves * side, 0, [width, height, width, height])
        points = np.stack([points[:, :5], points[:, 5:]], axis=2) * side[:, None] + corner[:, None] - 0.5
        faces = [Face(tuple(box.tolist()), marks.astype(np.float32), float(score))
                 for box, marks, score in zip(found, points, sure[:, 1], strict=True)]
        merged = any(overlap(one.box, other.box) > MERGED for one, other in combinations(faces, 2))
        return None if merged else faces

    def _search(self, work: np.ndarray, min_face: int, border: int, factor: float = 0.709,
                thresholds: tuple[float, float, float] = (0.6, 0.7, 0.7)) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """MTCNN's boxes (n, 4), scores (n,) and points (n, 5, 2) as float64; the search has a black `border` px wide."""
        none = np.empty((0, 4)), np.empty(0), np.empty((0, 5, 2))
        if min(work.shape[:2]) < min_face:  # not one step in its pyramid: it would raise
            return none
        search = copy.copy(self._networks)  # shares the weights; the settings below are this call's own
        search.min_face_size, search.factor, search.thresholds = min_face, factor, list(thresholds)
        if border:
            work = cv2.copyMakeBorder(work, border, border, border, border, cv2.BORDER_CONSTANT)
        with torch.inference_mode():
            boxes, scores, points = search.detect(work, landmarks=True)
        if boxes is None:
            return none
        boxes, scores, points = (np.array(each.tolist(), np.float64) for each in (boxes, scores, points))  # were objects
        return boxes - border, scores, points - border


def _square(box: Box) -> tuple[float, float, float, float]:
    """The square round a box's middle, as wide as its longer side."""
    x1, y1, x2, y2 = box
    half, x, y = max(x2 - x1, y2 - y1) / 2, (x1 + x2) / 2, (y1 + y2) / 2
    return x - half, y - half, x + half, y + half


def _cut(pixels: np.ndarray, place: np.ndarray, side: int) -> np.ndarray:
    """What stands at a square place, made `side` px wide; black outside the picture."""
    (height, width), (x1, y1, x2, y2) = pixels.shape[:2], place
    inside = pixels[max(y1, 0):max(y2, 0), max(x1, 0):max(x2, 0)]
    if x1 < 0 or y1 < 0 or x2 > width or y2 > height:
        inside = cv2.copyMakeBorder(inside, max(-y1, 0), max(y2 - height, 0), max(-x1, 0), max(x2 - width, 0),
                                    cv2.BORDER_CONSTANT) if inside.size else np.zeros((2, 2, 3), np.uint8)
    return cv2.resize(inside, (side, side), interpolation=cv2.INTER_AREA)

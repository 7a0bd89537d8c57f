"""Cutting a face out the way a model wants it: the crop belongs to the model, a wrong one costs it twenty points on LFW."""

from __future__ import annotations

import cv2
import numpy as np

from .types import CropSpec, Face

# Where the eyes, the nose and the mouth corners stand in the 112 x 112 crop most published networks were trained on.
ARCFACE_112 = ((38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041))


def similarity(source: np.ndarray, target: np.ndarray) -> np.ndarray:
    """The rotation, uniform scale and shift that takes points `source` (n, 2) nearest to `target` (n, 2), as (2, 3).

    Least squares after Umeyama, "Least-squares estimation of transformation parameters between two point patterns"
    (IEEE TPAMI 13(4), 1991); never a reflection. Raises ValueError when all source points coincide.
    """
    source, target = np.asarray(source, np.float64), np.asarray(target, np.float64)
    source_mean, target_mean = source.mean(axis=0), target.mean(axis=0)
    source_centred, target_centred = source - source_mean, target - target_mean
    variance = (source_centred**2).sum() / len(source)
    if not variance > 0:
        raise ValueError("a similarity needs at least two different finite points")
    left, values, right = np.linalg.svd(target_centred.T @ source_centred / len(source))
    signs = np.array([1.0, np.sign(np.linalg.det(left) * np.linalg.det(right)) or 1.0])
    turn = (left * signs) @ right
    scale = (values * signs).sum() / variance
    return np.column_stack([scale * turn, target_mean - scale * turn @ source_mean])


def crop(pixels: np.ndarray, face: Face, spec: CropSpec) -> np.ndarray:
    """(height, width, 3) RGB uint8 and a face found in it -> (size, size, 3) RGB uint8 as `spec` wants it.

    What lies outside the picture is black, as in the usual training sets. Raises ValueError for an unknown method.
    """
    if spec.method == "align":
        return _warp(pixels, similarity(face.landmarks, spec.points), spec.size)
    if spec.method == "box":
        return _cut(pixels, face, spec.size, spec.margin)
    raise ValueError(f"unknown crop method {spec.method!r}")


def _warp(pixels: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    """cv2.warpAffine, after the face's surroundings are averaged down where one step in the crop skips source pixels."""
    shrink = int(1 / np.hypot(matrix[0, 0], matrix[1, 0]))
    if shrink >= 2:
        inverse = cv2.invertAffineTransform(matrix)
        corners = np.array([[0, 0, 1], [size, 0, 1], [0, size, 1], [size, size, 1]]) @ inverse.T
        height, width = pixels.shape[:2]
        x1, y1 = np.clip(np.floor(corners.min(axis=0)).astype(int) - shrink, 0, (width, height))
        x2, y2 = np.clip(np.ceil(corners.max(axis=0)).astype(int) + shrink, 0, (width, height))
        columns, rows = (x2 - x1) // shrink, (y2 - y1) // shrink
        if columns and rows:
            region = pixels[y1 : y1 + rows * shrink, x1 : x1 + columns * shrink]
            pixels = cv2.resize(region, (columns, rows), interpolation=cv2.INTER_AREA)
            # pixel (0, 0) of the small picture is centred on the middle of the first block of source pixels
            middle = np.array([x1, y1]) + (shrink - 1) / 2
            matrix = np.column_stack([matrix[:, :2] * shrink, matrix[:, :2] @ middle + matrix[:, 2]])
    return cv2.warpAffine(pixels, matrix, (size, size), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _cut(pixels: np.ndarray, face: Face, size: int, margin: float) -> np.ndarray:
    """facenet-pytorch's `extract_face`: the box grows by `margin` (px of the crop), is clipped, and stretched to a square."""
    height, width = pixels.shape[:2]
    x1, y1, x2, y2 = face.box
    grow_x, grow_y = margin * (x2 - x1) / (size - margin) / 2, margin * (y2 - y1) / (size - margin) / 2
    left, top = int(max(x1 - grow_x, 0)), int(max(y1 - grow_y, 0))
    right, bottom = int(min(x2 + grow_x, width)), int(min(y2 + grow_y, height))
    if right <= left or bottom <= top:
        return np.zeros((size, size, 3), np.uint8)
    return cv2.resize(pixels[top:bottom, left:right], (size, size), interpolation=cv2.INTER_AREA)

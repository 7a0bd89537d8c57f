"""What every embedder does around its network: normalise pixels, run chunk by chunk, average flips, unit length."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..types import ModelCard, ModelError

CUDA_CHUNK = 64  # crops at a time, so that memory stays bounded whatever the batch

Forward = Callable[[np.ndarray], np.ndarray]  # (n, 3, size, size) float32 -> (n, dimension), any length


def normalise(crops: np.ndarray, card: ModelCard) -> np.ndarray:
    """(n, size, size, 3) RGB uint8 -> (n, 3, size, size) float32, (value - mean) / std in the card's channel order."""
    channels = crops if card.channels == "RGB" else crops[..., ::-1]
    std = np.asarray(card.std, np.float32)
    pixels = np.ascontiguousarray(channels.transpose(0, 3, 1, 2), dtype=np.float32)
    pixels *= (1 / std)[:, None, None]
    pixels -= (np.asarray(card.mean, np.float32) / std)[:, None, None]
    return pixels


def embed(crops: np.ndarray, card: ModelCard, forward: Forward, chunk: int) -> np.ndarray:
    """(n, size, size, 3) RGB uint8 -> (n, dimension) float32 rows of unit length; with card.flip the mean of the
    crop's and its mirror image's unit vectors, brought back to unit length.

    Raises ModelError where the network answers with a wrong shape or with numbers that are not finite.
    """
    size = card.crop.size
    if crops.dtype != np.uint8 or crops.shape[1:] != (size, size, 3):
        raise ValueError(f"crops must be uint8 of shape (n, {size}, {size}, 3), not {crops.dtype} of {crops.shape}")
    out = np.empty((len(crops), card.dimension), np.float32)
    for start in range(0, len(crops), chunk):
        part = normalise(crops[start:start + chunk], card)
        rows = _unit(forward(part), len(part), card)
        if card.flip:
            mirrored = np.ascontiguousarray(part[..., ::-1])
            rows = _unit(rows + _unit(forward(mirrored), len(part), card), len(part), card)
        out[start:start + chunk] = rows
    return out


def _unit(raw: np.ndarray, count: int, card: ModelCard) -> np.ndarray:
    raw = np.asarray(raw, np.float32).reshape(count, -1)
    if raw.shape[1] != card.dimension:
        raise ModelError(f"model {card.id!r} gives {raw.shape[1]} numbers a face, its card says dimension {card.dimension}; "
                         "correct the card")
    length = np.linalg.norm(raw, axis=1, keepdims=True)
    if not (np.isfinite(length).all() and (length > 0).all()):
        raise ModelError(f"model {card.id!r} answers with numbers that are not finite or all zero; "
                         "its weights are damaged, or its card's mean and std are wrong")
    return raw / length

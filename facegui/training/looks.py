"""A bare face under a drawn mask, and the template that stands for both: what a masked face is compared with.

One drawn mask is enough: three kinds of them, averaged, found no more (docs/decisions.md).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..types import CropSpec
from .masks import draw

STYLE, SEED = "cloth", 12
SHARE = 0.5  # of the masked face in the template
KEY = f"{STYLE} {SEED} {SHARE}"  # of this way of making them


def landmarks(spec: CropSpec) -> np.ndarray | None:
    """(5, 2) where the landmarks stand in a crop of this kind; None where crops are boxes, and they stand anywhere."""
    return np.asarray(spec.points, np.float64) if spec.method == "align" and len(spec.points) == 5 else None


def masked(crops: Sequence[np.ndarray], points: np.ndarray) -> np.ndarray:
    """(n, size, size, 3) crops of bare faces under a drawn mask, always the same one."""
    return np.stack([draw(crop, points, np.random.default_rng(SEED), style=STYLE) for crop in crops])


def looks(embed: Callable[[np.ndarray], np.ndarray], crops: Sequence[np.ndarray], bare: np.ndarray, points: np.ndarray) -> np.ndarray:
    """(n, d) unit templates of bare crops whose (n, d) embeddings are known; `embed`: crops -> unit rows."""
    if not len(crops):
        return np.empty_like(bare)
    mixed = (1 - SHARE) * bare + SHARE * embed(masked(crops, points))
    return mixed / np.maximum(np.linalg.norm(mixed, axis=1, keepdims=True), 1e-9)

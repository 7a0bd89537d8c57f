"""Models: what a network wants and how it is known."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np


@dataclass(frozen=True, slots=True)
class CropSpec:
    """How a model wants its faces cut out.

    method "align": similarity warp of the five landmarks onto `points` (pixels of a size x size crop);
    method "box": the detector's box, enlarged so that `margin` px of the crop (both sides together) lie outside it,
    stretched to a square, as facenet-pytorch cuts the faces of its own InceptionResnetV1 weights.
    """

    method: str
    size: int
    points: tuple[tuple[float, float], ...] = ()
    margin: float = 0.0


@dataclass(frozen=True, slots=True)
class ModelCard:
    """Everything that defines a model's meaning; read from weights/ID/card.json, see cards.py for the JSON."""

    id: str
    architecture: str  # "onnx", "compact", "inception-resnet-v1", ...
    file: str  # weight file beside the card
    sha256: str
    crop: CropSpec
    channels: str  # "RGB" or "BGR"
    mean: tuple[float, float, float]  # subtracted from 0..255 values, in `channels` order
    std: tuple[float, float, float]  # then divided
    dimension: int
    licence: str
    origin: str
    description: str = ""
    flip: bool = False  # average with the mirrored crop's embedding
    # [[false match rate, score], ...]: impostor score tail, ascending scores; see thresholds in metrics.py
    impostor_tail: tuple[tuple[float, float], ...] = ()
    figures: dict[str, Any] = field(default_factory=dict)
    training: dict[str, Any] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """What templates are tied to: new weights under an old id make vectors that do not compare with the old ones."""
        return f"{self.id}@{self.sha256[:12]}"


class Embedder(Protocol):
    """A loaded model."""

    card: ModelCard

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """(n, size, size, 3) RGB uint8 crops -> (n, dimension) float32 rows of unit length."""

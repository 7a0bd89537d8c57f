"""Crops -> unit vectors: loads any installed model onto the best device and runs it in batches."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..cards import verify
from ..device import pick_device
from ..types import Embedder, ModelCard, ModelError

__all__ = ["ARCHITECTURES", "check", "load", "pick_device"]

ARCHITECTURES = ("compact", "inception-resnet-v1", "onnx")


def load(weights: Path, card: ModelCard, device: str | torch.device = "auto") -> Embedder:
    """The model of `card` under `weights`, its checksum verified, ready to embed.

    Raises ModelError: unknown architecture, file missing or damaged, weights that do not fit, no such device.
    """
    if card.architecture not in ARCHITECTURES:
        raise ModelError(f"model {card.id!r} has the architecture {card.architecture!r}, which this program does not know; "
                         f"known are {', '.join(ARCHITECTURES)}")
    device = pick_device(device)
    file = verify(weights / card.id, card)
    if card.architecture == "onnx":
        from . import onnx

        return onnx.load(file, card, device)
    from . import network

    if card.architecture == "compact":
        from . import compact as maker
    else:
        from . import inception as maker
    return network.NetworkEmbedder(card, maker.load_network(file, card), device)


def check(weights: Path, card: ModelCard) -> None:
    """Prove that the model of `card` works: load it on the CPU and embed two different crops.

    Raises ModelError that says what is wrong: it does not load, has another dimension than its card, answers with
    numbers that are not finite, or with the same vector whatever it is shown.
    """
    size = card.crop.size
    crops = np.random.default_rng(0).integers(0, 256, (2, size, size, 3), dtype=np.uint8)
    crops[1] //= 4
    first, second = load(weights, card, "cpu").embed(crops)
    if np.array_equal(first, second):
        raise ModelError(f"model {card.id!r} answers with the same embedding whatever it is shown; its weights are useless")

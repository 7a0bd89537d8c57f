"""Runs a torch network as an Embedder: channels-last, and bfloat16 where the processor has instructions for it."""

from __future__ import annotations

import numpy as np
import torch
from torch import nn

from ..types import ModelCard, ModelError
from . import batch


class NetworkEmbedder:
    """A network (n, 3, size, size) float32 -> (n, dimension), in evaluation mode; implements Embedder."""

    def __init__(self, card: ModelCard, network: nn.Module, device: torch.device):
        self.card = card
        self.device = device
        self.network = network.eval().to(device, memory_format=torch.channels_last)
        self.half = getattr(network, "bfloat16_is_faster", False) and has_bfloat16(device)

    def embed(self, crops: np.ndarray) -> np.ndarray:
        return batch.embed(crops, self.card, self._forward)

    @torch.inference_mode()
    def _forward(self, pixels: np.ndarray) -> np.ndarray:
        images = torch.from_numpy(pixels).to(self.device, memory_format=torch.channels_last)
        try:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                return self.network(images).float().cpu().numpy()
        except RuntimeError as error:  # out of memory on the card, mostly
            raise ModelError(f"model {self.card.id!r} failed on {len(pixels)} crops: {error}") from None


def has_bfloat16(device: torch.device) -> bool:
    """Whether bfloat16 is in the hardware; emulated it is many times slower than float32."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.ops.mkldnn._is_mkldnn_bf16_supported() and torch.cpu._is_avx512_bf16_supported()

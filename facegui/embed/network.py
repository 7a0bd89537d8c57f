"""Runs a torch network as an Embedder: channels-last, and bfloat16 where the processor has it and the model bears it."""

from __future__ import annotations

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..types import ModelCard, ModelError
from . import batch

CPU_CHUNK = 16  # measured: a face takes up to a third more time in smaller or larger batches
FAITHFUL = 0.999  # least cosine between a model's bfloat16 and float32 embeddings


class NetworkEmbedder:
    """A network (n, 3, size, size) float32 -> (n, dimension), in evaluation mode; implements Embedder."""

    def __init__(self, card: ModelCard, network: nn.Module, device: torch.device):
        self.card = card
        self.device = device
        self.network = network.eval().to(device, memory_format=torch.channels_last)
        self.half = False
        if getattr(network, "gains_from_bfloat16", False) and device.type == "cpu" and has_bfloat16():
            self.half = self._bears_bfloat16()

    def embed(self, crops: np.ndarray) -> np.ndarray:
        return batch.embed(crops, self.card, self._forward, CPU_CHUNK if self.device.type == "cpu" else batch.CUDA_CHUNK)

    @torch.inference_mode()
    def _forward(self, pixels: np.ndarray) -> np.ndarray:
        images = torch.from_numpy(pixels).to(self.device, memory_format=torch.channels_last)
        try:
            with torch.autocast(self.device.type, torch.bfloat16, enabled=self.half):
                return self.network(images).float().cpu().numpy()
        except RuntimeError as error:  # out of memory on the card, mostly
            raise ModelError(f"model {self.card.id!r} failed on {len(pixels)} crops: {error}") from None

    @torch.inference_mode()
    def _bears_bfloat16(self) -> bool:
        """Whether bfloat16 leaves the embeddings of four blurred noise images as they are; depends on the weights."""
        noise = torch.randn(4, 3, 10, 10, generator=torch.Generator().manual_seed(0))
        images = F.interpolate(noise, self.card.crop.size, mode="bilinear").to(memory_format=torch.channels_last)
        exact = self.network(images).float()
        with torch.autocast("cpu", torch.bfloat16):
            rough = self.network(images).float()
        return bool((F.cosine_similarity(exact, rough) > FAITHFUL).all())


def has_bfloat16() -> bool:
    """Whether the processor computes in bfloat16 itself; emulated it is many times slower than float32."""
    return torch.ops.mkldnn._is_mkldnn_bf16_supported() and torch.cpu._is_avx512_bf16_supported()

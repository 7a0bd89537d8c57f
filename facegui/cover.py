"""Bare, masked or otherwise covered? A small network of our own judges what hides a face.

Its weights and card stand in weights/cover; `python -m facegui.training.cover` makes them anew.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from .align import ARCFACE_112, crop
from .cards import read_card, verify
from .device import pick_device
from .types import CropSpec, Face, ModelCard, ModelError

SIZE = 64
# The usual 112 template with 8 px more on every side, at half the size: chin and ears are in the picture.
SPEC = CropSpec("align", SIZE, tuple(((x + 8) / 2, (y + 8) / 2) for x, y in ARCFACE_112))
BATCH = 256


class CoverNet(nn.Sequential):
    """(n, 3, 64, 64) float32 -> (n, 2) logits, above 0 is yes: a mask covers the lower half; something else hides the
    eyes or the mouth. A face can wear both. About 67,000 parameters."""

    def __init__(self) -> None:
        layers: list[nn.Module] = []
        for inputs, outputs in ((3, 20), (20, 40), (40, 56), (56, 72)):
            layers += [nn.Conv2d(inputs, outputs, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        # A cell of the last 4 x 4 map sees its part of the face: which cell says "cloth" matters, so nothing is pooled.
        super().__init__(*layers, nn.Flatten(), nn.Dropout(0.2), nn.Linear(72 * 16, 2))


class CoverJudge:
    """The network with its card. Safe to share between threads. Raises ModelError where it is missing or damaged."""

    def __init__(self, folder: Path, device: str | torch.device = "auto") -> None:
        if not folder.is_dir():
            raise ModelError(f"the judge of covers is missing: there is no folder {folder}; restore weights/cover from the "
                             "repository, or train it with `python -m facegui.training.cover`")
        self.card: ModelCard = read_card(folder)
        self.threshold = float(self.card.figures.get("threshold", 0.5))
        self._device = pick_device(device)
        self._network = CoverNet()
        file = verify(folder, self.card)
        try:
            self._network.load_state_dict(load_file(file))
        except (SafetensorError, RuntimeError) as error:
            raise ModelError(f"{file} does not hold the weights of the judge of covers: {str(error)[:200]}; restore weights/cover "
                             "from the repository") from None
        self._network.eval().requires_grad_(False).to(self._device)

    def covers(self, pixels: np.ndarray, faces: Sequence[Face]) -> list[tuple[bool, bool]]:
        """For each face found in `pixels` (h, w, 3 RGB uint8): whether a mask covers its lower half, and whether something
        else, such as dark glasses or a hand, hides its eyes or mouth."""
        if not faces:
            return []
        sure = self.judge(np.stack([crop(pixels, face, self.card.crop) for face in faces]))
        return [(bool(mask), bool(other)) for mask, other in sure >= self.threshold]

    @torch.inference_mode()
    def judge(self, crops: np.ndarray) -> np.ndarray:
        """(n, 64, 64, 3) RGB uint8 crops as the card's spec cuts them -> (n, 2) float32, 0..1: how sure of a mask, of another cover."""
        parts = [torch.sigmoid(self._network(normalise(crops[start:start + BATCH]).to(self._device))).cpu()
                 for start in range(0, len(crops), BATCH)]
        return torch.cat(parts).numpy() if parts else np.empty((0, 2), np.float32)


def normalise(crops: np.ndarray) -> torch.Tensor:
    """(n, 64, 64, 3) uint8 -> (n, 3, 64, 64) float32 about -1 to 1."""
    return torch.from_numpy(np.ascontiguousarray(crops)).permute(0, 3, 1, 2).float().sub_(127.5).div_(127.5)

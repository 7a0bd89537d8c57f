"""A pretrained ONNX network that a student learns from: its features block by block, its embedding of the clean face."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from ..types import ModelCard
from . import ranks
from .augment import STILL, view
from .faces import FaceSet
from .graph import TorchGraph
from .validate import pixels_to_input


class Teacher:
    """Runs in bfloat16; features are the tensors between its blocks, `taps` of them."""

    def __init__(self, file: Path, card: ModelCard):
        self.card = card
        self.graph = TorchGraph(file).to(torch.bfloat16).to(memory_format=torch.channels_last)
        blank = torch.zeros(1, 3, card.crop.size, card.crop.size, dtype=torch.bfloat16)
        names = between_blocks(self.graph)
        shapes = [feature.shape for feature in self.graph(blank, names)[1]]
        self.taps = tuple(name for name, shape in zip(names, shapes, strict=True) if shape[-1] > 1)  # maps, not vectors

    def front(self, crops: torch.Tensor, blocks: int) -> list[torch.Tensor]:
        """The features after the first `blocks` blocks alone, at their cost alone."""
        return self.graph(crops.bfloat16(), self.taps[:blocks], whole=False)[1]

    def __call__(self, crops: torch.Tensor) -> tuple[torch.Tensor, list[torch.Tensor]]:
        """(n, 3, s, s) as the card says -> (n, d) float32, not of unit length, and the features, bfloat16."""
        embedding, features = self.graph(crops.bfloat16(), self.taps)
        return embedding.float(), features


def between_blocks(graph: TorchGraph) -> tuple[str, ...]:
    """Names of the tensors that a block hands to the next: linear, and read by a full 1 x 1 convolution."""
    made_by = {out: op for op, out, _, _ in graph.steps}
    found = []
    for op, _, sources, settings in graph.steps:
        if op == "Conv" and settings["groups"] == 1 and graph.tensors[settings["weight"]].shape[-1] == 1:
            if made_by.get(sources[0]) in ("Add", "Mul", "Conv") and sources[0] not in found:
                found.append(sources[0])
    return tuple(found)


def unit_embeddings(teacher: Teacher, crops: np.ndarray) -> torch.Tensor:
    """(n, s, s, 3) uint8 crops -> (n, d) unit rows: what the teacher sees in each and its mirror image together.

    The mean over the mirror pair is a better target than either: the student learns it in one pass.
    """
    images = pixels_to_input(crops, teacher.card.mean, teacher.card.std, teacher.card.channels)
    one, other = (torch.nn.functional.normalize(teacher(x.contiguous(memory_format=torch.channels_last))[0])
                  for x in (images, images.flip(3)))
    return torch.nn.functional.normalize(one + other)


def clean_embeddings(teacher: Teacher, faces: FaceSet, file: Path, tick=lambda done, total: None) -> np.ndarray:
    """(n, d) `unit_embeddings` of each stored face, kept in `file`."""
    if file.exists():
        return np.load(file, allow_pickle=False)
    mine, rows = ranks.share(len(faces)), []
    for begin in range(0, len(mine), 32):
        crops = np.stack([view(np.asarray(faces.pixels[i]), faces.points, teacher.card.crop, np.random.default_rng(0), STILL)[0]
                          for i in mine[begin : begin + 32]])
        rows.append(unit_embeddings(teacher, crops).numpy())
        tick(begin, len(mine))
    whole = ranks.assemble(np.concatenate(rows), mine, len(faces))
    if ranks.rank() == 0:
        part = file.with_suffix(".part.npy")
        np.save(part, whole)
        part.replace(file)
    return whole

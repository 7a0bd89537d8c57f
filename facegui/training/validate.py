"""Is a network better? Figures on people it was not trained on, bare and with drawn masks, and never on the loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from ..metrics import impostor_tail, rank_one, tar_at_far
from ..types import CropSpec
from . import ranks
from .augment import Augment, STILL, view
from .faces import FaceSet
from .masks import HELD_OUT, STYLES


def pixels_to_input(crops: np.ndarray, mean, std, channels: str = "RGB") -> torch.Tensor:
    """(n, s, s, 3) RGB uint8 -> (n, 3, s, s) float32, channels-last in memory, as the model card says."""
    images = torch.from_numpy(crops).permute(0, 3, 1, 2).float()
    if channels == "BGR":
        images = images.flip(1)
    return (images - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)


@dataclass(frozen=True, slots=True, eq=False)
class Examined:
    """figures: see `Examination.figures`; scores: what they rest on, (genuine, impostor) of pairs by name: "bare",
    "masked", "masked, unseen kind"."""

    figures: dict[str, float]
    scores: dict[str, tuple[np.ndarray, np.ndarray]]


class Examination:
    """The same fixed views every time: each validation face bare, in a mask style seen in training, and in one that
    was not; and masked strangers, who stand in the gallery to tempt masked probes (mask matches mask)."""

    def __init__(self, faces: FaceSet, rows: np.ndarray, strangers: np.ndarray, spec: CropSpec, seed: int = 0):
        seen = tuple(style for style in STYLES if style not in HELD_OUT)
        small = dict(turn_deg=2.0, shift=0.01, zoom=0.015)
        mild = {**{f: getattr(STILL, f) for f in STILL.__slots__}, **small}

        def views(which, how):
            made = [view(np.asarray(faces.pixels[i]), faces.points_of(i), spec, np.random.default_rng((seed, int(i))), how)[0]
                    for i in which]
            return np.stack(made) if made else np.zeros((0, spec.size, spec.size, 3), np.uint8)

        self.people = faces.people[rows]
        rows_bare = views(rows, STILL)
        known = views(rows, Augment(**{**mild, "mask": 1.0, "styles": seen}))
        new = views(rows, Augment(**{**mild, "mask": 1.0, "styles": HELD_OUT}))
        others = views(strangers, Augment(**{**mild, "mask": 1.0}))
        self.crops = np.concatenate([rows_bare, known, new, others])

    def figures(self, embed) -> dict[str, float]:
        """`embed`: (n, size, size, 3) uint8 -> (n, d) unit rows. TAR@FAR 1e-3 of pairs bare-bare and bare-masked, rank-1 of
        masked probes against one bare face a person plus the masked strangers; "selection" is the mean of them."""
        return self.examine(embed).figures

    def examine(self, embed) -> Examined:
        """The figures, and the scores behind them."""
        mine = ranks.share(len(self.crops))
        rows = ranks.assemble(embed(self.crops[mine]), mine, len(self.crops))
        n = len(self.people)
        bare, known, new, others = rows[:n], rows[n : 2 * n], rows[2 * n : 3 * n], rows[3 * n :]
        same = self.people[:, None] == self.people[None]
        upper = np.triu(np.ones((n, n), bool), 1)
        other = ~np.eye(n, dtype=bool)  # a face and its own masked copy are no test
        scores = {}
        for name, probes, part in (("bare", bare, upper), ("masked", known, other), ("masked, unseen kind", new, other)):
            matrix = bare @ probes.T
            scores[name] = matrix[same & part], matrix[~same & part]
        found = {figure: _tar(*scores[name]) for figure, name in zip(("tar_bare", "tar_masked", "tar_masked_new"), scores, strict=True)}
        first = np.unique(self.people, return_index=True)[1]
        rest = np.setdiff1d(np.arange(n), first)
        gallery = np.concatenate([bare[first], others])
        owners = np.concatenate([self.people[first], -2 - np.arange(len(others))])
        for name, probes in (("rank1_masked", known), ("rank1_masked_new", new)):
            if len(rest):
                found[name] = rank_one(probes[rest] @ gallery.T, self.people[rest], owners)
        found = {name: float(value) for name, value in found.items() if value is not None}
        found["selection"] = float(np.mean(list(found.values()))) if found else 0.0
        return Examined(found, scores)


def _tar(good, bad):
    """TAR at FAR 1e-3, or at the strictest FAR that the number of impostors supports."""
    if not len(good) or not len(bad):
        return None
    for far in (1e-3, 1e-2, 1e-1):
        if (result := tar_at_far(good, bad, far)) is not None:
            return result.tar
    return float((good > bad.max()).mean())


def measured(scores: np.ndarray) -> tuple[tuple[float, float], ...]:
    """The tail of impostor scores, rounding kept within a cosine's -1 to 1: a poor network finds everybody alike.

    Raises DataError with fewer than 100 scores.
    """
    return tuple((rate, score) for rate, score in impostor_tail(np.clip(scores, -1, 1)) if score <= 1)


@torch.no_grad()
def embedder(network: nn.Module, mean, std, channels: str = "RGB", batch: int = 32):
    """`embed` for `Examination.figures`, in the precision that training uses."""
    device = next(network.parameters()).device

    def embed(crops: np.ndarray) -> np.ndarray:
        rows = []
        training = network.training
        network.eval()
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            for i in range(0, len(crops), batch):
                images = pixels_to_input(crops[i : i + batch], mean, std, channels)
                out = network(images.to(device, memory_format=torch.channels_last)).float()
                rows.append(nn.functional.normalize(out).cpu().numpy())
        network.train(training)
        return np.concatenate(rows) if rows else np.zeros((0, 1), np.float32)
    return embed

"""What pulls faces of one person together and pushes people apart. Every loss is a mean over the batch, in float32."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn


class ArcFace(nn.Module):
    """Additive angular margin (Deng et al., "ArcFace", CVPR 2019): cross-entropy over s cos(theta + m) for the own class
    and s cos(theta) for the others, theta being the angle between an embedding and a learned class centre.

    Beyond theta = pi - m, where cos(theta + m) would rise again, the own class gets cos(theta) - m sin(m), as in the
    authors' code, so that the logit keeps falling. margin_deg in degrees (28.5 deg = 0.497 rad), scale s.
    """

    def __init__(self, dimension: int, classes: int, margin_deg: float = 28.5, scale: float = 64.0):
        super().__init__()
        self.margin, self.scale = math.radians(margin_deg), scale
        self.centres = nn.Parameter(F.normalize(torch.randn(classes, dimension)))

    def forward(self, embeddings: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """embeddings (n, d), of any length; labels (n,) class numbers."""
        cosine = F.linear(F.normalize(embeddings.float()), F.normalize(self.centres))
        own = cosine.gather(1, labels[:, None]).squeeze(1)
        sine = (1 - own * own).clamp_min(1e-12).sqrt()  # its slope at 1 is infinite
        shifted = torch.where(own > math.cos(math.pi - self.margin), own * math.cos(self.margin) - sine * math.sin(self.margin),
                              own - self.margin * math.sin(self.margin))
        logits = cosine.scatter(1, labels[:, None], shifted[:, None]) * self.scale
        return F.cross_entropy(logits, labels)


class BatchHardTriplet(nn.Module):
    """Batch-hard triplet loss with margin (Hermans et al., "In Defense of the Triplet Loss", 2017): for each anchor the
    farthest of its own and the nearest of the others in the batch, max(0, margin + d_own - d_other), d Euclidean
    between unit vectors (0..2). An anchor without a mate or without others in the batch does not count.
    """

    def __init__(self, margin: float = 0.3):
        super().__init__()
        self.margin = margin

    def forward(self, embeddings: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        """embeddings (n, d), of any length; labels (n,). 0 where no anchor counts."""
        unit = F.normalize(embeddings.float())
        distance = (2 - 2 * unit @ unit.T).clamp_min(1e-9).sqrt()
        same = labels[:, None] == labels[None]
        itself = torch.eye(len(labels), dtype=torch.bool, device=labels.device)
        mates, others = same & ~itself, ~same
        counts = mates.any(1) & others.any(1)
        own = distance.masked_fill(~mates, -1).amax(1)
        nearest = distance.masked_fill(~others, 3).amin(1)
        if not counts.any():
            return unit.sum() * 0
        return F.relu(self.margin + own - nearest)[counts].mean()


class Weighted(nn.Module):
    """The sum of both: by default 0.3 triplet + 0.7 ArcFace."""

    def __init__(self, dimension: int, classes: int, triplet: float = 0.3, arcface: float = 0.7, margin_deg: float = 28.5,
                 scale: float = 64.0, triplet_margin: float = 0.3):
        super().__init__()
        self.triplet_weight, self.arcface_weight = triplet, arcface
        self.triplet = BatchHardTriplet(triplet_margin)
        self.arcface = ArcFace(dimension, classes, margin_deg, scale)

    def forward(self, embeddings: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        total = embeddings.sum() * 0
        if self.triplet_weight:
            total = total + self.triplet_weight * self.triplet(embeddings, labels)
        if self.arcface_weight:
            total = total + self.arcface_weight * self.arcface(embeddings, labels)
        return total


def distillation(embeddings: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """1 - cosine to the teacher's embedding of the clean face (n, d): what a masked view shall still mean."""
    return (1 - F.cosine_similarity(embeddings.float(), targets.float())).mean()

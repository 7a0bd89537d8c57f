"""Training: metric learning on the user's people, distillation, and the making of the bundled network."""

from __future__ import annotations

from .estimate import Estimate, estimate
from .faces import FaceSet
from .loop import TrainingProgress
from .recipe import Recipe
from .augment import Augment
from .train import Outcome, train

__all__ = ["Augment", "Estimate", "FaceSet", "Outcome", "Recipe", "TrainingProgress", "estimate", "train"]

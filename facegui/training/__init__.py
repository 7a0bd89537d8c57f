"""Training: metric learning on the user's people, distillation, and the making of the bundled network."""

from __future__ import annotations

from .faces import FaceSet
from .loop import TrainingProgress
from .recipe import Recipe
from .augment import Augment
from .train import Outcome, train

__all__ = ["Augment", "FaceSet", "Outcome", "Recipe", "TrainingProgress", "train"]

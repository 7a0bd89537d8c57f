"""What a user chooses for a training, as one frozen record that travels in the new model's card."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path

from ..types import DataError
from .augment import Augment

TUNE = ("head", "last", "all")


@dataclass(frozen=True, slots=True)
class Recipe:
    """`base`: an installed model, or "new compact" / "new inception-resnet-v1" for random weights.

    tune: "head" (a small network behind the base's embeddings: seconds on a CPU), "last" (its last block too), "all".
    The loss is triplet x batch-hard triplet + arcface x ArcFace + distil x distillation from the model `teacher`.
    """

    name: str  # id of the new model
    folder: str  # one sub-folder per person, or a set of aligned faces
    base: str = "compact"
    tune: str = "head"
    teacher: str = ""  # an installed model; "" = the base itself, where distil is used
    triplet: float = 0.3
    arcface: float = 0.7
    distil: float = 0.0
    margin_deg: float = 28.5
    scale: float = 64.0
    triplet_margin: float = 0.3
    people: int = 8  # P: people per batch
    photos: int = 4  # K: photos of each
    steps: int = 0  # 0: chosen from the amount of data
    lr: float = 0.0  # 0: chosen from what is tuned
    ema: float = 0.99
    weight_decay: float = 5e-4
    validation: float = 0.2  # share of the people held out
    seed: int = 1
    compile: bool = False
    augment: Augment = field(default_factory=Augment)

    def checked(self) -> Recipe:
        """Itself. Raises DataError that names the field, what is wrong with it and what to give."""
        if not re.fullmatch(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?", self.name):
            raise DataError(f"{self.name!r} cannot be a model's name. Use letters, digits, dots and dashes, 64 at most.")
        if not Path(self.folder).is_dir():
            raise DataError(f"There is no folder {self.folder}. Give one with a sub-folder of photos per person.")
        if self.tune not in TUNE:
            raise DataError(f"{self.tune!r} cannot be tuned. Choose {', '.join(TUNE)}.")
        limits = {"triplet": (0, 10), "arcface": (0, 10), "distil": (0, 10), "margin_deg": (0, 80), "scale": (1, 256),
                  "triplet_margin": (0, 2), "people": (2, 512), "photos": (2, 64), "steps": (0, 10**7), "lr": (0, 1),
                  "ema": (0, 0.99999), "weight_decay": (0, 1), "validation": (0.01, 0.9)}
        for name, (low, high) in limits.items():
            value = getattr(self, name)
            if not (math.isfinite(value) and low <= value <= high):
                raise DataError(f"{name} is {value}; give a number from {low} to {high}.")
        if not self.triplet + self.arcface + self.distil > 0:
            raise DataError("All three loss weights are zero, so there is nothing to learn. Give at least one of them a weight.")
        return self

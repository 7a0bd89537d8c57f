"""What the measurements on people held out from training begin with: the command line, the faces, the model."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from facegui import cards
from facegui.config import Settings
from facegui.embed import load
from facegui.training import faces as sets
from facegui.training.bundled import SPLIT_SEED, VALIDATION_SHARE
from facegui.types import Embedder


def begin(purpose: str) -> tuple[sets.FaceSet, np.ndarray, Embedder]:
    """The set that the command names, the rows of its bare held-out faces, and the model."""
    parser = argparse.ArgumentParser(description=purpose)
    parser.add_argument("set", type=Path)
    parser.add_argument("--weights", type=Path, default=Settings.load().weights)
    parser.add_argument("--model", default="compact")
    options = parser.parse_args()
    faces = sets.load(options.set)
    held = sets.split(faces.people, VALIDATION_SHARE, SPLIT_SEED)[1]
    return faces, held[~faces.covered[held]], load(options.weights, cards.find(options.weights, options.model), "cpu")

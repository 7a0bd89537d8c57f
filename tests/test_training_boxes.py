"""Networks that see box crops, and what a compiler sees of ours."""

from dataclasses import replace

import cv2
import numpy as np
import torch

from facegui import embed
from facegui.align import ARCFACE_112
from facegui.drawn import person
from facegui.embed.compact import Leak
from facegui.training import Outcome, Recipe, train
from facegui.training import faces as sets
from facegui.training.augment import STILL, view
from facegui.types import CropSpec


def test_facenets_network_learns_from_box_crops(tmp_path):
    seeds = [s for s in range(1, 7) for _ in range(2)]
    np.save(tmp_path / "pixels.npy", np.stack([person(s, size=60, view=k % 2) for k, s in enumerate(seeds)]))
    sets.save(tmp_path, sets.FaceSet(np.zeros(0), np.array(ARCFACE_112) * 0.36 + 10, np.array(seeds), np.zeros(12, bool), tuple("abcdefg")))
    done = list(train(Recipe("mine", str(tmp_path), "new inception-resnet-v1", "all", people=2, photos=2, steps=2),
                      tmp_path / "weights"))[-1]
    assert isinstance(done, Outcome) and done.card.crop.method == "box" and done.card.dimension == 512
    rows = embed.load(tmp_path / "weights", done.card, "cpu").embed(np.zeros((1, 160, 160, 3), np.uint8))
    assert rows.shape == (1, 512) and np.isfinite(rows).all()


def test_a_box_crop_is_the_whole_picture_shifted_a_little():
    face = person(3, size=80)
    box = CropSpec("box", 160, (), 14)
    seen, masked = view(face, np.zeros((5, 2)), box, np.random.default_rng(0), STILL)
    assert not masked and np.abs(seen.astype(int) - cv2.resize(face, (160, 160))).mean() < 1
    moved, _ = view(face, np.zeros((5, 2)), box, np.random.default_rng(0), replace(STILL, shift=0.05))
    assert 0 < np.abs(seen.astype(int) - moved).mean() < 40


def test_a_compiled_slope_is_the_slope(monkeypatch):
    x, leak, seen, grads = torch.randn(4, 3, 5, 5), Leak(), [], []
    for compiling in (False, True):
        monkeypatch.setattr(torch.compiler, "is_compiling", lambda compiling=compiling: compiling)
        leak.slope.grad = None
        seen.append(leak(x))
        seen[-1].square().sum().backward()
        grads.append(leak.slope.grad.clone())
    assert torch.equal(*seen) and torch.allclose(*grads, rtol=1e-4)

"""Images per second of the training loop against a plain PyTorch loop over the same pictures, in the same run.

    python benchmarks/training.py [--faces 160] [--steps 12] [--threads 2]

Both train the same network with ArcFace on the same views (drawn people, masks and all). The plain loop is what one writes
first: a Dataset, a DataLoader without workers, float32, zero_grad, backward, step. The share of time spent waiting for
data is printed for both; turns alternate, so that whatever else the machine does falls on both.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from facegui.align import ARCFACE_112
from facegui.drawn import person
from facegui.embed.compact import Compact
from facegui.training import Recipe, train
from facegui.training import faces as sets
from facegui.training.augment import Augment, view
from facegui.training.bases import NEW
from facegui.training.losses import ArcFace

SPEC = NEW["new compact"].crop
HOW = Augment()


class Photos(Dataset):
    def __init__(self, faces, rows):
        self.faces, self.rows, self.waited = faces, rows, 0.0

    def __len__(self):
        return len(self.rows)

    def __getitem__(self, k):
        begun = time.perf_counter()
        row = self.rows[k]
        pixels = view(self.faces.pixels[row], self.faces.points, SPEC, np.random.default_rng(k), HOW)[0]
        image = (torch.from_numpy(pixels).permute(2, 0, 1).float() - 127.5) / 128
        self.waited += time.perf_counter() - begun
        return image, int(self.faces.people[row])


def plain(faces, steps, batch):
    """(images/s, share of the time spent on data)"""
    rows = np.random.default_rng(0).choice(len(faces), steps * batch)
    photos, network = Photos(faces, rows), Compact()
    loss = ArcFace(network.shape.dimension, int(faces.people.max()) + 1)
    optimizer = torch.optim.AdamW([*network.parameters(), *loss.parameters()], lr=1e-3)
    begun = time.perf_counter()
    for images, labels in DataLoader(photos, batch):
        optimizer.zero_grad()
        loss(network(images), labels).backward()
        optimizer.step()
    spent = time.perf_counter() - begun
    return len(rows) / spent, photos.waited / spent


def ours(folder, steps, batch):
    """(images/s, share of the time spent waiting for data); the first step, which prepares, is not counted"""
    recipe = Recipe("bench", str(folder), "new compact", "all", triplet=0, arcface=1, people=batch // 4, photos=4, steps=steps + 2)
    begun = 0.0
    with tempfile.TemporaryDirectory() as weights:
        for report in train(recipe, Path(weights)):
            if report.step == 1:
                begun = time.perf_counter()
            if report.step == steps + 1:
                return steps * batch / (time.perf_counter() - begun), report.wait_share


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=int, default=160)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    cv2.setNumThreads(1)
    seeds = [1 + k // 4 for k in range(options.faces)]
    pixels = np.stack([person(s, size=160, view=k % 4) for k, s in enumerate(seeds)])
    faces = sets.FaceSet(pixels, np.array(ARCFACE_112) + 24, np.array(seeds) - 1, np.zeros(len(seeds), bool),
                         tuple(str(s) for s in sorted(set(seeds))))
    results = {"plain loop": [], "facegui": []}
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder) / "pixels.npy", pixels)
        sets.save(Path(folder), faces)
        for _ in range(options.rounds):
            results["plain loop"].append(plain(faces, options.steps, options.batch))
            results["facegui"].append(ours(folder, options.steps, options.batch))
    medians = {name: np.median(np.array(runs), axis=0) for name, runs in results.items()}
    for name, (speed, waiting) in medians.items():
        print(f"{name:12s} {speed:7.1f} images/s   {100 * waiting:4.1f} % of the time on data   "
              f"x {speed / medians['plain loop'][0]:.2f}")


if __name__ == "__main__":
    main()

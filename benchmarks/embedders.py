"""Time per face of every installed model, as ratios against facenet-pytorch's InceptionResnetV1 in the same run.

    python benchmarks/embedders.py [--weights weights] [--threads 2] [--rounds 7]

The peer runs as its library runs it (float32, random weights: time does not depend on them). Models take turns round by
round, so that whatever else the machine does falls on all of them alike; the median counts.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import torch
from facenet_pytorch import InceptionResnetV1

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from facegui import cards, embed
from facegui.config import HOME
from facegui.types import ModelError

BATCHES = (1, 32)


class Peer:
    """InceptionResnetV1 called as its README calls it."""

    def __init__(self, device):
        self.network = InceptionResnetV1(pretrained=None).eval().to(device)
        self.device = device

    def embed(self, crops):
        pixels = (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 127.5) / 128
        with torch.no_grad():
            return self.network(pixels.to(self.device)).cpu().numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, default=HOME / "weights")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    device = embed.pick_device(given.device)
    peer = "facenet-pytorch InceptionResnetV1"
    models = {peer: (Peer(device), 160)}
    found = cards.installed(given.weights)
    for broken in found.broken:
        print(f"left out: {broken.reason}")
    for card in found.cards:
        try:
            models[card.id] = embed.load(given.weights, card, device), card.crop.size
        except ModelError as error:
            print(f"left out: {error}")
    print(f"{'ms per face':40s}" + "".join(f"{f'batch {count}':>12s}{'speed-up':>10s}" for count in BATCHES))
    times = {count: measure(models, count, given.rounds) for count in BATCHES}
    for name in models:
        print(f"{name:40s}" + "".join(f"{times[n][name]:12.2f}{times[n][peer] / times[n][name]:9.1f}x" for n in BATCHES))


def measure(models, count, rounds):
    """{name: median milliseconds per face}"""
    rng = np.random.default_rng(0)
    crops = {name: rng.integers(0, 256, (count, size, size, 3), dtype=np.uint8) for name, (_, size) in models.items()}
    spent = {name: [] for name in models}
    for turn in range(rounds + 1):
        for name, (model, _) in models.items():
            began = time.perf_counter()
            model.embed(crops[name])
            if turn:  # the first warms up
                spent[name].append(1000 * (time.perf_counter() - began) / count)
    return {name: float(np.median(values)) for name, values in spent.items()}


if __name__ == "__main__":
    main()

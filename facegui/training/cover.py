"""Trains the judge of masks: python -m facegui.training.cover --faces DIR --out weights/cover

A few minutes on one core. Real masks, drawn masks on bare faces, and bare faces; the figures in the card come from
photos held out and from whole sources that were never trained on.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import save_file

from ..align import ARCFACE_112
from ..cards import write_card
from ..cover import SIZE, SPEC, CoverNet, normalise
from ..metrics import wilson
from ..types import ModelCard
from .augment import Augment, jittered, spoil
from .cover_faces import CoverFaces, read
from .masks import draw

BATCH = 128
POINTS = np.array(ARCFACE_112) + 8  # of a stored 128 px face
DRAWN = 0.4  # share of the covered half of a batch that is a bare face with a drawn mask
# How far the detector's five points miss, px of 128; under a mask it invents the mouth and half invents the nose.
MISS_PX = {False: np.array([2, 2, 2.5, 2.5, 2.5]), True: np.array([2.5, 2.5, 5, 7, 7])}
LOOK = Augment(turn_deg=6, shift=0.03, zoom=0.06, light=0.6, grey=0.1, blur=0.25, low_resolution=0.35, jpeg=0.3)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m facegui.training.cover", description=__doc__.splitlines()[0])
    parser.add_argument("--faces", type=Path, required=True, help="folder with faces.tsv and its tar shards")
    parser.add_argument("--out", type=Path, required=True, help="folder for card.json and the weights")
    parser.add_argument("--steps", type=int, default=1100, help=f"batches of {BATCH} faces")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    cv2.setNumThreads(given.threads)
    began = time.monotonic()
    faces = read(given.faces, lambda step: print(f"{step.note}: {step.done} of {step.total} faces", flush=True))
    network = fit(faces, given.steps, given.seed, lambda line: print(line, flush=True))
    card = save(network, given.out, faces, {"steps": given.steps, "batch": BATCH, "seed": given.seed,
                                            "seconds": round(time.monotonic() - began)})
    for name, figure in card.figures.items():
        print(name, figure)


def fit(faces: CoverFaces, steps: int, seed: int, say: Callable[[str], None]) -> CoverNet:
    """The trained network, its last bias moved so that bare and covered held-out people are missed equally at 0.5."""
    torch.manual_seed(seed)
    network = CoverNet()
    optimiser = torch.optim.AdamW(network.parameters(), weight_decay=0.02)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, total_steps=steps)
    rng, losses = np.random.default_rng(seed), []
    rows, hard = pools(faces), np.zeros(len(faces.part))
    for step in range(1, steps + 1):
        if step in (steps // 3, 2 * steps // 3):
            hard = 1 / (1 + np.exp(-judge(network, faces.pixels)))
        crops, covered = batch(faces, rows, hard, rng)
        loss = F.binary_cross_entropy_with_logits(network(normalise(crops)), torch.from_numpy(covered).float() * 0.96 + 0.02)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
        losses.append(loss.item())
        if step % 100 == 0 or step == steps:
            say(f"step {step} of {steps}, loss {np.mean(losses[-100:]):.4f}")
    held = faces.part == "people"
    shift = balance(judge(network, faces.pixels[held]), faces.covered[held])
    with torch.no_grad():
        network[-2].bias -= shift
    return network.eval()


def pools(faces: CoverFaces) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows to train on: covered, bare, and bare of the sources that have covered ones too.

    The last come more often than they are many: the frame of the picture must not give the answer away.
    """
    train = faces.part == "train"
    real, bare = np.flatnonzero(train & faces.covered), np.flatnonzero(train & ~faces.covered)
    alike = bare[np.isin(faces.source[bare], np.unique(faces.source[real]))]
    return real, bare, alike if len(alike) else bare


def batch(faces: CoverFaces, rows: tuple[np.ndarray, np.ndarray, np.ndarray], hard: np.ndarray,
          rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """(BATCH, 64, 64, 3) uint8 crops, half of them covered, and (BATCH,) bool. rows: see `pools`.

    hard (n,): how covered (0..1) each face looked to the network so far; bare faces that looked covered, such as white
    beards, come up to eleven times as often.
    """
    real, bare, alike = rows
    odds = 1 + 10 * hard[bare]
    count = BATCH // 2
    drawn = rng.random(count) < DRAWN
    bare_rows = np.where(rng.random(BATCH) < 0.35, rng.choice(alike, BATCH), rng.choice(bare, BATCH, p=odds / odds.sum()))
    covered_rows = np.where(drawn, bare_rows[count:], rng.choice(real, count))
    crops = [view(faces.pixels[row], False, False, rng) for row in bare_rows[:count]]
    crops += [view(faces.pixels[row], True, bool(draws), rng) for row, draws in zip(covered_rows, drawn)]
    return np.stack(crops), np.arange(BATCH) >= count


def judge(network: CoverNet, faces: np.ndarray) -> np.ndarray:
    """(n, 128, 128, 3) stored faces -> (n,) logits, without any accident to the picture."""
    training = network.training
    network.eval()
    with torch.no_grad():
        logits = [network(normalise(still(few))).numpy() for few in np.array_split(faces, len(faces) // 512 + 1)]
    network.train(training)
    return np.concatenate(logits)


def view(face: np.ndarray, covered: bool, draws: bool, rng: np.random.Generator) -> np.ndarray:
    """One random look at a stored face, as the program would cut and a bad camera would show it."""
    if draws:
        face = draw(face, POINTS, rng)
    if rng.random() < 0.25:  # a tight photo: nothing outside it
        face = face.copy()
        left, top, right, bottom = rng.integers(0, 22, 4)
        face[:top], face[128 - bottom:], face[:, :left], face[:, 128 - right:] = 0, 0, 0, 0
    if rng.random() < 0.25:  # sunglasses, hair, a hand on the forehead: dark eyes are no mask
        face = face.copy()
        y, height = rng.integers(20, 55), rng.integers(8, 26)
        x, width = rng.integers(0, 90), rng.integers(20, 128)
        face[y:min(y + height, 74), x:x + width] = rng.integers(0, 256, 3)
    seen = POINTS + rng.normal(0, 1, (5, 2)) * MISS_PX[covered][:, None] * rng.uniform(0, 1)
    crop = cv2.warpAffine(face, jittered(seen, SPEC, rng, LOOK, face.shape), (SIZE, SIZE), flags=cv2.INTER_LINEAR)
    if rng.random() < 0.5:
        crop = crop[:, ::-1]
    return spoil(crop, rng, LOOK)


def still(faces: np.ndarray) -> np.ndarray:
    """(n, 128, 128, 3) stored faces -> (n, 64, 64, 3) crops without any accident."""
    return np.stack([cv2.resize(face, (SIZE, SIZE), interpolation=cv2.INTER_AREA) for face in faces])


def balance(logits: np.ndarray, covered: np.ndarray) -> float:
    """The logit at which as large a share of the covered is missed as of the bare is called covered."""
    cuts = np.sort(logits)
    missed = np.searchsorted(np.sort(logits[covered]), cuts) / covered.sum()
    false = 1 - np.searchsorted(np.sort(logits[~covered]), cuts) / (~covered).sum()
    best = np.flatnonzero(missed >= false)[0]  # between two faces, not on one
    return float(cuts[max(best - 1, 0)] + cuts[best]) / 2


def figures(network: CoverNet, faces: CoverFaces) -> dict[str, object]:
    """What share of held-out faces is judged rightly, with counts and 95 % Wilson intervals.

    The threshold was balanced on those held out of the same sources, where most masked persons are unknown: they may
    have other photos in training. The other sources are free of both.
    """
    out: dict[str, object] = {"threshold": 0.5}
    for part, words in (("people", "held out of the same sources"), ("source", "sources not trained on")):
        for covered in (True, False):
            logits = judge(network, faces.pixels[(faces.part == part) & (faces.covered == covered)])
            name = f"{'masked faces judged masked' if covered else 'bare faces judged bare'}, {words}"
            out[name] = share(int(((logits >= 0) == covered).sum()), len(logits))
    return out


def share(right: int, count: int) -> dict[str, float | int | list[float]]:
    low, high = wilson(right, count)
    return {"right": right, "of": count, "share": round(right / max(count, 1), 4), "interval": [round(low, 4), round(high, 4)]}


def save(network: CoverNet, folder: Path, faces: CoverFaces, training: dict[str, object]) -> ModelCard:
    """Write weights and card."""
    folder.mkdir(parents=True, exist_ok=True)
    save_file({name: value.contiguous() for name, value in network.state_dict().items()}, folder / "cover.safetensors")
    train = faces.part == "train"
    sources = {str(name): {"masked": int((train & faces.covered & (faces.source == name)).sum()),
                           "bare": int((train & ~faces.covered & (faces.source == name)).sum())}
               for name in np.unique(faces.source[train])}
    return write_card(folder, ModelCard(
        id="cover", architecture="cover", file="cover.safetensors", sha256="", crop=SPEC, channels="RGB", mean=(127.5,) * 3,
        std=(127.5,) * 3, dimension=1, licence="trained on public face collections for research, non-commercial use",
        origin="trained by this project: python -m facegui.training.cover",
        description="Judges whether a mask covers the lower half of a face; 66,000 parameters.",
        figures=figures(network, faces), training=training | {"faces": sources, "drawn_masks_share": DRAWN}))


if __name__ == "__main__":
    main()

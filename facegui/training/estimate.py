"""What a training would cost on this machine, measured: a few faces found, a few batches learned from, then multiplied."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import nn

from .. import image
from ..device import pick_device
from ..types import DataError, Detector, ImageError
from . import bases
from .augment import STILL, view
from .data import frame, kept_path
from .finetune import HEAD_VIEWS
from .loop import Plan
from .losses import Weighted
from .recipe import Recipe
from .train import planned
from .validate import pixels_to_input

TRIED = 3  # photos a face is looked for in, and batches that are learned from; the first of each only warms up
LOOKED_UP = 40  # photos whose alignment is looked for in the cache


@dataclass(frozen=True, slots=True)
class Estimate:
    """Seconds by part, and what they are for. to_align: photos whose face was not found and cut out before."""

    people: int
    photos: int
    to_align: int
    steps: int
    faces_per_step: int
    align_s: float
    prepare_s: float  # embedding the photos once, and opening the models
    train_s: float
    validate_s: float

    @property
    def total_s(self) -> float:
        return self.align_s + self.prepare_s + self.train_s + self.validate_s


def estimate(recipe: Recipe, weights: Path, *, device: str = "auto", detector: Callable[[], Detector],
             cache: Path | None = None) -> Estimate:
    """Takes a few seconds. Raises DataError where the recipe or its folder cannot be used, ModelError for the base."""
    recipe = recipe.checked()
    cache, folder = cache or weights / ".training", Path(recipe.folder)
    counts, photos = counted(folder)
    base = bases.open_base(weights, recipe.base)
    on = pick_device(device)
    wide = frame(base.card.crop)
    share, align_s = 0.0, 0.0
    if photos:
        rng = np.random.default_rng(0)
        some = [photos[place] for place in rng.permutation(len(photos))[:LOOKED_UP]]
        missing = [photo for photo in some if not _aligned(photo, cache / "aligned", wide)]
        share = len(missing) / len(some)
        align_s = _seconds_per_photo(missing[: TRIED + 1], detector) if missing else 0.0
    total = sum(counts)
    learned_from = round(total * (1 - recipe.validation))
    plan: Plan = planned(recipe, learned_from, not base.card.id)
    embed_s, step_s, view_s = _pace(recipe, base, on)
    batch = recipe.people * recipe.photos
    examined = 3 * (total - learned_from) + min(500, learned_from)
    validations = plan.steps // plan.validate_every + 2
    if recipe.tune == "head":
        prepare = HEAD_VIEWS * learned_from * (view_s + embed_s) + examined * (2 * view_s + 2 * embed_s)
        return Estimate(sum(count > 0 for count in counts), total, round(share * total), plan.steps, batch,
                        share * total * align_s, prepare, plan.steps * step_s, 0.0)
    return Estimate(sum(count > 0 for count in counts), total, round(share * total), plan.steps, batch, share * total * align_s,
                    learned_from * (view_s + embed_s) + examined * view_s, plan.steps * (step_s + batch * view_s),
                    validations * examined * embed_s)


def counted(folder: Path) -> tuple[list[int], list[Path]]:
    """Photos of each person, and all of them; none for a set of aligned faces. Raises DataError where there are none."""
    from . import faces as sets

    if (folder / "faces.json").exists():
        people = sets.load(folder).people
        return np.unique(people[people >= 0], return_counts=True)[1].tolist(), []
    try:
        people = [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.name.startswith(".")]
        found = [image.find_images(person) for person in people]
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror}); give another folder") from None
    if not any(found):
        raise DataError(f"{folder} holds no photos in sub-folders; make one folder per person and put their photos inside")
    return [len(one) for one in found], [photo for one in found for photo in one]


def _aligned(photo: Path, shelf: Path, wide) -> bool:
    try:
        return kept_path(shelf, wide, hashlib.sha256(image.load(photo)).hexdigest()).exists()
    except ImageError:
        return False


def _seconds_per_photo(photos: list[Path], detector: Callable[[], Detector]) -> float:
    finder, took = detector(), []
    for photo in photos:
        start = time.perf_counter()
        try:
            finder.detect(image.read(photo).pixels)
        except ImageError:
            continue
        took.append(time.perf_counter() - start)
    return float(np.median(took[1:] or took or [0.0]))


def _pace(recipe: Recipe, base: bases.Base, device: torch.device) -> tuple[float, float, float]:
    """Seconds to embed a face, for a step (without its views), and to draw a view."""
    card, batch = base.card, recipe.people * recipe.photos
    wide = frame(card.crop)
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (wide.size, wide.size, 3), np.uint8)
    points = np.asarray(wide.points) if wide.method == "align" else wide.size * np.array(
        ((.35, .4), (.65, .4), (.5, .6), (.37, .77), (.63, .77)))
    took, crops = [], []
    for number in range(8):
        start = time.perf_counter()
        crops.append(view(pixels, points, card.crop, rng, recipe.augment if number else STILL)[0])
        took.append(time.perf_counter() - start)
    view_s = float(np.mean(took[2:]))
    images = pixels_to_input(np.stack([crops[n % 8] for n in range(batch)]), card.mean, card.std, card.channels)
    images = images.to(device, memory_format=torch.channels_last)
    labels = torch.arange(batch, device=device) // recipe.photos
    loss = Weighted(card.dimension, recipe.people, recipe.triplet, recipe.arcface, recipe.margin_deg, recipe.scale,
                    recipe.triplet_margin).to(device)
    body = bases.Raw(base.network).to(device)
    bases.set_mode(body, False)

    def embed() -> None:
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16):
            body(images)

    embed_s = _timed(embed, device) / batch
    if recipe.tune == "head":
        head, stored = nn.Linear(card.dimension, card.dimension).to(device), torch.randn(batch, card.dimension, device=device)
        step_s = _timed(lambda: loss(head(stored), labels).backward(), device)
        return embed_s, 2 * step_s, view_s  # the optimizer takes about as long as a layer this small
    bases.choose_parts(base.network, recipe.tune)
    bases.set_mode(body, True)

    def step() -> None:
        with torch.autocast(device.type, torch.bfloat16):
            found = body(images).float()
        loss(found, labels).backward()

    return embed_s, _timed(step, device), view_s


def _timed(work: Callable[[], None], device: torch.device) -> float:
    took = []
    for _ in range(TRIED):
        start = time.perf_counter()
        work()
        if device.type == "cuda":
            torch.cuda.synchronize()
        took.append(time.perf_counter() - start)
    return float(np.median(took[1:]))

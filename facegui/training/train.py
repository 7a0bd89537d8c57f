"""From a recipe to a new model in weights/: prepare, train, compare with the model in use, keep."""

from __future__ import annotations

import contextlib
import importlib.metadata
import platform
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np
import torch

from .. import cards
from ..device import pick_device
from ..embed import compact, load
from ..types import DataError, Detector, ModelCard, ModelError, Progress, Tick, no_tick
from . import bases, curves, loop, ranks
from .augment import STILL, view
from .data import prepare, usable
from .finetune import FineTune
from .loop import TrainingProgress
from .recipe import Recipe
from .validate import Examination, Examined, measured


WORDS = {"tar_bare": "bare pairs", "tar_masked": "masked pairs", "tar_masked_new": "pairs with an unseen mask",
         "rank1_masked": "masked, first", "rank1_masked_new": "unseen mask, first"}
MOST_SCORES = 200_000
MIN_IMPOSTORS = 10_000  # a tail down to a false match rate of one in a thousand


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The new model, its figures and those of the model it is compared with, on the same held-out people."""

    card: ModelCard
    figures: dict[str, float]
    other: str
    other_figures: dict[str, float]
    better: bool | None  # None: too close to call with so few faces
    verdict: str
    refused: tuple[tuple[str, str], ...]  # photo, reason
    curves: Path
    scores: dict[str, tuple[np.ndarray, np.ndarray]]  # (genuine, impostor) by name, see validate.Examined
    other_scores: dict[str, tuple[np.ndarray, np.ndarray]]


def train(recipe: Recipe, weights: Path, *, current: str | None = None, cache: Path | None = None, device: str = "auto",
          detector: Callable[[], Detector] | None = None, cancelled: Callable[[], bool] = lambda: False,
          tick: Tick = no_tick, shape: compact.Shape | None = None,
          show: Callable[[np.ndarray], None] = lambda crops: None) -> Iterator[TrainingProgress | Outcome]:
    """Train after `recipe`; yields reports and, last, the Outcome, whose model is weights/NAME, ready to use.

    current: the model to compare with (default: the base). cache: aligned photos and the resumable state (default:
    weights/.training). detector: makes the face detector, called only for photos not seen before. tick hears about the
    preparation. show gets an example batch, (n, size, size, 3) RGB uint8 as the network sees it, at the start and after
    each validation. Started again after an interruption it goes on where it was. Raises DataError, ModelError, Cancelled.
    """
    recipe = recipe.checked()
    if (weights / recipe.name / cards.CARD_FILE).exists():
        raise ModelError(f"There is a model {recipe.name} already. Choose another name, or remove it first.")
    ranks.join()
    cv2.setNumThreads(1)
    cache = cache or weights / ".training"
    torch.manual_seed(recipe.seed)
    base = bases.open_base(weights, recipe.base, shape)
    if recipe.tune != "all" and not base.card.id:
        raise ModelError(f"A network with random weights has to learn as a whole: choose tune \"all\" for base {recipe.base}.")
    faces, refused = prepare(Path(recipe.folder), base.card.crop, detector or _mtcnn(device), cache / "aligned", tick)
    rows, held = usable(faces, recipe.validation, recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    strangers = rows[rng.permutation(len(rows))[: min(500, len(rows))]]
    examination = Examination(faces, held, strangers, base.card.crop, recipe.seed)
    other = current or base.card.id
    targets = _targets(recipe, weights, base.card, faces, device) if recipe.distil else None
    task = FineTune(recipe, base, faces, rows, examination, targets, pick_device(device),
                    lambda done, total: tick(Progress(done, total, "embedding the photos")))
    plan = planned(recipe, len(rows), not base.card.id)
    before = task.examine()
    show(task.examples(0))
    state = cache / "state" / recipe.name
    identity = {k: v for k, v in asdict(recipe).items() if k not in ("folder", "compile")} | {"faces": len(faces)}
    reports = loop.history(state)
    for report in loop.run(task, plan, state, cancelled, identity, asdict(recipe)):
        if task.note:
            report, task.note = replace(report, note=task.note), ""
        reports.append(report)
        if report.figures:
            show(task.examples(report.step))
        yield report
    examined = task.examine()
    figures = examined.figures
    tail, tail_from = _tail(task, examination, base.card)
    if task.head is not None:
        bases.fold(base.network, task.head)
    rival = before if other == base.card.id else _other(weights, other, recipe, rows, held, detector or _mtcnn(device),
                                                                 cache, device, strangers)
    rivals = rival.figures
    better, verdict = judge(figures, rivals, len(held), recipe.name, other or "random weights")
    if ranks.rank():
        return
    folder = weights / recipe.name
    card = bases.keep(base.network, _card(recipe, base.card, faces, rows, held, plan, figures, other, rivals, verdict, tail, tail_from),
                      folder)
    picture = curves.write(folder, reports)
    for left in state.glob("*"):
        left.unlink()
    yield Outcome(card, figures, other, rivals, better, verdict, tuple((r.photo, r.reason) for r in refused), picture,
                  _thinned(examined.scores), _thinned(rival.scores))


def planned(recipe: Recipe, faces: int, new: bool) -> loop.Plan:
    """Steps and learning rate where the recipe leaves them open: about 30 passes over the photos (300 for new networks)."""
    batch = recipe.people * recipe.photos
    passes = 300 if new else 30
    steps = recipe.steps or int(np.clip(passes * faces / batch, 50, 200_000 if new else 3000))
    lr = recipe.lr or {"head": 1e-3, "last": 2e-4, "all": 1e-3 if new else 1e-4}[recipe.tune]
    return loop.Plan(steps, lr, warmup=min(100, max(1, steps // 10)), weight_decay=recipe.weight_decay, ema=recipe.ema,
                     validate_every=max(20, steps // 5), save_every=max(25, steps // 10))


def judge(new: dict[str, float], old: dict[str, float], faces: int, name: str, other: str) -> tuple[bool | None, str]:
    """Whether the new figures are better by more than chance: two standard errors of a share of `faces` trials."""
    if not old:
        return None, f"{name} was compared with nothing: there is no other model."
    shared = [k for k in new if k in old and k != "selection"]
    mine, theirs = (float(np.mean([f[k] for k in shared])) for f in (new, old))
    error = 2 * float(np.sqrt(max(mine * (1 - mine), theirs * (1 - theirs), 1e-4) / max(1, faces)))
    lines = ", ".join(f"{WORDS.get(k, k)} {100 * old[k]:.1f} -> {100 * new[k]:.1f} %" for k in shared)
    if abs(mine - theirs) <= error:
        return None, f"{name} and {other} are too close to call on {faces} held-out faces ({lines})."
    word = "better" if mine > theirs else "worse"
    return mine > theirs, f"{name} is {word} than {other} on {faces} held-out faces ({lines})."


def _thinned(scores):
    """Enough of them for a curve: of very many a random part, so that a browser's memory holds what is kept of a training."""
    rng = np.random.default_rng(0)
    return {name: tuple(rng.choice(one, MOST_SCORES, replace=False) if len(one) > MOST_SCORES else one for one in both)
            for name, both in scores.items()}


def _targets(recipe, weights, base_card, faces, device):
    """The teacher's embedding of every clean face, in the student's dimension."""
    name = recipe.teacher or base_card.id
    card = cards.find(weights, name)
    if card.dimension != base_card.dimension or card.crop.method != base_card.crop.method:
        raise ModelError(f"The teacher {name} makes {card.dimension} numbers from a {card.crop.method} crop, the student "
                         f"{base_card.dimension} from a {base_card.crop.method} crop. Choose a teacher of the same kind.")
    embedder = load(weights, card, device)
    crops = (view(np.asarray(faces.pixels[i]), faces.points_of(i), card.crop,
                  np.random.default_rng(0), STILL)[0] for i in range(len(faces)))
    return np.concatenate([embedder.embed(crop[None]) for crop in crops])


def _other(weights, other, recipe, rows, held, detector, cache, device, strangers):
    """The rival looks at the same photos through its own crop."""
    if not other:
        return Examined({}, {})
    card = cards.find(weights, other)
    faces, _ = prepare(Path(recipe.folder), card.crop, detector, cache / "aligned")
    embedder = load(weights, card, device)
    return Examination(faces, held, strangers, card.crop, recipe.seed).examine(embedder.embed)


def _tail(task, examination, parent):
    """Impostor scores of the new model on the held-out people, where there are enough of them; else its parent's."""
    bare = task.embed(examination.crops[: len(examination.people)])
    scores = (bare @ bare.T)[np.triu(examination.people[:, None] != examination.people[None])]
    if len(scores) >= MIN_IMPOSTORS or not parent.impostor_tail:
        with contextlib.suppress(DataError):  # too few even for a first guess: then the model asks for a threshold
            return measured(scores), f"{len(scores)} comparisons of held-out people"
    return parent.impostor_tail, f"the parent's: {len(scores)} comparisons of held-out people are too few"


def _card(recipe, base_card, faces, rows, held, plan, figures, other, rivals, verdict, tail, tail_from):
    licence = base_card.licence if not base_card.id else f"{base_card.licence}; fine-tuned on the user's own photos"
    return replace(
        base_card, id=recipe.name, file="model.safetensors", sha256="", licence=licence,
        origin=f"trained here from {recipe.base}", description=f"{recipe.base}, tuned ({recipe.tune}) on {len(rows)} photos",
        impostor_tail=tail,
        figures={"held_out": figures, "compared_with": {"model": other, "figures": rivals}, "verdict": verdict,
                 "impostor_tail": tail_from},
        training={"recipe": {k: v for k, v in asdict(recipe).items() if k != "folder"}, "plan": asdict(plan), "parent": base_card.id,
                  "photos": len(rows), "people": len(np.unique(faces.people[rows])), "held_out_photos": len(held),
                  "held_out_people": len(np.unique(faces.people[held])), "processes": ranks.count(),
                  "versions": {"python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__,
                               "facenet-pytorch": importlib.metadata.version("facenet-pytorch")}})


def _mtcnn(device: str) -> Callable[[], Detector]:
    def make() -> Detector:
        from ..detect import MtcnnDetector
        return MtcnnDetector(device)
    return make

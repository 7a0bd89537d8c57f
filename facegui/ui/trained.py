"""What the Train tab shows of a training: curves while it runs, what the network sees, old and new side by side at the end."""

from __future__ import annotations

import numpy as np

from .. import metrics
from ..evaluate.evidence import Comparisons
from ..evaluate.figures import thinned
from ..evaluate.page import error_curves, pair_histogram
from ..service.learning import Learning
from ..training import Estimate, Outcome
from . import chart
from .jobbar import lasting
from .markup import esc, note, picture_address, plural

FIGURES = {"tar_bare": "bare pairs accepted", "tar_masked": "masked pairs accepted",
           "tar_masked_new": "pairs with an unseen kind of mask accepted", "rank1_masked": "masked face found first",
           "rank1_masked_new": "face with an unseen kind of mask found first"}
COLUMNS, MOST = 8, 32  # of an example batch


def plan(found: Estimate) -> str:
    """What a training would cost, in sentences."""
    parts = [(found.align_s, f"find the faces in {plural(found.to_align, 'new photo')}"), (found.prepare_s, "embed the photos once"),
             (found.train_s, f"learn: {plural(found.steps, 'step')} of {found.faces_per_step} faces"),
             (found.validate_s, "measure on people it does not learn from")]
    rows = "".join(f"<tr><th>{esc(what)}</th><td>{lasting(seconds)}</td></tr>" for seconds, what in parts if seconds >= 0.5)
    title = f"{plural(found.photos, 'photo')} of {plural(found.people, 'person', 'people')}: about {lasting(found.total_s)} here."
    return note(title, "Measured on this machine just now, on a few photos and batches; other work on it makes it longer. A fifth of "
                "the people is held out to judge the result.") + f'<table class="fg-table fg-wide">{rows}</table>'


def progress(learning: Learning) -> str:
    """Curves so far."""
    reports = learning.reports
    if not reports and not learning.running:
        return note("No training runs.", "Type a folder of photos and press Train. It goes on when this page is "
                    "closed, can be paused or cancelled, and continues where it stopped when started again.")
    if not reports:
        return note("It begins.", "First the faces are found and cut out; the curves start with the first step.")
    figures: dict[str, list[tuple[float, float]]] = {}
    for one in reports:
        for name, value in one.figures.items():
            if name != "selection":
                figures.setdefault(FIGURES.get(name, name.replace("_", " ")), []).append((one.step, value))
    head = ""
    if learning.paused:
        head = note("Paused.", f"After step {reports[-1].step}. The machine is free until you press Go on.", "warn")
    loss, rate = ([(one.step, value(one)) for one in reports] for value in (lambda one: one.loss, lambda one: one.lr))
    return (f'{head}<div class="fg-charts" data-steps="{reports[-1].step}">{chart.lines("loss", {"loss": loss})}'
            f'{chart.lines("on people it has not seen", figures, percent=True)}'
            f'{chart.lines("learning rate", {"learning rate": rate})}</div>')


def examples(crops: np.ndarray | None) -> str:
    """A batch as the network sees it."""
    if crops is None:
        return ""
    shown = crops[: MOST - MOST % COLUMNS] if len(crops) >= COLUMNS else crops
    shown = shown[: len(shown) - len(shown) % COLUMNS] if len(shown) >= COLUMNS else shown
    side = shown.shape[1]
    rows = [np.concatenate(list(shown[start : start + COLUMNS]), axis=1) for start in range(0, len(shown), COLUMNS)]
    return (f'<figure class="fg-chart fg-batch"><figcaption>an example batch, as the network sees it</figcaption>'
            f'<img src="{picture_address(np.concatenate(rows))}" alt="{len(shown)} faces of {side} px, some with drawn masks"></figure>')


def result(outcome: Outcome | None) -> str:
    """At the end: verdict, figures, and for bare and masked pairs the ROC of both models and the scores of each."""
    if outcome is None:
        return ""
    rows = "".join(f"<tr><th>{esc(FIGURES.get(name, name.replace('_', ' ')))}</th>"
                   f"<td>{_share(outcome.other_figures.get(name))}</td><td>{_share(value)}</td></tr>"
                   for name, value in outcome.figures.items() if name != "selection")
    kind = {True: "good", False: "warn", None: ""}[outcome.better]
    other = outcome.other or "before"
    table = (f'<table class="fg-table fg-wide"><tr><th></th><td>{esc(other)}</td><td>{esc(outcome.card.id)}</td></tr>{rows}</table>')
    left_out = f" {plural(len(outcome.refused), 'photo')} left out." if outcome.refused else ""
    drawn = "".join(_side_by_side(name, other, outcome) for name in outcome.scores)
    return (note(f"{outcome.card.id} is trained.", outcome.verdict + left_out, kind) + table
            + '<p class="fg-hint">Accepted: TAR at a FAR of 0.1 %, or at the strictest one that so few pairs can tell.</p>'
            + f'<div class="ev">{drawn}</div>')


def _side_by_side(name: str, other: str, outcome: Outcome) -> str:
    """One condition: ROC of both, then the scores of the old and of the new model, each with a threshold to drag."""
    models = {other: outcome.other_scores.get(name), outcome.card.id: outcome.scores[name]}
    models = {model: both for model, both in models.items() if both and min(map(len, both))}
    if not models:
        return ""
    curves = {model: thinned(metrics.roc(*both)) for model, both in models.items()}
    roc = error_curves({model: {"far": curve.far.tolist(), "tar": curve.tar.tolist()} for model, curve in curves.items()},
                       {model: len(both[1]) for model, both in models.items()})[0]
    none = np.empty(0)
    scores = [pair_histogram(Comparisons(f"{model}: {name} pairs", *both, none, none)) for model, both in models.items()]
    return f'<h3>{esc(name[0].upper() + name[1:])} pairs</h3><div class="ev-figures">{roc}{"".join(scores)}</div>'


def _share(value: float | None) -> str:
    return "" if value is None or value != value else f"{100 * value:.1f} %"

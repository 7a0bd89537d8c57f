"""train, and evaluate lfw | pairs | folder | masked | gallery."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from dataclasses import fields
from pathlib import Path

from .. import evaluate as measures
from ..cards import CARD_FILE
from ..jobs import Remaining
from ..service.evaluating import CACHE, Evaluating, looks_of
from ..types import Progress
from .progress import Bar
from .show import put, put_json, service
from .stop import Stop



def pairs(arguments: Namespace) -> int:
    return _measure(arguments, measures.pairs, Path(arguments.pairs), Path(arguments.images))


def lfw(arguments: Namespace) -> int:
    return _measure(arguments, measures.lfw, Path(arguments.folder))


def folder(arguments: Namespace) -> int:
    return _measure(arguments, measures.folder, Path(arguments.folder), split=arguments.split, seed=arguments.seed)


def masked(arguments: Namespace) -> int:
    return _measure(arguments, measures.masked, Path(arguments.folder), cover=False, looks=True, people=arguments.people,
                    seed=arguments.seed)


def gallery(arguments: Namespace) -> int:
    """The user's own gallery: its templates are measured, no photo is embedded again."""
    with service(arguments) as faces, Bar() as bar:
        return _answer(arguments, Evaluating(faces).gallery(bar))


def _measure(arguments: Namespace, measure, *what, cover: bool = True, looks: bool = False, **how) -> int:
    with service(arguments) as faces, Bar() as bar:
        sight = faces.sight
        if cover:  # tells bare and masked photos apart
            how["cover"] = sight.cover
        if looks:
            how["looks"] = looks_of(sight.embedder)
        report = measure(*what, sight.detector, sight.embedder, faces.settings.weights / CACHE, bar, **how)
    return _answer(arguments, report)


def _answer(arguments: Namespace, report: measures.Report) -> int:
    if arguments.json:
        put_json(report.to_json())
    else:
        put(measures.summary(report))
    if arguments.html:
        measures.write_page(report, Path(arguments.html))
        print(f"the report is in {arguments.html}; it shows faces: keep it as safe as the photos", file=sys.stderr)
    return 0


def train(arguments: Namespace) -> int:
    """Ctrl-C stops within a step; the same command goes on where it was."""
    from .. import training

    first = os.environ.get("RANK", "0") == "0"  # under torchrun every process works and one speaks
    with service(arguments) as faces:
        settings = faces.settings
        current = faces.card.id if _has_model(faces) else None
    given = {field.name: getattr(arguments, field.name) for field in fields(training.Recipe)
             if getattr(arguments, field.name, None) is not None}
    augment = training.Augment() if arguments.masks is None else training.Augment(mask=arguments.masks)
    recipe = training.Recipe(**given, augment=augment)
    clock, outcome = Remaining(), None
    with Stop() as stop, Bar(None if first else open(os.devnull, "w")) as bar:
        def tick(progress: Progress) -> None:
            stop.check()
            bar(progress)
        for report in training.train(recipe, settings.weights, current=current, device=settings.device, tick=tick, cancelled=stop):
            if isinstance(report, training.Outcome):
                outcome = report
                continue
            note = f"loss {report.loss:.3f}  rate {report.lr:.1e}  {report.images_s:.0f} faces/s"
            bar(clock.fill(Progress(report.step, report.total, note, report.remaining_s)))
            if first and (report.figures or report.note):
                figures = "  ".join(f"{name.replace('_', ' ')} {value:.3f}" for name, value in report.figures.items())
                print(f"step {report.step}: {note}  {figures}  {report.note}".rstrip(), file=sys.stderr)
    if not first:
        return 0
    card = outcome.card
    if arguments.json:
        put_json({"model": card.id, "folder": str(settings.weights / card.id), "figures": outcome.figures,
                  "compared_with": outcome.other, "other_figures": outcome.other_figures, "better": outcome.better,
                  "verdict": outcome.verdict, "refused": [list(one) for one in outcome.refused],
                  "curves": str(outcome.curves)})
        return 0
    for photo, reason in outcome.refused[:20]:
        put(f"  left out: {photo}: {reason}")
    put(f"{card.id} is in {(settings.weights / card.id / CARD_FILE).parent}, curves in {outcome.curves}", outcome.verdict,
        f"`models use {card.id}` puts it to work, `reembed` makes its templates, and `models use "
        f"{outcome.other or 'NAME'}` goes back")
    return 0


def _has_model(faces) -> bool:
    from ..types import ModelError

    try:
        return bool(faces.card)
    except ModelError:
        return False

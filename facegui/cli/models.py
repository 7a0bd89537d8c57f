"""models list, add, get, use."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from .. import cards
from ..service import models
from ..types import ModelCard
from .progress import Bar
from .show import put, put_json, service


def show(arguments: Namespace) -> int:
    with service(arguments) as faces:
        chosen = models.chosen_id(faces.gallery, faces.settings)
        found = cards.installed(faces.settings.weights)
    known = [name for name in cards.KNOWN if name not in {card.id for card in found.cards}]
    if arguments.json:
        put_json({"models": [{**asdict(card), "in_use": card.id == chosen} for card in found.cards],
                  "broken": [asdict(one) for one in found.broken], "downloadable": known})
        return 0
    for card in found.cards:
        put(f"{'*' if card.id == chosen else ' '} {card.id}  {card.architecture}, {card.crop.size} px, {card.dimension} numbers",
            *(f"    {line}" for line in _about(card)))
    for one in found.broken:
        put(f"! {one.id}  {one.reason}")
    if known:
        put("to be had with `models get NAME`: " + ", ".join(known))
    if not found.cards:
        put("no model is installed; `models get NAME` downloads one, `models add FILE --card CARD` takes your own")
    return 0


def _about(card: ModelCard) -> list[str]:
    figures = ", ".join(filter(None, (_figure(name.replace("_", " "), value) for name, value in card.figures.items())))
    return [line for line in (card.description, f"terms: {card.licence}", f"origin: {card.origin}",
                              figures and f"figures: {figures}",
                              "" if card.impostor_tail else "threshold: not measured for this model") if line]


def _figure(name: str, value: object) -> str:
    """A plain number, or the accuracy of a report with its count; nothing for what is no figure for people."""
    if isinstance(value, dict) and "accuracy" in value:
        return f"{name} {value['accuracy']:.2%}" + (f" of {value['pairs']} pairs" if "pairs" in value else "")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ""
    return f"{name} {value:.4g}"


def add(arguments: Namespace) -> int:
    with service(arguments) as faces, Bar() as bar:
        card = models.add(faces.settings, Path(arguments.file), Path(arguments.card), bar, arguments.replace)
    return _installed(arguments, card)


def get(arguments: Namespace) -> int:
    with service(arguments) as faces, Bar() as bar:
        card = models.get(faces.settings, arguments.name, arguments.file and Path(arguments.file), bar)
    return _installed(arguments, card)


def _installed(arguments: Namespace, card: ModelCard) -> int:
    if arguments.json:
        put_json(asdict(card))
    else:
        put(f"{card.id} is installed (sha256 {card.sha256[:16]}...); `models use {card.id}` puts it to work",
            f"terms: {card.licence}")
    return 0


def use(arguments: Namespace) -> int:
    with service(arguments) as faces:
        card = models.use(faces.gallery, faces.settings, arguments.name)
        missing = sum(one.photos for one in faces.people() if not one.templates)
    if arguments.json:
        put_json({"model": card.id, "photos_without_template": missing})
    else:
        put(f"{card.id} is in use" + (f"; run `reembed` so that {missing} photos can be found with it" if missing else ""))
    return 0

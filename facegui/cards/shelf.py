"""The models under weights/: list, find, add, remove. A model appears and disappears in one step."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from ..types import ModelCard, ModelError, Progress, Tick, no_tick
from .card import CARD_FILE, SAFE_NAME, digest, parse, read_card, write_card
from .known import KNOWN

COVER = "cover"  # weights/cover judges what hides a face; it is part of the program and no embedder
CHUNK_BYTES = 4 << 20
Check = Callable[[Path, ModelCard], None]  # (weights, card): loads the model, raises ModelError; see embed.check


@dataclass(frozen=True, slots=True)
class Broken:
    """A folder under weights/ that is no usable model, and why (a sentence)."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Installed:
    cards: tuple[ModelCard, ...]  # by id
    broken: tuple[Broken, ...]


def installed(weights: Path) -> Installed:
    """Every embedder under `weights`, and the folders that are broken. Loads nothing; never raises."""
    cards, broken = [], []
    folders = sorted(weights.iterdir()) if weights.is_dir() else []
    for folder in folders:
        if _holds_something(folder) and not folder.name.startswith(".") and folder.name != COVER:
            try:
                cards.append(_read(folder))
            except ModelError as error:
                broken.append(Broken(folder.name, str(error)))
    return Installed(tuple(cards), tuple(broken))


def find(weights: Path, model_id: str) -> ModelCard:
    """The card of an installed embedder. Raises ModelError that says what is there and how to get more."""
    if SAFE_NAME.fullmatch(model_id) and model_id != COVER and _holds_something(weights / model_id):
        return _read(weights / model_id)
    there = ", ".join(card.id for card in installed(weights).cards) or "none"
    how = (f"get it with `python -m facegui models get {model_id}`" if model_id in KNOWN else
           "add one with `python -m facegui models add FILE --card CARD`")
    raise ModelError(f"there is no model {model_id!r} in {weights} (installed: {there}); {how}")


def install(weights: Path, file: Path, card_file: Path, tick: Tick = no_tick, *,
            check: Check | None = None, replace_existing: bool = False) -> ModelCard:
    """Add a model: copy `file`, verify the card's sha256 (or fill it in), `check` that it loads, place it.

    The model is checked in a staging folder: whatever fails, weights/ stays as it was. Raises ModelError.
    """
    return place(weights, file, parse(card_file), tick, check=check, replace_existing=replace_existing)


def place(weights: Path, file: Path, card: ModelCard, tick: Tick = no_tick, *,
          check: Check | None = None, replace_existing: bool = False) -> ModelCard:
    """`install` with a card in hand; returns the card as written, its sha256 filled in."""
    _refuse(weights, card.id, replace_existing)
    if not file.is_file():
        raise ModelError(f"there is no weight file {file}; give the path of the model's weights")
    try:
        weights.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(dir=weights, prefix=".adding-"))
    except OSError as error:
        raise ModelError(f"models cannot be added to {weights}: {error.strerror}") from None
    try:
        folder = stage / card.id
        folder.mkdir()
        _copy(file, folder / card.file, tick)
        found = digest(folder / card.file)
        if card.sha256 and found != card.sha256:
            raise ModelError(f"{file} does not belong to its card: its sha256 is {found}, the card says {card.sha256}; "
                             "get the file again, or the card that fits it")
        card = write_card(folder, replace(card, sha256=found))
        if check:
            check(stage, card)
        _refuse(weights, card.id, replace_existing)  # the check took a while
        _swap(folder, weights / card.id, stage / "old")
    except OSError as error:
        raise ModelError(f"model {card.id!r} could not be added to {weights}: {error.strerror or error}") from None
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return card


def remove(weights: Path, model_id: str) -> None:
    """Remove an installed or broken model with its folder. Raises ModelError where there is none."""
    if model_id.lower() == COVER:
        raise ModelError("weights/cover judges what hides a face and is part of the program; it cannot be removed")
    if not SAFE_NAME.fullmatch(model_id) or not (weights / model_id).is_dir():
        find(weights, model_id)
    grave = Path(tempfile.mkdtemp(dir=weights, prefix=".removing-"))
    try:
        os.replace(weights / model_id, grave / model_id)
    except OSError as error:
        raise ModelError(f"model {model_id!r} cannot be removed: {error.strerror}") from None
    finally:
        shutil.rmtree(grave, ignore_errors=True)


def _holds_something(folder: Path) -> bool:
    """A download that never began leaves an empty folder, which is no broken model."""
    return folder.is_dir() and any(folder.iterdir())


def _read(folder: Path) -> ModelCard:
    if not (folder / CARD_FILE).exists() and any(folder.glob("*.part")):
        raise ModelError(f"the download of {folder.name!r} is not finished; `python -m facegui models get {folder.name}` goes on")
    card = read_card(folder)
    if card.id != folder.name:
        raise ModelError(f"the card in {folder} says id {card.id!r}; folder and id must be the same")
    if not (folder / card.file).is_file():
        raise ModelError(f"the weight file {folder / card.file} is missing; put it there, or remove the model and add it again")
    return card


def _refuse(weights: Path, model_id: str, replace_existing: bool) -> None:
    if model_id.lower() == COVER:
        raise ModelError("the id 'cover' belongs to the judge of covers; give the model another id in its card")
    if (weights / model_id).exists() and not replace_existing:
        raise ModelError(f"a model {model_id!r} is installed already; remove it first, ask to replace it, "
                         "or give the new one another id in its card")


def _copy(source: Path, target: Path, tick: Tick) -> None:
    total = source.stat().st_size
    done = 0
    with open(source, "rb") as reader, open(target, "wb") as writer:
        while chunk := reader.read(CHUNK_BYTES):
            writer.write(chunk)
            done += len(chunk)
            tick(Progress(done, max(total, done), f"copying {source.name}"))


def _swap(new: Path, target: Path, old: Path) -> None:
    """Put `new` in the place of `target`; a folder cannot replace a full one, so the old one steps aside first."""
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(new, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise

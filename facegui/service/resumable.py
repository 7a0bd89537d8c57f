"""Trainings that were stopped: what they were meant to be, kept beside their state, so that they go on after a restart."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING

from ..types import DataError

if TYPE_CHECKING:
    from ..training import Recipe

FILE = "recipe.json"


def keep(state: Path, recipe: Recipe) -> None:
    """Write the recipe into the folder of its training's state. Raises DataError where that cannot be written."""
    part = state / f"{FILE}.part"
    try:
        state.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(asdict(recipe)))
        os.replace(part, state / FILE)
    except OSError as error:
        raise DataError(f"the training's state cannot be written to {state} ({error.strerror}); free some disk space") from None


def found(states: Path) -> list[Recipe]:
    """Recipes of trainings that stopped after a step was saved, the latest first; a damaged one is left out."""
    from ..training import Augment, Recipe

    recipes = []
    files = [one for one in states.glob(f"*/{FILE}") if (one.parent / "state.safetensors").exists()]
    for file in sorted(files, key=lambda one: -one.stat().st_mtime):
        with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
            values = json.loads(file.read_text())
            augment = values.pop("augment")
            augment["styles"] = tuple(augment["styles"])
            known = {one.name for one in fields(Recipe)}
            recipes.append(Recipe(**{name: value for name, value in values.items() if name in known}, augment=Augment(**augment)))
    return recipes


def discard(states: Path, name: str) -> None:
    """Delete the state of the training called `name`. Raises DataError where there is none."""
    folder = states / name
    if not any(recipe.name == name for recipe in found(states)):
        raise DataError(f"there is no interrupted training called {name}")
    shutil.rmtree(folder, ignore_errors=True)

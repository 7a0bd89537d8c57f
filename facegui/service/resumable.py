"""Trainings that were stopped: their state says how to start them again, so that they go on after a restart."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING

from ..types import DataError, ModelError

if TYPE_CHECKING:
    from ..training import Recipe


def found(states: Path) -> list[Recipe]:
    """Recipes of trainings that stopped after a step was saved, the latest first; a damaged state is left out."""
    from ..training import Augment, Recipe, state

    known, recipes = {one.name for one in fields(Recipe)}, []
    for file in sorted(states.glob(f"*/{state.FILE}"), key=lambda one: -one.stat().st_mtime):
        with contextlib.suppress(ModelError, TypeError, KeyError):
            values = state.facts(file.parent)["recipe"]
            augment = values["augment"] | {"styles": tuple(values["augment"]["styles"])}
            values = {name: value for name, value in values.items() if name in known}
            recipes.append(Recipe(**values | {"augment": Augment(**augment)}))
    return recipes


def discard(states: Path, name: str) -> None:
    """Delete the state of the training called `name`. Raises DataError where there is none."""
    folder = states / name
    if not any(recipe.name == name for recipe in found(states)):
        raise DataError(f"there is no interrupted training called {name}")
    shutil.rmtree(folder, ignore_errors=True)

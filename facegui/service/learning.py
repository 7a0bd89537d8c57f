"""Training as a job of the service: watched while it runs, compared at its end, promoted or taken back."""

from __future__ import annotations

import contextlib
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .. import cards
from ..jobs import Job
from ..types import Cancelled, FaceguiError, Progress, Tick
from . import models, resumable

if TYPE_CHECKING:
    from ..training import Estimate, Outcome, Recipe, TrainingProgress
    from . import FaceService

BEFORE = "model_before"  # gallery setting: the model that the last promotion replaced
TRAINABLE = ("compact", "inception-resnet-v1")
PAUSE_S = 0.2  # how often a paused training looks whether it was cancelled
NEW = ("new compact", "new inception-resnet-v1")


class Learning:
    """The training that runs, or ran last, in this process.

    `reports` grow while it runs, `examples` is the batch of views shown last, `outcome` comes at its end, `version` changes
    whenever one of them does.
    """

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self.reports: list[TrainingProgress] = []
        self.examples: np.ndarray | None = None
        self.outcome: Outcome | None = None
        self.recipe: Recipe | None = None
        self.running = False
        self.version = 0
        self._go = threading.Event()  # not set: paused
        self._go.set()

    def bases(self) -> list[str]:
        """Models that can learn, the one in use first, then random weights."""
        there = [card.id for card in cards.installed(self._service.settings.weights).cards if card.architecture in TRAINABLE]
        with contextlib.suppress(FaceguiError):
            mine = self._service.card.id
            there.sort(key=lambda name: name != mine)
        return [*there, *NEW]

    def cost(self, recipe: Recipe) -> Estimate:
        """What it would take, measured on this machine in a few seconds. Raises DataError, ModelError."""
        from ..training import estimate

        settings = self._service.settings
        return estimate(recipe, settings.weights, device=settings.device, detector=lambda: self._service.sight.detector)

    def start(self, recipe: Recipe) -> Job:
        """Train in the background; a training of this name that was stopped goes on. Raises Busy, DataError."""
        recipe = recipe.checked()

        def work(tick: Tick) -> str:
            from ..training import loop

            state = self._states / recipe.name
            self.reports, self.examples, self.outcome, self.recipe = loop.history(state), None, None, recipe
            self.version += 1
            self._go.set()
            self.running = True
            try:
                return self._train(recipe, tick)
            finally:
                self.running = False
                self.version += 1

        return self._service.jobs.start(f"Training {recipe.name}", work)

    def pause(self) -> None:
        """Hold the training after its present step; the machine is free until `go_on` (or cancel)."""
        self._go.clear()
        self.version += 1

    def go_on(self) -> None:
        self._go.set()
        self.version += 1

    @property
    def paused(self) -> bool:
        return self.running and not self._go.is_set()

    def interrupted(self) -> list[Recipe]:
        """Trainings that were stopped, or whose program ended, and can go on; the latest first."""
        return [] if self.running else resumable.found(self._states)

    def discard(self, name: str) -> None:
        """Give up an interrupted training: what it learned so far is deleted."""
        resumable.discard(self._states, name)
        self.version += 1

    @property
    def _states(self) -> Path:
        return self._service.settings.weights / ".training" / "state"

    def _train(self, recipe: Recipe, tick: Tick) -> str:
        from ..training import Outcome, train

        now = Progress(0, 0, "opening the base")

        def say(progress: Progress) -> None:
            nonlocal now
            now = progress
            tick(progress)

        def cancelled() -> bool:
            try:
                tick(now)
                while not self._go.wait(PAUSE_S):
                    tick(Progress(now.done, now.total, "paused; the machine is free", now.remaining_s))
            except Cancelled:
                return True
            return False

        def show(crops: np.ndarray) -> None:
            self.examples = crops
            self.version += 1

        say(now)
        settings = self._service.settings
        for one in train(recipe, settings.weights, current=self._service.card.id, device=settings.device,
                         detector=lambda: self._service.sight.detector, cancelled=cancelled, tick=say, show=show):
            if isinstance(one, Outcome):
                self.outcome = one
            else:
                self.reports.append(one)
                now = Progress(one.step, one.total, one.note or f"loss {one.loss:.3f}", one.remaining_s)
            self.version += 1
        return self.outcome.verdict if self.outcome else "trained"

    def promote(self, model_id: str) -> Job:
        """Make a model the gallery's own and its templates; `roll_back` returns. Raises ModelError, Busy."""
        before = self._service.card.id

        def work(tick: Tick) -> str:
            models.use(self._service.gallery, self._service.settings, model_id)
            if before != model_id:
                self._service.gallery.set_setting(BEFORE, before)
            made = self._service.reembed(tick)
            return f"{model_id} is in use now; {made:,} templates were made"

        cards.find(self._service.settings.weights, model_id)
        return self._service.jobs.start(f"Changing to {model_id}", work)

    @property
    def before(self) -> str | None:
        """The model to which `roll_back` would return."""
        found = self._service.gallery.setting(BEFORE)
        return found if isinstance(found, str) else None

    @property
    def in_use(self) -> str | None:
        """The id of the model in use; None where there is none."""
        with contextlib.suppress(FaceguiError):
            return self._service.card.id
        return None

    def roll_back(self) -> Job:
        """Use the earlier model again. Raises FaceguiError where there is none."""
        if self.before is None:
            raise FaceguiError("there is no earlier model to go back to")
        return self.promote(self.before)

"""Training as a job of the service: watched while it runs, compared at its end, promoted or taken back."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .. import cards, image
from ..jobs import Job
from ..types import Cancelled, DataError, FaceguiError, Progress, Tick
from . import models

if TYPE_CHECKING:
    from ..training import Outcome, Recipe, TrainingProgress
    from . import FaceService

BEFORE = "model_before"  # gallery setting: the model that the last promotion replaced
TRAINABLE = ("compact", "inception-resnet-v1")
NEW = ("new compact", "new inception-resnet-v1")


@dataclass(frozen=True, slots=True)
class Cost:
    """What a training would do, known before it starts; photos without a face are found out while it aligns them."""

    people: int
    photos: int
    steps: int
    faces_per_step: int


class Learning:
    """The training that runs, or ran last, in this process. `reports` grow while it runs; `outcome` comes at its end."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self.reports: list[TrainingProgress] = []
        self.outcome: Outcome | None = None
        self.recipe: Recipe | None = None

    def bases(self) -> list[str]:
        """Models that can learn, the one in use first, then random weights."""
        there = [card.id for card in cards.installed(self._service.settings.weights).cards if card.architecture in TRAINABLE]
        with contextlib.suppress(FaceguiError):
            mine = self._service.card.id
            there.sort(key=lambda name: name != mine)
        return [*there, *NEW]

    def cost(self, recipe: Recipe) -> Cost:
        """Raises DataError for a recipe or a folder that cannot be used."""
        from ..training.train import planned

        recipe = recipe.checked()
        folder = Path(recipe.folder)
        people = [one for one in sorted(folder.iterdir()) if one.is_dir() and not one.name.startswith(".")]
        counts = [len(image.find_images(person)) for person in people]
        if not sum(counts) and not (folder / "faces.json").exists():
            raise DataError(f"{folder} holds no photos in sub-folders; make one folder per person and put their photos inside")
        plan = planned(recipe, round(sum(counts) * (1 - recipe.validation)), recipe.base in NEW)
        return Cost(sum(count > 0 for count in counts), sum(counts), plan.steps, recipe.people * recipe.photos)

    def start(self, recipe: Recipe) -> Job:
        """Train in the background. Raises Busy, DataError."""
        recipe = recipe.checked()

        def work(tick: Tick) -> str:
            self.reports, self.outcome, self.recipe = [], None, recipe
            return self._train(recipe, tick)

        return self._service.jobs.start(f"Training {recipe.name}", work)

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
            except Cancelled:
                return True
            return False

        say(now)
        for one in train(recipe, self._service.settings.weights, current=self._service.card.id,
                         device=self._service.settings.device, detector=lambda: self._service.sight.detector,
                         cancelled=cancelled, tick=say):
            if isinstance(one, Outcome):
                self.outcome = one
            else:
                self.reports.append(one)
                now = Progress(one.step, one.total, one.note or f"loss {one.loss:.3f}", one.remaining_s)
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

    def roll_back(self) -> Job:
        """Use the earlier model again. Raises FaceguiError where there is none."""
        if self.before is None:
            raise FaceguiError("there is no earlier model to go back to")
        return self.promote(self.before)

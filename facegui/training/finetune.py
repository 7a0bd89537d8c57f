"""Metric learning on the user's own people: class-balanced batches, a margin loss, a teacher if wanted."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..embed.compact import Compact
from ..types import DataError
from . import ranks
from .augment import STILL, view
from .bases import Base, Raw, choose_parts, set_mode
from .faces import FaceSet
from .initialise import scale_layer_by_layer
from .losses import Weighted, distillation
from .recipe import Recipe
from .validate import Examination, Examined, pixels_to_input

HEAD_VIEWS = 6  # augmented views of each photo that a head learns from


def balanced(people: np.ndarray, rows: np.ndarray, wide: int, deep: int, rng: np.random.Generator) -> np.ndarray:
    """P x K sampling (Hermans et al. 2017): `wide` different people, `deep` photos of each; a person with fewer photos
    is seen in several views of the same one."""
    groups = {number: rows[people[rows] == number] for number in np.unique(people[rows])}
    chosen = rng.permutation(list(groups))[: min(wide, len(groups))]
    return np.concatenate([rng.choice(groups[n], deep, replace=len(groups[n]) < deep) for n in chosen])


class FineTune:
    """The task of a Recipe. tune "head" trains a linear layer on embeddings that are computed once, else the network."""

    def __init__(self, recipe: Recipe, base: Base, faces: FaceSet, rows: np.ndarray, examination: Examination,
                 targets: np.ndarray | None, device: torch.device, tick=lambda done, total: None):
        torch.manual_seed(recipe.seed)
        self.recipe, self.base, self.faces, self.rows, self.examination = recipe, base, faces, rows, examination
        self.device, self.people, self.note, self.waited_s = device, recipe.people, "", 0.0
        self.targets = None if targets is None else torch.from_numpy(targets).to(device)
        self.classes = {int(n): k for k, n in enumerate(np.unique(faces.people[rows]))}
        self.body = Raw(base.network).to(device)
        set_mode(self.body, False)
        if not base.card.id and isinstance(base.network, Compact):
            few = np.stack([self._view(i, np.random.default_rng(0), recipe.augment) for i in rows[:64]])
            scale_layer_by_layer(base.network, lambda: self.raw(few, len(few)))
        self.head = None
        dimension = base.card.dimension
        self.extra = Weighted(dimension, len(self.classes), recipe.triplet, recipe.arcface, recipe.margin_deg, recipe.scale,
                              recipe.triplet_margin).to(device)
        if recipe.tune == "head":
            self.head = self.network = nn.Linear(dimension, dimension).to(device)
            nn.init.eye_(self.head.weight)
            nn.init.zeros_(self.head.bias)
            self._embed_views(tick)
        else:
            self.network = base.network
            choose_parts(base.network, recipe.tune)
        self._centre()
        self.forward = torch.compile(self.body) if recipe.compile else self.body
        self._hand = ThreadPoolExecutor(1)
        self._next: tuple[int, object] | None = None

    @torch.no_grad()
    def raw(self, crops: np.ndarray, batch: int = 32) -> torch.Tensor:
        """(n, s, s, 3) uint8 -> (n, d) float32 of the base, on the device."""
        card, rows = self.base.card, []
        for i in range(0, len(crops), batch):
            images = pixels_to_input(crops[i : i + batch], card.mean, card.std, card.channels)
            with torch.autocast(self.device.type, torch.bfloat16):
                rows.append(self.body(images.to(self.device, memory_format=torch.channels_last)).float())
        return torch.cat(rows) if rows else torch.zeros(0, card.dimension, device=self.device)

    def _view(self, row: int, rng: np.random.Generator, how) -> np.ndarray:
        return view(np.asarray(self.faces.pixels[row]), self.faces.points_of(row), self.base.card.crop, rng, how)[0]

    def _embed_views(self, tick):
        """(views, n, d): each photo as it is and in augmented views; and what validation shows, once."""
        made = []
        for number in range(HEAD_VIEWS):
            made.append(self.raw(np.stack([self._stored_view(number, int(i)) for i in self.rows])))
            tick(number + 1, HEAD_VIEWS + 1)
        self.stored = torch.stack(made)
        self.place = {int(row): k for k, row in enumerate(self.rows)}
        self.examined = self.raw(self.examination.crops)
        tick(HEAD_VIEWS + 1, HEAD_VIEWS + 1)

    @torch.no_grad()
    def _centre(self):
        """ArcFace starts from each person's mean embedding, so that a few steps do not spoil what the base knows."""
        if not self.recipe.arcface or not self.base.card.id:
            return
        sums = torch.zeros_like(self.extra.arcface.centres)
        for begin in range(0, len(self.rows), 256):
            rows = self.rows[begin : begin + 256]
            found = self.stored[0, begin : begin + 256] if self.head is not None else \
                self.raw(np.stack([self._view(i, np.random.default_rng(0), STILL) for i in rows]))
            sums.index_add_(0, self._labels(rows), F.normalize(found))
        self.extra.arcface.centres.copy_(F.normalize(sums))

    def _labels(self, rows: np.ndarray) -> torch.Tensor:
        return torch.tensor([self.classes[int(n)] for n in self.faces.people[rows]], device=self.device)

    def _batch(self, step: int):
        rng = np.random.default_rng((self.recipe.seed, step, ranks.rank()))
        rows = balanced(self.faces.people, self.rows, self.people, self.recipe.photos, rng)
        if self.head is not None:
            return rows, rng.integers(HEAD_VIEWS, size=len(rows))
        return rows, np.stack([self._view(i, rng, self.recipe.augment) for i in rows])

    def _fetch(self, step: int):
        """The batch of this step, made while the last one was computed; the next one is begun."""
        begun = time.perf_counter()
        key = (step, self.people)
        batch = self._next[1].result() if self._next and self._next[0] == key else self._batch(step)
        self._next = ((step + 1, self.people), self._hand.submit(self._batch, step + 1))
        self.waited_s += time.perf_counter() - begun
        return batch

    def loss(self, step: int):
        while True:
            try:
                loss = self._forward(*self._fetch(step))
                loss[0].backward()  # here, where running out of memory can be answered
                return loss[0].detach(), loss[1]
            except torch.OutOfMemoryError:
                for parameter in (*self.network.parameters(), *self.extra.parameters()):
                    parameter.grad = None
                if self.people <= 2:
                    raise DataError("The graphics card has too little memory even for two people per batch. Tune \"head\" or "
                                    "\"last\" instead of \"all\", or train on the CPU.") from None
                self.people //= 2
                self.note = f"Not enough memory: the batch is halved to {self.people} people."
                if self.device.type == "cuda":
                    torch.cuda.empty_cache()

    def _forward(self, rows: np.ndarray, views: np.ndarray):
        if self.head is not None:
            places = torch.tensor([self.place[int(row)] for row in rows], device=self.device)
            embeddings = self.head(self.stored[torch.from_numpy(views).to(self.device), places])
        else:
            set_mode(self.body, True)
            card = self.base.card
            images = pixels_to_input(views, card.mean, card.std, card.channels)
            with torch.autocast(self.device.type, torch.bfloat16):
                embeddings = self.forward(images.to(self.device, memory_format=torch.channels_last)).float()
        loss = self.extra(embeddings, self._labels(rows))
        if self.recipe.distil and self.targets is not None:
            loss = loss + self.recipe.distil * distillation(embeddings, self.targets[torch.from_numpy(rows).to(self.device)])
        return loss, len(rows)

    def embed(self, crops: np.ndarray) -> np.ndarray:
        """(n, s, s, 3) uint8 -> (n, d) unit rows of the network as it is now."""
        set_mode(self.body, False)
        with torch.no_grad():
            found = self.raw(crops)
            return F.normalize(found if self.head is None else self.head(found)).cpu().numpy()

    def validate(self) -> dict[str, float]:
        return self.examine().figures

    def examine(self) -> Examined:
        """How well the network as it is now does on the people held out."""
        if self.head is None:
            return self.examination.examine(self.embed)
        with torch.no_grad():
            rows = F.normalize(self.head(self.examined)).cpu().numpy()
        mine = ranks.share(len(rows))
        return self.examination.examine(lambda _: rows[mine])

    def examples(self, step: int) -> np.ndarray:
        """(n, s, s, 3) RGB uint8: the very views that the batch of this step shows the network, drawn masks included."""
        rows, views = self._batch(step)
        if self.head is None:
            return views
        return np.stack([self._stored_view(int(number), int(row)) for row, number in zip(rows, views, strict=True)])

    def _stored_view(self, number: int, row: int) -> np.ndarray:
        """View `number` of a photo, as it was embedded for the head; 0 is the photo as it is."""
        return self._view(row, np.random.default_rng((self.recipe.seed, number, row)), self.recipe.augment if number else STILL)

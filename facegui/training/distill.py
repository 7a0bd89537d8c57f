"""Distillation in two steps, which made the bundled `compact` network.

1. Blocks: every block of the student learns, at the same time and on its own, the map between two neighbouring feature
   tensors of the teacher (as in Wang et al., "Progressive blockwise knowledge distillation", IJCAI 2018). Each face gives
   thousands of regression targets, so a few tens of thousands of views are enough.
2. Whole: the joined network learns to meet the teacher's embedding of the clean face from an augmented, often masked
   view of it; the teacher's features on the same view keep guiding it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from ..embed.compact import Block, Compact
from ..types import CropSpec, DataError
from . import ranks
from .augment import STILL, Augment, view
from .faces import FaceSet
from .initialise import scale_layer_by_layer
from .teacher import Teacher, unit_embeddings
from .validate import Examination, embedder, pixels_to_input

MEAN, STD = (127.5, 127.5, 127.5), (128.0, 128.0, 128.0)


@dataclass(frozen=True, slots=True, eq=False)
class Shown:
    """A batch of b views: (b, s, s, 3) uint8 crops, the rows they are, and which got a mask; bare ones come first.

    The m views at `blended` show two faces laid over one another, which no row is: `clean` (m, s, s, 3) are those pairs
    without mask or accident.
    """

    crops: np.ndarray
    rows: np.ndarray
    masked: np.ndarray
    blended: np.ndarray
    clean: np.ndarray


@dataclass(eq=False)
class Views:
    """The stream of training views: step s of process r always shows the same faces in the same way.

    blend: share of views of two faces laid over one another, which the teacher must be asked about: people whom the set
    does not hold (mixup for distillation, as in Beyer et al., "Knowledge distillation: a good teacher is patient and
    consistent", CVPR 2022, section 3.2).
    """

    faces: FaceSet
    rows: np.ndarray
    spec: CropSpec
    how: Augment
    batch: int  # per process
    seed: int
    blend: float = 0.0
    waited_s: float = 0.0

    def at(self, step: int) -> Shown:
        begun = time.perf_counter()
        rng = np.random.default_rng((self.seed, step, ranks.rank()))
        chosen = rng.choice(self.rows, self.batch)
        masked = np.arange(self.batch) >= round(self.batch * (1 - self.how.mask))
        blended = np.flatnonzero(rng.random(self.batch) < self.blend) if self.blend else np.empty(0, np.int64)
        faces = [np.asarray(self.faces.pixels[i]) for i in chosen]
        for place in blended:
            other, share = np.asarray(self.faces.pixels[rng.choice(self.rows)]), rng.uniform(0.25, 0.75)
            faces[place] = cv2.addWeighted(faces[place], share, other, 1 - share, 0)
        bare, worn = replace(self.how, mask=0.0), replace(self.how, mask=1.0)
        crops = np.stack([self._view(face, rng, worn if m else bare) for face, m in zip(faces, masked, strict=True)])
        clean = np.array([self._view(faces[place], rng, STILL) for place in blended]).reshape(-1, *crops.shape[1:])
        self.waited_s += time.perf_counter() - begun
        return Shown(crops, chosen, masked, blended, clean.astype(np.uint8))

    def _view(self, face: np.ndarray, rng: np.random.Generator, how: Augment) -> np.ndarray:
        return view(face, self.faces.points, self.spec, rng, how)[0]


def deviation(out: torch.Tensor, target: torch.Tensor, base: torch.Tensor | None = None) -> torch.Tensor:
    """Squared error per channel over the variance of what the block has to add, averaged over channels."""
    target, base = target.float(), 0 if base is None else base.float()
    variance = (target - base).var((0, 2, 3))
    return (((out.float() - target) ** 2).mean((0, 2, 3)) / (variance + 0.1 * variance.mean())).mean()


class Blocks:
    """Step 1. `few`: how many images of a batch each stage works on; early stages have thousands of places per image."""

    def __init__(self, network: Compact, teacher: Teacher, views: Views, examination: Examination | None, few=(4, 9, 12)):
        if len(teacher.taps) != len(network.parts):
            raise DataError(f"The teacher has {len(teacher.taps)} blocks, the student {len(network.parts)}; block by block they "
                            f"must agree. Distil the embedding only.")
        self.network, self.teacher, self.views, self.examination = network, teacher, views, examination
        self.extra = nn.Module()
        depths = network.shape.depths
        self.stage = [0] * (1 + depths[0]) + [s for s, d in enumerate(depths) if s for _ in range(d + 1)]
        self.few = few
        self._scale()

    def _seen(self, step):
        crops = torch.from_numpy(self.views.at(step).crops)
        card = self.teacher.card
        embedding, features = self.teacher(pixels_to_input(crops.numpy(), card.mean, card.std, card.channels))
        return pixels_to_input(crops.numpy(), MEAN, STD).bfloat16(), embedding, features

    def _scale(self):
        """Random weights, sized so that every block starts at the spread of what it has to learn."""
        images, embedding, features = self._seen(1 << 30)
        spread = {self.network.head.project: float(embedding.std())}
        for k, part in enumerate(self.network.parts):
            base = features[k - 1].float() if isinstance(part, Block) and part.residual else 0
            spread |= {part.narrow: float((features[k].float() - base).std()), part.gate.widen: 0.3}

        def run():
            with torch.autocast(images.device.type, torch.bfloat16):
                for k, part in enumerate(self.network.parts):
                    part(features[k - 1] if k else images)
                self.network.head(features[-1])
        scale_layer_by_layer(self.network, run, spread)

    def loss(self, step):
        images, embedding, features = self._seen(step)
        total = 0.0
        for k, part in enumerate(self.network.parts):
            n = self.few[self.stage[k]]
            source = features[k - 1][:n] if k else images[:n]
            with torch.autocast(images.device.type, torch.bfloat16):
                out = part(source)
            error = deviation(out, features[k][:n], source if isinstance(part, Block) and part.residual else None)
            error.backward()  # the blocks do not depend on one another: free each one's memory at once
            total += error.item()
        with torch.autocast(images.device.type, torch.bfloat16):
            out = self.network.head(features[-1]).float()
        error = (1 - F.cosine_similarity(out, embedding)).mean() + 0.1 * ((out - embedding) ** 2).mean() / embedding.var()
        error.backward()
        return (torch.tensor(total) + error.detach()) / (len(features) + 1), len(images)

    def validate(self):
        return self.examination.figures(embedder(self.network, MEAN, STD)) if self.examination else {}

    @property
    def waited_s(self):
        return self.views.waited_s


class Front:
    """Between the steps: the first `blocks` blocks, joined, learn to undo one another's errors. Cheap: a face has a
    thousand places there, so a few faces make a batch."""

    def __init__(self, network: Compact, teacher: Teacher, views: Views, blocks: int):
        self.network, self.teacher, self.views, self.blocks = network, teacher, views, blocks
        self.examination, self.extra = None, nn.Module()
        network.requires_grad_(False)
        network.parts[:blocks].requires_grad_(True)

    def loss(self, step):
        crops, card = self.views.at(step).crops, self.teacher.card
        wanted = self.teacher.front(pixels_to_input(crops, card.mean, card.std, card.channels), self.blocks)
        out, errors = pixels_to_input(crops, MEAN, STD).bfloat16(), []
        with torch.autocast(out.device.type, torch.bfloat16):
            for part, target in zip(self.network.parts[: self.blocks], wanted, strict=True):
                out = part(out)
                errors.append(deviation(out, target))
        return torch.stack(errors).mean(), len(crops)

    validate = Blocks.validate
    waited_s = Blocks.waited_s


class Whole:
    """Step 2. targets (n, d): unit embeddings of the clean faces, by row of the face set."""

    def __init__(self, network: Compact, teacher: Teacher | None, views: Views, targets: np.ndarray,
                 examination: Examination | None, features: float = 0.1, guided: int = 4, frozen: int = 0):
        self.network, self.teacher, self.views, self.examination = network, teacher, views, examination
        self.targets = torch.from_numpy(targets)
        self.features, self.guided, self.frozen = features, guided, frozen
        self.extra = nn.Module()
        for part in network.parts[:frozen]:
            part.requires_grad_(False)

    def loss(self, step):
        shown = self.views.at(step)
        crops = shown.crops
        images = pixels_to_input(crops, MEAN, STD).bfloat16()
        outs = []
        with torch.autocast(images.device.type, torch.bfloat16):
            out = images
            for k, part in enumerate(self.network.parts):
                with torch.set_grad_enabled(k >= self.frozen):
                    out = part(out)
                outs.append(out)
            embedding = self.network.head(out).float()
        targets = self.targets[torch.from_numpy(shown.rows)]
        if len(shown.blended):
            targets[torch.from_numpy(shown.blended)] = unit_embeddings(self.teacher, shown.clean)
        loss = (1 - F.cosine_similarity(embedding, targets)).mean()
        if self.teacher is not None and self.features:
            # the bare views come first: there every feature has a target, and the teacher works on those alone
            n = min(self.guided, int((~shown.masked).sum()))
            card = self.teacher.card
            wanted = self.teacher(pixels_to_input(crops[:n], card.mean, card.std, card.channels))[1]
            errors = [deviation(outs[k][:n], wanted[k]) for k in range(self.frozen, len(outs))]
            loss = loss + self.features * torch.stack(errors).mean()
        return loss, len(crops)

    validate = Blocks.validate
    waited_s = Blocks.waited_s

"""Two ways to compare probes with templates: the plain cosine, and rarity by what both wear, as facegui decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from .. import align
from ..decide import Promise, level_for
from ..decide.local import LEAST
from ..decide.own import searches
from ..decide.tails import BARE, BY_MASKS, LOOK, Tail
from ..types import Embedder, Face, Tick, no_tick
from .cache import digest
from .photos import Embedded, Shot, embed_each

Scores = Callable[[np.ndarray, bool, bool], np.ndarray]
COSINE, BY_COVER = "by cosine", "as facegui compares"


@dataclass(frozen=True, slots=True)
class Looks:
    """make: ((n, size, size, 3) crops of bare faces, (n, d) their embeddings) -> (n, d) templates for masked faces; `key`
    tells one way of making them from another, for the cache."""

    key: str
    make: Callable[[np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class Matching:
    """tails None: cosines. looks (n, d): second templates of the bare faces, where the model has them."""

    name: str
    bare: np.ndarray
    masked: np.ndarray
    tails: dict[str, Tail] | None = None
    looks: np.ndarray | None = None

    def standing(self, stand: np.ndarray) -> Scores:
        """stand (n,): whose bare template stands in the gallery; as in a real one, they say how much alike people are here
        (decide/level.py), and who needs more for a name (decide/local.py).

        Returns a function: ((p, d) probes, whether they are all masked, whether all templates are) -> (p, n) scores, higher
        is more alike.
        """
        rows = np.flatnonzero(stand)
        own = searches(self.bare[rows], None if self.looks is None else self.looks[rows], rows) if self.tails and len(rows) >= LEAST else {}
        level = level_for(Promise(), self.tails, np.ones(len(self.bare)), own)
        people, templates_of = np.arange(len(self.bare)), {BARE: self.bare, LOOK: self.looks}
        off = {pair: cohort.offsets(templates_of[pair], people)[1] for pair, cohort in level.cohorts.items()}

        def scores(probes: np.ndarray, masked_probes: bool, masked_templates: bool) -> np.ndarray:
            templates, pair = self.masked if masked_templates else self.bare, BY_MASKS[masked_probes + masked_templates]
            if self.tails is None:
                return probes @ templates.T
            if masked_probes and not masked_templates and self.looks is not None:
                templates, pair = self.looks, LOOK
            return level.rarity(pair, probes @ templates.T - off.get(pair, 0.0))

        return scores


def embed_looks(shots: Sequence[Shot], faces: Sequence[Face | None], bare: Embedded, embedder: Embedder, looks: Looks,
                cache: Path | None, tick: Tick = no_tick) -> np.ndarray:
    """(n, d) looks of the faces found in the shots, whose embeddings are `bare`; cached."""
    rows = {digest(shot.key, face.landmarks, face.box): row for shot, face, row in zip(shots, faces, bare.embeddings, strict=True)
            if face is not None}

    def make(keys: list[str], places: list[int]) -> np.ndarray:
        crops = np.stack([align.crop(shots[place].pixels(), faces[place], embedder.card.crop) for place in places])
        return looks.make(crops, np.stack([rows[key] for key in keys]))

    return embed_each(shots, faces, embedder.card, f"looks-{digest(looks.key)[:8]}", make, cache, tick, "Embedding drawn masks").embeddings

"""Impostor scores of a model on held-out people: the tail that its card needs to turn a gallery's size into a threshold.

    python -m facegui.training.tail --model compact --faces SET
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import cards
from ..embed import load
from ..types import DataError, Embedder
from . import faces as sets
from .augment import STILL, view
from .faces import FaceSet
from .validate import measured


def impostors(embedder: Embedder, faces: FaceSet, rows: np.ndarray, mask: bool = False, seed: int = 0) -> np.ndarray:
    """Scores of every pair of different people among `rows`; with `mask` the probe of each pair wears a drawn one."""
    def embedded(how):
        crops = [view(np.asarray(faces.pixels[i]), faces.points, embedder.card.crop, np.random.default_rng((seed, int(i))), how)[0]
                 for i in rows]
        return embedder.embed(np.stack(crops))
    bare = embedded(STILL)
    probes = embedded(replace(STILL, mask=1.0)) if mask else bare
    people = faces.people[rows]
    different = people[:, None] != people[None]
    return (probes @ bare.T)[different if mask else np.triu(different)]


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure a model's impostor scores and write them into its card.")
    parser.add_argument("--model", default="compact")
    parser.add_argument("--faces", type=Path, required=True, help="a set of aligned faces, see facegui.training.shards")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--share", type=float, default=0.0978, help="share of the people held out from training")
    parser.add_argument("--seed", type=int, default=20240, help="which people: the seed that the training split by")
    options = parser.parse_args(arguments)
    card = cards.find(options.weights, options.model)
    faces = sets.load(options.faces)
    _, rows = sets.split(faces.people, options.share, options.seed)
    if not len(rows):
        raise DataError(f"{options.faces} holds nobody with two faces, so there are no held-out people to measure on.")
    embedder = load(options.weights, card, "cpu")
    bare, masked = (impostors(embedder, faces, rows, mask) for mask in (False, True))
    tail, tail_masked = measured(bare), measured(masked)
    people = len(np.unique(faces.people[rows]))
    figures = {**card.figures, "impostor_tail_bare_masked": [list(point) for point in tail_masked],
               "impostors": f"{len(bare)} bare-bare and {len(masked)} bare-masked (drawn) comparisons of {people} held-out people, "
                            f"{len(rows)} aligned faces"}
    cards.write_card(options.weights / card.id, replace(card, impostor_tail=tail, figures=figures))
    for name, points in (("bare-bare", tail), ("bare-masked", tail_masked)):
        print(name, ", ".join(f"{rate:.2g}: {score:.3f}" for rate, score in points))


if __name__ == "__main__":
    main()

"""Impostor scores of a model on held-out people: the tails that its card needs to keep a promise about strangers.

    python -m facegui.training.tail --model compact --faces SET

One tail for each pair of covers (facegui/decide/tails.py): what the face wears and what the template shows. Probes are
the held-out people, templates are theirs and one bare face each of `--others` people of the training part: the probe's
side is new to the model in every comparison. Faces of unknown identity are left out: some show the same person twice,
and in ten million comparisons that is the tail (measured for `compact`: 0.64 instead of 0.58 at 3 in a million).
Intervals draw people anew, not scores (Bolle, Ratha and Pankanti, the subsets bootstrap, 2004).
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import numpy as np

from .. import cards
from ..decide.tails import BARE, LOOK, MASKED, MASKED_BARE
from ..embed import load
from ..metrics.bootstrap import draws
from ..types import DataError, Embedder
from . import faces as sets
from . import looks
from .augment import STILL, view
from .faces import UNKNOWN, FaceSet
from .validate import measured

ROUNDS = 200
BATCH = 64


def views(embedder: Embedder, faces: FaceSet, rows: np.ndarray, seed: int = 0) -> dict[str, np.ndarray]:
    """Embeddings (n, d) of each row: "bare", "masked" (a drawn mask of any kind) and, for aligned crops, "look"."""
    spec, found = embedder.card.crop, {"bare": [], "masked": [], "look": []}
    points = looks.landmarks(spec)
    for start in range(0, len(rows), BATCH):
        part = [int(row) for row in rows[start:start + BATCH]]
        for name, how in (("bare", STILL), ("masked", replace(STILL, mask=1.0))):
            crops = [view(np.asarray(faces.pixels[row]), faces.points_of(row), spec, np.random.default_rng((seed, row)), how)[0]
                     for row in part]
            found[name].append(embedder.embed(np.stack(crops)))
            if name == "bare" and points is not None:
                found["look"].append(looks.looks(embedder.embed, crops, found["bare"][-1], points))
    return {name: np.concatenate(rows) for name, rows in found.items() if rows}


def tail(probes: np.ndarray, people: np.ndarray, templates: np.ndarray, owners: np.ndarray, once: bool) -> dict:
    """What a card says about one pair of covers: points [share, score, low, high], and what they rest on.

    probes (p, d) of people (p,), templates (t, d) of owners (t,), the first p of which are the probes' own faces in
    the templates' cover; `once`: the two covers are the same, so that a pair of probes must not count twice.
    """
    allowed = people[:, None] != owners[None]
    if once:
        allowed[:, :len(people)] &= np.tri(len(people), dtype=bool).T
    scores = probes @ templates.T
    points = measured(scores[allowed])
    known, who = np.unique(owners, return_inverse=True)
    mine = np.searchsorted(known, people)
    rounds = draws(len(known), ROUNDS, 0).astype(np.float32)

    def weighed(chosen: np.ndarray) -> np.ndarray:
        """(ROUNDS,) comparisons among the chosen, each as often as its two people were drawn."""
        rows, columns = np.nonzero(chosen)
        counts = np.bincount(mine[rows] * len(known) + who[columns], minlength=len(known) ** 2).reshape(len(known), -1)
        return np.einsum("ri,ri->r", rounds @ counts.astype(np.float32), rounds)

    total, rows = np.maximum(weighed(allowed), 1), []
    for share, score in points:
        low, high = np.percentile(weighed(allowed & (scores >= score)) / total, (2.5, 97.5))
        rows.append([float(share), float(score), float(min(low, share)), float(max(high, share))])
    return {"points": rows, "comparisons": int(allowed.sum()), "people": len(known)}


def tails(embedder: Embedder, faces: FaceSet, held: np.ndarray, others: np.ndarray) -> dict[str, dict]:
    """The tails of all pairs of covers, by name; held, others: rows of `faces`, identity-disjoint."""
    mine, theirs = views(embedder, faces, held), views(embedder, faces, others) if len(others) else None
    people = faces.people[held]
    owners = np.concatenate([people, faces.people[others]])
    found = {}
    for name, probe, template in ((BARE, "bare", "bare"), (MASKED_BARE, "masked", "bare"), (MASKED, "masked", "masked"),
                                  (LOOK, "masked", "look")):
        if template in mine:
            rows = mine[template] if theirs is None else np.concatenate([mine[template], theirs[template]])
            found[name] = tail(mine[probe], people, rows, owners, probe == template)
    return found


def one_each(people: np.ndarray, rows: np.ndarray, count: int, seed: int) -> np.ndarray:
    """One row each of up to `count` known people among `rows`."""
    rows = np.random.default_rng(seed).permutation(rows[people[rows] != UNKNOWN])
    _, first = np.unique(people[rows], return_index=True)
    return np.sort(np.random.default_rng(seed).permutation(rows[first])[:count])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Measure a model's impostor scores and write them into its card.")
    parser.add_argument("--model", default="compact")
    parser.add_argument("--faces", type=Path, required=True, help="a set of aligned faces, see facegui.training.shards")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--share", type=float, default=0.0978, help="share of the people held out from training")
    parser.add_argument("--seed", type=int, default=20240, help="which people: the seed that the training split by")
    parser.add_argument("--others", type=int, default=3000, help="people of the training part who only give templates")
    options = parser.parse_args(arguments)
    card = cards.find(options.weights, options.model)
    faces = sets.load(options.faces)
    rest, rows = sets.split(faces.people, options.share, options.seed)
    rows, rest = rows[~faces.covered[rows]], rest[~faces.covered[rest]]
    if not len(rows):
        raise DataError(f"{options.faces} holds nobody with two faces, so there are no held-out people to measure on.")
    others = one_each(faces.people, rest, options.others, options.seed)
    found = tails(load(options.weights, card, "cpu"), faces, rows, others)
    figures = {name: value for name, value in card.figures.items() if name != "impostor_tail_bare_masked"}
    figures["impostor_tails"] = found
    figures["impostors"] = (f"{found[BARE]['comparisons']} bare-bare and {found[MASKED_BARE]['comparisons']} masked-bare (drawn) "
                            f"comparisons of {len(np.unique(faces.people[rows]))} held-out people, {len(rows)} aligned faces, "
                            f"with each other and with {len(others)} further people")
    short = tuple((share, score) for share, score, _, _ in found[BARE]["points"])
    cards.write_card(options.weights / card.id, replace(card, impostor_tail=short, figures=figures))
    for name, entry in found.items():
        print(f"{name}, {entry['comparisons']} comparisons of {entry['people']} people:")
        print("  " + ", ".join(f"{share:.2g}: {score:.3f} ({low:.2g} to {high:.2g})" for share, score, low, high in entry["points"]))


if __name__ == "__main__":
    main()

"""Does the promise hold, and does a mask mislead? Measured on people whom no calibration has seen.

    python -m benchmarks.decisions DIR [--weights DIR] [--model NAME...] [--cache DIR]

DIR holds a folder of bare-faced photos per person (LFW's layout). Everybody gives a template (the first photo) and is a
stranger to galleries of others; whoever has two photos gives a probe. Masks are drawn on the photos, before detection,
and by another hand than those of the looks. Promised and measured FPIR come with counts and Wilson intervals.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from facegui import cards
from facegui.config import Settings
from facegui.decide import Promise, level_for, tails_of
from facegui.decide.level import Level
from facegui.decide.own import Searches, searches
from facegui.decide.rule import MARGIN
from facegui.decide.tails import BARE, LOOK, MASKED, MASKED_BARE, Tail
from facegui.detect import MtcnnDetector
from facegui.embed import load
from facegui.evaluate.masked import masked_shot
from facegui.evaluate.matching import embed_looks
from facegui.evaluate.photos import Embedded, embed_faces, find_faces, photos_of_people, shots
from facegui.metrics import wilson
from facegui.service.evaluating import looks_of
from facegui.types import Embedder

SIZES = (10, 100, 1_000, 4_000)
SEARCHES = 2_000  # of strangers at each size, or as many draws of the gallery as DRAWS
DRAWS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Faces:
    """(n, d) unit rows of n people: bare, under a drawn mask, as looks; the second photos, with the rows of their people."""

    bare: np.ndarray
    masked: np.ndarray
    look: np.ndarray
    again: np.ndarray
    again_masked: np.ndarray
    owners: np.ndarray


def gather(folder: Path, embedder: Embedder, cache: Path | None) -> Faces:
    """Faces that were found bare and masked; others are left out, and counted on the way."""
    paths, names = photos_of_people(folder)
    known, first, counts = np.unique(names, return_index=True, return_counts=True)
    second = first[counts > 1] + 1
    places = np.concatenate([first, second])
    bare_shots, detector = shots([paths[place] for place in places]), MtcnnDetector("cpu")
    found = find_faces(bare_shots, detector, cache)
    bare = embed_faces(bare_shots, found, embedder, cache)
    masked_shots = [masked_shot(shot, face, 0) for shot, face in zip(bare_shots, found, strict=True)]
    hidden = find_faces(masked_shots, detector, cache)
    masked = embed_faces(masked_shots, hidden, embedder, cache)
    count = len(first)
    drawn = embed_looks(bare_shots[:count], found[:count], Embedded(bare.embeddings[:count], bare.found[:count]), embedder,
                        looks_of(embedder), cache)
    good = bare.found & masked.found
    mine = np.flatnonzero(good[:count])
    number = {name: at for at, name in enumerate(known[mine])}
    pairs = [(at, number[names[place]]) for at, place in enumerate(second, count) if good[at] and names[place] in number]
    print(f"{len(mine)} of {count} people, {len(pairs)} of {len(second)} with a second photo: a face found bare and masked")
    rows = np.array([at for at, _ in pairs])
    return Faces(bare.embeddings[mine], masked.embeddings[mine], drawn[mine],
                 bare.embeddings[rows], masked.embeddings[rows], np.array([owner for _, owner in pairs]))


def promises(faces: Faces, tails: dict[str, Tail]) -> None:
    print("\npromised  people  cover   strangers named (95 %)          share   asked about   known: named  asked  own  enough")
    for one_in in (10, 100, 1_000, 10_000):
        for size in SIZES:
            count, tallies, level = len(faces.bare), {"bare": np.zeros(6, int), "masked": np.zeros(6, int)}, None
            for draw in range(DRAWS):
                order = np.random.default_rng(draw).permutation(count)
                level = _measure(faces, tails, one_in, order[:size], order[size:][:SEARCHES], tallies)
                if tallies["bare"][2] >= SEARCHES:
                    break
            for cover, (named, asked, searched, known, known_asked, mates) in tallies.items():
                low, high = wilson(named, searched)
                mates = max(1, mates)
                print(f"1/{one_in:<7} {size:>6}  {cover:<7} {named:>4} of {searched:<5} ({low:.4f} to {high:.4f})  {named / searched:.4f}  "
                      f"{asked:>5}        {known / mates:.3f}  {known_asked / mates:.3f}  {level.own:>4}  {level.enough}")


def _measure(faces: Faces, tails: dict[str, Tail], one_in: int, enrolled: np.ndarray, strangers: np.ndarray,
             tallies: dict[str, np.ndarray]) -> Level:
    bare, look, own = faces.bare[enrolled], faces.look[enrolled], _searches(faces, enrolled)
    level = level_for(Promise(one_in), tails, np.ones(len(enrolled)), own)
    place = {int(person): at for at, person in enumerate(enrolled)}
    mates = np.array([at for at, owner in enumerate(faces.owners) if int(owner) in place])
    for cover, probes, again, templates, pair in (("bare", faces.bare, faces.again, bare, BARE),
                                                  ("masked", faces.masked, faces.again_masked, look, LOOK)):
        more = own[pair].cohort.offsets(templates, np.arange(len(enrolled)))[1] if own[pair].cohort else 0.0
        _, named, asked = _verdicts(level, level.rarity(pair, probes[strangers] @ templates.T - more))
        known = known_asked = 0
        if len(mates):
            first, stated, put = _verdicts(level, level.rarity(pair, again[mates] @ templates.T - more))
            right = first == [place[int(owner)] for owner in faces.owners[mates]]
            known, known_asked = int((right & stated).sum()), int((right & put).sum())
        tallies[cover] += (int(named.sum()), int(asked.sum()), len(named), known, known_asked, len(mates))
    return level


def _verdicts(level: Level, rarities: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(probes, people) -> who comes first, whether the name is stated, whether it is asked about: decide() for many."""
    first = rarities.argmax(axis=1)
    second, best = np.sort(rarities, axis=1)[:, -2:].T
    rival = (best - second < MARGIN) & (second >= level.question)
    return first, (best >= level.match) & ~rival, (best >= level.question) & ((best < level.match) | rival)


def thousand(faces: Faces, tails: dict[str, Tail], draws: int = 16) -> None:
    """1,000 strangers against 1,000 enrolled people, drawn again and again, at 1 in 100."""
    counts: dict[str, list[int]] = {"bare": [], "masked": []}
    for draw in range(draws):
        order, tallies = np.random.default_rng(1000 + draw).permutation(len(faces.bare)), {cover: np.zeros(6, int) for cover in counts}
        _measure(faces, tails, 100, order[:1000], order[1000:2000], tallies)
        for cover, tally in tallies.items():
            counts[cover].append(int(tally[0]))
    print(f"\n1,000 strangers against 1,000 people at 1 in 100, {draws} draws: strangers named")
    for cover, named in counts.items():
        print(f"  {cover:<7} mean {np.mean(named):.1f}, standard deviation {np.std(named):.1f}, {min(named)} to {max(named)}; "
              f"5 to 15 in {sum(5 <= one <= 15 for one in named)} of {draws}")


def misled(faces: Faces, tails: dict[str, Tail], count: int = 3_000) -> None:
    """Rank-1 errors of masked probes where three of four other people's only template shows a mask."""
    own = np.unique(faces.owners)[:count]
    rest = np.setdiff1d(np.arange(len(faces.bare)), own)
    gallery = np.concatenate([own, np.random.default_rng(0).permutation(rest)[:count - len(own)]])
    mates = np.searchsorted(own, faces.owners)
    worn = np.random.default_rng(1).permutation(len(gallery)) < 0.75 * len(gallery)
    level = level_for(Promise(), tails, np.ones(len(gallery)))
    rows, people = np.arange(len(mates)), np.arange(len(gallery))

    def errors(name: str, scores: np.ndarray) -> None:
        wrong = int(((scores >= scores[rows, mates][:, None]).sum(axis=1) > 1).sum())
        low, high = wilson(wrong, len(mates))
        print(f"  {name:<58} {wrong:>5} of {len(mates)}: {100 * wrong / len(mates):.2f} % ({100 * low:.2f} to {100 * high:.2f})")

    def mixed(bare: np.ndarray, masked: np.ndarray) -> np.ndarray:
        scores = np.where(worn, masked, bare)
        scores[rows, mates] = bare[rows, mates]
        return scores

    print(f"\nrank-1 errors among {len(gallery)} people, {len(mates)} probes")
    plain, masked = faces.again_masked @ faces.bare[gallery].T, faces.again_masked @ faces.masked[gallery].T
    look = faces.again_masked @ faces.look[gallery].T
    bare, own = faces.again @ faces.bare[gallery].T, _searches(faces, gallery)
    errors("bare probe, bare templates (the floor): cosine", bare)
    errors("bare probe, bare templates: everybody's own threshold", bare - own[BARE].cohort.offsets(faces.bare[gallery], people)[1])
    errors("masked probe, bare templates: cosine", plain)
    errors("masked probe, bare templates: looks", look)
    errors("masked probe, bare templates: looks, own threshold", look - own[LOOK].cohort.offsets(faces.look[gallery], people)[1])
    errors("masked probe, 3 of 4 others masked: cosine", mixed(plain, masked))
    errors("masked probe, 3 of 4 others masked: by cover", mixed(level.rarity(MASKED_BARE, plain), level.rarity(MASKED, masked)))
    errors("masked probe, 3 of 4 others masked: looks and by cover", mixed(level.rarity(LOOK, look), level.rarity(MASKED, masked)))
    own = _searches(faces, gallery, ~worn)
    level, more = level_for(Promise(), tails, np.ones(len(gallery)), own), own[LOOK].cohort.offsets(faces.look[gallery], people)[1]
    errors("masked probe, 3 of 4 others masked: own thresholds too",
           mixed(level.rarity(LOOK, look - more), level.rarity(MASKED, masked)))


def _searches(faces: Faces, enrolled: np.ndarray, bare: np.ndarray | slice = slice(None)) -> dict[str, Searches]:
    """Among those of the enrolled whose photo is `bare`, as the gallery makes them."""
    rows, people = enrolled[bare], np.arange(len(enrolled))[bare]
    return searches(faces.bare[rows], faces.look[rows], people)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--weights", type=Path, default=Settings.load().weights)
    parser.add_argument("--model", nargs="+", default=["compact"], help="the first one's promise is measured; the rest are for comparison")
    parser.add_argument("--cache", type=Path)
    options = parser.parse_args()
    for place, name in enumerate(options.model):
        card = cards.find(options.weights, name)
        tails = tails_of(card.impostor_tail, card.figures)
        if tails is None:
            raise SystemExit(f"{name} has no impostor tails; make them: python -m facegui.training.tail --model {name} --faces SET")
        print(f"\nmodel {card.id}, tails {', '.join(f'{tail.pair}: {tail.comparisons}' for tail in tails.values())}")
        faces = gather(options.folder, load(options.weights, card, "cpu"), options.cache)
        misled(faces, tails)
        if not place:
            promises(faces, tails)
            thousand(faces, tails)


if __name__ == "__main__":
    main()

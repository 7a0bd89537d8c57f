"""Identification (1:N) with and without face masks: does a masked probe find its bare template among thousands?

Mask matches mask: once most people's templates show masks too, a network that looks at the mask ranks them all before
the probe's own bare template. The conditions here tell that apart. Masks come from draw_mask.py, on the photo, before
detection; a face that is not found under its mask counts as a miss.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from .. import metrics
from ..decide.tails import tails_of
from ..types import DataError, Detector, Embedder, Face, Tick, no_tick
from .cache import digest
from .crowd import MOST, captions
from .draw_mask import VERSION, draw_mask
from .evidence import MOST_SHOWN, Comparisons, Evidence, Mistake, Searches, plain, side
from .figures import figures
from .matching import BY_COVER, COSINE, Looks, Matching, embed_looks
from .photos import Embedded, Shot, command_line, embed_faces, find_faces, photos_of_people, shots

FPIR = 0.01
MASKED_OTHERS = 0.75


@dataclass(frozen=True, slots=True)
class Condition:
    """What the probe, its own template and a share of all other templates wear."""

    name: str
    masked_probe: bool
    masked_mate: bool
    masked_others: float


CONDITIONS = (
    Condition("bare probe, bare templates", False, False, 0.0),
    Condition("masked probe, bare templates", True, False, 0.0),
    Condition("masked probe, own template bare, 3 of 4 others masked", True, False, MASKED_OTHERS),
    Condition("bare probe, own template masked, others bare", False, True, 0.0),
    Condition("bare probe, own template masked, 3 of 4 others masked", False, True, MASKED_OTHERS),
)


@dataclass(frozen=True, slots=True)
class ConditionResult:
    """`right` of `probes` at rank 1, with the 95 % Wilson interval; FNIR(1, T) with strangers in the same state."""

    condition: Condition
    matching: str
    probes: int
    right: int
    rank_one: float
    wilson: tuple[float, float]
    rank_five: float
    median_rank: float
    fnir: float | None  # at FPIR 1 %; None: too few strangers
    fnir_threshold: float | None


@dataclass(frozen=True, slots=True)
class MaskedReport:
    """Undetected counts photos without a face: bare and masked, of templates, probes and strangers together."""

    model: str
    people: int
    strangers: int
    undetected_bare: int
    undetected_masked: int
    results: tuple[ConditionResult, ...]
    seed: int
    seconds: float
    command: str
    evidence: Evidence = field(default=Evidence(), repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; an FNIR that there are too few strangers for is null."""
        results = [asdict(result) for result in self.results]
        return {**plain(self), "results": results, "seconds": round(self.seconds, 1), **figures(self.evidence)}


@dataclass(frozen=True, slots=True, eq=False)
class _Cast:
    """Places in the list of photos. Templates: one each of n people, the first p of whom have a probe too."""

    templates: np.ndarray
    probes: np.ndarray
    strangers: np.ndarray


def masked(directory: Path, detector: Detector, embedder: Embedder, cache: Path | None = None, tick: Tick = no_tick,
           *, looks: Looks | None = None, people: int = 3000, strangers: int = 1000, seed: int = 0) -> MaskedReport:
    """Measure `embedder` on `directory`, a folder of bare-faced photos per person, with masks drawn by `seed`.

    looks: how second templates of bare faces are made; None for a model that has none. Models without measured
    impostor tails are measured by plain cosines alone.

    Everybody with two photos or more gives a template (the first photo) and a probe (the second); people with one
    photo fill the gallery up to `people`, and up to `strangers` of the remaining ones search it without being in it.
    Raises DataError where nobody has two photos, and Cancelled when tick does.
    """
    start = time.monotonic()
    paths, names = photos_of_people(directory)
    cast = _cast(names, people, strangers, seed)
    places = np.concatenate([cast.templates, cast.probes, cast.strangers])
    bare_shots = shots([paths[place] for place in places])
    faces = find_faces(bare_shots, detector, cache, tick, "Finding bare faces")
    bare = embed_faces(bare_shots, faces, embedder, cache, tick, "Embedding bare faces")
    covered_shots = [masked_shot(shot, face, seed) for shot, face in zip(bare_shots, faces, strict=True)]
    covered_faces = find_faces(covered_shots, detector, cache, tick, "Finding masked faces")
    covered = embed_faces(covered_shots, covered_faces, embedder, cache, tick, "Embedding masked faces")
    ends = np.cumsum([len(cast.templates), len(cast.probes)])
    parts = [tuple(Embedded(part, found) for part, found in zip(np.split(state.embeddings, ends),
             np.split(state.found, ends), strict=True)) for state in (bare, covered)]
    first = slice(0, len(cast.templates))
    matchings = [Matching(COSINE, parts[0][0].embeddings, parts[1][0].embeddings)]
    if (tails := tails_of(embedder.card.impostor_tail, embedder.card.figures)) is not None:
        drawn = None if looks is None else embed_looks(bare_shots[first], faces[first], parts[0][0], embedder, looks, cache, tick)
        matchings.append(replace(matchings[0], name=BY_COVER, tails=tails, looks=drawn))
    measured = [_measure(condition, matchings[0], parts[0], parts[1], names[places], seed) for condition in CONDITIONS]
    results = tuple(one.result for one in measured) + tuple(
        _measure(condition, matching, parts[0], parts[1], names[places], seed).result
        for matching in matchings[1:] for condition in CONDITIONS)
    titles = captions([paths[place] for place in places])
    views = (bare_shots, faces), (covered_shots, covered_faces)
    mistakes = [Mistake(f"found as somebody else: {one.result.condition.name}", score,
                        *(side(titles[place] + (", mask drawn" if masks else ""), views[masks][0][place].pixels,
                               views[masks][1][place]) for place, masks in (probe, wrong)))
                for one in measured for score, probe, wrong in one.wrong]
    evidence = Evidence(tuple(one.comparisons for one in measured), tuple(one.searches for one in measured), tuple(mistakes))
    return MaskedReport(
        model=embedder.card.id, people=len(cast.templates), strangers=len(cast.strangers),
        undetected_bare=int((~bare.found).sum()), undetected_masked=int((~covered.found).sum()), results=results,
        seed=seed, seconds=time.monotonic() - start,
        command=command_line("masked", directory, "--people", people, "--seed", seed, "--model", embedder.card.id),
        evidence=evidence)


def masked_shot(shot: Shot, face: Face | None, seed: int) -> Shot:
    """The shot with a mask drawn on `face`, chosen by its content and `seed`; unchanged without a face."""
    if face is None:
        return shot
    key = digest(shot.key, face.landmarks, "mask", VERSION, seed)
    return Shot(key, lambda: draw_mask(shot.pixels(), face, int(key[:8], 16)))


def _cast(names: np.ndarray, people: int, strangers: int, seed: int) -> _Cast:
    known, first, counts = np.unique(names, return_index=True, return_counts=True)
    several = counts >= 2
    if not several.any() or len(known) < 2:
        raise DataError("nobody here has two photos, or there is one person alone; "
                        "give at least two people, one of them with two photos")
    singles = np.random.default_rng(seed).permutation(np.flatnonzero(~several))
    fill = max(0, people - int(several.sum()))
    templates = np.concatenate([np.flatnonzero(several)[:people], singles[:fill]])
    probes = np.flatnonzero(several)[:people]
    return _Cast(first[templates], first[probes] + 1, first[singles[fill : fill + strangers]])


@dataclass(frozen=True, slots=True, eq=False)
class _Measured:
    """A condition's result and evidence; wrong: (score, (place of the probe, masked), (place of its rank 1, masked))."""

    result: ConditionResult
    comparisons: Comparisons
    searches: Searches
    wrong: list[tuple[float, tuple[int, bool], tuple[int, bool]]]


def _measure(condition: Condition, matching: Matching, bare: tuple[Embedded, ...], covered: tuple[Embedded, ...],
             people: np.ndarray, seed: int) -> _Measured:
    """bare and covered: templates, probes, strangers; the p-th probe shows the person of the p-th template. people: of
    all three, in that order."""
    probes, strangers = (covered if condition.masked_probe else bare)[1:]
    count = len(bare[0].found)
    worn = np.zeros(count, dtype=bool)
    worn[np.random.default_rng(seed).permutation(count)[: round(condition.masked_others * count)]] = True
    usable, mate = np.where(worn, covered[0].found, bare[0].found), covered[0] if condition.masked_mate else bare[0]
    score = matching.standing(bare[0].found & ~worn)

    def scores_of(part: Embedded) -> tuple[np.ndarray, np.ndarray]:
        """(p, n) scores with the gallery as it stands, and with everybody's template in the state of the probes' own."""
        states = [score(part.embeddings, condition.masked_probe, state) for state in (False, True)]
        mixed = np.where(worn, states[True], states[False])
        return np.where(usable & part.found[:, None], mixed, -np.inf), states[condition.masked_mate]

    scores, mated = scores_of(probes)
    own = np.arange(len(scores))
    both = probes.found & mate.found[own]
    scores[own, own] = np.where(both, mated[own, own], -np.inf)
    ranks = np.where(both, metrics.ranks(scores, own, np.arange(count)), count)
    right = int((ranks == 1).sum())
    tops = scores_of(strangers)[0].max(axis=1)
    mates = scores[own, own]
    point = metrics.tar_at_far(np.where(ranks == 1, mates, -np.inf), tops, FPIR) if len(tops) else None
    result = ConditionResult(
        condition, matching.name, len(ranks), right, right / len(ranks), metrics.wilson(right, len(ranks)),
        float((ranks <= 5).mean()), float(np.median(ranks)), point and 1 - point.tar, point and point.threshold)
    searches = Searches(condition.name, count, mates, ranks, people[own], tops, people[count + len(own):],
                        int((~mate.found[own]).sum()), int((~probes.found).sum() + (~strangers.found).sum()))
    lost = np.flatnonzero((ranks > 1) & both)
    lost = lost[np.argsort(-scores[lost].max(axis=1), kind="stable")][: MOST_SHOWN // 2] if len(lost) else lost
    wrong = [(float(scores[place].max()), (count + int(place), condition.masked_probe),
              (int(scores[place].argmax()), bool(worn[scores[place].argmax()]))) for place in lost]
    return _Measured(result, _comparisons(condition.name, scores, people, seed), searches, wrong)


def _comparisons(name: str, scores: np.ndarray, people: np.ndarray, seed: int) -> Comparisons:
    """Each probe with its own template, and with all others (of very many, a drawn share)."""
    numbers = np.unique(people, return_inverse=True)[1].astype(np.int32)
    probes, count = scores.shape
    places = np.flatnonzero(~np.eye(probes, count, dtype=bool).ravel())
    if len(places) > MOST:
        places = np.random.default_rng(seed).choice(places, MOST, replace=False)
    one, two = np.divmod(places, count)
    own = np.arange(probes)
    return Comparisons(name, scores[own, own], scores[one, two], numbers[own], np.stack([numbers[one], numbers[two]], axis=1))

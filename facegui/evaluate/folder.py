"""Identification (1:N) on a folder of people, DIR/NAME/photos: three ways to use the same embeddings, side by side."""

from __future__ import annotations

import time
import warnings
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import metrics
from ..types import DataError, Detector, Embedder, Progress, Tick, no_tick
from .crowd import all_pairs, captions, portraits, searches
from .evidence import Evidence, plain
from .figures import figures
from .photos import command_line, covered, embed_faces, find_faces, photos_of_people, shots

if TYPE_CHECKING:
    from ..cover import CoverJudge

METHODS = ("nearest template", "person mean", "linear classifier")
FPIRS = (0.01, 0.1)
SCALE = 16.0


@dataclass(frozen=True, slots=True)
class Fnir:
    """Share of searches for enrolled people that missed, at the threshold that names `named` of `strangers`."""

    fpir: float  # asked for
    fnir: float
    threshold: float
    missed: int
    searches: int
    named: int
    strangers: int


@dataclass(frozen=True, slots=True)
class MethodResult:
    """One way to identify: `right` of `probes` at rank 1 with everybody enrolled; FNIR(1, T) with strangers about."""

    method: str
    rank_one: float
    right: int
    probes: int
    wilson: tuple[float, float]
    open_set: tuple[tuple[float, Fnir | None], ...]  # None: too few strangers for that FPIR


@dataclass(frozen=True, slots=True)
class FolderReport:
    """A photo without a face counts: among the probes as a missed search, among the templates as not enrolled."""

    model: str
    people: int  # with two photos or more
    single_photo_people: int
    photos: int
    undetected_images: int
    not_enrolled: int  # people with a probe whose every template photo failed
    methods: tuple[MethodResult, ...]
    split: float
    seed: int
    seconds: float
    command: str
    evidence: Evidence = field(default=Evidence(), repr=False, compare=False)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON values; an FNIR that there are too few strangers for is null."""
        values = plain(self) | {"methods": [asdict(method) for method in self.methods]}
        for method in values["methods"]:
            method["open_set"] = {f"{fpir:g}": point for fpir, point in method["open_set"]}
        return {**values, "seconds": round(self.seconds, 1), **figures(self.evidence)}


@dataclass(frozen=True, slots=True, eq=False)
class _Split:
    """All arrays run over photos: person, probe or template, stranger in the open-set experiment."""

    people: np.ndarray
    probe: np.ndarray
    stranger: np.ndarray


def folder(directory: Path, detector: Detector, embedder: Embedder, cache: Path | None = None, tick: Tick = no_tick,
           *, split: float = 0.2, seed: int = 0, cover: CoverJudge | None = None) -> FolderReport:
    """Measure `embedder` on the photos of people in `directory`, a folder each; the central face of a photo counts.
    cover: tells bare and masked photos apart.

    Of each person with two photos or more a share `split` (at least one, never all) are probes, the rest templates.
    Closed set: everybody is enrolled, people with one photo too, as distractors. Open set: people with one photo and
    a share `split` of the others are strangers; every photo of theirs is a search that should name nobody. Raises
    DataError where there is too little data, and Cancelled when tick does.
    """
    start = time.monotonic()
    if not 0 < split < 1:
        raise DataError(f"a split of {split} makes no sense; give a share between 0 and 1, such as 0.2")
    paths, names = photos_of_people(directory)
    arranged = arrange(names, split, seed)
    pictures = shots(paths)
    faces = find_faces(pictures, detector, cache, tick)
    embedded = embed_faces(pictures, faces, embedder, cache, tick)
    worn = covered(pictures, faces, cover, cache, tick)
    rows, found = embedded.embeddings, embedded.found
    templates = ~arranged.probe & found
    if len(np.unique(arranged.people[templates])) < 2:
        raise DataError(f"faces were found for fewer than two people of {directory}; check that the photos show faces")
    mated = np.isin(arranged.people, arranged.people[arranged.probe])
    results = []
    for number, method in enumerate(METHODS):
        tick(Progress(number, len(METHODS), f"Identifying: {method}"))
        right = _right(method, rows, found, arranged.people, templates, arranged.probe)
        results.append(MethodResult(
            method, float(right.mean()), int(right.sum()), len(right), metrics.wilson(int(right.sum()), len(right)),
            _open_set(method, rows, found, arranged)))
    tick(Progress(len(METHODS), len(METHODS), "Comparing everybody with everybody"))
    found_by, mistakes = searches("nearest template", embedded, names, arranged.probe, arranged.stranger, worn,
                                  portraits(pictures, faces, captions(paths)))
    evidence = Evidence(tuple(all_pairs("all photos", embedded, names, worn, seed)), tuple(found_by), tuple(mistakes))
    return FolderReport(
        model=embedder.card.id, people=len(np.unique(arranged.people[mated])),
        single_photo_people=len(np.unique(arranged.people[~mated])), photos=len(paths),
        undetected_images=int((~found).sum()),
        not_enrolled=len(set(arranged.people[arranged.probe]) - set(arranged.people[templates])),
        methods=tuple(results), split=split, seed=seed, seconds=time.monotonic() - start,
        command=command_line("folder", directory, "--split", f"{split:g}", "--seed", seed, "--model", embedder.card.id), evidence=evidence)


def arrange(names: np.ndarray, split: float, seed: int) -> _Split:
    """Photos to probes and templates, people to strangers, by `seed`. Raises DataError with fewer than two people."""
    rng = np.random.default_rng(seed)
    people, counts = np.unique(names, return_counts=True)
    several = people[counts >= 2]
    if len(several) < 2:
        raise DataError(f"{len(several)} of {len(people)} people have two photos or more; at least two must")
    probe = np.zeros(len(names), dtype=bool)
    for person in several:
        own = rng.permutation(np.flatnonzero(names == person))
        probe[own[: int(np.clip(round(split * len(own)), 1, len(own) - 1))]] = True
    held = rng.permutation(several)[: min(len(several) - 2, max(1, round(split * len(several))))]
    return _Split(names, probe, np.isin(names, held) | ~np.isin(names, several))


def _scores(method: str, rows: np.ndarray, templates: np.ndarray, probes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p, d) probes against (t, d) rows of (t,) people -> (m,) people, (p, m) scores."""
    if method == "nearest template":
        return metrics.person_scores(probes @ rows.T, templates)
    people, group = np.unique(templates, return_inverse=True)
    if method == "person mean":
        means = np.zeros((len(people), rows.shape[1]), dtype=np.float32)
        np.add.at(means, group, rows)
        return people, probes @ (means / np.maximum(np.linalg.norm(means, axis=1, keepdims=True), 1e-6)).T
    from sklearn.linear_model import LogisticRegression

    # Unit vectors stand close together: scaled up, as in a cosine softmax. Balanced: people have 1 to 100 photos. The
    # gradient shrinks with the number of people and numbers, so scikit-learn's own tolerance would stop at the start.
    model = LogisticRegression(C=1.0, class_weight="balanced", max_iter=200, tol=1e-5)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The number of unique classes", category=UserWarning)
        return people, model.fit(SCALE * rows, group).predict_proba(SCALE * probes)


def _right(method: str, rows: np.ndarray, found: np.ndarray, people: np.ndarray, templates: np.ndarray,
           probes: np.ndarray) -> np.ndarray:
    """(p,) bool: the probe's own person stands alone in the first place; never where no face was found."""
    enrolled, scores = _scores(method, rows[templates], people[templates], rows[probes])
    return (metrics.ranks(scores, people[probes], enrolled) == 1) & found[probes]


def _open_set(method: str, rows: np.ndarray, found: np.ndarray,
              arranged: _Split) -> tuple[tuple[float, Fnir | None], ...]:
    templates = ~arranged.probe & ~arranged.stranger & found
    mated = arranged.probe & ~arranged.stranger
    if len(np.unique(arranged.people[templates])) < 2 or not mated.any():
        return tuple((fpir, None) for fpir in FPIRS)
    search = mated | arranged.stranger
    enrolled, scores = _scores(method, rows[templates], arranged.people[templates], rows[search])
    best = np.where(found[search], scores.max(axis=1), -np.inf)
    first = metrics.ranks(scores, arranged.people[search], enrolled) == 1
    known = mated[search]
    mates, strangers = np.where(first, best, -np.inf)[known], best[~known]
    points = []
    for fpir in FPIRS:
        # the same trade as TAR at FAR: a search that names the mate is accepted, one that names a stranger is false
        point = metrics.tar_at_far(mates, strangers, fpir) if len(strangers) else None
        points.append((fpir, point and Fnir(fpir, 1 - point.tar, point.threshold, point.genuine - point.accepted,
                                            point.genuine, point.false_accepts, point.impostor)))
    return tuple(points)

"""Photos of many people against each other: every pair (1:1), and every probe against a gallery (1:N)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from .. import metrics
from ..types import Face
from .evidence import MOST_SHOWN, Comparisons, Mistake, Searches, Side, side, split_by_cover
from .photos import Embedded, Shot

MOST = 2_000_000  # comparisons of a kind; more are drawn from: enough for a FAR of 1e-5
LEAST = 10  # probes of a state (bare, masked) that are worth a figure of their own
CHUNK = 50_000

Show = Callable[[int], Side]


def all_pairs(name: str, embedded: Embedded, people: np.ndarray, covered: np.ndarray, seed: int = 0) -> list[Comparisons]:
    """Each photo of `people` (n,) with each other one; bare and masked apart where `covered` (n,) says that some wear one."""
    one, two = _pairs(people, seed)
    same = people[one] == people[two]
    scores = np.empty(len(one), np.float32)
    for start in range(0, len(one), CHUNK):
        rows = slice(start, start + CHUNK)
        scores[rows] = np.einsum("nd,nd->n", embedded.embeddings[one[rows]], embedded.embeddings[two[rows]])
    scores[~(embedded.found[one] & embedded.found[two])] = -np.inf
    numbers = np.unique(people, return_inverse=True)[1].astype(np.int32)
    return split_by_cover(name, scores, same, np.stack([numbers[one], numbers[two]], axis=1),
                          np.stack([covered[one], covered[two]], axis=1))


def _pairs(people: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Places of all pairs once; of very many photos every genuine pair and MOST drawn impostor pairs."""
    count, rng = len(people), np.random.default_rng(seed)
    if count * (count - 1) // 2 <= MOST:
        return np.triu_indices(count, 1)
    counted = zip(*np.unique(people, return_counts=True), strict=True)
    own = [np.flatnonzero(people == person) for person, much in counted if much > 1]
    genuine = [rows[np.stack(np.triu_indices(len(rows), 1))] for rows in own]
    drawn = rng.integers(count, size=(2, MOST))
    drawn = drawn[:, people[drawn[0]] != people[drawn[1]]]
    both = np.concatenate([*genuine, drawn], axis=1)
    return both[0], both[1]


def searches(name: str, embedded: Embedded, people: np.ndarray, probe: np.ndarray, stranger: np.ndarray, covered: np.ndarray,
             show: Show) -> tuple[list[Searches], list[Mistake]]:
    """Probes against the nearest template of everybody enrolled. probe, stranger (n,) bool: a stranger's photos are all
    searches that should name nobody; other people's photos are probes or templates."""
    rows, found = embedded.embeddings, embedded.found
    templates = np.flatnonzero(~probe & ~stranger & found)
    mated, others = np.flatnonzero(probe & ~stranger), np.flatnonzero(stranger)
    if not len(templates) or not len(mated):
        return [], []
    enrolled = people[templates]
    scores = rows[mated] @ rows[templates].T
    ranks = metrics.ranks(scores, people[mated], enrolled)
    known, best = metrics.person_scores(scores, enrolled)
    column = np.minimum(np.searchsorted(known, people[mated]), len(known) - 1)
    usable = found[mated] & (ranks > 0)
    mates = np.where(usable, best[np.arange(len(mated)), column], -np.inf)
    ranks = np.where(usable, ranks, len(known) + 1)
    nearest, tops = _nearest(rows, others, templates)
    tops = np.where(found[others], tops, -np.inf)
    mistakes = _mistakes(mates, ranks, scores, mated, templates, others, nearest, tops, show)
    made = []
    for title, state in ((name, None), (f"{name}: bare probes", 0.0), (f"{name}: masked probes", 1.0)):
        # a photo without a face is nobody's state; it counts among all probes
        mine, theirs = (np.ones(len(some), bool) if state is None else covered[some] == state for some in (mated, others))
        if state is not None and (not np.nansum(covered) or mine.sum() < LEAST):
            continue
        fte = len(set(people[mated[mine]]) - set(known))
        made.append(Searches(title, len(known), mates[mine], ranks[mine], people[mated[mine]], tops[theirs],
                             people[others[theirs]], fte, int((~found[mated[mine]]).sum() + (~found[others[theirs]]).sum())))
    return made, mistakes


def _nearest(rows: np.ndarray, probes: np.ndarray, templates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(p,) place among templates of the nearest one, and its score."""
    place, score = np.zeros(len(probes), int), np.full(len(probes), -np.inf, np.float32)
    for start in range(0, len(probes), 1024):
        some = slice(start, start + 1024)
        matrix = rows[probes[some]] @ rows[templates].T
        place[some], score[some] = matrix.argmax(axis=1), matrix.max(axis=1)
    return place, score


def _mistakes(mates, ranks, scores, mated, templates, others, nearest, tops, show: Show) -> list[Mistake]:
    made = []
    wrong = np.flatnonzero((ranks > 1) & np.isfinite(mates))
    top = scores[wrong].max(axis=1) if len(wrong) else np.empty(0)
    for place in wrong[np.argsort(-top, kind="stable")][:MOST_SHOWN]:
        first = int(scores[place].argmax())
        made.append(Mistake("found as somebody else", float(scores[place, first]), show(int(mated[place])),
                            show(int(templates[first]))))
    for place in np.argsort(-tops, kind="stable")[:MOST_SHOWN]:
        if np.isfinite(tops[place]):
            made.append(Mistake("not enrolled, most like", float(tops[place]), show(int(others[place])),
                                show(int(templates[nearest[place]]))))
    return made


def portraits(shots: Sequence[Shot], faces: Sequence[Face | None], captions: Sequence[str]) -> Show:
    """Makes the picture of the photo at a place."""
    return lambda place: side(captions[place], shots[place].pixels, faces[place])


def captions(paths: Sequence[Path]) -> list[str]:
    return [f"{path.parent.name}, {path.name}" for path in paths]

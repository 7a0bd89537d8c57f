"""Who is it? Decided once per trace, over its best views together, then traces become people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...types import Cover, Identification, Probe
from ..deciding import Decisions
from ..sight import Sight
from .scan import Look, Scan, Trace

BATCH = 64  # faces embedded in one go
TOP = 5


@dataclass(frozen=True, slots=True, eq=False)
class Decided:
    """A trace and who it is. `name` None: nobody enrolled, or perhaps `question`; `sure`: clear enough to count as a person.

    `views`: (look, identification) in the order of time; `score`: of all views together; `mean`: of their embeddings.
    """

    trace: Trace
    views: tuple[tuple[Look, Identification], ...]
    mean: np.ndarray
    name: str | None
    score: float | None
    question: str | None
    sure: bool

    @property
    def best(self) -> tuple[Look, Identification]:
        """The view to show."""
        return max(self.views, key=_quality)

    @property
    def span(self) -> tuple[float, float]:
        return self.trace.places[0][0], self.trace.places[-1][0]


def decide(found: Scan, sight: Sight, decisions: Decisions, by_hand: float | None) -> list[Decided]:
    """Everybody in the scan. A face seen in one look alone counts only where looks are rare, or where it has a name."""
    looks = [trace.looks() for trace in found.traces]
    told = decisions.identify(_embedded(sight, [look for views in looks for look in views]), TOP, by_hand)
    parts, start = [], 0
    for trace, views in zip(found.traces, looks, strict=True):
        parts += split(trace, list(zip(views, told[start:start + len(views)], strict=True)))
        start += len(views)
    # what a face wears says what it is compared with, so each kind of views has a mean of its own and the clearer answer counts
    kinds = [(number, [pair for pair in views if pair[1].probe.cover == cover])
             for number, (_, views) in enumerate(parts) for cover in Cover]
    kinds = [(number, views) for number, views in kinds if views]
    best = [max(views, key=_quality)[1].probe for _, views in kinds]
    means = [mean_by_quality([one.probe for _, one in views]) for _, views in kinds]
    answers: dict[int, list[Identification]] = {}
    for (number, views), one in zip(kinds, decisions.judge(best, np.stack(means), TOP, by_hand) if kinds else [], strict=True):
        if one.name is None or agreed(one.name, views):
            answers.setdefault(number, []).append(one)
    least = 2 if found.step_s < 0.7 else 1
    done = []
    for number, (trace, views) in enumerate(parts):
        answer = max(answers.get(number, []), key=lambda one: (one.name is not None, (one.match_score or 0) - one.threshold),
                     default=None)
        if len(trace.places) < least and (answer is None or answer.name is None):
            continue  # a flash: a hand, a pattern, a face for a moment
        sure = any(look.usable for look, _ in views)
        done.append(Decided(trace, tuple(views), mean_by_quality([one.probe for _, one in views]), answer.name if answer else None,
                            answer.match_score if answer else None, answer.question if answer else None, sure))
    return done


def _quality(pair: tuple[Look, Identification]) -> float:
    return pair[0].seen.quality.score


def mean_by_quality(probes: Sequence[Probe]) -> np.ndarray:
    """The unit mean of the embeddings, better pictures weighing more; (dimension,) float32."""
    mean = sum(max(probe.quality.score, 0.05) * probe.embedding for probe in probes)
    return (mean / max(float(np.linalg.norm(mean)), 1e-9)).astype(np.float32)


def agreed(name: str, views: Sequence[tuple[Look, Identification]]) -> bool:
    """Whether no other person is nearest in most of the views."""
    nearest = Counter(one.candidates[0].name for _, one in views if one.candidates)
    return nearest[name] * 2 >= sum(nearest.values())


def split(trace: Trace, views: list[tuple[Look, Identification]]) -> list[tuple[Trace, list[tuple[Look, Identification]]]]:
    """Two traces where one person took the place of another unseen: the first views name one, the later ones another."""
    named = [(number, one.name) for number, (_, one) in enumerate(views) if one.name is not None]
    for cut in range(2, len(named) - 1):
        before, after = {name for _, name in named[:cut]}, {name for _, name in named[cut:]}
        if len(before) == len(after) == 1 and before != after:
            number = named[cut][0]
            time_s = (views[named[cut - 1][0]][0].time_s + views[number][0].time_s) / 2
            parts = [Trace([one for one in trace.places if (one[0] >= time_s) == later]) for later in (False, True)]
            return [(parts[0], views[:number]), (parts[1], views[number:])]
    return [(trace, views)]


def _embedded(sight: Sight, looks: Sequence[Look]) -> list[Probe]:
    return [probe for start in range(0, len(looks), BATCH)
            for probe in sight.embed([look.seen for look in looks[start:start + BATCH]])]

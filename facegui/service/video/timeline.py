"""Who is on screen from when to when: traces of one person put together, strangers numbered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ... import image
from ...types import Box
from ..thumbnails import SIDE_PX, cut
from .decide import Decided, mean_by_quality
from .scan import Scan

JOIN_S = 1.0  # a person who is missed for so long has not left


@dataclass(frozen=True, slots=True, eq=False)
class Presence:
    """One person of a video. `name` None: unknown number `number`. `score`: the best of the traces, each over its views.

    `intervals`: (from, to) in seconds; `best_s`, `box`: the best view, in pixels of the video; `thumbnail`: JPEG bytes.
    """

    name: str | None
    number: int
    score: float | None
    intervals: tuple[tuple[float, float], ...]
    best_s: float
    box: Box
    quality: float
    masked: bool
    thumbnail: bytes
    question: str | None = None  # a possible match: asked and never stated

    @property
    def label(self) -> str:
        return self.name if self.name is not None else f"unknown #{self.number}"

    @property
    def seconds(self) -> float:
        return sum(end - start for start, end in self.intervals)


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """Everybody in a video, first come first. `unclear`: faces never seen well enough to be told apart."""

    video: str
    width: int
    height: int
    seconds: float
    threshold: float
    people: tuple[Presence, ...]
    unclear: int
    remarks: tuple[str, ...] = ()


Labels = dict[int, Presence | None]  # by place in the list of decided traces; None: unclear


def timeline(name: str, width: int, height: int, found: Scan, decided: Sequence[Decided],
             limit: float, alike: Callable[[int], float] | None = None) -> tuple[Timeline, Labels]:
    """The people of a video, and which of them each decided trace is."""
    groups = [*_named(decided), *_unknown(decided, alike or (lambda masked: limit))]
    groups.sort(key=lambda group: min(decided[one].span[0] for one in group))
    people: list[Presence] = []
    labels: Labels = dict.fromkeys(range(len(decided)))
    strangers = 0
    for group in groups:
        traces = [decided[one] for one in group]
        strangers += traces[0].name is None
        people.append(_presence(traces, strangers, found))
        labels |= dict.fromkeys(group, people[-1])
    unclear = sum(one is None for one in labels.values())
    remarks = (found.remark,) if found.remark else ()
    return Timeline(name, width, height, round(found.end_s, 3), limit, tuple(people), unclear, remarks), labels


def joined(spans: Sequence[tuple[float, float]], gap_s: float = JOIN_S) -> tuple[tuple[float, float], ...]:
    """Intervals in order, those that overlap or lie closer than the gap made one."""
    done: list[tuple[float, float]] = []
    for start, end in sorted(spans):
        if done and start - done[-1][1] < gap_s:
            done[-1] = (done[-1][0], max(done[-1][1], end))
        else:
            done.append((start, end))
    return tuple(done)


def _named(decided: Sequence[Decided]) -> list[list[int]]:
    groups: dict[str, list[int]] = {}
    for number, one in enumerate(decided):
        if one.name is not None:
            groups.setdefault(one.name, []).append(number)
    return list(groups.values())


def _unknown(decided: Sequence[Decided], alike: Callable[[int], float]) -> list[list[int]]:
    """Clear strangers, the most alike put together first; two faces seen at the same time are two people. `alike`: the score
    that makes two one person, by how many of them are covered: masks resemble each other, and so do dark glasses."""
    groups = [[number] for number, one in enumerate(decided) if one.name is None and one.sure]
    means = [decided[group[0]].mean for group in groups]
    while True:
        best, pair = 0.0, None
        for first in range(len(groups)):
            for second in range(first + 1, len(groups)):
                worn = _worn(decided, groups[first]) + _worn(decided, groups[second])
                beyond = float(means[first] @ means[second]) - alike(worn)
                if beyond >= best and not _meet(decided, groups[first], groups[second]):
                    best, pair = beyond, (first, second)
        if pair is None:
            return groups
        first, second = pair
        groups[first] += groups.pop(second)
        means.pop(second)
        means[first] = mean_by_quality([one.probe for number in groups[first] for _, one in decided[number].views])


def _worn(decided: Sequence[Decided], group: Sequence[int]) -> bool:
    """Whether most views of these faces are covered."""
    views = [one.probe.cover.covered for number in group for _, one in decided[number].views]
    return 2 * sum(views) > len(views)


def _meet(decided: Sequence[Decided], one: Sequence[int], other: Sequence[int]) -> bool:
    return any(decided[a].span[0] <= decided[b].span[1] and decided[b].span[0] <= decided[a].span[1]
               for a in one for b in other)


def _presence(traces: Sequence[Decided], number: int, found: Scan) -> Presence:
    half = found.step_s / 2  # somebody came or went between two looks
    spans = joined([(max(0.0, start - half), min(found.end_s, end + half)) for start, end in (one.span for one in traces)])
    look, one = max((trace.best for trace in traces), key=lambda pair: pair[0].seen.quality.score)
    scores = [trace.score for trace in traces if trace.score is not None]
    shown = image.encode_jpeg(cut(image.decode(look.picture).pixels, look.place.box, SIDE_PX), 85)
    return Presence(traces[0].name, 0 if traces[0].name is not None else number, max(scores, default=None),
                    tuple((round(start, 3), round(end, 3)) for start, end in spans), round(look.time_s, 3), look.seen.face.box,
                    one.probe.quality.score, one.probe.masked, shown,
                    next((trace.question for trace in traces if trace.question), None))

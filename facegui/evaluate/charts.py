"""Charts as SVG in the page's own colours: error curves on the axes they are read on, and score histograms whose
threshold can be dragged (threshold.js). No picture file, nothing fetched."""

from __future__ import annotations

import html
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 440, 300, 60, 14, 10, 40
CELLS = 200  # of a histogram; the threshold moves in their width
Points = Sequence[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Axis:
    """label, (value, text) ticks, the scale they stand on, and the values from which to which it runs (else the ticks')."""

    label: str
    ticks: tuple[tuple[float, str], ...]
    scale: Callable[[float], float] = float
    span: tuple[float, float] | None = None

    def place(self, value: float) -> float:
        """0 at the low end, 1 at the high one; what lies beyond stands at the edge."""
        first, last = self.span or (self.ticks[0][0], self.ticks[-1][0])
        low, high = self.scale(first), self.scale(last)
        return (self.scale(min(max(value, first), last)) - low) / (high - low)


def rates(label: str, lowest: float) -> Axis:
    """A logarithmic axis for rates from `lowest` (rounded down to a power of ten) to 1."""
    decade = max(-6, min(-1, math.floor(math.log10(max(lowest, 1e-9)) + 1e-9)))
    return Axis(label, tuple((10.0**power, percent(10.0**power)) for power in range(decade, 1)), math.log10)


def shares(label: str, low: float = 0.0) -> Axis:
    """From a round number at or below `low` to 100 %."""
    step = _step(1 - min(low, 0.95))
    count = math.ceil((1 - min(low, 0.95)) / step - 1e-9)
    return Axis(label, tuple((1 - step * part, percent(1 - step * part)) for part in range(count, -1, -1)))


def deviates(label: str, lowest: float) -> Axis:
    """Normal deviates, the axes of a DET curve (Martin et al., "The DET curve in assessment of detection task performance",
    Eurospeech 1997): errors of normally distributed scores lie on a straight line."""
    steps = [step for step in (1e-5, 1e-4, 1e-3, 0.01, 0.05, 0.2, 0.5) if step >= lowest * 0.5 or step >= 0.05]
    return Axis(label, tuple((step, percent(step)) for step in steps), NormalDist().inv_cdf)


def numbers(label: str, low: float, high: float) -> Axis:
    """From low to high, ticks at round numbers."""
    high = high if high > low else low + 1
    step = _step(high - low)
    ticks = [step * part for part in range(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1)]
    return Axis(label, tuple((tick, f"{tick:.4g}") for tick in ticks), float, (low, high))


def _step(span: float) -> float:
    """A round number that divides `span` into three to six parts."""
    power = 10.0 ** math.floor(math.log10(span / 3))
    return max(part * power for part in (1, 2, 5) if part * power <= span / 3 + 1e-12)


def curves(title: str, lines: Mapping[str, Points], x: Axis, y: Axis, note: str = "") -> str:
    """Named lines on common axes, with a key; a name is shown once more beside its colour."""
    drawn, key = "", ""
    for number, (name, line) in enumerate(lines.items()):
        places = [_at(x.place(one), y.place(two)) for one, two in line if math.isfinite(one) and math.isfinite(two)]
        drawn += f'<polyline class="ev-line ev-c{number % 6}" points="{" ".join(places)}"/>'
        if len(places) <= 25:
            drawn += "".join(f'<circle class="ev-dot ev-c{number % 6}" r="2.5" cx="{one}" cy="{two}"/>'
                             for one, two in (place.split(",") for place in places))
        key += f'<span><i class="ev-c{number % 6}"></i>{esc(name)}</span>'
    return _figure(title, f"{_grid(x, y)}{drawn}", f'<p class="ev-key">{key}</p>' if len(lines) > 1 or not note else "", note)


def histogram(title: str, mated: np.ndarray, nonmated: np.ndarray, threshold: float, words: tuple[str, str, str, str],
              missed: np.ndarray | None = None, note: str = "") -> str:
    """Scores of mated (or genuine) and of other comparisons; dragging the line shows what a threshold would cost.

    words: the two kinds, and their error rates ("mated searches", "searches for strangers", "FNIR", "FPIR"). missed: scores
    that count for the miss rate where they differ from those drawn (-inf: lost at any threshold).
    """
    mated, nonmated = np.asarray(mated, float), np.asarray(nonmated, float)
    missed = mated if missed is None else np.asarray(missed, float)
    real = np.concatenate([mated[np.isfinite(mated)], nonmated[np.isfinite(nonmated)], [threshold]])
    low, high = math.floor(real.min() * 20) / 20, math.ceil(real.max() * 20 + 1e-9) / 20
    high = max(high, low + 0.05)
    edges = np.round(np.linspace(low, high, CELLS + 1), 6)
    shapes, tallest = [], 1e-9
    for scores in (nonmated, mated):
        counts = np.histogram(scores[np.isfinite(scores)], edges[::4])[0] / max(1, len(scores))
        shapes.append(counts)
        tallest = max(tallest, counts.max())
    x, y = numbers("score", low, high), Axis("", ((0.0, ""), (1.0, "")))
    areas = ""
    for kind, counts in zip(("ev-c1", "ev-c0"), shapes, strict=True):
        outline = [_at(0, 0)]
        for cell, share in enumerate(counts / tallest):
            outline += [_at(cell / len(counts), 0.97 * share), _at((cell + 1) / len(counts), 0.97 * share)]
        areas += f'<polygon class="ev-area {kind}" points="{" ".join([*outline, _at(1, 0)])}"/>'
    data = {"low": low, "high": high, "accepted": [int((nonmated >= edge).sum()) for edge in edges], "nonmated": len(nonmated),
            "missed": [int((missed < edge).sum()) for edge in edges], "mated": len(missed), "names": list(words[2:])}
    cell = int(np.clip(round((threshold - low) / (high - low) * CELLS), 0, CELLS))
    place = _at(cell / CELLS, 0).split(",")[0]
    line = (f'<g class="ev-threshold" transform="translate({place} 0)"><rect x="-14" y="0" width="28" height="{HEIGHT}" '
            f'fill="transparent"/><line y1="{TOP}" y2="{HEIGHT - BOTTOM}"/><circle cy="{TOP + 8}" r="7"/></g>')
    told = told_at(data, cell)
    slider = (f'<label class="ev-slider"><span>threshold</span><input type="range" min="0" max="{CELLS}" value="{cell}" step="1" '
              f'aria-label="threshold, {esc(title)}"></label><output class="ev-told">{told}</output>')
    key = "".join(f'<span><i class="{kind}"></i>{esc(word)} ({count:,})</span>'
                  for kind, word, count in (("ev-c0", words[0], len(mated)), ("ev-c1", words[1], len(nonmated))))
    return _figure(title, f"{_grid(x, y)}{areas}{line}", f'{slider}<p class="ev-key">{key}</p>', note,
                   f' data-histogram="{esc(json.dumps(data, separators=(",", ":")))}"')


def told_at(data: Mapping, cell: int) -> str:
    """What stands under a histogram, made the same way by threshold.js when the line moves."""
    threshold = data["low"] + (data["high"] - data["low"]) * cell / CELLS
    miss, false = data["names"]
    parts = [f"<b>{threshold:.3f}</b>"]
    for name, count, total in ((false, data["accepted"][cell], data["nonmated"]), (miss, data["missed"][cell], data["mated"])):
        parts.append(f"{name} <b>{100 * count / total:.2f} %</b> ({count} of {total})" if total else f"{name}: no searches")
    return " · ".join(parts)


def percent(value: float) -> str:
    return f"{100 * value:.4g} %"


def esc(text: object) -> str:
    return html.escape(str(text), quote=True)


def _at(x: float, y: float) -> str:
    return f"{LEFT + x * (WIDTH - LEFT - RIGHT):.1f},{HEIGHT - BOTTOM - y * (HEIGHT - TOP - BOTTOM):.1f}"


def _grid(x: Axis, y: Axis) -> str:
    parts = []
    for value, text in x.ticks:
        along = _at(x.place(value), 0).split(",")[0]
        parts.append(f'<path d="M{along} {TOP}V{HEIGHT - BOTTOM}"/><text x="{along}" y="{HEIGHT - BOTTOM + 15}" '
                     f'text-anchor="{"end" if x.place(value) > 0.97 else "middle"}">{text}</text>')
    for value, text in y.ticks:
        up = float(_at(0, y.place(value)).split(",")[1])
        parts.append(f'<path d="M{LEFT} {up}H{WIDTH - RIGHT}"/><text x="{LEFT - 5}" y="{up + 4}" text-anchor="end">{text}</text>')
    name = f'<text x="{LEFT - 48}" y="{TOP + (HEIGHT - TOP - BOTTOM) / 2}" class="ev-up">{esc(y.label)}</text>' if y.label else ""
    return (f'<g class="ev-grid">{"".join(parts)}<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 6}" text-anchor="middle">'
            f"{esc(x.label)}</text>{name}</g>")


def _figure(title: str, inside: str, below: str, note: str, data: str = "") -> str:
    """`note`: the command that makes the figure again, or nothing."""
    command = f'<p class="ev-command"><code>{esc(note)}</code></p>' if note else ""
    return (f'<figure class="ev-figure"{data}><figcaption>{esc(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{esc(title)}">{inside}</svg>{below}{command}</figure>')

"""Line charts as SVG in the page's own colours: no script, no picture file."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from .markup import esc

WIDTH, HEIGHT, LEFT, BOTTOM, TOP = 420, 190, 46, 22, 8
COLOURS = ("#0d9488", "#d97706", "#2563eb", "#dc2626", "#7c3aed", "#64748b")
MOST_POINTS = 300  # per line; more cannot be seen

Line = Sequence[tuple[float, float]]


def lines(title: str, series: Mapping[str, Line], percent: bool = False) -> str:
    """Named lines of (x, y) points; not finite ones are left out."""
    found = {name: [point for point in line if all(map(math.isfinite, point))] for name, line in series.items()}
    found = {name: thinned(line) for name, line in found.items() if line}
    points = [point for line in found.values() for point in line]
    if not points:
        return ""
    low_x, high_x = _range([x for x, _ in points])
    low_y, high_y = _range([y for _, y in points])
    if percent:
        low_y, high_y = max(low_y, 0.0), min(high_y, 1.0)

    def place(x: float, y: float) -> str:
        return (f"{LEFT + (x - low_x) / (high_x - low_x) * (WIDTH - LEFT - 6):.1f},"
                f"{TOP + (high_y - y) / (high_y - low_y) * (HEIGHT - TOP - BOTTOM):.1f}")

    def number(value: float) -> str:
        return f"{100 * value:.0f} %" if percent else f"{value:.3g}" if value == 0 or abs(value) >= 1e-3 else f"{value:.0e}"

    drawn = ""
    for (name, line), colour in zip(found.items(), COLOURS * (1 + len(found) // len(COLOURS)), strict=False):
        dots = "".join(f'<circle cx="{at.split(",")[0]}" cy="{at.split(",")[1]}" r="2.5" fill="{colour}"/>'
                       for at in (place(*point) for point in line)) if len(line) < 25 else ""
        drawn += (f'<polyline points="{" ".join(place(*point) for point in line)}" fill="none" stroke="{colour}" '
                  f'stroke-width="2"/>{dots}')
    base = HEIGHT - BOTTOM
    key = "".join(f'<span><i style="background:{colour}"></i>{esc(name)} <b>{number(line[-1][1])}</b></span>'
                  for (name, line), colour in zip(found.items(), COLOURS * 3, strict=False))
    return (f'<figure class="fg-chart"><figcaption>{esc(title)}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
            f'aria-label="{esc(title)}"><path d="M{LEFT} {TOP}V{base}H{WIDTH - 6}" fill="none" stroke="currentColor" '
            f'opacity=".4"/><g font-size="11" fill="currentColor"><text x="{LEFT - 5}" y="{TOP + 9}" text-anchor="end">'
            f'{number(high_y)}</text><text x="{LEFT - 5}" y="{base}" text-anchor="end">{number(low_y)}</text>'
            f'<text x="{LEFT}" y="{HEIGHT - 6}">{low_x:.4g}</text><text x="{WIDTH - 6}" y="{HEIGHT - 6}" text-anchor="end">'
            f'{high_x:.4g}</text></g>{drawn}</svg><p class="fg-key">{key}</p></figure>')


def thinned(line: Line) -> Line:
    """At most MOST_POINTS of them, evenly, the last one always among them."""
    step = max(1, math.ceil(len(line) / MOST_POINTS))
    kept = list(line[::step])
    return kept if kept[-1] == line[-1] else [*kept, line[-1]]


def _range(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)

"""The course of a training as JSON and as one picture: loss, learning rate, TAR@FAR over the steps."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from .loop import TrainingProgress

PANEL, MARGIN = (640, 220), (70, 34)
COLOURS = ("#2563eb", "#dc2626", "#059669", "#d97706", "#7c3aed")


def collect(reports: list[TrainingProgress]) -> dict[str, list[list[float]]]:
    """Name to [[step, value], ...] of everything that was reported."""
    series: dict[str, list[list[float]]] = {"loss": [], "learning rate": []}
    for report in reports:
        series["loss"].append([report.step, report.loss])
        series["learning rate"].append([report.step, report.lr])
        for name, value in report.figures.items():
            series.setdefault(name, []).append([report.step, value])
    return series


def write(folder: Path, reports: list[TrainingProgress]) -> Path:
    """curves.json and curves.png in `folder`; returns the picture's path."""
    series = collect(reports)
    for name, data in (("curves.json", json.dumps(series).encode()), ("curves.png", None)):
        part = folder / f"{name}.part"
        if data is None:
            picture(series).save(part, "PNG")
        else:
            part.write_bytes(data)
        os.replace(part, folder / name)
    return folder / "curves.png"


def picture(series: dict[str, list[list[float]]]) -> Image.Image:
    """Three panels, one below the other; figures share the last one."""
    figures = {k: v for k, v in series.items() if k not in ("loss", "learning rate") and v}
    panels = [("loss", {"loss": series["loss"]}), ("learning rate", {"learning rate": series["learning rate"]}),
              ("validation: share found at FAR 1e-3 and first in the gallery", figures)]
    width, height = PANEL[0] + 2 * MARGIN[0], PANEL[1] + 2 * MARGIN[1]
    canvas = Image.new("RGB", (width, height * len(panels)), "white")
    draw = ImageDraw.Draw(canvas)
    for number, (title, lines) in enumerate(panels):
        _panel(draw, (MARGIN[0], number * height + MARGIN[1]), title, lines)
    return canvas


def _panel(draw: ImageDraw.ImageDraw, corner: tuple[int, int], title: str, lines: dict[str, list[list[float]]]) -> None:
    left, top = corner
    right, bottom = left + PANEL[0], top + PANEL[1]
    draw.rectangle((left, top, right, bottom), outline="#cbd5e1")
    draw.text((left, top - 16), title, fill="black")
    points = np.array([p for line in lines.values() for p in line if np.isfinite(p).all()], float)
    if not len(points):
        draw.text((left + 10, top + 10), "nothing measured yet", fill="#64748b")
        return
    (x0, y0), (x1, y1) = points.min(0), points.max(0)
    x1, y1 = max(x1, x0 + 1), y1 if y1 > y0 else y0 + 1e-9
    for share in (0, 0.5, 1):
        y = bottom - share * PANEL[1]
        draw.line((left, y, right, y), fill="#e2e8f0")
        draw.text((6, y - 6), f"{y0 + share * (y1 - y0):.4g}", fill="#334155")
        draw.text((left + share * PANEL[0] - 10, bottom + 4), f"{x0 + share * (x1 - x0):.0f}", fill="#334155")
    for number, (name, line) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        place = [(left + (x - x0) / (x1 - x0) * PANEL[0], bottom - (y - y0) / (y1 - y0) * PANEL[1])
                 for x, y in line if np.isfinite(y)]
        if len(place) > 1:
            draw.line(place, fill=colour, width=2, joint="curve")
        for x, y in place if len(place) < 40 else ():
            draw.ellipse((x - 2, y - 2, x + 2, y + 2), fill=colour)
        draw.text((right - 140, top + 6 + 14 * number), name, fill=colour)

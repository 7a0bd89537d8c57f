"""A measurement as one HTML file: figures with intervals, charts, the worst mistakes as pictures. Nothing is fetched."""

from __future__ import annotations

import base64
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .. import image
from ..types import DataError, ImageError
from . import charts
from .charts import esc, percent
from .evidence import Comparisons, Evidence, Mistake, Searches, Side
from .figures import FARS, FPIRS, figures
from .words import headlines, summary

HERE = Path(__file__).resolve().parent
CSS = (HERE / "page.css").read_text(encoding="utf-8")
SCRIPT = (HERE / "threshold.js").read_text(encoding="utf-8")
SHELL = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:;
  style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>body {{ margin: 0; padding: 1rem; font-family: system-ui, sans-serif; background: #f8fafc; color: #0f172a; }}
main {{ max-width: 1180px; margin: 0 auto; }} h1 {{ font-size: 1.5rem; }}
.dark body {{ background: #0f172a; color: #e2e8f0; }}
{css}</style></head><body><main><h1>{title}</h1>{body}</main>
<script>const dark = matchMedia('(prefers-color-scheme: dark)');
const dress = () => document.documentElement.classList.toggle('dark', dark.matches); 
dress(); dark.addEventListener('change', dress);
{script} facegui_thresholds(document);</script></body></html>"""


def write_page(report: Any, file: Path, inside: str | None = None) -> None:
    """Write `page` whole or not at all; inside: its `body` where that was made already. Raises DataError where it cannot be written."""
    part = file.with_name(f".{file.name}.part")
    try:
        part.write_text(page(report, inside), encoding="utf-8")
        os.replace(part, file)
    except OSError as error:
        raise DataError(f"the report {file} cannot be written ({error.strerror}); check the folder and the free space") from None


def page(report: Any, inside: str | None = None) -> str:
    """A whole HTML document of any of the package's reports."""
    return SHELL.format(title=esc(f"facegui: how well {report.model} recognises"), css=CSS, script=SCRIPT,
                        body=inside or body(report))


def body(report: Any, threshold: float | None = None) -> str:
    """The inside of the page, styled by CSS and enlivened by SCRIPT. threshold: where the lines stand at first."""
    values = figures(report.evidence)
    first = headlines(report)
    lines = "".join(f"<li>{esc(line)}</li>" for line in summary(report).splitlines() if line not in first)
    parts = [f'<div class="ev-first">{"".join(f"<p>{esc(line)}</p>" for line in first)}</div>'] if first else []
    parts.append(f'<ul class="ev-lines">{lines}</ul>')
    if values["searches"]:
        inside = _searches(report.evidence, values["searches"], report.command, threshold)
        parts.append(f"<h2>Finding people in a gallery (1:N)</h2>{inside}")
    if values["comparisons"]:
        inside = _comparisons(report.evidence, values["comparisons"], report.command, threshold)
        parts.append(f"<h2>Comparing two photos (1:1)</h2>{inside}")
    if report.evidence.mistakes:
        parts.append("<h2>The hardest cases</h2>" + mistakes(report.evidence.mistakes))
    parts.append('<p class="ev-command">Intervals hold 95 %. Those in the tables draw the people anew (bootstrap by identity), '
                 "because the photos of one person depend on each other; with fewer than five people they are Wilson's. "
                 "A photo without a face counts as rejected at every threshold.</p>")
    return f'<div class="ev">{"".join(parts)}</div>'


def _searches(evidence: Evidence, values: list[dict[str, Any]], command: str, threshold: float | None) -> str:
    rows = []
    for one in values:
        cells = [one["name"], f"{one['gallery']:,}", f"{one['probes']:,} / {one['strangers']:,}",
                 f"{one['failures_to_enroll']} / {one['failures_to_acquire']}", _share(one["rank_one"], one["rank_one"]["share"])]
        cells += [_share(point, point["fnir"]) if (point := one["fnir_at_fpir"][f"{fpir:g}"]) else
                  f"not enough data: needs {3 / fpir:.0f} strangers' searches" for fpir in FPIRS]
        rows.append(cells)
    head = ["", "people enrolled", "mated / strangers' searches", "not enrolled / no face", "rank 1",
            *(f"FNIR at FPIR {percent(fpir)}" for fpir in FPIRS)]
    found = [charts.curves("CMC: the person is among the first k", {one["name"]: list(enumerate(one["cmc"], 1)) for one in values},
                           charts.numbers("rank k", 1, max(len(one["cmc"]) for one in values)),
                           charts.shares("found", min(one["cmc"][0] for one in values)), command)]
    found += [search_histogram(one, _start(threshold, value), command) for one, value in zip(evidence.searches, values, strict=True)]
    return _table(head, rows) + f'<div class="ev-figures">{"".join(found)}</div>'


def _start(threshold: float | None, value: dict[str, Any]) -> float | None:
    """Where the line stands: as told, else at FPIR 1 %."""
    point = value["fnir_at_fpir"][f"{FPIRS[0]:g}"]
    return threshold if threshold is not None else point and point["threshold"]


def search_histogram(one: Searches, threshold: float | None, command: str) -> str:
    real = one.strangers[np.isfinite(one.strangers)]
    start = threshold if threshold is not None else float(np.quantile(real, 0.99)) if len(real) else 0.5
    words = ("mated searches: the mate's score", "searches for strangers: the best score", "FNIR", "FPIR")
    return charts.histogram(one.name, one.mated, one.strangers, start, words, one.accepted, command)


def _comparisons(evidence: Evidence, values: list[dict[str, Any]], command: str, threshold: float | None) -> str:
    rows = []
    for one in values:
        cells = [one["name"], f"{one['genuine']:,} / {one['impostor']:,}", f"{one['failed_genuine']:,} / {one['failed_impostor']:,}",
                 _interval(one["eer"]["rate"], one["eer"]["bootstrap_by_identity"])]
        cells += [_share(point, point["tar"]) if (point := one["tar_at_far"][f"{far:g}"]) else
                  f"not enough data: needs {3 / far:,.0f} impostor pairs" for far in FARS]
        rows.append(cells)
    head = ["", "genuine / impostor pairs", "of them without a face", "EER", *(f"TAR at FAR {percent(far)}" for far in FARS)]
    found = error_curves({one.name: value["roc"] for one, value in zip(evidence.comparisons, values, strict=True)},
                         {one.name: len(one.impostor) for one in evidence.comparisons}, command)
    found += [pair_histogram(one, threshold, command) for one in evidence.comparisons]
    return _table(head, rows) + f'<div class="ev-figures">{"".join(found)}</div>'


def error_curves(curves: dict[str, dict[str, list]], impostors: dict[str, int], command: str = "") -> list[str]:
    """ROC and DET of several sets of scores: {"far": [...], "tar": [...]} by name."""
    lowest = 1 / max(max(impostors.values()), 10)
    roc = {name: [(far, tar) for far, tar in zip(curve["far"], curve["tar"], strict=True) if far > 0]
           for name, curve in curves.items()}
    det = {name: [(far, 1 - tar) for far, tar in line if tar < 1] for name, line in roc.items()}
    worst = min((tar for line in roc.values() for far, tar in line if far >= 10 * lowest), default=0.0)
    drawn = [charts.curves("ROC: genuine pairs accepted", roc, charts.rates("false accept rate", lowest),
                           charts.shares("true accept rate", worst), command)]
    if any(line for line in det.values()):  # without an error there is no curve of errors
        drawn.append(charts.curves("DET: the two error rates", det, charts.deviates("false accept rate", lowest),
                                   charts.deviates("false reject rate", 1e-3), command))
    return drawn


def pair_histogram(one: Comparisons, threshold: float | None = None, command: str = "") -> str:
    if threshold is None:
        real = one.impostor[np.isfinite(one.impostor)]
        threshold = float(np.quantile(real, 0.99)) if len(real) else 0.5
    return charts.histogram(one.name, one.genuine, one.impostor, threshold, ("genuine pairs", "impostor pairs", "FRR", "FAR"),
                            note=command)


def mistakes(found: Sequence[Mistake]) -> str:
    """Pairs of faces by kind, worst first."""
    parts = []
    for kind in dict.fromkeys(one.kind for one in found):
        shown = "".join(f'<figure><figcaption>score <b>{one.score:.3f}</b></figcaption><div class="ev-two">{_side(one.one)}'
                        f"{_side(one.other)}</div></figure>" for one in found if one.kind == kind)
        parts.append(f'<h3>{esc(kind[0].upper() + kind[1:])}</h3><div class="ev-mistakes">{shown}</div>')
    return "".join(parts)


def _side(side: Side) -> str:
    try:
        data = base64.b64encode(image.encode_jpeg(side.pixels(), 82)).decode()
        picture = f'<img src="data:image/jpeg;base64,{data}" alt="{esc(side.caption)}">'
    except ImageError:  # the photo went away meanwhile
        picture = ""
    return f"<div>{picture}<span>{esc(side.caption)}</span></div>"


def _share(point: dict[str, Any], value: float) -> str:
    return _interval(value, point["bootstrap_by_identity"] or point["wilson"])


def _interval(value: float, ends: Sequence[float] | None) -> str:
    return f"{100 * value:.2f} %" + (f" ({100 * ends[0]:.2f} to {100 * ends[1]:.2f})" if ends else "")


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = "".join(f"<th>{esc(cell)}</th>" for cell in head)
    inside = "".join("<tr>" + "".join(f"<td>{esc(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f'<div class="ev-scroll"><table><thead><tr>{top}</tr></thead><tbody>{inside}</tbody></table></div>'

"""The gallery as a whole: build it from a folder or a zip file, look at the index, export and import."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from ..service.building import BuildReport
from ..types import ArchiveReport, FaceguiError, IndexStatus, Tick
from .edge import QUIET, in_order
from .house import House
from .markup import esc, note, plural


def fill(house: House) -> None:
    """The accordions under the grid."""
    with gr.Accordion("Build from a folder or a zip file", open=False):
        _building(house)
    with gr.Accordion("Export and import", open=False):
        _archives(house)
    with gr.Accordion("Search index", open=False):
        _index(house)


def _building(house: House) -> None:
    gr.HTML('<p class="fg-hint">One sub-folder of photos per person; the sub-folder is the name. Photos that are enrolled '
            "already are skipped, so it can be stopped and continued.</p>")
    force = gr.Checkbox(label="Enroll photos of low quality too")
    with gr.Row(equal_height=False):
        with gr.Column(min_width=260):
            folder = gr.Textbox("", label="A folder of this machine", placeholder="/home/ana/people", elem_id="fg-folder")
            build = gr.Button("Build from the folder", variant="primary", elem_id="fg-build")
        with gr.Column(min_width=260):
            most = "" if house.access.local else " At most 64 MB while the page is shared."
            gr.HTML('<p class="fg-hint">A zip file from your own machine, wherever you are. It is checked first, read in '
                    f"memory, and deleted afterwards.{most}</p>")
            zipped = gr.UploadButton("Upload a zip file and build", file_types=[".zip"], elem_id="fg-zip")
    turned = gr.HTML(elem_id="fg-built")

    def start_build(path: str, force: bool) -> tuple[Any, ...]:
        if not path.strip():
            raise FaceguiError("type the folder's path first")
        place = Path(path.strip()).expanduser()
        return house.bar.start(f"Building from {place.name}", lambda tick: work_on(place, force, tick))

    def start_zip(path: str, force: bool) -> tuple[Any, ...]:
        return _with_upload(house, f"Building from {Path(path).name}", path, lambda tick: work_on(Path(path), force, tick))

    def work_on(place: Path, force: bool, tick: Tick) -> str:
        house.built = None
        house.built = house.service.build(place, force=force, tick=tick)
        return built(house.built)

    def refusals() -> str:
        return "" if house.built is None else turned_away(house.built)

    owner = house.edge.owner
    build.click(house.edge.local(start_build), [folder, force], house.bar.outputs, **QUIET)
    zipped.upload(owner(start_zip), [zipped, force], house.bar.outputs, **QUIET)
    house.bar.finished.change(owner(refusals), None, turned, **QUIET, **in_order("built"))


def _archives(house: House) -> None:
    with gr.Row():
        with gr.Column(min_width=260):
            export = gr.Button("Prepare an export", elem_id="fg-export")
            file = gr.DownloadButton("Download the export", visible=False, variant="primary", elem_id="fg-download")
        with gr.Column(min_width=260):
            load = gr.UploadButton("Import an exported gallery", file_types=[".zip"], elem_id="fg-import")
    gr.HTML('<p class="fg-hint">An export holds every name, photo and template: keep it as safe as the gallery itself.</p>')

    def start_export() -> tuple[Any, ...]:
        place = Path(tempfile.mkdtemp(prefix="export-")) / f"facegui-gallery-{time.strftime('%Y%m%d-%H%M%S')}.zip"

        def work(tick: Tick) -> str:
            house.exports.make(place, tick)
            return "The export is ready: Gallery, Export and import, Download."

        return house.bar.start("Exporting the gallery", work)

    def offer_export() -> Any:
        ready = house.exports.newest()
        return gr.update(visible=ready is not None, value=None if ready is None else str(ready))

    def start_load(path: str) -> tuple[Any, ...]:
        return _with_upload(house, "Importing a gallery", path, lambda tick: carried(house.service.load(path, tick)))

    owner = house.edge.owner
    export.click(owner(start_export), None, house.bar.outputs, **QUIET)
    load.upload(owner(start_load), load, house.bar.outputs, **QUIET)
    house.bar.finished.change(owner(offer_export), None, file, **QUIET, **in_order("exports"))


def _index(house: House) -> None:
    state = gr.HTML()
    with gr.Row():
        look = gr.Button("Show its state", elem_id="fg-index")
        rebuild = gr.Button("Rebuild it", elem_id="fg-rebuild")

    def start_rebuild() -> tuple[Any, ...]:
        return house.bar.start("Rebuilding the index", lambda tick: rebuilt(house.service.gallery.rebuild_index(tick)))

    owner = house.edge.owner
    look.click(owner(lambda: index(house.service.gallery.index_status())), None, state, **QUIET)
    rebuild.click(owner(start_rebuild), None, house.bar.outputs, **QUIET)


def _with_upload(house: House, name: str, path: str, work: Callable[[Tick], str]) -> tuple[Any, ...]:
    """A job on an uploaded file, which goes afterwards, and at once where the job cannot be taken up now."""
    def then_delete(tick: Tick) -> str:
        try:
            return work(tick)
        finally:
            Path(path).unlink(missing_ok=True)

    try:
        return house.bar.start(name, then_delete)
    except FaceguiError:
        Path(path).unlink(missing_ok=True)
        raise


def built(report: BuildReport) -> str:
    """What became of a folder, in sentences."""
    parts = [f"{plural(report.people, 'person', 'people')}, {plural(report.enrolled, 'new photo')}"]
    if report.duplicates:
        parts.append(f"{report.duplicates:,} enrolled already")
    if report.problems:
        parts.append(f"{plural(len(report.problems), 'photo')} not taken, the reasons are in the Gallery tab")
    if report.without:
        parts.append(f"no usable photo of {', '.join(report.without[:5])}" + (" and others" if len(report.without) > 5 else ""))
    if report.others:
        parts.append(f"{plural(report.others, 'file')} that {'is' if report.others == 1 else 'are'} no photo of anybody")
    return "; ".join(parts) + "."


def turned_away(report: BuildReport) -> str:
    """Every photo that was not taken, by reason."""
    if not report.problems:
        return note("Every photo was taken." if report.people else "", built(report), "good")
    kinds: dict[str, list[str]] = {}
    for one in report.problems:
        kinds.setdefault(one.advice.replace(Path(one.photo).name, "The file") or "Not taken.", []).append(
            "/".join(Path(one.photo).parts[-2:]))
    rows = "".join(f"<li><b>{len(files):,}</b> {esc(why)}<details><summary>which</summary>{esc(', '.join(files[:500]))}</details></li>"
                   for why, files in sorted(kinds.items(), key=lambda kind: -len(kind[1])))
    return (f'<div class="fg-note fg-warn" role="status"><strong>{plural(len(report.problems), "photo")} turned away</strong>'
            f'<p>{esc(built(report))}</p><ul class="fg-turned">{rows}</ul></div>')


def rebuilt(status: IndexStatus) -> str:
    return f"The index holds {plural(status.templates, 'template')} now."


def carried(report: ArchiveReport) -> str:
    """What an import brought in."""
    parts = [f"{plural(report.people_created, 'new person', 'new people')}, {plural(report.photos, 'photo')}"]
    if report.duplicates:
        parts.append(f"{report.duplicates:,} here already")
    if report.refused:
        parts.append(f"{plural(len(report.refused), 'entry', 'entries')} not taken, for example: {report.refused[0]}")
    return "; ".join(parts) + "."


def index(status: IndexStatus) -> str:
    """The state of the search index in words."""
    how = ("compares with every template" if status.kind == "exact" else
           f"{status.trees} trees nominate, exact scores decide; {status.recall:.1%} of the nearest people are found")
    rows = {"How it searches": how, "Templates": f"{status.templates:,}",
            "Since the trees were built": f"{status.in_delta:,} new" if status.kind != "exact" else "",
            "On disk": f"{status.file_bytes / 2**20:.1f} MB" if status.file_bytes else "",
            "Being rebuilt": "yes" if status.building else ""}
    cells = "".join(f"<tr><th>{esc(key)}</th><td>{esc(value)}</td></tr>" for key, value in rows.items() if value)
    return f'<table class="fg-table">{cells}</table>'

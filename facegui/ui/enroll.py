"""The Enroll tab: a name and a few photos. Photos wait in memory; their uploaded files are deleted at once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from .. import image
from ..types import EnrollReport, FaceguiError, ImageError
from .house import House
from .markup import chip, esc, face, jpeg_address, note, plural
from .photo import photo_input

MOST = 40  # photos waiting at once, per visitor
REMOVE = """element.addEventListener('click', (event) => {
  const cross = event.target.closest('[data-remove]');
  if (cross) trigger('remove', {number: Number(cross.dataset.remove)});
});"""
WORDS = {"enrolled": ("accepted", "good"), "duplicate": ("already enrolled", ""), "refused": ("refused", "warn"),
         "failed": ("not readable", "bad")}


@dataclass(frozen=True, slots=True)
class Waiting:
    """A photo that was offered and not yet enrolled. `thumb` None: no browser can show it, or it is damaged."""

    name: str
    data: bytes
    sha256: str
    thumb: bytes | None


def tab(house: House) -> gr.Textbox:
    """Fills the tab; returns the name field, so that a person's page can send its name here."""
    waiting = gr.State([], time_to_live=3600)
    with gr.Row(elem_classes="fg-main"):
        with gr.Column(scale=2, min_width=300):
            name = gr.Textbox("", label="Name", placeholder="Ana Souza", max_length=120, elem_id="fg-enroll-name",
                              info="A name that is enrolled already gets the photos added.")
            files = gr.File(label="Photos of this person alone", file_count="multiple", elem_id="fg-enroll-files", height=180,
                            file_types=["image", ".heic", ".heif"])
            with gr.Accordion("Or take a picture now", open=False):
                camera = photo_input(sources=["webcam"], label="Camera", height=260, elem_id="fg-enroll-camera",
                                    webcam_options=gr.WebcamOptions(mirror=False))
            tray = gr.HTML(_tray([]), js_on_load=REMOVE, elem_id="fg-tray")
            go = gr.Button("Enroll", variant="primary", elem_id="fg-enroll-go")
            gr.HTML('<p class="fg-hint">Two or three photos from slightly different sides are best. Enroll people only with '
                    "their consent; Gallery &rarr; person &rarr; Forget deletes everything that was kept.</p>")
        with gr.Column(scale=3, min_width=320):
            report = gr.HTML(_start(), elem_id="fg-enroll-report")
            anyway = gr.Button("Enroll the refused photos anyway", visible=False, elem_id="fg-enroll-anyway")

    def offer(paths: list[str] | str | None, held: list[Waiting]) -> tuple[Any, ...]:
        paths = [paths] if isinstance(paths, str) else paths or []
        held = _add(held, paths)
        return held, _tray(held), None

    def remove(event: gr.EventData, held: list[Waiting]) -> tuple[Any, ...]:
        held = [one for number, one in enumerate(held) if number != event.number]
        return held, _tray(held)

    def enroll(name: str, held: list[Waiting], force: bool) -> tuple[Any, ...]:
        if not name.strip():
            raise FaceguiError("type the person's name first")
        if not held:
            raise FaceguiError("add at least one photo first")
        found = house.service.enroll(name.strip(), [(one.name, one.data) for one in held], force=force)
        left = [one for one, outcome in zip(held, found.outcomes, strict=True) if outcome.status == "refused"]
        return _report(found, held, house), left, _tray(left), gr.update(visible=bool(left) and not force)

    def refused(text: str) -> tuple[Any, ...]:
        return note("Nothing was enrolled.", text, "warn"), gr.skip(), gr.skip(), gr.update(visible=False)

    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    owner = house.edge.owner
    files.upload(owner(offer), [files, waiting], [waiting, tray, files], **quiet)
    camera.input(owner(offer), [camera, waiting], [waiting, tray, camera], **quiet)
    tray.remove(owner(remove), waiting, [waiting, tray], **quiet)
    shared = {"outputs": [report, waiting, tray, anyway], "api_visibility": "private", "concurrency_limit": 1,
              "concurrency_id": "enroll", "show_progress_on": report}
    first = gr.State(False)
    second = gr.State(True)
    gr.on([go.click, name.submit], owner(enroll, refused), [name, waiting, first], **shared)
    anyway.click(owner(enroll, refused), [name, waiting, second], **shared)
    return name


def _add(held: list[Waiting], paths: list[str]) -> list[Waiting]:
    """The photos that wait, with the new ones; the same photo waits once."""
    held = list(held)
    for path in map(Path, paths):
        try:
            data = path.read_bytes()
        except OSError:
            raise ImageError(f"{path.name} did not arrive; add it again") from None
        finally:
            path.unlink(missing_ok=True)
        digest = hashlib.sha256(data).hexdigest()
        if digest in {one.sha256 for one in held}:
            continue
        if len(held) == MOST:
            raise FaceguiError(f"{MOST} photos are enough for one go; enroll these first")
        held.append(Waiting(path.name, data, digest, _thumb(data)))
    return held


def _thumb(data: bytes) -> bytes | None:
    try:
        return image.encode_jpeg(image.decode(data, max_side=192).pixels, 80)
    except ImageError:
        return None  # the report of the enrollment will say what is wrong with it


def _tray(held: list[Waiting]) -> str:
    if not held:
        return ""
    items = "".join(f'<div>{_shown(one)}<button type="button" data-remove="{number}" aria-label="remove {esc(one.name)}">&times;'
                    '</button></div>' for number, one in enumerate(held))
    return f'<p class="fg-hint">{plural(len(held), "photo")} waiting</p><div class="fg-tray">{items}</div>'


def _shown(one: Waiting) -> str:
    if one.thumb is None:
        return f'<span class="fg-none" title="{esc(one.name)}">?</span>'
    return f'<img src="{jpeg_address(one.thumb)}" alt="{esc(one.name)}" title="{esc(one.name)}">'


def _start() -> str:
    return note("Enroll somebody in seconds.", "Type a name, add one or more photos, press Enroll. The very next photo "
                "recognises this person, with and without a mask. Nothing is retrained.")


def _report(found: EnrollReport, held: list[Waiting], house: House) -> str:
    enrolled = found.enrolled
    rows = []
    for one, outcome in zip(held, found.outcomes, strict=True):
        word, kind = WORDS.get(outcome.status, (outcome.status, ""))
        advice = f"<p>{esc(outcome.advice)}</p>" if outcome.advice else ""
        rows.append(f'<li>{_shown(one)}<div>{chip(word, kind)} <span class="fg-file">{esc(one.name)}</span>{advice}</div></li>')
    if enrolled:
        total = next((person.photos for person in house.service.people(found.name) if person.name == found.name), enrolled)
        head = note(f"{found.name} is enrolled.", f"{plural(enrolled, 'photo was', 'photos were')} accepted, "
                    f"{plural(total, 'is', 'are')} kept now. The next photo you recognise will find {found.name}.", "good")
    elif any(outcome.status == "duplicate" for outcome in found.outcomes):
        head = note("Nothing new.", f"{found.name} has these photos already.", "")
    else:
        head = note(f"{found.name} was not enrolled.", "None of the photos could be used; the reasons are below.", "warn")
    close = "".join(f"<li>{face(house.faces.of_candidate(near), near.name, small=True)}<span>{esc(near.name)}</span>"
                    f"<b>{near.score:.2f}</b></li>" for near in found.too_close_to)
    if close:
        close = (f'<div class="fg-note fg-warn"><strong>{esc(found.name)} looks very much like somebody who is enrolled.</strong>'
                 "<p>If it is the same person, merge the two in the Gallery tab; otherwise add more photos of both.</p>"
                 f'<ol class="fg-near">{close}</ol></div>')
    return f'{head}{close}<ul class="fg-outcomes">{"".join(rows)}</ul>'

"""The Enroll tab: a name, and photos from files, from the camera with its coach, or of unknown people just seen."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from ..types import EnrollReport, FaceguiError
from . import coach, enrolled, tray
from .edge import QUIET, in_order
from .house import House
from .markup import note
from .tray import Waiting
from .unknowns import PICK, grid

IDLE_S = 900  # photos in the tray that nobody touches for so long go


class Form:
    """What is filled in, and the answer beside it. `waiting`: the photos in the tray; `asked`: the report that waits for an
    answer to who looks alike, and the photos that it is about, by checksum."""

    def __init__(self, house: House) -> None:
        self.waiting = gr.State([], time_to_live=IDLE_S)
        self.asked = gr.State(None)
        with gr.Row(elem_classes="fg-main"):
            with gr.Column(scale=2, min_width=300):
                self.name = gr.Textbox("", label="Name", placeholder="Ana Souza", max_length=120, elem_id="fg-enroll-name",
                                       info="A name that is enrolled already gets the photos added.")
                self.files = gr.File(label="Photos of this person alone", file_count="multiple", elem_id="fg-enroll-files", height=180,
                                     file_types=["image", ".heic", ".heif"])
                with gr.Accordion("Or sit in front of the camera", open=False, elem_id="fg-enroll-camera"):
                    self.camera, self.coach = coach.widget(house)
                with gr.Accordion("Or choose an unknown person just seen", open=False, elem_id="fg-enroll-seen"):
                    self.seen = gr.HTML(js_on_load=PICK, elem_id="fg-seen")
                self.waits = gr.HTML(tray.show([]), js_on_load=tray.REMOVE, elem_id="fg-tray")
                self.consent = gr.Textbox("", label="Consent (a note, if you like)", placeholder="agreed on paper, 3 May 2026",
                                          max_length=500, elem_id="fg-enroll-consent",
                                          info="Kept with the person until you forget him or her.")
                self.go = gr.Button("Enroll", variant="primary", elem_id="fg-enroll-go")
                gr.HTML('<p class="fg-hint">Two or three photos from slightly different sides are best. Enroll people only with '
                        "their consent; Gallery &rarr; person &rarr; Forget deletes everything that was kept.</p>")
            with gr.Column(scale=3, min_width=320):
                self.report = gr.HTML(enrolled.start(), js_on_load=enrolled.CHOOSE, elem_id="fg-enroll-report")
                self.anyway = gr.Button("Enroll the refused photos anyway", visible=False, elem_id="fg-enroll-anyway")


def tab(house: House, page: gr.Blocks, this: gr.Tab) -> gr.Textbox:
    """Fills the tab; returns the name field, so that a person's page can send its name here."""
    form = Form(house)

    def leave(request: gr.Request) -> None:
        """The page was closed; Gradio by itself would keep its photos for another hour."""
        if request.session_hash in page.state_holder:
            page.state_holder[request.session_hash][form.waiting._id] = []

    page.unload(house.edge.guest(leave))
    strangers = _gather(house, this, form)
    _enroll(house, form, strangers)
    return form.name


def _gather(house: House, this: gr.Tab, form: Form) -> Callable[[], str]:
    """Photos come into the tray from files, the camera and unknown people, and leave it. Returns what shows those people."""

    taken_up: deque[str] = deque(maxlen=1000)

    def offer(paths: list[str] | str | None, held: list[Waiting]) -> tuple[Any, ...]:
        """Until the field is emptied it names what came before, too."""
        new = [path for path in ([paths] if isinstance(paths, str) else paths or []) if path not in taken_up or Path(path).exists()]
        taken_up.extend(new)
        held, over = tray.uploaded(held, new)
        return held, tray.show(held, over), None

    def taken(event: gr.EventData, held: list[Waiting], request: gr.Request) -> tuple[Any, ...]:
        held, over = tray.add(held, form.coach.shots(str(event.token), coach.user(request)))
        return held, tray.show(held, over)

    def remove(event: gr.EventData, held: list[Waiting]) -> tuple[Any, ...]:
        held = [one for one in held if one.sha256 != event.photo]
        return held, tray.show(held)

    def strangers() -> str:
        return grid(house.strangers.everybody(), house.strangers.hours)

    def pick(event: gr.EventData, held: list[Waiting]) -> tuple[Any, ...]:
        one = house.strangers.one(int(event.number))
        held, over = tray.add(held, one.portraits(), one.number)
        return held, tray.show(held, over)

    owner, waiting, waits = house.edge.owner, form.waiting, form.waits
    line = {**QUIET, **in_order("tray")}  # two at once would each forget the other's photo
    form.files.upload(owner(offer), [form.files, waiting], [waiting, waits, form.files], **line)
    form.camera.taken(owner(taken), waiting, [waiting, waits], **line)
    waits.remove(owner(remove), waiting, [waiting, waits], **line)
    form.seen.pick(owner(pick), waiting, [waiting, waits], **line)
    this.select(owner(strangers), None, form.seen, **QUIET)
    return strangers


def _enroll(house: House, form: Form, strangers: Callable[[], str]) -> None:
    """What waits is enrolled, after a question where somebody looks alike; what was refused, on a second press."""

    def enroll(name: str, consent: str, held: list[Waiting], force: bool) -> tuple[Any, ...]:
        if not name.strip():
            raise FaceguiError("type the person's name first")
        if not held:
            raise FaceguiError("add at least one photo first")
        return done(ask(name, consent, held, force=force, careful=True), held, force)

    def choose(event: gr.EventData, asked: tuple[EnrollReport, set[str]] | None, consent: str,
               held: list[Waiting]) -> tuple[Any, ...]:
        """The answer to `careful`: into somebody who is enrolled, or somebody else indeed, which is remembered."""
        if asked is None or not held:
            raise FaceguiError("press Enroll first")
        (question, offered), into = asked, str(event.into)
        if not {one.sha256 for one in held} <= offered:
            raise FaceguiError("photos were added since this was asked; press Enroll again")
        near, gallery = {one.name: one.person_id for one in question.too_close_to}, house.service.gallery
        if into and gallery.person(into).id != near.get(into):
            raise FaceguiError("this person is no longer in question; press Enroll again")
        found = ask(into or question.name, consent, held)
        if not into and found.person_id is not None:
            gallery.sorting.tell_apart(found.person_id, near.values())
        return done(found, held, False, into)

    def ask(name: str, consent: str, held: list[Waiting], **how: bool) -> EnrollReport:
        return house.service.enroll(name.strip(), [(one.name, one.data) for one in held], note=consent, **how)

    def done(found: EnrollReport, held: list[Waiting], force: bool, into: str = "") -> tuple[Any, ...]:
        """`into`: whose photos they turned out to be; what is left belongs to that name, too."""
        pairs = list(zip(held, found.outcomes, strict=True))
        for number in {one.stranger for one, outcome in pairs if outcome.status == "enrolled"} - {None}:
            house.strangers.drop(number)
        left = [one for one, outcome in pairs if outcome.status in ("refused", "held")]
        retry = any(outcome.status == "refused" for _, outcome in pairs) and not found.held and not force
        asked = (found, {one.sha256 for one in left}) if found.held else None
        texts = (gr.skip(), into or gr.skip()) if left else ("", "")  # an emptied name: the next sitting is somebody else's
        return (enrolled.report(found, held, house), left, tray.show(left), gr.update(visible=retry), asked, *texts, strangers())

    def refused(text: str) -> tuple[Any, ...]:
        return note("Nothing was enrolled.", text, "warn"), *[gr.skip()] * 2, gr.update(visible=False), *[gr.skip()] * 4

    owner = house.edge.owner
    shared = {"outputs": [form.report, form.waiting, form.waits, form.anyway, form.asked, form.consent, form.name, form.seen],
              "api_visibility": "private", **in_order("tray", "once"), "show_progress_on": form.report}
    given = [form.name, form.consent, form.waiting]
    gr.on([form.go.click, form.name.submit], owner(enroll, refused), [*given, gr.State(False)], **shared)
    form.anyway.click(owner(enroll, refused), [*given, gr.State(True)], **shared)
    form.report.choose(owner(choose, refused), [form.asked, form.consent, form.waiting], **shared)

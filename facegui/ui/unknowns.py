"""The Unknown tab: strangers, kept only if the owner wants it, to be named once."""

from __future__ import annotations

import time
from typing import Any

import gradio as gr

from ..service.strangers import Stranger
from ..types import Cover, FaceguiError
from .edge import QUIET, in_order
from .house import House
from .markup import chip, esc, jpeg_address, note, plural

KEEPING = [("Keep nobody", 0.0), ("for an hour", 1.0), ("for a day", 24.0), ("for a week", 168.0)]
SHORT = {Cover.MASKED: "mask", Cover.OTHER: "covered"}
PICK = """element.addEventListener('click', (event) => {
  const one = event.target.closest('[data-stranger]');
  if (one) trigger('pick', {number: Number(one.dataset.stranger)});
});"""


def tab(house: House, this: gr.Tab) -> None:
    """Fills the tab; it shows the present state whenever it is opened."""
    chosen = gr.State(None)
    hours = gr.Radio(KEEPING, label="Keep people whom nobody has enrolled", elem_id="fg-keep",
                     info="In memory only, until then or until facegui is closed. Only what you recognise yourself, never a "
                          "guest's pictures.")
    faces = gr.HTML(js_on_load=PICK, elem_id="fg-strangers")
    with gr.Column(visible=False) as form:
        shown = gr.HTML()
        with gr.Row(equal_height=True):
            name = gr.Textbox("", label="Who is it?", max_length=120, elem_id="fg-stranger-name")
            go = gr.Button("Enroll", variant="primary", elem_id="fg-stranger-go")
            drop = gr.Button("Discard", elem_id="fg-stranger-drop")
        covered = gr.Checkbox(label="Enroll the pictures of the covered face anyway", visible=False, elem_id="fg-stranger-covered",
                              info="Other covered faces resemble such a picture: better wait for a look at the bare face.")
    outputs = [hours, faces, chosen, form, shown, name, covered]

    def show(message: str = "") -> tuple[Any, ...]:
        kept = house.strangers.hours
        cells = message + grid(house.strangers.everybody(), kept)
        return kept, cells, None, gr.update(visible=False), "", "", gr.update(visible=False, value=False)

    def keep(wanted: float) -> tuple[Any, ...]:
        house.strangers.keep(float(wanted))
        return show()

    def pick(event: gr.EventData) -> tuple[Any, ...]:
        one = house.strangers.one(int(event.number))
        pictures = "".join(f'<figure><img class="fg-face" src="{jpeg_address(each.thumbnail)}" alt=""><figcaption>'
                           f'{chip(SHORT[each.cover]) if each.covered else ""}</figcaption></figure>' for each in one.pictures)
        return (gr.skip(), gr.skip(), one.number, gr.update(visible=True), f'<div class="fg-photos">{pictures}</div>', "",
                gr.update(visible=one.covered, value=False))

    def enroll(number: int | None, called: str, covered_too: bool) -> tuple[Any, ...]:
        if not called.strip():
            raise FaceguiError("type a name first")
        report = house.strangers.name(number or 0, called.strip(), covered_too=covered_too)
        if not report.enrolled:
            reasons = " ".join(dict.fromkeys(one.advice for one in report.outcomes if one.advice))
            raise FaceguiError(f"none of these pictures could be enrolled. {reasons}")
        return show(note(f"{report.name} is enrolled from {plural(report.enrolled, 'picture')}.", kind="good"))

    def discard(number: int | None) -> tuple[Any, ...]:
        house.strangers.drop(number or 0)
        return show()

    owner, quiet = house.edge.owner, {"outputs": outputs, **QUIET, **in_order("strangers")}
    this.select(owner(lambda: show()), None, **quiet)
    hours.input(owner(keep), hours, **quiet)
    faces.pick(owner(pick), None, **quiet)
    once = {**quiet, **in_order("strangers", "once")}  # a second click while the first is worked on is none
    gr.on([go.click, name.submit], owner(enroll), [chosen, name, covered], **once)
    drop.click(owner(discard), chosen, **once)


def grid(people: list[Stranger], hours: float) -> str:
    """The unknown people who are kept, to be clicked; or why there are none."""
    if not hours:
        return note("Nobody is kept.", "Choose in the Unknown tab how long strangers may be kept, then recognise photos or open the "
                    "camera: unknown people appear here, and you name each of them once.")
    if not people:
        return note("Nobody unknown was seen yet.", "Recognise photos or open the camera; whoever is not enrolled appears here.")

    def seen(one: Stranger) -> str:
        return esc(plural(one.seen, "look")) + (", masked" if one.pictures[0].cover == Cover.MASKED else ", covered" if one.covered else "")

    cells = "".join(f'<button type="button" data-stranger="{one.number}"><img class="fg-face" alt="unknown person {one.number}" '
                    f'src="{jpeg_address(one.pictures[0].thumbnail)}"><span>{seen(one)}</span>'
                    f"<small>{time.strftime('%H:%M', time.localtime(one.last_s))}</small></button>" for one in people)
    return f'<p class="fg-hint">{plural(len(people), "unknown person", "unknown people")}</p><div class="fg-grid">{cells}</div>'

"""The System tab: what the program runs on, and what would make it better."""

from __future__ import annotations

import gradio as gr

from . import promise
from .house import House
from .markup import chip, esc, note

STATES = {"ok": ("fine", "good"), "advice": ("advice", "warn"), "broken": ("to repair", "bad")}


def tab(house: House, this: gr.Tab) -> None:
    """Fills the tab. `this`: the tab itself, to show what changed elsewhere whenever it is opened."""
    promise.control(house, this)
    gr.HTML('<p class="fg-hint">Checks the packages, the device, the models, the time per photo, the gallery and the disk; it '
            "takes a few seconds and changes nothing.</p>")
    look = gr.Button("Examine this machine", variant="primary", elem_id="fg-doctor")
    found = gr.HTML(elem_id="fg-findings")
    look.click(house.edge.owner(lambda: report(house), _refused), None, found, api_visibility="private", concurrency_id="sight")


def report(house: House) -> str:
    rows = "".join(f"<li>{chip(*STATES.get(one.state, (one.state, '')))}<div><b>{esc(one.about)}</b><p>{esc(one.text)}</p></div></li>"
                   for one in house.service.doctor())
    return f'<ul class="fg-findings">{rows}</ul>'


def _refused(text: str) -> str:
    return note("The examination stopped.", text, "bad")

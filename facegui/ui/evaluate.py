"""The Evaluate tab: measure the model in use on a folder, on pairs or on the own gallery; drag the threshold; save a report."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..evaluate.page import SCRIPT
from ..service.evaluating import Evaluating
from .edge import QUIET, in_order
from .house import House, drop
from .markup import note
from .words import say

KINDS = [("My own gallery: expected errors, wrong labels, look-alikes", "gallery"), ("A folder of people", "folder"),
         ("A folder of people, masks drawn on their photos", "masked"), ("A pairs file, as LFW has", "pairs"),
         ("LFW itself (Labeled Faces in the Wild), or a folder laid out like it", "lfw")]
PEOPLE = ("Folder", "A folder of this machine with one sub-folder of photos per person.")
PLACES = {"gallery": PEOPLE, "folder": PEOPLE, "masked": PEOPLE,  # label and hint of the field for the place
          "pairs": ("Pairs file", "Lines NAME N M (same person) and NAME1 N NAME2 M."),
          "lfw": ("Folder", "It holds pairs.txt and images/NAME/NAME_0001.jpg. Its pairs, and all photos in them against each other.")}
ABOUT = ('<p class="fg-hint fg-prose">How often does the model in use miss somebody it knows, and how often does it give a stranger a '
         "name? Measure it, and drag the threshold to see what another one would cost. Nothing in the gallery is changed.</p>")
EMPTY = note("Nothing is measured yet.", "Choose what to measure on and press Measure. Faces that were found before are remembered, "
             "so measuring a second model on the same photos takes seconds.")
LIVE = f"{SCRIPT}\nfacegui_thresholds(element);"


def tab(house: House, this: gr.Tab) -> None:
    """Fills the tab. The measurement is a job of the service: a closed browser does not stop it."""
    measuring = Evaluating(house.service)
    house.derived.append(lambda: _forget(measuring))
    gr.HTML(ABOUT)
    with gr.Row(elem_classes="fg-main"):
        with gr.Column(scale=3, min_width=300):
            kind = gr.Radio(KINDS, value="gallery", label="Measure on", elem_id="fg-evaluate-kind")
        with gr.Column(scale=2, min_width=280):
            place = gr.Textbox("", label="Folder", placeholder="/home/ana/people", visible=False, elem_id="fg-evaluate-place",
                               info=PEOPLE[1])
            images = gr.Textbox("", label="Folder of the pairs' photos", placeholder="/home/ana/lfw/images", visible=False,
                                elem_id="fg-evaluate-images", info="NAME/NAME_0001.jpg and so on.")
            go = gr.Button("Measure", variant="primary", elem_id="fg-evaluate-go")
            save = gr.DownloadButton("Save as one HTML file", visible=False, elem_id="fg-evaluate-save")
    view = gr.HTML(EMPTY, js_on_load=LIVE, elem_id="fg-evaluate-view")

    def ask(kind: str) -> tuple[Any, ...]:
        label, info = map(say, PLACES[kind])
        return gr.update(visible=kind != "gallery", label=label, info=info), gr.update(visible=kind == "pairs")

    def measure(kind: str, place: str, images: str, request: gr.Request) -> tuple[Any, ...]:
        if kind != "gallery":
            house.access.require_local(request)  # nobody else's paths are ever opened
        measuring.start(kind, place, images)
        return house.bar.now()

    def report(shown: int | None) -> tuple[Any, ...]:
        _forget(measuring)  # what another process deleted is not shown either
        if not measuring.number or measuring.number == shown:
            return gr.skip(), gr.skip(), shown
        if measuring.report is None:  # a photo in it was deleted
            return EMPTY, gr.update(visible=False, value=None), measuring.number
        return measuring.body, gr.update(visible=True, value=str(measuring.file())), measuring.number

    edge, shown = house.edge, gr.State(None)
    choices = [kind, place, images]
    kind.change(edge.owner(ask), kind, [place, images], **QUIET)
    go.click(edge.owner(measure), choices, house.bar.outputs, **QUIET)
    gr.on([this.select, house.bar.finished.change], edge.owner(report, lambda _: (gr.skip(),) * 3), shown, [view, save, shown],
          **QUIET, **in_order("report"))


def _forget(measuring: Evaluating) -> int:
    """Delete the measurement where a photo in it is gone, and its file with all copies; returns how many went."""
    file, gone = measuring.saved, measuring.forget()
    if gone and file is not None:
        drop(file)
    return gone

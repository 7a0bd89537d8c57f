"""The Train tab: data, base, what to tune; live curves; old and new side by side; promote or roll back."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..evaluate.page import SCRIPT
from ..service.learning import Learning
from ..training import Augment, Recipe
from ..types import FaceguiError
from . import trained
from .edge import QUIET
from .house import House
from .markup import note
from .words import say

TUNE = [("A small layer behind the network: seconds to minutes", "head"), ("The network's last stage: minutes", "last"),
        ("The whole network: hours on a CPU", "all")]
LIVE = f"{SCRIPT}\nfacegui_thresholds(element);"
ABOUT = ('<p class="fg-hint">Recognition needs no training: people are enrolled in seconds, and the network stays as it is. '
         "Training makes a <b>new network</b>, useful when your photos are of another kind than those it was made from. It is "
         "judged on people it has not seen, bare and masked, and used only when you say so.</p>")


class Form:
    """What is to be trained on what, and how. `given`: the fields in the order that `recipe` takes them."""

    def __init__(self) -> None:
        self.folder = gr.Textbox("", label="Photos", placeholder="/home/ana/people", elem_id="fg-train-folder",
                                 info="A folder of this machine with one sub-folder of photos per person.")
        self.base = gr.Dropdown([], label="Start from", elem_id="fg-train-base")
        self.tune = gr.Radio(TUNE, value="head", label="What learns", elem_id="fg-train-tune")
        self.name = gr.Textbox("mine", label="Name of the new model", max_length=64, elem_id="fg-train-name")
        with gr.Accordion("More", open=False):
            steps = gr.Number(0, label="Steps (0: chosen from the amount of data)", precision=0, minimum=0)
            triplet = gr.Slider(0, 1, 0.3, step=0.05, label="Weight of the triplet loss (batch-hard)")
            arcface = gr.Slider(0, 1, 0.7, step=0.05, label="Weight of the ArcFace loss")
            masks = gr.Slider(0, 1, 0.5, step=0.05, label="Share of faces that get a drawn mask")
        self.given = [self.folder, self.base, self.tune, self.name, steps, triplet, arcface, masks]
        with gr.Row():
            self.check = gr.Button("What will it do?", elem_id="fg-train-check")
            self.go = gr.Button("Train", variant="primary", elem_id="fg-train-go")
        self.plan = gr.HTML(elem_id="fg-train-plan")


class Stopped:
    """A training that was stopped and can go on."""

    def __init__(self) -> None:
        with gr.Group(visible=False) as self.group:
            gr.HTML('<p class="fg-hint" style="padding:.6rem .8rem 0">Stopped, and able to go on:</p>')
            self.which = gr.Dropdown([], show_label=False, container=False, elem_id="fg-train-which")
            with gr.Row():
                self.discard = gr.Button("Give it up", elem_id="fg-train-discard")
                self.resume = gr.Button("Resume", variant="primary", elem_id="fg-train-resume")


class Shown:
    """How it goes, beside the form; and what came out of it, below both."""

    def __init__(self) -> None:
        with gr.Row():
            self.pause = gr.Button("Pause", visible=False, elem_id="fg-train-pause")
        self.view = gr.HTML(elem_id="fg-train-view")
        self.examples = gr.HTML(elem_id="fg-train-examples")

    def end(self) -> None:
        """What stands below both columns."""
        with gr.Row():
            self.promote = gr.Button("Use the new model", variant="primary", visible=False, elem_id="fg-train-promote")
            self.back = gr.Button("Back to the earlier model", visible=False, elem_id="fg-train-back")
        self.result = gr.HTML(js_on_load=LIVE, elem_id="fg-train-result")


def tab(house: House, this: gr.Tab) -> None:
    """Fills the tab. The training is a job of the service: a closed browser does not stop it."""
    learning = Learning(house.service)
    gr.HTML(ABOUT)
    with gr.Row(elem_classes="fg-main"):
        with gr.Column(scale=2, min_width=300):
            form, stopped = Form(), Stopped()
        with gr.Column(scale=3, min_width=320):
            shown = Shown()
    shown.end()
    _begin(house, learning, this, form)
    _hold(house, learning, stopped, shown)
    _choose(house, learning, shown)
    _follow(house, learning, this, stopped, shown)


def _begin(house: House, learning: Learning, this: gr.Tab, form: Form) -> None:
    """What it would cost, and the start."""

    def recipe(folder: str, base: str | None, tune: str, name: str, steps: float, triplet: float, arcface: float,
               masks: float) -> Recipe:
        if not folder.strip():
            raise FaceguiError("type the folder of the photos first")
        base = base or learning.bases()[0]
        return Recipe(name=name.strip(), folder=folder.strip(), base=base, tune="all" if base.startswith("new ") else tune,
                      steps=int(steps or 0), triplet=triplet, arcface=arcface, augment=Augment(mask=masks))

    def bases(chosen: str | None) -> Any:
        there = learning.bases()
        return gr.update(choices=there) if chosen in there else gr.update(choices=there, value=there[0])  # what is chosen meanwhile stays

    def cost(folder: str, base: str, tune: str, name: str, steps: float, triplet: float, arcface: float, masks: float) -> str:
        return trained.plan(learning.cost(recipe(folder, base, tune, name, steps, triplet, arcface, masks)))

    def start(folder: str, base: str, tune: str, name: str, steps: float, triplet: float, arcface: float,
              masks: float) -> tuple[Any, ...]:
        learning.start(recipe(folder, base, tune, name, steps, triplet, arcface, masks))
        return house.bar.now()

    edge = house.edge
    this.select(edge.owner(bases), form.base, form.base, **QUIET)
    form.check.click(edge.local(cost, lambda text: note("This cannot be trained.", text, "warn")), form.given, form.plan, **QUIET)
    form.go.click(edge.local(start), form.given, house.bar.outputs, **QUIET)


def _hold(house: House, learning: Learning, stopped: Stopped, shown: Shown) -> None:
    """Pause and go on; take up one that was stopped, or give it up."""

    def go_on(name: str | None) -> tuple[Any, ...]:
        chosen = next((one for one in learning.interrupted() if one.name == name), None)
        if chosen is None:
            raise FaceguiError("choose the training that is to go on first")
        learning.start(chosen)
        return house.bar.now()

    def give_up(name: str | None) -> Any:
        learning.discard(name or "")
        return gr.skip()

    def hold() -> Any:
        learning.go_on() if learning.paused else learning.pause()
        return gr.update(value=say("Go on" if learning.paused else "Pause"))

    owner = house.edge.owner
    stopped.resume.click(owner(go_on), stopped.which, house.bar.outputs, **QUIET)
    stopped.discard.click(owner(give_up), stopped.which, stopped.which, **QUIET)
    shown.pause.click(owner(hold), None, shown.pause, queue=False, **QUIET)


def _choose(house: House, learning: Learning, shown: Shown) -> None:
    """The new model is used, or the earlier one again."""

    def use() -> tuple[Any, ...]:
        if learning.outcome is None:
            raise FaceguiError("train a model first")
        learning.promote(learning.outcome.card.id)
        return house.bar.now()

    def roll_back() -> tuple[Any, ...]:
        learning.roll_back()
        return house.bar.now()

    shown.promote.click(house.edge.owner(use), None, house.bar.outputs, **QUIET)
    shown.back.click(house.edge.owner(roll_back), None, house.bar.outputs, **QUIET)


def _follow(house: House, learning: Learning, this: gr.Tab, stopped: Stopped, shown: Shown) -> None:
    """What is shown keeps up with the training, whoever started it."""
    mark = gr.State(None)

    def look(last: Any) -> tuple[Any, ...]:
        waiting = [one.name for one in learning.interrupted()]
        in_use = learning.in_use
        now = [learning.version, in_use, learning.before, waiting]
        if now == last:
            return (gr.skip(),) * 8 + (last,)
        outcome = learning.outcome
        same = last and last[0] == now[0]  # only the model in use changed: nothing is drawn anew
        drawn = (gr.skip(),) * 3 if same else (trained.progress(learning), trained.examples(learning.examples), trained.result(outcome))
        return (*drawn,
                gr.update(visible=learning.running and bool(learning.reports), value=say("Go on" if learning.paused else "Pause")),
                gr.update(visible=outcome is not None and outcome.card.id != in_use),
                gr.update(visible=learning.before is not None and learning.before != in_use,
                          value=say(f"Back to {learning.before}")),
                gr.update(visible=bool(waiting)), gr.update(choices=waiting, value=waiting[0] if waiting else None), now)

    outputs = [shown.view, shown.examples, shown.result, shown.pause, shown.promote, shown.back, stopped.group, stopped.which, mark]
    gr.on([gr.Timer(2.0).tick, this.select, house.bar.finished.change], house.edge.owner(look, lambda _: (gr.skip(),) * 9), mark,
          outputs, queue=False, **QUIET)

"""The Train tab: data, base, what to tune; live curves; old and new side by side; promote or roll back."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..service.learning import Learning
from ..training import Augment, Recipe
from ..types import FaceguiError
from . import chart
from .house import House
from .markup import esc, note, plural

TUNE = [("A small layer behind the network: seconds to minutes", "head"), ("The network's last stage: minutes", "last"),
        ("The whole network: hours on a CPU", "all")]
ABOUT = ('<p class="fg-hint">Recognition needs no training: people are enrolled in seconds, and the network stays as it is. '
         "Training makes a <b>new network</b>, useful when your photos are of another kind than those it was made from. It is "
         "judged on people it has not seen, bare and masked, and used only when you say so.</p>")
FIGURES = {"tar_bare": "bare pairs accepted", "tar_masked": "masked pairs accepted",
           "tar_masked_new": "pairs with an unseen kind of mask accepted", "rank1_masked": "masked face found first",
           "rank1_masked_new": "face with an unseen kind of mask found first"}


def tab(house: House, this: gr.Tab) -> None:
    """Fills the tab. The training is a job of the service: a closed browser does not stop it."""
    learning = Learning(house.service)
    gr.HTML(ABOUT)
    with gr.Row(elem_classes="fg-main"):
        with gr.Column(scale=2, min_width=300):
            folder = gr.Textbox("", label="Photos", placeholder="/home/ana/people", elem_id="fg-train-folder",
                                info="A folder of this machine with one sub-folder of photos per person.")
            base = gr.Dropdown([], label="Start from", elem_id="fg-train-base")
            tune = gr.Radio(TUNE, value="head", label="What learns", elem_id="fg-train-tune")
            name = gr.Textbox("mine", label="Name of the new model", max_length=64, elem_id="fg-train-name")
            with gr.Accordion("More", open=False):
                steps = gr.Number(0, label="Steps (0: chosen from the amount of data)", precision=0, minimum=0)
                triplet = gr.Slider(0, 1, 0.3, step=0.05, label="Weight of the triplet loss (batch-hard)")
                arcface = gr.Slider(0, 1, 0.7, step=0.05, label="Weight of the ArcFace loss")
                masks = gr.Slider(0, 1, 0.5, step=0.05, label="Share of faces that get a drawn mask")
            with gr.Row():
                check = gr.Button("What will it do?", elem_id="fg-train-check")
                go = gr.Button("Train", variant="primary", elem_id="fg-train-go")
            plan = gr.HTML(elem_id="fg-train-plan")
        with gr.Column(scale=3, min_width=320):
            view = gr.HTML(elem_id="fg-train-view")
            with gr.Row():
                promote = gr.Button("Use the new model", variant="primary", visible=False, elem_id="fg-train-promote")
                back = gr.Button("Back to the earlier model", visible=False, elem_id="fg-train-back")

    def recipe(folder: str, base: str, tune: str, name: str, steps: float, triplet: float, arcface: float,
               masks: float) -> Recipe:
        if not folder.strip():
            raise FaceguiError("type the folder of the photos first")
        if not base:
            raise FaceguiError("choose the model to start from first")
        return Recipe(name=name.strip(), folder=folder.strip(), base=base, tune="all" if base.startswith("new ") else tune,
                      steps=int(steps or 0), triplet=triplet, arcface=arcface, augment=Augment(mask=masks))

    def bases(chosen: str | None) -> Any:
        there = learning.bases()
        return gr.update(choices=there, value=chosen if chosen in there else there[0])

    def cost(folder: str, base: str, tune: str, name: str, steps: float, triplet: float, arcface: float, masks: float) -> str:
        found = learning.cost(recipe(folder, base, tune, name, steps, triplet, arcface, masks))
        return note(f"{plural(found.photos, 'photo')} of {plural(found.people, 'person', 'people')}.",
                    f"{plural(found.steps, 'step')} of {found.faces_per_step} faces. A fifth of the people is held out to judge "
                    "the result; the remaining time shows on top after the first steps.")

    def start(folder: str, base: str, tune: str, name: str, steps: float, triplet: float, arcface: float,
              masks: float) -> tuple[Any, ...]:
        learning.start(recipe(folder, base, tune, name, steps, triplet, arcface, masks))
        return house.bar.now()

    def look(shown: Any) -> tuple[Any, ...]:
        mark = (len(learning.reports), learning.outcome is not None, learning.before)
        if list(mark) == shown:
            return gr.skip(), gr.skip(), gr.skip(), shown
        return (progress(learning), gr.update(visible=learning.outcome is not None),
                gr.update(visible=learning.before is not None), list(mark))

    def use() -> tuple[Any, ...]:
        if learning.outcome is None:
            raise FaceguiError("train a model first")
        learning.promote(learning.outcome.card.id)
        return house.bar.now()

    def roll_back() -> tuple[Any, ...]:
        learning.roll_back()
        return house.bar.now()

    given = [folder, base, tune, name, steps, triplet, arcface, masks]
    quiet = {"api_visibility": "private", "show_progress": "hidden"}
    edge, shown = house.edge, gr.State(None)
    this.select(edge.owner(bases), base, base, **quiet)
    check.click(edge.local(cost, lambda text: note("This cannot be trained.", text, "warn")), given, plan, **quiet)
    go.click(edge.local(start), given, house.bar.outputs, **quiet)
    promote.click(edge.owner(use), None, house.bar.outputs, **quiet)
    back.click(edge.owner(roll_back), None, house.bar.outputs, **quiet)
    gr.on([gr.Timer(2.0).tick, this.select, house.bar.finished.change], edge.owner(look, lambda _: (gr.skip(),) * 4), shown,
          [view, promote, back, shown], queue=False, **quiet)


def progress(learning: Learning) -> str:
    """Curves so far and, at the end, old and new side by side."""
    reports = learning.reports
    if not reports:
        return note("No training runs.", "Choose a folder of photos on the left and press Train. It goes on when this page is "
                    "closed, can be cancelled on top, and continues where it stopped when started again.")
    figures: dict[str, list[tuple[float, float]]] = {}
    for one in reports:
        for name, value in one.figures.items():
            if name != "selection":
                figures.setdefault(FIGURES.get(name, name.replace("_", " ")), []).append((one.step, value))
    head = result(learning) if learning.outcome else ""
    return (f'{head}<div class="fg-charts">{chart.lines("loss", {"loss": [(one.step, one.loss) for one in reports]})}'
            f'{chart.lines("on people it has not seen", figures, percent=True)}'
            f'{chart.lines("learning rate", {"learning rate": [(one.step, one.lr) for one in reports]})}</div>')


def result(learning: Learning) -> str:
    outcome = learning.outcome
    rows = "".join(f"<tr><th>{esc(FIGURES.get(name, name.replace('_', ' ')))}</th>"
                   f"<td>{_share(outcome.other_figures.get(name))}</td><td>{_share(value)}</td></tr>"
                   for name, value in outcome.figures.items() if name != "selection")
    kind = {True: "good", False: "warn", None: ""}[outcome.better]
    table = (f'<table class="fg-table fg-wide"><tr><th></th><td>{esc(outcome.other or "before")}</td><td>'
             f"{esc(outcome.card.id)}</td></tr>{rows}</table>")
    left_out = f" {plural(len(outcome.refused), 'photo')} left out." if outcome.refused else ""
    return note(f"{outcome.card.id} is trained.", outcome.verdict + left_out, kind) + table


def _share(value: float | None) -> str:
    return "" if value is None or value != value else f"{100 * value:.1f} %"

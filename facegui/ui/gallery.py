"""The Gallery tab: everybody, one person's page, and the gallery as a whole."""

from __future__ import annotations

from typing import Any

import gradio as gr

from . import doubts, grid, keeping, person
from .edge import QUIET, in_order
from .house import House
from .undo import Undo


def tab(house: House, this: gr.Tab, tabs: gr.Tabs, enroll_name: gr.Textbox) -> None:
    """Fills the tab. `this`: the tab itself, to show what changed elsewhere whenever it is opened."""
    page = gr.State(0)
    undo = Undo(house)
    with gr.Column() as everybody:
        with gr.Row(equal_height=True):
            search = gr.Textbox("", placeholder="Search a name", show_label=False, container=False, scale=4, elem_id="fg-search")
            back = gr.Button("\u2190", scale=0, min_width=60, visible=False)
            forth = gr.Button("\u2192", scale=0, min_width=60, visible=False)
        faces = gr.HTML(js_on_load=grid.PICK, elem_id="fg-people")
    one = person.Page(house, tabs, enroll_name, undo)
    with gr.Column() as whole:
        doubtful = doubts.Panel(house, undo)
        keeping.fill(house)

    def show(query: str | None, number: int) -> tuple[Any, ...]:
        query = (query or "").strip()  # None until the tab was open once
        people = house.service.people(query or None)
        number = min(max(number, 0), grid.pages(people) - 1)
        return (grid.show(house, people, number, query), number, gr.update(visible=number > 0),
                gr.update(visible=number + 1 < grid.pages(people)))

    def first(query: str) -> tuple[Any, ...]:
        return show(query, 0)

    def step(by: int):
        return lambda query, number: show(query, number + by)

    owner = house.edge.owner
    # a search may not be overtaken by an older listing, nor may one from before somebody was forgotten come last
    listing = {"outputs": [faces, page, back, forth], **QUIET, **in_order("grid")}
    search.change(owner(first), search, **{**listing, **in_order("grid", "always_last")})
    back.click(owner(step(-1)), [search, page], **listing)
    forth.click(owner(step(1)), [search, page], **listing)

    def open_person(event: gr.EventData) -> tuple[Any, ...]:
        return *undo.quiet(), *one.show(str(event.name)), gr.update(visible=False), gr.update(visible=False)

    def close_person(query: str, number: int) -> tuple[Any, ...]:
        return *one.hide(), gr.update(visible=True), gr.update(visible=True), *show(query, number)

    faces.pick(owner(open_person), None, [*undo.outputs, *one.outputs, everybody, whole], **QUIET)
    gr.on([one.back.click, one.gone.change, undo.undone.change], owner(close_person), [search, page],
          **{**listing, "outputs": [*one.outputs, everybody, whole, *listing["outputs"]]})
    doubtful.follow([this.select, one.back.click, one.gone.change, house.bar.finished.change])
    gr.on([this.select, house.bar.finished.change, doubtful.changed.change], owner(show), [search, page], **listing)

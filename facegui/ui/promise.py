"""How many strangers may get a name, and how strictly single people are recognised: a part of the System tab."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..decide.promise import CHOICES, Promise
from ..decide.rule import STRICTNESS
from ..types import Statement
from .edge import QUIET, in_order
from .house import House
from .markup import note

BY_HAND = 0
WORDS = [(f"1 in {choice:,}", choice) for choice in CHOICES] + [("a score by hand", BY_HAND)]


def control(house: House, tab: gr.Tab) -> None:
    """Filled anew whenever `tab` is opened."""
    decisions = house.service.decisions
    with gr.Group(elem_id="fg-promise"):
        choice = gr.Radio(WORDS, value=None, label="How many strangers may get a name?", info="The fewer, the more often somebody "
                          "who is enrolled stays unknown or becomes a question.")
        by_hand = gr.Slider(0.0, 1.0, 0.5, step=0.01, label="Score that a name needs", visible=False)
    said = gr.HTML(elem_id="fg-promised")
    with gr.Accordion("Recognise one person more strictly", open=False), gr.Row():
        person = gr.Dropdown([], value=None, label="Person", allow_custom_value=False, elem_id="fg-strict-person")
        level = gr.Radio([("as usual", "normal"), ("strictly: 10 times fewer strangers", "strict"),
                          ("very strictly: 100 times fewer", "stricter")], value=None, label="This person is recognised")

    def show() -> list[Any]:
        names = [one.name for one in house.service.people()]
        return [*_shown(decisions.statement(), decisions.promise()), gr.update(choices=names, value=None), gr.update(value=None)]

    def keep(one_in: int | None, score: float) -> list[Any]:
        if one_in not in (*CHOICES, BY_HAND):
            return [gr.skip()] * 3
        return _shown(decisions.keep(Promise(one_in) if one_in else Promise(by_hand=float(score))), decisions.promise())

    def strictness(name: str | None) -> list[Any]:
        return [gr.update(value=name), gr.update(value=decisions.strictness(name) if name else None)]

    def set_strictness(name: str | None, value: str | None) -> list[Any]:
        if name and value in STRICTNESS:
            decisions.set_strictness(name, value)
        return strictness(name)

    shown = house.edge.owner(show, lambda text: [gr.skip(), gr.skip(), note("Not known.", text, "warn"), gr.skip(), gr.skip()])
    line = {**QUIET, **in_order("promise")}
    tab.select(shown, None, [choice, by_hand, said, person, level], **line)
    changed = house.edge.owner(keep, lambda text: [gr.skip(), gr.skip(), note("Not done.", text, "bad")])
    gr.on([choice.input, by_hand.release], changed, [choice, by_hand], [choice, by_hand, said], **line)
    person.input(house.edge.owner(strictness), person, [person, level], **line)
    level.input(house.edge.owner(set_strictness), [person, level], [person, level], **line)


def _shown(statement: Statement, promise: Promise) -> list[Any]:
    by_hand = promise.by_hand is not None
    kind = "" if statement.one_in is None else "good" if statement.enough else "warn"
    title = "Set by hand" if by_hand else f"At most {statement.promise} strangers gets a name" if statement.enough else (
        f"Not enough data to promise {promise.words}")
    return [gr.update(value=BY_HAND if by_hand else promise.one_in),
            gr.update(visible=by_hand, value=promise.by_hand if by_hand else round(min(max(statement.threshold, 0), 1), 2)),
            note(title, statement.words, kind)]

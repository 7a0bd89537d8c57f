"""What was just done to the gallery, with a button that takes it back where that is possible."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..types import FaceguiError
from .edge import QUIET
from .house import House
from .markup import note, plural

Step = tuple[Any, ...]  # ("rename", was, is) | ("merge", id) | ("move", id) | ("apart", one, other) | ("keep", photo id)


class Undo:
    """One line on top of the Gallery tab. `outputs` belong to every handler that tells something through it; `undone`
    counts what was taken back, so that the rest of the tab follows."""

    def __init__(self, house: House) -> None:
        self._gallery = house.service
        self.step, self.undone = gr.State(None), gr.State(0)
        with gr.Row(visible=False, equal_height=True) as self.row:
            self.report = gr.HTML(elem_id="fg-farewell")
            self.button = gr.Button("Undo", scale=0, min_width=110, visible=False, elem_id="fg-undo")
        self.outputs = [self.row, self.report, self.button, self.step]
        self.button.click(house.edge.owner(self._undo), [self.step, self.undone], [*self.outputs, self.undone],
                          **QUIET)

    @staticmethod
    def told(title: str, text: str = "", step: Step | None = None) -> tuple[Any, ...]:
        """Values for `outputs`: a sentence, and what would take it back."""
        return gr.update(visible=True), note(title, text, "good"), gr.update(visible=step is not None), step

    @staticmethod
    def quiet() -> tuple[Any, ...]:
        return gr.update(visible=False), "", gr.update(visible=False), None

    def _undo(self, step: Step | None, undone: int) -> tuple[Any, ...]:
        if step is None:
            raise FaceguiError("there is nothing to be taken back")
        kind, *values = step
        return *self.told(getattr(self, f"_undo_{kind}")(*values)), undone + 1

    def _undo_rename(self, was: str, now: str) -> str:
        self._gallery.rename(now, was)
        return f"{was} is called {was} again."

    def _undo_merge(self, number: int) -> str:
        into = next((one.into_name for one in self._gallery.gallery.merges() if one.id == number), "the other")
        return f"{self._gallery.gallery.undo_merge(number).name} and {into} are two people again."

    def _undo_move(self, number: int) -> str:
        done = self._gallery.gallery.sorting.undo(number)
        return f"{done.from_name} has {plural(done.photos, 'photo')} back from {done.into_name}."

    def _undo_apart(self, one: str, other: str) -> str:
        self._gallery.gallery.sorting.set_apart(one, other, False)
        return f"{one} and {other} are in question again."

    def _undo_keep(self, photo: int) -> str:
        self._gallery.gallery.sorting.keep(photo, False)
        return "This photo is in question again."

"""Who may be in the gallery twice, and photos that may lie with the wrong person: shown side by side, settled by one click."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import gradio as gr

from ..types import Doubts, Duplicate, FaceguiError, Misplaced
from .edge import QUIET, in_order
from .house import House
from .markup import esc, face, note, plural
from .undo import Undo

MOST = 60  # of each kind, shown at once
CHANGED = "Who was deleted, renamed or merged since, and whose photos were moved, is left out; look again for new doubts."
SETTLE = """element.addEventListener('click', (event) => {
  const one = event.target.closest('[data-settle]');
  if (one) { one.disabled = true; trigger('settle', {...one.dataset}); }
});"""


class Panel:
    """The accordion. `changed` counts what was settled, so that the grid follows."""

    def __init__(self, house: House, undo: Undo) -> None:
        self._house, self._undo = house, undo
        self.changed, self.found = gr.State(0), gr.State(None)
        with gr.Accordion("Doubts: the same person twice, photos with the wrong person", open=False, elem_id="fg-doubts"):
            gr.HTML('<p class="fg-hint">Compares everybody with everybody. Nothing is changed until you settle a doubt, and each '
                    "step can be undone.</p>")
            look = gr.Button("Look for doubts", variant="primary", elem_id="fg-doubts-look")
            self.shown = shown = gr.HTML(js_on_load=SETTLE, elem_id="fg-doubts-found")
        owner, line = house.edge.owner, in_order("doubts")
        look.click(owner(self._search, self._refused), None, [self.found, shown], show_progress_on=shown, api_visibility="private",
                   **in_order("doubts", "once"))
        shown.settle(owner(self._settle), [self.found, self.changed], [*undo.outputs, self.found, shown, self.changed], **QUIET, **line)
        undo.undone.change(owner(self._again), self.found, [self.found, shown], **QUIET, **line)

    def _search(self) -> tuple[Any, ...]:
        found = self._house.service.doubts()
        return found, page(found, self._house)

    @staticmethod
    def _refused(text: str) -> tuple[Any, ...]:
        return None, note("The search for doubts stopped.", text, "bad")

    def _again(self, found: Doubts | None) -> tuple[Any, ...]:
        return (gr.skip(), gr.skip()) if found is None else self._search()

    def follow(self, events: list[Any]) -> None:
        """Leave out, at these events, who is no longer in the gallery."""
        gr.on(events, self._house.edge.owner(self._follow), self.found, [self.found, self.shown], **QUIET, **in_order("doubts"))

    def _follow(self, found: Doubts | None) -> tuple[Any, ...]:
        now = found and self._house.service.still_doubted(found)
        if now == found:
            return gr.skip(), gr.skip()
        return now, f'<p class="fg-hint">{esc(CHANGED)}</p>' + page(now, self._house)

    def _settle(self, event: gr.EventData, found: Doubts | None, changed: int) -> tuple[Any, ...]:
        if found is None:
            raise FaceguiError("look for doubts first")
        what, sorting, now = str(event.settle), self._house.service.gallery.sorting, self._house.service.still_doubted(found)
        if what in ("merge", "apart"):
            one, other = str(event.one), str(event.other)
            left = replace(now, duplicates=tuple(each for each in now.duplicates if {each.one, each.other} != {one, other}))
        elif what in ("move", "keep"):
            photo = int(event.photo)
            left = replace(now, misplaced=tuple(each for each in now.misplaced if each.photo != photo))
            (each,) = [each for each in now.misplaced if each.photo == photo] or [None]
        else:
            raise FaceguiError("choose one of the buttons")
        if left == now:  # by another page, or on somebody's own page
            return *self._undo.told("This doubt has gone already.", CHANGED), now, page(now, self._house), changed
        if what == "merge":
            done = self._house.service.gallery.merge(other, one)
            told = self._undo.told(f"{other} is part of {one} now.", step=("merge", done.id))
        elif what == "apart":
            sorting.set_apart(one, other)
            told = self._undo.told(f"{one} and {other} are not the same.", "This is not asked again.", ("apart", one, other))
        elif what == "move":
            done = sorting.move([photo], each.like)
            told = self._undo.told(f"The photo is {each.like}'s now.", step=("move", done.id))
        else:
            sorting.keep(photo)
            told = self._undo.told(f"The photo stays with {each.person}.", "This is not asked again.", ("keep", photo))
        left = self._house.service.still_doubted(left)
        return *told, left, page(left, self._house), changed + 1


def page(found: Doubts, house: House) -> str:
    """Both lists, or that all is well."""
    compared = (f"{plural(found.templates, 'template')} compared in {found.seconds:.1f} s; two photos count as one person's from "
                f"{found.threshold:.2f} on.")
    if not found.duplicates and not found.misplaced:
        return note("Nothing looks wrong.", compared, "good")
    return (_list("The same person twice?", [_twice(one, house) for one in found.duplicates])
            + _list("With the wrong person?", [_stray(one, house) for one in found.misplaced])
            + f'<p class="fg-hint">{esc(compared)}</p>')


def _list(title: str, cards: list[str]) -> str:
    if not cards:
        return ""
    more = f'<p class="fg-hint">and {len(cards) - MOST:,} more; settle these first</p>' if len(cards) > MOST else ""
    return f'<h4 class="fg-doubts-head">{title} ({len(cards):,})</h4><ul class="fg-doubts">{"".join(cards[:MOST])}</ul>{more}'


def _twice(one: Duplicate, house: House) -> str:
    names = f'data-one="{esc(one.one)}" data-other="{esc(one.other)}"'
    turned = f'data-one="{esc(one.other)}" data-other="{esc(one.one)}"'
    return (f'<li class="fg-doubt">{_figure(house, one.one_photo, one.one)}{_figure(house, one.other_photo, one.other)}'
            f'<div><p>score <b>{one.score:.2f}</b></p><span class="fg-choices">{_button("merge", names, f"Same: {one.one}")}'
            f'{_button("merge", turned, f"Same: {one.other}")}{_button("apart", names, "Not the same")}</span></div></li>')


def _stray(one: Misplaced, house: House) -> str:
    photo = f'data-photo="{one.photo}"'
    return (f'<li class="fg-doubt">{_figure(house, one.photo, f"enrolled as {one.person}")}{_figure(house, one.like_photo, one.like)}'
            f"<div><p>This photo of {esc(one.person)} looks more like {esc(one.like)} (<b>{one.like_score:.2f}</b>) than like the rest "
            f'of {esc(one.person)} ({one.own_score:.2f}).</p><span class="fg-choices">'
            f'{_button("move", photo, f"Move to {one.like}")}{_button("keep", photo, f"Keep with {one.person}")}</span></div></li>')


def _figure(house: House, photo: int, title: str) -> str:
    return f"<figure>{face(house.faces.of_number(photo), title)}<figcaption>{esc(title)}</figcaption></figure>"


def _button(what: str, values: str, text: str) -> str:
    return f'<button type="button" class="fg-button" data-settle="{what}" {values}>{esc(text)}</button>'

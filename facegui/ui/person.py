"""One person's page: photos, rename, split off, merge, each with undo; forget with a report of what was deleted."""

from __future__ import annotations

from typing import Any

import gradio as gr

from .. import quality
from ..types import FaceguiError, Photo
from .edge import QUIET
from .house import House
from .markup import chip, esc, face, plural
from .undo import Undo
from .words import say

CLICK = """element.addEventListener('click', (event) => {
  const cross = event.target.closest('[data-photo]'), figure = event.target.closest('figure');
  if (!cross && figure) {
    figure.classList.toggle('fg-chosen');  // those that look chosen are
    trigger('choose', {photos: [...element.querySelectorAll('.fg-chosen')].map((one) => Number(one.dataset.choose))});
  }
  if (!cross) return;
  if (cross.dataset.sure) { trigger('remove', {photo: Number(cross.dataset.photo)}); return; }
  cross.dataset.sure = '1'; cross.textContent = facegui_say('Remove?'); cross.classList.add('fg-sure');
  setTimeout(() => { delete cross.dataset.sure; cross.textContent = '\\u00d7'; cross.classList.remove('fg-sure'); }, 4000);
});"""
CHOOSE = "Choose photos above"


class Page:
    """The widgets of one person's page and what they do. `outputs` belong to every handler that shows or hides it."""

    def __init__(self, house: House, tabs: gr.Tabs, enroll_name: gr.Textbox, undo: Undo) -> None:
        self._house, self._undo = house, undo
        self.name, self.chosen = gr.State(None), gr.State([])
        self.gone = gr.State(0)  # counts people who left this page for good, so that the grid comes back
        with gr.Column(visible=False, elem_id="fg-person") as self.column:
            with gr.Row(equal_height=True):
                self.back = gr.Button("\u2190 Everybody", size="sm", scale=0, min_width=150)
                self.add = gr.Button("Add photos", size="sm", scale=0, min_width=150)
            self.photos = gr.HTML(js_on_load=CLICK, elem_id="fg-photos")
            with gr.Row():
                with gr.Column(min_width=260):
                    self.new_name = gr.Textbox("", label="Name", max_length=120, elem_id="fg-new-name")
                    self.rename = gr.Button("Rename", elem_id="fg-rename")
                with gr.Column(min_width=260):
                    self.note = gr.Textbox("", label="Consent, notes", max_length=1000, lines=1, elem_id="fg-note")
                    self.keep = gr.Button("Keep the note", elem_id="fg-note-keep")
                with gr.Column(min_width=260):
                    self.into = gr.Dropdown(label="The chosen photos show", choices=[], filterable=True, allow_custom_value=True,
                                            elem_id="fg-split-into")
                    self.split = gr.Button(CHOOSE, interactive=False, elem_id="fg-split")
                with gr.Column(min_width=260):
                    self.other = gr.Dropdown(label="The same person as", choices=[], filterable=True, elem_id="fg-merge-into")
                    self.merge = gr.Button("Merge into that person", elem_id="fg-merge")
                with gr.Column(min_width=260):
                    self.sure = gr.Checkbox(label="Yes, delete this person", info="Photos, templates and index rows; "
                                            "this cannot be undone.", elem_id="fg-forget-sure")
                    self.forget = gr.Button("Forget", variant="stop", elem_id="fg-forget")
        self.outputs = [self.name, self.column, self.photos, self.new_name, self.note, self.into, self.other, self.sure,
                        self.chosen, self.split]
        self._wire(tabs, enroll_name)

    def show(self, name: str) -> tuple[Any, ...]:
        """Values for `outputs`. Raises GalleryError where there is no such person."""
        photos, known = self._house.service.photos(name), self._house.service.gallery.person(name)
        others = gr.update(choices=[one.name for one in self._house.service.people() if one.name != known.name], value=None)
        return (known.name, gr.update(visible=True), _photos(self._house, known.name, known.note, photos), known.name, known.note,
                others, others, False, [], gr.update(value=say(CHOOSE), interactive=False))

    def hide(self) -> tuple[Any, ...]:
        empty = gr.update(choices=[], value=None)
        return None, gr.update(visible=False), "", "", "", empty, empty, False, [], gr.skip()

    def _wire(self, tabs: gr.Tabs, enroll_name: gr.Textbox) -> None:
        owner = self._house.edge.owner
        staying, leaving = [*self._undo.outputs, *self.outputs], [*self._undo.outputs, self.gone]
        self.photos.remove(owner(self._remove), self.name, staying, **QUIET)
        self.photos.choose(owner(self._choose), None, [self.chosen, self.split], trigger_mode="multiple", concurrency_limit=1, **QUIET)
        gr.on([self.rename.click, self.new_name.submit], owner(self._rename), [self.name, self.new_name], staying, **QUIET)
        gr.on([self.keep.click, self.note.submit], owner(self._note), [self.name, self.note], staying, **QUIET)
        self.split.click(owner(self._split), [self.name, self.chosen, self.into], staying, **QUIET)
        self.merge.click(owner(self._merge), [self.name, self.other, self.gone], leaving, **QUIET)
        self.forget.click(owner(self._forget), [self.name, self.sure, self.gone], leaving, **QUIET)
        self.add.click(owner(lambda name: (gr.update(selected="enroll"), name)), self.name, [tabs, enroll_name], **QUIET)

    def _choose(self, event: gr.EventData) -> tuple[Any, ...]:
        chosen = [int(one) for one in event.photos]
        return chosen, gr.update(value=say(f"Split off {plural(len(chosen), 'photo')}" if chosen else CHOOSE), interactive=bool(chosen))

    def _remove(self, event: gr.EventData, name: str) -> tuple[Any, ...]:
        left = self._house.service.photos(name)
        if len(left) < 2:
            raise FaceguiError(f"this is the only photo of {name}; add another one first, or forget the person")
        if event.photo not in {photo.id for photo in left}:
            raise FaceguiError("this photo is gone already")
        deleted = self._house.service.gallery.remove_photo(event.photo)
        text = self._house.deleted(deleted, {event.photo})
        return *self._undo.told("The photo was deleted.", text), *self.show(name)

    def _rename(self, name: str, new: str) -> tuple[Any, ...]:
        new = new.strip()
        if new == name:
            raise FaceguiError("type the new name into the field above first")
        self._house.service.rename(name, new)
        return *self._undo.told(f"{name} is called {new} now.", step=("rename", name, new)), *self.show(new)

    def _note(self, name: str, text: str) -> tuple[Any, ...]:
        self._house.service.gallery.sorting.set_note(name, text)
        return *self._undo.told(f"The note is kept with {name}." if text.strip() else f"Nothing is noted of {name} now."), *self.show(name)

    def _split(self, name: str, chosen: list[int], into: str | None) -> tuple[Any, ...]:
        if not chosen:
            raise FaceguiError("click the photos that show somebody else first")
        if not (into or "").strip():
            raise FaceguiError("choose whom the photos show, or type a new name")
        if not set(chosen) <= {photo.id for photo in self._house.service.photos(name)}:
            raise FaceguiError("a chosen photo is gone already; choose again")
        done = self._house.service.gallery.sorting.move(chosen, into)
        return *self._undo.told(f"{plural(done.photos, 'photo')} of {name} {'is' if done.photos == 1 else 'are'} {done.into_name}'s now.",
                                "Recognised so from the very next picture.", ("move", done.id)), *self.show(name)

    def _merge(self, name: str, other: str | None, gone: int) -> tuple[Any, ...]:
        if not other:
            raise FaceguiError("choose the person this one is the same as first")
        done = self._house.service.gallery.merge(name, other)
        return *self._undo.told(f"{name} is part of {other} now.", step=("merge", done.id)), gone + 1

    def _forget(self, name: str, sure: bool, gone: int) -> tuple[Any, ...]:
        if not sure:
            raise FaceguiError(f"tick the box first if {name} is to be deleted for good")
        mine = {photo.id for photo in self._house.service.photos(name)}
        deleted = self._house.service.forget(name)
        return *self._undo.told(f"{deleted.name} is forgotten.", self._house.deleted(deleted, mine)), gone + 1


def _photos(house: House, name: str, noted: str, photos: list[Photo]) -> str:
    cells = []
    for photo in photos:
        remarks = chip("mask") if photo.masked else ""
        for reason in photo.quality.reasons:
            advice = esc(quality.REASONS.get(reason, reason))
            remarks += f'<span title="{advice}">{chip(reason.replace("_", " "), "warn")}</span>'
        cells.append(f'<figure data-choose="{photo.id}">{face(house.faces.of_photo(photo), photo.original_name or name)}'
                     f'<figcaption>{remarks}</figcaption>'
                     f'<button type="button" data-photo="{photo.id}" aria-label="remove this photo">&times;</button></figure>')
    kept = f'<p class="fg-person-note" translate="no">{esc(noted)}</p>' if noted else ""
    empty = "" if photos else '<p class="fg-hint">No photo is left: nobody can be recognised from this. Add one, or forget the person.</p>'
    return (f'<h3 translate="no">{esc(name)}</h3><p class="fg-hint">{plural(len(photos), "photo")}</p>{kept}{empty}'
            f'<div class="fg-photos">{"".join(cells)}</div>')

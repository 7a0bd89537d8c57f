"""One person's page: photos, rename, merge with undo, forget with a report of what was deleted."""

from __future__ import annotations

from typing import Any

import gradio as gr

from .. import quality
from ..types import Deletion, FaceguiError, Photo
from .house import House
from .markup import chip, esc, face, note, plural

CLICK = """element.addEventListener('click', (event) => {
  const cross = event.target.closest('[data-photo]');
  if (!cross) return;
  if (cross.dataset.sure) { trigger('remove', {photo: Number(cross.dataset.photo)}); return; }
  cross.dataset.sure = '1'; cross.textContent = 'Remove?'; cross.classList.add('fg-sure');
  setTimeout(() => { delete cross.dataset.sure; cross.textContent = '\\u00d7'; cross.classList.remove('fg-sure'); }, 4000);
});"""


class Page:
    """The widgets of one person's page and what they do. `outputs` belong to every handler that shows or hides it."""

    def __init__(self, house: House, tabs: gr.Tabs, enroll_name: gr.Textbox) -> None:
        self._house = house
        self.name = gr.State(None)
        self.gone = gr.State(0)  # counts people who left this page for good, so that the grid comes back
        with gr.Column(visible=False, elem_id="fg-person") as self.column:
            with gr.Row(equal_height=True):
                self.back = gr.Button("\u2190 Everybody", size="sm", scale=0, min_width=150)
                self.add = gr.Button("Add photos", size="sm", scale=0, min_width=150)
            self.message = gr.HTML()
            self.photos = gr.HTML(js_on_load=CLICK, elem_id="fg-photos")
            with gr.Row():
                with gr.Column(min_width=260):
                    self.new_name = gr.Textbox("", label="Name", max_length=120, elem_id="fg-new-name")
                    self.rename = gr.Button("Rename", elem_id="fg-rename")
                with gr.Column(min_width=260):
                    self.other = gr.Dropdown(label="The same person as", choices=[], filterable=True, elem_id="fg-merge-into")
                    self.merge = gr.Button("Merge into that person", elem_id="fg-merge")
                with gr.Column(min_width=260):
                    self.sure = gr.Checkbox(label="Yes, delete this person", info="Photos, templates and index rows; "
                                            "this cannot be undone.", elem_id="fg-forget-sure")
                    self.forget = gr.Button("Forget", variant="stop", elem_id="fg-forget")
        with gr.Row(visible=False, equal_height=True) as self.farewell:
            self.report = gr.HTML(elem_id="fg-farewell")
            self.undo = gr.Button("Undo the merge", scale=0, min_width=150, visible=False, elem_id="fg-undo")
        self.outputs = [self.name, self.column, self.message, self.photos, self.new_name, self.other, self.sure]
        self._wire(tabs, enroll_name)

    def show(self, name: str, message: str = "") -> tuple[Any, ...]:
        """Values for `outputs`. Raises GalleryError where there is no such person."""
        photos = self._house.service.photos(name)
        others = [one.name for one in self._house.service.people() if one.name != name]
        return (name, gr.update(visible=True), message, _photos(self._house, name, photos), name,
                gr.update(choices=others, value=None), False)

    def hide(self) -> tuple[Any, ...]:
        return None, gr.update(visible=False), "", "", "", gr.update(choices=[], value=None), False

    def _wire(self, tabs: gr.Tabs, enroll_name: gr.Textbox) -> None:
        owner, quiet = self._house.edge.owner, {"api_visibility": "private", "show_progress": "hidden"}
        self.photos.remove(owner(self._remove), self.name, self.outputs, **quiet)
        gr.on([self.rename.click, self.new_name.submit], owner(self._rename), [self.name, self.new_name], self.outputs, **quiet)
        leaving = [self.gone, self.farewell, self.report, self.undo]
        self.merge.click(owner(self._merge), [self.name, self.other, self.gone], leaving, **quiet)
        self.forget.click(owner(self._forget), [self.name, self.sure, self.gone], leaving, **quiet)
        self.undo.click(owner(self._undo), self.gone, leaving, **quiet)
        self.add.click(owner(lambda name: (gr.update(selected="enroll"), name)), self.name, [tabs, enroll_name], **quiet)

    def _remove(self, event: gr.EventData, name: str) -> tuple[Any, ...]:
        left = self._house.service.photos(name)
        if len(left) < 2:
            raise FaceguiError(f"this is the only photo of {name}; add another one first, or forget the person")
        if event.photo not in {photo.id for photo in left}:
            raise FaceguiError("this photo is gone already")
        deleted = self._house.service.gallery.remove_photo(event.photo)
        self._house.faces.drop()
        return self.show(name, note("The photo was deleted.", _counts(deleted), "good"))

    def _rename(self, name: str, new: str) -> tuple[Any, ...]:
        new = new.strip()
        if new == name:
            raise FaceguiError("type the new name into the field above first")
        self._house.service.rename(name, new)
        return self.show(new, note(f"{name} is called {new} now.", kind="good"))

    def _merge(self, name: str, other: str | None, gone: int) -> tuple[Any, ...]:
        if not other:
            raise FaceguiError("choose the person this one is the same as first")
        self._house.service.merge(name, other)
        return gone + 1, gr.update(visible=True), note(f"{name} is part of {other} now.", kind="good"), gr.update(visible=True)

    def _forget(self, name: str, sure: bool, gone: int) -> tuple[Any, ...]:
        if not sure:
            raise FaceguiError(f"tick the box first if {name} is to be deleted for good")
        deleted = self._house.service.forget(name)
        self._house.faces.drop()
        told = note(f"{deleted.name} is forgotten.", _counts(deleted), "good")
        return gone + 1, gr.update(visible=True), told, gr.update(visible=False)

    def _undo(self, gone: int) -> tuple[Any, ...]:
        back, part_of = self._house.service.undo_merge()
        return gone + 1, gr.update(visible=True), note(f"{back} and {part_of} are two people again.", kind="good"), \
            gr.update(visible=False)


def _counts(deleted: Deletion) -> str:
    return (f"Deleted: {plural(deleted.photos, 'photo')}, {plural(deleted.files, 'file')}, "
            f"{plural(deleted.templates, 'template')}, {plural(deleted.index_rows, 'index row')}.")


def _photos(house: House, name: str, photos: list[Photo]) -> str:
    cells = []
    for photo in photos:
        remarks = chip("mask") if photo.masked else ""
        for reason in photo.quality.reasons:
            advice = esc(quality.REASONS.get(reason, reason))
            remarks += f'<span title="{advice}">{chip(reason.replace("_", " "), "warn")}</span>'
        cells.append(f'<figure>{face(house.faces.of_photo(photo), photo.original_name or name)}<figcaption>{remarks}</figcaption>'
                     f'<button type="button" data-photo="{photo.id}" aria-label="remove this photo">&times;</button></figure>')
    return (f'<h3>{esc(name)}</h3><p class="fg-hint">{plural(len(photos), "photo")}</p>'
            f'<div class="fg-photos">{"".join(cells)}</div>')

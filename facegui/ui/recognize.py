"""The Recognize tab, photo: upload, paste or take a sample; everybody in it gets a card."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr
import numpy as np

from .. import image
from ..service import answers
from ..types import Identification, ImageError, Picture
from . import answer, reject
from .edge import QUIET
from .house import House
from .markup import esc, note, picture_address
from .photo import photo_input

START = note("Who is this?", "Add a photo, or paste one. Everybody in it is found and named, and people "
             "nobody has enrolled stay unknown.")

GO_TO_CARD = """element.addEventListener('click', (event) => {
  const pick = event.target.closest('[data-pick]');
  if (pick) { pick.disabled = true; trigger('pick', {title: pick.dataset.pick}); }
  const box = event.target.closest('.fg-box');
  const card = box && element.querySelector('#fg-card-' + box.dataset.card);
  if (card) { card.scrollIntoView({behavior: 'smooth', block: 'center'}); card.focus({preventScroll: true}); }
});"""
PICK = """element.addEventListener('click', (event) => {
  const sample = event.target.closest('[data-sample]');
  if (sample) trigger('pick', {title: sample.dataset.sample});
});"""


def tab(house: House, samples: dict[str, np.ndarray], opened: list[gr.Tab]) -> None:
    """Fills the tab. `samples`: title -> pixels, offered as pictures to click. `opened`: the tabs that show it."""
    answered = gr.State(None)  # what the shown answer is about: the gallery's version, the photo and its options
    with gr.Row(elem_classes="fg-main"):
        with gr.Column(scale=2, min_width=300):
            photo = photo_input(sources=["upload", "clipboard"], label="Photo", height=300, elem_id="fg-photo",
                               placeholder="Drop a photo here, click to choose one, or paste it")
            strip = gr.HTML(_strip(samples), js_on_load=PICK, visible=bool(samples))
            with gr.Accordion("Options", open=False):
                small = gr.Checkbox(label="Search for tiny faces", info="For crowds and far away people; takes longer.")
                own = gr.Checkbox(label="Choose the score for a name myself",
                                  info="For this picture; otherwise the gallery's promise about strangers decides, see System.")
                threshold = gr.Slider(0.0, 1.0, 0.5, step=0.01, label="Score needed for a name", visible=False)
        with gr.Column(scale=3, min_width=320):
            result = gr.HTML(START, js_on_load=GO_TO_CARD, elem_id="fg-result")

    def about(*asked: Any) -> tuple:
        return house.service.gallery.database.version(), *asked

    def recognise(file: str | None, small: bool, own: bool, threshold: float, request: gr.Request) -> tuple[str, Any]:
        known = about(file, small, own, threshold)
        return (START if file is None else _answer(house, file, small, threshold if own else None, request)), known

    def again(known: tuple | None, file: str | None, small: bool, own: bool, threshold: float, request: gr.Request) -> tuple[Any, Any]:
        """The answer is not about what stands there now: somebody was enrolled or forgotten, or a late answer came last."""
        shown_file = known[1] if known else None
        if file is None and shown_file is None or known == about(file, small, own, threshold):
            return gr.skip(), gr.skip()
        return recognise(file, small, own, threshold, request)

    def decide(event: gr.EventData, file: str | None, small: bool, own: bool, threshold: float,
               request: gr.Request) -> tuple[str, Any]:
        told = START if file is None else _decided(house, str(event.title), file, small, threshold if own else None, request)
        return told, about(file, small, own, threshold)

    def sample(event: gr.EventData) -> Any:
        return samples[str(event.title)]

    def own_threshold(on: bool) -> Any:
        return gr.update(visible=on)

    inputs, shown = [photo, small, own, threshold], [result, answered]
    sight = {"concurrency_limit": 2, "concurrency_id": "sight"}
    # one event for all of them: the answers of one page come in the order of its questions
    gr.on([photo.change, small.input, own.input, threshold.release], house.edge.guest(recognise, _refused), inputs, shown,
          api_visibility="private", trigger_mode="always_last", scroll_to_output=True, **sight)
    own.change(house.edge.guest(own_threshold), own, threshold, api_visibility="private", queue=False,
               show_progress="hidden")
    anew = house.edge.guest(again, lambda _: (gr.skip(), gr.skip()))
    decided = result.pick(house.edge.owner(decide, _refused), inputs, shown, api_visibility="private", **sight)
    opening = gr.on([one.select for one in opened], anew, [answered, *inputs], shown, **sight, **QUIET)
    for event in (decided, opening):  # the photo may have been changed or taken away meanwhile, and answered before
        event.then(anew, [answered, *inputs], shown, **sight, **QUIET)
    if samples:
        strip.pick(house.edge.guest(sample), None, photo, **QUIET)


def _answer(house: House, file: str, small: bool, threshold: float | None, request: gr.Request, said: str = "") -> str:
    picture = _read(file)
    owner = house.access.is_owner(request)
    found = house.service.identify(picture, threshold=threshold if owner else None, small_faces=small)
    found = found if owner else answers.held_to(found, threshold)
    face_of: Callable | None = house.faces.of_candidate if owner else None
    if owner:
        for one in found.faces:
            house.strangers.meet(picture.pixels, one, picture.scale)
    shown = house.service.annotate(picture, found if owner else answers.without_questions(found))
    return answer.page(picture, shown, found, face_of, len(house.service.people()), said)


def _read(file: str) -> Picture:
    try:
        return image.read(file)
    except ImageError:
        if Path(file).exists():
            raise
        raise ImageError("the photo is no longer here, uploads are deleted after a few minutes; add it again") from None


def _decided(house: House, what: str, file: str, small: bool, threshold: float | None, request: gr.Request) -> str:
    """The owner said "not this person" about a face of the photo, or took it back; then the photo is answered anew."""

    def faces() -> Sequence[Identification]:
        return house.service.identify(_read(file), threshold=threshold, small_faces=small).faces

    said = reject.decided(house.service.decisions, what, faces)
    return _answer(house, file, small, threshold, request, said)


def _refused(text: str) -> tuple[str, Any]:
    return note("That did not work.", text, "bad"), gr.skip()


def _strip(samples: dict[str, np.ndarray]) -> str:
    buttons = "".join(f'<button type="button" data-sample="{esc(title)}"><img src="{picture_address(pixels)}" alt="">'
                      f'<span>{esc(title)}</span></button>' for title, pixels in samples.items())
    return f'<p class="fg-hint">Or try one of these drawn pictures:</p><div class="fg-strip">{buttons}</div>'

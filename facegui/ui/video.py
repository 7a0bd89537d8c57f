"""The Video tab, owner alone: upload a video, watch the job, then play it with names and a timeline."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import gradio as gr

from ..service.video.room import Videos
from ..types import FaceguiError
from . import xray
from .edge import QUIET, in_order, sentence
from .house import House
from .markup import note
from .words import say

SCRIPT = (Path(__file__).resolve().parent / "video.js").read_text(encoding="utf-8")
START = note("Who is on screen, and when?", "Add a video. It is looked through in the background, also when "
             "this page is closed; then it plays here with names, above a line of time for every person.")
GUEST = note("Videos are for the owner of this page.", "A video has to lie on the disk while it is worked through, and "
             "nothing of a guest may. Photos and the live camera are open to you.", "warn")
RATES = [("2: quick", 2.0), ("5: as a rule", 5.0), ("10: for quick movements", 10.0), ("every frame", 0.0)]


def tab(house: House, page: gr.Blocks, this: gr.Tab) -> None:
    """Fills the tab. The work is a job of the service."""
    videos = Videos(house.service, house.strangers.meet)
    house.derived.append(videos.forget)
    with gr.Column(visible=house.access.needs_login) as refused:
        gr.HTML(GUEST)
    with gr.Row(elem_classes="fg-main", visible=not house.access.needs_login) as form:
        with gr.Column(scale=1, min_width=280):
            upload = gr.File(label="Video", file_types=["video"], type="filepath", height=180, elem_id="fg-video-file")
            go = gr.Button("Find everybody", variant="primary", elem_id="fg-video-go")
            sample = gr.Button("Try it with drawn people", elem_id="fg-video-sample")
            with gr.Accordion("Options", open=False):
                rate = gr.Radio(RATES, value=5.0, label="Frames looked at per second", elem_id="fg-video-rate",
                                info="Between two of them boxes move on a straight line.")
                small = gr.Checkbox(label="Search for tiny faces", info="For people far away; several times slower.")
            gr.HTML('<p class="fg-hint">The upload is deleted once it is worked through; the result stays until the next '
                    "one, or until facegui is closed.</p>")
        with gr.Column(scale=3, min_width=320):
            view = gr.HTML(START, js_on_load=SCRIPT, elem_id="fg-video-view")
    shown = gr.State(None)

    def start_video(file: str | None, rate: float, small: bool) -> tuple[Any, ...]:
        if file is None:
            raise FaceguiError("add a video first")
        if not Path(file).exists():
            raise FaceguiError("the video is no longer here, uploads are deleted after a few minutes; add it again")
        try:
            videos.start(Path(file), float(rate), bool(small))
        except FaceguiError as error:  # the file is gone, so the field is emptied
            gr.Warning(html.escape(say(sentence(error))), duration=10, title=say("Not done"))
            return *[gr.skip()] * len(house.bar.outputs), None
        return *house.bar.now(), None

    def start_sample(rate: float) -> tuple[Any, ...]:
        videos.start_sample(float(rate))
        return house.bar.now()

    def look(version: int | None) -> tuple[Any, ...]:
        videos.forget()  # what another process deleted is not shown either
        if version == videos.version or version is None and videos.result is None:
            return gr.skip(), gr.skip()
        if videos.result is None:  # somebody in it was forgotten
            return START, videos.version
        gr.set_static_paths([videos.shown])  # that folder alone, and only for who knows the name of the file in it
        return xray.page(videos.result), videos.version

    def reveal_video(request: gr.Request) -> tuple[Any, ...]:
        owner = house.access.is_owner(request)
        return gr.update(visible=owner), gr.update(visible=not owner)

    edge = house.edge
    go.click(edge.owner(start_video), [upload, rate, small], [*house.bar.outputs, upload], **QUIET)
    sample.click(edge.owner(start_sample), rate, house.bar.outputs, **QUIET)
    gr.on([this.select, house.bar.finished.change], edge.owner(look, lambda _: (gr.skip(), gr.skip())), shown, [view, shown],
          **QUIET, **in_order("video"))
    if house.access.needs_login:
        page.load(edge.guest(reveal_video), None, [form, refused], **QUIET)


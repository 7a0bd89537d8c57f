"""The page: one Blocks with a tab per verb."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from ..service import FaceService
from . import api, delivery, enroll, evaluate, gallery, live, recognize, system, train, unknowns, video
from .access import Access
from .edge import QUIET
from .house import House

TITLE = "facegui"


def build(service: FaceService, access: Access, samples: dict[str, np.ndarray] | None = None) -> gr.Blocks:
    """The whole page. `samples`: title -> pixels, pictures that the Recognize tab offers to try."""
    with gr.Blocks(title=TITLE, analytics_enabled=False, delete_cache=(60, 600), fill_width=False) as page:
        gr.HTML('<header class="fg-top"><h1>facegui</h1><p>Recognise the people you have enrolled, with and without masks. '
                "Everything stays on this machine.</p></header>")
        house = House(service, access)
        api.endpoints(house)  # first, so that the names are theirs: Gradio numbers handlers of the same name
        hidden = access.needs_login  # until the page knows who looks at it
        with gr.Tabs(elem_id="fg-tabs") as tabs:
            with gr.Tab("Recognize", id="recognize") as recognising, gr.Tabs(elem_id="fg-sources"):
                with gr.Tab("Photo", id="photo") as photo:
                    recognize.tab(house, samples or {}, [recognising, photo])
                with gr.Tab("Live", id="live"):
                    live.tab(house)
                with gr.Tab("Video", id="video") as filmed:
                    video.tab(house, page, filmed)
            with gr.Tab("Enroll", id="enroll", visible=not hidden) as enrolling:
                enroll_name = enroll.tab(house, page, enrolling)
            with gr.Tab("Gallery", id="gallery", visible=not hidden) as people:
                gallery.tab(house, people, tabs, enroll_name)
            with gr.Tab("Unknown", id="unknown", visible=not hidden) as strangers:
                unknowns.tab(house, strangers)
            with gr.Tab("Train", id="train", visible=not hidden) as training:
                train.tab(house, training)
            with gr.Tab("Evaluate", id="evaluate", visible=not hidden) as measuring:
                evaluate.tab(house, measuring)
            with gr.Tab("System", id="system", visible=not hidden) as machine:
                system.tab(house, machine)
        house.bar.wire(page)
        delivery.watch(page, house.edge)

        def reveal(request: gr.Request) -> list[Any]:
            return [gr.update(visible=access.is_owner(request))] * 6

        if hidden:
            page.load(house.edge.guest(reveal), None, [enrolling, people, strangers, training, measuring, machine], **QUIET)
    page.queue(default_concurrency_limit=4, max_size=64)
    return page

"""The Live tab: the browser's own camera, names drawn over the video by the browser; nothing is written to disk."""

from __future__ import annotations

from typing import Any

import gradio as gr
import numpy as np

from .. import image
from ..service.live import Live
from ..types import FaceguiError, Identification
from . import answer, reject
from .frames import error, frame, script, user
from .house import House
from .words import page

TEMPLATE = """<div class="fg-live">
<div class="fg-live-left"><div class="fg-live-stage"><video class="fg-live-video" playsinline muted></video>
<canvas class="fg-live-boxes" width="640" height="480" aria-label="names over the video; click a face for its card"></canvas></div>
<div class="fg-live-bar"><button type="button" class="fg-live-start">Start the camera</button>
<select class="fg-live-cameras" aria-label="camera" hidden></select><span class="fg-live-numbers"></span></div>
<div class="fg-live-note fg-note" role="status" hidden></div></div>
<div class="fg-live-card"><div class="fg-note"><strong>Who is in front of the camera?</strong><p>Start the camera; names appear after
a few looks. Click a face for its card. Pictures are answered and dropped, none is kept.</p></div></div></div>"""


def tab(house: House) -> None:
    """Fills the tab. The functions bypass Gradio's queue: `Live` takes frames in turn and bounds the viewers."""
    live = Live(house.service)
    live.on_look = lambda owner, pixels, found: house.strangers.meet(pixels, found) if house.access.owns(owner) else None

    def live_start(_: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        return {"token": live.start(user(request))}

    def live_stop(given: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        live.stop(str(given.get("token")), user(request))
        return {}

    def live_see(given: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        found = live.see(str(given.get("token")), frame(given.get("frame")), user(request))
        if found is None:
            return {"busy": True}
        owner = house.access.is_owner(request)  # a guest does not learn whom a question is about
        faces = [{"number": one.number, "box": [round(value, 1) for value in one.box],
                  "state": "unknown" if one.question and not owner else one.state,
                  "name": one.question if owner and one.question else one.name} for one in found]
        return {"ms": live.took_ms(str(given.get("token")), user(request)), "faces": faces}

    def live_card(given: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        number = given.get("number")
        found, pixels = live.met(str(given.get("token")), number if isinstance(number, int) else -1, user(request))
        return {"card": page(card(found, pixels, house.access.is_owner(request)))}

    def live_decide(given: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        """The face on the card is somebody else, or is not: what the camera showed goes from memory into the gallery."""
        token, caller = str(given.get("token")), user(request)
        said = reject.decided(house.service.decisions, str(given.get("pick")), lambda: [live.again(token, caller)[0]])
        try:
            after = card(*live.again(token, caller), True)
        except FaceguiError:  # taken back after the camera was closed: nothing is left that could be shown
            after = ""
        return {"card": page(said + after)}

    def card(found: Identification, pixels: np.ndarray, owner: bool) -> str:
        return answer.card(1, found, image.encode_jpeg(pixels, 85), house.faces.of_candidate if owner else None, decide=owner,
                           where="at the camera")

    functions = [*(house.edge.guest(one, error) for one in (live_start, live_stop, live_see, live_card)),
                 house.edge.owner(live_decide, error)]
    gr.HTML(TEMPLATE, js_on_load=script("live.js"), server_functions=functions, elem_id="fg-live")


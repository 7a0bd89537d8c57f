"""The coach beside the camera in the Enroll tab: frames are answered and dropped, the good ones wait in memory."""

from __future__ import annotations

from typing import Any

import gradio as gr

from ..service.coach import POSES, Coach
from .frames import error, frame, script, user
from .house import House
from .words import say

TEMPLATE = """<div class="fg-coach">
<div class="fg-coach-stage fg-live-stage"><video class="fg-coach-video fg-live-video" playsinline muted></video>
<canvas class="fg-coach-face fg-live-boxes" width="640" height="480" aria-hidden="true"></canvas></div>
<p class="fg-coach-line" role="status"><i class="fg-coach-light" data-light=""></i><span class="fg-coach-text">The camera takes
three pictures by itself: front, left and right. Nothing is kept until you press Enroll.</span></p>
<ol class="fg-coach-steps"><li data-pose="front">front</li><li data-pose="left">left</li><li data-pose="right">right</li></ol>
<div class="fg-live-bar"><button type="button" class="fg-coach-start fg-live-start">Start the camera</button>
<button type="button" class="fg-coach-now" hidden>Take it now</button>
<select class="fg-coach-cameras fg-live-cameras" aria-label="camera" hidden></select></div></div>"""


def widget(house: House) -> tuple[gr.HTML, Coach]:
    """The video with its coach; its `taken` event says that `coach.shots(event.token)` has a new picture.

    The functions bypass Gradio's queue; each checks the owner itself, and `Coach` bounds the cameras.
    """
    coach = Coach(house.service)

    def coach_start(_: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        return {"token": coach.start(user(request))}

    def coach_stop(given: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        coach.stop(str(given.get("token")), user(request))
        return {}

    def coach_see(given: dict[str, Any], request: gr.Request) -> dict[str, Any]:
        found = coach.see(str(given.get("token")), frame(given.get("frame")), user(request), now=given.get("now") is True)
        if found is None:
            return {"busy": True}
        return {"light": found.light, "text": say(found.text), "done": found.done, "taken": found.taken,
                "box": found.box and [round(value, 1) for value in found.box], "complete": len(found.done) == len(POSES)}

    functions = [house.edge.owner(one, error) for one in (coach_start, coach_stop, coach_see)]
    return gr.HTML(TEMPLATE, js_on_load=script("coach.js"), server_functions=functions, elem_id="fg-coach"), coach

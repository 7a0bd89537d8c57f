"""Answers that Gradio computed and did not send are sent.

Gradio ends a page's stream of answers when nothing is left to be answered. What the page asks before it has read that end gets
no stream: its answer waits on the server until the page asks for anything else. Where the last answer is large, or the machine
busy, people click sooner than that.
"""

from __future__ import annotations

import gradio as gr

from .edge import QUIET, Edge

LOOK_S = 2.0


def watch(page: gr.Blocks, edge: Edge) -> None:
    """A page whose answers wait asks for nothing in particular, which opens a stream for all of them."""
    asked = gr.Number(0, visible="hidden")

    def left_behind(times: float | None, request: gr.Request) -> float:
        waiting = page._queue.pending_messages_per_session.get(request.session_hash)
        return (times or 0) + (waiting is not None and not waiting.empty())

    def fetch() -> None:
        pass

    gr.Timer(LOOK_S).tick(edge.guest(left_behind), asked, asked, queue=False, **QUIET)
    asked.change(edge.guest(fetch), None, None, trigger_mode="multiple", **QUIET)  # also where this very question is left behind

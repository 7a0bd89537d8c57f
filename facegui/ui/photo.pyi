"""A picture field that hands over the uploaded file as it is: image.py alone decodes, so every bad file gets its sentence."""

from __future__ import annotations

from typing import Any

import gradio as gr

from gradio.events import Dependency

class PhotoInput(gr.Image):
    """gr.Image whose handler gets the path of the untouched upload; Gradio itself never opens the file.

    No constructor of its own: Gradio reads the options that it sends to the browser from the constructor's signature.
    """

    is_template = True  # for the browser it is a plain Image

    def preprocess(self, payload: Any) -> str | None:
        return None if payload is None else payload.path
    from typing import Callable, Literal, Sequence, Any, TYPE_CHECKING
    from gradio.blocks import Block
    if TYPE_CHECKING:
        from gradio.components import Timer
        from gradio.components.base import Component
"""A picture field that hands over the uploaded file as it is: image.py alone decodes, so every bad file gets its sentence."""

from __future__ import annotations

from typing import Any

import gradio as gr


def photo_input(**options: Any) -> gr.Image:
    """gr.Image whose handler gets the path of the untouched upload; Gradio itself never opens the file.

    The instance is changed rather than the class: for every subclass Gradio writes a stub file into the package.
    """
    field = gr.Image(type="filepath", image_mode=None, **{"buttons": ["fullscreen"], **options})
    field.preprocess = lambda payload: None if payload is None else payload.path
    return field

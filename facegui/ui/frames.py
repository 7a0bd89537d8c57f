"""What the tabs with a live camera share: whose camera it is, the frame's bytes, and errors as answers."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

import gradio as gr

from ..types import FaceguiError
from .access import user_of
from .words import say

HERE = Path(__file__).resolve().parent
MOST_BYTES = 3 << 20  # of one frame


def script(name: str) -> str:
    """A tab's own script behind the one that all cameras share, for `js_on_load`."""
    return "".join((HERE / file).read_text(encoding="utf-8") for file in ("camera.js", name))


def user(request: gr.Request) -> str:
    """The caller's login name; "" where there is no login."""
    return user_of(request) or ""


def frame(address: object) -> bytes:
    """The bytes in a data address, as the browser's canvas makes them."""
    if not isinstance(address, str) or not address.startswith("data:image/jpeg;base64,") or len(address) > MOST_BYTES:
        raise FaceguiError("this is not a picture from the camera")
    try:
        return base64.b64decode(address.split(",", 1)[1], validate=True)
    except binascii.Error:
        raise FaceguiError("this is not a picture from the camera") from None


def error(text: str) -> dict[str, str]:
    return {"error": say(text)}

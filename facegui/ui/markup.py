"""Small pieces of HTML. Whatever comes from people (names, file names, sentences) goes through `esc`; pictures travel as
data addresses, so that no face is ever a file that a browser fetches."""

from __future__ import annotations

import base64
import html

import numpy as np

from .. import image


def esc(text: object) -> str:
    return html.escape(str(text), quote=True)


def jpeg_address(data: bytes) -> str:
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def picture_address(pixels: np.ndarray, quality: int = 85) -> str:
    return jpeg_address(image.encode_jpeg(pixels, quality))


def face(data: bytes | None, title: str, small: bool = False) -> str:
    """A square face; `title` is read out and shown on hover. None: a placeholder with the first letter."""
    kind = "fg-face fg-small" if small else "fg-face"
    if data is None:
        return f'<span class="{kind} fg-none" role="img" aria-label="{esc(title)}">{esc(title[:1].upper() or "?")}</span>'
    return f'<img class="{kind}" src="{jpeg_address(data)}" alt="{esc(title)}" title="{esc(title)}">'


def score_bar(score: float, threshold: float | None, known: bool) -> str:
    """A score from 0 to 1 as a bar with a tick at the threshold."""
    label = f"score {score:.2f}" + ("" if threshold is None else f", a name needs {threshold:.2f}")
    tick = "" if threshold is None else f'<i style="left:{_percent(threshold)}"></i>'
    return (f'<span class="fg-bar {"fg-yes" if known else "fg-no"}" role="img" aria-label="{label}" title="{label}">'
            f'<b style="width:{_percent(score)}"></b>{tick}</span>')


def chip(text: str, kind: str = "") -> str:
    """A short remark; kind: good | warn | bad | nothing."""
    return f'<span class="fg-chip {kind and "fg-" + kind}">{esc(text)}</span>'


def note(title: str, text: str = "", kind: str = "") -> str:
    """A box with a sentence: empty states, refusals, results. kind: good | warn | bad | nothing."""
    return (f'<div class="fg-note {kind and "fg-" + kind}" role="status"><strong>{esc(title)}</strong>'
            + (f"<p>{esc(text)}</p>" if text else "") + "</div>")


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _percent(value: float) -> str:
    return f"{100 * min(max(value, 0.0), 1.0):.1f}%"

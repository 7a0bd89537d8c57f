"""What the browser itself must know: the labels of the page for Gradio's own i18n, and the words of the scripts."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.i18n import I18nData

from . import catalogues, page, say

UI = Path(__file__).resolve().parent.parent
SCRIPTS = [UI, UI.parent / "evaluate"]
SPOKEN = (gr.HTML, gr.Button)  # their value is what they say
_SAID = re.compile(r"say\('([^'\\]*)'")
_HEAD = """<script>(() => {
const words = %s, code = navigator.language.split('-')[0], own = words[code] || {};
document.documentElement.lang = own['_'] ? code : 'en';
window.facegui_say = (text, values) => (own[text] || text).replace(/\\{(\\w+)\\}/g, (_, name) => values[name]);
})();</script>"""


def i18n(blocks: gr.Blocks) -> gr.I18n:
    """Marks every word that stands on the page from the beginning as one that Gradio looks up by its English; returns what it finds."""
    texts = set()
    for block, name, text in list(written(blocks)):
        if any(_translated(text, code) != text for code in catalogues()):
            texts.add(text)
            if name == "choices":
                block.choices = [(I18nData(shown) if shown == text else shown, value) for shown, value in block.choices]
            else:
                setattr(block, name, I18nData(text))
    return gr.I18n(**{code: {text: _translated(text, code) for text in sorted(texts)} for code in catalogues()})


def written(blocks: gr.Blocks) -> Iterator[tuple[Any, str, str]]:
    """(component, property, English) of all labels, hints, buttons, choices and HTML of a page as it opens."""
    for block in blocks.blocks.values():
        spoken = ["label", "info", "placeholder", *(["value"] if isinstance(block, SPOKEN) else [])]
        found = [(name, getattr(block, name, None)) for name in spoken]
        found += [("choices", one[0]) for one in getattr(block, "choices", None) or []]
        yield from ((block, name, text) for name, text in found if isinstance(text, str) and text.strip())


def spoken() -> set[str]:
    """The English of the scripts: say('...') in their sources."""
    files = [file for folder in SCRIPTS for kind in ("*.js", "*.py") for file in folder.glob(kind)]
    return {text for file in files for text in _SAID.findall(file.read_text(encoding="utf-8"))}


def head() -> str:
    """For the page's head: the scripts' words."""
    texts = sorted(spoken())
    words = {code: {"_": code, **{text: one.words.get(text) or one.say(text) for text in texts}} for code, one in catalogues().items()}
    return _HEAD % json.dumps(words, ensure_ascii=False).replace("<", "\\u003c")


def _translated(text: str, language: str) -> str:
    return page(text, language) if text.startswith("<") else say(text, language)

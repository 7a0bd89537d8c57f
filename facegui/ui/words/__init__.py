"""The page in the language of the browser. The program speaks English; whatever leaves for the page is translated at the door.

A language is one file LANGUAGE.json here: English sentence -> translation. `{name}` stands for anything, `{n}`, `{m}`, `{k}` for
a number, `{_name}` for something that is translated in turn, `[person|people]` in the English for either word, and
`{n:word|words}` in the translation for the form that goes with the number n. What no file knows stays English.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any

from .catalogue import Catalogue

HERE = Path(__file__).resolve().parent
ENGLISH = "en"

_speaking: ContextVar[str] = ContextVar("facegui_language", default=ENGLISH)
_TAG = re.compile(r"(<[^>]*>)")
_SPOKEN = re.compile(r'( (?:title|aria-label|alt|placeholder|label)=")([^"]*)(")')
_LETTERS = re.compile(r"[A-Za-z]")


@lru_cache(maxsize=1)
def catalogues() -> dict[str, Catalogue]:
    """Language code -> its catalogue; English needs none."""
    return {file.stem: Catalogue(json.loads(file.read_text(encoding="utf-8"))) for file in sorted(HERE.glob("*.json"))}


def language_of(headers: Mapping[str, str] | None) -> str:
    """The best language of Accept-Language that is spoken here, else English."""
    known = {ENGLISH, *catalogues()}
    wanted = []
    for number, part in enumerate(((headers or {}).get("accept-language") or "").split(",")):
        name, _, weight = part.partition(";")
        try:
            rank = float(weight.strip().removeprefix("q=")) if weight.strip() else 1.0
        except ValueError:
            rank = 0.0
        wanted.append((-rank, number, name.strip().lower().split("-")[0]))
    return next((name for rank, _, name in sorted(wanted) if rank < 0 and name in known), ENGLISH)


@contextmanager
def speaking(request: Any) -> Iterator[None]:
    """Whatever is said inside goes to whom this request (gr.Request or None) came from."""
    token = _speaking.set(language_of(getattr(request, "headers", None)))
    try:
        yield
    finally:
        _speaking.reset(token)


def say(text: str, language: str | None = None) -> str:
    """An English sentence in the language of the present request."""
    language = language or _speaking.get()
    return text if language == ENGLISH or language not in catalogues() else _said(text, language)


def page(text: str, language: str | None = None) -> str:
    """Our own HTML with its words said in the language of the present request; text that does not begin with a tag is left alone.

    An element with translate="no" (a person's name) keeps its words and attributes; it must be the innermost one.
    """
    language = language or _speaking.get()
    if language == ENGLISH or language not in catalogues() or not text.startswith("<"):
        return text
    out, kept = [], False
    for number, part in enumerate(_TAG.split(text)):
        if number % 2:
            kept = ' translate="no"' in part[:400] or ' translate="no"' in part[-400:]
            out.append(part if kept else _SPOKEN.sub(lambda found: found[1] + _escaped(found[2], language) + found[3], part))
        else:
            out.append(part if kept else _escaped(part, language))
    return "".join(out)


def pages(result: Any) -> Any:
    """What a handler returns, its HTML in the language of the present request; everything else as it is."""
    if _speaking.get() == ENGLISH:
        return result
    if isinstance(result, str):
        return page(result) if 'class="fg-' in result or 'class="ev' in result else result
    if isinstance(result, (tuple, list)):
        return type(result)(map(pages, result))
    if isinstance(result, dict) and result.get("__type__") == "update" and isinstance(result.get("value"), str):
        return {**result, "value": pages(result["value"])}
    return result


def _escaped(text: str, language: str) -> str:
    if not _LETTERS.search(text):
        return text
    inside = text.strip()
    said = _said(html.unescape(inside), language)
    return text.replace(inside, html.escape(said, quote=True), 1) if said != html.unescape(inside) else text


@lru_cache(maxsize=4096)
def _said(text: str, language: str) -> str:
    return catalogues()[language].say(text)

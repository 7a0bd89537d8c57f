"""The edge between Gradio and the program: every handler passes here, where roles are checked, errors become sentences, and
what is said is put into the language of the browser. Programs (the HTTP endpoints) are answered in English."""

from __future__ import annotations

import functools
import html
import inspect
import logging
from collections.abc import Callable
from typing import Any

import gradio as gr

from ..types import FaceguiError
from . import words
from .access import Access

log = logging.getLogger(__name__)

QUIET = {"api_visibility": "private", "show_progress": "hidden"}  # settings of events that answer at once, for the page alone
SURPRISE = "something unexpected went wrong; nothing was lost. Try again, and look at the console where facegui runs for details"


def in_order(queue: str, trigger_mode: str = "multiple") -> dict[str, Any]:
    """Settings of events that write the same part of a page: answered one after the other, as they were asked, so that no late
    answer hides a newer one. "multiple": none is dropped because another is on its way; "always_last" would not do for one of several
    listeners to the same event: Gradio asks all of them again for each that had to wait, and they keep each other waiting."""
    return {"concurrency_limit": 1, "concurrency_id": queue, "trigger_mode": trigger_mode}


class Edge:
    """Wraps handlers. `guest` ones are open to whoever is logged in, `owner` ones to the owner, `local` ones to the owner
    of a page that only this machine can reach."""

    def __init__(self, access: Access) -> None:
        self.access = access

    def guest(self, handler: Callable, failed: Callable[[str], Any] | None = None) -> Callable:
        return self._wrap("guest", handler, failed)

    def owner(self, handler: Callable, failed: Callable[[str], Any] | None = None) -> Callable:
        return self._wrap("owner", handler, failed)

    def local(self, handler: Callable, failed: Callable[[str], Any] | None = None) -> Callable:
        return self._wrap("local", handler, failed)

    def api(self, handler: Callable, *, owner: bool) -> Callable:
        """For HTTP endpoints: the sentence becomes the error that the caller's program gets."""
        return self._wrap("owner" if owner else "guest", handler, _raise)

    def _wrap(self, role: str, handler: Callable, failed: Callable[[str], Any] | None) -> Callable:
        """The handler behind the check. Gradio fills in `request` because the wrapper's signature asks for it."""
        failed = failed or _warn
        check = {"guest": lambda request: None, "owner": self.access.require_owner, "local": self.access.require_local}[role]
        signature = inspect.signature(handler)
        request = inspect.Parameter("request_", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=gr.Request)

        @functools.wraps(handler)
        def wrapper(*arguments: Any) -> Any:
            *arguments, caller = arguments
            with words.speaking(None if failed is _raise else caller):
                return words.pages(answer(caller, *arguments))

        def answer(caller: gr.Request | None, *arguments: Any) -> Any:
            try:
                check(caller)
                return handler(*arguments)
            except FaceguiError as error:
                return failed(sentence(error))
            except gr.Error:
                raise
            except Exception:
                log.exception("%s failed", handler.__name__)
                return failed(sentence(SURPRISE))

        wrapper.role = role
        wrapper.__signature__ = signature.replace(parameters=[*signature.parameters.values(), request])
        wrapper.__annotations__ = {**handler.__annotations__, "request_": gr.Request}
        return wrapper


def sentence(error: object) -> str:
    """A message as a sentence: a capital first letter, unless it begins with a file's name, and a full stop."""
    text = str(error).strip() or SURPRISE
    if text.split()[0].rstrip(",;:").isalpha():
        text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?" else text + "."


def _warn(text: str) -> Any:
    gr.Warning(html.escape(words.say(text)), duration=10, title=words.say("Not done"))
    return gr.skip()


def _raise(text: str) -> Any:
    raise gr.Error(text, print_exception=False)

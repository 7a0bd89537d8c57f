"""The HTTP interface: identify, verify, enroll, people, as plain JSON, with the roles of the page.

The fields are invisible components rather than `gr.api`, because a component proves that a given path is the caller's
own upload before the handler sees it.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from ..service import answers
from ..types import FaceguiError
from .house import House
from .photo import photo_input


def endpoints(house: House) -> None:
    """For gradio_client: `Client(url).predict(handle_file("photo.jpg"), api_name="/identify")`."""
    service = house.service

    def identify(photo: str | None, top: float, threshold: float | None, request: gr.Request) -> dict[str, Any]:
        """Everybody in one photo: boxes in pixels, names (null: unknown), scores, thresholds, quality."""
        owner = house.access.is_owner(request)
        answer = service.identify(_given(photo), top=min(max(int(top), 1), 100), threshold=threshold or None if owner else None)
        found = answers.recognition(answer if owner else answers.held_to(answer, threshold or None))
        if not owner:
            for one in found["faces"]:
                answers.for_guest(one)
        return found

    def verify(first: str | None, second: str | None, threshold: float | None) -> dict[str, Any]:
        """Whether two photos show the same person."""
        return answers.verification(service.verify(_given(first), _given(second), threshold=threshold or None))

    def enroll(name: str, photos: list[str] | None, force: bool) -> dict[str, Any]:
        """Enroll a person from photos; found by the next identify. Owner only."""
        return answers.enrollment(service.enroll((name or "").strip(), [(Path(one).name, Path(one).read_bytes()) for one in photos or []],
                                                 force=force))

    def people(query: str | None) -> list[dict[str, Any]]:
        """Everybody who is enrolled, with counts. Owner only."""
        return [answers.person(one) for one in service.people(query or None)]

    with gr.Row(visible=False):
        threshold = gr.Number(0, label="threshold (0: the gallery's own)")  # None would make callers name it
        _endpoint("identify", house.edge.api(identify, owner=False),
                  [photo_input(label="photo"), gr.Number(5, label="top", precision=0), threshold])
        _endpoint("verify", house.edge.api(verify, owner=False),
                  [photo_input(label="first"), photo_input(label="second"), threshold])
        _endpoint("enroll", house.edge.api(enroll, owner=True),
                  [gr.Textbox(label="name"), gr.File(file_count="multiple", label="photos"),
                   gr.Checkbox(False, label="force")])
        _endpoint("people", house.edge.api(people, owner=True), [gr.Textbox("", label="query")])


def _endpoint(name: str, handler: Callable, inputs: list[Any]) -> None:
    gr.Button(visible=False).click(handler, inputs, gr.JSON(label="answer"), api_name=name, concurrency_limit=2,
                                   concurrency_id="sight")


def _given(photo: str | None) -> str:
    if photo is None:
        raise FaceguiError("no photo was given; send one picture file")
    return photo

"""The owner says "not this person" about a face on a card, or takes it back: of a photo, or of the camera's picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..service.deciding import Decisions
from ..types import FaceguiError, Identification
from .markup import esc, note


def button(number: int, one: Identification) -> str:
    """For card `number`, counted from 1. Says whom, for the answer may have changed meanwhile."""
    if one.verdict is None or one.verdict.person_id is None:
        return ""
    return (f'<button type="button" class="fg-not" data-pick="reject:{number}:{one.verdict.person_id}">'
            f'Not {esc(one.verdict.name)}</button>')


def decided(decisions: Decisions, what: str, faces: Callable[[], Sequence[Identification]]) -> str:
    """Does what a button asks for (its data-pick) and returns what is told about it, as HTML, with a button that takes it back.

    faces: answers them anew, in the order of their cards. Raises FaceguiError.
    """
    verb, *numbers = what.split(":")
    if verb == "undo" and len(numbers) == 1 and numbers[0].isdecimal():
        return note(f"Taken back: the face may be {decisions.take_back(int(numbers[0]))} again.")
    if verb != "reject" or len(numbers) != 2 or not all(number.isdecimal() for number in numbers):
        raise FaceguiError("this button is not known; recognise the face again")
    face, person = map(int, numbers)
    found = faces()
    if not 1 <= face <= len(found):
        raise FaceguiError("this face is no longer in the answer; recognise the photo again")
    undo = f'<button type="button" class="fg-not" data-pick="undo:{decisions.reject(person, found[face - 1])}">Undo</button>'
    return note("Noted: that face is somebody else.", "It does not get that name again. Numbers are kept for this, no picture.",
                "good").replace("</div>", f"{undo}</div>")

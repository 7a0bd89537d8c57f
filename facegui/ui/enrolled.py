"""What became of an enrollment, photo by photo; and the question that comes first where the newcomer looks like somebody."""

from __future__ import annotations

from ..types import EnrollReport
from .house import House
from .markup import chip, esc, face, note, plural
from .tray import Waiting, picture

CHOOSE = """element.addEventListener('click', (event) => {
  const one = event.target.closest('[data-into], [data-different]');
  if (one) trigger('choose', {into: one.dataset.into || ''});
});"""
WORDS = {"enrolled": ("accepted", "good"), "duplicate": ("already enrolled", ""), "refused": ("refused", "warn"),
         "failed": ("not readable", "bad"), "held": ("good, waiting for you", "")}


def start() -> str:
    return note("Enroll somebody in seconds.", "Type a name, add photos or start the camera, press Enroll. The very next photo "
                "recognises this person, with and without a mask. Nothing is retrained.")


def report(found: EnrollReport, held: list[Waiting], house: House) -> str:
    """`held`: the photos that were offered, in the order of the outcomes."""
    rows = []
    for one, outcome in zip(held, found.outcomes, strict=True):
        word, kind = WORDS.get(outcome.status, (outcome.status, ""))
        advice = f"<p>{esc(outcome.advice)}</p>" if outcome.advice else ""
        rows.append(f'<li>{picture(one)}<div>{chip(word, kind)} <span class="fg-file">{esc(one.name)}</span>{advice}</div></li>')
    head = _question(found, held, house) if found.held else _head(found, house)
    return f'{head}<ul class="fg-outcomes">{"".join(rows)}</ul>'


def _head(found: EnrollReport, house: House) -> str:
    enrolled = found.enrolled
    if enrolled:
        total = next((person.photos for person in house.service.people(found.name) if person.name == found.name), enrolled)
        return note(f"{found.name} is enrolled.", f"{plural(enrolled, 'photo was', 'photos were')} accepted, "
                    f"{plural(total, 'is', 'are')} kept now. The next photo you recognise will find {found.name}.", "good")
    if any(outcome.status == "duplicate" for outcome in found.outcomes):
        return note("Nothing new.", f"{found.name} has these photos already.", "")
    return note(f"{found.name} was not enrolled.", "None of the photos could be used; the reasons are below.", "warn")


def _question(found: EnrollReport, held: list[Waiting], house: House) -> str:
    """Nobody is enrolled yet: is this one of those who look so much alike?"""
    rows = "".join(
        f'<li><figure>{picture(held[number])}<figcaption>new photo</figcaption></figure>'
        f'<figure>{face(house.faces.of_candidate(near), near.name)}<figcaption>{esc(near.name)}, enrolled</figcaption></figure>'
        f'<div><span>score <b>{near.score:.2f}</b></span><button type="button" class="fg-button" data-into="{esc(near.name)}">'
        f'Add to {esc(near.name)} instead</button></div></li>'
        for near, number in zip(found.too_close_to, found.too_close, strict=True))
    return (f'<div class="fg-note fg-warn" role="status"><strong>Is {esc(found.name)} somebody who is enrolled already?</strong>'
            f'<p>Nothing was enrolled yet, because these look very much alike:</p><ol class="fg-alike">{rows}</ol>'
            f'<button type="button" class="fg-button fg-primary" data-different="1">No, {esc(found.name)} is somebody else: enroll'
            '</button></div>')

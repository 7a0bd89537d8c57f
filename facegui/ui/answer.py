"""A Recognition as a page: the picture with its boxes, and one card per face."""

from __future__ import annotations

import json
from collections.abc import Callable

import cv2
import numpy as np

from .. import image, quality
from ..service import answers
from ..service.thumbnails import SIDE_PX, cut
from ..types import Candidate, Cover, Identification, Picture, Recognition
from . import reject
from .markup import chip, esc, face, note, picture_address, plural, score_bar

SHOWN_PX, SAVED_PX = 1280, 2000  # longest side of the picture on the page, and of the one to save

WORN = {Cover.BARE: "bare face", Cover.MASKED: "wears a mask", Cover.OTHER: "eyes or mouth hidden"}

FaceOf = Callable[[Candidate], bytes | None]  # an enrolled face; None: not shown to this visitor


def page(picture: Picture, annotated: np.ndarray, answer: Recognition, face_of: FaceOf | None, people: int, said: str = "") -> str:
    """`face_of` None: the visitor is a guest, who sees the names that were decided and nothing else of the gallery.
    `said`: HTML that comes first."""
    cards = "".join(card(number, one, _probe(picture, one), face_of, face_of is not None) for number, one in enumerate(answer.faces, 1))
    return (f'<div class="fg-answer">{said}{headline(answer, people, face_of is not None)}{_picture(picture, answer, face_of is not None)}'
            f'<div class="fg-cards">{cards}</div>{_footer(annotated, answer, face_of)}</div>')


def headline(answer: Recognition, people: int, owner: bool) -> str:
    if not answer.faces:
        return note("No face was found in this picture.", "Try one in which faces are larger and look at the camera. "
                    "For a crowd, open Options and switch on the search for tiny faces.", "warn")
    if not people:
        return note("Nobody is enrolled yet, so nobody can be recognised.",
                    "Open the Enroll tab, type a name and add a photo: it takes a few seconds." if owner else
                    "The owner of this page can enroll people.", "warn")
    names = [one.name for one in answer.faces if one.name is not None]
    asked = [one for one in answer.faces if one.question is not None]
    unknown = len(answer.faces) - len(names) - len(asked)
    parts = [f'<b translate="no">{esc(name)}</b>' for name in names] + [f"perhaps {esc(one.question)}" for one in asked if owner]
    parts += [plural(len(asked), "uncertain face")] * bool(asked and not owner)
    parts += [plural(unknown, "unknown person", "unknown people")] if unknown else []
    text = parts[0] if len(parts) == 1 else ", ".join(parts[:-1]) + " and " + parts[-1]
    return f'<h3 class="fg-headline">{text[0].upper() + text[1:]}</h3>'


def _picture(picture: Picture, answer: Recognition, owner: bool) -> str:
    boxes = []
    for number, one in enumerate(answer.faces, 1):
        x1, y1, x2, y2 = one.probe.face.box
        place = (f"left:{100 * x1 / picture.width:.2f}%;top:{100 * y1 / picture.height:.2f}%;"
                 f"width:{100 * (x2 - x1) / picture.width:.2f}%;height:{100 * (y2 - y1) / picture.height:.2f}%")
        label = esc(one.name or (f"{one.question}?" if one.question and owner else "unknown"))
        boxes.append(f'<button type="button" class="fg-box {_state(one)}" style="{place}" '
                     f'data-card="{number}" aria-label="face {number}: {label}"><span>{number} {label}</span></button>')
    shown = _smaller(picture.pixels, SHOWN_PX)
    return (f'<div class="fg-picture"><img src="{picture_address(shown)}" alt="the photo, with {len(boxes)} faces marked">'
            f'{"".join(boxes)}</div>')


def card(number: int, one: Identification, probe: bytes, face_of: FaceOf | None, decide: bool = False,
         where: str = "this photo") -> str:
    """One face: the two faces side by side, the verdict, the score, the remarks, and who else came near.

    `decide`: with a button to say that it is somebody else. `where` the face was seen. A guest does not learn whom a question is about.
    """
    asked = one.question if face_of else None
    named = [near for near in one.candidates if near.name == one.name]  # on camera the last look alone may resemble another one more
    best = next(iter(named if one.name else one.candidates if face_of else ()), None)
    title = esc(one.name or (f"Is this {asked}?" if asked else "Not sure" if one.question else "Unknown"))
    other = face(face_of(best) if face_of else None, f"{best.name}, enrolled") if best else ""
    known = ' translate="no"' if one.name else ""
    pair = f'<div class="fg-pair"><figure>{face(probe, f"face {number}")}<figcaption>{where}</figcaption></figure>' + (
        f'<figure>{other}<figcaption>{"enrolled" if one.name else "closest"}: {esc(best.name)}</figcaption></figure>'
        if best else "") + "</div>"
    bar = "" if one.match_score is None else (
        f'<div class="fg-score">{score_bar(one.match_score, one.threshold, one.name is not None)}'
        f'<span>score <b>{one.match_score:.2f}</b> &middot; a name needs {one.threshold:.2f}</span></div>')
    return (f'<article class="fg-card {_state(one)}" id="fg-card-{number}" tabindex="-1">'
            f'<header><span class="fg-number">{number}</span><h4{known}>{title}</h4></header>{pair}{bar}'
            f'<p class="fg-why">{esc(why(one))}</p>{_mode(one)}{_remarks(one)}{reject.button(number, one) if decide else ""}'
            f'{_others(one, face_of)}</article>')


def _state(one: Identification) -> str:
    return "fg-yes" if one.name else "fg-ask" if one.question else "fg-no"


def why(one: Identification) -> str:
    """The verdict's reason in one sentence; it names nobody."""
    if one.verdict is not None:
        return one.verdict.words
    return "Nobody is enrolled to compare with." if one.match_score is None else "The score decides."


def _mode(one: Identification) -> str:
    return "" if one.verdict is None or one.match_score is None else f'<p class="fg-mode">{esc(one.verdict.mode)}</p>'


def _remarks(one: Identification) -> str:
    found = one.probe.quality
    grade, kind = ("good", "good") if found.score >= 0.66 else ("fair", "") if found.score >= 0.33 else ("poor", "warn")
    chips = [chip(WORN[one.probe.cover]), chip(f"{grade} picture of the face", kind)]
    advice = "".join(f"<li>{esc(quality.REASONS.get(reason, reason))}</li>" for reason in found.reasons)
    return f'<p class="fg-chips">{"".join(chips)}</p>' + (f'<ul class="fg-advice">{advice}</ul>' if advice else "")


def _others(one: Identification, face_of: FaceOf | None) -> str:
    if face_of is None or len(one.candidates) < 2:
        return ""
    rows = "".join(f'<li>{face(face_of(near), near.name, small=True)}<span translate="no">{esc(near.name)}</span>'
                   f'{score_bar(near.score, one.threshold, near.score >= one.threshold)}<b>{near.score:.2f}</b></li>'
                   for near in one.candidates)
    return f'<details class="fg-others"><summary>Closest people</summary><ol>{rows}</ol></details>'


def _footer(annotated: np.ndarray, answer: Recognition, face_of: FaceOf | None) -> str:
    if not answer.faces:
        return ""
    values = answers.recognition(answer)
    if face_of is None:
        for one in values["faces"]:
            answers.for_guest(one)
    text = esc(json.dumps(values, ensure_ascii=False, indent=1).replace("%", "%25").replace("#", "%23").replace("\n", "%0A"))
    times = ", ".join(f"{stage} {value:.0f}" for stage, value in answer.ms.items())
    saved = picture_address(_smaller(annotated, SAVED_PX))
    return (f'<p class="fg-foot"><a download="recognised.jpg" href="{saved}">Save the picture with names</a> '
            f'<a download="recognised.json" href="data:application/json;charset=utf-8,{text}">Save the answer as JSON</a> '
            f'<span title="{esc(times)} milliseconds">{sum(answer.ms.values()) / 1000:.2f} s</span></p>')


def _probe(picture: Picture, one: Identification) -> bytes:
    box = tuple(value * picture.scale for value in one.probe.face.box)
    return image.encode_jpeg(cut(picture.pixels, box, SIDE_PX), 85)


def _smaller(pixels: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(pixels.shape[:2])
    return pixels if scale >= 1 else cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)

"""Decisions: what was answered about a face, by which rule, and why, in words that a layman understands."""

from __future__ import annotations

from dataclasses import dataclass

MATCH, POSSIBLE, UNKNOWN = "match", "possible", "unknown"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`name` is whom a match names or a possible match asks about; None for unknown.

    `threshold` and `question` are the scores from which on this face would have got that person's name, or the question
    whether it is that person (the nearest one's where it is unknown); they differ from face to face, because they
    depend on what the face and the person's photos wear and on the person's strictness.
    """

    level: str  # match | possible | unknown
    person_id: int | None
    name: str | None
    cover: str  # what the face wears, see types.faces.Cover
    pair: str  # which comparison decided: "bare-bare", "masked-look" ..., see decide.tails
    threshold: float
    question: float
    mode: str  # "masked: threshold 0.47 for 1 in 1,000 at 3,000 people"
    reason: str  # a key of decide.words.REASONS
    words: str  # the reason as a sentence


@dataclass(frozen=True, slots=True)
class Statement:
    """What the promise means for this model and this gallery.

    `fpir`: share of strangers who get a name, with its 95 % interval; `enough`: whether measured scores reach as far as
    the promise; `own`: how many of the gallery's own people were searched against all others for it.
    """

    promise: str  # "1 in 1,000" or "by hand"
    one_in: int | None  # None: by hand
    people: int
    templates: int
    threshold: float  # of a bare face
    threshold_masked: float
    fpir: float | None  # None: this model has no measured impostor scores
    interval: tuple[float, float] | None
    enough: bool
    own: int
    words: str

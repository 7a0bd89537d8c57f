"""Answers as plain JSON values, the same for the command line and HTTP."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from ..decide import words
from ..types import UNKNOWN, EnrollReport, Identification, Person, PhotoOutcome, Recognition, Statement, Verification
from .building import BuildReport


def recognition(answer: Recognition) -> dict[str, Any]:
    """Boxes and landmarks in pixels of the upright file; a null name means unknown."""
    return {"image": answer.image, "width": answer.width, "height": answer.height,
            "faces": [identification(one) for one in answer.faces],
            "ms": {stage: round(value, 1) for stage, value in answer.ms.items()}}


def identification(one: Identification) -> dict[str, Any]:
    face = one.probe.face
    return {
        "box": [round(float(value), 1) for value in face.box],
        "landmarks": [[round(float(x), 1), round(float(y), 1)] for x, y in face.landmarks],
        "score": round(float(face.score), 4),
        "quality": {"score": round(float(one.probe.quality.score), 3), "reasons": list(one.probe.quality.reasons)},
        "masked": bool(one.probe.masked), "cover": str(one.probe.cover),
        "name": one.name,
        "match_score": None if one.match_score is None else round(float(one.match_score), 4),
        "threshold": round(float(one.threshold), 4),
        **verdict(one),
        "candidates": [{"name": candidate.name, "score": round(float(candidate.score), 4)} for candidate in one.candidates],
    }


def verdict(one: Identification) -> dict[str, Any]:
    """level: match, possible (`question` is whom to ask about, `name` is null) or unknown; by which rule, and why."""
    said = one.verdict
    if said is None:
        return {}
    return {"level": said.level, "question": one.question, "question_from": round(said.question, 4), "mode": said.mode,
            "reason": said.reason, "why": said.words}


def for_guest(values: dict[str, Any]) -> None:
    """Take out of an identification what is none of a guest's business: who else is enrolled."""
    values["candidates"], values["question"] = [], None


def without_questions(answer: Recognition) -> Recognition:
    """The answer as a guest sees it in the picture: names that were decided, everybody else unknown."""
    return replace(answer, faces=tuple(replace(one, verdict=None) for one in answer.faces))


def held_to(answer: Recognition, score: float | None) -> Recognition:
    """The answer where a name needs this score besides what the gallery asks: a guest may ask for more, never for less,
    else every face would get the name of whoever is nearest."""
    if score is None:
        return answer
    return replace(answer, faces=tuple(_held_to(one, score) for one in answer.faces))


def _held_to(one: Identification, score: float) -> Identification:
    threshold = max(one.threshold, score)
    if one.match_score is None or one.match_score >= threshold:
        return replace(one, threshold=threshold)
    said = one.verdict and replace(one.verdict, level=UNKNOWN, person_id=None, name=None, threshold=threshold, reason="far",
                                   words=words.sentence("far", one.match_score, threshold, None, None))
    return replace(one, name=None, threshold=threshold, verdict=said)


def statement(one: Statement) -> dict[str, Any]:
    values = {key: round(value, 4) if key.startswith("threshold") else value for key, value in asdict(one).items()}
    return {**values, "interval": None if one.interval is None else list(one.interval)}


def verification(answer: Verification) -> dict[str, Any]:
    return {"same": answer.same, "score": round(answer.score, 4), "threshold": round(answer.threshold, 4)}


def person(one: Person) -> dict[str, Any]:
    return {"name": one.name, "photos": one.photos, "templates": one.templates, "note": one.note}


def enrollment(report: EnrollReport) -> dict[str, Any]:
    return {"name": report.name, "enrolled": report.enrolled,
            "photos": [outcome(one) for one in report.outcomes],
            "too_close_to": [{"name": other.name, "score": round(float(other.score), 4)} for other in report.too_close_to]}


def building(report: BuildReport) -> dict[str, Any]:
    return {**asdict(report), "problems": [outcome(one) for one in report.problems], "without": list(report.without),
            "seconds": round(report.seconds, 1)}


def outcome(one: PhotoOutcome) -> dict[str, Any]:
    return {**asdict(one), "reasons": list(one.reasons)}

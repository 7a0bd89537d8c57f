"""What the owner said, as lines of an archive: how strictly somebody is recognised, and which doubts are settled.

    {"kind": "strictness", "person": 3, "level": "strict"}
    {"kind": "apart", "people": [3, 5]}                      two people who are not the same
    {"kind": "kept", "photo": 17}                            a photo that is its person's, whatever it looks like
    {"kind": "rejected", "person": 3, "model": "m", "masked": false, "vector": "..."}    a face that is not this person

People and photos by their line numbers; vectors are float32, little endian, in base64. What was said of somebody who became
part of another goes out as said of the other, for merges do not travel.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from ..decide.rule import STRICTNESS, strictest
from ..store import Connection, decisions, photos, templates, trust

LONGEST_MODEL = 200  # letters of a model's name


def write(c: Connection, people: dict[int, int], lines: dict[int, int]) -> Iterator[dict[str, Any]]:
    """people, lines: the line of each person and photo, by id; what concerns others is left out."""
    for person, levels in trust.strictness(c).items():
        if person in people:
            yield {"kind": "strictness", "person": people[person], "level": strictest(levels)}
    for pair in sorted(decisions.apart(c)):
        if set(pair) <= people.keys():
            yield {"kind": "apart", "people": [people[person] for person in pair]}
    for photo, person in sorted(decisions.kept(c) & set(photos.owners(c).items())):
        if photo in lines:
            yield {"kind": "kept", "photo": lines[photo]}
    for model in trust.models(c):
        for person, said in trust.rejected(c, model).items():
            for _, masked, vector in said if person in people else ():
                yield {"kind": "rejected", "person": people[person], "model": model, "masked": masked,
                       "vector": base64.b64encode(vector.astype("<f4").tobytes()).decode()}


def checked(rows: Iterable[dict[str, Any]], people: int, lines: int) -> list[tuple]:
    """(kind, what ...) of each row, the numbers of lines within so many. Raises ValueError, KeyError or TypeError."""
    return [_checked(row, people, lines) for row in rows]


def _checked(row: dict[str, Any], people: int, lines: int) -> tuple:
    kind = row["kind"]
    if kind == "kept":
        return kind, _line(row["photo"], lines)
    if kind == "apart":
        one, other = row["people"]
        return kind, _line(one, people), _line(other, people)
    person = _line(row["person"], people)
    if kind == "strictness" and row["level"] in STRICTNESS:
        return kind, person, row["level"]
    if kind != "rejected" or not isinstance(row["model"], str) or not 0 < len(row["model"]) <= LONGEST_MODEL:
        raise ValueError
    vector = np.frombuffer(base64.b64decode(row["vector"], validate=True), "<f4").astype(np.float32)
    return kind, person, row["model"], bool(row["masked"]), vector


def _line(number: Any, count: int) -> int:
    if not isinstance(number, int) or not 0 <= number < count:
        raise ValueError
    return number


def bring(c: Connection, said: list[tuple], owners: list[int | None], here: dict[int, int]) -> None:
    """Take up what `checked` gave, beside what is said here already; of two levels the stricter holds.

    owners: the person of each line, here: the photo; who and what did not come in is left out. Raises GalleryError for a
    vector that does not fit its model.
    """
    levels, whose = trust.strictness(c), photos.owners(c)
    known = {(model, person, masked, vector.tobytes()) for model in trust.models(c)
             for person, seen in trust.rejected(c, model).items() for _, masked, vector in seen}
    for kind, line, *what in said:
        if kind == "kept":
            if line in here:
                decisions.keep(c, here[line], whose[here[line]])
            continue
        if (person := owners[line]) is None:
            continue
        if kind == "apart" and owners[what[0]] is not None:
            decisions.set_apart(c, person, owners[what[0]])
        elif kind == "strictness" and strictest([*levels.get(person, []), *what]) != strictest(levels.get(person, [])):
            trust.set_strictness(c, person, *what)
            levels[person] = what
        elif kind == "rejected":
            model, masked, vector = what
            templates.register_model(c, model, len(vector))
            vector = templates.unit([vector], len(vector))[0]
            if (model, person, masked, vector.tobytes()) not in known:
                trust.reject(c, person, model, masked, vector)

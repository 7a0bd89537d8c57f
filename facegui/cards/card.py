"""card.json <-> ModelCard, and the checksum that binds a card to its weight file.

    {"id": "my-model", "architecture": "onnx", "file": "my-model.onnx", "sha256": "64 hex digits",
     "crop": {"method": "align", "size": 112, "points": [[38.29, 51.7], five points in all]},
     "channels": "RGB", "mean": [127.5, 127.5, 127.5], "std": [128, 128, 128], "dimension": 128,
     "licence": "Apache-2.0", "origin": "where it comes from"}

and, if wanted: description, flip, impostor_tail, figures, training. A box crop says {"method": "box", "size": 160,
"margin": 14}. A field that is missing, wrong or unknown is named in the error: a misspelt `flip` must not pass unseen.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import re
import tempfile
from collections.abc import Callable
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from ..types import CropSpec, ModelCard, ModelError

CARD_FILE = "card.json"
LIMIT_BYTES = 4 << 20  # of a card; a real one has a few kilobytes
SAFE_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9_-])?")


def read_card(folder: Path) -> ModelCard:
    """The card of the model in `folder`. Raises ModelError that names the file and the field."""
    return parse(folder / CARD_FILE)


def parse(file: Path) -> ModelCard:
    """The card in a JSON file of any name. Raises ModelError that names the file and the field."""
    try:
        with open(file, "rb") as stream:
            data = stream.read(LIMIT_BYTES + 1)
        if len(data) > LIMIT_BYTES:
            raise ModelError(f"{file} is larger than {LIMIT_BYTES >> 20} MB and cannot be a model card")
        values = json.loads(data)
    except FileNotFoundError:
        raise ModelError(f"there is no model card {file}; a model is a folder with a card.json and one weight file") from None
    except OSError as error:
        raise ModelError(f"the model card {file} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise ModelError(f"the model card {file} is not valid JSON: {error}") from None
    try:
        return _card(values)
    except ValueError as error:
        raise ModelError(f"the model card {file} is wrong: {error}") from None


def write_card(folder: Path, card: ModelCard) -> ModelCard:
    """Write `card` into `folder` in one step; an empty sha256 is filled in from the weight file beside it.

    Returns the card as written. Raises ModelError where it could not be read back, or the weight file is missing.
    """
    if not card.sha256:
        card = replace(card, sha256=digest(folder / card.file))
    values = asdict(card)
    try:
        text = json.dumps(values, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
        _card(json.loads(text))
    except (TypeError, ValueError) as error:
        raise ModelError(f"the card of model {card.id!r} cannot be written: {error}") from None
    folder.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=folder, prefix=".card", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
        os.chmod(name, 0o644)  # mkstemp makes it private
        os.replace(name, folder / CARD_FILE)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return card


def digest(file: Path) -> str:
    """sha256 of a weight file, hex. About 0.6 ms a megabyte, so it is computed at every load and never cached."""
    try:
        with open(file, "rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except FileNotFoundError:
        raise ModelError(f"the weight file {file} is missing; put it there, or remove the model and add it again") from None
    except OSError as error:
        raise ModelError(f"the weight file {file} cannot be read: {error.strerror}") from None


def verify(folder: Path, card: ModelCard) -> Path:
    """The weight file of `card` in `folder`, its checksum verified. Raises ModelError."""
    found = digest(folder / card.file)
    if found != card.sha256:
        raise ModelError(f"{folder / card.file} is damaged or was changed: its sha256 is {found}, its card says "
                         f"{card.sha256 or 'none'}; remove the model and add it again")
    return folder / card.file


# ---- one checker per field; each raises ValueError with the rest of the sentence --------------------------------


def _number(value: Any, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
        raise ValueError(f"is {value!r}, not a number")
    if not low <= value <= high:
        raise ValueError(f"is {value:g}, outside {low:g} to {high:g}")
    return float(value)


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            raise ValueError(f"is {value!r}, not a whole number")
        return int(_number(value, low, high))
    return check


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"is {value!r}, not text")
    return value


def _matching(pattern: re.Pattern[str], want: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if not pattern.fullmatch(_text(value)):
            raise ValueError(f"is {value!r}; it must be {want}")
        return value
    return check


def _numbers(count: int | None, low: float, high: float) -> Callable[[Any], tuple[float, ...]]:
    def check(value: Any) -> tuple[float, ...]:
        if not isinstance(value, list) or (count is not None and len(value) != count):
            raise ValueError(f"must be a list of {count or 'some'} numbers")
        return tuple(_number(item, low, high) for item in value)
    return check


def _std(value: Any) -> tuple[float, ...]:
    return tuple(_number(item, 1e-6, 1e6) for item in _numbers(3, -1e6, 1e6)(value))


def _record(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be an object {...}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"is {value!r}; it must be true or false")
    return value


def _crop(value: Any) -> CropSpec:
    _record(value)
    if unknown := set(value) - {"method", "size", "points", "margin"}:
        raise ValueError(f"has the unknown field {min(unknown)!r}")
    size = _whole(16, 1024)(value.get("size"))
    points = value.get("points") or []
    margin = _number(value.get("margin", 0.0), 0.0, size / 2)
    if value.get("method") == "box":
        return CropSpec("box", size, (), margin)
    if value.get("method") != "align":
        raise ValueError(f"has the method {value.get('method')!r}; it must be align or box")
    if not isinstance(points, list) or len(points) != 5:
        raise ValueError("of method align needs `points`: five [x, y] pairs in crop pixels")
    return CropSpec("align", size, tuple(_numbers(2, -2.0 * size, 3.0 * size)(point) for point in points), margin)


def _tail(value: Any) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, list):
        raise ValueError("must be a list of [false match rate, score] pairs")
    tail = tuple(_numbers(2, -1.0, 1.0)(pair) for pair in value)
    for rate, _ in tail:
        _number(rate, 0.0, 1.0)
    if any(after[0] > before[0] or after[1] < before[1] for before, after in zip(tail, tail[1:])):
        raise ValueError("must have ascending scores with falling false match rates")
    return tail


CHECKS: dict[str, Callable[[Any], Any]] = {
    "id": _matching(SAFE_NAME, "letters, digits, - _ and . only, 64 at most"),
    "architecture": _matching(SAFE_NAME, "one of the architectures the program knows, e.g. onnx"),
    "file": _matching(SAFE_NAME, "the name of a file beside the card"),
    "sha256": _matching(re.compile(r"|[0-9a-f]{64}"), "64 lower-case hex digits, or empty to have it filled in"),
    "crop": _crop,
    "channels": _matching(re.compile("RGB|BGR"), "RGB or BGR"),
    "mean": _numbers(3, -1e6, 1e6), "std": _std, "dimension": _whole(1, 8192), "licence": _text, "origin": _text,
    "description": _text, "flip": _flag, "impostor_tail": _tail, "figures": _record, "training": _record,
}
OPTIONAL = {"sha256", "description", "flip", "impostor_tail", "figures", "training"}
assert list(CHECKS) == [field.name for field in fields(ModelCard)]


def _card(values: Any) -> ModelCard:
    if not isinstance(values, dict):
        raise ValueError("it must be one JSON object {...}")
    if missing := [name for name in CHECKS if name not in values and name not in OPTIONAL]:
        raise ValueError(f"the field {missing[0]!r} is missing")
    if unknown := sorted(set(values) - set(CHECKS)):
        raise ValueError(f"the field {unknown[0]!r} is unknown; known are {', '.join(CHECKS)}")
    checked: dict[str, Any] = {"sha256": ""}
    for name, value in values.items():
        try:
            checked[name] = CHECKS[name](value)
        except ValueError as error:
            raise ValueError(f"the field {name!r} {error}") from None
    if checked["file"] == CARD_FILE:
        raise ValueError("the field 'file' names the card itself; it must name the weight file")
    return ModelCard(**checked)

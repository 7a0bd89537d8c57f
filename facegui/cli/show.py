"""How answers are printed."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from typing import Any

from ..config import Settings
from ..service import FaceService


def service(arguments: Namespace) -> FaceService:
    """The service with the settings of this command line; use it as a context manager."""
    flags = ("gallery", "weights", "model", "device", "long_side")
    return FaceService(Settings.load(**{name: getattr(arguments, name, None) for name in flags}))


def put_json(answer: Any) -> None:
    """One line of JSON; names keep their letters."""
    print(json.dumps(answer, ensure_ascii=False), flush=True)


def put(*lines: str) -> None:
    """Lines for people; a letter that the terminal cannot show becomes a question mark instead of an error."""
    encoding = sys.stdout.encoding or "utf-8"
    print("\n".join(lines).encode(encoding, "replace").decode(encoding), flush=True)


def plural(count: int, one: str, many: str = "") -> str:
    """3, "photo" -> "3 photos"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def told(arguments: Namespace, sentence: str, **values: object) -> None:
    """What was done: the values as JSON where that was asked for, else the sentence."""
    if arguments.json:
        put_json(values)
    else:
        put(sentence)

"""promise and strictness."""

from __future__ import annotations

from argparse import Namespace

from ..decide import parse
from ..service import answers
from .show import put, put_json, service


def promise(arguments: Namespace) -> int:
    """Exit code 1 where there is not enough data for what is promised."""
    wanted = None if arguments.promise is None else parse(arguments.promise)
    with service(arguments) as faces:
        said = faces.decisions.statement() if wanted is None else faces.decisions.keep(wanted)
    if arguments.json:
        put_json(answers.statement(said))
    else:
        put(f"promise: {said.promise}", said.words)
    return 0 if said.enough or said.one_in is None else 1


def strictness(arguments: Namespace) -> int:
    with service(arguments) as faces:
        if arguments.level is not None:
            faces.decisions.set_strictness(arguments.name, arguments.level)
        level = faces.decisions.strictness(arguments.name)
        name = faces.gallery.person(arguments.name).name
    if arguments.json:
        put_json({"name": name, "strictness": level})
    else:
        put(f"{name}: {level}")
    return 0

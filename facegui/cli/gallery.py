"""reembed, export, import, index status, index rebuild."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from .progress import Bar
from .show import plural, put, put_json, service


def reembed(arguments: Namespace) -> int:
    with service(arguments) as faces, Bar() as bar:
        made = faces.reembed(bar)
        model = faces.card.id
    if arguments.json:
        put_json({"model": model, "templates": made})
    else:
        put(f"{plural(made, 'template')} made with {model}" if made else f"nothing to do: every photo has its template of {model}")
    return 0


def export(arguments: Namespace) -> int:
    with service(arguments) as faces, Bar() as bar:
        report = faces.export(arguments.file, bar)
    if arguments.json:
        put_json(asdict(report))
    else:
        put(f"{plural(report.people, 'person', 'people')} and {plural(report.photos, 'photo')} written to {arguments.file}",
            "it holds faces and biometric templates: keep it as you keep passwords")
    return 0


def load(arguments: Namespace) -> int:
    with service(arguments) as faces, Bar() as bar:
        report = faces.load(arguments.file, bar)
    if arguments.json:
        put_json(asdict(report))
    else:
        put(*(f"{name.replace('_', ' ')}: {value}" for name, value in asdict(report).items()))
    return 0


def index_status(arguments: Namespace) -> int:
    with service(arguments) as faces:
        _status(arguments, faces.gallery.index_status())
    return 0


def index_rebuild(arguments: Namespace) -> int:
    with service(arguments) as faces:
        with Bar() as bar:
            faces.gallery.rebuild_index(bar)
        _status(arguments, faces.gallery.index_status())
    return 0


def _status(arguments: Namespace, status: object) -> None:
    values = status if isinstance(status, dict) else asdict(status)
    if arguments.json:
        put_json(values)
    else:
        put(*(f"{name.replace('_', ' '):<12} {value}" for name, value in values.items()))

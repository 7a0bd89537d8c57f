"""build, enroll, people, rename, merge, forget."""

from __future__ import annotations

from argparse import Namespace
from collections import Counter
from dataclasses import asdict
from pathlib import Path

from ..service import answers
from ..types import FaceguiError, PhotoOutcome
from .progress import Bar, duration
from .show import plural, put, put_json, service, told


def build(arguments: Namespace) -> int:
    with service(arguments) as faces, Bar() as bar:
        report = faces.build(arguments.folder, force=arguments.force, tick=bar)
    if arguments.json:
        put_json(answers.building(report))
        return 0
    put(f"{plural(report.people, 'person', 'people')} in {arguments.folder}: {plural(report.enrolled, 'photo')} enrolled, "
        f"{report.duplicates:,} there already, {len(report.problems):,} not taken, in {duration(report.seconds)}")
    for (reason, advice), count in Counter((_why(one), one.advice) for one in report.problems).most_common():
        put(f"  {count:,} {reason}: {advice}")
    if report.problems:
        put("  every photo with its reason: add --json")
    if report.without:
        put(f"  {plural(len(report.without), 'person', 'people')} without a usable photo: {', '.join(report.without[:10])}"
            + (" ..." if len(report.without) > 10 else ""))
    return 0


def enroll(arguments: Namespace) -> int:
    with service(arguments) as faces, Bar() as bar:
        report = faces.enroll(arguments.name, [Path(photo) for photo in arguments.photos], force=arguments.force, tick=bar,
                              careful=arguments.careful, note=arguments.consent)
    if arguments.json:
        put_json(answers.enrollment(report))
    else:
        for outcome in report.outcomes:
            put(_line(outcome))
        for other in report.too_close_to:
            put(f"  take care: looks like {other.name} ({other.score:.2f}); " + (
                f"if they are one person, use `enroll {other.name!r}`, else leave out --careful" if report.held else
                "if they are one person, use `merge`, else `apart`"))
        put(f"{arguments.name}: {plural(report.enrolled, 'photo')} enrolled" if report.person_id is not None
            else f"{arguments.name} was not enrolled: " + ("somebody else looks too much alike" if report.held else
                                                           "no photo could be used"))
    if report.held:
        return 1
    statuses = {outcome.status for outcome in report.outcomes}
    return 2 if "failed" in statuses or not statuses & {"enrolled", "duplicate"} else 0


def _line(outcome: PhotoOutcome) -> str:
    words = {"enrolled": "enrolled", "duplicate": "there already", "refused": "refused", "failed": "failed",
             "held": "good, not enrolled"}
    line = f"  {outcome.photo}: {words[outcome.status]}"
    if outcome.reasons:
        line += f" ({_why(outcome)})"
    return f"{line}. {outcome.advice}" if outcome.advice else line


def _why(outcome: PhotoOutcome) -> str:
    return ", ".join(reason.replace("_", " ") for reason in outcome.reasons) or outcome.status


def people(arguments: Namespace) -> int:
    with service(arguments) as faces:
        found = faces.people(arguments.query)
        photos = {one.id: faces.photos(one.name) if arguments.photos else [] for one in found}
    if arguments.json:
        put_json([answers.person(one) | ({"photo_ids": [each.id for each in photos[one.id]]} if arguments.photos else {})
                  for one in found])
    elif found:
        for one in found:
            put(f"{one.name}  {plural(one.photos, 'photo')}" + ("" if one.templates else "  (not searchable: run `reembed`)"),
                *(f"  photo {each.id}  {each.original_name}  quality {each.quality.score:.2f}" for each in photos[one.id]))
    else:
        put("nobody matches" if arguments.query else "nobody is enrolled yet; try `enroll NAME PHOTO` or `build FOLDER`")
    return 0


def rename(arguments: Namespace) -> int:
    with service(arguments) as faces:
        faces.rename(arguments.old, arguments.new)
    told(arguments, f"{arguments.old} is now {arguments.new}", old=arguments.old, new=arguments.new)
    return 0


def merge(arguments: Namespace) -> int:
    if arguments.undo == (arguments.source is not None or arguments.target is not None) or (
            not arguments.undo and arguments.target is None):
        raise FaceguiError("give two names, FROM and INTO, or only --undo")
    with service(arguments) as faces:
        if arguments.undo:
            source, target = faces.undo_merge()
            told(arguments, f"{source} and {target} are two people again", undone=[source, target])
        else:
            faces.merge(arguments.source, arguments.target)
            told(arguments, f"{arguments.source} is now part of {arguments.target}; `merge --undo` takes it back",
                  source=arguments.source, target=arguments.target)
    return 0


def forget(arguments: Namespace) -> int:
    with service(arguments) as faces:
        gone = faces.forget(arguments.name)
    told(arguments, f"{gone.name} is forgotten: {plural(gone.photos, 'photo')}, {plural(gone.files, 'file')}, "
          f"{plural(gone.templates, 'template')} and {plural(gone.index_rows, 'index row')} deleted", **asdict(gone))
    return 0

"""check, apart, move, keep: what looks wrong in the gallery, and how it is settled."""

from __future__ import annotations

from argparse import Namespace
from dataclasses import asdict

from ..types import FaceguiError
from .progress import Bar
from .show import plural, put, put_json, service, told


def check(arguments: Namespace) -> int:
    """Exit code 1 where there are doubts."""
    with service(arguments) as faces, Bar() as bar:
        found = faces.doubts(bar)
    if arguments.json:
        put_json(asdict(found))
        return 1 if found.duplicates or found.misplaced else 0
    if found.duplicates:
        put(f"{plural(len(found.duplicates), 'pair')} of people who may be one (`merge FROM INTO`, or `apart ONE OTHER` if they are not):")
        put(*(f"  {one.score:.2f}  {one.one} and {one.other}  (photos {one.one_photo} and {one.other_photo})" for one in found.duplicates))
    if found.misplaced:
        put(f"{plural(len(found.misplaced), 'photo')} that may lie with the wrong person (`move PHOTO... --to NAME`, or `keep PHOTO` "
            "if it is right):")
        put(*(f"  photo {one.photo} of {one.person}: like {one.like} {one.like_score:.2f} (photo {one.like_photo}), like the rest of "
              f"{one.person} {one.own_score:.2f}" for one in found.misplaced))
    if not found.duplicates and not found.misplaced:
        put("nothing looks wrong")
    put(f"{plural(found.templates, 'template')} compared in {found.seconds:.1f} s; two photos count as one person's from "
        f"{found.threshold:.2f} on")
    return 1 if found.duplicates or found.misplaced else 0


def apart(arguments: Namespace) -> int:
    with service(arguments) as faces:
        faces.gallery.sorting.set_apart(arguments.one, arguments.other, not arguments.undo)
    told(arguments, f"{arguments.one} and {arguments.other} are " + ("in question again" if arguments.undo else
          "not the same; `apart --undo` takes that back"), one=arguments.one, other=arguments.other, apart=not arguments.undo)
    return 0


def move(arguments: Namespace) -> int:
    with service(arguments) as faces:
        if arguments.undo:
            last = next((one.id for one in faces.gallery.sorting.moves()), -1)
            done = faces.gallery.sorting.undo(last)
            told(arguments, f"{plural(done.photos, 'photo')} went back from {done.into_name} to {done.from_name}", undone=asdict(done))
        elif not arguments.photos or not arguments.to:
            raise FaceguiError("give the photos' numbers and --to NAME, or only --undo")
        else:
            done = faces.gallery.sorting.move(arguments.photos, arguments.to)
            told(arguments, f"{plural(done.photos, 'photo')} of {done.from_name} went to {done.into_name}; `move --undo` takes it back",
                  **asdict(done))
    return 0


def keep(arguments: Namespace) -> int:
    with service(arguments) as faces:
        for photo in arguments.photos:
            faces.gallery.sorting.keep(photo, not arguments.undo)
    told(arguments, f"{plural(len(arguments.photos), 'photo')} " + ("in question again" if arguments.undo else
          "kept where they are; `keep --undo` takes that back"), photos=arguments.photos, kept=not arguments.undo)
    return 0

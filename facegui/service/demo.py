"""The main story on drawn people: build their gallery, enroll one more, recognise that person masked, and a stranger."""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import drawn, image
from ..config import Settings
from ..types import Progress, Tick, no_tick
from . import answers, models

if TYPE_CHECKING:
    from . import FaceService

VIEWS = ({}, {"light": 0.5, "yaw": 0.2, "smile": 0.5, "view": 1}, {"light": -0.5, "yaw": -0.2, "view": 2})
NEWCOMER = list(drawn.CAST)[-1]  # enrolled last, while the others are in the gallery already
STRANGER = list(drawn.STRANGERS)[0]


def photos(folder: Path, names: list[str]) -> None:
    """Write the photos of drawn people to `folder`, one sub-folder per person, as `build` wants them."""
    for name in names:
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, view in enumerate(VIEWS, 1):
            image.write(folder / name / f"{number}.jpg", drawn.person(drawn.CAST[name], **view))


def prepare(faces: FaceService, tick: Tick = no_tick) -> None:
    """Fill the service's gallery with the cast, all but the newcomer, unless somebody is in it already."""
    if faces.people():
        return
    faces.gallery.set_setting(models.THRESHOLD, drawn.APART)
    tick(Progress(0, 0, "drawing the cast"))
    with tempfile.TemporaryDirectory(prefix="facegui-cast-") as folder:
        photos(Path(folder), [name for name in drawn.CAST if name != NEWCOMER])
        faces.build(folder, tick=tick)


def samples() -> dict[str, Any]:
    """Pictures to try: title -> RGB pixels."""
    known = list(drawn.CAST)[0]
    look = {"light": 0.2, "yaw": 0.1, "smile": 0.2, "view": 3}
    known_masked = drawn.person(drawn.CAST[known], mask=True, **look)
    return {
        known: drawn.person(drawn.CAST[known], **look),
        f"{known}, masked": known_masked,
        "a stranger": drawn.person(drawn.STRANGERS[STRANGER], **look),
        "a group": drawn.group([known_masked, drawn.person(drawn.STRANGERS[STRANGER], **look),
                                drawn.person(drawn.CAST[list(drawn.CAST)[1]], **look)]),
    }


def run(settings: Settings, out: Path, tick: Tick = no_tick) -> dict[str, Any]:
    """Tell the story in a temporary gallery and write the annotated picture to `out`."""
    from . import FaceService

    with tempfile.TemporaryDirectory(prefix="facegui-demo-") as folder:
        with FaceService(replace(settings, gallery=Path(folder) / "gallery")) as faces:
            prepare(faces, tick)
            people = len(faces.people())
            photos(Path(folder) / "new", [NEWCOMER])
            start = time.perf_counter()
            faces.enroll(NEWCOMER, sorted((Path(folder) / "new" / NEWCOMER).iterdir()), tick=tick)
            enroll_ms = (time.perf_counter() - start) * 1e3
            look = {"light": 0.2, "yaw": 0.1, "view": 3}
            picture = drawn.group([drawn.person(drawn.CAST[NEWCOMER], mask=True, **look),
                                   drawn.person(drawn.STRANGERS[STRANGER], **look)])
            answer = faces.identify(picture)
            image.write(out, faces.annotate(picture, answer))
    shown = (f"{NEWCOMER}, enrolled bare-faced, now masked", f"{STRANGER}, a stranger")
    across = sorted(answers.recognition(answer)["faces"], key=lambda face: face["box"][0])
    found = [{"shown": title, **face} for title, face in zip(shown, across)]
    return {"people": people, "enrolled": NEWCOMER, "enroll_ms": round(enroll_ms, 1), "faces": found, "picture": str(out)}

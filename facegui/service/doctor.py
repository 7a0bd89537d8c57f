"""What is wrong on this machine, and what would make it better."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from .. import cards, drawn
from ..embed import pick_device
from ..types import FaceguiError
from . import models

if TYPE_CHECKING:
    from . import FaceService

PACKAGES = ("torch", "torchvision", "facenet-pytorch", "opencv-python-headless", "numpy", "pillow", "pillow-heif", "annoy",
            "onnxruntime", "safetensors", "gradio")
LOW_DISK_BYTES = 2 << 30


@dataclass(frozen=True, slots=True)
class Finding:
    """state: ok | advice | broken; `text` says what was found and, unless ok, what to do."""

    about: str
    state: str
    text: str


def examine(faces: FaceService) -> Iterator[Finding]:
    """Every check, one after the other; a check that fails never stops the next."""
    for check in (_packages, _device, _models, _pipeline, _gallery, _disk):
        try:
            yield from check(faces)
        except FaceguiError as error:
            yield Finding(check.__name__.strip("_"), "broken", str(error))
        except Exception as error:  # a doctor must not die of the disease
            yield Finding(check.__name__.strip("_"), "broken", f"{type(error).__name__}: {error}")


def _packages(_: FaceService) -> Iterator[Finding]:
    found, missing = [f"Python {sys.version.split()[0]}"], []
    for name in PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        yield Finding("packages", "broken", f"not installed: {', '.join(missing)}; run `pip install -r requirements.txt`")
    yield Finding("packages", "ok", ", ".join(found))


def _device(faces: FaceService) -> Iterator[Finding]:
    device = pick_device(faces.settings.device)
    if device.type == "cpu" and faces.settings.device == "auto":
        yield Finding("device", "ok", "CPU (torch sees no CUDA card; recognition works, training is slow)")
    else:
        yield Finding("device", "ok", str(device))


def _models(faces: FaceService) -> Iterator[Finding]:
    found = cards.installed(faces.settings.weights)
    for one in found.broken:
        yield Finding(f"model {one.id}", "broken", one.reason)
    card = faces.card
    yield Finding(f"model {card.id}", "ok", f"in use; {card.dimension} numbers; terms: {card.licence}")
    if not card.impostor_tail:
        yield Finding(f"model {card.id}", "advice", f"its card has no measured impostor scores, so the threshold is a plain "
                      f"{models.UNCALIBRATED}; pass --threshold, or take a model with a measured card")


def _pipeline(faces: FaceService) -> Iterator[Finding]:
    """A drawn person, found and embedded twice: the second run is what a photo costs."""
    picture = drawn.person(next(iter(drawn.CAST.values())))
    faces.identify(picture)
    answer = faces.identify(picture)
    if len(answer.faces) != 1:
        yield Finding("pipeline", "broken", f"{len(answer.faces)} faces found in a drawing of one person; torch and torchvision "
                      "may not belong together: run `pip install -r requirements.txt` in a fresh environment")
    else:
        yield Finding("pipeline", "ok", "one face, " + ", ".join(f"{stage} {ms:.0f} ms" for stage, ms in answer.ms.items()))


def _gallery(faces: FaceService) -> Iterator[Finding]:
    people = faces.people()
    faces.gallery.check()
    photos = sum(one.photos for one in people)
    yield Finding("gallery", "ok", f"{len(people)} people, {photos} photos, in {faces.settings.gallery}")
    without = [one for one in people if not one.templates]
    if without:
        yield Finding("gallery", "advice", f"{len(without)} people have no template of the model in use; run `reembed`")
    if not people:
        yield Finding("gallery", "advice", "nobody is enrolled yet; try `enroll NAME PHOTO` or `build FOLDER`")


def _disk(faces: FaceService) -> Iterator[Finding]:
    free = shutil.disk_usage(faces.settings.gallery).free
    state = "ok" if free > LOW_DISK_BYTES else "advice"
    yield Finding("disk", state, f"{free / 2**30:.1f} GB free" + ("" if state == "ok" else "; make room before the next build"))

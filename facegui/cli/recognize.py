"""identify and verify."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path

from .. import draw, image
from ..service import answers
from ..types import FaceguiError, ImageError, Recognition
from .show import plural, put, put_json, service


def identify(arguments: Namespace) -> int:
    """Every photo is answered; one that cannot be read is reported and makes the exit code 2."""
    several = len(arguments.photos) > 1
    out = Path(arguments.out) if arguments.out else None
    if out and several and out.suffix and not out.is_dir():
        raise FaceguiError(f"{out} is one file, but there are {len(arguments.photos)} photos; give a folder as --out")
    code, taken = 0, set()
    with service(arguments) as faces:
        for name in arguments.photos:
            try:
                picture = image.read(name)
                answer = faces.identify(picture, top=arguments.top, threshold=arguments.threshold,
                                        small_faces=arguments.small_faces)
            except ImageError as error:
                print(f"facegui: {error}", file=sys.stderr)
                code = error.exit_code
                continue
            written = out and _target(out, Path(name), several, taken)
            if written:
                image.write(written, draw.annotate(picture.pixels, answer))
            if arguments.json:
                put_json(answers.recognition(answer))
            else:
                put(*_lines(name, answer, written))
        missing = len(faces.gallery.missing_templates())
    if missing:
        print(f"facegui: {plural(missing, 'photo')} cannot be searched yet with the model in use; run `reembed`", file=sys.stderr)
    return code


def _target(out: Path, photo: Path, several: bool, taken: set[Path]) -> Path:
    """Where the annotated copy goes: the file `out`, or, where `out` is or can only be a folder, a file of the photo's name in it."""
    if not several and out.suffix and not out.is_dir():
        return out
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FaceguiError(f"cannot make the folder {out}: {error.strerror}; give another --out") from None
    suffix = photo.suffix.lower() if photo.suffix.lower() in (".jpg", ".jpeg", ".png", ".webp") else ".jpg"
    number, target = 1, out / f"{photo.stem}{suffix}"
    while target in taken or (target.exists() and target.resolve() == photo.resolve()):  # never over the photo itself
        number += 1
        target = out / f"{photo.stem}-{number}{suffix}"
    taken.add(target)
    return target


def _lines(name: str, answer: Recognition, written: Path | None) -> list[str]:
    lines = [f"{name}  {answer.width} x {answer.height}  {plural(len(answer.faces), 'face')}  "
             + "  ".join(f"{stage} {ms:.0f} ms" for stage, ms in answer.ms.items())]
    for number, one in enumerate(answer.faces, 1):
        x1, y1, x2, y2 = (round(value) for value in one.probe.face.box)
        score = "empty gallery" if one.match_score is None else f"{one.match_score:.2f}"
        said = one.name or (f"Is this {one.question}?" if one.question else "unknown")
        lines.append(f"  {number}. {said}  {score} (threshold {one.threshold:.2f})  "
                     f"{one.probe.cover}  at {x1},{y1} - {x2},{y2}")
        if one.verdict is not None:
            lines.append(f"     {one.verdict.words} ({one.verdict.mode})")
        others = [f"{candidate.name} {candidate.score:.2f}" for candidate in one.candidates]
        if others:
            lines.append("     nearest: " + ", ".join(others))
        if one.probe.quality.reasons:
            lines.append("     quality: " + ", ".join(reason.replace("_", " ") for reason in one.probe.quality.reasons))
    if not answer.faces:
        lines.append("  no face found; for tiny faces in a crowd add --small-faces")
    if written:
        lines.append(f"  written to {written}")
    return lines


def verify(arguments: Namespace) -> int:
    with service(arguments) as faces:
        answer = faces.verify(*arguments.photos, threshold=arguments.threshold)
    if arguments.json:
        put_json(answers.verification(answer))
    else:
        put(f"{'the same person' if answer.same else 'different people'}: score {answer.score:.2f}, "
            f"threshold {answer.threshold:.2f}")
    return 0 if answer.same else 1

"""A timeline for other programs: JSON, CSV for spreadsheets, WebVTT for players."""

from __future__ import annotations

import base64
import csv
import html
import io
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ...capture import unfinished
from ...image import shown
from ...types import VideoError
from .timeline import Presence, Timeline

COLUMNS = ("person", "known", "from_s", "to_s", "from", "to", "score", "best_s", "masked")
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is run by spreadsheets


def values(told: Timeline, thumbnails: bool = True) -> dict[str, Any]:
    """Plain JSON values. Times in seconds from the first frame; boxes in pixels of the video; a null name means unknown."""
    return {"video": told.video, "width": told.width, "height": told.height, "seconds": told.seconds,
            "threshold": round(told.threshold, 4), "people": [_person(one, thumbnails) for one in told.people],
            "unclear": told.unclear, "remarks": list(told.remarks)}


def _person(one: Presence, thumbnails: bool) -> dict[str, Any]:
    found = {"label": one.label, "name": one.name, "question": one.question,
             "score": None if one.score is None else round(one.score, 4),
             "seconds": round(one.seconds, 3), "intervals": [{"from_s": start, "to_s": end} for start, end in one.intervals],
             "best": {"time_s": one.best_s, "box": [round(float(value), 1) for value in one.box],
                      "quality": round(float(one.quality), 3), "masked": one.masked}}
    if thumbnails:
        found["best"]["thumbnail"] = "data:image/jpeg;base64," + base64.b64encode(one.thumbnail).decode()
    return found


def to_json(told: Timeline) -> str:
    return json.dumps(values(told), ensure_ascii=False, indent=1) + "\n"


def to_csv(told: Timeline) -> str:
    """One line per interval, first come first."""
    out = io.StringIO()
    table = csv.writer(out)
    table.writerow(COLUMNS)
    rows = sorted(((start, end, one) for one in told.people for start, end in one.intervals), key=lambda row: row[:2])
    for start, end, one in rows:
        table.writerow((cell(one.label), "yes" if one.name is not None else "no", f"{start:.3f}", f"{end:.3f}", clock(start),
                        clock(end), "" if one.score is None else f"{one.score:.4f}", f"{one.best_s:.3f}",
                        "yes" if one.masked else "no"))
    return out.getvalue()


def to_vtt(told: Timeline) -> str:
    """A caption for every stretch of time in which the same people are on screen."""
    cues = [f"{clock(start)} --> {clock(end)}\n{', '.join(_caption(one.label) for one in people)}\n"
            for start, end, people in stretches(told)]
    return "WEBVTT\n\n" + "\n".join(cues)


def stretches(told: Timeline) -> list[tuple[float, float, list[Presence]]]:
    """(from, to, everybody on screen), in order; times without anybody are left out."""
    edges = sorted({edge for one in told.people for span in one.intervals for edge in span})
    found = []
    for start, end in zip(edges, edges[1:], strict=False):
        people = [one for one in told.people if any(first <= start and end <= last for first, last in one.intervals)]
        if people:
            found.append((start, end, people))
    return found


def cell(text: str) -> str:
    """A name as a spreadsheet's cell: an apostrophe keeps it from being run as a formula."""
    return "'" + text if text.startswith(FORMULA) else text


def clock(seconds: float) -> str:
    """3723.5 -> "01:02:03.500", as WebVTT wants it."""
    milliseconds = round(1000 * seconds)
    return (f"{milliseconds // 3_600_000:02d}:{milliseconds // 60_000 % 60:02d}:{milliseconds // 1000 % 60:02d}"
            f".{milliseconds % 1000:03d}")


def _caption(label: str) -> str:
    return html.escape(" ".join(label.split()), quote=False)


WRITERS = {".json": to_json, ".csv": to_csv, ".vtt": to_vtt}


def check(paths: Sequence[Path]) -> None:
    """Raises VideoError, before any work, where a timeline could not be written in the end."""
    for path in paths:
        if path.suffix.lower() not in WRITERS:
            raise VideoError(f"{shown(path.name)}: timelines are written as {', '.join(WRITERS)}; give a name that ends so")
        if not path.absolute().parent.is_dir():
            raise VideoError(f"there is no folder {path.absolute().parent}; make it, or give another one")


def write(told: Timeline, path: Path) -> None:
    """The ending decides the format; the file is there complete or not at all. Raises VideoError."""
    check([path])
    part = unfinished.beside(path)
    try:
        part.write_bytes(WRITERS[path.suffix.lower()](told).encode())
        os.replace(part, path)
    except OSError as error:
        raise VideoError(f"{shown(path.name)} cannot be written ({error.strerror}); "
                         "check the folder and the free space") from None
    finally:
        part.unlink(missing_ok=True)

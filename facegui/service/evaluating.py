"""Measuring as a job of the service: a folder of people, a list of pairs, or the gallery itself."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

from .. import align, evaluate, image
from ..evaluate.evidence import PORTRAIT, Side
from ..gallery.leave_out import leave_out
from ..jobs import Job
from ..store import photos
from ..training import looks
from ..types import DataError, Embedder, FaceguiError, Progress, Tick, no_tick
from .sight import scaled
from .snapshot import Snapshot

if TYPE_CHECKING:
    from . import FaceService

CACHE = ".evaluation"  # in the weights folder: faces found and embedded, so that a second model costs seconds
GONE = "photos were deleted while the gallery was measured; measure again"
KINDS = ("gallery", "folder", "masked", "pairs", "lfw")


class Evaluating:
    """The measurement that runs, or ran last, in this process: `report` and `body` (HTML) come at its end.

    One of the gallery goes as soon as a photo in it is deleted, by this process or another: it may show that photo.
    """

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self.report: evaluate.Report | None = None
        self.body = ""
        self.number = 0  # grows with every report
        self._shown: Snapshot | None = None  # of the gallery that was measured
        self._reading: Snapshot | None = None  # of one that is being measured
        self.saved: Path | None = None  # the report as a file
        self._lock = Lock()

    def start(self, kind: str, place: str = "", images: str = "") -> Job:
        """Measure in the background. place: a folder, for "pairs" the list (`images`: the folder of its photos).

        Raises Busy, DataError.
        """
        if kind not in KINDS:
            raise DataError(f"there is no measurement {kind!r}; choose one of {', '.join(KINDS)}")
        if kind != "gallery" and not place.strip():
            raise DataError("type the folder of the photos first" if kind != "pairs" else "type the place of the pairs file first")
        if kind == "pairs" and not images.strip():
            raise DataError("type the folder of the pairs' photos first")

        def work(tick: Tick) -> str:
            self._reading = None
            report = self._measure(kind, Path(place.strip()).expanduser(), Path(images.strip()).expanduser(), tick)
            tick(Progress(0, 0, "computing intervals and drawing charts"))
            body = evaluate.body(report, report.threshold if kind == "gallery" else None)
            with self._lock:
                if self._reading is not None and self._reading.outlived():
                    raise FaceguiError(GONE)
                self._drop()
                self.report, self.body, self._shown = report, body, self._reading
            return "The measurement is done: see the Evaluate tab."

        return self._service.jobs.start("Measuring " + ("the gallery" if kind == "gallery" else Path(place).name), work)

    def _measure(self, kind: str, place: Path, images: Path, tick: Tick) -> evaluate.Report:
        if kind == "gallery":
            return self.gallery(tick)
        sight, cache = self._service.sight, self._service.settings.weights / CACHE
        parts = sight.detector, sight.embedder, cache, tick
        if kind == "pairs":
            return evaluate.pairs(place, images, *parts, cover=sight.cover)
        if kind == "masked":
            return evaluate.masked(place, *parts, looks=looks_of(sight.embedder))
        measure = evaluate.lfw if kind == "lfw" else evaluate.folder
        return measure(place, *parts, cover=sight.cover)

    def gallery(self, tick: Tick = no_tick) -> evaluate.GalleryReport:
        """Measure the gallery with the templates that it holds. Raises DataError where they are too few, Cancelled."""
        started, gallery, decisions = time.monotonic(), self._service.gallery, self._service.decisions
        left = leave_out(decisions.comparer, decisions.level(), tick)
        with gallery.database.read() as c:
            known = {photo.id: photo for photo in photos.everything(c)}
        if left.names.keys() != set(left.people.tolist()) or not known.keys() >= set(left.photos.tolist()):
            raise FaceguiError(GONE)
        self._reading = Snapshot(gallery, left.photos.tolist())

        def show(place: int) -> Side:
            photo = known[int(left.photos[place])]

            def portrait() -> np.ndarray:
                picture = image.read(gallery.photo_path(photo))
                return align.crop(picture.pixels, scaled(photo.face, picture.scale), PORTRAIT)

            return Side(f"{left.names[int(left.people[place])]}, {photo.original_name}", portrait)

        return evaluate.gallery(left, self._service.card.id, show, started)

    def file(self) -> Path:
        """The last report as one HTML file, written once. Raises FaceguiError where there is none."""
        with self._lock:
            if self.report is None:
                raise FaceguiError("measure something first")
            if self.saved is None:
                file = Path(tempfile.mkdtemp(prefix="report-")) / f"facegui-{self.report.model}.html"
                evaluate.write_page(self.report, file, self.body)
                self.saved = file
            return self.saved

    def forget(self) -> int:
        """Delete the measurement, with its file, if a photo in it is no longer in the gallery. Returns how many went."""
        with self._lock:
            if self._shown is None or not self._shown.outlived():
                return 0
            self._drop()
            return 1

    def _drop(self) -> None:
        if self.saved is not None:
            shutil.rmtree(self.saved.parent, ignore_errors=True)
        self.report, self.body, self._shown, self.saved = None, "", None, None
        self.number += 1


def looks_of(embedder: Embedder) -> evaluate.Looks | None:
    """How this model's second templates are made; None where its crops do not align the face."""
    points = looks.landmarks(embedder.card.crop)
    if points is None:
        return None
    return evaluate.Looks(looks.KEY, lambda crops, bare: looks.looks(embedder.embed, crops, bare, points))

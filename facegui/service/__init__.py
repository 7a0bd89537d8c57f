"""FaceService: the only door for the command line, the browser and HTTP.

Heavy parts (torch, MTCNN, the embedder) are loaded at first use and kept. Every method may be called from any thread.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from .. import archive, draw, image
from ..config import Settings
from ..gallery import Gallery, doubts
from ..jobs import Jobs
from ..types import (ArchiveReport, Deletion, Doubts, EnrollReport, FaceCountError, GalleryError, ModelCard, Person, Photo,
                     Picture, Recognition, Tick, Verification, no_tick)
from . import doctor, enrolling, models
from .building import BuildReport, build
from .deciding import Decisions
from .sight import Sight, subject

Source = str | Path | Picture | np.ndarray  # a file, a decoded picture, or RGB uint8 pixels


class FaceService:
    """One gallery, one model in use, one machine. Use as a context manager, or call close()."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.load()
        self.jobs = Jobs()
        self.decisions = Decisions(self)
        self._lock = threading.RLock()
        self._gallery: Gallery | None = None
        self._sight: Sight | None = None

    def __enter__(self) -> FaceService:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop the running job and let go of the gallery's files."""
        self.jobs.cancel()
        self.jobs.wait(10)
        with self._lock:
            self.decisions.close()
            if self._gallery is not None:
                self._gallery.close()
                self._gallery = None

    # ---- parts -------------------------------------------------------------------------------------------------

    @property
    def gallery(self) -> Gallery:
        """The gallery, seen through the model in use, which another process may have changed meanwhile."""
        with self._lock:
            if self._gallery is None:
                self._gallery = Gallery(self.settings.gallery)
            models.follow(self._gallery, self.settings)
            return self._gallery

    @property
    def card(self) -> ModelCard:
        """The model in use. Raises ModelError that says how to get one where there is none."""
        return models.chosen(self.gallery, self.settings)

    @property
    def sight(self) -> Sight:
        """Detector, cover judge and embedder, loaded."""
        card = self.card
        with self._lock:
            if self._sight is None or self._sight.embedder.card != card:
                self._sight = models.load_sight(card, self.settings, self._sight)
            return self._sight

    # ---- recognise ---------------------------------------------------------------------------------------------

    def identify(self, source: Source, *, top: int = 5, threshold: float | None = None,
                 small_faces: bool = False) -> Recognition:
        """Everybody in one photo. `threshold` None: what the gallery's promise asks. Raises ImageError, ModelError."""
        picture = _picture(source)
        ms = {"decode": picture.decode_ms}
        sight = self.sight
        seen, took = sight.look(picture, small_faces)
        start = time.perf_counter()
        probes = sight.embed(seen)
        embedded = time.perf_counter()
        faces = tuple(self.decisions.identify(probes, top, threshold))
        ms |= took | {"embed": (embedded - start) * 1e3, "search": (time.perf_counter() - embedded) * 1e3}
        return Recognition(picture.name, picture.width, picture.height, faces, ms)

    def verify(self, first: Source, second: Source, *, threshold: float | None = None) -> Verification:
        """Whether two photos show the same person. Raises FaceCountError where a photo has no clear subject."""
        sight = self.sight
        seen = [self._one_face(sight, source) for source in (first, second)]
        one, two = sight.embed(seen)
        limit = models.verify_threshold(sight.embedder.card).score if threshold is None else threshold
        score = float(one.embedding @ two.embedding)
        return Verification(score >= limit, score, limit)

    def threshold(self) -> float:
        """The score for a bare face's name: the gallery's own by hand, else what its promise asks of this model and gallery."""
        return self.decisions.statement().threshold

    @staticmethod
    def _one_face(sight: Sight, source: Source):
        picture = _picture(source)
        seen, _ = sight.look(picture)
        one = subject(seen, picture.width, picture.height)
        if one is None:
            what = f"{len(seen)} faces and no clear subject" if seen else "no face that can be found"
            raise FaceCountError(f"{picture.name or 'the photo'} has {what}; give a photo of one person, cut out if need be")
        return one

    def annotate(self, source: Source, answer: Recognition) -> np.ndarray:
        """A copy of the picture with boxes, names and scores."""
        return draw.annotate(_picture(source).pixels, answer)

    # ---- enroll ------------------------------------------------------------------------------------------------

    def enroll(self, name: str, photos: Sequence[Source | tuple[str, bytes]], *, force: bool = False,
               tick: Tick = no_tick, careful: bool = False, note: str = "") -> EnrollReport:
        """Enroll `name` from photos: files, pictures' bytes with their file name, or pixels. Found by the next search.

        `careful`: enroll nothing where somebody else who is enrolled looks too much alike, and say who. `note`: kept
        with the person, e.g. how and when he or she consented. A bad photo is reported, never raised. Raises GalleryError
        for an impossible name or note, or a gallery that cannot be written.
        """
        return enrolling.enroll(self.sight, self.gallery, name, photos, force=force, tick=tick,
                                resembled=self.decisions.resembled, careful=careful, note=note)

    def build(self, folder: Path | str, *, force: bool = False, tick: Tick = no_tick) -> BuildReport:
        """Enroll everybody in a folder (or zip file) of one sub-folder per person; continues where an earlier run was stopped."""
        return build(self.sight, self.gallery, Path(folder), force=force, tick=tick)

    def reembed(self, tick: Tick = no_tick) -> int:
        """Make the templates that the model in use still lacks, from the kept photos; returns how many were made."""
        return enrolling.reembed(self.sight, self.gallery, tick)

    # ---- people ------------------------------------------------------------------------------------------------

    def people(self, query: str | None = None) -> list[Person]:
        return self.gallery.people(query)

    def photos(self, name: str) -> list[Photo]:
        return self.gallery.photos(name)

    def rename(self, old: str, new: str) -> None:
        self.gallery.rename(old, new)

    def merge(self, source: str, target: str) -> None:
        self.gallery.merge(source, target)

    def undo_merge(self) -> tuple[str, str]:
        """Take the last merge back; returns (the person that is back, the person it had become part of)."""
        done = self.gallery.merges()
        if not done:
            raise GalleryError("there is no merge that could be taken back")
        return self.gallery.undo_merge(done[0].id).name, done[0].into_name

    def doubts(self, tick: Tick = no_tick) -> Doubts:
        """People who may be one, and photos that may lie with the wrong person, at the gallery's own threshold."""
        bare, *masked = (self.decisions.alike(number) for number in range(3))
        return doubts.look(self.gallery, bare, tick, more=(0.0, *(needed - bare for needed in masked)))

    def still_doubted(self, found: Doubts) -> Doubts:
        """Those in which nobody was deleted, renamed or merged since, and no photo moved."""
        return doubts.still(self.gallery, found)

    def forget(self, name: str) -> Deletion:
        return self.gallery.forget(name)

    def export(self, file: Path | str, tick: Tick = no_tick) -> ArchiveReport:
        return archive.export(self.settings.gallery, Path(file), tick)

    def load(self, file: Path | str, tick: Tick = no_tick) -> ArchiveReport:
        return archive.load(self.settings.gallery, Path(file), tick)

    def doctor(self) -> list[doctor.Finding]:
        """What is wrong on this machine, with these models and this gallery, and what to do."""
        return list(doctor.examine(self))


def _picture(source: Source) -> Picture:
    if isinstance(source, Picture):
        return source
    if isinstance(source, np.ndarray):
        return image.from_array(source)
    return image.read(source)

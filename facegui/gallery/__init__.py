"""The gallery: the only door to the store (SQLite, photo files) and the index, which it keeps in step."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..store import files, merges, names, people, photos, settings, templates
from ..types import (Candidate, Deletion, Enrolled, GalleryError, IndexStatus, Merge, NewPhoto, Person, Photo,
                     PhotoOutcome, Tick, no_tick)
from . import enroll, forget
from .live import TREES_FROM, LiveIndex
from .sorting import Sorting
from .start import start

__all__ = ["Gallery", "NewPhoto", "name_key"]

log = logging.getLogger("facegui.gallery")  # ids, counts and milliseconds; never names or vectors
name_key = names.key


class Gallery:
    """Known people in a folder: gallery.db, photos/ and index/. Any threads and processes may use it side by side.

    Everything acknowledged is on the disk. Each method raises GalleryError with a sentence where it cannot do its work,
    and changes nothing then. Vectors are those of one model; templates of other models stay, unseen. Without a model
    (`use_model` comes later) everything works except enrolling and searching. `trees_from`: templates from which on the
    index grows trees; it finds the same people either way.
    """

    def __init__(self, folder: Path, model_id: str | None = None, dimension: int = 0, *,
                 trees_from: int = TREES_FROM) -> None:
        self.folder, self.model_id, self.dimension, self.trees_from = Path(folder), "", 0, trees_from
        self._live: LiveIndex | None = None
        self.database = start(self.folder)
        self.sorting = Sorting(self.database)
        if model_id is not None:
            try:
                self.use_model(model_id, dimension)
            except BaseException:
                self.database.close()
                raise

    def use_model(self, model_id: str, dimension: int) -> None:
        """Search and enroll with this model's vectors from now on."""
        if (model_id, dimension) != (self.model_id, self.dimension):
            with self.database.read() as c:
                templates.model_number(c, model_id, dimension)
            if self._live is not None:
                self._live.close()
            self._live = LiveIndex(self.database, model_id, dimension, self.trees_from)
            self.model_id, self.dimension = model_id, dimension

    # ---- enrolling and searching --------------------------------------------------------------------------------

    def enroll(self, name: str, items: Sequence[NewPhoto]) -> Enrolled:
        """Add photos to the person of this name, who is created where needed; found by the very next search. A face of
        a photo that the person has already is a "duplicate"; one enrolled as somebody else is "refused", with advice.
        """
        kept = self._enroll([(name, item) for item in items])
        person = next((one.person_id for one in kept if one.person_id is not None), None)
        with self.database.read() as c:
            stored = people.names_of(c, {person} - {None}).get(person, names.tidy(name))
        return Enrolled(person, stored, any(one.created for one in kept),
                        tuple(one.outcome for one in kept), tuple(one.photo_id for one in kept))

    def enroll_many(self, items: Sequence[tuple[str, NewPhoto]]) -> list[PhotoOutcome]:
        """`enroll` for photos of several people in one transaction, which is much faster than one each."""
        return [one.outcome for one in self._enroll(items)]

    def _enroll(self, items: Sequence[tuple[str, NewPhoto]]) -> list[enroll.Kept]:
        started = time.perf_counter()
        self._index()
        kept = enroll.enroll(self.database, self.model_id, self.dimension, items)
        log.info("offered %d photos, enrolled %d in %.0f ms", len(kept),
                 sum(one.outcome.status == "enrolled" for one in kept), 1e3 * (time.perf_counter() - started))
        return kept

    def enrolled_photos(self) -> set[tuple[str, str]]:
        """(name_key(name), sha256) of every photo kept, to recognise unopened what is enrolled already."""
        with self.database.read() as c:
            return photos.of_names(c)

    @staticmethod
    def check_name(name: str) -> str:
        """`name` as it would be stored. Raises GalleryError for one that nobody can have."""
        return names.tidy(name)

    def search(self, embeddings: np.ndarray, top: int = 5) -> list[list[Candidate]]:
        """The `top` people nearest to each row of (n, dimension) embeddings, best first.

        A person's score is the best cosine over all of its templates. Sees everything that any process has committed.
        """
        live = self._index()
        if not len(embeddings):
            return []
        probes = templates.unit(embeddings, self.dimension)
        while True:
            found = live.fresh().search(probes, top)
            with self.database.read() as c:
                named = people.names_of(c, {hit.person_id for hits in found for hit in hits})
            # Where a person went or was merged between the two looks, look again.
            if all(hit.person_id in named for hits in found for hit in hits):
                return [[Candidate(hit.person_id, named[hit.person_id], hit.score, hit.photo_id) for hit in hits]
                        for hits in found]

    def templates_in_use(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Templates of the model in use: photo ids (n,), person ids (n,), vectors (n, dimension)."""
        return self._index().everything()

    # ---- people and photos --------------------------------------------------------------------------------------

    def people(self, query: str | None = None, *, limit: int | None = None, offset: int = 0) -> list[Person]:
        """People by name, all or those whose name contains `query` (in any case); a page of them with `limit`."""
        with self.database.read() as c:
            return people.listing(c, self._model(c), query, limit, offset)

    def person(self, name: str) -> Person:
        """The person of this name (in any case)."""
        with self.database.read() as c:
            return people.one(c, self._model(c), people.find_or_advise(c, name))

    def photos(self, name: str) -> list[Photo]:
        """The photos of a person, oldest first."""
        with self.database.read() as c:
            return photos.of_person(c, people.find_or_advise(c, name))

    def photo(self, photo_id: int) -> Photo:
        with self.database.read() as c:
            return photos.one(c, photo_id)

    def photo_path(self, photo: Photo | int) -> Path:
        """Where a photo's file is."""
        return self.folder / (photo if isinstance(photo, Photo) else self.photo(photo)).file

    def photo_bytes(self, photo_id: int) -> bytes:
        """The photo's file, checked against its checksum."""
        return files.read(self.folder, self.photo(photo_id).file)

    def rename(self, name: str, new_name: str) -> Person:
        """Give a person another name. A name that somebody else has is refused, with the advice to merge."""
        with self.database.write() as c:
            person = people.find_or_advise(c, name)
            people.rename(c, person, new_name)
            return people.one(c, self._model(c), person)

    def merge(self, from_name: str, into_name: str) -> Merge:
        """Make two people one, called `into_name`. `undo_merge(result.id)` takes it back exactly."""
        with self.database.write() as c:
            number = merges.merge(c, people.find_or_advise(c, from_name), people.find_or_advise(c, into_name))
            return next(entry for entry in merges.listing(c) if entry.id == number)

    def undo_merge(self, merge_id: int | None = None) -> Person:
        """Bring the merged person (of the latest merge by default) back with its old id, name and photos."""
        with self.database.write() as c:
            if merge_id is None:
                merge_id = next((entry.id for entry in merges.listing(c)), -1)
            return people.one(c, self._model(c), merges.undo(c, merge_id))

    def merges(self) -> list[Merge]:
        """Merges into people who are there, latest first."""
        with self.database.read() as c:
            return merges.listing(c)

    def forget(self, name: str) -> Deletion:
        """Delete a person: rows, templates of all models, photo files that nobody else needs, index rows, journal."""
        return self._log(forget.forget(self.database, name, self.model_id))

    def remove_photo(self, photo_id: int) -> Deletion:
        """Delete one photo as thoroughly as `forget`; the person stays, even without photos."""
        return self._log(forget.remove_photo(self.database, photo_id, self.model_id))

    # ---- models -------------------------------------------------------------------------------------------------

    def missing_templates(self, model_id: str | None = None) -> list[Photo]:
        """Photos that a model (this gallery's own by default) has not embedded yet."""
        with self.database.read() as c:
            return photos.without_template(c, templates.models(c).get(model_id or self.model_id, (0, 0))[0])

    def add_templates(self, model_id: str, items: Sequence[tuple[int, np.ndarray]]) -> int:
        """Store vectors of photos that a model has embedded; returns how many were new. Vanished photos are skipped."""
        if not items:
            return 0
        vectors = templates.unit([vector for _, vector in items], len(items[0][1]))
        with self.database.write() as c:
            model = templates.register_model(c, model_id, vectors.shape[1])
            return sum(templates.insert(c, model, photo_id, vector)
                       for (photo_id, _), vector in zip(items, vectors, strict=True) if photos.exists(c, photo_id))

    def counts(self) -> dict[str, int]:
        """People, photos, and templates of the model in use."""
        with self.database.read() as c:
            return people.counts(c, self._model(c))

    # ---- index, settings, end -----------------------------------------------------------------------------------

    def index_status(self) -> IndexStatus:
        """The search index in numbers."""
        return self._index().status()

    def rebuild_index(self, tick: Tick = no_tick) -> IndexStatus:
        """Build the index anew; searches go on meanwhile. It happens by itself when it is worth it."""
        self._index().rebuild(tick)
        return self.index_status()

    def setting(self, key: str, default: Any = None) -> Any:
        """A setting kept with the gallery, as it was given to `set_setting`."""
        with self.database.read() as c:
            return settings.get(c, key, default)

    def set_setting(self, key: str, value: Any) -> None:
        """Keep a setting (anything JSON can say) with the gallery; None removes it."""
        with self.database.write() as c:
            settings.put(c, key, value)

    def close(self) -> None:
        """Let go of all files. Anything asked afterwards raises GalleryError."""
        if self._live is not None:
            self._live.close()
        self.database.close()

    def __enter__(self) -> Gallery:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def check(self) -> None:
        """Check the database from end to end. Raises GalleryError that says what is wrong."""
        if (found := self.database.check()) != "ok":
            raise GalleryError(f"gallery.db is damaged ({found[:200]}); restore the gallery from an export.")

    def _index(self) -> LiveIndex:
        if self._live is None:
            raise GalleryError("No model is chosen for this gallery yet; choose one, then enroll and search.")
        return self._live

    def _model(self, c) -> int:
        return templates.models(c).get(self.model_id, (0, 0))[0]

    @staticmethod
    def _log(deletion: Deletion) -> Deletion:
        log.info("deleted %d photos, %d files, %d templates", deletion.photos, deletion.files, deletion.templates)
        return deletion

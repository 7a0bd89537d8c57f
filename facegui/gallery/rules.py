"""What the owner said about recognising a person: how strictly, and which faces are somebody else's."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from ..decide.rule import STRICTNESS, strictest
from ..store import Database, people, templates, trust
from ..types import GalleryError


class Rules:
    """Of one gallery. Raises GalleryError with a sentence; what is read is kept until any process commits something."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._seen: tuple[int, str] | None = None
        self._strict: dict[int, str] = {}
        self._rejected: dict[int, list[tuple[int, bool, np.ndarray]]] = {}
        self._masked = self._hidden = np.empty(0, np.int64)  # ids of photos of such faces, ascending

    def follow(self, model_id: str) -> Rules:
        """Take up what was committed, seen through a model; returns itself."""
        version = self._database.version()  # before the snapshot: a commit in between is seen next time
        if self._seen != (version, model_id):
            with self._database.read() as c:
                self._strict = {person: strictest(levels) for person, levels in trust.strictness(c).items()}
                self._rejected = trust.rejected(c, model_id)
                self._masked, self._hidden = trust.masked_photos(c), trust.hidden_photos(c)
            self._seen = version, model_id
        return self

    def strictness(self, person_id: int) -> str:
        return self._strict.get(person_id, "normal")

    def rejected(self, person_id: int) -> list[tuple[int, bool, np.ndarray]]:
        """(number, covered, vector) of the faces that are not this person."""
        return self._rejected.get(person_id, [])

    def set_strictness(self, name: str, level: str) -> None:
        """normal, strict or stricter."""
        if level not in STRICTNESS:
            raise GalleryError(f"A person is recognised {', '.join(STRICTNESS)}; {level!r} is none of them.")
        with self._database.write() as c:
            trust.set_strictness(c, people.find_or_advise(c, name), level)
        self._seen = None

    def reject(self, person_id: int, model_id: str, embedding: np.ndarray, covered: bool) -> int:
        """Note that a face is not this person; returns the number to take it back with."""
        vector = templates.unit([embedding], len(embedding))[0]
        with self._database.write() as c:
            people.name_of(c, person_id)
            number = trust.reject(c, person_id, model_id, covered, vector)
        self._seen = None
        return number

    def take_back(self, number: int) -> str:
        """Undo `reject`; returns the person's name."""
        with self._database.write() as c:
            name = people.name_of(c, trust.take_back(c, number))
        self._seen = None
        return name

    def is_masked(self, photo_ids: Iterable[int] | np.ndarray) -> np.ndarray:
        """(n,) bool for (n,) photo ids."""
        return _among(photo_ids, self._masked)

    def is_hidden(self, photo_ids: Iterable[int] | np.ndarray) -> np.ndarray:
        """(n,) bool for (n,) photo ids: whether something that is no mask hides eyes or mouth."""
        return _among(photo_ids, self._hidden)


def _among(wanted: Iterable[int] | np.ndarray, some: np.ndarray) -> np.ndarray:
    """(n,) bool; some: ascending."""
    wanted = np.asarray(wanted, np.int64)
    if not len(some):
        return np.zeros(len(wanted), bool)
    return some[np.minimum(np.searchsorted(some, wanted), len(some) - 1)] == wanted

"""Which photos stood in the gallery when something was made of them. It goes as soon as one of them is deleted."""

from __future__ import annotations

from collections.abc import Iterable

from ..gallery import Gallery
from ..store import photos


class Snapshot:
    """Of all photos, or of those with the given ids."""

    def __init__(self, gallery: Gallery, photo_ids: Iterable[int] | None = None) -> None:
        self._gallery = gallery
        self._ids = self._now() if photo_ids is None else set(photo_ids)

    def outlived(self) -> bool:
        """Whether a photo in it was deleted since, by any process."""
        return bool(self._ids - self._now())

    def _now(self) -> set[int]:
        with self._gallery.database.read() as c:
            return set(photos.owners(c))

"""What every tab shares: the service, the door checks, and the faces of enrolled people."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from gradio.utils import get_upload_folder

from ..service import FaceService
from ..service.building import BuildReport
from ..service.snapshot import Snapshot
from ..service.strangers import Strangers
from ..service.thumbnails import Thumbnails
from ..types import Candidate, Deletion, FaceguiError, Person, Photo, Tick
from .access import Access
from .edge import Edge
from .jobbar import JobBar
from .markup import plural


class Faces:
    """Thumbnails of enrolled people."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._kept = Thumbnails(lambda photo: service.gallery.folder / photo.file)

    def of_photo(self, photo: Photo) -> bytes | None:
        return self._kept.face(photo)

    def of_person(self, person: Person) -> bytes | None:
        """The face of their first photo."""
        photos = self.photos(person.name)
        return self.of_photo(photos[0]) if photos else None

    def of_candidate(self, near: Candidate) -> bytes | None:
        """The very photo that gave the score."""
        return self.of_number(near.photo_id)

    def of_number(self, photo_id: int) -> bytes | None:
        try:
            return self.of_photo(self._service.gallery.photo(photo_id))
        except FaceguiError:  # deleted in the meantime
            return None

    def photos(self, name: str) -> list[Photo]:
        try:
            return self._service.photos(name)
        except FaceguiError:  # forgotten or renamed in the meantime
            return []

    def drop(self, photo_ids: set[int]) -> int:
        """Forget the faces of deleted photos; returns how many were there."""
        return self._kept.drop(photo_ids)


class Exports:
    """Prepared for download, the last one to be offered; each goes as soon as a photo in it is deleted, by any process."""

    def __init__(self, service: FaceService) -> None:
        self._service = service
        self._made: list[tuple[Path, Snapshot]] = []

    def make(self, place: Path, tick: Tick) -> None:
        """Raises FaceguiError where the export fails, or a photo was deleted meanwhile."""
        shown = Snapshot(self._service.gallery)
        self._service.export(place, tick)
        if shown.outlived():
            place.unlink(missing_ok=True)
            raise FaceguiError("photos were deleted while the export was made, so it was deleted too; prepare it again")
        self._made.append((place, shown))

    def newest(self) -> Path | None:
        self.forget()
        return self._made[-1][0] if self._made else None

    def forget(self) -> int:
        """Delete those that hold a deleted photo; returns how many."""
        gone = [place for place, shown in self._made if shown.outlived()]
        self._made = [one for one in self._made if one[0] not in gone]
        for place in gone:
            drop(place)
        return len(gone)


def drop(file: Path) -> None:
    """Delete a file that was offered for downloading, and the copies that Gradio hands out and keeps for a while."""
    file.unlink(missing_ok=True)
    for copy in Path(get_upload_folder()).glob(f"*/{file.name}"):
        copy.unlink(missing_ok=True)


class House:
    """One per running page; made inside gr.Blocks, because the job bar is the first thing on it."""

    def __init__(self, service: FaceService, access: Access) -> None:
        self.service, self.access = service, access
        self.edge = Edge(access)
        self.faces = Faces(service)
        self.strangers = Strangers(service)
        self.bar = JobBar(service.jobs, access, self.edge)
        self.exports = Exports(service)
        self.built: BuildReport | None = None  # of the last build from here
        self.derived: list[Callable[[], int]] = []  # each deletes results that show who is gone, and counts them

    def deleted(self, deletion: Deletion, photo_ids: set[int]) -> str:
        """Everything that went with a person or photo: what the gallery kept, faces kept in memory, prepared exports, results."""
        faces, exports = self.faces.drop(photo_ids), self.exports.forget()
        results = sum(forget() for forget in self.derived)
        more = [plural(faces, "face in memory", "faces in memory")] if faces else []
        more += [plural(exports, "prepared export")] if exports else []
        more += [plural(results, "result that showed them", "results that showed them")] if results else []
        return "Deleted: " + ", ".join([
            plural(deletion.photos, "photo"), plural(deletion.files, "file"), plural(deletion.templates, "template"),
            plural(deletion.index_rows, "index row"), *more]) + "."

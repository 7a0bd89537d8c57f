"""What every tab shares: the service, the door checks, and the faces of enrolled people."""

from __future__ import annotations

from ..service import FaceService
from ..service.strangers import Strangers
from ..service.thumbnails import Thumbnails
from ..types import Candidate, FaceguiError, Person, Photo
from .access import Access
from .edge import Edge
from .jobbar import JobBar


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
        try:
            return self.of_photo(self._service.gallery.photo(near.photo_id))
        except FaceguiError:  # deleted in the meantime
            return None

    def photos(self, name: str) -> list[Photo]:
        try:
            return self._service.photos(name)
        except FaceguiError:  # forgotten or renamed in the meantime
            return []

    def drop(self) -> None:
        self._kept.drop()


class House:
    """One per running page; made inside gr.Blocks, because the job bar is the first thing on it."""

    def __init__(self, service: FaceService, access: Access) -> None:
        self.service, self.access = service, access
        self.edge = Edge(access)
        self.faces = Faces(service)
        self.strangers = Strangers(service)
        self.bar = JobBar(service.jobs, access, self.edge)

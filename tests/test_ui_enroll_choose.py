"""The answer to "is this somebody who is enrolled already?": what is left in the tray goes the same way."""

from types import SimpleNamespace

import numpy as np

from facegui import drawn, image
from facegui.config import Settings
from facegui.service import FaceService
from facegui.types import Candidate, EnrollReport
from facegui.ui import tray
from facegui.ui.access import Access
from facegui.ui.app import build


def test_photos_that_were_refused_belong_to_the_name_that_was_chosen(tmp_path):
    with FaceService(Settings(gallery=tmp_path / "gallery", device="cpu")) as service:
        page = build(service, Access())
        choose = next(one.fn for one in page.fns.values() if one.fn is not None and one.fn.__name__ == "choose"
                      and "asked" in one.fn.__annotations__)
        ana = service.enroll("Ana", [drawn.person(3)], force=True).person_id
        shown = [image.encode_jpeg(pixels, 90) for pixels in (drawn.person(3, view=1), np.full((300, 300, 3), 90, np.uint8))]
        held, _ = tray.add([], zip(("one.jpg", "empty.jpg"), shown, strict=True))
        question = EnrollReport("Anna", None, (), (Candidate(ana, "Ana", 0.9, 1),), (0,))
        asked = question, {one.sha256 for one in held}
        _, left, _, _, _, _, name, _ = choose(SimpleNamespace(into="Ana"), asked, "", held, None)
        assert [one.name for one in left] == ["empty.jpg"] and name == "Ana", "the button for the rest enrolls under this name"
        assert [(one.name, one.photos) for one in service.people()] == [("Ana", 2)]
        *_, consent, name, _ = choose(SimpleNamespace(into="Ana"), asked, "", held[:1], None)
        assert (consent, name) == ("", ""), "nothing is left: the next sitting is somebody else's"

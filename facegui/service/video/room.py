"""The video that is being worked on in this process, or was last: a job, its result, and the private place of both."""

from __future__ import annotations

import secrets
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from ... import drawn
from ...capture import VideoFile, VideoSink
from ...drawn.film import film, sample
from ...jobs import Job
from ...store import people
from ...types import FaceguiError, Progress, Tick
from . import RATE, Analysis, Meet, analyse

if TYPE_CHECKING:
    from .. import FaceService

SAMPLE = "drawn people.webm"


class Videos:
    """Uploads are deleted as soon as they are worked through, results when the next one is ready or the program ends.

    `shown`: the folder of the annotated copies, which alone may be served; `version` grows with every result.
    """

    def __init__(self, service: FaceService, meet: Meet | None = None) -> None:
        self._service, self._meet = service, meet
        self._place: tempfile.TemporaryDirectory | None = None
        self.result: Analysis | None = None
        self._named: set[int] = set()  # ids of the people whom the result names
        self.version = 0
        self._lock = RLock()

    @property
    def shown(self) -> Path:
        return self._folder("shown")

    def _folder(self, name: str) -> Path:
        if self._place is None or not Path(self._place.name).is_dir():
            self._place = tempfile.TemporaryDirectory(prefix="video-", ignore_cleanup_errors=True)  # mode 0700
        folder = Path(self._place.name) / name
        folder.mkdir(exist_ok=True)
        return folder

    def start(self, upload: Path, rate: float = RATE, small_faces: bool = False) -> Job:
        """Work through an uploaded file, which is taken over and deleted, whatever happens. Raises Busy, VideoError."""
        source = self._folder("source") / f"{secrets.token_hex(4)}{upload.suffix[:8]}"
        name = upload.name
        try:
            with VideoFile(upload):
                pass  # what is no video is said at once
            shutil.move(upload, source)
            return self._run(f"Looking through {name}", source, lambda tick: source, name, rate, small_faces)
        except BaseException:
            for file in (upload, source):
                file.unlink(missing_ok=True)
            raise

    def forget(self) -> int:
        """Delete the result if it names somebody who is no longer enrolled, whoever deleted them; returns how many went."""
        with self._lock:
            if self._there(self._named):
                return 0
            self._put(None, set())
            return 1

    def _there(self, person_ids: set[int]) -> bool:
        with self._service.gallery.database.read() as c:
            return people.remaining(c, person_ids) == person_ids

    def _put(self, found: Analysis | None, named: set[int]) -> None:
        with self._lock:
            before, self.result, self._named = self.result, found, named
            self.version += 1
        if before is not None and before.out is not None:
            shutil.rmtree(before.out.parent, ignore_errors=True)

    def start_sample(self, rate: float = RATE) -> Job:
        """The same with a film of drawn people."""
        source = self._folder("source") / f"{secrets.token_hex(4)}.webm"
        return self._run("Looking through drawn people", source, lambda tick: draw_sample(source, tick), SAMPLE, rate, False)

    def _run(self, title: str, source: Path, fetch: Callable[[Tick], object], name: str, rate: float, small_faces: bool) -> Job:
        def work(tick: Tick) -> str:
            folder = self.shown / secrets.token_urlsafe(18)  # nobody can guess it
            folder.mkdir()
            enrolled = self._enrolled()
            try:
                fetch(tick)
                found = analyse(self._service, source, folder / _saved_as(name), rate=rate, small_faces=small_faces,
                                tick=tick, meet=self._meet, name=name)
                with self._lock:
                    self._put(found, self._ids(found, self._enrolled() | enrolled))
            except BaseException:
                shutil.rmtree(folder, ignore_errors=True)
                raise
            finally:
                source.unlink(missing_ok=True)  # this one alone: the next upload may lie beside it already
            return told(found)

        return self._service.jobs.start(title, work)

    def _enrolled(self) -> dict[str, int]:
        return {one.name: one.id for one in self._service.people()}

    def _ids(self, found: Analysis, enrolled: dict[str, int]) -> set[int]:
        """The people whom a result names. Raises FaceguiError where one of them was deleted meanwhile."""
        named = {enrolled.get(name, 0) for one in found.timeline.people for name in (one.name, one.question) if name}
        if not self._there(named):
            raise FaceguiError("somebody in this video was deleted from the gallery meanwhile, so the result was deleted "
                               "too; look through it again")
        return named


def draw_sample(path: Path, tick: Tick) -> Path:
    """The film of `drawn.film.sample`: somebody of the cast, bare and masked, and a stranger."""
    parts, seconds = sample(next(iter(drawn.CAST.values())), next(iter(drawn.STRANGERS.values())))
    tick(Progress(0, 0, "drawing the film"))
    with VideoSink(path, 640, 360, fps=12.5) as sink:
        for number, (time_s, pixels) in enumerate(film(parts, seconds)):
            tick(Progress(number, 0, "drawing the film"))
            sink.add(pixels, time_s)
    return path


def _saved_as(name: str) -> str:
    """The name under which browsers save the annotated copy of a video."""
    stem = "".join(letter if letter.isalnum() or letter in " -_." else "_" for letter in Path(name).stem)[:60]
    return f"{stem.strip(' .') or 'video'}-names.webm"


def told(found: Analysis) -> str:
    """The result in a sentence."""
    known = [one.label for one in found.timeline.people if one.name is not None]
    unknown = len(found.timeline.people) - len(known)
    names = known[:5] + ([f"{len(known) - 5} more"] if len(known) > 5 else [])
    parts = names + ([f"{unknown} unknown {'person' if unknown == 1 else 'people'}"] if unknown else [])
    who = " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1]))) if parts else "nobody who can be told apart"
    return f"the video shows {who}; see Recognize, Video"


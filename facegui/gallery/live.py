"""The index kept in step with the database: every search first takes up what any thread or process has committed."""

from __future__ import annotations

import logging
import shutil
import threading
import time
from collections.abc import Iterator

import numpy as np

from .. import index
from ..index import VectorIndex, View
from ..store import Connection, Database, plainly, templates
from ..types import FaceguiError, IndexStatus, Progress, Tick, no_tick

log = logging.getLogger("facegui.index")

# Templates. With fewer, comparing with all of them is as fast and finds everything (benchmarks/index.py: at 50,000
# trees just do not pay on random directions, at 100,000 they take 0.5 to 0.8 of brute force's time for one probe).
TREES_FROM = 50_000
CHUNK = 4096  # vectors read at a time
RETRY_S = 300  # a full disk is not asked again at every search


class LiveIndex:
    """A VectorIndex of one model that follows gallery.db, and is rebuilt in the background when it has drifted."""

    def __init__(self, database: Database, model_id: str, dimension: int, trees_from: int) -> None:
        self.database, self.model_id, self.dimension, self.trees_from = database, model_id, dimension, trees_from
        self.root = database.folder / "index"
        self.folder = index.folder_of(self.root, model_id)
        self.index = VectorIndex(dimension)
        self._lock = threading.Lock()  # of writers; readers take the view and go
        self._building = threading.Lock()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self._not_before = 0.0  # after a failure, when to try again in the background
        self._model: int | None = None
        self._version: int | None = None  # of the database when we last looked
        self._template = self._change = 0  # last ids taken up

    def fresh(self) -> View:
        """The view of this moment, with everything committed before the call."""
        with self._lock:
            view = self._fresh()
        if self._thread is None and self._drifted(view) and time.monotonic() > self._not_before:
            with self._lock:
                if self._thread is None and not self._closing.is_set():
                    self._thread = threading.Thread(target=self._in_background, name="index", daemon=True)
                    self._thread.start()
        return view

    def _fresh(self) -> View:
        version = self.database.version()  # before the snapshot: a commit in between is seen next time
        if version != self._version:
            with self.database.read() as c:
                self._follow(c)
            self._version = version
        return self.index.view

    def _follow(self, c: Connection) -> None:
        if self._model is None:
            self._model = templates.model_number(c, self.model_id, self.dimension)
            if self._model is not None:
                self._load(c)
            return
        if (last := templates.last_id(c)) > self._template:
            self._take(c, templates.rows(c, self._model, self._template))
            self._template = last
        if (last := templates.last_change(c)) > self._change:
            removed, moved = templates.changes(c, self._change)
            if removed:
                self.index.remove(removed)
            if moved:
                self.index.move(moved)
            self._change = last

    def _load(self, c: Connection) -> None:
        """Start from the generation on disk as far as it agrees with the database; the rest comes from there."""
        started = time.perf_counter()
        rows = templates.rows(c, self._model)
        base = index.load(self.folder, self.dimension)
        self.index, rest = VectorIndex(self.dimension), np.ones(len(rows.ids), bool)
        if base is not None and len(rows.ids):
            at = np.minimum(np.searchsorted(rows.ids, base.ids), len(rows.ids) - 1)
            alive = (rows.ids[at] == base.ids) & (rows.checksums[at] == base.checksums) & (base.checksums != 0)
            self.index = VectorIndex(self.dimension, base, rows.photos[at], rows.people[at], alive)
            rest = ~np.isin(rows.ids, base.ids[alive])
        self._take(c, templates.Rows(rows.ids[rest], rows.photos[rest], rows.people[rest], rows.checksums[rest]))
        self._template, self._change = templates.last_id(c), templates.last_change(c)
        log.info("index of %d templates loaded in %.0f ms, %d of them from the database", len(rows.ids),
                 1e3 * (time.perf_counter() - started), int(rest.sum()))

    def _take(self, c: Connection, rows: templates.Rows) -> None:
        self.index.reserve(len(rows.ids))
        for start in range(0, len(rows.ids), CHUNK):
            part = slice(start, start + CHUNK)
            self.index.extend(rows.ids[part], rows.photos[part], rows.people[part],
                              templates.vectors(c, rows.ids[part], self.dimension))

    # ---- rebuilding ---------------------------------------------------------------------------------------------

    def _drifted(self, view: View) -> bool:
        count = len(view.ids) - view.dead
        based = 0 if view.base is None else len(view.base.ids)
        if view.dead > max(1000, count // 4):
            return True
        return count >= self.trees_from and len(view.ids) - based > max(5000, based // 10)

    def _in_background(self) -> None:
        def tick(_: object) -> None:
            if self._closing.is_set():
                raise FaceguiError("closing")

        try:
            self.rebuild(tick, only_if_drifted=True)
        except Exception as error:  # the edge of this thread; searches go on with the index there is
            self._not_before = time.monotonic() + RETRY_S
            log.warning("the index was not rebuilt: %s", type(error).__name__)
        finally:
            self._thread = None

    def rebuild(self, tick: Tick = no_tick, only_if_drifted: bool = False) -> None:
        """Build the index anew while searches go on with the old one. Raises GalleryError for a full disk."""
        while not self._building.acquire(timeout=1):
            tick(Progress(0, 0, "the index is being built already"))
        try:
            with plainly(self.database.folder), index.alone(self.root, tick):
                if only_if_drifted and self._adopt() and not self._drifted(self.index.view):
                    return
                self._rebuild(tick)
        finally:
            self._building.release()

    def _adopt(self) -> bool:
        """Take up a generation that another process has built meanwhile; False where there is none."""
        base = self.index.view.base
        if index.current(self.folder) in ("", "" if base is None else base.name):
            return False
        with self._lock, self.database.read() as c:
            self._load(c)
        return True

    def _rebuild(self, tick: Tick) -> None:
        started = time.perf_counter()
        with self._lock:
            old = self._fresh()
        keep = np.flatnonzero(old.alive)
        keep = keep[np.argsort(old.ids[keep])]
        base = None
        if len(keep) >= self.trees_from:
            base = index.build(self.folder, old.ids[keep], old.people[keep], _pieces(old, keep), self.dimension, tick)
        with self._lock:
            now = self.index.view  # rows keep their places until a rebuild, and this is the only one
            if base is None:
                fresh = VectorIndex(self.dimension)
                later = np.concatenate([keep[now.alive[keep]], np.arange(len(old.ids), len(now.ids))])
            else:
                alive = now.alive[keep] & (base.checksums != 0)
                fresh = VectorIndex(self.dimension, base, now.photos[keep], now.people[keep], alive)
                later = np.arange(len(old.ids), len(now.ids))
            later = later[now.alive[later]]
            fresh.reserve(len(later))
            at = 0
            for piece in _pieces(now, later):
                rows = later[at:at + len(piece)]
                fresh.extend(now.ids[rows], now.photos[rows], now.people[rows], piece)
                at += len(piece)
            self.index = fresh
            self._fresh()
        if base is None:
            shutil.rmtree(self.folder, ignore_errors=True)
        with self.database.read() as c:
            alive_ids, last = templates.all_ids(c), templates.last_id(c)
        index.blank(self.root, alive_ids, last)  # what was deleted while the trees grew
        log.info("index of %d templates rebuilt in %.1f s", len(keep), time.perf_counter() - started)

    def everything(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All templates: photo ids (n,), person ids (n,), copies of the vectors (n, dimension)."""
        view = self.fresh()
        rows = np.flatnonzero(view.alive)
        vectors = np.empty((len(rows), self.dimension), np.float32)
        at = 0
        for piece in _pieces(view, rows):
            vectors[at:at + len(piece)] = piece
            at += len(piece)
        return view.photos[rows], view.people[rows], vectors

    def status(self) -> IndexStatus:
        view = self.fresh()
        base, count = view.base, len(view.ids) - view.dead
        building = self._building.locked()
        if base is None:
            return IndexStatus("exact", count, 0, count, "", 0, 0, 1.0, 0, building)
        in_base = int(view.alive[:len(base.ids)].sum())
        kind, recall = ("annoy", base.recall) if base.search_k else ("exact", 1.0)
        return IndexStatus(kind, count, in_base, count - in_base, base.name, base.tree_count, base.search_k, recall,
                           base.file_bytes, building)

    def close(self) -> None:
        """Stop following; a rebuild in the background ends at its next step."""
        self._closing.set()
        if (thread := self._thread) is not None:
            thread.join(timeout=2)


def _pieces(view: View, rows: np.ndarray) -> Iterator[np.ndarray]:
    """Copies of the vectors of `rows`, in their order, some thousands at a time."""
    matrices = [] if view.base is None else [view.base.vectors]
    matrices.extend(view.blocks)
    starts = np.cumsum([0, *map(len, matrices)])
    for first in range(0, len(rows), CHUNK):
        part = rows[first:first + CHUNK]
        piece = np.empty((len(part), matrices[0].shape[1]), np.float32)
        owner = np.searchsorted(starts, part, side="right") - 1
        for number in np.unique(owner):
            mine = owner == number
            piece[mine] = matrices[number][part[mine] - starts[number]]
        yield piece

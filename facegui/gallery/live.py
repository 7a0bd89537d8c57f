"""The index kept in step with the database: every search first takes up what any thread or process has committed."""

from __future__ import annotations

import threading

from ..index import VectorIndex, View
from ..store import Connection, Database, templates

CHUNK = 4096  # vectors read at a time


class LiveIndex:
    """A VectorIndex of one model that follows gallery.db."""

    def __init__(self, database: Database, model_id: str, dimension: int) -> None:
        self.database, self.model_id, self.dimension = database, model_id, dimension
        self.index = VectorIndex(dimension)
        self._lock = threading.Lock()
        self._model: int | None = None
        self._version: int | None = None  # of the database when we last looked
        self._template = self._change = 0  # last ids taken up

    def fresh(self) -> View:
        """The view of this moment, with everything committed before the call."""
        with self._lock:
            version = self.database.version()  # before the snapshot: a commit in between is seen next time
            if version != self._version:
                with self.database.read() as c:
                    self._follow(c)
                self._version = version
            return self.index.view

    def _follow(self, c: Connection) -> None:
        if self._model is None:
            self._model = templates.model_number(c, self.model_id, self.dimension)
            if self._model is None:
                return
            self._change = templates.last_change(c)
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

    def _take(self, c: Connection, rows: templates.Rows) -> None:
        for start in range(0, len(rows.ids), CHUNK):
            part = slice(start, start + CHUNK)
            self.index.extend(rows.ids[part], rows.photos[part], rows.people[part],
                              templates.vectors(c, rows.ids[part], self.dimension))

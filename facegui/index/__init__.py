"""The search index: numbers only. It can be stale, never wrong: the database decides which rows are alive."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from .building import alone, sweep
from .generation import Generation, blank, current, folder_of, load
from .trees import build
from .view import Hit, View

__all__ = ["Generation", "Hit", "VectorIndex", "View", "alone", "blank", "build", "current", "folder_of", "load",
           "sweep"]

BLOCK_ROWS = 1024  # at least; the delta grows in blocks, so that nothing is copied and older views stay true


class VectorIndex:
    """Templates of one model: `view` is the current moment; writers (one at a time) replace it by the next."""

    def __init__(self, dimension: int, base: Generation | None = None, photos: np.ndarray | None = None,
                 people: np.ndarray | None = None, alive: np.ndarray | None = None) -> None:
        """Empty, or on a generation whose rows belong to `photos` and `people` where they are `alive`: (n,) each."""
        self.dimension = dimension
        none = np.empty(0, np.int64)
        self.view = View(None, (), none, none, none, np.empty(0, bool))
        if base is not None:
            self.view = View(base, (), base.ids, photos, people, alive, int((~alive).sum()))
        self._tail = np.empty((0, dimension), np.float32)  # the last block with the room behind it

    def reserve(self, rows: int) -> None:
        """Make room for so many templates in one piece: one matrix product takes less time than several."""
        if rows > BLOCK_ROWS:
            self._tail = self._block(rows)
            self.view = replace(self.view, blocks=(*self.view.blocks, self._tail[:0]))

    def _block(self, rows: int) -> np.ndarray:
        return np.empty((rows, self.dimension), np.float32)  # costs memory only where it is written

    def extend(self, ids: np.ndarray, photos: np.ndarray, people: np.ndarray, vectors: np.ndarray) -> None:
        """Add templates; the very next search finds them. vectors: (n, dimension) float32 of unit length."""
        view = self.view
        blocks, at = list(view.blocks), 0
        while at < len(vectors):
            used = len(blocks[-1]) if blocks else 0
            if used == len(self._tail):
                self._tail, used = self._block(max(BLOCK_ROWS, len(vectors) - at, len(view.ids) // 4)), 0
                blocks.append(self._tail[:0])
            step = min(len(self._tail) - used, len(vectors) - at)
            self._tail[used:used + step] = vectors[at:at + step]
            blocks[-1] = self._tail[:used + step]
            at += step
        join = np.concatenate
        self.view = View(view.base, tuple(blocks), join([view.ids, ids]), join([view.photos, photos]),
                         join([view.people, people]), join([view.alive, np.ones(len(ids), bool)]), view.dead)

    def remove(self, ids: list[int]) -> int:
        """Templates no search finds any more; unknown ids are none of ours. Returns how many there were."""
        view = self.view
        alive = view.alive & ~np.isin(view.ids, ids)
        dead = len(alive) - int(alive.sum())
        gone = dead - view.dead
        if gone:
            self._blank(view.alive & ~alive)
            self.view = replace(view, alive=alive, dead=dead)
        return gone

    def _blank(self, rows: np.ndarray) -> None:
        """Overwrite removed vectors of the delta, so that memory keeps no forgotten face."""
        at = len(self.view.ids) - sum(map(len, self.view.blocks))
        for block in self.view.blocks:
            block[rows[at:at + len(block)]] = 0
            at += len(block)

    def move(self, owners: list[tuple[int, int]]) -> None:
        """Photos that belong to another person now: (photo id, person id) each."""
        view = self.view
        people = view.people.copy()
        order = np.array(sorted(owners), np.int64).reshape(-1, 2)
        if len(order):
            at = np.minimum(np.searchsorted(order[:, 0], view.photos), len(order) - 1)
            people = np.where(order[at, 0] == view.photos, order[at, 1], people)
        self.view = replace(view, people=people)

"""One generation of Annoy's trees on disk: written whole, checked when loaded, blanked where templates were deleted.

    index/MODEL/current             the name of the generation in use, one line
    index/MODEL/NAME/trees.ann      Annoy's own file: an item node per template (its vector inside), then the trees
    index/MODEL/NAME/rows.npy       (n, 2) int64: template id and checksum of each vector
    index/MODEL/NAME/card.json      what it was built from, with checksums and the measured search_k

Annoy keeps every vector in its file (a header of three words, then the numbers), so the same pages, memory-mapped once,
serve its trees and our exact comparison: the index costs the raw vectors once, not twice.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import shutil
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from annoy import AnnoyIndex

FORMAT = 1
HEADER = 3  # words before a vector in an Annoy "angular" node: descendants, two words of norm and children
MOST_NOMINATED = 8  # more probes than this together are compared faster by one matrix product (benchmarks/index.py)
ROWS_AT_ONCE = 4096


@dataclass(frozen=True, slots=True, eq=False)
class Generation:
    """Loaded trees. `vectors`: (n, dimension) float32, memory-mapped; `ids`: (n,) int64 template ids, ascending.

    search_k: how many nodes Annoy looks at, so that `recall` of the brute-force answers were found when it was built;
    0 where the trees do not pay and everything is compared exactly.
    """

    name: str
    trees: AnnoyIndex
    vectors: np.ndarray
    ids: np.ndarray
    checksums: np.ndarray  # (n,) int64 of the vectors, 0 where the vector was blanked
    tree_count: int
    search_k: int
    recall: float
    file_bytes: int

    def nominates(self, probes: int) -> bool:
        return 0 < self.search_k and probes <= MOST_NOMINATED

    def nominate(self, probe: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Rows near a probe, about `count` of them, and their exact cosines.

        Annoy ranks what its trees bring up by the true distance d = sqrt(2 - 2 cos) to the stored vectors. Taking the
        cosine from there, not from our own view of the file, keeps a second mapping of every page out of memory.
        """
        rows, distances = self.trees.get_nns_by_vector(probe.tolist(), count, self.search_k, include_distances=True)
        return np.array(rows, np.int64), 1 - np.array(distances, np.float64) ** 2 / 2

    def pieces(self) -> Iterator[np.ndarray]:
        """All vectors in order, in pieces. Where the trees map the same pages, a piece is let go when it is done."""
        if not self.search_k or not hasattr(mmap, "MADV_DONTNEED"):
            yield self.vectors
            return
        pages = self.vectors.base
        while not isinstance(pages, mmap.mmap):
            pages = pages.base
        step = mmap.PAGESIZE  # so many rows are a whole number of pages
        for start in range(0, len(self.vectors), 8 * step):
            yield self.vectors[start:start + 8 * step]
            first = start * self.vectors.strides[0]
            length = min(8 * step * self.vectors.strides[0], len(pages) - first)
            pages.madvise(mmap.MADV_DONTNEED, first, length)


def folder_of(index: Path, model_id: str) -> Path:
    """Where a model's generations are; a model's name may hold anything, so its checksum stands for it."""
    return index / hashlib.sha256(model_id.encode()).hexdigest()[:16]


def checksums(vectors: np.ndarray) -> np.ndarray:
    """(n,) int64: the sum of each row's 32-bit words. A blanked row has 0."""
    return _sums(np.ascontiguousarray(vectors, "<f4").view("<u4"))


def _sums(words: np.ndarray) -> np.ndarray:
    return words.sum(axis=1, dtype=np.uint64).view(np.int64)


def current(folder: Path) -> str:
    """The name of the generation in use, "" for none."""
    try:
        name = (folder / "current").read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""
    return name if name.isalnum() else ""


def write_card(folder: Path, dimension: int, rows: int, trees: int, search_k: int, recall: float) -> None:
    """The last file of a generation; with it, the folder is complete."""
    with open(folder / "trees.ann", "rb") as stream:
        stream.seek(rows * 4 * (HEADER + dimension))
        tail = zlib.crc32(stream.read())
    card = {"format": FORMAT, "dimension": dimension, "rows": rows, "trees": trees, "search_k": search_k,
            "recall": recall, "bytes": (folder / "trees.ann").stat().st_size, "trees_crc32": tail,
            "rows_crc32": zlib.crc32((folder / "rows.npy").read_bytes())}
    (folder / "card.json").write_text(json.dumps(card), encoding="ascii")
    for path in folder.iterdir():
        with open(path, "rb+") as stream:
            os.fsync(stream.fileno())


def publish(folder: Path, name: str) -> None:
    """Make a complete generation the one in use, and remove the others."""
    part = folder / "current.part"
    with open(part, "w", encoding="ascii") as stream:
        stream.write(name)
        stream.flush()
        os.fsync(stream.fileno())
    os.replace(part, folder / "current")
    for other in folder.iterdir():
        if other.is_dir() and other.name != name and "." not in other.name:
            discard(other)


def discard(place: Path) -> None:
    """Remove a generation. Renamed first: should the process die halfway, the rest is known to be rubbish."""
    try:
        place = place.rename(place.with_suffix(".part"))
    except OSError:
        pass  # held open on a system that minds; the next build tries again
    shutil.rmtree(place, ignore_errors=True)


def load(folder: Path, dimension: int) -> Generation | None:
    """The generation in use, checked from end to end; None where there is none, or it is damaged or another's."""
    name = current(folder)
    if not name:
        return None
    try:
        return load_one(folder / name, dimension)
    except (OSError, ValueError, KeyError, TypeError):  # TypeError: a card of another shape
        return None


def load_one(place: Path, dimension: int) -> Generation:
    """The generation in a folder. Raises OSError, ValueError, KeyError or TypeError where it is not as written."""
    card = json.loads((place / "card.json").read_text(encoding="ascii"))
    rows, words = card["rows"], HEADER + dimension
    data = (place / "rows.npy").read_bytes()
    file = place / "trees.ann"
    if (card["format"], card["dimension"], card["rows_crc32"], card["bytes"]) != \
            (FORMAT, dimension, zlib.crc32(data), file.stat().st_size):
        raise ValueError("not what the card says")
    table = np.load(place / "rows.npy", allow_pickle=False)
    if table.shape != (rows, 2) or table.dtype != np.int64:
        raise ValueError("not what the card says")
    with open(file, "rb") as stream:  # read, not mapped: checking leaves no pages in this process
        at = 0
        for nodes in _nodes(stream, rows, words):
            sums = _sums(nodes[:, HEADER:])
            if (nodes[:, 0] != 1).any() or ((sums != table[at:at + len(nodes), 1]) & (sums != 0)).any():
                raise ValueError("a damaged vector")
            table[at:at + len(nodes), 1] = sums
            at += len(nodes)
        if zlib.crc32(stream.read()) != card["trees_crc32"]:
            raise ValueError("damaged trees")
    trees = AnnoyIndex(dimension, "angular")
    trees.load(str(file))
    vectors = np.memmap(file, "<f4", "r", shape=(rows, words))[:, HEADER:]
    return Generation(place.name, trees, vectors, *table.T.copy(), card["trees"], card["search_k"], card["recall"],
                      card["bytes"])


def _nodes(stream, rows: int, words: int) -> Iterator[np.ndarray]:
    """The item nodes as (n, words) uint32, a few at a time."""
    buffer = np.empty((ROWS_AT_ONCE, words), "<u4")
    for start in range(0, rows, ROWS_AT_ONCE):
        part = buffer[:min(ROWS_AT_ONCE, rows - start)]
        if stream.readinto(memoryview(part).cast("B")) != part.nbytes:
            raise ValueError("cut short")
        yield part


def blank(index: Path, alive: np.ndarray, last: int) -> int:
    """Overwrite the vectors of all templates up to `last` that are not `alive`, in every model's generations.

    `last` is the highest template id ever given when `alive` was read: what came later is none of our business.
    Returns how many were overwritten. Readers that have the file mapped see the blanked vectors at once.
    """
    count = 0
    for place in [place for place in index.glob("*/*") if place.is_dir() and "." not in place.name]:
        card = place / "card.json"
        try:
            words = HEADER + json.loads(card.read_text(encoding="ascii"))["dimension"]
            ids = np.load(card.with_name("rows.npy"), allow_pickle=False)[:, 0]
            gone = np.flatnonzero(~np.isin(ids, alive) & (ids <= last))
            if len(gone):
                with open(card.with_name("trees.ann"), "rb+") as stream:
                    for row in gone.tolist():
                        count += _blank_row(stream, 4 * (row * words + HEADER), 4 * (words - HEADER))
                    stream.flush()
                    os.fsync(stream.fileno())
        except (OSError, ValueError, KeyError, TypeError):
            discard(place)  # damaged or half removed: it is no use, and may hold anything
    return count


def _blank_row(stream, offset: int, length: int) -> bool:
    stream.seek(offset)
    if not any(stream.read(length)):
        return False
    stream.seek(offset)
    stream.write(bytes(length))
    return True

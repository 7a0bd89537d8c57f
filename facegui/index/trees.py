"""Build a generation: Annoy's trees, and the search_k that finds what brute force finds, measured."""

from __future__ import annotations

import shutil
import time
import uuid
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from annoy import AnnoyIndex

from ..types import Progress, Tick
from .generation import HEADER, Generation, checksums, load_one, publish, write_card
from .view import FIRST_ROWS, View

TREES = 64  # more find more with less search, but each takes 0.5 % of the vectors' bytes (512 numbers)
SAMPLE = 2000  # probes that search_k is measured with
MISSES = 1  # of them that may miss the person brute force finds: half of one in a thousand, to keep 0.999 beyond them
COSINE = 0.6  # between a measuring probe and its template: two ordinary photos of one person
SEED = 20


def build(folder: Path, ids: np.ndarray, people: np.ndarray, blocks: Iterable[np.ndarray], dimension: int, tick: Tick,
          trees: int = TREES) -> Generation:
    """Write a new generation of `ids` (ascending) with the vectors in `blocks` and load it; `publish` comes later.

    The work takes about a minute per 100,000 templates of 512 numbers on one core. Raises OSError for a full disk.
    """
    name = uuid.uuid4().hex[:12]
    part = folder / f"{name}.part"
    part.mkdir(parents=True)
    try:
        annoy = AnnoyIndex(dimension, "angular")
        annoy.set_seed(SEED)
        sums, at = np.empty(len(ids), np.int64), 0
        for block in blocks:
            sums[at:at + len(block)] = checksums(block)
            for number, vector in enumerate(block, at):
                annoy.add_item(number, vector.tolist())
                if number % 512 == 0:
                    tick(Progress(number, len(ids), "adding templates"))
                    time.sleep(0.001)  # add_item holds the interpreter; let searches in
            at += len(block)
        tick(Progress(len(ids), len(ids), f"growing {trees} trees"))
        annoy.build(trees, n_jobs=1)  # one core stays for whoever is searching
        annoy.save(str(part / "trees.ann"))
        np.save(part / "rows.npy", np.column_stack([ids, sums]))
        vectors = np.memmap(part / "trees.ann", "<f4", "r")[:len(ids) * (HEADER + dimension)]
        vectors = vectors.reshape(len(ids), HEADER + dimension)[:, HEADER:]
        search_k, recall = measure(annoy, vectors, people, trees, tick)
        annoy.unload()
        write_card(part, dimension, len(ids), trees, search_k, recall)
        part.rename(folder / name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
    generation = load_one(folder / name, dimension)  # checks what was written, vector by vector
    publish(folder, name)
    return generation


def measure(annoy: AnnoyIndex, vectors: np.ndarray, people: np.ndarray, trees: int, tick: Tick) -> tuple[int, float]:
    """The smallest search_k with at most MISSES, a quarter on top, and the recall measured; (0, 1.0) where none pays.

    Looking at more than half of the templates in tree order costs more than comparing with all of them in memory order.
    """
    rng = np.random.default_rng(SEED)
    count = len(vectors)
    rows = np.sort(rng.choice(count, min(SAMPLE, count), replace=False))
    probes = near(vectors[rows], COSINE, rng)
    nobody = np.zeros(count, np.int64)
    truth_view = View(None, (vectors,), nobody, nobody, people, np.ones(count, bool))
    truth = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), 100):
        tick(Progress(start, 2 * len(rows), "measuring the search"))
        truth[start:start + 100] = people[truth_view.scores(probes[start:start + 100]).argmax(axis=1)]
    missed, search_k = np.arange(len(rows)), 64 * trees
    while search_k <= count // 2:
        still = []
        for at in missed:
            found = np.array(annoy.get_nns_by_vector(probes[at].tolist(), FIRST_ROWS, search_k), np.int64)
            if not len(found) or people[found[(vectors[found] @ probes[at]).argmax()]] != truth[at]:
                still.append(at)
        missed = np.array(still, np.int64)
        tick(Progress(2 * len(rows) - len(missed), 2 * len(rows), "measuring the search"))
        if len(missed) <= MISSES:
            return search_k + search_k // 4, 1 - len(missed) / len(rows)
        search_k += search_k // 2
    return 0, 1.0


def near(vectors: np.ndarray, cosine: float, rng: np.random.Generator) -> np.ndarray:
    """Unit vectors at this cosine from each row, otherwise in random directions."""
    noise = rng.standard_normal(vectors.shape, dtype=np.float32)
    noise -= (noise * vectors).sum(axis=1, keepdims=True) * vectors
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return (cosine * vectors + np.sqrt(1 - cosine ** 2) * noise).astype(np.float32)

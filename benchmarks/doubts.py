"""Doubts in a large gallery, beside numpy's own product of all templates: `python -m benchmarks.doubts [--people N]`."""

from __future__ import annotations

import argparse
import time

import numpy as np

from facegui.gallery import doubts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=5000)
    parser.add_argument("--photos", type=int, default=2)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--threshold", type=float, default=0.4)
    wanted = parser.parse_args()
    random = np.random.default_rng(1)
    centres = random.standard_normal((wanted.people, wanted.dimension), np.float32)
    centres[1::50] = centres[::50][:len(centres[1::50])] + 0.5 * centres[1::50]  # one person in fifty is there twice
    vectors = np.repeat(centres, wanted.photos, 0)
    vectors += 0.5 * random.standard_normal(vectors.shape, np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    persons = np.repeat(np.arange(wanted.people, dtype=np.int64), wanted.photos)
    found, ours = 0, []
    theirs = []
    for _ in range(3):
        start = time.perf_counter()
        near = doubts.nearest(persons, vectors, wanted.threshold)
        lost = doubts.misplaced(persons, near, wanted.threshold)
        found = len(doubts.duplicates(persons, near, lost, set()))
        ours.append(time.perf_counter() - start)
        start = time.perf_counter()
        vectors @ vectors.T
        theirs.append(time.perf_counter() - start)
    print(f"{wanted.people:,} people, {len(vectors):,} templates of {wanted.dimension}: {found} pairs found in {min(ours):.2f} s, "
          f"{min(ours) / min(theirs):.2f} x numpy's vectors @ vectors.T ({min(theirs):.2f} s)")


if __name__ == "__main__":
    main()

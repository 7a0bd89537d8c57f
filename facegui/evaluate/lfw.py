"""Labeled Faces in the Wild in one command: its 6,000 pairs, and all photos in them against each other, 1:1 and 1:N."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..types import DataError, Detector, Embedder, Progress, Tick, no_tick
from .crowd import all_pairs, searches
from .evidence import Evidence
from .folder import arrange
from .pairs import PairsReport, measure, read_pairs, report
from .photos import command_line

if TYPE_CHECKING:
    from ..cover import CoverJudge


def lfw(directory: Path, detector: Detector, embedder: Embedder, cache: Path | None = None, tick: Tick = no_tick,
        *, cover: CoverJudge | None = None, seed: int = 0) -> PairsReport:
    """Measure on `directory`, which holds pairs.txt and images/NAME/NAME_0001.jpg (or the names' folders themselves).

    The accuracy is that of the official pairs (Huang et al. 2007, View 2). 3,000 impostor pairs say nothing about a FAR
    below 1e-3, so every photo is compared with every other one as well, and people with one photo search as strangers.
    Raises DataError for a folder that is none of LFW, and Cancelled when tick does.
    """
    start = time.monotonic()
    listing = directory / "pairs.txt"
    if not listing.is_file():
        raise DataError(f"{directory} holds no pairs.txt; give the folder with LFW's pairs.txt and its images beside it")
    images = directory / "images" if (directory / "images").is_dir() else directory
    measured = measure(read_pairs(listing, images), detector, embedder, cache, tick, cover)
    tick(Progress(0, 0, "Comparing everybody with everybody"))
    command = command_line("lfw", directory, "--model", embedder.card.id)
    official = report(measured, embedder.card.id, command, start)
    people = np.array([photo.parent.name for photo in measured.listed.photos])
    split = arrange(people, 0.2, seed)
    found, mistakes = searches("nearest template", measured.embedded, people, split.probe, split.stranger, measured.worn,
                               measured.show)
    evidence = official.evidence
    everything = all_pairs("all photos", measured.embedded, people, measured.worn, seed)
    return replace(official, seconds=time.monotonic() - start, evidence=Evidence(
        (*evidence.comparisons, *everything), tuple(found), (*evidence.mistakes, *mistakes)))

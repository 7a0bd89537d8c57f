"""What measuring a second model on the same photos costs: faces found once are kept, only the embedding is done anew.

    python -m benchmarks.second_model [FOLDER] [--people 24]

Without a FOLDER of people, drawn ones are measured. The first model finds every face; the second is the same network
averaging with the mirrored crop, whose embeddings are its own. Prints seconds of both, and of a third run that finds all kept.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from facegui import cards, drawn, embed, image
from facegui.config import HOME
from facegui.cover import CoverJudge
from facegui.detect import MtcnnDetector
from facegui.evaluate import folder


def main() -> None:
    parser = argparse.ArgumentParser(description="Time the measurement of a first and of a second model.")
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--people", type=int, default=24, help="drawn people, where no folder is given")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        photos = options.folder or draw(Path(place) / "people", options.people)
        card = cards.find(HOME / "weights", "compact")
        first = embed.load(HOME / "weights", card, "cpu")
        second = embed.load(HOME / "weights", replace(card, flip=not card.flip), "cpu")
        parts, took = (MtcnnDetector("cpu"), CoverJudge(HOME / "weights" / "cover", "cpu")), []
        for name, model in (("first model", first), ("second model", second), ("second model again", second)):
            start = time.perf_counter()
            report = folder(photos, parts[0], model, Path(place) / "cache", cover=parts[1])
            took.append(time.perf_counter() - start)
            print(f"{name}: {took[-1]:.1f} s for {report.photos} photos, {took[0] / took[-1]:.1f} x as fast as the first")


def draw(place: Path, people: int) -> Path:
    for number in range(people):
        (place / f"person {number}").mkdir(parents=True)
        for view in range(4):
            image.write(place / f"person {number}" / f"{view}.jpg", drawn.person(1000 + number, view=view))
    return place


if __name__ == "__main__":
    main()

"""Trained weights become weights/compact: file and card, with the facts of every step that made them.

    python -m facegui.training.publish RUN/whole/best.safetensors --faces SET --runs RUN/blocks RUN/whole
"""

from __future__ import annotations

import argparse
import json
import platform
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from .. import __version__, cards
from ..embed.compact import Compact, save_network
from ..types import DataError, ModelCard
from . import faces as sets
from .bases import NEW
from .bundled import SPLIT_SEED, TEACHER, VALIDATION_SHARE, weights_of

LICENCE = "research, non-commercial: trained on data of mixed or unknown terms; teacher Apache-2.0"


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Write a trained compact network and its card into the models folder.")
    parser.add_argument("network", type=Path, help=".safetensors weights of a compact network, or a training's state file")
    parser.add_argument("--faces", type=Path, required=True, help="the set it was trained on")
    parser.add_argument("--runs", type=Path, nargs="+", default=[], help="folders of the steps that made it, in order")
    parser.add_argument("--weights", type=Path, default=Path("weights"))
    parser.add_argument("--id", default="compact")
    parser.add_argument("--figures", type=Path, nargs="*", default=[], help="JSON reports to put into the card, by file name")
    options = parser.parse_args(arguments)
    network = Compact()
    network.load_state_dict(weights_of(options.network))
    faces = sets.load(options.faces)
    rows, held = sets.split(faces.people, VALIDATION_SHARE, SPLIT_SEED)
    folder = options.weights / options.id
    folder.mkdir(parents=True, exist_ok=True)
    save_network(network, folder / "compact.safetensors")
    training = {
        "method": "distillation in steps, see facegui/training/distill.py and TRIED.md beside this card; from random weights",
        "teacher": f"{TEACHER.id} ({TEACHER.origin}, {TEACHER.licence})",
        "faces": len(rows), "people_known": int(len(np.unique(faces.people[rows])) - 1), "really_masked": int(faces.covered[rows].sum()),
        "held_out_faces": len(held), "held_out_people": int(len(np.unique(faces.people[held]))), "split_seed": SPLIT_SEED,
        "steps": [step_facts(run) for run in options.runs],
        "versions": {"facegui": __version__, "python": platform.python_version(), "torch": torch.__version__, "numpy": np.__version__}}
    figures = {file.stem: json.loads(file.read_text()) for file in options.figures}
    validation = [figures_of(run) for run in options.runs]
    figures |= {"validation": validation[-1]} if validation and validation[-1] else {}
    cards.write_card(folder, _card(options.id, training, figures))
    print(f"{folder}: {sum(p.numel() for p in network.parameters()) / 1e6:.2f} M parameters, "
          f"{(folder / 'compact.safetensors').stat().st_size / 1e6:.1f} MB")


def _card(name: str, training: dict, figures: dict) -> ModelCard:
    return replace(NEW["new compact"], id=name, file="compact.safetensors", licence=LICENCE,
                   origin="trained by this program: python -m facegui.training.bundled",
                   description="The bundled network: small, made for masked and bare faces", training=training, figures=figures)


def step_facts(run: Path) -> dict:
    """The command of a step and how far it went, from its own files."""
    try:
        facts = json.loads((run / "command.json").read_text())
        lines = (run / "log0.jsonl").read_text().splitlines()
        last = json.loads(lines[-1])
        return facts | {"reached_step": last["step"], "loss": round(last["loss"], 4), "line": line(facts, run.name)}
    except (OSError, ValueError, IndexError, KeyError) as error:
        raise DataError(f"{run} is no folder of a training step ({error}).") from None


def line(facts: dict, run: str) -> str:
    """The step's command, to paste: SET is a set of aligned faces (facegui.training.shards), TEACHER.onnx the card's teacher,
    RUNS a folder for the steps. A step begins with the state of an earlier one."""
    words = [f"torchrun --nproc-per-node {facts['processes']} -m facegui.training.bundled {facts['step']}",
             f"--faces SET --teacher TEACHER.onnx --state RUNS/{run}"]
    if facts.get("begin", "None") not in ("None", "random weights"):
        words.append(f"--begin RUNS/{facts['begin'].split(',')[0]}/state.safetensors")
    for name in ("steps", "batch", "lr", "muon", "mask", "blend", "features", "guided", "frozen", "ema", "warmup", "validate_every",
                 "seed"):
        if name in facts:
            words.append(f"--{name.replace('_', '-')} {str(facts[name]).split()[0]}")
    words += [f"--{name.replace('_', '-')}" for name in ("unexamined", "all_styles") if facts.get(name) == "True"]
    return " ".join(words)


def figures_of(run: Path) -> dict:
    """The best validation that a step reported: that of the weights which it kept."""
    reports = [json.loads(line)["figures"] for line in (run / "log0.jsonl").read_text().splitlines()]
    best = max(filter(None, reports), key=lambda figures: figures.get("selection", 0.0), default={})
    return {name: round(value, 4) for name, value in best.items()}


if __name__ == "__main__":
    main()

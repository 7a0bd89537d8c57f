"""How the bundled `compact` network was made: python -m facegui.training.bundled --help

    torchrun --nproc-per-node 2 -m facegui.training.bundled blocks --faces SET --teacher FILE.onnx --state RUN/blocks
    torchrun --nproc-per-node 2 -m facegui.training.bundled whole --faces SET --teacher FILE.onnx --state RUN/whole \\
        --begin RUN/blocks

SET is a folder that `python -m facegui.training.shards FOLDER SET` made. Interrupt it at will: the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import os
from dataclasses import asdict, replace
from pathlib import Path

import cv2
import numpy as np
import torch
from safetensors.torch import load_file

from ..embed.compact import Compact, Shape, save_network
from ..types import CropSpec, ModelCard
from . import faces as face_sets
from . import loop, ranks
from .augment import Augment
from .distill import Blocks, Front, Views, Whole
from .masks import HELD_OUT, STYLES
from .teacher import Teacher, clean_embeddings
from .validate import Examination

# face-reidentification-retail-0095 of Open Model Zoo (Apache-2.0): its five points, as shares of a 128 px crop
POINTS = tuple((x * 128, y * 128) for x, y in
               ((.31557, .46157), (.68262, .46157), (.50026, .64051), (.34947, .82469), (.65344, .82325)))
CROP = CropSpec("align", 128, POINTS)
TEACHER = ModelCard("face-reidentification-retail-0095", "onnx", "", "", CROP, "BGR", (0.0,) * 3, (1.0,) * 3, 256, "Apache-2.0",
                    "Open Model Zoo")
VALIDATION_SHARE, SPLIT_SEED = 0.0978, 20240


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Train the bundled compact network by distillation.")
    parser.add_argument("step", choices=["blocks", "front", "whole"])
    parser.add_argument("--faces", type=Path, required=True)
    parser.add_argument("--teacher", type=Path, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder for the state and the log")
    parser.add_argument("--begin", type=Path, help="start from this .safetensors file of network weights")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=12, help="views per process and step")
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--mask", type=float, default=0.35, help="share of masked views")
    parser.add_argument("--blend", type=float, default=0.0, help="share of views of two faces laid over one another (whole)")
    parser.add_argument("--features", type=float, default=0.1, help="weight of the feature targets (whole)")
    parser.add_argument("--guided", type=int, default=4, help="views per process that get feature targets (whole)")
    parser.add_argument("--frozen", type=int, default=0, help="leading blocks that stay as they are (whole), or that alone learn (front)")
    parser.add_argument("--muon", type=float, default=0.0, help="learning rate of Muon for the matrices, as a multiple of --lr")
    parser.add_argument("--ema", type=float, default=0.0)
    parser.add_argument("--warmup", type=int, default=100)
    parser.add_argument("--validate-every", type=int, default=0)
    parser.add_argument("--unexamined", action="store_true", help="no validation: saves a minute at the start and at the end")
    parser.add_argument("--all-styles", action="store_true", help="draw the held-out mask styles too")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    ranks.join()
    cv2.setNumThreads(1)
    torch.set_num_threads(max(1, (os.cpu_count() or 1) // ranks.count()))
    options.state.mkdir(parents=True, exist_ok=True)
    task = _task(options)
    plan = loop.Plan(options.steps, options.lr, warmup=options.warmup, muon=options.muon,
                     ema=options.ema, validate_every=options.validate_every,
                     save_every=200, report_every=25)
    if not ranks.rank():
        words = {k: v for k, v in vars(options).items() if k not in ("faces", "teacher", "state", "begin")}
        words["begin"] = options.begin.parent.name if options.begin else "random weights"
        (options.state / "command.json").write_text(json.dumps(
            {"command": "python -m facegui.training.bundled", "processes": ranks.count()} | {k: str(v) for k, v in words.items()}))
    identity = {k: str(v) for k, v in vars(options).items() if k not in ("state", "faces", "teacher")}
    with open(options.state / f"log{ranks.rank()}.jsonl", "a", encoding="utf-8") as log:
        for report in loop.run(task, plan, options.state, identity=identity):
            log.write(json.dumps(asdict(report)) + "\n")
            log.flush()
            if report.figures and not ranks.rank():
                # the state's own weights are resumed; this file is the averaged network, to look at and to begin from
                save_network(task.network, options.state / "latest.safetensors", half=False)
    if not ranks.rank():
        save_network(task.network, options.state / "best.safetensors", half=False)


def weights_of(file: Path) -> dict[str, torch.Tensor]:
    """Network weights in a file of them; of a training state the best validated, else the averaged ones."""
    tensors = load_file(file)
    for prefix in ("best.", "average.", "network."):
        if part := {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}:
            return part
    return {key: value.float() for key, value in tensors.items()}


def _task(options):
    faces = face_sets.load(options.faces)
    rows, held = face_sets.split(faces.people, VALIDATION_SHARE, SPLIT_SEED)
    torch.manual_seed(options.seed)
    network = Compact(Shape()).to(memory_format=torch.channels_last)
    if options.begin:
        network.load_state_dict(weights_of(options.begin))
    teacher = Teacher(options.teacher, TEACHER)
    how = Augment(mask=options.mask, styles=STYLES if options.all_styles else tuple(s for s in STYLES if s not in HELD_OUT))
    if options.step == "blocks":
        return Blocks(network, teacher, Views(faces, rows, CROP, how, options.batch, options.seed), None)
    if options.step == "front":
        return Front(network, teacher, Views(faces, rows, CROP, how, options.batch, options.seed), options.frozen)
    targets = clean_embeddings(teacher, faces, options.faces / f"{TEACHER.id}.npy")
    examination = None
    if not options.unexamined:
        held = held[[(faces.people[held][:i] == faces.people[row]).sum() < 5 for i, row in enumerate(held)]]  # five a person
        examination = Examination(faces, held, rows[np.random.default_rng(7).permutation(len(rows))[:500]], CROP)
    rows = rows[~faces.covered[rows]]  # what the teacher sees under a real mask is not the clean face
    views = Views(faces, rows, CROP, replace(how), options.batch, options.seed, options.blend)
    return Whole(network, teacher, views, targets, examination, options.features, options.guided, options.frozen)


if __name__ == "__main__":
    main()

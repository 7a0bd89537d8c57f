"""From a training's folder to a model that loads: weights, card, and a command that the trainer itself understands."""

import json
import shlex

import numpy as np
import pytest
import torch

from facegui import cards, embed
from facegui.align import ARCFACE_112
from facegui.embed.compact import Compact, save_network
from facegui.training import bundled, publish
from facegui.training import faces as sets
from facegui.types import DataError

FACTS = {"command": "python -m facegui.training.bundled", "processes": 2, "step": "whole", "begin": "front, average",
         "steps": "3000 (stopped at 40)", "batch": "12", "lr": "0.001", "muon": "1.2", "mask": "0.5", "features": "0.3", "guided": "4",
         "frozen": "5", "ema": "0.9", "warmup": "0", "validate_every": "0", "unexamined": "True", "all_styles": "False", "seed": "3"}


@pytest.fixture
def run(tmp_path):
    folder = tmp_path / "runs" / "whole"
    folder.mkdir(parents=True)
    (folder / "command.json").write_text(json.dumps(FACTS))
    reports = [{"step": 20, "loss": 0.5, "figures": {"tar_bare": 0.61234567}},
               {"step": 30, "loss": 0.4, "figures": {"tar_bare": 0.7, "selection": 0.6}},
               {"step": 35, "loss": 0.3, "figures": {"tar_bare": 0.8, "selection": 0.59}}, {"step": 40, "loss": 0.25, "figures": {}}]
    (folder / "log0.jsonl").write_text("\n".join(map(json.dumps, reports)))
    return folder


def test_weights_and_card_are_a_model_that_loads(run, tmp_path):
    torch.manual_seed(1)
    network = Compact()
    save_network(network, tmp_path / "best.safetensors", half=False)
    people = np.array([0, 0, 1, 1, 2, 2, 3, 3, -1])
    np.save(tmp_path / "pixels.npy", np.zeros((9, 20, 20, 3), np.uint8))
    sets.save(tmp_path, sets.FaceSet(np.zeros(0), np.array(ARCFACE_112), people, people == 1, tuple("abcd")))
    publish.main([str(tmp_path / "best.safetensors"), "--faces", str(tmp_path), "--runs", str(run), "--weights", str(tmp_path / "w")])
    card = cards.find(tmp_path / "w", "compact")
    assert card.figures["validation"] == {"tar_bare": 0.7, "selection": 0.6}, "of the weights that are kept"
    assert card.training["faces"] + card.training["held_out_faces"] == 9
    step = card.training["steps"][0]
    assert step["reached_step"] == 40 and step["loss"] == 0.25
    rows = embed.load(tmp_path / "w", card, "cpu").embed(np.full((1, 128, 128, 3), 90, np.uint8))
    with torch.no_grad():
        own = torch.nn.functional.normalize(network(torch.full((1, 3, 128, 128), (90 - 127.5) / 128))).numpy()
    assert float((rows * own).sum()) > 0.999  # halves in the file
    assert "--muon 1.2" in step["line"] and "--unexamined" in step["line"] and "--all-styles" not in step["line"]


def test_the_line_in_the_card_is_understood_by_the_trainer(run, monkeypatch):
    words = shlex.split(publish.step_facts(run)["line"])
    assert words[:5] == ["torchrun", "--nproc-per-node", "2", "-m", "facegui.training.bundled"]
    seen = {}

    def stop(options):
        seen.update(vars(options))
        raise DataError("far enough")
    monkeypatch.setattr(bundled, "_task", stop)
    monkeypatch.chdir(run)
    with pytest.raises(DataError, match="far enough"):
        bundled.main(words[5:])
    assert seen["step"] == "whole" and str(seen["begin"]) == "RUNS/front/state.safetensors"
    assert all(str(seen[name]) == value.split()[0] for name, value in FACTS.items()
               if name not in ("command", "processes", "begin"))


def test_a_folder_that_is_no_run_is_a_sentence(tmp_path):
    with pytest.raises(DataError, match="no folder of a training step"):
        publish.step_facts(tmp_path)

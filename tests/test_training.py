"""The loop for real, on drawn people: it learns, stops at once, goes on exactly, survives trouble, says who is better."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import nn

from facegui import cards, embed, image
from facegui.align import ARCFACE_112
from facegui.drawn import person
from facegui.embed.compact import Compact, Shape, save_network
from facegui.training import Outcome, Recipe, bases, loop, train
from facegui.training import faces as sets
from facegui.training.augment import Augment
from facegui.training.train import judge
from facegui.types import Cancelled, DataError, ModelError

TINY = Shape(size=32, dimension=16, stem=8, widths=(8, 12, 12), hidden=(16, 24, 24), depths=(1, 1, 1), head=32)
MILD = Augment(turn_deg=1, low_resolution=0, blur=0, jpeg=0, light=0.2, mask=0.5)


class Fit(nn.Module):
    """A task of its own: fit a line; every tenth loss can be made to fail."""

    def __init__(self, bad=()):
        super().__init__()
        torch.manual_seed(0)
        self.network, self.extra, self.bad = nn.Linear(3, 1), nn.Linear(1, 1), bad

    def loss(self, step):
        generator = torch.Generator().manual_seed(step)
        x = torch.randn(8, 3, generator=generator)
        loss = (self.extra(self.network(x)) - x.sum(1, keepdim=True)).square().mean()
        return loss * (float("nan") if step in self.bad else 1.0), 8

    def validate(self):
        return {"selection": -float((self.network.weight - 1).abs().max().detach())}


PLAN = loop.Plan(40, 0.02, warmup=5, ema=0.9, validate_every=10, save_every=7)


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A set of ten drawn people, four pictures of each, in a folder."""
    folder = tmp_path_factory.mktemp("people")
    seeds = [s for s in range(1, 11) for _ in range(4)]
    pixels = np.stack([person(s, size=60, view=k % 4) for k, s in enumerate(seeds)])
    np.save(folder / "pixels.npy", pixels)
    points = np.array(ARCFACE_112) * 0.36 + 10
    sets.save(folder, sets.FaceSet(pixels, points, np.array(seeds) - 1, np.zeros(40, bool), tuple("abcdefghij")))
    return folder


def recipe(people, **changes):
    return replace(Recipe("mine", str(people), "new compact", "all", people=4, photos=3, steps=30, lr=2e-3, augment=MILD), **changes)


def outcome(reports):
    assert isinstance(reports[-1], Outcome)
    return reports[-1]


def test_an_interrupted_training_ends_with_the_same_bits(tmp_path):
    whole, parts = Fit(), Fit()
    list(loop.run(whole, PLAN, tmp_path / "whole"))
    steps = 0

    def stop():
        nonlocal steps
        steps += 1
        return steps in (13, 30)
    for _ in range(3):
        parts = Fit()
        try:
            list(loop.run(parts, PLAN, tmp_path / "parts", stop))
        except Cancelled:
            pass
    assert [r.step for r in loop.history(tmp_path / "parts")] == list(range(1, 41))
    for one, two in ((whole.network, parts.network), (whole.extra, parts.extra)):
        assert all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def test_the_loop_learns_warms_up_and_cools_down(tmp_path):
    task = Fit()
    reports = list(loop.run(task, PLAN, tmp_path))
    assert reports[-1].loss < 0.5 * reports[0].loss and len(reports) == 40
    rates = [r.lr for r in reports]
    assert rates[0] < rates[4] and max(rates) == pytest.approx(0.02) and rates[-1] < 0.001
    assert reports[9].figures and not reports[8].figures


def test_cancel_stops_before_the_next_step(tmp_path):
    seen, task = [], Fit()
    with pytest.raises(Cancelled, match="step 3 of 40"):
        for report in loop.run(task, PLAN, tmp_path, lambda: len(seen) >= 3):
            seen.append(report)
    assert len(seen) == 3


def test_a_loss_that_is_no_number_is_skipped_but_not_for_ever(tmp_path):
    task = Fit(bad=(4, 5, 20))
    list(loop.run(task, PLAN, tmp_path / "a"))
    assert all(torch.isfinite(p).all() for p in task.network.parameters())
    with pytest.raises(DataError, match="lower learning rate"):
        list(loop.run(Fit(bad=range(3, 40)), PLAN, tmp_path / "b"))


def test_the_best_weights_are_kept_not_the_last(tmp_path):
    task = Fit()
    figures = iter((0.1, 0.9, 0.3, 0.2))
    kept = []

    def validate():
        kept.append([p.detach().clone() for p in task.network.parameters()])
        return {"selection": next(figures)}
    task.validate = validate
    list(loop.run(task, PLAN, tmp_path))
    assert all(torch.equal(a, b) for a, b in zip(task.network.parameters(), kept[1], strict=True))


def test_a_state_of_another_training_and_a_damaged_one_are_refused(tmp_path):
    list(loop.run(Fit(), PLAN, tmp_path, identity={"lr": 1}))
    with pytest.raises(DataError, match="lr differ"):
        list(loop.run(Fit(), PLAN, tmp_path, identity={"lr": 2}))
    (tmp_path / "state.safetensors").write_bytes(b"x" * 40)
    with pytest.raises(ModelError, match="not a training state"):
        list(loop.run(Fit(), PLAN, tmp_path))


def test_a_full_disk_is_a_sentence(tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="Free some disk space"):
        list(loop.run(Fit(), PLAN, tmp_path / "state"))


def test_a_network_from_random_weights_learns_drawn_people_with_masks(people, tmp_path):
    reports = list(train(recipe(people, steps=40, photos=2, lr=4e-3), tmp_path, shape=TINY))
    result = outcome(reports)
    assert reports[-2].loss < 0.8 * reports[0].loss
    assert {"tar_bare", "tar_masked", "rank1_masked_new"} <= set(result.figures)
    card = cards.find(tmp_path, "mine")
    assert card.training["photos"] == 32 and card.training["held_out_photos"] == 8 and card.figures["held_out"] == result.figures
    rows = embed.load(tmp_path, card, "cpu").embed(np.zeros((2, 32, 32, 3), np.uint8))
    assert rows.shape == (2, 16) and np.isfinite(rows).all()
    assert Image.open(tmp_path / "mine" / "curves.png").size[1] > 500
    assert len(json.loads((tmp_path / "mine" / "curves.json").read_text())["loss"]) == 40


def small_model(weights, name="small"):
    torch.manual_seed(3)
    base = bases.open_base(weights, "new compact", TINY)
    network = Compact(TINY)
    folder = weights / name
    folder.mkdir()
    save_network(network, folder / "model.safetensors", half=False)
    return cards.write_card(folder, replace(base.card, id=name))


@pytest.mark.parametrize("tune", ["head", "last"])
def test_an_installed_model_is_tuned_and_compared(people, tmp_path, tune):
    small_model(tmp_path)
    result = outcome(list(train(recipe(people, base="small", tune=tune, steps=20, distil=0.5), tmp_path)))
    assert result.other == "small" and result.verdict and result.card.training["parent"] == "small"
    before, after = (embed.load(tmp_path, cards.find(tmp_path, n), "cpu") for n in ("small", "mine"))
    first, second = (dict(e.network.named_parameters()) for e in (before, after))
    changed = {n.rsplit(".", 1)[0] for n in first if not torch.equal(first[n], second[n])}
    assert changed and (changed == {"head.project"} if tune == "head" else not any(n.startswith("parts.0.") for n in changed))


def test_a_head_is_folded_into_the_network_without_a_trace(tmp_path):
    small_model(tmp_path)
    network = bases.open_base(tmp_path, "small").network.eval()
    head, images = nn.Linear(16, 16), torch.randn(2, 3, 32, 32)
    with torch.no_grad():
        wanted = head(network(images))
        bases.fold(network, head)
        assert torch.allclose(network(images), wanted, atol=1e-4)


def test_running_out_of_memory_halves_the_batch_and_says_so(people, tmp_path, monkeypatch):
    forward = Compact.forward

    def greedy(self, x):
        if len(x) > 6 and torch.is_grad_enabled():
            raise torch.OutOfMemoryError("no memory")
        return forward(self, x)
    monkeypatch.setattr(Compact, "forward", greedy)
    reports = list(train(recipe(people, steps=4), tmp_path, shape=TINY))
    assert "halved to 2 people" in reports[0].note and outcome(reports)
    monkeypatch.setattr(Compact, "forward",
                        lambda self, x: greedy(self, torch.cat([x] * 9)) if torch.is_grad_enabled() else forward(self, x))
    with pytest.raises(DataError, match="too little memory even for two people"):
        list(train(recipe(people, steps=4, name="other"), tmp_path, shape=TINY))


def test_recipes_that_make_no_sense_are_refused_in_words(people, tmp_path):
    for changes, words in (({"name": "../x"}, "cannot be a model's name"), ({"lr": -1.0}, "lr is -1"), ({"tune": "some"}, "Choose head"),
                           ({"triplet": 0, "arcface": 0}, "nothing to learn"), ({"folder": "/nowhere"}, "There is no folder"),
                           ({"margin_deg": float("nan")}, "margin_deg")):
        with pytest.raises(DataError, match=words):
            list(train(recipe(people, **changes), tmp_path, shape=TINY))
    with pytest.raises(ModelError, match="learn as a whole"):
        list(train(recipe(people, tune="head"), tmp_path, shape=TINY))
    small_model(tmp_path, "mine")
    with pytest.raises(ModelError, match="already"):
        list(train(recipe(people), tmp_path, shape=TINY))


def test_too_close_to_call_is_an_answer():
    assert judge({"tar_bare": 0.9}, {"tar_bare": 0.89}, 50, "a", "b")[0] is None
    assert judge({"tar_bare": 0.9}, {"tar_bare": 0.5}, 50, "a", "b")[0] is True
    assert judge({"tar_bare": 0.5}, {"tar_bare": 0.9}, 50, "a", "b")[0] is False


def test_two_processes_train_one_network(people, tmp_path):
    code = ("import sys; from pathlib import Path; from dataclasses import replace; from facegui.training import *;"
            "from facegui.embed.compact import Shape; from facegui.training import ranks;"
            "s = Shape(size=32, dimension=16, stem=8, widths=(8, 12, 12), hidden=(16, 24, 24), depths=(1, 1, 1), head=32);"
            "r = Recipe('mine', sys.argv[1], 'new compact', 'all', people=4, photos=2, steps=4, lr=1e-3);"
            "last = list(train(r, Path(sys.argv[2]), shape=s))[-1];"
            "assert isinstance(last, Outcome) == (ranks.rank() == 0); print('trained', ranks.count())")
    (tmp_path / "run.py").write_text(code)
    (tmp_path / "weights").mkdir()
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent), "OMP_NUM_THREADS": "1"}
    run = subprocess.run([sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", tmp_path / "run.py",
                          str(people), str(tmp_path / "weights")], env=environment, capture_output=True, text=True, timeout=240)
    assert run.returncode == 0, run.stderr[-3000:]
    assert run.stdout.count("trained 2") == 2 and (tmp_path / "weights" / "mine" / "card.json").exists()
    assert image.read(tmp_path / "weights" / "mine" / "curves.png").width > 500

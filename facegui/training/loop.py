"""The training loop, for every task: read it from top to bottom.

A task brings a network, a loss and a validation; the loop brings everything else. All randomness of a step comes from
(seed, step, process), so a training that was interrupted goes on exactly as if it had not been.
"""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn

from ..types import Cancelled, DataError
from . import ranks, state
from .optimise import Optimiser


class Task(Protocol):
    network: nn.Module  # what is trained, kept, and averaged
    extra: nn.Module  # trained beside it and thrown away: class centres

    def loss(self, step: int) -> tuple[torch.Tensor, int]:
        """The loss of this process's share of step `step`, and how many images went in. May call backward itself for
        parts of the work, then the returned loss must not require a gradient."""

    def validate(self) -> dict[str, float]:
        """Figures of the network as it is; "selection" decides which weights are kept, higher is better."""


@dataclass(frozen=True, slots=True)
class Plan:
    steps: int
    lr: float
    warmup: int = 100  # steps
    final_lr: float = 0.01  # share of lr at the end of the cosine
    weight_decay: float = 0.0
    muon: float = 0.0  # learning rate of Muon for the matrices, as a multiple of lr; 0 = AdamW for all
    ema: float = 0.0  # per step; 0 = no average of the weights
    clip: float = 5.0  # gradient norm
    validate_every: int = 0  # steps; 0 = at the end only
    save_every: int = 500
    report_every: int = 1


@dataclass(frozen=True, slots=True)
class TrainingProgress:
    """One report. `figures` is filled after a validation; `note` is a sentence for people."""

    step: int
    total: int
    loss: float
    lr: float
    images_s: float
    remaining_s: float
    figures: dict[str, float] = field(default_factory=dict)
    note: str = ""
    wait_share: float = 0.0  # share of the time spent waiting for data


def learning_rate(plan: Plan, step: int) -> float:
    """Linear warm-up, then a half cosine (Loshchilov and Hutter, SGDR, 2017) down to `final_lr`."""
    if step < plan.warmup:
        return plan.lr * (step + 1) / plan.warmup
    done = (step - plan.warmup) / max(1, plan.steps - plan.warmup)
    return plan.lr * (plan.final_lr + (1 - plan.final_lr) * 0.5 * (1 + math.cos(math.pi * done)))


def run(task: Task, plan: Plan, folder: Path, cancelled: Callable[[], bool] = lambda: False,
        identity: dict[str, Any] | None = None, recipe: dict[str, Any] | None = None) -> Iterator[TrainingProgress]:
    """Train; yields reports. The task's network ends with the best weights that a validation has seen.

    `folder` holds the resumable state; `identity` says what training it is (a state of another one is refused), `recipe`
    how to start it again: it is kept in the state, and so there is never one without the other.
    Raises Cancelled (the state is saved), DataError where the loss stays NaN or the disk is full.
    """
    network, parameters = task.network, [p for m in (task.network, task.extra) for p in m.parameters() if p.requires_grad]
    optimizer = Optimiser(parameters, plan.lr, plan.weight_decay, plan.muon)
    averaged = {k: v.detach().clone() for k, v in network.state_dict().items()} if plan.ema else {}
    best: dict[str, torch.Tensor] = {}
    facts: dict[str, Any] = {"step": 0, "best": None, "bad": 0, "identity": identity or {}, "history": []}
    if (saved := state.load(folder)) is not None:
        facts, best, averaged = _restore(task, optimizer, averaged, saved, identity or {})
    facts["recipe"] = recipe
    start, begun, images, waited_from = facts["step"], time.perf_counter(), 0, getattr(task, "waited_s", 0.0)
    smooth = None
    for step in range(start, plan.steps):
        asked = time.perf_counter()
        stop = ranks.any_true(cancelled())
        begun += time.perf_counter() - asked  # a pause is no work: it belongs to no estimate
        if stop:
            _store(task, optimizer, averaged, best, facts, folder)
            raise Cancelled(f"Training stopped at step {step} of {plan.steps}; start it again to go on from there.")
        lr = learning_rate(plan, step)
        for group in optimizer.param_groups:
            group["lr"] = lr * group.get("scale", 1.0)
        loss, seen = task.loss(step)
        if loss.requires_grad:
            loss.backward()
        gradients = [p.grad for p in parameters if p.grad is not None]
        ranks.average(gradients)
        norm = nn.utils.clip_grad_norm_(parameters, plan.clip)
        value = float(loss.detach())
        if ranks.any_true(not (math.isfinite(value) and bool(torch.isfinite(norm)))):
            facts["bad"] += 1
            if facts["bad"] >= 10:
                raise DataError("The loss was not a number ten times in a row. Start again with a lower learning rate; "
                                "the best weights so far are kept.")
        else:
            facts["bad"] = 0
            optimizer.step()
            if averaged:
                _follow(averaged, network.state_dict(), plan.ema)
        optimizer.zero_grad()
        facts["step"] = step + 1
        images += seen * ranks.count()
        smooth = value if smooth is None or not math.isfinite(smooth) else 0.95 * smooth + 0.05 * value
        figures = {}
        last = step + 1 == plan.steps
        if last or (plan.validate_every and (step + 1) % plan.validate_every == 0):
            figures = _validate(task, averaged)
            if facts["best"] is None or figures.get("selection", 0.0) > facts["best"]:
                facts["best"] = figures.get("selection", 0.0)
                best = {k: v.detach().clone() for k, v in (averaged or network.state_dict()).items()}
        spent = time.perf_counter() - begun
        report = TrainingProgress(step + 1, plan.steps, smooth, lr, images / spent,
                                  spent / (step + 1 - start) * (plan.steps - step - 1), figures,
                                  wait_share=(getattr(task, "waited_s", 0.0) - waited_from) / spent)
        if figures or (step + 1) % max(plan.report_every, plan.steps // 1000) == 0:
            facts["history"].append([report.step, report.loss, report.lr, figures])
        if last or (step + 1) % plan.save_every == 0 or figures:
            _store(task, optimizer, averaged, best, facts, folder)
        if figures or (step + 1) % plan.report_every == 0:
            yield report
    if best:
        network.load_state_dict(best)


@torch.no_grad()
def _follow(averaged: dict[str, torch.Tensor], now: dict[str, torch.Tensor], ema: float) -> None:
    smooth = [key for key, value in averaged.items() if value.is_floating_point()]
    torch._foreach_lerp_([averaged[key] for key in smooth], [now[key] for key in smooth], 1 - ema)
    for key in averaged.keys() - smooth:  # counters of batch normalisation
        averaged[key].copy_(now[key])


def history(folder: Path) -> list[TrainingProgress]:
    """What an interrupted training reported until its last saved step, a thousand reports or so; for its curves."""
    saved = state.load(folder)
    return [TrainingProgress(step, 0, loss, lr, 0.0, 0.0, figures) for step, loss, lr, figures in saved[1]["history"]] if saved else []


def _validate(task: Task, averaged: dict[str, torch.Tensor]) -> dict[str, float]:
    """The averaged weights are judged where there are any: they are the ones kept."""
    if not averaged:
        return task.validate()
    own = {k: v.detach().clone() for k, v in task.network.state_dict().items()}
    task.network.load_state_dict(averaged)
    try:
        return task.validate()
    finally:
        task.network.load_state_dict(own)


def _store(task, optimizer, averaged, best, facts, folder) -> None:
    if ranks.rank():
        return
    tensors = {f"network.{k}": v for k, v in task.network.state_dict().items()}
    tensors |= {f"extra.{k}": v for k, v in task.extra.state_dict().items()}
    tensors |= {f"average.{k}": v for k, v in averaged.items()} | {f"best.{k}": v for k, v in best.items()}
    state.save(folder, tensors | optimizer.tensors(), facts)


def _restore(task, optimizer, averaged, saved, identity):
    tensors, facts = saved
    facts.setdefault("history", [])
    identity = json.loads(json.dumps(identity))  # as it was stored: JSON knows lists alone
    if facts["identity"] != identity:
        changed = sorted(k for k in {*identity, *facts["identity"]} if identity.get(k) != facts["identity"].get(k))
        raise DataError(f"The folder holds another training ({', '.join(changed)} differ). Choose another name, or delete it.")
    part = {p: {k[len(p):]: v for k, v in tensors.items() if k.startswith(p)} for p in ("network.", "extra.", "average.", "best.")}
    task.network.load_state_dict(part["network."])
    task.extra.load_state_dict(part["extra."])
    optimizer.restore(tensors)
    return facts, part["best."], part["average."]

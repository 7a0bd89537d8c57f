"""Steps of the loop: AdamW for everything, or Muon for the matrices and AdamW for the rest.

Muon (Jordan et al. 2024, "Muon: an optimizer for hidden layers") gives every direction of a matrix's update the same length.
In distillation from a network of the same plan it needs half as many views as AdamW for the same error of a block.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn

from ..types import DataError

BETAS = (0.9, 0.98)


class Optimiser:
    """What the loop asks of an optimiser, over one or two of them. `muon`: its learning rate as a multiple of AdamW's, measured
    alike (Liu et al. 2025, "Muon is scalable": root mean square of an update); 0 leaves everything to AdamW."""

    def __init__(self, parameters: Sequence[nn.Parameter], lr: float, weight_decay: float = 0.0, muon: float = 0.0):
        matrices = [p for p in parameters if muon and is_matrix(p)]
        rest = [p for p in parameters if not (muon and is_matrix(p))]
        self.parts: dict[str, torch.optim.Optimizer] = {}
        if rest:
            self.parts["adam"] = torch.optim.AdamW(rest, lr=lr, betas=BETAS, weight_decay=weight_decay, fused=True)
        # Muon wants two dimensions: the same memory is seen as (outputs, inputs)
        self.views = [(p, nn.Parameter(p.detach().view(len(p), -1))) for p in matrices]
        if matrices:
            if not hasattr(torch.optim, "Muon"):
                raise DataError("This torch has no Muon optimiser (2.9 or newer has). Update torch, or train without it.")
            self.parts["muon"] = torch.optim.Muon([flat for _, flat in self.views], lr=lr * muon, weight_decay=weight_decay,
                                                  adjust_lr_fn="match_rms_adamw")
            self.parts["muon"].param_groups[0]["scale"] = muon

    @property
    def param_groups(self) -> list[dict]:
        return [group for part in self.parts.values() for group in part.param_groups]

    def step(self) -> None:
        for p, flat in self.views:
            flat.grad = None if p.grad is None else p.grad.reshape(len(p), -1)
        for part in self.parts.values():
            part.step()

    def zero_grad(self) -> None:
        for part in self.parts.values():
            part.zero_grad(set_to_none=True)
        for p, _ in self.views:
            p.grad = None

    def tensors(self) -> dict[str, torch.Tensor]:
        """Everything that a resumed training needs: {"adam.0.exp_avg": ..., "muon.3.momentum_buffer": ...}."""
        return {f"{name}.{number}.{key}": torch.as_tensor(value) for name, part in self.parts.items()
                for number, moments in part.state_dict()["state"].items() for key, value in moments.items()}

    def restore(self, tensors: dict[str, torch.Tensor]) -> None:
        for name, part in self.parts.items():
            moments: dict[int, dict] = {}
            for key, value in tensors.items():
                if key.startswith(f"{name}."):
                    _, number, what = key.split(".")
                    moments.setdefault(int(number), {})[what] = value
            part.load_state_dict({"state": moments, "param_groups": part.state_dict()["param_groups"]})


def is_matrix(p: nn.Parameter) -> bool:
    """A linear layer or 1 x 1 convolution: not a bias, a slope, a filter over places or the filters on the three colours."""
    return (p.ndim == 2 or p.ndim == 4 and p.shape[2:] == (1, 1)) and min(p.shape[:2]) > 3

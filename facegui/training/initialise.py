"""Scale a network's random weights from data, so that it trains without batch normalisation."""

from __future__ import annotations

import torch
from torch import nn


@torch.no_grad()
def scale_layer_by_layer(network: nn.Module, run, spread: dict[nn.Module, float] | None = None) -> None:
    """One pass of `run()`: each convolution and linear layer is rescaled so that every output channel has mean 0 and the
    standard deviation `spread.get(layer, 1)` (after Mishkin and Matas, "All you need is a good init", 2016)."""
    def fix(layer, _, out):
        axes = [d for d in range(out.dim()) if d != 1]
        values = out.float()
        deviation = values.std(axes).clamp_min(1e-5) / (spread or {}).get(layer, 1.0)
        mean = values.mean(axes)
        layer.weight.div_(deviation.reshape(-1, *[1] * (layer.weight.dim() - 1)).to(layer.weight.dtype))
        layer.bias.copy_((layer.bias - mean) / deviation)
        shape = [1, -1] + [1] * (out.dim() - 2)
        return ((values - mean.reshape(shape)) / deviation.reshape(shape)).to(out.dtype)

    hooks = [m.register_forward_hook(fix) for m in network.modules()
             if isinstance(m, nn.Conv2d | nn.Linear) and m.bias is not None]
    try:
        run()
    finally:
        for hook in hooks:
            hook.remove()

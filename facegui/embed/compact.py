"""Compact: this project's own small embedding network, about 1.3 M parameters for a 128 px face.

Inverted bottlenecks (Sandler et al. 2018) with a squeeze gate (Hu et al. 2018) and a global depthwise head (Chen et al.
2018, MobileFaceNet), without batch normalisation: the layers are scaled once from the data (as in Mishkin and Matas
2016, "All you need is a good init"), which halves the time of a training step on a CPU, behaves the same in training
and in use, and does not depend on the batch size. Each activation learns one slope.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors import SafetensorError, safe_open
from torch import nn

from ..types import ModelCard, ModelError


@dataclass(frozen=True, slots=True)
class Shape:
    """Everything that fixes the network's layers; travels in the weight file."""

    size: int = 128  # input side, px; a multiple of 16
    dimension: int = 256
    stem: int = 32
    widths: tuple[int, ...] = (64, 128, 128)  # channels of the three stages, at size/4, size/8, size/16
    hidden: tuple[int, ...] = (160, 384, 384)  # channels inside their blocks
    depths: tuple[int, ...] = (4, 6, 2)  # residual blocks after each stage's first
    head: int = 512


class _Leak(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, slope):
        value = float(slope)
        ctx.save_for_backward(x)
        ctx.value = value
        return F.leaky_relu(x, value)

    @staticmethod
    def backward(ctx, grad):
        (x,) = ctx.saved_tensors
        below = torch.ops.aten.leaky_relu_backward(grad, x, ctx.value, False)
        few = slice(None, None, max(1, x.shape[0] // 4))  # the slope's gradient is a sum over millions: sample it
        slope = (grad[few] * x[few].clamp(max=0)).sum(dtype=torch.float32) * (x.shape[0] / x[few].shape[0])
        return below, slope.reshape(1)


class Leak(nn.Module):
    """Leaky ReLU whose single slope is learned."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([0.25]))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if torch.compiler.is_compiling():  # a compiler derives this as well as ours by hand, and cannot look into a number
            return torch.where(x > 0, x, x * self.slope.to(x.dtype))
        return _Leak.apply(x, self.slope) if torch.is_grad_enabled() else F.leaky_relu(x, float(self.slope))


class Gate(nn.Module):
    """Weighs the channels by what the whole face holds."""

    def __init__(self, channels: int):
        super().__init__()
        inner = max(4, channels // 8)
        self.narrow, self.act, self.widen = nn.Linear(channels, inner), Leak(), nn.Linear(inner, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        weight = torch.sigmoid(self.widen(self.act(self.narrow(x.mean((2, 3))))))
        return x * weight.to(x.dtype)[:, :, None, None]


class Block(nn.Module):
    """Widen, look around, narrow, gate; added to its input where the shape stays."""

    def __init__(self, inside: int, hidden: int, outside: int, stride: int = 1):
        super().__init__()
        self.residual = stride == 1 and inside == outside
        self.widen, self.act1 = nn.Conv2d(inside, hidden, 1), Leak()
        self.look, self.act2 = nn.Conv2d(hidden, hidden, 3, stride, 1, groups=hidden), Leak()
        self.narrow, self.gate = nn.Conv2d(hidden, outside, 1), Gate(outside)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.gate(self.narrow(self.act2(self._look(self.act1(self.widen(x))))))
        return x + y if self.residual else y

    def _look(self, x: torch.Tensor) -> torch.Tensor:
        if self.residual or x.device.type != "cpu":
            return self.look(x)
        with torch.autocast("cpu", enabled=False):  # a strided depthwise step back in bfloat16 takes ten times as long
            return self.look(x.to(self.look.weight.dtype)).to(x.dtype)


class Stem(nn.Module):
    """Pixels to the first stage, a quarter of the side."""

    def __init__(self, stem: int, hidden: int, outside: int):
        super().__init__()
        self.first, self.act1 = nn.Conv2d(3, stem, 3, 2, 1), Leak()
        self.second, self.act2 = nn.Conv2d(stem, hidden, 3, 2, 1), Leak()
        self.look, self.act3 = nn.Conv2d(hidden, hidden, 3, 1, 1, groups=hidden), Leak()
        self.narrow, self.gate = nn.Conv2d(hidden, outside, 1), Gate(outside)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act2(self.second(self.act1(self.first(x))))
        return self.gate(self.narrow(self.act3(self.look(x))))


class Head(nn.Module):
    """Every place of the last stage has its own weight, then one linear layer: (n, c, s, s) -> (n, dimension)."""

    def __init__(self, inside: int, hidden: int, side: int, dimension: int):
        super().__init__()
        self.widen, self.act = nn.Conv2d(inside, hidden, 1), Leak()
        self.places = nn.Parameter(torch.randn(hidden, side, side) / side)
        self.place_bias = nn.Parameter(torch.zeros(hidden))
        self.project = nn.Linear(hidden, dimension)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.act(self.widen(x))
        return self.project((x * self.places.to(x.dtype)).sum((2, 3)) + self.place_bias)


class Compact(nn.Module):
    """(n, 3, size, size) normalised pixels -> (n, dimension), not yet of unit length."""

    gains_from_bfloat16 = True

    def __init__(self, shape: Shape = Shape()):
        super().__init__()
        self.shape = shape
        widths, hidden = shape.widths, shape.hidden
        parts: list[nn.Module] = [Stem(shape.stem, hidden[0], widths[0])]
        for stage, depth in enumerate(shape.depths):
            if stage:
                wide = max(hidden[stage], 2 * hidden[stage - 1])
                parts.append(Block(widths[stage - 1], wide, widths[stage], stride=2))
            parts += [Block(widths[stage], hidden[stage], widths[stage]) for _ in range(depth)]
        self.parts = nn.ModuleList(parts)
        self.head = Head(widths[-1], shape.head, shape.size // 2 ** (len(widths) + 1), shape.dimension)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        for part in self.parts:
            x = part(x)
        return self.head(x)


def load_network(file: Path, card: ModelCard) -> Compact:
    """The network in a safetensors file that `save_network` wrote; stored halves become float32. Raises ModelError."""
    advice = "Install the model again or choose another one."
    try:
        with safe_open(str(file), "pt") as stored:
            meta = json.loads((stored.metadata() or {}).get("compact", "null"))
            tensors = {key: stored.get_tensor(key).float() for key in stored.keys()}
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelError(f"The weights of {card.id} cannot be read ({error}). {advice}") from None
    try:
        network = Compact(Shape(**{key: tuple(v) if isinstance(v, list) else v for key, v in meta.items()}))
        network.load_state_dict(tensors)
    except (AttributeError, TypeError, RuntimeError) as error:
        raise ModelError(f"The weights of {card.id} are not those of a compact network ({str(error)[:200]}). {advice}") from None
    if network.shape.size != card.crop.size or network.shape.dimension != card.dimension:
        raise ModelError(f"The card of {card.id} says {card.crop.size} px and {card.dimension} numbers, its weights are "
                         f"made for {network.shape.size} px and {network.shape.dimension}. {advice}")
    return network.eval()


def save_network(network: Compact, file: Path, half: bool = True) -> None:
    """Write the weights (as float16 when `half`) and the shape into one safetensors file."""
    from safetensors.torch import save_file
    kind = torch.float16 if half else torch.float32
    tensors = {key: value.detach().to(kind).contiguous() for key, value in network.state_dict().items()}
    save_file(tensors, str(file), metadata={"compact": json.dumps(asdict(network.shape))})

"""What a training starts from: an installed network, or one with random weights; which part of it learns; how it is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import torch
from facenet_pytorch import InceptionResnetV1
from safetensors.torch import save_file
from torch import nn

from .. import cards
from ..embed import compact
from ..embed.inception import _read as read_inception
from ..types import CropSpec, ModelCard, ModelError

NEW = {
    "new compact": ModelCard("", "compact", "model.safetensors", "", CropSpec("align", 128, tuple(
        (x * 128, y * 128) for x, y in ((.31557, .46157), (.68262, .46157), (.50026, .64051), (.34947, .82469), (.65344, .82325)))),
        "RGB", (127.5,) * 3, (128.0,) * 3, 256, "the user's own", "trained from random weights"),
    "new inception-resnet-v1": ModelCard("", "inception-resnet-v1", "model.safetensors", "", CropSpec("box", 160, (), 14),
                                         "RGB", (127.5,) * 3, (128.0,) * 3, 512, "the user's own", "trained from random weights"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Base:
    """A network that can learn. card: its meaning (id "" for random weights)."""

    network: nn.Module
    card: ModelCard


def open_base(weights: Path, name: str, shape: compact.Shape | None = None) -> Base:
    """The base called `name`: an installed model's id, or a key of NEW. Raises ModelError with advice."""
    if name in NEW:
        card = NEW[name]
        if card.architecture == "compact":
            network: nn.Module = compact.Compact(shape or compact.Shape())
            if shape:
                points = tuple((x * shape.size / 128, y * shape.size / 128) for x, y in card.crop.points)
                card = replace(card, crop=CropSpec("align", shape.size, points), dimension=shape.dimension)
        else:
            network = InceptionResnetV1(pretrained=None)
        return Base(network.to(memory_format=torch.channels_last), card)
    card = cards.find(weights, name)
    file = cards.verify(weights / card.id, card)
    if card.architecture == "compact":
        network = compact.load_network(file, card)
    elif card.architecture == "inception-resnet-v1":
        network = InceptionResnetV1(pretrained=None)
        state = {key: value for key, value in read_inception(file).items() if not key.startswith("logits.")}
        try:
            network.load_state_dict(state)
        except RuntimeError as error:
            raise ModelError(f"The weights of {name} are not those of an InceptionResnetV1 ({str(error)[:200]}).") from None
    else:
        raise ModelError(f"{name} is an {card.architecture} model, which runs but cannot learn. Choose compact or an "
                         f"inception-resnet-v1 model as the base; {name} can be their teacher.")
    return Base(network.float().to(memory_format=torch.channels_last), card)


def choose_parts(network: nn.Module, tune: str) -> None:
    """Let only `tune` learn: "all", or "last": the last stage and what follows it."""
    network.requires_grad_(tune == "all")
    if tune == "last":
        last = [network.head, *network.parts[-2:]] if isinstance(network, compact.Compact) else \
            [network.block8, network.last_linear, network.last_bn]
        for part in last:
            part.requires_grad_(True)


def set_mode(network: nn.Module, learning: bool) -> None:
    """Training mode for layers that learn; frozen batch normalisation keeps its statistics."""
    network.train(learning)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) and not any(p.requires_grad for p in module.parameters()):
            module.eval()


@torch.no_grad()
def fold(network: nn.Module, head: nn.Linear) -> None:
    """Multiply a linear head into the network's own last layer: no layer more, the same embeddings."""
    if isinstance(network, compact.Compact):
        last = network.head.project
        last.weight.copy_(head.weight @ last.weight)
        last.bias.copy_(head.weight @ last.bias + head.bias)
        return
    norm = network.last_bn
    gain = norm.weight / (norm.running_var + norm.eps).sqrt()
    shift = norm.bias - norm.running_mean * gain
    network.last_linear.weight.copy_(head.weight @ (gain[:, None] * network.last_linear.weight))
    norm.weight.fill_(1)
    norm.running_mean.zero_()
    norm.running_var.fill_(1 - norm.eps)
    norm.bias.copy_(head.weight @ shift + head.bias)


class Raw(nn.Module):
    """The embedding before it is brought to unit length: InceptionResnetV1 divides by the length itself."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if isinstance(self.network, compact.Compact):
            return self.network(x)
        n = self.network
        x = n.repeat_1(n.conv2d_4b(n.conv2d_4a(n.conv2d_3b(n.maxpool_3a(n.conv2d_2b(n.conv2d_2a(n.conv2d_1a(x))))))))
        x = n.block8(n.repeat_3(n.mixed_7a(n.repeat_2(n.mixed_6a(x)))))
        return n.last_bn(n.last_linear(n.dropout(n.avgpool_1a(x)).flatten(1)))


def keep(network: nn.Module, card: ModelCard, folder: Path) -> ModelCard:
    """Write weights and card into `folder`; an unfinished folder is never taken for a model: the card comes last."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if isinstance(network, compact.Compact):
            compact.save_network(network, folder / card.file, half=False)
        else:
            save_file({k: v.contiguous() for k, v in network.state_dict().items()}, str(folder / card.file))
        return cards.write_card(folder, replace(card, sha256=""))
    except OSError as error:
        raise ModelError(f"The model cannot be written to {folder} ({error}). Free some disk space; the training state is kept, "
                         f"start the training again to finish.") from None

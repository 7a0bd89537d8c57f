"""facenet-pytorch's InceptionResnetV1 with weights that are downloaded, or fine-tuned here."""

from __future__ import annotations

import pickle
from pathlib import Path

import torch
from facenet_pytorch import InceptionResnetV1
from facenet_pytorch.models.inception_resnet_v1 import BasicConv2d
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from ..types import ModelCard, ModelError


def load_network(file: Path, card: ModelCard) -> nn.Module:
    """The network with the weights in `file`: a torch state dict (.pt, tensors only) or safetensors.

    The classifier that comes with the downloaded files is left out. Raises ModelError where the file holds anything
    but tensors (nothing in it is run), or tensors of another network.
    """
    state = _read(file)
    state = {name: value for name, value in state.items() if not name.startswith("logits.")}
    with torch.device("meta"):  # no time spent on random weights that are replaced at once
        network = InceptionResnetV1(pretrained=None, classify=False)
    try:
        network.load_state_dict(state, strict=True, assign=True)
    except (RuntimeError, AttributeError, TypeError) as error:
        raise ModelError(f"{file} does not hold the weights of an InceptionResnetV1: {str(error)[:300]}") from None
    network.eval().float().requires_grad_(False)
    for module in network.modules():  # one pass over the pixels less in each of 130 layers
        if isinstance(module, BasicConv2d):
            module.conv, module.bn = fuse_conv_bn_eval(module.conv, module.bn), nn.Identity()
    network.gains_from_bfloat16 = True
    return network


def _read(file: Path) -> dict[str, torch.Tensor]:
    try:
        if file.suffix == ".safetensors":
            return load_file(file)
        state = torch.load(file, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, SafetensorError, RuntimeError, EOFError, ValueError, KeyError, OSError) as error:
        raise ModelError(f"{file} cannot be loaded; it is damaged, or holds more than tensors and was refused: "
                         f"{str(error)[:200]}") from None
    if not isinstance(state, dict) or not all(isinstance(value, torch.Tensor) for value in state.values()):
        raise ModelError(f"{file} does not hold a state dict (names and tensors)")
    return state

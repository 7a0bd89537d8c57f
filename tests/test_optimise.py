"""Muon for the matrices, AdamW for the rest: recomputed, and resumed to the bit."""

import pytest
import torch
from torch import nn

from facegui.embed.compact import Compact, Shape
from facegui.training.optimise import Optimiser, is_matrix

MATRICES = {"0.weight", "2.weight"}


def small():
    torch.manual_seed(5)
    return nn.Sequential(nn.Conv2d(6, 8, 1), nn.Conv2d(8, 8, 3, padding=1, groups=8), nn.Conv2d(8, 5, 1)).to(
        memory_format=torch.channels_last)


def turn(network, optimiser, steps, first=0):
    for step in range(first, first + steps):
        x = torch.randn(4, 6, 5, 5, generator=torch.Generator().manual_seed(step))
        ((network(x) - x[:, :5]) ** 2).mean().backward()
        optimiser.step()
        optimiser.zero_grad()


def test_matrices_are_the_layers_that_mix_channels():
    assert {name for name, p in small().named_parameters() if is_matrix(p)} == MATRICES
    network = Compact(Shape())
    mixed = sum(p.numel() for p in network.parameters() if is_matrix(p))
    assert 0.8 < mixed / sum(p.numel() for p in network.parameters()) < 1
    assert not is_matrix(network.head.places) and not is_matrix(network.parts[0].first.weight)


def test_the_first_step_is_the_gradient_with_its_singular_values_made_alike():
    network = small()
    before = {name: p.detach().clone() for name, p in network.named_parameters()}
    optimiser = Optimiser(list(network.parameters()), 0.01, muon=2.0)
    x = torch.randn(4, 6, 5, 5)
    ((network(x) - x[:, :5]) ** 2).mean().backward()
    gradients = {name: p.grad.clone() for name, p in network.named_parameters()}
    optimiser.step()
    for name, p in network.named_parameters():
        moved = before[name] - p.detach()
        if name not in MATRICES:  # AdamW's first step: the rate itself, by the gradient's sign
            assert torch.allclose(moved, 0.01 * gradients[name].sign(), atol=1e-4)
            continue
        g = gradients[name].reshape(len(p), -1)
        size = 0.02 * 0.2 * max(g.shape) ** 0.5
        u, s, v = torch.linalg.svd(moved.reshape(g.shape) / size, full_matrices=False)
        assert 0.6 < float(s.min()) and float(s.max()) < 1.3  # five Newton-Schulz steps come near one, not nearer
        gu, _, gv = torch.linalg.svd(g, full_matrices=False)
        assert float(((moved.reshape(g.shape) / size) * (gu @ gv)).sum()) > 0.95 * float(s.norm()) * min(g.shape) ** 0.5


@pytest.mark.parametrize("muon", [0.0, 2.0])
def test_resumed_it_ends_with_the_same_bits(muon):
    whole = small()
    turn(whole, Optimiser(list(whole.parameters()), 0.01, 0.1, muon), 8)
    part = small()
    first = Optimiser(list(part.parameters()), 0.01, 0.1, muon)
    turn(part, first, 3)
    kept, weights = {k: v.clone() for k, v in first.tensors().items()}, {k: v.clone() for k, v in part.state_dict().items()}
    again = small()
    again.load_state_dict(weights)
    second = Optimiser(list(again.parameters()), 0.01, 0.1, muon)
    second.restore(kept)
    turn(again, second, 5, first=3)
    assert all(torch.equal(a, b) for a, b in zip(whole.parameters(), again.parameters(), strict=True))
    assert any(key.startswith("muon.") for key in kept) == bool(muon)

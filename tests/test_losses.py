"""Every loss against a naive loop over the formula in its paper."""

import math

import numpy as np
import pytest
import torch

from facegui.training.losses import ArcFace, BatchHardTriplet, Weighted, distillation


def batch(seed=0, n=12, d=7, classes=4):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(n, d, generator=generator) * 3, torch.randint(classes, (n,), generator=generator)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.mark.parametrize("margin_deg, scale", [(28.5, 64.0), (0.0, 10.0), (60.0, 30.0)])
def test_arcface_is_cross_entropy_over_shifted_angles(margin_deg, scale):
    embeddings, labels = batch()
    loss = ArcFace(7, 4, margin_deg, scale)
    rows, centres = unit(embeddings.numpy().astype(float)), unit(loss.centres.detach().numpy().astype(float))
    margin, total = math.radians(margin_deg), 0.0
    for row, label in zip(rows, labels.tolist(), strict=True):
        logits = []
        for number, centre in enumerate(centres):
            theta = math.acos(max(-1.0, min(1.0, float(row @ centre))))
            if number != label:
                logits.append(scale * math.cos(theta))
            elif theta < math.pi - margin:
                logits.append(scale * math.cos(theta + margin))
            else:
                logits.append(scale * (math.cos(theta) - margin * math.sin(margin)))
        top = max(logits)
        total += math.log(sum(math.exp(v - top) for v in logits)) + top - logits[label]
    assert float(loss(embeddings, labels).detach()) == pytest.approx(total / len(rows), rel=1e-4)


def test_arcface_falls_steadily_as_the_angle_to_the_own_class_grows():
    loss = ArcFace(3, 2, 28.5, 8.0)
    with torch.no_grad():
        loss.centres.copy_(torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]]))
    angles = torch.linspace(0, math.pi, 60)
    values = [float(loss(torch.tensor([[math.cos(a), math.sin(a), 0.0]]), torch.tensor([0])).detach()) for a in angles]
    assert all(later >= earlier - 1e-4 for earlier, later in zip(values, values[1:], strict=False))


def test_arcface_has_finite_gradients_on_top_of_and_opposite_to_its_centre():
    loss = ArcFace(3, 2)
    for sign in (1, -1):
        embeddings = (sign * loss.centres.detach()[:1]).clone().requires_grad_()
        loss(embeddings, torch.tensor([0])).backward()
        assert torch.isfinite(embeddings.grad).all() and torch.isfinite(loss.centres.grad).all()


def test_batch_hard_triplet_takes_the_worst_of_each_anchor():
    embeddings, labels = batch(3)
    rows, terms = unit(embeddings.numpy().astype(float)), []
    for i in range(len(rows)):
        own = [np.linalg.norm(rows[i] - rows[j]) for j in range(len(rows)) if j != i and labels[i] == labels[j]]
        other = [np.linalg.norm(rows[i] - rows[j]) for j in range(len(rows)) if labels[i] != labels[j]]
        if own and other:
            terms.append(max(0.0, 0.3 + max(own) - min(other)))
    assert terms and float(BatchHardTriplet(0.3)(embeddings, labels)) == pytest.approx(float(np.mean(terms)), rel=1e-4)


def test_batch_hard_triplet_without_a_mate_is_zero_and_can_still_be_minimised():
    embeddings = torch.randn(3, 4, requires_grad=True)
    loss = BatchHardTriplet()(embeddings, torch.tensor([0, 1, 2]))
    loss.backward()
    assert float(loss.detach()) == 0 and not embeddings.grad.any()


def test_identical_embeddings_have_finite_gradients():
    embeddings = torch.ones(4, 5, requires_grad=True)
    BatchHardTriplet()(embeddings, torch.tensor([0, 0, 1, 1])).backward()
    assert torch.isfinite(embeddings.grad).all()


def test_weighted_sum_is_the_sum_of_its_parts():
    embeddings, labels = batch(5)
    loss = Weighted(7, 4)
    parts = 0.3 * loss.triplet(embeddings, labels) + 0.7 * loss.arcface(embeddings, labels)
    assert float(loss(embeddings, labels).detach()) == pytest.approx(float(parts.detach()), rel=1e-6)
    assert (loss.arcface.scale, math.degrees(loss.arcface.margin)) == (64.0, pytest.approx(28.5))


def test_distillation_is_one_minus_the_mean_cosine():
    student, teacher = batch(1)[0], batch(2)[0]
    cosines = [float(a @ b / (a.norm() * b.norm())) for a, b in zip(student, teacher, strict=True)]
    assert float(distillation(student, teacher)) == pytest.approx(1 - np.mean(cosines), rel=1e-5)

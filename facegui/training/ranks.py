"""One training on several processes (torchrun): who am I, average what we have. Alone, everything is a no-op."""

from __future__ import annotations

import os

import numpy as np
import torch
import torch.distributed as dist


def join() -> None:
    """Meet the other processes that torchrun started, if any."""
    if int(os.environ.get("WORLD_SIZE", 1)) > 1 and not dist.is_initialized():
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")


def rank() -> int:
    return dist.get_rank() if dist.is_initialized() else 0


def count() -> int:
    return dist.get_world_size() if dist.is_initialized() else 1


def average(tensors: list[torch.Tensor]) -> None:
    """Replace each tensor by its mean over the processes, in one message."""
    if count() == 1 or not tensors:
        return
    flat = torch.cat([tensor.flatten() for tensor in tensors])
    dist.all_reduce(flat)
    flat /= count()
    for tensor, part in zip(tensors, flat.split([tensor.numel() for tensor in tensors]), strict=True):
        tensor.copy_(part.view_as(tensor))


def any_true(flag: bool) -> bool:
    """Whether any process says yes: all of them stop at the same step."""
    if count() == 1:
        return flag
    votes = torch.tensor([float(flag)])
    dist.all_reduce(votes)
    return bool(votes.item())


def share(total: int) -> np.ndarray:
    """This process's rows of 0..total-1."""
    return np.arange(rank(), total, count())


def assemble(rows: np.ndarray, mine: np.ndarray, total: int) -> np.ndarray:
    """All processes' rows in order: `rows` are those of `share(total)`, (total, d) comes back everywhere."""
    if count() == 1:
        return rows
    whole = torch.zeros(total, *rows.shape[1:])
    whole[torch.from_numpy(mine)] = torch.from_numpy(rows)
    dist.all_reduce(whole)
    return whole.numpy()

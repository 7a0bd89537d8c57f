"""Which processor the networks run on."""

from __future__ import annotations

import os

import torch

from .types import ModelError


def pick_device(name: str | torch.device = "auto") -> torch.device:
    """The torch device for "auto" (a CUDA card if torch can use one, else the CPU), "cpu" or "cuda".

    Raises ModelError where "cuda" is asked for and cannot be used.
    """
    if isinstance(name, torch.device):
        return name
    if name == "cpu":
        return torch.device("cpu")
    if name not in ("auto", "cuda"):
        raise ModelError(f"device {name!r} is unknown; give auto, cpu or cuda")
    if torch.cuda.is_available():
        return torch.device("cuda")
    if name == "auto":
        return torch.device("cpu")
    built = "no CUDA card was found" if torch.version.cuda else "this torch is built without CUDA"
    raise ModelError(f"device cuda was asked for, but {built}; use --device cpu, or auto to take what is there")


def share_cores() -> None:
    """Let torch use half of the cores for one request; the others serve other requests and other programs.

    MTCNN runs hundreds of small layers, and at each of them all threads wait for the slowest: with both cores of a
    machine busy elsewhere a photo took 3.8 s with two threads and 0.24 s with one.
    """
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))

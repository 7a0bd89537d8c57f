"""The state of a training on disk: one safetensors file with everything needed to go on exactly, replaced atomically."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from ..types import DataError, ModelError

FILE = "state.safetensors"


def save(folder: Path, tensors: dict[str, torch.Tensor], facts: dict[str, Any]) -> None:
    """Write tensors and JSON facts; what was there stays until the new file is complete. Raises DataError (disk full)."""
    part = folder / (FILE + ".part")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        save_file({name: value.detach().contiguous().clone() for name, value in tensors.items()}, str(part),
                  metadata={"facts": json.dumps(facts)})
        os.replace(part, folder / FILE)
    except (OSError, SafetensorError) as error:
        with contextlib.suppress(OSError):
            part.unlink()
        raise DataError(f"The training state cannot be written to {folder} ({error}). Free some disk space and start the "
                        f"training again: it goes on from the last saved step.") from None


@contextlib.contextmanager
def _opened(folder: Path) -> Iterator[Any]:
    file = folder / FILE
    try:
        with safe_open(str(file), "pt") as stored:
            yield stored
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{file} is not a training state ({error}). Delete it to start this training anew.") from None


def facts(folder: Path) -> dict[str, Any]:
    """The facts alone; no tensor is read. Raises ModelError where nothing was saved, or the file is damaged."""
    with _opened(folder) as stored:
        return json.loads(stored.metadata()["facts"])


def load(folder: Path) -> tuple[dict[str, torch.Tensor], dict[str, Any]] | None:
    """What `save` wrote, or None where nothing was saved yet. Raises ModelError for a damaged file."""
    if not (folder / FILE).exists():
        return None
    with _opened(folder) as stored:
        return {name: stored.get_tensor(name) for name in stored.keys()}, json.loads(stored.metadata()["facts"])

"""ONNX models, run by ONNX Runtime."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import torch

from ..types import ModelCard, ModelError
from . import batch


CPU_CHUNK = 8  # a face takes a quarter more time in batches of 32, which fall out of the cache


class OnnxEmbedder:
    """One session; implements Embedder. The model takes one NCHW float image batch and gives the embedding first."""

    def __init__(self, file: Path, card: ModelCard, device: torch.device):
        self.card = card
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = torch.get_num_threads()
        options.log_severity_level = 3
        # Waiting threads must not spin: they would take the cores from the detector, which runs in between.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers = ["CPUExecutionProvider"]
        if device.type == "cuda" and "CUDAExecutionProvider" in onnxruntime.get_available_providers():
            providers.insert(0, "CUDAExecutionProvider")
        try:
            self.session = onnxruntime.InferenceSession(str(file), options, providers=providers)
        except Exception as error:  # onnxruntime raises a different class for every way a file can be bad
            raise ModelError(f"{file} is not an ONNX model that ONNX Runtime can run: {_short(error)}") from None
        self.input, single = _input(self.session, card)
        on_cuda = self.session.get_providers()[0] == "CUDAExecutionProvider"
        self.chunk = 1 if single else batch.CUDA_CHUNK if on_cuda else CPU_CHUNK

    def embed(self, crops: np.ndarray) -> np.ndarray:
        return batch.embed(crops, self.card, self._forward, self.chunk)

    def _forward(self, pixels: np.ndarray) -> np.ndarray:
        try:
            return self.session.run(None, {self.input: pixels})[0]
        except Exception as error:
            raise ModelError(f"model {self.card.id!r} failed on {len(pixels)} crops: {_short(error)}") from None


def load(file: Path, card: ModelCard, device: torch.device) -> OnnxEmbedder:
    return OnnxEmbedder(file, card, device)


def _input(session: onnxruntime.InferenceSession, card: ModelCard) -> tuple[str, bool]:
    """The input's name and whether it takes one crop at a time only. Raises ModelError where the card does not fit."""
    inputs = session.get_inputs()
    shape = inputs[0].shape if inputs else []
    if len(inputs) != 1 or len(shape) != 4 or inputs[0].type != "tensor(float)":
        found = ", ".join(f"{item.name} {item.type} {item.shape}" for item in inputs) or "none"
        raise ModelError(f"model {card.id!r} must have one float input (n, 3, size, size); it has: {found}")
    want = (3, card.crop.size, card.crop.size)
    if any(isinstance(have, int) and have > 0 and have != need for have, need in zip(shape[1:], want)):
        raise ModelError(f"model {card.id!r} takes input of shape {shape}, its card asks for (n, 3, {want[1]}, {want[2]}); "
                         "correct the crop size in the card (only channels-first models can be run)")
    fixed = isinstance(shape[0], int) and shape[0] > 0
    if fixed and shape[0] != 1:
        raise ModelError(f"model {card.id!r} takes exactly {shape[0]} faces at a time; export it with a free batch size, or 1")
    return inputs[0].name, fixed


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]

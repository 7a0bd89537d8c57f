"""An ONNX network as a torch module: a teacher runs batched, in bfloat16, and shows what it computes on the way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import nn

from ..types import ModelError


class TorchGraph(nn.Module):
    """Runs the nodes of an ONNX graph one after the other. forward(x, taps) also returns the named tensors.

    Covers the operators of small convolutional embedders. A constant added to a convolution becomes its bias and a
    PReLU with one slope a leaky ReLU, because both are several times faster in torch. Frozen: for inference only.
    """

    def __init__(self, file: Path):
        super().__init__()
        try:
            graph = onnx.load(str(file)).graph
        except Exception as error:  # protobuf raises its own zoo of errors for a file that is not ONNX
            raise ModelError(f"{Path(file).name} is not a readable ONNX file ({error}). Download it again.") from None
        self.constants = {i.name: np.array(numpy_helper.to_array(i)) for i in graph.initializer}
        self.input = graph.input[0].name
        self.output = graph.output[0].name
        self.steps: list[tuple[str, str, tuple[str, ...], dict]] = []
        self.tensors = nn.ParameterDict()
        self.alias: dict[str, str] = {}
        for node in graph.node:
            self._add(node)

    def _add(self, node) -> None:
        settings = {a.name: onnx.helper.get_attribute_value(a) for a in node.attribute}
        out = node.output[0]
        if node.op_type == "Constant":
            self.constants[out] = np.array(numpy_helper.to_array(settings["value"]))
            return
        last = self.steps[-1] if self.steps else None
        if node.op_type == "Add" and last and last[0] == "Conv" and last[1] in node.input and last[3]["bias"] is None:
            other = next((i for i in node.input if i in self.constants), None)
            if other is not None:
                last[3]["bias"] = self._tensor(other, self.constants[other].reshape(-1))
                self.steps[-1] = (last[0], out, last[2], last[3])
                self.alias[last[1]] = out
                return
        sources = tuple(self.alias.get(i, i) for i in node.input)
        if node.op_type == "Conv":
            weight = self.constants[node.input[1]]
            bias = self._tensor(node.input[2], self.constants[node.input[2]]) if len(node.input) > 2 else None
            pads = settings.get("pads", [0, 0, 0, 0])
            self.steps.append(("Conv", out, sources[:1], {
                "weight": self._tensor(node.input[1], weight), "bias": bias, "stride": tuple(settings["strides"]),
                "padding": tuple(pads[:2]), "groups": settings.get("group", 1)}))
        else:
            for name in node.input:
                if name in self.constants and node.op_type in ("Mul", "Add", "Sub", "Div", "PRelu"):
                    self._tensor(name, self.constants[name])
            self.steps.append((node.op_type, out, sources, settings))

    def _tensor(self, name: str, value: np.ndarray) -> str:
        key = "t" + name.replace(".", "_").replace("/", "_").replace(":", "_")
        self.tensors[key] = nn.Parameter(torch.from_numpy(np.ascontiguousarray(value)), requires_grad=False)
        return key

    def _value(self, name: str, seen: dict) -> torch.Tensor:
        if name in seen:
            return seen[name]
        return self.tensors["t" + name.replace(".", "_").replace("/", "_").replace(":", "_")]

    @torch.no_grad()
    def forward(self, x: torch.Tensor, taps: tuple[str, ...] = (), whole: bool = True):
        """(n, 3, s, s) -> the output and the tensors `taps`; not `whole`: None and the taps, and nothing after them."""
        seen = {self.input: x}
        left = set(taps)
        for op, out, sources, settings in self.steps:
            if not whole and left <= seen.keys():
                return None, [seen[t] for t in taps]
            if op in ("Shape", "Gather", "Unsqueeze", "Concat"):
                continue  # the arithmetic of a reshape to (n, -1)
            a = self._value(sources[0], seen)
            if op == "Conv":
                bias = settings["bias"]
                seen[out] = F.conv2d(a, self.tensors[settings["weight"]], self.tensors[bias] if bias else None,
                                     settings["stride"], settings["padding"], groups=settings["groups"])
            elif op == "PRelu":
                slope = self._value(sources[1], seen)
                seen[out] = F.leaky_relu(a, float(slope)) if slope.numel() == 1 else F.prelu(a, slope.reshape(-1))
            elif op in ("Relu", "Sigmoid"):
                seen[out] = F.relu(a) if op == "Relu" else torch.sigmoid(a)
            elif op == "Clip":
                seen[out] = a.clamp(float(self.constants[sources[1]]), float(self.constants[sources[2]]))
            elif op in ("Add", "Mul", "Sub", "Div"):
                b = self._value(sources[1], seen)
                seen[out] = {"Add": torch.add, "Mul": torch.mul, "Sub": torch.sub, "Div": torch.div}[op](a, b)
            elif op == "GlobalAveragePool":
                seen[out] = a.mean((2, 3), keepdim=True)
            elif op in ("Flatten", "Reshape"):
                seen[out] = a.flatten(1)
            else:
                raise ModelError(f"The teacher uses the operator {op}, which distillation cannot run. Use another teacher.")
        return seen[self.output], [seen[t] for t in taps]

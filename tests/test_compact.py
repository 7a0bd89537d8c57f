"""The compact network, its file, and a teacher's graph in torch against ONNX Runtime."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from facegui.embed.compact import Compact, Leak, Shape, load_network, save_network
from facegui.training.bases import NEW
from facegui.training.graph import TorchGraph
from facegui.training.initialise import scale_layer_by_layer
from facegui.types import CropSpec, ModelError

TINY = Shape(size=32, dimension=16, stem=8, widths=(8, 12, 12), hidden=(16, 24, 24), depths=(1, 1, 1), head=32)


def card(shape=TINY):
    from dataclasses import replace
    return replace(NEW["new compact"], id="tiny", crop=CropSpec("align", shape.size, ((1, 1),) * 5), dimension=shape.dimension)


def test_the_whole_network_is_small_and_answers_with_its_dimension():
    network = Compact()
    assert sum(p.numel() for p in network.parameters()) < 1.6e6
    assert Compact(TINY)(torch.randn(2, 3, 32, 32)).shape == (2, 16)


def test_a_saved_network_comes_back(tmp_path):
    torch.manual_seed(0)
    network = Compact(TINY).eval()
    images = torch.randn(3, 3, 32, 32)
    with torch.no_grad():
        wanted = torch.nn.functional.normalize(network(images))
        for half, limit in ((False, 1e-6), (True, 2e-3)):
            save_network(network, tmp_path / "w.safetensors", half)
            found = torch.nn.functional.normalize(load_network(tmp_path / "w.safetensors", card())(images))
            assert (found - wanted).abs().max() < limit


def test_a_wrong_file_is_refused_in_words(tmp_path):
    file = tmp_path / "w.safetensors"
    file.write_bytes(b"not weights")
    with pytest.raises(ModelError, match="cannot be read"):
        load_network(file, card())
    save_file({"a": torch.zeros(1)}, str(file))
    with pytest.raises(ModelError, match="not those of a compact network"):
        load_network(file, card())
    save_file({"a": torch.zeros(1)}, str(file), metadata={"compact": json.dumps({"layers": 9})})
    with pytest.raises(ModelError, match="not those of a compact network"):
        load_network(file, card())
    save_network(Compact(TINY), file)
    with pytest.raises(ModelError, match="32 px"):
        load_network(file, card(Shape()))


def test_a_learned_slope_gets_its_gradient():
    act, images = Leak(), torch.randn(4, 5, 3, 3, dtype=torch.float64).requires_grad_()
    weights = torch.randn_like(images)
    act.double()
    (act(images) * weights).sum().backward()
    slope = torch.tensor(0.25, dtype=torch.float64, requires_grad=True)
    twin = images.detach().clone().requires_grad_()
    (torch.where(twin > 0, twin, slope * twin) * weights).sum().backward()
    assert torch.allclose(images.grad, twin.grad)
    assert float(act.slope.grad) == pytest.approx(float(slope.grad), rel=1e-5)
    with torch.no_grad():
        assert torch.allclose(act(images), torch.nn.functional.leaky_relu(images, 0.25))


def test_layers_are_scaled_from_data():
    torch.manual_seed(1)
    network, seen = Compact(TINY), {}
    images = torch.randn(8, 3, 32, 32) * 50
    scale_layer_by_layer(network, lambda: network(images), {network.head.project: 3.0})
    layers = [m for m in network.modules() if isinstance(m, torch.nn.Conv2d | torch.nn.Linear)]
    for layer in layers:
        layer.register_forward_hook(lambda m, _, out: seen.__setitem__(m, out))
    network(images)
    for layer in layers:
        axes = [d for d in range(seen[layer].dim()) if d != 1]
        wanted = 3.0 if layer is network.head.project else 1.0
        assert torch.allclose(seen[layer].std(axes), torch.full((seen[layer].shape[1],), wanted), rtol=0.05)


def tiny_onnx(path):
    """Conv + bias as Add, PRelu, gate by pooling, residual Add, strided depthwise, Clip, Flatten."""
    rng = np.random.default_rng(0)
    weights = {"w1": (6, 3, 3, 3), "b1": (1, 6, 1, 1), "s": (1, 1, 1), "w2": (6, 6, 1, 1), "b2": (6,), "w3": (6, 1, 3, 3),
               "b3": (6,), "w4": (5, 6, 1, 1), "w5": (7, 5, 4, 4), "m": (1, 3, 1, 1)}
    start = [numpy_helper.from_array(rng.standard_normal(s).astype("f"), n) for n, s in weights.items()]
    start += [numpy_helper.from_array(np.array(v, "f"), n) for n, v in (("low", 0.0), ("high", 6.0))]

    def conv(i, o, w, b=(), stride=1, pad=0, group=1):
        side = weights[w][2]
        return helper.make_node("Conv", [i, w, *b], [o], strides=[stride] * 2, pads=[pad] * 4, group=group, kernel_shape=[side] * 2)
    nodes = [helper.make_node("Mul", ["x", "m"], ["x0"]), conv("x0", "a", "w1", stride=2, pad=1),
             helper.make_node("Add", ["a", "b1"], ["a1"]), helper.make_node("PRelu", ["a1", "s"], ["a2"]),
             conv("a2", "c", "w2", ["b2"]), helper.make_node("GlobalAveragePool", ["c"], ["g"]),
             helper.make_node("Sigmoid", ["g"], ["g1"]), helper.make_node("Mul", ["c", "g1"], ["c1"]),
             helper.make_node("Add", ["a2", "c1"], ["r"]), conv("r", "d", "w3", ["b3"], stride=2, pad=1, group=6),
             helper.make_node("Clip", ["d", "low", "high"], ["d1"]), conv("d1", "e", "w4"), conv("e", "h", "w5"),
             helper.make_node("Flatten", ["h"], ["y"], axis=1)]
    graph = helper.make_graph(nodes, "tiny", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 16, 16])],
                              [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["n", 7])], start)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))


def test_a_graph_in_torch_answers_as_onnxruntime_does(tmp_path):
    tiny_onnx(tmp_path / "t.onnx")
    images = np.random.default_rng(1).standard_normal((4, 3, 16, 16)).astype("f")
    wanted = onnxruntime.InferenceSession(str(tmp_path / "t.onnx"), providers=["CPUExecutionProvider"]).run(None, {"x": images})[0]
    found, taps = TorchGraph(tmp_path / "t.onnx")(torch.from_numpy(images), ("r",))
    assert np.abs(found.numpy() - wanted).max() < 1e-4 * np.abs(wanted).max() and taps[0].shape == (4, 6, 8, 8)


def test_a_teacher_that_is_no_onnx_file_is_refused(tmp_path):
    (tmp_path / "t.onnx").write_bytes(b"\x00\x01garbage")
    with pytest.raises(ModelError, match="not a readable ONNX"):
        TorchGraph(tmp_path / "t.onnx")

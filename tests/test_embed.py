import hashlib
import os
import pickle
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from facenet_pytorch import InceptionResnetV1
from onnx import TensorProto, helper, numpy_helper
from safetensors.torch import save_file

from facegui import embed
from facegui.embed.network import FAITHFUL
from facegui.types import CropSpec, ModelCard, ModelError

SIZE, DIMENSION = 32, 8
RANDOM = np.random.default_rng(3)
PROJECTION = RANDOM.normal(size=(3 * 16, DIMENSION)).astype(np.float32)
POINTS = tuple((float(x), float(x)) for x in range(5))


def model(file, batch="n", output=DIMENSION, shape=(3, SIZE, SIZE), weight=1.0, bias=0.0):
    """An ONNX model: 8 px average pooling, then a fixed projection."""
    inputs = shape[0] * (shape[1] // 8) * (shape[2] // 8)
    weights = np.resize(PROJECTION, (inputs, DIMENSION))[:, :output] * weight
    graph = helper.make_graph(
        [helper.make_node("AveragePool", ["x"], ["p"], kernel_shape=[8, 8], strides=[8, 8]),
         helper.make_node("Flatten", ["p"], ["f"]), helper.make_node("Gemm", ["f", "w", "b"], ["y"])], "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [batch, *shape])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [batch, output])],
        [numpy_helper.from_array(weights.astype(np.float32), "w"),
         numpy_helper.from_array(np.full(output, bias, np.float32), "b")])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), file)


def slow(crops, card):
    """What the model and card mean, written out."""
    rows = []
    for crop in crops.astype(np.float64):
        crop = crop[:, :, ::-1] if card.channels == "BGR" else crop
        crop = (crop - card.mean) / card.std
        pooled = crop.reshape(4, 8, 4, 8, 3).mean((1, 3)).transpose(2, 0, 1)
        rows.append(pooled.ravel() @ PROJECTION)
    return np.array([row / np.linalg.norm(row) for row in rows])


def card(**changes):
    return replace(ModelCard("m", "onnx", "m.onnx", "", CropSpec("align", SIZE, POINTS), "BGR", (10.0, 20.0, 30.0),
                             (50.0, 60.0, 70.0), DIMENSION, "MIT", "test"), **changes)


def load(weights, made, file="m.onnx", device="cpu"):
    sha256 = hashlib.sha256((weights / "m" / file).read_bytes()).hexdigest()
    return embed.load(weights, replace(made, sha256=sha256, file=file), device)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "m").mkdir()
    return tmp_path / "m"


def crops(count, size=SIZE):
    return np.random.default_rng(count).integers(0, 256, (count, size, size, 3), dtype=np.uint8)


@pytest.mark.parametrize("batch", ["n", 1])
@pytest.mark.parametrize("channels", ["RGB", "BGR"])
def test_onnx_means_what_its_card_says(folder, batch, channels):
    model(folder / "m.onnx", batch)
    made = card(channels=channels)
    embedder = load(folder.parent, made)
    for count in (1, 2, 71):
        rows = embedder.embed(crops(count))
        assert rows.dtype == np.float32 and rows.shape == (count, DIMENSION)
        np.testing.assert_allclose(rows, slow(crops(count), made), atol=2e-5)
    assert embedder.embed(crops(0)).shape == (0, DIMENSION)


def test_flip_averages_the_crop_and_its_mirror_image(folder):
    model(folder / "m.onnx")
    rows = load(folder.parent, card(flip=True)).embed(crops(40))
    both = slow(crops(40), card()) + slow(crops(40)[:, :, ::-1], card())
    np.testing.assert_allclose(rows, both / np.linalg.norm(both, axis=1, keepdims=True), atol=5e-5)


@pytest.mark.parametrize("options, words", [
    ({"weight": np.nan}, "not finite"), ({"weight": 0.0}, "all zero"), ({"weight": 0.0, "bias": 1.0}, "same embedding"),
    ({"output": 5}, "gives 5 numbers a face, its card says dimension 8"), ({"batch": 4}, "exactly 4 faces"),
    ({"shape": (3, 64, 64)}, "correct the crop size"), ({"shape": (SIZE, SIZE, 8)}, "channels-first")])
def test_check_finds_what_does_not_fit(folder, options, words):
    model(folder / "m.onnx", **options)
    made = card(sha256=hashlib.sha256((folder / "m.onnx").read_bytes()).hexdigest())
    with pytest.raises(ModelError, match=words):
        embed.check(folder.parent, made)


def test_check_passes_a_good_model(folder):
    model(folder / "m.onnx")
    embed.check(folder.parent, card(sha256=hashlib.sha256((folder / "m.onnx").read_bytes()).hexdigest()))


def test_files_that_are_no_model(folder):
    (folder / "m.onnx").write_bytes(b"not a model")
    with pytest.raises(ModelError, match="not an ONNX model"):
        load(folder.parent, card())
    with pytest.raises(ModelError, match="damaged or was changed"):
        embed.load(folder.parent, card(sha256="0" * 64), "cpu")
    with pytest.raises(ModelError, match="missing"):
        embed.load(folder.parent, card(file="gone.onnx"), "cpu")
    with pytest.raises(ModelError, match="known are compact, inception-resnet-v1, onnx"):
        embed.load(folder.parent, card(architecture="capsule"), "cpu")
    model(folder / "m.onnx")
    with pytest.raises(ValueError, match="uint8"):
        load(folder.parent, card()).embed(crops(2).astype(np.float32))


# ---- InceptionResnetV1 with random weights ----------------------------------------------------------------------


INCEPTION = card(architecture="inception-resnet-v1", crop=CropSpec("box", 160), channels="RGB", mean=(127.5,) * 3,
                 std=(128.0,) * 3, dimension=512)


@pytest.fixture(scope="module")
def network():
    """Random weights whose batch norms know their data, so that different images get very different embeddings."""
    generator = torch.Generator().manual_seed(0)
    with torch.device("meta"):  # the library's own random start takes seconds
        made = InceptionResnetV1(pretrained=None)
    made.to_empty(device="cpu").requires_grad_(False)
    for name, value in made.state_dict().items():
        if value.ndim > 1:
            value.normal_(0, (2 / value[0].numel()) ** 0.5, generator=generator)
        else:
            value.fill_(1 if name.endswith(("weight", "var")) else 0)
    for module in made.modules():
        if isinstance(module, torch.nn.modules.batchnorm._BatchNorm):
            module.momentum = 1.0
    made.dropout.eval()
    made(tensor(IMAGES))
    return made.eval()


def tensor(crops):
    return (torch.from_numpy(crops).permute(0, 3, 1, 2).float() - 127.5) / 128


IMAGES = np.repeat(np.repeat(crops(4, 10), 16, 1), 16, 2)


@pytest.mark.parametrize("file", ["w.pt", "w.safetensors"])
def test_inception_equals_the_library(folder, network, file):
    state = network.state_dict() | {"logits.weight": torch.randn(10, 512), "logits.bias": torch.randn(10)}
    torch.save(state, folder / file) if file.endswith(".pt") else save_file(state, folder / file)
    embedder = load(folder.parent, INCEPTION, file)
    rows = embedder.embed(IMAGES)
    truth = network(tensor(IMAGES)).numpy()
    assert rows.shape == (4, 512) and np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert np.abs(rows @ rows.T)[~np.eye(4, dtype=bool)].max() < 0.9
    assert embedder.half or np.allclose(rows, truth, atol=1e-3)
    assert ((rows * truth).sum(1) > FAITHFUL).all()


class Trap:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("write", ["pickle", "torch", "torch in a state dict"])
def test_a_malicious_pickle_is_refused_and_not_run(folder, tmp_path, network, write):
    trap = Trap(tmp_path / "sprung")
    if write == "pickle":
        (folder / "w.pt").write_bytes(pickle.dumps(trap, protocol=2))
    else:
        torch.save(trap if write == "torch" else network.state_dict() | {"logits.bias": trap}, folder / "w.pt")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load(folder.parent, INCEPTION, "w.pt")
    assert not trap.path.exists()
    torch.load(folder / "w.pt", weights_only=False) if write != "pickle" else pickle.loads((folder / "w.pt").read_bytes())
    assert trap.path.exists()  # the trap was real


@pytest.mark.parametrize("state, words", [({"a": torch.zeros(1)}, "InceptionResnetV1"), ([1, 2], "state dict")])
def test_other_weights_are_refused(folder, state, words):
    torch.save(state, folder / "w.pt")
    with pytest.raises(ModelError, match=words):
        load(folder.parent, INCEPTION, "w.pt")


def test_a_weight_that_is_not_a_number_is_found(folder, network):
    state = network.state_dict()
    state["last_linear.weight"] = state["last_linear.weight"] * float("nan")
    torch.save(state, folder / "w.pt")
    with pytest.raises(ModelError, match="not finite"):
        load(folder.parent, INCEPTION, "w.pt").embed(crops(1, 160))


def test_devices():
    assert embed.pick_device("cpu") == torch.device("cpu")
    assert embed.pick_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert embed.pick_device(torch.device("cpu")).type == "cpu"
    with pytest.raises(ModelError, match="unknown"):
        embed.pick_device("tpu")
    if not torch.cuda.is_available():
        with pytest.raises(ModelError, match="cuda was asked for"):
            embed.pick_device("cuda")

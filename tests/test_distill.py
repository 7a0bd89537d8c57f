"""Distillation for real: a tiny teacher, a tiny student of another make, drawn people; every step brings them nearer."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from facegui import cards, embed
from facegui.align import ARCFACE_112
from facegui.drawn import person
from facegui.embed.compact import Compact, Shape, save_network
from facegui.metrics import impostor_tail
from facegui.training import faces as sets
from facegui.training import loop, tail
from facegui.training.augment import STILL, Augment, view
from facegui.training.bases import NEW
from facegui.training.bundled import TEACHER
from facegui.training.distill import Blocks, Front, Views, Whole, deviation
from facegui.training.faces import FaceSet
from facegui.training.initialise import scale_layer_by_layer
from facegui.training.teacher import Teacher, clean_embeddings
from facegui.types import CropSpec, DataError

SHAPE = Shape(size=32, dimension=16, stem=8, widths=(8, 12, 12), hidden=(16, 24, 24), depths=(1, 1, 1), head=32)
POINTS = tuple((x * 32 / 112, y * 32 / 112) for x, y in ARCFACE_112)
CARD = replace(TEACHER, crop=CropSpec("align", 32, POINTS), dimension=16, channels="RGB", mean=(127.5,) * 3, std=(64.0,) * 3)


def tiny_teacher(path):
    """A stem, then three stages of inverted bottlenecks, then a global depthwise head."""
    rng, nodes, start, count = np.random.default_rng(0), [], [], 0

    def add(op, *inputs, **settings):
        nonlocal count
        count += 1
        nodes.append(helper.make_node(op, list(inputs), [f"t{count}"], **settings))
        return f"t{count}"

    def number(value):
        start.append(numpy_helper.from_array(np.asarray(value, "f"), f"w{len(start)}"))
        return start[-1].name

    def conv(x, inside, outside, side=1, stride=1, group=1, pad=None):
        weight = rng.standard_normal((outside, inside // group, side, side)) / np.sqrt(side * side * inside / group)
        return add("Conv", x, number(weight), strides=[stride] * 2, pads=[side // 2 if pad is None else pad] * 4, group=group)

    def block(x, inside, hidden, outside, stride=1):
        y = add("PRelu", conv(x, inside, hidden), number([[[0.3]]]))
        y = conv(add("PRelu", conv(y, hidden, hidden, 3, stride, hidden), number([[[-0.4]]])), hidden, outside)
        return add("Add", x, y) if stride == 1 else y
    x = conv(add("PRelu", conv("x", 3, 8, 3, 4), number([[[0.1]]])), 8, 8)
    x = block(block(x, 8, 16, 8), 8, 16, 12, 2)
    x = block(block(block(x, 12, 16, 12), 12, 24, 12, 2), 12, 24, 12)
    x = conv(add("PRelu", conv(x, 12, 32), number([[[0.2]]])), 32, 32, 2, 1, 32, pad=0)
    add("Flatten", conv(x, 32, 16), axis=1)
    graph = helper.make_graph(nodes, "teacher", [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", 3, 32, 32])],
                              [helper.make_tensor_value_info(f"t{count}", TensorProto.FLOAT, ["n", 16])], start)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))
    return path


@pytest.fixture(scope="module")
def faces():
    seeds = [s for s in range(1, 9) for _ in range(2)]
    pixels = np.stack([person(s, size=60, view=k % 2) for k, s in enumerate(seeds)])
    return FaceSet(pixels, np.array(ARCFACE_112) * 0.36 + 10, np.array(seeds) - 1, np.zeros(16, bool), tuple("abcdefgh"))


@pytest.fixture(scope="module")
def teacher(tmp_path_factory):
    return Teacher(tiny_teacher(tmp_path_factory.mktemp("teacher") / "t.onnx"), CARD)


def views(faces):
    return Views(faces, np.arange(16), CARD.crop, Augment(mask=0.5, low_resolution=0, blur=0, jpeg=0), 8, 1)


def losses(task, folder, steps=30, lr=4e-3):
    return [r.loss for r in loop.run(task, loop.Plan(steps, lr, warmup=3, ema=0.5), folder)]


def test_every_step_of_distillation_lowers_its_loss(teacher, faces, tmp_path):
    torch.manual_seed(0)
    student = Compact(SHAPE)
    alone = losses(Blocks(student, teacher, views(faces), None, few=(4, 6, 8)), tmp_path / "blocks")
    assert alone[-1] < 0.75 * alone[0]
    last = {name: value.clone() for name, value in student.state_dict().items()}
    joined = losses(Front(student, teacher, views(faces), 2), tmp_path / "front", 20)
    assert joined[-1] < joined[0]
    moved = {name.split(".")[1] for name, value in student.state_dict().items() if not torch.equal(value, last[name])}
    assert moved == {"0", "1"}
    student.requires_grad_(True)
    targets = clean_embeddings(teacher, faces, tmp_path / "clean.npy")
    whole = losses(Whole(student, teacher, views(faces), targets, None, features=0.5, guided=3, frozen=2), tmp_path / "whole")
    assert whole[-1] < 0.9 * whole[0]


def test_targets_are_the_teachers_view_of_the_face_and_its_mirror_image(teacher, faces, tmp_path):
    found = clean_embeddings(teacher, faces, tmp_path / "clean.npy")
    crop = view(faces.pixels[3], faces.points, CARD.crop, np.random.default_rng(0), STILL)[0]
    rows = []
    for pixels in (crop, crop[:, ::-1]):
        image = (torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() - 127.5) / 64
        row = teacher(image)[0][0].numpy()
        rows.append(row / np.linalg.norm(row))
    wanted = (rows[0] + rows[1]) / np.linalg.norm(rows[0] + rows[1])
    assert np.abs(found[3] - wanted).max() < 0.02
    assert np.array_equal(clean_embeddings(None, faces, tmp_path / "clean.npy"), found)


def test_deviation_is_the_error_over_the_variance_of_what_is_added():
    out, target, base = (torch.randn(3, 4, 5, 5, dtype=torch.float64) for _ in range(3))
    total = 0.0
    variances = [float(np.var((target - base)[:, c].numpy(), ddof=1)) for c in range(4)]
    for c in range(4):
        total += float(((out - target)[:, c] ** 2).mean()) / (variances[c] + 0.1 * np.mean(variances))
    assert float(deviation(out, target, base)) == pytest.approx(total / 4, rel=1e-5)


def test_a_student_of_another_depth_is_refused(teacher, faces):
    with pytest.raises(DataError, match="6 blocks, the student 7"):
        Blocks(Compact(replace(SHAPE, depths=(2, 1, 1))), teacher, views(faces), None)


def test_the_tail_in_a_card_is_that_of_held_out_strangers(faces, tmp_path, monkeypatch):
    monkeypatch.setattr(sets, "load", lambda _: faces)
    folder = tmp_path / "tiny"
    folder.mkdir()
    torch.manual_seed(1)
    student, images = Compact(SHAPE), torch.randn(16, 3, 32, 32)
    scale_layer_by_layer(student, lambda: student(images))  # without it everybody would look alike
    save_network(student, folder / "model.safetensors")
    base = replace(NEW["new compact"], id="tiny", crop=CARD.crop, dimension=16)
    cards.write_card(folder, base)
    tail.main(["--model", "tiny", "--faces", "x", "--weights", str(tmp_path), "--share", "0.99"])
    _, held = sets.split(faces.people, 0.99, 20240)
    embedder = embed.load(tmp_path, cards.find(tmp_path, "tiny"), "cpu")
    crops = np.stack([view(faces.pixels[i], faces.points, CARD.crop, np.random.default_rng(0), STILL)[0] for i in held])
    rows = embedder.embed(crops)
    scores = [float(rows[i] @ rows[j]) for i in range(len(held)) for j in range(i) if faces.people[held[i]] != faces.people[held[j]]]
    wanted = impostor_tail(np.array(scores, np.float32))
    assert np.allclose(cards.find(tmp_path, "tiny").impostor_tail, wanted, atol=1e-5)


def test_blended_views_are_two_faces_whose_target_is_what_the_teacher_sees_in_them(teacher, faces):
    """With no accident and no mask a view is the weighted mean of two stored faces."""
    shown = replace(views(faces), how=STILL, blend=0.5, batch=24).at(3)
    assert 4 < len(shown.blended) < 20 and shown.clean.shape == (len(shown.blended), 32, 32, 3)
    crops = np.stack([view(face, faces.points, CARD.crop, np.random.default_rng(0), STILL)[0] for face in faces.pixels]).astype(float)
    for place in range(24):
        crop = shown.crops[place].astype(float)
        if place not in shown.blended:
            assert np.array_equal(crop, crops[shown.rows[place]])
            continue
        assert np.array_equal(crop, shown.clean[list(shown.blended).index(place)])
        first = crops[shown.rows[place]]
        # crop = share * first + (1 - share) * other: the rounding of the two stored faces leaves less than two grey levels
        errors = []
        for other in crops:
            across = first - other
            share = float(((crop - other) * across).sum() / max((across ** 2).sum(), 1))
            errors.append(np.abs(other + share * across - crop).max() if 0.2 < share < 0.8 else np.inf)
        assert min(errors) < 2 or np.array_equal(crop, first)  # a face may have met itself
    again = replace(views(faces), how=STILL, blend=0.5, batch=24).at(3)
    assert np.array_equal(again.crops, shown.crops)
    assert not len(views(faces).at(3).blended)


def test_the_loss_asks_the_teacher_about_blended_faces_alone(teacher, faces, tmp_path):
    targets = clean_embeddings(teacher, faces, tmp_path / "clean.npy")
    torch.manual_seed(0)
    stream = replace(views(faces), blend=0.6)
    task, shown = Whole(Compact(SHAPE), teacher, stream, targets, None, features=0.0), stream.at(5)
    with torch.no_grad():
        found = float(task.loss(5)[0])
        with torch.autocast("cpu", torch.bfloat16):
            mine = task.network((torch.from_numpy(shown.crops).permute(0, 3, 1, 2).float() - 127.5) / 128).float().numpy()
    wanted = targets[shown.rows].copy()
    for place, crop in zip(shown.blended, shown.clean, strict=True):
        rows = [teacher((torch.from_numpy(pixels.copy()).permute(2, 0, 1)[None].float() - 127.5) / 64)[0][0].numpy()
                for pixels in (crop, crop[:, ::-1])]
        wanted[place] = sum(row / np.linalg.norm(row) for row in rows)
    cosines = (mine * wanted).sum(1) / np.linalg.norm(mine, axis=1) / np.linalg.norm(wanted, axis=1)
    assert len(shown.blended) > 1 and found == pytest.approx(1 - cosines.mean(), abs=0.02)

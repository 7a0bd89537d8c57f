import csv
import io
import tarfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from facegui import cards
from facegui.align import crop
from facegui.cover import SPEC, CoverJudge, CoverNet, normalise
from facegui.detect import MtcnnDetector
from facegui.drawn import CAST, STRANGERS, group, person
from facegui.training import cover, cover_faces, cover_views
from facegui.training.covers import draw_cover
from facegui.types import DataError, Face, ModelCard, ModelError

SHIPPED = Path(__file__).resolve().parent.parent / "weights" / "cover"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A judge with random weights, and the network itself."""
    folder = tmp_path_factory.mktemp("judge") / "cover"
    folder.mkdir()
    torch.manual_seed(0)
    network = CoverNet().eval()
    save_file(network.state_dict(), folder / "cover.safetensors")
    cards.write_card(folder, ModelCard("cover", "cover", "cover.safetensors", "", SPEC, "RGB", (127.5,) * 3, (127.5,) * 3, 1,
                                       "MIT", "test", figures={"threshold": 0.4}))
    return folder, network


def test_the_judge_cuts_and_judges_each_face(folder):
    judge = CoverJudge(folder[0], "cpu")
    rng = np.random.default_rng(1)
    pixels = rng.integers(0, 256, (300, 400, 3), dtype=np.uint8)
    faces = [Face((0, 0, 1, 1), (np.array(SPEC.points) * scale + shift).astype(np.float32), 1.0)
             for scale, shift in ((1, 0), (2.5, 40), (0.6, 200))]
    found = judge.covers(pixels, faces)
    sure = judge.judge(np.stack([crop(pixels, face, SPEC) for face in faces]))
    for face, said, values in zip(faces, found, sure, strict=True):
        with torch.inference_mode():
            logits = folder[1](normalise(crop(pixels, face, SPEC)[None]))[0].numpy()
        assert values == pytest.approx(1 / (1 + np.exp(-logits)), abs=1e-5)
        assert said == tuple(values >= 0.4)
    assert judge.covers(pixels, []) == [] and judge.threshold == 0.4
    many = rng.integers(0, 256, (600, 64, 64, 3), dtype=np.uint8)
    np.testing.assert_allclose(judge.judge(many), np.concatenate([judge.judge(few) for few in np.array_split(many, 7)]), atol=1e-5)


def test_a_missing_or_damaged_judge_says_what_to_do(folder, tmp_path):
    with pytest.raises(ModelError, match="restore weights/cover"):
        CoverJudge(tmp_path / "nowhere")
    (tmp_path / "cover").mkdir()
    card = cards.read_card(folder[0])
    (tmp_path / "cover" / card.file).write_bytes((folder[0] / card.file).read_bytes())
    cards.write_card(tmp_path / "cover", card)
    (tmp_path / "cover" / card.file).write_bytes(b"damaged")
    with pytest.raises(ModelError, match="damaged or was changed"):
        CoverJudge(tmp_path / "cover")
    save_file({"0.weight": torch.zeros(1)}, tmp_path / "cover" / card.file)
    cards.write_card(tmp_path / "cover", ModelCard(**{name: getattr(card, name) for name in card.__slots__} | {"sha256": ""}))
    with pytest.raises(ModelError, match="does not hold the weights"):
        CoverJudge(tmp_path / "cover")


# ---- training ----------------------------------------------------------------------------------------------------


def face(rng, masked):
    """A 128 px stand-in: a skin-coloured ground with two dark eyes, and below them cloth or a mouth."""
    shades = rng.integers(90, 230, (9, 9, 3), dtype=np.uint8)  # no two faces alike
    pixels = cv2.resize(shades, (128, 128), interpolation=cv2.INTER_CUBIC)
    for x in (46, 82):
        cv2.circle(pixels, (x, 60), 5, (20, 20, 20), -1)
    if masked:
        cv2.rectangle(pixels, (30, 72), (98, 122), rng.integers(0, 256, 3).tolist(), -1)
    else:
        cv2.ellipse(pixels, (64, 101), (16, 5), 0, 0, 360, (150, 40, 40), -1)
    noise = rng.integers(0, 40, (128, 128, 3))
    return np.clip(pixels + noise - 20, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def collection(tmp_path_factory):
    folder = tmp_path_factory.mktemp("faces")
    rng = np.random.default_rng(2)
    rows = []
    with tarfile.open(folder / "faces-0.tar", "w") as tar:
        for number in range(240):
            source = "pins" if number < 20 else "rwmfd" if number < 40 else "web"
            masked = source == "rwmfd" or (source == "web" and number % 2 == 0)
            path = f"{source}/any/{number:05d}.png"
            data = cv2.imencode(".png", face(rng, masked)[..., ::-1])[1].tobytes()
            entry = tarfile.TarInfo(path)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
            rows.append((path, source, f"p{number // 4}", "masked" if masked else "-" if number % 3 else "bare"))
    with open(folder / "faces.tsv", "w", newline="") as file:
        csv.writer(file, delimiter="\t").writerows([("path", "source", "identity", "cover"), *rows])
    return folder, rows


def test_people_and_sources_are_held_out(collection):
    folder, rows = collection
    faces = cover_faces.read(folder)
    assert len(faces.part) == len(rows) and set(faces.part) == {"train", "people", "source"}
    assert ((faces.part == "source") == np.isin(faces.source, ("pins", "rwmfd"))).all()
    assert faces.masked.tolist() == [cover == "masked" for *_, cover in rows]
    assert faces.path.tolist() == [path for path, *_ in rows] and not faces.other.any()
    parts = {}
    for (_, source, person, _), part in zip(rows, faces.part, strict=True):
        parts.setdefault((source, person), set()).add(part)
    assert all(len(found) == 1 for found in parts.values())


def test_a_copy_of_a_held_out_face_is_not_trained_on():
    rng = np.random.default_rng(3)
    faces = rng.integers(0, 256, (40, 128, 128, 3), dtype=np.uint8)
    part = np.array(["train"] * 30 + ["people"] * 10)
    faces[4] = np.clip(faces[35].astype(int) * 0.8 + 20, 0, 255)  # brighter, still a copy
    assert np.flatnonzero(cover_faces._copies(faces, part)).tolist() == [4]


def test_a_collection_that_lies_is_refused(collection, tmp_path):
    with pytest.raises(DataError, match="no readable faces.tsv"):
        cover_faces.read(tmp_path)
    (tmp_path / "faces.tsv").write_text((collection[0] / "faces.tsv").read_text())
    with pytest.raises(DataError, match="240 faces"):
        cover_faces.read(tmp_path)


def test_training_learns_and_writes_a_judge(collection, tmp_path):
    torch.set_num_threads(1)
    cover.main(["--faces", str(collection[0]), "--out", str(tmp_path / "cover"), "--steps", "25"])
    judge = CoverJudge(tmp_path / "cover", "cpu")
    rng = np.random.default_rng(5)
    masked = np.arange(60) % 2 == 0
    unseen = cover.still(np.stack([face(rng, covered) for covered in masked]))
    assert ((judge.judge(unseen)[:, 0] >= judge.threshold) == masked).mean() > 0.9
    figure = judge.card.figures["masked faces judged masked, sources not trained on"]
    assert figure["of"] == 20 and figure["interval"][0] <= figure["share"] <= figure["interval"][1]
    assert judge.card.training["faces"]["web"]["masked"] > 50


def test_what_somebody_saw_is_told_to_the_judge(collection, tmp_path):
    folder, rows = collection
    shown, doubtful = rows[50][0], rows[52][0]
    (tmp_path / "seen.tsv").write_text(f"# by eye\n{shown}\tother\n{doubtful}\tunsure\n")
    faces = cover_faces.read(folder, tmp_path / "seen.tsv")
    other = dict(zip(faces.path.tolist(), faces.other.tolist(), strict=True))
    assert other[shown] == 1 and np.isnan(other[doubtful]) and sum(value == 0 for value in other.values()) == len(rows) - 2
    pools = cover_views.Pools(faces)
    assert not {shown, doubtful} & set(faces.path[pools.bare]) and set(faces.path[pools.other]) <= {shown}
    for bad in ("one\ttwo\tthree", f"{shown}\tsunglasses"):
        (tmp_path / "seen.tsv").write_text(bad)
        with pytest.raises(DataError, match="path, a tab|sunglasses"):
            cover_faces.read(folder, tmp_path / "seen.tsv")
    with pytest.raises(DataError, match="path, a tab"):
        cover_faces.read(folder, tmp_path / "nowhere.tsv")


def test_a_batch_is_half_masked_and_says_what_else_is_worn(collection):
    faces, rng = cover_faces.read(collection[0]), np.random.default_rng(8)
    crops, worn = cover_views.batch(faces, cover_views.Pools(faces), np.zeros(len(faces.part)), rng)
    half = cover_views.BATCH // 2
    assert crops.shape == (2 * half, 64, 64, 3) and worn[:, 0].tolist() == [False] * half + [True] * half
    assert 0.1 < worn[:half, 1].mean() < 0.55 and 0.1 < worn[half:, 1].mean() < 0.55


def test_balance_misses_both_kinds_alike():
    rng = np.random.default_rng(6)
    covered = rng.random(400) < 0.3
    logits = rng.normal(0, 1, 400) + 2 * covered
    cut = cover.balance(logits, covered)
    errors = [abs((logits[covered] < at).mean() - (logits[~covered] >= at).mean()) for at in np.sort(logits) + 1e-9]
    found = abs((logits[covered] < cut).mean() - (logits[~covered] >= cut).mean())
    assert found <= min(errors) + 1 / covered.sum()


# ---- the judge that comes with the program ----------------------------------------------------------------------


def test_the_shipped_judge_is_small_and_states_its_figures():
    judge = CoverJudge(SHIPPED, "cpu")
    assert (SHIPPED / judge.card.file).stat().st_size < 400_000
    assert "non-commercial" in judge.card.licence and judge.card.training["faces"]
    for name, figure in judge.card.figures.items():
        assert name == "threshold" or (figure["of"] > 40 and figure["share"] > 0.75), name


@pytest.mark.parametrize("name", [*CAST])
def test_drawn_people_are_judged_bare_and_masked(name, program):
    detector, judge = program
    for mask in (False, True):
        for view in (0, 1):
            pixels = person(CAST[name], mask=mask, view=view)
            faces = detector.detect(pixels)
            assert judge.covers(pixels, faces) == [(mask, False)]


@pytest.mark.parametrize(("kind", "least"), [("glasses", 0.8), ("hand", 0.7), ("thing", 0.4)])  # its photos show real people
def test_drawn_people_behind_something_are_judged_otherwise_covered(kind, least, program):
    detector, judge = program
    told = []
    for seed in [*CAST.values(), *STRANGERS.values()]:
        pixels = person(seed)
        (face,) = detector.detect(pixels)
        hidden = draw_cover(pixels, face.landmarks, np.random.default_rng(seed), kind)
        told += [other for _, other in judge.covers(hidden, [face])]
    assert np.mean(told) > least


def test_everyone_in_a_group_is_judged_alone(program):
    detector, judge = program
    masks = [False, True, True, False]
    pixels = group([person(seed, mask=mask) for seed, mask in zip([*CAST.values(), *STRANGERS.values()] * 2, masks)])
    faces = sorted(detector.detect(pixels), key=lambda face: (face.box[1] // 200, face.box[0]))
    assert [mask for mask, _ in judge.covers(pixels, faces)] == masks


@pytest.fixture(scope="module")
def program():
    return MtcnnDetector("cpu"), CoverJudge(SHIPPED, "cpu")

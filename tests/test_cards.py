import hashlib
import json
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from facegui import cards
from facegui.types import Cancelled, CropSpec, DownloadError, ModelCard, ModelError

WEIGHTS = b"some weights" * 1000
SHA256 = hashlib.sha256(WEIGHTS).hexdigest()
POINTS = [[38.0, 52.0], [74.0, 52.0], [56.0, 72.0], [42.0, 92.0], [71.0, 92.0]]
CARD = {"id": "mine", "architecture": "onnx", "file": "mine.onnx", "sha256": SHA256,
        "crop": {"method": "align", "size": 112, "points": POINTS}, "channels": "BGR", "mean": [1, 2.5, 3],
        "std": [128, 128, 128], "dimension": 64, "licence": "MIT", "origin": "drawn"}


@pytest.fixture
def weights(tmp_path):
    return tmp_path / "weights"


@pytest.fixture
def files(tmp_path):
    """A weight file and its card, as a user would bring them."""
    (tmp_path / "brought.bin").write_bytes(WEIGHTS)
    (tmp_path / "brought.json").write_text(json.dumps(CARD))
    return tmp_path / "brought.bin", tmp_path / "brought.json"


def tree(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_card_survives_writing_and_reading(tmp_path):
    card = ModelCard("a.b-c_1", "compact", "w.safetensors", SHA256, CropSpec("box", 160, (), 0.25), "RGB", (0.0, 1.0, 2.0),
                     (1.0, 2.0, 3.0), 512, "research", "here", "ümlaut", True, ((0.1, 0.2), (0.01, 0.4)),
                     {"lfw": [0.99, 6000]}, {"epochs": 3})
    cards.write_card(tmp_path, card)
    assert cards.read_card(tmp_path) == card and tree(tmp_path) == ["card.json"]


def test_an_empty_sha256_is_filled_in(tmp_path, files):
    card = replace(cards.parse(files[1]), sha256="", file="brought.bin")
    assert cards.write_card(tmp_path, card).sha256 == cards.read_card(tmp_path).sha256 == SHA256
    assert cards.verify(tmp_path, cards.read_card(tmp_path)) == files[0]
    files[0].write_bytes(WEIGHTS + b"!")
    with pytest.raises(ModelError, match="damaged or was changed"):
        cards.verify(tmp_path, cards.read_card(tmp_path))


def test_a_card_that_could_not_be_read_back_is_not_written(tmp_path, files):
    good = cards.parse(files[1])
    cards.write_card(tmp_path, good)
    for bad in (replace(good, figures={"a": float("nan")}), replace(good, dimension=0), replace(good, figures={"a": object()})):
        with pytest.raises(ModelError, match="cannot be written"):
            cards.write_card(tmp_path, bad)
    assert cards.read_card(tmp_path) == good


@pytest.mark.parametrize("field", [name for name in CARD if name != "sha256"])
def test_a_missing_field_is_named_with_its_file(files, field):
    files[1].write_text(json.dumps({name: value for name, value in CARD.items() if name != field}))
    with pytest.raises(ModelError, match=f"brought.json .*'{field}' is missing"):
        cards.parse(files[1])


@pytest.mark.parametrize("field, value", [
    ("id", "../up"), ("id", ".hidden"), ("id", ""), ("id", "a/b"), ("id", "a" * 65), ("id", "ends."), ("id", 7),
    ("file", "../../etc/passwd"), ("file", "card.json"), ("sha256", "abc"), ("sha256", SHA256.upper()),
    ("architecture", None), ("channels", "GRAY"), ("dimension", 1.5), ("dimension", True), ("dimension", 0),
    ("mean", [1, 2]), ("mean", [1, 2, "3"]), ("mean", [1, 2, float("nan")]), ("std", [1, 0, 1]), ("licence", None),
    ("crop", "align"), ("crop", {"method": "align", "size": 112}), ("crop", {"method": "oval", "size": 112}),
    ("crop", {"method": "box"}), ("crop", {"method": "box", "size": 112, "margn": 1}),
    ("crop", {"method": "align", "size": 112, "points": [[0, 0]] * 4}),
    ("crop", {"method": "align", "size": 112, "points": [[0, 0]] * 4 + [[0, 1e9]]}),
    ("flip", 1), ("figures", []), ("impostor_tail", [[0.1]]), ("impostor_tail", [[0.1, 0.5], [0.2, 0.6]]),
    ("impostor_tail", [[0.2, 0.6], [0.1, 0.5]]), ("impostor_tail", [[-0.5, 0.5]]), ("flp", True)])
def test_a_wrong_field_is_named_with_its_file(files, field, value):
    files[1].write_text(json.dumps(CARD | {field: value}))
    with pytest.raises(ModelError, match=f"brought.json .*'{field}'"):
        cards.parse(files[1])


@pytest.mark.parametrize("text", ["", "{", "[]", "[" * 100_000, "\x00", "{}" + " " * (5 << 20)])
def test_what_is_no_card_is_refused(files, text):
    files[1].write_text(text)
    with pytest.raises(ModelError, match="brought.json"):
        cards.parse(files[1])


def test_install_find_remove(weights, files):
    seen = []
    checked = []
    card = cards.install(weights, *files, seen.append, check=lambda root, card: checked.append(tree(root)))
    assert tree(weights) == ["mine", "mine/card.json", "mine/mine.onnx"]
    assert checked == [tree(weights)] and seen[-1].done == seen[-1].total == len(WEIGHTS)
    assert (weights / "mine/mine.onnx").read_bytes() == WEIGHTS
    assert cards.find(weights, "mine") == card and cards.installed(weights) == cards.Installed((card,), ())
    cards.remove(weights, "mine")
    assert tree(weights) == []
    for name, advice in (("mine", "models add"), ("vggface2", "models get vggface2"), ("../x", "models add")):
        with pytest.raises(ModelError, match=f"no model '{name}'.*{advice}"):
            cards.find(weights, name)
        with pytest.raises(ModelError, match="no model"):
            cards.remove(weights, name)


def test_a_failed_install_leaves_nothing(weights, files):
    def refuse(root, card):
        raise ModelError("does not load")

    def cancel(_):
        raise Cancelled("stopped")

    with pytest.raises(ModelError, match="does not load"):
        cards.install(weights, *files, check=refuse)
    with pytest.raises(Cancelled):
        cards.install(weights, *files, cancel)
    files[0].write_bytes(WEIGHTS[1:])
    with pytest.raises(ModelError, match="does not belong to its card"):
        cards.install(weights, *files)
    with pytest.raises(ModelError, match="no weight file"):
        cards.install(weights, files[0].with_name("gone"), files[1])
    assert tree(weights) == []


def test_an_existing_model_is_replaced_only_when_asked(weights, files):
    cards.install(weights, *files)
    files[0].write_bytes(b"newer")
    files[1].write_text(json.dumps(CARD | {"sha256": ""}))
    with pytest.raises(ModelError, match="installed already"):
        cards.install(weights, *files)
    assert (weights / "mine/mine.onnx").read_bytes() == WEIGHTS
    card = cards.install(weights, *files, replace_existing=True)
    assert card.sha256 == hashlib.sha256(b"newer").hexdigest() == cards.find(weights, "mine").sha256
    assert tree(weights) == ["mine", "mine/card.json", "mine/mine.onnx"]


def test_broken_folders_are_reported_with_their_reason(weights, files):
    good = cards.install(weights, *files)
    for name in ("empty", "half", "renamed", "nofile", "cover", ".hidden"):
        (weights / name).mkdir()
    (weights / "README.md").write_text("no model")
    (weights / "empty/notes.txt").write_text("empty of a model")
    (weights / "half/weights.pt.part").write_bytes(b"half")
    (weights / "renamed/card.json").write_text(json.dumps(CARD))
    (weights / "nofile/card.json").write_text(json.dumps(CARD | {"id": "nofile"}))
    found = cards.installed(weights)
    assert found.cards == (good,)
    reasons = {broken.id: broken.reason for broken in found.broken}
    assert sorted(reasons) == ["empty", "half", "nofile", "renamed"]
    assert "no model card" in reasons["empty"] and "not finished" in reasons["half"]
    assert "must be the same" in reasons["renamed"] and "weight file" in reasons["nofile"]
    cards.remove(weights, "empty")
    assert not (weights / "empty").exists()


def test_the_judge_of_masks_is_no_embedder(weights, files):
    (weights / "cover").mkdir(parents=True)
    files[1].write_text(json.dumps(CARD | {"id": "Cover"}))
    with pytest.raises(ModelError, match="judge of covers"):
        cards.install(weights, *files, replace_existing=True)
    with pytest.raises(ModelError, match="part of the program"):
        cards.remove(weights, "cover")


def known(file_sha=SHA256):
    card = replace(cards.KNOWN["vggface2"].card, id="far", file="far.pt", sha256=file_sha)
    return {"far": cards.Known(card, "http://127.0.0.1:9/far.pt", len(WEIGHTS))}  # port 9: nobody answers


def test_get_without_internet_says_what_to_put_where(weights, files, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda _: None)
    with pytest.raises(DownloadError) as caught:
        cards.get(weights, "far", known=known())
    assert str(weights / "far" / "far.pt") in str(caught.value) and "models get far" in str(caught.value)
    (weights / "far" / "far.pt").write_bytes(WEIGHTS)  # the advice, followed
    card = cards.get(weights, "far", known=known())
    assert cards.installed(weights).cards == (card,) and card.id == "far"
    assert cards.get(weights, "far", known=known()) == card  # there already


def test_get_downloads_checks_and_installs(weights, files):
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(files[0].parent))) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        there = {"far": replace(known()["far"], url=f"http://127.0.0.1:{server.server_port}/brought.bin")}
        seen = []
        card = cards.get(weights, "far", seen.append, known=there, check=lambda root, card: seen.append((root, card)))
        server.shutdown()
    assert seen[-2].done == len(WEIGHTS) and seen[-1] == (weights, card) and cards.installed(weights).cards == (card,)
    assert tree(weights) == ["far", "far/card.json", "far/far.pt"]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


def test_get_takes_a_file_brought_by_hand_and_checks_it(weights, files):
    assert cards.get(weights, "far", file=files[0], known=known()) == cards.find(weights, "far")
    cards.remove(weights, "far")
    with pytest.raises(ModelError, match="does not belong to its card"):
        cards.get(weights, "far", file=files[1], known=known())
    (weights / "far").mkdir()
    (weights / "far/far.pt").write_bytes(b"something else")
    with pytest.raises(ModelError, match="is not the file"):
        cards.get(weights, "far", known=known())
    with pytest.raises(ModelError, match="known are vggface2, casia-webface"):
        cards.get(weights, "nobody")


def test_the_cards_in_this_project_are_valid():
    root = Path(__file__).resolve().parent.parent
    found = [*(root / "docs/models").glob("*.json"), *(root / "weights").glob("*/card.json")]
    assert found and all(cards.parse(file) for file in found)
    for name, entry in cards.KNOWN.items():
        assert entry.card.id == name and len(entry.card.sha256) == 64 and entry.url.startswith("https://")


def test_an_empty_folder_is_no_broken_model(tmp_path):
    (tmp_path / "vggface2").mkdir()
    assert cards.installed(tmp_path) == cards.Installed((), ())
    with pytest.raises(ModelError, match="models get vggface2"):
        cards.find(tmp_path, "vggface2")

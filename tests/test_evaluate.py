"""Verification on pairs, and the cache, on pictures simple enough to recompute every figure by hand."""

import json

import numpy as np
import pytest
from patterned import Correlation, WholePicture, people_folder

from facegui import image, metrics
from facegui.evaluate import pairs, summary
from facegui.evaluate.cache import Table
from facegui.evaluate.pairs import read_pairs
from facegui.evaluate.photos import central_face
from facegui.types import Cancelled, DataError, Face


def pairs_text(people, rng, count):
    genuine = [f"P{rng.integers(people):02d}\t{a}\t{b}" for a, b in ((1, 2), (1, 3), (2, 3)) for _ in range(count // 3)]
    two = [rng.choice(people, 2, replace=False) for _ in genuine]
    return genuine, [f"P{a:02d}\t{rng.integers(1, 4)}\tP{b:02d}\t{rng.integers(1, 4)}" for a, b in two]


def score(root, one, other):
    files = [root / name / f"{name}_{int(number):04d}.png" for name, number in (one, other)]
    rows = Correlation().embed(np.stack([image.read(file).pixels for file in files]))
    return float(rows[0] @ rows[1])


def test_pairs_are_measured_as_by_hand(tmp_path):
    black = {(3, 1), (5, 2)}
    root = people_folder(tmp_path / "photos", [3] * 20, noise=330, black=black)
    genuine, impostor = pairs_text(20, np.random.default_rng(1), 300)
    (tmp_path / "pairs.txt").write_text("\n".join(genuine + impostor))
    report = pairs(tmp_path / "pairs.txt", root, WholePicture(), Correlation())
    scores, same, right = [], [], 0
    for line in genuine + impostor:
        parts = line.split("\t")
        one, other = (parts[0], parts[1]), (parts[-2] if len(parts) == 4 else parts[0], parts[-1])
        lost = {(int(name[1:]), int(number)) for name, number in (one, other)} & black
        scores.append(np.nan if lost else score(root, one, other))
        same.append(len(parts) == 3)
    scores, same = np.array(scores), np.array(same)
    fold = np.concatenate([np.arange(300) // 30] * 2)
    for number in range(10):
        threshold = metrics.best_threshold(scores[fold != number], same[fold != number])
        held = fold == number
        right += sum(not np.isnan(s) and (s >= threshold) == t
                     for s, t in zip(scores[held], same[held], strict=True))
    values = json.loads(json.dumps(report.to_json()))
    assert values["pairs"] == 600 and values["undetected"] == np.isnan(scores).sum() > 0
    assert values["undetected_images"] == 2 and values["undetected_genuine"] == np.isnan(scores[same]).sum()
    assert report.correct == right and values["accuracy"] == pytest.approx(right / 600)
    assert values["wilson"] == list(metrics.wilson(right, 600))
    assert values["accuracy"] < values["accuracy_if_rejected"] < values["accuracy_if_left_out"]
    rejected = np.where(np.isnan(scores), -np.inf, scores)
    point = values["tar_at_far"]["0.01"]
    assert point["accepted"] == (rejected[same] > np.sort(rejected[~same])[-4]).sum()
    assert values["tar_at_far"]["0.001"] is None  # 300 impostors cannot tell
    assert values["eer"] == pytest.approx(metrics.eer(rejected[same], rejected[~same])[0])
    words = summary(report)
    assert f"({right} of 600; " in words and "FAR 0.1 %: not enough data (300 impostor pairs; 3000 are needed)" in words
    assert values["model"] == "correlation" and "evaluate pairs" in values["command"] and values["seconds"] >= 0


def test_a_second_model_does_not_search_for_faces_again(tmp_path):
    root, cache = people_folder(tmp_path / "photos", [3] * 4), tmp_path / "cache"
    (tmp_path / "pairs.txt").write_text("P00 1 2\nP01 1 3\nP00 1 P01 2\nP02 1 P03 3\n")
    detector, first, second = WholePicture(), Correlation("first"), Correlation("second")
    one = pairs(tmp_path / "pairs.txt", root, detector, first, cache)
    assert detector.calls == first.embedded == 7
    two = pairs(tmp_path / "pairs.txt", root, detector, second, cache)
    again = pairs(tmp_path / "pairs.txt", root, detector, first, cache)
    assert (detector.calls, first.embedded, second.embedded) == (7, 7, 7)
    assert one.accuracy == two.accuracy == again.accuracy
    for damaged in cache.iterdir():
        damaged.write_bytes(damaged.read_bytes()[:-100])
    assert pairs(tmp_path / "pairs.txt", root, detector, first, cache).accuracy == one.accuracy
    assert detector.calls == first.embedded == 14


def test_a_stopped_measurement_keeps_what_it_found(tmp_path):
    root, cache = people_folder(tmp_path / "photos", [3] * 4), tmp_path / "cache"
    (tmp_path / "pairs.txt").write_text("P00 1 2\nP01 1 3\nP00 1 P01 2\nP02 1 P03 3\n")

    class Stops(WholePicture):
        after = 3

        def detect(self, pixels, *, small_faces=False):
            if self.calls == self.after:
                raise Cancelled("stopped")
            return super().detect(pixels)

    with pytest.raises(Cancelled):
        pairs(tmp_path / "pairs.txt", root, Stops(), Correlation(), cache)

    def stop_before_embedding(progress):
        if progress.note.startswith("Embedding"):
            raise Cancelled("stopped")

    rest, model = Stops(), Correlation()
    rest.after = None
    with pytest.raises(Cancelled):
        pairs(tmp_path / "pairs.txt", root, rest, model, cache, stop_before_embedding)
    assert (rest.calls, model.embedded) == (4, 0)
    pairs(tmp_path / "pairs.txt", root, rest, model, cache)
    assert (rest.calls, model.embedded) == (4, 7)


def test_tables_of_two_processes_are_merged(tmp_path):
    one, other = Table(tmp_path / "t.npz", 2), Table(tmp_path / "t.npz", 2)
    one.put("a", [[1, 2], [3, 4]])
    other.put("b", np.empty((0, 2)))
    one.save()
    other.save()
    both = Table(tmp_path / "t.npz", 2)
    assert both.get("a").tolist() == [[1, 2], [3, 4]] and both.get("b").shape == (0, 2) and len(both) == 2
    assert len(Table(tmp_path / "t.npz", 3)) == 0 and [file.name for file in tmp_path.iterdir()] == ["t.npz"]
    np.savez(tmp_path / "pickled.npz", keys=np.array([object()]), counts=[1], rows=np.zeros((1, 2), np.float32))
    assert len(Table(tmp_path / "pickled.npz", 2)) == 0


@pytest.mark.parametrize(("text", "sentence"), [
    ("P00 1 2\nP00 x 2\n", "line 2 .* is not a pair"),
    ("P00 1 2\nP09 1 2\n", "2 photos .* P09 1"),
    ("P00 1 2\nP01 1 2\n", "2 genuine and 0 impostor"),
    ("2 1\nP00 1 2\nP01 1 2\nP00 1 P01 1\nP00 1 P01 2\n", "promises 2 folds"),
    ("\n", "0 genuine"),
])
def test_bad_pairs_files_are_refused(tmp_path, text, sentence):
    root = people_folder(tmp_path / "photos", [3, 3])
    (tmp_path / "pairs.txt").write_text(text)
    with pytest.raises(DataError, match=sentence):
        read_pairs(tmp_path / "pairs.txt", root)


def test_pairs_file_with_folds(tmp_path):
    root = people_folder(tmp_path / "photos", [3, 3])
    (tmp_path / "pairs.txt").write_text("2\t1\nP00\t1\t2\nP00\t1\tP01\t1\nP01\t1\t3\nP01\t1\tP00\t2\n")
    listed = read_pairs(tmp_path / "pairs.txt", root)
    assert listed.fold.tolist() == [0, 0, 1, 1] and listed.same.tolist() == [True, False, True, False]
    assert [[listed.photos[place].stem for place in pair] for pair in listed.pairs][1] == ["P00_0001", "P01_0001"]


def test_the_central_face_is_large_or_central():
    def square(x, y, side):
        return Face((x - side / 2, y - side / 2, x + side / 2, y + side / 2), np.zeros((5, 2)), 1.0)

    centre, corner, speck = square(125, 125, 80), square(230, 40, 100), square(125, 130, 10)
    assert central_face([corner, centre], 250, 250) is centre
    assert central_face([speck, square(150, 120, 90)], 250, 250) is not speck
    assert central_face([], 250, 250) is None

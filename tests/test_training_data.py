"""Photos in folders become aligned faces once; views of them; people never on both sides of a split."""

import io
import tarfile

import cv2
import numpy as np
import pytest

from facegui import image
from facegui.align import ARCFACE_112, crop
from facegui.drawn import person
from facegui.training import faces as sets
from facegui.training.augment import STILL, Augment, view
from facegui.training.data import box_points, frame, prepare, usable
from facegui.training.finetune import balanced
from facegui.training.shards import pack_shards
from facegui.types import Cancelled, CropSpec, DataError, Face

SPEC = CropSpec("align", 112, ARCFACE_112)


class FixedDetector:
    """Every picture has one face, in the middle; white pictures have none."""

    calls = 0

    def detect(self, pixels, *, small_faces=False):
        FixedDetector.calls += 1
        if pixels.min() > 250:
            return []
        side = pixels.shape[0]
        points = (np.array(ARCFACE_112) - 56) * side / 200 + side / 2
        return [Face((side * 0.25, side * 0.2, side * 0.75, side * 0.85), points.astype(np.float32), 1.0)]


def folder(path, people=3, photos=2):
    for number in range(people):
        (path / f"person {number}").mkdir(parents=True)
        for shot in range(photos):
            image.write(path / f"person {number}" / f"{shot}.png", person(number + 1, size=120, view=shot))
    return path


def test_photos_are_found_and_cut_once(tmp_path):
    photos = folder(tmp_path / "photos")
    FixedDetector.calls = 0
    faces, refused = prepare(photos, SPEC, FixedDetector, tmp_path / "cache")
    again, _ = prepare(photos, SPEC, FixedDetector, tmp_path / "cache")
    assert FixedDetector.calls == 6 and not refused
    assert np.array_equal(faces.pixels, again.pixels) and np.array_equal(faces.people, [0, 0, 1, 1, 2, 2])
    wide = frame(SPEC)
    pixels = image.read(photos / "person 1" / "0.png").pixels
    assert np.array_equal(faces.pixels[2], crop(pixels, FixedDetector().detect(pixels)[0], wide))
    assert faces.names == ("person 0", "person 1", "person 2")


def test_what_cannot_be_used_is_refused_with_its_reason(tmp_path):
    photos = folder(tmp_path / "photos")
    (photos / "person 0" / "copy.png").write_bytes((photos / "person 0" / "0.png").read_bytes())
    (photos / "person 1" / "broken.jpg").write_bytes(b"\xff\xd8\xff nothing")
    image.write(photos / "person 2" / "white.png", np.full((80, 80, 3), 255, np.uint8))
    faces, refused = prepare(photos, SPEC, FixedDetector, tmp_path / "cache")
    assert len(faces) == 6 and len(refused) == 3
    assert {"twice" in r.reason or "no face" in r.reason or "broken.jpg" in r.reason for r in refused} == {True}
    assert len(prepare(photos, SPEC, FixedDetector, tmp_path / "cache")[1]) == 3


def test_a_damaged_cache_is_made_anew(tmp_path):
    photos = folder(tmp_path / "photos", people=2)
    faces, _ = prepare(photos, SPEC, FixedDetector, tmp_path / "cache")
    for file in (tmp_path / "cache").rglob("*.png"):
        file.write_bytes(b"")
    assert np.array_equal(prepare(photos, SPEC, FixedDetector, tmp_path / "cache")[0].pixels, faces.pixels)


def test_hopeless_folders_get_a_sentence(tmp_path):
    with pytest.raises(DataError, match="There is no folder"):
        prepare(tmp_path / "none", SPEC, FixedDetector, tmp_path / "cache")
    (tmp_path / "empty" / "somebody").mkdir(parents=True)
    with pytest.raises(DataError, match="no photos in sub-folders"):
        prepare(tmp_path / "empty", SPEC, FixedDetector, tmp_path / "cache")
    image.write(tmp_path / "empty" / "somebody" / "a.png", np.full((80, 80, 3), 255, np.uint8))
    with pytest.raises(DataError, match="No face was found"):
        prepare(tmp_path / "empty", SPEC, FixedDetector, tmp_path / "cache")
    faces, _ = prepare(folder(tmp_path / "few", people=3, photos=1), SPEC, FixedDetector, tmp_path / "cache")
    with pytest.raises(DataError, match="3 usable photos of 3 people, 0 of them with two photos"):
        usable(faces, 0.2, 1)


def test_cancel_keeps_what_was_cut(tmp_path):
    photos = folder(tmp_path / "photos")

    def tick(progress):
        if progress.done == 4:
            raise Cancelled("stopped")
    FixedDetector.calls = 0
    with pytest.raises(Cancelled):
        prepare(photos, SPEC, FixedDetector, tmp_path / "cache", tick)
    prepare(photos, SPEC, FixedDetector, tmp_path / "cache")
    assert FixedDetector.calls == 6


def test_nobody_is_in_training_and_validation(tmp_path):
    people = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 5, 5, -1, -1])
    faces = sets.FaceSet(np.zeros((13, 8, 8, 3), np.uint8), np.zeros((5, 2)), people, np.zeros(13, bool), tuple("abcdef"))
    for seed in range(10):
        rows, held = usable(faces, 0.2, seed)
        assert not set(people[rows]) & set(people[held]) and len(set(people[held])) >= 2
        assert not {4, -1} & {*people[rows], *people[held]}  # one photo alone teaches nothing about likeness


def test_batches_hold_p_people_and_k_photos_of_each():
    people = np.repeat(np.arange(9), np.arange(1, 10))
    rows = balanced(people, np.arange(len(people)), 4, 3, np.random.default_rng(0))
    numbers, counts = np.unique(people[rows], return_counts=True)
    assert len(numbers) == 4 and set(counts) == {3}


def test_points_in_a_box_crop_are_where_the_crop_shows_them():
    picture = np.zeros((200, 160, 3), np.uint8)
    points = np.array([[60, 80], [100, 82], [80, 110], [66, 140], [96, 141]], np.float32)
    for x, y in points.astype(int):
        cv2.circle(picture, (int(x), int(y)), 3, (255, 255, 255), -1)
    for box in ((40.0, 50.0, 120.0, 170.0), (-10.0, 20.0, 150.0, 230.0)):
        face, spec = Face(box, points, 1.0), CropSpec("box", 160, (), 14)
        shown = crop(picture, face, spec)[:, :, 0] > 128
        count, _, _, middles = cv2.connectedComponentsWithStats(shown.astype(np.uint8))
        assert count == 6
        for point in box_points(face, spec, picture.shape):
            assert np.linalg.norm(middles[1:] - point, axis=1).min() < 1.5


def test_a_still_view_is_the_crop_itself_and_a_seed_fixes_a_wild_one():
    picture, points = person(5, size=140), np.array(ARCFACE_112) + 14
    still, masked = view(picture, points, SPEC, np.random.default_rng(0), STILL)
    wanted = crop(picture, Face((0, 0, 1, 1), points.astype(np.float32), 1.0), SPEC)
    assert not masked and np.abs(still.astype(int) - wanted).max() <= 1
    wild = Augment(light=1, grey=1, blur=1, low_resolution=1, jpeg=1, mask=1)
    one, two, other = (view(picture, points, SPEC, np.random.default_rng(s), wild)[0] for s in (1, 1, 2))
    assert np.array_equal(one, two) and not np.array_equal(one, other) and one.shape == (112, 112, 3)


def test_shards_become_a_set(tmp_path):
    rows, pictures = ["path\tsource\tidentity\tcover"], []
    with tarfile.open(tmp_path / "faces-0.tar", "w") as archive:
        for k in range(4):
            pictures.append(person(k + 1, size=128))
            data = cv2.imencode(".png", pictures[-1][:, :, ::-1])[1].tobytes()
            member = tarfile.TarInfo(f"s/{k}.png")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
            rows.append(f"s/{k}.png\ts\t{'-' if k == 3 else k // 2}\t{'masked' if k == 2 else 'bare'}")
    (tmp_path / "faces.tsv").write_text("\n".join(rows))
    pack_shards(tmp_path, tmp_path / "set")
    faces = sets.load(tmp_path / "set")
    assert faces.people.tolist() == [0, 0, 1, -1] and faces.covered.tolist() == [False, False, True, False]
    assert np.array_equal(np.asarray(faces.pixels), np.stack(pictures))
    (tmp_path / "faces.tsv").write_text("\n".join([*rows, "s/9.png\ts\t-\tbare"]))
    with pytest.raises(DataError, match="1 of 5 faces"):
        pack_shards(tmp_path, tmp_path / "other")
    with pytest.raises(DataError, match="no complete set"):
        sets.load(tmp_path / "other")

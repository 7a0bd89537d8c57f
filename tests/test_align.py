import cv2
import numpy as np
import pytest
from facenet_pytorch.models.utils.detect_face import extract_face

from facegui import align
from facegui.types import CropSpec, Face

SPEC = CropSpec("align", 112, align.ARCFACE_112)
TEMPLATE = np.array(align.ARCFACE_112)


def moved(points, scale, degrees, shift):
    turn = np.deg2rad(degrees)
    matrix = scale * np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    return points @ matrix.T + shift


def dots(points, size, radius):
    """White Gaussian spots at exact places, drawn pixel by pixel: the centre of mass of each is its point."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]]
    spots = sum(np.exp(-((x - px) ** 2 + (y - py) ** 2) / (2 * radius**2)) for px, py in points)
    return np.repeat((spots * 255).clip(0, 255).astype(np.uint8)[..., None], 3, axis=2)


def centres(crop, points, reach=5):
    found = []
    for px, py in points:
        x1, y1 = int(round(px)) - reach, int(round(py)) - reach
        patch = crop[y1 : y1 + 2 * reach + 1, x1 : x1 + 2 * reach + 1, 0].astype(float)
        y, x = np.mgrid[y1 : y1 + 2 * reach + 1, x1 : x1 + 2 * reach + 1]
        found.append(((x * patch).sum() / patch.sum(), (y * patch).sum() / patch.sum()))
    return np.array(found)


def test_similarity_finds_a_known_movement():
    rng = np.random.default_rng(1)
    for _ in range(50):
        points = rng.normal(size=(5, 2)) * 40
        target = moved(points, rng.uniform(0.1, 9), rng.uniform(-180, 180), rng.uniform(-99, 99, 2))
        matrix = align.similarity(points, target)
        np.testing.assert_allclose(points @ matrix[:, :2].T + matrix[:, 2], target, atol=1e-9)


def test_similarity_is_the_least_squares_one():
    """Against brute force: for every angle the best scale and shift are linear, so a fine sweep over angles is exact."""
    rng = np.random.default_rng(2)
    for _ in range(5):
        source, target = rng.normal(size=(5, 2)), rng.normal(size=(5, 2))
        matrix = align.similarity(source, target)
        ours = ((source @ matrix[:, :2].T + matrix[:, 2] - target) ** 2).sum()
        centred, wanted = source - source.mean(0), target - target.mean(0)
        best = np.inf
        for turn in np.linspace(0, 2 * np.pi, 7201):
            rotated = centred @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
            scale = max((rotated * wanted).sum() / (rotated**2).sum(), 0)
            best = min(best, ((scale * rotated - wanted) ** 2).sum())
        assert best - 1e-5 < ours < best + 1e-9


def test_similarity_never_mirrors():
    matrix = align.similarity(TEMPLATE * (-1, 1), TEMPLATE)
    assert np.linalg.det(matrix[:, :2]) > 0
    assert np.linalg.det(align.similarity(TEMPLATE[:2], TEMPLATE[1::-1])[:, :2]) > 0


def test_similarity_of_one_place_is_refused():
    with pytest.raises(ValueError, match="two different"):
        align.similarity(np.ones((5, 2)), TEMPLATE)
    with pytest.raises(ValueError, match="two different"):
        align.similarity(np.full((5, 2), np.nan), TEMPLATE)


@pytest.mark.parametrize("scale", [0.6, 1, 1.7, 2.5, 5.3, 8])
def test_landmarks_arrive_at_the_template(scale):
    """Also where the picture is averaged down first: no shift of half a pixel creeps in."""
    points = moved(TEMPLATE, scale, 17, (120 * scale, 40 * scale))
    pixels = dots(points, (int(300 * scale), int(250 * scale)), 1.4 * scale)
    crop = align.crop(pixels, Face((0, 0, 1, 1), points, 1.0), SPEC)
    assert crop.shape == (112, 112, 3) and crop.dtype == np.uint8
    np.testing.assert_allclose(centres(crop, TEMPLATE), TEMPLATE, atol=0.06)


def test_a_large_face_is_cut_without_aliasing():
    """A fine checkerboard is grey from afar; picking single pixels out of it would give black and white."""
    y, x = np.mgrid[0:900, 0:900]
    pixels = np.repeat(((x // 2 + y // 2) % 2 * 255).astype(np.uint8)[..., None], 3, axis=2)
    points = moved(TEMPLATE, 6.1, 5, (120, 60))
    crop = align.crop(pixels, Face((0, 0, 1, 1), points, 1.0), SPEC).astype(float)
    naive = cv2.warpAffine(pixels, align.similarity(points, TEMPLATE), (112, 112)).astype(float)
    assert abs(crop.mean() - 127.5) < 3 and crop.std() < 25 < 80 < naive.std()


@pytest.mark.parametrize("scale", [0.8, 4.0])
def test_beyond_the_border_is_black(scale):
    pixels = np.full((int(200 * scale), int(200 * scale), 3), 200, np.uint8)
    points = moved(TEMPLATE, scale, 0, (-40 * scale, 150 * scale))
    crop = align.crop(pixels, Face((0, 0, 1, 1), points, 1.0), SPEC)
    assert (crop[:, :38] == 0).all() and (crop[52:] == 0).all() and (crop[:46, 42:] == 200).all()
    away = align.crop(pixels, Face((0, 0, 1, 1), points + 5000, 1.0), SPEC)
    assert away.shape == (112, 112, 3) and not away.any()


@pytest.mark.parametrize("margin", [0, 14])
@pytest.mark.parametrize("box", [(40.2, 30.9, 160.5, 190.1), (-20, 100, 90, 260.7), (30, 20, 62, 60)])
def test_box_crop_is_that_of_facenet_pytorch(box, margin):
    pixels = np.random.default_rng(0).integers(0, 256, (220, 240, 3), np.uint8)
    wanted = extract_face(pixels, np.array(box), 160, margin).permute(1, 2, 0).numpy().astype(np.uint8)
    crop = align.crop(pixels, Face(box, TEMPLATE, 1.0), CropSpec("box", 160, margin=margin))
    np.testing.assert_array_equal(crop, wanted)


def test_box_outside_the_picture_and_unknown_method():
    pixels = np.zeros((50, 50, 3), np.uint8)
    outside = Face((80, 80, 120, 120), TEMPLATE, 1.0)
    assert not align.crop(pixels, outside, CropSpec("box", 160)).any()
    with pytest.raises(ValueError, match="unknown crop method 'oval'"):
        align.crop(pixels, outside, CropSpec("oval", 160))

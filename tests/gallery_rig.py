"""Synthetic people for the gallery's tests: photos are random bytes, templates unit vectors near their person's."""

import hashlib

import numpy as np

from facegui import cards
from facegui.config import Settings
from facegui.gallery import Gallery, NewPhoto
from facegui.service import FaceService
from facegui.types import CropSpec, Face, ModelCard, Quality

DIMENSION = 48
BOX = (10.0, 20.0, 110.0, 140.0)
ELSEWHERE = (300.0, 20.0, 400.0, 140.0)


def unit(rows):
    rows = np.asarray(rows, np.float32)
    return rows / np.linalg.norm(rows, axis=-1, keepdims=True)


def vector(seed, near=None, dimension=DIMENSION, spread=0.6):
    """A unit vector that depends on `seed` alone, or one near another."""
    noise = unit(np.random.default_rng([7, seed]).standard_normal(dimension))
    return noise if near is None else unit(near + spread * noise)


def photo(seed, embedding=None, box=BOX, data=None, suffix=".jpg"):
    data = b"photo %d " % seed + np.random.default_rng([8, seed]).bytes(300) if data is None else data
    points = np.random.default_rng([9, seed]).uniform(box[0], box[2], (5, 2)).astype(np.float32)
    return NewPhoto(data, suffix, hashlib.sha256(data).hexdigest(), f"IMG {seed}.JPG", Face(box, points, 0.97),
                    Quality(0.75, ("blurred",)), seed % 3 == 0, vector(seed) if embedding is None else embedding)


def crowd(people, each=2, first=0, dimension=DIMENSION):
    """[(name, NewPhoto)] of so many people with `each` photos near their own direction."""
    centres = [vector(10**6 + who, None, dimension) for who in range(people)]
    return [(f"Person {who}", photo(100 * who + number + first, vector(100 * who + number, centres[who], dimension)))
            for who in range(people) for number in range(each)]


def brute(gallery, probe, top):
    """[(name, score)]: what a search must answer, computed the slow way from the database alone."""
    best = {}
    with gallery.database.read() as c:
        rows = c.execute("SELECT p.name, t.vector FROM templates t JOIN photos f ON f.id = t.photo_id"
                         " JOIN people p ON p.id = f.person_id JOIN models m ON m.id = t.model WHERE m.name = ?",
                         (gallery.model_id,)).fetchall()
    for name, blob in rows:
        score = float(np.frombuffer(blob, np.float32).astype(np.float64) @ probe.astype(np.float64))
        best[name] = max(best.get(name, -2), score)
    return sorted(best.items(), key=lambda pair: -pair[1])[:top]


def same_answers(gallery, probes, top=5):
    """Assert that searching answers what brute force does."""
    for probe, found in zip(probes, gallery.search(probes, top), strict=True):
        wanted = brute(gallery, probe, top)
        assert [one.name for one in found] == [name for name, _ in wanted]
        np.testing.assert_allclose([one.score for one in found], [score for _, score in wanted], atol=2e-6)


def holding(folder, needle):
    """Files below `folder` that hold these bytes."""
    return [path for path in folder.rglob("*") if path.is_file() and needle in path.read_bytes()]


def opened(folder, model="model a", dimension=DIMENSION, **options):
    return Gallery(folder, model, dimension, **options)


def contents(gallery):
    """All that matters, without ids and times."""
    with gallery.database.read() as c:
        return sorted(c.execute(
            "SELECT p.name, f.sha256, f.file, f.original_name, f.box, f.landmarks, f.score, f.quality, f.reasons,"
            " f.masked, m.name, m.dimension, t.checksum, t.vector FROM people p JOIN photos f ON f.person_id = p.id"
            " JOIN templates t ON t.photo_id = f.id JOIN models m ON m.id = t.model").fetchall())


def service(place, impostor_tail, figures=None):
    """A FaceService whose model is a card alone: it knows how rare scores are, and is given vectors instead of photos."""
    folder = place / "weights" / "alpha"
    folder.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(b"weights")
    cards.write_card(folder, ModelCard("alpha", "onnx", "model.onnx", "", CropSpec("box", 32), "RGB", (0, 0, 0), (1, 1, 1), DIMENSION,
                                       "ours", "here", impostor_tail=impostor_tail, figures=figures or {}))
    return FaceService(Settings(gallery=place / "gallery", weights=place / "weights"))

"""Parts of the service that need no model: who a portrait is about, thresholds, which model is in use, JSON answers."""

import json

import numpy as np
import pytest

from facegui import cards
from facegui.config import Settings
from facegui.gallery import Gallery
from facegui.service import FaceService, answers, models
from facegui.service.sight import Seen, scaled, subject
from facegui.types import (Candidate, CropSpec, Face, FaceguiError, Identification, ModelCard, ModelError, Probe, Quality,
                           Recognition)


def seen(x, y, side):
    points = np.full((5, 2), x, np.float32)
    return Seen(Face((x, y, x + side, y + side), points, 0.99), Quality(1.0), False, np.zeros((8, 8, 3), np.uint8))


def card(model_id, tail=()):
    return ModelCard(model_id, "onnx", "model.onnx", "", CropSpec("box", 32), "RGB", (0, 0, 0), (1, 1, 1), 4, "ours", "here",
                     impostor_tail=tail)


def install(weights, *ids):
    for model_id in ids:
        (weights / model_id).mkdir(parents=True)
        (weights / model_id / "model.onnx").write_bytes(model_id.encode())
        cards.write_card(weights / model_id, card(model_id))


def test_a_portrait_is_about_its_one_large_face():
    middle, beside = seen(150, 150, 100), seen(0, 150, 100)
    assert subject([], 400, 400) is None
    assert subject([beside], 400, 400) is beside
    assert subject([beside, middle], 400, 400) is middle  # as large, but at the edge: (1 - 150 / 283)^2 < 1 / 3
    assert subject([seen(80, 150, 100), seen(220, 150, 100)], 400, 400) is None  # two people side by side
    assert subject([seen(80, 150, 100), seen(220, 180, 40)], 400, 400).face.box[2] == 180


def test_a_face_keeps_its_place_when_the_picture_is_scaled():
    face = Face((10.0, 20.0, 30.0, 60.0), np.arange(10, dtype=np.float32).reshape(5, 2), 0.9)
    there_and_back = scaled(scaled(face, 0.25), 4)
    assert there_and_back.box == face.box and scaled(face, 1) is face
    np.testing.assert_allclose(there_and_back.landmarks, face.landmarks, atol=1e-6)


def test_the_threshold_grows_with_the_gallery():
    tail = ((1e-2, 0.3), (1e-3, 0.4), (1e-4, 0.5))
    scores = [models.threshold(card("m", tail), templates).score for templates in (1, 10, 100)]
    assert scores == sorted(scores) and scores[0] == pytest.approx(0.3)
    for templates, score in zip((10, 100), scores[1:]):  # the promise, computed the long way
        fmr = 10 ** np.interp(score, [0.3, 0.4, 0.5], [-2, -3, -4])
        assert 1 - (1 - fmr) ** templates == pytest.approx(models.STRANGERS, rel=1e-3)
    assert models.verify_threshold(card("m", tail)).score == pytest.approx(0.4)
    assert models.threshold(card("m"), 5).score == models.UNCALIBRATED


def test_which_model_is_in_use(tmp_path):
    weights = tmp_path / "weights"
    settings = Settings(gallery=tmp_path / "gallery", weights=weights)
    with Gallery(settings.gallery) as gallery:
        with pytest.raises(ModelError, match="no model is installed"):
            models.chosen(gallery, settings)
        install(weights, "alpha")
        assert models.chosen(gallery, settings).id == "alpha"  # the only one
        install(weights, "beta")
        with pytest.raises(ModelError, match="several models are installed"):
            models.chosen(gallery, settings)
        install(weights, models.BUNDLED)
        assert models.chosen(gallery, settings).id == models.BUNDLED
        gallery.set_setting(models.SETTING, "beta")
        assert models.chosen(gallery, settings).id == "beta"
        flagged = Settings(gallery=settings.gallery, weights=weights, model="alpha")
        assert models.chosen(gallery, flagged).id == "alpha"
        gallery.set_setting(models.SETTING, "gone")
        with pytest.raises(ModelError, match="no model 'gone'"):
            models.chosen(gallery, settings)


def test_answers_are_plain_json():
    face = Face((1.26, 2.0, 3.0, 4.0), np.ones((5, 2), np.float32), np.float32(0.987654))
    probe = Probe(face, Quality(0.5, ("blurred",)), np.bool_(True), np.ones(4, np.float32))
    one = Identification(probe, None, np.float32(0.25), 0.5, (Candidate(1, "Ana", np.float32(0.25), 2),))
    told = json.loads(json.dumps(answers.recognition(Recognition("a.jpg", 10, 20, (one,), {"detect": 1.26}))))
    assert told == {"image": "a.jpg", "width": 10, "height": 20, "ms": {"detect": 1.3}, "faces": [{
        "box": [1.3, 2.0, 3.0, 4.0], "landmarks": [[1.0, 1.0]] * 5, "score": 0.9877,
        "quality": {"score": 0.5, "reasons": ["blurred"]}, "masked": True, "cover": "masked", "name": None,
        "match_score": 0.25, "threshold": 0.5, "candidates": [{"name": "Ana", "score": 0.25}]}]}


@pytest.mark.parametrize("flags", [{"long_side": "wide"}, {"long_side": "12"}, {"device": "tpu"}])
def test_settings_that_make_no_sense_are_refused(flags):
    with pytest.raises(FaceguiError):
        Settings.load(**flags)


def test_settings_flags_beat_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("FACEGUI_LONG_SIDE", "640")
    monkeypatch.setenv("FACEGUI_WEIGHTS", str(tmp_path))
    assert Settings.load().long_side == 640 and Settings.load().weights == tmp_path
    assert Settings.load(long_side=None).long_side == 640 and Settings.load(long_side="800").long_side == 800


def test_a_threshold_set_by_hand_stays_with_the_gallery(tmp_path):
    install(tmp_path / "weights", "alpha")
    settings = Settings(gallery=tmp_path / "gallery", weights=tmp_path / "weights")
    with FaceService(settings) as faces:
        assert faces.threshold() == models.UNCALIBRATED
        faces.gallery.set_setting(models.THRESHOLD, 0.71)
        assert faces.threshold() == 0.71
    with FaceService(settings) as faces:
        assert faces.threshold() == 0.71


def test_new_weights_under_an_old_id_hide_the_old_templates(tmp_path):
    weights = tmp_path / "weights"
    install(weights, "alpha")
    with FaceService(Settings(gallery=tmp_path / "gallery", weights=weights)) as faces:
        before = faces.gallery.model_id
        assert faces.gallery.model_id == before == faces.card.key
        (weights / "alpha" / "model.onnx").write_bytes(b"trained anew")
        cards.write_card(weights / "alpha", card("alpha"))
        assert faces.gallery.model_id == faces.card.key != before

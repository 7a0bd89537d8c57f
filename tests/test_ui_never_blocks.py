"""While a training works, a video is refused in a sentence and a photo is answered: one real page, one real training."""

import shutil

import films
import pytest
from served import ROOT, chromium, drawn_folders, open_tab, served, typed

from facegui import drawn, image

NAMES = list(drawn.CAST)[:4]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("busy")
    drawn_folders(place / "people", NAMES, 200)
    for model in ("compact", "cover"):
        shutil.copytree(ROOT / "weights" / model, place / "weights" / model)
    with chromium() as browser, served(place, "--demo", "--weights", str(place / "weights")) as server:
        yield browser, server, place


def opened(house, tab):
    page = house[0].new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(120_000)
    page.goto(house[1].url)
    open_tab(page, tab)
    return page


def steps(page):
    return int(page.locator("#fg-train-view [data-steps]").get_attribute("data-steps"))


def test_a_photo_is_answered_and_a_second_job_refused_while_a_training_works(house, tmp_path):
    film = films.people(tmp_path / "people.mp4")
    training = opened(house, "Train")
    typed(training.locator("#fg-train-folder").get_by_role("textbox"), str(house[2] / "people"))
    typed(training.locator("#fg-train-name").get_by_role("textbox"), "drawn")
    training.get_by_role("button", name="More").click()
    typed(training.get_by_label("Steps (0: chosen from the amount of data)"), "6000")
    training.click("#fg-train-go")
    training.wait_for_function("Number(document.querySelector('#fg-train-view [data-steps]')?.dataset.steps) > 0")

    video = opened(house, "Video")
    video.set_input_files("#fg-video-file input[type=file]", str(film))
    video.wait_for_selector("#fg-video-file .file-preview")
    video.click("#fg-video-go")
    told = video.wait_for_selector(".toast-body").inner_text()
    assert "is still running" in told and "cancel it" in told
    assert video.locator("#fg-video-view .fg-xray-row").count() == 0

    before = steps(training)
    probe = tmp_path / "probe.jpg"
    image.write(probe, drawn.person(drawn.CAST[NAMES[0]], light=0.2, view=3))
    photo = opened(house, "Recognize")
    photo.set_input_files("#fg-photo input[type=file]", str(probe))
    photo.wait_for_selector("#fg-result .fg-card")
    assert photo.locator("#fg-result .fg-card h4").all_inner_texts() == [NAMES[0]]
    photo.wait_for_selector("#fg-cancel")  # the training is still at work
    training.wait_for_function("before => Number(document.querySelector('#fg-train-view [data-steps]')?.dataset.steps) > before",
                              arg=before)

    photo.click("#fg-cancel")
    photo.wait_for_selector("#fg-job :text('Training stopped at step')")
    open_tab(video, "Video")
    video.set_input_files("#fg-video-file input[type=file]", str(film))
    video.wait_for_selector("#fg-video-file .file-preview")
    video.click("#fg-video-go")
    video.wait_for_selector("#fg-video-view .fg-xray-row")

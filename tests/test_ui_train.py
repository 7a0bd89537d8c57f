"""The Train tab in a real browser, with a real training on drawn people: cost, curve, pause, cancel, resume, end, promote,
roll back. One test: each step needs the one before."""

import re
import shutil

import pytest
from served import ROOT, chromium, drawn_folders, open_tab, served, typed

from facegui import drawn

NAMES = list(drawn.CAST)[:6]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("served")
    drawn_folders(place / "people", NAMES, 200)
    for model in ("compact", "cover"):
        shutil.copytree(ROOT / "weights" / model, place / "weights" / model)
    with chromium() as browser, served(place, "--demo", "--weights", str(place / "weights")) as page:
        yield browser, page, place


def opened(house):
    page = house[0].new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.set_default_timeout(120_000)
    page.goto(house[1].url)
    open_tab(page, "Train")
    return page


def step(page):
    return int(page.locator("#fg-train-view [data-steps]").get_attribute("data-steps"))


def grows(page, beyond):
    page.wait_for_function("beyond => Number(document.querySelector('#fg-train-view [data-steps]')?.dataset.steps) > beyond", arg=beyond)
    return step(page)


def test_train_watch_pause_cancel_resume_promote_and_roll_back(house):
    page = opened(house)
    typed(page.locator("#fg-train-folder").get_by_role("textbox"), str(house[2] / "people"))
    typed(page.locator("#fg-train-name").get_by_role("textbox"), "drawn")
    page.get_by_role("button", name="More").click()
    typed(page.get_by_label("Steps (0: chosen from the amount of data)"), "6000")
    page.click("#fg-train-check")
    page.wait_for_selector("#fg-train-plan :text('24 photos of 6 people: about')")
    assert page.locator("#fg-train-plan th", has_text="6,000 steps of 32 faces").count() == 1
    page.click("#fg-train-go")
    first = grows(page, 0)
    batch = page.locator("#fg-train-examples img")
    assert batch.get_attribute("src").startswith("data:image/jpeg") and "16 faces of 128 px" in batch.get_attribute("alt")
    page.context.close()  # a closed browser does not stop it

    page = opened(house)
    now = grows(page, first)
    page.click("#fg-train-pause")
    page.wait_for_selector("#fg-train-view :text('Paused.')")
    page.wait_for_selector("#fg-job :text('the machine is free')")  # said by the training itself, once it stands still
    held, before = step(page), None
    while held != before:  # the last curve before that is still to be drawn
        page.wait_for_timeout(5000)
        before, held = held, step(page)
    assert held >= now
    page.wait_for_timeout(2500)
    assert step(page) == held
    page.click("#fg-train-pause")
    grows(page, held)
    line = page.locator("#fg-train-view polyline").first.get_attribute("points")
    page.click("#fg-cancel")
    page.wait_for_selector("#fg-job :text('Training stopped at step')")
    stopped = int(re.search(r"step (\d+) of 6000", page.locator("#fg-job").inner_text())[1])
    page.wait_for_function("document.querySelector('#fg-train-which input')?.value === 'drawn'")
    page.click("#fg-train-resume")
    assert grows(page, stopped) > stopped and page.locator("#fg-train-view polyline").first.get_attribute("points") != line

    page.wait_for_selector("#fg-train-result :text('drawn is trained.')")
    heads = page.locator("#fg-train-result .fg-table td").all_inner_texts()[:2]
    assert heads == ["compact", "drawn"] and page.locator("#fg-train-result .ev h3").count() == 3
    assert page.locator("#fg-train-result [data-histogram]").count() == 6, "bare and masked, old and new"
    figure = page.locator("#fg-train-result [data-histogram]").first
    told = figure.locator(".ev-told").inner_text()
    figure.locator("input").focus()
    page.keyboard.press("End")
    assert figure.locator(".ev-told").inner_text() != told

    page.click("#fg-train-promote")
    page.wait_for_selector("#fg-job :text('drawn is in use now; 33 templates were made')")
    page.wait_for_selector("#fg-train-promote", state="hidden")
    page.click("#fg-train-back")
    page.wait_for_selector("#fg-job :text('compact is in use now; 0 templates were made')")
    page.wait_for_selector("#fg-train-promote")
    page.context.close()

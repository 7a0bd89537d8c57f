"""The Evaluate tab in a real browser on the demo gallery: measure, drag the threshold, save the report."""

import json
import re
import shutil

import numpy as np
import pytest
from served import chromium, drawn_folders, open_tab, served, typed

from facegui import drawn

NAMES = list(drawn.CAST)[:4]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("served")
    drawn_folders(place / "people", NAMES, 240, masked={3})
    with chromium() as browser, served(place, "--demo") as page:
        yield browser, page, place / "people"


@pytest.fixture
def page(house):
    browser, server, _ = house
    context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(server.url)
    open_tab(page, "Evaluate")
    yield page
    context.close()


def measured(page, command):
    """Once the report that names the command stands there: an earlier one may have stood before."""
    page.click("#fg-evaluate-go")
    page.wait_for_selector(f"#fg-evaluate-view :text('{command}')")
    page.wait_for_selector("#fg-job :text('The measurement is done')")
    page.wait_for_selector("#fg-evaluate-view .ev-figure")


def test_the_gallery_is_measured_and_the_threshold_dragged(page):
    measured(page, "evaluate gallery")
    figure = page.locator("#fg-evaluate-view [data-histogram]").first
    data = json.loads(figure.get_attribute("data-histogram"))
    assert data["names"] == ["FNIR", "FPIR"] and data["mated"] == data["nonmated"] == 33  # eleven people, three photos each
    slider, told = figure.locator("input"), figure.locator(".ev-told")

    def said():
        """(threshold's cell, FPIR count, FNIR count) as the page shows them."""
        counts = [int(count) for count in re.findall(r"\((\d+) of 33\)", told.inner_text())]
        return int(slider.input_value()), *counts

    def right(cell):
        return cell, data["accepted"][cell], data["missed"][cell]

    start = said()
    assert start == right(start[0]) and 0 < start[0] < 200
    slider.focus()
    for _ in range(12):
        page.keyboard.press("ArrowLeft")
    assert said() == right(start[0] - 12)
    figure.scroll_into_view_if_needed()
    box = figure.locator("svg").bounding_box()
    line = figure.locator(".ev-threshold circle").bounding_box()
    x, y = line["x"] + line["width"] / 2, line["y"] + line["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - box["width"] / 4, y + 20, steps=5)
    page.mouse.up()
    after = said()
    assert after == right(after[0]) and after[0] < start[0] - 40 and after[1] > start[1]
    page.mouse.move(x, y)
    assert said() == after, "the line stays where it was let go"


def test_the_report_is_saved_as_one_file(page, house, tmp_path):
    page.get_by_label("A folder of people", exact=True).check()
    typed(page.locator("#fg-evaluate-place").get_by_role("textbox"), str(house[2]))
    measured(page, f"evaluate folder {house[2]}")
    page.wait_for_selector("#fg-evaluate-view h3:text('most like'), #fg-evaluate-view h3:text('Not enrolled')")
    assert page.locator("#fg-evaluate-view .ev-lines li", has_text="4 people with two photos or more").count() == 1
    with page.expect_download() as loading:
        page.click("#fg-evaluate-save")
    loading.value.save_as(tmp_path / "report.html")
    text = (tmp_path / "report.html").read_text()
    assert not re.findall(r"""(?:src|href)=["'](?!data:)""", text) and "@import" not in text and "url(" not in text
    assert f"evaluate folder {house[2]}" in text
    alone = page.context.new_page()
    asked = []
    alone.on("request", lambda request: asked.append(request.url))
    alone.set_viewport_size({"width": 400, "height": 800})
    alone.goto((tmp_path / "report.html").as_uri())
    assert len([one for one in asked if not one.startswith("data:")]) == 1
    assert alone.evaluate("document.documentElement.scrollWidth") == 400
    pictures = alone.locator(".ev-mistakes img")
    assert pictures.count() and pictures.first.evaluate("one => one.complete && one.naturalWidth") == 112
    slider = alone.locator("[data-histogram] input").first
    before = alone.locator(".ev-told").first.inner_text()
    slider.fill("3")
    assert alone.locator(".ev-told").first.inner_text() != before


def test_a_folder_in_the_layout_of_lfw_is_measured(page, house, tmp_path):
    images, (one, *others) = tmp_path / "lfw" / "images", [name.replace(" ", "_") for name in NAMES]
    for name in NAMES:
        folder = images / name.replace(" ", "_")
        folder.mkdir(parents=True)
        for number in range(4):
            shutil.copy(house[2] / name / f"{number}.jpg", folder / f"{folder.name}_{number + 1:04}.jpg")
    lines = [f"{name}\t{first}\t{second}" for name in (one, *others) for first, second in ((1, 2), (1, 3), (2, 3))]
    lines += [f"{one}\t{number}\t{other}\t{number}" for number, other in enumerate(others, 1)]
    (images.parent / "pairs.txt").write_text("\n".join(lines))
    page.get_by_label("LFW itself (Labeled Faces in the Wild)").check()
    page.wait_for_selector("#fg-evaluate-place :text('It holds pairs.txt')")
    place = page.locator("#fg-evaluate-place").get_by_role("textbox")
    typed(place, str(images))
    page.click("#fg-evaluate-go")
    page.wait_for_selector("#fg-job :text('holds no pairs.txt')")
    place.fill(str(images.parent))
    measured(page, f"evaluate lfw {images.parent}")
    text = page.locator("#fg-evaluate-view").inner_text()
    assert "impostor pairs (3)" in text
    assert text.count("genuine pairs (12)") == 2 and "impostor pairs (54)" in text, "three photos of four people with each other one"


def test_a_wrong_place_is_a_sentence(page, tmp_path):
    page.get_by_label("A folder of people", exact=True).check()
    page.click("#fg-evaluate-go")
    page.wait_for_selector(":text('Type the folder of the photos first')")
    typed(page.locator("#fg-evaluate-place").get_by_role("textbox"), str(tmp_path / "nowhere"))
    page.click("#fg-evaluate-go")
    page.wait_for_selector("#fg-job :text('is not a folder')")
    assert np.isclose(page.evaluate("document.documentElement.scrollWidth - innerWidth"), 0)


def test_folders_of_this_machine_are_measured_for_a_local_page_alone(tmp_path):
    from facegui.config import Settings
    from facegui.service import FaceService
    from facegui.ui.access import Access
    from facegui.ui.app import build
    from facegui.ui.options import Login

    (tmp_path / "people").mkdir()
    with FaceService(Settings(gallery=tmp_path / "gallery")) as service:
        for access, told in ((Access(local=False), "not shared"), (Access(Login("ana", "x", False)), "Only the owner")):
            page = build(service, access)
            measure = next(one.fn for one in page.fns.values() if getattr(one.fn, "__name__", "") == "measure")
            with pytest.warns(UserWarning, match=told):
                measure("folder", str(tmp_path / "people"), "", None, None)
            assert service.jobs.current() is None
        measure = next(one.fn for one in build(service, Access(local=False)).fns.values() if one.fn.__name__ == "measure")
        measure("gallery", "", "", None, None)
        assert "enroll at least two people" in service.jobs.wait(60).error


def test_forgetting_somebody_takes_the_measurement_with_their_photos_along(page, house):
    def reports():
        return {file.parent.name.split("-")[0] for file in house[2].parent.rglob("facegui-*.html")}

    page.get_by_label("My own gallery").check()
    measured(page, "evaluate gallery")
    page.wait_for_selector("#fg-evaluate-save")
    with page.expect_download() as download:
        page.click("#fg-evaluate-save")
    assert download.value.path() and "report" in reports() and len(reports()) > 1, "Gradio hands out a copy"
    open_tab(page, "Gallery")
    page.locator("#fg-people [data-person]").first.click()
    page.wait_for_selector("#fg-photos figure")
    page.locator("#fg-forget-sure").get_by_role("checkbox").check()
    page.click("#fg-forget")
    page.wait_for_selector("#fg-farewell :text('result that showed them')")
    assert not reports()
    open_tab(page, "Evaluate")
    page.wait_for_selector("#fg-evaluate-view :text('Nothing is measured yet')")
    page.wait_for_selector("#fg-evaluate-save", state="hidden")

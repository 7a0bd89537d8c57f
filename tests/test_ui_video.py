"""The Video tab in a real browser: upload, timeline, jumps, downloads, cancel, and who may."""

import base64
import json
import urllib.parse

import films
import pytest
from served import chromium, fits, open_tab, served

from facegui.service import demo

SLOW_MS = 120_000
PLAYER = "document.querySelector('#fg-video-view video')"


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("video")
    with chromium() as browser, served(place, "--demo") as server:
        yield browser, server, place


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    return films.people(tmp_path_factory.mktemp("film") / "people.mp4")


@pytest.fixture
def page(house):
    browser, server, _ = house
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(SLOW_MS)
    page.goto(server.url)
    open_tab(page, "Video")
    yield page
    page.close()


def files(place):
    return [path for path in place.rglob("*") if path.is_file() and any(part.startswith("video-") for part in path.parts)]


def upload(page, path):
    page.set_input_files("#fg-video-file input[type=file]", str(path))
    page.wait_for_selector("#fg-video-file .file-preview")
    page.click("#fg-video-go")


def test_upload_timeline_jump_and_downloads(house, page, film, tmp_path):
    place = house[2]
    upload(page, film)
    page.wait_for_selector("#fg-video-view .fg-xray-row")
    page.wait_for_function(f"{PLAYER}.readyState >= 2 && {PLAYER}.duration > 6 && !{PLAYER}.error")
    rows = page.locator(".fg-xray-row")
    assert rows.locator(".fg-xray-name b").all_inner_texts() == [films.KNOWN, "unknown #1"]
    assert rows.nth(0).locator(".fg-xray-line button").count() == 2
    bar = rows.nth(0).locator(".fg-xray-line button").nth(1)
    bar.click()
    wanted = float(bar.get_attribute("data-jump"))
    assert abs(wanted - films.PARTS[2].start_s) <= 0.2
    assert abs(page.evaluate(f"{PLAYER}.currentTime") - wanted) < 0.01
    page.wait_for_function("names => [...document.querySelectorAll('.fg-now b')].map(one => one.textContent).join() === names",
                           arg=f"{films.KNOWN},unknown #1")
    bar = rows.nth(1).locator(".fg-xray-line button").first
    bar.focus()
    page.keyboard.press("Enter")  # reachable without a mouse
    wanted = float(bar.get_attribute("data-jump"))
    page.wait_for_function(f"wanted => Math.abs({PLAYER}.currentTime - wanted) < 0.01", arg=wanted)
    page.evaluate(f"{PLAYER}.currentTime = 6.4")
    page.wait_for_function("document.querySelectorAll('.fg-now').length === 0")
    assert page.locator(".fg-video-now").inner_text() == "Nobody on screen"

    links = page.locator("#fg-video-view .fg-foot a")
    saved = {one.split(",")[0]: urllib.parse.unquote(one.split(",", 1)[1]) for one in
             links.evaluate_all("all => all.map(one => one.getAttribute('href'))") if one.startswith("data:")}
    told = json.loads(saved["data:application/json;charset=utf-8"])
    assert [one["label"] for one in told["people"]] == [films.KNOWN, "unknown #1"] and told["video"] == film.name
    assert base64.b64decode(told["people"][0]["best"]["thumbnail"].split(",")[1])[:2] == b"\xff\xd8"
    assert saved["data:text/vtt;charset=utf-8"].startswith("WEBVTT") and films.KNOWN in saved["data:text/csv;charset=utf-8"]
    with page.expect_download() as loading:
        links.first.click()
    assert loading.value.suggested_filename == "people-names.webm"

    assert [path.suffix for path in files(place)] == [".webm"] and not list(place.rglob(film.name)), "the upload is gone"
    again = house[0].new_page()
    again.set_default_timeout(SLOW_MS)
    again.goto(house[1].url)
    open_tab(again, "Video")
    again.wait_for_selector("#fg-video-view .fg-xray-row")  # the result outlives the page that asked for it
    again.close()


def test_the_sample_replaces_the_result_and_the_job_is_seen_everywhere(house, page):
    page.click("#fg-video-sample")
    page.wait_for_selector("#fg-job .fg-progress")
    open_tab(page, "Gallery")
    assert "drawn people" in page.locator("#fg-job").inner_text()
    page.wait_for_selector("#fg-job .fg-good :text('see Recognize, Video')")
    open_tab(page, "Video")
    page.wait_for_selector("#fg-video-view h3:has-text('drawn people')")
    names = page.locator(".fg-xray-name b").all_inner_texts()
    assert names == [next(iter(demo.drawn.CAST)), "unknown #1"]
    assert len(files(house[2])) == 1


def test_cancel_leaves_the_last_result(house, page, film):
    before = files(house[2])
    upload(page, film)
    page.click("#fg-cancel")
    page.wait_for_selector("#fg-job .fg-warn")
    assert files(house[2]) == before


def test_what_is_no_video_is_a_sentence(house, page, tmp_path):
    (tmp_path / "letter.mp4").write_bytes(b"Dear Ana, this is no film. " * 50)
    upload(page, tmp_path / "letter.mp4")
    page.wait_for_selector(".toast-body :text('not a video')")
    page.wait_for_selector("#fg-video-file .file-preview", state="detached")
    assert not list(house[2].rglob("letter*"))


def test_the_tab_fits_a_phone(page):
    page.wait_for_selector("#fg-video-view .fg-xray-row")
    page.set_viewport_size({"width": 400, "height": 800})
    fits(page, 400)


def test_a_guest_sees_a_sentence(house, tmp_path):
    browser = house[0]
    words = ["--gallery", str(tmp_path / "gallery"), "--auth", "ana:bright-sky", "--guest", "guest:long-road"]
    with served(tmp_path, *words) as server:
        for user, password, allowed in (("guest", "long-road", False), ("ana", "bright-sky", True)):
            context = browser.new_context()
            page = context.new_page()
            page.set_default_timeout(SLOW_MS)
            page.goto(server.url)
            page.get_by_label("username").fill(user)
            page.get_by_label("password").fill(password)
            page.get_by_role("button", name="Login").click()
            open_tab(page, "Video")
            sentence, field = page.get_by_text("Videos are for the owner"), page.locator("#fg-video-file")
            (field if allowed else sentence).wait_for()
            (sentence if allowed else field).wait_for(state="hidden")
            context.close()

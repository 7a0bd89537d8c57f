"""Live recognition in a real browser whose camera plays drawn people."""

import time
from contextlib import ExitStack

import camera
import pytest
from served import chromium, fits, open_tab, served, slow, visit

from facegui import drawn, image
from facegui.service import demo

KNOWN = list(drawn.CAST)[1]
STRANGER = drawn.STRANGERS[demo.STRANGER]
FPS, SECONDS = 5, 4  # of each person


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("live")
    shown = [drawn.person(drawn.CAST[KNOWN], view=3), drawn.person(drawn.CAST[KNOWN], mask=True, view=4),
             drawn.person(STRANGER, view=3)]
    frames = [camera.scene(person, shift=4 * (number % 2)) for person in shown for number in range(FPS * SECONDS)]
    film = camera.write(place / "people.y4m", frames, FPS)
    with chromium(*camera.flags(film)) as browser, served(place, "--demo") as server:
        yield browser, server, place


@pytest.fixture
def watch(house):
    """watch(width) opens a page with the camera running."""
    with ExitStack() as pages:
        def watch(width=1280):
            page = pages.enter_context(visit(*house[:2], width, permissions=["camera"]))
            open_tab(page, "Live")
            page.click(".fg-live-start")
            page.wait_for_function("document.querySelector('.fg-live-numbers').dataset.rate")
            return page
        yield watch


def wait_for(page, names):
    page.wait_for_function("names => document.querySelector('.fg-live-boxes').dataset.names === names", arg=names)


def files(place):
    return {path: path.stat().st_mtime_ns for path in place.rglob("*") if path.is_file() and "gallery" not in path.parts}


def test_names_over_the_video_masked_too_and_nothing_on_disk(house, watch):
    _, server, place = house
    page = watch()
    before = files(place)
    told, end = [], time.monotonic() + 90
    while not any("wears a mask" in one and KNOWN in one for one in told) and time.monotonic() < end:
        wait_for(page, KNOWN)
        told.append(camera.card(page))  # the next person may be there already
    assert any("wears a mask" in one and KNOWN in one for one in told), told
    wait_for(page, "unknown")
    assert files(place) == before, "no file appears while the camera runs"

    image.write(place / "new.jpg", drawn.person(STRANGER, view=1))
    from gradio_client import Client, handle_file
    Client(server.url, verbose=False).predict("Newcomer", [handle_file(place / "new.jpg")], False, api_name="/enroll")
    wait_for(page, "Newcomer")
    page.click(".fg-live-start")
    page.wait_for_function("document.querySelector('.fg-live-boxes').dataset.names === ''")
    assert page.locator(".fg-live-start").inner_text() == "Start the camera"


def test_two_viewers_both_get_answers_on_a_phone_too(watch):
    pages = [watch(), watch(400)]
    for page in pages:
        page.bring_to_front()
        wait_for(page, KNOWN)
    fits(pages[1], 400)


def test_a_card_that_comes_after_the_camera_went_off_is_not_shown(watch):
    page = watch()
    wait_for(page, KNOWN)
    slow(page, latency_ms=1000)
    with page.expect_response(lambda one: '"live_card"' in (one.request.post_data or "")):
        with page.expect_request(lambda one: '"live_card"' in (one.post_data or "")):
            page.evaluate("""() => {
                const boxes = document.querySelector('.fg-live-boxes'), at = boxes.getBoundingClientRect();
                const ask = setInterval(() => boxes.dispatchEvent(new MouseEvent('click', {bubbles: true,
                    clientX: at.x + at.width / 2, clientY: at.y + at.height / 2})), 100);
                const fetched = window.fetch;
                window.fetch = (...given) => {
                    if (String(given[1]?.body).includes('"live_card"')) {
                        clearInterval(ask);
                        setTimeout(() => document.querySelector('.fg-live-start').click(), 100);
                    }
                    return fetched(...given); };
            }""")
    page.wait_for_function("document.querySelector('.fg-live-boxes').dataset.names === ''")
    page.wait_for_timeout(1000)
    assert page.locator(camera.CARD).count() == 0


def test_without_a_camera_there_is_an_explanation(house):
    script = "Object.defineProperty(navigator, 'mediaDevices', {value: undefined})"
    with visit(*house[:2], first=lambda page: page.add_init_script(script)) as page:
        open_tab(page, "Live")
        page.click(".fg-live-start")
        page.wait_for_selector(".fg-live-note:has-text('plain http')")

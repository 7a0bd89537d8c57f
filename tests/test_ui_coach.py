"""The coach in a real browser whose camera plays a drawn person turning the head: pictures take themselves."""

import camera
import pytest
from served import chromium, fits, open_tab, served, slow_tray

from facegui import drawn, image
from facegui.service import demo

SEED = drawn.CAST[demo.NEWCOMER]
FPS, SECONDS = 5, 3  # of each pose
POSES = {"front": 0.0, "left": 0.75, "right": -0.75}  # the person's left is the picture's right
LOOK = {"light": 0.2, "yaw": 0.1, "view": 3}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("coach")
    shown = [drawn.person(SEED, size=480, yaw=yaw, view=1) for yaw in POSES.values()]
    frames = [camera.scene(person) for person in shown for _ in range(FPS * SECONDS)]
    film = camera.write(place / "turning.y4m", frames, FPS)
    with chromium(*camera.flags(film)) as browser, served(place, "--demo") as server:
        yield browser, server, place


@pytest.fixture
def page(house):
    browser, server, _ = house
    context = browser.new_context(viewport={"width": 1280, "height": 1000}, permissions=["camera"])
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(server.url)
    open_tab(page, "Enroll")
    yield page
    context.close()


def files(place):
    return {path: path.stat().st_mtime_ns for path in place.rglob("*") if path.is_file() and "gallery" not in path.parts}


def test_pictures_take_themselves_and_the_person_is_recognised(house, page):
    _, server, place = house
    page.click("#fg-enroll-camera button")
    page.wait_for_selector(".fg-coach-start")
    before, kept = files(place), set((place.rglob("photos/??/*")))
    page.click(".fg-coach-start")
    page.wait_for_selector(".fg-coach-light[data-light=green]")
    page.wait_for_function("document.querySelectorAll('.fg-coach-steps .fg-done').length === 3")
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 3")
    page.wait_for_selector(".fg-coach-text:text('That is all')")
    page.wait_for_selector(".fg-coach-start:text('Start the camera')")  # it is off when all is done
    assert set(page.locator("#fg-tray img").evaluate_all("all => all.map(one => one.alt)")) == \
        {"camera-front.jpg", "camera-left.jpg", "camera-right.jpg"}
    assert files(place) == before and set(place.rglob("photos/??/*")) == kept, "nothing touches the disk before Enroll"

    page.locator("#fg-enroll-name").get_by_role("textbox").fill(demo.NEWCOMER)
    page.locator("#fg-enroll-consent").get_by_role("textbox").fill("said yes <b>today</b>")
    page.click("#fg-enroll-go")
    page.wait_for_selector(f"#fg-enroll-report :text('{demo.NEWCOMER} is enrolled.')")
    assert page.locator("#fg-enroll-report .fg-outcomes .fg-chip").all_inner_texts() == ["accepted"] * 3
    assert len(set(place.rglob("photos/??/*")) - kept) == 3

    from gradio_client import Client, handle_file
    for number, mask in enumerate((False, True)):
        image.write(place / f"probe{number}.jpg", drawn.person(SEED, mask=mask, **LOOK))
        (face,) = Client(server.url, verbose=False).predict(handle_file(place / f"probe{number}.jpg"), api_name="/identify")["faces"]
        assert face["name"] == demo.NEWCOMER
    open_tab(page, "Gallery")
    page.click(f"#fg-people [data-person='{demo.NEWCOMER}']")
    page.wait_for_selector("#fg-photos :text('said yes <b>today</b>')")


def test_somebody_who_is_enrolled_already_is_asked_about(page, tmp_path):
    known = list(drawn.CAST)[0]
    image.write(tmp_path / "one.jpg", drawn.person(drawn.CAST[known], **LOOK))
    page.locator("#fg-enroll-name").get_by_role("textbox").fill("Another Name")
    page.set_input_files("#fg-enroll-files input[type=file]", str(tmp_path / "one.jpg"))
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 1")
    page.click("#fg-enroll-go")
    page.wait_for_selector("#fg-enroll-report :text('Is Another Name somebody who is enrolled already?')")
    assert page.locator("#fg-enroll-report .fg-alike li").first.locator("img").count() == 2
    assert page.locator("#fg-tray img").count() == 1, "nothing is lost while the question is open"
    page.click(f"#fg-enroll-report [data-into='{known}']")
    page.wait_for_selector(f"#fg-enroll-report :text('{known} is enrolled.')")
    open_tab(page, "Gallery")
    page.wait_for_selector(f"#fg-people [data-person='{known}'] :text('4 photos')")
    assert page.locator("#fg-people [data-person='Another Name']").count() == 0

    open_tab(page, "Enroll")
    image.write(tmp_path / "two.jpg", drawn.person(drawn.CAST[known], light=-0.3, view=5))
    page.locator("#fg-enroll-name").get_by_role("textbox").fill("A Twin")
    page.set_input_files("#fg-enroll-files input[type=file]", str(tmp_path / "two.jpg"))
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 1")
    page.click("#fg-enroll-go")
    page.wait_for_selector("#fg-enroll-report [data-different]")
    image.write(tmp_path / "three.jpg", drawn.person(SEED + 1, view=2))
    page.set_input_files("#fg-enroll-files input[type=file]", str(tmp_path / "three.jpg"))
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 2")
    page.click("#fg-enroll-report [data-different]")
    page.wait_for_selector("#fg-enroll-report :text('Photos were added since this was asked; press Enroll again')")
    assert page.locator("#fg-tray img").count() == 2, "nothing is half done, and nothing is lost"
    page.locator("#fg-tray [data-remove]").nth(1).click()
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 1")
    page.click("#fg-enroll-go")
    page.click("#fg-enroll-report [data-different]")
    page.wait_for_selector("#fg-enroll-report :text('A Twin is enrolled.')")


def test_without_a_camera_there_is_an_explanation_and_a_phone_has_room(house):
    browser, server, _ = house
    page = browser.new_page(viewport={"width": 400, "height": 800})
    page.set_default_timeout(90_000)
    page.add_init_script("Object.defineProperty(navigator, 'mediaDevices', {value: undefined})")
    page.goto(server.url)
    open_tab(page, "Enroll")
    page.click("#fg-enroll-camera button")
    page.click(".fg-coach-start")
    page.wait_for_selector(".fg-coach-text:has-text('plain http')")
    fits(page, 400)
    page.close()


def test_no_picture_is_left_behind_where_the_connection_is_slow(page, tmp_path):
    """The others are taken while the tray, which is full of thumbnails, is still being sent with the first."""
    slow_tray(page, tmp_path, seconds=7)
    page.click("#fg-enroll-camera button")
    page.click(".fg-coach-start")
    page.wait_for_selector(".fg-coach-text:text('That is all')")
    for pose in POSES:
        page.wait_for_selector(f"#fg-tray img[alt='camera-{pose}.jpg']")

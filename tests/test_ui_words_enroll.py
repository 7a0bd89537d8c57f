"""From opening the page to "recognised" in Portuguese and in Russian: the camera's coach, an upload, a photo, and no English on the way."""

import camera
import pytest
from served import chromium, served
from spoken import TABS, english, go, opened, texts

from facegui import drawn, image
from facegui.service import demo

SEED = drawn.CAST[demo.NEWCOMER]
FPS, SECONDS = 5, 3  # of each pose
SAID = {"pt-BR": {"camera": "Ou fique diante da câmera", "complete": "Pronto: digite o nome", "accepted": "aceita",
                  "enrolled": "já está na galeria",
                  "mask": "usa máscara"},
        "ru-RU": {"camera": "Или сядьте перед камерой", "complete": "Готово: введите имя", "accepted": "принято",
                  "enrolled": "теперь в галерее",
                  "mask": "в маске"}}


@pytest.fixture(scope="module", params=list(TABS))
def page(request, tmp_path_factory):
    place = tmp_path_factory.mktemp("spoken")
    shown = [drawn.person(SEED, size=480, yaw=yaw, view=1) for yaw in (0.0, 0.75, -0.75)]
    film = camera.write(place / "turning.y4m", [camera.scene(person) for person in shown for _ in range(FPS * SECONDS)], FPS)
    with chromium(*camera.flags(film)) as browser, served(place, "--demo") as server, opened(browser, server, request.param) as page:
        page.set_default_timeout(60_000)
        page.place, page.said = place, SAID[request.param]
        yield page


def look(page, step):
    assert english(page) == [], step


def test_a_person_is_enrolled_at_the_camera_and_recognised(page):
    look(page, "opening")
    go(page, "enroll")
    page.click("#fg-enroll-camera button")
    assert page.said["camera"] in texts(page)
    page.click(".fg-coach-start")
    page.wait_for_function("document.querySelector('.fg-coach-light').dataset.light")
    look(page, "the coach")
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 3")
    page.wait_for_selector(f".fg-coach-text:text('{page.said['complete']}')")
    look(page, "the coach is done")
    page.locator("#fg-enroll-name").get_by_role("textbox").fill(demo.NEWCOMER)
    page.click("#fg-enroll-go")
    page.wait_for_selector(f"#fg-enroll-report strong:text('{demo.NEWCOMER} {page.said['enrolled']}')")
    assert page.locator("#fg-enroll-report .fg-outcomes .fg-chip").all_inner_texts() == [page.said["accepted"]] * 3
    look(page, "enrolled")

    go(page, "photo")
    image.write(page.place / "masked.jpg", drawn.person(SEED, mask=True, light=0.2, yaw=0.1, view=3))
    page.set_input_files("#fg-photo input[type=file]", str(page.place / "masked.jpg"))
    page.wait_for_selector(f"#fg-result .fg-card h4:text-is('{demo.NEWCOMER}')")
    assert page.said["mask"] in texts(page)
    page.locator("#fg-result .fg-others summary").first.click()
    look(page, "recognised")
    go(page, "gallery")
    page.click(f"#fg-people [data-person='{demo.NEWCOMER}']")
    page.wait_for_selector("#fg-photos figure")
    look(page, "the person's page")


def test_an_upload_that_is_refused_asked_about_and_enrolled_says_so(page):
    go(page, "enroll")
    known = list(drawn.CAST)[0]
    image.write(page.place / "wall.jpg", drawn.person(SEED)[:40, :40].repeat(8, 0).repeat(8, 1))
    image.write(page.place / "known.jpg", drawn.person(drawn.CAST[known], light=0.2, yaw=0.1, view=3))
    page.locator("#fg-enroll-name").get_by_role("textbox").fill("Zé 2")
    page.set_input_files("#fg-enroll-files input[type=file]", str(page.place / "wall.jpg"))
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 1")
    look(page, "waiting")
    page.click("#fg-enroll-go")
    page.wait_for_function("document.querySelectorAll('#fg-enroll-report .fg-outcomes li').length === 1")  # earlier: three
    look(page, "refused")
    page.click("#fg-tray [data-remove]")
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 0")
    page.set_input_files("#fg-enroll-files input[type=file]", str(page.place / "known.jpg"))
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 1")
    page.click("#fg-enroll-go")
    page.wait_for_selector("#fg-enroll-report .fg-alike li")
    look(page, "asked about")
    page.click("#fg-enroll-report [data-different]")
    page.wait_for_selector(f"#fg-enroll-report strong:text('Zé 2 {page.said['enrolled']}')")
    look(page, "enrolled")

"""Pictures of enrolling and of doubts for docs/screenshots: `PYTHONPATH=. python tests/screenshots_enroll.py`."""

import tempfile
from pathlib import Path

import camera
from screenshots import shoot
from served import chromium, open_tab, served

from facegui import drawn, image
from facegui.service import demo

SEED, (ONE, TWO) = drawn.CAST[demo.NEWCOMER], list(drawn.CAST)[:2]
TURNS = (0.0, 0.75, -0.75)  # front, then to the person's left and right


def plant(server, place):
    """ONE under a second name, and a photo of TWO with the wrong person."""
    from gradio_client import Client, handle_file
    for name, seed, views in (("Anna L.", drawn.CAST[ONE], (3, 4)), ("Grace Oduya", drawn.CAST[TWO], (5,))):
        for view in views:
            image.write(place / f"{view}.jpg", drawn.person(seed, view=view))
        Client(server.url, verbose=False).predict(name, [handle_file(place / f"{view}.jpg") for view in views], False, api_name="/enroll")


def tour(page, place, name):
    open_tab(page, "Enroll")
    page.click("#fg-enroll-camera button")
    page.click(".fg-coach-start")
    page.wait_for_function("document.querySelectorAll('.fg-coach-steps .fg-done').length === 2")
    page.locator("#fg-enroll-camera").scroll_into_view_if_needed()
    shoot(page, "coach" + name)
    page.wait_for_selector(".fg-coach-start:text('Start the camera')")
    page.reload()
    open_tab(page, "Enroll")
    image.write(place / "again.jpg", drawn.person(drawn.CAST[ONE], view=7))
    page.locator("#fg-enroll-name").get_by_role("textbox").fill("A. Lima")
    page.set_input_files("#fg-enroll-files input[type=file]", str(place / "again.jpg"))
    page.wait_for_selector("#fg-tray img")
    page.click("#fg-enroll-go")
    page.locator("#fg-enroll-report .fg-alike").first.scroll_into_view_if_needed()
    shoot(page, "alike" + name)
    open_tab(page, "Gallery")
    page.wait_for_selector("#fg-people [data-person]")
    page.click("#fg-doubts > button")
    page.click("#fg-doubts-look")
    page.wait_for_selector("#fg-doubts-found .fg-doubt")
    page.locator("#fg-doubts").evaluate("one => one.scrollIntoView({block: 'start'})")
    shoot(page, "doubts" + name)


def main():
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        frames = [camera.scene(drawn.person(SEED, size=480, yaw=yaw, view=1)) for yaw in TURNS for _ in range(15)]
        film = camera.write(place / "turning.y4m", frames, 5)
        with chromium(*camera.flags(film)) as browser, served(place, "--demo") as server:
            plant(server, place)
            for name, width in (("", 1280), ("-400", 400)):
                page = browser.new_page(viewport={"width": width, "height": 860})
                page.set_default_timeout(90_000)
                page.goto(server.url)
                tour(page, place, name)
                page.close()


if __name__ == "__main__":
    main()

"""Make the pictures of docs/screenshots anew from the demo gallery: `PYTHONPATH=. python tests/screenshots.py`."""

import io
import shutil
import sys
import tempfile
from pathlib import Path

import camera
from PIL import Image
from served import ROOT, chromium, open_tab, served

from facegui import drawn
from facegui.service import demo

OUT = ROOT / "docs" / "screenshots"
KNOWN = list(drawn.CAST)[1]


def shoot(page, name):
    """The page as it stands, with few colours: a screenshot needs no more, and stays small."""
    page.wait_for_timeout(700)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    OUT.mkdir(parents=True, exist_ok=True)
    picture.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE).save(OUT / f"{name}.png", optimize=True)
    print(OUT / f"{name}.png")


def recognise(page):
    open_tab(page, "Recognize")
    page.click("[data-sample='a group']")
    page.wait_for_selector("#fg-result .fg-card")


def tour(page):
    recognise(page)
    shoot(page, "recognize")
    open_tab(page, "Live")
    page.click(".fg-live-start")
    page.wait_for_function("names => document.querySelector('.fg-live-boxes').dataset.names === names", arg=KNOWN)
    page.locator(".fg-live-boxes").click()
    page.wait_for_selector(".fg-live-card .fg-card")
    shoot(page, "live")
    page.click(".fg-live-start")
    open_tab(page, "Enroll")
    page.locator("#fg-enroll-name").get_by_role("textbox").fill(demo.NEWCOMER)
    with tempfile.TemporaryDirectory() as place:
        demo.photos(Path(place), [demo.NEWCOMER])
        page.set_input_files("#fg-enroll-files input[type=file]", sorted(map(str, Path(place).rglob("*.jpg"))))
        page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 3")
    page.click("#fg-enroll-go")
    page.wait_for_selector("#fg-enroll-report .fg-outcomes")
    shoot(page, "enroll")
    open_tab(page, "Gallery")
    page.wait_for_selector("#fg-people [data-person]")
    shoot(page, "gallery")
    page.click(f"#fg-people [data-person='{demo.NEWCOMER}']")
    page.wait_for_selector("#fg-photos figure")
    shoot(page, "person")
    open_tab(page, "System")
    page.click("#fg-doctor")
    page.wait_for_selector("#fg-findings li")
    shoot(page, "system")


def show(page, what):
    """Bring it to the top of the window."""
    page.locator(what).first.evaluate("one => one.scrollIntoView({block: 'start'})")


def filmed(page, name):
    """The drawn film, worked through, at a moment with two people on screen: the Video tab."""
    open_tab(page, "Video")
    if not name:
        page.click("#fg-video-sample")
    page.wait_for_selector("#fg-video-view .fg-xray-row")
    page.wait_for_function("document.querySelector('#fg-video-view video').readyState >= 2")
    page.evaluate("document.querySelector('#fg-video-view video').currentTime = 3.9")
    page.wait_for_function("document.querySelectorAll('.fg-now').length === 2")
    show(page, "#fg-video-view" if name else "#fg-sources")
    shoot(page, "video" + name)


def measure(page):
    """The gallery, measured: the Evaluate tab."""
    open_tab(page, "Evaluate")
    page.click("#fg-evaluate-go")
    page.wait_for_selector("#fg-evaluate-view .ev-figure")


def train(page, folder):
    """A short training on drawn people, to its end: the Train tab."""
    open_tab(page, "Train")
    page.locator("#fg-train-folder").get_by_role("textbox").fill(str(folder))
    page.click("#fg-train-check")
    page.wait_for_selector("#fg-train-plan .fg-note")
    page.click("#fg-train-go")
    page.wait_for_selector("#fg-train-result .ev-figure")


def learning(browser, place, words):
    """Train and Evaluate, wide and narrow; on weights of their own, because a training writes a model."""
    for model in ("compact", "cover"):
        shutil.copytree(ROOT / "weights" / model, place / "weights" / model)
    demo.photos(place / "people", list(drawn.CAST))
    with served(place, "--demo", "--weights", str(place / "weights"), *words) as server:
        for name, width, height in (("", 1280, 1000), ("-400", 400, 860)):
            page = browser.new_page(viewport={"width": width, "height": height})
            page.set_default_timeout(180_000)
            page.goto(server.url)
            if name:
                open_tab(page, "Train")
                page.wait_for_selector("#fg-train-result .ev-figure")
            else:
                train(page, place / "people")
            page.locator("#fg-train-folder").get_by_role("textbox").fill("/home/ana/people")
            show(page, "#fg-train-view .fg-chart" if name else "#fg-train-folder")
            shoot(page, "train" + name)
            show(page, "#fg-train-result")
            shoot(page, "trained" + name)
            measure(page)
            show(page, "#fg-evaluate-view .ev-figures" if name else "#fg-evaluate-view")
            shoot(page, "evaluate" + name)


def main():
    with tempfile.TemporaryDirectory() as place:
        frames = [camera.scene(drawn.person(drawn.CAST[KNOWN], view=3), shift=4 * (number % 2)) for number in range(6)]
        film = camera.write(Path(place) / "film.y4m", frames, 5)
        with chromium(*camera.flags(film)) as browser, served(Path(place), "--demo", *sys.argv[1:]) as server:
            for name, width, height, dark in (("", 1280, 860, False), ("-400", 400, 860, False), ("-dark", 1280, 860, True)):
                page = browser.new_page(viewport={"width": width, "height": height})
                page.set_default_timeout(90_000)
                page.goto(server.url + ("?__theme=dark" if dark else ""))
                if name != "-dark":
                    filmed(page, name)
                if not name:
                    tour(page)
                    continue
                recognise(page)
                page.locator("#fg-result").scroll_into_view_if_needed()
                shoot(page, "recognize" + name)
        with chromium() as browser:
            learning(browser, Path(place) / "learning", sys.argv[1:])


if __name__ == "__main__":
    main()

"""A real page in its own process, and a real browser to look at it."""

import os
import queue
import shutil
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from facegui import drawn, image

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
START_S = 240  # a loaded machine imports and draws slowly


class Served:
    """url; said: what the console showed so far; private: the folder that holds its uploads."""

    def __init__(self, process):
        self.process, self.said, self.url = process, [], ""
        self._lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)

    def wait_for(self, words, timeout=START_S):
        """The console line that contains the words."""
        end = time.monotonic() + timeout
        while True:
            line = self._lines.get(timeout=max(0.1, end - time.monotonic()))
            assert line is not None, "the page did not open: " + "".join(self.said)
            self.said.append(line)
            if words in line:
                return line.strip()


@contextmanager
def served(place, *words, **environment):
    """`python launch.py --port 0 WORDS`, its temporary files under `place`; ended politely."""
    process = subprocess.Popen([sys.executable, "launch.py", "--port", "0", *words], cwd=ROOT, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env={**os.environ, "TMPDIR": str(place), "OMP_NUM_THREADS": "2"} | environment)
    one = Served(process)
    try:
        one.url = one.wait_for("facegui: open ").split()[-1]
        if "--demo" in words:
            one.wait_for("demo gallery is ready")
        yield one
    finally:
        process.terminate()
        try:
            process.wait(120)
        except subprocess.TimeoutExpired:
            process.kill()


@contextmanager
def chromium(*flags):
    """A headless browser; skips the test where there is none, unless FACEGUI_REQUIRE_BROWSER is set."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        sync_playwright = None
    if sync_playwright is None or CHROMIUM is None:
        missing = "playwright" if sync_playwright is None else "chromium"
        if os.environ.get("FACEGUI_REQUIRE_BROWSER"):
            pytest.fail(f"{missing} is missing and FACEGUI_REQUIRE_BROWSER is set")
        pytest.skip(f"{missing} is not installed")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", *flags])
        try:
            yield browser
        finally:
            browser.close()


@contextmanager
def visit(browser, server, width=1280, first=None, **more):
    """Somebody's page, in a context of its own; first: called with it before anything is loaded; more: see new_context."""
    context = browser.new_context(viewport={"width": width, "height": 1000}, **more)
    try:
        page = context.new_page()
        page.set_default_timeout(90_000)  # a loaded machine answers slowly
        if first:
            first(page)
        page.goto(server.url)
        yield page
    finally:
        context.close()


SOURCES = ("Photo", "Live", "Video")  # tabs inside Recognize


def open_tab(page, name):
    """Go to a tab, also where a narrow page keeps it in the overflow menu; "Recognize" is its first tab, Photo."""
    page.get_by_role("tab").first.wait_for()
    if name in SOURCES:
        _open(page, "Recognize")
        page.locator("#fg-sources").get_by_role("tab", name=name, exact=True).click()
        return
    _open(page, name)
    if name == "Recognize":
        page.locator("#fg-sources").get_by_role("tab", name="Photo", exact=True).click()


def typed(field, value):
    """Type into a field of a part that has just opened: it may take its first value once more, over what was typed."""
    for _ in range(20):
        field.fill(value)
        field.page.wait_for_timeout(700)
        if field.input_value() == value:
            return
    raise AssertionError(f"{value} does not stand in the field")


def _open(page, name):
    press_tab(page, page.get_by_role("tab", name=name, exact=True), name)


def press_tab(page, tab, name):
    """Again where it did not arrive: a page that just became narrow moves its tabs into the menu a moment later, and one that
    is still being built does not hear the click."""
    from playwright.sync_api import TimeoutError, expect

    for tries_left in reversed(range(12)):
        try:
            if not tab.is_visible():
                page.locator("#fg-tabs > .tab-wrapper .overflow-menu > button").click(timeout=5000)
                page.locator(".overflow-dropdown").get_by_text(name, exact=True).click(timeout=5000)
            else:
                tab.click(timeout=5000)
                expect(tab).to_have_attribute("aria-selected", "true", timeout=5000)
            return
        except (TimeoutError, AssertionError):
            if not tries_left:
                raise


def fits(page, width):
    """Wait until nothing stands out at the side."""
    page.wait_for_timeout(300)  # what the tab fetches may come
    page.wait_for_function("width => document.scrollingElement.scrollWidth <= width", arg=width)


def slow(page, bytes_per_s=-1, latency_ms=0):
    """From now on the page is connected badly: it gets so many bytes per second, and each request takes so much longer."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", {"offline": False, "latency": latency_ms, "downloadThroughput": bytes_per_s,
                                                      "uploadThroughput": -1})


def slow_tray(page, folder, seconds):
    """Photos wait in the Enroll tab, which is open, and the connection is so bad that the tray takes so long whenever it is shown."""
    files = [folder / f"{number}.png" for number in range(20)]
    for number, file in enumerate(files):
        image.write(file, np.random.default_rng(number).integers(0, 255, (192, 192, 3), np.uint8))
    page.set_input_files("#fg-enroll-files input[type=file]", files)
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 20")
    slow(page, len(page.locator("#fg-tray").inner_html()) // seconds)


def drawn_folders(folder, names, size, masked=()):
    """Four photos of each of the cast's `names` in a sub-folder of their own; those of the views in `masked` wear a mask."""
    for name in names:
        (folder / name).mkdir(parents=True)
        for view in range(4):
            image.write(folder / name / f"{view}.jpg", drawn.person(drawn.CAST[name], view=view, mask=view in masked, size=size))

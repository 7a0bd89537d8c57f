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
            process.wait(30)
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


def _open(page, name):
    tab = page.get_by_role("tab", name=name, exact=True)
    if not tab.is_visible():
        page.locator("#fg-tabs > .tab-wrapper .overflow-menu > button").click()
        page.locator(".overflow-dropdown").get_by_text(name, exact=True).click()
    else:
        tab.click()


def drawn_folders(folder, names, size, masked=()):
    """Four photos of each of the cast's `names` in a sub-folder of their own; those of the views in `masked` wear a mask."""
    for name in names:
        (folder / name).mkdir(parents=True)
        for view in range(4):
            image.write(folder / name / f"{view}.jpg", drawn.person(drawn.CAST[name], view=view, mask=view in masked, size=size))

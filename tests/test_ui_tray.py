"""Photos in the tray are gone from memory when their page closes."""

import time

from served import chromium, open_tab

from facegui import drawn, image
from facegui.service import FaceService
from facegui.ui import options, serve
from facegui.ui.tray import Waiting


def trays(page):
    """What waits, of every visitor."""
    return [one for session in page.state_holder.session_data.values() for value in session.state_data.values()
            if isinstance(value, list) for one in value if isinstance(one, Waiting)]


def until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def test_a_closed_page_leaves_no_photo_in_memory(tmp_path, monkeypatch):
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "uploads"))
    photo = tmp_path / "one.jpg"
    image.write(photo, drawn.person(3))
    settings, asked = options.read(["--gallery", str(tmp_path / "gallery"), "--host", "127.0.0.1"])
    with FaceService(settings) as service, chromium() as browser:
        page = serve._launch(service, asked, {})
        try:
            seen = browser.new_page()
            seen.set_default_timeout(60_000)
            seen.goto(page.local_url)
            open_tab(seen, "Enroll")
            seen.set_input_files("#fg-enroll-files input[type=file]", str(photo))
            seen.wait_for_selector("#fg-tray img")
            assert [one.name for one in trays(page)] == [photo.name]
            seen.close()
            assert until(lambda: not trays(page))
        finally:
            page.close(verbose=False)

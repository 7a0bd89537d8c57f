"""What a page shows in the end is what was asked for last: no answer is dropped, overtaken or left behind, on a slow connection either."""

import pytest
from served import chromium, open_tab, served, slow, slow_tray, visit

from facegui import drawn, image
from facegui.config import Settings
from facegui.service import FaceService, demo
from facegui.ui.access import Access
from facegui.ui.app import build

ONE = list(drawn.CAST)[1]
PANELS = ("fg-people", "fg-doubts-found", "fg-strangers", "fg-promised", "fg-built", "fg-download", "fg-evaluate-view", "fg-evaluate-save",
          "fg-video-view", "fg-strict-person", "fg-tray")  # shown anew by other tabs or by the end of a job, while somebody works in them


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with chromium() as browser, served(tmp_path_factory.mktemp("order"), "--demo") as server:
        yield browser, server


@pytest.fixture
def page(house):
    with visit(*house) as page:
        page.wait_for_selector("#fg-result .fg-note")
        yield page


def test_one_panel_has_one_queue(tmp_path):
    with FaceService(Settings(gallery=tmp_path)) as service:
        functions = list(build(service, Access()).fns.values())
    for panel in PANELS:
        writing = [one for one in functions if any(getattr(block, "elem_id", None) == panel for block in one.outputs)]
        assert writing and len({one.concurrency_id for one in writing}) == 1, panel
        assert all(one.concurrency_limit == 1 and one.queue is not False for one in writing), panel
    heard = [[name for _, name in one.targets] for one in functions]
    assert sum("select" in names and "change" in names for names in heard) >= 4
    for one, names in zip(functions, heard, strict=True):
        if "select" in names and "change" in names and "tick" not in names:
            assert one.trigger_mode == "multiple", f"{one.name} leaves out an end of a job while it shows what was there before"


def test_an_answer_that_is_asked_for_while_a_large_one_comes_is_given(page, tmp_path):
    open_tab(page, "Enroll")
    slow_tray(page, tmp_path, seconds=6)
    page.locator("#fg-tray [data-remove]").first.click()
    page.wait_for_timeout(1000)  # the tray is on its way, and nothing else is to be answered
    page.click("#fg-enroll-go")
    page.wait_for_selector("#fg-enroll-report :text('type the person')")
    page.wait_for_function("document.querySelectorAll('#fg-tray img').length === 19")


def test_photos_that_come_while_somebody_is_enrolled_wait_for_the_next(page, tmp_path):
    for number, large in enumerate((10, 10, 10, 1, 1, 1)):
        pixels = drawn.person(drawn.CAST[demo.NEWCOMER], view=number).repeat(large, 0).repeat(large, 1)  # takes a while
        image.write(tmp_path / f"{number}.jpg", pixels)
    open_tab(page, "Enroll")
    field, waiting = "#fg-enroll-files input[type=file]", "document.querySelectorAll('#fg-tray img').length"
    page.set_input_files(field, [tmp_path / f"{number}.jpg" for number in range(3)])
    page.wait_for_function(f"{waiting} === 3")
    page.locator("#fg-enroll-name").get_by_role("textbox").fill("Somebody Large")
    page.click("#fg-enroll-go")
    for number in (3, 4, 5):
        page.set_input_files(field, tmp_path / f"{number}.jpg")
        page.wait_for_timeout(500)
    page.wait_for_selector("#fg-enroll-report :text('Somebody Large is enrolled.')")
    page.wait_for_function("""() => ['3.jpg', '4.jpg', '5.jpg'].every((name) => document.querySelector(`#fg-tray img[alt="${name}"]`))""")
    assert page.locator("#fg-tray img").count() == 3


def test_the_photos_that_are_split_off_are_those_that_look_chosen(page):
    open_tab(page, "Gallery")
    page.click(f"#fg-people [data-person='{ONE}']")
    page.wait_for_function("document.querySelectorAll('#fg-photos figure').length === 3")
    for number in (0, 1):
        page.locator("#fg-photos figure img").nth(number).click()
    page.wait_for_selector("#fg-split:text('Split off 2 photos')")
    page.locator("#fg-note").get_by_role("textbox").fill("asked in May")
    page.click("#fg-note-keep")
    page.wait_for_selector("#fg-photos .fg-person-note:text('asked in May')")
    page.wait_for_selector("#fg-split:text('Choose photos above')")
    assert page.locator("#fg-photos .fg-chosen").count() == 0
    page.locator("#fg-photos figure img").nth(2).click()
    page.wait_for_selector("#fg-split:text-matches('Split off . photo')")
    assert page.locator("#fg-split").inner_text() == "Split off 1 photo" and page.locator("#fg-photos .fg-chosen").count() == 1


def test_of_two_quick_choices_the_second_is_kept_and_shown(page, house):
    def kept(page, choice, level):
        page.wait_for_selector(f"#fg-promised .fg-note:has-text('{choice}')")
        page.locator("#fg-promise").get_by_label(choice, exact=True).and_(page.locator(":checked")).wait_for()
        page.get_by_role("button", name="Recognise one person more strictly").click()
        person = page.locator("#fg-strict-person input")
        person.click()
        page.get_by_role("option", name=ONE).click()
        page.get_by_label(level).and_(page.locator(":checked")).wait_for()

    open_tab(page, "System")
    page.wait_for_selector("#fg-promised .fg-note")
    slow(page, latency_ms=700)
    for choice in ("1 in 100", "1 in 10,000"):
        page.locator("#fg-promise").get_by_label(choice, exact=True).check()
    kept(page, "1 in 10,000", "as usual")
    for level in ("strictly: 10 times fewer strangers", "very strictly: 100 times fewer"):
        page.get_by_label(level, exact=True).check()
    with visit(*house) as other:
        open_tab(other, "System")
        kept(other, "1 in 10,000", "very strictly: 100 times fewer")

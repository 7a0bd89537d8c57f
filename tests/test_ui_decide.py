"""Questions, "not this person" and the promise in a real browser, on the demo gallery."""

import re

import pytest
from served import chromium, open_tab, served

from facegui import drawn, image

KNOWN = list(drawn.CAST)[1]
LOOK = {"light": 0.2, "yaw": 0.1, "smile": 0.2, "view": 3}  # unlike any photo that is enrolled


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    place = tmp_path_factory.mktemp("served")
    image.write(place / "known.jpg", drawn.person(drawn.CAST[KNOWN], **LOOK))
    with chromium() as browser, served(place, "--demo") as server:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(60_000)
        page.goto(server.url)
        page.wait_for_selector("#fg-result .fg-note")
        page.set_input_files("#fg-photo input[type=file]", str(place / "known.jpg"))
        page.wait_for_selector("#fg-result .fg-card")
        yield page


def title(page, wanted):
    page.wait_for_selector(f"#fg-result .fg-card h4:text-is('{wanted}')")


def test_not_this_person_changes_the_answer_and_can_be_undone(page):
    title(page, KNOWN)
    page.click(f"#fg-result .fg-not:text-is('Not {KNOWN}')")
    page.wait_for_selector("#fg-result .fg-note:has-text('somebody else')")
    assert KNOWN not in page.locator("#fg-result .fg-card h4").all_inner_texts()
    page.click("#fg-result .fg-not:text-is('Undo')")
    title(page, KNOWN)


def test_a_score_a_little_too_low_is_a_question(page):
    card = page.locator("#fg-result .fg-card").first.inner_text()
    score = float(re.search(r"score (\d\.\d\d)", card)[1])
    page.click("button:has-text('Options')")
    own = page.get_by_label("Choose the score for a name myself")
    own.check()
    field = page.get_by_label("number input for Score needed for a name")
    field.fill(f"{min(score + 0.02, 1.0):.2f}")
    field.press("Tab")
    title(page, f"Is this {KNOWN}?")
    own.uncheck()
    title(page, KNOWN)
    own.check()  # asks anew, with the score that stands there
    title(page, f"Is this {KNOWN}?")
    assert page.locator("#fg-result .fg-box.fg-ask").inner_text().endswith(f"{KNOWN}?")
    assert "a question" in page.locator("#fg-result .fg-why").inner_text()
    page.get_by_label("Choose the score for a name myself").uncheck()
    title(page, KNOWN)


def test_the_promise_is_chosen_in_system_and_says_what_it_means(page):
    open_tab(page, "System")
    page.wait_for_selector("#fg-promised .fg-note:has-text('Set by hand')")  # drawn people resemble each other
    page.locator("#fg-promise").get_by_text("1 in 1,000", exact=True).click()
    page.wait_for_selector("#fg-promised .fg-note:has-text('1 in 1,000')")
    text = page.locator("#fg-promised").inner_text()
    assert "among" in text and "1 in 1,000" in text
    page.click("button:has-text('Recognise one person more strictly')")
    person = page.locator("#fg-strict-person input")
    person.click()
    page.get_by_role("option", name=KNOWN).click()
    page.locator("input[type=radio][value=normal]").wait_for()
    page.get_by_text("strictly: 10 times fewer strangers").click()

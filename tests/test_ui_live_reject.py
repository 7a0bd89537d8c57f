""" "Not this person" at the live camera, in a real browser whose camera plays one drawn person, and its undo."""

import camera
import pytest
from served import chromium, open_tab, served

from facegui import drawn, image

KNOWN = list(drawn.CAST)[1]


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("reject")
    shown = drawn.person(drawn.CAST[KNOWN], view=3)
    film = camera.write(place / "one.y4m", [camera.scene(shown, shift=4 * (number % 2)) for number in range(8)], 5)
    image.write(place / "same.jpg", camera.scene(shown))
    words = ("--demo", "--auth", "ana:bright-sky", "--guest", "guest:long-road")
    with chromium(*camera.flags(film)) as browser, served(place, *words) as server:
        yield browser, server, place


def card(house, user, password):
    """A page of this user with the card of the face before the camera."""
    browser, server, _ = house
    page = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["camera"]).new_page()
    page.set_default_timeout(60_000)
    page.goto(server.url)
    page.get_by_label("username").fill(user)
    page.get_by_label("password").fill(password)
    page.get_by_role("button", name="Login").click()
    page.wait_for_selector("#fg-tabs")
    open_tab(page, "Live")
    page.click(".fg-live-start")
    named(page, True)
    camera.card(page)
    page.wait_for_selector(f".fg-live-card h4:text-is('{KNOWN}')")
    return page


def named(page, known):
    page.wait_for_function("([name, known]) => { const told = document.querySelector('.fg-live-boxes').dataset.names;"
                           " return told && told !== 'looking' && (told === name) === known; }", arg=[KNOWN, known])


def asked(house):
    """The name that the next photo of the same scene gets."""
    from gradio_client import Client, handle_file

    _, server, place = house
    client = Client(server.url, auth=("ana", "bright-sky"), verbose=False)
    (face,) = client.predict(handle_file(place / "same.jpg"), api_name="/identify")["faces"]
    return face["name"]


def files(place):
    return {path for path in place.rglob("*") if path.is_file() and not path.name.startswith("gallery.db")}


def test_the_owner_says_not_this_person_and_takes_it_back(house):
    page = card(house, "ana", "bright-sky")
    assert asked(house) == KNOWN
    before = files(house[2])
    page.click(f".fg-live-card .fg-not:text-is('Not {KNOWN}')")
    page.wait_for_selector(".fg-live-card .fg-note:has-text('somebody else')")
    assert KNOWN not in page.locator(".fg-live-card .fg-card h4").all_inner_texts()
    named(page, False)
    assert files(house[2]) == before, "the picture stays in memory"
    assert asked(house) != KNOWN, "the next photo is answered by it too"
    page.click(".fg-live-start")
    assert page.locator(".fg-live-card [data-pick^=reject]").count() == 0
    page.click(".fg-live-card .fg-not:text-is('Undo')")  # also when the camera is off
    page.wait_for_selector(".fg-live-card .fg-note:has-text('Taken back')")
    assert asked(house) == KNOWN
    page.click(".fg-live-start")
    named(page, True)


def test_a_guest_sees_the_card_without_the_button(house):
    page = card(house, "guest", "long-road")
    assert page.locator(".fg-live-card .fg-not").count() == 0

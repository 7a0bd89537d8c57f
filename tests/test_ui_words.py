"""The page in a Portuguese and in a Russian browser, in a narrow one too."""

import re

import camera
import pytest
from served import chromium, fits, served
from spoken import KEYS, SPARED, TABS, go, opened, texts

from facegui import drawn

PERSON = list(drawn.CAST)[1]
WORDS = {"pt-BR": {"stranger": "Desconhecido", "why": "um nome exige", "bare": "rosto descoberto", 
                   "nameless": "Digite primeiro o nome da pessoa.", "stop": "Parar", "rate": "imagens por segundo"},
         "ru-RU": {"stranger": "Неизвестный", "why": "для имени", "bare": "лицо открыто", 
                   "nameless": "Сначала введите имя человека.", "stop": "Стоп", "rate": "снимков в секунду"}}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("words")
    film = camera.write(place / "one.y4m", [camera.scene(drawn.person(drawn.CAST[PERSON], view=3), shift=4 * (n % 2)) for n in range(8)])
    with chromium(*camera.flags(film)) as browser, served(place, "--demo") as server:
        yield browser, server


@pytest.fixture(params=list(TABS))
def page(house, request):
    with opened(*house, request.param) as page:
        yield page


def unfold(page):
    folds = page.locator("button.label-wrap:not(.open):visible")
    while folds.count():
        folds.first.click()


def test_every_tab_speaks_the_language(page):
    for name in TABS[page.spoken]:
        go(page, name)
        unfold(page)
        page.wait_for_timeout(400)
        said = texts(page)
        assert TABS[page.spoken][name] in said
        assert not [text for text in said if KEYS.search(text)], name
        if page.spoken == "ru-RU":  # other letters: whatever is left in English shows
            assert not [text for text in said if re.search("[A-Za-z]{3}", SPARED.sub("", text))], name


def test_recognise_and_an_enrollment_without_a_name(page):
    word = WORDS[page.spoken]
    page.click("[data-sample='a stranger']")
    page.wait_for_selector("#fg-result .fg-card")
    card = page.locator("#fg-result .fg-card").inner_text()
    assert word["stranger"] in card and word["why"] in card and word["bare"] in card
    go(page, "enroll")
    page.click("#fg-enroll-go")
    page.wait_for_selector(f"#fg-enroll-report :text('{word['nameless']}')")


def test_the_camera_speaks_it_too(page):
    go(page, "live")
    page.click(".fg-live-start")
    page.wait_for_function("document.querySelector('.fg-live-numbers').dataset.rate")
    assert page.locator(".fg-live-start").inner_text() == WORDS[page.spoken]["stop"]
    assert WORDS[page.spoken]["rate"] in page.locator(".fg-live-numbers").inner_text()
    page.wait_for_function("name => document.querySelector('.fg-live-boxes').dataset.names === name", arg=PERSON)
    assert WORDS[page.spoken]["bare"] in camera.card(page)


def test_a_phone_has_room_for_the_longest_words(page):
    page.set_viewport_size({"width": 400, "height": 800})
    for name in TABS[page.spoken]:
        go(page, name)
        unfold(page)
        fits(page, 400)

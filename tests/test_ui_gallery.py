"""The Gallery and Unknown tabs in a real browser: split off, doubts, zip files good and bad, strangers named once."""

import io
import zipfile
from contextlib import contextmanager

import pytest
from served import chromium, open_tab, served, visit

from facegui import drawn, image

ONE, TWO, THREE = list(drawn.CAST)[:3]
LOOK = {"light": 0.2, "yaw": 0.1, "view": 3}


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    place = tmp_path_factory.mktemp("gallery")
    with chromium() as browser, served(place, "--demo") as server:
        yield browser, server, place


@pytest.fixture
def page(house):
    with visit(*house[:2]) as page:
        open_tab(page, "Gallery")
        page.wait_for_selector("#fg-people [data-person]")
        yield page


def client(server):
    from gradio_client import Client
    return Client(server.url, verbose=False)


def enroll(server, place, name, seed, views):
    from gradio_client import handle_file
    for view in views:
        image.write(place / f"{seed}-{view}.jpg", drawn.person(seed, view=view))
    client(server).predict(name, [handle_file(place / f"{seed}-{view}.jpg") for view in views], False, api_name="/enroll")


def counts(server):
    return {one["name"]: one["photos"] for one in client(server).predict("", api_name="/people")}


def test_chosen_photos_are_split_off_and_come_back(house, page):
    _, server, _ = house
    page.click(f"#fg-people [data-person='{ONE}']")
    page.wait_for_function("document.querySelectorAll('#fg-photos figure').length === 3")
    assert page.locator("#fg-split").is_disabled()
    page.locator("#fg-photos figure img").nth(0).click()
    page.locator("#fg-photos figure img").nth(2).click()
    page.wait_for_selector("#fg-split:text('Split off 2 photos')")
    page.locator("#fg-split-into").get_by_role("combobox").fill("Brand New")
    page.locator("#fg-split-into").get_by_role("combobox").press("Enter")
    page.click("#fg-split")
    page.wait_for_selector("#fg-farewell :text(\"2 photos of " + ONE + " are Brand New's now\")")
    page.wait_for_function("document.querySelectorAll('#fg-photos figure').length === 1")
    assert counts(server)[ONE] == 1 and counts(server)["Brand New"] == 2
    page.click("#fg-undo")
    page.wait_for_selector(f"#fg-farewell :text('{ONE} has 2 photos back from Brand New')")
    page.wait_for_selector(f"#fg-people [data-person='{ONE}'] :text('3 photos')")
    assert "Brand New" not in counts(server)


def test_rename_is_undone_and_a_note_is_kept(house, page):
    page.click(f"#fg-people [data-person='{TWO}']")
    page.wait_for_selector("#fg-photos figure")
    page.locator("#fg-note").get_by_role("textbox").fill("asked on 3 May")
    page.click("#fg-note-keep")
    page.wait_for_selector("#fg-photos .fg-person-note:text('asked on 3 May')")
    page.locator("#fg-new-name").get_by_role("textbox").fill("Renamed")
    page.click("#fg-rename")
    page.wait_for_selector("#fg-photos h3:text('Renamed')")
    page.click("#fg-undo")
    page.wait_for_selector(f"#fg-people [data-person='{TWO}']")
    assert "Renamed" not in counts(house[1])


@contextmanager
def asked_anew(house):
    """Another page that has just looked for doubts."""
    with visit(*house[:2]) as page:
        open_tab(page, "Gallery")
        page.click("#fg-doubts > button")
        page.click("#fg-doubts-look")
        page.wait_for_selector("#fg-doubts-found .fg-hint:text('compared in')")
        yield page


def test_doubts_are_shown_side_by_side_and_settled_by_one_click(house, page):
    _, server, place = house
    enroll(server, place, "Double", drawn.CAST[ONE], (3, 4))
    enroll(server, place, THREE, drawn.CAST[TWO], (5,))
    page.click("#fg-doubts > button")
    page.click("#fg-doubts-look")
    page.wait_for_selector("#fg-doubts-found .fg-doubt")
    same = f"[data-settle='merge'][data-one='{ONE}'][data-other='Double']"  # drawn people resemble each other: there are more pairs
    twice = page.locator(f"#fg-doubts-found .fg-doubt:has({same})")
    stray = page.locator("#fg-doubts-found .fg-doubt:has([data-settle='move'])")
    assert twice.count() == stray.count() == 1 and twice.locator("img").count() == stray.locator("img").count() == 2
    assert f"This photo of {THREE} looks more like {TWO}" in stray.inner_text()
    stray.locator("[data-settle='move']").click()
    page.wait_for_selector(f"#fg-farewell :text(\"The photo is {TWO}'s now\")")
    assert counts(server)[TWO] == 4 and counts(server)[THREE] == 3
    twice.locator("[data-settle='apart']").click()
    page.wait_for_selector("#fg-farewell :text('are not the same')")
    with asked_anew(house) as other:
        assert other.locator(f"#fg-doubts-found {same}").count() == 0, "a decision is remembered"
    page.click("#fg-undo")
    page.wait_for_selector(f"#fg-doubts-found {same}")
    page.click(f"#fg-doubts-found {same}")
    page.wait_for_selector(f"#fg-farewell :text('Double is part of {ONE} now')")
    page.wait_for_selector("#fg-people:not(:has([data-person='Double']))")
    assert counts(server)[ONE] == 5


def test_doubts_about_somebody_who_was_deleted_are_left_out(house):
    _, server, place = house

    def forget(page, name):
        page.click(f"#fg-people [data-person='{name}']")
        page.wait_for_selector("#fg-photos figure")
        page.locator("#fg-forget-sure").get_by_role("checkbox").check()
        page.click("#fg-forget")
        page.wait_for_selector(f"#fg-farewell :text('{name} is forgotten')")
        page.wait_for_selector(f"#fg-people:not(:has([data-person='{name}']))")

    for number, name in enumerate(("Again", "Once More")):
        enroll(server, place, name, drawn.CAST[TWO], (3 + number,))
    row = "#fg-doubts-found .fg-doubt:has([data-one='{0}'], [data-other='{0}'])"
    with asked_anew(house) as asking:
        assert asking.locator(row.format("Again")).count() and asking.locator(row.format("Once More")).count()
        forget(asking, "Again")
        asking.wait_for_selector("#fg-doubts-found :text('is left out; look again')")
        assert not asking.locator(row.format("Again")).count() and asking.locator(row.format("Once More")).count()
        with visit(*house[:2]) as other:
            open_tab(other, "Gallery")
            forget(other, "Once More")
        asking.locator(row.format("Once More")).locator("[data-settle='merge']").first.click()
        asking.wait_for_selector("#fg-farewell :text('This doubt has gone already')")
        assert not asking.locator(row.format("Once More")).count()


def packed(path, members):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return str(path)


def test_a_zip_is_built_with_a_report_and_bad_ones_are_sentences(house, page, tmp_path):
    _, server, place = house
    people = list(drawn.STRANGERS.values())[1:3]
    members = {f"all/From Zip {number}/{view}.jpg": image.encode_jpeg(drawn.person(seed, view=view), 92)
               for number, seed in enumerate(people) for view in range(2)}
    wall = io.BytesIO(image.encode_jpeg(drawn.person(people[0])[:60], 92)).getvalue()
    page.click("button:has-text('Build from a folder or a zip file')")
    upload = "input[type=file][accept*='.zip'] >> nth=0"
    page.set_input_files(upload, packed(tmp_path / "family.zip", members | {"all/From Zip 0/wall.jpg": wall,
                                                                         "all/From Zip 1/list.txt": b"x"}))
    page.wait_for_selector("#fg-job .fg-good :text('2 people, 4 new photos')")
    page.wait_for_selector("#fg-built :text('1 photo turned away')")
    told = page.locator("#fg-built").inner_text()
    assert "No face was found" in told and "1 file that is no photo" in told
    page.wait_for_selector("#fg-people [data-person='From Zip 1']")
    page.set_input_files(upload, packed(tmp_path / "evil.zip", {"Ana/1.jpg": wall, "../../etc/1.jpg": wall}))
    page.wait_for_selector("#fg-job .fg-bad :text('wants to lie outside')")
    assert not list(place.rglob("family*.zip")) and not list(place.rglob("evil*.zip")), "uploads are deleted"
    assert counts(server)["From Zip 0"] == 2 and "etc" not in counts(server)


def test_strangers_are_kept_on_request_masked_too_and_named_once(house, page, tmp_path):
    _, server, _ = house
    seed = drawn.STRANGERS["stranger 1"]
    open_tab(page, "Unknown")
    page.wait_for_selector("#fg-strangers :text('Nobody is kept')")
    page.locator("#fg-keep").get_by_label("for an hour").check()
    page.wait_for_selector("#fg-strangers :text('Nobody unknown was seen yet')")
    for name, mask in (("masked", True), ("bare", False)):
        image.write(tmp_path / f"{name}.jpg", drawn.person(seed, mask=mask, **LOOK))
        open_tab(page, "Recognize")
        page.set_input_files("#fg-photo input[type=file]", str(tmp_path / f"{name}.jpg"))
        page.wait_for_selector("#fg-result .fg-card h4:text('Unknown')")
        open_tab(page, "Unknown")
        page.wait_for_selector("#fg-strangers [data-stranger]")
        if mask:
            page.click("#fg-strangers [data-stranger]")
            page.locator("#fg-stranger-name").get_by_role("textbox").fill("Stranger No More")
            page.click("#fg-stranger-go")
            page.wait_for_selector(".toast-body :text('only seen with a covered face')")
            page.wait_for_selector("#fg-stranger-covered")
        open_tab(page, "Recognize")
        page.locator("#fg-photo").get_by_label("Remove Image").click()
        page.wait_for_selector("#fg-result :text('Who is this?')")
    open_tab(page, "Enroll")
    page.click("#fg-enroll-seen button")
    page.locator("#fg-seen [data-stranger]").first.click()  # last seen first
    page.wait_for_selector("#fg-tray img")
    page.locator("#fg-enroll-name").get_by_role("textbox").fill("Stranger No More")
    page.click("#fg-enroll-go")
    page.wait_for_selector("#fg-enroll-report :text('Stranger No More is enrolled.'), #fg-enroll-report :text('enrolled already?')")
    if page.locator("#fg-enroll-report [data-different]").count():
        page.click("#fg-enroll-report [data-different]")
        page.wait_for_selector("#fg-enroll-report :text('Stranger No More is enrolled.')")
    assert counts(server)["Stranger No More"] >= 1


def test_an_empty_gallery_says_what_to_do_next(house, tmp_path):
    with served(tmp_path, "--gallery", str(tmp_path / "new")) as server, visit(house[0], server) as page:
        open_tab(page, "Gallery")
        page.wait_for_selector("#fg-people :text('Open the Enroll tab')")
        page.click("#fg-doubts > button")
        page.click("#fg-doubts-look")
        page.wait_for_selector("#fg-doubts-found :text('Nothing looks wrong')")
        open_tab(page, "Unknown")
        page.wait_for_selector("#fg-strangers :text('Nobody is kept')")

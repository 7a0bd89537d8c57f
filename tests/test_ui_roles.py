"""Roles on a real server: what an anonymous caller, a guest and the owner get from every endpoint."""

import json
import re
import urllib.error
import urllib.request

import pytest
from served import served

from facegui import drawn, image
from facegui.config import Settings
from facegui.service import FaceService
from facegui.ui.access import Access
from facegui.ui.app import build

GUESTS_MAY = {"recognise", "again", "sample", "own_threshold", "identify", "verify",
              "live_start", "live_see", "live_card", "live_stop", "_look", "leave", "left_behind", "fetch",
              "reveal", "reveal_video"}
NAME = next(iter(drawn.CAST))


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    place = tmp_path_factory.mktemp("roles")
    words = ["--gallery", str(place / "gallery"), "--auth", "ana:bright-sky", "--guest", "guest:long-road"]
    with served(place, *words) as one:
        yield one


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("photo") / "ana.jpg"
    image.write(path, drawn.person(drawn.CAST[NAME]))
    return path


def client(server, login):
    from gradio_client import Client
    return Client(server.url, auth=login, verbose=False)


def post(server, path, body, cookie=""):
    request = urllib.request.Request(server.url + path, json.dumps(body).encode(), {"Content-Type": "application/json",
                                                                                  "Cookie": cookie})
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def cookie(server, user, password):
    body = f"username={user}&password={password}".encode()
    with urllib.request.urlopen(server.url + "login", body, timeout=60) as answer:
        return "; ".join(one.split(";")[0] for one in answer.headers.get_all("set-cookie"))


def test_every_handler_has_a_role(tmp_path):
    """No handler reaches the browser without passing the edge, and guests may call those of the list only."""
    with FaceService(Settings(gallery=tmp_path)) as service:
        page = build(service, Access(), {"one": drawn.person(1, size=64)})
        handlers = [one.fn for one in page.fns.values() if one.fn is not None]
        servers = [fn for block in page.blocks.values() for fn in getattr(block, "server_fns", []) if
                   block.get_block_name() == "html"]
    assert len(handlers) > 20
    assert not [fn.__name__ for fn in handlers + servers if not hasattr(fn, "role")]
    assert {fn.__name__ for fn in handlers + servers if fn.role == "guest"} <= GUESTS_MAY
    assert {fn.__name__ for fn in handlers if fn.role == "local"} == {"start_build", "cost", "start"}


def unknown(guest, path):
    """A photo of somebody whom the gallery's own rule leaves unknown; drawn people resemble each other."""
    from gradio_client import handle_file

    for seed in [*drawn.STRANGERS.values(), *drawn.CAST.values()]:
        image.write(path, drawn.person(seed))
        if guest.predict(handle_file(path), 5, None, api_name="/identify")["faces"][0]["name"] is None:
            return path
    raise AssertionError("everybody is taken for the one who is enrolled")


def test_the_api_answers_by_role(server, photo):
    from gradio_client import handle_file
    from gradio_client.exceptions import AppError

    owner, guest = client(server, ("ana", "bright-sky")), client(server, ("guest", "long-road"))
    report = owner.predict(NAME, [handle_file(photo)], False, api_name="/enroll")
    assert report["enrolled"] == 1 and report["photos"][0]["status"] == "enrolled"
    assert owner.predict("", api_name="/people") == [{"name": NAME, "photos": 1, "templates": 1, "note": ""}]

    (face,) = owner.predict(handle_file(photo), api_name="/identify")["faces"]
    assert face["name"] == NAME and face["candidates"][0]["name"] == NAME
    (face,) = guest.predict(handle_file(photo), 5, None, api_name="/identify")["faces"]
    assert face["name"] == NAME and face["candidates"] == []
    stranger = handle_file(unknown(guest, photo.with_name("else.jpg")))
    for asked in (-1.0, 0.01):
        (face,) = owner.predict(stranger, 5, asked, api_name="/identify")["faces"]
        assert face["name"] == NAME, "the owner may ask who is nearest"
        (face,) = guest.predict(stranger, 5, asked, api_name="/identify")["faces"]
        assert face["name"] is None and NAME not in json.dumps(face), "a guest gets no name that the gallery would not give"
    (face,) = guest.predict(handle_file(photo), 5, 1.0, api_name="/identify")["faces"]
    assert face["threshold"] == 1.0
    assert guest.predict(handle_file(photo), handle_file(photo), None, api_name="/verify")["same"]
    for call in (lambda: guest.predict("Eve", [handle_file(photo)], False, api_name="/enroll"),
                 lambda: guest.predict("", api_name="/people")):
        with pytest.raises(AppError, match="(?i)only the owner"):
            call()
    with pytest.raises(AppError, match="no photo was given|No photo was given"):
        owner.predict(None, 5, None, api_name="/identify")


def test_nothing_answers_anonymous_callers_and_guests_change_nothing(server, photo):
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(server.url + "config", timeout=60)
    guest, owner = cookie(server, "guest", "long-road"), cookie(server, "ana", "bright-sky")
    request = urllib.request.Request(server.url + "config", headers={"Cookie": owner})
    functions = json.load(urllib.request.urlopen(request, timeout=60))["dependencies"]
    before = post(server, "gradio_api/run/people", {"data": [""]}, owner)
    assert before[0] == 200 and "templates" in before[1]
    hostile = ["x", "/etc/passwd", NAME, 1, True, {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}]
    for one in functions:
        body = {"data": [hostile[number % 6] for number in range(len(one["inputs"]))], "fn_index": one["id"],
                "session_hash": "abc", "event_data": {"name": NAME, "photo": 1, "number": 0, "title": "x"}}
        assert post(server, "gradio_api/run/predict", body)[0] == 401
        assert post(server, "gradio_api/queue/join", body)[0] == 401
        status, said = post(server, "gradio_api/run/predict", body, guest)
        assert "root:" not in said and "data:image" not in said and '"templates"' not in said
    assert post(server, "gradio_api/component_server", {"data": [], "component_id": 1, "fn_name": "x"})[0] == 401
    assert post(server, "gradio_api/run/people", {"data": [""]}, owner) [1].split('"duration"')[0] == before[1].split('"duration"')[0]


def _nothing(item):
    """Whether an answer leaves a component as it is, or hides or empties it."""
    if isinstance(item, dict):
        return all(_nothing(value) for key, value in item.items() if key != "__type__")
    return item in ("", None, False)


def test_each_function_of_the_owner_refuses_anonymous_callers_and_guests(server):
    """Every one is called over HTTP: anonymous callers get 401; guests get nothing, or the sentence that says why."""
    guest, owner = cookie(server, "guest", "long-road"), cookie(server, "ana", "bright-sky")
    request = urllib.request.Request(server.url + "config", headers={"Cookie": owner})
    functions = {one["id"]: one for one in json.load(urllib.request.urlopen(request, timeout=60))["dependencies"]}
    names = {number: re.sub(r"_\d+$", "", str(one["api_name"])) for number, one in functions.items()}
    owners = {number: one for number, one in functions.items() if names[number] not in GUESTS_MAY}
    assert {"taken", "choose", "_split", "_settle", "_search", "_undo", "_note", "start_zip", "open_person", "pick", "keep",
            "discard", "measure", "report", "go_on", "give_up", "hold", "use", "roll_back"} <= set(names.values())
    everybody = {"data": [""]}
    before = post(server, "gradio_api/run/people", everybody, owner)[1].split('"duration"')[0]
    event = {"settle": "merge", "one": NAME, "other": NAME, "photo": 1, "photos": [1], "name": NAME,
             "number": 0, "into": NAME, "token": "x"}
    for number, one in owners.items():
        body = {"data": [None] * len(one["inputs"]), "fn_index": number, "session_hash": "roles", "event_data": event}
        assert post(server, "gradio_api/run/predict", body)[0] == 401
        status, said = post(server, "gradio_api/run/predict", body, guest)
        told = [] if status != 200 else [item for item in json.loads(said)["data"] if not _nothing(item)]
        assert all("nly the owner" in json.dumps(item) for item in told), (names[number], said)
    assert post(server, "gradio_api/run/people", everybody, owner)[1].split('"duration"')[0] == before


def test_the_coach_and_decisions_at_the_camera_answer_the_owner_alone(server):
    guest, owner = cookie(server, "guest", "long-road"), cookie(server, "ana", "bright-sky")
    request = urllib.request.Request(server.url + "config", headers={"Cookie": owner})
    components = json.load(urllib.request.urlopen(request, timeout=60))["components"]
    coaching = [(one["id"], name) for one in components for name in one["props"].get("server_fns") or []
                if name not in GUESTS_MAY]
    assert {name for _, name in coaching} == {"coach_start", "coach_see", "coach_stop", "live_decide"}
    for number, name in coaching:
        body = {"data": {"token": "x", "frame": "data:image/jpeg;base64,AAAA", "pick": "reject:1:1"}, "component_id": number,
                "fn_name": name,
                "session_hash": "roles"}
        assert post(server, "gradio_api/component_server", body)[0] == 401
        status, said = post(server, "gradio_api/component_server", body, guest)
        assert status == 200 and "nly the owner" in said
        mine = post(server, "gradio_api/component_server", body, owner)
        assert mine[0] == 200 and "nly the owner" not in mine[1]


def test_no_file_of_the_gallery_or_the_machine_is_served(server, tmp_path_factory):
    owner = cookie(server, "ana", "bright-sky")
    place = next(tmp_path_factory.getbasetemp().glob("roles*"))
    files = [one for one in (place / "gallery").rglob("*") if one.is_file()]
    assert files
    for path in [*files, "/etc/passwd", "requirements.txt"]:
        request = urllib.request.Request(f"{server.url}gradio_api/file={path}", headers={"Cookie": owner})
        with pytest.raises(urllib.error.HTTPError, match="403|404"):
            urllib.request.urlopen(request, timeout=60)


def test_another_host_name_is_turned_away_where_there_is_no_login(tmp_path):
    with served(tmp_path, "--gallery", str(tmp_path / "gallery")) as one:
        urllib.request.urlopen(one.url, timeout=60).close()
        for path in ("", "config", "gradio_api/info"):
            request = urllib.request.Request(one.url + path, headers={"Host": "evil.example"})
            with pytest.raises(urllib.error.HTTPError, match="400"):
                urllib.request.urlopen(request, timeout=60)
    assert one.process.returncode == 0 and not list(tmp_path.glob("facegui-*")), "closed politely, nothing left behind"

"""What a running page tells nobody: whom it talks to, what it records, how much it takes in."""

import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import pytest
from served import served

from facegui import drawn, image

GUARD = '''import os, sys

def hook(event, given):
    if event == "socket.connect" or event == "socket.sendto":
        where = given[1]
    elif event == "socket.getaddrinfo" or event == "socket.gethostbyname":
        where = given[:2]
    else:
        return
    with open(os.environ["WHERE_TO"], "a") as log:
        log.write(f"{event} {where[0] if isinstance(where, tuple) else 'unix'}\\n")

sys.addaudithook(hook)
'''
HERE = {"127.0.0.1", "::1", "localhost", "None", "unix", "0.0.0.0", "b'127.0.0.1'"}


@pytest.fixture
def guard(tmp_path):
    """Environment under which a Python program writes down whom it connects to, and the file."""
    (tmp_path / "guard").mkdir()
    (tmp_path / "guard" / "sitecustomize.py").write_text(GUARD)
    return {"PYTHONPATH": str(tmp_path / "guard"), "WHERE_TO": str(tmp_path / "where")}, tmp_path / "where"


def went(log):
    return {line.split(" ", 1)[1] for line in log.read_text().splitlines()} if log.exists() else set()


def photo(place, name="one.jpg", seed=drawn.CAST["Ana Lima"]):
    image.write(place / name, drawn.person(seed))
    return place / name


def test_the_guard_sees_who_goes_out(guard):
    given, log = guard
    code = "import socket\none = socket.socket()\none.settimeout(0.01)\ntry: one.connect(('192.0.2.7', 9))\nexcept OSError: pass"
    subprocess.run([sys.executable, "-c", code], env=given, check=True)
    assert went(log) == {"192.0.2.7"}


def test_a_page_opened_here_talks_to_this_machine_alone(guard, tmp_path):
    from gradio_client import Client, handle_file
    given, log = guard
    with served(tmp_path, "--gallery", str(tmp_path / "gallery"), **given) as server:
        client = Client(server.url, verbose=False)
        assert client.predict("Ana", [handle_file(photo(tmp_path))], False, api_name="/enroll")["enrolled"] == 1
        (face,) = client.predict(handle_file(tmp_path / "one.jpg"), api_name="/identify")["faces"]
        assert face["name"] == "Ana"
        for path in ("", "config", "gradio_api/info", "theme.css"):
            urllib.request.urlopen(server.url + path, timeout=60).close()
    assert went(log), "the page's own start asks itself"
    assert went(log) <= HERE


def test_no_history_no_analytics_no_monitoring(tmp_path):
    with served(tmp_path, "--gallery", str(tmp_path / "gallery")) as server:
        config = json.load(urllib.request.urlopen(server.url + "config", timeout=60))
        assert config["analytics_enabled"] is False and config["run_history"] is False
        for path in ("monitoring", "monitoring/summary", "monitoring/x", "gradio_api/runs"):
            with pytest.raises(urllib.error.HTTPError, match="40[34]"):
                urllib.request.urlopen(server.url + path, timeout=60)


def upload(server, login, megabytes):
    """The status of an upload of so many megabytes."""
    body = f"username={login[0]}&password={login[1]}".encode()
    with urllib.request.urlopen(server.url + "login", body, timeout=60) as answer:
        cookie = "; ".join(one.split(";")[0] for one in answer.headers.get_all("set-cookie"))
    head = b'--edge\r\nContent-Disposition: form-data; name="files"; filename="big.jpg"\r\nContent-Type: image/jpeg\r\n\r\n'
    end = b"\r\n--edge--\r\n"
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection("127.0.0.1", place.port, timeout=60)
    connection.putrequest("POST", "/gradio_api/upload")
    for name, value in (("Content-Type", "multipart/form-data; boundary=edge"), ("Cookie", cookie),
                        ("Content-Length", str(len(head) + (megabytes << 20) + len(end)))):
        connection.putheader(name, value)
    connection.endheaders()
    try:
        connection.send(head)
        for _ in range(megabytes):
            connection.send(bytes(1 << 20))
        connection.send(end)
    except (BrokenPipeError, ConnectionResetError):  # refused while it was still being sent
        pass
    return connection.getresponse().status


def test_a_page_that_others_reach_takes_no_huge_upload(tmp_path):
    with served(tmp_path, "--gallery", str(tmp_path / "gallery"), "--host", "0.0.0.0") as server:
        line = server.wait_for("owner login owner, password ")
        password = line.split()[-1]
        assert len(password) >= 16, "made up and printed"
        with pytest.raises(urllib.error.HTTPError, match="401"):
            urllib.request.urlopen(server.url + "config", timeout=60)
        assert upload(server, ("owner", password), 1) == 200
        assert upload(server, ("owner", password), 70) == 413
        assert not [one for one in tmp_path.rglob("*") if one.is_file() and one.stat().st_size > 60 << 20]

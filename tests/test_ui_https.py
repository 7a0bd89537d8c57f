"""https with a certificate made on the spot, a login over it, and where a browser gives a camera: a real server and browser."""

import json
import os
import shutil
import ssl
import subprocess
import urllib.error
import urllib.request
from urllib.parse import urlsplit

import camera
import pytest
from served import chromium, open_tab, served

from facegui import drawn, image
from facegui.ui import main

LOGIN, ELSEWHERE = ("ana", "bright-sky"), "facegui.test"  # a name that the browser takes for another machine
HOST = ["--host", "0.0.0.0", "--auth", ":".join(LOGIN)]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """(certificate, key) for 127.0.0.1 and the other name, signed by itself."""
    if shutil.which("openssl") is None:
        (pytest.fail if os.environ.get("FACEGUI_REQUIRE_BROWSER") else pytest.skip)("openssl is not installed")
    place = tmp_path_factory.mktemp("certificate")
    cert, key = place / "cert.pem", place / "key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=facegui", "-addext",
                    f"subjectAltName=IP:127.0.0.1,DNS:{ELSEWHERE}", "-keyout", key, "-out", cert], check=True, capture_output=True)
    return cert, key


@pytest.fixture(scope="module")
def secure(certificate, tmp_path_factory):
    place, (cert, key) = tmp_path_factory.mktemp("https"), certificate
    with served(place, "--gallery", str(place / "gallery"), *HOST, FACEGUI_SSL_CERT=str(cert), FACEGUI_SSL_KEY=str(key)) as one:
        yield one


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    film = camera.write(tmp_path_factory.mktemp("film") / "one.y4m", [camera.scene(drawn.person(1))] * 2)
    with chromium(*camera.flags(film), f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1") as one:
        yield one


def here(server):
    return f"{urlsplit(server.url).scheme}://127.0.0.1:{urlsplit(server.url).port}/"


def test_page_and_api_answer_over_https_to_who_logs_in(secure, certificate, tmp_path):
    from gradio_client import Client, handle_file
    trusting = ssl.create_default_context(cafile=certificate[0])
    assert secure.url.startswith("https://")
    with urllib.request.urlopen(here(secure), context=trusting, timeout=60) as answer:
        assert answer.status == 200 and b"gradio" in answer.read()
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(here(secure) + "config", context=trusting, timeout=60)
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(here(secure), timeout=60)
    with pytest.raises(OSError):  # no plain http on this port
        urllib.request.urlopen(here(secure).replace("https", "http"), timeout=60)
    image.write(tmp_path / "ana.jpg", drawn.person(drawn.CAST["Ana Lima"]))
    client = Client(here(secure), auth=LOGIN, ssl_verify=False, verbose=False)
    assert client.predict("Ana", [handle_file(tmp_path / "ana.jpg")], False, api_name="/enroll")["enrolled"] == 1
    (face,) = client.predict(handle_file(tmp_path / "ana.jpg"), api_name="/identify")["faces"]
    assert face["name"] == "Ana"
    with pytest.raises(Exception, match="(?i)auth|login|credentials"):
        Client(here(secure), auth=("ana", "wrong-password"), ssl_verify=False, verbose=False)


def opened(browser, server, **more):
    """The Live tab at the other name, after the login page; the camera's button was pressed."""
    page = browser.new_context(permissions=["camera"], **more).new_page()
    page.set_default_timeout(60_000)
    page.goto(here(server).replace("127.0.0.1", ELSEWHERE))
    page.get_by_label("username").fill(LOGIN[0])
    page.get_by_label("password").fill(LOGIN[1])
    page.get_by_role("button", name="Login").click()
    open_tab(page, "Live")
    page.click(".fg-live-start")
    return page


def test_over_https_another_machine_has_a_camera(browser, secure):
    page = opened(browser, secure, ignore_https_errors=True)
    page.wait_for_function("document.querySelector('.fg-live-numbers').dataset.rate")
    assert page.evaluate("isSecureContext") and page.locator(".fg-live-note").is_hidden()
    page.context.close()


def test_over_plain_http_the_page_explains_why_it_has_none(browser, tmp_path):
    with served(tmp_path, "--gallery", str(tmp_path / "gallery"), *HOST) as server:
        page = opened(browser, server)
        told = page.wait_for_selector(".fg-live-note:not([hidden])").inner_text()
        assert not page.evaluate("isSecureContext")
        assert "plain http" in told and "FACEGUI_SSL_CERT" in told and "127.0.0.1" in told
        page.context.close()


@pytest.mark.parametrize("what", ["no key", "no file", "no certificate", "another key"])
def test_a_bad_certificate_is_a_sentence(what, certificate, tmp_path, monkeypatch, capsys):
    cert, key = map(str, certificate)
    (tmp_path / "letter.pem").write_text("Dear Ana")
    subprocess.run(["openssl", "genrsa", "-out", tmp_path / "other.pem", "2048"], check=True, capture_output=True)
    given = {"no key": (cert, None), "no file": (str(tmp_path / "none.pem"), key), "no certificate": (str(tmp_path / "letter.pem"), key),
             "another key": (cert, str(tmp_path / "other.pem"))}[what]
    for name, value in zip(("FACEGUI_SSL_CERT", "FACEGUI_SSL_KEY"), given):
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name, raising=False)
    assert main(["--gallery", str(tmp_path / "gallery"), "--port", "0"]) == 2
    said = capsys.readouterr().err
    assert "FACEGUI_SSL_" in said and "Traceback" not in said and json.dumps(said)

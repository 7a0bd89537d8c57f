import hashlib
import random
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

import pytest

from facegui.download import fetch
from facegui.types import Cancelled, DownloadError

DATA = random.Random(7).randbytes(1_500_000)
SHA256 = hashlib.sha256(DATA).hexdigest()


class Server(ThreadingHTTPServer):
    """Serves `data`; `manners` says how the next answers misbehave, `asked` what was asked for."""

    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.data, self.etag, self.ranges = DATA, '"one"', True
        self.manners: list[str] = []
        self.asked: list[tuple[str | None, str | None]] = []
        self.url = f"http://127.0.0.1:{self.server_port}/weights.bin"


class Answer(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_):
        pass

    def do_GET(self):
        server = self.server
        asked, condition = self.headers["Range"], self.headers["If-Range"]
        server.asked.append((asked, condition))
        manner = server.manners.pop(0) if server.manners else "well"
        if manner.isdigit():
            return self.send_error(int(manner))
        if manner.startswith("to "):
            self.send_response(302)
            self.send_header("Location", manner[3:])
            self.send_header("Content-Length", "0")
            return self.end_headers()
        start = 0
        if asked and server.ranges and condition in (None, server.etag):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= len(server.data):
                return self.send_error(416)
        body = server.data[start:]
        self.send_response(206 if start else 200)
        if start:
            shift = 10 if manner == "wrong range" else 0
            self.send_header("Content-Range", f"bytes {start - shift}-{len(server.data) - 1}/{len(server.data)}")
        if server.etag:
            self.send_header("ETag", server.etag)
        if manner != "no length":
            self.send_header("Content-Length", str(len(body) + (5000 if manner == "lies" else 0)))
        self.end_headers()
        half = len(body) // 2
        try:
            self.wfile.write(body[:half] if manner in ("break", "stall") else body)
            self.wfile.flush()
            if manner == "stall":
                time.sleep(1.5)
        except OSError:
            pass  # the client had enough
        self.close_connection = True


@pytest.fixture
def server():
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def target(tmp_path):
    return tmp_path / "models" / "weights.bin"


def left(target):
    return sorted(path.name for path in target.parent.iterdir())


def test_a_whole_file_comes_with_progress(server, target):
    seen = []
    fetch(server.url, target, SHA256, seen.append, size=len(DATA))
    assert target.read_bytes() == DATA and left(target) == ["weights.bin"]
    assert [step.done for step in seen] == sorted(step.done for step in seen)
    assert seen[-1].done == seen[-1].total == len(DATA) and seen[-1].remaining_s == 0


def test_a_broken_connection_is_resumed_at_once(server, target):
    server.manners = ["break", "break"]
    fetch(server.url, target, SHA256, pause_s=0)
    assert target.read_bytes() == DATA
    half = len(DATA) // 2
    assert server.asked == [(None, None), (f"bytes={half}-", '"one"'), (f"bytes={half + half // 2}-", '"one"')]


def test_a_cancelled_download_goes_on_at_the_next_call(server, target):
    def cancel(step):
        if step.done > 400_000:
            raise Cancelled("stopped")

    with pytest.raises(Cancelled):
        fetch(server.url, target, SHA256, cancel)
    kept = target.with_name("weights.bin.part").stat().st_size
    assert 400_000 < kept < len(DATA) and not target.exists()
    fetch(server.url, target, SHA256)
    assert target.read_bytes() == DATA and server.asked[1][0] == f"bytes={kept}-"


def test_a_file_that_changed_on_the_server_begins_anew(server, target):
    target.parent.mkdir()
    target.with_name("weights.bin.part").write_bytes(b"x" * 1000)
    target.with_name("weights.bin.tag.part").write_text('"older"')
    fetch(server.url, target)
    assert server.asked == [("bytes=1000-", '"older"')] and target.read_bytes() == DATA


def test_without_tag_and_checksum_nothing_is_joined(server, target):
    server.etag = ""
    target.parent.mkdir()
    target.with_name("weights.bin.part").write_bytes(b"x" * 1000)
    fetch(server.url, target)
    assert server.asked == [(None, None)] and target.read_bytes() == DATA


@pytest.mark.parametrize("ranges, manners", [(False, ["break"]), (True, ["break", "wrong range"]), (True, ["no length"])])
def test_servers_without_manners_still_give_the_file(server, target, ranges, manners):
    server.ranges, server.manners = ranges, manners
    fetch(server.url, target, SHA256, pause_s=0)
    assert target.read_bytes() == DATA


def test_a_part_that_is_wrong_or_too_long_is_given_up(server, target):
    target.parent.mkdir()
    for start in (b"wrong" * 1000, DATA + b"more"):
        server.etag = ""
        target.with_name("weights.bin.part").write_bytes(start)
        fetch(server.url, target, SHA256)
        assert target.read_bytes() == DATA


def test_a_length_that_lies_is_no_success(server, target):
    server.manners = ["lies"] * 9
    with pytest.raises(DownloadError, match="broke off after 1500000 of 1505000"):
        fetch(server.url, target, pause_s=0)
    assert not target.exists()


def test_wrong_bytes_are_thrown_away_and_the_old_file_stays(server, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    server.data = DATA[:-1] + b"?"
    with pytest.raises(DownloadError, match="not the file that was expected"):
        fetch(server.url, target, SHA256)
    assert target.read_bytes() == b"old" and left(target) == ["weights.bin"]


def test_another_size_is_refused_before_it_comes(server, target):
    server.data = b"<html>please sign in</html>"
    with pytest.raises(DownloadError, match="27 bytes where 1500000 are expected"):
        fetch(server.url, target, SHA256, size=len(DATA))


@pytest.mark.parametrize("manner, words", [("well", "may have"), ("no length", "sends more than the 1000000 bytes")])
def test_too_much_is_refused(server, target, manner, words):
    server.manners = [manner]
    with pytest.raises(DownloadError, match=words):
        fetch(server.url, target, limit=1_000_000)
    assert not target.exists() and sum(path.stat().st_size for path in target.parent.iterdir()) < 1_000_000


def test_errors_of_the_server(server, target):
    server.manners = ["404"]
    with pytest.raises(DownloadError, match="answered 404"):
        fetch(server.url, target)
    assert len(server.asked) == 1
    server.manners = ["500", "503"]
    fetch(server.url, target, SHA256, pause_s=0)
    assert target.read_bytes() == DATA
    server.manners = ["500"] * 9
    with pytest.raises(DownloadError, match="answered 500"):
        fetch(server.url, target, pause_s=0)


def test_a_silent_server_is_left_and_its_half_kept(server, target):
    server.manners = ["stall", "stall"]
    fetch(server.url, target, SHA256, timeout_s=0.3, pause_s=0)
    assert target.read_bytes() == DATA and len(server.asked) == 3


def test_no_connection(server, target):
    port = server.server_port
    server.shutdown()
    server.server_close()
    with pytest.raises(DownloadError, match="no connection"):
        fetch(f"http://127.0.0.1:{port}/x", target, pause_s=0)


def test_only_https_leaves_this_machine(server, target):
    for url in ("http://example.com/x", "file:///etc/hostname", "ftp://example.com/x"):
        with pytest.raises(DownloadError, match="not an https address"):
            fetch(url, target)
    server.manners = ["to http://example.com/x"]
    with pytest.raises(DownloadError, match="example.com/x is not an https address"):
        fetch(server.url, target)
    server.manners = [f"to {urlsplit(server.url)._replace(path='/moved').geturl()}"]
    fetch(server.url, target, SHA256)
    assert target.read_bytes() == DATA

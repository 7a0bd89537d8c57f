"""Downloads: resumed where they broke off, bounded, verified, placed in one step. Standard library only."""

from __future__ import annotations

import hashlib
import http.client
import os
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .types import DownloadError, Progress, Tick, no_tick

CHUNK_BYTES = 256 << 10
LIMIT_BYTES = 2 << 30
ATTEMPTS = 4  # in a row without a single new byte
SILENCE = "nothing came for {:g} s"


class _Broken(Exception):
    """The transfer stopped for a reason that may pass; what came so far is kept."""


class _Restart(Exception):
    """What came so far does not belong to what the server has now."""


@dataclass(frozen=True, slots=True)
class _Job:
    url: str
    part: Path
    tag: Path  # the server's ETag or date for what is in `part`
    size: int
    limit: int
    timeout_s: float
    known: bool  # a sha256 will judge the whole file
    tick: Tick


def fetch(url: str, target: Path, sha256: str = "", tick: Tick = no_tick, *, size: int = 0,
          limit: int = LIMIT_BYTES, timeout_s: float = 30.0, pause_s: float = 1.0) -> None:
    """Download `url` to `target`; an existing `target` is replaced, in one step, only by a verified file.

    An unfinished download stays beside it as *.part and the next call goes on from there. `size` in bytes, when
    known, must be met exactly; `limit` bounds what is accepted. https only, plain http only from this machine.
    Raises DownloadError: no connection, no such file, too large, another checksum. Cancelled from `tick` keeps the part.
    """
    part = target.with_name(target.name + ".part")
    job = _Job(url, part, target.with_name(target.name + ".tag.part"), size, min(limit, size or limit), timeout_s, bool(sha256), tick)
    _allow(url)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        resumed = _transfer(job, pause_s)
        found = _digest(part)
        if sha256 and found != sha256 and resumed:  # the older half may be to blame
            _forget(job)
            _transfer(job, pause_s)
            found = _digest(part)
        if sha256 and found != sha256:
            _forget(job)
            raise DownloadError(f"what came from {url} is not the file that was expected (sha256 {found}, not {sha256}); "
                                "it was thrown away. Try again later; if it happens again, the file was changed there")
        os.replace(part, target)
        job.tag.unlink(missing_ok=True)
    except OSError as error:
        raise DownloadError(f"{url} could not be written to {target}: {error.strerror or error}") from None


def _transfer(job: _Job, pause_s: float) -> bool:
    """Fill job.part; True if it began with bytes of an earlier call."""
    resumed = _have(job) > 0
    failures = restarts = 0
    best = _have(job)
    while True:
        try:
            _once(job)
            return resumed
        except _Restart:
            _forget(job)
            resumed = False
            restarts += 1
            reason = "the file changed on the server again and again"
            if restarts < ATTEMPTS:
                continue
        except _Broken as error:
            reason = str(error)
            failures = 1 if _have(job) > best else failures + 1
            best = max(best, _have(job))
            if failures < ATTEMPTS:
                job.tick(Progress(_have(job), job.size, f"{reason}; trying again"))
                time.sleep(pause_s * failures)
                continue
        kept = f"; {_have(job) >> 20} MB are kept and the next try goes on from there" if _have(job) else ""
        raise DownloadError(f"{job.url} could not be downloaded: {reason}{kept}")


def _once(job: _Job) -> None:
    have = _have(job)
    if job.size and have == job.size:
        return
    if have > job.limit:
        raise _Restart
    headers = {"User-Agent": "facegui", "Accept-Encoding": "identity"}
    tag = job.tag.read_text() if job.tag.exists() else ""
    if have and (tag or job.known):  # without either, two halves of different files could be joined unseen
        headers["Range"] = f"bytes={have}-"
        if tag:
            headers["If-Range"] = tag
    try:
        with _opener(job.url).open(urllib.request.Request(job.url, headers=headers), timeout=job.timeout_s) as answer:
            _receive(job, answer, have if "Range" in headers else 0)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == 416:
            raise _Restart from None
        if error.code >= 500 or error.code in (408, 429):
            raise _Broken(f"the server answered {error.code}") from None
        raise DownloadError(f"{job.url} cannot be had: the server answered {error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise _Broken(f"no connection ({error.reason})") from None
    except TimeoutError:
        raise _Broken(SILENCE.format(job.timeout_s)) from None
    except (http.client.HTTPException, ConnectionError) as error:
        raise _Broken(f"the connection broke off ({type(error).__name__})") from None


def _receive(job: _Job, answer: http.client.HTTPResponse, have: int) -> None:
    if answer.status == 206:
        if not answer.headers.get("Content-Range", "").startswith(f"bytes {have}-"):
            raise _Restart
    else:
        have = 0  # the whole file comes again
    length = answer.headers.get("Content-Length", "")
    total = have + int(length) if length.isdigit() else 0
    if job.size and total and total != job.size:
        if have:
            raise _Restart
        raise DownloadError(f"{job.url} offers {total} bytes where {job.size} are expected: that is another file, or a page that "
                            "asks you to sign in to the network. Nothing was kept")
    if total > job.limit:
        raise DownloadError(f"{job.url} offers {total >> 20} MB, more than the {job.limit >> 20} MB this file may have")
    if total - have > shutil.disk_usage(job.part.parent).free:
        raise DownloadError(f"{job.part.parent} has too little room for {total >> 20} MB; free some and try again")
    if not have:
        # A weak ETag promises a like file, not the same bytes.
        tag = answer.headers.get("ETag", "")
        job.tag.write_text(tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", ""))
    began, first = time.monotonic(), have
    with open(job.part, "ab" if have else "wb") as file:
        for chunk in _chunks(answer, job.timeout_s):
            have += len(chunk)
            if have > job.limit:
                break
            file.write(chunk)
            speed = (have - first) / max(time.monotonic() - began, 1e-6)
            expected = total or job.size
            remaining = (expected - have) / speed if expected else None
            job.tick(Progress(have, expected, f"downloading {job.part.stem}", remaining))
    if have > job.limit:
        _forget(job)
        raise DownloadError(f"{job.url} sends more than the {job.limit} bytes this file may have; it was thrown away")
    if have < (total or job.size):
        raise _Broken(f"the connection broke off after {have} of {total or job.size} bytes")


def _chunks(answer: http.client.HTTPResponse, timeout_s: float) -> Iterator[bytes]:
    while True:
        try:
            chunk = answer.read1(CHUNK_BYTES)
        except TimeoutError:
            raise _Broken(SILENCE.format(timeout_s)) from None
        except (http.client.HTTPException, OSError) as error:  # an OSError from the network, told apart from the disk's
            raise _Broken(f"the connection broke off ({type(error).__name__})") from None
        if not chunk:
            return
        yield chunk


def _allow(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and _loopback(url)):
        raise DownloadError(f"{url} is not an https address; nothing is downloaded from others")


def _loopback(url: str) -> bool:
    return urlsplit(url).hostname in ("127.0.0.1", "::1", "localhost")


class _Redirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        _allow(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _opener(url: str) -> urllib.request.OpenerDirector:
    direct = [urllib.request.ProxyHandler({})] if _loopback(url) else []  # a proxy elsewhere cannot reach this machine
    return urllib.request.build_opener(_Redirects, *direct)


def _have(job: _Job) -> int:
    return job.part.stat().st_size if job.part.exists() else 0


def _forget(job: _Job) -> None:
    job.part.unlink(missing_ok=True)
    job.tag.unlink(missing_ok=True)


def _digest(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()

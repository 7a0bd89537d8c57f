"""What launch.py understands, who may log in, and what the edge lets through."""

import asyncio
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import gradio as gr
import pytest

from facegui.types import FaceguiError, GalleryError
from facegui.ui import main, options
from facegui.ui.access import WAITING, Access, Refused
from facegui.ui.edge import SURPRISE, Edge, sentence
from facegui.ui.options import Login

ROOT = Path(__file__).resolve().parent.parent
OWNER, GUEST = Login("ana", "bright-sky"), Login("guest", "long-road")
AS_OWNER, AS_GUEST, ANONYMOUS = (SimpleNamespace(username=name) for name in ("ana", "guest", None))


def read(*words):
    return options.read(words)[1]


def test_help_is_light_and_fast():
    code = "import sys, facegui.ui as u\ntry: u.main(['--help'])\nexcept SystemExit as end: print(end.code)\n" \
           "print(sorted({'torch', 'gradio', 'cv2', 'numpy'} & set(sys.modules) - {'numpy'}))"
    said = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "--demo" in said and said.strip().endswith("0\n[]")


@pytest.mark.parametrize("words", [["--port", "x"], ["--port", "70000"], ["--device", "abacus"], ["--nonsense"], ["extra"]])
def test_bad_words_exit_2(words, capsys):
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 2 and "error:" in capsys.readouterr().err


@pytest.mark.parametrize("words, part", [(["--auth", "ana"], "USER:PASSWORD"), (["--auth", "ana:short"], "at least 6"),
                                         (["--long-side", "7"], "long side"), (["--host", "no.such.host.invalid"], "address"),
                                         (["--auth", "a:abcdef", "--guest", "a:ghijkl"], "another name")])
def test_bad_values_are_a_sentence_and_exit_2(words, part, capsys):
    assert main(words) == 2
    assert part in capsys.readouterr().err


def test_a_port_in_use_is_a_sentence(capsys):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert main(["--port", str(taken.getsockname()[1])]) == 2
    said = capsys.readouterr().err
    assert "is in use" in said and "--port" in said and "Traceback" not in said


def test_only_this_machine_needs_no_login():
    assert read().owner is None and read().local
    assert read("--host", "localhost").owner is None
    for words in (["--share"], ["--host", "0.0.0.0"], ["--guest", "g:abcdef"]):
        login = read(*words).owner
        assert login.generated and len(login.password) >= 16
    assert not read("--share").local and not read("--host", "0.0.0.0").local
    assert read("--share").owner.password != read("--share").owner.password
    given = read("--share", "--auth", "ana:bright:sky")
    assert given.owner == Login("ana", "bright:sky") and given.guest.generated


def test_login_knows_owner_and_guest():
    access = Access(OWNER, GUEST)
    tries = [("ana", "bright-sky"), ("guest", "long-road"), ("ana", "long-road"), ("ana", ""), ("", "bright-sky"), ("é", "ü")]
    assert [asyncio.run(access.login(*one)) for one in tries] == [True, True, False, False, False, False]


def test_failures_slow_down_the_next_attempt_and_a_crowd_is_refused(monkeypatch):
    waits = []

    async def sleep(seconds):
        waits.append(seconds)
    monkeypatch.setattr("facegui.ui.access.asyncio.sleep", sleep)
    access = Access(OWNER)
    for _ in range(8):
        assert not asyncio.run(access.login("ana", "wrong"))
    assert waits[0] == 0 and waits == sorted(waits) and waits[-1] == 5.0 and waits[2] > waits[1] > 0
    assert asyncio.run(access.login("ana", "bright-sky")) and waits[-1] == 5.0, "the right password waits like a wrong one"
    access._waiting = WAITING
    assert not asyncio.run(access.login("ana", "bright-sky"))


def test_roles():
    access = Access(OWNER, GUEST, local=False)
    access.require_owner(AS_OWNER)
    for caller in (AS_GUEST, ANONYMOUS, None):
        with pytest.raises(Refused):
            access.require_owner(caller)
        with pytest.raises(Refused):
            access.require_local(caller)
    with pytest.raises(Refused, match="not shared"):
        access.require_local(AS_OWNER)
    Access(OWNER, local=True).require_local(AS_OWNER)
    Access().require_local(ANONYMOUS)


def test_the_edge_asks_for_the_caller_and_turns_errors_into_sentences():
    edge = Edge(Access(OWNER, GUEST))

    def add(one: int, event: gr.EventData, two: int) -> int:
        return one + two

    def fail(one: int) -> int:
        raise GalleryError("there is nobody called Ana")

    def burst(one: int) -> int:
        raise ZeroDivisionError("secret detail")
    handler = edge.owner(add, str)
    inputs, _, event_at, _ = gr.helpers.special_args(handler, [1, 2], AS_OWNER, SimpleNamespace(target=None, _data={}))
    assert event_at == 1 and handler(*inputs) == 3
    assert "owner" in handler(1, None, 2, AS_GUEST) and "owner" in handler(1, None, 2, None)
    assert edge.guest(add, str)(1, None, 2, AS_GUEST) == 3
    assert edge.guest(fail, str)(1, AS_GUEST) == "There is nobody called Ana."
    assert edge.guest(burst, str)(1, AS_GUEST) == sentence(SURPRISE)
    with pytest.raises(gr.Error, match="nobody called"):
        edge.api(fail, owner=False)(1, AS_GUEST)
    with pytest.raises(gr.Error, match="owner"):
        edge.api(fail, owner=True)(1, AS_GUEST)


def test_sentences():
    assert sentence("no face; try again") == "No face; try again."
    assert sentence("party.jpg is empty") == "party.jpg is empty."
    assert sentence(FaceguiError("Really?")) == "Really?" and sentence("") == sentence(SURPRISE)

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from facegui.cli import main
from facegui.cli.parser import build_parser
from facegui.cli.progress import Bar, duration
from facegui.types import Progress

ROOT = Path(__file__).resolve().parent.parent


def commands(parser, path=()):
    """Every command of the parser, as a tuple of words."""
    groups = [action for action in parser._actions if hasattr(action, "choices") and isinstance(action.choices, dict)]
    if not groups:
        yield path
    for group in groups:
        for name, child in group.choices.items():
            yield from commands(child, (*path, name))


def test_every_command_is_documented_and_exists():
    text = (ROOT / "README.md").read_text()
    parser = build_parser()
    for words in commands(parser):
        assert re.search(rf"`{' '.join(words)}\b", text), f"README.md does not explain `{' '.join(words)}`"


def test_every_option_of_the_readme_table_is_accepted():
    parser = build_parser()
    known = {option for words in commands(parser) for option in _options(parser, words)}
    table = [line for line in (ROOT / "README.md").read_text().splitlines() if line.startswith("| `")]
    told = set(re.findall(r"--[a-z-]+", "\n".join(table)))
    assert told and told <= known


def _options(parser, words):
    for word in words:
        parser = next(action.choices[word] for action in parser._actions
                      if isinstance(getattr(action, "choices", None), dict) and word in action.choices)
    return [option for action in parser._actions for option in action.option_strings]


def test_global_options_stand_before_and_after_the_command():
    parse = build_parser().parse_args
    for words in (["--gallery", "g", "people"], ["people", "--gallery", "g"], ["--gallery", "x", "people", "--gallery", "g"]):
        assert parse(words).gallery == "g"
    assert not hasattr(parse(["people"]), "gallery")


@pytest.mark.parametrize("words", [["identify"], ["identify", "a.jpg", "--threshold", "2"], ["identify", "a.jpg", "--top", "0"],
                                   ["verify", "a.jpg"], ["nonsense"], [], ["enroll", "Ana"], ["people", "--device", "tpu"]])
def test_wrong_words_are_refused_with_exit_code_2(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(words)
    assert stop.value.code == 2
    assert "usage" in capsys.readouterr().err


def test_bad_input_is_a_sentence_not_a_traceback(tmp_path):
    run = subprocess.run([sys.executable, "-m", "facegui", "build", str(tmp_path / "nowhere"), "--gallery", str(tmp_path / "g")],
                         cwd=ROOT, capture_output=True, text=True)
    assert run.returncode == 2
    assert run.stderr.startswith("facegui: there is no folder") and "Traceback" not in run.stderr


def test_settings_come_from_flags_then_environment(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("FACEGUI_GALLERY", str(tmp_path / "environment"))
    assert main(["people", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []
    assert (tmp_path / "environment" / "gallery.db").exists()
    assert main(["people", "--gallery", str(tmp_path / "flag")]) == 0
    assert (tmp_path / "flag" / "gallery.db").exists()
    monkeypatch.setenv("FACEGUI_DEVICE", "abacus")
    assert main(["people"]) == 2
    assert "abacus" in capsys.readouterr().err


def test_the_bar_tells_share_count_and_remaining_time():
    assert Bar.line(Progress(5, 20, "Ana", 75.0)) == "[######                  ]  25%  5/20  1m15s left  Ana"
    assert Bar.line(Progress(7, 0, "unpacking")) == "7  unpacking"
    assert [duration(value) for value in (0.4, 59.6, 3599, 7260)] == ["0s", "1m00s", "59m59s", "2h01m"]
    stream = io.StringIO()
    with Bar(stream) as bar:
        for number in range(100):
            bar(Progress(number, 100))
    assert stream.getvalue() == ""  # not a terminal and quicker than one line's pace: silence

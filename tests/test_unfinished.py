"""Unfinished files: those of dead processes go at the next writing in their folder, all others stay."""

import os
import signal
import subprocess
import sys
import time

import numpy as np

from facegui.capture import VideoSink, unfinished
from facegui.service.video import export
from facegui.service.video.timeline import Timeline

TOLD = Timeline("a.webm", 64, 48, 1.0, 0.5, (), 0, ())
WRITER = """
import os, signal, sys
import numpy as np
from facegui.capture import VideoSink
sink = VideoSink(sys.argv[1], 64, 48)
sink.add(np.zeros((48, 64, 3), np.uint8), 0.0)
os.kill(os.getpid(), signal.SIGKILL)
"""


def aged(path):
    os.utime(path, (time.time() - 3600,) * 2)
    return path


def parts(folder):
    return {path.name for path in folder.glob(".*")}


def test_what_a_killed_writer_left_goes_at_the_next_writing(tmp_path):
    for write in (lambda: VideoSink(tmp_path / "b.webm", 64, 48).__exit__(ValueError),
                  lambda: export.write(TOLD, tmp_path / "b.csv")):
        run = subprocess.run([sys.executable, "-c", WRITER, str(tmp_path / "a.webm")], timeout=60)
        assert run.returncode == -signal.SIGKILL
        (left,) = parts(tmp_path)
        aged(tmp_path / left)
        write()
        assert not parts(tmp_path) and not (tmp_path / "a.webm").exists()


def test_what_belongs_to_the_living_or_to_nobody_known_stays(tmp_path):
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        stays = [f".{child.pid}-0123abcd.part", f".{os.getpid()}-0123abcd.part", ".holiday.part", ".1-0123abcd.part"]
        for name in stays:
            (tmp_path / name).write_bytes(b"x")
            aged(tmp_path / name)
        assert unfinished.sweep(tmp_path) == 0 and parts(tmp_path) == set(stays)
    finally:
        child.communicate(b"\n")
    fresh = tmp_path / f".{child.pid}-89abcdef.part"
    fresh.write_bytes(b"x")  # written to a moment ago: perhaps by a process of another container
    assert unfinished.sweep(tmp_path) == 1 and parts(tmp_path) == {*stays[1:], fresh.name}


def test_a_living_writer_keeps_its_file(tmp_path):
    with VideoSink(tmp_path / "a.webm", 64, 48) as sink:
        sink.add(np.zeros((48, 64, 3), np.uint8), 0.0)
        aged(next(tmp_path.glob(".*")))
        with VideoSink(tmp_path / "b.webm", 64, 48) as other:
            other.add(np.zeros((48, 64, 3), np.uint8), 0.0)
    assert {path.name for path in tmp_path.iterdir()} == {"a.webm", "b.webm"}

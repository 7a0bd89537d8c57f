"""A page's private folder goes with its process, however that ends."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from facegui.ui.private import PREFIX, private_folder, sweep

HOLD = "import sys, time; from facegui.ui.private import private_folder\nwith private_folder() as p: print(p, flush=True); time.sleep(600)"


def hold(place):
    process = subprocess.Popen([sys.executable, "-c", HOLD], stdout=subprocess.PIPE, text=True, env={**os.environ, "TMPDIR": str(place)})
    return process, Path(process.stdout.readline().strip())


def test_the_folder_is_private_and_goes_at_the_end(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with private_folder() as folder:
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "face.jpg").write_bytes(b"x")
    assert not any(tmp_path.iterdir())


def test_what_a_killed_page_left_goes_at_the_next_start_and_a_living_one_stays(tmp_path, monkeypatch):
    killed, left = hold(tmp_path)
    alive, kept = hold(tmp_path)
    try:
        (left / "face.jpg").write_bytes(b"x")
        killed.kill()
        killed.wait()
        assert left.exists()
        (tmp_path / "mine").mkdir()
        (tmp_path / f"{PREFIX}link").symlink_to(tmp_path / "mine")
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        with private_folder():
            assert not left.exists() and kept.exists() and (tmp_path / "mine").exists()
        assert sweep(tmp_path) == 0
    finally:
        alive.kill()
        alive.wait()
    assert sweep(tmp_path) == 1 and not kept.exists()

"""kill -9 at any moment: what was acknowledged is there, what was deleted is gone, no name stands on another's face."""

import json
import os
import random
import shutil
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from gallery_rig import opened, photo, same_answers, vector

from facegui import archive
from facegui.store import files
from facegui.store.database import Database

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
TREES_FROM = 4  # so that a rebuild writes a generation
FOREIGN = {"Import 0": [900_000, 900_001], "Import 1": [900_002], "Import 2": [900_003, 900_004]}
CRASHES = 40


@pytest.fixture(scope="module")
def foreign(tmp_path_factory):
    folder = tmp_path_factory.mktemp("foreign")
    with opened(folder / "g") as gallery:
        for name, seeds in FOREIGN.items():
            gallery.enroll(name, [photo(seed) for seed in seeds])
    archive.export(folder / "g", folder / "a.zip")
    return folder / "a.zip"


def apply(state, step):
    """The model of a gallery: {name: {seeds of its photos}}. Returns it after a step."""
    after = {name: set(seeds) for name, seeds in state.items()}
    kind, *rest = step
    if kind == "enroll":
        after.setdefault(rest[0], set()).update(rest[1])
    elif kind == "forget":
        del after[rest[0]]
    elif kind == "remove":
        after[rest[0]].discard(rest[1])
    elif kind == "merge":
        after[rest[1]] |= after.pop(rest[0])
    elif kind == "import":
        for name, seeds in FOREIGN.items():
            taken = {seed for owned in after.values() for seed in owned}
            if fresh := set(seeds) - taken:
                after.setdefault(name, set()).update(fresh)
    return after


def do(gallery, step, zip_file):
    kind, *rest = step
    if kind == "enroll":
        gallery.enroll(rest[0], [photo(seed) for seed in rest[1]])
    elif kind == "forget":
        gallery.forget(rest[0])
    elif kind == "remove":
        named = {one.original_name: one.id for one in gallery.photos(rest[0])}
        gallery.remove_photo(named[f"IMG {rest[1]}.JPG"])
    elif kind == "merge":
        gallery.merge(rest[0], rest[1])
    elif kind == "import":
        archive.load(gallery.folder, zip_file)
    elif kind == "rebuild":
        gallery.rebuild_index()


def choose(rng, state, fresh):
    names = sorted(state)
    kind = rng.choice(["enroll"] * 8 + ["forget"] * 3 + ["rebuild"] * 3 + ["import"] * 2 + ["remove", "merge"])
    if len(names) < 6 and kind in ("forget", "merge", "remove"):
        kind = "enroll"
    if kind == "enroll":
        name = rng.choice(names) if names and rng.random() < 0.3 else f"Person {fresh}"
        return ["enroll", name, [fresh + number for number in range(rng.randint(1, 3))]]
    if kind == "merge":
        return ["merge", *rng.sample(names, 2)]
    if kind == "remove":
        name = rng.choice(names)
        return ["remove", name, rng.choice(sorted(state[name]))] if state[name] else ["rebuild"]
    return [kind, rng.choice(names)] if kind == "forget" else [kind]


def in_child(work):
    """Run `work(say)` in a forked process; returns its pid and the file its words arrive in."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, os.fdopen(read)
    status = 3
    try:
        os.close(read)
        work(lambda word: os.write(write, (json.dumps(word) + "\n").encode()))
        status = 0
    except BaseException as error:
        os.write(write, (json.dumps(["error", f"{type(error).__name__}: {error}"]) + "\n").encode())
    finally:
        os._exit(status)


def verify(folder, possible, deleted):
    """Open the gallery and hold it against the states it may be in; returns the one it is in."""
    with opened(folder, trees_from=TREES_FROM) as gallery:
        gallery.check()
        rows = [(person.name, one) for person in gallery.people() for one in gallery.photos(person.name)]
        found = {person.name: set() for person in gallery.people()}
        for name, one in rows:
            found[name].add(int(one.original_name[4:-4]))
        assert found in possible
        for _, one in rows:
            assert gallery.photo_bytes(one.id) == photo(int(one.original_name[4:-4])).source
        kept = {path.relative_to(folder).as_posix() for path in (folder / "photos").rglob("*.jpg")}
        assert kept == {one.file for _, one in rows}
        assert not list((folder / "incoming").glob("*"))
        if rows:
            probes = np.stack([vector(int(one.original_name[4:-4])) for _, one in rows])
            for (name, one), hits in zip(rows, gallery.search(probes, 1), strict=True):
                assert (hits[0].name, hits[0].photo_id) == (name, one.id) and hits[0].score > 0.9999
            same_answers(gallery, probes[:5])
        disk = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        lingers = [(seed, path) for seed in deleted - set().union(*found.values())
                   for path, content in disk.items() if vector(seed).tobytes() in content]
        assert not lingers
    return found


def test_killed_at_random_moments(tmp_path, foreign):
    folder, state, deleted, hits = tmp_path / "g", {}, set(), []
    for crash in range(CRASHES):
        def work(say, crash=crash, state=state):
            rng, mine = random.Random(crash), state
            with opened(folder, trees_from=TREES_FROM) as gallery:
                for number in range(10_000):
                    step = choose(rng, mine, 1000 * crash + 10 * number)
                    say(["begin", step])
                    do(gallery, step, foreign)
                    say(["done", step])
                    mine = apply(mine, step)

        child, words = in_child(work)
        time.sleep(random.Random(crash + 1).uniform(0.02, 0.4))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        before, begun = state, None
        for kind, step in map(json.loads, words):
            assert kind != "error", step
            begun = step if kind == "begin" else None
            if kind == "done":
                deleted |= {seed for seeds in state.values() for seed in seeds}
                state = apply(state, step)
        words.close()
        hits.append(begun[0] if begun else None)
        deleted |= {seed for owned in (before, state) for seeds in owned.values() for seed in seeds}
        if begun and begun[0] == "enroll":
            deleted |= set(begun[2])
        recent = set(sorted(deleted)[-40:])
        state = verify(folder, [state] + ([apply(state, begun)] if begun else []), recent - _unfinished(folder))
    assert sum(hit is not None for hit in hits) >= CRASHES // 4, hits
    assert len(state) > 3


def _unfinished(folder):
    """Photos of unfinished files, which wait some minutes before they are swept."""
    return {int(path.read_bytes()[6:].split(b" ")[0] or 0) for path in (folder / "photos").rglob("*.part")
            if path.read_bytes()[:6] == b"photo "}


STEPS = [["enroll", "Ana", [50, 51]], ["enroll", "New", [60, 61]], ["forget", "Bob"], ["remove", "Ana", 1],
         ["merge", "Bob", "Ana"], ["rebuild"], ["import"]]


@pytest.mark.parametrize("step", STEPS, ids=lambda step: "-".join(map(str, step[:2])))
def test_killed_before_each_touch_of_the_disk(tmp_path, foreign, step):
    """The process kills itself before its 1st, 2nd, 3rd ... write, sync, rename, unlink or commit, until it gets by."""
    start = {"Ana": {1, 2, 3}, "Bob": {4, 5}, "Cem": {6}}
    with opened(tmp_path / "start", trees_from=TREES_FROM) as gallery:
        for name, seeds in start.items():
            gallery.enroll(name, [photo(seed) for seed in sorted(seeds)])
        gallery.rebuild_index()
    for number in range(1, 400, 5 if step == ["import"] else 1):
        folder = tmp_path / "g"
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(tmp_path / "start", folder)

        def work(say, number=number, folder=folder):
            with opened(folder, trees_from=TREES_FROM) as gallery:
                gallery.search(vector(1)[None])
                set_trap(number)
                do(gallery, step, foreign)
                say(["done", step])
                os.kill(os.getpid(), signal.SIGKILL)  # the last moment of all: acknowledged

        child, words = in_child(work)
        os.waitpid(child, 0)
        said = [json.loads(word) for word in words]
        words.close()
        assert not said or said == [["done", step]], said
        done = apply(start, step)
        gone = {seed for seeds in start.values() for seed in seeds}
        verify(folder, [done] if said else [start, done], gone)
        if said:
            break
    assert number > {"rebuild": 4, "merge": 1}.get(step[0], 3), "the trap was never reached"


def set_trap(number):
    """From now on, the `number`th touch of the disk kills this process."""
    left = [number]

    def trapped(work):
        def touch(*args, **options):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return work(*args, **options)
        return touch

    for owner, names in ((os, ("replace", "rename", "fsync", "unlink", "rmdir", "mkdir")), (files, ("write",)),
                         (Database, ("write", "purge")), (Path, ("write_text",))):
        for name in names:
            setattr(owner, name, trapped(getattr(owner, name)))

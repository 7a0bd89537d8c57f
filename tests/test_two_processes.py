"""Several processes and one gallery: no 'database is locked', no stale answer, no half-created file."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from gallery_rig import opened, photo, same_answers, vector

from facegui import archive

TESTS = Path(__file__).parent
WORKER = """
import json, sys
sys.path[:0] = [{tests!r}, {root!r}]
from gallery_rig import opened, photo, vector
from pathlib import Path
folder, worker, count, stay = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "stay"
say = lambda *words: print(json.dumps(words), flush=True)
sys.stdin.readline()
gallery = opened(folder, trees_from=30)
for number in range(count):
    seed = 1000 * worker + number
    if not stay:
        gallery.close()
        gallery = opened(folder, trees_from=30)
    gallery.enroll(f"Person {{seed}}", [photo(seed)])
    say("enrolled", seed)
    hit = gallery.search(vector(seed)[None], 1)[0][0]
    assert hit.name == f"Person {{seed}}" and hit.score > 0.9999, hit
    if number % 4 == 3:
        gallery.forget(f"Person {{seed}}")
        say("forgotten", seed)
        assert gallery.search(vector(seed)[None], 1)[0][0].name != f"Person {{seed}}"
    if number % 7 == 6:
        gallery.rebuild_index()
gallery.close()
say("bye", worker)
"""


def start(folder, worker, count, stay="stay"):
    code = WORKER.format(tests=str(TESTS), root=str(TESTS.parent))
    return subprocess.Popen([sys.executable, "-c", code, str(folder), str(worker), str(count), stay], text=True,
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def go(processes):
    for process in processes:
        process.stdin.write("go\n")
        process.stdin.flush()


def finished(process):
    out, errors = process.communicate(timeout=200)
    assert process.returncode == 0, errors
    return [json.loads(line) for line in out.splitlines()]


def test_what_another_process_acknowledged_is_found_by_our_next_search(tmp_path):
    with opened(tmp_path, trees_from=30) as gallery:
        workers = [start(tmp_path, 1, 16), start(tmp_path, 2, 16, "come and go")]
        go(workers)
        gone = set()
        for process in workers:  # lines of the second wait in its pipe meanwhile: it enrolls all the time
            for line in process.stdout:
                word, seed = json.loads(line)
                if word == "bye":
                    break
                best = gallery.search(vector(seed)[None], 1)[0]
                found = bool(best) and best[0].name == f"Person {seed}"
                if word == "forgotten":
                    gone.add(seed)
                    assert not found
                else:
                    assert found or seed % 4 == 3  # which may be forgotten by now
        for process in workers:
            finished(process)
        names = {person.name for person in gallery.people()}
        assert names == {f"Person {1000 * worker + number}" for worker in (1, 2) for number in range(16)} - \
            {f"Person {seed}" for seed in gone} and len(gone) == 8
        same_answers(gallery, np.stack([vector(seed) for seed in (1001, 2002, 1003, 77)]))
        gallery.check()


def test_a_new_gallery_created_by_several_at_once(tmp_path):
    workers = [start(tmp_path / "new", worker, 3) for worker in range(1, 5)]
    go(workers)
    for process in workers:
        finished(process)
    with opened(tmp_path / "new") as gallery:
        assert gallery.counts() == {"people": 12, "photos": 12, "templates": 12}


def test_our_own_merges_models_and_imports_reach_an_open_gallery(tmp_path):
    """Two doors to one folder, as the browser interface and the command line have them."""
    with opened(tmp_path / "g") as one, opened(tmp_path / "g") as other:
        one.enroll("Ana", [photo(1), photo(2)])
        other.enroll("Bob", [photo(3)])
        assert one.search(vector(3)[None])[0][0].name == "Bob"
        done = other.merge("Bob", "Ana")
        assert one.search(vector(3)[None])[0][0].name == "Ana" and len(one.photos("Ana")) == 3
        one.undo_merge(done.id)
        assert other.search(vector(3)[None])[0][0].name == "Bob"
        one.rename("Bob", "Robert")
        assert other.search(vector(3)[None])[0][0].name == "Robert"
        other.remove_photo(other.photos("Ana")[0].id)
        assert one.search(vector(1)[None])[0][0].score < 0.9
        with opened(tmp_path / "far") as far:
            far.enroll("Cem", [photo(9)])
        archive.export(tmp_path / "far", tmp_path / "far.zip")
        archive.load(tmp_path / "g", tmp_path / "far.zip")
        assert one.search(vector(9)[None])[0][0].name == other.search(vector(9)[None])[0][0].name == "Cem"


@pytest.mark.parametrize("delta", [40, 200])
def test_trees_built_by_another_are_taken_up_or_do_no_harm(tmp_path, delta):
    with opened(tmp_path, trees_from=30) as one, opened(tmp_path, trees_from=30) as other:
        one.enroll_many([(f"Person {seed}", photo(seed)) for seed in range(delta)])
        one.search(vector(1)[None])  # from the database, before there are trees
        other.rebuild_index()
        assert other.index_status().in_base == delta and one.index_status().in_base == 0
        one.forget("Person 5")
        other.enroll("Late", [photo(5000)])
        probes = np.stack([vector(seed) for seed in (4, 5, 5000)])
        same_answers(one, probes)
        same_answers(other, probes)
        one.rebuild_index()
        other.forget("Person 6")
        same_answers(other, probes)
        same_answers(one, np.stack([vector(6), vector(7)]))
        needle = vector(6).tobytes()
        assert not [path for path in tmp_path.rglob("*") if path.is_file() and needle in path.read_bytes()]

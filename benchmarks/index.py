"""The search index beside numpy brute force, in one run: recall, speed, start, memory, enrollment.

    python -m benchmarks.index --templates 100000 --people 50000

It makes a gallery of random unit vectors in which two templates of one person have a cosine of about 0.6 (harder than
real faces: their directions share nothing), then measures it in a process of its own, so that memory is the index's.
"""

import argparse
import hashlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from facegui.gallery import Gallery, NewPhoto
from facegui.store import Database, people, photos, templates
from facegui.types import Face, Quality

BASE = 1 << 40  # checksums of the photos that are only rows


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def near(centres, rng, cosine=0.6):
    """Templates or probes whose cosine among themselves is `cosine` for one person."""
    noise = rng.standard_normal(centres.shape, dtype=np.float32)
    noise -= (noise * centres).sum(1, keepdims=True) * centres
    return unit(np.sqrt(cosine) * centres + np.sqrt(1 - cosine) * unit(noise))


def resident_mb():
    """(all, of it this process's own) resident memory; the rest are mapped pages that the system may take back."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "RssAnon"))


def fill(folder, count, crowd, dimension, rng):
    """A gallery of rows without photo files, which the index never reads. Returns the people's directions."""
    centres = unit(rng.standard_normal((crowd, dimension), dtype=np.float32))
    owner = np.sort(rng.permutation(np.arange(count) % crowd))
    face, quality = Face((0.0, 0.0, 112.0, 112.0), np.zeros((5, 2), np.float32), 0.99), Quality(1.0)
    database, started = Database(folder), time.perf_counter()
    for start in range(0, count, 10_000):
        part = owner[start:start + 10_000]
        vectors = near(centres[part], rng)
        with database.write() as c:
            model = templates.register_model(c, "benchmark", dimension)
            for number, (who, vector) in enumerate(zip(part.tolist(), vectors, strict=True), start):
                person, _ = people.find_or_create(c, f"Person {who}")
                new = NewPhoto(b"", ".jpg", f"{BASE + number:064x}", "", face, quality, False, vector)
                templates.insert(c, model, photos.insert(c, person, new, f"photos/00/{new.sha256}.jpg"), vector)
    database.close()
    rate = count / (time.perf_counter() - started)
    print(f"bulk insert: {count:,} templates of {crowd:,} people, {rate:,.0f} a second")
    return centres


def timed(work, times):
    """Median milliseconds."""
    taken = []
    for _ in range(times):
        started = time.perf_counter()
        work()
        taken.append(1e3 * (time.perf_counter() - started))
    return float(np.median(taken))


def measure(folder, dimension):
    """In the child: everything about an existing gallery, as JSON."""
    probes, right = np.load(folder / "probes.npy"), np.load(folder / "right.npy")
    before, result = resident_mb(), {}
    started = time.perf_counter()
    gallery = Gallery(folder / "gallery", "benchmark", dimension)
    first = gallery.search(probes[:1])[0][0].name
    result["start_s"] = time.perf_counter() - started
    result["first_right"] = first == f"Person {right[0]}"
    found, at_once = [], []
    for probe in probes:
        started = time.perf_counter()
        found.append(gallery.search(probe[None])[0][0].name)
        at_once.append(1e3 * (time.perf_counter() - started))
    result["ms_1"] = float(np.median(at_once))
    for batch in (4, 16, 64):
        result[f"ms_{batch}"] = timed(lambda: gallery.search(probes[:batch]), 7) / batch
    after = resident_mb()
    result["memory_mb"], result["own_mb"], result["process_mb"] = after[0] - before[0], after[1] - before[1], after[0]
    result["found"] = found
    rng, slow, enrolled = np.random.default_rng(1), [], []
    face, quality = Face((0.0, 0.0, 112.0, 112.0), np.zeros((5, 2), np.float32), 0.99), Quality(1.0)
    for number in range(20):
        vector, data = unit(rng.standard_normal((1, dimension)))[0], rng.bytes(100_000)
        new = NewPhoto(data, ".jpg", hashlib.sha256(data).hexdigest(), "", face, quality, False, vector)
        started = time.perf_counter()
        gallery.enroll(f"Newcomer {number}", [new])
        enrolled.append(1e3 * (time.perf_counter() - started))
        started = time.perf_counter()
        assert gallery.search(vector[None])[0][0].name == f"Newcomer {number}"
        slow.append(1e3 * (time.perf_counter() - started))
    result["visible_ms"] = (float(np.median(slow)), max(slow))
    result["enroll_ms"] = float(np.median(enrolled))
    result["forget_ms"] = timed(lambda: gallery.forget(gallery.people("Newcomer", limit=1)[0].name), 5)
    result["status"] = str(gallery.index_status())
    gallery.close()
    print(json.dumps(result))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--templates", type=int, default=100_000)
    parser.add_argument("--people", type=int, default=50_000)
    parser.add_argument("--dimension", type=int, default=512)
    parser.add_argument("--probes", type=int, default=2000)
    parser.add_argument("--measure", type=Path, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.measure:
        return measure(args.measure, args.dimension)
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        centres = fill(folder / "gallery", args.templates, args.people, args.dimension, rng)
        right = rng.integers(0, args.people, args.probes)
        np.save(folder / "probes.npy", near(centres[right], rng))
        np.save(folder / "right.npy", right)
        with Gallery(folder / "gallery", "benchmark", args.dimension) as gallery:
            started = time.perf_counter()
            print(f"build: {gallery.rebuild_index()}\nbuild: {time.perf_counter() - started:.1f} s")
        command = [sys.executable, "-m", "benchmarks.index", "--measure", place, "--dimension", str(args.dimension)]
        run = subprocess.run(command, cwd=Path(__file__).parent.parent, check=True, stdout=subprocess.PIPE, text=True)
        ours = json.loads(run.stdout.splitlines()[-1])
        report(ours, folder, args)


def report(ours, folder, args):
    probes, right = np.load(folder / "probes.npy"), np.load(folder / "right.npy")
    database = Database(folder / "gallery")
    with database.read() as c:
        rows = templates.rows(c, 1)
        vectors, names = templates.vectors(c, rows.ids, args.dimension), dict(c.execute("SELECT id, name FROM people"))
    database.close()
    best = np.concatenate([(probes[at:at + 100] @ vectors.T).argmax(1) for at in range(0, len(probes), 100)])
    brute = [names[person] for person in rows.people[best].tolist()]
    agree = np.mean([one == other for one, other in zip(ours["found"], brute, strict=True)])
    print(ours["status"])
    correct = np.mean([name == f"Person {who}" for name, who in zip(brute, right, strict=True)])
    print(f"right person: brute force {correct:.4f}; index agrees with brute force {agree:.4f} of {len(probes)} probes")
    for batch in (1, 4, 16, 64):
        numpy_ms = timed(lambda: [row.argmax() for row in probes[:batch] @ vectors.T], 15) / batch
        print(f"search, {batch:2} probes together: {ours[f'ms_{batch}']:6.2f} ms a probe, numpy {numpy_ms:6.2f} ms, "
              f"ratio {ours[f'ms_{batch}'] / numpy_ms:.2f}")
    raw = vectors.nbytes / 2 ** 20
    print(f"start to first answer: {ours['start_s']:.2f} s (right: {ours['first_right']})")
    print(f"memory: index {ours['memory_mb']:.0f} MiB ({ours['own_mb']:.0f} of it own, the rest mapped file pages), "
          f"process {ours['process_mb']:.0f} MiB; raw vectors {raw:.0f} MiB: {ours['memory_mb'] / raw:.2f} times")
    typical, longest = ours["visible_ms"]
    print(f"search right after an enrollment, which it finds: {typical:.1f} ms, {longest:.1f} ms at most; "
          f"enroll {ours['enroll_ms']:.0f} ms, forget {ours['forget_ms']:.0f} ms")


if __name__ == "__main__":
    main()

"""Live recognition in a real browser, from the captured frame to the drawn box, with two moving faces at 640 x 480.

    python -m benchmarks.live [--seconds 20] [--port 7899]

Headless Chromium on the same machine plays a film whose frames carry their number as a bar code; the page is the program's
own. A script in the page reads the bar code when the camera delivers a frame, when the page takes it, and notes when its
boxes are on the canvas at the start of a screen refresh. The peer is Gradio's usual way, in the same run: a webcam
`gr.Image` streamed into `FaceService.identify`, with the drawn picture streamed back into another `gr.Image`.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path

import cv2
import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import camera  # noqa: E402
from served import chromium, open_tab, served  # noqa: E402

from facegui import drawn  # noqa: E402

SCRIPT = Path(__file__).with_name("barcode.js")
CELL, BITS, FPS, FRAMES = 40, 8, 25, 100
SHOWN = list(drawn.CAST)[1:3]  # from left to right
STAGES = ("camera", "encode", "transfer", "wait", "decode", "detect", "align", "embed", "search", "draw")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--port", type=int, default=7899, help="of the peer")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, served(Path(place), "--demo") as server, peer_at(given.port) as peer:
        film = camera.write(Path(place) / "film.y4m", [scene(number) for number in range(FRAMES)], FPS)
        with chromium(*camera.flags(film)) as browser:
            print(f"two faces at 640 x 480, {FPS} frames/s from the camera, {os.cpu_count()} cores, load before {load()}")
            page = opened(browser, server.url, lambda page: open_tab(page, "Live"), ".fg-live-video")
            page.click(".fg-live-start")
            page.wait_for_function("document.querySelector('.fg-live-boxes').dataset.names?.split('|').length === 2")
            done = collected(page, given.seconds)
            own = report("facegui", done)
            stages(done)
            right(done)
            page = opened(browser, peer, lambda page: page.get_by_text("Click to Access Webcam").click(), "#in video")
            page.click("#in .capture-button")
            usual = report("gr.Image streamed back", collected(page, given.seconds))
            print(f"ratio: {own[0] / usual[0]:.1f} x the answers, the 95th percentile {usual[1] / own[1]:.1f} x shorter")


@contextmanager
def peer_at(port):
    """The address of the peer, in its own process."""
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.live_peer", str(port)], cwd=ROOT, stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    try:
        yield next(line for line in process.stdout if line.startswith("facegui: open")).split()[-1]
    finally:
        process.stdin.close()
        process.wait(30)


def scene(number):
    """Two people who sway, and the frame's number."""
    room = np.full((480, 640, 3), 190, np.uint8)
    for side, name in enumerate(SHOWN):
        x, y = place_of(number, side)
        room[y:y + 300, x:x + 300] = portrait(name)
    bits = [number >> bit & 1 for bit in reversed(range(BITS))]
    for cell, white in enumerate([1, 0, *bits, sum(bits) % 2, 1]):
        room[:24, cell * CELL:(cell + 1) * CELL] = 255 * white
    return room


def place_of(number, side):
    """Top left corner of a person's picture, px."""
    turn = 2 * np.pi * number / FRAMES
    return 10 + 315 * side + round(10 * np.sin(turn + side)), 150 + round(20 * np.cos(turn))


def portrait(name, kept={}):
    if name not in kept:
        kept[name] = cv2.resize(drawn.person(drawn.CAST[name], view=3), (300, 300), interpolation=cv2.INTER_AREA)
    return kept[name]


def opened(browser, url, begin, video):
    page = browser.new_page(permissions=["camera"])
    page.set_default_timeout(60_000)
    page.add_init_script(SCRIPT.read_text() + f"; bench.frames = {FRAMES}; bench.fps = {FPS};")
    page.goto(url)
    begin(page)
    page.evaluate("video => bench.watch(document.querySelector(video))", video)
    return page


def collected(page, seconds):
    """What was drawn in so many seconds, after some to get warm."""
    page.wait_for_timeout(5000)
    page.evaluate("bench.done.length = 0")
    page.wait_for_timeout(1000 * seconds)
    done = [one for one in page.evaluate("bench.done") if one.get("captured")]
    if page.evaluate("bench.clock") != "capture":
        print("this browser does not say when a frame was captured; times count from when it was shown")
    page.close()
    return done


def report(name, done):
    """Answers per second, and the 95th percentile in ms."""
    took = np.array([one["drawn"] - one["captured"] for one in done])
    rate = 1000 * (len(done) - 1) / (done[-1]["drawn"] - done[0]["drawn"])
    print(f"{name:24s} {rate:6.1f} answers/s   captured to drawn: {np.percentile(took, 50):6.0f} ms median, "
          f"{np.percentile(took, 95):6.0f} ms 95th percentile   ({len(done)} answers, load {load()})", flush=True)
    return rate, float(np.percentile(took, 95))


def stages(done):
    """Mean milliseconds of each stage of an answer, and its share."""
    mean = dict.fromkeys(STAGES, 0.0)
    for one in done:
        parts = dict(one["ms"], encode=one["encode"], draw=one["drawn"] - one["answered"], camera=one["grabbed"] - one["captured"])
        parts["transfer"] = one["answered"] - one["sent"] - sum(one["ms"].values())
        for name, value in parts.items():
            mean[name] += value / len(done)
    total = sum(mean.values())
    for name, value in sorted(mean.items(), key=lambda pair: -pair[1]):
        print(f"    {name:10s} {value:7.1f} ms {100 * value / total:5.1f} %")


def right(done):
    """Whether both boxes were there, each with the right name, on the face of the frame they belong to."""
    good = 0
    for one in done:
        faces = sorted(one["faces"], key=lambda face: face["box"][0])
        places = [place_of(one["number"], side) for side in (0, 1)]
        good += len(faces) == 2 and all(
            face["name"] == name and abs((face["box"][0] + face["box"][2]) / 2 - x - 150) < 30
            for face, name, (x, _) in zip(faces, SHOWN, places))
    print(f"    both faces with their names in {good} of {len(done)} answers")


def load():
    return " ".join(f"{one:.1f}" for one in os.getloadavg())


if __name__ == "__main__":
    main()

"""A video worked through, as ratios against a plain loop over the same frames in the same run.

    python -m benchmarks.video FILE [FILE...] [--gallery DIR] [--rate 5]

The peer identifies every frame by itself (`FaceService.identify`: detect, align, embed, search), draws it and writes the
copy with OpenCV's encoder, as most programs do. To keep it short it gets `--sample` frames, spread over the video, and is
scaled up. Both take turns in one process, so that whatever else the machine does falls on both.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from facegui.capture import VideoFile, VideoSink
from facegui.config import Settings
from facegui.detect import MtcnnDetector
from facegui.service import FaceService, demo
from facegui.service.video import LONG_SIDE_PX, analyse


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="+", metavar="FILE")
    parser.add_argument("--gallery", type=Path, help="default: a temporary one of drawn people")
    parser.add_argument("--rate", type=float, default=5.0)
    parser.add_argument("--sample", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as place, FaceService(Settings.load(gallery=given.gallery or place)) as service:
        if given.gallery is None:
            demo.prepare(service)
        for file in given.files:
            measure(service, Path(file), given.rate, given.sample, Path(place))


def measure(service, file, rate, sample, place):
    with VideoFile(file) as video:
        frames = [frame.pixels for frame in video.frames()]
    chosen = [frames[number] for number in np.linspace(0, len(frames) - 1, min(sample, len(frames))).astype(int)]
    service.identify(chosen[0])
    found = [analyse(service, file, place / "out.webm", rate=rate)]
    plain = loop(service, chosen, place)
    found.append(analyse(service, file, place / "out.webm", rate=rate))
    quick = min(sum(seconds for stage, seconds in one.took_s.items() if stage != "load") for one in found)
    peer = plain / len(chosen) * len(frames)
    told, stages = found[-1].timeline, found[-1].took_s
    height, width = frames[0].shape[:2]
    print(f"{file.name}: {width} x {height}, {len(frames)} frames, {told.seconds:.1f} s, {len(told.people)} people")
    print(f"  video command      {quick:7.1f} s  {len(frames) / quick:6.1f} frames/s  {told.seconds / quick:5.2f} x its running time  ("
          + ", ".join(f"{stage} {seconds:.1f}" for stage, seconds in stages.items()) + ")")
    print(f"  plain loop         {peer:7.1f} s  {len(frames) / peer:6.1f} frames/s  {told.seconds / peer:5.2f} x its running time")
    print(f"  ratio              {peer / quick:7.1f} x faster; the networks saw {found[-1].looked} of {len(frames)} frames, "
          f"{found[-1].embedded} of {found[-1].faces} faces were embedded")
    parts(chosen, place)


def loop(service, frames, place):
    """Seconds of the plain loop."""
    height, width = frames[0].shape[:2]
    began = time.perf_counter()
    writer = cv2.VideoWriter(str(place / "plain.webm"), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"VP80"), 25, (width, height))
    for pixels in frames:
        writer.write(cv2.cvtColor(service.annotate(pixels, service.identify(pixels)), cv2.COLOR_RGB2BGR))
    writer.release()
    return time.perf_counter() - began


def parts(frames, place):
    """What each choice is worth by itself, on the sampled frames."""
    times = {}
    for side in (1024, LONG_SIDE_PX, 320):
        detector = MtcnnDetector("cpu", side)
        detector.detect(frames[0])
        began = time.process_time()
        faces = sum(len(detector.detect(pixels)) for pixels in frames)
        times[f"detector at {side} px ({faces} faces)"] = time.process_time() - began
    height, width = frames[0].shape[:2]
    began = time.process_time()
    with VideoSink(place / "part.webm", width, height) as sink:
        for number, pixels in enumerate(frames):
            sink.add(pixels, number / 25)
    times["written by PyAV (VP9, realtime)"] = time.process_time() - began
    began = time.process_time()
    writer = cv2.VideoWriter(str(place / "part.webm"), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"VP80"), 25, (width, height))
    for pixels in frames:
        writer.write(cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR))
    writer.release()
    times["written by OpenCV (VP8)"] = time.process_time() - began
    for name, seconds in times.items():
        print(f"    {name:36s} {1000 * seconds / len(frames):7.1f} ms of processor per frame")


if __name__ == "__main__":
    main()

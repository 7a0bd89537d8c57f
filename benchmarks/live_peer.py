"""Gradio's usual way of live recognition, as a peer for benchmarks/live.py: every frame through `FaceService.identify`, searched
at the same size, the drawn picture streamed back.

    python -m benchmarks.live_peer PORT
"""

import os
import sys
import tempfile
from pathlib import Path

import gradio as gr

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from facegui.config import Settings  # noqa: E402
from facegui.service import FaceService, demo  # noqa: E402
from facegui.service.live import LONG_SIDE_PX  # noqa: E402


def main(port):
    with tempfile.TemporaryDirectory() as place, FaceService(Settings.load(gallery=place, long_side=LONG_SIDE_PX)) as service:
        os.environ["GRADIO_TEMP_DIR"] = f"{place}/shown"
        demo.prepare(service)

        def see(pixels):
            return None if pixels is None else service.annotate(pixels, service.identify(pixels))

        with gr.Blocks(analytics_enabled=False) as page:
            options = gr.WebcamOptions(mirror=False, constraints={"video": {"width": 640, "height": 480}})
            camera = gr.Image(sources=["webcam"], streaming=True, type="numpy", webcam_options=options, elem_id="in")
            drawn = gr.Image(format="jpeg", elem_id="out")
            camera.stream(see, camera, drawn, stream_every=0.04, time_limit=None, concurrency_limit=1, show_progress="hidden")
        page.launch(server_port=port, quiet=True, prevent_thread_lock=True, ssr_mode=False, run_history=False)
        print("facegui: open", page.local_url, flush=True)
        sys.stdin.read()  # until the benchmark ends
        page.close(verbose=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))

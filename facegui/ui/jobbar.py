"""The bar on top of every tab that shows the running job, with its remaining time and a cancel button."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import gradio as gr

from ..jobs import Job, Jobs
from ..types import Tick
from .access import Access
from .edge import QUIET, Edge, sentence
from .markup import esc

SHOWN_S = 120  # how long the result of a finished job stays on top
POLL_S = 1.0
ENDINGS = {"done": "good", "cancelled": "warn", "failed": "bad"}


class JobBar:
    """`outputs` belong to every handler that starts a job; `finished` changes when one has ended."""

    def __init__(self, jobs: Jobs, access: Access, edge: Edge) -> None:
        self._jobs, self._access, self._edge = jobs, access, edge
        with gr.Row(equal_height=True, visible=False, elem_id="fg-job") as self.row:
            self.view = gr.HTML()
            self.cancel = gr.Button("Cancel", size="sm", scale=0, min_width=90, elem_id="fg-cancel")
        self.finished = gr.Number(visible="hidden")  # not gr.State: its change goes unnoticed by handlers outside the queue
        self.outputs = [self.row, self.view, self.cancel, self.finished]

    def wire(self, page: gr.Blocks) -> None:
        """Once every tab listens to `finished`."""
        timer = gr.Timer(POLL_S)
        quiet = {**QUIET, "queue": False}
        gr.on([timer.tick, page.load], self._edge.guest(self._look), None, self.outputs, **quiet)
        self.cancel.click(self._edge.owner(self._stop), None, self.outputs, **quiet)

    def start(self, name: str, work: Callable[[Tick], Any]) -> tuple[Any, ...]:
        """Start a job and return the values for `outputs`. Raises Busy while another runs."""
        return self._show(self._jobs.start(name, work))

    def now(self) -> tuple[Any, ...]:
        """The values for `outputs` of a job that was started elsewhere."""
        return self._show(self._jobs.current())

    def _stop(self) -> tuple[Any, ...]:
        self._jobs.cancel()
        return self._show(self._jobs.current())

    def _look(self, request: gr.Request) -> tuple[Any, ...]:
        return self._show(self._jobs.current() if self._access.is_owner(request) else None)

    def _show(self, job: Job | None) -> tuple[Any, ...]:
        if job is None or job.finished is not None and time.time() - job.finished > SHOWN_S:
            return gr.update(visible=False), "", gr.skip(), job.number if job else None
        if job.finished is None:
            return gr.update(visible=True), running(job), gr.update(visible=True), gr.skip()
        text = sentence(job.error or job.result or "done")
        done = (f'<div class="fg-job fg-{ENDINGS[job.state]}" role="status"><strong>{esc(job.name)}</strong>'
                f"<p>{esc(text)}</p></div>")
        return gr.update(visible=True), done, gr.update(visible=False), job.number


def running(job: Job) -> str:
    """Name, bar, counts, remaining time and note."""
    progress = job.progress
    share = min(progress.done / progress.total, 1.0) if progress.total else None
    parts = [f"{progress.done:,} of {progress.total:,}"] if progress.total else []
    if progress.remaining_s is not None:
        parts.append(remaining(progress.remaining_s))
    if progress.note:
        parts.append(progress.note)
    width = "width:100%" if share is None else f"width:{share:.1%}"
    return (f'<div class="fg-job" role="status"><strong>{esc(job.name)}</strong><span class="fg-progress '
            f'{"fg-unsure" if share is None else ""}"><b style="{width}"></b></span><p>{esc(", ".join(parts))}</p></div>')


def remaining(seconds: float) -> str:
    return f"about {lasting(seconds)} left"


def lasting(seconds: float) -> str:
    """12 -> "12 seconds", in the unit that people would use."""
    seconds = max(1, round(seconds))
    if seconds < 90:
        return f"{seconds} second" + "s" * (seconds > 1)
    if seconds < 5400:
        return f"{round(seconds / 60)} minutes"
    return f"{seconds / 3600:.1f} hours"

"""One background job at a time: start, watch, cancel, fetch the result. The job lives in the process, not in a tab."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from .types import Cancelled, FaceguiError, Progress, Tick

log = logging.getLogger(__name__)


class Busy(FaceguiError):
    """Another job is running; wait for it or cancel it."""


@dataclass(frozen=True, slots=True)
class Job:
    """A snapshot. state: running | done | cancelled | failed; `error` is a sentence for people."""

    number: int
    name: str
    state: str
    progress: Progress
    started: float  # time.time()
    finished: float | None = None
    result: Any = None
    error: str = ""


class Jobs:
    """Runs one function at a time in a thread. Readers get immutable snapshots, so they need no lock."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._cancel = threading.Event()
        self._thread: threading.Thread | None = None
        self._job: Job | None = None

    def current(self) -> Job | None:
        """The running job, or the last one; None before the first."""
        return self._job

    def start(self, name: str, work: Callable[[Tick], Any]) -> Job:
        """Run work(tick) in the background. Raises Busy while another job runs."""
        with self._lock:
            if self._job is not None and self._job.state == "running":
                raise Busy(f"{self._job.name} is still running; wait for it to end or cancel it first")
            self._cancel.clear()
            number = 1 if self._job is None else self._job.number + 1
            job = self._job = Job(number, name, "running", Progress(0, 0), time.time())
            self._thread = threading.Thread(target=self._run, args=(work,), name=f"job-{number}", daemon=True)
            self._thread.start()
            return job

    def cancel(self) -> None:
        """Ask the running job to stop; it does so at its next tick."""
        self._cancel.set()

    def wait(self, timeout_s: float | None = None) -> Job | None:
        """Wait for the running job to end and return the last snapshot."""
        if self._thread is not None:
            self._thread.join(timeout_s)
        return self._job

    def _run(self, work: Callable[[Tick], Any]) -> None:
        clock = Remaining()

        def tick(progress: Progress) -> None:
            if self._cancel.is_set():
                raise Cancelled("stopped; everything done so far is kept")
            self._job = replace(self._job, progress=clock.fill(progress))

        try:
            result = work(tick)
            self._end(state="done", result=result)
        except Cancelled as reason:
            self._end(state="cancelled", error=str(reason))
        except FaceguiError as reason:
            self._end(state="failed", error=str(reason))
        except Exception as reason:  # a defect: keep the program alive, the log has the details
            log.exception("job %d failed", self._job.number)
            self._end(state="failed", error=f"something unexpected went wrong ({type(reason).__name__}); the log has details")

    def _end(self, **changes: Any) -> None:
        self._job = replace(self._job, finished=time.time(), **changes)


class Remaining:
    """Fills Progress.remaining_s from the pace so far; a caller's own estimate is kept."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def fill(self, progress: Progress) -> Progress:
        now = time.monotonic()
        if self._first is None or progress.done < self._first[1]:
            self._first = (now, progress.done)  # the first tick, or a new phase that counts from the start again
        started, already = self._first
        if progress.remaining_s is not None or progress.total <= 0 or progress.done <= already:
            return progress
        pace = (now - started) / (progress.done - already)
        return replace(progress, remaining_s=pace * max(progress.total - progress.done, 0))

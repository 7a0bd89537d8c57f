import threading

import pytest

from facegui.jobs import Busy, Jobs, Remaining
from facegui.types import GalleryError, Progress


def test_a_job_runs_and_keeps_its_result():
    jobs = Jobs()
    assert jobs.current() is None
    jobs.start("count", lambda tick: [tick(Progress(n, 3)) for n in range(4)] and "counted")
    job = jobs.wait(60)
    assert (job.state, job.result, job.progress.done, job.error) == ("done", "counted", 3, "")
    assert job.finished >= job.started


def test_only_one_job_at_a_time_and_cancel_stops_at_the_next_tick():
    jobs, running, go_on, ticks = Jobs(), threading.Event(), threading.Event(), []

    def work(tick):
        for number in range(1000):
            tick(Progress(number, 1000))
            ticks.append(number)
            running.set()
            go_on.wait(60)

    jobs.start("first", work)
    assert running.wait(60)
    with pytest.raises(Busy, match="first is still running"):
        jobs.start("second", lambda tick: None)
    jobs.cancel()
    go_on.set()
    assert jobs.wait(60).state == "cancelled"
    assert ticks == [0]
    jobs.start("third", lambda tick: tick(Progress(1, 1)))
    assert jobs.wait(60).state == "done"  # the old cancel does not stop the new job


def test_errors_become_sentences():
    jobs = Jobs()

    def known(tick):
        raise GalleryError("there is no person called Ana; see `people`")

    jobs.start("known", known)
    assert jobs.wait(60).error == "there is no person called Ana; see `people`"
    jobs.start("defect", lambda tick: 1 / 0)
    assert jobs.wait(60).state == "failed" and "ZeroDivisionError" in jobs.current().error


def test_remaining_time_follows_the_pace(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    clock = Remaining()
    assert clock.fill(Progress(0, 10)).remaining_s is None
    now[0] = 104.0
    assert clock.fill(Progress(2, 10)).remaining_s == pytest.approx(16.0)
    assert clock.fill(Progress(3, 10, remaining_s=1.5)).remaining_s == 1.5
    assert clock.fill(Progress(3, 0)).remaining_s is None

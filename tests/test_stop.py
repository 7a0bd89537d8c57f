"""Ctrl-C: the first one asks, the second one interrupts, and afterwards the signal is what it was."""

import signal

import pytest

from facegui.cli.stop import Stop
from facegui.types import Cancelled


def test_the_first_asks_and_the_second_interrupts():
    before = signal.getsignal(signal.SIGINT)
    with Stop() as stop:
        stop.check()
        assert not stop()
        signal.raise_signal(signal.SIGINT)
        assert stop()
        with pytest.raises(Cancelled) as stopped:
            stop.check()
        assert stopped.value.exit_code == 130
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before

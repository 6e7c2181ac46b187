"""Handlers of signals wait while something is not to be disturbed, and none of them is lost."""

from __future__ import annotations

import signal

import pytest

from taylor_runtime.engine.signals import undisturbed


@pytest.mark.skipif(not hasattr(signal, "SIGALRM"), reason="no such signal on this system")
def test_handlers_wait() -> None:
    seen: list[str] = []
    before = signal.signal(signal.SIGALRM, lambda *_: seen.append("handled"))
    try:
        with undisturbed():
            signal.raise_signal(signal.SIGALRM)
            seen.append("done")
        assert seen == ["done", "handled"]
        signal.raise_signal(signal.SIGALRM)
        assert seen == ["done", "handled", "handled"]
    finally:
        signal.signal(signal.SIGALRM, before)


def test_an_interrupt_is_raised_behind() -> None:
    done = []
    with pytest.raises(KeyboardInterrupt), undisturbed():
        signal.raise_signal(signal.SIGINT)
        done.append(True)
    assert done

"""Loading what the first compilation needs."""

from __future__ import annotations

from taylor_runtime.callables.stepper import PROPAGATE_TYPE
from taylor_runtime.engine.call import prepare_pointers
from taylor_runtime.engine.compiler import start


def prepare() -> None:
    """Initialise all that compiling needs, so that the first program does not pay for it."""
    prepare_pointers(PROPAGATE_TYPE)
    start()

"""Python's garbage collector and compiling.

A large program is made of 10^5 small objects that live long and make no cycles; the collector, set
off by their number, walks over all of them again and again: a third of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 100_000  # objects that were made: to look at them takes as long as to compile a small system


@contextmanager
def uncollected() -> Iterator[None]:
    """Within the block, or the function it decorates, cycles are not looked for.

    Blocks may be nested and overlap in threads: who switched the collector off switches it on.

    Example:
        >>> with uncollected():
        ...     gc.isenabled()
        False
        >>> gc.isenabled()
        True
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        if gc.get_count()[0] > MANY and not gc.get_freeze_count():
            gc.freeze()
            gc.unfreeze()  # all there is counts as old: full collections alone look at it
        gc.enable()

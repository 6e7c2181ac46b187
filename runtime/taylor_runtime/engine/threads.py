"""Work on long arrays shared among threads; machine code runs without the GIL."""

from __future__ import annotations

from collections.abc import Callable

SHARE = 1 << 14  # points that are worth a thread: starting one takes as long as a few thousand


def shares(points: int, threads: int) -> int:
    """How many of `threads` are worth using for so many points."""
    return max(1, min(threads, points // SHARE))


def in_shares(work: Callable[[int, int], object], count: int, threads: int) -> None:
    """Call work(first, last) for `threads` ranges that make up 0 .. count, side by side.

    Exceptions of `work` are raised here, when all of it has ended.  Threads live for one call, so
    that there are none to be lost in a fork.

    >>> done = []
    >>> in_shares(lambda first, last: done.append((first, last)), 10, 2)
    >>> sorted(done)
    [(0, 5), (5, 10)]
    """
    ends = [count * i // threads for i in range(threads + 1)]
    if threads == 1:
        work(0, count)
        return
    from concurrent.futures import ThreadPoolExecutor  # takes 5 ms to import

    with ThreadPoolExecutor(threads - 1) as pool:
        others = [pool.submit(work, ends[i], ends[i + 1]) for i in range(1, threads)]
        work(ends[0], ends[1])
        for other in others:
            other.result()

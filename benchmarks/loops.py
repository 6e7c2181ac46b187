"""Loops of machine code: long chains against JAX's scan, many points against Numba's scalar loop.

Run with ``python -m benchmarks.loops``; it takes a minute and needs JAX, and Numba where it is
installed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

TURNS = (100, 10_000, 1_000_000)
ORDERS = (1, 4, 8, 20)
LONG = 100_000  # turns of the loop that is differentiated
SIDE = 1000  # of the square of points
MOST = 100  # turns of a point
RUNS = 15


def seconds(*calls: Callable[[], Any]) -> list[float]:
    """The best times of some calls, which take turns."""
    best = [float("inf")] * len(calls)
    for _ in range(RUNS):
        for k, call in enumerate(calls):
            start = time.perf_counter()
            call()
            best[k] = min(best[k], time.perf_counter() - start)
    return best


def first(make: Callable[[], Callable[[], Any]]) -> tuple[float, Callable[[], Any]]:
    """The time to a first result, and the call that gives others."""
    start = time.perf_counter()
    call = make()
    call()
    return time.perf_counter() - start, call


def pendulum(lib: Any, scan: Any, turns: int) -> Callable[[Any, Any], Any]:
    """Steps of a pendulum, symplectic Euler."""

    def turn(state: Any, _: Any) -> Any:
        q, p = state
        p = p - 0.01 * lib.sin(q)
        return (q + 0.01 * p, p), None

    return lambda q, p: scan(turn, (q, p), None, length=turns)[0]


def escape(x: Any, y: Any) -> Any:
    """How many turns of z**2 + c stay within |z| < 2."""
    return ty.while_loop(
        lambda v: (v[0] * v[0] + v[1] * v[1] < 4) & (v[2] < MOST),
        lambda v: (v[0] * v[0] - v[1] * v[1] + x, 2 * v[0] * v[1] + y, v[2] + 1),
        (0.0, 0.0, 0),
    )[2]


def escape_of_numbers(x: float, y: float) -> int:
    """The same as one writes it for numbers."""
    a = b = 0.0
    n = 0
    while a * a + b * b < 4 and n < MOST:
        a, b = a * a - b * b + x, 2 * a * b + y
        n += 1
    return n


def scan_rows() -> list[list[str]]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    rows = []
    for turns in TURNS:

        def ours(turns: int = turns) -> Callable[[], Any]:
            code = ty.compile(pendulum(ty, ty.scan, turns))
            return lambda: code(0.5, 0.0)

        def theirs(turns: int = turns) -> Callable[[], Any]:
            code = jax.jit(pendulum(jnp, jax.lax.scan, turns))
            return lambda: code(0.5, 0.0)[0].block_until_ready()

        (own_first, own), (other_first, other) = first(ours), first(theirs)
        a, b = seconds(own, other)
        each = [f"{1e9 * t / turns:.1f}" for t in (a, b)]
        rows.append([str(turns), f"{own_first:.3f}", f"{other_first:.3f}", *each, f"{b / a:.2f}"])
    return rows


def point_rows() -> list[list[str]]:
    x, y = np.meshgrid(np.linspace(-2, 1, SIDE), np.linspace(-1.5, 1.5, SIDE))
    x, y = x.ravel().copy(), y.ravel().copy()

    def ours() -> Callable[[], Any]:
        code = ty.compile(escape)
        return lambda: code(x, y)

    own_first, own = first(ours)
    try:
        import numba
    except ImportError:
        (a,) = seconds(own)
        return [[f"{SIDE**2}", f"{own_first:.3f}", "", f"{1e3 * a:.1f}", "", ""]]

    def theirs() -> Callable[[], Any]:
        code = numba.vectorize(["float64(float64, float64)"])(escape_of_numbers)
        return lambda: code(x, y)

    other_first, other = first(theirs)
    assert np.array_equal(own(), other())
    a, b = seconds(own, other)
    shown = [f"{1e3 * t:.1f}" for t in (a, b)]
    return [[f"{SIDE**2}", f"{own_first:.3f}", f"{other_first:.3f}", *shown, f"{b / a:.1f}"]]


def jet_rows() -> list[list[str]]:
    rows = []
    run = pendulum(ty, ty.scan, LONG)
    for order in ORDERS:
        start, call = first(
            lambda order=order: lambda: ty.jet(lambda q: run(q, 0 * q)[0], 0.5, order)
        )
        (each,) = seconds(call)
        rows.append([str(order), f"{start:.3f}", f"{1e9 * each / LONG:.0f}"])
    return rows


def main() -> None:
    from taylor_runtime.callables.process import cache

    with cache.disabled():
        scans, points, jets = scan_rows(), point_rows(), jet_rows()
    peers = {name: version(name) for name in ("jax", "numba")}
    text = [
        heading("Loops", "python -m benchmarks.loops", own_versions() | peers),
        "One thread; the best of 15 turns each.  A scan of pendulum steps (symplectic Euler): "
        "seconds to the first result without a cache, and nanoseconds a turn.",
        table(["turns", "first, s", "JAX", "ns a turn", "JAX", "ratio"], scans),
        f"`while_loop` of z**2 + c, at most {MOST} turns, over a square of points: milliseconds.",
        table(["points", "first, s", "Numba", "ms", "Numba", "ratio"], points),
        f"Taylor coefficients through {LONG} pendulum steps: seconds to the first result, and "
        "nanoseconds a turn.",
        table(["order", "first, s", "ns a turn"], jets),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('loops.md', joined)}")


if __name__ == "__main__":
    main()

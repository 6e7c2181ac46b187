"""Plain Python functions with control flow: by Python, by Numba, as JAX's loops, by `ty.program`.

Run with ``python -m benchmarks.programs``; it takes a minute and needs Numba and JAX.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.compiled_c import by_c, compiler_version, library
from benchmarks.harness import heading, publish, table
from benchmarks.recipes import RECIPES, Recipe
from benchmarks.versions import own_versions, version

TURNS = 7
TURN_SECONDS = 0.03
C_SECONDS = 0.002

Call = Callable[[], Any]


def seconds(call: Call, repeat: int) -> float:
    start = time.thread_time()
    for _ in range(repeat):
        call()
    return (time.thread_time() - start) / repeat


def in_turns(calls: list[Call | None]) -> list[float | None]:
    """Median seconds of calls, which take turns."""
    repeats = [
        0 if call is None else max(1, int(TURN_SECONDS / max(seconds(call, 1), 1e-8)))
        for call in calls
    ]
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for k, call in enumerate(calls):
            if call is not None:
                times[k].append(seconds(call, repeats[k]))
    return [median(listed) if listed else None for listed in times]


def first(make: Callable[[], Call]) -> tuple[float, Call]:
    """Seconds to the first result, and the call that gives others."""
    start = time.thread_time()
    call = make()
    call()
    return time.thread_time() - start, call


def by_us(recipe: Recipe) -> Call:
    code = ty.program(recipe.function, **recipe.options)
    return lambda: code(*recipe.args)


def by_numba(recipe: Recipe) -> Call:
    import numba

    # A function of its own: a recursive one is found by its name.
    namespace = dict(recipe.function.__globals__)
    made = type(recipe.function)(recipe.function.__code__, namespace, recipe.function.__name__)
    code = namespace[recipe.function.__name__] = numba.njit(made)
    return lambda: code(*recipe.args)


def by_jax(recipe: Recipe) -> Call:
    import jax
    import jax.numpy as jnp

    assert recipe.in_jax is not None
    code = jax.jit(recipe.in_jax(jax, jnp))
    return lambda: code(*recipe.args).block_until_ready()


def in_c(made: ctypes.CDLL | None, recipe: Recipe, wanted: np.ndarray) -> tuple[Call | None, int]:
    """Calls by C, so many at once that those of Python do not count, and how many these are."""
    if made is None:
        return None, 1
    run = by_c(made, recipe.function.__name__, recipe.args)
    assert np.isclose(run(1), wanted, rtol=1e-9).any()
    count = max(1, int(C_SECONDS / max(seconds(lambda: run(1), 1), 1e-8)))
    return lambda: run(count), count


def row(recipe: Recipe, made_c: ctypes.CDLL | None) -> list[str]:
    """Microseconds a call and seconds to the first result, of each, and ratios of calls."""
    plain = lambda: recipe.function(*recipe.args)  # noqa: E731
    wanted = np.asarray(plain(), float)
    made = [first(lambda: by_us(recipe)), first(lambda: by_numba(recipe)), None]
    if recipe.in_jax is not None:
        made[2] = first(lambda: by_jax(recipe))
    calls = [None if one is None else one[1] for one in made]
    for call in calls:
        if call is not None:
            np.testing.assert_allclose(np.asarray(call(), float), wanted, rtol=1e-9)
    c_call, count = in_c(made_c, recipe, wanted)
    python, own, numba, jax, c = in_turns([plain, *calls, c_call])
    assert python is not None and own is not None and numba is not None
    return [
        recipe.function.__name__,
        *[_shown(x, 1e6) for x in (python, own, numba, jax, c and c / count)],
        *["" if x is None else f"{x / own:.{0 if k == 0 else 2}f}" for k, x in
          enumerate((python, numba, jax, c and c / count))],
        *["" if one is None else f"{one[0]:.3f}" for one in made],
    ]  # fmt: skip


def _shown(x: float | None, factor: float) -> str:
    return "" if x is None else f"{x * factor:.4g}"


def main() -> None:
    import jax

    from taylor_runtime.callables.process import cache

    jax.config.update("jax_enable_x64", True)
    with cache.disabled():
        made_c = library()
        rows = [row(recipe, made_c) for recipe in RECIPES]
    peers = {name: version(name) for name in ("numba", "jax")}
    ratios = np.array([float(r[6]) for r in rows])
    text = [
        heading("Programs", "python -m benchmarks.programs", own_versions() | peers),
        "One thread, thread time, medians of seven turns.  Microseconds a call; how many times "
        "longer the others take than `ty.program`; seconds to the first result without a cache.  "
        "Where there is no figure the program cannot be written with JAX's loops as it is.  "
        f"C: {compiler_version()}, without Python's calls.",
        table(
            [
                *("program", "Python", "ours", "Numba", "JAX", "C"),
                *("Python / ours", "Numba / ours", "JAX / ours", "C / ours"),
                *("ours, first", "Numba", "JAX"),
            ],
            rows,
        ),
        f"Python / ours, geometric mean: {np.exp(np.log(ratios).mean()):.0f}.",
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('programs.md', joined)}")


if __name__ == "__main__":
    main()

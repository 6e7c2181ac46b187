"""Functions of arrays against NumPy, and systems written with arrays against heyoka.

Run with ``python -m benchmarks.arrays`` (needs heyoka, whose compact mode takes half a minute to
compile 200 bodies); BLAS is kept to one thread, as everything here is.
"""

from __future__ import annotations

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table, with_bytecode
from benchmarks.versions import own_versions, version
from taylor_runtime.program.records import dataclass

SECONDS = 0.25  # of each measurement
TURNS = 5
STEPS = 20, 80  # from each start, of long and of short ones
SHORT = 1e-4  # seconds of a step; a call of Python's is then a small part of so many
RNG = np.random.default_rng(1)
WEIGHTS = RNG.standard_normal((64, 256)), RNG.standard_normal((784, 64)) / 28
LAST = RNG.standard_normal((64, 10)) / 8
KERNEL = RNG.standard_normal(9)


@dataclass(frozen=True, slots=True)
class Case:
    """A function of arrays, written with NumPy; `larger` shapes for first results."""

    name: str
    function: Callable[..., Any]
    shapes: tuple[tuple[int, ...], ...]
    larger: tuple[tuple[int, ...], ...]
    positive: bool = False  # makes a matrix that has a Cholesky factor


def _softmax(x: Any) -> Any:
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def _stencil(u: Any) -> Any:
    inner = u[1:-1, 1:-1]
    return inner + 0.1 * (u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * inner)


def _distances(x: Any) -> Any:
    return np.sqrt(((x[:, None, :] - x[None, :, :]) ** 2).sum(axis=-1))


def _log_sum_exp(x: Any) -> Any:
    most = np.max(x, axis=-1, keepdims=True)
    return np.log(np.sum(np.exp(x - most), axis=-1)) + most[..., 0]


def _windows(x: Any) -> Any:
    return np.lib.stride_tricks.sliding_window_view(x, 9) @ KERNEL


def _network(x: Any) -> Any:
    return np.tanh(x @ WEIGHTS[1]) @ LAST


CASES = (
    Case("sum(tanh(W @ x))", lambda x: np.sum(np.tanh(WEIGHTS[0] @ x)), ((256,),), ((256,),)),
    Case(
        "chain over 10^6",
        lambda x: np.exp(-x * x) * np.cos(x) + x / (1 + x * x),
        ((10**6,),),
        ((10**7,),),
    ),
    Case("softmax 1000 x 1000", _softmax, ((1000, 1000),), ((1000, 10_000),)),
    Case("stencil 512 x 512", _stencil, ((512, 512),), ((512, 5120),)),
    Case("distances 500 x 500", _distances, ((500, 3),), ((5000, 3),)),
    Case(
        "3 x 3 solve x 10^4",
        lambda a, b: np.linalg.solve(a + 4 * np.eye(3), b[..., None])[..., 0],
        ((10**4, 3, 3), (10**4, 3)),
        ((10**5, 3, 3), (10**5, 3)),
    ),
    Case(
        "einsum of three",
        lambda a, b, c: np.einsum("ij,jk,kl->il", a, b, c, optimize=True),
        ((60, 70), (70, 80), (80, 90)),
        ((600, 70), (70, 800), (800, 90)),
    ),
    Case("cumulative sum of 10^6", lambda x: np.cumsum(x), ((10**6,),), ((10**7,),)),
    Case("convolution by windows", _windows, ((10**5,),), ((10**6,),)),
    Case("log-sum-exp 1000 x 1000", _log_sum_exp, ((1000, 1000),), ((1000, 10_000),)),
    Case("Cholesky 32", lambda a: np.linalg.cholesky(a), ((32, 32),), ((10, 32, 32),), True),
    Case("network 784-64-10, 128 rows", _network, ((128, 784),), ((1280, 784),)),
)


def _numbers(case: Case, shapes: Sequence[tuple[int, ...]]) -> list[np.ndarray]:
    given = [RNG.standard_normal(shape) for shape in shapes]
    if case.positive:
        return [a @ np.swapaxes(a, -1, -2) + a.shape[-1] * np.eye(a.shape[-1]) for a in given]
    return given


def _first(case: Case, shapes: Sequence[tuple[int, ...]]) -> tuple[Any, float, float]:
    """The compiled function, the seconds from source to machine code, and those of a first call."""
    given = _numbers(case, shapes)
    start = time.perf_counter()
    variables = [ty.variable(f"a{i}", shape=shape) for i, shape in enumerate(shapes)]
    function = ty.compile(case.function(*variables), variables)
    compiled = time.perf_counter()
    function(*given)
    return function, compiled - start, time.perf_counter() - compiled


def _seconds(call: Callable[[], Any]) -> float:
    """The shortest time of a call."""
    call()
    best, end = np.inf, time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        start = time.perf_counter()
        call()
        best = min(best, time.perf_counter() - start)
    return float(best)


def _row(case: Case) -> list[str]:
    try:
        made = [_first(case, case.shapes), _first(case, case.larger)]
    except ty.TaylorError as error:
        return [case.name, *5 * "-", str(error)[:40]]
    function = made[0][0]
    given = _numbers(case, case.shapes)
    expected = case.function(*given)
    error = np.abs(function(*given) - expected).max() / np.abs(expected).max()
    pairs = [
        (_seconds(lambda: function(*given)), _seconds(lambda: case.function(*given)))
        for _ in range(TURNS)
    ]
    own, numpy = (median(side) for side in zip(*pairs, strict=True))
    ratio = median(theirs / ours for ours, theirs in pairs)
    times = [f"{1e6 * own:.1f}", f"{1e6 * numpy:.1f}", f"{ratio:.1f}"]
    compiled = " / ".join(f"{1e3 * seconds:.0f}" for _, seconds, _ in made)
    called = " / ".join(f"{1e3 * seconds:.1f}" for _, _, seconds in made)
    return [case.name, *times, compiled, called, f"{error:.0e}"]


# -- systems ------------------------------------------------------------------------------------


def _heat(n: int) -> tuple[list[tuple[Any, Any]], np.ndarray]:
    u = ty.variable("u", shape=(n,))
    return [(u, np.roll(u, 1) - 2 * u + np.roll(u, -1))], _wave(n)


def _burgers(n: int) -> tuple[list[tuple[Any, Any]], np.ndarray]:
    u = ty.variable("u", shape=(n,))
    left, right = np.roll(u, 1), np.roll(u, -1)
    return [(u, -u * (right - left) / 2 + (left - 2 * u + right) / 10)], _wave(n)


def _kdv(n: int) -> tuple[list[tuple[Any, Any]], np.ndarray]:
    u = ty.variable("u", shape=(n,))
    left, right = np.roll(u, 1), np.roll(u, -1)
    third = np.roll(u, -2) - 2 * right + 2 * left - np.roll(u, 2)
    return [(u, -3 * u * (right - left) - third / 2)], _wave(n)


def _wave(n: int) -> np.ndarray:
    return np.sin(2 * np.pi * np.arange(n) / n)


def _bodies(n: int) -> tuple[list[tuple[Any, Any]], np.ndarray]:
    x, v = ty.variable("x", shape=(n, 3)), ty.variable("v", shape=(n, 3))
    rng = np.random.default_rng(0)
    masses = rng.random(n) / n
    d = x[None, :, :] - x[:, None, :]
    cubes = ((d * d).sum(axis=-1) + np.eye(n)) ** -1.5
    pull = (masses[None, :, None] * d * cubes[:, :, None]).sum(axis=1)
    return [(x, v), (v, pull)], np.concatenate(
        [3 * rng.standard_normal(3 * n), rng.standard_normal(3 * n) / 10]
    )


def _with_heyoka(name: str, n: int, state: np.ndarray) -> Any:
    """The same system in heyoka's compact mode."""
    import heyoka as hy

    if name == "bodies":
        masses = list(np.random.default_rng(0).random(n) / n)
        system = hy.model.nbody(n, masses=masses)
        x, v = state.reshape(2, n, 3)
        return hy.taylor_adaptive(system, np.hstack([x, v]).ravel(), compact_mode=True)
    u = [hy.expression(f"u{i}") for i in range(n)]
    right, left = u[1:] + u[:1], u[-1:] + u[:-1]
    if name == "heat":
        rhs = [a - 2.0 * b + c for a, b, c in zip(left, u, right, strict=True)]
    elif name == "Burgers":
        rhs = [
            -b * (c - a) / 2.0 + (a - 2.0 * b + c) / 10.0
            for a, b, c in zip(left, u, right, strict=True)
        ]
    else:
        far_right, far_left = u[2:] + u[:2], u[-2:] + u[:-2]
        rhs = [
            -3.0 * b * (c - a) - (d - 2.0 * c + 2.0 * a - e) / 2.0
            for a, b, c, d, e in zip(left, u, right, far_right, far_left, strict=True)
        ]
    return hy.taylor_adaptive(list(zip(u, rhs, strict=True)), state, compact_mode=True)


def _step_seconds(ta: Any, state: np.ndarray, own: bool) -> float:
    """The shortest time of a step over several runs from one start."""
    best, count = np.inf, STEPS[0]
    start_all = time.perf_counter()
    while time.perf_counter() - start_all < 4 * SECONDS:
        ta.state[:] = state
        ta.time = 0.0
        start = time.perf_counter()
        if own:
            steps = ta.propagate_for(1e6, max_steps=count).steps
        else:
            steps = ta.propagate_for(1e6, max_steps=count)[3]
        best = min(best, (time.perf_counter() - start) / steps)
        count = STEPS[best < SHORT]
    return best


def _system_row(name: str, make: Callable[[int], Any], n: int, compared: bool) -> list[str]:
    equations, state = make(n)
    start = time.perf_counter()
    ta = ty.Integrator(equations, state)
    creation = time.perf_counter() - start
    own = _step_seconds(ta, state, True)
    size = ta._machine.stepper.workspace_bytes / 1e6
    shown = [f"{name} {n}", f"{creation:.2f}", f"{size:.1f}", f"{1e6 * own:.1f}"]
    if not compared:
        return [*shown, "-", "-", "-"]
    start = time.perf_counter()
    peer = _with_heyoka(name, n, state)
    theirs_creation = time.perf_counter() - start
    there = peer.state.copy()
    theirs = _step_seconds(peer, there, False)
    return [*shown, f"{theirs_creation:.2f}", f"{1e6 * theirs:.1f}", f"{theirs / own:.1f}"]


def main() -> None:
    with_bytecode("benchmarks.arrays")
    from taylor_runtime.callables.process import cache

    with cache.disabled():
        _measured()


def _measured() -> None:
    small = ty.variable("a", shape=(8,))
    ty.compile(np.cos(small), [small])(np.ones(8))  # what a process does once is not counted
    functions = [_row(case) for case in CASES]
    systems = [
        _system_row("heat", _heat, 256, True),
        _system_row("heat", _heat, 16_384, False),
        _system_row("KdV", _kdv, 256, True),
        _system_row("KdV", _kdv, 16_384, False),
        _system_row("Burgers", _burgers, 256, True),
        _system_row("Burgers", _burgers, 16_384, False),
        _system_row("bodies", _bodies, 50, True),
        _system_row("bodies", _bodies, 200, True),
        _system_row("bodies", _bodies, 1000, False),
    ]
    text = [
        heading(
            "Functions of arrays and systems of arrays",
            "python -m benchmarks.arrays",
            {**own_versions(), "heyoka": version("heyoka")},
        ),
        "One thread. Compiled: from source to machine code without a cache; first call: with fresh "
        "pages of memory; both for shapes ten times larger behind the stroke.\n",
        table(
            ["function", "us", "NumPy, us", "ratio", "compiled, ms", "first call, ms", "error"],
            functions,
        ),
        "\nSteps of systems written with arrays against heyoka's compact mode, which gets the same "
        "system in scalars.\n",
        table(
            ["system", "creation, s", "MB", "us/step", "heyoka: creation, s", "us/step", "ratio"],
            systems,
        ),
    ]
    print(publish("arrays.md", "\n".join(text)).read_text())


if __name__ == "__main__":
    main()

"""Gradients of ordinary functions against JAX: calls from Python, and the time to the first one.

Run with ``python -m benchmarks.gradients``; it takes a few minutes and needs JAX.  Both sides use
one thread, float64, compiled functions, and arrays of NumPy.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from typing import Any, NamedTuple

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
os.environ["XLA_FLAGS"] = (
    "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1 "
    + os.environ.get("XLA_FLAGS", "")
)

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table, with_bytecode
from benchmarks.versions import own_versions, version

ROUNDS = 15
SHORTEST = 2e-3  # seconds of calls in a round
RNG = np.random.default_rng(15)
Call = Callable[[], Any]


class Case(NamedTuple):
    """A program as both sides have it.

    make: (library of arrays, transforms, loops) -> function; points: its arguments.
    asked: how many times faster it should be.
    """

    name: str
    make: Callable[[Any, Any, Any], Callable[..., Any]]
    points: tuple[Any, ...]
    asked: float


# --- what is differentiated ----------------------------------------------------------------------


def rosenbrock(np: Any) -> Callable[[Any], Any]:
    return lambda x: np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def network(np: Any) -> Callable[..., Any]:
    def loss(weights: Any, x: Any, targets: Any) -> Any:
        (w1, b1), (w2, b2) = weights
        scores = np.tanh(x @ w1 + b1) @ w2 + b2
        scores = scores - np.max(scores, axis=1, keepdims=True)
        total = np.log(np.sum(np.exp(scores), axis=1, keepdims=True))
        return -np.mean(np.sum(targets * (scores - total), axis=1))

    return loss


def pendulum(np: Any, scan: Any) -> Callable[[Any], Any]:
    def turn(state: Any, _: Any) -> Any:
        q, p = state
        p = p - 0.01 * np.sin(q)
        return (q + 0.01 * p, p), None

    return lambda q: scan(turn, (q, 0.0 * q), None, length=10_000)[0][0]


def energy(np: Any) -> Callable[[Any], Any]:
    """Of twelve coordinates: four bodies that attract one another."""

    def total(x: Any) -> Any:
        found = 0.5 * np.sum(x**2)
        for i in range(4):
            for j in range(i):
                d = x[3 * i : 3 * i + 3] - x[3 * j : 3 * j + 3]
                found = found - 1 / np.sqrt(np.sum(d**2))
        return found

    return total


def mixed(np: Any) -> Callable[[Any], Any]:
    matrix = np.asarray(np.cos(np.arange(900.0)).reshape(30, 30))
    return lambda x: np.sin(matrix @ x) * x + np.exp(-(x**2))


def decay(np: Any) -> Callable[[Any], Any]:
    """A model with two numbers for parameters, and many data."""
    times = np.asarray(np.linspace(0.0, 3.0, 10_000))
    data = np.exp(-times) + 0.1 * np.sin(50 * times)
    return lambda p: np.sum((p[0] * np.exp(-p[1] * times) - data) ** 2)


def layers(rows: int) -> tuple[Any, ...]:
    weights = [
        (0.05 * RNG.normal(size=(784, 64)), np.zeros(64)),
        (0.1 * RNG.normal(size=(64, 10)), np.zeros(10)),
    ]
    return weights, RNG.normal(size=(rows, 784)), np.eye(10)[RNG.integers(0, 10, rows)]


def like(value: Any) -> Any:
    """Numbers of the same structure: a direction."""
    if isinstance(value, list | tuple):
        return type(value)(like(v) for v in value)
    return RNG.normal(size=np.shape(value))


X = RNG.normal(size=1000)
V = RNG.normal(size=1000)
FIT = np.array([0.8, 1.1])
ROWS = layers(64)
LONG = ROWS[0], like(ROWS[0]), *ROWS[1:]
CASES = (
    Case("Rosenbrock, 1000 variables", lambda n, t, s: t.grad(rosenbrock(n)), (X,), 10),
    Case("network 784-64-10, 1 row", lambda n, t, s: t.grad(network(n)), layers(1), 4),
    Case("network 784-64-10, 64 rows", lambda n, t, s: t.grad(network(n)), ROWS, 1.5),
    Case("10^4 pendulum steps of a scan", lambda n, t, s: t.grad(pendulum(n, s)), (0.5,), 1.3),
    Case("Rosenbrock, Hessian times vector", lambda n, t, s: t.hvp(rosenbrock(n)), (X, V), 4),
    Case("network, 64 rows, Hessian times vector", lambda n, t, s: t.hvp(network(n)), LONG, 1),
    Case("12 x 12 Hessian", lambda n, t, s: t.hessian(energy(n)), (RNG.normal(size=12),), 3),
    Case("30 x 30 Jacobian", lambda n, t, s: t.jacobian(mixed(n)), (RNG.normal(size=30),), 3),
    Case("fit of two numbers to 10^4 data", lambda n, t, s: t.grad(decay(n)), (FIT,), 1),
    Case(
        "squares of 1000 sorted numbers",
        lambda n, t, s: t.grad(lambda x: n.sum(n.sort(x)[:500] ** 2)),
        (X,),
        1,
    ),
    Case("a scalar gradient", lambda n, t, s: t.grad(lambda x: n.sin(x) * x**2), (0.5,), 10),
)


class Jax:
    """JAX's transforms, compiled; a Hessian times a vector is made as its documentation says."""

    def __init__(self) -> None:
        import jax

        jax.config.update("jax_enable_x64", True)
        self.jax = jax

    def grad(self, f: Any) -> Any:
        return self.jax.jit(self.jax.grad(f))

    def hessian(self, f: Any) -> Any:
        return self.jax.jit(self.jax.hessian(f))

    def jacobian(self, f: Any) -> Any:
        return self.jax.jit(self.jax.jacfwd(f))

    def hvp(self, f: Any) -> Any:
        def product(x: Any, v: Any, *rest: Any) -> Any:
            return self.jax.jvp(lambda x: self.jax.grad(f)(x, *rest), (x,), (v,))[1]

        return self.jax.jit(product)


def first(make: Callable[[], Call]) -> tuple[float, Call, Any]:
    """The time to a first result, the call that gives others, and that result."""
    start = time.perf_counter()
    call = make()
    found = call()
    return time.perf_counter() - start, call, found


def medians(*calls: Call) -> list[float]:
    """The median times of calls that take turns, each repeated for a while."""
    counts = []
    for call in calls:
        for _ in range(3):
            call()
        start = time.perf_counter()
        call()
        each = time.perf_counter() - start
        counts.append(max(1, int(SHORTEST / max(each, 1e-9))))
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, count, own in zip(calls, counts, times, strict=True):
            start = time.perf_counter()
            for _ in range(count):
                call()
            own.append((time.perf_counter() - start) / count)
    return [statistics.median(own) for own in times]


def largest_difference(a: Any, b: Any) -> float:
    """Of two structures of numbers, relative to the largest of them."""
    if isinstance(a, list | tuple):
        return max(largest_difference(x, y) for x, y in zip(a, b, strict=True))
    x, y = np.asarray(a), np.asarray(b)
    return float(np.max(np.abs(x - y)) / max(np.max(np.abs(y)), 1e-300))


def rows() -> list[list[str]]:
    other = Jax()
    jnp, jax = other.jax.numpy, other.jax
    ty.grad(lambda x: np.sum(np.cos(x)) ** 2)(X)  # what a process does once is not counted
    other.grad(lambda x: jnp.sum(jnp.cos(x)) ** 2)(X)
    found = []
    for case in CASES:

        def ours(case: Case = case) -> Call:
            function = case.make(np, ty, ty.scan)
            return lambda: function(*case.points)

        def theirs(case: Case = case) -> Call:
            function = case.make(jnp, other, jax.lax.scan)
            return lambda: jax.block_until_ready(function(*case.points))

        own_first, own, value = first(ours)
        other_first, peer, right = first(theirs)
        assert largest_difference(value, right) < 1e-9, case.name
        points = jax.tree.map(jnp.asarray, case.points)
        function = case.make(jnp, other, jax.lax.scan)

        def at_home(function: Any = function, points: Any = points) -> Any:
            return jax.block_until_ready(function(*points))

        a, b, c = medians(own, peer, at_home)
        times = [f"{1e6 * t:.2f}" for t in (a, b, c)]
        shown = [*times, f"{b / a:.1f}", f"{c / a:.1f}", f"{case.asked:g}"]
        ahead = [f"{1e3 * own_first:.0f}", f"{1e3 * other_first:.0f}"]
        found.append([case.name, *shown, *ahead, f"{other_first / own_first:.1f}"])
        print(*found[-1], sep=" | ", flush=True)
    return found


def main() -> None:
    with_bytecode("benchmarks.gradients")
    from taylor_runtime.callables.process import cache

    with cache.disabled():
        listed = rows()
    versions = own_versions() | {"jax": version("jax")}
    text = [
        heading("Gradients", "python -m benchmarks.gradients", versions),
        "One thread, float64; medians of 15 turns, alternating.  Microseconds a call with arrays "
        "of NumPy, of JAX also with its own arrays; JAX's times over ours, and what was asked "
        "for; milliseconds to the first result without a cache.",
        table(
            [
                *("program", "us", "JAX, us", "JAX's own", "ratio", "own", "asked"),
                *("first, ms", "JAX, ms", "ratio"),
            ],
            listed,
        ),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('gradients.md', joined)}")


if __name__ == "__main__":
    main()

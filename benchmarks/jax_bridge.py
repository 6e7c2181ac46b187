"""Our functions and solutions inside JAX's programs, under `jit`: what a call costs there.

Run with ``python -m benchmarks.jax_bridge``; it takes a minute, and needs JAX.  A call is measured
beside the same one by itself, beside an empty one of JAX's, beside the same function written for
JAX where there is one, and beside `jax.pure_callback`, turn by turn in one process.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

TURNS, TURN_SECONDS = 11, 0.03
ASKED = 10.0  # microseconds of a solve beyond the solve itself

Call = Callable[[], Any]


class Row(NamedTuple):
    """One line: the same work in several ways; None where there is none."""

    name: str
    itself: Call
    bridge: Call
    callback: Call
    theirs: Call | None = None


def seconds(call: Call, repeat: int) -> float:
    start = time.process_time()
    for _ in range(repeat):
        call()
    return (time.process_time() - start) / repeat


def compared(calls: list[Call]) -> list[float]:
    """Median microseconds of calls, in alternating turns."""
    for call in calls:
        seconds(call, 5)  # what is made when it is first wanted
    repeats = [max(1, int(TURN_SECONDS / max(seconds(call, 5), 1e-8))) for call in calls]
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for own, call, repeat in zip(times, calls, repeats, strict=True):
            own.append(seconds(call, repeat))
    return [1e6 * median(own) for own in times]


def waiting(function: Callable[..., Any], *args: Any) -> Call:
    """A call under jit that has ended when it returns; its arguments are JAX's."""
    made = jax.jit(function)
    given = jax.tree.map(jnp.asarray, args)
    return lambda: jax.block_until_ready(made(*given))


def by_callback(function: Callable[..., Any], *args: Any) -> Callable[..., Any]:
    """A Python function of NumPy arrays as JAX calls these by itself."""
    shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(np.shape(x), jnp.float64), function(*args))

    def called(*given: Any) -> Any:
        found = function(*jax.tree.map(np.asarray, given))
        return jax.tree.map(np.asarray, found)

    return lambda *given: jax.pure_callback(called, shapes, *given)


def pendulum() -> Row:
    """Over one unit of time, with its end as a function of length and angle."""
    x, v, k = *ty.variables("x v"), ty.parameter("k")
    ta = ty.Integrator([(x, v), (v, -k * ty.sin(x))], [0.05, 0.025], parameters={k: 9.8})
    solution = ta.as_function([k, x], [x, v], until=1.0)

    def itself() -> None:
        ta.time = 0.0
        ta.state[:] = 0.05, 0.025
        ta.propagate_until(1.0)

    bridge = waiting(ty.jax.function(solution), 9.8, 0.05)
    callback = waiting(by_callback(lambda k, x: solution(float(k), float(x)), 9.8, 0.05), 9.8, 0.05)
    return Row("pendulum over 1", itself, bridge, callback)


def formula() -> Row:
    """Of two numbers."""

    def own(x: Any, v: Any) -> Any:
        return np.sin(x) * np.exp(-(v**2)) + np.sqrt(x**2 + 1)

    def theirs(x: Any, v: Any) -> Any:
        return jnp.sin(x) * jnp.exp(-(v**2)) + jnp.sqrt(x**2 + 1)

    f, entry = ty.compile(own), ty.compile(own).entry
    given = 0.3, 0.7
    calls = waiting(ty.jax.function(f), *given), waiting(by_callback(f, *given), *given)
    return Row("formula of two numbers", lambda: entry(0.3, 0.7), *calls, waiting(theirs, *given))


def gradient() -> Row:
    """Of the Rosenbrock function of 1000 variables."""

    def own(x: Any) -> Any:
        return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    def theirs(x: Any) -> Any:
        return jnp.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)

    x = np.random.default_rng(0).normal(size=1000)
    slopes = ty.grad(own)
    bridge = waiting(jax.grad(ty.jax.function(own)), x)
    callback = waiting(by_callback(slopes, x), x)
    return Row(
        "gradient, 1000 variables",
        lambda: slopes(x),
        bridge,
        callback,
        waiting(jax.grad(theirs), x),
    )


def network() -> Row:
    """A right-hand side that is a network of JAX's, 2-64-64-2: its value by our machine code."""
    rng = np.random.default_rng(0)
    weights = [rng.normal(size=shape) / 8 for shape in ((64, 2), (64, 64), (2, 64))]

    def theirs(y: Any, *weights: Any) -> Any:
        for w in weights[:-1]:
            y = jnp.tanh(w @ y)
        return weights[-1] @ y

    y = np.array([0.3, -0.2])
    own = ty.jit(ty.jax.trace(theirs))
    bridge = waiting(ty.jax.function(ty.jax.trace(theirs)), y, *weights)
    callback = waiting(by_callback(own, y, *weights), y, *weights)
    return Row(
        "network 2-64-64-2",
        lambda: own(y, *weights),
        bridge,
        callback,
        waiting(theirs, y, *weights),
    )


def main() -> None:
    jax.config.update("jax_enable_x64", True)
    empty = waiting(lambda x: x + 1, 1.0)
    lines = []
    for make in (pendulum, formula, gradient, network):
        row = make()
        calls = [row.itself, row.bridge, row.callback, empty, *([row.theirs] if row.theirs else [])]
        itself, bridge, callback, nothing, *theirs = compared(calls)
        numbers = [itself, bridge, bridge - itself, nothing, *theirs]
        cells = [f"{number:.1f}" for number in numbers] + ["-"] * (5 - len(numbers))
        lines.append([row.name, *cells, f"{callback:.1f}"])
        print(lines[-1], flush=True)
    columns = [
        "work",
        "itself",
        "in JAX",
        "beyond",
        "x + 1 in JAX",
        "written for JAX",
        "pure_callback",
    ]
    versions = {**own_versions(), "JAX": version("jax")}
    title = heading("Calls from JAX", "python -m benchmarks.jax_bridge", versions)
    note = (
        '\nMicroseconds of a call, all threads. "Beyond" is a call in JAX less the work by itself; '
        f"for the pendulum at most {ASKED:g} are asked.\n"
    )
    print(publish("jax_bridge.md", f"{title}{note}\n{table(columns, lines)}\n"))


if __name__ == "__main__":
    main()

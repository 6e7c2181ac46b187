"""What a call costs: compiled functions from Python, over arrays, and jets; with the import time.

Run with ``python -m benchmarks.calls``; it takes two minutes and needs heyoka.
"""

from __future__ import annotations

import math
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version
from taylor.transforms.differentiate import grad_expressions

POINTS = 10**6
WARM = ("pendulum", "outer-solar-system")  # problems of the warm start
SOME = 200  # points for large formulas
RUNS = 7
TURNS = 15
# The 30th derivative at 0.7 of sin(exp x) log(1 + x^2)/sqrt(1 + x^2), by mpmath.
EXACT = 2.464932629628841e29


def seconds(call: Callable[[], Any], repeat: int) -> float:
    """Median over runs of the time of one of `repeat` calls."""
    times = []
    for _ in range(RUNS):
        start = time.perf_counter()
        for _ in range(repeat):
            call()
        times.append((time.perf_counter() - start) / repeat)
    return median(times)


def import_seconds() -> float:
    """Median time of ``import taylor`` after NumPy, in fresh processes."""
    code = (
        "import numpy, time; t = time.perf_counter(); import taylor; print(time.perf_counter() - t)"
    )
    runs = [subprocess.check_output([sys.executable, "-c", code]) for _ in range(RUNS)]
    return median(float(run) for run in runs)


def warm_milliseconds(problem: str) -> float:
    """Median time to an integrator that an earlier process made, imports done, in fresh ones."""
    code = (
        "import time, taylor as ty; from benchmarks.problems import PROBLEMS; "
        f"p = PROBLEMS[{problem!r}]; t = time.perf_counter(); "
        "x = [ty.variable(v) for v in p.variables]; "
        "ty.Integrator(list(zip(x, p.equations(ty, x))), p.state, tol=p.tolerance); "
        "print(time.perf_counter() - t)"
    )
    with tempfile.TemporaryDirectory() as folder:
        environment = {k: v for k, v in os.environ.items() if k != "TAYLOR_CACHE"}
        environment["TAYLOR_CACHE_DIR"] = folder
        command = [sys.executable, "-c", code]
        runs = [subprocess.check_output(command, env=environment) for _ in range(RUNS + 1)]
    return 1e3 * median(float(run) for run in runs[1:])


def composition(x: Any) -> Any:
    return ty.sin(ty.exp(x)) * ty.log(1 + x**2) / ty.sqrt(1 + x**2)


class Compiled:
    """One side of the comparison: a function of a case over preallocated arrays, and one call."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.expression, self.range = CASES[name]
        self.count = self.expression.__code__.co_argcount - 1
        rng = np.random.default_rng(0)
        self.points = rng.uniform(*self.range, (self.count, POINTS))
        self.numbers = [float(x) for x in self.points[:, 0]]


class OwnCompiled(Compiled):
    """taylor, with one thread."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        variables = ty.variables("x y")[: self.count]
        self.function = ty.compile(self.expression(ty, *variables), list(variables))
        self.out = np.empty(POINTS)

    def many(self) -> np.ndarray:
        """The values at all points."""
        return np.asarray(self.function(*self.points, out=self.out))

    def one(self) -> Any:
        return self.function(*self.numbers)


class HeyokaCompiled(Compiled):
    """heyoka's `cfunc`, with one thread."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        import heyoka  # type: ignore[import-not-found]

        heyoka.set_nthreads(1)
        variables = heyoka.make_vars("x", "y")[: self.count]
        self.function = heyoka.cfunc([self.expression(heyoka, *variables)], variables)
        self.out = np.empty((1, POINTS))
        self.single = np.array(self.numbers)

    def many(self) -> np.ndarray:
        """The values at all points."""
        return np.asarray(self.function(self.points, outputs=self.out)[0])

    def one(self) -> Any:
        return self.function(self.single)


Expression = Callable[..., Any]
CASES: dict[str, tuple[Expression, tuple[float, float]]] = {
    "sin": (lambda m, x: m.sin(x), (0.1, 3.0)),
    "cos": (lambda m, x: m.cos(x), (0.1, 3.0)),
    "exp": (lambda m, x: m.exp(x), (0.1, 3.0)),
    "log": (lambda m, x: m.log(x), (0.1, 3.0)),
    "x**y": (lambda m, x, y: x**y, (0.1, 3.0)),
    "atan2": (lambda m, x, y: m.atan2(y, x), (0.1, 3.0)),
    "erf": (lambda m, x: m.erf(x), (0.1, 3.0)),
    "tan": (lambda m, x: m.tan(x), (0.1, 3.0)),
    "asin": (lambda m, x: m.asin(x), (-1.0, 1.0)),
    "f(x)": (lambda m, x: m.sin(m.exp(x)) * m.log(1 + x**2) / m.sqrt(1 + x**2), (0.1, 3.0)),
    "exp(-x^2-y^2) cos(3x+y)": (lambda m, x, y: m.exp(-x * x - y * y) * m.cos(3 * x + y), (-2, 2)),
    "(xy+|(x,y)|)/(1+exp(-x))": (
        lambda m, x, y: (x * y + m.sqrt(x * x + y * y)) / (1 + m.exp(-x)),
        (-3.0, 3.0),
    ),
}


def alternating(calls: list[Callable[[], Any]], repeat: int) -> list[float]:
    """Shortest time of one of `repeat` calls of each, taking turns."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for call, own in zip(calls, times, strict=True):
            start = time.perf_counter()
            for _ in range(repeat):
                call()
            own.append((time.perf_counter() - start) / repeat)
    return [min(own) for own in times]


def function_rows() -> list[list[str]]:
    """Time per point and per call for both sides, and their ratios."""
    rows = []
    for name in CASES:
        own, other = OwnCompiled(name), HeyokaCompiled(name)
        if not np.allclose(own.many(), other.many(), rtol=1e-8, atol=1e-12):
            raise RuntimeError(f"{name}: the two sides do not compute the same")
        many = [1e9 * t / POINTS for t in alternating([own.many, other.many], 3)]
        one = [1e6 * t for t in alternating([own.one, other.one], 5_000)]
        figures = [many[0], many[1], many[1] / many[0], one[0], one[1], one[1] / one[0]]
        rows.append([name, *(f"{figure:.2f}" for figure in figures)])
    return rows


def thread_rows() -> list[list[str]]:
    """Time per point of f with one and two threads."""
    rows = []
    x = ty.variable("x")
    functions = [ty.compile(CASES["f(x)"][0](ty, x), [x], threads=n) for n in (1, 2)]
    for points in (10**3, 10**5, 10**6, 10**7):
        given, out = np.linspace(0.1, 3, points), np.empty(points)
        calls = [lambda f=f, given=given, out=out: f(given, out=out) for f in functions]
        one, two = (1e9 * t / points for t in alternating(calls, max(1, 10**5 // points)))
        rows.append([str(points), f"{one:.2f}", f"{two:.2f}", f"{one / two:.2f}"])
    return rows


def _chain(size: int) -> tuple[list[Any], list[Any], Any]:
    x = ty.variable("x")
    e = x
    for _ in range(size // 3):
        e = ty.sin(e) * x + 0.5

    def numpy(x: Any) -> Any:
        value = x
        for _ in range(size // 3):
            value = np.sin(value) * x + 0.5
        return value

    return [x], [e], numpy


def _wide(size: int) -> tuple[list[Any], list[Any], Any]:
    x = ty.variable("x")
    terms = range(1, size // 2 + 1)
    return [x], [sum(ty.sin(k * x) for k in terms)], lambda x: sum(np.sin(k * x) for k in terms)


def _random(size: int) -> tuple[list[Any], list[Any], Any]:
    def build(m: Any, *inputs: Any) -> Any:
        rng = random.Random(1)
        nodes = list(inputs)
        for _ in range(size):
            kind, p, q = rng.random(), rng.choice(nodes[-200:]), rng.choice(nodes[-200:])
            if kind < 0.3:
                nodes.append(p * q * 0.5 + 0.1)
            else:
                nodes.append(p + q if kind < 0.6 else m.sin(p) if kind < 0.8 else p - 0.5 * q)
        return sum(m.sin(node) for node in nodes[-200:])

    inputs = list(ty.variables("a b c d"))
    return inputs, [build(ty, *inputs)], lambda *x: build(np, *x)


def _gradient(size: int) -> tuple[list[Any], list[Any], Any]:
    x = list(ty.variables(" ".join(f"x{i}" for i in range(size))))
    total = sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))

    def numpy(*x: Any) -> Any:
        p = np.array(x)
        step = p[1:] - p[:-1] ** 2
        result = np.zeros_like(p)
        result[:-1] = -400 * p[:-1] * step - 2 * (1 - p[:-1])
        result[1:] += 200 * step
        return result

    return x, grad_expressions(total, x), numpy


def _outputs(size: int) -> tuple[list[Any], list[Any], Any]:
    def build(m: Any, a: Any, b: Any, c: Any) -> list[Any]:
        return [m.sin(a * i) + b * m.exp(c / (i + 1)) for i in range(size)]

    inputs = list(ty.variables("a b c"))
    return inputs, build(ty, *inputs), lambda *x: build(np, *x)


LARGE = {
    "chain of sines": (_chain, 100_000),
    "sum of sines": (_wide, 100_000),
    "random": (_random, 100_000),
    "gradient, variables": (_gradient, 300),
    "outputs": (_outputs, 1000),
}


def large_rows() -> list[list[str]]:
    """Large formulas: time to compile them, and per point against NumPy."""
    rows = []
    for name, (build, size) in LARGE.items():
        inputs, outputs, numpy = build(size)
        start = time.perf_counter()
        f = ty.compile(outputs, inputs)
        ready = time.perf_counter() - start
        x = np.random.default_rng(0).uniform(-0.9, 0.9, (len(inputs), SOME))
        f(*x)
        times = []
        with np.errstate(all="ignore"):
            for call in (f, numpy):
                runs = []
                for _ in range(3):
                    start = time.perf_counter()
                    call(*x)
                    runs.append(time.perf_counter() - start)
                times.append(1e6 * min(runs) / SOME)
        row = [f"{ready:.2f}", *(f"{t:.3f}" for t in times), f"{times[1] / times[0]:.1f}"]
        rows.append([name, str(size), *row])
    return rows


def jet_rows() -> list[list[str]]:
    points = np.linspace(0.1, 1.9, 10**5)
    rows = []
    for order in (10, 20, 30):
        start = time.perf_counter()
        coefficients = ty.jet(composition, 0.7, order=order)
        first = time.perf_counter() - start
        each = seconds(lambda order=order: ty.jet(composition, points, order=order), 1)
        error = abs(coefficients[30] * math.factorial(30) / EXACT - 1) if order == 30 else None
        shown = "" if error is None else f"{error:.1e}"
        rows.append([str(order), f"{first:.3f}", f"{1e9 * each / len(points):.0f}", shown])
    return rows


def main() -> None:
    from taylor_runtime.callables.process import cache

    with cache.disabled():
        functions, jets, large, threads = function_rows(), jet_rows(), large_rows(), thread_rows()
    text = [
        heading(
            "Calls", "python -m benchmarks.calls", own_versions() | {"heyoka": version("heyoka")}
        ),
        f"One thread; the best of {TURNS} turns.  `import taylor` after NumPy: "
        f"{import_seconds():.3f} s.  An integrator that was made before, in a new process: "
        + ", ".join(f"{name} {warm_milliseconds(name):.1f} ms" for name in WARM)
        + ".",
        f"Nanoseconds per point over {POINTS} points in arrays made before, and microseconds for "
        "one call with Python floats (heyoka: an array of them), against heyoka's cfunc; "
        "f(x) = sin(exp x) log(1 + x^2)/sqrt(1 + x^2).",
        table(
            ["function", "ns", "heyoka", "ratio", "one call, us", "heyoka", "ratio"],
            functions,
        ),
        "f(x) with two threads, ns per point:",
        table(["points", "one thread", "two", "ratio"], threads),
        "Large formulas: seconds to compile without a cache; microseconds per point "
        f"over {SOME} points, and NumPy's for the same.",
        table(["formula", "size", "compile, s", "us", "NumPy", "ratio"], large),
        "Jets of sin(exp x) log(1 + x^2)/sqrt(1 + x^2): time to the first result without a cache,",
        "per point over 10^5 points, and the relative error of the 30th derivative at 0.7.",
        table(["order", "first result, s", "ns per point", "error"], jets),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('calls.md', joined)}")


if __name__ == "__main__":
    main()

"""What a call costs: compiled functions from Python, over arrays, and jets; with the import time.

Run with ``python -m benchmarks.calls``; it takes half a minute.
"""

from __future__ import annotations

import math
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, own_versions, publish, table

POINTS = 10**6
RUNS = 7
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


def composition(x: Any) -> Any:
    return ty.sin(ty.exp(x)) * ty.log(1 + x**2) / ty.sqrt(1 + x**2)


def function_rows() -> list[list[str]]:
    x, y, k = ty.variables("x y k")
    cases = {
        "x*y + k": ([x, y, k], x * y + k),
        "sin(x*y) + k": ([x, y, k], ty.sin(x * y) + k),
        "sin": ([x], ty.sin(x)),
        "exp": ([x], ty.exp(x)),
        "log": ([x], ty.log(x)),
        "erf": ([x], ty.erf(x)),
        "x**y": ([x, y], x**y),
        "(sin x, x/y)": ([x, y], [ty.sin(x), x / y]),
    }
    rows = []
    for name, (inputs, expression) in cases.items():
        f = ty.compile(expression, inputs)
        numbers = [0.5, 2.0, 9.8][: len(inputs)]
        arrays = [np.linspace(0.1, 3.0, POINTS) for _ in inputs]
        one = seconds(lambda f=f, numbers=numbers: f(*numbers), 20_000)
        many = seconds(lambda f=f, arrays=arrays: f(*arrays), 1)
        rows.append([name, f"{1e6 * one:.2f}", f"{1e9 * many / POINTS:.2f}"])
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
    import taylor_runtime

    with taylor_runtime.cache.disabled():
        functions, jets = function_rows(), jet_rows()
    text = [
        heading("Calls", "python -m benchmarks.calls", own_versions()),
        f"One thread; medians of {RUNS}.  `import taylor` after NumPy: {import_seconds():.3f} s.",
        table(["function", "one call, us", f"{POINTS} points, ns each"], functions),
        "Jets of sin(exp x) log(1 + x^2)/sqrt(1 + x^2): time to the first result without a cache,",
        "per point over 10^5 points, and the relative error of the 30th derivative at 0.7.",
        table(["order", "first result, s", "ns per point", "error"], jets),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('calls.md', joined)}")


if __name__ == "__main__":
    main()

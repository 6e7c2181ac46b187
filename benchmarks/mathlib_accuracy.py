"""Measure the elementary functions of machine code: error in ulp against mpmath, time per value.

    python benchmarks/mathlib_accuracy.py --points 1000000 exp sin pow

Without names all functions are measured.  A million points take about a minute per function, nearly
all of it in mpmath.  Times are for 8 lanes on arrays of 128 KiB, copying them included (0.3 ns).
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from taylor.functions.kernels import kernel_definitions
from taylor_runtime.mathlib import KernelFunction, kernels
from taylor_runtime.mathlib.arrays import array_function
from taylor_runtime.mathlib.half_powers import half_power

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from kernel_accuracy import RANGES, points, worst_error

PARTS = 4  # how many kinds of random points `points` mixes, about
BLOCK = 20_000
TIMED = 2**14


def accuracy(name: str, count: int) -> tuple[float, tuple[float, ...]]:
    """The largest error in ulp over about `count` points, and where it is."""
    function = array_function(kernels[name], 8)
    worst: tuple[float, tuple[float, ...]] = (0.0, ())
    for seed in range(max(1, count // BLOCK)):
        arguments = points(name, kernels[name].arity, min(count, BLOCK) // PARTS, seed + 1)
        worst = max(worst, worst_error(name, arguments, function(*arguments)[0]))
    return worst


def nanoseconds(kernel: KernelFunction, name: str) -> float:
    """Time per value in 8 lanes, over the range where the function varies; the best of many."""
    rng = np.random.default_rng(0)
    low, high = RANGES.get(name, (0.1, 20.0))
    arguments = [rng.uniform(low, high, TIMED) for _ in range(kernel.arity)]
    function = array_function(kernel, 8)
    best = float("inf")
    for _ in range(100):
        start = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - start)
    return best / TIMED * 1e9


def main() -> None:
    """Print one line per function."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    inexact = [name for name, d in kernel_definitions().items() if not d.rational]
    names = options.names or [name for name in inexact if name != "scale"]
    print(f"{'function':20} {'ulp':>6} {'ns':>6}   at")
    for name in names:
        worst, where = accuracy(name, options.points)
        took = nanoseconds(kernels[name], name)
        print(f"{name:20} {worst:6.3f} {took:6.2f}   {', '.join(map(repr, where))}", flush=True)
    for k in () if options.names else (-3, -1, -2, 3):
        print(f"{f'x**({k}/2)':20} {'':6} {nanoseconds(half_power(k), 'pow'):6.2f}")


if __name__ == "__main__":
    main()

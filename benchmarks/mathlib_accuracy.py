"""Measure the elementary functions of machine code: error in ulp against mpmath, time per value.

    python -m benchmarks.mathlib_accuracy [--points 1000000] [--processes 2] [exp sin pow ...]
    python -m benchmarks.mathlib_accuracy --special

Every function is measured over several regions of its arguments, `--points` in each, and scalar and
vector code are compared bit for bit on the same points.  A first look compares with the C library's
80-bit functions, where there are any; what looks worst, and a random sample, is then measured with
mpmath at 40 digits.  Functions that C does not have are compared with mpmath on `--sample` points.
Without names all functions are measured, and the table is written to results/mathlib.md; with
`--special` those that C does not have, on fewer points, for results/mathlib_special.md.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions
from taylor.nodes.registry import get
from taylor.reference.kernels import kernel_definitions
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.mathlib.basics.kernel import KernelFunction
from taylor_runtime.mathlib.double.half_powers import half_power
from taylor_runtime.mathlib.families import kernels

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from kernel_accuracy import ORDERS, RANGES, family_points, regions, worst_error

BLOCK = 50_000
TIMED = 2**14
CONFIRMED = 100  # worst points of a block that mpmath measures again
CHECKED = 200  # random points of a block that it measures as well
LONG = np.finfo(np.longdouble).nmant >= 63
C_NAMES = {
    **{name: name for name in ("exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "cbrt")},
    **{name: name for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "hypot")},
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "atan2": "arctan2",
    "pow": "power",
}
SCALED = ("sum_of_squares", "difference_of_squares")  # made for arguments near 1
SLOWER = 50  # times fewer points for families of functions (polygamma, Bessel), for mpmath's sake
OUT_OF_DOMAIN = ("kepler", "lambertw")  # how names begin whose special points are mostly outside
# Not measured with those that C does not have: exact ones, and what results/mathlib.md has.
EXACT = ("abs", "sign", "floor", "minimum", "maximum", "relu", "leaky_relu", "sqrt")
LISTED = ("erf", "erfc", "erf_derivative", "sech_squared", "sigmoid", "sigmoid_derivative",
          "softplus", "sum", "prod", "where", "logsumexp")  # fmt: skip
NORMAL = ("gammainc_derivative",)  # measured where its values have all their digits
Worst = tuple[float, tuple[float, ...]]


def suspects(name: str, arguments: list[Any], values: Any, rng: np.random.Generator) -> Any:
    """Indices of points that look worst against 80-bit numbers, and of a few at random."""
    some = rng.integers(0, len(values), CHECKED)
    with np.errstate(all="ignore"):
        wide = getattr(np, C_NAMES[name])(*(x.astype(np.longdouble) for x in arguments))
        exponent = np.maximum(np.frexp(wide)[1] - 53, -1074)
        error = np.abs(np.ldexp(values.astype(np.longdouble) - wide, -exponent))
    comparable = np.isfinite(wide) & (np.abs(wide) < np.longdouble(2) ** 1024)
    error = np.where(comparable, error, np.where(np.isfinite(wide), 0, -1))
    error[comparable & ~np.isfinite(values)] = np.inf
    return np.concatenate([np.argsort(error)[-CONFIRMED:], some])


def measure(task: tuple[str, str, int, int]) -> tuple[str, str, Worst, bool]:
    """(function, region, the largest error and where, whether scalar and vector code agree)."""
    name, region, count, sample = task
    arity = definition(name).arity
    vector, scalar = both_functions(name)
    worst: Worst = (0.0, ())
    same = True
    quick = LONG and name in C_NAMES
    for seed in range(-(-(count if quick else max(count, sample)) // BLOCK)):
        rng = np.random.default_rng(seed)
        arguments = regions(name, arity, min(count, BLOCK), rng)[region]
        values, alone = vector(*arguments)[0], scalar(*arguments)[0]
        same &= bool(
            np.all((values.view(np.int64) == alone.view(np.int64)) | _both_nan(values, alone))
        )
        if quick:
            chosen = suspects(name, arguments, values, rng)
        else:
            share = max(1, sample * BLOCK // max(count, BLOCK))
            chosen = rng.permutation(len(values))[:share]
        if name in NORMAL:
            chosen = chosen[np.abs(values[chosen]) > np.finfo(float).tiny]
        worst = max(worst, worst_error(name, [x[chosen] for x in arguments], values[chosen]))
    return name, region, worst, same


def definition(name: str) -> Any:
    """What is known of a kernel, or of a function that is made of others."""
    return kernel_definitions().get(name) or get(name)


def both_functions(name: str) -> Any:
    """Functions of arrays, in lanes and one value after the other, that give a tuple of arrays."""
    if name in kernels:
        return tuple(array_function(kernels[name], lanes) for lanes in (8, 0))
    given = ty.variables(" ".join("xyz"[: get(name).arity]))
    compiled = ty.compile(getattr(ty, name)(*given), list(given))

    def one_by_one(*arguments: Any) -> Any:
        return (np.array([compiled(*row) for row in zip(*arguments, strict=True)]),)

    return lambda *arguments: (compiled(*arguments),), one_by_one


def _both_nan(x: Any, y: Any) -> Any:
    return np.isnan(x) & np.isnan(y)


def nanoseconds(kernel: KernelFunction | None, name: str) -> float:
    """Time per value in 8 lanes, over the range where the function varies; the best of many."""
    rng = np.random.default_rng(0)
    low, high = RANGES.get(name, (0.1, 20.0))
    arity = (kernel or definition(name)).arity
    arguments = [rng.uniform(low, high, TIMED) for _ in range(arity)]
    if name in ORDERS:
        arguments = family_points(name, arguments[0])
    function = array_function(kernel, 8) if kernel else both_functions(name)[0]
    best = float("inf")
    for _ in range(100):
        start = time.perf_counter()
        function(*arguments)
        best = min(best, time.perf_counter() - start)
    return best / TIMED * 1e9


def rows(results: list[tuple[str, str, Worst, bool]]) -> list[list[str]]:
    """A row per function: the worst error, where and in which region, all regions' errors."""
    listed = []
    for name in dict.fromkeys(result[0] for result in results):
        own = [result for result in results if result[0] == name]
        (error, where), region = max((worst, region) for _, region, worst, _ in own)
        place = ", ".join(f"{x:.17g}" for x in where)
        others = ", ".join(f"{region} {worst[0]:.2f}" for _, region, worst, _ in own)
        domain = definition(name).domain
        equal = "yes" if all(same for *_, same in own) else "NO"
        ns = f"{nanoseconds(kernels.get(name), name):.2f}"
        listed.append([name, f"{error:.3f}", region, place, equal, ns, domain, others])
    return listed


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=125_000)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--special", action="store_true")
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    inexact = [name for name, d in kernel_definitions().items() if not d.rational]
    names = options.names or [name for name in inexact if name != "scale"]
    if options.special:
        options.points, options.sample = min(options.points, 100_000), min(options.sample, 2000)
        names = [n for n in ty.functions.__all__ if n not in (*C_NAMES, *EXACT, *LISTED)]
    rng = np.random.default_rng(0)
    tasks = [
        (name, region, options.points // less, options.sample // less)
        for name in names
        for less in (SLOWER if name in ORDERS else 1,)
        for region in regions(name, definition(name).arity, 1, rng)
        if name not in SCALED or region in ("ordinary", "near 1")
        if name in kernels or region in ("ordinary", "tiny")
        if not name.startswith(OUT_OF_DOMAIN) or region != "special"
    ]
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.processes) as pool:
        results = pool.map(measure, tasks, chunksize=1)
    columns = ["function", "ulp", "region", "at", "scalar = vector", "ns", "domain", "all regions"]
    halves = [[f"x**({k}/2)", f"{nanoseconds(half_power(k), 'pow'):.2f}"] for k in (-3, -1, -2, 3)]
    text = [
        heading(
            "Special functions in float64"
            if options.special
            else "Elementary functions in float64",
            "python -m benchmarks.mathlib_accuracy" + " --special" * options.special,
            own_versions(),
        ),
        f"{options.points} points in each region of each function. ulp: the largest error found, "
        "in units of the last place of the exact value; correct rounding is 0.5. Functions of the "
        "C library were all compared with its 80-bit ones first, and the worst with mpmath; the "
        f"others with mpmath, on {options.sample} points of each region.",
        "Families are measured with several orders in turn (tests/kernel_accuracy.py), on "
        f"{SLOWER} times fewer points.",
        "ns: per value in blocks of 8 lanes, arrays copied (0.3 ns). Infinities, NaN and signs of "
        "zero are those of C (tests/runtime/mathlib/test_mathlib.py).",
        table(columns, rows(results)),
        table(["half-integer power", "ns"], halves),
    ]
    if options.special:
        text[2] += " That of gammainc_derivative is where its value is a normal number."
        del text[-1]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    if not options.names:
        file = "mathlib_special.md" if options.special else "mathlib.md"
        print(f"written to {publish(file, joined)}")


if __name__ == "__main__":
    main()

"""Derivatives of any order beside jax.experimental.jet, heyoka's tensors, mpmath and SymPy.

Run with ``python -m benchmarks.derivatives [--quick]``; it takes five minutes, with --quick one,
and needs heyoka and JAX.  Both sides have one core.
"""

from __future__ import annotations

import argparse
import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from importlib import import_module
from itertools import product
from statistics import median
from typing import Any

import mpmath
import numpy as np

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

POINT = 0.7
JET_POINTS = 10**5
SLOW_POINTS = 10**3  # for JAX at order 30, and mpmath at order 40
ORDERS = (10, 20, 30)
FIRST_JET = {10: 10.0, 20: 30.0, 30: 100.0}  # how many times sooner the first jet is to be there,
PER_JET = {10: 5.0, 20: 5.0, 30: 50.0}  # and how many times less a point is to take
TENSOR_ORDERS = (2, 4, 6)
PATIENT_ORDER = 10  # measured once
TENSOR = 5.0  # the same for partial derivatives
SIZES = (250, 2000, 20_000)
PAIRS, PAIR_ERROR = 1000.0, 1e-29  # against mpmath
TURNS = 9
FRESH = 5  # new processes for a time to first result


def composition(m: Any, x: Any) -> Any:
    """f(x) = sin(exp x) log(1 + x^2)/sqrt(1 + x^2), with the functions of some module."""
    return m.sin(m.exp(x)) * m.log(1 + x**2) / m.sqrt(1 + x**2)


def three(m: Any, x: Any, y: Any, z: Any) -> list[Any]:
    """Three functions of three variables."""
    square = x**2 + y**2 + z**2
    return [
        m.sin(x * y) + m.exp(-(z**2)) * m.cos(x),
        m.log(square) / m.sqrt(1 + x**2),
        x * square ** (-1.5),
    ]


def own_composition(x: Any) -> Any:
    return composition(ty, x)


def own_three(x: Any, y: Any, z: Any) -> list[Any]:
    return three(ty, x, y, z)


def exact(order: int, digits: int = 60) -> list[Any]:
    """Taylor coefficients of f at the point, by numerical differentiation with many digits."""
    with mpmath.workdps(digits):
        found = mpmath.taylor(lambda x: composition(mpmath, x), mpmath.mpf(POINT), order)
    return list(found)


# -- the other sides -------------------------------------------------------------------------------


def jax_jet(order: int) -> Callable[[Any], Any]:
    """Derivatives 1 .. order of f at an array of points, compiled."""
    import jax  # type: ignore[import-not-found]
    import jax.numpy as jnp  # type: ignore[import-not-found]
    from jax.experimental.jet import jet  # type: ignore[import-not-found]

    jax.config.update("jax_enable_x64", True)
    jnp.zeros(1).block_until_ready()  # the back end is ready
    series = [1.0] + [0.0] * (order - 1)

    def one(x: Any) -> Any:
        return jet(lambda u: composition(jnp, u), (x,), (series,))

    return jax.jit(jax.vmap(one))  # type: ignore[no-any-return]


def heyoka_tensors(order: int) -> tuple[Any, int]:
    """All derivatives of the three functions as a compiled function, and how many there are."""
    import heyoka  # type: ignore[import-not-found]

    variables = heyoka.make_vars("x", "y", "z")
    tensors = heyoka.diff_tensors(
        three(heyoka, *variables), diff_args=list(variables), diff_order=order
    )
    found = [tensors[e] for e in tensors]
    return heyoka.cfunc(found, list(variables)), len(found)


def start_heyoka() -> None:
    """One thread, and nothing remembered."""
    import heyoka

    heyoka.set_nthreads(1)
    heyoka.llvm_state.set_diskcache_enabled(False)
    heyoka.llvm_state.clear_memcache()


# -- time from source to the first result ----------------------------------------------------------


def import_own() -> None:
    """The modules that are loaded when they are first wanted."""
    for name in (
        "taylor.points.partials",
        "taylor_runtime.callables.expansion",
        "llvmlite.binding",
    ):
        import_module(name)


def first_own_jet(order: int) -> float:
    import_own()
    start = time.perf_counter()
    ty.jet(own_composition, POINT, order)
    return time.perf_counter() - start


def first_jax_jet(order: int) -> float:
    import jax

    function = jax_jet(order)
    start = time.perf_counter()
    jax.block_until_ready(function(np.array([POINT])))
    return time.perf_counter() - start


def first_own_tensors(order: int) -> float:
    import_own()
    start = time.perf_counter()
    ty.derivatives(own_three, (0.5, 0.75, 1.25), order)
    return time.perf_counter() - start


def first_heyoka_tensors(order: int) -> float:
    start_heyoka()
    start = time.perf_counter()
    function, _ = heyoka_tensors(order)
    function(np.array([0.5, 0.75, 1.25]))
    return time.perf_counter() - start


FIRST: dict[str, Callable[[int], float]] = {
    "own-jet": first_own_jet,
    "jax-jet": first_jax_jet,
    "own-tensors": first_own_tensors,
    "heyoka-tensors": first_heyoka_tensors,
}


def firsts(own: str, other: str, order: int, others: int) -> tuple[float, float]:
    """Median seconds to first results in new processes, which take turns; `others` of the peer."""
    command = [sys.executable, "-m", "benchmarks.derivatives", "--first"]
    environment = {**os.environ, "TAYLOR_CACHE": "off"}
    times: dict[str, list[float]] = {own: [], other: []}
    for turn in range(FRESH):
        for name in (own, other) if turn < others else (own,):
            shown = subprocess.check_output([*command, name, str(order)], env=environment)
            times[name].append(float(shown))
    return median(times[own]), median(times[other])


# -- time per point --------------------------------------------------------------------------------


def turns(calls: Sequence[Callable[[], Any]], repeats: Sequence[int], count: int) -> list[float]:
    """Median seconds of one call of each, `count` turns of so many calls each."""
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(count):
        for call, repeat, own in zip(calls, repeats, times, strict=True):
            start = time.perf_counter()
            for _ in range(repeat):
                call()
            own.append((time.perf_counter() - start) / repeat)
    return [median(own) for own in times]


def verdict(ratio: float, target: float) -> str:
    """A ratio beside what it should be."""
    return f"{ratio:.1f} (>= {target:g}{'' if ratio >= target else ', missed'})"


def jet_rows(quick: bool) -> list[list[str]]:
    import jax

    rows = []
    right = exact(max(ORDERS))
    for order in ORDERS[:2] if quick else ORDERS:
        slow = order > 20
        first, other_first = firsts("own-jet", "jax-jet", order, 1 if slow or quick else 3)
        points = np.linspace(0.1, 1.9, JET_POINTS)
        some = (points[:: JET_POINTS // SLOW_POINTS] if slow else points).copy()
        some[0] = POINT
        function = jax_jet(order)
        derivatives = jax.block_until_ready(function(some))
        own, other = turns(
            [
                lambda order=order, points=points: ty.jet(own_composition, points, order),
                lambda function=function, some=some: jax.block_until_ready(function(some)),
            ],
            [1, 1],
            3 if slow or quick else TURNS,
        )
        own, other = own / len(points), other / len(some)
        true = right[order] * math.factorial(order)
        ours = ty.derivative(own_composition, order)(POINT)
        theirs = np.asarray(derivatives[1][-1])[0]
        rows.append(
            [
                str(order),
                *(f"{first:.3f}", f"{other_first:.2f}"),
                verdict(other_first / first, FIRST_JET[order]),
                *(f"{1e9 * own:.0f}", f"{1e9 * other:.0f}"),
                verdict(other / own, PER_JET[order]),
                *(f"{float(abs(x / true - 1)):.1e}" for x in (ours, theirs)),
            ]
        )
    return rows


def tensor_rows(quick: bool) -> tuple[list[list[str]], list[list[str]]]:
    """Time to first results, and per point."""
    start_heyoka()
    created, rows = [], []
    for order in TENSOR_ORDERS if quick else (*TENSOR_ORDERS, PATIENT_ORDER):
        patient = order == PATIENT_ORDER
        own, other = firsts("own-tensors", "heyoka-tensors", order, 1 if patient else FRESH)
        target = TENSOR if not patient else 1.0
        created.append([str(order), f"{own:.3f}", f"{other:.3f}", verdict(other / own, target)])
        if patient:
            continue
        function, count = heyoka_tensors(order)
        for size in SIZES:
            points = np.random.default_rng(0).uniform(0.5, 1.5, (3, size))
            out = np.empty((count, size))
            mine = ty.derivatives(own_three, points, order)
            function(points, outputs=out)
            check(mine, out, order)
            repeat = max(1, 4000 // size)
            calls = [
                lambda mine=mine, points=points: mine.at(points, out=mine),
                lambda function=function, points=points, out=out: function(points, outputs=out),
            ]
            times = turns(calls, [repeat, repeat], 5 if quick else 5 * TURNS)
            own, other = (1e9 * t / size for t in times)
            shown = [f"{own:.1f}", f"{other:.1f}", verdict(other / own, TENSOR)]
            rows.append([f"{order}, {size} points", str(count), *shown])
    return created, rows


def check(mine: ty.Derivatives, out: np.ndarray, order: int) -> None:
    """Raise RuntimeError unless both sides compute the same: their sums of all derivatives."""
    total = sum(np.abs(values).sum() for values in mine.values())
    if not math.isclose(total, np.abs(out).sum(), rel_tol=1e-9):
        raise RuntimeError(f"order {order}: the two sides do not compute the same")


# -- double-double, many variables -----------------------------------------------------------------


def pair_rows(quick: bool) -> list[list[str]]:
    """Jets of order 40 with 31 digits against mpmath with 40."""
    order = 40
    points = np.linspace(0.1, 1.9, SLOW_POINTS)
    given = ty.from_mpmath(points)

    def theirs() -> list[Any]:
        with mpmath.workdps(40):
            return list(mpmath.taylor(lambda x: composition(mpmath, x), mpmath.mpf(POINT), order))

    def ours() -> Any:
        return ty.jet(own_composition, given, order, precision="double-double")

    found = ty.to_mpmath(ty.jet(own_composition, POINT, order, precision="double-double"))
    own, other = turns([ours, theirs], [1, 1], 3 if quick else TURNS)
    own /= SLOW_POINTS
    right = exact(order, 90)
    with mpmath.workdps(60):
        errors = [abs(a - b) / abs(b) for a, b in zip(found, right, strict=True)]
        sizes = [max(map(abs, right[max(n - 1, 0) : n + 2])) for n in range(order + 1)]
        near = [abs(a - b) / s for a, b, s in zip(found, right, sizes, strict=True)]
        same = [abs(a - b) / abs(b) for a, b in zip(theirs(), right, strict=True)]
    ratio = verdict(other / own, PAIRS)
    worst = (f"{float(max(part)):.1e}" for part in (errors, near, same))
    return [[f"{1e6 * own:.1f}", f"{1e6 * other:.0f}", ratio, *worst]]


FOUR: dict[str, Callable[..., Any]] = {
    "exp(x y - z) w": lambda m, x, y, z, w: m.exp(x * y - z) * w,
    "sin(x + 2 y) / (1 + z w)": lambda m, x, y, z, w: m.sin(x + 2 * y) / (1 + z * w),
    "sqrt(x y + z w)": lambda m, x, y, z, w: m.sqrt(x * y + z * w),
    "log(1 + x^2 + y z) atan(w)": lambda m, x, y, z, w: m.log(1 + x**2 + y * z) * m.atan(w),
    "x^3 tan(y - z) cosh(w)": lambda m, x, y, z, w: x**3 * m.tan(y - z) * m.cosh(w),
}


def four_rows(quick: bool) -> list[list[str]]:
    """All derivatives in four variables: SymPy's, evaluated by mpmath, against ours."""
    import sympy  # type: ignore[import-untyped]

    order = 4 if quick else 8
    numbers = (0.5, 0.75, -0.25, 1.25)
    rows = []
    for name, form in FOUR.items():
        own_numbers = (0.5, 0.75, 0.25, 1.25) if "sqrt" in name else numbers
        symbols = sympy.symbols("x y z w")
        start = time.perf_counter()
        found = {(0,) * 4: form(sympy, *symbols)}
        for powers in sorted(product(range(order + 1), repeat=4), key=sum):
            if 0 < sum(powers) <= order:
                last = max(i for i, k in enumerate(powers) if k)
                below = tuple(k - (i == last) for i, k in enumerate(powers))
                found[powers] = sympy.diff(found[below], symbols[last])
        with mpmath.workdps(50):
            code = sympy.lambdify(symbols, list(found.values()), "mpmath", cse=True)
            right = code(*map(mpmath.mpf, own_numbers))
            symbolic = time.perf_counter() - start
            start = time.perf_counter()
            d = ty.derivatives(lambda *x, form=form: form(ty, *x), own_numbers, order)
            own = time.perf_counter() - start
            scaled: dict[int, Any] = {}
            errors = []
            for powers, value in zip(found, right, strict=True):
                scaled[sum(powers)] = max(scaled.get(sum(powers), 0), abs(value))
            for powers, value in zip(found, right, strict=True):
                error = abs(mpmath.mpf(float(d[powers])) - value)
                errors.append(float(error / scaled[sum(powers)]))
        times = [f"{own:.3f}", f"{symbolic:.1f}", f"{symbolic / own:.0f}"]
        rows.append([name, str(len(d)), f"{max(errors):.1e}", *times])
    return rows


def main() -> None:
    from taylor_runtime.callables.process import cache

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--first", nargs=2, metavar=("SIDE", "ORDER"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    if arguments.first:
        print(FIRST[arguments.first[0]](int(arguments.first[1])))
        return
    quick = arguments.quick
    with cache.disabled():
        jets = jet_rows(quick)
        created, tensors = tensor_rows(quick)
        pairs, four = pair_rows(quick), four_rows(quick)
    versions = {name: version(name) for name in ("heyoka", "jax", "mpmath", "sympy")}
    command = "python -m benchmarks.derivatives" + " --quick" * quick
    text = [
        heading("Derivatives", command, own_versions() | versions),
        "One core for both sides.  Ratios of 2 mean that this project takes half the time; what "
        "they should at least be is in brackets.  Times to a first result are from a function's "
        "source in a new process, modules imported and all caches off; times per point are medians "
        "of turns in one process.",
        f"## Jets\n\nf(x) = sin(exp x) log(1 + x^2)/sqrt(1 + x^2), against jax.experimental.jet "
        f"(jit, vmap).  ns per point over {JET_POINTS} points, results in new arrays on both "
        f"sides; JAX at order 30 over {SLOW_POINTS} points, its first result once.  Relative "
        f"errors of the last derivative at {POINT}, against mpmath.",
        table(["order", "first, s", "JAX", "ratio", "ns", "JAX", "ratio", "error", "JAX"], jets),
        "## All partial derivatives\n\nOf sin(x y) + exp(-z^2) cos x, log(x^2 + y^2 + z^2)/"
        "sqrt(1 + x^2) and x (x^2 + y^2 + z^2)^(-3/2), against heyoka's diff_tensors compiled by "
        "cfunc.  Seconds to the first result:",
        table(["order", "first, s", "heyoka", "ratio"], created),
        "ns per point, results in arrays made before on both sides (`outputs=`, `out=`):",
        table(["order", "derivatives", "ns", "heyoka", "ratio"], tensors),
        f"## Double-double\n\nJets of f of order 40, us per point, over {SLOW_POINTS} points at a "
        "time, against mpmath.taylor with 40 digits, at one.  Largest relative error of a "
        "coefficient at 0.7; relative to the largest of its neighbours; and mpmath's.",
        table(["us", "mpmath", "ratio", "error", "near", "mpmath"], pairs),
        "## Four variables\n\nAll derivatives to order "
        + ("4" if quick else "8")
        + ", against those of SymPy evaluated with 50 digits: largest error relative to the "
        "largest derivative of the same order; seconds for all of them at one point.",
        table(["function", "derivatives", "error", "s", "SymPy", "ratio"], four),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    if not quick:
        print(f"written to {publish('derivatives.md', joined)}")


if __name__ == "__main__":
    main()

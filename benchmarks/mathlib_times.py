"""Times of elementary functions of arrays, beside NumPy's in the same process."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from kernel_accuracy import ORDERS, RANGES, family_points
from numpy._core import _multiarray_umath
from numpy.lib import introspect

import taylor as ty
from benchmarks.mathlib_references import NUMPY
from taylor.nodes.registry import functions
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.mathlib.families import kernels

SIZES = {"10^3": 1000, "10^6": 10**6}
TURNS = {"10^3": 41, "10^6": 15}
SECONDS = 100e-6  # of calls that are timed together
HALVES = {f"x**({k}/2)": Fraction(k, 2) for k in (-3, -1, 3)}
_HEAD = [
    text for size in SIZES for text in (f"ns at {size}", f"NumPy's at {size}", f"ratio at {size}")
]
COLUMNS = {
    precision: (f"time in {precision}", *_HEAD, "commit") for precision in ("float64", "float32")
}
# Where functions are timed: ordinary arguments, not those that over- or underflow.
_POSITIVE = ("log", "log2", "log10", "sqrt", "pow", *HALVES)
_TIMED = {
    **dict.fromkeys(_POSITIVE, (0.1, 20.0)),
    **{name: RANGES[name] for name in ("asin", "acos", "atanh", "erf", "erfc")},
    "log1p": (-0.9, 20.0),
    "acosh": (1.0, 20.0),
}
_OTHERS = (0.1, 20.0)
_WIDE = ("AVX512", "X86_V4")  # how the targets begin for which NumPy's wheels have SVML


def about() -> str:
    """What is timed, and NumPy's library."""
    return (
        "Times: ns an element of arrays of 10^3 and 10^6 ordinary arguments, `f(x, out=y)` of "
        "compiled functions and NumPy's in turn, in float32 `f(x)`, medians; ratio: NumPy's time "
        "over ours. "
        f"NumPy {np.__version__} {_library()}."
    )


def _library() -> str:
    """Whether NumPy's functions are those of Intel's vector library here."""
    found = introspect.opt_func_info(func_name="^tan$", signature="float64")
    current = next(iter(found["tan"].values()))["current"]
    own = b"__svml_tan8" in Path(_multiarray_umath.__file__).read_bytes()
    if own and current.startswith(_WIDE):
        return f"uses the functions of Intel's SVML here ({current})"
    return f"does not use Intel's SVML here ({current})"


def rows(name: str, precision: str, commit: str) -> list[list[str]]:
    """The row of a function that has a public name; those of half-integer powers are pow's."""
    timed = [name, *HALVES] if name == "pow" else [name] if name in functions else []
    return [[name, *_times(name, precision), commit] for name in timed]


def _times(name: str, precision: str) -> list[str]:
    cells = []
    for label, size in SIZES.items():
        arguments = _arguments(name, size, precision)
        ours = _ours(name, precision, arguments)
        numpy = _numpys(name, arguments)
        seconds = _alternating([ours, numpy] if numpy else [ours], TURNS[label])
        of_each = [f"{median(taken) / size * 1e9:.2f}" for taken in seconds]
        ratio = [f"{median(b / a for a, b in zip(*seconds, strict=True)):.2f}"] if numpy else []
        cells += [*of_each, *ratio, "", ""][:3]
    return cells


def _arguments(name: str, size: int, precision: str) -> list[Any]:
    rng = np.random.default_rng(0)
    arity = 1 if name in HALVES else 2 if name == "pow" else functions[name].arity
    ordinary = (-20.0, 20.0) if name in NUMPY else RANGES.get(name, _OTHERS)
    low, high = _TIMED.get(name, ordinary)
    arguments = [rng.uniform(low, high, size) for _ in range(arity)]
    if name in ORDERS:
        arguments = family_points(name, arguments[0])
    return [x.astype(precision) for x in arguments]


def _ours(name: str, precision: str, arguments: list[Any]) -> Callable[[], Any]:
    if name in ORDERS:
        family = array_function(kernels[name], 8)
        return lambda: family(*arguments)
    given = ty.variables(" ".join("xyz"[: len(arguments)]) + " ")[: len(arguments)]
    if name == "pow":
        formula = given[0] ** given[1]
    elif name in HALVES:
        formula = given[0] ** HALVES[name]
    else:
        formula = getattr(ty, name)(*given)
    compiled = ty.compile(formula, list(given), precision=precision)
    return partial(compiled, *arguments, **_place(arguments[0]))


def _numpys(name: str, arguments: list[Any]) -> Callable[[], Any] | None:
    if name in HALVES:
        exponent = arguments[0].dtype.type(HALVES[name])
        return partial(np.power, arguments[0], exponent, **_place(arguments[0]))
    if name not in NUMPY:
        return None
    return partial(NUMPY[name], *arguments, **_place(arguments[0]))


def _place(like: Any) -> dict[str, Any]:
    """Where results are wanted; compiled functions of float32 do not ask."""
    return {"out": np.empty_like(like)} if like.dtype == np.float64 else {}


def _alternating(calls: list[Callable[[], Any]], turns: int) -> list[list[float]]:
    """Seconds of this thread for a call of each, in turn: others may use the machine meanwhile."""
    with np.errstate(all="ignore"):
        counts = []
        for call in calls:
            call()
            begin = time.thread_time()
            call()
            counts.append(1 + int(SECONDS / (time.thread_time() - begin)))
        taken: list[list[float]] = [[] for _ in calls]
        for _ in range(turns):
            for call, count, list_ in zip(calls, counts, taken, strict=True):
                begin = time.thread_time()
                for _ in range(count):
                    call()
                list_.append((time.thread_time() - begin) / count)
    return taken

"""Measure the elementary functions of machine code: errors against mpmath, times beside NumPy.

    python -m benchmarks.mathlib_accuracy [--points 1000000] [--only errors|times] [exp sin pow ...]
    python -m benchmarks.mathlib_accuracy --special

Every function is measured over several regions of its arguments, `--points` in each, in float64 and
float32; scalar and vector code are compared bit for bit on the same points, and NumPy's function is
measured on them, too.  All values are compared with numbers of 80 bits (`mathlib_references`); what
looks worst, and a random sample, is then measured with mpmath at 40 digits.  Functions that have no
such reference are compared with mpmath on `--sample` points, double-doubles on `--pairs`.

The table is results/mathlib.md; with `--special` that of the functions that C does not have, on
fewer points, results/mathlib_special.md.  Functions that are named replace their rows.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import sys
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import RESULTS, commit, heading, publish, rows_of, table
from benchmarks.versions import own_versions
from taylor.nodes.registry import functions, get
from taylor.reference.kernels import kernel_definitions
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.mathlib.families import kernels, pair_kernels

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
import pair_accuracy
from kernel_accuracy import ORDERS, regions, worst_error

from benchmarks import mathlib_times
from benchmarks.mathlib_references import LONG, NUMPY, WIDE, errors, right_values

BLOCK = 50_000
CONFIRMED = 4  # worst points of a block that mpmath measures again
CHECKED = 4  # random points of a block that it measures as well
DOUBT = 2.0**-6  # ulp, that the 80-bit numbers may be off
LANES = {"float64": 8, "float32": 16, "double-double": 8}
SCALED = ("sum_of_squares", "difference_of_squares")  # made for arguments near 1
SLOWER = 50  # times fewer points for families of functions (polygamma, Bessel), for mpmath's sake
OUT_OF_DOMAIN = ("kepler", "lambertw")  # how names begin whose special points are mostly outside
NORMAL = ("gammainc_derivative",)  # measured where its values have all their digits
# Not measured.
EXACT = ("abs", "sign", "copysign", "floor", "floor_divide", "remainder", "rint", "round_decimal",
         "minimum", "maximum", "relu", "leaky_relu")  # fmt: skip
COLUMNS = {
    "float64": ("function", "ulp", "region", "at", "NumPy's ulp", "scalar = vector", "domain",
                "commit", "all regions"),
    "float32": ("in float32", "ulp", "region", "at", "NumPy's ulp", "scalar = vector", "commit",
                "all regions"),
    "double-double": ("in double-double", "2**-106", "region", "at", "commit", "all regions"),
}  # fmt: skip
Worst = tuple[float, tuple[float, ...]]
Rows = dict[Sequence[str], list[list[str]]]  # by the columns of their table
NOTHING: Worst = (0.0, ())


@dataclass(frozen=True)
class Task:
    """One region of one function in one precision, and on how many points."""

    name: str
    precision: str
    region: str
    count: int


@dataclass(frozen=True)
class Found:
    """The largest error, NumPy's, and whether scalar and vector code agree."""

    task: Task
    worst: Worst
    numpy: Worst
    same: bool


def measure(task: Task) -> Found:
    """Errors of one region."""
    if task.precision == "double-double":
        return _measure_pairs(task)
    name, precision = task.name, task.precision
    draw = regions(name, definition(name).arity, precision)[task.region]
    vector, scalar = both_functions(name, precision)
    worst = numpy = NOTHING
    same = True
    for seed in range(-(-task.count // BLOCK)):
        rng = np.random.default_rng(seed)
        arguments = draw(min(task.count, BLOCK), rng)
        values, alone = vector(*arguments)[0], scalar(*arguments)[0]
        same &= bool(np.all(_bits(values) == _bits(alone)))
        worst = max(worst, _worst(task, arguments, values, rng))
        if name in NUMPY:
            with np.errstate(all="ignore"):
                numpy = max(numpy, _worst(task, arguments, NUMPY[name](*arguments), rng))
        if task.region == "special":
            break
    return Found(task, worst, numpy, same)


def _worst(task: Task, arguments: list[Any], values: Any, rng: np.random.Generator) -> Worst:
    name, precision = task.name, task.precision
    if not has_reference(name):
        chosen = np.arange(len(values))
        if name in NORMAL:
            chosen = chosen[np.abs(values) > np.finfo(values.dtype).tiny]
        return worst_error(name, [x[chosen] for x in arguments], values[chosen], precision)
    found = errors(values, right_values(name, arguments), precision)
    for i in rng.integers(0, len(values), CHECKED):
        error, where = worst_error(name, [x[[i]] for x in arguments], values[[i]], precision)
        if where and not abs(error - found[i]) < DOUBT and error != found[i]:
            raise RuntimeError(f"{name}{where}: {error} ulp by mpmath, {found[i]} by 80 bits")
    chosen = np.argpartition(found, -min(CONFIRMED, len(found)))[-CONFIRMED:]
    return worst_error(name, [x[chosen] for x in arguments], values[chosen], precision)


def _measure_pairs(task: Task) -> Found:
    """Relative errors in units of 2**-106, of values that have all their bits."""
    rng = np.random.default_rng(0)
    exact = definition(task.name).mpmath
    arguments = regions(task.name, definition(task.name).arity)[task.region](task.count, rng)
    finite = np.all(np.isfinite(arguments), axis=0)
    low = (lambda x: np.array([x, 0 * x])) if task.region == "special" else None
    given = [(low or (lambda x: pair_accuracy.with_low(rng, x)))(x[finite]) for x in arguments]
    kernel = pair_kernels[task.name]
    values = array_function(kernel, LANES[task.precision], dtype=task.precision)(*given)[0]
    worst = NOTHING
    for value, *where in zip(*map(pair_accuracy.exact, (values, *given)), strict=True):
        try:
            expected = exact(pair_accuracy.mp, *where)
        except (ValueError, ZeroDivisionError, OverflowError):
            continue
        if hasattr(expected, "imag") and expected.imag == 0 and 1e-290 < abs(expected) < 1e300:
            error = float(abs(value / expected - 1) / pair_accuracy.EPSILON)
            at = tuple(map(float, where))
            worst = max(worst, (math.inf if math.isnan(error) else error, at))
    return Found(task, worst, NOTHING, True)


def _bits(x: Any) -> Any:
    """The bits, all NaN being equal."""
    return np.where(np.isnan(x), np.array(np.nan, x.dtype), x).view(f"i{x.dtype.itemsize}")


def has_reference(name: str) -> bool:
    """Whether whole arrays of right values are there."""
    return LONG and name in WIDE


def definition(name: str) -> Any:
    """What is known of a kernel, or of a function that is made of others."""
    return kernel_definitions().get(name) or get(name)


@cache
def both_functions(name: str, precision: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Functions of arrays, in lanes and one value after the other, that give a tuple of arrays."""
    if name in kernels:
        vector, scalar = (
            array_function(kernels[name], lanes, dtype=precision) for lanes in (LANES[precision], 0)
        )
        return vector, scalar
    given = ty.variables(" ".join("xyz"[: get(name).arity]))
    compiled = ty.compile(getattr(ty, name)(*given), list(given), precision=precision)

    def one_by_one(*arguments: Any) -> Any:
        return (np.array([compiled(*row) for row in zip(*arguments, strict=True)]),)

    return lambda *arguments: (compiled(*arguments),), one_by_one


def row(precision: str, own: list[Found]) -> list[str]:
    """Of a function: the worst error, where and in which region, and all regions' errors."""
    name = own[0].task.name
    (error, where), region = max((found.worst, found.task.region) for found in own)
    numpy = f"{max(found.numpy for found in own)[0]:.3f}" if name in NUMPY else ""
    cells = {
        COLUMNS[precision][0]: name,
        "ulp": f"{error:.3f}",
        "2**-106": f"{error:.2f}",
        "region": region,
        "at": ", ".join(f"{x:.17g}" for x in where),
        "NumPy's ulp": numpy,
        "scalar = vector": "yes" if all(found.same for found in own) else "NO",
        "domain": definition(name).domain,
        "commit": commit(),
        "all regions": ", ".join(f"{f.task.region} {f.worst[0]:.2f}" for f in own),
    }
    return [cells[column] for column in COLUMNS[precision]]


def listed(special: bool) -> list[str]:
    """The functions of a table, in its order."""
    inexact = [name for name, known in kernel_definitions().items() if not known.rational]
    if not special:
        return [name for name in inexact if name in WIDE]
    public = [name for name in ty.functions.__all__ if name in functions]  # not of arrays
    return [name for name in public if name not in (*WIDE, *EXACT)]


def tasks(name: str, options: argparse.Namespace) -> list[Task]:
    """What is measured of a function."""
    found = []
    for precision in ("float64",) if options.special else COLUMNS:
        if precision == "double-double" and name not in pair_kernels:
            continue
        count = options.points if has_reference(name) else options.sample
        count = {"double-double": options.pairs}.get(precision, count)
        for region in regions(name, definition(name).arity):
            if name in SCALED and region not in ("ordinary", "near 1"):
                continue
            if name not in kernels and region not in ("ordinary", "tiny"):
                continue
            if name.startswith(OUT_OF_DOMAIN) and region == "special":
                continue
            less = SLOWER if name in ORDERS else 1
            found.append(Task(name, precision, region, count // less))
    return found


def main() -> None:
    """Measure, and write the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--points", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=100_000)
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--processes", type=int, default=multiprocessing.cpu_count())
    parser.add_argument("--special", action="store_true")
    parser.add_argument("--only", choices=("errors", "times"))
    parser.add_argument("names", nargs="*")
    options = parser.parse_args()
    if options.special:
        options.sample = min(options.sample, 2000)
    order = listed(options.special)
    unknown = [name for name in options.names if name not in order]
    if unknown:
        parser.error(f"{', '.join(unknown)}: not in this table, which has {', '.join(order)}")
    names = options.names or order
    file = "mathlib_special.md" if options.special else "mathlib.md"
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.processes) if options.processes > 1 else nullcontext() as pool:
        for name in names if options.only != "times" else ():
            found = (pool.map if pool else map)(measure, tasks(name, options))
            _publish(file, order, _measured(list(found)), options)
    for precision in ("float64",) if options.special else mathlib_times.COLUMNS:
        for name in names if options.only != "errors" else ():
            rows = mathlib_times.rows(name, precision, commit())
            _publish(file, order, {mathlib_times.COLUMNS[precision]: rows}, options)
    print(f"written to {RESULTS / file}")


def _measured(results: list[Found]) -> Rows:
    """The rows of one function."""
    found: Rows = {}
    for precision, columns in COLUMNS.items():
        own = [result for result in results if result.task.precision == precision]
        found[columns] = [row(precision, own)] if own else []
    return found


def _publish(file: str, order: list[str], new: Rows, options: argparse.Namespace) -> None:
    """Write the table with new rows in the place of those of the same names."""
    sections = []
    for columns in (*COLUMNS.values(), *mathlib_times.COLUMNS.values()):
        measured = new.get(columns, [])
        for cells in measured:
            print(f"{columns[0]}: {' | '.join(cells)}", flush=True)
        rows = rows_of(file, columns) | {cells[0]: cells for cells in measured}
        kept = [rows[name] for name in [*order, *mathlib_times.HALVES] if name in rows]
        sections += [table(columns, kept)] if kept else []
    publish(file, "\n\n".join([_head(options), *sections]) + "\n")


def _head(options: argparse.Namespace) -> str:
    title = "Special functions in float64" if options.special else "Elementary functions"
    command = "python -m benchmarks.mathlib_accuracy" + " --special" * options.special
    text = [
        heading(title, command, own_versions()),
        f"{options.points} points in each region of each function, {options.sample} of those that "
        "are compared with mpmath alone. ulp: the largest error found, in units of the last place "
        "of the exact value; correct rounding is 0.5. Values are compared with numbers of 80 bits "
        "first, where there are any, and the worst, and some at random, with mpmath. NumPy's "
        "functions are measured at the same points. Rows are measured at the commits they name, "
        "and replaced one by one; the date and versions are those of the last.",
        "Families are measured with several orders in turn (tests/kernel_accuracy.py), on "
        f"{SLOWER} times fewer points. Infinities, NaN and signs of zero are those of C "
        "(tests/runtime/mathlib/test_mathlib.py).",
    ]
    if options.special:
        text[2] += " The error of gammainc_derivative is where its value is a normal number."
    else:
        text.append(
            f"Double-doubles: {options.pairs} points of each region, relative errors in units of "
            "2**-106 where values have all their bits."
        )
    return "\n\n".join([*text, mathlib_times.about()])


if __name__ == "__main__":
    main()

"""Kernels of functions that equations define: Newton's method in machine code, lane by lane alike.

A lane whose iteration has ended keeps its value while others go on, so that results depend on
neither the lane nor its neighbours.  In double-double the root is found in double first, and then
improved by steps in double-double.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.emit import SeriesEmitter
from taylor_runtime.ir import I64, Builder, Value, pair
from taylor_runtime.layout import chunks
from taylor_runtime.mathlib.kernel import KernelFunction, emit_call
from taylor_runtime.program import Kernel, Program
from taylor_runtime.rows import Rendering

MOST_STEPS = 100
PAIR_STEPS = 3  # double the digits each, and one to spare
UNIT = 2.0**-53  # of rounding


def newton_kernel(name: str, arity: int, start: Program, equations: Program) -> KernelFunction:
    """y_1 .. y_m with g_i(x, y) = 0, by Newton's method from a start; NaN where it does not end.

    arity:     number of x.
    start:     a formula of the slots x: m values.
    equations: a formula of the slots x, y: g (m values), bounds of their rounding errors in units
               of rounding (m), and dg_i/dy_j (m * m, row by row).

    The iteration has ended where every g is within its rounding error, or y changes by less than a
    unit of rounding; a last step follows, because bounds of errors are larger than errors.
    """
    size = len(start.outputs)

    def emit(b: Builder, *x: Value) -> Sequence[Value]:
        given = [b.to_double(value) for value in x]
        y = _solve_in_double(b, start, equations, given, size)
        if not x[0].type.is_pair:
            return y
        wide: list[Value] = [pair(value, b.constant(0, value.type)) for value in y]
        better = wide
        for _ in range(PAIR_STEPS):
            better, _ = _newton_step(b, equations, x, better)
        # Where the slope vanishes, the digits of double are all there are.
        both = zip(better, wide, strict=True)
        return [b.select(b.is_nan(new), old, new) for new, old in both]

    return KernelFunction(name, arity, emit, results=size)


def component(kernel: KernelFunction, number: int) -> KernelFunction:
    """One of the results of a kernel; LLVM calls it once for all of them."""
    return KernelFunction(
        f"{kernel.name}.{number}",
        kernel.arity,
        lambda b, *x: emit_call(b, kernel, x)[number : number + 1],
        inline=True,
    )


def inverse_kernel(size: int) -> KernelFunction:
    """The inverse of a matrix, given and returned row by row; not finite if it is singular."""

    def emit(b: Builder, *entries: Value) -> Sequence[Value]:
        rows = [list(entries[i * size : (i + 1) * size]) for i in range(size)]
        zero, one = b.constant(0, entries[0].type), b.constant(1, entries[0].type)
        units = [[one if i == j else zero for j in range(size)] for i in range(size)]
        return [value for row in _solved(b, rows, units) for value in row]

    return KernelFunction(f"inverse{size}", size * size, emit, results=size * size, generic=True)


def inner_kernels(*programs: Program) -> tuple[str, ...]:
    """The names of all kernels in some programs, with those that these call."""
    names: list[str] = []
    for program in programs:
        for row in program.rows:
            if isinstance(row.start, Kernel):
                names.append(row.start.function)
                names += getattr(row.start.function, "inner", ())
    return tuple(dict.fromkeys(names))


def _formula(b: Builder, program: Program, values: Sequence[Value]) -> list[Value]:
    """The outputs of a formula of some values, written out here."""
    t = values[0].type
    rendering = Rendering(t.element, batch=max(t.lanes, 1), unrolled=True)
    emitter = SeriesEmitter(b, program, rendering, None, lambda given, _: values[given.index[0]])
    emitter.constant_rows()
    (chunk,) = chunks(rendering.batch)
    return [emitter.memory.head(row, chunk) for row, _ in program.outputs]


def _solve_in_double(
    b: Builder, start: Program, equations: Program, x: Sequence[Value], size: int
) -> list[Value]:
    t = x[0].type
    first = _formula(b, start, x)

    def going_on(carried: list[Value]) -> Value:
        *_, count, ended = carried
        return b.any_lane(~ended) & (count < MOST_STEPS)

    def advance(carried: list[Value]) -> list[Value]:
        *y, count, ended = carried
        moved, done = _newton_step(b, equations, x, y)
        kept = [b.select(ended, old, new) for old, new in zip(y, moved, strict=True)]
        return [*kept, count + 1, ended | done]

    none = b.constant(0, t.of("i1"))
    *found, _, ended = b.while_([*first, b.constant(0, I64), none], going_on, advance)
    nan = b.constant(float("nan"), t)
    return [b.select(ended, value, nan) for value in found]


def _newton_step(
    b: Builder, equations: Program, x: Sequence[Value], y: Sequence[Value]
) -> tuple[list[Value], Value]:
    """(y after a step, whether it was the last)."""
    size = len(y)
    found = _formula(b, equations, [*x, *y])
    g, bounds, jacobian = found[:size], found[size : 2 * size], found[2 * size :]
    rows = [jacobian[i * size : (i + 1) * size] for i in range(size)]
    steps = [row[0] for row in _solved(b, rows, [[value] for value in g])]
    moved = [old - step for old, step in zip(y, steps, strict=True)]
    exact, still = None, None
    for value, bound, step, new in zip(g, bounds, steps, moved, strict=True):
        small = b.compare("le", b.fabs(value), bound * UNIT)
        close = b.compare("le", b.fabs(step), b.fabs(new) * UNIT)
        exact = small if exact is None else exact & small
        still = close if still is None else still & close
    assert exact is not None and still is not None
    # Where all is right already and the slope vanishes, there is nowhere to go.
    moved = [b.select(exact & b.is_nan(new), old, new) for old, new in zip(y, moved, strict=True)]
    return moved, exact | still


def _solved(
    b: Builder, matrix: Sequence[Sequence[Value]], right: Sequence[Sequence[Value]]
) -> list[list[Value]]:
    """matrix**-1 right by Gauss's elimination with partial pivoting, all written out."""
    size = len(matrix)
    rows = [[*a, *c] for a, c in zip(matrix, right, strict=True)]
    for k in range(size):
        for i in range(k + 1, size):  # the largest entry comes to the top
            larger = b.compare("gt", b.fabs(rows[i][k]), b.fabs(rows[k][k]))
            both = list(zip(rows[k], rows[i], strict=True))
            rows[k] = [b.select(larger, below, above) for above, below in both]
            rows[i] = [b.select(larger, above, below) for above, below in both]
        for i in range(k + 1, size):
            factor = rows[i][k] / rows[k][k]
            rows[i] = [
                old if j <= k else old - factor * top
                for j, (old, top) in enumerate(zip(rows[i], rows[k], strict=True))
            ]
    solution: list[list[Value]] = [[] for _ in range(size)]
    for k in reversed(range(size)):
        totals = rows[k][size:]
        for j in range(k + 1, size):
            totals = [t - rows[k][j] * s for t, s in zip(totals, solution[j], strict=True)]
        solution[k] = [t / rows[k][k] for t in totals]
    return solution

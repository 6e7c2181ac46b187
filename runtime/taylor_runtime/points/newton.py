"""Kernels of functions that equations define: Newton's method in machine code, lane by lane alike.

A lane whose iteration has ended keeps its value while others go on, so that results depend on
neither the lane nor its neighbours.  In double-double the root is found in double first, and then
improved by steps in double-double.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from taylor_runtime.arithmetic.kernel_calls import own_functions
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import I64
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.points.inside import formula
from taylor_runtime.program.kernels import InverseKernel, NewtonKernel, NewtonSystem
from taylor_runtime.program.kinds import DOUBLE, ELEMENTS, Kind
from taylor_runtime.program.program import Program

MOST_STEPS = 500
MOST_BISECTIONS = 1200  # a bracket may reach from the smallest number to the largest
NEAR = 32.0  # times its rounding error that g may be where no step makes it smaller
CLOSE = 2.0**-50  # a step by so much of y, where rounding errors end the iteration
UNIT = 2.0**-53  # of rounding


def newton_system(system: NewtonSystem) -> KernelFunction:
    """All unknowns of a system of equations.

    The iteration has ended where every g is within its rounding error, or y changes by less than a
    unit of rounding; a last step follows, because bounds of errors are larger than errors.  Steps
    are shortened until the largest |g| decreases; within a bracket, which shrinks with every
    step, bisection takes the place of those that leave it or converge slowly.
    """
    start, equations, bracket = system.start, system.equations, system.bracket
    size = len(start.outputs)

    def emit(b: Builder, *x: Value) -> Sequence[Value]:
        given = [b.to_double(value) for value in x]
        first = formula(b, start, given)
        if bracket is None:
            y = _descend(b, equations, given, first)
        else:
            y = [_within(b, equations, given, first[0], formula(b, bracket, given))]
        kind = ELEMENTS[x[0].type.element]
        if not kind.is_finer:
            return y
        wide = [b.from_double(value, kind.element) for value in y]
        better = wide
        for _ in range(_steps(kind)):
            seen = _look(b, equations, x, better)
            better = _last_step(b, better, seen)
        # Where the slope vanishes, the digits of double are all there are.
        both = zip(better, wide, strict=True)
        return [b.select(b.is_nan(new * 0), old, new) for new, old in both]

    return KernelFunction(system.name, system.arity, emit, results=size)


def _steps(kind: Kind) -> int:
    """Steps from the digits of a double to those of a kind: each doubles them; one to spare."""
    return math.ceil(math.log2(math.log(kind.epsilon) / math.log(DOUBLE.epsilon))) + 1


def newton_kernel(kernel: NewtonKernel) -> KernelFunction:
    """One of the unknowns."""
    return _result(newton_system(kernel.system), kernel.number, kernel.name)


def inverse_kernel(kernel: InverseKernel) -> KernelFunction:
    """One entry of the inverse of a matrix."""
    number = kernel.row * kernel.size + kernel.column
    return _result(_inverse(kernel.size), number, kernel.name)


own_functions[NewtonKernel] = newton_kernel
own_functions[InverseKernel] = inverse_kernel


def _result(kernel: KernelFunction, number: int, name: str) -> KernelFunction:
    """One of the results of a kernel; LLVM calls it once for all of them."""
    return KernelFunction(
        name,
        kernel.arity,
        lambda b, *x: emit_call(b, kernel, x)[number : number + 1],
        inline=True,
    )


def _inverse(size: int) -> KernelFunction:
    """The inverse of a matrix, given and returned row by row; not finite if it is singular."""

    def emit(b: Builder, *entries: Value) -> Sequence[Value]:
        rows = [list(entries[i * size : (i + 1) * size]) for i in range(size)]
        zero, one = b.constant(0, entries[0].type), b.constant(1, entries[0].type)
        units = [[one if i == j else zero for j in range(size)] for i in range(size)]
        return [value for row in _solved(b, rows, units) for value in row]

    return KernelFunction(f"inverse{size}", size * size, emit, results=size * size, generic=True)


class _Seen(NamedTuple):
    """What there is to see at a point y."""

    g: list[Value]
    steps: list[Value]  # of Newton's method, to be subtracted
    size: Value  # the largest |g|
    finite: Value
    exact: Value  # whether every g is within its rounding error
    near: Value  # whether every g is within a few times that
    still: Value  # whether the steps change y by less than a unit of rounding


def _look(b: Builder, equations: Program, x: Sequence[Value], y: Sequence[Value]) -> _Seen:
    size = len(y)
    found = formula(b, equations, [*x, *y])
    g, bounds, jacobian = found[:size], found[size : 2 * size], found[2 * size :]
    rows = [jacobian[i * size : (i + 1) * size] for i in range(size)]
    steps = [row[0] for row in _solved(b, rows, [[value] for value in g])]
    # Where something overflows, a bound may be infinite, or a step nothing, and mean nothing.
    exact = near = still = _all_finite(b, [*g, *jacobian])
    zero = b.constant(1, exact.type)
    for value, bound in zip(g, bounds, strict=True):
        zero = zero & b.eq(value, 0)
        exact = exact & (bound < math.inf) & b.compare("le", b.fabs(value), bound * UNIT)
        near = near & (bound < math.inf) & b.compare("le", b.fabs(value), bound * (NEAR * UNIT))
    for old, step in zip(y, steps, strict=True):
        still = still & b.compare("le", b.fabs(step), b.fabs(old - step) * UNIT)
        still = still & (b.fabs(step) < math.inf)
    return _Seen(g, steps, _largest(b, g), _all_finite(b, g), exact | zero, near, still)


def _largest(b: Builder, values: Sequence[Value]) -> Value:
    """The largest absolute value; NaN counts as any."""
    largest = b.fabs(values[0])
    for value in values[1:]:
        largest = b.select(b.compare("gt", b.fabs(value), largest), b.fabs(value), largest)
    return largest


def _last_step(b: Builder, y: Sequence[Value], seen: _Seen) -> list[Value]:
    """y after its step; where all is right and the slope vanishes, there is nowhere to go."""
    moved = [old - step for old, step in zip(y, seen.steps, strict=True)]
    kept = [seen.exact & b.is_nan(new * 0) for new in moved]
    return [b.select(k, old, new) for k, old, new in zip(kept, y, moved, strict=True)]


def _chosen(b: Builder, condition: Value, x: Sequence[Value], y: Sequence[Value]) -> list[Value]:
    return [b.select(condition, one, other) for one, other in zip(x, y, strict=True)]


def _descend(
    b: Builder, equations: Program, x: Sequence[Value], first: Sequence[Value]
) -> list[Value]:
    """Damped steps from a start: each is cut until the largest |g| has decreased."""
    size, t = len(first), first[0].type
    one, none = b.constant(1, t), b.constant(0, t.of("i1"))
    zeros = [b.constant(0, t)] * size

    def going_on(carried: list[Value]) -> Value:
        *_, count, _, ended = carried
        return b.any_lane(~ended) & (count < MOST_STEPS)

    def advance(carried: list[Value]) -> list[Value]:
        y, steps = carried[:size], carried[size : 2 * size]
        least, share, near, count, found, ended = carried[2 * size :]
        trial = [old - share * step for old, step in zip(y, steps, strict=True)]
        seen = _look(b, equations, x, trial)
        # Next to a pole errors are as large as g.
        done = (seen.exact | seen.still) & b.compare("le", seen.size, least * 2.0**10)
        # A point with a much longer step is on a plateau, from where no step leads back.
        longest = b.select(least < math.inf, _largest(b, steps) * 2.0**10, math.inf)
        level = b.compare("le", _largest(b, seen.steps), longest)
        taken = done | (seen.finite & (seen.size < least) & level)
        stuck, close = ~taken, ~taken & (least < math.inf)
        for old, step, new in zip(y, steps, trial, strict=True):
            same = ~(b.compare("lt", old, new) | b.compare("gt", old, new))  # or one is NaN
            stuck = stuck & (same | ~(b.fabs(step) < math.inf))
            close = close & b.compare("le", b.fabs(step), b.fabs(old) * CLOSE)
        moved = _chosen(b, done, _last_step(b, trial, seen), _chosen(b, taken, trial, y))
        # Back into the domain by halves; from far beyond what can be computed they would take long.
        patient = seen.finite | b.compare("gt", share, 2.0**-16)
        less = share * b.select(patient, b.constant(0.5, t), 2.0**-10)
        share = b.select(taken, one, less)
        following = [*moved, *_chosen(b, taken, seen.steps, steps)]
        near = b.select(taken, seen.near, near)
        following += [b.select(taken, seen.size, least), share, near]
        kept = _chosen(b, ended, carried[: 2 * size + 3], following)
        # Where |g| only decreases by rounding errors any more, y is as good as it can be.
        found = b.select(ended, found, done | (stuck & (close | near)))
        return [*kept, count + 1, found, ended | done | stuck]

    start = [*first, *zeros, b.constant(math.inf, t), one, none, b.constant(0, I64), none, none]
    *carried, found, _ = b.while_(start, going_on, advance)
    nan = b.constant(math.nan, t)
    return [b.select(found, value, nan) for value in carried[:size]]


def _within(
    b: Builder, equations: Program, x: Sequence[Value], start: Value, ends: Sequence[Value]
) -> Value:
    """A zero of g between two ends, where g has unlike signs; NaN where it has not, or jumps."""
    t = start.type
    swapped = b.compare("gt", ends[0], ends[1])
    low, high = b.select(swapped, ends[1], ends[0]), b.select(swapped, ends[0], ends[1])
    left, right = (formula(b, equations, [*x, end])[0] for end in (low, high))
    rising = (left < 0) | (right > 0)
    usable = ((left <= 0) & (right >= 0)) | ((left >= 0) & (right <= 0))
    usable = usable & b.eq(low * 0 + high * 0, 0)
    most = b.select(b.compare("gt", b.fabs(left), b.fabs(right)), b.fabs(left), b.fabs(right))
    middle = low * 0.5 + high * 0.5
    inside = b.compare("gt", start, low) & b.compare("lt", start, high)
    none = b.constant(0, t.of("i1"))

    def going_on(carried: list[Value]) -> Value:
        return b.any_lane(~carried[-1]) & (carried[-3] < MOST_BISECTIONS)

    def advance(carried: list[Value]) -> list[Value]:
        y, low, high, last, count, found, ended = carried
        seen = _look(b, equations, x, [y])
        (g,), (step,), (end,) = seen.g, seen.steps, _last_step(b, [y], seen)
        before = (rising & (g < 0)) | (~rising & (g > 0))
        below, above = b.select(before, y, low), b.select(before, high, y)
        middle = below * 0.5 + above * 0.5
        between = b.compare("ge", end, below) & b.compare("le", end, above)
        fast = between & b.compare("le", b.fabs(step) * 2, last)
        closed = ~(b.compare("gt", middle, below) & b.compare("lt", middle, above))
        done = seen.exact | seen.still | closed | b.is_nan(g)
        # A pole or a jump ends here as well: there |g| has grown, or a step leads away.
        close = b.compare("le", b.fabs(step), b.fabs(y) * CLOSE)
        right = (seen.exact | (seen.finite & close)) & b.compare("le", seen.size, most)
        following = b.select(fast, end, middle)
        following = b.select(done, b.select(between, end, y), following)
        new = [following, below, above, b.fabs(following - y)]
        kept = _chosen(b, ended, carried[:4], new)
        return [*kept, count + 1, b.select(ended, found, done & right), ended | done]

    begin = [b.select(inside, start, middle), low, high, high - low, b.constant(0, I64), none, none]
    y, *_, found, _ = b.while_([*begin[:-1], ~usable], going_on, advance)
    y = b.select(found, y, math.nan)
    return b.select(usable & b.eq(left, 0), low, b.select(usable & b.eq(right, 0), high, y))


def _all_finite(b: Builder, values: Sequence[Value]) -> Value:
    total = values[0] * 0
    for value in values[1:]:
        total = total + value * 0
    return b.eq(total, 0)


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

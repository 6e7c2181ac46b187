"""Coefficients at singular points of powers: limits, found next to them in many digits.

Machine code divides by the base of a fractional power.  Where that vanishes, or what is on the way
leaves the range of numbers, a coefficient is NaN or infinite although it may be finite (of
x*(1 - x**1.1) or x**p at 0), or NaN although it is infinite, with a sign.  Such coefficients are
those of the same program, carried out by `taylor.reference` in many digits: at the point itself,
and where that is singular next to it, at distances that shrink geometrically, from all sides on
which the function is real.  What these do not agree upon, or do not settle, remains NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise, product
from typing import Any

import numpy as np

from taylor.numbers.precision import Precision
from taylor.reference.interpreter import Algebra, coefficients, mpmath_algebra
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import Kernel, OwnKernel, Program
from taylor_runtime.program.records import dataclass

MOST_POINTS = 4096  # distinct ones of a call that are computed in many digits
MOST_LIMITS = 64  # of these that limits are searched for, each of which takes a second
_DIGITS = 1200  # bits, at the point itself
_NEAREST, _RATIO, _COUNT = 600, 100, 4  # distances 2**-600, 2**-700, ...
_SIDES = 4  # coordinates that are moved at the same time, to all sides
_LEAST = -1090  # a power of two that all kinds of numbers round to zero
_SAME = -108  # relative differences of numbers that are the same
_MOST_BITS = 1100  # of the size of arguments: sin(2**n) takes n bits
_ROOTS = frozenset(("pow", "pow_sum", "sqrt", "cbrt", "hypot"))
# Other kernels that are quick in many digits, for all arguments.
# fmt: off
_QUICK = _ROOTS | {
    "exp", "expm1", "exp2", "log", "log1p", "log2", "log10", "sin", "cos", "tan", "asin",
    "acos", "atan", "atan2", "sinh", "cosh", "tanh", "sech_squared", "asinh", "acosh",
    "atanh", "sigmoid", "sigmoid_derivative", "softplus", "abs", "sign", "copysign",
    "floor", "minimum", "maximum", "sin_over_x", "div", "lt", "le", "gt", "ge", "eq", "ne", "and",
    "or", "not", "where", "direction", "scale", "power_divisor", "sum_of_squares",
    "difference_of_squares",
}
# fmt: on


def may_be_singular(program: Program) -> bool:
    """Whether there are roots or fractional powers, and all kernels are quick in many digits."""
    kernels = [row.start for row in program.rows if isinstance(row.start, Kernel)]
    if not all(k.function in _QUICK for k in kernels):
        return False
    return program.order > 0 and any(_is_root(k) for k in kernels)


def all_finite(values: np.ndarray) -> bool:
    """Whether all are finite, of numbers of any usual size: it takes one sum."""
    with np.errstate(invalid="ignore", over="ignore"):
        return bool(np.isfinite(values.sum()))


def _is_root(kernel: Kernel) -> bool:
    if kernel.function != "pow" or not kernel.constants:
        return kernel.function in _ROOTS
    (exponent,) = kernel.constants
    return not isinstance(exponent, tuple) and exponent > 0 and exponent != int(exponent)


class Form:
    """A homogeneous polynomial: the coefficient of one degree in several variables."""

    __slots__ = ("terms",)

    def __init__(self, terms: dict[tuple[int, ...], Any]) -> None:
        self.terms = terms

    def __add__(self, other: Any) -> Form:
        if not isinstance(other, Form):
            return self  # the number is zero: it is of another degree
        found = dict(self.terms)
        for powers, value in other.terms.items():
            found[powers] = found[powers] + value if powers in found else value
        return Form(found)

    __radd__ = __add__

    def __mul__(self, other: Any) -> Form:
        if not isinstance(other, Form):
            return Form({powers: value * other for powers, value in self.terms.items()})
        found: dict[tuple[int, ...], Any] = {}
        for p, a in self.terms.items():
            for q, b in other.terms.items():
                powers = tuple(map(sum, zip(p, q, strict=True)))
                found[powers] = found[powers] + a * b if powers in found else a * b
        return Form(found)

    __rmul__ = __mul__


@dataclass(frozen=True)
class Point:
    """A point of a program, and how its coefficients are named.

    inputs:   from an mpmath context and coordinates to the program's inputs.
    start:    the coordinates, each as one float or as the parts of a double-double.
    places:   (order, powers) of each coefficient of an output; powers () for series.
    """

    inputs: Callable[[Any, Sequence[Any]], dict[str, Sequence[Any]]]
    start: Sequence[Sequence[float]]
    places: Sequence[tuple[int, tuple[int, ...]]]


def series_point(order: int, given: np.ndarray) -> Point:
    """A point of a curve: shape (parts, coordinates, given coefficients)."""

    def inputs(mp: Any, coordinates: Sequence[Any]) -> dict[str, Sequence[Any]]:
        slots = []
        for i, x in enumerate(coordinates):
            curve = [mp.fsum(map(float, given[:, i, n])) for n in range(1, given.shape[2])]
            slots.append([x, *curve, *[mp.mpf(0)] * order])
        return {"jet": slots}

    return Point(inputs, given[:, :, 0].T.tolist(), [(n, ()) for n in range(order + 1)])


def polynomial_point(roles: Sequence[int], among: Monomials, given: np.ndarray) -> Point:
    """A point of an expansion: shape (parts, arguments).

    roles: for each argument the variable that it is; negative for constants.
    """
    units = np.eye(among.variables, dtype=int).tolist()

    def inputs(mp: Any, coordinates: Sequence[Any]) -> dict[str, Sequence[Any]]:
        zeros = [mp.mpf(0)] * among.order
        both = list(zip(coordinates, roles, strict=True))
        slots = [
            [x, Form({tuple(units[role]): mp.mpf(1)}), *zeros] for x, role in both if role >= 0
        ]
        return {"jet": slots, "parameter": [x for x, role in both if role < 0]}

    places = [(sum(powers), tuple(powers)) for powers in among.exponents.tolist()]
    return Point(inputs, given.T.tolist(), places)


def with_limits(
    program: Program,
    point_of: Callable[[np.ndarray], Point],
    given: np.ndarray,
    found: np.ndarray,
    kind: Precision,
) -> None:
    """Put values and limits in the place of NaN among the coefficients of many points.

    given: what is known of points, shape (parts, numbers, points).
    found: shape (parts, outputs, coefficients, points or more), changed in place.  Outputs whose
        value is NaN itself are left as they are.
    """
    count = given.shape[-1]
    suspects = ~np.isfinite(found[0, :, :, :count]) & ~np.isnan(found[0, :, :1, :count])
    chosen = np.flatnonzero(suspects.any(axis=(0, 1)))
    known: dict[bytes, np.ndarray] = {}
    searched = 0
    for i in chosen.tolist():
        key = given[..., i].tobytes()
        if key not in known:
            if len(known) == MOST_POINTS or not np.isfinite(given[..., i]).all():
                continue
            search = _Search(program, point_of(given[..., i]), found[..., i], kind)
            searched += search.everything(searched < MOST_LIMITS)
            known[key] = search.result
        found[..., i] = known[key]


class _Search:
    """The coefficients of a point, shape (parts, outputs, coefficients), and their search."""

    def __init__(self, program: Program, point: Point, found: np.ndarray, kind: Precision) -> None:
        import mpmath

        self.program, self.point, self.kind = program, point, kind
        self.result = found.copy()
        self.values = found[0, :, 0]
        self.open = np.isnan(found[0]) & ~np.isnan(found[0, :, :1])
        self.mp = mpmath.MPContext()
        self.algebra = _algebra(self.mp)

    def everything(self, limits: bool) -> bool:
        """Settle what can be settled; return whether limits were searched, which takes long."""
        self.mp.prec = _DIGITS
        here = self._at([])
        beyond = np.isinf(self.result[0]) & np.isfinite(self.values)[:, np.newaxis]
        for k, j in np.argwhere(self.open | beyond):
            value = self._coefficient(here, k, j)
            if not self.mp.isnan(value) and (self.open[k, j] or self.mp.isfinite(value)):
                self._settle(k, j, value)
        if not self.open.any() or not limits:
            return False
        self.mp.prec = (_NEAREST + _COUNT * _RATIO) * (self.program.order + 2) + 300
        count = len(self.point.start)
        self._settle_all([self._limits((i,)) for i in range(count)])
        if 1 < count <= _SIDES and self.open.any():
            self._settle_all([self._limits(tuple(range(count)))])
        self._spread()
        return True

    def _settle(self, k: int, j: int, value: Any) -> None:
        self.open[k, j] = False
        self.result[:, k, j] = _planes(value, self.kind)

    def _settle_all(self, ways: Sequence[dict[tuple[int, int], Any]]) -> None:
        """Take what all ways to the point that lead to a limit agree upon."""
        for k, j in np.argwhere(self.open).tolist():
            limits = [way[k, j] for way in ways if (k, j) in way]
            if limits:
                self._settle(k, j, self._agreed(limits))

    def _agreed(self, limits: Sequence[Any]) -> Any:
        first = limits[0]
        agree = all(a == first or self._near(a, first) for a in limits)
        return first if agree else self.mp.nan

    def _spread(self) -> None:
        """Where a derivative does not exist, derivatives of it do not."""
        places = [powers or (order,) for order, powers in self.point.places]
        missing = np.isnan(self.result[0])
        for k, j in np.argwhere(missing & ~missing[:, :1]).tolist():
            for i, powers in enumerate(places):
                if all(p >= q for p, q in zip(powers, places[j], strict=True)):
                    self.result[:, k, i] = np.nan

    def _limits(self, moved: tuple[int, ...]) -> dict[tuple[int, int], Any]:
        """Limits by (output, coefficient), of those that are settled: NaN where sides disagree."""
        distances = range(_NEAREST, _NEAREST + _COUNT * _RATIO, _RATIO)
        sides = []
        for signs in product((1, -1), repeat=len(moved)):
            steps = [
                (i, s * (1 + self.mp.mpf(n) / 3))
                for n, (i, s) in enumerate(zip(moved, signs, strict=True))
            ]
            sides.append([self._at([(i, s, -d) for i, s in steps]) for d in distances])
        found = {}
        for k, j in np.argwhere(self.open).tolist():
            seen = []
            for side in sides:
                values = [self._coefficient(at, k, j) for at in side]
                if not any(map(self.mp.isnan, values)):
                    seen.append((self._limit(values), self._coefficient(side[-1], k, 0)))
            settled = all(self._continuous(start, k) for _, start in seen)
            if seen and settled and not any(self.mp.isnan(limit) for limit, _ in seen):
                found[k, j] = self._agreed([limit for limit, _ in seen])
        return found

    def _at(self, steps: Sequence[tuple[int, Any, int]]) -> list[list[Any]]:
        coordinates = [self.mp.fsum(parts) for parts in self.point.start]
        for i, factor, exponent in steps:
            coordinates[i] += factor * self.mp.ldexp(1, exponent)
        return coefficients(self.program, self.point.inputs(self.mp, coordinates), self.algebra)

    def _coefficient(self, found: list[list[Any]], output: int, position: int) -> Any:
        order, powers = self.point.places[position]
        series = found[output]
        value = series[order] if order < len(series) else self.mp.mpf(0)
        if isinstance(value, Form):
            value = value.terms.get(powers, self.mp.mpf(0))
        return value

    def _continuous(self, value: Any, output: int) -> bool:
        there = self.values[output]
        if not self.mp.isfinite(value) or not np.isfinite(there):
            return False
        return bool(abs(value - float(there)) <= 2.0**-20 * abs(value) + 2.0**-50)

    def _near(self, a: Any, b: Any) -> bool:
        return bool(abs(a - b) <= self.mp.ldexp(abs(b), _SAME // 2))

    def _limit(self, c: Sequence[Any]) -> Any:
        """The limit of values at distances that shrink by equal factors; NaN if it is unclear."""
        mp = self.mp
        if not all(map(mp.isfinite, c)):
            return mp.nan
        if all(abs(v) <= mp.ldexp(1, _LEAST) for v in c):
            return mp.mpf(0)
        d = [b - a for a, b in pairwise(c)]
        if all(abs(v) <= mp.ldexp(abs(c[-1]), _SAME) for v in d):
            return c[-1]
        if any(v == 0 for v in d):
            return mp.nan
        ratios = [b / a for a, b in pairwise(d)]
        if all(r >= 1 - mp.ldexp(1, -20) for r in ratios):
            return mp.sign(d[-1]) * mp.inf
        if not all(0 < r < 0.5 for r in ratios):
            return mp.nan
        # What is left is made of powers of the distance: the slowest of them is taken away.
        first, last = (c[n + 2] - d[n + 1] ** 2 / (d[n + 1] - d[n]) for n in (0, 1))
        if self._near(first, last):
            return last
        vanishing = all(0 < b / a < 0.5 for a, b in pairwise(c)) and abs(last) < abs(c[-1]) / 16
        return mp.mpf(0) if vanishing else mp.nan


def _algebra(mp: Any) -> Algebra:
    numbers = mpmath_algebra(mp)

    def divide(a: Any, b: Any) -> Any:
        if isinstance(a, Form):
            return Form({powers: numbers.divide(v, b) for powers, v in a.terms.items()})
        return numbers.divide(a, b)

    def kernel(name: str | OwnKernel, arguments: Sequence[Any]) -> Any:
        if any(mp.isfinite(a) and mp.mag(a) > _MOST_BITS for a in arguments) and name != "pow":
            return mp.nan
        try:
            return numbers.kernel(name, arguments)
        except (ArithmeticError, NotImplementedError, mp.NoConvergence):
            return mp.nan

    return Algebra(numbers.number, divide, kernel)


def _planes(value: Any, kind: Precision) -> Sequence[Any]:
    """A number in many digits as the parts of a kind of number."""
    with np.errstate(over="ignore"):
        high = kind.dtype(float(value))
    if not kind.has_axis:
        return [high]
    rest = float(value - float(high)) if np.isfinite(high) else 0.0
    return [high, rest]

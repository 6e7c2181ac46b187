"""Random formulas of all functions of one and two arguments, and balls that follow their rounding.

`formula` makes the same formula of expressions and of balls: numbers of mpmath that carry along how
far rounding in the user's own order may have moved them.  A ball that is no number, out of the
range of its kind, or has lost its digits ends with `Overdrawn`.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import mpmath

from taylor.expressions.leaves import make_function_node
from taylor.nodes.registry import functions
from taylor.numbers.exact import MOVED_EXPONENT
from taylor.reference.interpreter import Algebra, mpmath_algebra

MARGIN = MOVED_EXPONENT + 6  # what may be pulled out of products, in binary orders
AT_ENDS = 2  # the same without constants
KEPT = 64  # a ball may be so many times smaller than its number
NUMBERS = (2, 3.0, 0.5, 0.1, 1e-3, 6.67e-11, 1e10, 1e-10, 1e30, 1e-30, -7.0, 1.25)
POWERS = (2, 3, 5, 8, -1, -2, -3, 0.5, 1.5, -0.5, 2.5, 1 / 3, 0.1, -1.1)
ORDERS = {
    "polygamma": (1, 2, 4, 9),
    "besselj": (0, 1, 2, 7, 30),
    "bessely": (0, 1, 5),
    "ierfcx": (1, 2, 5),
    "besseli": (0, 1, 2, 7),
    "besseli_scaled": (0, 1, 5),
    "round_decimal": (10, 1000),
}
FIXED = {"lambertw": (0, -1), "lambertw_derivative": (0, -1), "leaky_relu": (0.25, 0)}
# Arguments up to which mpmath takes no time worth mentioning.
SIZES = {
    "gamma": 1e4,
    "lgamma": 1e6,
    "digamma": 1e6,
    "polygamma": 1e3,
    "besselj": 300.0,
    "bessely": 300.0,
    "besseli": 300.0,
    "besseli_scaled": 300.0,
    "erfcx": 1e3,
    "ierfcx": 1e3,
    "zeta": 100.0,
    "airyai": 300.0,
    "airyaiprime": 300.0,
    "airybi": 300.0,
    "airybiprime": 300.0,
    "rgamma": 1e4,
    "loggamma": 1e6,
    "expi": 300.0,
    "dawsn": 300.0,
    "beta": 1e3,
    "betaln": 1e3,
    "kepler_E": 1e3,
    "erf": 1e3,
    "erfc": 1e3,
    "ndtr": 1e3,
    "log_ndtr": 1e3,
}


SLOW = ("bessely", "polygamma")  # in mpmath, to a thousand digits


def _beta(mp: Any, a: Any, b: Any) -> Any:
    """(a + b)/(a b) (1 + O(a b)) next to zero, where mpmath takes seconds."""
    if max(abs(a), abs(b)) < mp.ldexp(1, -mp.prec):
        return (a + b) / (a * b)
    return functions["beta"].mpmath(mp, a, b)


def _betaln(mp: Any, a: Any, b: Any) -> Any:
    if max(abs(a), abs(b)) < mp.ldexp(1, -mp.prec):
        return mp.log(abs(_beta(mp, a, b)))
    return functions["betaln"].mpmath(mp, a, b)


# Instead of the records' own.
FORMS: dict[str, Callable[..., Any]] = {"beta": _beta, "betaln": _betaln}


def _has_integer(mp: Any, a: Ball) -> bool:
    return bool(abs(a.value - mp.nint(a.value)) <= a.error)


def _log(x: Any) -> float:
    """log|x| of any size."""
    return float(mpmath.log(abs(x))) if x else 0.0


def _left(a: Any, b: Any) -> float:
    """The sizes of log gamma of a, b and a + b if one of a and b is negative."""
    if a > 0 and b > 0:
        return 0.0
    return sum(map(_log_gamma, (a, b, a + b)))


def _log_gamma(x: Any) -> float:
    return float(abs(mpmath.re(mpmath.loggamma(x))))


def _to_pole(x: Any) -> float:
    """How far the nearest integer is."""
    return float(abs(x - mpmath.nint(x))) or 1e-300


def _of_airy(value: Any, x: Any, power: float) -> float:
    """Left of zero relative to the amplitude."""
    return 0.0 if x > 0 else float(4 * max(abs(x), 1) ** power / abs(value))


class Overdrawn(Exception):
    """The value is no number, out of range, or has lost its digits."""


@dataclass(frozen=True)
class Kind:
    """A kind of number: units of rounding of operators and functions, and its range.

    margin: binary orders to the ends of the range that arguments and values keep.
    numbers: constants of formulas; there is nothing to be pulled out of products if all are 1.
    subnormal: binary order of the smallest number; values may be as small, and err by some of it.
    """

    name: str
    unit: float
    of_functions: float  # errors of functions, in these units
    smallest: int
    largest: int
    margin: int = MARGIN
    numbers: tuple[float, ...] = NUMBERS
    subnormal: int | None = None


KINDS = {
    "float32": Kind("float32", 2.0**-24, 2, -126, 127),
    "float64": Kind("float64", 2.0**-53, 2, -1022, 1023),
    # Reciprocals of larger numbers than 2**900 have no low part.
    "double-double": Kind("double-double", 2.0**-104, 16, -900, 900),
}
# Without constants, to the ends of the range, subnormal numbers included.
ENDS = {
    name: replace(kind, margin=AT_ENDS, numbers=(1,), subnormal=least)
    for (name, kind), least in zip(KINDS.items(), (-149, -1074, None), strict=True)
}
# Errors of functions in double-double that are documented to be larger, in units of 2**-104.
LARGER: dict[str, Callable[..., float]] = {
    "beta": lambda v, a, b: 10 * (10 + abs(_log(v)) + _left(a, b)),
    "betaln": lambda v, a, b: 10 + 10 * (10 + _left(a, b)) / abs(v),
    "erfcinv_derivative": lambda v, q: 10 + abs(_log(q)),
    "dawsn_derivative": lambda v, x: 4 + 4 / abs(v),
    "zeta": lambda v, x: 6 + abs(x),
    "digamma": lambda v, x: 0.0 if x > 0 else 8 * max(1 / _to_pole(x), _log(1 - x)) / abs(v),
    "lgamma": lambda v, x: 0.0 if x > 0 else 6 * max(1.0, _log_gamma(1 - x)) / abs(v),
    "besselj": lambda v, x: 15 / mpmath.sqrt(max(abs(x), 1)) / abs(v),
    "bessely": lambda v, x: 15 / mpmath.sqrt(max(abs(x), 1)) / abs(v),
    **dict.fromkeys(("airyai", "airybi"), lambda v, x: _of_airy(v, x, -0.25)),
    **dict.fromkeys(("airyaiprime", "airybiprime"), lambda v, x: _of_airy(v, x, 0.25)),
}
NAMES = sorted(
    name
    for name, f in functions.items()
    if f.built_in and not f.fixed and f.arity - f.orders in (1, 2)
)


class Numbers:
    """What formulas are made of as numbers: a context and a kind."""

    def __init__(self, kind: Kind, bits: int = 0) -> None:
        self.mp = mpmath.MPContext()
        self.mp.prec = bits or (320 if kind.name == "double-double" else 160)
        self.kind = kind
        # No rational numbers: whole numbers and halves are zeros of functions, and moved to others.
        self.moves = 1 / self.mp.sqrt("1.001"), -1 / self.mp.sqrt("1.002"), self.mp.sqrt("0.14")
        subnormal = kind.subnormal is not None
        self.least = self.mp.ldexp(1, kind.smallest + kind.margin) if not subnormal else 0
        self.most = self.mp.ldexp(1, kind.largest - kind.margin)
        # What is rounded, perhaps twice, where it is subnormal.
        self.rest = self.mp.ldexp(1, kind.subnormal) if kind.subnormal is not None else 0

    def exact(self, value: Any) -> Ball:
        return Ball(self, self.mp.mpf(value), self.mp.mpf(0))

    def constant(self, value: Any) -> Ball:
        value = self.mp.mpf(value)
        return Ball(self, value, abs(value) * self.kind.unit)

    def call(self, name: str, orders: Sequence[int], *args: Ball) -> Ball:
        limit = SIZES.get(name)
        if limit is not None and any(abs(a.value) > limit for a in args):
            raise Overdrawn
        if name in FORMS and any(a.value < 0.5 and _has_integer(self.mp, a) for a in args):
            raise Overdrawn  # a pole within a ball
        if name == "atan2" and any(a.value == 0 for a in args):
            raise Overdrawn  # it tells zeros of both signs apart, which mpmath has not
        form = FORMS.get(name, functions[name].mpmath)
        if functions[name].expression is not None:  # made of others, from a rounded argument
            unit = self.kind.unit * 2
            args = tuple(Ball(self, a.value, a.error + abs(a.value) * unit) for a in args)
        found = self.moved(
            lambda *x: form(self.mp, *orders, *x), args, self.kind.of_functions * self.kind.unit
        )
        if name in LARGER and self.kind.name == "double-double" and found.value:
            more = LARGER[name](found.value, *(a.value for a in args))
            return Ball(self, found.value, found.error + abs(found.value) * more * self.kind.unit)
        return found

    def moved(self, form: Callable[..., Any], args: Sequence[Ball], unit: float) -> Ball:
        """form(args), moved by what moving each argument does."""
        values = [a.value for a in args]
        value = self._real(form, values)
        error = abs(value) * unit
        for i, a in enumerate(args):
            if a.error:
                ends = []
                for sign in self.moves:
                    there = [*values[:i], a.value + sign * a.error, *values[i + 1 :]]
                    ends.append(abs(self._real(form, there) - value))
                error += max(ends)
        return Ball(self, value, error + self.rest)

    def _real(self, form: Callable[..., Any], values: Sequence[Any]) -> Any:
        try:
            value = self.mp.convert(form(*values))
        except (ArithmeticError, ValueError, NotImplementedError, self.mp.NoConvergence):
            raise Overdrawn from None
        if isinstance(value, self.mp.mpc) or not self.mp.isfinite(value):
            raise Overdrawn
        return value


class Ball:
    """A number with a bound of its error."""

    __slots__ = ("error", "numbers", "value")

    def __init__(self, numbers: Numbers, value: Any, error: Any) -> None:
        size = abs(value)
        if not numbers.mp.isfinite(value) or error * KEPT > size:
            raise Overdrawn
        if size and not numbers.least < size < numbers.most:
            raise Overdrawn
        self.numbers, self.value, self.error = numbers, value, error

    def _of(self, form: Callable[..., Any], *others: Ball) -> Ball:
        return self.numbers.moved(form, (self, *others), self.numbers.kind.unit)

    def __add__(self, other: Ball) -> Ball:
        return self._of(lambda a, b: a + b, other)

    def __sub__(self, other: Ball) -> Ball:
        return self._of(lambda a, b: a - b, other)

    def __mul__(self, other: Ball) -> Ball:
        return self._of(lambda a, b: a * b, other)

    def __truediv__(self, other: Ball) -> Ball:
        return self._of(lambda a, b: a / b, other)

    def __pow__(self, exponent: Any) -> Ball:
        """As many roundings as multiplying takes, and functions have.

        Of what was added to itself, say 2*z, (2*z)**5 is 32*z**5: subnormal ones lose some digits.
        """
        count = max(abs(int(exponent)), self.numbers.kind.of_functions)
        exact = self.numbers.mp.mpf(exponent)
        found = self.numbers.moved(
            lambda a: a ** int(exponent) if exponent == int(exponent) else self._power(a, exact),
            (self,),
            count * self.numbers.kind.unit,
        )
        return Ball(self.numbers, found.value, found.error + 32 * self.numbers.rest)

    def _power(self, a: Any, exponent: Any) -> Any:
        if a < 0:
            raise Overdrawn
        return self.numbers.mp.power(a, exponent)


class Reals(Numbers):
    """What formulas are made of as plain numbers of many digits, for numerical differentiation."""

    def constant(self, value: Any) -> Any:
        return self.mp.mpf(value)

    def call(self, name: str, orders: Sequence[int], *args: Any) -> Any:
        limit = SIZES.get(name)
        if name in SLOW or (limit is not None and any(abs(a) > limit for a in args)):
            raise Overdrawn
        return self._real(lambda *x: functions[name].mpmath(self.mp, *orders, *x), args)


class Noise:
    """Numbers whose every operation is off by a random unit of rounding, for `taylor.reference`."""

    __slots__ = ("draw", "unit", "value")

    def __init__(self, value: Any, draw: random.Random, unit: float) -> None:
        self.value, self.draw, self.unit = value, draw, unit

    def made(self, value: Any, units: float = 1) -> Noise:
        moved = value + value * (self.draw.uniform(-1, 1) * units * self.unit)
        return Noise(moved, self.draw, self.unit)

    def __add__(self, other: Noise) -> Noise:
        return self.made(self.value + other.value)

    def __mul__(self, other: Any) -> Noise:
        return self.made(self.value * (other.value if isinstance(other, Noise) else other))

    __rmul__ = __mul__

    def __ne__(self, other: object) -> bool:
        return bool(self.value != other)

    def __eq__(self, other: object) -> bool:
        return bool(self.value == other)

    __hash__ = None  # type: ignore[assignment]


def noisy(mp: Any, kind: Kind, draw: random.Random) -> Algebra:
    """Numbers of an mpmath context with one kind's rounding."""
    exact, zero = mpmath_algebra(mp), Noise(mp.mpf(0), draw, kind.unit)

    def kernel(name: str, arguments: Sequence[Noise]) -> Noise:
        try:
            value = exact.kernel(name, [a.value for a in arguments])
        except (ArithmeticError, NotImplementedError, mp.NoConvergence):
            value = mp.nan
        return zero.made(value, kind.of_functions)

    def number(value: Any) -> Noise:
        """Whole numbers, such as exponents, are not rounded."""
        return zero.made(exact.number(value), 0 if value == float(value) else 1)

    return Algebra(
        number,
        lambda a, b: zero.made(exact.divide(a.value, b.value)),
        kernel,
    )


class Expressions:
    """What formulas are made of as expressions."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    @staticmethod
    def constant(value: Any) -> Any:
        return value

    @staticmethod
    def call(name: str, orders: Sequence[int], *args: Any) -> Any:
        return make_function_node(name, *orders, *args)


def formula(draw: random.Random, kinds: Any, x: Any, y: Any, most: int = 6) -> Any:
    """A random formula of x and y: the same draws make the same formula of everything."""
    pool = [x, y]
    for _ in range(draw.randint(1, most)):
        first, second = draw.choice(range(len(pool))[-3:]), draw.choice(range(len(pool)))
        pool.append(_made(draw, kinds, pool[first], pool[second], first == second))
    return pool[-1]


def _made(draw: random.Random, kinds: Any, a: Any, b: Any, same: bool) -> Any:
    """Something new of a and b; without constants nothing is added to itself, which were one."""
    c, d = (kinds.constant(draw.choice(kinds.kind.numbers)) for _ in range(2))
    what = draw.randrange(20)
    if what >= 10:
        name = draw.choice(NAMES)
        orders = [draw.choice(ORDERS[name])] if name in ORDERS else []
        arity = functions[name].arity - functions[name].leading
        if name in FIXED:  # the second argument chooses a branch
            return kinds.call(name, orders, a, kinds.constant(draw.choice(FIXED[name])))
        return kinds.call(name, orders, *((a,) if arity == 1 else (a, b)))
    steps: list[Callable[[], Any]] = [
        lambda: c * a * (d * b),
        lambda: c * a / (d * b),
        lambda: c / (d * a),
        lambda: a ** draw.choice(POWERS),
        lambda: (c * a) ** draw.choice(POWERS),
        lambda: c * a + d * b,
        lambda: c * a - d * b,
        lambda: (a / b) * c,
        lambda: a * b * a / (b * c),
        lambda: c * (a / (b * b)),
    ]
    if same and what in (5, 6) and len(kinds.kind.numbers) == 1:
        what = 0
    return steps[what]()


def argument(draw: random.Random, kind: Kind) -> float:
    """An ordinary or an extreme number."""
    low, high = kind.smallest + kind.margin, kind.largest - kind.margin
    widest = 0.95 * min(high, -low)
    ordinary = (1.0, 1.0, 3.0, 10.0, 0.4 * high)
    spread = draw.choice((*ordinary, widest) if kind.margin == MARGIN else (1.0, widest, widest))
    return math.copysign(2.0 ** draw.uniform(-spread, spread), draw.random() - 0.3)

"""Functions of time, written once for expressions, and called with whatever stands for a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.scalars import scalars
from taylor.expressions.substitute import substitute
from taylor.expressions.types import ExpressionOrArray
from taylor.numbers.types import Numbers
from taylor.points.formula import Function, compile
from taylor.points.polynomial_values import evaluate_polynomials
from taylor.polynomials.polynomial import Polynomial
from taylor.transforms.differentiate import diff


class Instant(ABC):
    """An exact point in time; `Epoch` is one."""

    __slots__ = ()

    @property
    @abstractmethod
    def pair(self) -> tuple[float, float]:
        """Seconds of TDB since J2000 as the sum of two floats, high and low."""


# Seconds of TDB since J2000, as an expression, a polynomial, numbers, or as instants.
TimeLike: TypeAlias = "Expression | Instant | Numbers | Sequence[Instant] | Polynomial"
Check: TypeAlias = "Callable[[np.ndarray], None]"


class TimeFunction:
    """A formula of seconds of TDB since J2000, as a function of times of all kinds.

    name:  for error messages.
    build: makes the formula, of any shape, of the expression of time; it is called once.
    check: raises an error where the formula has no value at these times; seconds, as floats.

    Of an expression the formula is returned, of a polynomial a polynomial of its shape, of numbers
    or instants values, the shape of the times in front.  Instants are computed with in
    double-double, and rounded at the end: a float tells times of today to 1e-7 s, in which the
    Earth turns by 4e-12 rad.
    """

    def __init__(
        self, name: str, build: Callable[[Expression], Expression], check: Check | None = None
    ) -> None:
        self.name = name
        self._build = build
        self._check = check
        self._made: tuple[Expression, Expression] | None = None
        self._compiled: dict[str, Function[Any]] = {}

    def __call__(self, t: TimeLike) -> ExpressionOrArray:
        if isinstance(t, Expression):
            if t.shape:
                raise ShapeError(f"{self.name}: t has shape {t.shape}; give a scalar expression")
            time, formula = self._formula()
            return substitute(formula, {time: t})
        if isinstance(t, Polynomial):
            if t.shape:
                raise ShapeError(f"{self.name}: t has shape {t.shape}; give a scalar polynomial")
            time, formula = self._formula()
            return at_polynomials(formula, {time: t})
        times, exact = given_times(self.name, t)
        if self._check is not None:
            self._check(times[..., 0] if exact else times)
        if not exact:
            return self._function("float64")(times[()])
        return self._function("double-double")(times)[..., 0]

    def rate(self, name: str) -> TimeFunction:
        """The derivative by time, of this name."""
        return TimeFunction(name, self._derivative, self._check)

    def _derivative(self, t: Expression) -> Expression:
        return as_expression(diff(as_expression(self(t)), t))

    def __getstate__(self) -> tuple[Any, ...]:
        return self.name, self._build, self._check

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        self.__init__(*state)  # type: ignore[misc]

    def _formula(self) -> tuple[Expression, Expression]:
        if self._made is None:
            time = argument("t")
            self._made = time, as_expression(self._build(time))
        return self._made

    def _function(self, precision: str) -> Function[Any]:
        if precision not in self._compiled:
            time, formula = self._formula()
            self._compiled[precision] = compile(
                formula, [time], name=self.name, precision=precision
            )
        return self._compiled[precision]


def checked_accuracy(name: str, accuracy: Any) -> float:
    """`accuracy` as a float that is 0 or more."""
    if isinstance(accuracy, bool) or not isinstance(accuracy, int | float | np.number):
        raise ArgumentTypeError(f"{name}: accuracy={accuracy!r} must be a number")
    if not accuracy >= 0:
        raise ArgumentError(f"{name}: accuracy={accuracy!r} must be 0 or more")
    return float(accuracy)


def at_polynomials(formula: Expression, values: Mapping[Expression, Any]) -> ExpressionOrArray:
    """The formula at polynomials and numbers by scalar argument: a polynomial of its shape."""
    parts = scalars(formula)
    found = evaluate_polynomials(list(parts.ravel()), values)
    some = next(value for value in values.values() if isinstance(value, Polynomial))
    whole: list[Any] = [each if isinstance(each, Polynomial) else 0 * some + each for each in found]
    return np.stack(whole).reshape(parts.shape) if parts.shape else whole[0]


def given_times(name: str, t: Any) -> tuple[np.ndarray, bool]:
    """Times as floats; or, where they are instants, as pairs on a trailing axis, and True."""
    if isinstance(t, Instant):
        return np.array(t.pair), True
    if isinstance(t, str | bytes) or t is None:
        hint = f"; write Epoch({t!r})" if isinstance(t, str) else ""
        raise ArgumentTypeError(
            f"{name}: t must be seconds of TDB since J2000 or an Epoch, got {t!r}{hint}"
        )
    try:
        array = np.asarray(t)
        if array.dtype == object and array.size and isinstance(array.flat[0], Instant):
            pairs = [each.pair for each in array.flat]
            return np.array(pairs).reshape(*array.shape, 2), True
        if array.dtype.kind not in "iufO":
            raise TypeError
        times = array.astype(np.float64)
    except (TypeError, ValueError, AttributeError):
        raise ArgumentTypeError(
            f"{name}: t must be seconds of TDB since J2000, an Epoch, an expression, or an array "
            f"of these, got {t!r}"
        ) from None
    if not np.isfinite(times).all():
        raise ArgumentError(f"{name}: t must be finite")
    return times, False

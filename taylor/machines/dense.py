"""Dense output: the Taylor polynomials of the steps, as a function of time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError, ArgumentTypeError, TaylorError
from taylor.numbers import pairs as dd
from taylor.numbers.array_arithmetic import ArrayArithmetic
from taylor.numbers.planes import to_kind
from taylor.numbers.precision import FLOAT64, PAIRS, Precision, as_array, leading
from taylor.polynomials.polynomial import Polynomial
from taylor.polynomials.space import Space
from taylor.systems.versions import Versioned
from taylor_runtime.callables.driving import dense_evaluator, not_yet, undriven
from taylor_runtime.callables.memory import polynomials_of
from taylor_runtime.program.records import dataclass


class ExtrapolationError(TaylorError, ValueError):
    """A time outside the steps of a dense output was asked for.

    >>> import taylor as ty
    >>> x = ty.variable("x")
    >>> dense = ty.Integrator([(x, -x)], [1.0]).propagate_until(2.0, dense=True).dense
    >>> try:
    ...     dense(3.0)
    ... except ty.ExtrapolationError as error:
    ...     print(str(error).split(";")[0])
    time 3.0 is outside the dense output's span [0.0, 2.0]
    """


class Evaluated(Versioned):
    """A function of time with machine code for its values and derivatives, made when called."""

    __slots__ = ("_alone", "_evaluators")
    _alone: dict[int, Any]  # of single states
    _evaluators: dict[int, Callable[..., Any]]

    def _evaluator(self, derivative: int) -> Callable[..., Any]:
        """A function of a time or a vector of times, and perhaps of where to put the values, that
        returns None for anything else.
        """
        try:
            known = self._evaluators
        except AttributeError:
            known = {}
            object.__setattr__(self, "_evaluators", known)
        made = self._make_evaluator(derivative)
        if made is not not_yet:
            known[derivative] = made
        return made

    def _known_evaluator(self, derivative: int) -> Callable[..., Any]:
        """The same, made before or now."""
        try:
            return self._evaluators[derivative]
        except (AttributeError, KeyError):
            return self._evaluator(derivative)

    def _make_evaluator(self, derivative: int) -> Callable[..., Any]:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class DenseOutput(Evaluated):
    """The solution between two times, step by step.

    Call it with a time (result of shape (n,)) or an array of times (shape times.shape + (n,)).  In
    double-double times may be of any kind that `taylor.from_mpmath` takes, or such pairs, and
    results have a trailing axis of length 2.

    starts:       (steps, 2) start of each step as a double-double pair.
    end:          (2,) end of the last step.
    scales:       (steps,) coefficient k belongs to ((t - start) / scale)^k.
    coefficients: (steps, order + 1, n) scaled Taylor coefficients.
    precision:    the kind of number.
    maps:         of a variational system the same with the coefficients of the states'
                  polynomials side by side, and their space; see `flow_map`.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> ta = ty.Integrator([(x, v), (v, -x)], [0.0, 1.0])
    >>> dense = ta.propagate_until(2.0, dense=True).dense
    >>> dense.span, dense(0.5).round(12).tolist()
    ((0.0, 2.0), [0.479425538604, 0.87758256189])
    """

    starts: np.ndarray = field(repr=False)
    end: np.ndarray
    scales: np.ndarray = field(repr=False)
    coefficients: np.ndarray = field(repr=False)
    precision: Precision = FLOAT64
    maps: tuple[DenseOutput, Space] | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        first, last = self.span if self.steps else (float(self.end[0]),) * 2
        return f"<DenseOutput: {self.steps} steps of order {self.order}, {first!r} to {last!r}>"

    @property
    def order(self) -> int:
        """Of the polynomials of the steps."""
        return self.coefficients.shape[1] - 1

    @property
    def steps(self) -> int:
        """How many steps there are."""
        return self.coefficients.shape[0]

    @property
    def span(self) -> tuple[float, float]:
        """First and last time, in the direction of integration."""
        return float(self.starts[0, 0]), float(self.end[0])

    def __call__(
        self,
        times: ArrayLike,
        *,
        derivative: int = 0,
        component: int | None = None,
        extrapolate: bool = False,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """The state (or its derivative of the given order) at `times`.

        component: the number of one of the states, which alone is wanted: without the axis n.
        out:       an array of the result's shape to put it in, and to return.

        Raises ExtrapolationError for a time outside `span`, unless `extrapolate`; ValueError for
        NaN, a derivative that is no natural number, a component that there is not, an `out` of
        another shape; TypeError for times that are no numbers.

        >>> import taylor as ty
        >>> x, v = ty.variables("x v")
        >>> ta = ty.Integrator([(x, v), (v, -x)], [0.0, 1.0])
        >>> dense = ta.propagate_until(2.0, dense=True).dense
        >>> dense([0.5, 1.5], component=0).round(12).tolist()
        [0.479425538604, 0.997494986604]
        """
        if component is not None or out is not None:
            return self._parts(times, derivative, component, extrapolate, out)
        if type(derivative) is int and not extrapolate:
            try:
                found = self._evaluators[derivative](times)
            except (AttributeError, KeyError):
                found = None if derivative < 0 else self._evaluator(derivative)(times)
            if found is not None:
                return found  # type: ignore[no-any-return]
        if not isinstance(derivative, int | np.integer) or derivative < 0:
            raise ArgumentError(f"derivative must be a natural number, got {derivative!r}")
        whole = self._times(times)
        t = leading(whole, self._time_kind)
        if np.isnan(t).any():
            raise ArgumentError("times must not contain NaN")
        if not extrapolate:
            self._refuse_extrapolation(t)
        step = self._find(t.ravel())
        arithmetic = self.precision.arithmetic
        if arithmetic is not None:
            elapsed = dd.add(whole.reshape(-1, 2), -self.starts[step]) / self.scales[step, None]
            tau = to_kind(PAIRS.to_planes(elapsed), PAIRS, self.precision)
            result = self._evaluate_with(arithmetic, step, self.precision.joined(tau), derivative)
        else:
            elapsed = (t.ravel() - self.starts[step, 0]) - self.starts[step, 1]
            result = self._evaluate(step, elapsed / self.scales[step], derivative)
        return result.reshape(*t.shape, *self.coefficients.shape[2:])

    def _parts(
        self,
        times: ArrayLike,
        derivative: int,
        component: int | None,
        extrapolate: bool,
        out: np.ndarray | None,
    ) -> np.ndarray:
        """What is asked for of one state, or in an array that is there."""
        own = self if component is None else self._of(component)
        rest = [slice(None)] * len(self.precision.axes)
        axis: Any = Ellipsis if component is None else (Ellipsis, 0, *rest)
        if out is None:
            found = own(times, derivative=derivative, extrapolate=extrapolate)
            return found[axis] if component is not None else found
        if not isinstance(out, np.ndarray) or not out.flags.writeable:
            raise ArgumentTypeError(f"out must be an array that can be written to, got {out!r}")
        if type(derivative) is int and derivative >= 0 and not extrapolate:
            room = out if component is None else out[..., np.newaxis]
            alone = not (isinstance(times, np.ndarray) and np.may_share_memory(times, out))
            if alone and own._known_evaluator(derivative)(times, room) is not None:
                return out
        found = own(times, derivative=derivative, extrapolate=extrapolate)
        found = found[axis] if component is not None else found
        if out.shape != found.shape or not np.can_cast(found.dtype, out.dtype, "same_kind"):
            raise ArgumentError(
                f"out must have shape {found.shape} and numbers of {found.dtype}, got {out.shape} "
                f"and {out.dtype}"
            )
        out[...] = found
        return out

    def _of(self, component: int) -> DenseOutput:
        """The same of one state."""
        count = self.coefficients.shape[2]
        if isinstance(component, bool) or not isinstance(component, int | np.integer):
            raise ArgumentTypeError(f"component must be the number of a state, got {component!r}")
        if not -count <= component < count:
            raise ArgumentError(
                f"component {component} is not there: the states have numbers 0 to {count - 1}"
            )
        place = int(component) % count
        try:
            known = self._alone
        except AttributeError:
            known = {}
            object.__setattr__(self, "_alone", known)
        if place not in known:
            numbers = self.coefficients[:, :, place : place + 1]
            known[place] = DenseOutput(self.starts, self.end, self.scales, numbers, self.precision)
        return known[place]

    def flow_map(self, times: ArrayLike, *, extrapolate: bool = False) -> Polynomial:
        """The states at `times` as polynomials in the displacements: shape times.shape + (n,).

        Raises TaylorError without derivatives, and what a call raises.
        """
        if self.maps is None:
            raise TaylorError("this dense output has no derivatives; see ty.variational")
        whole, space = self.maps
        planes = self.precision.to_planes(whole(times, extrapolate=extrapolate))
        count = self.coefficients.shape[2]
        return Polynomial._made(polynomials_of(planes, count), space, self.precision)

    @property
    def _time_kind(self) -> Precision:
        return PAIRS if self.precision.is_finer else FLOAT64

    def _times(self, times: ArrayLike) -> np.ndarray:
        """`times` as float64 or double-double: the first is taken where both are possible."""
        if self._time_kind is FLOAT64 and isinstance(times, float | int):
            return np.array(times, dtype=float)
        try:
            return as_array(times, self._time_kind, "times")
        except ArgumentTypeError:
            raise ArgumentTypeError(f"times must be numbers, got {times!r}") from None

    def _refuse_extrapolation(self, t: np.ndarray) -> None:
        first, last = sorted(self.span)
        outside = (t < first) | (t > last)
        if outside.any():
            worst = t[outside].flat[0]
            raise ExtrapolationError(
                f"time {float(worst)!r} is outside the dense output's span [{first!r}, {last!r}]; "
                "pass extrapolate=True to evaluate the nearest step's polynomial there"
            )

    def _find(self, t: np.ndarray) -> np.ndarray:
        first, last = self.span
        starts = self.starts[:, 0]
        if last >= first:
            return np.clip(np.searchsorted(starts, t, side="right") - 1, 0, self.steps - 1)
        return np.clip(np.searchsorted(-starts, -t, side="right") - 1, 0, self.steps - 1)

    def _make_evaluator(self, derivative: int) -> Callable[..., Any]:
        if self.precision is not FLOAT64 or derivative > self.order:
            return undriven
        numbers = self.coefficients[:, derivative:]
        if derivative:
            numbers = _falling(self.order, derivative)[:, np.newaxis] * numbers
        divisors = self.scales**derivative
        return dense_evaluator(self.starts, float(self.end[0]), self.scales, divisors, numbers)

    def _evaluate(self, step: np.ndarray, tau: np.ndarray, derivative: int) -> np.ndarray:
        """Horner's rule, all times at once."""
        count = self.coefficients.shape[2]
        if derivative > self.order:
            return np.zeros((len(step), count))
        value = np.zeros((len(step), count))
        factors = _falling(self.order, derivative)
        for n in range(self.order, derivative - 1, -1):
            factor = factors[n - derivative]
            value = value * tau[:, None] + factor * self.coefficients[step, n]
        value = value / self.scales[step, None] ** derivative
        return value.astype(self.precision.dtype)

    def _evaluate_with(
        self, arithmetic: ArrayArithmetic, step: np.ndarray, tau: np.ndarray, derivative: int
    ) -> np.ndarray:
        """The same where numbers are several floats."""
        value = np.zeros((len(step), *self.coefficients.shape[2:]))
        for n in range(self.order, derivative - 1, -1):
            factor = self.precision.rounded(math.perm(n, derivative))
            term = arithmetic.multiply(self.coefficients[step, n], factor)
            value = arithmetic.add(arithmetic.multiply(value, tau[:, None]), term)
        return value / self.scales[step, None, None] ** derivative


def _falling(order: int, derivative: int) -> np.ndarray:
    """n (n - 1) .. (n - derivative + 1) for n = derivative .. order."""
    listed = range(derivative, order + 1)
    return np.array([np.prod(np.arange(n - derivative + 1, n + 1, dtype=float)) for n in listed])

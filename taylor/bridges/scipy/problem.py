"""An initial value problem as SciPy's users state it, traced: systems and events of expressions."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.bridges.scipy.arguments import Extra, extra, plain_function
from taylor.bridges.scipy.array_systems import WIDE, system_of_arrays
from taylor.bridges.scipy.complex_copies import with_complex_arrays
from taylor.bridges.scipy.complex_values import (
    Complex,
    as_complex,
    as_complex_array,
    complex_array,
    parts_of,
    real_part,
)
from taylor.errors import ArgumentTypeError, TaylorError, TracingError
from taylor.expressions.arrays.settled import settled
from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.expressions.object_arrays import expression_array
from taylor.functions.exponential import exp
from taylor.language.program import program
from taylor.nodes.sums import exact_value
from taylor.programs.remembered import names_of
from taylor.systems.system import System, make_system
from taylor_runtime.program.records import dataclass

REMEDY = (
    "write it with NumPy's functions (np.where or ty.where for a choice, np.zeros_like(y) for an "
    "array to fill), make a ty.program of it to see what stands in the way, register what has "
    "numbers alone with ty.register_function, or take one of SciPy's own methods, as 'DOP853'"
)


# What tracing raises of functions that it cannot go through.
FAILURES = (TaylorError, TypeError, ValueError, AttributeError)


@dataclass(frozen=True, slots=True)
class Problem:
    """A right-hand side and what it is called with.

    fun:        a function of (t, y, *args), or a system of expressions, a pair for each state.
    count:      of states.
    is_complex: then the real parts of all states come first, and their imaginary parts after them.
    vectorized: whether `fun` is called with a column, (n, 1).
    """

    fun: Any
    args: Extra
    count: int
    is_complex: bool
    vectorized: bool

    @property
    def is_traced(self) -> bool:
        """Whether `fun` is a Python function."""
        return callable(self.fun)

    @property
    def kind(self) -> Hashable:
        """What tells this problem from others with the same function."""
        return self.count, self.is_complex, self.vectorized, self.args.key

    @property
    def with_fixed_arguments(self) -> Problem:
        """The same, whose arguments are numbers that tracing knows."""
        args = self.args.built(self.args.numbers)
        return replace(self, args=extra(args, fixed=True))

    def system(self) -> System:
        """The equations as expressions of reals.

        Raises TracingError where the function cannot be traced, and what is wrong with a system.
        """
        if not self.is_traced:
            return make_system(self.fun, self.count)
        size = (2 if self.is_complex else 1) * self.count
        numbers = len(self.args.numbers)

        def make(fun: Any, wide: bool) -> System:
            def called(t: Any, y: Any, p: Any) -> Any:
                return self._derivatives(fun, t, y, p)

            called.__qualname__ = names_of(self.fun)  # in messages
            if wide:
                return system_of_arrays(called, size, numbers)
            return make_system(called, size, numbers)

        if size >= WIDE and not self.is_complex:
            with suppress(*FAILURES):
                return self._first_way(self.fun, lambda fun: make(fun, wide=True))
        return self._traced(self.fun, lambda fun: make(fun, wide=False))

    def event(self, function: Any) -> Callable[..., Any]:
        """An event function of a user's as one of real states and parameters."""

        def value(t: Any, y: Any, p: Any) -> Any:
            found = self._traced(function, lambda called: called(*self._given(t, y, p)))
            if self.is_complex:
                return real_part(found)
            single = np.asarray(expression_array(found)).reshape(-1)
            if len(single) != 1:
                raise ArgumentTypeError(
                    f"the event {names_of(function)} has to return one number, got {len(single)}"
                )
            never = exact_value(single[0])  # SciPy takes numbers too, as of a flag among `args`
            return exp(t) if never else single[0]

        return value

    def _traced(self, function: Any, work: Callable[[Any], Any]) -> Any:
        """What comes of tracing a user's function, or else one that does the same.

        Raises TracingError, with the remedy, if neither can be.
        """
        try:
            return self._first_way(function, work)
        except TaylorError as error:
            if isinstance(error, TracingError):
                error.add_note(f"{names_of(function)} cannot be traced; {REMEDY}")
            raise
        except FAILURES as error:
            raise TracingError(
                f"{names_of(function)} cannot be traced: {type(error).__name__}: {error}; {REMEDY}"
            ) from error

    def _first_way(self, function: Any, work: Callable[[Any], Any]) -> Any:
        """What `work` makes of a user's function, or else of one that does the same: of a program,
        in which control flow, arrays of zeros that are filled, and the like, are translated.

        Raises what it raises of the user's own.
        """
        try:
            return work(function)
        except FAILURES:
            with suppress(*FAILURES):
                return work((with_complex_arrays if self.is_complex else program)(function))
            raise

    def _derivatives(self, fun: Any, t: Any, y: Any, p: Any) -> Any:
        t, y, *args = self._given(t, y, p)
        found = fun(t, y[:, np.newaxis] if self.vectorized else y, *args)
        if self.is_complex:
            parts = parts_of(found)
            return [re for re, _ in parts] + [im for _, im in parts]
        if self.vectorized and found is not None:
            found = settled(found)
            whole = isinstance(found, Expression)
            return found.reshape(-1) if whole else expression_array(found).reshape(-1)
        return found

    def _given(self, t: Any, y: Any, p: Any) -> tuple[Any, ...]:
        """What the user's functions are called with."""
        if not self.is_complex:
            return (t, y, *self.args.built(p))
        pairs = zip(y[: self.count], y[self.count :], strict=True)
        values = complex_array([Complex(re, im) for re, im in pairs], (self.count,))
        return (Complex(t), values, *self.args.built(p, _complexes))

    def check(self, system: System, t: float, y: np.ndarray) -> None:
        """Compare traced equations with what the function returns for numbers.

        Raises TracingError where they differ: then it does what tracing does not see.
        """
        values: dict[Any, Any] = {system.states[0].args[0]: self.to_real(y), time: t}
        if len(system.parameters):
            values[system.parameters[0].args[0]] = self.args.numbers
        roots = [value for _, value in system.blocks] or list(system.derivatives)
        found = np.asarray(evaluate(roots, values), dtype=float).reshape(-1)
        column = y[:, np.newaxis] if self.vectorized else y.copy()
        with np.errstate(all="ignore"):
            expected = self.fun(t, column, *self.args.built(self.args.numbers))
        wanted = self.to_real(np.broadcast_to(np.reshape(expected, -1), y.shape))
        with np.errstate(all="ignore"):
            size = np.abs(wanted).max(initial=0.0) + np.abs(found).max(initial=0.0)
            wrong = np.flatnonzero(np.abs(found - wanted) > 1e-6 * size)
        if len(wrong):
            place = int(wrong[0])
            raise TracingError(
                f"{names_of(self.fun)} is not what its trace is: at t = {t!r} component {place} "
                f"is {float(wanted[place])!r}, and {float(found[place])!r} as traced; {REMEDY}"
            )

    def to_real(self, y: np.ndarray) -> np.ndarray:
        """States (..., n) as reals; a copy."""
        if not self.is_complex:
            return np.array(y, dtype=float)
        return np.concatenate([y.real, y.imag], axis=-1)

    def to_user(self, states: np.ndarray) -> np.ndarray:
        """Reals (..., m) as the user's states; a copy if they are complex."""
        if not self.is_complex:
            return states
        return states[..., : self.count] + 1j * states[..., self.count :]


def problem_of(
    fun: Any, y0: np.ndarray, args: Sequence[Any] = (), vectorized: bool = False
) -> Problem:
    """The problem that SciPy's arguments state.

    y0: checked.
    """
    fun, args = plain_function(fun, args)
    is_complex = bool(np.iscomplexobj(y0))
    if not callable(fun) and (is_complex or args):
        raise ArgumentTypeError(
            "a system of expressions has real states, and parameters instead of args: pass "
            "parameters={k: 9.8}"
        )
    return Problem(fun, extra(args), len(y0), is_complex, bool(vectorized))


def _complexes(value: Any) -> Any:
    return as_complex_array(value) if isinstance(value, np.ndarray) else as_complex(value)

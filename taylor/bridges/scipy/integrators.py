"""Integrators for SciPy's problems, compiled once for functions that do the same."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate._ivp.common import validate_max_step, validate_tol

from taylor.bridges.scipy.arguments import Unknown, kept
from taylor.bridges.scipy.events import EventKind
from taylor.bridges.scipy.problem import Problem
from taylor.errors import ArgumentError, TaylorError
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.numbers.types import Numbers
from taylor.systems.system import System
from taylor_runtime.program.records import dataclass

LARGEST_RTOL = 0.5  # of a relative tolerance: beyond it no digit is wanted

# Of a tolerance, that a step's error may be.  SciPy's methods keep below theirs as well: they
# estimate the error of a formula of lower order than the one that they go on with.
MARGIN = 0.1


@dataclass(frozen=True, slots=True)
class Options:
    """How accurate steps are to be, and the values of a system's parameters.

    rtol, atol: of each real state, (m,).
    """

    rtol: np.ndarray
    atol: np.ndarray
    max_step: float
    order: int | None
    high_accuracy: bool
    parameters: Named[Numbers] | None

    @property
    def key(self) -> tuple[Any, ...]:
        """What a compiled integrator depends on."""
        return self.rtol.tobytes(), self.atol.tobytes(), self.order, self.high_accuracy


def options_of(
    problem: Problem,
    rtol: ArrayLike = 1e-3,
    atol: ArrayLike = 1e-6,
    max_step: float = np.inf,
    order: int | None = None,
    high_accuracy: bool = False,
    parameters: Named[Numbers] | None = None,
) -> Options:
    """SciPy's options, checked as SciPy does.

    Raises ValueError for what is out of range; warns of an `rtol` that is too small.
    """
    count = problem.count
    relative, absolute = validate_tol(np.asarray(rtol, dtype=float), atol, count)
    validate_max_step(max_step)
    if np.shape(relative) not in ((), (count,)):
        raise ArgumentError(f"`rtol` has shape {np.shape(relative)}; give one number, or {count}")
    if parameters is not None and problem.is_traced:
        raise ArgumentError("parameters are those of a system of expressions; a function has args")
    twice = 2 if problem.is_complex else 1

    def spread(given: ArrayLike) -> np.ndarray:
        return MARGIN * np.tile(np.broadcast_to(np.asarray(given, dtype=float), (count,)), twice)

    tolerances = spread(np.minimum(relative, LARGEST_RTOL)), spread(absolute)
    return Options(*tolerances, float(max_step), order, bool(high_accuracy), parameters)


def integrator_for(
    problem: Problem,
    t: float,
    y: np.ndarray,
    options: Options,
    events: Sequence[Any] = (),
    kinds: Sequence[EventKind] = (),
) -> Integrator:
    """An integrator of one's own at (t, y).

    events: what the user gave.
    kinds:  how each of them counts.
    """
    made = _made(problem, t, y, options, events, kinds)
    if made is None:  # the function asks for the values of its arguments, in a condition perhaps
        problem = problem.with_fixed_arguments
        made = _made(problem, t, y, options, events, kinds)
    assert made is not None
    own = copy.copy(made)
    own.state[:] = problem.to_real(y)
    own.time = t
    own.max_step = options.max_step
    if len(problem.args.numbers) and own.parameters:
        own.parameters["p"] = problem.args.numbers
    return own


def _made(
    problem: Problem,
    t: float,
    y: np.ndarray,
    options: Options,
    events: Sequence[Any],
    kinds: Sequence[EventKind],
) -> Integrator | None:
    """An integrator to be copied, perhaps one that was made before; None where it cannot be made
    with arguments of which tracing does not know the values.
    """

    def make() -> Integrator:
        system = problem.system()
        if problem.is_traced:
            problem.check(system, t, y)
        return Integrator(
            system,
            problem.to_real(y),
            time=t,
            parameters=_values(problem, options, system),
            rtol=options.rtol,
            atol=options.atol,
            order=options.order,
            high_accuracy=options.high_accuracy,
            events=[kind.event(problem, e) for kind, e in zip(kinds, events, strict=True)],
        )

    def attempt() -> Integrator | None:
        try:
            return make()
        except TaylorError:
            if len(problem.args.numbers):
                return None
            raise

    if not problem.is_traced or problem.args.key is None:
        return attempt()
    kind = (problem.kind, options.key, tuple(kinds))
    try:
        return kept(kind, [problem.fun, *events, *problem.args.watched], attempt)
    except Unknown:
        return attempt()


def _values(problem: Problem, options: Options, system: System) -> Named[Numbers] | None:
    if not problem.is_traced:
        return options.parameters
    return {"p": problem.args.numbers} if len(system.parameters) else None

"""`solve_ivp` with SciPy's arguments and results, the whole way in machine code."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.integrate import OdeSolution
from scipy.integrate import solve_ivp as stepwise
from scipy.integrate._ivp.base import check_arguments
from scipy.integrate._ivp.common import validate_first_step, warn_extraneous
from scipy.integrate._ivp.ivp import MESSAGES, OdeResult

from taylor.bridges.scipy.events import event_kinds, event_list
from taylor.bridges.scipy.integrators import integrator_for, options_of
from taylor.bridges.scipy.problem import Problem, problem_of
from taylor.bridges.scipy.solver import RightHandSide, StepOutput, Taylor
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Outcome, Request, Status
from taylor.machines.dense import DenseOutput
from taylor.systems.arguments import as_pairs

METHODS = (None, "Taylor", Taylor)
PIECE = 64  # steps that are recorded at a time, where their ends are wanted; there is room for them


def solve_ivp(
    fun: RightHandSide,
    t_span: Sequence[float],
    y0: ArrayLike,
    method: str | type | None = "Taylor",
    t_eval: ArrayLike | None = None,
    dense_output: bool = False,
    events: object = None,
    vectorized: bool = False,
    args: Sequence[object] | None = None,
    **options: object,
) -> OdeResult:
    """Solve an initial value problem as `scipy.integrate.solve_ivp` does; returns what it returns.

    All of the way is machine code, and *all* zeros of the event functions are found: on the
    polynomials of the steps, not by their signs at the ends of steps.

    fun, t_span, y0, t_eval, dense_output, vectorized, args: as of SciPy; y0 may be complex, `fun`
        also a system of expressions, as `taylor.Integrator` takes it.  Functions are traced:
        called with expressions; what their values decide is `np.where`, or Python's own control
        flow, which `taylor.program` translates (not of complex states).  What was compiled is used
        again for functions that do the same, whatever y0, t_span, and the floats in `args` are.
    method:  "Taylor"; the other methods are SciPy's.
    events:  functions ``event(t, y, *args)``, traced as well, or expressions, or `taylor.Event`s,
        one or a list.  Their attributes `terminal` (a number of times, too) and `direction` count
        as in SciPy.  Touches without a change of sign are found as well (see `taylor.Event`); a
        zero at the very start is recorded, but ends nothing.
    options: `rtol`, `atol` (1e-3 and 1e-6, numbers or one a state), `max_step`, `first_step`;
        `order`, `high_accuracy` and `parameters` (of a system) as of `taylor.Integrator`.

    `t` and `y` of the result are the ends of steps, which are long: ask for `t_eval` or
    `dense_output` where a curve is wanted.  `nfev` counts expansions in series.

    Raises TracingError where a function cannot be traced; ValueError and TypeError as SciPy.

    >>> import taylor as ty
    >>> def event(t, y):
    ...     return y[0] - 0.999999
    >>> found = ty.scipy.solve_ivp(lambda t, y: [y[1], -y[0]], (0, 10), [0, 1], events=event,
    ...                            rtol=1e-12)
    >>> [len(times) for times in found.t_events], found.message
    ([4], 'The solver successfully reached the end of the integration interval.')
    """
    if method not in METHODS:
        raise ArgumentError(
            f"method={method!r}: ty.scipy.solve_ivp has Taylor series alone; the methods of SciPy "
            "are those of scipy.integrate.solve_ivp"
        )
    given = _arguments(args)
    begin, end = map(float, t_span)
    if math.isnan(begin) or math.isnan(end):
        raise ArgumentError(f"t_span: times must be numbers, got ({begin!r}, {end!r})")
    _, start = check_arguments(fun, y0, support_complex=True)
    if not start.size or begin == end:
        more: dict[str, Any] = {"args": args, "vectorized": vectorized, **options}
        return stepwise(fun, (begin, end), y0, Taylor, t_eval, dense_output, events, **more)
    problem = problem_of(fun, start, given, vectorized)
    first_step = options.pop("first_step", None)
    known = {name: options.pop(name) for name in _OPTIONS if name in options}
    warn_extraneous(options)
    chosen: Any = options_of(problem, **known)  # type: ignore[arg-type]
    listed = event_list(events)
    kinds = event_kinds(listed, backward=end < begin)
    if math.isinf(end) and not any(kind.most for kind in kinds):
        raise ArgumentError("t_span is infinite, and no event is terminal")
    ta = integrator_for(problem, begin, start, chosen, listed, kinds)
    first = None
    if first_step is not None:
        first = float(validate_first_step(first_step, begin, end))
    times = None if t_eval is None else _times(t_eval, begin, end)
    run = Run(problem, ta, begin, end, times, dense_output)
    run.propagate(first)
    return run.result(None if events is None else len(listed))


_OPTIONS = ("rtol", "atol", "max_step", "order", "high_accuracy", "parameters")


def _arguments(args: Sequence[object] | None) -> tuple[object, ...]:
    try:
        return () if args is None else tuple(args)
    except TypeError:
        raise ArgumentTypeError(
            "Supplied 'args' cannot be unpacked. Please supply `args` as a tuple (e.g. "
            f"`args=({args},)`)"
        ) from None


def _times(t_eval: ArrayLike, begin: float, end: float) -> np.ndarray:
    """`t_eval` checked, as SciPy does."""
    times = np.asarray(t_eval, dtype=float)
    if times.ndim != 1:
        raise ArgumentError("t_eval: one axis of times is wanted")
    if np.any(times < min(begin, end)) or np.any(times > max(begin, end)):
        raise ArgumentError("t_eval: all times have to lie between the ends of t_span")
    if np.any(np.diff(times) * np.sign(end - begin) <= 0):
        raise ArgumentError("t_eval: times have to follow one another in the direction of t_span")
    return times


class Run:
    """One integration from begin to end, in as many calls as memory asks for."""

    def __init__(
        self,
        problem: Problem,
        integrator: Integrator,
        begin: float,
        end: float,
        times: np.ndarray | None,
        dense_output: bool,
    ) -> None:
        self.problem, self.integrator = problem, integrator
        self.begin, self.end, self.times = begin, end, times
        self.dense_output = dense_output
        self._outcomes: list[Outcome] = []
        self._starts: list[np.ndarray] = []  # of steps
        self._states: list[np.ndarray] = []  # there, or at the times that were reached
        self._reached = 0  # of these

    def propagate(self, first_step: float | None) -> None:
        """Go on until the end or what stops it."""
        ta = self.integrator
        if first_step is not None:
            bound, ta.max_step = ta.max_step, min(first_step, ta.max_step)
            ended = self._piece(1)
            ta.max_step = bound
            if ended:
                return
        while not self._piece(PIECE if self.times is None else None):
            pass

    def _piece(self, limit: int | None) -> bool:
        """Propagate; whether that was all."""
        ta, left = self.integrator, None
        if self.times is not None and self._reached < len(self.times):
            left = as_pairs(self.times[self._reached :])
        request = Request(limit=limit, dense=self.dense_output, records=self.times is None)
        outcome = ta._propagate(lambda: ((self.end, 0.0), left), request)
        if self.times is None:
            starts, states = ta._machine.step_starts()
            self._starts.append(starts)
            self._states.append(states)
        elif outcome.states is not None:
            known = outcome.states[~np.isnan(outcome.states[:, 0])]
            self._reached += len(known)
            self._states.append(known)
        self._outcomes.append(outcome)
        return outcome.status is not Status.STEP_LIMIT

    # -- the result -----------------------------------------------------------------------------

    def result(self, events: int | None) -> OdeResult:
        """What SciPy returns.

        events: how many were watched; None without any.
        """
        last = self._outcomes[-1]
        status = {Status.REACHED: 0, Status.EVENT: 1, Status.STOPPED: 1}.get(last.status, -1)
        if last.time == self.end and status < 0:
            status = 0  # whatever is beyond
        t, y = self._shown()
        t_events = y_events = None
        if events is not None:
            found = [self._zeros(number) for number in range(events)]
            t_events, y_events = [t for t, _ in found], [y for _, y in found]
        return OdeResult(
            t=t,
            y=y,
            sol=self._solution() if self.dense_output else None,
            t_events=t_events,
            y_events=y_events,
            nfev=sum(outcome.steps + outcome.retracted for outcome in self._outcomes),
            njev=0,
            nlu=0,
            status=status,
            message=MESSAGES.get(status, last.message or last.status.value),
            success=status >= 0,
        )

    def _shown(self) -> tuple[np.ndarray, np.ndarray]:
        """Times (k,) and the states there, (n, k)."""
        ta = self.integrator
        last = ta.state[np.newaxis] if self.times is None else np.empty((0, len(ta.state)))
        states = np.concatenate([*self._states, last])
        if self.times is None:
            t = np.append(np.concatenate(self._starts), ta.time)
        else:
            t = self.times[: self._reached].copy()
        return t, np.ascontiguousarray(self.problem.to_user(states).T)

    def _zeros(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Times (k,) of an event, and the states there, (k, n); SciPy's (0,) without any."""
        found = [outcome.events[number] for outcome in self._outcomes]
        t = np.concatenate([crossings.times for crossings in found])
        if not len(t):
            return t, np.empty(0)
        return t, self.problem.to_user(np.concatenate([c.states for c in found]))

    def _solution(self) -> OdeSolution:
        found = [outcome for outcome in self._outcomes if outcome.steps] or self._outcomes
        made = [outcome.dense for outcome in found if outcome.dense is not None]
        starts, scales, coefficients = (
            np.concatenate([getattr(one, name) for one in made])
            for name in ("starts", "scales", "coefficients")
        )
        return Solution(DenseOutput(starts, made[-1].end, scales, coefficients), self.problem)


class Solution(OdeSolution):  # type: ignore[misc]
    """The solution as a function of time, whole: () gives (n,), (k,) gives (n, k).

    ts, t_min, t_max, interpolants: as of SciPy's; the latter are made when they are asked for.
    """

    def __init__(self, dense: DenseOutput, problem: Problem) -> None:
        ts = np.append(dense.starts[:, 0], dense.end[0])
        ascending = ts[-1] >= ts[0]
        self.ts, self.n_segments, self.ascending = ts, len(ts) - 1, ascending
        self.t_min, self.t_max = (ts[0], ts[-1]) if ascending else (ts[-1], ts[0])
        self.side, self.ts_sorted = ("left", ts) if ascending else ("right", ts[::-1])
        self._whole = StepOutput(float(ts[0]), float(ts[-1]), dense, problem)
        self._dense, self._problem = dense, problem

    @property
    def interpolants(self) -> list[StepOutput]:
        """The polynomials of each step."""
        dense, found = self._dense, []
        for k in range(self.n_segments):
            part = slice(k, k + 1)
            end = dense.starts[k + 1] if k + 1 < self.n_segments else dense.end
            one = DenseOutput(dense.starts[part], end, dense.scales[part], dense.coefficients[part])
            found.append(StepOutput(self.ts[k], self.ts[k + 1], one, self._problem))
        return found

    def __call__(self, t: ArrayLike) -> np.ndarray:
        return self._whole(t)  # type: ignore[no-any-return]

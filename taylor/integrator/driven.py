"""How calls of an integrator are carried out: by its driver as far as that goes, then by Python."""

from __future__ import annotations

import math
from collections.abc import Callable
from threading import get_ident
from typing import Any, cast

import numpy as np

from taylor.errors import TaylorError
from taylor.integrator.outcome import PLAIN, SINGLE, Goal, Outcome, Request
from taylor.integrator.propagation import Propagation
from taylor.integrator.trajectory import Trajectory
from taylor.machines.flow import Flow, FlowMachine
from taylor.polynomials.polynomial import Polynomial
from taylor.systems import arguments
from taylor_runtime.callables.driving import GRID, Driver, not_yet, undriven

EXACT = 1 << 53  # whole numbers up to here are floats
ANY = math.inf  # steps, in the driver's words


def request_of(
    max_steps: int | None, callback: Callable[[Any], object] | None, dense: bool, progress: bool
) -> Request:
    """What a user asks for, checked."""
    if max_steps is None and callback is None and not dense and not progress:
        return PLAIN
    limit = arguments.step_limit(max_steps)
    arguments.check_callback(callback)
    return Request(limit, callback, dense, progress)


class Mapped(Trajectory):
    """The present point of a solution, with the derivatives that a variational system has."""

    def _derivatives(self) -> tuple[Flow, FlowMachine]:
        """What knows the derivatives, of the present state.

        Raises TaylorError without any.
        """
        if self._flow is None:
            raise TaylorError(
                "this integrator carries no derivatives; make it from ty.variational(system, "
                "order, wrt=[...])"
            )
        if not self._running:
            self._load()
        self._flow.check()
        return self._flow, cast(FlowMachine, self._machine)

    @property
    def flow_map(self) -> Polynomial:
        """The present state as polynomials in the displacements of what `wrt` named: shape (n,).

        Its constant part is the state.  Call it with displacements, compose it with another map,
        invert it; `tensor(k)` has all derivatives of an order, `derivative({x: 2, k: 1})` one of
        them.  It may be set, to any polynomials in these variables, one for each state: the state
        is then their constant part, and the solution goes on from there.  Setting `state` or
        `time` between propagations begins a new map, from what it was at first.

        Raises TaylorError for an integrator that was not made from `taylor.variational`;
        UndefinedDerivativesError behind a callback that changed the state.

        >>> import taylor as ty
        >>> x = ty.variable("x")
        >>> ta = ty.Integrator(ty.variational([(x, x**2)], order=3), [0.5])
        >>> outcome = ta.propagate_until(1.0)  # x / (1 - x t)
        >>> print((4 * ta.flow_map[0]).coefficients.round(10))
        [ 4. 16. 32. 64.]
        """
        flow, machine = self._derivatives()
        return flow.polynomials(machine.polynomials())

    @flow_map.setter
    def flow_map(self, polynomials: Polynomial) -> None:
        self._check_thread("flow_map")
        flow, _ = self._derivatives() if self._flow is None else (self._flow, None)
        self.state = flow.begin_with(polynomials)
        self._known = None

    @property
    def state_transition_matrix(self) -> np.ndarray:
        """First derivatives of the state: shape (n, variables), in double-double (.., 2).

        The variables are those of `wrt` in their order, or the directions.
        """
        return self.flow_map.jacobian


class Driven(Mapped):
    """A trajectory that can be propagated.

    A driver (`taylor_runtime.drivers.driver`) begins calls where nothing but the loop of steps
    is to be done, and most come to their end by that.
    """

    def _propagate(self, goal: Callable[[], Goal], request: Request) -> Outcome:
        """One call, while nobody else can move the integrator.

        goal: the end and perhaps a grid on the way there, (k, 2), asked for when nobody else can.
        """
        before = self._running
        try:
            self._claim()
            return Propagation(self, goal(), request).run()
        finally:
            if not before:  # else it is another call's, and none has been made
                self._let_go()

    def _ends_otherwise(self, request: Request) -> bool:
        """Whether a call may end by something else than its end."""
        watched = any(event.terminal or event.callback is not None for event in self.events)
        return watched or request.limit is not None or request.callback is not None

    def _let_go(self) -> None:
        """Nobody has the integrator any more, unless another thread has; Ctrl-C may come at any
        time.
        """
        if self._running not in (-1, get_ident()):
            return
        try:
            self._front.bind(self._machine)
        finally:
            self._front.block.running = 0

    def _driven(self, what: Any, kind: float, request: Request = PLAIN) -> Outcome | None:
        """The outcome of a call that the driver has taken; None where it has done nothing, as where
        more is asked for than a limit of steps.
        """
        if request is PLAIN:
            most = ANY
        elif request is SINGLE:
            most = 1.0
        elif request[1:] != PLAIN[1:] or kind == GRID:
            return None
        else:
            most = ANY if request.limit is None else float(min(request.limit, EXACT - 1))
        driver = self._driver or self._make_driver()
        if type(what) is int and abs(what) < EXACT:
            what = float(what)
        try:
            found = driver(self._state, self._parameters._values, self._max_step, what, kind, most)
            if found is None or type(found) is Outcome:
                return found
            return self._rest(found, request, what if kind == GRID else None)
        except KeyboardInterrupt:  # perhaps just when the driver came back
            self._let_go()
            raise

    def _rest(self, code: int, request: Request, grid: np.ndarray | None = None) -> Outcome:
        """The outcome of a call whose first steps a driver has made, and why these ended.

        grid: times, (k,).
        """
        try:
            self._running = get_ident()
            pairs = None if grid is None else arguments.as_pairs(grid)
            return Propagation(self, (self._machine.end, pairs), request).go_on(code)
        finally:
            self._let_go()

    def _make_driver(self) -> Driver:
        detection, driver = self._detection, undriven
        plain = self._flow is None and self._steering is None and not self._schedule.jumps
        if plain and (detection is None or detection.is_plain):
            search = None if detection is None else detection.search
            silence = self.system.states, len(self.events)
            driver = self._front.driver(self._machine, search, Outcome, silence)
        self._driver = None if driver is not_yet else driver
        return driver

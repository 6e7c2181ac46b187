"""The derivatives of an integrator's solution, as users see them."""

from __future__ import annotations

from typing import cast

import numpy as np

from taylor.errors import TaylorError
from taylor.integrator.trajectory import Trajectory
from taylor.machines.flow import Flow, FlowMachine
from taylor.polynomials.polynomial import Polynomial


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

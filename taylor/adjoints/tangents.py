"""A solution together with its derivative along a direction: equations, events, and costs.

The derivative u of the solution x along a direction obeys u' = f_x u + f_p q, in which q is the
direction's part in the parameters, and it is a solution of ordinary equations again: its adjoint
gives second derivatives (forward over reverse; Griewank & Walther, Evaluating Derivatives, 2008,
section 5).  At a jump x+ = R(x-) at which g = 0, with tau the derivative of the time,

    tau = -(g_x u + g_p q) / (g_x f + g_t),    u+ = R_x u- + R_p q + (R_x f- + R_t - f+(x+)) tau
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from taylor.adjoints.propagator import Propagator
from taylor.errors import ArgumentError, UnsupportedFunctionError
from taylor.expressions.arguments import argument, kept
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, as_expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.scalars import scalars
from taylor.expressions.substitute import substitute_all
from taylor.nodes.traverse import reachable
from taylor.systems.elements import Elements
from taylor.systems.events import Event
from taylor.systems.impulses import Impulse
from taylor.systems.names import Names
from taylor.systems.resets import Reset
from taylor.transforms.forward import tangents
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True, slots=True)
class Along:
    """What goes along with states and parameters: derivatives along a direction, by leaf.

    states, parameters: leaves (or scalars) with theirs; flat: of all scalars of the states.
    """

    states: dict[Expression, Expression]
    parameters: dict[Expression, Expression]
    flat: tuple[Expression, ...]

    @classmethod
    def of(cls, ta: Propagator) -> Along:
        system = ta.system
        leaves = [x for x, _ in system.blocks] or list(system.states)
        states = {x: _named(x, "variable") for x in leaves}
        known = system.parameters
        listed = list(known.first) if isinstance(known, Elements) else list(known)
        parameters = {k: _named(k, "parameter") for k in listed}
        flat = tuple(u for each in states.values() for u in scalars(each).ravel())
        return cls(states, parameters, flat)

    @property
    def seeds(self) -> dict[Expression, Expression]:
        return {**self.states, **self.parameters}

    def tangents(self, outputs: Sequence[Expression]) -> list[Expression]:
        """Derivatives of expressions along the direction."""
        return tangents(outputs, self.seeds)


def _named(e: Expression, kind: str) -> Expression:
    (made,) = kept(argument(f"derivative of {e}", e.shape, kind))
    return made


class Tangent:
    """The equations of an integrator together with their derivatives along a direction."""

    def __init__(self, ta: Propagator) -> None:
        if ta.switches:
            raise UnsupportedFunctionError(
                "second derivatives by adjoints are not available through switches of the "
                "right-hand side; ty.variational(..., order=2) has them"
            )
        self.ta, self.along = ta, Along.of(ta)
        system = ta.system
        pairs = list(system.blocks) or list(zip(system.states, system.derivatives, strict=True))
        own = self.along.tangents([f for _, f in pairs])
        both = [
            *pairs,
            *((self.along.states[x], u) for (x, _), u in zip(pairs, own, strict=True)),
        ]
        self._equations = both
        self._slopes = list(system.derivatives) if ta.events else []

    # -- events -----------------------------------------------------------------------------------

    def later(self, g: Expression) -> Expression:
        """The derivative along the direction of the time of a zero of g."""
        (moved,) = self.along.tangents([g])
        return -moved / self._rates([g])[0]

    def _rates(self, outputs: Sequence[Expression]) -> list[Expression]:
        """Derivatives by time along the solution."""
        seeds = dict(zip(self.ta.system.states, self._slopes, strict=True))
        spelled = [scalars(e).item() for e in outputs]
        return tangents(spelled, {**seeds, time_node: ONE})

    def with_time(self, outputs: Sequence[Expression], g: Expression) -> list[Expression]:
        """Derivatives of scalars along the direction, of what they are at a zero of g."""
        later = self.later(g)
        pairs = zip(self.along.tangents(outputs), self._rates(outputs), strict=True)
        return [moved + rate * later for moved, rate in pairs]

    def _events(self) -> list[Event]:
        found = []
        for event, reset in zip(self.ta.events, self._resets(), strict=True):
            if event.callback is not None:
                raise ArgumentError("there are no second derivatives through callbacks of events")
            new = None if reset is None else self._reset(scalars(event.expression).item(), reset)
            found.append(
                Event(event.expression, event.terminal, event.direction, None, event.cooldown, new)
            )
        return found

    def _resets(self) -> Sequence[Reset | None]:
        detection = self.ta._detection
        return () if detection is None else detection.resets

    def _reset(self, g: Expression, reset: Reset) -> dict[Any, Any]:
        """What is set at an event, derivatives too."""
        system = self.ta.system
        states, parameters = dict(reset.states), dict(reset.parameters)
        after = [states.get(place, x) for place, x in enumerate(system.states)]
        new = {x: e for x, e in zip(system.states, after, strict=True) if e is not x}
        wanted = {system.parameters[place]: e for place, e in parameters.items()}
        behind = substitute_all(self._slopes, {**new, **wanted})
        later = self.later(g)
        given: dict[Any, Any] = {**new, **wanted}
        moved = self.with_time(after, g)
        for u, whole, slope in zip(self.along.flat, moved, behind, strict=True):
            given[u] = whole - slope * later
        for (k, _), whole in zip(
            wanted.items(), self.with_time(list(wanted.values()), g), strict=True
        ):
            given[self.along.parameters[k]] = whole
        return given

    def _impulses(self) -> list[Impulse]:
        found = []
        for jump in self.ta._schedule.jumps:
            add, wanted = _jumped(self.ta, jump)
            add |= self._moved({self.along.flat[p]: e for p, e in jump.added})
            wanted |= self._moved({self.along.parameters[k]: e for k, e in wanted.items()})
            found.append(Impulse([jump.time], add or None, wanted or None))
        return found

    def _moved(self, given: Mapping[Expression, Expression]) -> dict[Expression, Expression]:
        own = self.along.tangents([as_expression(e) for e in given.values()])
        return dict(zip(given, own, strict=True))

    # -- the integrator ---------------------------------------------------------------------------

    def integrator(self, state: np.ndarray, parameters: np.ndarray) -> Propagator:
        """One from the present point, with a direction: (n,) of states, (m,) of parameters."""
        ta: Any = self.ta
        events, impulses = self._events(), self._impulses()
        used = [e for _, e in self._equations]
        used += [e for event in events for e in event.expressions]
        used += [e for impulse in impulses for e in impulse.expressions]
        leaves = set(reachable(used))  # parameters, and elements of arrays that are spelled out
        values: dict[Expression, np.ndarray] = {}
        for leaf, q in self.along.parameters.items():
            places = self.places(leaf)
            for own, array in ((leaf, ta.parameters.array()), (q, parameters)):
                if own in leaves:
                    found = array[places] if places.shape else array[int(places)]
                    values[own] = np.where(np.isfinite(found), found, 0.0)
        return _like(ta, self._equations, state, values, events, impulses)

    def fixed(self, other: Propagator, parameters: np.ndarray) -> dict[Expression, Expression]:
        """Numbers for the parts of the direction that the equations do not have."""
        known = Names(other.system.parameters, "parameter", partial=True)
        kind = self.ta._kind
        found: dict[Expression, Expression] = {}
        for leaf, q in self.along.parameters.items():
            if q not in known:
                values = parameters[self.places(leaf)]
                exact = kind.exactly(values) if kind.is_finer else np.asarray(values, float)
                found[q] = as_expression(exact if q.shape else np.asarray(exact)[()])
        return found

    def places(self, leaf: Expression) -> np.ndarray:
        """Of a parameter, among those of the system."""
        found: np.ndarray = self.ta.parameters._names[leaf]
        return found


def with_integral(ta: Propagator, running: Expression) -> tuple[Propagator, Expression]:
    """An integrator with one more state, the integral of an expression from its present time on,
    and that state.
    """
    system = ta.system
    (total,) = kept(argument("integral of the running cost", (), "variable"))
    pairs = list(system.blocks) or list(zip(system.states, system.derivatives, strict=True))
    given: Any = ta
    events = []
    for event, reset in zip(ta.events, given._detection.resets, strict=True):
        new: dict[Any, Any] | None = None
        if reset is not None:
            new = {system.states[place]: e for place, e in reset.states}
            new |= {system.parameters[place]: e for place, e in reset.parameters}
        own = event.expression, event.terminal, event.direction, event.callback, event.cooldown
        events.append(Event(*own, new))
    impulses = []
    for jump in ta._schedule.jumps:
        add, wanted = _jumped(ta, jump)
        impulses.append(Impulse([jump.time], add or None, wanted or None))
    values = {k: given.parameters[k] for k in Along.of(ta).parameters}
    nothing = np.zeros((1, *ta._kind.axes), ta._kind.dtype)
    return _like(ta, [*pairs, (total, running)], nothing, values, events, impulses), total


def _jumped(ta: Propagator, jump: Any) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What an impulse adds to states, and sets parameters to."""
    names = [str(e) for e in ta.system.parameters]
    places = {names.index(str(ta._schedule.parameters[k])): e for k, e in jump.wanted}
    add = {ta.system.states[p]: e for p, e in jump.added}
    return add, {ta.system.parameters[p]: e for p, e in places.items()}


def _like(
    given: Propagator,
    equations: Sequence[tuple[Expression, Any]],
    more: np.ndarray,
    parameters: Mapping[Expression, Any],
    events: Sequence[Event],
    impulses: Sequence[Impulse],
) -> Propagator:
    """An integrator like another one from its present point on, with more states."""
    ta: Any = given
    found_order = {"order": ta.order} if ta._order_given else {"tol": ta.tol}
    made: Propagator = type(ta)(
        equations,
        np.concatenate([ta.state, more]),
        time=ta.time_pair,
        parameters=parameters,
        max_step=ta.max_step,
        events=events,
        impulses=impulses,
        precision=ta.precision,
        **found_order,
    )
    return made

"""What makes an orbit periodic, as equations F(z) = 0 whose derivatives flow maps have.

z has the initial values of the n states, the parameters that may vary, and the period, by name.
Some of them are unknown, the others given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Status
from taylor.nodes.traverse import inputs, reachable
from taylor.numbers.types import Numbers, Time
from taylor.points.formula import Function, compile
from taylor.sensitivities.failures import AnalysisError
from taylor.sensitivities.given import plain, read
from taylor.systems.names import Names
from taylor.systems.system import Equations, System
from taylor.systems.variational import variational
from taylor.transforms.differentiate import diff
from taylor_runtime.program.records import dataclass

PERIOD = "period"
LEAST = 0.05  # of the geometric mean of sizes, that a state counts for
REVERSIBLE = 1e-9  # of the right-hand side, that the symmetry may fail by
EPSILON = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """A system and what is wanted of its periodic orbits.

    names:      of z: states, parameters that may vary, the period.
    odd:        places of the states that change their sign under the symmetry, None without one.
    conditions: expressions of the initial state and the parameters that vanish.
    autonomous: whether the right-hand side does not depend on time.
    """

    system: System
    parameters: Mapping[str, float]
    names: tuple[str, ...]
    odd: tuple[int, ...] | None
    conditions: tuple[Expression, ...]
    autonomous: bool
    time: tuple[float, float]
    tol: float | None

    @property
    def size(self) -> int:
        """The number n of states."""
        return len(self.system)

    @property
    def varied(self) -> tuple[str, ...]:
        """The parameters among the names."""
        return self.names[self.size : -1]

    def place(self, name: Any) -> int:
        """Where a state, parameter or "period" stands in z.

        Raises ArgumentError for what is none of them.
        """
        if str(name) not in self.names:
            raise ArgumentError(
                f"{name} is none of the unknowns of this orbit: {', '.join(self.names)}"
            )
        return self.names.index(str(name))

    def places(self, items: Any) -> list[int]:
        """Places of one or several names; arrays of states stand for their elements."""
        listed = [items] if isinstance(items, str | Expression) else list(items)
        found: list[int] = []
        names = Names(self.system.states, "state")
        for item in listed:
            if str(item) in self.names:
                found.append(self.place(item))
            elif str(item) in names.arrays:
                found += [int(k) for k in names[item].ravel()]
            else:
                self.place(item)
        return found

    def with_parameters(self, varied: Sequence[str]) -> Setting:
        """The same where other parameters may vary, too."""
        states = self.names[: self.size]
        extra = [name for name in varied if name not in self.varied]
        return replace(self, names=(*states, *self.varied, *extra, PERIOD))

    @property
    def signs(self) -> np.ndarray:
        """The diagonal of the symmetry R: -1 for odd states, 1 for the others."""
        found = np.ones(self.size)
        found[list(self.odd or ())] = -1.0
        return found


def make_setting(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    parameters: Named[Numbers] | Numbers | None,
    odd: Any,
    conditions: Sequence[Expression],
    time: Time,
    tol: float | None,
) -> tuple[Setting, np.ndarray]:
    """The setting, with no parameter that varies yet, and the initial state."""
    given = read(system, state, parameters, time)
    made, start = given.system, given.state.copy()
    values = {str(e): value for e, value in given.parameters.items()}
    autonomous = all(e is not time_node for e in reachable(list(made.derivatives)))
    for e in conditions:
        if not isinstance(e, Expression) or e.shape != ():
            raise ArgumentError(f"conditions are scalar expressions that vanish, got {e!r}")
        known = {*inputs(made.states), *inputs(made.parameters)}
        unknown = [leaf for leaf in inputs([e]) if leaf not in known]
        if unknown:
            raise ArgumentError(f"conditions: {unknown[0]} is no state or parameter of the system")
    names = (*map(str, made.states), PERIOD)
    setting = Setting(made, values, names, None, tuple(conditions), autonomous, given.time, tol)
    if odd is None:
        return setting, start
    places = tuple(sorted(set(setting.places(odd))))
    if not places or PERIOD in {names[k] for k in places}:
        raise ArgumentError("odd: name the states that change their sign under the symmetry")
    if not autonomous:
        raise ArgumentError("odd: the right-hand side depends on time; leave `odd` out")
    setting = replace(setting, odd=places)
    _check_reversible(setting, start)
    start[list(places)] = 0.0
    return setting, start


def _check_reversible(setting: Setting, start: np.ndarray) -> None:
    """Raise ArgumentError unless R f(R x) = -f(x) near a state."""
    rhs = Rhs(setting)
    signs = setting.signs
    p = np.array([*setting.parameters.values()])
    for shift in np.random.default_rng(5).normal(size=(4, setting.size)):
        x = start + 0.01 * shift * (np.abs(start).max() or 1.0)
        here, there = rhs(x, p, setting.time[0]), rhs(signs * x, p, setting.time[0])
        wrong = np.abs(signs * there + here) > REVERSIBLE * (np.abs(here).max() + 1e-300)
        if wrong.any():
            place = int(np.argmax(wrong))
            raise ArgumentError(
                f"odd: the system has no such symmetry: under it and with time reversed the "
                f"derivative of {setting.names[place]} is another one"
            )


class Rhs:
    """The right-hand side of a system, as a function of arrays."""

    def __init__(self, setting: Setting) -> None:
        derivatives, own = plain(setting.system, setting.system.derivatives)
        self._function: Function[Any] = compile(derivatives, [*own, time_node])

    def __call__(self, x: np.ndarray, p: np.ndarray, time: float) -> np.ndarray:
        """f(x, time; p), shape (n,)."""
        return np.array([float(one) for one in self._function(*x, *p, time)])


@dataclass(frozen=True, slots=True, eq=False)
class Shot:
    """What was found from one z.

    residual:   F(z), each component in units of what it is of.
    jacobian:   of F by all of z, likewise scaled.
    transition: first derivatives of the state at the end by the initial one, (n, n); of half a
                period where there is a symmetry.
    flow:       f at the start.
    """

    residual: np.ndarray
    jacobian: np.ndarray
    transition: np.ndarray
    flow: np.ndarray

    @property
    def floor(self) -> float:
        """What rounding errors leave of the residual."""
        return 64 * EPSILON * (1 + float(np.abs(self.jacobian).max()))


class Shooter:
    """F and its derivatives, of one setting: compiled once, for many z.

    scales: (len(names),): sizes of the components of z along an orbit.
    """

    def __init__(self, setting: Setting, z: np.ndarray) -> None:
        self.setting = setting
        self.rhs = Rhs(setting)
        n = setting.size
        wrt = [*setting.system.states]
        wrt += [e for e in setting.system.parameters if str(e) in setting.varied]
        order = [str(e) for e in wrt[n:]]
        assert len(order) == len(setting.varied)
        self._columns = [n + order.index(name) for name in setting.varied]
        common: Any = {
            "parameters": dict(setting.parameters),
            "time": setting.time,
            "tol": setting.tol,
        }
        self.plain = Integrator(setting.system, z[:n], **common)
        self.varied = Integrator(variational(setting.system, 1, wrt), z[:n], **common)
        self._conditions = self._make_conditions()
        self._first: np.ndarray | None = None
        self.rescale(z)

    def _make_conditions(self) -> list[Function[Any]]:
        """Functions of states and parameters: a condition, and its derivatives by all names."""
        system = self.setting.system
        found = []
        for condition in self.setting.conditions:
            (e,), own = plain(system, [condition])
            leaves = [str(leaf) for leaf in (*system.states, *system.parameters)]
            slopes = [diff(e, own[leaves.index(name)]) for name in self.setting.names[:-1]]
            found.append(compile([e, *slopes], own))
        return found

    def rescale(self, z: np.ndarray) -> None:
        """Set `scales` to how large states become along the orbit, parameters and period are.

        States that are much smaller than others count as no smaller than a part of their mean, and
        nothing as much smaller than it was at first: what goes through zero is to do so in steps.
        """
        _, states = self.sample(z, 64)
        largest = np.abs(states).max(axis=0)
        seen = largest[largest > 1e-9 * largest.max()]
        usual = float(np.exp(np.log(seen).mean())) if len(seen) else 1.0
        found = np.abs(z)
        found[: self.setting.size] = np.maximum(largest, LEAST * usual)
        found[found == 0] = 1.0
        if self._first is None:
            self._first = np.where(np.arange(len(z)) < self.setting.size, LEAST, 1.0) * found
        self.scales = np.maximum(found, self._first)

    def values(self, z: np.ndarray) -> np.ndarray:
        """All parameters, in the order of the system."""
        known = dict(self.setting.parameters)
        known |= dict(zip(self.setting.varied, z[self.setting.size : -1].tolist(), strict=True))
        return np.array([known[str(e)] for e in self.setting.system.parameters])

    def sample(self, z: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Times (count + 1,) from 0 to the period, and states there.

        Raises AnalysisError where the solution does not last so long.
        """
        times = np.linspace(0.0, z[-1], count + 1)
        ta = self._begin(self.plain, z)
        outcome = ta.propagate_grid(self.setting.time[0] + times)
        assert outcome.states is not None
        if outcome.status is not Status.REACHED:
            raise AnalysisError(
                f"the solution from {z[: self.setting.size]} does not last for a period of "
                f"{z[-1]!r}: {outcome.message or outcome.status.value}"
            )
        return times, outcome.states

    def _begin(self, ta: Integrator, z: np.ndarray) -> Integrator:
        ta.time = self.setting.time
        ta.state = z[: self.setting.size]
        for e, value in zip(self.setting.system.parameters, self.values(z), strict=True):
            ta.parameters[e] = value
        return ta

    def shoot(self, z: np.ndarray, reference: np.ndarray) -> Shot | None:
        """F and its derivatives at z; None where the solution does not last so long.

        reference: z of a neighbour, from which the orbit is not to be displaced along the flow.
        """
        setting, n = self.setting, self.setting.size
        if not (np.isfinite(z).all() and z[-1] > 0):
            return None
        part = 1.0 if setting.odd is None else 0.5
        ta = self._begin(self.varied, z)
        if ta.propagate_for(part * z[-1]).status is not Status.REACHED:
            return None
        p = self.values(z)
        x, first = ta.state.copy(), ta.state_transition_matrix
        slopes = np.zeros((n, len(z)))
        slopes[:, :n] = first[:, :n]
        slopes[:, n:-1] = first[:, self._columns]
        slopes[:, -1] = part * self.rhs(x, p, ta.time)
        flow = self.rhs(z[:n], p, setting.time[0])
        if setting.odd is not None:
            own = list(setting.odd)
            residual, rows, units = x[own], slopes[own], self.scales[own]
        else:
            residual, units = x - z[:n], self.scales[:n]
            rows = slopes.copy()
            rows[:, :n] -= np.eye(n)
            if setting.autonomous:
                residual, rows, units = self._phase(z, residual, rows, units, reference)
        for function in self._conditions:
            value, *gradient = (float(one) for one in function(*z[:n], *p))
            row = np.array([*gradient, 0.0])
            unit = float(np.abs(row * self.scales).max()) or 1.0
            residual, rows = np.append(residual, value), np.vstack([rows, row])
            units = np.append(units, unit)
        jacobian = rows * self.scales / units[:, np.newaxis]
        return Shot(residual / units, jacobian, first[:, :n].copy(), flow)

    def _phase(
        self,
        z: np.ndarray,
        residual: np.ndarray,
        rows: np.ndarray,
        units: np.ndarray,
        reference: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """One more equation: no displacement along the flow from the reference."""
        n = self.setting.size
        flow = self.rhs(reference[:n], self.values(reference), self.setting.time[0])
        along = flow / self.scales[:n]
        length = float(np.linalg.norm(along)) or 1.0
        row = np.zeros(len(z))
        row[:n] = along / length / self.scales[:n]
        value = float(row[:n] @ (z[:n] - reference[:n]))
        return np.append(residual, value), np.vstack([rows, row]), np.append(units, 1.0)

    def monodromy(self, shot: Shot) -> np.ndarray:
        """Derivatives of the state after a period by the initial one."""
        if self.setting.odd is None:
            return shot.transition
        reflected = self.setting.signs[:, np.newaxis] * shot.transition
        # R Phi^-1 R Phi with half an orbit's Phi: the other half is the mirror image, backwards
        back = np.linalg.solve(shot.transition, reflected)
        return np.asarray(self.setting.signs[:, np.newaxis] * back)

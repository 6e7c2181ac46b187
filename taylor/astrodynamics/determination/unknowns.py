"""What is estimated: initial states, parameters of the equations, parameters of measurements."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.scalars import scalars
from taylor.integrator.integrator import Integrator
from taylor.nodes.traverse import inputs
from taylor_runtime.program.records import dataclass

Values: TypeAlias = "Mapping[Expression, ArrayLike]"


def elements(e: Expression) -> list[Expression]:
    """The elements of a state or parameter, as scalars."""
    return list(scalars(e).reshape(-1))


@dataclass(frozen=True, eq=False)
class Unknowns:
    """Numbers that are varied, one after the other.

    keys:       as users name them, arrays among them.
    shapes:     of each key.
    listed:     their elements.
    states:     for each element its place among the integrator's states, -1 for parameters.
    parameters: for each its place among all parameters, -1 for states.
    """

    keys: tuple[Expression, ...]
    listed: tuple[Expression, ...]
    states: np.ndarray
    parameters: np.ndarray

    def __len__(self) -> int:
        return len(self.listed)

    @property
    def names(self) -> tuple[str, ...]:
        """What they are called."""
        return tuple(map(str, self.listed))

    def places(self, key: Expression) -> np.ndarray:
        """Where a key's elements are, in its shape.

        Raises ArgumentError for what is not among them.
        """
        known = {e: k for k, e in enumerate(self.listed)}
        try:
            found = [known[e] for e in elements(key)]
        except KeyError:
            raise ArgumentError(
                f"{key} is not estimated; what is: {', '.join(map(str, self.keys))}"
            ) from None
        return np.array(found).reshape(key.shape)

    def spread(self, given: Values, missing: float, what: str) -> np.ndarray:
        """Numbers by key as one array, (n,)."""
        found = np.full(len(self), missing)
        for key, value in given.items():
            if not isinstance(key, Expression):
                raise ArgumentTypeError(f"{what}: keys are states and parameters, got {key!r}")
            places = self.places(key)
            try:
                found[places] = np.asarray(value, float)
            except (TypeError, ValueError):
                raise ShapeError(
                    f"{what}: {key} needs numbers of shape {key.shape}, got {value!r:.60}"
                ) from None
        return found


class Quantities:
    """All states and parameters of a problem, with their values at first."""

    def __init__(
        self, integrator: Integrator, used: Sequence[Expression], given: Values | None
    ) -> None:
        """used: expressions of measurements; given: values of parameters that only they have."""
        self.states = list(integrator.system.states)
        self.parameters = list(integrator.system.parameters)
        self.own = len(self.parameters)  # of the equations; those of measurements come after them
        self.state = np.array(integrator.state, float)
        values = [float(integrator.parameters[str(e)]) for e in self.parameters]
        known = set(self.parameters)
        taken = known | set(self.states)
        extra: dict[Expression, float] = {}
        for key, value in (given or {}).items():
            if not isinstance(key, Expression):
                raise ArgumentTypeError(f"determine: parameters by expression, got {key!r}")
            numbers = np.broadcast_to(np.asarray(value, float), key.shape).reshape(-1)
            extra.update(zip(elements(key), numbers.tolist(), strict=True))
        wrong = [str(e) for e in extra if e in taken]
        if wrong:
            raise ArgumentError(
                f"determine: {wrong[0]} belongs to the equations; set its value in the integrator"
            )
        for leaf in inputs(used):
            if leaf.op != "parameter":
                continue
            for e in elements(leaf):
                if e in known:
                    continue
                if e not in extra:
                    raise ArgumentError(
                        f"determine: no value for the parameter {e} of a measurement; pass "
                        f"parameters={{{leaf}: ...}}"
                    )
                known.add(e)
                self.parameters.append(e)
                values.append(extra[e])
        unused = [str(e) for e in extra if e not in known]
        if unused:
            raise ArgumentError(f"determine: no equation or measurement has {unused[0]}")
        self.values = np.array(values, float)

    def unknowns(self, keys: Sequence[Expression]) -> Unknowns:
        """Some of them.

        Raises ArgumentError for what is no state or parameter, or named twice.
        """
        states = {e: k for k, e in enumerate(self.states)}
        parameters = {e: k for k, e in enumerate(self.parameters)}
        listed: dict[Expression, None] = {}
        for key in keys:
            if not isinstance(key, Expression):
                raise ArgumentTypeError(
                    f"determine: what is estimated are states and parameters, got {key!r:.60}"
                )
            for e in elements(key):
                if e not in states and e not in parameters:
                    raise ArgumentError(
                        f"determine: {e} is no state or parameter of the equations or of a "
                        "measurement"
                    )
                if e in listed:
                    raise ArgumentError(f"determine: {e} is named twice")
                listed[e] = None
        return Unknowns(
            tuple(keys),
            tuple(listed),
            np.array([states.get(e, -1) for e in listed], int),
            np.array([parameters.get(e, -1) for e in listed], int),
        )

    def first(self, unknowns: Unknowns) -> np.ndarray:
        """Their values at first, (n,)."""
        return self.put(unknowns, self.state, self.values, None)

    def put(
        self,
        unknowns: Unknowns,
        state: np.ndarray,
        parameters: np.ndarray,
        values: np.ndarray | None,
    ) -> np.ndarray:
        """Write values into copies' places, or read them where they are None."""
        own = unknowns.states >= 0
        if values is None:
            found = np.empty(len(unknowns))
            found[own] = state[unknowns.states[own]]
            found[~own] = parameters[unknowns.parameters[~own]]
            return found
        state[unknowns.states[own]] = values[own]
        parameters[unknowns.parameters[~own]] = values[~own]
        return values

"""Gradients of the mean of a cost over many solutions."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from dataclasses import field, replace
from time import perf_counter
from typing import Any

import numpy as np

from taylor.adjoints.gradient import ByName, Gradient, gradient_through, told
from taylor.adjoints.propagator import MEMORY, CostLike, Propagator, checked_propagator
from taylor.errors import ArgumentError, ShapeError
from taylor.expressions.types import Key, Operand
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import Precision, as_array
from taylor.numbers.types import NumberOrArray, Numbers, Time
from taylor.systems.names import Names
from taylor_runtime.program.records import dataclass

FEWEST = 32  # rows that go side by side
MOST = 256  # of these at a time


@dataclass(frozen=True, slots=True)
class MeanGradient(ByName):
    """The mean of a cost over many solutions, and its derivatives.

    value: of the mean. state: derivatives of the mean by each initial state, (rows, n).
    parameters: by the parameters, which all rows share, (m,). rows: each row's own gradient.
    `gradient[k]` is the derivative by a parameter, `gradient[x]` those by the rows' initial values.

    >>> import numpy as np, taylor as ty
    >>> x, k = ty.variable("x"), ty.parameter("k")
    >>> decay = ty.Integrator([(x, -k * x)], [1.0], parameters={k: 1.0})
    >>> found = ty.mean_gradient_through(decay, [[1.0], [3.0]], x, until=1.0)  # of 2 exp(-k)
    >>> bool(np.isclose(found.value, 2 * np.exp(-1))), bool(np.isclose(found[k], -2 * np.exp(-1)))
    (True, True)
    """

    value: NumberOrArray
    state: np.ndarray
    parameters: np.ndarray
    rows: tuple[Gradient, ...] = field(repr=False)
    _names: tuple[Names, Names] = field(repr=False, compare=False)

    def __getitem__(self, key: Key) -> Any:
        """The derivatives by the initial values of a variable, or that by a parameter.

        Raises ArgumentError for what is neither.
        """
        if key in self._names[0]:
            return self.state[:, self._names[0][key]]
        return ByName.__getitem__(self, key)


def mean_gradient_through(
    integrator: Propagator,
    states: Numbers,
    cost: CostLike | None = None,
    *,
    until: Time | None = None,
    times: Sequence[Time] | np.ndarray | None = None,
    running_cost: Operand | None = None,
    wrt: Sequence[Key] | Key | None = None,
    memory: int = MEMORY,
    workers: int | None = None,
) -> MeanGradient:
    """Return the mean of a cost over solutions from many initial states, and its gradient.

    states: (rows, n), all at the integrator's present time and with its parameters.
    workers: threads that share the rows; by default as many as there are processors.
    Other arguments as in `gradient_through`; memory: bytes for all rows that are under way.

    Solutions by steps alone, without events and running costs, go side by side in lanes of machine
    code where there are many of them. Rows are added up in their order, whoever has computed them.

    Raises ShapeError for states of another shape, and what `gradient_through` raises.

    >>> import numpy as np, taylor as ty
    >>> x = ty.variable("x")
    >>> k = ty.parameter("k")
    >>> ta = ty.Integrator([(x, -k * x)], [1.0], parameters={k: 0.5})
    >>> found = ty.mean_gradient_through(ta, [[1.0], [3.0]], x, until=2.0)  # 2 exp(-2 k)
    >>> bool(abs(found[k] + 4 * np.exp(-1.0)) < 1e-14)
    True
    """
    from taylor.adjoints.through import Wanted, go_side_by_side, gradients

    integrator = checked_propagator("mean_gradient_through", integrator)
    kind = integrator._kind
    given = as_array(states, kind, "states", 2)
    if given.ndim != 2 + len(kind.axes) or given.shape[1] != len(integrator.system):
        shape = kind.shape("rows", len(integrator.system))
        raise ShapeError(f"states must have shape {shape}, got {given.shape}")
    if not len(given):
        raise ArgumentError("states is empty; give at least one row")
    count = _workers(workers, len(given))

    def one(row: int) -> Gradient:
        ta: Any = copy.copy(integrator)
        ta.state[:] = given[row]
        return gradient_through(
            ta,
            cost,
            until=until,
            times=times,
            running_cost=running_cost,
            wrt=wrt,
            memory=max(memory // count, 1),
        )

    rows = [one(0)]  # which compiles what is not known yet
    left: Sequence[int] = range(1, len(given))
    share = max(memory // count, 1)
    wanted = Wanted.of(integrator, cost, running_cost, until, times, share)
    size = 1

    def some(first: int) -> list[Gradient]:
        """Of rows side by side, and of those that have to go alone."""
        states = given[first : first + size]
        if size == 1:
            return [one(first)]
        return [
            one(first + k)
            if found is None
            else told(replace(wanted, state=states[k].copy()), found)
            for k, found in enumerate(gradients(wanted, wrt, states, rows[0].steps))
        ]

    if len(left) >= FEWEST:
        began = perf_counter()
        rows.append(one(1))
        left = left[1:]
        if go_side_by_side(wanted, (perf_counter() - began) * len(left)):
            size = min(MOST, -(-len(left) // count))
            left = left[::size]
    if count == 1 or len(left) < 2:
        listed = [some(first) for first in left]
    else:
        from concurrent.futures import ThreadPoolExecutor  # takes 5 ms to import

        with ThreadPoolExecutor(count) as pool:
            listed = list(pool.map(some, left))
    rows += [row for part in listed for row in part]
    from taylor.adjoints.point import working_digits

    with working_digits(kind):
        return _mean(rows, kind)


def _workers(asked: int | None, rows: int) -> int:
    if asked is None:
        return min(os.cpu_count() or 1, rows)
    if not isinstance(asked, int | np.integer) or isinstance(asked, bool) or asked < 1:
        raise ArgumentError(f"workers must be a positive whole number, got {asked!r}")
    return int(asked)


def _mean(rows: Sequence[Gradient], kind: Precision) -> MeanGradient:
    """Of gradients of rows, in their order."""
    value: Any = 0.0
    for row in rows:
        value = value + row.value
    share = arithmetic.reciprocal(kind, arithmetic.constant(kind, float(len(rows))))
    states = kind.to_planes(np.array([row.state for row in rows]))
    parameters = kind.to_planes(np.array([row.parameters for row in rows]))
    total = arithmetic.total(kind, parameters, 0)
    wide = share.reshape(-1, *[1] * (states.ndim - 1))
    return MeanGradient(
        value=value / len(rows),
        state=kind.from_planes(arithmetic.multiply(kind, states, wide)),
        parameters=kind.from_planes(arithmetic.multiply(kind, total, share[:, np.newaxis])),
        rows=tuple(rows),
        _names=rows[0]._names,
    )

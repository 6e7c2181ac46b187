"""Costs: scalar functions of states, parameters and time, with their derivatives."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from taylor.adjoints.point import working_digits
from taylor.adjoints.propagator import CostLike
from taylor.adjoints.side_by_side import SolvedRow
from taylor.adjoints.solved import Solved
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument, traced
from taylor.expressions.evaluate import Floats
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ONE, as_expression
from taylor.expressions.leaves import time as time_node
from taylor.expressions.scalars import scalars
from taylor.expressions.trace import trace_function
from taylor.expressions.types import UserFunction
from taylor.nodes.node import CONDITIONS
from taylor.nodes.record import NOWHERE
from taylor.nodes.registry import functions
from taylor.nodes.traverse import inputs, reachable
from taylor.numbers import planes as arithmetic
from taylor.numbers.precision import Precision
from taylor.systems.amounts import evaluated
from taylor.systems.names import UNUSED, Names
from taylor.transforms.batching import batched
from taylor.transforms.reverse import adjoints
from taylor_runtime.program.records import dataclass

MOST_KEPT = 64  # costs of one system
MOST_SIZES = 8  # for which a cost of many states is known


class Shares(NamedTuple):
    """A cost's value and its derivatives, arrays of the kind of number: by the states (.., n) that
    it was given, by the parameters (m,), and by time.
    """

    value: Any
    states: np.ndarray
    parameters: np.ndarray
    time: np.ndarray


class Cost:
    """A cost of states at one time, or of those at several at once.

    given: an expression, and the array of states that it is of, if it is of one.
    """

    def __init__(
        self,
        given: tuple[Expression, Expression | None],
        names: tuple[Names, Names],
        kind: Precision,
    ) -> None:
        self.kind = kind
        self.expression, self.whole = given
        self.leaves: list[Expression] = []
        for leaf in inputs([self.expression]):
            self._check(leaf, *names)
            self.leaves.append(leaf)
        self.derivatives = adjoints([self.expression], [ONE], self.leaves)
        self._places = {
            leaf: names[leaf.op == "parameter"][leaf]
            for leaf in self.leaves
            if leaf is not time_node and leaf is not self.whole
        }
        self._functions: dict[int | None, Callable[[Sequence[Any]], list[Any]]] = {}

    def _check(self, leaf: Expression, states: Names, parameters: Names) -> None:
        if leaf is self.whole or leaf is time_node:
            return
        among = parameters if leaf.op == "parameter" else states
        if leaf not in among:
            raise ArgumentError(
                f"the cost depends on {leaf}, which is no state or parameter of the system; its "
                "derivative would be lost"
            )

    @property
    def depends_on_time(self) -> bool:
        """Whether it does by itself."""
        return any(leaf is time_node for leaf in self.leaves)

    def at(self, states: np.ndarray, parameters: np.ndarray, time: Any) -> Shares:
        """Value and derivatives, of arrays of the kind: states (n,) or, as a whole, (k, n)."""
        found = self._shares(states, parameters, time, None)
        return Shares(self.kind.for_users(found.value), *found[1:])

    def at_each(self, states: np.ndarray, parameters: np.ndarray, time: Any) -> list[Shares]:
        """The same of many states (r, n), for kinds without an axis of their own."""
        found = self._shares(states, parameters, time, len(states))
        return [Shares(*parts) for parts in zip(*found, strict=True)]

    def _shares(
        self, states: np.ndarray, parameters: np.ndarray, time: Any, rows: int | None
    ) -> Shares:
        """Value and derivatives; rows: how many states there are, if many: then results have an
        axis more, the first.
        """
        kind, many = self.kind, () if rows is None else (rows,)
        values = [self._value(leaf, states, parameters, time, many) for leaf in self.leaves]
        value, *derivatives = self._function(rows)(values)
        by_time = np.zeros((*many, *kind.axes), kind.dtype)
        by_parameters = np.zeros((*many, *parameters.shape), parameters.dtype)
        found = Shares(value, np.zeros_like(states), by_parameters, by_time)
        each: tuple[Any, ...] = (slice(None),) * len(many)
        for leaf, derivative in zip(self.leaves, derivatives, strict=True):
            if leaf is time_node:
                by_time[...] = derivative
            elif leaf is self.whole:
                found.states[...] = derivative
            else:
                target = found.parameters if leaf.op == "parameter" else found.states
                places = self._places[leaf]
                known = places != UNUSED
                target[*each, places[known]] = derivative[*each, known]
        return found

    def _value(
        self,
        leaf: Expression,
        states: np.ndarray,
        parameters: np.ndarray,
        time: Any,
        many: tuple[int, ...],
    ) -> np.ndarray:
        if leaf is time_node:
            return np.asarray(time, dtype=object if self.kind.is_finer else float)
        if leaf is self.whole:
            return states
        if leaf.op == "parameter":
            return parameters[self._places[leaf]]
        places = self._places[leaf]
        return states[:, places] if many else states[places]

    def _function(self, rows: int | None) -> Callable[[Sequence[Any]], list[Any]]:
        """The cost and its derivatives by all leaves, of their values: arrays of the kind."""
        known = self._functions.get(rows)
        if known is not None:
            return known
        leaves, outputs = self.leaves, [self.expression, *self.derivatives]
        if rows is not None:
            fixed = (leaf is time_node or leaf.op == "parameter" for leaf in leaves)
            many = {
                leaf: argument(f"{leaf} of each", (rows, *leaf.shape))
                for leaf, same in zip(leaves, fixed, strict=True)
                if not same
            }
            outputs = batched(outputs, many, rows)
            leaves = [many.get(leaf, leaf) for leaf in leaves]
        made = self._functions[rows] = function_of(leaves, outputs, self.kind)
        while len(self._functions) > MOST_SIZES:
            self._functions.pop(next(iter(self._functions)), None)
        return made


def cost_of(
    given: CostLike,
    names: tuple[Names, Names],
    kind: Precision,
    shape: tuple[int, ...],
    kept: dict[Any, Any],
) -> Cost:
    """A cost as users give it: an expression of states, parameters and time; or a function of the
    array of states, of that shape.

    kept: costs that are known already. A function is traced each time, for it may have changed.
    """
    whole: Expression | None = None
    if callable(given) and not isinstance(given, Expression):
        whole = kept.get(shape)
        if whole is None or whole.payload.open:  # by a trace that this one is inside of
            whole = kept[shape] = argument("y", shape)
        expression = _traced(given, whole)
    else:
        expression = _expression(given)
    known: Cost | None = kept.get((expression, shape))
    if known is None:
        if len(kept) > MOST_KEPT:
            kept.clear()
        known = kept[expression, shape] = Cost((expression, whole), names, kind)
    return known


Arrays = Sequence[np.ndarray]


def function_of(
    leaves: Sequence[Expression], outputs: Sequence[Expression], kind: Precision
) -> Callable[[Arrays], list[np.ndarray]]:
    """Outputs as a function of the values of leaves, arrays of a kind of number."""
    if not kind.is_finer:
        function = Floats().whole(leaves, outputs)

        def floats(values: Arrays) -> list[np.ndarray]:
            with np.errstate(all="ignore"):
                found = function([np.asarray(value, float) for value in values])
            shaped = zip(found, outputs, strict=True)
            return [_as_shaped(np.asarray(x, kind.dtype), e.shape) for x, e in shaped]

        return floats
    spelled = [scalars(e) for e in outputs]
    flat = [e for array in spelled for e in array.ravel()]

    def exact(values: Arrays) -> list[np.ndarray]:
        known: dict[Expression, Any] = {}
        for leaf, value in zip(leaves, values, strict=True):
            own = kind.exactly(value) if value.dtype != object else value
            listed = np.asarray(own, dtype=object).reshape(-1)
            known.update(zip(scalars(leaf).ravel(), listed, strict=True))
        with working_digits(kind):
            numbers = iter(evaluated(flat, known))
            rounded = [kind.rounded([next(numbers) for _ in array.ravel()]) for array in spelled]
        pairs = zip(rounded, spelled, strict=True)
        return [x.reshape(*array.shape, *kind.axes) for x, array in pairs]

    return exact


def _as_shaped(array: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    return array if array.shape == shape else np.broadcast_to(array, shape)


def _expression(given: Any) -> Expression:
    try:
        found = as_expression(given)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(
            f"a cost is an expression or a function of the states, got {given!r}: {error}"
        ) from None
    return _scalar(found)


def _traced(function: UserFunction, whole: Expression) -> Expression:
    with traced([whole]):
        found = trace_function(function, whole)
    if isinstance(found, tuple):
        raise ArgumentTypeError("a cost must return one number, got a tuple")
    return _scalar(as_expression(found))


def _scalar(e: Expression) -> Expression:
    if e.shape != ():
        raise ShapeError(f"a cost must be one number, got shape {e.shape}; sum it up")
    return e


def running_cost(given: Any, states: Names, parameters: Names) -> Expression:
    """An expression whose integral is a cost.

    Raises ArgumentError for what is no smooth function of states, parameters and time.
    """
    found = _expression(given)
    if found.op == "constant":
        raise ArgumentError(
            f"the running cost is {found}, a number: its integral has no derivative"
        )
    for leaf in inputs([found]):
        if leaf is not time_node and leaf not in (parameters if leaf.op == "parameter" else states):
            raise ArgumentError(f"the running cost depends on {leaf}, no state and no parameter")
    for e in reachable([found]):
        if e.op in CONDITIONS or e.op == "where" or _has_edges(e):
            raise ArgumentError(
                f"the running cost {found} is not smooth: {e} has a kink or a jump, which nothing "
                "stops at; add a state whose derivative it is"
            )
    return found


def _has_edges(e: Expression) -> bool:
    """Whether a node is a function with kinks or jumps."""
    record = functions.get(e.op)
    return record is not None and record.smooth_from == NOWHERE


def as_places(wrt: Any, states: Names, parameters: Names) -> tuple[bool, list[bool] | None]:
    """Whether derivatives by the initial state are wanted, and by which parameters (None: all)."""
    count = len(parameters)
    if wrt is None:
        return True, None
    listed = [wrt] if isinstance(wrt, Expression | str) else list(wrt)
    chosen, by_state = [False] * count, False
    for key in listed:
        if key in states:
            by_state = True
            continue
        if key not in parameters:
            raise ArgumentError(f"wrt: {key} is no state and no parameter of the system")
        for place in parameters[key].reshape(-1):
            if place != UNUSED:
                chosen[int(place)] = True
    return by_state, chosen


@dataclass(frozen=True, slots=True)
class Seeds:
    """A cost's value, and what goes back from it.

    cotangents: of the state at the end, or of those at the times; parameters: what the cost itself
    gives; by_end: by the time of the end, by_times: by those of the observations.
    """

    value: Any
    cotangents: np.ndarray
    parameters: np.ndarray
    by_end: Any
    by_times: np.ndarray | None

    @classmethod
    def of(cls, way: Solved | SolvedRow, cost: Cost | None) -> Seeds:
        """What a cost gives on a way."""
        states = way.state if way.states is None else way.states
        parameters, kind = way.parameters, way.kind
        nothing = np.zeros_like(parameters)
        count = 0 if way.states is None else len(states)
        times = None if way.states is None else np.zeros((count, *kind.axes), kind.dtype)
        if cost is None:
            return cls(0.0, np.zeros_like(states), nothing, 0.0, times)
        if way.states is None or cost.whole is not None:
            if way.states is not None and cost.depends_on_time:
                raise ArgumentError("a function of the states at several times cannot use ty.time")
            found = cost.at(states, parameters, way.end_time)
            by_end = kind.for_users(found.time)
            return cls(found.value, found.states, found.parameters, by_end, times)
        assert times is not None
        each = [
            cost.at(state, parameters, time)
            for state, time in zip(way.states, way.moments, strict=True)
        ]
        total: Any = 0.0
        for k, shares in enumerate(each):
            total = total + shares.value
            nothing = added(kind, nothing, shares.parameters)
            times[k] = shares.time
        cotangents = np.array([shares.states for shares in each])
        return cls(total, cotangents, nothing, way.by_end_of(times), times)

    @classmethod
    def of_each(cls, ways: Sequence[SolvedRow], cost: Cost) -> list[Seeds]:
        """The same on many ways that end at one time."""
        if not ways:
            return []
        states = np.array([way.state for way in ways])
        found = cost.at_each(states, ways[0].parameters, ways[0].end_time)
        return [cls(one.value, one.states, one.parameters, one.time, None) for one in found]


def added(kind: Precision, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """x + y, of arrays of a kind."""
    return kind.from_planes(arithmetic.add(kind, kind.to_planes(x), kind.to_planes(y)))

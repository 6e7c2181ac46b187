"""Solutions in graphs: a node `solution`, whose results are computed elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.expressions.expression import Expression
from taylor.nodes.regions import Region, part, region_node
from taylor.numbers.planes import to_kind
from taylor.numbers.precision import FLOAT64, PAIRS, Precision, as_precision
from taylor.solutions.batches import solved_many
from taylor.solutions.problem import Problem, Wrt
from taylor.solutions.straight import Straight, straight
from taylor_runtime.callables.python_calls import Server

Nodes = Sequence[Expression]


class Solved(Region):
    """Coefficients of a solution: the payload of a node `solution`.

    Operands are the inputs, then the times; the result has the shape (times, columns, terms).
    order, wrt: derivatives up to this order by some of the inputs.
    batch:      so many at once: operands and result have one axis more, the first.
    flat:       whether operands and results are single numbers, the elements of those.
    """

    __slots__ = (
        "_server",
        "_straight",
        "batch",
        "flat",
        "order",
        "problem",
        "shape",
        "times",
        "wrt",
    )

    def __init__(
        self,
        problem: Problem,
        times: int,
        order: int = 0,
        wrt: Wrt = (),
        batch: int | None = None,
        flat: bool = False,
    ) -> None:
        self.problem, self.times, self.batch, self.flat = problem, times, batch, flat
        self.order, self.wrt = (order, wrt) if order else (0, ())
        terms = problem.terms(self.order, self.wrt)
        self.shape = (*self.lead, times, problem.columns, terms)
        self.shapes = ((),) * self.size if flat else (self.shape,)
        self.graphs: tuple[Any, ...] = ()
        self.constants = sum(map(math.prod, self.given)) if flat else len(self.given)
        self.carries, self.length, self.reverse = 0, None, False
        self.key = ("solution", problem, times, self.order, self.wrt, batch, flat)
        self._hash = hash(self.key)
        self._server: Server | None = None
        self._straight: Straight | None = None

    def __reduce__(self) -> tuple[Any, ...]:
        rest = (self.times, self.order, self.wrt, self.batch, self.flat)
        return Solved, (self.problem, *rest)

    def __repr__(self) -> str:
        return f"<solution of order {self.order} by {self.wrt}>"

    @property
    def name(self) -> str:
        """As texts call it."""
        return "solution"

    @property
    def lead(self) -> tuple[int, ...]:
        """The axes of a batch."""
        return () if self.batch is None else (self.batch,)

    @property
    def size(self) -> int:
        """How many numbers the result has."""
        return math.prod(self.shape)

    @property
    def given(self) -> list[tuple[int, ...]]:
        """The shapes of operands as arrays."""
        shapes = [one.shape for one in self.problem.inputs.listed]
        return [(*self.lead, *shape) for shape in (*shapes, (self.times,))]

    def place(self, number: int) -> int:
        """Where the elements of a result begin among those of all."""
        return number if self.flat else 0

    def with_order(self, order: int, wrt: Wrt) -> Solved:
        """The same of arrays, with other derivatives."""
        return Solved(self.problem, self.times, order, wrt, self.batch)

    def of_many(self, size: int) -> Solved:
        """The same for so many at once."""
        return Solved(self.problem, self.times, self.order, self.wrt, size * (self.batch or 1))

    def of_numbers(self) -> Solved:
        """The same of single numbers."""
        rest = (self.times, self.order, self.wrt, self.batch)
        return Solved(self.problem, *rest, flat=True)

    # -- among others -----------------------------------------------------------------------------

    @property
    def kin(self) -> tuple[Any, ...]:
        """Equal for those that may have the same results for the same operands."""
        return (self.problem, self.times, self.batch, self.flat)

    def is_within(self, other: Solved) -> bool:
        """Whether another one has all of its results."""
        fits = self.order <= other.order and set(self.wrt) <= set(other.wrt)
        return not self.flat and fits and self.key != other.key

    def piece(self, whole: Solved, result: Any) -> Any:
        """Its result, among that of such a one."""
        among = whole.problem.among(whole.order, whole.wrt)
        if among is None:
            return result
        places = among.find(powers_among(self, whole.wrt))
        last = len(places)
        return result[..., :last] if (places == np.arange(last)).all() else result[..., places]

    # -- numbers ----------------------------------------------------------------------------------

    @property
    def number(self) -> int:
        """By which machine code knows it."""
        if self._server is None:
            given = sum(map(math.prod, self.given))
            self._server = Server(self._served, given, self.size)
            plain = not self.order and self.batch is None
            self._straight = straight(self.problem) if plain else None
        return self._server.number

    def _served(self, planes: np.ndarray) -> np.ndarray:
        """The result, flat, of all operands one after the other: (parts, numbers)."""
        if self._straight is not None and planes.dtype == np.float64:
            state = self._straight(planes[0])
            if state is not None:
                return state[np.newaxis]
        operands, first = [], 0
        for shape in self.given:
            last = first + math.prod(shape)
            operands.append(planes[:, first:last].reshape(-1, *shape))
            first = last
        return self.planes(operands, _kind_of(planes)).reshape(len(planes), -1)

    def planes(self, operands: Sequence[np.ndarray], given: Precision) -> np.ndarray:
        """The result (parts, ..) for operands (parts, ..) of a kind."""
        kind, lead = self.problem.kind, self.lead
        own = []
        for planes in operands:
            numbers = kind.joined(to_kind(planes, given, kind))
            own.append(numbers.reshape(*lead, -1, *kind.axes))
        if self.batch is None:
            found = self.problem.solved(self.order, self.wrt, own[:-1], own[-1])
        else:
            found = solved_many(self.problem, self.order, self.wrt, own[:-1], own[-1])
        return to_kind(kind.to_planes(found), kind, given)


def _kind_of(planes: np.ndarray) -> Precision:
    """The kind of numbers in planes."""
    if len(planes) > 1:
        return PAIRS
    return FLOAT64 if planes.dtype == np.float64 else as_precision(planes.dtype.name)


def solved_node(payload: Solved, operands: Nodes) -> Any:
    """The result of a node of arrays: of inputs in their shapes, then times."""
    return part(region_node("solution", operands, payload), 0)


def variables_among(payload: Solved, wrt: Wrt, among: Wrt) -> list[int]:
    """The variables that some inputs are, counted among those of more."""
    first, places = 0, {}
    for k, size in zip(among, payload.problem.sizes(among), strict=True):
        places[k] = range(first, first + size)
        first += size
    return [place for k in wrt for place in places[k]]


def powers_among(payload: Solved, wrt: Wrt) -> np.ndarray:
    """Exponents of a payload's monomials in the variables of more inputs: (terms, variables)."""
    count = sum(payload.problem.sizes(wrt))
    known = payload.problem.among(payload.order, payload.wrt)
    if known is None:
        return np.zeros((1, count), np.int64)
    found = np.zeros((known.size, count), np.int64)
    found[:, variables_among(payload, payload.wrt, wrt)] = known.exponents
    return found

"""Solutions in graphs: nodes `solution`, whose results are computed elsewhere."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Self

import numpy as np

from taylor.expressions.expression import Expression
from taylor.nodes.regions import Region, part, region_node
from taylor.numbers.planes import to_kind
from taylor.numbers.precision import FLOAT64, PAIRS, Precision, as_precision
from taylor.solutions.batches import solved_many
from taylor.solutions.curves import curved
from taylor.solutions.problem import Problem, Wrt, times_kind
from taylor.solutions.straight import Straight, StraightMap, straight, straight_map
from taylor.solutions.swept import swept
from taylor_runtime.callables.python_calls import Server

Nodes = Sequence[Expression]


class Outside(Region):
    """What is computed elsewhere, of a problem: the payload of a node.

    given:   the shapes of operands as arrays; shape: that of the result.
    batch:   so many at once: operands and result have one axis more, the first.
    flat:    whether operands and results are single numbers, the elements of those.
    options: what else it is made from, by `_made`.
    """

    __slots__ = ("_server", "batch", "flat", "given", "options", "problem", "shape", "times")

    def __init__(
        self,
        problem: Problem,
        times: int,
        options: tuple[Any, ...],
        batch: int | None = None,
        flat: bool = False,
    ) -> None:
        self.problem, self.times, self.options = problem, times, options
        self.batch, self.flat = batch, flat
        lead = self.lead
        self.given: list[tuple[int, ...]] = [(*lead, *shape) for shape in self.operand_shapes()]
        self.shape: tuple[int, ...] = (*lead, *self.result_shape())
        self.shapes = ((),) * self.size if flat else (self.shape,)
        self.graphs: tuple[Any, ...] = ()
        self.constants = sum(map(math.prod, self.given)) if flat else len(self.given)
        self.carries, self.length, self.reverse = 0, None, False
        self.key = (type(self).__name__, problem, times, options, batch, flat)
        self._hash = hash(self.key)
        self._server: Server | None = None

    def operand_shapes(self) -> list[tuple[int, ...]]:
        """Without the axes of batches."""
        raise NotImplementedError

    def result_shape(self) -> tuple[int, ...]:
        """The same of the result."""
        raise NotImplementedError

    def computed(self, operands: Sequence[np.ndarray]) -> np.ndarray:
        """The result for numbers of the problem's kind, elements along one axis behind those of a
        batch.
        """
        raise NotImplementedError

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.problem, self.times, self.options, self.batch, self.flat)

    def __repr__(self) -> str:
        return f"<{self.name} {self.options}>"

    @property
    def name(self) -> str:
        """As texts call it."""
        return "solution"

    @property
    def is_finer(self) -> bool:
        """Whether its numbers have more digits than float64."""
        return self.problem.kind.is_finer

    @property
    def lead(self) -> tuple[int, ...]:
        """The axes of a batch."""
        return () if self.batch is None else (self.batch,)

    @property
    def size(self) -> int:
        """How many numbers the result has."""
        return math.prod(self.shape)

    def place(self, number: int) -> int:
        """Where the elements of a result begin among those of all."""
        return number if self.flat else 0

    def of_arrays(self) -> Self:
        """The same of arrays."""
        return type(self)(self.problem, self.times, self.options, self.batch)

    def of_numbers(self) -> Self:
        """The same of single numbers."""
        return type(self)(self.problem, self.times, self.options, self.batch, True)

    def of_many(self, size: int) -> Self:
        """The same of arrays for so many at once."""
        return type(self)(self.problem, self.times, self.options, size * (self.batch or 1))

    # -- among others -----------------------------------------------------------------------------

    @property
    def kin(self) -> tuple[Any, ...]:
        """Equal for those that may have the same results for the same operands."""
        return (type(self), self.problem, self.times, self.batch, self.flat)

    def is_within(self, other: Any) -> bool:
        """Whether another one has all of its results."""
        return False

    # -- numbers ----------------------------------------------------------------------------------

    @property
    def number(self) -> int:
        """By which machine code knows it."""
        if self._server is None:
            self._server = Server(self._served, sum(map(math.prod, self.given)), self.size)
        return self._server.number

    def _served(self, planes: np.ndarray) -> np.ndarray:
        """The result, flat, of all operands one after the other: (parts, numbers)."""
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
        for k, planes in enumerate(operands):
            wanted = times_kind(kind) if k == len(self.problem.inputs.listed) else kind
            numbers = wanted.joined(to_kind(planes, given, wanted))
            own.append(numbers.reshape(*lead, -1, *kind.axes))
        return to_kind(kind.to_planes(self.computed(own)), kind, given)


class Solved(Outside):
    """Coefficients of a solution.

    Operands are the inputs, then the times; the result has the shape (times, columns, terms).
    order, wrt: derivatives up to this order by some of the inputs.
    """

    __slots__ = ("_straight", "order", "wrt")

    def __init__(
        self,
        problem: Problem,
        times: int,
        options: tuple[int, Wrt] = (0, ()),
        batch: int | None = None,
        flat: bool = False,
    ) -> None:
        self.order, self.wrt = options if options[0] else (0, ())
        self._straight: Straight | StraightMap | None = None
        super().__init__(problem, times, (self.order, self.wrt), batch, flat)

    def operand_shapes(self) -> list[tuple[int, ...]]:
        """Of the inputs, and of the times."""
        return [*(one.shape for one in self.problem.inputs.listed), (self.times,)]

    def result_shape(self) -> tuple[int, ...]:
        """Times, columns, terms."""
        return self.times, self.problem.columns, self.problem.terms(self.order, self.wrt)

    def with_order(self, order: int, wrt: Wrt) -> Solved:
        """The same of arrays, with other derivatives."""
        return Solved(self.problem, self.times, (order, wrt), self.batch)

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

    @property
    def number(self) -> int:
        """By which machine code knows it."""
        if self._server is None and self.batch is None:
            problem, wanted = self.problem, (self.order, self.wrt)
            self._straight = straight_map(problem, *wanted) if self.order else straight(problem)
        return super().number

    def _served(self, planes: np.ndarray) -> np.ndarray:
        if self._straight is not None and planes.dtype == np.float64:
            found = self._straight(planes[0])
            if found is not None:
                return found.reshape(1, -1)
        return super()._served(planes)

    def computed(self, operands: Sequence[np.ndarray]) -> np.ndarray:
        """The coefficients."""
        if self.batch is None:
            return self.problem.solved(self.order, self.wrt, operands[:-1], operands[-1])
        return solved_many(self.problem, self.order, self.wrt, operands[:-1], operands[-1])


class Swept(Outside):
    """What some inputs have of an adjoint of a solution, by going back over it.

    Operands are the inputs, the times, and the adjoint (times, columns); the result has the shape
    (variables,), those of the inputs `by`, which are the options.
    """

    __slots__ = ()

    def operand_shapes(self) -> list[tuple[int, ...]]:
        """Of the inputs, the times, and the adjoint."""
        shapes = [one.shape for one in self.problem.inputs.listed]
        return [*shapes, (self.times,), (self.times, self.problem.columns)]

    def result_shape(self) -> tuple[int, ...]:
        """All variables along one axis."""
        return (sum(self.problem.sizes(self.options)),)

    @property
    def base(self) -> Solved:
        """The solution itself."""
        return Solved(self.problem, self.times, (0, ()), self.batch)

    def computed(self, operands: Sequence[np.ndarray]) -> np.ndarray:
        """The shares."""
        *inputs, times, adjoint = operands
        columns = (self.times, self.problem.columns, *self.problem.kind.axes)
        if self.batch is None:
            return swept(self.problem, self.options, inputs, times, adjoint.reshape(columns))
        rows = [
            swept(
                self.problem,
                self.options,
                [one[row] for one in inputs],
                times[row],
                adjoint[row].reshape(columns),
            )
            for row in range(self.batch)
        ]
        return np.stack(rows)


class Curved(Outside):
    """A solution that starts from the points of a curve, as a series in the curve's parameter.

    Operands are the inputs, the times, and of the inputs `by` coefficients from order one on, with
    one axis more behind that of a batch; the result has the shape (times, columns, orders).  The
    options are the highest order, and `by`.
    """

    __slots__ = ()

    def operand_shapes(self) -> list[tuple[int, ...]]:
        """Of the inputs, the times, and the series."""
        shapes = [one.shape for one in self.problem.inputs.listed]
        order, by = self.options
        return [*shapes, (self.times,), *((order, *shapes[k]) for k in by)]

    def result_shape(self) -> tuple[int, ...]:
        """Times, columns, orders."""
        return self.times, self.problem.columns, self.options[0] + 1

    @property
    def base(self) -> Solved:
        """The solution itself."""
        return Solved(self.problem, self.times, (0, ()), self.batch)

    def computed(self, operands: Sequence[np.ndarray]) -> np.ndarray:
        """The series."""
        order, by = self.options
        count, axes = len(self.problem.inputs.listed), self.problem.kind.axes
        if self.batch is None:
            return self._one(operands, count, order, by, axes)
        rows = range(self.batch)
        return np.stack([self._one([x[r] for x in operands], count, order, by, axes) for r in rows])

    def _one(
        self,
        operands: Sequence[np.ndarray],
        count: int,
        order: int,
        by: Wrt,
        axes: tuple[int, ...],
    ) -> np.ndarray:
        series = [x.reshape(order, -1, *axes) for x in operands[count + 1 :]]
        return curved(self.problem, order, by, operands[:count], operands[count], series)


def _kind_of(planes: np.ndarray) -> Precision:
    """The kind of numbers in planes."""
    if len(planes) > 1:
        return PAIRS
    return FLOAT64 if planes.dtype == np.float64 else as_precision(planes.dtype.name)


def solved_node(payload: Outside, operands: Nodes) -> Any:
    """The result of a node of arrays."""
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

"""The same interpreter for programs whose rows have shapes: arrays of Python objects.

What a step or a kernel does is the interpreter's; here is what moves elements and adds them up, in
the order that `taylor_runtime.program.shapes.sums` and `program.order` say.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.reference.array_loops import Series, region_results
from taylor.reference.interpreter import Algebra, Interpreter
from taylor_runtime.program.arrays import (
    ArrayProgram,
    ArrayRow,
    Contract,
    Join,
    Pairs,
    Pick,
    Put,
    Running,
    Scatter,
    Shape,
    Take,
    Total,
    View,
    contiguous,
    varying,
)
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.order import contracted, halves_added
from taylor_runtime.program.program import Input, Program
from taylor_runtime.program.shapes.sums import (
    chunk_lanes,
    chunks,
    chunks_of_half,
    products,
    running_lanes,
    total_lanes,
)

Array = np.ndarray[Any, Any]  # of objects
Place = tuple[int, ...]  # of an element in a shape


def array_coefficients(
    program: ArrayProgram,
    inputs: Mapping[str, Sequence[Any]],
    algebra: Algebra,
    time_scale: Any = 1,
) -> list[list[Array]]:
    """The Taylor coefficients 0 .. order of every row that is an output, as arrays of objects.

    inputs: as for `interpreter.coefficients`, one item a slot, those of sources "data" (exact
        numbers) and "table" (positions) among them, see `recurrences.arrays.Lowered.outside`.

    Programs of machine code (`ArrayFunction.program`, `Stepper.program`) give its bits in floats.

    Raises ArgumentError if a source or slot is missing.

    >>> from fractions import Fraction
    >>> from taylor.expressions.leaves import variable
    >>> from taylor.recurrences.arrays import lower_arrays
    >>> from taylor.reference.interpreter import fraction_algebra
    >>> x = variable("x", shape=(3,))
    >>> known = lower_arrays([(x * x).sum()], {x: Input("parameter")}, order=0)
    >>> given = {"parameter": [1, 2, Fraction(1, 2)], **known.outside()}
    >>> str(array_coefficients(known.program, given, fraction_algebra())[0][0])
    '21/4'
    """
    work = ArrayInterpreter(program, inputs, algebra, time_scale)
    for n in range(program.order + 1):
        for index in range(len(program.rows)):
            if n == 0 or work.varies[index]:
                work.arrays[index].append(work.array(program.row(index), n))
    return [work.series(row) for row in dict.fromkeys(row for row, _ in program.outputs)]


class ArrayInterpreter(Interpreter):
    """Coefficients of rows with shapes; a lane is the place of an element."""

    def __init__(
        self,
        program: ArrayProgram,
        inputs: Mapping[str, Sequence[Any]],
        algebra: Algebra,
        time_scale: Any,
    ) -> None:
        super().__init__(program, inputs, algebra, time_scale)
        self.shaped = program
        self.varies = varying(program)
        self.arrays: list[list[Array]] = [[] for _ in program.rows]
        self.zero = algebra.number(0)
        self.given: Sequence[Series] | None = None  # inputs of a program inside of another
        self.shape: Shape = ()  # of the row at hand

    def series(self, index: int) -> list[Array]:
        """All coefficients of a row."""
        return [self._array_of(index, n) for n in range(self.program.order + 1)]

    def array(self, row: ArrayRow, n: int) -> Array:
        """Coefficient n of a row."""
        if row.moved is not None:
            return MOVES[type(row.moved)](self, row.moved, row.shape, n)
        found, self.shape = _objects(row.shape), row.shape
        for place in _places(row.shape):
            found[place] = self._lane(row, n, place)
        return found

    def _array_of(self, index: int, n: int) -> Array:
        known = self.arrays[index]
        return known[n] if n < len(known) else self.zeros(self.shaped.shape(index))

    def zeros(self, shape: Shape) -> Array:
        found = _objects(shape)
        found.fill(self.zero)
        return found

    def _value(self, row: int, n: int, lane: Place) -> Any:
        known = self.arrays[row]
        if n >= len(known):
            return self.zero
        shape = self.shaped.shape(row)
        own = lane[len(lane) - len(shape) :]
        return known[n][tuple(0 if size == 1 else i for i, size in zip(own, shape, strict=True))]

    def _input(self, source: Input, n: int, lane: Place) -> Any:
        if self.given is not None and source.source in ("parameter", "outer"):
            known = self.given[source.index[0]][: None if source.source == "outer" else 1]
            return known[n][lane] if n < len(known) else self.zero
        number = sum(i * s for i, s in zip(lane, contiguous(self.shape), strict=True))
        value = super()._input(Input(source.source, (source.index[0] + number,)), n, 0)
        return self.algebra.number(value) if source.source == "data" else value

    # -- moves ------------------------------------------------------------------------------------

    def view(self, moved: View, shape: Shape, n: int) -> Array:
        source, found = self._array_of(moved.source, n).reshape(-1), _objects(shape)
        for place in _places(shape):
            steps = zip(place, moved.strides, strict=True)
            found[place] = source[moved.offset + sum(i * s for i, s in steps)]
        return found

    def take(self, moved: Take, shape: Shape, n: int) -> Array:
        source = self._array_of(moved.source, n).reshape(-1)
        return source[self._positions(moved.table, math.prod(shape))].reshape(shape)

    def scatter(self, moved: Scatter, shape: Shape, n: int) -> Array:
        source, found = self._array_of(moved.source, n).reshape(-1), self.zeros(shape)
        flat = found.reshape(-1)
        for position, value in zip(self._positions(moved.table, len(source)), source, strict=True):
            flat[position] = flat[position] + value
        return found

    def _positions(self, first: int, count: int) -> list[int]:
        table = self.inputs.get("table", ())
        if len(table) < first + count:
            raise ArgumentError(f"array_coefficients: inputs['table'] has {len(table)} item(s)")
        return [int(position) for position in table[first : first + count]]

    def join(self, moved: Join, shape: Shape, n: int) -> Array:
        return np.concatenate([self._array_of(part, n) for part in moved.parts], axis=moved.axis)

    def pick(self, moved: Pick, shape: Shape, n: int) -> Array:
        source, found = self._array_of(moved.source, n), _objects(shape)
        size = source.shape[moved.axis]
        for place in _places(shape):
            number = self._value(moved.places, 0, place)
            chosen = math.floor(number) if number == number else size - 1
            chosen = min(max(chosen + size if chosen < 0 else chosen, 0), size - 1)
            found[place] = source[(*place[: moved.axis], chosen, *place[moved.axis :])]
        return found

    def put(self, moved: Put, shape: Shape, n: int) -> Array:
        found, places = self._array_of(moved.source, n).copy(), self._array_of(moved.places, 0)
        values = self._array_of(moved.values, n)
        for place in _places(places.shape):
            found[_chosen(places[place], shape[0])] = values[place]
        return found

    def region(self, moved: Region, shape: Shape, n: int) -> Array:
        operands = [[self._array_of(row, k) for k in range(n + 1)] for row in moved.operands]
        found = self.zeros(shape)
        results = region_results(moved, operands, self.algebra.number, self._inside, n)
        for place, result in zip(moved.places, results, strict=False):
            found[place : place + result.size] = result.reshape(-1)
        return found

    def _inside(self, graph: Program, given: Sequence[Series], n: int) -> list[Series]:
        """The results of a program inside, up to an order."""
        assert isinstance(graph, ArrayProgram)
        work = ArrayInterpreter(graph, self.inputs, self.algebra, None)
        work.given = given
        for k in range(n + 1):
            for index in range(len(graph.rows)):
                if k == 0 or work.varies[index]:
                    work.arrays[index].append(work.array(graph.row(index), k))
        return [[work._array_of(row, k) for k in range(n + 1)] for row, _ in graph.outputs]

    # -- sums -------------------------------------------------------------------------------------

    def total(self, moved: Total, shape: Shape, n: int) -> Array:
        source, found = self._array_of(moved.source, n), _objects(shape)
        kept = [axis for axis in range(source.ndim) if axis not in moved.axes]
        axes = sorted(moved.axes)
        if moved.kind.startswith("arg"):
            turned = source.transpose(*kept, *axes)
            for place in _places(shape):
                found[place] = self._place_of(moved.kind, turned[place].reshape(-1))
            return found
        wide = total_lanes(self.shaped, moved).summed
        axes = [*(axis for axis in axes if axis not in wide), *wide]
        sizes = [source.shape[axis] for axis in wide]
        turned = source.transpose(*kept, *axes)
        for place in _places(shape):
            lines = turned[place].reshape(-1, max(math.prod(sizes), 1))
            found[place] = self._put_together(moved.kind, list(lines), n)
        return found

    def pairs(self, moved: Pairs, shape: Shape, n: int) -> Array:
        source, mirrored = self._array_of(moved.source, n), self._array_of(moved.mirrored, n)
        found, (put, _) = _objects(shape), self._way("sum")
        lanes = max(chunk_lanes(shape[-1], n), 1)
        for *middle, p in _places(shape):
            total = self.zero
            for i in range(p):
                total = total + mirrored[(i, *middle, p)]
            sums = [self.zero] * lanes
            for element, lane in chunks_of_half(shape[-1], lanes, p):
                sums[lane] = sums[lane] + source[(p, *middle, element)]
            found[(*middle, p)] = total + halves_added(sums, put)
        return found

    def _put_together(self, kind: str, lines: Sequence[Array], n: int) -> Any:
        """Elements whose last axis is in lanes; an extreme may meet one twice."""
        put, start = self._way(kind)
        size = len(lines[0]) if lines else 0
        lanes = chunk_lanes(size, n)
        if not lanes:
            value = start
            for line in lines:
                for item in line:
                    value = put(value, item)
            return value
        values = [start] * lanes
        for line in lines:
            for first, fresh in chunks(size, lanes):
                for lane in range(fresh if kind == "sum" else 0, lanes):
                    values[lane] = put(values[lane], line[first + lane])
        return halves_added(values, put)

    def _way(self, kind: str) -> tuple[Callable[[Any, Any], Any], Any]:
        """How elements are put together, and what none of them are."""
        if kind == "sum":
            return lambda a, b: a + b, self.zero
        better: Callable[[Any, Any], bool] = (
            (lambda a, b: a > b) if kind == "max" else (lambda a, b: a < b)
        )
        worst = self.algebra.number(-math.inf if kind == "max" else math.inf)
        return lambda old, new: new if better(new, old) or new != new else old, worst

    def _place_of(self, kind: str, elements: Array) -> Any:
        """The first place of the best element, NaN being better than all numbers."""
        best = 0
        for place, item in enumerate(elements):
            old = elements[best]
            if old == old and (item != item or (item > old if kind == "argmax" else item < old)):
                best = place
        return self.algebra.number(best)

    def running(self, moved: Running, shape: Shape, n: int) -> Array:
        source = np.moveaxis(self._array_of(moved.source, n), moved.axis, -1)
        found, lanes = _objects(source.shape), running_lanes(self.shaped, moved)
        for place in _places(source.shape[:-1]):
            line, total, first = source[place], self.zero, 0
            while lanes and first + lanes <= len(line):
                sums = list(line[first : first + lanes])
                for distance in (1, 2, 4):
                    before = [self.zero] * distance + sums[:-distance]
                    sums = [value + other for value, other in zip(sums, before, strict=True)]
                sums = [value + total for value in sums]
                found[place][first : first + lanes] = sums
                total, first = sums[-1], first + lanes
            for k in range(first, len(line)):
                total = total + line[k]
                found[(*place, k)] = total
        return np.moveaxis(found, -1, moved.axis)

    def contract(self, moved: Contract, shape: Shape, n: int) -> Array:
        varies = self.varies[moved.a], self.varies[moved.b]
        orders = [(j, n - j) for j in range(n + 1)]
        if not all(varies):
            orders = [(n if varies[0] else 0, n if varies[1] else 0)]
        shapes = self.shaped.shape(moved.a), self.shaped.shape(moved.b)
        how, pairs = products(moved.subscripts, shapes)
        found = _objects(shape)
        for place in _places(shape):
            places, total = list(pairs(place)), None
            for j, k in orders:
                a, b = self._array_of(moved.a, j), self._array_of(moved.b, k)
                factors = [(a[first], b[second]) for first, second in places]
                total = contracted(how, factors, self.zero, _Arithmetic(self.algebra), total)
            found[place] = total
        return found


class _Arithmetic:
    """What `contracted` asks of a kind of number."""

    def __init__(self, algebra: Algebra) -> None:
        self.fma = algebra.fused

    def normal(self, value: Any) -> Any:
        return value

    def add(self, a: Any, b: Any) -> Any:
        return a + b


def _objects(shape: Sequence[int]) -> Array:
    return np.empty(tuple(shape), dtype=object)


def _chosen(number: Any, size: int) -> int:
    """The place that a number chooses along an axis, see `Pick`."""
    x = number + size if number < 0 else number
    if not x < size - 1:
        return size - 1
    return int(x) if x > 0 else 0


def _places(shape: Sequence[int]) -> Iterator[Place]:
    return product(*map(range, shape))


MOVES: dict[type, Callable[[ArrayInterpreter, Any, Shape, int], Array]] = {
    View: ArrayInterpreter.view,
    Take: ArrayInterpreter.take,
    Scatter: ArrayInterpreter.scatter,
    Join: ArrayInterpreter.join,
    Pick: ArrayInterpreter.pick,
    Put: ArrayInterpreter.put,
    Region: ArrayInterpreter.region,
    Total: ArrayInterpreter.total,
    Pairs: ArrayInterpreter.pairs,
    Running: ArrayInterpreter.running,
    Contract: ArrayInterpreter.contract,
}

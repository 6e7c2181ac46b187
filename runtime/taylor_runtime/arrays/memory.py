"""Where elements of rows are: in registers, in the workspace, or in arrays from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from fractions import Fraction

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.arrays.choice import ROOM
from taylor_runtime.arrays.plan import Plan
from taylor_runtime.arrays.plans.layout import ArrayLayout
from taylor_runtime.arrays.regions.places import plane_of
from taylor_runtime.arrays.walk import Place
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.instructions import Store
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.arrays import ArrayProgram, Join, Shape
from taylor_runtime.program.kernels import Region
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Constant, Convolution, Number
from taylor_runtime.program.shapes.nodes import Node
from taylor_runtime.program.shapes.walks import aligned
from taylor_runtime.program.signature import convolutions_of, is_square
from taylor_runtime.program.verify import ProgramError
from taylor_runtime.series.memory import Rendering
from taylor_runtime.series.schedule import FEWEST_PAIRED

Plane = Value | Callable[[Index], Value]  # an address, or that of each order
MakeAgain = Callable[[int, Index, Chunk], Value]


class ArrayMemory:
    """The coefficients of rows at places of a walk.

    workspace: the address of as many numbers as the layout has, of all their parts.
    room: vectors of 8 doubles that registers have place for; decides how products are cut, and no
        bit of any result.
    outside: rows whose elements are in an array from outside, and the address of its first; their
        orders follow one another without gaps, or each has an address of its own.
    """

    def __init__(
        self,
        b: Builder,
        plan: Plan,
        element: str,
        workspace: Value,
        outside: Mapping[int, Plane],
        room: int = ROOM,
    ) -> None:
        self.b = b
        self.plan = plan
        self.arrays: ArrayProgram = plan.program
        self.element = element
        self.rendering = Rendering(element)
        self.layout = ArrayLayout.of(plan, outside)
        self.workspace = workspace
        self.outside = outside
        self.room = room
        self.made_again: MakeAgain = _nothing  # rows that are not kept
        self.values: dict[int, Value] = {}  # of the place at hand
        self.segments: dict[int, int] = {}  # by axis, where the part of joins begins that it is in
        self.at_zero = True  # whether these are of order zero
        self.ahead = False  # whether what the next place of the first axis reads is asked for now
        # Single numbers that every place knows: (row, element), in programs inside of others.
        self.numbers: dict[tuple[int, int], Value] | None = None
        self._aside: dict[int, list[Store]] = {}  # of these: stores that nobody has wanted yet
        self.sums: dict[tuple[tuple[Convolution, ...], int, int], tuple[int, Value]] = {}
        self.weights: dict[tuple[Number, Number], Value] = {}
        self._partial: dict[int, Shape] = {}  # of sums begun ahead, by place: strides

    @property
    def program(self) -> ArrayProgram:
        return self.arrays

    # -- values -----------------------------------------------------------------------------------

    def newest(self, row: int, n: Index, chunk: Chunk) -> Value:
        """The coefficient of the order at hand."""
        known = self.values.get(row)
        if known is None:
            known = self.coefficient(row, n, chunk)
            if row in self.plan.joins:
                self.values[row] = known
        return known

    def head(self, row: int, chunk: Chunk) -> Value:
        """Order-zero value."""
        return self.coefficient(row, 0, chunk)

    def coefficient(self, row: int, n: Index, chunk: Chunk) -> Value:
        """u_n of a row at a place, broadcast to it."""
        assert isinstance(chunk, Place)
        zero = isinstance(n, int) and n == 0
        if self.arrays.is_number(row):
            number: Constant = self.arrays.rows[row].offset if zero else 0
            return self.constant(number, chunk)
        if zero and self.at_zero and row in self.values:
            return self.values[row]
        if not zero and not self.plan.varies[row]:
            return self.constant(0, chunk)
        if row in self.plan.again or (row in self.plan.sums and not zero):
            return self.made_again(row, n, chunk)
        if row in self.plan.joins:
            return self._of_part(row, n, chunk)
        access = self.plan.access(row)
        if (
            zero
            and self.numbers
            and not any(aligned(access.strides, self.arrays.shape(row), chunk.walk.shape))
        ):
            known = self.numbers.get((access.row, access.offset))
            if known is not None:
                return self.b.splat(known, chunk.lanes) if chunk.lanes else known
        place = self.b.at(self.base(access.row, n), access.offset, self.element)
        return self.load_at(place, access.strides, self.arrays.shape(row), chunk)

    def _of_part(self, row: int, n: Index, place: Place) -> Value:
        """A coefficient of a join that is not made: where its part is."""
        made = self.arrays.row(row)
        assert isinstance(made.moved, Join)
        axis, before = made.moved.axis, 0
        for part in made.moved.parts:
            size = self.arrays.shape(part)[axis]
            if self.segments.get(axis, 0) < before + size:  # an axis of one element has none
                break
            before += size
        zero = isinstance(n, int) and n == 0
        if not zero and not self.plan.varies[part]:
            return self.constant(0, place)
        access, axes = self.plan.access(part), place.walk.axes
        base = self.b.at(self.base(access.row, n), access.offset, self.element)
        pairs = zip(axes, place.indices, strict=True)
        indices = tuple(i - before if own.last == axis else i for own, i in pairs)
        return self.load_at(base, access.strides, made.shape, replace(place, indices=indices))

    def base(self, row: int, n: Index) -> Value:
        """Where the plane of an order of a row begins, for somebody who reads it."""
        if isinstance(self.arrays.row(row).moved, Region):
            return self._base(row, n)
        row, offset = self.plan.home(Node(row))
        return self._at(self._base(row, n), offset) if offset else self._base(row, n)

    def result(self, row: int, number: int) -> Value:
        """Where a result of a loop or a choice begins."""
        row, offset = self.plan.home(Node(row, number))
        return self._at(self._base(row, 0), offset)

    def _base(self, row: int, n: Index) -> Value:
        for store in self._aside.pop(row, ()):
            store.dropped = False
        return self._place(row, n)

    def _place(self, row: int, n: Index) -> Value:
        layout = self.layout
        if row in self.outside:
            place, size = self.outside[row], self.arrays.row(row).size
            return place(n) if callable(place) else self.b.at(place, n * size, self.element)
        if row in layout.old:
            plane = plane_of(self.plan.pitch.room(row))
            return self._at(self._at(self.workspace, layout.old[row]), n * plane)
        zero = isinstance(n, int) and n == 0
        return self._at(self.workspace, (layout.zero if zero else layout.newest)[row])

    def room_for(self, row: int) -> Value:
        """Where a row that is made as a whole has room for what it needs on the way."""
        return self._at(self.workspace, self.layout.room.get(row, 0))

    def _at(self, place: Value, distance: Index) -> Value:
        return self.b.at(place, distance, self.element)

    def kept(self, row: int, n: Index) -> bool:
        """Whether an order of a row has a place in memory."""
        layout = self.layout
        if not isinstance(self.arrays.row(row).moved, Region):
            row, _ = self.plan.home(Node(row))
        if row in self.outside:
            return True
        zero = isinstance(n, int) and n == 0
        return row in layout.old or row in (layout.zero if zero else layout.newest)

    def store(self, row: int, n: Index, chunk: Chunk, value: Value) -> None:
        """Set a coefficient at a place."""
        assert isinstance(chunk, Place)
        value = self.b.normal(value)
        self.values[row] = value
        if not chunk.walk.axes and self.at_zero:
            self.know(row, 0, value)
        single = not chunk.walk.axes and self.at_zero and self.numbers is not None
        if single and row not in self.outside and Node(row) not in self.plan.homes:
            self.put_aside(row, value)
            return
        if self.kept(row, n):
            strides, shape = self.plan.pitch.strides(row), self.arrays.shape(row)
            self.put(value, self.base(row, n), strides, shape, chunk)

    def put_aside(self, row: int, value: Value) -> None:
        """Store a single number that all know, should anybody read it from memory."""
        if self.kept(row, 0):
            stores = self.b.store(value, self._place(row, 0))
            if self.program.order:
                return  # the orders that follow read it, by a memory of their own
            self._aside[row] = stores
            for store in stores:
                store.dropped = True

    def know(self, row: int, element: int, value: Value) -> None:
        """Remember a single number that has been computed where all that follows comes by."""
        if self.numbers is not None:
            self.numbers[row, element] = value

    # -- sums begun one order ahead ---------------------------------------------------------------

    @property
    def paired(self) -> bool:
        """Whether orders are made two by two, see `series.convolve.Paired`."""
        order, kind = self.program.order, ELEMENTS[self.element]
        return order >= FEWEST_PAIRED and kind.operations == 1

    def partial_places(self, row: int) -> dict[Convolution, tuple[int, ...]]:
        """Where the chains of a row's convolutions are kept."""
        step, place = self.program.rows[row].step, self.layout.partial[row]
        plane = plane_of(self.plan.pitch.room(row))
        found: dict[Convolution, tuple[int, ...]] = {}
        for convolution in convolutions_of(step.terms if step else ()):
            count = 1 if is_square(convolution) else 2
            found[convolution] = tuple(place + k * plane for k in range(count))
            self._partial |= dict.fromkeys(found[convolution], self.plan.pitch.strides(row))
            place += count * plane
        return found

    def joined(self, rows: tuple[int, ...], n: int, chunk: Chunk) -> Value:
        raise ProgramError("orders of arrays are never written out")

    def load_partial(self, place: int, chunk: Chunk) -> Value:
        assert isinstance(chunk, Place)
        base, space = self._at(self.workspace, place), chunk.walk.shape
        return self.load_at(base, self._partial[place], space, chunk)

    def store_partial(self, place: int, chunk: Chunk, value: Value) -> None:
        assert isinstance(chunk, Place)
        base, space = self._at(self.workspace, place), chunk.walk.shape
        self.put(value, base, self._partial[place], space, chunk)

    # -- elements ---------------------------------------------------------------------------------

    def load_at(
        self,
        base: Value,
        strides: Shape,
        shape: Shape,
        place: Place,
        one: Type | None = None,
    ) -> Value:
        """The elements of an array at a place, of the rows' kind or of the type `one`."""
        along = aligned(strides, shape, place.walk.shape)
        at, step = self.position(base, along, place, one)
        b, lanes, one = self.b, place.lanes, one or Type(self.element)
        if self.ahead and step == 1 and (further := along[place.walk.axes[0].last]):
            b.prefetch(Type(one.element, lanes), at, further)
        if not lanes:
            return b.load(one, at)
        wide = Type(one.element, lanes)
        if step == 1:
            return b.load(wide, at)
        if step == 0:
            return b.splat(b.load(one, at), lanes)
        if step == -1:
            whole = b.load(wide, b.at(at, 1 - lanes, one.element))
            return b.shuffle(whole, None, list(reversed(range(lanes))))
        value = b.poison(wide)
        for lane in range(lanes):
            value = b.insert(value, b.load(one, b.at(at, lane * step, one.element)), lane)
        return value

    def put(self, value: Value, base: Value, strides: Shape, shape: Shape, place: Place) -> None:
        """Store a value at the elements of a place."""
        at, step = self.position(base, aligned(strides, shape, place.walk.shape), place)
        if not place.lanes or step == 1:
            self.b.store(value, at)
            return
        for lane in range(place.lanes):
            self.b.store(self.b.extract(value, lane), self.b.at(at, lane * step, self.element))

    def position(
        self, base: Value, strides: Shape, place: Place, one: Type | None = None
    ) -> tuple[Value, int]:
        """The address of the first lane, and the distance of the lanes."""
        walk, at, element = place.walk, base, one.element if one else self.element
        for axis, index in zip(walk.axes, place.indices, strict=True):
            if strides[axis.last]:
                at = self.b.at(at, index * strides[axis.last], element)
        step = 0 if walk.vector is None else strides[walk.axes[walk.vector].last]
        return at, step

    # -- numbers ----------------------------------------------------------------------------------

    def constant(self, constant: Constant, chunk: Chunk, element: str | None = None) -> Value:
        """An exact constant, rounded to the element (by default the rows')."""
        assert isinstance(constant, int | float | Fraction)
        return self.b.constant(constant, chunk.type(element or self.element))

    def reciprocal(self, row: int, chunk: Chunk) -> Value:
        """1 over the order-zero value of a divisor."""
        assert isinstance(chunk, Place)
        if row not in self.layout.reciprocal:
            return 1 / self.head(row, chunk)
        shape = self.arrays.shape(row)
        base = self._at(self.workspace, self.layout.reciprocal[row])
        return self.load_at(base, self.plan.pitch.strides(row), shape, chunk)

    def store_reciprocal(self, row: int, chunk: Chunk, value: Value) -> None:
        assert isinstance(chunk, Place)
        shape = self.arrays.shape(row)
        base = self._at(self.workspace, self.layout.reciprocal[row])
        self.put(1 / value, base, self.plan.pitch.strides(row), shape, chunk)


def _nothing(row: int, n: Index, chunk: Chunk) -> Value:
    raise ProgramError(f"row {row} is not kept, and nobody makes it")

"""Products with the newest coefficients of an order, whose other factor is known for a whole step.

The numbers of that factor are laid out once a step as the sums are: scaled, one for each lane.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field

from taylor_runtime.arithmetic.chunk import Chunk
from taylor_runtime.flows.memory import NUMBER, FlowMemory, hidden
from taylor_runtime.flows.shifts import Products, Shifts
from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.types import Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.program import Number
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.widths import REGISTER

Lanes = tuple[int, ...]  # a monomial for each lane, or -1


@dataclass
class RowSums:
    """Sums that become one coefficient: pieces of it, and joined vectors that are to be moved."""

    pieces: list[Value]
    joined: list[Value]


@dataclass(frozen=True)
class Joined:
    """The factors of each lane of a joined vector of sums: a_left b_right + b_left a_right."""

    left: Lanes
    right: Lanes
    other: Lanes  # `right`, where the second part is added

    @classmethod
    def of(cls, sums: Sequence[Products]) -> Joined:
        """Of sums that are side by side."""
        left: list[int] = []
        right: list[int] = []
        other: list[int] = []
        for one in sums:
            for lane in range(max(one.piece.lanes, 1)):
                used = lane < one.piece.used
                right.append(one.piece.start + lane if used else -1)
                left.append(one.monomial if used else -1)
                other.append(right[-1] if one.both and lane >= one.halved else -1)
        rest = [-1] * (REGISTER - len(left))
        return cls(*(tuple(listed + rest) for listed in (left, right, other)))


@dataclass
class Constants:
    """A factor's coefficient of order zero, scaled, as products want it; in memory.

    Vector k is at k times the width of a register: its pieces, the first lanes of the first one
    being zero where both parts of a product would have them; then for each joined vector the left
    numbers, and the right ones of the second part.
    """

    place: Value
    number: Value  # where that of the constant term is


@dataclass
class NewestProducts:
    """Writes products of coefficients of order zero with newest ones."""

    memory: FlowMemory
    shifts: Shifts
    _constants: dict[tuple[int, Number], Constants] = field(default_factory=dict)
    _lanes: dict[tuple[int, Lanes], Value] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sums = self.shifts.sums
        self.joined = [Joined.of([sums[k] for k in group]) for group in self.shifts.joins]
        self.pieces = sums[: len(self.shifts.pieces)]

    @property
    def b(self) -> Builder:
        return self.memory.b

    def next_order(self) -> None:
        """The order being computed changes."""
        self._lanes.clear()

    # -- once a step ------------------------------------------------------------------------------

    def prepare(self, row: int, scale: Number) -> None:
        """Lay out order zero of a row."""
        if (row, scale) in self._constants:
            return
        b, element = self.b, self.memory.element
        wide = self.memory.flow.is_polynomial(row)
        count = (len(self.pieces) + 2 * len(self.joined)) * REGISTER + 1
        place = hidden(b, b.alloca(element, count))
        number = b.at(place, count - 1, element)
        self._constants[row, scale] = Constants(place, number)
        source = self.memory.address(row, 0, 0)
        first = b.load(Type(element), source)
        b.store(b.normal(first * b.constant(scale, first.type)), number)
        if not wide:
            return
        for k, one in enumerate(self.pieces):
            t = Type(element, one.piece.lanes)
            value = b.load(t, b.at(source, one.piece.start, element))
            scales = [scale if lane >= one.halved else 0 for lane in range(max(t.lanes, 1))]
            factor = b.constants(scales, element) if t.lanes else b.constant(scales[0], t)
            b.store(b.normal(value * factor), b.at(place, k * REGISTER, element))
        for k, joined in enumerate(self.joined):
            for side, lanes in enumerate((joined.left, joined.other)):
                if any(lane >= 0 for lane in lanes):
                    at = b.at(place, (len(self.pieces) + 2 * k + side) * REGISTER, element)
                    b.store(b.normal(self._spread(source, lanes, scale)), at)

    def _spread(self, source: Value, lanes: Lanes, scale: Number) -> Value:
        """Numbers of a coefficient, scaled, one for each lane; zero where none is wanted."""
        b, element = self.b, self.memory.element
        value = b.constant(0, Type(element, REGISTER))
        known: dict[int, Value] = {}
        for lane, monomial in enumerate(lanes):
            if monomial < 0:
                continue
            if monomial not in known:
                number = b.load(Type(element), b.at(source, monomial, element))
                known[monomial] = number * b.constant(scale, number.type)
            value = b.insert(value, known[monomial], lane)
        return value

    # -- at each order ----------------------------------------------------------------------------

    def add(
        self,
        totals: RowSums,
        constant: tuple[int, Number],
        row: int,
        n: Index,
        weight: Value | None,
    ) -> None:
        """The product of what was laid out with coefficient n of a row, the newest."""
        b, memory, element = self.b, self.memory, self.memory.element
        known = self._constants[constant]
        fixed_wide = memory.flow.is_polynomial(constant[0])
        wide = memory.flow.is_polynomial(row)
        number = b.load(Type(element), known.number)
        newest = self._number(row, n)
        if weight is not None:
            number, newest = number * weight, newest * weight
        for k, one in enumerate(self.pieces):
            lanes = one.piece.lanes
            total = totals.pieces[k]
            if fixed_wide and (one.both or not wide):
                vector = b.load(Type(element, lanes), b.at(known.place, k * REGISTER, element))
                total = b.fma(vector, b.splat(newest, lanes), total)
                if not wide and one.halved:
                    total = self._first_lanes(total, number, newest, one)
            if wide:
                vector = memory.newest(row, n, Chunk(one.piece.start, lanes))
                total = b.fma(vector, b.splat(number, lanes), total)
            totals.pieces[k] = total
        if not (wide and fixed_wide):
            return
        for k, joined in enumerate(self.joined):
            for side, (there, here) in enumerate(
                ((joined.left, joined.right), (joined.other, joined.left))
            ):
                if all(lane < 0 for lane in there):
                    continue
                at = b.at(known.place, (len(self.pieces) + 2 * k + side) * REGISTER, element)
                vector = b.load(Type(element, REGISTER), at)
                if weight is not None:
                    vector = vector * weight
                totals.joined[k] = b.fma(vector, self._here(row, n, here), totals.joined[k])

    def _first_lanes(self, total: Value, number: Value, newest: Value, one: Products) -> Value:
        """The product with a number where its factor has zeros."""
        if not one.piece.lanes:
            return self.b.fma(number, newest, total)
        lanes = [1 if lane < one.halved else 0 for lane in range(one.piece.lanes)]
        first = self.b.constants(lanes, self.memory.element)
        return self.b.fma(first, self.b.splat(number * newest, one.piece.lanes), total)

    def _number(self, row: int, n: Index) -> Value:
        """The constant term of a newest coefficient."""
        memory, b = self.memory, self.b
        if not memory.flow.is_polynomial(row):
            return memory.newest(row, n, NUMBER)
        piece = memory.pieces[0]
        value = memory.newest(row, n, piece)
        return b.extract(value, 0) if piece.lanes else value

    def _here(self, row: int, n: Index, lanes: Lanes) -> Value:
        """Numbers of a newest coefficient, one for each lane; anything where none is wanted."""
        if (row, lanes) not in self._lanes:
            self._lanes[row, lanes] = self._gathered(row, n, lanes)
        return self._lanes[row, lanes]

    def _gathered(self, row: int, n: Index, lanes: Lanes) -> Value:
        b, memory, element = self.b, self.memory, self.memory.element
        wanted = [lane for lane in lanes if lane >= 0]
        for piece in memory.pieces:
            start = int(piece.offset)  # type: ignore[arg-type]
            if piece.lanes and start <= min(wanted) and max(wanted) < start + piece.lanes:
                value = memory.newest(row, n, piece)
                return b.shuffle(value, None, [lane - start if lane >= 0 else -1 for lane in lanes])
        place = memory.address(row, n, 0)
        value = b.constant(0, Type(element, REGISTER))
        for lane, monomial in enumerate(lanes):
            if monomial >= 0:
                number = b.load(Type(element), b.at(place, monomial, element))
                value = b.insert(value, number, lane)
        return value

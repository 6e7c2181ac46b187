"""Sums of old products: of all convolutions of an order, before anything of this order is known.

One loop adds up several, from the middle outwards, so that the newest coefficients come last.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from taylor_runtime.flows.factors import Factor, add_products, factor_of, weights_of
from taylor_runtime.flows.memory import FlowMemory
from taylor_runtime.flows.newest import RowSums
from taylor_runtime.flows.places import joined_sums
from taylor_runtime.flows.shifts import Products, groups, shifts_of
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Index, Value
from taylor_runtime.program.kinds import ELEMENTS
from taylor_runtime.program.program import Convolution, Number
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import convolutions_of, is_square
from taylor_runtime.program.widths import REGISTER

MOST_SUMS = 21  # vectors of sums that one loop adds up, in registers
CHAINED = 10  # vectors of sums, of which each then has two chains that wait less for one another
SIDES = 3  # vectors for a weighted sum: below and above the middle, and sums of these
SCALED = 10  # sums of a product of which the numbers are multiplied by weights, not the products


@dataclass(frozen=True, slots=True)
class _Sum:
    """A convolution in a loop: the vectors of its sums, and whether it is a square."""

    convolution: Convolution
    plan: tuple[Products, ...]
    square: bool


@dataclass(frozen=True, slots=True)
class Loop:
    """What one loop adds up, and what writes it."""

    sums: Sequence[_Sum]
    write: Callable[[], dict[Convolution, list[Value]]]


class OldSums:
    """The sums of an order, unscaled.

    A loop is written where the first of its sums is wanted: what comes before is a chain of
    products with newest coefficients, of which each waits for the last one, and processors begin
    with the loop meanwhile.
    """

    def __init__(self, products: OldProducts, loops: Sequence[Loop]) -> None:
        self.products = products
        self._waiting = {one.convolution: loop for loop in loops for one in loop.sums}
        self._found: dict[Convolution, RowSums] = {}

    def get(self, c: Convolution) -> RowSums | None:
        """The sums of a convolution; None if all its products are newest ones."""
        if c not in self._found and c in self._waiting:
            for one, values in self._waiting[c].write().items():
                whole = [self.products.b.normal(value) for value in values]
                self._found[one] = self.products.side_by_side(whole)
        return self._found.get(c)


class OldProducts:
    """Writes the sums of old products of a flow's program."""

    def __init__(self, memory: FlowMemory) -> None:
        self.memory = memory
        self.b = memory.b
        self.element = memory.element
        self.shifts = shifts_of(memory.flow.among)
        self._weights: dict[tuple[Number, Number], Value] = {}

    def plan(self, c: Convolution) -> tuple[Products, ...]:
        """The sums of a convolution: if one factor is a number, those that are in their places."""
        wide = self.memory.flow.is_wide(c)
        return self.shifts.sums if wide else self.shifts.sums[: len(self.shifts.pieces)]

    def _most(self) -> int:
        return MOST_SUMS // ELEMENTS[self.element].parts

    def old(self, rows: Sequence[int], n: Index) -> OldSums:
        """The sums of old products of all convolutions of polynomials in some rows, each to be
        made where it is first asked for.
        """
        listed = [self._sum(c) for c in self._moving(rows)]
        wide = [one for one in listed if max(one.convolution.first, one.convolution.last) <= 1]
        plain = [one for one in wide if one.convolution.weight is None]
        weighted = [one for one in wide if one.convolution.weight is not None]
        loops: list[Loop] = []
        if weighted and self._fit_together(plain, weighted):
            loops.append(Loop([*plain, *weighted], partial(self._loop, plain, weighted, n)))
            plain, weighted = [], []
        elif weighted and plain and self._fit_beside(plain, weighted):
            loops.append(Loop([*plain, *weighted], partial(self._loop_beside, plain, weighted, n)))
            plain, weighted = [], []
        for group in _even([len(one.plan) for one in plain], self._most()):
            some = [plain[k] for k in group]
            loops.append(Loop(some, partial(self._loop, some, [], n)))
        most = self._most() * 6 // 5
        for group in groups([2 * len(one.plan) for one in weighted], most):
            some = [weighted[k] for k in group]
            loops.append(Loop(some, partial(self._weighted_loop, some, n)))
        return OldSums(self, loops)

    def _fit_together(self, plain: Sequence[_Sum], weighted: Sequence[_Sum]) -> bool:
        """Whether one loop is enough: each that ends costs as much as a few products."""
        chains = 2 * _count(plain) - _count([one for one in plain if one.square])
        vectors = chains + SIDES * _count(weighted)
        short = all(piece.lanes < REGISTER for piece in self.shifts.pieces)
        return short and _count(plain) <= CHAINED and vectors <= self._most() + SIDES

    def _fit_beside(self, plain: Sequence[_Sum], weighted: Sequence[_Sum]) -> bool:
        """Whether one loop is enough if those with weights stay on one side: each of their sums
        waits for the last one, and processors multiply the others meanwhile.
        """
        chains = 2 * _count(plain) - _count([one for one in plain if one.square])
        return _count(plain) <= CHAINED and chains + 2 * _count(weighted) <= self._most()

    def side_by_side(self, values: Sequence[Value]) -> RowSums:
        """Sums as rows want them: those that are moved joined."""
        pieces = list(values[: len(self.shifts.pieces)])
        return RowSums(pieces, joined_sums(self.b, self.element, self.shifts, values))

    def _sum(self, c: Convolution) -> _Sum:
        return _Sum(c, self.plan(c), is_square(c))

    def _moving(self, rows: Sequence[int]) -> list[Convolution]:
        """Convolutions with a polynomial of which both factors have more than order zero."""
        program = self.memory.flow
        terms = [
            term
            for row in rows
            if program.is_polynomial(row) and (step := program.rows[row].step)
            for term in step.terms
        ]
        return [
            c
            for c in convolutions_of(terms)
            if program.has_polynomial(c) and not (program.steady[c.a] or program.steady[c.b])
        ]

    def _loop(
        self, group: Sequence[_Sum], weighted: Sequence[_Sum], n: Index
    ) -> dict[Convolution, list[Value]]:
        """a_j b_(n-j) for j = 1 .. n - 1, of squares a half of each pair; and of those that have
        weights, on both sides of the middle, their sums, and sums of these.
        """
        b, at = self.b, self._order(n)
        count, many = _count(group), _count(weighted)
        chains = 2 if count <= CHAINED else 1
        zeros, none = self._zeros_of(group), self._zeros_of(weighted)
        half, low = (at - 1) >> 1, (at - 1) >> 1
        high = at - low

        def middle() -> list[Value]:
            j = at >> 1
            once = self._at(weighted, at, j, j, none)
            return [*once, *once, *self._at(group, at, j, j, zeros, half=True)]

        def step(i: Index, carried: list[Value]) -> Sequence[Value]:
            below, above = low - i, high + i
            x, sums, y = (carried[k * many : (k + 1) * many] for k in range(SIDES))
            both = self._both(group, at, below, above, carried[SIDES * many :], chains)
            x = self._at(weighted, at, below, above, x)
            y = self._at(weighted, at, above, below, y)
            sums = [t + s - r for t, s, r in zip(sums, x, y, strict=True)]
            return [*x, *sums, *y, *both]

        begun = b.if_(b.eq(at & 1, 0), middle, lambda: [*none, *none, *zeros])
        begun = [*begun[: 2 * many], *none, *begun[2 * many :], *zeros * (chains - 1)]
        totals = b.fold(0, half, begun, step)
        sides, totals = totals[: SIDES * many], totals[SIDES * many :]
        return self._joined(group, totals, chains) | self._of_sides(weighted, sides, n)

    def _both(
        self,
        group: Sequence[_Sum],
        at: Value,
        below: Value,
        above: Value,
        carried: list[Value],
        chains: int,
    ) -> list[Value]:
        """The products of two orders, as far below the middle as above it, added to chains."""
        count = _count(group)
        first = self._at(group, at, below, above, carried[:count])
        rest = carried[count:] if chains == 2 else first
        last = self._at(group, at, above, below, rest, squares=False)
        return [*(first if chains == 2 else []), *last]

    def _joined(
        self, group: Sequence[_Sum], totals: Sequence[Value], chains: int
    ) -> dict[Convolution, list[Value]]:
        """The sums of each convolution, from the chains of all."""
        if chains == 2:
            count = _count(group)
            totals = [x + y for x, y in zip(totals[:count], totals[count:], strict=True)]
        return _shared(group, totals)

    def _order(self, n: Index) -> Value:
        b = self.b
        return b.like(b.constant(0, I64), n) if isinstance(n, int) else n

    def _loop_beside(
        self, group: Sequence[_Sum], weighted: Sequence[_Sum], n: Index
    ) -> dict[Convolution, list[Value]]:
        """As `_loop` and `_weighted_loop`, two orders of these in each turn."""
        b, at = self.b, self._order(n)
        many = 2 * _count(weighted)
        zeros, none = self._zeros_of(group), self._zeros_of(weighted) * 2
        half = (at - 1) >> 1
        odd = at - 1 - half * 2  # the first weighted order goes with the middle

        def middle() -> list[Value]:
            j = at >> 1
            once = self._weighted_turn(weighted, at, b.constant(1, I64), none)
            return [*once, *self._at(group, at, j, j, zeros, half=True)]

        def step(i: Index, carried: list[Value]) -> Sequence[Value]:
            both = self._both(group, at, half - i, at - half + i, carried[many:], 2)
            sums = carried[:many]
            for k in (1, 2):
                sums = self._weighted_turn(weighted, at, b.like(at, i) * 2 + odd + k, sums)
            return [*sums, *both]

        begun = b.if_(b.eq(at & 1, 0), middle, lambda: [*none, *zeros])
        totals = b.fold(0, half, [*begun, *zeros], step)
        found = self._joined(group, totals[many:], 2)
        return found | self._of_weighted(weighted, totals[:many], n)

    def _of_sides(
        self, group: Sequence[_Sum], sides: Sequence[Value], n: Index
    ) -> dict[Convolution, list[Value]]:
        """(alpha n + beta j) a_j b_(n-j) by sums of products below and above the middle, and sums
        of these sums, in which a product is j times below, and -(n - j) times above.
        """
        b, count = self.b, _count(group)
        below, sums, above = (
            _shared(group, sides[k * count : (k + 1) * count]) for k in range(SIDES)
        )
        found: dict[Convolution, list[Value]] = {}
        for one in group:
            c = one.convolution
            assert c.weight is not None
            alpha, beta = c.weight
            first, last = self._weight((alpha, 0), n, 0), self._weight((alpha + beta, 0), n, 0)
            found[c] = []
            for x, t, y in zip(below[c], sums[c], above[c], strict=True):
                value = b.fma(x, b.splat(first, x.lanes), y * b.splat(last, y.lanes))
                found[c].append(b.fma(t, b.constant(beta, t.type), value))
        return found

    def _zeros_of(self, group: Sequence[_Sum]) -> list[Value]:
        parts = [one.piece.lanes for sums in group for one in sums.plan]
        return [self.b.constant(0, Type(self.element, lanes)) for lanes in parts]

    def _weighted_loop(self, group: Sequence[_Sum], n: Index) -> dict[Convolution, list[Value]]:
        """(alpha n + beta j) a_j b_(n-j) for j = n - 1 .. 1: sums, and sums of these, in which each
        product is as often as its weight says.  Processors add beside their multiply-adds.
        """
        b, at = self.b, self._order(n)

        def step(i: Index, carried: list[Value]) -> Sequence[Value]:
            return self._weighted_turn(group, at, b.like(at, i + 1), carried)

        totals = b.fold(0, at - 1, self._zeros_of(group) * 2, step)
        return self._of_weighted(group, totals, n)

    def _weighted_turn(
        self, group: Sequence[_Sum], at: Value, other: Value, carried: list[Value]
    ) -> list[Value]:
        """a_(n-j) b_j added to sums, and these to the sums of them."""
        count = _count(group)
        sums = self._at(group, at, at - other, other, carried[:count])
        return [*sums, *(x + y for x, y in zip(carried[count:], sums, strict=True))]

    def _of_weighted(
        self, group: Sequence[_Sum], totals: Sequence[Value], n: Index
    ) -> dict[Convolution, list[Value]]:
        """(alpha n + beta j) a_j b_(n-j) by sums of products, and sums of these sums."""
        b, count = self.b, _count(group)
        found: dict[Convolution, list[Value]] = {}
        first = 0
        for one in group:
            weight = one.convolution.weight
            assert weight is not None
            alpha, beta = weight
            of_n = self._weight((alpha, 0), n, 0)
            last = first + len(one.plan)
            found[one.convolution] = [
                b.fma(x, b.splat(of_n, x.lanes), y * b.constant(beta, y.type))
                for x, y in zip(totals[first:last], totals[count + first :], strict=False)
            ]
            first = last
        return found

    def _at(
        self,
        group: Sequence[_Sum],
        n: Value,
        j: Value,
        other: Value,
        totals: list[Value],
        squares: bool = True,
        half: bool = False,
    ) -> list[Value]:
        """a_j b_other, without weights, added to the sums of all.

        squares: those of squares, too; half: of which a half.
        """
        known: dict[tuple[int, bool], Factor] = {}

        def factor(row: int, of_j: bool) -> Factor:
            if (row, of_j) not in known:
                place = self.memory.address(row, j if of_j else other, 0)
                known[row, of_j] = factor_of(self.memory, row, place)
            return known[row, of_j]

        found: list[Value] = []
        for one in group:
            c, size = one.convolution, len(one.plan)
            own, totals = totals[:size], totals[size:]
            if one.square and not squares:
                found += own
                continue
            weight = self.b.constant(0.5, Type(self.element)) if one.square and half else None
            found += self._added(one.plan, factor(c.a, True), factor(c.b, False), own, weight)
        return found

    def _added(
        self,
        plan: tuple[Products, ...],
        x: Factor,
        y: Factor,
        totals: list[Value],
        weight: Value | None,
    ) -> list[Value]:
        return add_products(self.b, plan, x, y, totals, weight, len(plan) > SCALED)

    def _weight(self, weight: tuple[Number, Number], n: Index, j: Index) -> Value:
        alpha, beta = weight
        orders = self.memory.flow.order
        if isinstance(n, int) and isinstance(j, int):
            return self.b.constant(alpha * n + beta * j, Type(self.element))
        if weight not in self._weights:
            numbers = weights_of(alpha, beta, orders)
            self._weights[weight] = self.b.table(numbers, self.element)
        place = self.b.at(self._weights[weight], n * (orders + 1) + j, self.element)
        return self.b.load(Type(self.element), place)


def _count(group: Sequence[_Sum]) -> int:
    """How many vectors of sums there are."""
    return sum(len(one.plan) for one in group)


def _shared(group: Sequence[_Sum], values: Sequence[Value]) -> dict[Convolution, list[Value]]:
    """The sums of each convolution, from those of all."""
    found: dict[Convolution, list[Value]] = {}
    first = 0
    for one in group:
        found[one.convolution] = list(values[first : first + len(one.plan)])
        first += len(one.plan)
    return found


def _even(sizes: list[int], most: int) -> list[range]:
    """`groups`, as few of them, of which the largest is no larger than it has to be."""
    wanted = groups(sizes, most)
    least = sum(sizes) // max(len(wanted), 1)
    evener = (groups(sizes, limit) for limit in range(least, most))
    return next((found for found in evener if len(found) == len(wanted)), wanted)

"""Which rows of a formula are whole numbers, and between which bounds: by intervals, row by row.

What goes from turn to turn of a loop is whole if it begins so and each turn leaves it so.  Its
bounds are found by going through a turn again and again, the bounds that move being moved as far
as any may be (`FARTHEST`) from the second time on.  There, a count that a turn changes by `PACE` at
most needs no watching: 2**50 turns take days, and nothing is wrong before 2**53.  Any other one is
compared with its bounds after each turn, where the code can be left for one that computes with
doubles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from taylor_runtime.ir.whole import (
    LIMIT,
    Span,
    is_scaled,
    is_signed_product,
    quotient,
    remainders,
)
from taylor_runtime.program.arrays import View
from taylor_runtime.program.kernels import BranchSystem, LoopSystem, PartKernel, Region
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Program,
    Row,
    Select,
    Term,
)

FARTHEST = 1 << 50
PACE = 2
ROUNDS = 6  # through a turn, until bounds have to be settled
COUNTED = Span(-FARTHEST, FARTHEST)
TRUTH = Span(0, 1)
RELATIONS = ("lt", "le", "gt", "ge", "eq", "ne")
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "eq": "eq", "ne": "ne"}

Spans = Sequence[Span | None]


class Turns(NamedTuple):
    """What is known of the carries of a loop.

    before: whenever a turn may begin; None for one that is not known to be whole.
    inside: the same where the condition has let a turn begin.
    counter: the index of a loop between bounds.
    watched: carries that have to be compared with `before` after each turn.
    """

    before: tuple[Span | None, ...]
    inside: tuple[Span | None, ...]
    counter: Span | None
    watched: frozenset[int]


class Quotient(NamedTuple):
    """A row that is numerator/denominator times another, or that over a row."""

    row: int
    numerator: int
    denominator: int
    divisor: int | None


class WholeNumbers:
    """Finds bounds, and keeps them while one function is written.

    guarded: whether the code may be left where a number is beyond its bounds.
    """

    def __init__(self, guarded: bool) -> None:
        self.guarded = guarded
        self._known: dict[tuple[object, ...], Any] = {}
        self._kept: list[object] = []  # whose `id` is part of a key

    def results(self, program: Program, given: Spans) -> list[Span | None]:
        """Of the outputs of a formula, for those of its inputs."""
        rows = self.rows(program, given)
        return [rows.of(row) for row, _ in program.outputs]

    def rows(self, program: Program, given: Spans) -> Rows:
        """Of all its rows."""
        return self._once(program, tuple(given), lambda: Rows(self, program, given))

    def _once(self, owner: object, given: tuple[object, ...], make: Callable[[], Any]) -> Any:
        key = (id(owner), *given)
        if key not in self._known:
            self._kept.append(owner)
            self._known[key] = make()
        return self._known[key]

    def loop(self, system: LoopSystem, given: Spans) -> Turns:
        """Of a kernel, for those of its arguments but the first."""
        carries, rest = given[-system.carries :], given[: -system.carries]
        index: Spans = ()
        if system.condition is None and system.bounds is None:
            index, rest = [_between(rest[0], rest[1])], rest[2:]
        elif system.bounds is not None:
            index = [_known_index(system.bounds)]
        return self.turns(system.body, system.condition, [Span(1, 1), *rest], index, carries, [])

    def region(self, region: Region, given: Spans) -> Turns:
        """Of a row of a program of arrays, for those of its operands."""
        lead, first = region.leading, region.leading + region.constants
        index: Spans = ()
        if region.kind == "for":
            known = region.bounds is not None and _known_index(region.bounds)
            index = [known or _between(given[0], given[1])]
        condition = region.graphs[0] if region.kind == "while" else None
        carries, slices = given[first : first + region.carries], given[first + region.carries :]
        none = [None] * len(slices)
        return self.turns(region.graphs[-1], condition, given[lead:first], index, carries, none)

    def turns(
        self,
        body: Program,
        condition: Program | None,
        fixed: Spans,
        index: Spans,
        carries: Spans,
        slices: Spans,
    ) -> Turns:
        """Of a loop."""
        given = tuple(fixed), tuple(index), tuple(carries), tuple(slices)
        loop = _Loop(self, body, condition, *given)
        return self._once(body, (id(condition), *given), loop.settled)


class _Loop(NamedTuple):
    """A loop whose bounds are asked for."""

    known: WholeNumbers
    body: Program
    condition: Program | None
    fixed: Spans
    counter: Spans
    carries: Spans
    slices: Spans

    def settled(self) -> Turns:
        before, watched = list(self.carries), set[int]()
        for turn in range(ROUNDS * (1 + len(before))):
            after = self._after(before)
            moved = False
            for k, (old, new) in enumerate(zip(before, after, strict=True)):
                if old is None or (new is not None and old.covers(new)) or k in watched:
                    continue
                following = None if new is None else self._moved(old, new, turn > 0)
                if following == old and new is not None:  # it is as wide as may be
                    inside = self._inside(before)
                    if self._keeps_pace(k, inside):
                        continue
                    following = old if self.known.guarded else None
                    watched |= {k} if following else set()
                before[k], moved = following, True
            if not moved:
                return self._result(before, watched)
        return self._result([None] * len(before), set())

    def _result(self, before: list[Span | None], watched: Iterable[int]) -> Turns:
        kept = frozenset(k for k in watched if before[k] is not None)
        index = self.counter[0] if self.counter else None
        return Turns(tuple(before), tuple(self._inside(before)), index, kept)

    def _moved(self, old: Span, new: Span, far: bool) -> Span | None:
        both = old.joined(new)
        if far:
            low = -FARTHEST if both.low < old.low else old.low
            high = FARTHEST if both.high > old.high else old.high
            if both.low < old.low and both.low >= -1 and old.low >= -1:
                low = -1  # where a count down to zero ends
            both = Span(low, high)
        return both if COUNTED.covers(both) else COUNTED if COUNTED.covers(old) else None

    def _inside(self, before: Spans) -> list[Span | None]:
        if self.condition is None:
            return list(before)
        rows = self.known.rows(self.condition, [*self.fixed, *before])
        narrowed = rows.where_true(self.condition.outputs[0][0])
        first = len(self.fixed)
        return [narrowed.get(first + k, span) for k, span in enumerate(before)]

    def _rows(self, inside: Spans) -> Rows:
        return self.known.rows(self.body, [*self.fixed, *self.counter, *inside, *self.slices])

    def _after(self, before: Spans) -> list[Span | None]:
        rows = self._rows(self._inside(before))
        outputs = self.body.outputs[: len(before)]
        return [rows.of(row) for row, _ in outputs]

    def _keeps_pace(self, k: int, inside: Spans) -> bool:
        """Whether a turn changes a carry by a small number at most."""
        slot = len(self.fixed) + len(self.counter) + k
        change = self._rows(inside).change(self.body.outputs[k][0], slot)
        return change is not None and Span(-PACE, PACE).covers(change)


class Rows:
    """What is known of the rows of one formula."""

    def __init__(self, known: WholeNumbers, program: Program, given: Spans) -> None:
        self.known, self.program, self.given = known, program, given
        self._spans: list[Span | None] = []
        self._quotients: dict[int, Quotient] = {}  # rows that are quotients, and those rounded down
        self._elements: dict[tuple[int, int], Span | None] = {}  # single results of regions
        for index, row in enumerate(program.rows):
            self._spans.append(self._span(index, row))

    def of(self, row: int) -> Span | None:
        """Its bounds; None where it is not known to be whole."""
        return self._spans[row]

    def element(self, row: int, place: int) -> Span | None:
        """Of a single number among the results of a loop or a choice of arrays."""
        return self._elements.get((row, place))

    # -- rows -------------------------------------------------------------------------------------

    def _span(self, index: int, row: Row) -> Span | None:
        moved, shape = getattr(row, "moved", None), getattr(row, "shape", ())
        if isinstance(moved, Region):
            self._region(index, moved)
            return None
        if shape != () or row.width != 1:
            return None
        if isinstance(moved, View):
            return self._elements.get((moved.source, moved.offset), self._of_number(moved.source))
        if moved is not None:
            return None
        if isinstance(row.start, Input):
            return self._input(row)
        span = self._kernel(index, row.start) if row.start else self._step(index, row)
        offset = _whole(row.offset)
        if span is None or offset is None or row.offset == 0:
            return span if offset is not None else None
        return _fitting(span.plus(Span(offset, offset)))

    def _of_number(self, row: int) -> Span | None:
        return self._spans[row] if getattr(self.program.rows[row], "shape", ()) == () else None

    def _input(self, row: Row) -> Span | None:
        assert isinstance(row.start, Input)
        (slot,) = row.start.index
        known = row.start.source == "parameter" and row.offset == 0 and slot < len(self.given)
        return self.given[slot] if known else None

    def _kernel(self, index: int, kernel: Kernel | Input) -> Span | None:
        assert isinstance(kernel, Kernel)
        name = kernel.function
        spans = [self._spans[row] for row in kernel.arguments]
        if isinstance(name, PartKernel):
            return self._parts(name, spans)[name.number]
        if name in RELATIONS or name in ("and", "or", "not"):
            return TRUTH
        if name == "where":
            return _joined(spans[1:])
        if name == "abs":
            return None if spans[0] is None else spans[0].size()
        if name == "floor":
            return spans[0] if spans[0] is not None else self._floor(index, kernel.arguments[0])
        if name == "div" and spans[0] is not None:
            below = _whole(kernel.constants[0]) if kernel.constants else None
            row = kernel.arguments[1] if len(kernel.arguments) == 2 else None
            if below or row is not None:
                self._quotients[index] = Quotient(kernel.arguments[0], 1, below or 1, row)
        return None

    def _parts(self, kernel: PartKernel, spans: Spans) -> Sequence[Span | None]:
        system = kernel.system
        if isinstance(system, LoopSystem):
            return self.known.loop(system, spans[1:]).before
        assert isinstance(system, BranchSystem)
        given = [Span(1, 1), *spans[2:]]
        found = [self.known.results(branch, given) for branch in system.branches]
        return [_joined(ends) for ends in zip(*found, strict=True)]

    def _region(self, index: int, region: Region) -> None:
        if region.graphs[-1].order or region.kind in ("reverse", "series"):
            return
        spans = [self._spans[row] for row in region.operands]
        if region.kind == "switch":
            found = [self.known.results(graph, spans[1:]) for graph in region.graphs]
            ends: Sequence[Span | None] = [_joined(each) for each in zip(*found, strict=True)]
        else:
            ends = self.known.region(region, spans).before
        for place, shape, span in zip(region.places, region.shapes, ends, strict=False):
            if shape == ():
                self._elements[index, place] = span

    # -- sums -------------------------------------------------------------------------------------

    def _step(self, index: int, row: Row) -> Span | None:
        step = row.step
        if step is None or step.times != "1":
            return None
        if step.divisor is not None:
            self._note_division(index, row)
            return None
        terms = step.terms
        if not terms:
            return Span(0, 0)
        rest = self._rest(terms)
        if rest is not None:
            return rest
        if len(terms) == 1 and row.offset == 0:
            self._note_fraction(index, terms[0])
        total, signed = Span(0, 0), row.offset == 0  # whether all that is added might be -0.0
        for term in terms:
            factors = self._factors(term)
            if factors is None:
                return None
            product, negative = factors[0], False
            for factor in factors[1:]:
                negative = negative or is_signed_product(product, factor)
                product = product.times(factor)
                if not product.fits():
                    return None
            signed = signed and negative
            total = total.plus(product)
            if not total.fits():
                return None
        return None if signed else total

    def _factors(self, term: Term) -> list[Span] | None:
        """What a term is the product of; None where that is not all whole."""
        operand, constant = term.operand, _whole(term.constant)
        if constant is None:
            return None
        found: list[Span | None] = [Span(constant, constant)] if constant != 1 else []
        if isinstance(operand, Convolution):
            if operand.weight is not None or operand.first or operand.last:
                return None
            found += [self._spans[operand.a], self._spans[operand.b]]
        elif isinstance(operand, Select):
            found.append(_joined([self._spans[operand.a], self._spans[operand.b]]))
        else:
            found.append(None if operand.lag else self._spans[operand.row])
        if term.head is not None:
            found.append(self._spans[term.head])
        known = [span for span in found if span is not None]
        return known if len(known) == len(found) else None

    def _note_fraction(self, index: int, term: Term) -> None:
        """A row that is a fraction of another one."""
        row, constant = self._row_of(term), term.constant
        span = None if row is None else self._spans[row]
        if row is None or span is None or not isinstance(constant, Fraction):
            return
        p, q = constant.as_integer_ratio()
        if is_scaled(span, p, q) is not None:
            self._quotients[index] = Quotient(row, p, q, None)

    def _row_of(self, term: Term) -> int | None:
        """The row that a term is a multiple of."""
        plain = isinstance(term.operand, Coefficient) and term.head is None
        return term.operand.row if plain and isinstance(term.operand, Coefficient) else None

    # -- quotients --------------------------------------------------------------------------------

    def _note_division(self, index: int, row: Row) -> None:
        step = row.step
        assert step is not None
        above = self._row_of(step.terms[0]) if len(step.terms) == 1 else None
        if above is None or row.offset != 0 or self._spans[above] is None:
            return
        factor = _whole(step.terms[0].constant)
        if factor is not None:
            self._quotients[index] = Quotient(above, factor, 1, step.divisor)

    def _bounds(self, found: Quotient) -> tuple[Span, Span] | None:
        above = self._spans[found.row]
        below: Span | None = Span(found.denominator, found.denominator)
        if found.divisor is not None:
            below = self._spans[found.divisor]
        if above is None or below is None:
            return None
        above = _product(above, Span(found.numerator, found.numerator), True)
        return None if above is None else (above, below)

    def _floor(self, index: int, row: int) -> Span | None:
        found = self._quotients.get(row)
        bounds = self._bounds(found) if found is not None else None
        if found is None or bounds is None:
            return None
        self._quotients[index] = found
        return quotient(*bounds)

    def _rest(self, terms: Sequence[Term]) -> Span | None:
        """Of a - d floor(a/d), which is narrower than its terms let one think."""
        if len(terms) != 2:
            return None
        for first, second in (terms, reversed(terms)):
            row, rounded = self._row_of(first), self._rounded(second)
            if row is None or rounded is None:
                continue
            found, times, divisor = rounded
            same = found.row == row and first.constant == found.numerator
            below = times == -found.denominator and divisor == found.divisor
            bounds = self._bounds(found)
            if same and below and bounds is not None:
                return remainders(*bounds)
        return None

    def _rounded(self, term: Term) -> tuple[Quotient, Constant, int | None] | None:
        """The quotient rounded down that a term has, its factor, and the row that multiplies it."""
        rows: list[int] = [] if term.head is None else [term.head]
        if isinstance(term.operand, Convolution):
            rows += [term.operand.a, term.operand.b]
        elif isinstance(term.operand, Coefficient):
            rows.append(term.operand.row)
        for row in rows:
            others = [other for other in rows if other != row]
            if row in self._quotients and self._spans[row] is not None and len(others) < 2:
                return self._quotients[row], term.constant, others[0] if others else None
        return None

    # -- conditions -------------------------------------------------------------------------------

    def where_true(self, row: int) -> dict[int, Span]:
        """Of inputs, by slot, where a condition holds."""
        start = self.program.rows[row].start
        if not isinstance(start, Kernel):
            return {}
        if start.function == "and":
            found = [self.where_true(argument) for argument in start.arguments]
            slots = {slot for known in found for slot in known}
            return {slot: _met([k[slot] for k in found if slot in k]) for slot in slots}
        if start.function not in RELATIONS:
            return {}
        a, c = start.arguments
        pairs = [(a, start.function, c), (c, MIRRORED[str(start.function)], a)]
        return {
            slot: span
            for row, relation, other in pairs
            if (slot := self._slot(row)) is not None
            and (span := _narrowed(self._spans[row], str(relation), self._spans[other]))
        }

    def _slot(self, row: int) -> int | None:
        start = self.program.rows[row].start
        known = isinstance(start, Input) and start.source == "parameter"
        return start.index[0] if known and isinstance(start, Input) else None

    # -- changes ----------------------------------------------------------------------------------

    def change(self, row: int, slot: int) -> Span | None:
        """How much a row may differ from an input: 0 for what has small bounds of its own."""
        span, made = self._spans[row], self.program.rows[row]
        if self._slot(row) == slot and made.offset == 0:
            return Span(0, 0)
        change = partial(self.change, slot=slot)
        if isinstance(made.start, Kernel) and made.start.function == "where":
            return _joined([change(argument) for argument in made.start.arguments[1:]])
        if made.start is None and made.step is not None and made.step.terms:
            found = self._change_of_sum(made, change)
            if found is not None:
                return found
        small = span is not None and span.size().high < FARTHEST // 2
        return Span(0, 0) if small else None

    def _change_of_sum(self, row: Row, change: Callable[[int], Span | None]) -> Span | None:
        assert row.step is not None
        offset, total, moving = _whole(row.offset), Span(0, 0), 0
        for term in row.step.terms:
            used = self._row_of(term)
            if used is None or offset is None:
                return None
            span = self._spans[used]
            if span is not None and span.size().high <= PACE and term.constant in (1, -1):
                total = total.plus(span, 1 if term.constant == 1 else -1)
                continue
            own = change(used) if term.constant == 1 else None
            if own is None:
                return None
            total, moving = total.plus(own), moving + 1
        return total.plus(Span(offset or 0, offset or 0)) if moving == 1 else None


def _whole(constant: Constant) -> int | None:
    """A constant that is a whole number."""
    known = isinstance(constant, int) and abs(constant) <= LIMIT
    return constant if known and isinstance(constant, int) else None


def _fitting(span: Span) -> Span | None:
    return span if span.fits() else None


def _product(a: Span | None, b: Span | None, alone: bool) -> Span | None:
    """alone: whether it must not be -0.0."""
    if a is None or b is None or (alone and is_signed_product(a, b)):
        return None
    return _fitting(a.times(b))


def _joined(spans: Iterable[Span | None]) -> Span | None:
    found: Span | None = None
    for span in spans:
        if span is None:
            return None
        found = span if found is None else found.joined(span)
    return found


def _met(spans: Sequence[Span]) -> Span:
    return Span(max(s.low for s in spans), min(s.high for s in spans))


def _narrowed(span: Span | None, relation: str, other: Span | None) -> Span | None:
    """What is left of a span where a comparison holds; None for nothing, or nothing new."""
    if span is None or other is None:
        return None
    low, high = span
    if relation in ("lt", "le"):
        high = min(high, other.high - (relation == "lt"))
    elif relation in ("gt", "ge"):
        low = max(low, other.low + (relation == "gt"))
    elif relation == "eq":
        low, high = max(low, other.low), min(high, other.high)
    elif other.low == other.high:
        low, high = low + (low == other.low), high - (high == other.low)
    return Span(low, high) if low <= high else None


def _known_index(bounds: tuple[int, int]) -> Span | None:
    lower, upper = bounds
    return _fitting(Span(lower, max(lower, upper - 1)))


def _between(lower: Span | None, upper: Span | None) -> Span | None:
    """Of the index of a loop."""
    if lower is None or not COUNTED.covers(lower):
        return None
    high = min(FARTHEST // 2, LIMIT if upper is None else upper.high - 1)
    return Span(lower.low, max(lower.low, high))


def zeros_wanted(condition: Program) -> list[int]:
    """Inputs, by slot, that have to be zero for a condition to hold."""
    rows, found = condition.rows, list[int]()
    wanted = [(condition.outputs[0][0], True)]
    while wanted:
        row, holds = wanted.pop()
        start = rows[row].start
        if isinstance(start, Input) and not holds and start.source == "parameter":
            found.append(start.index[0])
        if not isinstance(start, Kernel):
            continue
        if start.function == "not":
            wanted.append((start.arguments[0], not holds))
        elif start.function == ("and" if holds else "or"):
            wanted += [(argument, holds) for argument in start.arguments]
        elif start.function == ("eq" if holds else "ne"):
            zeros = [row for row in start.arguments if _is_zero(rows[row])]
            wanted += [(row, False) for row in start.arguments if zeros and row not in zeros]
    return sorted(found)


def _is_zero(row: Row) -> bool:
    plain = row.start is None and row.step is not None and not row.step.terms
    return plain and row.offset == 0 and row.gather is None

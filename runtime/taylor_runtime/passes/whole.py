"""Which rows of a formula are whole numbers, and between which bounds: by intervals, row by row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from functools import partial
from typing import NamedTuple, Protocol

from taylor_runtime.passes.spans import (
    COUNTED,
    LIMIT,
    Span,
    is_scaled,
    is_signed_product,
    narrowed,
    positive,
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

SMALL = 1 << 49  # bounds of what does not count as growing
PACE = 2  # of a count, a turn
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


class Known(Protocol):
    """What is known of programs inside.

    guarded: whether the code may be left where a number is beyond its bounds.
    """

    guarded: bool

    def results(self, program: Program, given: Spans) -> list[Span | None]: ...
    def loop(self, system: LoopSystem, given: Spans) -> Turns: ...
    def region(self, region: Region, given: Spans) -> Turns: ...


class Quotient(NamedTuple):
    """A row that is numerator/denominator times another, or that over a row."""

    row: int
    numerator: int
    denominator: int
    divisor: int | None


class Rows:
    """What is known of the rows of one formula."""

    def __init__(self, known: Known, program: Program, given: Spans) -> None:
        self.known, self.program, self.given = known, program, given
        self._spans: list[Span | None] = []
        self._quotients: dict[int, Quotient] = {}  # rows that are
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
        return fitting(span.plus(Span(offset, offset)))

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
        if name == "rint":
            return spans[0]
        if name == "floor":
            return spans[0] if spans[0] is not None else self._floor(kernel.arguments[0])
        if name in ("floor_divide", "remainder"):
            return self._divided(kernel)
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
        if not isinstance(system, BranchSystem):
            return [None] * (kernel.number + 1)  # a recursion computes with doubles
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
        if len(terms) == 1 and row.offset == 0:
            self._note_fraction(index, terms[0])
        total, signed = Span(0, 0), row.offset == 0  # whether all that is added might be -0.0
        for term in terms:
            factors = self._factors(term)
            if factors is None:
                return None
            product: Span | None = factors[0]
            negative = False
            for factor in factors[1:]:
                assert product is not None
                negative = negative or is_signed_product(product, factor)
                product = self._watched(product.times(factor))
                if product is None:
                    return None
            assert product is not None
            signed = signed and negative
            total = total.plus(product)
            if not total.fits():
                return None
        return None if signed else total

    def _watched(self, product: Span) -> Span | None:
        """What is left of a product: one that might not fit is compared with bounds."""
        if product.fits():
            return product
        return product.met(COUNTED) if self.known.guarded else None

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

    def _divided(self, kernel: Kernel) -> Span | None:
        """Of a quotient rounded down, and of what it leaves."""
        above, below = (self._spans[row] for row in kernel.arguments)
        if above is None or below is None:
            return None
        if self.known.guarded:
            below = positive(below)
        if kernel.function == "remainder":
            return remainders(above, below)
        return quotient(above, below)

    def _floor(self, row: int) -> Span | None:
        found = self._quotients.get(row)
        bounds = self._bounds(found) if found is not None else None
        if found is None or bounds is None:
            return None
        return quotient(*bounds)

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
            and (span := narrowed(self._spans[row], str(relation), self._spans[other]))
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
        small = span is not None and span.size().high < SMALL
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


def fitting(span: Span) -> Span | None:
    return span if span.fits() else None


def _product(a: Span | None, b: Span | None, alone: bool) -> Span | None:
    """alone: whether it must not be -0.0."""
    if a is None or b is None or (alone and is_signed_product(a, b)):
        return None
    return fitting(a.times(b))


def _joined(spans: Iterable[Span | None]) -> Span | None:
    found: Span | None = None
    for span in spans:
        if span is None:
            return None
        found = span if found is None else found.joined(span)
    return found


def _met(spans: Sequence[Span]) -> Span:
    return Span(max(s.low for s in spans), min(s.high for s in spans))

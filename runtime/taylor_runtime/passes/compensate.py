"""Phases in double-double: what depends on time, at order zero.

An oscillation cos(omega t + phi) at t = 1e9 loses all its digits if omega t is rounded, and its
noise would drive the step size to nothing.  So sums, products and quotients with time carry the
rounding error of their order-zero value in a second row (their *tail*), and the functions whose
value changes fast with their argument take it into account: exp, sinh and cosh, whose argument
stays below 710, to first order, and sin, cos and tan, whose tail is 6e-5 at 1e12, by their addition
theorems; Kepler's equation is solved for both parts.  Higher orders need none of it.

Arithmetic on time, parameters and numbers alone is always compensated, but for polynomials of the
place in a piece of a table, in which nothing large cancels; these, and what has states and
functions in it, where a fast function asks for it.

Error-free sums and products: Dekker, Numer. Math. 18 (1971) 224; Ogita, Rump & Oishi, SIAM J. Sci.
Comput. 26 (2005) 1955, algorithms 3.1 and 3.3 (the latter with FMA).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

from taylor_runtime.program.kernels import EntryKernel
from taylor_runtime.program.kinds import DOUBLE, Kind, nearest_float
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Program,
    Row,
    Step,
    Term,
)
from taylor_runtime.program.signature import Slot, slots, with_slots
from taylor_runtime.program.verify import operand_rows, verify

_PARTS = ("", "_sin", "_cos", "_radius")

# f(x + tail) = f(x) + tail * g(x), to first order
FAST = {"exp": "exp", "sinh": "cosh", "cosh": "sinh"}
# f(x + tail) = f(x) cos(tail) + sign * g(x) sin(tail)
TURNING = {"sin": ("cos", 1), "cos": ("sin", -1)}
# f(.., x + tail) by a kernel of its own; what is left of E and F after rounding is another one
ORBITS = tuple(f"{name}{part}" for name in ("kepler_E", "kepler_F") for part in _PARTS)
_PHASE = ".phase"
SENSITIVE = (*FAST, *TURNING, "tan", *ORBITS)

Pair = tuple[int, int | None]  # rows of a value and of its tail (None: zero)


def compensate(program: Program, kind: Kind = DOUBLE) -> Program:
    """The program with tails for what depends on time; itself if time does not occur, or for a kind
    of number that has the digits.
    """
    if kind.is_finer or not any(_is_time(row) for row in program.rows):
        return program
    return verify(_Compensation(program).run())


def _is_time(row: Row) -> bool:
    return isinstance(row.start, Input) and row.start.source == "time"


def _divisor_constant(row: Row) -> Constant | None:
    """c where the row starts as x / c."""
    start = row.start
    if isinstance(start, Kernel) and start.function == "div" and len(start.constants) == 1:
        return start.constants[0]
    return None


def _is_arithmetic(row: Row) -> bool:
    """Whether order zero is a sum of products, divided at most, whose rounding error can be had."""
    if _divisor_constant(row) is not None:
        return True
    if row.start is not None or row.step is None or row.step.times != "1":
        return False
    terms = row.step.terms
    return all(_is_plain(term) for term in terms) and any(_is_there(term) for term in terms)


def _is_plain(term: Term) -> bool:
    operand = term.operand
    if isinstance(term.constant, tuple):
        return False
    if isinstance(operand, Convolution):
        return operand.weight is None
    return isinstance(operand, Coefficient) and not operand.lag


def _is_there(term: Term) -> bool:
    """Whether the term is more than an empty sum at order zero."""
    operand = term.operand
    return not isinstance(operand, Convolution) or not (operand.first or operand.last)


def _vanishes(row: Row) -> bool:
    """Whether order zero is nothing."""
    return row.start is None and row.step is not None and row.step.times in ("n", "h")


def _multiplies(row: Row, timely: Sequence[bool]) -> bool:
    """Whether factors that depend on time are multiplied, or divided by."""
    if row.step is None:
        return False

    def count(*rows: int | None) -> int:
        return sum(timely[i] for i in rows if i is not None and i < len(timely))

    products = (count(*operand_rows(term.operand), term.head) for term in row.step.terms)
    return any(product > 1 for product in products) or count(row.step.divisor) > 0


def _used(index: int, row: Row) -> list[Slot]:
    """What order zero of a row may use; the row itself and later ones stand in empty sums."""
    return [slot for slot in slots(row) if slot.row < index]


def _chosen(program: Program) -> frozenset[int]:
    """Rows to be compensated: arithmetic on time, alone or for the sake of a fast function."""
    timely: list[bool] = []
    looked_up: list[bool] = []  # made of what a table has for a time
    alone: list[bool] = []  # made of time, parameters and numbers
    for index, row in enumerate(program.rows):
        below = [slot.row for slot in _used(index, row)]
        arithmetic = _is_arithmetic(row)
        entry = isinstance(row.start, Kernel) and isinstance(row.start.function, EntryKernel)
        looked_up.append(entry or any(looked_up[i] for i in below))
        local = looked_up[-1] and _multiplies(row, timely)
        timely.append(_is_time(row) or (arithmetic and any(timely[i] for i in below)))
        leaf = row.constant or _is_time(row) or not below or _vanishes(row)
        alone.append(leaf or (arithmetic and not local and all(alone[i] for i in below)))
    wanted = [False] * len(program.rows)
    for index in reversed(range(len(program.rows))):
        row = program.rows[index]
        fast = isinstance(row.start, Kernel) and row.start.function in SENSITIVE
        chosen = wanted[index] or (timely[index] and alone[index])
        if fast or (chosen and _is_arithmetic(row)):
            for slot in _used(index, row):
                if not fast or slot.head:
                    constant = chosen and program.rows[slot.row].constant
                    wanted[slot.row] |= timely[slot.row] or constant
    return frozenset(
        index
        for index, row in enumerate(program.rows)
        if _is_arithmetic(row)
        and (timely[index] or row.constant)
        and (wanted[index] or (timely[index] and alone[index]))
    )


class _Compensation:
    """Walks the rows once; new rows are written before the row that needs them."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.chosen = _chosen(program)
        self.rows: list[Row] = []
        self.place: dict[int, int] = {}  # old row -> new row
        self.tails: dict[int, int] = {}  # new row -> new row
        self.known: dict[Row, int] = {}

    def run(self) -> Program:
        later: list[tuple[int, Row]] = []  # rows whose slots still name old rows
        for number, row in enumerate(self.program.rows):
            start = self._start(number, row)
            self.place[number] = len(self.rows)
            later.append((len(self.rows), row))
            self.rows.append(row if start is None else replace(row, start=start, offset=0))
            self._note_tail(number, row, start)
        for place, old in later:
            moved = with_slots(old, [self.place[slot.row] for slot in slots(old)])
            if self.rows[place] is not old:
                moved = replace(moved, start=self.rows[place].start, offset=0)
            self.rows[place] = moved
        outputs = tuple((self.place[row], lane) for row, lane in self.program.outputs)
        return replace(self.program, rows=tuple(self.rows), outputs=outputs)

    def _note_tail(self, number: int, row: Row, start: Kernel | None) -> None:
        place = self.place[number]
        if _is_time(row):
            low = Row(start=Input("time", (1,)), name="time, low part")
            self.tails[place] = self._add_row(low)
        elif start is not None and number in self.chosen:
            self.tails[place] = self._kernel("sum_error", *start.arguments)
        elif start is not None and str(start.function).endswith(_PHASE):
            name = str(start.function).removesuffix(_PHASE)
            if name in ORBITS[:: len(_PARTS)]:
                self.tails[place] = self._kernel(f"{name}_low{_PHASE}", *start.arguments)
        elif row.constant and row.start is None and row.step is not None and not row.step.terms:
            low_part = self._number(row.offset)[1]
            if low_part is not None:
                self.tails[place] = low_part

    def _start(self, number: int, row: Row) -> Kernel | None:
        """How the row starts with tails considered, or None if it needs none."""
        if number in self.chosen:
            return self._arithmetic(row)
        if isinstance(row.start, Kernel) and row.start.function in SENSITIVE:
            x = self.place[row.start.arguments[-1]]
            if x in self.tails and row.start.function in ORBITS:
                return self._orbit(row.start)
            if x in self.tails:
                return self._function(str(row.start.function), x, self.tails[x])
        return None

    # -- arithmetic -----------------------------------------------------------------------------

    def _arithmetic(self, row: Row) -> Kernel:
        divisor = _divisor_constant(row)
        if divisor is not None:
            assert isinstance(row.start, Kernel)
            total = self._quotient(self._row(row.start.arguments[0]), self._number(divisor))
        else:
            assert row.step is not None
            total = self._sum_of(self._term(term) for term in row.step.terms if _is_there(term))
            if row.step.divisor is not None:
                total = self._quotient(total, self._row(row.step.divisor))
        if row.offset != 0:
            total = self._sum(total, self._number(row.offset))
        tail = self._number(0)[0] if total[1] is None else total[1]
        return Kernel("add", (total[0], tail))

    def _term(self, term: Term) -> Pair:
        operand = term.operand
        if isinstance(operand, Convolution):
            factors = [self._row(operand.a), self._row(operand.b)]
        else:
            assert isinstance(operand, Coefficient)
            factors = [] if self._is_one(operand.row) else [self._row(operand.row)]
        if term.head is not None:
            factors.append(self._row(term.head))
        if term.constant != 1 or not factors:
            factors.append(self._number(term.constant))
        total = factors[0]
        for factor in factors[1:]:
            total = self._product(total, factor)
        return total

    def _is_one(self, old: int) -> bool:
        row = self.program.rows[old]
        is_number = row.start is None and row.step is not None and not row.step.terms
        return is_number and row.offset == 1

    def _sum_of(self, values: Iterable[Pair]) -> Pair:
        total: Pair | None = None
        for value in values:
            total = value if total is None else self._sum(total, value)
        assert total is not None
        return total

    def _sum(self, a: Pair, b: Pair) -> Pair:
        error = self._kernel("sum_error", a[0], b[0])
        return self._kernel("add", a[0], b[0]), self._added(error, a[1], b[1])

    def _product(self, a: Pair, b: Pair) -> Pair:
        error = self._kernel("product_error", a[0], b[0])
        cross = [self._times(a[1], b[0]), self._times(b[1], a[0])]
        return self._kernel("mul", a[0], b[0]), self._added(error, *cross)

    def _quotient(self, a: Pair, b: Pair) -> Pair:
        """q = a / b, and (a - q b + tail of a - q times tail of b) / b; the remainder is exact."""
        quotient = self._kernel("div", a[0], b[0])
        minus = self._kernel("mul", quotient, self._number(-1)[0])
        rest = self._kernel("fma", minus, b[0], a[0])
        rest = self._added(rest, a[1], self._times(b[1], minus))
        return quotient, self._kernel("div", rest, b[0])

    def _times(self, tail: int | None, factor: int) -> int | None:
        return None if tail is None else self._kernel("mul", tail, factor)

    def _added(self, first: int, *others: int | None) -> int:
        total = first
        for other in others:
            if other is not None:
                total = self._kernel("add", total, other)
        return total

    # -- rows -----------------------------------------------------------------------------------

    def _add_row(self, row: Row) -> int:
        if row not in self.known:
            self.known[row] = len(self.rows)
            self.rows.append(row)
        return self.known[row]

    def _kernel(self, name: str, *arguments: int) -> int:
        constant = all(self.rows[argument].constant for argument in arguments)
        return self._add_row(Row(start=Kernel(name, arguments), constant=constant, name=name))

    def _number(self, value: Constant) -> Pair:
        assert not isinstance(value, tuple)
        high = nearest_float(value)
        if not math.isfinite(high):
            return self._add_row(Row(step=Step(()), offset=high, constant=True)), None
        rows = [self._add_row(Row(step=Step(()), offset=Fraction(high), constant=True))]
        low = Fraction(value) - Fraction(high)
        if low:
            rows.append(self._add_row(Row(step=Step(()), offset=low, constant=True)))
        return rows[0], rows[1] if low else None

    def _row(self, old: int) -> Pair:
        place = self.place[old]
        return place, self.tails.get(place)

    # -- functions ------------------------------------------------------------------------------

    def _orbit(self, start: Kernel) -> Kernel:
        """The solution of Kepler's equation for a mean anomaly with a tail."""
        arguments = [self.place[argument] for argument in start.arguments]
        return Kernel(f"{start.function}{_PHASE}", (*arguments, self.tails[arguments[-1]]))

    def _function(self, name: str, x: int, tail: int) -> Kernel:
        """f(x + tail) from kernels of x and of the tail."""
        value = self._kernel(name, x)
        if name == "tan":
            small = self._kernel("tan", tail)
            minus = self._kernel("mul", small, self._number(-1)[0])
            below = self._kernel("fma", minus, value, self._number(1)[0])
            return Kernel("div", (self._kernel("add", value, small), below))
        if name in FAST:
            return Kernel("fma", (tail, self._kernel(FAST[name], x), value))
        other, sign = TURNING[name]
        small = self._kernel("sin", tail)
        if sign < 0:
            small = self._kernel("mul", small, self._number(-1)[0])
        turned = self._kernel("mul", value, self._kernel("cos", tail))
        return Kernel("fma", (small, self._kernel(other, x), turned))

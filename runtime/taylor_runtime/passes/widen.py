"""A differential equation's program with polynomials in the place of numbers.

Nothing is differentiated: rows keep their steps, and only what a step takes at order zero, heads
and divisors, becomes a factor of a product where it is a polynomial itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from taylor_runtime.program.flow import NOTHING, FlowProgram, verify_flow
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Kernel,
    Operand,
    Program,
    Row,
    Step,
    Term,
)
from taylor_runtime.program.signature import renumbered, rows_used
from taylor_runtime.program.verify import operand_rows


def widened(program: Program, stepped: Program, parameters: int, among: Monomials) -> FlowProgram:
    """The program of the states' polynomials.

    program: of numbers; inputs "jet" are parameters that vary with the displacements.
    stepped: the same rows, perhaps with shortcuts from one order to the next.
    parameters: how many there are.

    States are the outputs: first the numbers of all, then the other monomials of each.  Behind the
    numbers of all parameters come the polynomials of those that vary.
    """
    return _Widening(program, stepped, parameters, among).result()


class _Widening:
    """Rows keep their numbers until all are made; those that are added get the next ones."""

    def __init__(
        self, program: Program, stepped: Program, parameters: int, among: Monomials
    ) -> None:
        self.program, self.stepped, self.among = program, stepped, among
        self.parameters = parameters
        self.polynomial = _dependent(program)
        self.steady = _steady(program)
        self.zero = [_graded(program, row, parameters) for row in program.rows]
        self.made: list[_Made] = []
        self._added: dict[tuple[object, ...], int] = {}

    def result(self) -> FlowProgram:
        program, among = self.program, self.among
        for index in range(len(program.rows)):
            self._row(index)
        place = {one.number: position for position, one in enumerate(self.made)}
        order = [place[row] for row, _ in program.outputs]
        outputs = [(row, 0) for row in order]
        outputs += [(row, lane) for row in order for lane in range(1, among.size)]
        states, given = program.slots("state"), program.slots("jet")
        parameters = self.parameters
        graded = (("jet", states + given), ("parameter", parameters + 2))
        return verify_flow(
            FlowProgram(
                rows=tuple(renumbered(one.row, place) for one in self.made),
                outputs=tuple(outputs),
                order=program.order,
                inputs=(
                    ("state", states * among.size),
                    ("parameter", parameters + given * among.size),
                ),
                among=among,
                zero=Program(tuple(self.zero), (), among.order, graded),
                sources=tuple(one.source for one in self.made),
                steady=tuple(one.steady for one in self.made),
            )
        )

    def _add(self, row: Row, source: int, steady: bool, number: int | None = None) -> int:
        found = len(self.program.rows) + len(self.made) if number is None else number
        self.made.append(_Made(found, row, source, steady))
        return found

    def _once(self, key: tuple[object, ...], row: Row, source: int, steady: bool) -> int:
        """The number of an added row, which the same key finds again."""
        if key not in self._added:
            self._added[key] = self._add(row, source, steady)
        return self._added[key]

    def _width(self, wide: bool) -> int:
        return self.among.size if wide else 1

    # -- rows -------------------------------------------------------------------------------------

    def _row(self, index: int) -> None:
        row, steady = self.stepped.rows[index], self.steady[index]
        step, width = row.step, self._width(self.polynomial[index])
        start = self._input(row.start) if isinstance(row.start, Input) else None
        if steady or step is None:
            moves = isinstance(row.start, Input) and row.start.source == "time"
            kept = Row(start, width=width, constant=not moves, name=row.name)
            self._add(kept, index, not moves, index)
            return
        # Order zero is that of `zero`: what is no more than that has no part in the others.
        terms = tuple(self._term(term) for term in step.terms if not self._ends(term.operand))
        divisor = step.divisor
        if divisor is not None and self.polynomial[divisor]:
            numerator = Row(step=Step(terms, step.times), width=width)
            made = self._add(numerator, NOTHING, False)
            step = Step((Term(1, Convolution(self._reciprocal(divisor), made)),))
        else:
            step = Step(terms, step.times, divisor)
        derivative = row.start is None and step.times in ("n", "h")
        source = NOTHING if derivative else index
        self._add(Row(start, step, width=width, name=row.name), source, False, index)

    def _input(self, given: Input) -> Input:
        """Where the numbers of an input's polynomial are."""
        slot, size = given.index[0], self.among.size
        if given.source == "state":
            first = self.program.slots("state") + slot * (size - 1)
            return Input("state", (slot, *range(first, first + size - 1)))
        if given.source == "jet":
            first = self.parameters + slot * size
            return Input("parameter", tuple(range(first, first + size)))
        return given

    def _ends(self, operand: Operand) -> bool:
        """Whether an operand's coefficients from order one on are zero."""
        if isinstance(operand, Coefficient) and operand.lag:
            return False
        return all(self.steady[row] for row in operand_rows(operand))

    def _term(self, term: Term) -> Term:
        head, operand = term.head, term.operand
        if head is None or not self.polynomial[head]:
            return term
        used = operand_rows(operand)
        if isinstance(operand, Coefficient):
            other, lag = operand.row, operand.lag
        else:
            width = self._width(any(self.polynomial[row] for row in used))
            row = Row(step=Step((Term(1, operand),)), width=width)
            other, lag = self._once((operand,), row, NOTHING, False), 0
        steady = all(self.steady[row] for row in used)
        factors = Convolution(self._start(head), other)
        product = Row(step=Step((Term(1, factors),)), width=self.among.size)
        made = self._once((factors,), product, NOTHING, steady)
        return Term(term.constant, Coefficient(made, lag))

    def _start(self, head: int) -> int:
        """A row that has order zero of another one, and no more."""
        row = Row(width=self.among.size, constant=True)
        return self._once(("start", head), row, head, True)

    def _reciprocal(self, divisor: int) -> int:
        """A row that has 1 / order zero of another one."""
        one, inverse = len(self.zero), len(self.zero) + 1
        if ("reciprocal", divisor) not in self._added:
            self.zero.append(Row(step=Step(()), offset=1, constant=True))
            terms = (Term(-1, Convolution(divisor, inverse, first=1)),)
            start = Kernel("div", (one, divisor))
            self.zero.append(Row(start, Step(terms, divisor=divisor)))
        row = Row(width=self.among.size, constant=True)
        return self._once(("reciprocal", divisor), row, inverse, True)


class _Made(NamedTuple):
    """A row, by its number; the row of the graded program that it begins with; whether it ends."""

    number: int
    row: Row
    source: int
    steady: bool


def _graded(program: Program, row: Row, parameters: int) -> Row:
    """The row in the program of order zero, of which states are inputs."""
    start = row.start
    if row.step is not None and start is None and row.step.times == "h":
        return Row(step=Step(()), name=row.name)  # what lags is nothing at order zero
    if not isinstance(start, Input):
        return row
    slot = start.index[0]
    if start.source == "state":
        return Row(Input("jet", (slot,)), name=row.name)
    if start.source == "jet":
        return Row(Input("jet", (program.slots("state") + slot,)), name=row.name)
    if start.source == "time":
        return Row(Input("parameter", (parameters + slot,)), name=row.name)
    return row


def _dependent(program: Program) -> list[bool]:
    """Whether each row depends on the displacements, smoothly."""

    def depends(index: int, row: Row, known: list[bool]) -> bool:
        if isinstance(row.start, Input):
            return row.start.source in ("state", "jet")
        return row.step is not None and any(known[used] for used in rows_used(row))

    return _closure(program, depends)


def _steady(program: Program) -> list[bool]:
    """Whether coefficients of each row beyond order zero vanish: it does not depend on time."""

    def moves(index: int, row: Row, known: list[bool]) -> bool:
        if isinstance(row.start, Input):
            return row.step is not None or row.start.source == "time"
        step = row.step
        if step is None:
            return False
        lags = step.times == "h"  # coefficient 1 is what order zero gives
        return lags or any(known[used] for used in rows_used(row))

    return [not one for one in _closure(program, moves)]


def _closure(program: Program, holds: Callable[[int, Row, list[bool]], bool]) -> list[bool]:
    """What holds of rows because it holds of rows that they use."""
    known = [False] * len(program.rows)
    changed = True
    while changed:
        found = [
            one or holds(i, row, known)
            for i, (row, one) in enumerate(zip(program.rows, known, strict=True))
        ]
        changed, known = found != known, found
    return known

"""An equation's program with its Jacobian -> the program of solutions with first derivatives."""

from __future__ import annotations

from dataclasses import replace

from taylor_runtime.passes.common import with_common_factors
from taylor_runtime.program.flow import LinearProgram, verify_linear
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Kernel,
    Number,
    Program,
    Row,
    Step,
    Term,
)
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.signature import renumbered


@dataclass(frozen=True, slots=True)
class Entry:
    """A partial derivative of a right-hand side that is not zero.

    state:  whose right-hand side.
    column: by which state, or behind all states by which of the parameters that vary.
    value:  a number, or None for the next of the program's outputs behind the states.
    """

    state: int
    column: int
    value: Number | None = None


@dataclass(frozen=True, slots=True)
class Jacobian:
    """The entries of a Jacobian, in the order of the program's outputs; varied: how many of the
    parameters vary.
    """

    entries: tuple[Entry, ...]
    varied: int


def linearized(
    program: Program, jacobian: Jacobian, parameters: int, among: Monomials
) -> LinearProgram:
    """The program of the states' numbers and first derivatives.

    program: of numbers; its outputs are the states, then the entries of the Jacobian.
    parameters: how many there are.

    States are the outputs: first the numbers of all, then the derivatives of each.  Behind the
    numbers of all parameters come the polynomials of those that vary.
    """
    common = with_common_factors(_divided(program))
    return _Linear(*common, jacobian, parameters).result(among)


def _divided(program: Program) -> Program:
    """A program in which a power q = r**(a - 1) follows from p = r**a by division, and p from q: n
    p_n = a (q_0 n r_n + q_1 (n - 1) r_(n-1) + ..), whose sums need no weights, and all of whose
    products but one are old.
    """
    powers: dict[tuple[int, Number], int] = {}
    rows = dict(enumerate(program.rows))
    for index, row in rows.items():
        start = row.start
        if isinstance(start, Kernel) and start.function == "pow" and len(start.arguments) == 1:
            (exponent,) = start.constants
            assert not isinstance(exponent, tuple)
            powers[start.arguments[0], exponent] = index
    before: dict[int, list[int]] = {}  # by row what is computed just before it
    for (base, exponent), q in powers.items():
        p = powers.get((base, exponent + 1))
        if p is None or p > q or rows[q].constant:
            continue
        terms = Term(1, Coefficient(p)), Term(-1, Convolution(base, q, first=1))
        rows[q] = replace(rows[q], start=None, step=Step(terms, divisor=base))
        if powers.get((base, exponent + 2), q) < p:
            continue  # p follows by division itself
        slope, old = len(rows), len(rows) + 1
        rows[slope] = Row(step=Step((Term(1, Coefficient(base)),), "n"))
        zero = Kernel("identity", (slope,))
        rows[old] = Row(zero, Step((Term(1, Convolution(q, slope, 1, 1)),), "1/n"))
        a = exponent + 1
        rows[p] = replace(
            rows[p], step=Step((Term(a, Coefficient(old)), Term(a, Coefficient(base), head=q)))
        )
        before[p] = [slope, old]
    order = [one for row in range(len(program.rows)) for one in (*before.get(row, ()), row)]
    place = {row: position for position, row in enumerate(order)}
    return replace(
        program,
        rows=tuple(renumbered(rows[row], place) for row in order),
        outputs=tuple((place[row], lane) for row, lane in program.outputs),
    )


class _Linear:
    def __init__(
        self, program: Program, begun: dict[int, Step], jacobian: Jacobian, parameters: int
    ) -> None:
        self.program, self.begun = program, begun
        self.states, self.varied = program.slots("state"), jacobian.varied
        self.parameters = parameters
        self.rows: list[Row] = list(program.rows)
        self.numbers = len(self.rows)
        # Constant rows of parameters, then those of states, then their slopes.
        self.constant = self.numbers
        self.first = self.numbers + self.varied
        self.by_state: list[list[Entry]] = [[] for _ in range(self.states)]
        self.outputs: dict[Entry, int] = {}
        following = iter(program.outputs[self.states :])
        for one in jacobian.entries:
            self.by_state[one.state].append(one)
            if one.value is None:
                self.outputs[one] = next(following)[0]

    def result(self, among: Monomials) -> LinearProgram:
        """The whole program."""
        size, width, n = among.size, among.size - 1, self.states
        for k in range(self.varied):
            first = self.parameters + k * size + 1
            given = Input("parameter", tuple(range(first, first + width)))
            self.rows.append(Row(given, width=width, constant=True))
        slopes: list[Row] = []
        for i in range(n):
            first = n + i * width
            start = Input("state", tuple(range(first, first + width)))
            terms = tuple(map(self._term, self.by_state[i]))
            step = None
            if len(terms) == 1 and self._is_plain(terms[0]):
                (only,) = terms
                assert isinstance(only.operand, Coefficient)
                step = Step((Term(only.constant, Coefficient(only.operand.row, 1)),), "h/n")
            elif terms:
                step = Step((Term(1, Coefficient(self.first + n + len(slopes), 1)),), "h/n")
                slopes.append(Row(step=Step(terms), width=width))
            self.rows.append(Row(start, step, width=width))
        self.rows += slopes
        outputs = list(self.program.outputs[:n])
        outputs += [(self.first + i, lane) for i in range(n) for lane in range(width)]
        slots = self.parameters + self.varied * size
        return verify_linear(
            LinearProgram(
                rows=tuple(self.rows),
                outputs=tuple(outputs),
                order=self.program.order,
                inputs=(("state", n * size), ("parameter", slots)),
                exact_division=self.program.exact_division,
                among=among,
                steady=tuple(row.constant for row in self.rows),
                numbers=self.numbers,
                begun=tuple(sorted(self.begun.items())),
            )
        )

    def _is_plain(self, term: Term) -> bool:
        """Whether a slope is a number times the derivatives of a state."""
        operand = term.operand
        return isinstance(operand, Coefficient) and term.head is None and operand.row >= self.first

    def _term(self, entry: Entry) -> Term:
        by_state = entry.column < self.states
        other = (self.first if by_state else self.constant - self.states) + entry.column
        if entry.value is not None:
            return Term(entry.value, Coefficient(other))
        factor = self.outputs[entry]
        head = self._head(factor)
        if head is not None:
            return Term(1, Coefficient(other), head)
        if by_state:
            return Term(1, Convolution(factor, other))
        return Term(1, Coefficient(factor), other)

    def _head(self, row: int) -> int | None:
        """A constant row that a row is a copy of, with zeros for all further orders."""
        step = self.program.rows[row].step
        if step is None or len(step.terms) != 1 or (step.times, step.divisor) != ("1", None):
            return None
        (term,) = step.terms
        if term.constant != 1 or term.head is None or not isinstance(term.operand, Coefficient):
            return None
        unit = self.program.rows[term.operand.row]
        is_one = unit.step is not None and not unit.step.terms and unit.offset == 1
        constant = self.program.rows[term.head].constant
        return term.head if is_one and constant and not term.operand.lag else None

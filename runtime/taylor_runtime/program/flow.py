"""Programs whose coefficients are truncated polynomials: solutions with their derivatives.

Each coefficient of a row that depends on the displacements is a polynomial in them, one number a
monomial, side by side in the row's lanes.  A convolution of two such rows sums truncated products.
"""

from __future__ import annotations

from dataclasses import replace

from taylor_runtime.program.lines import body
from taylor_runtime.program.monomials import Monomials, monomials
from taylor_runtime.program.program import Convolution, Program, Row, Step
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.verify import ProgramError, verify, verify_row

NOTHING = -1  # of `sources`: order zero is what the row's own step gives

ONE = monomials(1, 0)
NO_ROWS = Program((), (), 0)


@dataclass(frozen=True, slots=True)
class FlowProgram(Program):
    """Rows of numbers (width 1) and of polynomials (one lane a monomial).

    among:   the monomials.
    zero:    a program graded by total degree, which computes the polynomials of order zero; its
             inputs "jet" are the states' polynomials, then those of parameters that vary; its
             parameters are those of this program, then the two parts of time.
    sources: for each row the row of `zero` that order zero is taken from, or NOTHING.
    steady:  whether a row's coefficients from order one on are zero.

    Heads and divisors are rows of numbers.  Factors of convolutions may be steady, of which then
    order zero alone is multiplied.
    """

    among: Monomials = ONE
    zero: Program = NO_ROWS
    sources: tuple[int, ...] = ()
    steady: tuple[bool, ...] = ()

    def is_polynomial(self, row: int) -> bool:
        """Whether a row's coefficients are polynomials, not numbers."""
        return self.rows[row].width > 1

    def has_polynomial(self, product: Convolution) -> bool:
        """Whether a factor is one."""
        return self.is_polynomial(product.a) or self.is_polynomial(product.b)

    def is_wide(self, product: Convolution) -> bool:
        """Whether both factors are polynomials."""
        return self.is_polynomial(product.a) and self.is_polynomial(product.b)

    @property
    def parameters(self) -> int:
        """How many parameters of numbers there are."""
        return self.zero.slots("parameter") - 2

    def text(self) -> str:
        """All that machine code depends on, the same in all processes."""
        among = (self.among.variables, self.among.order, self.among.limits)
        steady = "".join(map(str, map(int, self.steady)))
        return f"{body(self)}\nflow {among} {self.sources} {steady}\n{body(self.zero)}"


def verify_flow(program: FlowProgram) -> FlowProgram:
    """Return the program if it is legal, else raise `ProgramError`."""
    verify(program.zero)
    size = program.among.size
    for index, row in enumerate(program.rows):
        if row.width not in (1, size):
            raise ProgramError(f"row {index} has {row.width} lanes of {size} monomials")
        step = row.step
        if step is None:
            continue
        heads = [term.head for term in step.terms if term.head is not None]
        heads += [] if step.divisor is None else [step.divisor]
        if any(program.is_polynomial(head) for head in heads):
            raise ProgramError(f"row {index} has a head or divisor that is a polynomial")
        for term in step.terms:
            operand = term.operand
            wide = isinstance(operand, Convolution) and any(
                program.is_polynomial(factor) for factor in (operand.a, operand.b)
            )
            if wide and row.width == 1:
                raise ProgramError(f"row {index} is a number, and a factor in it a polynomial")
    return program


@dataclass(frozen=True, slots=True)
class Beside:
    """Convolutions of numbers whose sums are added up side by side, a lane each.

    a, b: what has their factors in lanes: rows that gather them, or a number that all share.
    """

    convolutions: tuple[Convolution, ...]
    a: int
    b: int


@dataclass(frozen=True, slots=True)
class LinearProgram(FlowProgram):
    """Rows of numbers, and behind them linear ones: a lane for each first derivative.

    numbers: how many rows of numbers there are, with those that gather some.
    begun:   the steps that give order zero of rows, by their numbers, where these are not the
             rows' own.
    beside:  sums of old products that are made in lanes.

    Linear rows are sums of such, of products of numbers with them, and of numbers times constant
    ones.  There is no program of order zero.
    """

    numbers: int = 0
    begun: tuple[tuple[int, Step], ...] = ()
    beside: tuple[Beside, ...] = ()

    def is_polynomial(self, row: int) -> bool:
        """Whether a row's coefficients are vectors of derivatives."""
        return row >= self.numbers

    @property
    def parameters(self) -> int:
        """How many parameters of numbers there are."""
        varied = sum(row.constant for row in self.rows[self.numbers :])
        return self.slots("parameter") - varied * self.among.size

    def text(self) -> str:
        """All that machine code depends on."""
        among = (self.among.variables, self.among.order, self.among.limits)
        starts = replace(
            self, rows=tuple(Row(step=step) for _, step in self.begun), outputs=(), begun=()
        )
        listed = [index for index, _ in self.begun]
        lanes = [(one.a, one.b, [(c.a, c.b) for c in one.convolutions]) for one in self.beside]
        return f"{body(self)}\nlinear {among} {self.numbers} {listed} {lanes}\n{body(starts)}"


def verify_linear(program: LinearProgram) -> LinearProgram:
    """Return the program if it is legal, else raise `ProgramError`."""
    for index, row in enumerate(program.rows):
        if index < program.numbers:
            verify_row(program, index, row)
            continue
        if row.width != program.among.size - 1:
            raise ProgramError(f"row {index} has {row.width} lanes of {program.among.size - 1}")
        for term in row.step.terms if row.step else ():
            operand = term.operand
            if isinstance(operand, Convolution) and (
                program.is_polynomial(operand.a)
                or not program.is_polynomial(operand.b)
                or operand.first
                or operand.last
                or operand.weight is not None
            ):
                raise ProgramError(f"row {index} has a product that is not linear")
    return program

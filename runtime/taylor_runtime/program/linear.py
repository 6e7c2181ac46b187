"""Programs of solutions with their first derivatives: numbers, and vectors that these multiply.

A solution's derivatives by what it is displaced from obey linear equations, whose coefficients are
numbers: the Jacobian of the right-hand side.
"""

from __future__ import annotations

from dataclasses import replace

from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.lines import body
from taylor_runtime.program.program import Convolution, Row, Step
from taylor_runtime.program.records import dataclass
from taylor_runtime.program.verify import ProgramError, verify_row


@dataclass(frozen=True, slots=True)
class LinearProgram(FlowProgram):
    """Rows of numbers, and behind them linear ones: a lane for each first derivative.

    numbers: how many rows of numbers there are.
    begun:   the steps that give order zero of rows, by their numbers, where these are not the
             rows' own.

    Linear rows are sums of such, of products of numbers with them, and of numbers times constant
    ones.  There is no program of order zero.
    """

    numbers: int = 0
    begun: tuple[tuple[int, Step], ...] = ()

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
        return f"{body(self)}\nlinear {among} {self.numbers} {listed}\n{body(starts)}"


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

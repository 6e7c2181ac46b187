"""Functions outside that programs of arrays call: which there are, and how machine code names them.

All are reached through one function for each kind of number.  It gets the addresses of the operand
and of the result, once for each part of a number, and finds in the first element of the operand
which function is meant: that number is data, so that no text depends on it.
"""

from __future__ import annotations

from taylor_runtime.program.arrays import Call
from taylor_runtime.program.kernels import all_programs
from taylor_runtime.program.program import Program

PREFIX = "call outside:"


def symbol_of(element: str) -> str:
    """The name of the function for a kind of number."""
    return PREFIX + element


def calls_outside(program: Program) -> bool:
    """Whether there is a `Call` among the rows of a program, or of those inside of its rows."""
    rows = (row for part in all_programs(program) for row in part.rows)
    return any(isinstance(getattr(row, "moved", None), Call) for row in rows)

"""A program's rows as lines of text, and read back: exact, and one way to write each.

    r4 = pow(r2;-3/2) 1/n -3*r2[0]*conv(r3,r4,1,0) over r2

is u_0 = pow(r2_0, -3/2) and u_n = 1/n (-3 r2_0 sum_{j=1}^{n} r3_j r4_{n-j}) / r2_0.  After the
start (a kernel, an input such as ``state[0]``, or nothing) come the step's factor, its terms, its
divisor, and what is not usual in a row.  Numbers in braces are one for each lane.
"""

from __future__ import annotations

from fractions import Fraction

from taylor_runtime.program.program import (
    Coefficient,
    Constant,
    Convolution,
    Input,
    Kernel,
    Operand,
    Program,
    Row,
    Select,
)


def body(program: Program) -> str:
    """A program as text, without names of rows and without what its own kernels are made of.

    Equal programs have equal texts, and others have others, in all processes: own kernels stand by
    names that tell all that they compute.  It is the key that machine code is found under.
    """
    return "\n".join([*head_lines(program), *map(row_line, program.rows)])


def head_lines(program: Program) -> list[str]:
    """All of a program but its rows."""
    inputs = " ".join([f"{source}:{count}" for source, count in program.inputs])
    outputs = " ".join([f"r{row}.{lane}" for row, lane in program.outputs])
    said = " exact" if program.exact_division else ""
    said += " alone" if program.of_one_order else ""
    return [f"order {program.order}{said}", f"inputs {inputs}", f"outputs {outputs}"]


def row_line(row: Row) -> str:
    """A row as a line of text, without its name."""
    start, step, text = row.start, row.step, "="
    if start is not None:
        text += _input(start) if isinstance(start, Input) else _kernel(start)
    if step is not None:
        terms = "".join([_term(t.constant, t.head, t.operand) for t in step.terms])
        text += f" {step.times}{terms}"
        if step.divisor is not None:
            text += f" over r{step.divisor}"
    if row.gather is not None:
        text += " head" if row.gather.head else " gather"
        text += f" {','.join([f'r{source}.{lane}' for source, lane in row.gather.sources])}"
    if row.offset.__class__ is not int or row.offset:
        text += f" offset {_constant(row.offset)}"
    if row.width != 1:
        text += f" width {row.width}"
    return f"{text} constant" if row.constant else text


def _input(start: Input) -> str:
    return f" {start.source}[{','.join(map(str, start.index))}]"


def _kernel(start: Kernel) -> str:
    rows = ",".join([f"r{row}" for row in start.arguments])
    constants = "".join([f";{_constant(constant)}" for constant in start.constants])
    return f" {start.function}({rows}{constants})"


def _term(constant: Constant, head: int | None, operand: Operand) -> str:
    front = f" {_constant(constant)}*" if head is None else f" {_constant(constant)}*r{head}[0]*"
    kind = operand.__class__
    if kind is Coefficient:
        lag = f"[n-{operand.lag}]" if operand.lag else ""  # type: ignore[union-attr]
        return f"{front}r{operand.row}{lag}"  # type: ignore[union-attr]
    if kind is Convolution:
        return front + _convolution(operand)  # type: ignore[arg-type]
    assert isinstance(operand, Select)
    return f"{front}where(r{operand.condition},r{operand.a},r{operand.b})"


def _convolution(c: Convolution) -> str:
    name = "early" if c.early else "conv"
    weight = "" if c.weight is None else f",{_constant(c.weight[0])},{_constant(c.weight[1])}"
    return f"{name}(r{c.a},r{c.b},{c.first},{c.last}{weight})"


def _constant(constant: Constant) -> str:
    kind = constant.__class__
    if kind is int:
        return str(constant)
    if kind is Fraction:
        return f"{constant.numerator}/{constant.denominator}"  # type: ignore[union-attr]
    if isinstance(constant, tuple):
        return f"{{{','.join(map(_constant, constant))}}}"
    return repr(float(constant)) if isinstance(constant, float) else str(int(constant))

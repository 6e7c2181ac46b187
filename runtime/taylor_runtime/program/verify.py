"""What is a legal program; run after every pass that makes one."""

from __future__ import annotations

from fractions import Fraction

from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Kernel,
    Operand,
    Program,
    Row,
    Select,
    Step,
)

TIMES = ("1", "n", "1/n", "h/n", "h", "h/m")
NUMBERS = (int, float, Fraction)
SOURCES = ("state", "parameter", "time", "jet", "radius", "sign")


class ProgramError(ValueError):
    """A program breaks a rule of its own grammar.

    A defect of the pass that made it, not of user input.
    """


def operand_rows(operand: Operand) -> tuple[int, ...]:
    """The rows an operand reads."""
    if isinstance(operand, Coefficient):
        return (operand.row,)
    if isinstance(operand, Convolution):
        return (operand.a, operand.b)
    return (operand.condition, operand.a, operand.b)


def step_rows(step: Step) -> tuple[int, ...]:
    """All rows a step reads, heads and divisor included, in order of appearance."""
    rows: list[int] = []
    for term in step.terms:
        rows.extend(operand_rows(term.operand))
        if term.head is not None:
            rows.append(term.head)
    if step.divisor is not None:
        rows.append(step.divisor)
    return tuple(rows)


def rows_at_order(operand: Operand) -> tuple[int, ...]:
    """The rows whose coefficient n must exist before the operand can be formed at order n."""
    if isinstance(operand, Coefficient):
        return () if operand.lag else (operand.row,)
    if isinstance(operand, Convolution):
        newest_a = (operand.a,) if operand.last == 0 else ()
        newest_b = (operand.b,) if operand.first == 0 else ()
        return newest_a + newest_b
    return (operand.a, operand.b)


def rows_of_every_order(operand: Operand) -> tuple[int, ...]:
    """The rows of which an operand reads more than order zero."""
    if isinstance(operand, Coefficient):
        return (operand.row,)
    return (operand.a, operand.b)


def verify(program: Program) -> Program:
    """Return `program` if it is legal, else raise `ProgramError` naming the row and the rule."""
    if program.order < 0:
        raise ProgramError(f"order must not be negative, got {program.order}")
    for index, row in enumerate(program.rows):
        try:
            verify_row(program, index, row)
        except ProgramError as error:
            raise ProgramError(f"row {index} ({row.name or 'unnamed'}): {error}") from None
    for row_index, lane in program.outputs:
        if not 0 <= row_index < len(program.rows):
            raise ProgramError(f"output names row {row_index}, which does not exist")
        if not 0 <= lane < program.rows[row_index].width:
            raise ProgramError(f"output names lane {lane} of row {row_index}, which has fewer")
    return program


def verify_row(program: Program, index: int, row: Row) -> None:
    """Raise `ProgramError` unless a row is legal."""
    if row.width < 1:
        raise ProgramError(f"width {row.width} is not positive")
    if row.gather is not None:
        if row.start is not None or row.step is not None:
            raise ProgramError("a gather has neither start nor step")
        if len(row.gather.sources) != row.width:
            raise ProgramError("a gather needs one source a lane")
        for source, lane in row.gather.sources:
            if not 0 <= source < index:
                raise ProgramError(f"gathers from row {source}, which is not earlier")
            if not 0 <= lane < program.rows[source].width:
                raise ProgramError(f"lane {lane} of row {source} is missing")
        return
    if row.start is None and row.step is None:
        raise ProgramError("neither start nor step")
    _verify_constant(row.offset, row.width)
    if isinstance(row.start, Kernel):
        for argument in row.start.arguments:
            if not 0 <= argument < index:
                raise ProgramError(f"kernel argument {argument} is not earlier")
            if program.rows[argument].width != row.width:
                raise ProgramError(f"argument {argument} has other lanes")
    elif row.start is not None:
        if row.start.source not in SOURCES:
            raise ProgramError(f"unknown input source {row.start.source!r}")
        if len(row.start.index) != row.width:
            raise ProgramError("an input needs one index a lane")
    if row.step is not None:
        _verify_step(program, index, row, row.step)


def _verify_step(program: Program, index: int, row: Row, step: Step) -> None:
    if step.times not in TIMES:
        raise ProgramError(f"times must be one of {TIMES}, got {step.times!r}")
    starts = row.start is not None or step.times in ("1", "n", "h")
    if not starts:
        raise ProgramError(f"times {step.times} needs a start")
    rows, width = program.rows, row.width
    count = len(rows)
    for used in step_rows(step):
        if not 0 <= used < count:
            raise ProgramError(f"row {used} does not exist")
        if rows[used].width != width:
            raise ProgramError(f"row {used} has other lanes")
    may_lag = row.start is not None or step.times in ("n", "h")
    for term in step.terms:
        _verify_constant(term.constant, width)
        operand = term.operand
        for used in rows_at_order(operand):
            if used >= index:
                raise ProgramError(f"needs coefficient n of row {used}, which is not earlier")
        if isinstance(operand, Convolution):
            if min(operand.first, operand.last) < 0:
                raise ProgramError("negative convolution bounds")
            for used in (operand.a, operand.b):
                if rows[used].constant:
                    raise ProgramError(f"convolves constant row {used}")
        elif not row.constant:
            for used in rows_of_every_order(operand):
                if rows[used].constant:
                    raise ProgramError(f"needs coefficient n of row {used}, which is constant")
        if isinstance(operand, Coefficient):
            if operand.lag not in (0, 1):
                raise ProgramError(f"lag {operand.lag} is not 0 or 1")
            if operand.lag and not may_lag:
                raise ProgramError("a lag needs a start")
    # Order zero of rows that start from something else, or from zero as derivatives do, takes no
    # step; at later orders order zero of every row is there.
    if row.start is not None or step.times != "1":
        return
    heads = [term.head for term in step.terms if term.head is not None]
    heads += [term.operand.condition for term in step.terms if isinstance(term.operand, Select)]
    heads += [step.divisor] if step.divisor is not None else []
    for head in heads:
        if head >= index:
            raise ProgramError(f"head {head} is not earlier")


def _verify_constant(constant: object, width: int) -> None:
    if constant.__class__ in NUMBERS:
        return
    if isinstance(constant, tuple):
        if len(constant) != width:
            raise ProgramError("a tuple of constants needs one a lane")
        for item in constant:
            if item.__class__ not in NUMBERS:
                _verify_constant(item, width)
    else:
        if not isinstance(constant, NUMBERS):
            raise ProgramError(f"{constant!r} is no exact number")

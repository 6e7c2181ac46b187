"""Every rule of a legal program, broken once: the message names the row and the rule."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Gather,
    Input,
    Kernel,
    Program,
    Row,
    Select,
    Step,
    Term,
)
from taylor_runtime.program.verify import (
    ProgramError,
    operand_rows,
    rows_at_order,
    step_rows,
    verify,
)

X = Row(start=Input("jet", (0,)), name="x")
WIDE = Row(start=Input("jet", (0, 1)), width=2, name="wide")
PARAMETER = Row(start=Input("parameter", (0,)), constant=True, name="k")


def step(*operands: Any, head: int | None = None, **options: Any) -> Step:
    return Step(tuple(Term(1, operand, head) for operand in operands), **options)


def program(
    *rows: Row, outputs: tuple[tuple[int, int], ...] = ((0, 0),), order: int = 3
) -> Program:
    return Program(rows, outputs, order)


def test_legal_programs_pass_unchanged() -> None:
    legal = program(
        X,
        PARAMETER,
        Row(start=Kernel("sqrt", (0,)), step=step(Convolution(2, 2, 1, 1), divisor=2)),
        Row(step=step(Coefficient(0), head=1), offset=Fraction(1, 3)),
        Row(step=step(Select(1, 0, 2), times="n")),
        Row(gather=Gather(((0, 0), (2, 0), (3, 0))), width=3),
        outputs=((5, 2),),
    )
    assert verify(legal) is legal


BROKEN: dict[str, tuple[Program, str]] = {
    "negative order": (program(X, order=-1), "order must not be negative, got -1"),
    "no such output": (program(X, outputs=((1, 0),)), "output names row 1, which does not exist"),
    "no such lane": (program(X, outputs=((0, 1),)), "output names lane 1 of row 0"),
    "no lanes": (program(replace(X, width=0)), r"row 0 \(x\): width 0 is not positive"),
    "nothing at all": (program(X, Row()), r"row 1 \(unnamed\): neither start nor step"),
    "gather and start": (
        program(X, replace(X, gather=Gather(((0, 0),)))),
        r"row 1 \(x\): a gather has neither start nor step",
    ),
    "gather of another width": (
        program(X, Row(gather=Gather(((0, 0),)), width=2, name="g")),
        r"row 1 \(g\): a gather needs one source a lane",
    ),
    "gather from later": (
        program(X, Row(gather=Gather(((1, 0),)))),
        "row 1 .*: gathers from row 1, which is not earlier",
    ),
    "gather from a missing lane": (
        program(X, Row(gather=Gather(((0, 1),)))),
        "row 1 .*: lane 1 of row 0 is missing",
    ),
    "kernel of a later row": (
        program(X, Row(start=Kernel("sin", (1,)))),
        "row 1 .*: kernel argument 1 is not earlier",
    ),
    "kernel of other lanes": (
        program(WIDE, Row(start=Kernel("sin", (0,)))),
        "row 1 .*: argument 0 has other lanes",
    ),
    "unknown source": (
        program(Row(start=Input("weather"))),
        "row 0 .*: unknown input source 'weather'",
    ),
    "input of another width": (
        program(Row(start=Input("jet", (0, 1)))),
        "row 0 .*: an input needs one index a lane",
    ),
    "unknown times": (
        program(X, Row(step=step(Coefficient(0), times="n!"))),
        "row 1 .*: times must be one of",
    ),
    "times without a start": (
        program(X, Row(step=step(Coefficient(0), times="1/n"))),
        "row 1 .*: times 1/n needs a start",
    ),
    "operand of the same order": (
        program(X, Row(step=step(Coefficient(1)))),
        "row 1 .*: needs coefficient n of row 1, which is not earlier",
    ),
    "product with itself": (
        program(X, Row(start=Kernel("exp", (0,)), step=step(Convolution(0, 1)))),
        "row 1 .*: needs coefficient n of row 1, which is not earlier",
    ),
    "branch of a later row": (
        program(X, Row(start=Kernel("exp", (0,)), step=step(Select(0, 0, 2))), X),
        "row 1 .*: needs coefficient n of row 2, which is not earlier",
    ),
    "negative bounds": (
        program(X, Row(step=step(Convolution(0, 0, -1, 0)))),
        "row 1 .*: negative convolution bounds",
    ),
    "convolution of a constant": (
        program(X, PARAMETER, Row(step=step(Convolution(0, 1)))),
        "row 2 .*: convolves constant row 1",
    ),
    "coefficients of a constant": (
        program(X, PARAMETER, Row(step=step(Coefficient(0), Coefficient(1)))),
        "row 2 .*: needs coefficient n of row 1, which is constant",
    ),
    "constant branch": (
        program(X, PARAMETER, Row(step=step(Select(0, 0, 1)))),
        "row 2 .*: needs coefficient n of row 1, which is constant",
    ),
    "lag from nothing": (
        program(X, Row(step=step(Coefficient(0, lag=1)))),
        "row 1 .*: a lag needs a start",
    ),
    "long lag": (
        program(X, Row(start=Kernel("exp", (0,)), step=step(Coefficient(0, lag=2)))),
        "row 1 .*: lag 2 is not 0 or 1",
    ),
    "lagging row that is missing": (
        program(Row(start=Input("state"), step=step(Coefficient(7, lag=1), times="h/n"))),
        "row 0 .*: row 7 does not exist",
    ),
    "convolved row that is missing": (
        program(X, Row(start=Kernel("exp", (0,)), step=step(Convolution(0, 9, 1, 0)))),
        "row 1 .*: row 9 does not exist",
    ),
    "operand of other lanes": (
        program(WIDE, Row(step=step(Coefficient(0)))),
        "row 1 .*: row 0 has other lanes",
    ),
    "later divisor": (
        program(X, Row(step=step(Coefficient(0), divisor=2)), X),
        "row 1 .*: head 2 is not earlier",
    ),
    "later head": (
        program(X, Row(step=step(Coefficient(0), head=2)), X),
        "row 1 .*: head 2 is not earlier",
    ),
    "later condition": (
        program(X, Row(step=step(Select(2, 0, 0))), X),
        "row 1 .*: head 2 is not earlier",
    ),
    "constants of another width": (
        program(X, Row(step=Step((Term((1, 2), Coefficient(0)),)))),
        "row 1 .*: a tuple of constants needs one a lane",
    ),
    "offset of another width": (
        program(X, Row(step=step(Coefficient(0)), offset=(1, 2))),
        "row 1 .*: a tuple of constants needs one a lane",
    ),
    "constant that is no number": (
        program(X, Row(step=Step((Term("2", Coefficient(0)),)))),  # type: ignore[arg-type]
        "row 1 .*: '2' is no exact number",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_rules_are_named(name: str) -> None:
    broken, message = BROKEN[name]
    with pytest.raises(ProgramError, match=message):
        verify(broken)


def test_rows_that_operands_and_steps_read() -> None:
    assert operand_rows(Coefficient(3, lag=1)) == (3,)
    assert operand_rows(Convolution(1, 2)) == (1, 2)
    assert operand_rows(Select(0, 1, 2)) == (0, 1, 2)
    full = Step((Term(1, Coefficient(4), head=5), Term(2, Convolution(6, 7))), divisor=8)
    assert step_rows(full) == (4, 5, 6, 7, 8)


def test_rows_whose_newest_coefficient_is_needed() -> None:
    assert rows_at_order(Coefficient(3)) == (3,)
    assert rows_at_order(Coefficient(3, lag=1)) == ()
    assert rows_at_order(Convolution(1, 2)) == (1, 2)
    assert rows_at_order(Convolution(1, 2, first=1)) == (1,)
    assert rows_at_order(Convolution(1, 2, last=1)) == (2,)
    assert rows_at_order(Convolution(1, 2, 1, 1)) == ()
    assert rows_at_order(Select(0, 1, 2)) == (1, 2)


def test_every_elementary_function_gives_a_legal_program() -> None:
    import taylor as ty
    from taylor.nodes.registry import functions
    from taylor.recurrences.decompose import decompose

    x, y = ty.variables("x y")
    inputs = {x: Input("jet", (0,)), y: Input("jet", (1,))}
    for record in functions.values():
        if record.arity > 2 or not record.built_in:
            continue
        arguments = [x, y][: record.arity - record.leading]
        applied = ty.functions.apply(record.name, *[2] * record.leading, *arguments)
        for order in (0, 1, 5):
            verify(decompose([applied], inputs, order))

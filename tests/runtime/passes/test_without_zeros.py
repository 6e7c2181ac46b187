"""Products of series that begin with zero, and rows of which outputs need the highest order."""

from __future__ import annotations

from taylor_runtime.passes.zeros import without_zeros
from taylor_runtime.program.program import (
    Coefficient,
    Convolution,
    Input,
    Operand,
    Program,
    Row,
    Step,
    Term,
)
from taylor_runtime.program.shapes.ending import rows_at_the_end


def _sum(*operands: Operand, divisor: int | None = None) -> Row:
    return Row(step=Step(tuple(Term(1, operand) for operand in operands), divisor=divisor))


def _state(place: int, slope: int) -> Row:
    return Row(Input("state", (place,)), Step((Term(1, Coefficient(slope, 1)),), "h/n"))


def _program(*rows: Row, outputs: tuple[int, ...] = (0, 1)) -> Program:
    listed = tuple((row, 0) for row in outputs)
    return Program(rows, listed, 20, (("state", 2),))


def _operands(program: Program, row: int) -> list[Operand]:
    step = program.rows[row].step
    return [term.operand for term in step.terms] if step else []


def test_what_begins_with_zero_is_known_through_sums_and_quotients() -> None:
    made = _program(
        _state(0, 2),
        _state(1, 4),  # begins with zero
        _sum(Convolution(0, 0)),
        _sum(Convolution(0, 1)),  # so does this
        _sum(Coefficient(3), Coefficient(1), Convolution(4, 2, 0, 1), divisor=2),
        _sum(Convolution(2, 4)),
        _sum(Convolution(4, 3)),
        _sum(Coefficient(3), Coefficient(2)),  # and this not
        _sum(Convolution(7, 0)),
    )
    found = without_zeros(made, {1})
    assert _operands(found, 2) == [Convolution(0, 0)]
    assert _operands(found, 3) == [Convolution(0, 1, 0, 1)]
    assert _operands(found, 4)[2] == Convolution(4, 2, 1, 1)
    assert _operands(found, 5) == [Convolution(2, 4, 0, 1)]
    assert _operands(found, 6) == [Convolution(4, 3, 1, 1)]
    assert _operands(found, 8) == [Convolution(7, 0)]


def test_offsets_and_starts_are_not_zero() -> None:
    made = _program(
        _state(0, 2),
        _state(1, 2),
        Row(step=Step((Term(1, Coefficient(1)),)), offset=1),
        _sum(Convolution(2, 0)),
    )
    assert without_zeros(made, {1}) == made


def test_rows_of_the_highest_order() -> None:
    made = _program(_state(0, 2), _state(1, 3), _sum(Convolution(0, 0)), _sum(Coefficient(2)))
    assert rows_at_the_end(made) == {0, 1}
    asked = _program(*made.rows, outputs=(3,))
    assert rows_at_the_end(asked) == {0, 2, 3}
    begun = without_zeros(_program(*made.rows[:3], _sum(Convolution(0, 1)), outputs=(3,)), {1})
    assert rows_at_the_end(begun) == {1, 3}  # the newest of the first meets a zero

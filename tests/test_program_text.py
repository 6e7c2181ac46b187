"""Programs written as text and read back."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import taylor as ty
from taylor.nodes.registry import functions
from taylor.recurrences.decompose import decompose
from taylor_runtime.callables.cost import choose
from taylor_runtime.passes.compensate import compensate
from taylor_runtime.passes.latency import shorten
from taylor_runtime.program.lines import body, read_row, row_line
from taylor_runtime.program.program import (
    Coefficient,
    Constant,
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
from taylor_runtime.program.text import from_text, to_text
from taylor_runtime.program.verify import ProgramError

X, V, W = ty.variables("x v w")
K = ty.parameter("k")
RADIUS = X * X + V * V + Fraction(1, 3)
SYSTEMS = {
    "pendulum": {X: V, V: -ty.sin(X)},
    "kepler": {X: V, V: -X * RADIUS ** Fraction(-3, 2)},
    "time": {X: ty.cos(ty.time * K) * X, V: ty.exp(-X * X) / (1 + V * V)},
    "where": {X: V, V: ty.where(X > 0, -1.5, V * X)},
    "many": {X: ty.tanh(V) + W, V: ty.log(1 + W * W), W: ty.besselj(2, X) * ty.atan2(X, V)},
}


def same(program: Program) -> None:
    """A program is read back as it was, names included, and its key has no names."""
    again = from_text(to_text(program))
    assert again == program
    assert [row.name for row in again.rows] == [row.name for row in program.rows]
    assert body(again) == body(program)
    nameless = replace(program, rows=tuple(replace(row, name="") for row in program.rows))
    assert body(nameless) == body(program)
    assert from_text(to_text(nameless)) == program


@pytest.mark.parametrize("order", [1, 7, 20])
@pytest.mark.parametrize("name", SYSTEMS)
def test_programs_of_systems(name: str, order: int) -> None:
    system = SYSTEMS[name]
    inputs = {x: Input("state", (i,)) for i, x in enumerate(system)} | {K: Input("parameter", (0,))}
    program = decompose(list(system), inputs, order, list(system.values()))
    same(program)
    rows = shorten(compensate(program))
    same(rows)
    same(choose(rows, "double")[0])  # packed, or not


@pytest.mark.parametrize("name", sorted(n for n, f in functions.items() if f.built_in))
def test_programs_of_functions(name: str) -> None:
    record = functions[name]
    arguments: list[Any] = [2] * record.orders
    arguments += list((X, V, W)[: record.arity - record.orders])
    value = getattr(ty, name)(*arguments)
    inputs = {x: Input("jet", (i,)) for i, x in enumerate((X, V, W))}
    for order in (0, 5):
        same(decompose([value], inputs, order))
        same(replace(decompose([value], inputs, order), exact_division=True))


NUMBERS = st.one_of(
    st.integers(),
    st.fractions(),
    st.floats(allow_nan=False),
    st.just(math.nan),
)
CONSTANTS: st.SearchStrategy[Constant] = st.one_of(
    NUMBERS, st.lists(NUMBERS, min_size=1, max_size=4).map(tuple)
)
PLACES = st.integers(0, 10**6)
OPERANDS = st.one_of(
    st.builds(Coefficient, PLACES, st.integers(0, 2)),
    st.builds(
        Convolution,
        PLACES,
        PLACES,
        st.integers(0, 3),
        st.integers(0, 3),
        st.none() | st.tuples(NUMBERS, NUMBERS),
        st.booleans(),
    ),
    st.builds(Select, PLACES, PLACES, PLACES),
)
TERMS = st.builds(Term, CONSTANTS, OPERANDS, st.none() | PLACES)
STEPS = st.builds(
    Step,
    st.lists(TERMS, max_size=3).map(tuple),
    st.sampled_from(("1", "n", "1/n", "h/n", "h")),
    st.none() | PLACES,
)
STARTS = st.one_of(
    st.builds(Input, st.just("state"), st.lists(PLACES, min_size=1, max_size=4).map(tuple)),
    st.builds(
        Kernel,
        st.sampled_from(("sin", "pow.3.halves", "user:f#0#1#2")),
        st.lists(PLACES, max_size=3).map(tuple),
        st.lists(CONSTANTS, max_size=3).map(tuple),
    ),
)
GATHERS = st.builds(
    Gather, st.lists(st.tuples(PLACES, PLACES), min_size=1, max_size=4).map(tuple), st.booleans()
)
ROWS = st.builds(
    Row,
    st.none() | STARTS,
    st.none() | STEPS,
    CONSTANTS,
    st.none() | GATHERS,
    st.integers(1, 9),
    st.booleans(),
)


@given(ROWS)
def test_rows_are_read_back(row: Row) -> None:
    again = read_row(row_line(row))
    assert again == row and row_line(again) == row_line(row)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no line begins with 'order'"),
        ("order 1\ninputs state:1\noutputs r0.0\nr1 = state[0]", "expected row r0"),
        ("order 1\ninputs state:1\noutputs r0.0\nr0 = state[0] banana", "cannot read 'banana'"),
        ("order 1\ninputs state:1\noutputs r0.0\nr0 = 1 2*r0^2", "no term"),
        ("order 1\ninputs state:1\noutputs r0.0\nr0 = sin(r4)", "is not earlier"),
        ("order 1\ninputs state:1\noutputs r3.0\nr0 = state[0]", "output names row 3"),
    ],
)
def test_what_is_no_program_is_said(text: str, says: str) -> None:
    with pytest.raises(ProgramError, match=says):
        from_text(text)

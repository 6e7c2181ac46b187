"""Programs written as text and read back."""

from __future__ import annotations

import math
import pickle
from dataclasses import replace
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import taylor as ty
from taylor.nodes.registry import functions
from taylor.recurrences.decompose import decompose
from taylor.recurrences.externals import externals
from taylor_runtime.callables.cost import choose
from taylor_runtime.callables.points import build_formula
from taylor_runtime.passes.compensate import compensate
from taylor_runtime.passes.latency import shorten
from taylor_runtime.program.kernels import EntryKernel, PlaceKernel, callbacks, own_kernels
from taylor_runtime.program.lines import body, row_line
from taylor_runtime.program.parse import read_row
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
    assert again == program or "nan" in body(program)  # which is equal to nothing
    assert to_text(again) == to_text(program)
    assert [row.name for row in again.rows] == [row.name for row in program.rows]
    assert body(again) == body(program)
    nameless = replace(program, rows=tuple(replace(row, name="") for row in program.rows))
    assert body(nameless) == body(program)
    assert to_text(from_text(to_text(nameless))) == to_text(nameless)


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
    arguments: list[Any] = [2] * record.leading
    arguments += list((X, V, W)[: record.arity - record.leading])
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


# -- kernels that programs bring along ------------------------------------------------------------

CUBE_ROOT = ty.implicit(lambda x, y: y**3 + y - x, start=lambda x: x / 2)
COSINE = ty.implicit(lambda x, y: ty.cos(y) - x * y, bracket=(0, 2))
PAIR = ty.implicit(lambda x, y: [y[0] + y[1] ** 3 - x, y[1] + y[0] * x - 1], start=[1, 0])
TABLE = ([0, 1, 3], [[0, Fraction(1, 3)], [math.nan, -0.5]])
BROUGHT = {
    "table": lambda x: ty.piecewise(*TABLE, x),
    "ends": lambda x: ty.piecewise(*TABLE, x, outside="nan", kind="chebyshev"),
    "one piece": lambda x: ty.piecewise([0, 1], [[1.5, 1e-300]], x),
    "root": CUBE_ROOT,
    "bracket": COSINE,
    "system": lambda x: PAIR(x)[0] + PAIR(x)[1],
    "root in a root": ty.implicit(lambda x, y: y + CUBE_ROOT(y) - ty.piecewise(*TABLE, x)),
}


@pytest.mark.parametrize("order", [0, 4])
@pytest.mark.parametrize("name", BROUGHT)
def test_what_programs_bring_along_is_in_their_text(name: str, order: int) -> None:
    program = decompose([BROUGHT[name](X)], {X: Input("jet")}, order)
    same(program)
    kernels = own_kernels(program)
    assert kernels and own_kernels(from_text(to_text(program))) == kernels
    assert to_text(from_text(to_text(program))) == to_text(program)
    assert pickle.loads(pickle.dumps(program)) == program


def test_a_program_that_was_read_computes_the_same_bits() -> None:
    wanted = ty.compile([f(X) for f in BROUGHT.values()], [X])
    program = decompose([f(X) for f in BROUGHT.values()], {X: Input("parameter")}, order=0)
    read = build_formula(from_text(to_text(program)), "read", "")
    x = np.linspace(0.1, 2.9, 20)
    assert read.ufunc is not None
    assert np.array_equal(read.ufunc(x), wanted(x), equal_nan=True)


def test_callbacks_are_in_texts_by_their_function() -> None:
    sine = ty.register_function("text_sine", math.sin, ty.cos)
    powers = ty.register_function(
        "text_powers", taylor_coefficients=lambda x, n: [x, 1, *[0.0] * n]
    )
    program = decompose([sine(X) + powers(X)], {X: Input("jet")}, 3)
    same(program)
    assert "kernel user:text_sine callback text_sine\n" in to_text(program)
    names = {str(kernel) for kernel in callbacks(from_text(to_text(program)))}
    assert names == {"user:text_sine", *(f"user:text_powers#0#{k}#3" for k in range(4))}
    inside = ty.implicit(lambda x, y: y + sine(y) - x)
    assert externals(decompose([inside(X)], {X: Input("jet")}, 0)).keys() == {"user:text_sine"}


def test_kernels_are_equal_by_what_they_compute() -> None:
    edges = np.array([0.0, 1.0, 2.0])
    assert PlaceKernel(edges) == PlaceKernel(edges.copy())
    assert hash(PlaceKernel(edges)) == hash(PlaceKernel(edges.copy()))
    assert PlaceKernel(edges) != PlaceKernel(edges + 1)
    assert EntryKernel(edges[:, None]) != EntryKernel(edges[None])
    assert EntryKernel(edges[None]) != EntryKernel(edges[None], edges[None] * 1e-20)
    kernel = PlaceKernel(edges)
    edges[0] = -1  # the kernel keeps its own
    assert kernel == PlaceKernel(np.array([0.0, 1.0, 2.0]))
    assert repr(kernel) == f"PlaceKernel({kernel.name!r})"


def test_a_kernel_that_is_not_what_its_name_says_is_refused() -> None:
    text = to_text(decompose([ty.piecewise(*TABLE, X)], {X: Input("jet")}, 0))
    with pytest.raises(ProgramError, match="is made of"):
        from_text(text.replace("edges 1.0", "edges 1.5"))

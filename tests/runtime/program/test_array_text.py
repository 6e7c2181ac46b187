"""Programs of arrays as text and back, and what is no legal one."""

from __future__ import annotations

import pickle
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from random_arrays import added_at, random_function

import taylor as ty
from taylor.expressions.leaves import try_expression
from taylor.recurrences.arrays import lower_arrays
from taylor_runtime.passes.shapes.arrange import arranged
from taylor_runtime.program.arrays import ArrayProgram, ArrayRow, View
from taylor_runtime.program.program import Coefficient, Convolution, Input, Step, Term
from taylor_runtime.program.shapes.lines import MOVES
from taylor_runtime.program.shapes.verify import verify_arrays
from taylor_runtime.program.text import from_text, to_text
from taylor_runtime.program.verify import ProgramError

X = ty.variable("x", shape=(3, 4))
KINDS: dict[str, Callable[[Any], Any]] = {
    "view": lambda x: x.T[::-1, None, ::2] * 2,
    "take": lambda x: x[[2, 0, 0]],
    "scatter": lambda x: added_at(x, [k % 5 for k in range(12)], 5),
    "join": lambda x: ty.stack([x, x * x]),
    "total": lambda x: x.sum(axis=(0, 1)) + x.max(axis=0),
    "pick": lambda x: x.max(axis=1) * x[:, 0],
    "running": lambda x: x.cumsum(axis=0),
    "contract": lambda x: x @ x.T,
    "nothing": lambda x: x[:, :0].sum(axis=1) + x[1:1].prod(axis=0)[:3],
    "numbers": lambda x: x * [[0.1, 1e300, -3.0, 1.0]] + 1,
    "names": lambda x: ty.sin(x) * ty.parameter("a  # shape (3,) 'b'", shape=(4,)),
}


def _programs(name: str, order: int) -> list[ArrayProgram]:
    e = KINDS[name](X)
    inputs = {X: Input("jet" if order else "parameter", (0,))}
    if name == "names":
        inputs[ty.parameter("a  # shape (3,) 'b'", shape=(4,))] = Input("parameter", (12,))
    program = lower_arrays([e], inputs, order).program
    return [program, arranged(program)]


@pytest.mark.parametrize("order", [0, 3])
@pytest.mark.parametrize("name", KINDS)
def test_what_was_written_is_read(name: str, order: int) -> None:
    for program in _programs(name, order):
        text = to_text(program)
        again = from_text(text)
        assert again == program and to_text(again) == text
        assert [row.name for row in again.rows] == [row.name for row in program.rows]
        assert again.text() == program.text()
        assert pickle.loads(pickle.dumps(program)) == program


def test_all_kinds_of_moves_are_there() -> None:
    programs = [p for name in KINDS for p in _programs(name, 2)]
    found = {type(row.moved) for p in programs for row in p.rows if isinstance(row, ArrayRow)}
    # loops, linear algebra, solutions, what passes make
    elsewhere = {"put", "region", "factor", "solve", "call", "pairs"}
    assert found >= {kind for name, kind in MOVES.items() if name not in elsewhere}


def test_systems_of_arrays() -> None:
    v, k = ty.variable("v", shape=(3, 4)), ty.parameter("k")
    inputs = {X: Input("state", (0,)), v: Input("state", (12,)), k: Input("parameter", (0,))}
    equations = [(X, v), (v, -k * ty.sin(X) * ty.cos(ty.time) + X.sum(axis=0))]
    program = lower_arrays([], inputs, 8, equations).program
    assert from_text(to_text(program)) == program


@pytest.mark.parametrize("seed", range(80))
def test_random_programs_are_read(seed: int) -> None:
    order = (0, 2)[seed % 2]
    fun = random_function(random.Random(seed), smooth=order > 0)
    xs = [ty.variable(f"x{k}", shape=shape) for k, shape in enumerate(fun.shapes)]
    inputs, first = {}, 0
    for x in xs:
        inputs[x] = Input("jet" if order else "parameter", (first,))
        first += x.size
    outputs = [try_expression(e) for e in fun(*xs)]
    program = lower_arrays(outputs, inputs, order).program
    for one in (program, arranged(program)):
        assert from_text(to_text(one)) == one


# -- what is refused ------------------------------------------------------------------------------

GOOD = """
order 2 arrays
inputs jet:12 data:4 table:3
outputs r2.0
r0 = jet[0] width 12 shape (3,4)
r1 = data[0] width 4 constant shape (4,)
r2 = 1 1*r1[0]*r0 width 12 shape (3,4)
"""


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("r3 = width 3 shape (3,) view(source=0,offset=2,strides=(4,))", None),
        ("r3 = width 3 shape (3,) call(source=1)", None),
        ("r3 = width 3 shape (3,) call(source=0)", "side by side"),
        ("r3 = width 3 shape (3,) view(source=0,offset=4,strides=(4,))", "lacks"),
        ("r3 = width 3 shape (3,) view(source=0,offset=7,strides=(-4,))", "lacks"),
        ("r3 = width 3 shape (3,) view(source=0,offset=2,strides=(4,1))", "one stride an axis"),
        ("r3 = width 3 shape (3,) view(source=3,offset=0,strides=(4,))", "not earlier"),
        ("r3 = width 3 shape (3,) take(source=0,table=1)", r"reads table\[1:4\]"),
        ("r3 = width 3 shape (3,) scatter(source=0,table=0)", r"reads table\[0:12\]"),
        ("r3 = width 24 shape (6,4) join(parts=(0,2),axis=0)", None),
        ("r3 = width 24 shape (6,4) join(parts=(0,2),axis=2)", "no axes"),
        ("r3 = width 24 shape (6,4) join(parts=(0,2),axis=1)", r"is not \(3, 8\)"),
        ("r3 = width 16 shape (4,4) join(parts=(0,1),axis=0)", "cannot be joined"),
        ("r3 = width 3 shape (3,) total(source=0,axes=(1,),kind='sum')", None),
        ("r3 = width 3 shape (3,) total(source=0,axes=(1,),kind='mean')", "kind must be one of"),
        ("r3 = width 3 shape (3,) total(source=0,axes=(0,),kind='sum')", r"is not \(4,\)"),
        ("r3 = width 3 shape (3,) total(source=0,axes=(1,1),kind='sum')", "no axes"),
        ("r3 = width 12 shape (3,4) running(source=0,axis=-1)", "no axes"),
        ("r3 = width 12 shape (4,3) running(source=0,axis=1)", r"is not \(3, 4\)"),
        ("r3 = width 9 shape (3,3) contract(a=0,b=2,subscripts='ab,cb->ac')", None),
        ("r3 = width 9 shape (3,3) contract(a=0,b=2,subscripts='ab,bc->ac')", "sizes 4 and 3"),
        ("r3 = width 9 shape (3,3) contract(a=0,b=2,subscripts='ab,b->ac')", "no axes of row 2"),
        ("r3 = width 9 shape (3,3) contract(a=0,b=2,subscripts='ab,cb')", "no subscripts"),
        ("r3 = width 9 shape (3,3) contract(a=0,b=2,subscripts='ab,cb->ad')", "no operand has"),
        ("r3 = width 3 shape (3,) pick(source=0,places=1,axis=1)", r"has shape \(4,\)"),
        ("r3 = 1 1*r0 width 3 shape (3,)", "no part of"),
        ("r3 = 1 1*r0 width 11 shape (3,4)", "width 11"),
        ("r3 = 1 1*conv(r0,r1,0,0) width 12 shape (3,4)", "does not vary"),
        ("r3 = 1 1*r4 width 12 shape (3,4)", "does not exist"),
        ("r3 = 1/n 1*r0 width 12 shape (3,4)", "needs a start"),
        ("r3 = sin(r3) width 12 shape (3,4)", "kernel argument 3 is not earlier"),
        ("r3 = jet[1] width 12 shape (3,4)", r"reads jet\[1:13\]"),
        ("r3 = memory[1] width 12 shape (3,4)", "unknown input source"),
        ("r3 = width 12 shape (3,4)", "neither start, step nor move"),
        ("r3 = 1 1*r0 width 12 shape (3,4) running(source=0,axis=0)", "a start or a step"),
        ("r3 = width 12 shape (3,4) walk(source=0)", "no move is called 'walk'"),
        ("r3 = width 12 shape (3,4) running(source=0)", "axis"),
        ("r3 = width 12 shape (3,4) running(0,1)", "no move"),
        ("r3 = width 12 shape (3,4) running(source=0,axis=[1])", "no whole number"),
        ("r3 = width 12 shape (3,4) running(source=0,axis=open)", "cannot read"),
        ("r3 = width 12 shape three", "cannot read 'three'"),
        ("r3 = width 12 shape (3,-4)", "is no shape"),
        ("r3 = 1 1*r0 width 12", "no shape"),
    ],
)
def test_what_is_no_legal_row_is_refused(line: str, message: str | None) -> None:
    text = GOOD + line
    if message is None:
        from_text(text)
        return
    with pytest.raises(ProgramError, match=message):
        from_text(text)


def test_views_of_views_and_missing_outputs_are_refused() -> None:
    program = from_text(GOOD)
    assert isinstance(program, ArrayProgram)
    view = ArrayRow(width=4, shape=(4,), moved=View(0, 0, (1,)))
    again = replace(view, moved=View(3, 0, (1,)))
    with pytest.raises(ProgramError, match=r"row 4 .*: row 3 is a view itself"):
        verify_arrays(replace(program, rows=(*program.rows, view, again)))
    for output, words in (((7, 0), "does not exist"), ((1, 4), "which has fewer")):
        with pytest.raises(ProgramError, match=words):
            verify_arrays(replace(program, outputs=(output,)))


def test_a_factor_of_every_order_varies() -> None:
    program = from_text(GOOD)
    assert isinstance(program, ArrayProgram)
    product = ArrayRow(step=Step((Term(1, Convolution(0, 0)),)), width=12, shape=(3, 4))
    verify_arrays(replace(program, rows=(*program.rows, product)))
    late = replace(product, step=Step((Term(1, Coefficient(3)),)))
    with pytest.raises(ProgramError, match="coefficient n of row 3"):
        verify_arrays(replace(program, rows=(*program.rows, late)))

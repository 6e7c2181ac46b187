"""Nodes with graphs inside: equal ones are one, and all walks see their operands alone."""

from __future__ import annotations

import pickle
import subprocess
import sys

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.scalars import scalars
from taylor.nodes.regions import REGIONS, Graph, Region, inner_input, turns
from taylor.nodes.traverse import from_records, inputs, reachable, to_records

X, Y = ty.variables("x y")


def power(x, n):
    return ty.fori_loop(0, n, lambda i, y: y * ty.sin(x) + i, 1.0)


def test_equal_loops_are_one_node() -> None:
    assert power(X, 5) is power(X, 5)
    assert power(X, 5) is not power(X, 6)
    assert power(X, 5) is not power(Y, 5)
    assert power(X, Y).args[0].payload == power(Y, 3).args[0].payload  # the bodies


def test_a_region_is_what_it_computes() -> None:
    def region(number: object) -> Region:
        k, u = inner_input("k"), inner_input("u")
        return Region([Graph([k, u], [u * k + number])], 1, 1)

    assert region(2) == region(2) and hash(region(2)) == hash(region(2))
    assert region(2) != region(3)
    assert repr(region(2)) == repr(region(2)) != repr(region(3))


def test_its_text_is_the_same_in_all_processes() -> None:
    code = (
        "import taylor as ty; x = ty.variable('x');"
        "print(ty.fori_loop(0, 3, lambda i, y: y*ty.sin(x) + i/3, 1.0).args[0].payload)"
    )
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"]
    texts = {subprocess.run(command, capture_output=True, text=True).stdout for _ in range(2)}
    assert len(texts) == 1 and next(iter(texts)).startswith("<region ")


def test_free_inputs_are_those_of_operands() -> None:
    e = power(X, Y) + ty.while_loop(lambda v: v < Y, lambda v: v + X, 0.0)
    assert inputs([e]) == [X, Y]
    assert {n.op for n in reachable([e])} & REGIONS == {"fori_loop", "while_loop"}


def test_what_turns_share_is_an_operand() -> None:
    (loop,) = (n for n in reachable([power(X, 5)]) if n.op in REGIONS)
    assert any(arg is ty.sin(X) for arg in loop.args)
    assert not any(n.op == "sin" for n in reachable(loop.payload.body.outputs))


def test_substitution_changes_operands() -> None:
    assert ty.substitute(power(X, 5), {X: Y}) is power(Y, 5)
    assert ty.substitute(power(X, Y), {Y: 3}) is power(X, 3)
    assert ty.substitute(power(X, 5), {X: 2 * Y}) is power(2 * Y, 5)


def test_pickles_find_the_node() -> None:
    e = ty.cond(X > 0, lambda: power(X, Y), lambda: ty.exp(Y)) + power(Y, 3)
    assert pickle.loads(pickle.dumps(e)) is e
    assert from_records(to_records([e, power(X, Y)])) == (e, power(X, Y))
    code = (
        "import pickle, sys, taylor as ty; e = pickle.loads(sys.stdin.buffer.read());"
        "print(float(e.evaluate({'x': 0.5, 'y': 2.0})))"
    )
    command = [sys.executable, "-c", f"import sys; sys.path[:0] = {sys.path!r}; {code}"]
    done = subprocess.run(command, input=pickle.dumps(e), capture_output=True, check=True)
    assert float(done.stdout) == e.evaluate({X: 0.5, Y: 2.0})


def test_no_turn_and_no_change_leave_what_was_before() -> None:
    assert ty.fori_loop(3, 3, lambda i, y: y * X, Y) is Y
    assert ty.fori_loop(3, -2, lambda i, y: y * X, Y) is Y
    first, second = ty.fori_loop(0, 5, lambda i, s: (s[0] * s[1], s[1]), (X, Y))
    assert second is Y and first.op == "part"
    assert ty.scan(lambda c, _: (c * X, None), Y, length=0) == (Y, None)


def test_turns_that_are_known() -> None:
    assert turns(power(X, 5).args[0]) == 5
    assert turns(power(X, Y).args[0]) is None
    assert turns(ty.fori_loop(0.5, 3, lambda i, y: y * X, Y).args[0]) == 3


def test_text_shows_graphs_and_operands() -> None:
    e = ty.while_loop(lambda v: v < 3, lambda v: v * ty.cos(X), Y)
    assert str(e) == "while_loop((k0, v) -> (v < 3), (k0, v) -> (v*k0), cos(x), y)[0]"
    found = ty.fori_loop(0, Y, lambda i, s: {"a": s["a"] + i, "b": s["b"] * 2}, {"a": X, "b": 1.0})
    body = "(i, s['a'], s['b']) -> (s['a'] + i, 2*s['b'])"
    assert str(found["a"]) == f"fori_loop({body}, 0, y, x, 1)[0]"
    shown = "switch((x) -> (x), (x) -> (x**3), ~(x > 0), x)[0]"
    assert str(ty.cond(X > 0, lambda: X, lambda: X**3)) == shown
    assert "u1 = " in (e + e**2 + ty.sin(e)).to_text()


def test_elements_of_arrays_are_those_of_a_loop_of_scalars() -> None:
    q = ty.variable("q", shape=(2,))
    e = ty.fori_loop(0, 3, lambda i, v: v * v[0] + i, q)
    assert e.shape == (2,)
    (loop,) = {n for n in reachable(list(scalars(e))) if n.op in REGIONS}
    assert loop.payload.is_scalar and loop.payload.carries == 2
    found = e.evaluate({q: np.array([0.5, 2.0])})
    a, b = 0.5, 2.0
    for i in range(3):
        a, b = a * a + i, b * a + i
    assert found.tolist() == [a, b]
    assert scalars(scalars(e)[1]).item() is scalars(e)[1]  # spelled out already


def test_cheap_branches_are_choices_and_others_are_not() -> None:
    cheap = ty.cond(X > 0, lambda: X * Y, lambda: X + Y)
    assert scalars(cheap).item() is ty.where(X > 0, X * Y, X + Y)
    dear = ty.cond(X > 0, lambda: ty.sin(ty.exp(ty.sin(X))), lambda: ty.gamma(ty.erf(Y)))
    assert scalars(dear).item().op == "part"


def test_sympy_has_none() -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match="SymPy has no counterpart for fori_loop"):
        ty.to_sympy(power(X, 5))

"""Large formulas: cut into parts, with the bits of the whole."""

from __future__ import annotations

import random
from itertools import pairwise
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.transforms.differentiate import grad_expressions
from taylor_runtime.passes.cut import cut
from taylor_runtime.points import formula as points
from taylor_runtime.program.program import Coefficient, Input, Kernel, Program, Row, Step, Term
from taylor_runtime.program.verify import verify


def random_formula(size: int) -> tuple[list[Any], list[Any]]:
    """Inputs and outputs of a DAG of sums, products, quotients, selections and sines."""
    rng = random.Random(size)
    inputs = list(ty.variables("a b c d"))
    nodes = list(inputs)
    for _ in range(size):
        p, q = rng.choice(nodes[-60:]), rng.choice(nodes[-60:])
        choices = [
            lambda p=p, q=q: p * q * 0.5 + 0.1,
            lambda p=p, q=q: p + q,
            lambda p=p: ty.sin(p),
            lambda p=p: ty.cos(p),
            lambda p=p, q=q: p / (q * q + 1),
            lambda p=p, q=q: ty.where(p < q, p, q - 0.5 * p),
        ]
        nodes.append(rng.choice(choices)())
    return inputs, [sum(ty.sin(v) for v in nodes[-60:]), nodes[-1], inputs[0], nodes[-5]]


@pytest.mark.parametrize("size", [40, 400])
def test_cut_formulas_have_the_bits_of_whole_ones(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs, outputs = random_formula(size)
    x = np.random.default_rng(size).uniform(-1, 1, (4, 45))
    results = []
    for uncut, inlined in ((10**6, 0), (10**6, 10**6), (1, 0)):
        monkeypatch.setattr(points, "UNCUT", uncut)
        monkeypatch.setattr(points, "INLINED", inlined)
        f = ty.compile(outputs, inputs)
        whole = np.array(f(*x))
        assert np.array_equal(whole[:, ::3], f(*x[:, ::3]))
        assert np.array_equal(whole[:, 7], f(*x[:, 7]))
        in_place = x.copy()
        f(*in_place, out=(in_place[1], in_place[2], in_place[0], in_place[3]))
        assert np.array_equal(whole, in_place[[1, 2, 0, 3]])
        results.append((whole, np.array(f(x[0], *x[1:, 0]))))
    for other in results[1:]:
        assert all(np.array_equal(a, b) for a, b in zip(results[0], other, strict=True))


def test_parts_are_small_and_use_places_again() -> None:
    rows = [Row(Input("parameter", (0,)), constant=True)]
    for k in range(3000):
        term = Term(k + 1, Coefficient(0))
        rows.append(Row(step=Step((term,)), constant=True))
        rows.append(Row(Kernel("sin", (2 * k + 1,)), constant=True))
    terms = tuple(Term(1, Coefficient(2 * k + 2)) for k in range(3000))
    rows.append(Row(step=Step(terms), constant=True))
    program = verify(Program(tuple(rows), ((len(rows) - 1, 0),), 0, (("parameter", 1),)))
    pieces = cut(program, size=100)
    assert all(len(part.program.rows) < 250 for part in pieces.parts)
    assert pieces.places < 300
    assert sum(len(part.results) for part in pieces.parts) == 1
    for part in pieces.parts:
        verify(part.program)


def test_long_sum_is_right() -> None:
    x = ty.variable("x")
    f = ty.compile(sum(ty.sin((k + 1) * x) for k in range(2000)), [x])
    value = float(f(0.7))
    with mpmath.workdps(40):
        exact = mpmath.fsum(mpmath.sin((k + 1) * mpmath.mpf(0.7)) for k in range(2000))
    assert abs(value - float(exact)) < 1e-10


def test_gradient_of_many_variables() -> None:
    count = 300
    x = ty.variables(" ".join(f"x{i}" for i in range(count)))
    total = sum(100 * (b - a**2) ** 2 + (1 - a) ** 2 for a, b in pairwise(x))
    f = ty.compile(grad_expressions(total, x), list(x))
    p = np.random.default_rng(0).uniform(-1, 1, (count, 21))
    expected = np.zeros_like(p)
    step = p[1:] - p[:-1] ** 2
    expected[:-1] = -400 * p[:-1] * step - 2 * (1 - p[:-1])
    expected[1:] += 200 * step
    assert np.allclose(f(*p), expected, rtol=1e-13, atol=1e-11)
    assert np.array_equal(np.array(f(*p))[:, 4], f(*p[:, 4]))


def test_many_outputs() -> None:
    a, b = ty.variables("a b")
    f = ty.compile([ty.sin(a * k) + b for k in range(500)], [a, b])
    found = np.array(f(np.linspace(0, 1, 19), 2.0))
    assert np.allclose(found, np.sin(np.outer(range(500), np.linspace(0, 1, 19))) + 2, atol=1e-13)
    assert f(np.empty(0), 2.0)[3].shape == (0,)

"""Plain evaluation in every kind of number, and substitution."""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import taylor as ty

x, y = ty.variables("x y")
k = ty.parameter("k")
q = ty.variable("q", shape=(2, 2))


def test_floats() -> None:
    e = ty.sin(x) * y + x / 3
    assert e.evaluate({x: 0.5, y: 2}) == pytest.approx(math.sin(0.5) * 2 + 0.5 / 3, rel=1e-15)
    assert ty.evaluate(e, {"x": 0.5, "y": 2}) == e.evaluate({x: 0.5, y: 2})
    assert isinstance(ty.evaluate(x, {x: 1}), float)
    assert ty.evaluate(3) == 3


def test_ieee_rules() -> None:
    assert (1 / x).evaluate({x: 0.0}) == math.inf
    assert math.isnan((x**0.5).evaluate({x: -1.0}))
    assert (x**-3).evaluate({x: -0.0}) == -math.inf
    assert ty.exp(x).evaluate({x: 1e4}) == math.inf


def test_arrays_broadcast() -> None:
    xs, ys = np.linspace(0, 1, 5)[:, None], np.linspace(1, 2, 3)
    result = ty.where(x > 0.3, x * y, ty.cos(y)).evaluate({x: xs, y: ys})
    np.testing.assert_allclose(result, np.where(xs > 0.3, xs * ys, np.cos(ys)), rtol=1e-15)
    stacked = ty.stack([x, y]).evaluate({x: xs, y: ys})
    assert stacked.shape == (2, 5, 3)


def test_array_inputs() -> None:
    values = np.array([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_allclose((q @ q + x).evaluate({q: values, x: 1}), values @ values + 1)
    assert q[0, 1].evaluate({q: values}) == 2.0
    with pytest.raises(ty.ShapeError, match=r"\(2,\).*\(2, 2\)"):
        q.evaluate({q: [1, 2]})


def test_complex() -> None:
    e = ty.exp(x) / (x**2 + 1) + ty.sqrt(y)
    value = e.evaluate({x: 0.3 + 0.4j, y: -4.0 + 0j})
    expected = np.exp(0.3 + 0.4j) / ((0.3 + 0.4j) ** 2 + 1) + 2j
    assert value == pytest.approx(expected)


def test_fractions_are_exact_where_arithmetic_is() -> None:
    e = (x - y / 3) ** 2 / (1 + x) - ty.floor(x) + abs(y) + ty.maximum(x, y)
    a, b = Fraction(7, 3), Fraction(-1, 5)
    value = e.evaluate({x: a, y: b})
    assert value == (a - b / 3) ** 2 / (1 + a) - 2 + Fraction(1, 5) + a
    assert isinstance(value, Fraction)
    assert ty.sqrt(x).evaluate({x: Fraction(4, 9)}) == Fraction(2, 3)
    assert ty.sin(x).evaluate({x: Fraction(1, 2)}) == pytest.approx(math.sin(0.5))
    assert ty.where(x > y, x, 1 / y).evaluate({x: a, y: b}) == a


def test_mpmath_in_the_precision_in_force() -> None:
    e = ty.erf(x) * ty.constant("0.1") + ty.where(x > y, x**y, 0) + k / 3
    with mpmath.workdps(60):
        a, b, c = mpmath.mpf("0.7"), mpmath.mpf("0.3"), mpmath.mpf(2)
        expected = mpmath.erf(a) / 10 + a**b + c / 3
        assert abs(e.evaluate({x: a, y: b, k: 2}) - expected) < mpmath.mpf(10) ** -58


def test_missing_and_wrong_values() -> None:
    with pytest.raises(ty.ArgumentError, match="no value is given for y"):
        (x * y).evaluate({x: 1})
    with pytest.raises(ty.ArgumentTypeError, match="neither an expression"):
        x.evaluate({1: 2})
    assert (x * 0 + 1).evaluate() == 1


def test_part_of_an_expression_can_be_given() -> None:
    part = x * y
    assert (part + 1).evaluate({part: 4.0}) == 5.0


def test_substitution_simplifies_and_is_simultaneous() -> None:
    assert ty.substitute(x - y, {x: y}) is ty.constant(0)
    assert ty.substitute(x / y, {x: y, y: x}) is y / x
    assert ty.substitute(ty.sin(x * y), {x * y: k}) is ty.sin(k)
    assert ty.substitute(ty.where(x > 0, x, -x), {x: 3}) is ty.constant(3)
    assert ty.substitute(q @ q, {q: np.eye(2)}).evaluate().tolist() == [[1, 0], [0, 1]]
    assert ty.substitute(3 * x + y - 2, {x: k, y: -3 * k}) is ty.constant(-2)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ty.substitute(x, {"x": 1}), ty.ArgumentTypeError, "'x'"),
        (lambda: ty.substitute(q, {q: 1}), ty.ShapeError, r"\(2, 2\)"),
    ],
)
def test_substitution_errors(
    call: Callable[[], object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        call()


def test_substitution_into_a_deep_chain() -> None:
    e = x
    for _ in range(20_000):
        e = e * y + 1
    assert ty.substitute(e, {y: 1}) is x + 20_000

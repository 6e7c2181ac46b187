"""Errors of wrong arguments name the function, the argument and what it should be."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, Y = ty.variables("x y")
Q = ty.variable("q", shape=3)
PLAIN = ty.compile(ty.sin(X) * Y, [X, Y], name="plain")
ARRAY = ty.compile(Q * X, [Q, X], name="array")
PAIRS = ty.compile(X * Y, [X, Y], name="pairs", precision="double-double")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: PLAIN(10**400, 1.0), r"plain: argument x: 1000.* beyond the range"),
        (lambda: PLAIN([1.0, 2.0], [1.0, 2.0, 3.0]), r"plain: .*x \(2,\), y \(3,\)"),
        (lambda: ARRAY(np.ones((2, 3)), np.ones(4)), r"array: .*q \(2,\), x \(4,\)"),
        (lambda: PAIRS(np.ones((2, 2)), np.ones((3, 2))), "pairs: .*broadcast|trailing axis"),
        (lambda: ARRAY(X, 1.0), r"array: argument q must have shape \(3,\), got x"),
        (lambda: PLAIN(1j, 1.0), "plain: argument x must be an array of real numbers"),
        (lambda: ty.jet(lambda a, b: a * b, 1.0), "fun takes 2 arguments, a, b, .* 1 coord"),
        (lambda: ty.derivatives(lambda a, b: a * b, (1.0,)), "fun takes 2 arguments, a, b"),
        (lambda: ty.variables(3), "variables: names=3 must be a string"),
        (lambda: ty.compile(lambda *a: a[0]), r"compile: .* cannot be counted; give shapes="),
        (
            lambda: ty.Integrator(lambda t, y, p: [p[0] * y[0]], [1.0], parameters={"k": 1.0}),
            "dictionary's parameters are used by name",
        ),
        (lambda: ty.implicit(lambda rate, level: rate), "equation 0, rate = 0, contains no"),
    ],
)
def test_messages(call: Callable[[], Any], words: str) -> None:
    with pytest.raises(ty.TaylorError, match=words):
        call()


@pytest.mark.parametrize("wrong", [ValueError("no value"), OverflowError("too much")])
def test_exceptions_of_users_stay_theirs(wrong: Exception) -> None:
    """Although the same classes are raised where arguments do not fit."""

    def value(x: float) -> float:
        raise wrong

    f = ty.register_function(f"test_{type(wrong).__name__}", value, lambda x: x)
    with pytest.raises(type(wrong), match=str(wrong)) as caught:
        ty.compile(f(X), [X])([0.1, 0.2])
    assert caught.value is wrong


def test_numerical_functions_may_raise_anything_of_expressions() -> None:
    def value(x: float) -> float:
        if not isinstance(x, float):
            raise RuntimeError("a float, please")
        return 2 * x

    f = ty.register_function("test_floats_alone", value, lambda x: ty.constant(2))
    assert ty.jet(f, 3.0, 1).tolist() == [6.0, 2.0]
    with pytest.raises(RuntimeError, match="a float"):
        ty.register_function("test_floats_without_derivative", value)

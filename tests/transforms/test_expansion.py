"""Expressions that are equal when products are multiplied out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import taylor as ty
from taylor.transforms.expansion import MOST_TERMS, unified

X, Y, Z = ty.variables("x y z")
A, B = X + 0.25, 3 * Y - Z


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (A * (Y * Z), (A * Z) * Y),
        (A * B, 3 * X * Y - X * Z + 0.75 * Y - 0.25 * Z),
        ((X + Y) ** 3, X**3 + 3 * X**2 * Y + 3 * X * Y**2 + Y**3),
        (ty.sin(X) * (ty.sin(X) + Y), ty.sin(X) ** 2 + Y * ty.sin(X)),
        (X * (A**-2.5 * Y) + Y * (X * A**-2.5), 2 * (X * Y) * A**-2.5),
        ((X + Y) * (X - Y) + Y**2, X**2),
    ],
)
def test_equal_ones_are_found(one: Any, other: Any) -> None:
    assert one is not other
    found = unified([Z, one, other])
    assert found[0] is Z and found[1] is one and found[2] is one


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (X * Y, X * Z),
        (X * Y, 2 * X * Y),
        (A * B, A * B + 1),
        (A**-2.5, A**-1.5),
        (X**2 * Y, X * Y**2),
        (ty.sin(X * (X + Y)), ty.sin(X * X + Y * X)),  # functions are not opened
    ],
)
def test_others_are_not(one: Any, other: Any) -> None:
    found = unified([one, other])
    assert found[0] is one and found[1] is other


def test_what_is_long_is_left_alone() -> None:
    many = ty.variables(" ".join(f"v{k}" for k in range(9)))
    total: Callable[[int], Any] = lambda shift: sum((k + shift) * v for k, v in enumerate(many))  # noqa: E731
    long = total(1) * total(2)
    assert MOST_TERMS < 9 * 9
    assert unified([long, total(2) * total(1), long]) == [long, total(2) * total(1), long]

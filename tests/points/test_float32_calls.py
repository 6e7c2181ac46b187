"""Compiled functions of float32 are called as those of float64 are: with arrays, places, words."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, Y = ty.variables("x y")
F = ty.compile(ty.exp(X) * Y, [X, Y], precision="float32")


@pytest.mark.parametrize(
    "given",
    [1.5, 2, True, np.float64(1.1), np.float32(1.1), np.int64(3), Fraction(1, 3), "0.1",
     [1.0, 2.0], np.arange(3.0), np.arange(3), np.arange(3, dtype=np.int16), np.ones(0),
     np.linspace(0, 1, 6, dtype=np.float32)[::2], np.ones((2, 3))[:, ::2], np.longdouble(1.5)],
    ids=repr,
)  # fmt: skip
def test_whatever_is_a_number_is_rounded_to_float32(given: Any) -> None:
    found = F(given, 2.0)
    numbers = Fraction(given) if isinstance(given, str) else given
    rounded = np.asarray(numbers, float).astype(np.float32).astype(float)
    right = 2 * np.exp(rounded)
    assert found.dtype == np.float32 and np.shape(found) == np.shape(rounded)
    np.testing.assert_allclose(found, right, rtol=2e-7)


def test_places_for_results() -> None:
    x, place = np.linspace(-3, 3, 50, dtype=np.float32), np.empty(50, np.float32)
    assert F(x, 2.0, out=place) is place
    np.testing.assert_array_equal(place, F(x, 2.0))
    np.testing.assert_array_equal(F(x.astype(float), 2.0, out=place), F(x, 2.0))
    again = x.copy()
    F(again, 2.0, out=again)
    np.testing.assert_array_equal(again, F(x, 2.0))


def test_several_results_and_threads() -> None:
    x = np.linspace(-1, 1, 100_001, dtype=np.float32)
    several = ty.compile([ty.sin(X), ty.cos(X)], [X], precision="float32")
    sine, cosine = several(x)
    assert sine.dtype == cosine.dtype == np.float32
    shared = ty.compile([ty.sin(X), ty.cos(X)], [X], precision="float32", threads=2)
    for one, other in zip(several(x), shared(x), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(sine, np.sin(x.astype(float)), rtol=2e-7)


@pytest.mark.parametrize("kind", [float, np.float32])
def test_shapes_that_do_not_fit_are_named(kind: Any) -> None:
    with pytest.raises(ty.ShapeError, match=r"x \(3,\), y \(2,\)"):
        F(np.ones(3, kind), np.ones(2, kind))


@pytest.mark.parametrize("given", [1j, "a", None, object(), [[1, 2], [3]]])
def test_what_is_no_number_is_refused(given: Any) -> None:
    with pytest.raises(ty.ArgumentTypeError, match="argument x"):
        F(given, 2.0)
    with pytest.raises(ty.ArgumentError, match="beyond the range"):
        F(10**400, 2.0)
    with pytest.raises(ty.ArgumentTypeError, match="masked"):
        F(np.ma.array([1.0, 2.0], mask=[0, 1]), 2.0)
    with pytest.raises(ty.ArgumentTypeError, match="2 argument"):
        F(1.0)


def test_doubles_whose_shapes_do_not_fit_after_conversion() -> None:
    doubles = ty.compile(X * Y, [X, Y])
    with pytest.raises(ty.ShapeError, match=r"x \(3,\), y \(2,\)"):
        doubles([Fraction(1)] * 3, np.ones(2))

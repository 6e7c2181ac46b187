"""Adjoints by products that the slopes have."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

import taylor as ty
from taylor.nodes.products import split_power
from taylor.nodes.traverse import reachable
from taylor.transforms.reusing import reusing
from taylor.transforms.reverse import adjoints

X, Y, P, Q = ty.variables("x y p q")
R = X**2 + Y**2


def _values(outputs: list[ty.Expression], point: list[float]) -> np.ndarray:
    return np.array(ty.compile(outputs, [X, Y, P, Q])(*point))


def test_forces_by_a_power_of_the_distance() -> None:
    slopes = [-X * R**-1.5, -Y * R**-1.5]
    plain = adjoints(slopes, [P, Q], [X, Y])
    found = reusing(plain, slopes)
    exponents = [split_power(e)[1] for e in reachable(found)]
    assert Fraction(-5, 2) in [split_power(e)[1] for e in reachable(plain)]
    assert Fraction(-5, 2) not in exponents and Fraction(-3, 2) in exponents
    x, dual = np.array([0.3, -0.4]), np.array([1.25, 0.75])
    jacobian = -np.eye(2) * 0.5**-3 + 3 * np.outer(x, x) * 0.5**-5
    np.testing.assert_allclose(_values(found, [*x, *dual]), jacobian.T @ dual, rtol=1e-14)


def test_what_may_be_zero_is_no_divisor() -> None:
    for power in (1.5, 2, 0.5):
        slopes = [X * R**power, Y * R**power]
        plain = adjoints(slopes, [P, Q], [X, Y])
        assert all(e is other for e, other in zip(reusing(plain, slopes), plain, strict=True))


def test_products_that_somebody_else_reads_stay() -> None:
    # The adjoint of the third slope takes the power times something else.
    slopes = [-X * R**-1.5, -Y * R**-1.5, ty.sin(R**-1.5)]
    duals = [P, Q, P * Q]
    plain = adjoints(slopes, duals, [X, Y])
    point = [0.3, -0.4, 1.25, 0.75]
    found = _values(reusing(plain, slopes), point)
    np.testing.assert_allclose(found, _values(plain, point), rtol=1e-14)


def test_nothing_to_reuse() -> None:
    slopes = [ty.sin(X) * Y, X * Y]
    plain = adjoints(slopes, [P, Q], [X, Y])
    assert all(e is other for e, other in zip(reusing(plain, slopes), plain, strict=True))

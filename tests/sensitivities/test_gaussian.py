"""Moments of polynomials against SymPy's and closed forms."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import sympy

import taylor as ty
from taylor.sensitivities.gaussian import box_table, central_moments, expected, normal_table


def test_moments_of_polynomials_are_exact() -> None:
    """Against SymPy, by the moments of the exponents of each variable."""
    rng = np.random.default_rng(7)
    p = ty.Polynomial(rng.integers(-3, 4, (3, 10)).astype(float), "a b", order=3)
    table = normal_table(2, 9)
    mean = expected(p, table)
    second, third = central_moments(p, table, mean)
    symbols = sympy.symbols("a b")
    listed = [sympy.expand(q.to_sympy(symbols)) for q in p]

    def mean_of(e: sympy.Expr) -> float:
        terms = sympy.Poly(e, *symbols).terms()
        return float(sum(c * np.prod([_moment(k) for k in powers]) for powers, c in terms))

    exact = [mean_of(e) for e in listed]
    assert mean == pytest.approx(exact, rel=1e-14)
    off = [e - sympy.Rational(m) for e, m in zip(listed, exact, strict=True)]
    for i in range(3):
        for j in range(3):
            assert second[i, j] == pytest.approx(mean_of(off[i] * off[j]), rel=1e-13)
            for k in range(3):
                wanted = mean_of(off[i] * off[j] * off[k])
                assert third[i, j, k] == pytest.approx(wanted, rel=1e-12)


def _moment(k: int) -> int:
    return 0 if k % 2 else int(sympy.factorial2(k - 1)) if k else 1


def test_boxes_add_up_to_the_whole() -> None:
    edges = [-np.inf, -1.3, 0.2, 0.9, np.inf]
    total = np.zeros(13)
    for low, high in pairwise(edges):
        total += box_table(np.zeros(1), np.ones(1), (np.array([low]), np.array([high])), 12)[0]
    assert total == pytest.approx(normal_table(1, 12)[0], rel=1e-14, abs=2e-12)


def test_a_box_against_the_error_function() -> None:
    """P = erf, and E[x] of x = (s - c)/h from exp(-s^2/2)."""
    import mpmath

    center, half = np.array([0.7]), np.array([0.25])
    found = box_table(center, half, (center - half, center + half), 4)[0]
    for k, value in enumerate(found):
        exact = mpmath.quad(
            lambda s, k=k: ((s - 0.7) / 0.25) ** k * mpmath.npdf(s), [0.45, 0.7, 0.95]
        )
        assert value == pytest.approx(float(exact), rel=1e-13, abs=1e-16)

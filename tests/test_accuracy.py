"""Accuracy where arguments are extreme: against mpmath, SciPy and closed forms."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from pair_accuracy import EPSILON, compiled, exact, mp, with_low
from scipy import interpolate

import taylor as ty
from taylor_runtime.mathlib import pair_kernels

X = ty.variable("x")
UNIT = 2.0**-53


# -- double-double roots ------------------------------------------------------------------------


def test_double_double_roots_at_every_magnitude(scale: int) -> None:
    """4 units of 2**-106, down to where the argument itself has no low part any more."""
    rng = np.random.default_rng(0)
    size = np.ldexp(rng.uniform(1, 2, 400 * scale), rng.integers(-1074, 1023, 400 * scale))
    x = with_low(rng, size)
    for lanes in (0, 8):
        (value,) = compiled(pair_kernels["sqrt"], lanes)(x)
        for found, at in zip(exact(value), exact(x), strict=True):
            assert abs(found / mp.sqrt(at) - 1) < 4 * EPSILON
    ends = np.array([[0.0, -0.0, np.inf, -1.0, np.nan], [0.0] * 5])
    (value,) = compiled(pair_kernels["sqrt"], 0)(ends)
    np.testing.assert_array_equal(value[0], np.sqrt(np.abs(ends[0]) * [1, 1, 1, np.nan, 1]))
    assert np.signbit(value[0]).tolist()[:3] == [False, True, False]


# -- splines and tables -------------------------------------------------------------------------


def test_b_splines_live_between_their_inner_knots(scale: int) -> None:
    """Clamped and unclamped knots, three ways to go on beyond the ends, any degree, columns."""
    for case in range(12 * scale):
        rng = np.random.default_rng(case)
        degree, count = int(rng.integers(0, 6)), int(rng.integers(8, 14))
        knots = np.sort(rng.uniform(-1, 3, count + degree + 1))
        if case % 3 == 0:
            knots[:degree], knots[count + 1 :] = knots[degree], knots[count]
        shape = [(), (2,)][case % 2]
        how: Any = (True, False, "periodic")[case % 3 if case % 4 else (case // 4) % 3]
        table = interpolate.BSpline(knots, rng.normal(size=(count, *shape)), degree, how)
        first, last = knots[degree], knots[count]
        inside = rng.uniform(first, last, 60)
        near = [first - 0.1 * (last - first), last + 0.1 * (last - first)]
        at = np.concatenate([inside, near])
        f = ty.compile(ty.spline(table, X), [X])
        size = np.abs(table.c).max() * (1 if degree < 2 else 1e3)
        right = table(at)
        close = np.abs(at[:, None] - knots).min(axis=1) < 1e-12
        np.testing.assert_allclose(f(at)[~close], right[~close], rtol=1e-8, atol=1e-11 * size)
        assert np.isnan(right[-1]).all() == (how is False)


@pytest.mark.parametrize("kind", ["power", "chebyshev"])
@pytest.mark.parametrize("degree", [0, 1, 2])
def test_tables_that_are_constant_outside(kind: str, degree: int) -> None:
    rng = np.random.default_rng(degree)
    edges = np.array([0.0, 1.0, 3.0])
    c = rng.normal(size=(2, degree + 1))
    f = ty.compile(ty.piecewise(edges, c, X, kind=kind, outside="constant"), [X])
    inner = ty.compile(ty.piecewise(edges, c, X, kind=kind), [X])
    np.testing.assert_allclose(f([-5.0, 9.0]), inner([0.0, 3.0]), rtol=1e-15)
    np.testing.assert_array_equal(f([0.5, 2.0]), inner([0.5, 2.0]))


def test_a_circle_needs_no_equation() -> None:
    assert ty.kepler_E(0, X) is X and ty.kepler_E(Fraction(0), X) is X
    assert ty.kepler_E(0.1, X) is not X

"""Gradients through loops whose number of turns only machine code knows."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty


def logistic(x, n):
    """A map whose turns are many, and whose derivative neither grows nor dies soon."""
    turn = lambda s: (s[0] + ty.sin(7 * s[0] + s[1] / 8) / 1024, s[1] + 1)  # noqa: E731
    return ty.while_loop(lambda s: s[1] < n, turn, (x, 0.0))[0]


@pytest.mark.parametrize("turns", [0, 1, 2, 63, 64, 65, 129, 500, 4096, 5000])
def test_all_numbers_of_turns(turns: int) -> None:
    gradient = ty.grad(logistic)
    found = gradient(0.25, float(turns))
    x, slope = 0.25, 1.0
    for i in range(turns):
        slope += slope * 7 / 1024 * np.cos(7 * x + i / 8)
        x += np.sin(7 * x + i / 8) / 1024
    assert found == pytest.approx(slope, rel=1e-12)


def test_more_turns_than_the_third_power_of_what_is_kept() -> None:
    def function(x, n):
        turn = lambda s: (s[0] * (1 - 1e-6) + 1e-6 * s[0] ** 2, s[1] + 1)  # noqa: E731
        return ty.while_loop(lambda s: s[1] < n, turn, (x, 0.0))[0]

    turns = 64**3 + 5000
    found = ty.grad(function)(0.75, float(turns))
    x, slope = 0.75, 1.0
    for _ in range(turns):
        slope *= 1 - 1e-6 + 2e-6 * x
        x = x * (1 - 1e-6) + 1e-6 * x * x
    assert found == pytest.approx(slope, rel=1e-10)


@pytest.mark.parametrize("turns", [0, 1, 5, 70, 300])
def test_arrays_and_sums_over_turns(turns: int) -> None:
    rng = np.random.default_rng(0)
    weights, start = rng.standard_normal((9, 9)) / 4, rng.standard_normal(9)

    def loss(w, c, n):
        def turn(s):
            c, extra, k = s
            return ty.tanh(w @ c) + c * 0.1, extra + (c * c).sum() / 50, k + 1

        c, extra, _ = ty.while_loop(lambda s: s[2] < n, turn, (c, 0.0, 0.0))
        return (c**2).sum() + extra

    found = ty.grad(loss, argnums=(0, 1))(weights, start, float(turns))
    kept, c = [], start
    for _ in range(turns):
        kept.append(c)
        c = np.tanh(weights @ c) + 0.1 * c
    bar, total = 2 * c, np.zeros((9, 9))
    for before in reversed(kept):
        u = bar * (1 - np.tanh(weights @ before) ** 2)
        total += np.outer(u, before)
        bar = weights.T @ u + 0.1 * bar + before / 25
    np.testing.assert_allclose(found[0], total, rtol=1e-11, atol=1e-13)
    np.testing.assert_allclose(found[1], bar, rtol=1e-11, atol=1e-13)


def test_turns_that_values_decide() -> None:
    """Newton's iteration until it stands still: the derivative of the root."""

    def root(x):
        def turn(s):
            y, _ = s
            new = y - (y**3 + y - x) / (3 * y**2 + 1)
            return new, y

        return ty.while_loop(lambda s: ty.abs(s[0] - s[1]) > 1e-12, turn, (x, x + 1))[0]

    for x in (0.1, 1.0, 30.0):
        with mp.workdps(30):
            y = mpmath.findroot(lambda y, x=x: y**3 + y - x, x ** (1 / 3) if x > 1 else x)
            right = 1 / (3 * y**2 + 1)
        assert ty.grad(root)(x) == pytest.approx(float(right), rel=1e-12)


def test_double_double() -> None:
    x, n = ty.variables("x n")
    from taylor.transforms.reverse import adjoints

    (slope,) = adjoints([logistic(x, n)], [ty.constant(1)], [x])
    code = ty.compile(slope, [x, n], precision="double-double")
    found = ty.to_mpmath(code(0.25, 100.0))
    with mp.workdps(40):
        x, right = mp.mpf(0.25), mp.mpf(1)
        for i in range(100):
            angle = 7 * x + mp.mpf(i) / 8
            right += right * 7 * mp.cos(angle) / 1024
            x += mp.sin(angle) / 1024
        assert abs(found / right - 1) < 1e-27

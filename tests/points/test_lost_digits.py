"""Estimates of rounding errors of coefficients against mpmath, on functions that cancel."""

import random
from functools import partial

import mpmath
import numpy as np
import pytest

import taylor as ty

ORDER = 14
PAIRS = (
    ("atan", "tan"),
    ("log", "exp"),
    ("asinh", "sinh"),
    ("exp", "log"),
    ("tan", "atan"),
    ("sin", "asin"),
)
PLAIN = ("sin", "cos", "exp", "atan", "tanh", "asinh")
FACTOR = 3  # by which true errors may exceed estimates
PESSIMISM = 1e3  # of the median estimate


def cancelling(seed):
    """A random function of one variable with operations that undo one another, and a point."""
    rng = random.Random(seed)
    moves = [
        (rng.choice("pifsmd"), rng.choice(PAIRS), rng.choice(PLAIN), rng.randint(1, 9))
        for _ in range(rng.randint(2, 5))
    ]

    def f(m, x):
        u = x
        for move, (outer, inner), plain, k in moves:
            if move == "p":
                u = getattr(m, outer)(getattr(m, inner)(u))
            elif move == "i":
                u = m.sqrt((u * u + k) ** 2) - k
            elif move == "f":
                u = getattr(m, plain)(u) / 2 + x / 4
            elif move == "s":
                u = (u + k) ** 3 / (u + k) ** 2 - k
            elif move == "m":
                u = u * getattr(m, plain)(u) / 2 + k / 16
            else:
                u = getattr(m, plain)(u) - u / k + 1
        return u

    return f, rng.randint(8, 60) / 64


def exact(f, point, order):
    with mpmath.workdps(50):
        try:
            found = mpmath.taylor(lambda x: f(mpmath, x), mpmath.mpf(point), order)
        except (ValueError, ZeroDivisionError):
            return None
        return None if any(isinstance(c, mpmath.mpc) for c in found) else found


def difference(value, true):
    """|value - true| of a float or a pair."""
    with mpmath.workdps(60):
        return float(abs(mpmath.fsum(np.atleast_1d(value).tolist()) - true))


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_errors_are_as_estimated(precision, scale):
    ratios, count = [], 8 * scale
    for seed in range(count):
        f, point = cancelling(seed)
        true = exact(f, point, ORDER)
        if true is None:
            continue
        found, errors = ty.jet(partial(f, ty), point, ORDER, precision=precision, error=True)
        assert errors.shape == (ORDER + 1,)
        assert errors.dtype == np.float64
        if not np.isfinite(found).all():  # log of what is negative, and the like
            assert (errors[~np.isfinite(found).reshape(ORDER + 1, -1).all(axis=1)] == np.inf).all()
            continue
        for n in range(ORDER + 1):
            off = difference(found[n], true[n])
            assert off <= FACTOR * errors[n], (seed, n, off, errors[n])
            if off:
                ratios.append(errors[n] / off)
    assert len(ratios) > 5 * count
    assert np.median(ratios) < PESSIMISM


def test_no_digit_is_left_of_functions_that_undo_one_another():
    """atan(tan u) is u, whose coefficients end with the first."""
    points = np.array([0.3, 1.0, 1.4, 1.5])
    found, errors = ty.jet(lambda u: ty.atan(ty.tan(u)), points, 18, error=True)
    off = np.abs(found)
    off[0], off[1] = np.abs(found[0] - points), np.abs(found[1] - 1)
    assert (off <= 2 * errors).all()
    assert errors[8, 3] > 1e-9


def test_an_error_without_cancellation_is_a_few_units_in_the_last_place():
    found, errors = ty.jet(ty.exp, 0.7, 20, error=True)
    assert (errors <= 8 * np.finfo(float).eps * np.abs(found)).all()
    assert (errors >= 0.4 * np.finfo(float).eps / 2 * np.abs(found)).all()


def test_shapes_tuples_directions_and_derivatives():
    both = ty.jet(
        lambda x, y: (x * y, ty.sin(x)), ([0.1, 0.2], 2.0), 3, direction=(1, 1), error=True
    )
    (first, second), (errors, more) = both
    assert first.shape == second.shape == errors.shape == more.shape == (4, 2)
    value, off = ty.derivative(lambda x: ty.exp(ty.log(x)), 4)(0.3, error=True)
    assert abs(value) <= 2 * off < 1e-8
    pair, off = ty.derivative(ty.sin, 3)(
        ty.from_mpmath([0.1, 0.2]), precision="double-double", error=True
    )
    assert (pair.shape, off.shape) == ((2, 2), (2,))


def test_partial_derivatives(scale):
    """(r - x)(r + x) = y**2 with r = hypot(x, y), near the axis, where r - x cancels."""

    def f(x, y):
        r = ty.sqrt(x * x + y * y)
        return (r - x) * (r + x)

    rng = random.Random(0)
    for _ in range(10 * scale):
        x, y = rng.uniform(1, 2), 10 ** rng.uniform(-6, 0)
        d = ty.derivatives(f, (x, y), order=4, error=True)
        for powers in d:
            true = {(0, 0): mpmath.mpf(y) ** 2, (0, 1): mpmath.mpf(2 * y), (0, 2): 2}.get(powers, 0)
            assert difference(d[powers], true) <= FACTOR * d.error[powers], (x, y, powers)
        assert d.error.hessian.shape == (2, 2)
        again = d.at((x, y), error=True)
        assert again.error.coefficients.tolist() == d.error.coefficients.tolist()


def test_what_has_no_errors():
    with pytest.raises(ty.TaylorError, match="were not asked for"):
        ty.derivatives(ty.sin, 0.3).error  # noqa: B018
    with pytest.raises(ty.TaylorError, match="rounding errors"):
        ty.jet(ty.sin, ty.variable("x"), 2, error=True)
    with pytest.raises(ty.TaylorError, match="rounding errors"):
        ty.derivatives(lambda x: x * x, [ty.variable("x")], error=True)
    with pytest.raises(ty.TaylorError, match="no other points"):
        ty.derivatives(ty.sin, 0.3, error=True).error.at(0.1)
    found, errors = ty.jet(ty.log, 0.0, 2, error=True)
    assert not np.isfinite(found).any()
    assert (errors == np.inf).all()

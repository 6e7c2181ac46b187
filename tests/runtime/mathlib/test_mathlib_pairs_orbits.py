"""Lambert's W and Kepler's equation in double-double against mpmath."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
from kernel_accuracy import SPECIAL
from pair_accuracy import (
    COUNT,
    EPSILON,
    Region,
    bits,
    compare_with_double,
    compiled,
    exact,
    mp,
    sizes,
    uniform,
    with_low,
    worst_error,
)

from taylor.functions.kepler import anomaly_by_mpmath, longitude_by_mpmath
from taylor_runtime.mathlib.families import kernels, pair_kernels

BRANCH_POINT = -math.exp(-1)
FAMILY = [name for name in pair_kernels if name.startswith(("lambertw", "kepler"))]


def above(region: Region) -> Region:
    """Numbers above the branch point of Lambert's W by positive ones."""

    def draw(rng: np.random.Generator) -> Any:
        return with_low(rng, BRANCH_POINT + np.abs(region(rng)[0]) + 1e-15)

    return draw


def branch(k: int, x: Any) -> Any:
    return np.array([np.full(x.shape[1], float(k)), np.zeros(x.shape[1])])


def lambertw(k: int, x: Any) -> Any:
    with mp.workdps(120):
        return mp.re(mp.lambertw(x, k))


def derivative(k: int, x: Any) -> Any:
    with mp.workdps(120):
        w = mp.re(mp.lambertw(x, k))
        return 1 / (x + mp.exp(w))


@pytest.mark.parametrize(
    ("k", "region"),
    [
        (0, uniform(-0.36, 5)),
        (0, sizes(-200, 900, sign=False)),
        (0, above(sizes(-50, -2))),
        (-1, lambda rng: -sizes(-800, -3, sign=False)(rng)),
        (-1, uniform(-0.36, -0.01)),
        (-1, above(sizes(-50, -2))),
    ],
)
def test_lambertw(k: int, region: Region) -> None:
    x = region(np.random.default_rng(4))
    for name, right in (("lambertw", lambertw), ("lambertw_derivative", derivative)):
        value = compiled(pair_kernels[name], 4)(x, branch(k, x))[0]
        assert worst_error(value, partial(right, k), x) < 12, name


@pytest.mark.parametrize(
    "mean", [uniform(-7, 7), sizes(-90, 0), sizes(0, 40), sizes(-300, -200)], ids=range(4)
)
@pytest.mark.parametrize("near", [False, True])
def test_eccentric_anomaly(mean: Region, near: bool) -> None:
    rng = np.random.default_rng(5)
    m = mean(rng)
    e = uniform(0, 1)(rng)
    if near:
        less = np.ldexp(rng.uniform(1, 2, COUNT), rng.integers(-60, -4, COUNT))
        e = np.array([1 - less, (1 - (1 - less)) - less])
    names = ["kepler_E", "kepler_E_sin", "kepler_E_cos", "kepler_E_radius"]
    found = [compiled(pair_kernels[name], 4)(e, m)[0] for name in names]
    for i, (ecc, angle) in enumerate(zip(exact(e), exact(m), strict=True)):
        right = anomaly_by_mpmath(mp, ecc, angle)
        for number, value in enumerate(found):
            size = 1 if number in (1, 2) and abs(angle) > 0.1 else abs(right[number])
            got = mp.mpf(float(value[0, i])) + mp.mpf(float(value[1, i]))
            # 1 - e is known to a unit of 2**-106 of 1, when e is.
            assert abs(got - right[number]) <= 60 * EPSILON * size, (names[number], ecc, angle)


def test_eccentric_longitude() -> None:
    rng = np.random.default_rng(6)
    h, k, longitude = uniform(-0.7, 0.7)(rng), uniform(-0.7, 0.7)(rng), uniform(-30, 30)(rng)
    h[:, :3] = k[:, :3] = 0  # circles
    names = ["kepler_F", "kepler_F_sin", "kepler_F_cos", "kepler_F_radius"]
    for number, name in enumerate(names):
        found = exact(compiled(pair_kernels[name], 4)(h, k, longitude)[0])
        for value, *where in zip(found, *map(exact, (h, k, longitude)), strict=True):
            right = longitude_by_mpmath(mp, *where)[number]
            assert abs(value - right) <= 100 * EPSILON * max(abs(right), 1), (name, where)


def test_special_arguments() -> None:
    special = np.array(SPECIAL)
    pairs = np.array([(x, y) for x in (0.0, 0.5, 1.0, -0.5, 1.5, math.nan) for y in special]).T
    branches = np.array([(x, k) for x in special for k in (0.0, -1.0, 1.0)]).T
    for name in FAMILY:
        given = branches if name.startswith("lambertw") else pairs
        if not name.startswith("kepler_F"):
            compare_with_double(pair_kernels[name], kernels[name], list(given))


@pytest.mark.parametrize("lanes", [2, 4, 8])
@pytest.mark.parametrize("name", ["lambertw", "lambertw_derivative", "kepler_E", "kepler_F"])
def test_lanes_have_the_bits_of_the_scalar_code(name: str, lanes: int) -> None:
    rng = np.random.default_rng(7)
    given = [uniform(-1, 3)(rng) for _ in range(pair_kernels[name].arity)]
    if name.startswith("lambertw"):
        given[1] = np.array([-rng.integers(0, 2, COUNT), np.zeros(COUNT)], dtype=float)
    wide, single = (compiled(pair_kernels[name], n)(*given)[0] for n in (lanes, 0))
    assert np.array_equal(bits(wide), bits(single))


def test_values_at_the_ends() -> None:
    x = np.array([[0.0, math.inf, BRANCH_POINT, -1.0], [0.0] * 4])
    value = compiled(pair_kernels["lambertw"], 4)(x, branch(0, x))[0]
    assert value[0, :2].tolist() == [0, math.inf] and np.isnan(value[0, 2:]).all()
    with mpmath.workdps(40):
        low = float(-mpmath.exp(-1) - mpmath.mpf(BRANCH_POINT)) * (1 + 1e-14)
    x[1, 2] = low  # this side of the branch point by a hair
    value = compiled(pair_kernels["lambertw"], 4)(x, branch(0, x))[0]
    assert -1 <= value[0, 2] < -1 + 1e-14

"""SGP4 of expressions: precisions against mpmath, derivatives against differences of pairs."""

from __future__ import annotations

from functools import cache
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ShapeError

# mean motion, e, i, node, perigee, mean anomaly, B*, epoch; smooth regions of all branches
ORBITS = {
    "near-earth": (0.0676, 0.0123, 0.9, 1.0, 3.0, 5.0, 1e-4, 27000.25),
    "low": (0.0710, 0.0021, 1.4, 1.0, 3.0, 5.0, 1e-4, 27000.25),
    "deep-space": (0.0089, 0.15, 0.9, 1.0, 2.0, 3.0, 1e-5, 27000.25),
    "one-day": (0.004375, 0.0011, 0.13, 1.0, 2.0, 3.0, 1e-5, 27000.25),
    "half-day": (0.00875, 0.68, 1.1, 1.0, 2.0, 3.0, 1e-5, 27000.25),
}
MINUTES = 1000.0
INPUTS = ty.variables("n e i node perigee mean bstar epoch minutes")
SCALES = np.array([1e-3, 1e-2, 0.1, 1.0, 1.0, 1.0, 1e-4])  # in which elements are displaced


@cache
def formula(branch: str) -> Any:
    """The state, an expression of INPUTS of shape (6,)."""
    elements = ty.astrodynamics.MeanElements(*INPUTS[:8])
    return ty.concatenate(ty.astrodynamics.sgp4(elements, INPUTS[8], branch=branch))


@cache
def in_pairs(branch: str) -> Any:
    return ty.compile(formula(branch), list(INPUTS), precision="double-double")


def state_of(branch: str) -> Any:
    """The state as a Python function of seven elements."""
    epoch = ORBITS[branch][7]

    def state(*elements: Any) -> list[Any]:
        given = ty.astrodynamics.MeanElements(*elements, epoch)
        r, v = ty.astrodynamics.sgp4(given, MINUTES, branch=branch)
        return [r[0], r[1], r[2], v[0], v[1], v[2]]

    return state


def along(branch: str, directions: np.ndarray) -> np.ndarray:
    """Taylor coefficients of the state along directions, shape (6, 4, directions)."""
    state, point = state_of(branch), ORBITS[branch][:7]

    def moved(by: Any, *given: Any) -> list[Any]:
        return state(*(a + by * d for a, d in zip(given[:7], given[7:], strict=True)))

    return ty.derivatives(moved, [0.0, *point, *directions.T], order=3, wrt=[0]).coefficients


@pytest.mark.parametrize("branch", ORBITS)
def test_every_precision(branch: str) -> None:
    point = (*ORBITS[branch], MINUTES)
    with mpmath.workdps(50):
        values = dict(zip(INPUTS, map(mpmath.mpf, point), strict=True))
        exact = ty.evaluate(formula(branch), values)
        found = ty.to_mpmath(in_pairs(branch)(*point))
        gaps = [float(abs(a - b)) for a, b in zip(found, exact, strict=True)]
        assert max(gaps) < 1e-25  # km, of 7,000 to 80,000
    expected = np.array([float(x) for x in exact])
    double = ty.compile(formula(branch), list(INPUTS))(*point)
    np.testing.assert_allclose(double[:3], expected[:3], 0, 2e-10)
    np.testing.assert_allclose(double[3:], expected[3:], 0, 2e-13)
    single = ty.compile(formula(branch), list(INPUTS), precision="float32")(*point)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single[:3], expected[:3], 0, 0.5)
    np.testing.assert_allclose(single[3:], expected[3:], 0, 5e-4)


@pytest.mark.parametrize("branch", ORBITS)
def test_derivatives_by_all_elements(branch: str) -> None:
    """Orders 1 to 3 along each element and along all together, by central differences."""
    point = np.array(ORBITS[branch][:7])
    directions = np.array([*np.diag(SCALES), SCALES * (1, -2, 3, 1, -1, 2, 1)])
    h = 2.0**-20
    series = along(branch, directions)
    jacobian = ty.derivatives(state_of(branch), point, order=1).jacobian
    for k, direction in enumerate(directions):
        with mpmath.workdps(40):
            values = [_moved(branch, point, direction, n * h) for n in range(-3, 4)]
            below, above = values[2::-1], values[4:]
            odd = [a - b for a, b in zip(above, below, strict=True)]
            first = (45 * odd[0] - 9 * odd[1] + odd[2]) / 60
            second = above[0] - 2 * values[3] + below[0]
            third = odd[1] / 2 - odd[0]
            expected = [first / h, second / h**2 / 2, third / h**3 / 6]
            wanted = [e.astype(float) for e in expected]
        for order, wish in enumerate(wanted, 1):
            size = np.abs(wish).max()
            np.testing.assert_allclose(series[:, order, k], wish, 0, 1e-9 * size + 1e-6)
        size = np.abs(wanted[0]).max()
        np.testing.assert_allclose(jacobian @ direction, wanted[0], 0, 1e-9 * size)


@pytest.mark.parametrize("branch", ["near-earth", "deep-space"])
def test_mixed_derivatives(branch: str) -> None:
    """All derivatives of order 3 together are those along directions."""
    point = np.array(ORBITS[branch][:7])
    direction = SCALES * (1, 2, -1, 1, 3, -1, 1)
    tensor = ty.derivatives(state_of(branch), point, order=3).tensor(3)
    found = tensor @ direction @ direction @ direction / 6
    np.testing.assert_allclose(found, along(branch, direction[None])[:, 3, 0], 1e-9)


def _moved(branch: str, point: np.ndarray, direction: np.ndarray, by: float) -> np.ndarray:
    """The state in pairs, as mpmath numbers, at a displaced point that is not rounded."""
    moved = [mpmath.mpf(x) + mpmath.mpf(by) * mpmath.mpf(d) for x, d in zip(point, direction)]  # noqa: B905
    given = ty.from_mpmath([*moved, ORBITS[branch][7], MINUTES])
    return np.array(ty.to_mpmath(in_pairs(branch)(*given)))


def test_catalogues_have_the_derivatives_of_the_formulas() -> None:
    branches = ["deep-space", "near-earth", "low"]
    columns = np.array([ORBITS[name] for name in branches]).T
    catalogue = ty.astrodynamics.Catalogue(ty.astrodynamics.MeanElements(*columns))
    assert list(catalogue.branches) == branches
    wrt = ["eccentricity", "mean_motion"]
    found = catalogue.derivatives(order=2, minutes=[0.0, MINUTES], wrt=wrt)
    assert found.hessian.shape == (6, 2, 2, 3, 2)
    states = catalogue.propagate(minutes=[0.0, MINUTES]).states
    np.testing.assert_allclose(found.value, states, 0, 5e-8)
    for k, branch in enumerate(branches):
        expected = ty.derivatives(state_of(branch), ORBITS[branch][:7], order=2, wrt=[1, 0])
        np.testing.assert_allclose(found.hessian[..., k, 1], expected.hessian, 1e-9)
    with pytest.raises(ArgumentError, match="wrt must list some of mean_motion"):
        catalogue.derivatives(minutes=[0.0], wrt=["epoch"])


def test_numbers_choose_the_branch_and_expressions_may() -> None:
    for branch, values in ORBITS.items():
        elements = ty.astrodynamics.MeanElements(*values)
        r, v = ty.astrodynamics.sgp4(elements, MINUTES)
        expected = ty.compile(formula(branch), list(INPUTS))(*values, MINUTES)
        np.testing.assert_allclose(np.concatenate([r, v]), expected, 1e-11)
    elements = ty.astrodynamics.MeanElements(*INPUTS[:8])
    r, v = ty.astrodynamics.sgp4(elements, INPUTS[8])
    every = ty.compile(ty.concatenate([r, v]), list(INPUTS))
    columns = np.array([*ORBITS.values()]).T
    expected = np.stack([in_pairs(name)(*ORBITS[name], MINUTES)[:, 0] for name in ORBITS])
    np.testing.assert_allclose(every(*columns, MINUTES), expected, 1e-10)


def test_what_fails_is_nan_with_its_derivatives() -> None:
    low = ty.astrodynamics.MeanElements(0.0716, 0.001, 0.9, 1.0, 3.0, 5.0, 0.003)
    catalogue = ty.astrodynamics.Catalogue(low)
    minutes = np.linspace(0.0, 3000.0, 50)
    errors = catalogue.propagate(minutes=minutes).errors[0]
    assert set(errors) - {0} and errors[0] == 0
    slopes = catalogue.derivatives(minutes=minutes).jacobian[:, :, 0]
    assert np.isnan(slopes[..., errors > 0]).all()
    assert np.isfinite(slopes[..., errors == 0]).all()
    r, _ = ty.astrodynamics.sgp4(low, float(minutes[errors > 0][0]))
    assert np.isnan(r).all()


def test_arguments_that_are_wrong() -> None:
    elements = ty.astrodynamics.MeanElements(*ORBITS["low"])
    with pytest.raises(ArgumentError, match="branch must be one of near-earth"):
        ty.astrodynamics.sgp4(elements, 0.0, branch="far")
    with pytest.raises(ArgumentError, match="gravity must be one of"):
        ty.astrodynamics.sgp4(elements, 0.0, gravity="egm")
    with pytest.raises(ShapeError, match="a Catalogue takes arrays"):
        ty.astrodynamics.sgp4(elements, [0.0, 1.0])  # type: ignore[arg-type]

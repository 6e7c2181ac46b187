"""Derivatives of random systems against finite differences of their solutions in many digits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest
from flow_reference import Case, along_map, random_case, worst

import taylor as ty

NEAR = 1e-11  # of the largest coefficient of an order


def flown(case: Case, **options: object) -> ty.Polynomial:
    """The map at the end."""
    ta = case.integrator(**options)
    outcome = ta.propagate_until(case.span[1], max_steps=2000)
    assert outcome.success, (outcome.message, outcome.steps, outcome.retracted)
    return ta.flow_map


@pytest.mark.seeds(10, 16, 21, 22)  # of these, order zero is computed in loops
def test_random_systems(seed: int) -> None:
    """Along a random direction, in which all monomials have a part."""
    case = random_case(seed)
    direction = np.random.default_rng(seed).uniform(-1, 1, len(case.wrt)).tolist()
    found = along_map(flown(case), direction)
    assert worst(found, case.derivatives_along(direction)) < NEAR


@pytest.mark.parametrize("seed", [21, 57])
def test_limits_leave_out_monomials_and_no_more(seed: int) -> None:
    case = random_case(seed)
    whole = flown(case)
    limits = {what: (1, 3, 2)[k % 3] for k, what in enumerate(case.wrt)}
    part = flown(case, limits=limits)
    kept = [tuple(m) for m in part.monomials]
    assert len(kept) < len(whole.monomials)
    assert all(m[k] <= limits[what] for m in kept for k, what in enumerate(case.wrt))
    wanted = [
        m for m in whole.monomials if all(p <= limits[w] for p, w in zip(m, case.wrt, strict=True))
    ]
    assert sorted(kept) == sorted(wanted)
    places = [whole.monomials.index(m) for m in kept]
    difference = np.abs(part.coefficients - whole.coefficients[:, places])
    assert difference.max() < 1e-13 * max(1, np.abs(whole.coefficients).max())


@pytest.mark.parametrize("seed, count", [(7, 1), (7, 2), (21, 3)])
def test_directions_are_those_of_the_whole_map(seed: int, count: int) -> None:
    case = random_case(seed)
    whole = flown(case)
    matrix = np.random.default_rng(seed).uniform(-1, 1, (len(case.wrt), count))
    along = flown(case, directions=matrix)
    names = [f"s{k}" for k in range(count)]
    assert list(along.names) == names
    s = np.stack(ty.Polynomial.variables(names, case.order))
    right = whole.compose(np.stack([sum(row[k] * s[k] for k in range(count)) for row in matrix]))
    difference = np.abs((along - right).coefficients).max()
    assert difference < 1e-13 * max(1, np.abs(right.coefficients).max())


def test_orders_begin_alike() -> None:
    """What a map of low order has is what one of high order begins with."""
    case = random_case(16)
    whole = flown(case, order=6)
    for order in range(1, 6):
        low = flown(case, order=order)
        known = whole.coefficients[:, : low.size]
        assert np.abs(low.coefficients - known).max() < 1e-13 * max(1, np.abs(known).max())


@pytest.mark.parametrize("seed", [2, 22])
def test_double_double(seed: int) -> None:
    """To 28 digits of the largest coefficient of each order, to order 2."""
    case = random_case(seed)
    case.order = 2
    direction = [1.0, -0.5, 0.75, 0.25, -1.0, 0.5, 1.0][: len(case.wrt)]
    found = along_map(flown(case, precision="double-double"), direction)
    right = case.derivatives_along(direction, digits=64, columns=14, steps=3)
    assert worst(found, right) < 1e-28


@pytest.mark.parametrize("seed", [2, 14])
def test_float32(seed: int) -> None:
    case = random_case(seed)
    case.order = 2
    single = flown(case, precision="float32")
    double = flown(case)
    assert single.precision == "float32"
    error = np.abs(single.coefficients - double.coefficients).max()
    assert 1e-9 < error < 1e-5 * max(1, np.abs(double.coefficients).max())


def test_the_reference_itself() -> None:
    """The solver and the differences, of x' = x + t with its known solution."""
    x = ty.variable("x")
    case = Case(
        lambda m, y, p, t: [y[0] + t], [x], [], [0.5], [], (0.0, 0.75), [x, ty.time], order=3
    )
    found = case.derivatives_along([1.0, 2.0])
    with mpmath.workdps(40):
        start = mpmath.mpf("0.5")

        def exact(s: mpmath.mpf) -> mpmath.mpf:
            begin, end = 2 * s, mpmath.mpf("0.75")
            return (start + s + 1 + begin) * mpmath.exp(end - begin) - 1 - end

        right = mpmath.taylor(exact, 0, 3)
        for k in range(4):
            assert abs(found[k, 0] - right[k]) < mpmath.mpf("1e-13")

"""Long formulas and many variables: one code for rows of equal shape, and the same bits."""

from __future__ import annotations

import math

import mpmath
import numpy as np
import pytest

import taylor as ty
import taylor_runtime.callables.expansion as build
import taylor_runtime.graded.module as expansions
from taylor.polynomials import expansion
from taylor_runtime.program.monomials import Monomials

KINDS = ("float64", "float32", "double-double")


def several(x, y):
    return [
        np.sin(x * y) + np.cos(x * y) * ty.atan2(x, y) ** 2,
        np.exp(-x * x) / (1 + y**4) + np.sqrt(x) ** 3,
        np.tan(x) + ty.erf(y * x) + ty.hypot(x, y),
        np.abs(x - 3) * ty.where(x > y, x, y * y) + ty.lambertw(x),
    ]


@pytest.mark.parametrize("precision", KINDS)
def test_rows_by_shape_have_the_bits_of_rows_together(monkeypatch, precision):
    monkeypatch.setattr(build, "products", lambda supports: math.inf)  # too many to write out
    points = np.array([0.3, 0.7, 1.1]), np.array([0.5, 0.2, 0.9])
    if precision == "double-double":
        points = tuple(np.stack([p, np.zeros(3)], axis=-1) for p in points)
    found = []
    for together in (10**6, 0):
        monkeypatch.setattr(expansions, "TOGETHER", together)
        build._looped.cache_clear()
        expansion._compiled.cache_clear()
        found.append(ty.derivatives(several, points, 5, precision=precision).coefficients)
    assert np.isfinite(found[0]).all()
    assert np.array_equal(*found)


def test_a_long_chain_is_right():
    def chain(u, sin=ty.sin):
        for _ in range(300):
            u = u + 0.1 * sin(u)
        return u

    found = ty.derivatives(chain, 0.3, 5).coefficients
    with mpmath.workdps(60):
        tenth = mpmath.mpf(0.1)
        u = [mpmath.mpf(0.3), mpmath.mpf(1), *[mpmath.mpf(0)] * 4]
        for _ in range(300):
            s, c = [mpmath.sin(u[0])], [mpmath.cos(u[0])]
            for n in range(1, 6):
                s.append(sum(j * u[j] * c[n - j] for j in range(1, n + 1)) / n)
                c.append(-sum(j * u[j] * s[n - j] for j in range(1, n + 1)) / n)
            u = [a + tenth * b for a, b in zip(u, s, strict=True)]
    np.testing.assert_allclose(found, [float(a) for a in u], rtol=1e-11)


def test_machine_code_does_not_grow_with_the_number_of_equal_rows():
    def chain(length):
        def run(u):
            for _ in range(length):
                u = u + 0.1 * ty.sin(u)
            return u

        return run

    sizes = []
    for length in (250, 1000):
        x = ty.variable("x")
        code = expansion.Expansion(
            (chain(length)(x),),
            (x,),
            (expansion.POLYNOMIAL,),
            Monomials(1, 5, ()),
            "float64",
            looped=True,
        ).code(1)
        sizes.append(sum(line.startswith("define") for line in code.module.ir.splitlines()))
    assert 1 < sizes[0] == sizes[1]  # functions


def test_many_variables():
    count = 120
    point = np.linspace(0.1, 1, count)
    found = ty.derivatives(lambda z: sum(z[i] * ty.sin(z[i - 1]) for i in range(count)), point, 2)
    right = np.zeros((count, count))
    for i in range(count):
        j = i - 1 if i else count - 1
        right[j, j] -= point[i] * np.sin(point[j])
        right[i, j] += np.cos(point[j])
        right[j, i] += np.cos(point[j])
    np.testing.assert_allclose(found.hessian, right, rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("order", range(5))
@pytest.mark.parametrize("precision", KINDS)
def test_tensors_hold_the_derivatives_by_multi_index(order, precision):
    d = ty.derivatives(lambda x, y, z: [x**2 * y * z**3, np.sin(x * y + z)], (1, 2, 3), 4,
                       precision=precision)  # fmt: skip
    tensor = d.tensor(order)
    for axes in np.ndindex((3,) * order):
        powers = tuple(axes.count(i) for i in range(3))
        assert np.array_equal(tensor[(slice(None), *axes)], d[powers])


@pytest.mark.parametrize("limits", [(), (2, 1, 3), (0, 4, 1), (1, 1, 1)])
def test_monomials_are_those_within_order_and_limits(limits):
    among = Monomials(3, 4, limits)
    most = limits or (4, 4, 4)
    every = [p for p in np.ndindex(5, 5, 5) if sum(p) <= 4 and all(np.array(p) <= most)]
    every.sort(key=lambda p: (sum(p), [-k for k in p]))
    assert [tuple(row) for row in among.exponents.tolist()] == every

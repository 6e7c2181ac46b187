"""Random nestings of jets, derivatives, equations, right-hand sides are what SymPy makes of them.

Difference quotients see such nestings, too (`test_nesting_random`); SymPy's derivatives are
symbolic, and of equations those of implicit functions.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy
from nesting_symbols import Symbolic, numbers_of, slope
from nestings import Machine, Undecided, random_nesting

import taylor as ty

CASES = 2
ORDER = 2


def close(found: Any, right: list[Any], case: str) -> None:
    right = np.array([float(r) for r in right])
    size = np.abs(right).max(initial=1.0)
    np.testing.assert_allclose(found, right, rtol=1e-11, atol=1e-11 * size, err_msg=case)


def of_jets(f: Any) -> tuple[list[Any], Callable[[], Any]]:
    x = sympy.Dummy("x", real=True)
    right = [f(Symbolic, [x])]
    for n in range(ORDER):
        right.append(slope(right[n], x) / (n + 1))
    return numbers_of(right, {x: 0.7}), lambda: ty.jet(lambda x: f(Machine, [x]), 0.7, ORDER)


def of_derivatives(f: Any) -> tuple[list[Any], Callable[[], Any]]:
    x, y = sympy.Dummy("x", real=True), sympy.Dummy("y", real=True)
    e = f(Symbolic, [x, y])
    right = [e, slope(e, x), slope(e, y), slope(slope(e, x), y)]

    def found() -> list[Any]:
        by = ty.derivatives(lambda x, y: f(Machine, [x, y]), (0.4, 0.8), 2)
        return [by[k] for k in ((0, 0), (1, 0), (0, 1), (1, 1))]

    return numbers_of(right, {x: 0.4, y: 0.8}), found


def of_equations(f: Any) -> tuple[list[Any], Callable[[], Any]]:
    x = sympy.Dummy("x", real=True)
    root = Symbolic.root(lambda x, y: f(Symbolic, [x, y]), x)
    right = numbers_of([root, slope(root, x)], {x: 0.3})
    return right, lambda: ty.jet(lambda x: Machine.root(lambda x, y: f(Machine, [x, y]), x), 0.3, 1)


def of_right_hand_sides(f: Any) -> tuple[list[Any], Callable[[], Any]]:
    """Coefficients 1 and 2 of a step: the rates, and half their derivative along the motion."""
    t, u, v = (sympy.Dummy(name, real=True) for name in "tuv")
    rates = [v - t, f(Symbolic, [t, u, sympy.Rational(5, 8), v])]
    along = [slope(r, t) + slope(r, u) * rates[0] + slope(r, v) * rates[1] for r in rates]
    right = numbers_of([*rates, *(a / 2 for a in along)], {t: 0, u: 0.3, v: 0.5})

    def found() -> Any:
        ta = ty.Integrator(
            lambda t, y, p: [y[1] - t, f(Machine, [t, y[0], p[0], y[1]])],
            [0.3, 0.5],
            parameters=[0.625],
        )
        dense = ta.propagate_for(1e-3, dense=True).dense
        powers = float(dense.scales[0]) ** np.arange(1, 3)[:, None]
        return (dense.coefficients[0, 1:3] / powers).ravel()

    return right, found


WAYS = {
    "jets": of_jets,
    "derivatives": of_derivatives,
    "equations": of_equations,
    "right-hand sides": of_right_hand_sides,
}


@pytest.mark.parametrize("depth", [1, 2, 3])
@pytest.mark.parametrize("way", WAYS)
def test_nestings(way: str, depth: int, scale: int) -> None:
    compared = 0
    for number in range(40 * CASES * scale):
        case = f"{way}, depth {depth}, {number}"
        if compared == CASES * scale:
            break
        f = random_nesting(random.Random(case), depth)
        try:
            right, found = WAYS[way](f)
        except Undecided:
            continue
        compared += 1
        close(found(), right, case)
    print(f"random run: {compared} nestings, 0 wrong")
    assert compared == CASES * scale

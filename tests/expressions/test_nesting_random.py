"""Random nestings, captures from every level around, against difference quotients by mpmath."""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath
import numpy as np
import pytest
from nestings import Machine, Numeric, Undecided, random_nesting

import taylor as ty

CASES = 6
DIGITS = 22


def close(found: Any, right: list[Any], case: Any) -> None:
    right = np.array([float(r) for r in right])
    size = np.abs(right).max(initial=1.0)
    np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-9 * size, err_msg=f"case {case}")


def cases(way: str, scale: int) -> Any:
    """Seeded by what is tested and a number: random numbers and a nesting."""
    print(f"random run: {CASES * scale} nestings, 0 wrong")
    for case in range(CASES * scale):
        choose = random.Random(f"{way} {case}")
        yield case, choose, random_nesting(choose, choose.choice([1, 2, 2, 3]))


def decided(function: Any) -> Any:
    """function() in many digits, None where the case is undecided."""
    try:
        with mpmath.workdps(DIGITS):
            return function()
    except Undecided:
        return None


def test_jets(scale: int) -> None:
    for case, _, f in cases("jets", scale):
        right = decided(
            lambda: [Numeric.jet(lambda x: f(Numeric, [x]), mpmath.mpf(0.7), n) for n in range(3)]  # noqa: B023
        )
        if right is not None:
            close(ty.jet(lambda x: f(Machine, [x]), 0.7, 2), right, case)  # noqa: B023


def test_derivatives(scale: int) -> None:
    orders = [(0, 0), (1, 0), (0, 1), (1, 1), (2, 0)]
    for case, _, f in cases("derivatives", scale):
        at = [mpmath.mpf(0.4), mpmath.mpf(0.8)]
        right = decided(
            lambda: [Numeric.partial(lambda *x: f(Numeric, x), at, k) for k in orders]  # noqa: B023
        )
        if right is None:
            continue
        found = ty.derivatives(lambda x, y: f(Machine, [x, y]), (0.4, 0.8), 2)  # noqa: B023
        close([found[k] for k in orders], right, case)


def test_values_and_roots(scale: int) -> None:
    for case, _, f in cases("values", scale):
        x, y = mpmath.mpf(0.3), mpmath.mpf(-0.6)
        right = decided(
            lambda: [f(Numeric, [x, y]), Numeric.root(lambda x, y: f(Numeric, [x, y]), x)]  # noqa: B023
        )
        if right is None:
            continue
        value = ty.compile(lambda x, y: f(Machine, [x, y]))(0.3, -0.6)  # noqa: B023
        root = Machine.root(lambda x, y: f(Machine, [x, y]), 0.3)  # noqa: B023
        close([value, root], right, case)


def series(rates: Any, start: list[Any], order: int) -> list[list[Any]]:
    """Taylor coefficients of y' = rates(t, y) at t = 0, by differences: one list for each y."""
    found = [[s] for s in start]
    for n in range(order):

        def along(t: Any, k: int) -> Any:
            return rates(t, [mpmath.polyval(c[::-1], t) for c in found])[k]

        new = [Numeric.jet(lambda t, k=k: along(t, k), mpmath.mpf(0), n) for k in range(len(start))]
        for c, term in zip(found, new, strict=True):
            c.append(term / (n + 1))
    return found


def test_right_hand_sides(scale: int) -> None:
    """The first coefficients of a step."""
    for case, choose, f in cases("right-hand sides", scale):
        start, p = [0.3, choose.randint(1, 9) / 8], choose.randint(1, 9) / 8

        def rates(lib: Any, t: Any, y: Any, p: Any, f: Any = f) -> list[Any]:
            return [y[1] - t, f(lib, [t, y[0], p, y[1]])]

        def right(rates: Any = rates, start: Any = start, p: Any = p) -> Any:
            given = [mpmath.mpf(s) for s in start]
            return series(lambda t, y: rates(Numeric, t, y, mpmath.mpf(p)), given, 3)

        wanted = decided(right)
        if wanted is None:
            continue
        ta = ty.Integrator(
            lambda t, y, p, rates=rates: rates(Machine, t, y, p[0]), start, parameters=[p]
        )
        dense = ta.propagate_for(1e-3, dense=True).dense
        scaled = dense.coefficients[0, :4]
        found = scaled / float(dense.scales[0]) ** np.arange(4)[:, None]
        for k in range(2):
            close(found[:, k], wanted[k], case)


@pytest.mark.parametrize("name", ["compile", "implicit", "register_function"])
def test_functions_made_inside_functions(name: str) -> None:
    """Of what they capture, or an error that says what to do."""
    make = {
        "compile": lambda x: ty.compile(lambda s: s * x)(2.0),
        "implicit": lambda x: ty.implicit(lambda s, y: y + y**3 - s * x * 5)(2.0),
        "register_function": lambda x: ty.register_function("inside_jets", lambda s: s * x)(2.0),
    }[name]
    try:
        found = ty.jet(make, 1.0, 1)
    except ty.TaylorError as error:
        assert name != "implicit" and "depends on x" in str(error)
    else:
        assert math.isclose(found[1], {"compile": 2, "implicit": 10 / 13}[name])


def test_right_hand_sides_capture_their_time() -> None:
    """x' = d/ds (s**2 t) at s = x, which is 2 t x."""
    ta = ty.Integrator(lambda t, y: [ty.derivative(lambda s: s**2 * t)(y[0])], [1.0])
    ta.propagate_until(1.0)
    assert ta.state[0] == pytest.approx(math.e, rel=1e-15)
    with pytest.raises(ty.TaylorError):  # the time of the outer equation is not that of the inner
        ty.Integrator(
            lambda t, y: [ty.Integrator(lambda s, z: [t * z[0]], [1.0]).state[0] * y[0]], [1.0]
        )


def test_equations_capture_elements_of_arrays() -> None:
    """y**3 + y = x q_0 q_1 with q = (2, 5) and x = 1, so y = 2."""
    q, x = ty.variable("q", shape=2), ty.variable("x")
    root = ty.implicit(lambda x, y: y**3 + y - x * q.prod())
    value = ty.compile([root(x), *ty.grad_expressions(root(x), [x, q])], [x, q])(1.0, [2.0, 5.0])
    assert value[0] == 2.0
    np.testing.assert_allclose(value[1], 10 / 13, rtol=1e-15)
    np.testing.assert_allclose(value[2], [5 / 13, 2 / 13], rtol=1e-15)


def test_registered_functions_differentiate_inside() -> None:
    work = ty.register_function(
        "test_work_of_a_force", lambda x, k: x * ty.derivative(lambda s: ty.sin(k * s))(x)
    )
    assert float(work(0.5, 2.0)) == pytest.approx(math.cos(1.0), rel=1e-15)
    slope = ty.jet(lambda k: work(0.5, k), 2.0, 1)[1]  # of k/2 cos(k/2)
    assert slope == pytest.approx(math.cos(1) / 2 - math.sin(1) / 2, rel=1e-14)

"""Functions defined by equations: values, derivatives of every order, what goes wrong."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.ensembles import threads as team
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError, UnsupportedFunctionError
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import coefficients, mpmath_algebra
from taylor_runtime.program.program import Input
from taylor_runtime.program.verify import verify

X, Y = ty.variables("x y")
K = ty.parameter("k")
MP = mpmath.MPContext()
MP.dps = 60


def cubic() -> Any:
    """y**3 + y = x."""
    return ty.implicit(lambda x, y: y**3 + y - x, start=lambda x: x / 2)


def cubic_root(x: Any) -> Any:
    """The same by Cardano's formula."""
    root = MP.sqrt(x * x / 4 + MP.mpf(1) / 27)
    return MP.cbrt(x / 2 + root) - MP.cbrt(root - x / 2)


def polar() -> Any:
    """(r, w) with r cos w = a, r sin w = b."""
    return ty.implicit(
        lambda a, b, p: [p[0] * ty.cos(p[1]) - a, p[0] * ty.sin(p[1]) - b], start=[1.0, 0.5]
    )


@pytest.fixture
def in_lanes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Trajectories go in lanes however few they are, but for the first."""
    monkeypatch.setattr(team, "LEAST_IN_LANES", 1)
    monkeypatch.setattr(team, "BATCH_SECONDS", 0)
    monkeypatch.setattr(team, "FIRST_SHARE", 2)


def compare(found: Any, right: list[Any], tolerance: float) -> None:
    """Coefficients, relative to the largest of their neighbours."""
    for n, value in enumerate(found):
        size = max(abs(c) for c in right[max(n - 2, 0) : n + 3])
        assert abs(float(value) - float(right[n])) <= tolerance * float(size), (n, value, right[n])


# -- values and derivatives -----------------------------------------------------------------------


def test_values_are_right_to_rounding() -> None:
    f = cubic()
    x = np.concatenate([np.linspace(-50, 50, 101), [1e-300, 1e-8, 1e8, -1e60]])
    found = ty.compile(f(X), [X])(x)
    for value, at in zip(found, x, strict=True):
        with MP.workdps(700):
            right = cubic_root(MP.mpf(float(at)))
        assert abs(value - float(right)) <= 4e-16 * abs(float(right))
    assert math.isnan(f(1e200))  # where the equation overflows, it tells nothing
    assert f(10.0) == 2.0 and isinstance(f(MP.mpf(10)), MP.mpf)
    assert f(np.array([10.0, -30.0])).tolist() == [2.0, -3.0]


def test_coefficients_to_order_30() -> None:
    f = cubic()
    compare(ty.jet(f, 10.0, 30), MP.taylor(cubic_root, 10, 30), 4e-15)
    found = ty.jet(lambda t: f(ty.exp(t)), 0.5, 30)
    compare(found, MP.taylor(lambda t: cubic_root(MP.exp(t)), 0.5, 30), 2e-14)


def test_the_recurrence_in_exact_arithmetic() -> None:
    """The reference interpreter, so that only the rule can be wrong: 30 orders to 40 digits."""
    program = verify(decompose([cubic()(X)], {X: Input("jet")}, 30))
    jet = [MP.mpf(10), MP.mpf(1), *[MP.mpf(0)] * 29]
    found = coefficients(program, {"jet": [jet]}, mpmath_algebra(MP))[0]
    for value, right in zip(found, MP.taylor(cubic_root, 10, 30), strict=True):
        assert abs(value / right - 1) < 1e-40


def test_two_arguments_with_curved_series() -> None:
    """y exp(y) = a b, which is Lambert's W."""
    f = ty.implicit(lambda a, b, y: y * ty.exp(y) - a * b, start=lambda a, b: a * b / (1 + a * b))
    found = ty.jet(lambda t: f(1 + t, ty.cos(t)), 0.25, 25)
    right = MP.taylor(lambda t: MP.lambertw((1 + t) * MP.cos(t)), MP.mpf("0.25"), 25)
    compare(found, right, 1e-14)


@pytest.mark.parametrize("component", [0, 1])
def test_a_system(component: int) -> None:
    forms: list[Callable[..., Any]] = [MP.hypot, lambda a, b: MP.atan2(b, a)]
    f = polar()
    found = ty.jet(lambda t: f(1 + t, 1 - 2 * t)[component], 0.0, 20)
    right = MP.taylor(lambda t: forms[component](1 + t, 1 - 2 * t), 0, 20)
    compare(found, right, 1e-14)
    values = polar()(np.array([1.0, 2.0]), np.array([1.0, 1.0]))
    exact = [float(forms[component](a, b)) for a, b in ((1, 1), (2, 1))]
    np.testing.assert_allclose(values[component], exact, rtol=1e-15)


def test_a_larger_system_needs_pivots() -> None:
    """Zeros on the diagonal of the jacobian; the solution is known."""
    f = ty.implicit(
        lambda t, y: [y[1] + y[2] ** 3 - t, y[0] + y[3] - 2 * t, y[0] - y[3], y[2] - ty.sin(t)],
        start=[0, 0, 0, 0],
    )
    found = [ty.jet(lambda t, j=j: f(t)[j], 0.5, 12) for j in range(4)]
    forms = [lambda t: t, lambda t: t - MP.sin(t) ** 3, MP.sin, lambda t: t]
    for j, form in enumerate(forms):
        right = MP.taylor(form, 0.5, 12)
        assert np.allclose(found[j], [float(c) for c in right], rtol=1e-14, atol=1e-15)


def test_symbolic_derivatives_contain_the_function() -> None:
    f = cubic()
    second = ty.diff(ty.diff(f(X), X), X)
    right = MP.diff(cubic_root, 10, 2)
    assert ty.compile(second, [X])(10.0) == pytest.approx(float(right), rel=1e-14)
    assert float(second.evaluate({X: 10.0})) == pytest.approx(float(right), rel=1e-14)
    r, angle = polar()(X, Y)
    mixed = ty.diff(ty.diff(r, X), Y)
    assert ty.compile(mixed, [X, Y])(1.0, 1.0) == pytest.approx(-(2**-1.5), rel=1e-14)
    slope = ty.jet(lambda t: ty.substitute(ty.diff(angle, X), {X: 1 + t, Y: 1 - 2 * t}), 0.0, 8)
    exact = MP.taylor(lambda t: -(1 - 2 * t) / ((1 + t) ** 2 + (1 - 2 * t) ** 2), 0, 8)
    compare(slope, exact, 1e-13)


def test_double_double() -> None:
    f = ty.compile(cubic()(X), [X], precision="double-double")
    for x in ("0.1", "10", "-1234.5"):
        exact = MP.mpf(x)
        error = ty.to_mpmath(f(x)) / cubic_root(exact) - 1
        assert abs(error) < 1e-30
    r, angle = ty.compile(list(polar()(X, Y)), [X, Y], precision="double-double")("1", "1")
    assert abs(ty.to_mpmath(r) - MP.sqrt(2)) < 1e-30
    assert abs(ty.to_mpmath(angle) - MP.pi / 4) < 1e-30
    found = ty.compile(cubic()(X), [X], precision="float32")(np.float32(10))
    assert found.dtype == np.float32 and found == 2


def test_lanes_do_not_disturb_one_another() -> None:
    """The same bits alone, and next to points that take longer or find nothing."""
    f = ty.compile(ty.implicit(lambda x, y: ty.exp(y) * y - x, start=1.0)(X), [X])
    x = np.array([0.5, 1e300, -1.0, 3.0, math.nan, 1e-9, 2.0, 40.0, 7.0])
    alone = [f(np.array([v]))[0] for v in x]
    np.testing.assert_array_equal(f(x), alone)
    assert np.isnan(f(x)[[2, 4]]).all()


# -- which root, and none -------------------------------------------------------------------------


def test_the_start_decides_which_root() -> None:
    roots = [ty.implicit(lambda x, y: y * y - x, start=s)(4.0) for s in (1.0, -1.0)]
    assert roots == [2.0, -2.0]


def test_no_root_is_nan() -> None:
    f = ty.implicit(lambda x, y: y * y + 1 + x * x, start=0.3)
    assert math.isnan(f(1.0)) and np.isnan(ty.jet(f, 1.0, 3)).all()
    assert math.isnan(f(MP.mpf(1)))


def test_a_singular_slope() -> None:
    """y**3 = x at 0: there is a value and no derivative."""
    f = ty.implicit(lambda x, y: y**3 - x, start=lambda x: x)
    jet = ty.jet(f, 0.0, 3)
    assert jet[0] == 0 and not np.isfinite(jet[1:]).any()


def test_a_root_at_zero() -> None:
    f = ty.implicit(lambda x, y: ty.sin(y) + y - x, start=0.5)
    assert f(0.0) == 0 or abs(f(0.0)) < 1e-16
    assert ty.jet(f, 0.0, 3)[1:] == pytest.approx([0.5, 0, 1 / 96], abs=1e-16)


# -- in differential equations --------------------------------------------------------------------


def test_in_a_differential_equation() -> None:
    """x' = -y(x) with y**3 + y = x: y' (3 y**2 + 1) = -y, so log y + 3/2 y**2 + t is constant."""
    ta = ty.Integrator([(X, -cubic()(X))], [10.0])
    outcome = ta.propagate_until(3.0)
    assert outcome.status is ty.Status.REACHED and outcome.retracted == 0
    y = MP.findroot(lambda y: MP.log(y) + 1.5 * y * y + 3 - MP.log(2) - 6, 1.0)
    assert ta.state[0] == pytest.approx(float(y**3 + y), rel=1e-14)
    again = pickle.loads(pickle.dumps(ta))
    for one in (ta, again):
        one.propagate_until(4.0)
    assert ta.state[0] == again.state[0]


@pytest.mark.usefixtures("in_lanes")
def test_in_ensembles_each_row_is_what_it_is_alone() -> None:
    anomaly = ty.implicit(lambda m, e: e - K * ty.sin(e) - m, start=lambda m: m)
    equations = [(X, Y), (Y, -X + ty.cos(anomaly(ty.time)))]
    ta = ty.Integrator(equations, [1.0, 0.0], parameters={K: 0.3})
    starts = np.column_stack([np.linspace(0, 1, 40), np.zeros(40)])
    found = ty.ensemble(ta, starts, until=5.0)
    for row in (0, 17, 39):
        one = ty.Integrator(equations, starts[row], parameters={K: 0.3})
        one.propagate_until(5.0)
        assert np.array_equal(found.states[row], one.state)


def test_other_inputs_are_arguments_too() -> None:
    f = ty.implicit(lambda x, y: y + K * ty.exp(y) - x - ty.time, start=0.0)
    e = f(X)
    assert set(ty.diff(e, K).evaluate({X: 1.0, K: 1.0, "t": 0.0}).shape) == set()
    assert ty.compile(e, [X, K, ty.time])(1.0, 1.0, 0.0) == pytest.approx(0.0, abs=1e-16)


# -- pickles, interpreters, mistakes --------------------------------------------------------------


def test_pickles_carry_the_equations() -> None:
    e = polar()(X, Y)[1]
    assert pickle.loads(pickle.dumps(e)) is e
    f = ty.compile([e, ty.piecewise([0, 1, 2], [[1, 2], [3, 4]], X)], [X, Y])
    code = (
        "import pickle, sys; f = pickle.load(sys.stdin.buffer); "
        "print([float(v).hex() for v in f(1.25, 0.5)])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code],
        input=pickle.dumps(f),
        capture_output=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert result.stdout.decode().strip() == str([float(v).hex() for v in f(1.25, 0.5)])


def test_equal_equations_are_one_function() -> None:
    assert cubic()(X) is cubic()(X)


def test_functions_of_the_user_inside() -> None:
    bump = ty.register_function("test_implicit_bump", math.tanh, lambda x: 1 - bump(x) ** 2)
    f = ty.implicit(lambda x, y: y + bump(y) - x, start=0.0)
    exact = MP.findroot(lambda y: y + MP.tanh(y) - 1, 0.5)
    assert f(1.0) == pytest.approx(float(exact), rel=1e-15)
    with pytest.raises(UnsupportedFunctionError, match="test_implicit_bump"):
        ty.compile(f(X), [X], precision="double-double")


def test_implicit_functions_inside_one_another() -> None:
    inner = cubic()
    f = ty.implicit(lambda x, y: y + inner(y) - x, start=0.0)
    exact = MP.findroot(lambda y: y + cubic_root(y) - 3, 1.0)
    assert f(3.0) == pytest.approx(float(exact), rel=1e-15)


def test_errors_come_early_and_name_the_remedy() -> None:
    with pytest.raises(ArgumentTypeError, match="not callable"):
        ty.implicit(X)
    with pytest.raises(ArgumentTypeError, match="arity="):
        ty.implicit(lambda *args: args[0] - args[1])
    assert ty.implicit(lambda *args: args[0] - args[1], arity=1)(3.0) == 3
    with pytest.raises(ShapeError, match="1 equation\\(s\\) for 2 unknown"):
        ty.implicit(lambda x, y: y[0] - x, start=[0, 0])
    with pytest.raises(ShapeError, match="start is empty"):
        ty.implicit(lambda x, y: x, start=[])
    with pytest.raises(ArgumentError, match="equation 0, x = 0"):
        ty.implicit(lambda x, y: x)
    with pytest.raises(ArgumentError, match="unknown 1 does not occur"):
        ty.implicit(lambda x, y: [y[0] - x, y[0] + x], start=[0, 0])
    with pytest.raises(ArgumentError, match="nothing but y"):
        ty.implicit(lambda y: y * y - 2, start=1)
    with pytest.raises(ArgumentTypeError, match="no expression"):
        ty.implicit(lambda x, y: "y - x")
    with pytest.raises(ArgumentTypeError, match="takes 1 argument"):
        cubic()(X, Y)
    with pytest.raises(UnsupportedFunctionError, match="SymPy"):
        ty.to_sympy(cubic()(X))

"""Chebyshev series, piecewise polynomials and splines against NumPy, SciPy and mpmath."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from types import SimpleNamespace
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.polynomial import chebyshev as np_chebyshev
from scipy import interpolate

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError, UnsupportedFunctionError
from taylor.reference.interpreter import coefficients, mpmath_algebra

X, V = ty.variables("x v")
MP = mpmath.MPContext()
MP.dps = 40
RNG = np.random.default_rng(3)


def knots(count: int) -> np.ndarray:
    """Uneven breakpoints from 0."""
    return np.concatenate([[0.0], np.cumsum(RNG.uniform(0.2, 1.0, count))])


def exact_piece(c: np.ndarray, a: float, x: Any) -> Any:
    """SciPy's descending coefficients at x, by mpmath."""
    s = x - MP.mpf(float(a))
    return MP.polyval([MP.mpf(float(k)) for k in c], s)


# -- one series -----------------------------------------------------------------------------------


@pytest.mark.parametrize("interval", [(-1, 1), (2.0, 5.0), (Fraction(1, 3), 7)])
def test_a_chebyshev_series_is_numpys(interval: tuple[Any, Any]) -> None:
    c = RNG.normal(size=16)
    a, b = map(float, interval)
    x = np.linspace(a - 0.1, b + 0.1, 50)
    right = np_chebyshev.Chebyshev(c, domain=[a, b])
    scale = np.abs(c).sum() * 8  # beyond the ends T_15 grows
    found = ty.compile(ty.chebyshev(c, X, interval), [X])(x)
    np.testing.assert_allclose(found, right(x), rtol=0, atol=scale * 1e-14)
    jet = ty.jet(lambda x: ty.chebyshev(c, x, interval), x, order=6)
    for n in range(7):
        slope = right.deriv(n)(x) / math.factorial(n)
        np.testing.assert_allclose(jet[n], slope, rtol=0, atol=1e-14 * np.abs(slope).max() * 8)


def test_chebyshev_coefficients_may_be_expressions_and_vectors() -> None:
    p = ty.parameter("p")
    value = ty.chebyshev([1, p, 2], X)
    assert ty.diff(value, p) is X
    vector = ty.chebyshev([[1.0, 2.0], [3.0, 4.0]], X)
    assert vector.shape == (2,)
    assert ty.compile(vector, [X])(0.5).tolist() == [2.5, 4.0]
    assert ty.chebyshev([1.0, 2.0], np.array([0.0, 0.5])).tolist() == [1.0, 2.0]


def test_a_chebyshev_series_in_any_algebra() -> None:
    """T_30 of sin t: Clenshaw's recurrence on series, to order 30, against cos(30 acos(sin t))."""
    c = [0] * 30 + [1]
    found = ty.jet(lambda t: ty.chebyshev(c, ty.sin(t)), 0.25, order=30)
    with MP.workdps(80):
        right = MP.taylor(lambda t: MP.cos(30 * MP.acos(MP.sin(t))), MP.mpf("0.25"), 30)
    for n, (value, exact) in enumerate(zip(found, right, strict=True)):
        size = float(max(abs(r) for r in right[max(n - 2, 0) : n + 3]))
        assert abs(value - float(exact)) <= 1e-13 * size, n


# -- tables ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["power", "chebyshev"])
def test_pieces_are_chosen_and_evaluated(kind: str) -> None:
    edges = knots(37)
    c = RNG.normal(size=(37, 6))
    x = np.concatenate([RNG.uniform(edges[0], edges[-1], 300), edges[:-1]])
    piece = np.searchsorted(edges, x, side="right") - 1
    a, b = edges[piece], edges[piece + 1]
    s = x - a if kind == "power" else (2 * x - a - b) / (b - a)
    basis = np.polynomial.polynomial.polyvander if kind == "power" else np_chebyshev.chebvander
    right = np.sum(basis(s, 5) * c[piece], axis=1)
    e = ty.piecewise(edges, c, X, kind=kind)
    np.testing.assert_allclose(ty.compile(e, [X])(x), right, rtol=0, atol=2e-13)
    np.testing.assert_allclose(e.evaluate({X: x}), right, rtol=0, atol=2e-13)
    np.testing.assert_allclose(ty.piecewise(edges, c, x, kind=kind), right, rtol=0, atol=2e-13)


def test_derivatives_are_those_of_the_piece_to_the_right() -> None:
    """|x| and its square in two pieces, at the breakpoint and on both sides."""
    edges, c = [-1.0, 0.0, 1.0], [[1.0, -1.0, 0.0], [0.0, 1.0, 1.0]]
    jet = ty.jet(lambda x: ty.piecewise(edges, c, x), [-0.5, 0.0, 0.5], order=3)
    assert jet.T.tolist() == [[0.5, -1, 0, 0], [0, 1, 1, 0], [0.75, 2, 1, 0]]
    slope = ty.diff(ty.piecewise(edges, c, X), X)
    assert ty.compile(slope, [X])([-0.5, 0.0, 0.5]).tolist() == [-1, 1, 2]


def test_outside_the_table() -> None:
    edges, c = [0.0, 1.0, 3.0], [[1.0, 2.0], [3.0, -1.0]]
    x = np.array([-1.0, 0.0, 3.0, 4.0, np.nan])

    def values(outside: str, kind: str = "power") -> list[float]:
        return ty.compile(ty.piecewise(edges, c, X, kind, outside), [X])(x)[:4].tolist()

    assert values("extrapolate") == [-1, 1, 1, 0]
    assert values("constant") == [1, 1, 1, 1]
    assert values("constant", "chebyshev") == [-1, -1, 2, 2]
    found = values("nan")
    assert math.isnan(found[0]) and found[1:3] == [1, 1] and math.isnan(found[3])
    assert math.isnan(ty.compile(ty.piecewise(edges, c, X), [X])(math.nan))
    slopes = ty.jet(lambda x: ty.piecewise(edges, c, x, outside="constant"), x[:4], order=1)[1]
    assert slopes.tolist() == [0, 2, -1, 0]


def test_one_piece_and_one_coefficient() -> None:
    e = ty.piecewise([0, 1], [[5.0]], X)
    assert ty.compile(e, [X])([-3.0, 0.5, 9.0]).tolist() == [5, 5, 5]


def test_tables_of_vectors_share_the_lookup() -> None:
    c = RNG.normal(size=(5, 4, 3))
    e = ty.piecewise(np.arange(6.0), c, X)
    assert e.shape == (3,)
    found = ty.compile(e, [X])(np.array([0.25, 4.5]))
    for row, x in zip(found, (0.25, 4.5), strict=True):
        s = x - int(x)
        np.testing.assert_allclose(row, sum(c[int(x), k] * s**k for k in range(4)), rtol=1e-14)


def test_ten_thousand_pieces() -> None:
    x = np.linspace(0, 1000, 10001)
    spline = interpolate.CubicSpline(x, np.column_stack([np.sin(x), np.cos(x)]))
    f = ty.compile(ty.spline(spline, X), [X])
    at = RNG.uniform(0, 1000, 1000)
    np.testing.assert_allclose(f(at), spline(at), rtol=0, atol=4e-16)
    assert f.explain().kernels == 10  # a place and 9 numbers, however many pieces there are


def test_double_double_tables_keep_all_digits() -> None:
    third = Fraction(1, 3)
    e = ty.piecewise([0, 1, 2], [[third, 1], ["0.1", third]], X)
    f = ty.compile(e, [X], precision="double-double")
    for x in (Fraction(1, 7), Fraction(9, 7)):
        exact = third + x if x < 1 else Fraction(1, 10) + third * (x - 1)
        error = ty.to_mpmath(f(x)) - MP.mpf(exact.numerator) / exact.denominator
        assert abs(error) < 1e-31
    single = ty.compile(e, [X], precision="float32")(np.float32(1.5))
    assert single == pytest.approx(0.1 + 0.5 / 3, rel=1e-6)


def test_the_reference_interpreter_knows_tables() -> None:
    from taylor.recurrences.decompose import decompose
    from taylor_runtime.program.program import Input

    program = decompose([ty.piecewise([0, 1, 2], [[1, 2], [3, 4]], X * X)], {X: Input("jet")}, 3)
    jet = [MP.mpf("1.25"), MP.mpf(1), MP.mpf(0), MP.mpf(0)]
    found = coefficients(program, {"jet": [jet]}, mpmath_algebra(MP))[0]
    assert [float(c) for c in found] == [3 + 4 * 0.5625, 10.0, 4.0, 0.0]


# -- SciPy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda x, y: interpolate.CubicSpline(x, y),
        lambda x, y: interpolate.PchipInterpolator(x, y),
        lambda x, y: interpolate.Akima1DInterpolator(x, y),
        lambda x, y: interpolate.make_interp_spline(x, y, k=5),
        lambda x, y: interpolate.CubicSpline(x, y, extrapolate=False),
        lambda x, y: interpolate.BPoly.from_derivatives(x, np.column_stack([y, y])),
    ],
)
def test_splines_of_scipy(make: Any) -> None:
    x = knots(12)
    spline = make(x, RNG.normal(size=13))
    at = np.concatenate([RNG.uniform(0, x[-1], 200), x[1:-1]])
    jet = ty.jet(lambda t: ty.spline(spline, t), at, order=3)
    for n in range(4):
        right = spline.derivative(n)(at) if n else spline(at)
        scale = np.abs(right).max() + 1
        np.testing.assert_allclose(jet[n] * math.factorial(n), right, rtol=0, atol=2e-12 * scale)
    beyond = float(ty.spline(spline, x[-1] + 0.5))
    right = float(spline(x[-1] + 0.5))
    assert beyond == pytest.approx(right, rel=1e-11) or math.isnan(beyond) == math.isnan(right)


def test_periodic_splines() -> None:
    x = np.linspace(0, 2 * math.pi, 40)
    spline = interpolate.CubicSpline(x, np.append(np.sin(x[:-1]), 0), bc_type="periodic")
    spline.extrapolate = "periodic"
    at = RNG.uniform(-20, 20, 300)
    f = ty.compile(ty.spline(spline, X), [X])
    np.testing.assert_allclose(f(at), spline(at), rtol=0, atol=2e-14)


def test_anything_with_coefficients_and_breakpoints() -> None:
    line = SimpleNamespace(c=np.array([[2.0], [1.0]]), x=np.array([0.0, 1.0]))
    assert ty.spline(line, 0.25) == 1.5


# -- differential equations -----------------------------------------------------------------------


def oscillator(edges: np.ndarray, c: np.ndarray, end: float) -> Any:
    """x(end) of x'' = -x + f(t) from rest, f a spline: the integral of f(s) sin(end - s)."""
    total, end = MP.mpf(0), MP.mpf(end)
    for i, a in enumerate(edges[:-1]):
        first, last = MP.mpf(float(a)), min(MP.mpf(float(edges[i + 1])), end)
        if first < last:
            total += MP.quad(
                lambda s, i=i, a=a: exact_piece(c[:, i], a, s) * MP.sin(end - s), [first, last]
            )
    return total


def test_an_oscillator_driven_by_a_table() -> None:
    """Steps end at the breakpoints, in both directions, and copies and pickles go on alike."""
    edges = knots(20)
    spline = interpolate.CubicSpline(edges, RNG.normal(size=21))
    equations = [(X, V), (V, ty.spline(spline, ty.time) - X)]
    ta = ty.Integrator(equations, [0.0, 0.0])
    outcome = ta.propagate_until(8.0)
    assert outcome.status is ty.Status.REACHED and outcome.retracted == 0
    assert ta.state[0] == pytest.approx(float(oscillator(edges, spline.c, 8.0)), abs=4e-15)
    passed = edges[(edges > 0) & (edges < 8)]
    np.testing.assert_allclose(outcome.switches[0].times, passed, rtol=1e-15)
    ta.propagate_until(3.0)
    assert ta.state[0] == pytest.approx(float(oscillator(edges, spline.c, 3.0)), abs=4e-15)
    others = [copy.copy(ta), pickle.loads(pickle.dumps(ta))]
    for one in (ta, *others):
        one.propagate_until(9.0)
    assert all(np.array_equal(one.state, ta.state) for one in others)
    ta.propagate_until(0.0)
    assert ta.state == pytest.approx([0, 0], abs=1e-14)


def test_a_force_tabulated_in_space() -> None:
    """x'' = f(x), f linear in pieces: the energy is conserved exactly through all breakpoints."""
    edges = np.linspace(-2, 2, 9)
    heights = -np.sin(2 * edges)
    line = interpolate.make_interp_spline(edges, heights, k=1)
    potential = line.antiderivative()
    ta = ty.Integrator([(X, V), (V, ty.spline(line, X))], [1.3, 0.0])
    energy = -float(potential(1.3))
    outcome = ta.propagate_until(50.0)
    assert outcome.status is ty.Status.REACHED
    assert sum(len(found) for found in outcome.switches) > 50
    x, v = ta.state
    assert v * v / 2 - float(potential(x)) == pytest.approx(energy, abs=2e-13)


def test_the_end_of_a_table() -> None:
    edges, c = [0.0, 1.0], [[1.0, 2.0]]
    ta = ty.Integrator([(X, ty.piecewise(edges, c, ty.time, outside="constant"))], [0.0])
    ta.propagate_until(3.0)
    assert ta.state[0] == pytest.approx(2 + 2 * 3, abs=1e-14)
    ta = ty.Integrator([(X, ty.piecewise(edges, c, ty.time, outside="nan"))], [0.0])
    assert ta.propagate_until(1.0).status is ty.Status.REACHED
    assert ta.state[0] == pytest.approx(2, abs=1e-15)
    outcome = ta.propagate_until(3.0)
    assert outcome.status is ty.Status.NON_FINITE and ta.time == pytest.approx(1)


def test_zeros_of_a_tabulated_function_of_the_state() -> None:
    """g(sin t), g a spline: steps end at its breakpoints, so that no zero is missed or invented."""
    x = knots(14)
    x *= 4 / x[-1]
    spline = interpolate.CubicSpline(x, RNG.normal(size=15))
    g = ty.spline(spline, 2 + 1.9 * X) - 0.1
    oscillation = [(X, V), (V, -X)]
    ta = ty.Integrator(oscillation, [0.0, 1.0], events=[ty.Event(g)])
    begun = pickle.loads(pickle.dumps(ta))
    outcome = ta.propagate_until(10.0)
    sines = (spline.solve(0.1, extrapolate=False) - 2) / 1.9
    angles = np.arcsin(sines[np.abs(sines) < 1])
    turns = 2 * math.pi * np.arange(-1, 3)[:, None]
    right = np.sort(np.concatenate([angles + turns, math.pi - angles + turns], axis=None))
    right = right[(right > 0) & (right < 10)]
    assert len(right) > 3
    np.testing.assert_allclose(outcome.events[0].times, right, rtol=0, atol=1e-12)
    again = begun.propagate_until(10.0)
    np.testing.assert_array_equal(again.events[0].times, outcome.events[0].times)
    ta.events = [ty.Event(g + 0.05), ty.Event(X)]  # the same table is known already
    plain = ty.Integrator(oscillation, [0.0, 1.0])
    with pytest.raises(ArgumentError, match="give events with tables of state or time"):
        plain.events = [ty.Event(g)]


@pytest.mark.parametrize("precision", ["float32", "double-double"])
def test_tables_in_other_precisions(precision: str) -> None:
    edges = np.arange(6.0)
    spline = interpolate.CubicSpline(edges, [0, 1, -1, 2, 0, 1])
    equations = [(X, V), (V, ty.spline(spline, ty.time) - X)]
    ta = ty.Integrator(equations, [1, 0], precision=precision)
    ta.propagate_until(4.5)
    right = oscillator(edges, spline.c, 4.5) + MP.cos(MP.mpf("4.5"))
    if precision == "float32":
        assert float(ta.state[0]) == pytest.approx(float(right), abs=1e-5)
    else:
        assert abs(ty.to_mpmath(ta.state)[0] - right) < 1e-28


# -- what is said of mistakes ---------------------------------------------------------------------


def test_errors_name_the_argument() -> None:
    with pytest.raises(ShapeError, match="need 2 breakpoints"):
        ty.piecewise([0, 1, 2], [[1.0]], X)
    with pytest.raises(ShapeError, match="expected \\(pieces, degree \\+ 1"):
        ty.piecewise([0, 1], [1.0], X)
    with pytest.raises(ShapeError, match="expected \\(degree \\+ 1"):
        ty.chebyshev([], X)
    with pytest.raises(ShapeError, match="different lengths"):
        ty.piecewise([0, 1, 2], [[1.0, 2.0], [1.0]], X)
    with pytest.raises(ArgumentError, match="ascend"):
        ty.piecewise([0, 1, 1], [[1.0], [2.0]], X)
    with pytest.raises(ArgumentError, match="finite"):
        ty.piecewise([0, np.inf], [[1.0]], X)
    with pytest.raises(ArgumentError, match="kind='legendre'"):
        ty.piecewise([0, 1], [[1.0]], X, kind="legendre")
    with pytest.raises(ArgumentError, match="outside='error'"):
        ty.piecewise([0, 1], [[1.0]], X, outside="error")
    with pytest.raises(ArgumentError, match="empty"):
        ty.chebyshev([1.0], X, (1, 1))
    with pytest.raises(ArgumentTypeError, match="real numbers"):
        ty.piecewise([0, 1], [[1j]], X)
    with pytest.raises(ShapeError, match="scalar expression"):
        ty.chebyshev([1.0], ty.variable("q", shape=2))
    with pytest.raises(ArgumentTypeError, match="PPoly"):
        ty.spline(math.sin, X)
    with pytest.raises(UnsupportedFunctionError, match="SymPy"):
        ty.to_sympy(ty.piecewise([0, 1, 2], [[1.0], [2.0]], X))


def test_an_integration_that_leaves_a_table_says_which() -> None:
    """It comes to the table's end; a table that goes on, and one that is not at its end, do not."""
    edges, c = [0.0, 1.0, 3.0], [[0.0, 1.0], [1.0, -0.5]]
    forced = ty.piecewise(edges, c, ty.time, outside="nan", name="the wind of Tuesday")
    ta = ty.Integrator([(X, forced)], [0.0])
    out = ta.propagate_until(5.0)
    assert out.status is ty.Status.NON_FINITE and out.time == pytest.approx(3.0, abs=1e-12)
    assert out.state[0] == pytest.approx(1.5, abs=1e-12)  # 1/2 and 2 - 1
    assert "reads the wind of Tuesday, which is known from" in out.message
    goes_on = ty.piecewise(edges, c, ty.time, outside="constant")
    assert ty.Integrator([(X, goes_on)], [0.0]).propagate_until(5.0).success
    out = ty.Integrator([(X, forced + ty.sqrt(0.5 - ty.time))], [0.0]).propagate_until(5.0)
    assert out.time < 1 and "Tuesday" not in out.message

"""Which roots implicit functions find, and that they give NaN where there is none."""

from __future__ import annotations

import math
import pickle
from collections.abc import Callable
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError, ShapeError

MP = mpmath.MPContext()
MP.dps = 40
X = ty.variable("x")
LANES = 8  # points that machine code works on at the same time
Equation = Callable[[Any, Any], Any]

# g(x, y), its twin of mpmath, one root of y for each x, a bracket, the range of x.
ONE_ROOT: dict[str, tuple[Equation, Callable[[Any], Any], Any, tuple[float, float]]] = {
    "atan": (lambda x, y: ty.atan(y) - x, MP.tan, (-1e3, 1e3), (-1.5, 1.5)),
    "cube": (lambda x, y: y**3 - x, lambda x: MP.sign(x) * MP.cbrt(abs(x)), (-1e3, 5e3), (-9, 9)),
    "exp": (lambda x, y: ty.exp(y) - x, MP.log, (-800.0, 700.0), (1e-9, 1e9)),
    "tanh": (lambda x, y: ty.tanh(5 * y) - x, lambda x: MP.atanh(x) / 5, (-9, 30), (-0.99, 0.99)),
    "root": (lambda x, y: ty.sqrt(y) - x, lambda x: x * x, (0, 1e6), (0.1, 30)),
    "pole": (lambda x, y: 1 / y - x, lambda x: 1 / x, (1e-9, 1e9), (1e-3, 1e3)),
    "kepler": (
        lambda x, y: y - 0.99 * ty.sin(y) - x,
        lambda x: _kepler(x),
        (-10, 10),
        (-3, 3),
    ),
    "steep": (lambda x, y: ty.cbrt(y - x), lambda x: x, (-20, 30), (-9, 9)),
}


def _kepler(x: Any) -> Any:
    e = MP.mpf(0.99)
    start = x + 0.85 * MP.sign(MP.sin(x))
    low, high = MP.mpf(-10), MP.mpf(10)
    del start
    for _ in range(180):
        middle = (low + high) / 2
        low, high = (middle, high) if middle - e * MP.sin(middle) < x else (low, middle)
    return low


@pytest.mark.parametrize("name", ONE_ROOT)
@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_roots_in_a_bracket(name: str, precision: str, scale: int) -> None:
    """With any start, from anywhere in the bracket; 8 units of rounding of y and what is left of
    the conditioning of g."""
    g, right, ends, (low, high) = ONE_ROOT[name]
    if name == "steep" and precision == "double-double":
        return  # Newton's steps, which give the digits beyond double, lead away from such a root
    for case in range(3 * scale):
        rng = np.random.default_rng(case)
        start = [None, lambda x: 1e9, float(rng.uniform(*ends))][case % 3]
        f = ty.compile(ty.implicit(g, start, bracket=ends)(X), [X], precision=precision)
        for x in rng.uniform(low, high, 12):
            given = np.array([x, 0.0]) if precision == "double-double" else x
            found = MP.fsum(map(float, np.atleast_1d(f(given))))
            exact = right(MP.mpf(float(x)))
            condition = {"tanh": 50, "atan": 50}.get(name, 1)
            unit = 2.0**-50 if precision == "float64" else 2.0**-90
            assert abs(found - exact) <= condition * unit * (abs(exact) + abs(x)), (case, x)


@pytest.mark.parametrize("name", ["atan", "tanh", "cube", "kepler"])
def test_damped_steps_find_roots_from_afar(name: str) -> None:
    """Undamped steps run away from these starts."""
    g, right, _, (low, high) = ONE_ROOT[name]
    starts = {"atan": (3.0, -40.0), "tanh": (0.6, -0.5), "cube": (1e-3, 50.0), "kepler": (0.1, 3.0)}
    for start in starts[name]:
        f = ty.compile(ty.implicit(g, start)(X), [X])
        for x in np.linspace(low, high, 6) * 0.5:
            exact = float(right(MP.mpf(float(x))))
            assert f(x) == pytest.approx(exact, rel=1e-14, abs=1e-15), (start, x)
            wide = ty.implicit(g, start)(MP.mpf(float(x)))
            assert float(wide) == pytest.approx(exact, rel=1e-14, abs=1e-15)


# g(x, y), its root, a start from where an undamped step leaves g's domain, and x.
LEAVING: list[tuple[Equation, Callable[[Any], Any], float, float]] = [
    (lambda x, y: ty.log(y) - x, MP.exp, 3.0, -20.0),
    (lambda x, y: ty.log(y) - x, MP.exp, 1e4, -1.0),
    (lambda x, y: ty.sqrt(y) - x, lambda x: x * x, 9.0, 1e-3),
    (lambda x, y: ty.acosh(y) - x, MP.cosh, 50.0, 0.01),
    (lambda x, y: ty.atanh(y) - x, MP.tanh, 0.0, 9.0),
    (lambda x, y: ty.asin(y) - x, MP.sin, 0.99, -1.5),
    (lambda x, y: ty.log1p(y) - x, MP.expm1, 5.0, -30.0),
    (lambda x, y: y**-0.5 - x, lambda x: x**-2, 100.0, 1e3),
]


@pytest.mark.parametrize("number", range(len(LEAVING)))
@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_steps_are_cut_at_the_end_of_the_domain(number: int, precision: str) -> None:
    g, right, start, x = LEAVING[number]
    exact = right(MP.mpf(x))
    f = ty.compile(ty.implicit(g, start)(X), [X], precision=precision)
    given = np.array([x, 0.0]) if precision == "double-double" else x
    found = MP.fsum(map(float, np.atleast_1d(f(given))))
    slope = abs(x) + 3  # what rounding x, or what g is made of, does
    assert abs(found - exact) <= slope * 1e3 * (2.0**-53 if precision == "float64" else 2.0**-95)
    assert float(ty.implicit(g, start)(MP.mpf(x))) == pytest.approx(float(exact), rel=1e-15)


NO_ROOT: list[tuple[Equation, Any]] = [
    (lambda x, y: y * y + x * x + 1, None),
    (lambda x, y: ty.cosh(y - x), None),
    (lambda x, y: y**4 - y + x * x + 1, None),
    (lambda x, y: 1 / y + 0 * x, 1.0),
    (lambda x, y: 1 / (1 + y * y) + 0 * x, 0.5),
    (lambda x, y: ty.sqrt(1 + y * y) - 0.5 * ty.cos(x), 2.0),
    (lambda x, y: ty.log(y) ** 2 + x * x + 0.1, 3.0),
    (lambda x, y: ty.sign(y) * (2 + y * y) + 0 * x, 0.7),
    (lambda x, y: y * ty.exp(y) + 1 + x * x, 1.0),
]


@pytest.mark.parametrize("number", range(len(NO_ROOT)))
def test_where_there_is_no_root_the_value_is_nan(number: int, scale: int) -> None:
    g, start = NO_ROOT[number]
    for case in range(2 * scale):
        rng = np.random.default_rng(case)
        begin = start if case == 0 else start and float(start * rng.uniform(0.5, 2))
        f = ty.compile(ty.implicit(g, begin)(X), [X])
        assert np.isnan(f(rng.uniform(-3, 3, 9))).all()
    assert MP.isnan(ty.implicit(g, start)(MP.mpf("0.5")))


def test_a_change_of_sign_that_is_no_root_is_nan() -> None:
    """Poles and jumps in brackets, and brackets with like signs at their ends."""
    for g in (
        lambda x, y: 1 / (y - x),
        lambda x, y: ty.tan(y - x + np.pi / 2),
        lambda x, y: ty.where(y < x, -2 + 0 * y, 2 + y * 0),
        lambda x, y: ty.where(y < x, y - 9, y + 9),
        lambda x, y: 1 / ty.cbrt(y - x),
    ):
        f = ty.implicit(g, bracket=lambda x: (x - 1.1, x + 1.3))
        for x in (0.3, -2.0, 1e-9):
            assert math.isnan(f(x)) and math.isnan(f(MP.mpf(x))), x
    square = ty.implicit(lambda x, y: y * y - x, bracket=(0, 3))
    assert square(4.0) == 2 and square(9.0) == 3 and square(0.0) == 0
    assert math.isnan(square(16.0)) and math.isnan(square(-1.0)) and math.isnan(square(math.nan))
    assert ty.implicit(lambda x, y: y * y - x, bracket=(5, 0))(4.0) == 2


def test_every_lane_is_what_it_is_alone() -> None:
    f = ty.compile(ty.implicit(lambda x, y: y**5 + y - x, bracket=(-1e9, 1e8))(X), [X])
    x = np.array([0.0, 2.0, 1e300, math.nan, -1e30, 34.0, 1e-9, -2.0, 3.0])
    np.testing.assert_array_equal(f(x), [f(np.array([v]))[0] for v in x])
    assert f(2.0) == 1 and f(34.0) == 2 and math.isnan(f(1e300))


def test_brackets_that_move_with_x_and_their_derivatives() -> None:
    """The second positive zero of tan y = y x, whose neighbours a start would confuse."""
    f = ty.implicit(lambda x, y: ty.sin(y) - x * y * ty.cos(y), bracket=(np.pi + 1e-3, 1.5 * np.pi))
    exact = MP.findroot(lambda y: MP.tan(y) - 2 * y, 4.6)
    assert f(2.0) == pytest.approx(float(exact), rel=1e-15)
    slope = exact / (MP.sec(exact) ** 2 - 2)
    assert ty.jet(f, 2.0, 1)[1] == pytest.approx(float(slope), rel=1e-13)
    e = ty.implicit(lambda x, y: y**3 - x, bracket=lambda x: (-1 - x**2, 1 + x**2))(X)
    assert pickle.loads(pickle.dumps(e)) is e
    assert ty.compile(e, [X])(27.0) == 3
    assert e is not ty.implicit(lambda x, y: y**3 - x)(X)


def test_mistakes_in_brackets() -> None:
    with pytest.raises(ShapeError, match="bracket has 3"):
        ty.implicit(lambda x, y: y - x, bracket=(1, 2, 3))
    with pytest.raises(ArgumentError, match="a bracket is for one equation"):
        ty.implicit(lambda x, y: [y[0] - x, y[1]], start=[0, 0], bracket=(0, 1))


def test_nan_ends_the_iteration_at_once() -> None:
    """From arguments, starts, brackets and equations that are not real."""
    calls: list[float] = []

    def value(y: float) -> float:
        calls.append(float(y))  # no number of a trace: it is called from machine code
        return calls[-1] ** 3 + calls[-1]

    cubic = ty.register_function("test_counted_cubic", value, lambda y: 3 * y * y + 1)
    cases: list[tuple[Any, Any]] = [
        (None, None),
        (2.0, None),
        (lambda x: ty.sqrt(x), None),
        (lambda x: ty.log(x), None),
        (None, (-9, 9)),
        (None, lambda x: (ty.sqrt(x) / 9, 9)),
    ]
    for start, bracket in cases:
        f = ty.compile(ty.implicit(lambda x, y: cubic(y) - x, start, bracket=bracket)(X), [X])
        calls.clear()
        assert math.isnan(f(math.nan)) and len(calls) <= 4 * LANES, (start, bracket, len(calls))
        calls.clear()
        assert f(10.0) == pytest.approx(2.0) and len(calls) < 60 * LANES
        if callable(start) or callable(bracket):
            calls.clear()
            assert math.isnan(f(-1.0)) and len(calls) <= 4 * LANES, (start, bracket, len(calls))
    outside = ty.implicit(lambda x, y: cubic(y) + ty.sqrt(-1 - y * y) - x)
    calls.clear()
    assert math.isnan(ty.compile(outside(X), [X])(3.0)) and len(calls) <= 4 * LANES

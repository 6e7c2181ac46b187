"""Every function and operator at zeros of both signs, infinities and NaN, however evaluated.

What is right is said by NumPy and Python: to the bit where a function is exact, the sign of a zero
included, and to few units in the last place elsewhere.
"""

from __future__ import annotations

import itertools
import math
import operator
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import taylor as ty

INF, NAN = math.inf, math.nan
NUMBERS = (-0.0, 0.0, 1.0, -1.0, 0.25, -0.25, 0.5, -0.5, 1.5, -1.5, 2.5, -2.5, INF, -INF, NAN)
ULPS = 40  # 2**-53 of functions that are not exact; NumPy's own have a few

# What docs/limits.md says of zeros, infinities and powers.
TIES = {"maximum", "minimum", "fmax", "fmin"}  # of -0.0 and 0.0 either
ROOTS = {"power", "float_power", "**"}  # x**0.5 is sqrt(x)
CANCELS = {"logaddexp", "logaddexp2"}  # of a term and what is added to it
NONE = {  # of no single numbers, or of integers alone
    *("matmul", "vecdot", "matvec", "vecmat", "isnat", "frexp", "spacing", "nextafter", "gcd"),
    *("lcm", "ldexp", "left_shift", "right_shift", "bitwise_count", "invert"),
    *("bitwise_and", "bitwise_or", "bitwise_xor"),
}

OPERATORS: dict[str, Callable[..., Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "%": operator.mod,
    "//": operator.floordiv,
    "**": operator.pow,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
    "y - x": lambda x, y: y - x,
    "2 (y - x)": lambda x, y: 2 * (y - x),
    "(y - x) / 3": lambda x, y: (y - x) / 3,
    "-x y": lambda x, y: -x * y,
    "-x / y": lambda x, y: -x / y,
    "x / -y": lambda x, y: x / -y,
    "1 / (x / y)": lambda x, y: 1 / (x / y),
    "x / (1 / y)": lambda x, y: x / (1 / y),
    "x y - y y": lambda x, y: x * y - y * y,
    "angle of y - x": lambda x, y: np.arctan2(y - x, -1.0),
    "where(x, y, x)": lambda x, y: np.where(x, y, x),
}
SINGLE: dict[str, Callable[..., Any]] = {
    "-x": operator.neg,
    "+x": operator.pos,
    "abs": abs,
    "round": np.round,
    "fix": np.fix,
    "angle": np.angle,
    "1 / x": lambda x: 1 / x,
    "1 / (1 / x)": lambda x: 1 / (1 / x),
    "-(-x)": lambda x: operator.neg(-x),
    "x * -1": lambda x: x * -1,
    "x**3": lambda x: x**3,
    "1 / x**3": lambda x: 1 / x**3,
    "x**0": lambda x: x**0,
    "1**x": lambda x: 1**x,
    "0.0**x": lambda x: 0.0**x,
    "x % 1": lambda x: x % 1,
    "x // -1": lambda x: x // -1,
    "1 // x": lambda x: 1 // x,
    "0 % x": lambda x: 0 % x,
    "x / 0": lambda x: np.divide(x, 0.0),
    "-floor(x)": lambda x: -np.floor(x),
    "floor(-x)": lambda x: np.floor(-x),
    "rint(-x)": lambda x: np.rint(-x),
    "1 / floor(x)": lambda x: 1 / np.floor(x),
    "1 / cbrt(x)": lambda x: 1 / np.cbrt(x),
    "1 / sin(x)": lambda x: 1 / np.sin(x),
    "angle of x": lambda x: np.arctan2(x, -1.0),
    "angle of 0": lambda x: np.arctan2(0.0, x),
    "copysign(3, x)": lambda x: np.copysign(3.0, x),
    "copysign(x, -1)": lambda x: np.copysign(x, -1.0),
    "where(x)": lambda x: np.where(x, 1.0, 2.0),
    "clip(x)": lambda x: np.clip(x, -1.0, 1.0),
    "nan_to_num": lambda x: np.nan_to_num(x, posinf=7.0, neginf=-7.0),
}


def _ufuncs(operands: int) -> Iterator[tuple[str, Callable[..., Any]]]:
    for name in sorted(dir(np)):
        found = getattr(np, name)
        own = isinstance(found, np.ufunc) and found.__name__ == name  # no other name of it
        if own and found.nin == operands and name not in NONE:
            yield name, found


FUNCTIONS = [dict(_ufuncs(1)) | SINGLE, dict(_ufuncs(2)) | OPERATORS]
POINTS = [[(v,) for v in NUMBERS], list(itertools.product(NUMBERS, repeat=2))]


def parts(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple) else [value]


def all_of(count: int) -> Callable[..., list[Any]]:
    """All results of all functions of so many arguments."""

    def function(*args: Any) -> list[Any]:
        return [part for f in FUNCTIONS[count - 1].values() for part in parts(f(*args))]

    return function


def names_of(count: int) -> list[str]:
    inputs = ty.variables("x y")[:count]
    return [n for n, f in FUNCTIONS[count - 1].items() for _ in parts(f(*inputs))]


def _skipped(name: str, args: tuple[float, ...]) -> bool:
    if name in TIES and args[0] == args[1] == 0:
        return True
    return name in ROOTS and abs(args[1]) == 0.5 and (args[0] == 0 or args[0] == -INF)


def agree(name: str, found: float, right: float, ulps: float) -> bool:
    found, right = float(found), float(right)
    if math.isnan(right) or math.isnan(found):
        return math.isnan(right) and math.isnan(found)
    if found == right:
        return found != 0 or math.copysign(1, found) == math.copysign(1, right)
    return abs(found - right) <= ulps * (abs(right) + (name in CANCELS)) < INF


def check(count: int, found: Any, unit: float) -> None:
    """found: of each result its values at the points."""
    points, wrong = POINTS[count - 1], []
    columns = [np.array(column) for column in zip(*points, strict=True)]
    with np.errstate(all="ignore"):
        right = [np.broadcast_to(v, len(points)) for v in all_of(count)(*columns)]
    for name, values, expected in zip(names_of(count), found, right, strict=True):
        for args, value, wanted in zip(points, values, expected, strict=True):
            if not _skipped(name, args) and not agree(name, value, wanted, ULPS * unit):
                wrong.append((name, args, float(wanted), float(value)))
    assert not wrong, wrong[:20]


@pytest.mark.parametrize("count", [1, 2])
@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_compiled(count: int, precision: str) -> None:
    inputs = ty.variables("x y")[:count]
    function = ty.compile(all_of(count)(*inputs), inputs, precision=precision)
    columns = [np.array(column) for column in zip(*POINTS[count - 1], strict=True)]
    if precision != "double-double":
        check(count, function(*columns), 2.0**-24 if precision == "float32" else 2.0**-53)
        return
    pairs = [np.stack([column, 0 * np.nan_to_num(column)], -1) for column in columns]
    check(count, [value[..., 0] for value in function(*pairs)], 2.0**-53)


@pytest.mark.parametrize("count", [1, 2])
def test_numbers(count: int) -> None:
    function = ty.jit(all_of(count))
    rows = [function(*args) for args in POINTS[count - 1]]
    check(count, zip(*rows, strict=True), 2.0**-53)


@pytest.mark.parametrize("count", [1, 2])
def test_arrays(count: int) -> None:
    columns = [np.array(column) for column in zip(*POINTS[count - 1], strict=True)]
    found = ty.jit(all_of(count))(*columns)
    check(count, [np.broadcast_to(v, len(columns[0])) for v in found], 2.0**-53)


@pytest.mark.parametrize("count", [1, 2])
def test_evaluated(count: int) -> None:
    inputs = ty.variables("x y")[:count]
    columns = [np.array(column) for column in zip(*POINTS[count - 1], strict=True)]
    values = dict(zip(inputs, columns, strict=True))
    found = [e.evaluate(values) for e in all_of(count)(*inputs)]
    check(count, [np.broadcast_to(v, len(columns[0])) for v in found], 2.0**-53)


# -- programs --------------------------------


@ty.program
def truths(x: float, y: float) -> Any:
    both, either, neither = x and y, x or y, not (x or y)
    less = x < y
    return (
        *(both, either, neither, x and 1.0, x or 2.5, not x, not (x or x), bool(x)),
        *(less and y, less or y, x < y < 1, less != (y < x), x == x, x in (y, 1.0)),
        *(float(less), less * 1, 1 * less, less + 0, +less, less + less, less * x),
        *(any((x, y)), all((x, y)), max(x, y), min(x, y), x if y else 1.0, x if less else y),
        *(math.copysign(x, y), math.copysign(3, x), math.atan2(x, y), math.hypot(x, y)),
        *(math.isnan(x), math.isinf(x), math.isfinite(x), math.isclose(x, y), *math.modf(x)),
        *(np.copysign(x, y), np.signbit(x), np.logical_xor(x, y), np.sign(x) * y),
    )


@ty.program
def small(x: float) -> Any:
    """Of |x| < 9: what Python makes whole has one zero."""
    return (
        *(math.fmod(x, 2.0), math.fmod(x, -0.5), math.remainder(x, 2.0), math.remainder(x, 0.3)),
        *(math.atan2(int(x), -1.0), math.atan2(round(x), -1), math.atan2(math.floor(x), -1)),
        *(math.atan2(math.ceil(x), -1), math.copysign(1.0, math.trunc(x)), math.atan2(x, -1)),
    )


KINDS = (bool, np.bool_)


@pytest.mark.parametrize("x", NUMBERS)
def test_programs(x: float) -> None:
    for y in NUMBERS:
        with np.errstate(all="ignore"):
            found, right = truths(x, y), truths.__wrapped__(x, y)
        for place, (value, wanted) in enumerate(zip(found, right, strict=True)):
            if place == 13 and math.isnan(x) and math.isnan(y):
                continue  # one NaN is not equal to another, though it may be the same object
            assert agree("", value, wanted, 2.0**-52), (place, x, y, value, wanted)
        assert all(type(v) in KINDS for v in found[5:8] + found[10:14])
        assert not any(type(v) in KINDS for v in found[14:21])


@pytest.mark.parametrize("x", [v for v in NUMBERS if abs(v) < 9])
def test_whole_numbers_have_one_zero(x: float) -> None:
    found, right = small(x), small.__wrapped__(x)
    for value, wanted in zip(found, right, strict=True):
        assert agree("", value, wanted, 2.0**-52)


@ty.program
def operands(x: float) -> Any:
    return 0.0 or x, x and 2.0, x or True, x and False


def test_operands_are_returned() -> None:
    for value in (True, False, 0.0, 2.0, 3, np.True_):
        assert operands(value) == operands.__wrapped__(value)


# -- arrays --------------------------------


def test_half_periods() -> None:
    jumps = np.array([0.0, 0.5, 0.0, 1.5, 0.0, 2.5, 0.0, -0.5, -2.0, 3.5, 0.0, -1.5, -4.0])
    for period in (1.0, 2.0, 2 * np.pi):
        steps = jumps * period
        right = np.unwrap(steps, period=period)
        assert np.allclose(ty.jit(lambda p, t=period: np.unwrap(p, period=t))(steps), right)
        x = ty.variable("x")
        scalars = ty.compile(list(np.unwrap(x * steps, period=period)), [x])
        assert np.allclose(scalars(1.0), right)


def test_truths_that_are_counted() -> None:
    counted = ty.jit(lambda x: ((x < 1) * 1, 1.0 * (x < 1), (x < 1) + 0, (x < 1) / 1, (x < 1) ** 1))
    for found in counted(np.array([0.0, 2.0])):
        assert found.dtype == float
        assert (found + found).tolist() == [2, 0]


def test_slopes_of_what_is_counted_are_numbers() -> None:
    def function(t: Any) -> Any:
        return (t < 2.0) * t

    for slope in (ty.grad(function), ty.jacobian(function), ty.grad(lambda t: function(t) * t / 2)):
        found = slope(1.0)
        assert type(found) not in KINDS
        assert found + found == 2


# -- derivatives --------------------------------


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_derivatives_of_copysign(precision: str) -> None:
    """copysign(x**3, y) is x**3 or -x**3."""
    x, y = 0.75, -0.5
    jet = np.asarray(
        ty.jet(lambda t: np.copysign((x + t) ** 3, y + t), 0.0, order=4, precision=precision)
    ).reshape(5, -1)[:, 0]
    assert np.allclose(jet, [-(x**3), -3 * x**2, -3 * x, -1, 0])


def test_derivatives_of_copysign_both_ways() -> None:
    def function(v: Any) -> Any:
        return np.copysign(v[0] ** 3, v[1]) * v[1] + np.fmod(v[1] * v[0], 0.4) ** 2

    x, y = 0.75, -0.7
    rest = math.fmod(x * y, 0.4)
    gradient = [-3 * x**2 * y + 2 * rest * y, -(x**3) + 2 * rest * x]
    hessian = [
        [-6 * x * y + 2 * y * y, -3 * x**2 + 2 * rest + 2 * x * y],
        [-3 * x**2 + 2 * rest + 2 * x * y, 2 * x * x],
    ]
    at = np.array([x, y])
    assert np.allclose(ty.grad(function)(at), gradient, rtol=1e-13)
    assert np.allclose(ty.jacobian(ty.grad(function))(at), hessian, rtol=1e-13)
    forward = ty.jvp(function, (at,), (np.array([1.0, 0.0]),))[1]
    assert np.isclose(float(forward), gradient[0], rtol=1e-13)


@pytest.mark.parametrize("a", [-0.0, 0.0])
def test_slope_of_a_remainder_at_zero(a: float) -> None:
    assert ty.grad(lambda x: np.fmod(x, 0.7))(a) == 1
    assert math.copysign(1, ty.jit(lambda x: np.fmod(x, 0.7))(a)) == math.copysign(1, a)


# -- differential equations --------------------------------


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_copysign_in_a_right_hand_side(precision: str) -> None:
    """x = 1 - t, and y' = copysign(x**2, x): the step ends at t = 1, where the sign changes."""
    x, y = ty.variables("x y")
    ta = ty.Integrator(
        [(x, -1 + 0 * x), (y, np.copysign(1 + x**2, x))], [1.0, 0.0], precision=precision
    )
    ta.propagate_until(3.0)
    right = (1 + 1 / 3) - (2 + 8 / 3)
    assert abs(float(np.ravel(ta.state[1])[0]) - right) < 1e-14


def test_copysign_in_an_event() -> None:
    x, y = ty.variables("x y")
    event = ty.Event(np.copysign(1 + x**2, y), terminal=False)
    ta = ty.Integrator([(x, y), (y, -x)], [1.0, 0.0], events=[event])
    times = ta.propagate_until(10.0).events[0].times
    assert np.allclose(times[times > 0], np.pi * np.arange(1, 4), atol=1e-12)

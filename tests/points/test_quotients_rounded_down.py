"""a // b and a % b against Python's own, NumPy's and exact fractions: next to multiples, of
quotients with more digits than numbers have, at the ends of ranges, of zeros and infinities.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import taylor as ty

X, Y = ty.variables("x y")
TYPES = {"float64": np.float64, "float32": np.float32}
ALL_DIGITS = {"float64": 2.0**51, "float32": 2.0**22}  # beyond, NumPy's quotient is rounded
DIVISORS = (0.1, -0.7, 2, 3, -3, 1e-5, 360.0, 2 * math.pi, 1e-42, 3e37, 0.5, -1, 1 - 2.0**-24)

floats = st.floats(allow_nan=True, allow_infinity=True, allow_subnormal=True)
finite = st.floats(allow_nan=False, allow_infinity=False, allow_subnormal=True)


def compiled(precision: str) -> Any:
    return ty.compile([X // Y, X % Y], [X, Y], precision=precision)


BOTH = {precision: compiled(precision) for precision in (*TYPES, "double-double")}


def same(found: Any, right: Any) -> Any:
    """Whether bits are equal, all NaN being so."""
    numbers = (found == right) & (np.signbit(found) == np.signbit(right))
    return numbers | (np.isnan(found) & np.isnan(right))


def rounded_floor(a: float, b: float) -> float:
    """The exact quotient rounded down, then to a double."""
    exact = math.floor(Fraction(a) / Fraction(b))
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def check_against_numpy(a: Any, b: Any, found: Any, precision: str) -> None:
    with np.errstate(all="ignore"):
        quotient, remainder = np.floor_divide(a, b), np.remainder(a, b)
    right = same(found[1], remainder)
    assert right.all(), [(a[i], np.broadcast_to(b, a.shape)[i]) for i in np.flatnonzero(~right)]
    many = np.isfinite(quotient) & (np.abs(quotient) >= ALL_DIGITS[precision])
    right = same(found[0], quotient) | many
    assert right.all(), [(a[i], np.broadcast_to(b, a.shape)[i]) for i in np.flatnonzero(~right)]


@settings(deadline=None, max_examples=300)
@given(finite, finite.filter(bool))
@example(1.0, 0.1)
@example(1e17, 3.0)
@example(-1e-20, 1.0)
@example(5e-324, -1.7976931348623157e308)
@example(1.7976931348623157e308, 5e-324)
@example(9007199254740993.0 * 3, 3.0)
def test_python_and_exact_fractions(a: float, b: float) -> None:
    quotient, remainder = (float(v) for v in BOTH["float64"](a, b))
    assert same(remainder, a % b)
    assert quotient == rounded_floor(a, b)
    if abs(a // b) < ALL_DIGITS["float64"]:
        assert same(quotient, a // b)


@settings(deadline=None, max_examples=300)
@given(st.integers(-(2**52), 2**52), finite.filter(bool), st.integers(-3, 3))
def test_next_to_multiples(n: int, b: float, steps: int) -> None:
    a = n * b
    if not math.isfinite(a):
        return
    for _ in range(abs(steps)):
        a = math.nextafter(a, math.copysign(math.inf, steps))
    if math.isfinite(a):
        test_python_and_exact_fractions.hypothesis.inner_test(a, b)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(floats, floats), min_size=0, max_size=19))
def test_arrays_of_any_size(pairs: list[tuple[float, float]]) -> None:
    a, b = np.array(pairs, dtype=np.float64).reshape(-1, 2).T
    check_against_numpy(a, b, BOTH["float64"](a, b), "float64")


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(st.floats(width=32), st.floats(width=32)), min_size=1, max_size=19))
def test_arrays_in_single_precision(pairs: list[tuple[float, float]]) -> None:
    a, b = np.array(pairs, dtype=np.float32).T
    check_against_numpy(a, b, BOTH["float32"](a, b), "float32")


@pytest.mark.parametrize("precision", TYPES)
@pytest.mark.parametrize("divisor", DIVISORS)
def test_known_divisors(precision: str, divisor: float) -> None:
    kind = TYPES[precision]
    b, draw = kind(divisor), np.random.default_rng(7)
    halves = np.concatenate([np.arange(-40, 41), draw.integers(-(10**7), 10**7, 400)]) / 2
    with np.errstate(all="ignore"):
        a = (halves * np.float64(b)).astype(kind)
        near = [np.nextafter(a, kind(end)) for end in (np.inf, -np.inf)]
        far = [draw.normal(size=99) * 10.0**k for k in range(-30, 35, 4)]
    a = np.concatenate([a, *near, *far, [0.0, -0.0, np.inf, -np.inf, np.nan]]).astype(kind)
    found = ty.compile([X // divisor, X % divisor], [X], precision=precision)(a)
    check_against_numpy(a, b, found, precision)


@pytest.mark.parametrize("precision", TYPES)
def test_special_values_and_halves(precision: str) -> None:
    kind = TYPES[precision]
    ends = np.finfo(kind)
    least = [0.0, 1.0, 0.1, 3.0, np.inf, ends.max, ends.tiny, ends.smallest_subnormal]
    special = np.array([*least, *(-x for x in least), np.nan], dtype=kind)
    a, b = (grid.ravel() for grid in np.meshgrid(special, special))
    divisors = np.array([1 + k * ends.eps for k in range(9)] + [2 - k * ends.eps for k in range(9)])
    for half in (0.5, 1, 1.5, 1000.5):
        at = (divisors * half).astype(kind)
        for _ in range(3):
            a, b = np.append(a, [at, -at]), np.append(b, [divisors, divisors]).astype(kind)
            at = np.nextafter(at, kind(0))
    check_against_numpy(a, b, BOTH[precision](a, b), precision)


def as_pair(number: Fraction) -> tuple[float, float]:
    high = float(number)
    return high, float(number - Fraction(high))


pairs = st.tuples(
    st.floats(2.0**-200, 2.0**200), st.floats(-0.5, 0.5), st.sampled_from([-1, 1])
).map(lambda p: p[2] * (Fraction(p[0]) + Fraction(p[1] * math.ulp(p[0]))))


@settings(deadline=None, max_examples=200)
@given(pairs, st.integers(-(2**104), 2**104) | pairs, st.integers(-2, 2))
def test_double_double(b: Fraction, a: Any, steps: int) -> None:
    b = sum(map(Fraction, as_pair(b)))
    if isinstance(a, int):  # next to a multiple
        a = a * b
        a += abs(a) * Fraction(steps, 2**105)
    a = sum(map(Fraction, as_pair(a)))
    found = BOTH["double-double"](np.array(as_pair(a)), np.array(as_pair(b)))
    quotient, remainder = (sum(Fraction(float(part)) for part in v) for v in found)
    exact = a // b
    left = a - exact * b
    # What a double takes off a larger quotient is rounded, if low parts are far below high ones.
    lost = 0 if abs(exact) < 2**53 else abs(a) / 2**158
    if min(abs(left), abs(b - left)) > lost:
        assert abs(quotient - exact) <= (0 if abs(exact) < 2**106 else abs(exact) / 2**104)
        assert abs(remainder - left) <= abs(left) / 2**104 + lost


def test_double_double_at_its_ends() -> None:
    both = BOTH["double-double"]
    for a, b in [(1e300, 1e-300), (5.0, 0.0), (-5.0, 0.0), (2.0, math.inf), (-2.0, math.inf)]:
        found = [v[0] for v in both(a, b)]
        with np.errstate(all="ignore"):
            assert same(found[0], np.floor_divide(a, b)), (a, b)
        if abs(found[0]) < math.inf:
            assert same(found[1], np.remainder(a, b)), (a, b)
    assert all(np.isnan(v[0]) for v in (*both(math.inf, 2.0), *both(math.nan, 2.0)))
    assert both(5.0, 0.0)[1][0] != both(5.0, 0.0)[1][0]


@settings(deadline=None, max_examples=200)
@given(finite, finite.filter(bool))
@example(2.5, 1.0)
@example(-1.5, 1.0)
@example(1e308, 3e-308)
def test_remainders_of_other_signs(a: float, b: float) -> None:
    towards_zero, nearest = MODULE(a, b)
    assert towards_zero == math.fmod(a, b) == np.fmod(a, b)
    assert nearest == math.remainder(a, b)


@settings(deadline=None, max_examples=200)
@given(st.integers(-(10**7), 10**7), st.sampled_from([8, 200, 1000, 20000]), finite)
@example(2675, 1000, 0.5)
@example(285, 1000, -0.0)
@example(1, 2, 1e300)
def test_rounding(a: int, b: int, x: float) -> None:
    """Python's `round` in programs, which means the decimal places; NumPy's elsewhere."""
    for number in (a / b, x):
        found = ROUNDED(number)
        right = [round(number, 1), round(number, 2), round(number, 15), np.rint(number)]
        assert [same(v, w) for v, w in zip(found, right, strict=True)] == [True] * 4, found
    assert ty.rint(X).evaluate({X: a / b}) == round(Fraction(a, b)) or a % b * 2 == b


ROUNDED = ty.program(lambda x: (round(x, 1), round(x, 2), round(x, 15), np.rint(x)))


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_rounding_in_all_kinds(precision: str) -> None:
    x = np.array([0.5, -0.5, 1.5, 2.5, -2.5, 0.25, -7.75, 1e7 + 1, 0.0, -0.0, 3.1259766])
    nearest, hundredths = ty.rint(X), ty.round_decimal(100, X)
    given = np.stack([x, 0 * x], axis=-1) if precision == "double-double" else x
    found = ty.compile([nearest, hundredths], [X], precision=precision)(given)
    high = [v[..., 0] if precision == "double-double" else v for v in found]
    np.testing.assert_array_equal(high[0], np.rint(x))
    np.testing.assert_allclose(high[1], [round(v, 2) for v in x], rtol=1e-7)
    assert ty.grad(lambda v: np.rint(v) * v)(2.4) == 2.0
    with pytest.raises(ty.TaylorError, match="rint has no Taylor series there"):
        np.rint(ty.Polynomial.variables("x", order=2, at=[2.5])[0])
    assert float(ty.round_decimal(10, ty.Polynomial.variables("x", order=2, at=[2.5])[0])[0]) == 2.5


def of_math(a, b):
    return math.fmod(a, b), math.remainder(a, b)


MODULE = ty.program(of_math)


@pytest.mark.parametrize("h", [0.1, 0.3, 1e-3, 3e-5, 7.0, 0.7, -0.1])
def test_steps_of_rounded_quotients(h: float) -> None:
    """x / h is what is rounded down, as it is written: 0.3 / 0.1 is below 3, and 10 x is not."""
    x = np.concatenate([np.arange(-999, 1000) * h, np.arange(-999, 1000) / 10])
    given = X / h, np.floor(X / h), np.ceil(X / h), np.trunc(X / h), np.rint(X / h)
    right = x / h, np.floor(x / h), np.ceil(x / h), np.trunc(x / h), np.rint(x / h)
    found = ty.compile([*given, np.floor((X - 0.2) / h)], [X])(x)
    for v, w in zip(found, [*right, np.floor((x - 0.2) / h)], strict=True):
        np.testing.assert_array_equal(v, w)
    whole, fraction = ty.program(lambda x: (int(x / h), np.modf(x * h)[0]))(0.3)
    assert (whole, fraction) == (int(0.3 / h), np.modf(0.3 * h)[0])
    assert ty.program(lambda x: np.modf(x))(-math.inf) == (0.0, -math.inf)


def test_numpy_names() -> None:
    made = [np.mod(X, Y), np.floor_divide(X, Y), *np.divmod(X, Y), np.fmod(X, Y), *divmod(X, Y)]
    found = ty.compile(made, [X, Y])(-1.0, 0.1)
    quotient, remainder = divmod(-1.0, 0.1)
    right = [remainder, quotient, quotient, remainder, math.fmod(-1.0, 0.1), quotient, remainder]
    assert list(found) == right
    assert ty.jit(lambda x: np.mod(x, 0.1))(np.array([1.0, 0.3])).tolist() == [1.0 % 0.1, 0.3 % 0.1]


# -- other ways to a value -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"), [(1.0, 0.1), (0.3, 0.1), (-7.5, 2.0), (1e17, 3.0), (0.7, -0.1)]
)
def test_all_ways_agree(a: float, b: float) -> None:
    for e, right in ((X // Y, a // b), (X % Y, a % b)):
        assert e.evaluate({X: a, Y: b}) == right
        assert ty.from_sympy(ty.to_sympy(e)).evaluate({X: a, Y: b}) == right
        exact = e.evaluate({X: mpmath.mpf(a), Y: mpmath.mpf(b)})
        assert float(exact) == right
        assert ty.compile(e, [X, Y], precision="double-double")(a, b)[0] == right
        assert ty.program(lambda x, y, e=e: (x // y, x % y))(a, b) == (a // b, a % b)
    assert ty.vmap(lambda x, y: x % y)(np.full(5, a), np.full(5, b)).tolist() == [a % b] * 5


def test_numbers_are_folded_exactly() -> None:
    assert ty.constant(1.0) // 0.1 == 9
    assert (ty.constant(7) % -2).evaluate({}) == -1
    assert X // 1 is ty.floor(X)


# -- derivatives -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"), [(1.0, 0.1), (0.75, 0.3), (-7.5, 2.0), (7.5, -2.0), (2.5, 7.0)]
)
def test_derivatives(a: float, b: float) -> None:
    quotient = math.floor(Fraction(a) / Fraction(b))

    def f(v):
        return np.mod(v[0], v[1])

    def g(v):
        return np.sin(np.fmod(v[0], v[1])) * v[1]

    at = np.array([a, b])
    assert ty.grad(f)(at).tolist() == [1.0, -quotient]
    assert ty.jvp(f, (at,), (np.array([2.0, 1.0]),)) == (f(at), 2.0 - quotient)
    assert ty.hessian(f)(at).tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert ty.grad(lambda v: v[0] // v[1])(at).tolist() == [0.0, 0.0]
    cut = int(Fraction(a) / Fraction(b))
    value = math.fmod(a, b)
    right = [math.cos(value) * b, math.sin(value) - cut * math.cos(value) * b]
    np.testing.assert_allclose(ty.grad(g)(at), right, rtol=1e-15)


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_jets(precision: str) -> None:
    """(3 + sin t) % (0.7 + t/5) is 3 + sin t - 4 (0.7 + t/5) next to zero."""
    found = ty.jet(lambda t: np.mod(3 + np.sin(t), 0.7 + t / 5), 0.0, order=6, precision=precision)
    found = found if precision != "double-double" else found[..., 0]
    right = [3 - 4 * 0.7, 1 - 4 / 5, 0, -1 / 6, 0, 1 / 120, 0]
    np.testing.assert_allclose(found, right, rtol=1e-6, atol=1e-6)


def test_polynomials() -> None:
    x, y = ty.Polynomial.variables("x y", order=3, at=[7.5, 2.0])
    assert np.mod(x * x / 7.5, y) == x * x / 7.5 - 3 * y
    with pytest.raises(ty.TaylorError, match="remainder has no Taylor series there"):
        np.mod(x + 0.5, y)

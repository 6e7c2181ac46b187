"""Functions next to their zeros, in every precision: errors are relative to the value there too.

A function that has zeros is one row of `ROWS`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, partial
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest
from pair_accuracy import compiled as compiled_pairs

import taylor as ty
from taylor_runtime.callables.kernels import array_function
from taylor_runtime.mathlib.families import kernels, pair_kernels

mp = mpmath.MPContext()
mp.dps = 85  # 33 digits that the value loses, 33 that are wanted, and what mpmath loses itself
Function = Callable[..., Any]
DIGITS = {"float32": 24, "float64": 53, "double-double": 106}
# The largest error: in ulp, and in double-double in units of 2**-106: a part of 2**-9 of its terms
# is where a value is computed anew, and these err by some 15 units.
BOUNDS = {"float32": 0.55, "float64": 0.55, "double-double": 8000.0}


class Row(NamedTuple):
    """kernel: its name and orders; right: the function of mpmath; zeros: near which to find them.

    user: the function that users call, where its jets are to be tried.
    slopes: (x, n) -> its n-th Taylor coefficient, where mpmath's differences lose digits.
    """

    right: Function
    zeros: Callable[[], list[Any]]
    orders: tuple[int, ...] = ()
    user: Function | None = None
    slopes: Function | None = None


# -- where zeros are ------------------------------------------------------------------------------


def between(right: Function, ends: list[tuple[Any, Any]]) -> list[Any]:
    """Zeros between ends where signs differ, to 1e-12."""
    found = []
    with mp.workdps(45):
        for low, high in ends:
            low, high = mp.mpf(low), mp.mpf(high)
            sign = mp.sign(right(low))
            assert sign != mp.sign(right(high)), (low, high)
            for _ in range(120):
                middle = (low + high) / 2
                same = mp.sign(right(middle)) == sign
                low, high = (middle, high) if same else (low, middle)
            found.append(low)
    return found


def between_poles(right: Function, *n: int) -> list[Any]:
    """One in each of -n - 1 .. -n."""
    little = mp.mpf(10) ** -9
    return between(right, [(-k - 1 + little, -k - little) for k in n])


def next_to_poles(right: Function, *n: int) -> list[Any]:
    """Two in each of -n - 1 .. -n, with the least value of |gamma| between them."""
    ends: list[tuple[Any, Any]] = []
    for k in n:
        middle = between_poles(mp.digamma, k)[0]
        little = mp.mpf(10) ** -38
        ends += [(-k - 1 + little, middle), (middle, -k - little)]
    return between(right, ends)


def listed(zero: Function, *numbers: int) -> list[Any]:
    """mpmath's own."""
    with mp.workdps(20):
        return [zero(k) for k in numbers]


def refined(right: Function, near: Any) -> Any:
    """A zero to all digits, by the secant method."""
    one, other = mp.mpf(near), mp.mpf(near) * (1 + mp.mpf(10) ** -25)
    first, second = right(one), right(other)
    for _ in range(12):
        if first == second or second == 0:
            break
        one, other = other, other - second * (other - one) / (second - first)
        first, second = second, right(other)
    return other


# -- the functions --------------------------------------------------------------------------------


def lgamma(x: Any) -> Any:
    return mp.log(abs(mp.gamma(x)))


def slope_of_dawsn(x: Any) -> Any:
    return 1 - x * mp.sqrt(mp.pi) * mp.exp(-x * x) * mp.erfi(x)


def airy(letter: str, order: int) -> Row:
    value, zero = getattr(mp, f"airy{letter}"), getattr(mp, f"airy{letter}zero")
    places = partial(listed, partial(zero, derivative=order), 1, 2, 15, 24, 25, 60)
    public = getattr(ty, f"airy{letter}{'prime' * order}")
    return Row(lambda x: value(x, derivative=order), places, (), public)


def polygamma(k: int, *n: int) -> Row:
    def right(x: Any) -> Any:
        with mp.workdps(150 + 2 * k):
            return mp.psi(k, x)

    def slopes(x: Any, m: int) -> Any:
        with mp.workdps(150 + 2 * k):
            return mp.psi(k + m, x) / mp.factorial(m)

    zeros = partial(between_poles, right, *n)
    return Row(right, zeros, (k,), partial(ty.polygamma, k), slopes)


def digamma(places: Callable[[], list[Any]]) -> Row:
    return Row(mp.digamma, places, (), ty.digamma, lambda x, m: mp.psi(m, x) / mp.factorial(m))


def bessel(letter: str, n: int, *numbers: int) -> Row:
    right = partial(getattr(mp, f"bessel{letter}"), n)
    zero = partial(getattr(mp, f"bessel{letter}zero"), n)
    user = partial(getattr(ty, f"bessel{letter}"), n)
    user = user if letter == "j" or not n else None  # mpmath takes a quarter of a minute
    return Row(right, partial(listed, zero, *numbers), (n,), user)


ROWS: dict[str, Row] = {
    "lgamma": Row(lgamma, partial(next_to_poles, lgamma, 2, 3, 4, 7, 12, 20, 26), (), ty.lgamma),
    "lgamma ": Row(lgamma, lambda: [1, 2], (), ty.lgamma),
    "digamma": digamma(partial(between_poles, mp.digamma, 0, 1, 2, 5, 9, 60, 5000)),
    "digamma ": digamma(partial(between, mp.digamma, [(1, 2)])),
    "polygamma 2": polygamma(2, 0, 1, 9, 1000),
    "polygamma 4": polygamma(4, 0, 1, 5, 33),
    "polygamma 12": polygamma(12, 0, 1, 4),
    "besselj 0": bessel("j", 0, 1, 2, 3, 12, 13, 24, 25, 26, 60, 300),
    "besselj 1": bessel("j", 1, 1, 2, 5, 12, 25, 26),
    "besselj 7": bessel("j", 7, 1, 2, 9, 10, 22, 23),
    "besselj 60": bessel("j", 60, 1, 2, 5, 20),
    "bessely 0": bessel("y", 0, 1, 13, 26, 60),
    "bessely 1": bessel("y", 1, 1, 25),
    "bessely 7": bessel("y", 7, 2),
    "airyai": airy("ai", 0),
    "airyaiprime": airy("ai", 1),
    "airybi": airy("bi", 0),
    "airybiprime": airy("bi", 1),
    "expi": Row(mp.ei, partial(between, mp.ei, [(0.3, 0.4)]), (), ty.expi),
    "dawsn_derivative": Row(slope_of_dawsn, partial(between, slope_of_dawsn, [(0.9, 1)])),
    "zeta": Row(mp.zeta, lambda: [-2, -4, -20]),
    "sin": Row(mp.sin, partial(listed, lambda k: k * mp.pi, 1, 2, 22, 355)),
    "cos": Row(mp.cos, partial(listed, lambda k: (k - 0.5) * mp.pi, 1, 2, 11, 1000)),
    "log": Row(mp.log, lambda: [1]),
    "acosh": Row(mp.acosh, lambda: [1]),
}


@cache
def zeros(case: str) -> tuple[Any, ...]:
    row = ROWS[case]
    places = row.zeros()
    return tuple(mp.mpf(z) if isinstance(z, int) else refined(row.right, z) for z in places)


# -- numbers next to them -------------------------------------------------------------------------


def neighbours(zero: Any, precision: str) -> Any:
    """The twelve nearest numbers, and some farther away."""
    middle = float(zero)
    away = [float(zero * (1 + s * mp.mpf(2) ** -k)) for k in (6, 9, 12, 22, 36) for s in (-1, 1)]
    steps = np.arange(-6, 7)
    if precision == "double-double":
        rest = float(zero - mp.mpf(middle))
        lows = rest + steps * np.spacing(rest or np.ldexp(np.spacing(middle), -54))
        highs = [*(middle + steps * np.spacing(middle)), *away]
        return np.array([[middle] * len(lows) + highs, [*lows, *[0.0] * len(highs)]])
    kind = np.dtype(precision).type
    near = kind(middle)
    return np.array([*(near + steps * np.spacing(near)), *away], kind)


def exact(array: Any, precision: str) -> list[Any]:
    if precision == "double-double":
        return [mp.mpf(float(high)) + mp.mpf(float(low)) for high, low in array.T]
    return [mp.mpf(float(x)) for x in array]


def units(found: Any, right: Any, precision: str) -> float:
    """The error in ulp, in double-double in units of 2**-106 of the value."""
    if precision == "double-double":
        return float(abs(found / right - 1) * mp.mpf(2) ** 106)
    unit = mp.ldexp(1, int(mp.frexp(right)[1]) - DIGITS[precision])
    return float(abs(found - right) / unit)


@cache
def compiled(name: str, precision: str, lanes: int) -> Any:
    if precision == "double-double":
        return compiled_pairs(pair_kernels[name], lanes)
    return array_function(kernels[name], lanes, dtype=precision)


def worst_errors(case: str, precision: str) -> Iterator[tuple[float, Any]]:
    """Of each zero: the largest error next to it."""
    row, name = ROWS[case], case.split()[0]
    for zero in zeros(case):
        x = neighbours(zero, precision)
        orders = [np.full_like(x, n) for n in row.orders]
        for order in orders if precision == "double-double" else ():
            order[1] = 0
        (values,) = compiled(name, precision, 0)(x, *orders)
        (others,) = compiled(name, precision, 4)(x, *orders)
        assert np.array_equal(values, others, equal_nan=True), f"{case} in lanes, at {zero}"
        worst = 0.0
        for at, found in zip(exact(x, precision), exact(values, precision), strict=True):
            try:
                right = row.right(at)
            except ValueError:  # at a pole, or outside
                continue
            if right == 0:
                assert found == 0
            elif mp.im(right) == 0:
                worst = max(worst, units(found, right, precision))
        yield worst, zero


@pytest.mark.parametrize("precision", DIGITS)
@pytest.mark.parametrize("case", ROWS)
def test_errors_next_to_zeros_are_relative_to_the_value(case: str, precision: str) -> None:
    for worst, zero in worst_errors(case, precision):
        assert worst <= BOUNDS[precision], f"{worst:.3g} units next to {mp.nstr(zero, 20)}"


USERS = {case: row for case, row in ROWS.items() if row.user}
EQUAL = 2.0**8  # units of a coefficient's own size


@pytest.mark.parametrize("precision", ["float64", "double-double"])
@pytest.mark.parametrize("case", USERS)
def test_jets_at_zeros(case: str, precision: str) -> None:
    """At the number nearest to a zero, every coefficient to its own digits."""
    row = USERS[case]
    assert row.user is not None
    for zero in zeros(case)[:1]:
        x = zero if precision == "double-double" else float(zero)
        point = ty.from_mpmath(x) if precision == "double-double" else x
        found = ty.jet(row.user, point, 4, precision=precision)
        at = mp.mpf(ty.to_mpmath(point) if precision == "double-double" else x)
        with mp.workdps(100):
            taylor = partial(mp.taylor, row.right, at, 4)
            right = [row.slopes(at, n) for n in range(5)] if row.slopes else taylor()
        for n, expected in enumerate(right):
            known = found[n] if precision == "float64" else ty.to_mpmath(found[n])
            bound = BOUNDS[precision] + EQUAL * 4**n
            size = abs(expected) * mp.mpf(2) ** -DIGITS[precision]
            assert abs(mp.mpf(known) - expected) <= bound * size, (zero, n)


# -- Kepler's equation, and roots of tiny numbers -------------------------------------------------


def longitudes(rng: np.random.Generator, count: int) -> Iterator[tuple[float, float, float]]:
    """(h, k, l) near e = 1 and the pericentre, and where F is nearly zero."""
    for _ in range(count):
        e, angle = 1 - 10 ** rng.uniform(-13, -0.5), rng.uniform(-3, 3)
        mean = angle + rng.choice([0, 1, -1]) * 10 ** rng.uniform(-13, 0)
        yield e * np.sin(angle), e * np.cos(angle), mean
        h, k = rng.uniform(-0.7, 0.7, 2)
        yield h, k, h * (1 + rng.choice([0, 1, -1]) * 10 ** rng.uniform(-16, -1))


def test_eccentric_longitude_is_relative_to_the_value(scale: int) -> None:
    """With the sine, the cosine and the radius, in double-double: 4000 units at most."""
    rng = np.random.default_rng(1)
    given = np.array(list(longitudes(rng, 15 * scale))).T
    arguments = [np.array([a, 0 * a]) for a in given]
    names = ("kepler_F", "kepler_F_sin", "kepler_F_cos", "kepler_F_radius")
    found = [compiled_pairs(pair_kernels[name], 4)(*arguments)[0] for name in names]
    for i, (h, k, mean) in enumerate(given.T):
        h, k, mean = (mp.mpf(float(a)) for a in (h, k, mean))
        if h * h + k * k > 1:
            continue
        u = mp.mpf(float(found[0][0, i])) + mp.mpf(float(found[0][1, i]))
        if h == mean:
            assert u == 0
            continue
        for _ in range(6):
            radius = 1 - h * mp.sin(u) - k * mp.cos(u)
            u -= (u + h * mp.cos(u) - k * mp.sin(u) - mean) / radius
        assert abs(u + h * mp.cos(u) - k * mp.sin(u) - mean) < mp.mpf(10) ** -75
        radius = 1 - h * mp.sin(u) - k * mp.cos(u)
        for right, value in zip((u, mp.sin(u), mp.cos(u), radius), found, strict=True):
            got = mp.mpf(float(value[0, i])) + mp.mpf(float(value[1, i]))
            size = 1 if right is not u and right is not radius else abs(right)
            assert abs(got - right) <= 4000 * mp.mpf(2) ** -106 * size, (h, k, mean)


@pytest.mark.parametrize("x", [5e-324, 2e-310, 3e-308, 1e-300, 2.0**-961, 1e-289, 2.0**-959])
def test_roots_of_tiny_numbers(x: float) -> None:
    (value,) = compiled_pairs(pair_kernels["sqrt"], 4)(np.array([[x], [0.0]]))
    found = mp.mpf(float(value[0, 0])) + mp.mpf(float(value[1, 0]))
    assert units(found, mp.sqrt(mp.mpf(x)), "double-double") <= 2

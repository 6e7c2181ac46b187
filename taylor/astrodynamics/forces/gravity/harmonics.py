"""Gravity as a sum of solid spherical harmonics, without singularities, in few products of series.

The harmonic of degree n and order m is (x + i y)^m H_nm(z, r), with fully normalised

    H_nm = a_nm s H_{n-1,m} - b_nm w H_{n-2,m},    w = 1/r^2, s = z w    (lengths in radii)

(Cunningham 1970; Holmes & Featherstone 2002, eq. 11, for the factors).  The columns of different m
do not see one another, so that they are laid end to end in a few lanes of equal length, and a loop
goes down all lanes at once.  Of H two products of series a harmonic are needed; all else is linear
with constants (the gradient of a harmonic of degree n are harmonics of degree n + 1: Cunningham
1970; Montenbruck & Gill 2000, section 3.2.4), up to the last products with the powers of x + i y.
Taking r^-(2m+1) out of column m makes its start a constant, and 1/r is multiplied last.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
from numpy.typing import NDArray

from taylor.control.loops import scan
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant
from taylor.functions.powers import sqrt
from taylor_runtime.program.records import dataclass

LANES = 16  # two registers of doubles: beyond, turns wait for memory, below for one another


@dataclass(frozen=True)
class Packing:
    """Columns of harmonics in lanes, with the factors of the recursion.

    a, b, first: shape (turns, lanes); what a turn is made with, see above; `first` starts columns.
    order:       shape (segments, lanes); the order m of the columns in each lane, in order.
    segment, degree: shape (turns, lanes); which of the lane's columns, and n; segment -1 is none.
    """

    a: NDArray
    b: NDArray
    first: NDArray
    order: NDArray
    segment: NDArray
    degree: NDArray


@dataclass(frozen=True)
class Weights:
    """Accelerations as sums of H with `one` times a coefficient plus `two` times another.

    Shapes (6, segments, turns, lanes): of x, y, z with the real and imaginary part of (x + i y)^m.
    `take_one` and `take_two` are places among C and S, one after the other, without rows or zeros.
    """

    one: NDArray
    take_one: NDArray
    two: NDArray
    take_two: NDArray


@lru_cache(maxsize=16)
def packing(top: int, order: int, digits: int) -> Packing:
    """Columns m = 0 .. order of degrees m .. top, the longest first, each in the shortest lane."""
    lanes = min(LANES, order + 1)
    filled = [0] * lanes
    columns: list[list[tuple[int, int]]] = [[] for _ in range(lanes)]
    for m in range(order + 1):
        lane = filled.index(min(filled))
        columns[lane].append((filled[lane], m))
        filled[lane] += top - m + 1
    shape = (max(filled), lanes)
    a, b, first = (np.zeros(shape, dtype=float if digits <= 16 else object) for _ in range(3))
    segment, degree = np.full(shape, -1), np.zeros(shape, dtype=int)
    orders = np.zeros((max(map(len, columns)), lanes), dtype=int)
    starts = _starts(order, digits)
    for lane, found in enumerate(columns):
        for k, (turn, m) in enumerate(found):
            n = np.arange(m, top + 1)
            rows = slice(turn, turn + len(n))
            segment[rows, lane], degree[rows, lane], orders[k, lane] = k, n, m
            first[turn, lane] = starts[m]
            a[rows, lane][1:] = roots((4 * n * n - 1)[1:], (n * n - m * m)[1:], digits)
            over = (2 * n + 1) * ((n - 1) ** 2 - m * m)
            under = (n * n - m * m) * (2 * n - 3)
            b[rows, lane][2:] = roots(over[2:], under[2:], digits)
    return Packing(a, b, first, orders, segment, degree)


def _starts(order: int, digits: int) -> list[Any]:
    """H_mm without its powers of r: sqrt of the product of (2 k + 1)/(2 k), times sqrt 2."""
    square, found = Fraction(1), []
    for m in range(order + 1):
        if m:
            square *= Fraction(2 * m + 1, 2 * m) * (2 if m == 1 else 1)
        found.append(roots(np.array(square.numerator), np.array(square.denominator), digits)[()])
    return found


def roots(over: NDArray, under: NDArray, digits: int) -> NDArray:
    """Square roots of quotients of integers: doubles, or fractions with as many digits."""
    if digits <= 16:
        return np.sqrt(np.array(over / under, dtype=float))

    def root(p: int, q: int) -> Fraction:
        mantissa, exponent = mpmath.sqrt(mpmath.mpf(int(p)) / int(q)).man_exp
        return mantissa * Fraction(2) ** exponent

    with mpmath.workdps(digits + 5):
        return np.array(np.frompyfunc(root, 2, 1)(over, under), dtype=object)


@lru_cache(maxsize=16)
def weights(degree: int, order: int, digits: int) -> Weights:
    """How the acceleration of coefficients up to this degree and order is put together."""
    packed = packing(degree + 1, order + 1, digits)
    shape = (6, *packed.order.shape[:1], *packed.degree.shape)
    kind = float if digits <= 16 else object
    one, two = np.zeros(shape, kind), np.zeros(shape, kind)
    take_one, take_two = np.zeros(shape, int), np.zeros(shape, int)
    turn, lane = np.nonzero((packed.segment >= 0) & (packed.degree > 0))
    k, n = packed.segment[turn, lane], packed.degree[turn, lane] - 1  # that of the coefficients
    m = packed.order[k, lane]
    up, side, down = _factors(n, m, degree, order, digits)

    def c_at(p: NDArray) -> NDArray:
        return n * (order + 1) + np.clip(p, 0, order)

    def s_at(p: NDArray) -> NDArray:
        return c_at(p) + (degree + 1) * (order + 1)

    # What x, y, z have of C and S of order m - 1 (sideways up), m + 1 (down) and m (along z).
    for row, sign, at in ((0, -1, c_at), (1, -1, s_at), (2, 1, s_at), (3, -1, c_at)):
        one[row, k, turn, lane], take_one[row, k, turn, lane] = sign * up, at(m - 1)
    for row, sign, at in ((0, 1, c_at), (1, 1, s_at), (2, 1, s_at), (3, -1, c_at)):
        two[row, k, turn, lane], take_two[row, k, turn, lane] = sign * down, at(m + 1)
    for row, at in ((4, c_at), (5, s_at)):
        one[row, k, turn, lane], take_one[row, k, turn, lane] = -side, at(m)
    return Weights(one, take_one, two, take_two)


def _factors(
    n: NDArray, m: NDArray, degree: int, order: int, digits: int
) -> tuple[NDArray, NDArray, NDArray]:
    """Of gradients: what H_{n+1,m} counts for coefficients of degree n, order m - 1, m, m + 1."""
    below, above, same = (m >= 1) & (m - 1 <= n), m + 1 <= np.minimum(n, order), m <= n
    same &= m <= order
    half = 2 - (m == 1)  # X = -(C - i S)/2, but -C of order 0; its norm has a 2 - delta as well
    up = roots(below * (2 * n + 1) * (n + m + 1) * (n + m), (2 * n + 3) * 2 * half, digits)
    side = roots(same * (2 * n + 1) * (n + m + 1) * abs(n - m + 1), 2 * n + 3, digits)
    low = 1 + (m == 0)
    down = roots(above * (2 * n + 1) * (n - m + 1) * (n - m) * low, (2 * n + 3) * 4, digits)
    return up, side, down


def columns(
    position: Expression | NDArray, packed: Packing, square: Any
) -> tuple[Expression, Expression, Expression, Expression]:
    """H, shape (turns, lanes), real and imaginary part of ((x + i y)/r^2)^m by m, and 1/r.

    position: shape (3,), in radii; square: r^2.
    """
    x, y, z = position
    w = 1 / square
    s, x, y = z * w, x * w, y * w

    def down(before: Any, factors: Any) -> Any:
        last, other = before
        a, b, first = factors
        new = a * (s * last) - b * (w * other) + first
        return (new, last), new

    def turned(power: Any, _: None) -> Any:
        real, imaginary = power
        return (x * real - y * imaginary, x * imaginary + y * real), power

    none = constant(np.zeros(packed.a.shape[1]))
    factors = constant(packed.a), constant(packed.b), constant(packed.first)
    _, heights = scan(down, (none, none), factors)
    count = int(packed.order.max()) + 1
    _, (real, imaginary) = scan(turned, (constant(1), constant(0)), None, length=count)
    places = packed.order.reshape(-1)
    return heights, real[places], imaginary[places], sqrt(w)


def gradient(
    position: Expression | NDArray,
    c: NDArray | Expression,
    s: NDArray | Expression,
    digits: int = 16,
    square: Any = None,
) -> Expression:
    """The gradient of sum C_nm V_nm + S_nm W_nm by the position, shape (3,), all in radii.

    position: shape (3,).
    c, s:     fully normalised, shape (degree + 1, order + 1): numbers, or expressions.
    digits:   those of the constants; beyond 16 they cost some time to make.
    square:   of the distance, where it is known: in other axes it is the same.
    """
    degree, order = c.shape[0] - 1, c.shape[1] - 1
    packed = packing(degree + 1, order + 1, digits)
    how = weights(degree, order, digits)
    both = np.concatenate([c.reshape(-1), s.reshape(-1)])  # type: ignore[list-item]
    if digits > 16 and isinstance(both, np.ndarray):
        both = np.frompyfunc(Fraction, 1, 1)(both)  # exact, as the products are then
    weight = how.one * both[how.take_one] + how.two * both[how.take_two]
    if square is None:
        x, y, z = position
        square = x * x + y * y + z * z
    heights, real, imaginary, near = columns(position, packed, square)
    total = np.einsum("kstl,tl->ksl", weight, heights).reshape(6, packed.order.size)
    found: Expression = (total[0::2] @ real + total[1::2] @ imaginary) * near
    return found

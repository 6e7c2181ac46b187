"""Kepler's equation E - e sin E = M, and F + h cos F - k sin F = l.

In double both are right to an ulp for all e up to 1, in double-double E to 10 units of 2**-106, and
F to 2**-106 (|F| + 4/r), r being the radius 1 - h sin F - k cos F: this is what a change of h, k
or l by a unit of rounding does.  Where that is much, near e = 1 and the pericentre or next to
F = 0, F is refined in quad-double.

M is reduced to m in -pi .. pi in double-double, and m = (1 - e) E + e (E - sin E) is solved, a sum
in which nothing cancels: by Newton's method in double from above the root, where it goes down
without overshooting, then by steps in double-double.  The difference E - M = e sin E, which is
periodic, is added to the argument as it was given.  The radius 1 - e cos E and the sine and
cosine of E, which derivatives need, are those of the root before it is rounded.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from math import factorial, pi

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.pairs import PairValue
from taylor_runtime.ir.types import F64, I64
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.mathlib.basics.polynomial import polynomial as double_polynomial
from taylor_runtime.mathlib.double import power, trigonometric
from taylor_runtime.mathlib.double_double.cancelled import anew
from taylor_runtime.mathlib.double_double.constants import HALF_PI
from taylor_runtime.mathlib.double_double.inverse import atan2
from taylor_runtime.mathlib.double_double.power import hypot
from taylor_runtime.mathlib.double_double.reduction import reduce
from taylor_runtime.mathlib.double_double.steps import as_pair, chosen, polynomial, widened
from taylor_runtime.mathlib.double_double.trigonometric import sincos
from taylor_runtime.mathlib.quad_double import elementary as wide

NAN = float("nan")
MOST_STEPS = 40
CLOSE = 2.0**-30  # a relative change after which Newton's method has all digits of double
PAIR_STEPS = 2
_CLOSE_BY, _REFINEMENTS = 2.0**-9, 3  # |F| r from which on it is left as it is
SMALL = 1.0  # below, E - sin E is its own series
# (E - sin E)/E**3 in E**2; what is left out is below 2**-107 of it
_DEFICIT = [Fraction((-1) ** k, factorial(2 * k + 3)) for k in range(13)]
_DEFICIT_DOUBLES = 5
_SINCOS, _CBRT = (
    next(kernel for kernel in family.KERNELS if kernel.name == name)
    for family, name in ((trigonometric, "sincos"), (power, "cbrt"))
)

Orbit = tuple[PairValue, PairValue, PairValue, PairValue]  # E - M, sin E, cos E, 1 - e cos E


def _anomaly(b: Builder, e: Value, less: Value, m: Value) -> Value:
    """E for 0 <= e <= 1 and 0 <= m <= pi, to some units in the last place of double.

    less: 1 - e, of which e itself may have too few digits.
    """

    def smaller(x: Value, y: Value) -> Value:
        return b.select(x < y, x, y)  # y if x is NaN

    # All of these are above the root: sin E <= 1, sin E <= E, and E - sin E >= E**3 / pi**2.
    (cubic,) = emit_call(b, _CBRT, [m * pi**2 / b.fabs(e)])  # -0.0 is no less than 0
    start = smaller(b.constant(pi, m.type), smaller(cubic, smaller(m / less, m + e)))

    def going_on(carried: list[Value]) -> Value:
        return b.any_lane(~carried[2]) & (carried[1] < MOST_STEPS)

    def advance(carried: list[Value]) -> list[Value]:
        anomaly, count, ended = carried
        sine, cosine = emit_call(b, _SINCOS, [anomaly])
        z = anomaly * anomaly
        series = anomaly * z * double_polynomial(b, z, [float(c) for c in _DEFICIT[:10]])
        deficit = b.select(anomaly < SMALL, series, anomaly - sine)
        excess = b.fma(less, anomaly, b.fma(e, deficit, -m))
        slope = b.fma(e, _versine(b, sine, cosine), less)
        step = b.select(b.eq(excess, 0), excess, excess / slope)
        moved = b.select(ended, anomaly, anomaly - step)
        return [moved, count + 1, ended | (b.fabs(step) <= moved * CLOSE)]

    return b.while_([start, b.constant(0, I64), b.is_nan(e + m)], going_on, advance)[0]


def _versine(b: Builder, sine: Value, cosine: Value) -> Value:
    """1 - cos E, which cancels for small E."""
    return b.select(cosine > 0, sine * sine / (1 + cosine), 1 - cosine)


def orbit(b: Builder, e: PairValue, mean: PairValue, steps: int) -> Orbit:
    """What there is to know of E with E - e sin E = mean; NaN unless 0 <= e <= 1."""
    inside = (e.high >= 0) & (e <= 1) & (b.fabs(mean.high) < float("inf"))
    e = chosen(b, inside, e, widened(b, b.constant(NAN, e.high.type)))
    mean = chosen(b, inside, mean, widened(b, b.constant(0, e.high.type)))
    m = _within_half_turn(b, mean)
    negative = m.high < 0
    m = chosen(b, negative, -m, m)
    less = 1 - e
    anomaly = widened(b, _anomaly(b, e.high, as_pair(less).high, m.high))
    for _ in range(steps):
        sine, cosine = map(as_pair, sincos(b, anomaly))
        z = anomaly * anomaly
        series = anomaly * z * polynomial(b, z, _DEFICIT, _DEFICIT_DOUBLES)
        deficit = chosen(b, anomaly.high < SMALL, series, anomaly - sine)
        excess = (less * anomaly + e * deficit - m).high
        slope = b.fma(e.high, _versine(b, sine.high, cosine.high), less.high)
        step = b.select(b.eq(excess, 0), excess, excess / slope)
        anomaly = as_pair(anomaly - widened(b, step))
    # The sine and cosine were those before the last step; it is small.
    half = step * step * 0.5
    moved = sine - cosine * widened(b, step) - widened(b, half * sine.high)
    cosine = as_pair(cosine + sine * widened(b, step) - widened(b, half * cosine.high))
    radius = less + e * as_pair(_versine(b, moved, cosine))
    sine = chosen(b, negative, -moved, as_pair(moved))
    return as_pair(e * sine), sine, cosine, as_pair(radius)


def _within_half_turn(b: Builder, mean: PairValue) -> PairValue:
    """The angle as one from -pi to pi."""
    k, rest = reduce(b, mean)
    k = k & 3
    behind = b.eq(k, 2) & (rest.high > 0)
    turns = b.select(b.eq(k, 3), b.constant(-1, k.type), b.select(behind, -k, k))
    quarters = widened(b, b.cast("sitofp", turns, "double"))
    return chosen(b, b.eq(k, 0), rest, as_pair(rest + quarters * HALF_PI))


def _of_ellipse(b: Builder, steps: int, e: PairValue, mean: PairValue) -> list[Value]:
    """[E, sin E, cos E, 1 - e cos E]."""
    difference, sine, cosine, radius = orbit(b, e, mean, steps)
    zero = b.eq(mean.high, 0) & b.eq(difference.high, 0)
    return [chosen(b, zero, mean, as_pair(mean + difference)), sine, cosine, radius]


def _equinoctial(
    b: Builder, steps: int, h: PairValue, k: PairValue, longitude: PairValue
) -> list[Value]:
    """[F, sin F, cos F, 1 - h sin F - k cos F]: with h = e sin w and k = e cos w, F - w is E."""
    (e,), (angle,) = hypot(b, h, k), atan2(b, h, k)
    e, angle = as_pair(e), as_pair(angle)
    inside = b.fabs(longitude.high) < float("inf")
    nan = widened(b, b.constant(NAN, e.high.type))
    mean = chosen(b, inside, as_pair(_within_half_turn(b, longitude) - angle), nan)
    difference, sine, cosine, radius = orbit(b, e, mean, steps)
    round_ = b.eq(e.high, 0)
    one = widened(b, b.constant(1, e.high.type))
    across = chosen(b, round_, e, as_pair(h / e))
    along = chosen(b, round_, one, as_pair(k / e))
    turned = [sine * along + cosine * across, cosine * along - sine * across]
    found: list[Value] = [longitude + difference, *turned, radius]
    if steps < PAIR_STEPS:
        return found
    size = b.fabs(as_pair(found[0]).high)
    size = b.select(size < 1, size, b.constant(1, size.type))
    small = size * as_pair(radius).high < _CLOSE_BY
    first = as_pair(found[0])
    return [*anew(b, found, small, "ty.kepler_F.anew", _refined, h, k, longitude, first)]


def _refined(
    b: Builder, h: PairValue, k: PairValue, longitude: PairValue, first: PairValue
) -> Sequence[PairValue]:
    """The same for one number, in quad-double by Newton's method from a first value of F."""
    h_wide, k_wide, mean = map(wide.widened, (h, k, longitude))

    def step(_: Value | int, carried: list[Value]) -> Sequence[Value]:
        u = wide.as_quad(carried[0])
        sine, cosine = wide.sincos(b, u)
        radius = 1 - h_wide * sine - k_wide * cosine
        excess = u + h_wide * cosine - k_wide * sine - mean
        return [u - excess / b.select(b.eq(radius.high, 0), wide.constant(b, 1), radius), radius]

    start = [wide.widened(first), wide.constant(b, 1)]
    u = wide.as_quad(b.fold(0, _REFINEMENTS, start, step)[0])
    sine, cosine = wide.sincos(b, u)
    radius = 1 - h_wide * sine - k_wide * cosine
    at_zero = b.eq(h, longitude)
    found = [wide.rounded(x) for x in (u, sine, cosine, radius)]
    return [chosen(b, at_zero, widened(b, b.constant(0, F64)), found[0]), *found[1:]]


def _with_tail(
    emit: Callable[..., list[Value]], b: Builder, steps: int, *arguments: PairValue
) -> list[Value]:
    """The same for a last argument in two parts, and the low part of the first result."""
    *others, high, low = arguments
    found = emit(b, steps, *others, as_pair(high + low))
    return [*found, widened(b, as_pair(found[0]).low)]


def _kernels(
    names: Sequence[str], arity: int, emit: Callable[..., list[Value]]
) -> tuple[list[KernelFunction], list[KernelFunction]]:
    """One kernel for each of the results, in double and in double-double."""

    def in_double(b: Builder, *arguments: Value) -> Sequence[Value]:
        return [as_pair(v).high for v in emit(b, 1, *(widened(b, a) for a in arguments))]

    def in_pairs(b: Builder, *arguments: Value) -> Sequence[Value]:
        return emit(b, PAIR_STEPS, *arguments)

    found = []
    for function in (in_double, in_pairs):
        whole = KernelFunction(f"{names[0]}.orbit", arity, function, results=len(names))
        found.append(
            [
                KernelFunction(name, arity, partial(_part, whole, number), inline=True)
                for number, name in enumerate(names)
            ]
        )
    return found[0], found[1]


def _part(whole: KernelFunction, number: int, b: Builder, *arguments: Value) -> list[Value]:
    """One of the results; LLVM calls the kernel once for all of them."""
    return emit_call(b, whole, arguments)[number : number + 1]


def _named(name: str) -> list[str]:
    return [name, f"{name}_sin", f"{name}_cos", f"{name}_radius"]


def _of_phase(name: str) -> list[str]:
    """The names of the kernels that `passes.compensate` puts in place of the others."""
    return [f"{known}.phase" for known in (*_named(name), f"{name}_low")]


_ELLIPSE = _kernels(_named("kepler_E"), 2, _of_ellipse)
_EQUINOCTIAL = _kernels(_named("kepler_F"), 3, _equinoctial)
_PHASES = (
    *_kernels(_of_phase("kepler_E"), 3, partial(_with_tail, _of_ellipse))[0],
    *_kernels(_of_phase("kepler_F"), 4, partial(_with_tail, _equinoctial))[0],
)
KERNELS = (*_ELLIPSE[0], *_EQUINOCTIAL[0], *_PHASES)
PAIR_KERNELS = (*_ELLIPSE[1], *_EQUINOCTIAL[1])

"""Kepler's equation solved: eccentric anomaly, and eccentric longitude of equinoctial elements."""

from __future__ import annotations

from typing import Any

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO
from taylor.expressions.leaves import make_function_node as call
from taylor.functions.apply import published
from taylor.functions.by_machine import by_machine
from taylor.nodes.record import Function, no_sympy
from taylor.recurrences.builder import SeriesBuilder

__all__ = ["kepler_E", "kepler_F"]

_MOST_STEPS = 300


def _eccentric_anomaly(b: SeriesBuilder, e: int, mean: int) -> int:
    """(1 - e cos E) E' = M' + e' sin E.

    At order zero the sine, the cosine and the radius are kernels of (e, M): those of E as it is
    before rounding, and the radius without cancellation.
    """
    e_derivative, mean_terms = b.derivative(e), b.derivative_terms(mean)
    u = b.declare("kepler_E", e, mean)
    slope, sine, cosine, radius = _orbit(b, "kepler_E", u, (e, mean))
    b.define(radius, b.convolution(-1, e, cosine))
    terms = mean_terms + b.convolution(1, e_derivative, sine, first=1)
    terms += b.convolution(-1, slope, radius, first=1, last=1)
    return b.define(u, terms, times="1/n", divisor=radius)


def _eccentric_longitude(b: SeriesBuilder, h: int, k: int, longitude: int) -> int:
    """(1 - h sin F - k cos F) F' = l' - h' cos F + k' sin F."""
    h_derivative, k_derivative = b.derivative(h), b.derivative(k)
    terms = b.derivative_terms(longitude)
    u = b.declare("kepler_F", h, k, longitude)
    slope, sine, cosine, radius = _orbit(b, "kepler_F", u, (h, k, longitude))
    b.define(radius, b.convolution(-1, h, sine) + b.convolution(-1, k, cosine))
    terms += b.convolution(-1, h_derivative, cosine, first=1)
    terms += b.convolution(1, k_derivative, sine, first=1)
    terms += b.convolution(-1, slope, radius, first=1, last=1)
    return b.define(u, terms, times="1/n", divisor=radius)


def _orbit(b: SeriesBuilder, name: str, u: int, args: tuple[int, ...]) -> tuple[int, ...]:
    """(u', sin u, cos u, a row for the radius)."""
    slope = b.derivative(u)
    sine, cosine = b.declare(f"{name}_sin", *args), b.declare(f"{name}_cos", *args)
    b.define(sine, b.convolution(1, slope, cosine, first=1), times="1/n")
    b.define(cosine, b.convolution(-1, slope, sine, first=1), times="1/n")
    assert slope is not None
    return slope, sine, cosine, b.declare(f"{name}_radius", *args)


def _slopes_of_anomaly(e: Expression, mean: Expression) -> tuple[Expression, Expression]:
    """The radius as (1 - e) + 2 e sin(E/2)**2, which does not cancel."""
    anomaly = call("kepler_E", e, mean)
    radius = (1 - e) + 2 * e * call("sin", anomaly / 2) ** 2
    return call("sin", anomaly) / radius, 1 / radius


def _slopes_of_longitude(h: Expression, k: Expression, longitude: Expression) -> Any:
    u = call("kepler_F", h, k, longitude)
    sine, cosine = call("sin", u), call("cos", u)
    radius = 1 - h * sine - k * cosine
    return -cosine / radius, sine / radius, 1 / radius


# -- values in any precision ----------------------------------------------------------------------


def _orbit_by_mpmath(mp: Any, e: Any, mean: Any) -> tuple[Any, Any, Any]:
    """(E - M, E modulo 2 pi, radius) by Newton's method from above; NaN outside 0 <= e <= 1."""
    if not (0 <= e <= 1 and mp.isfinite(mean)):
        return mp.nan, mp.nan, mp.nan
    bits = max(mp.mag(mean), 0) if mean else 0
    with mp.workprec(4 * mp.prec + bits):
        m = mean - 2 * mp.pi * mp.nint(mean / (2 * mp.pi))
        size, less = abs(m), 1 - e
        bounds = [mp.pi, size + e]
        bounds += [mp.cbrt(mp.pi**2 * size / e)] if e else []
        bounds += [size / less] if less else []
        u = min(bounds)
        for _ in range(_MOST_STEPS):
            excess = u - e * mp.sin(u) - size
            if excess == 0:
                break
            step = excess / (1 - e * mp.cos(u))
            u -= step
            if abs(step) < u * mp.ldexp(1, -mp.prec // 2):
                break
        u = u if m >= 0 else -u
        return e * mp.sin(u), u, less + 2 * e * mp.sin(u / 2) ** 2


def anomaly_by_mpmath(mp: Any, e: Any, mean: Any) -> tuple[Any, Any, Any, Any]:
    """(E, sin E, cos E, 1 - e cos E)."""
    difference, u, radius = _orbit_by_mpmath(mp, e, mean)
    return mean + difference, mp.sin(u), mp.cos(u), radius


def longitude_by_mpmath(mp: Any, h: Any, k: Any, longitude: Any) -> tuple[Any, Any, Any, Any]:
    """(F, sin F, cos F, 1 - h sin F - k cos F)."""
    with mp.workprec(2 * mp.prec):
        angle = mp.atan2(h, k) if h or k else mp.mpf(0)
        difference, u, radius = _orbit_by_mpmath(mp, mp.hypot(h, k), longitude - angle)
        return longitude + difference, mp.sin(u + angle), mp.cos(u + angle), radius


_LAGRANGE = "Broucke & Cefola, Celest. Mech. 5 (1972) 303"

(kepler_E, kepler_F) = published(
    Function(
        name="kepler_E",
        arity=2,
        mpmath=lambda mp, e, mean: anomaly_by_mpmath(mp, e, mean)[0],
        numpy=by_machine("kepler_E", 2),
        derivative=_slopes_of_anomaly,
        recurrence=_eccentric_anomaly,
        numpy_names=(),
        sympy=no_sympy,
        sympy_names=(),
        domain="E with E - e sin E = M, for 0 <= e <= 1 and any M; singular at e = 1, M = 0",
        reference="(1 - e cos E) E' = M' + e' sin E",
        canonical=lambda e, mean: mean if e is ZERO else None,
    ),
    Function(
        name="kepler_F",
        arity=3,
        mpmath=lambda mp, h, k, longitude: longitude_by_mpmath(mp, h, k, longitude)[0],
        numpy=by_machine("kepler_F", 3),
        derivative=_slopes_of_longitude,
        recurrence=_eccentric_longitude,
        numpy_names=(),
        sympy=no_sympy,
        sympy_names=(),
        domain="F with F + h cos F - k sin F = l, for h**2 + k**2 <= 1 and any l",
        reference=f"(1 - h sin F - k cos F) F' = l' - h' cos F + k' sin F; {_LAGRANGE}",
        canonical=lambda h, k, longitude: longitude if h is ZERO and k is ZERO else None,
        about="Errors in float64 are an ulp, in double-double below 1e-28 of F, near e = 1 and\n"
        "the pericentre as well, where a change of h, k or l by 1e-31 makes far more.\n\n",
    ),
)

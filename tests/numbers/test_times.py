"""Times as double-double sums: what is accepted, how it is kept, and phases at large times."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.numbers import times as tm

X, V = ty.variables("x v")
OSCILLATOR = [(X, V), (V, -X)]
MP = mpmath.mp.clone()
MP.dps = 50


@pytest.mark.parametrize(
    ("value", "exact"),
    [
        (0.1, Fraction(0.1)),
        ("0.1", Fraction(1, 10)),
        ("1/3", Fraction(1, 3)),
        (Decimal("0.1"), Fraction(1, 10)),
        (Fraction(1, 3), Fraction(1, 3)),
        ((1.0, 1e-20), 1 + Fraction(1e-20)),
        (("0.1", "0.2"), Fraction(3, 10)),
        (MP.mpf(1) / 3, Fraction(1, 3)),
        (np.float32(0.1), Fraction(float(np.float32(0.1)))),
        (np.array(2.5), Fraction(5, 2)),
        (7, Fraction(7)),
        (2**60 + 1, Fraction(2**60 + 1)),
    ],
)
def test_time_pair_keeps_both_halves(value: Any, exact: Fraction) -> None:
    high, low = tm.time_pair(value)
    assert high == float(exact)
    assert abs(Fraction(high) + Fraction(low) - exact) <= abs(exact) * Fraction(2) ** -105


@pytest.mark.parametrize(
    "value", ["abc", None, [1.0, 2.0], 1j, True, (1.0, 2.0, 3.0), "", object()]
)
def test_what_is_no_time_is_a_type_error(value: Any) -> None:
    with pytest.raises(TypeError, match="time must be a number"):
        tm.time_pair(value)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, (1.0, -math.inf), MP.inf, MP.nan, "1e400", 10**400, Fraction(10) ** 400],
)
def test_times_out_of_range_are_value_errors(value: Any) -> None:
    with pytest.raises(ValueError, match="span must be"):
        tm.time_pair(value, "span")


def test_add_and_compare_see_the_low_half() -> None:
    assert tm.add((1e9, 1e-9), (1e-12, 0.0)) == tm.time_pair(
        Fraction(1e9) + Fraction(1e-9) + Fraction(1e-12)
    )
    assert tm.compare((1.0, 1e-30), (1.0, 0.0)) == 1
    assert tm.compare((1.0, -1e-30), (1.0, 0.0)) == -1
    assert tm.compare((1.0, 0.5), (1.5, 0.0)) == 0


@pytest.mark.parametrize("start", ["0.1", Fraction(1, 10), Decimal("0.1"), MP.mpf("0.1")])
def test_start_and_end_times_are_exact(start: Any) -> None:
    ta = ty.Integrator(OSCILLATOR, [1.0, 0.0], time=start)
    assert ta.propagate_until("20.3").status is ty.Status.REACHED
    assert ta.time_pair == tm.time_pair("20.3")
    span = MP.mpf("20.2")
    assert abs(ta.state[0] - MP.cos(span)) < 1e-14
    ta.propagate_until("0.1")
    assert ta.time_pair == tm.time_pair("0.1")


def test_a_tiny_span_at_a_large_time_is_not_lost() -> None:
    ta = ty.Integrator([(X, 1)], [0.0], time=1e15)
    ta.propagate_for(1e-6)
    assert ta.time == 1e15
    assert ta.time_pair[1] == 1e-6
    assert ta.state[0] == 1e-6


def integral(f: Callable[[Any], Any], start: Fraction, span: int) -> Any:
    s = MP.mpf(start.numerator) / start.denominator
    return f(s + span) - f(s)


PHASES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "cos": (ty.cos(1.1 * ty.time), lambda s: MP.sin(MP.mpf(1.1) * s) / MP.mpf(1.1)),
    "sin of a sum": (
        ty.sin(1.1 * ty.time + 1),
        lambda s: -MP.cos(MP.mpf(1.1) * s + 1) / MP.mpf(1.1),
    ),
    "thirds": (ty.cos(ty.time / 3), lambda s: 3 * MP.sin(s / 3)),
    "square": (ty.cos(ty.time) ** 2, lambda s: s / 2 + MP.sin(2 * s) / 4),
    "difference": ((ty.time - 10**9) ** 2, lambda s: (s - 10**9) ** 3 / 3),
}


@pytest.mark.parametrize("name", PHASES)
@pytest.mark.parametrize("start", ["1e9", "1000000000.1", "-3e12"])
def test_phases_keep_their_digits_at_large_times(name: str, start: str) -> None:
    """1e9 rounds a phase by 1e-7, 3e12 by 2e-4; the integral over 7 is right to 1e-14 of its
    size.
    """
    f, antiderivative = PHASES[name]
    exact = integral(antiderivative, Fraction(start), 7)
    ta = ty.Integrator([(X, f)], [0.0], time=start)
    ta.propagate_for(7)
    assert abs(ta.state[0] - exact) < 1e-14 * max(1, abs(exact))


def test_a_frequency_may_be_a_parameter() -> None:
    w = ty.parameter("w")
    ta = ty.Integrator([(X, ty.cos(w * ty.time))], [0.0], time=1e9, parameters={w: 1.1})
    ta.propagate_for(7)
    assert abs(ta.state[0] - integral(PHASES["cos"][1], Fraction(10**9), 7)) < 1e-14

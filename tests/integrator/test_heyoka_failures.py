"""What another Taylor integrator (heyoka 7.13) was seen to get wrong, and has to be right here."""

from __future__ import annotations

import math
from fractions import Fraction

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
CUBIC = [(X, V), (V, -(X**3))]
OSCILLATOR = [(X, V), (V, -X)]


def exact_cubic(t: float) -> tuple[mpmath.mpf, mpmath.mpf]:
    """x'' = -x^3, x(0) = 0, x'(0) = 1: x = a sn(a t / sqrt 2 | -1), a^4 = 2."""
    a = mpmath.mpf(2) ** 0.25
    u = a * t / mpmath.sqrt(2)
    sn, cn, dn = (mpmath.re(mpmath.ellipfun(kind, u, m=-1)) for kind in ("sn", "cn", "dn"))
    return a * sn, a * a / mpmath.sqrt(2) * cn * dn


@pytest.mark.parametrize("start", [0.0, 1e-300, -1e-300, 5e-324, 1e-20])
def test_a_cube_at_zero_is_regular(start: float) -> None:
    """Any exponent but 2 and 1/2 divided by the base: NaN at 0, a wrong answer at 1e-300."""
    ta = ty.Integrator(CUBIC, [start, 1.0])
    assert ta.propagate_until(5.0).status is ty.Status.REACHED
    assert ta.state == pytest.approx([float(c) for c in exact_cubic(5.0)], abs=5e-15)


@pytest.mark.parametrize("power", [3, 4, 5, 7])
def test_natural_powers_of_zero(power: int) -> None:
    """x' = 1 + y, y = t, (y^n)' integrates to t^(n+1) / (n+1)."""
    y = ty.variable("y")
    ta = ty.Integrator([(y, 1), (X, y**power)], [0.0, 0.0])
    ta.propagate_until(2.0)
    assert ta.state[1] == pytest.approx(2.0 ** (power + 1) / (power + 1), rel=1e-15)


@pytest.mark.parametrize(
    ("derivative", "integral"),
    [(ty.constant(1), lambda t: t), (2 * ty.time, lambda t: t**2), (ty.constant(0), lambda t: 0.0)],
)
def test_single_steps_of_polynomials(derivative: ty.Expression, integral: object) -> None:
    """A step of infinite length was NaN."""
    ta = ty.Integrator([(X, derivative)], [0.0])
    for _ in range(3):
        outcome = ta.step()
        assert outcome.status is ty.Status.REACHED
        assert outcome.steps == 1
        assert ta.state[0] == integral(ta.time)  # type: ignore[operator]
    assert ta.time == 3.0
    bounded = ty.Integrator([(X, derivative)], [0.0], max_step=0.25)
    bounded.step()
    assert bounded.time == 0.25
    bounded.step(backward=True)
    assert bounded.time == 0.0


def test_a_switch_of_time_is_not_stepped_over() -> None:
    """select(t < 1, 1, 0) integrated to t = 2 gave 2."""
    ta = ty.Integrator([(X, ty.where(ty.time < 1, 1, 0))], [0.0])
    outcome = ta.propagate_until(2.0)
    assert outcome.status is ty.Status.REACHED
    assert outcome.retracted == 0  # seen, not stumbled over
    assert ta.state[0] == 1.0


def test_a_switch_of_the_state_is_not_stepped_over() -> None:
    """x'' = -sign(x) from rest at 1: parabolas, with period 4 sqrt 2."""
    ta = ty.Integrator([(X, V), (V, -ty.sign(X))], [1.0, 0.0])
    assert ta.propagate_until(4 * math.sqrt(2)).status is ty.Status.REACHED
    assert ta.state == pytest.approx([1.0, 0.0], abs=1e-14)


@pytest.mark.parametrize("amplitude", [1e-10, 1e-100, 1e-280, 1e10, 1e300])
def test_an_oscillator_of_any_amplitude(amplitude: float) -> None:
    """Eight digits were kept at 1e-10: the error was measured against 1."""
    unit = ty.Integrator(OSCILLATOR, [1.0, 0.0])
    ta = ty.Integrator(OSCILLATOR, [amplitude, 0.0])
    steps = unit.propagate_until(100.0).steps
    assert abs(ta.propagate_until(100.0).steps - steps) <= 1  # one more may end where 100 is
    assert ta.state / amplitude == pytest.approx([math.cos(100), -math.sin(100)], abs=1e-14)


def test_an_oscillator_of_subnormal_amplitude() -> None:
    """At 1e-300 the high coefficients are subnormal, but the state is not."""
    ta = ty.Integrator(OSCILLATOR, [1e-300, 0.0])
    assert ta.propagate_until(100.0).steps < 120
    assert ta.state[0] / 1e-300 == pytest.approx(math.cos(100), abs=1e-14)


def test_tolerances_per_component_are_accepted() -> None:
    ta = ty.Integrator(OSCILLATOR, [1.0, 0.0], rtol=[1e-10, 1e-8], atol=[1e-12, 1e-6])
    ta.propagate_until(10.0)
    assert ta.state[0] == pytest.approx(math.cos(10), abs=1e-7)


def test_results_are_not_overwritten_by_the_next_call() -> None:
    ta = ty.Integrator(OSCILLATOR, [1.0, 0.0])
    first = ta.propagate_grid([1.0, 2.0])
    assert first.states is not None and first.times is not None
    kept = first.states.copy(), first.times.copy()
    ta.propagate_grid([3.0, 4.0])
    assert (first.states == kept[0]).all() and (first.times == kept[1]).all()
    assert first.states.flags.owndata or first.states.base is None
    assert not np.shares_memory(first.states, ta.state)


def test_what_a_user_would_simplify_is_simplified() -> None:
    assert str(X - X) == "0"
    assert str(X / X) == "1"
    assert (X + X) is 2 * X
    assert (2 * (3 * X)) is 6 * X
    assert ty.constant(-1) * (-X) is X


T = ty.time
FUNCTIONS: dict[str, tuple[ty.Expression, float]] = {
    "abs": (ty.abs(T - 1), 1.0),
    "minimum": (ty.minimum(T, 1), 1.5),
    "maximum": (ty.maximum(T, 1), 2.5),
    "floor": (1 + ty.floor(T), 3.0),
    "2**t": (2**T, 3 / math.log(2)),
    "numpy": (np.sin(T) + np.exp(T), 1 - math.cos(2) + math.exp(2) - 1),
    "third": (T ** Fraction(4, 1) * Fraction(1, 3), 32 / 15),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_that_were_missing(name: str) -> None:
    f, integral = FUNCTIONS[name]
    ta = ty.Integrator([(X, f)], [0.0])
    assert ta.propagate_until(2.0).status is ty.Status.REACHED
    assert ta.state[0] == pytest.approx(integral, abs=1e-11)


def test_sensitivities_written_out_at_an_equilibrium() -> None:
    """Sapienza et al. (2024): u1' = a u1 - u1 u2, u2' = -a u2 + u1 u2 with its variational
    equations.

    At (1, 1) every coefficient of the state vanishes; with the step bounded by the state alone the
    sum over t = 0, 0.1 .. 10 of the loss 2 - 2 cos t was 6278 instead of 212.7.
    """
    u1, u2, s1, s2 = ty.variables("u1 u2 s1 s2")
    system = [
        (u1, u1 - u1 * u2),
        (u2, -u2 + u1 * u2),
        (s1, (1 - u2) * s1 - u1 * s2 + u1),
        (s2, u2 * s1 + (u1 - 1) * s2 - u2),
    ]
    ta = ty.Integrator(system, [1.0, 1.0, 0.0, 0.0])
    states = ta.propagate_grid(np.arange(101) / 10).states
    assert states is not None
    times = np.arange(101) / 10
    cos, sin = np.cos(times), np.sin(times)
    assert np.abs(states[:, :2] - 1).max() == 0
    assert np.abs(states[:, 2] - (1 - cos + sin)).max() < 1e-14
    assert np.abs(states[:, 3] - (1 - cos - sin)).max() < 1e-14
    assert states[:, 2:].sum() == pytest.approx(212.71042521681937, rel=1e-14)

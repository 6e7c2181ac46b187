"""Long runs: orbits in closed form, conserved quantities, time reversal, Brouwer's law."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

# Names of their own: last bits depend on the order in which products were first written anywhere.
X, Y, U, V = ty.variables("orbit_x orbit_y orbit_u orbit_v")
PULL = -((X * X + Y * Y) ** Fraction(-3, 2))
KEPLER = [(X, U), (Y, V), (U, PULL * X), (V, PULL * Y)]
OSCILLATOR = [(X, V), (V, -X)]
EPSILON = 2.0**-52
MP = mpmath.mp.clone()
MP.dps = 50


def pericentre(e: float, a: float = 1.0) -> list[float]:
    return [a * (1 - e), 0.0, 0.0, math.sqrt((1 + e) / (a * (1 - e)))]


def orbit(state: list[float], t: float) -> list[float]:
    """The orbit that starts at pericentre with exactly `state`, after time t (mean motion
    1/a^1.5).
    """
    r, w = MP.mpf(state[0]), MP.mpf(state[3])
    a = 1 / (2 / r - w * w)
    e = 1 - r / a
    n = a ** MP.mpf("-1.5")
    mean = n * t
    E = MP.findroot(
        lambda E: E - e * MP.sin(E) - mean, mean + e * MP.sin(mean) / (1 - e * MP.cos(mean) / 2)
    )
    b = a * MP.sqrt(1 - e * e)
    rate = n / (1 - e * MP.cos(E))
    values = [a * (MP.cos(E) - e), b * MP.sin(E), -a * rate * MP.sin(E), b * rate * MP.cos(E)]
    return [float(value) for value in values]


def energy(state: np.ndarray) -> Any:
    x, y, u, v = (MP.mpf(float(value)) for value in state)
    return (u * u + v * v) / 2 - 1 / MP.sqrt(x * x + y * y)


def momentum(state: np.ndarray) -> Any:
    x, y, u, v = (MP.mpf(float(value)) for value in state)
    return x * v - y * u


@pytest.mark.parametrize("e", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("t", [1.0, 20.0, -20.0])
def test_kepler_orbits(e: float, t: float) -> None:
    start = pericentre(e)
    ta = ty.Integrator(KEPLER, start)
    ta.propagate_until(t)
    scale = 1 / (1 - e)  # how much faster a body at pericentre runs away from its place
    # rounding: 1e-14 in the root mean square of many eccentricities, 3.4e-14 in the worst of 300
    assert np.abs(ta.state - orbit(start, t)).max() < 4e-14 * scale**2


@pytest.mark.parametrize("e", [0.0, 0.5, 0.9])
def test_there_and_back(e: float) -> None:
    off = []
    for k in range(5):  # one start alone may have bad luck in rounding
        start = np.array(pericentre(e)) * (1 + k * 1e-13)
        ta = ty.Integrator(KEPLER, start)
        ta.propagate_until(100.0)
        ta.propagate_until(0.0)
        off.append(np.abs(ta.state - start).max())
    assert np.median(off) < 5e-13 / (1 - e) ** 3


def test_there_and_back_with_time_in_the_equations() -> None:
    system = [(X, V), (V, -ty.sin(X) - V / 10 + ty.cos(ty.time) / 3)]
    ta = ty.Integrator(system, [0.5, 0.0], time=1e6)
    ta.propagate_for(20)
    ta.propagate_until(1e6)
    assert ta.state == pytest.approx([0.5, 0.0], abs=1e-13)


def energy_errors(e: float, revolutions: list[float], **options: Any) -> np.ndarray:
    """Relative energy errors in EPSILON of eight orbits, shape (8, len(revolutions))."""
    random, rows = np.random.default_rng(5), []
    for _ in range(8):
        a, turn = 1 + 0.3 * random.random(), 2 * math.pi * random.random()
        x, _, _, w = pericentre(e, a)
        c, s = math.cos(turn), math.sin(turn)
        ta = ty.Integrator(KEPLER, [x * c, x * s, -w * s, w * c], **options)
        start, row = energy(ta.state), []
        for count in revolutions:
            ta.propagate_until(count * 2 * math.pi * a**1.5)
            row.append(float((energy(ta.state) / start - 1) / EPSILON))
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("e", [0.0, 0.4])
def test_brouwers_law(e: float) -> None:
    """The energy error is a random walk: it grows like the square root of the number of steps.

    10^4 revolutions of a circle are 6e4 steps. Errors of one sign would be seen: factors 1/n
    rounded once, always to the same side, left -0.13 EPSILON a step, 8000 in all.
    """
    errors = energy_errors(e, [1e2, 1e4])
    size = np.sqrt((errors**2).mean(axis=0))
    steps = 1e4 * (6 if e == 0 else 33)
    assert size[1] < 3 * math.sqrt(steps)
    assert size[1] < 40 * max(size[0], 10)
    assert abs(errors[:, 1].mean()) < 2 * math.sqrt(steps)


def test_compensated_summation_makes_the_walk_shorter() -> None:
    plain = energy_errors(0.4, [2e3])
    compensated = energy_errors(0.4, [2e3], high_accuracy=True)
    assert (compensated**2).mean() < (plain**2).mean() / 2


@pytest.mark.slow
def test_brouwers_law_over_a_hundred_thousand_revolutions() -> None:
    errors = energy_errors(0.0, [1e5])
    assert np.sqrt((errors**2).mean()) < 3 * math.sqrt(6e5)


def test_the_amplitude_of_an_oscillator_does_not_drift() -> None:
    """x^2 + v^2 after 10^5 steps: mean growth below 0.005 EPSILON a step."""
    growth = []
    for k in range(6):
        ta = ty.Integrator(OSCILLATOR, [1 + k / 23, k / 10])
        start = sum(MP.mpf(float(value)) ** 2 for value in ta.state)
        ta.propagate_until(1e9, max_steps=100_000)
        end = sum(MP.mpf(float(value)) ** 2 for value in ta.state)
        growth.append(float((end / start - 1) / EPSILON) / 100_000)
    assert abs(np.mean(growth)) < 0.005


@pytest.mark.parametrize("amplitude", [1e-280, 1e-150, 1e-10, 1.0, 1e10, 1e150, 1e300])
def test_the_relative_error_does_not_depend_on_the_scale(amplitude: float) -> None:
    unit, ta = (ty.Integrator(OSCILLATOR, [a, 0.0]) for a in (1.0, amplitude))
    assert ta.propagate_until(1000.0).steps == unit.propagate_until(1000.0).steps
    exact = [float(MP.cos(1000)), float(-MP.sin(1000))]
    assert np.abs(ta.state / amplitude - exact).max() < 5e-14


def test_twenty_bodies_keep_energy_and_momentum() -> None:
    """A packed system with loops over wide rows: 190 pairs."""
    n = 20
    q, p = ty.variable("q", shape=(n, 3)), ty.variable("p", shape=(n, 3))
    mass = np.linspace(1.0, 2.0, n) / n
    forces: list[list[Any]] = [[0, 0, 0] for _ in range(n)]
    for i in range(n):
        for j in range(i):
            d = [q[j, k] - q[i, k] for k in range(3)]
            r3 = (d[0] ** 2 + d[1] ** 2 + d[2] ** 2) ** Fraction(-3, 2)
            for k in range(3):
                forces[i][k] += mass[j] * d[k] * r3
                forces[j][k] -= mass[i] * d[k] * r3
    random = np.random.default_rng(2)
    start = np.concatenate([3 * random.standard_normal(3 * n), 0.2 * random.standard_normal(3 * n)])

    def conserved(state: np.ndarray) -> tuple[float, np.ndarray]:
        x, v = state.reshape(2, n, 3)
        distance = np.linalg.norm(x[:, None] - x[None], axis=2)[np.triu_indices(n, 1)]
        pairs = np.outer(mass, mass)[np.triu_indices(n, 1)]
        return (mass @ (v**2).sum(axis=1)) / 2 - (pairs / distance).sum(), mass @ v

    ta = ty.Integrator([(q, p), (p, forces)], start)
    assert ta.propagate_until(5.0).success
    (e0, p0), (e1, p1) = conserved(start), conserved(ta.state)
    assert abs(e1 / e0 - 1) < 1e-13
    assert np.abs(p1 - p0).max() < 1e-14
    ta.propagate_until(0.0)
    assert np.abs(ta.state - start).max() < 1e-10

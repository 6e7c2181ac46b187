"""Engines against the rocket equation, and steering against published transfers."""

from __future__ import annotations

import math

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
GM = 398600.4418
R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))


def elements(state: np.ndarray) -> sky.Elements:
    return sky.to_elements(state[:3], state[3:6], GM)


def test_the_rocket_equation() -> None:
    """Free of gravity, between two times, along a fixed direction."""
    burn = sky.Thrust(20.0, 310.0, [0.0, 3.0, 4.0], start=100.0, stop=700.0)
    model = ty.models.spacecraft([burn])
    ta = ty.Integrator(model.system, [1.0, 0, 0, 0.5, 0, 0, 50.0])
    ta.propagate_until(1000.0)
    mass = 50.0 - 20.0 / (310.0 * 9.80665) * 600.0
    gain = 310.0 * 9.80665 * math.log(50.0 / mass) / 1000
    np.testing.assert_allclose(ta.state[6], mass, rtol=1e-14)
    np.testing.assert_allclose(ta.state[3:6], [0.5, 0.6 * gain, 0.8 * gain], rtol=1e-13)


def test_epochs_move_the_times_of_burns() -> None:
    burn = sky.Thrust(1.0, None, sky.tangential, start=5000.0, stop=5060.0, mass=100.0)
    ta = ty.Integrator(
        ty.models.spacecraft([burn], epoch=4990.0).system, [0.0, 0, 0, 1.0, 0, 0]
    )  # no mass is used up here, and there is no rate of it
    ta.propagate_until(10.0)
    assert ta.state[3] == 1.0
    ta.propagate_until(100.0)
    assert ta.state[3] == pytest.approx(1.0 + 60.0 * 1e-5, rel=1e-13)


def test_a_tangential_spiral() -> None:
    """A slow spiral loses as much velocity as it gains: dv = v_0 - v_1 (Edelbaum 1961)."""
    engine = sky.Thrust(0.02, None, sky.tangential, mass=1000.0)
    speed = math.sqrt(GM / 7000.0)
    ta = ty.Integrator(ty.models.spacecraft([engine], gm=GM).system, [7000.0, 0, 0, 0, speed, 0])
    duration = 0.05 * speed / 2e-8
    ta.propagate_until(duration)
    a = elements(ta.state).semi_major_axis
    assert math.sqrt(GM / a) == pytest.approx(0.95 * speed, rel=1e-3)


def test_edelbaum_s_transfer() -> None:
    """Kechichian's example (1997): 191.26 days, 5.78 km/s; here faster, to the same orbit."""
    law, seconds = sky.edelbaum(GM, 7000.0, 42166.0, math.radians(28.5), 3.5e-7)
    assert seconds / 86400 == pytest.approx(191.26, abs=0.02)
    assert seconds * 3.5e-7 == pytest.approx(5.78378, abs=2e-4)
    law, seconds = sky.edelbaum(GM, 7000.0, 9000.0, math.radians(4.0), 4e-6)
    engine = sky.Thrust(4e-3, None, law, mass=1.0)
    tilt, speed = math.radians(30.0), math.sqrt(GM / 7000.0)
    start = [7000.0, 0, 0, 0, speed * math.cos(tilt), speed * math.sin(tilt)]
    ta = ty.Integrator(ty.models.spacecraft([engine], gm=GM).system, start)
    ta.propagate_until(seconds)
    found = elements(ta.state)
    assert found.semi_major_axis == pytest.approx(9000.0, rel=4e-3)
    assert math.degrees(found.inclination) == pytest.approx(34.0, abs=0.1)


def test_steering_in_local_axes() -> None:
    state = sky.OrbitState(ty.constant(0), R, V)
    f = ty.compile(sky.steered(yaw=0.3, pitch=0.2)(state), [R, V])
    found = f([7000.0, 0, 0], [0.5, 6.0, 0.0])
    right = [math.cos(0.3) * math.sin(0.2), math.cos(0.3) * math.cos(0.2), math.sin(0.3)]
    np.testing.assert_allclose(found, right, rtol=1e-14)


def test_the_q_law_reaches_an_orbit() -> None:
    """Semi-major axis and eccentricity come nearer all the way (Lyapunov)."""
    q = sky.proximity(GM, semi_major_axis=12000.0, eccentricity=0.1, inclination=0.25)
    engine = sky.Thrust(0.5, None, sky.descent(q), mass=500.0)
    r, v = sky.to_cartesian(sky.Elements(9000.0, 0.3, 0.2, 0.5, 0.3, 0.1), GM)
    model = ty.models.spacecraft([engine], gm=GM)
    ta = ty.Integrator(model.system, [*r, *v])
    values = []
    for k in range(1, 7):
        ta.propagate_until(k * 60000.0)
        values.append(float(q(ta.state[:3], ta.state[3:])))
    assert values == sorted(values, reverse=True)
    found = elements(ta.state)
    assert found.semi_major_axis > 9800.0 and found.eccentricity < 0.28


def test_the_gradient_of_the_q_law() -> None:
    """Along the reversed gradient by the velocity: compared with differences."""
    q = sky.proximity(GM, semi_major_axis=9000.0, eccentricity=0.2, inclination=0.1)
    law = sky.descent(q)
    f = ty.compile(law(sky.OrbitState(ty.constant(0), R, V)), [R, V])
    r, v = np.array([7000.0, 500.0, 1500.0]), np.array([-1.0, 7.0, 2.0])
    right = [(q(r, v - 1e-5 * e) - q(r, v + 1e-5 * e)) / 2e-5 for e in np.eye(3)]
    np.testing.assert_allclose(f(r, v), np.array(right, dtype=float), rtol=1e-6)


def test_refusals() -> None:
    with pytest.raises(ty.ArgumentError, match="not before stop"):
        sky.Thrust(1.0, 300.0, sky.tangential, start=2.0, stop=1.0)
    with pytest.raises(ty.ArgumentError, match="have to be positive"):
        sky.edelbaum(GM, -1.0, 42166.0, 0.1, 1e-7)
    with pytest.raises(ty.ArgumentError, match="beyond the 2 rad"):
        sky.edelbaum(GM, 7000.0, 42166.0, 2.5, 1e-7)

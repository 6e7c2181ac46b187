"""`models.spacecraft`: forces added up, epochs, masses, parameters, precisions."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
START = [6878.0, 0, 0, 0, 5.0, 5.8]
GM = 398600.4415


class Push:
    def __init__(self, vector: object) -> None:
        self.vector = vector

    def acceleration(self, state: sky.OrbitState) -> object:
        return self.vector + 0 * state.position


def test_forces_are_added() -> None:
    model = ty.models.spacecraft([Push(np.array([1e-6, 0, 0])), Push(np.array([0, 2e-6, 0]))])
    ta = ty.Integrator(model.system, START)
    ta.propagate_until(100.0)
    np.testing.assert_allclose(ta.state[3:], [1e-4, 5.0002, 5.8], rtol=1e-14)
    assert model.name == "spacecraft" and [v.shape for v in model.variables] == [(3,), (3,)]


def test_epochs_are_seconds_or_what_adds_up_to_them() -> None:
    class Instant:
        def __add__(self, other: ty.Expression) -> ty.Expression:
            return 1000.0 + other

    class Clock:
        def acceleration(self, state: sky.OrbitState) -> object:
            return 1e-9 * state.time * np.array([1.0, 0, 0])

    for epoch in (1000.0, Instant()):
        ta = ty.Integrator(ty.models.spacecraft([Clock()], epoch=epoch).system, START)
        ta.propagate_until(10.0)
        assert ta.state[3] == pytest.approx(1e-9 * (1010.0**2 - 1000.0**2) / 2, rel=1e-13)
    with pytest.raises(ty.ArgumentTypeError, match="neither an Epoch nor seconds"):
        ty.models.spacecraft([], gm=1, epoch="tomorrow")


def test_parameters_have_derivatives() -> None:
    """By the coefficient of drag, against differences; drag is linear in it at first."""
    cd = ty.parameter("cd")
    drag = sky.Drag(sky.ExponentialAtmosphere.at(500.0), area=20.0, cd=cd, mass=100.0)
    model = ty.models.spacecraft([drag], gm=GM)
    assert model.parameters == (cd,)
    system = ty.variational(model.system, order=1, wrt=[cd])
    ta = ty.Integrator(system, START, parameters={cd: 2.2})
    ta.propagate_until(6000.0)
    ends = []
    for value in (2.1, 2.3):
        tb = ty.Integrator(model.system, START, parameters={cd: value})
        tb.propagate_until(6000.0)
        ends.append(tb.state)
    right = (ends[1] - ends[0]) / 0.2
    np.testing.assert_allclose(ta.state_transition_matrix[:, 0], right, rtol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "double-double"])
def test_precisions(precision: str) -> None:
    forces = [
        sky.SphericalHarmonics("EGM2008", degree=4),
        sky.Drag(sky.ExponentialAtmosphere.at(500.0), area=1.0, mass=100.0),
    ]
    model = ty.models.spacecraft(forces, gm=GM)
    ends = []
    for kind in ("float64", precision):
        ta = ty.Integrator(model.system, START, precision=kind)
        ta.propagate_until(3000.0)
        state = np.asarray(ta.state, dtype=float)
        ends.append(state if state.ndim == 1 else state[:, 0])
    tolerance = 0.1 if precision == "float32" else 1e-9
    assert np.max(np.abs(ends[0] - ends[1])) < tolerance


def test_flow_maps_with_everything() -> None:
    """A flow map moves a displaced start where integration of it goes."""
    sun, moon = np.array([1.3e8, 0.6e8, 0.2e8]), np.array([-3e5, 2e5, 1e5])
    forces = [
        sky.SphericalHarmonics("EGM2008", degree=3),
        sky.SolidTides([(4902.8, lambda t: moon)]),
        sky.Drag(sky.ExponentialAtmosphere.at(500.0), area=1.0, mass=100.0),
        sky.RadiationPressure(lambda t: sun, area=1.0, mass=100.0, shadow="smooth"),
    ]
    model = ty.models.spacecraft(forces, gm=GM)
    moved = np.array([0.5, -0.3, 0.2, 1e-4, 2e-4, -1e-4])
    ta = ty.Integrator(ty.variational(model.system, order=2), START)
    ta.propagate_until(1500.0)
    tb = ty.Integrator(model.system, np.array(START) + moved)
    tb.propagate_until(1500.0)
    np.testing.assert_allclose(ta.flow_map(moved), tb.state, atol=2e-6)


def test_refusals() -> None:
    with pytest.raises(ty.ArgumentError, match="there is no force"):
        ty.models.spacecraft([])
    with pytest.raises(ty.ArgumentTypeError, match="no method acceleration"):
        ty.models.spacecraft(["gravity"])
    engine = sky.Thrust(1.0, 300.0, sky.tangential)
    with pytest.raises(ty.ArgumentError, match="a force uses mass"):
        ty.models.spacecraft([engine], gm=GM, mass=100.0)

    class Flat:
        def acceleration(self, state: sky.OrbitState) -> object:
            return state.position[:2]

    with pytest.raises(ty.ArgumentError, match="not \\(3,\\)"):
        ty.models.spacecraft([Flat()])

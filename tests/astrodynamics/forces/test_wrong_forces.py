"""What forces and the model of a spacecraft refuse, and what they say of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
NAN = float("nan")
AIR = sky.ExponentialAtmosphere.at(500.0)
SH = sky.SphericalHarmonics


def sun(t: Any) -> Any:
    return np.array([1.5e8, 0.0, 0.0])


WRONG: dict[str, Callable[[], Any]] = {
    r"Drag: area=-1.0 must be 0 m\^2 or more": lambda: sky.Drag(AIR, -1.0, 2.2, 9.0),
    r"Drag: mass=0.0 must be above 0 kg": lambda: sky.Drag(AIR, 1.0, 2.2, 0.0),
    r"Drag: area=nan must be finite": lambda: sky.Drag(AIR, NAN, 2.2, 9.0),
    r"Drag: area='1' must be a number": lambda: sky.Drag(AIR, "1", 2.2, 9.0),
    r"Drag: rotation=3 must be a function": lambda: sky.Drag(AIR, 1.0, mass=9.0, rotation=3),
    r"Drag: wind=1 must be a function": lambda: sky.Drag(AIR, 1.0, mass=9.0, wind=1),
    r"scale=-60.0 must be above 0 km": lambda: sky.ExponentialAtmosphere(1e-12, 400.0, -60.0),
    r"HarrisPriester: sun='sun' must be a function": lambda: sky.HarrisPriester("sun"),
    r"HarrisPriester: lag=nan must be finite": lambda: sky.HarrisPriester(sun, lag=NAN),
    r"RadiationPressure: area=-1.0": lambda: sky.RadiationPressure(sun, -1.0, mass=9.0),
    r"RadiationPressure: sun='sun' must be a function, as lambda t": lambda: sky.RadiationPressure(
        "sun", 1.0
    ),
    r"RadiationPressure: 3 is no Plate": lambda: sky.RadiationPressure(sun, plates=[3]),
    r"EarthRadiation: albedo=-0.1": lambda: sky.EarthRadiation(sun, 1.0, albedo=-0.1),
    r"Plate: normal=\(0, 0, 2\) must be a unit vector": lambda: sky.Plate((0, 0, 2), 1.0),
    r"Plate: normal=.* must be three finite numbers": lambda: sky.Plate((0, 1), 1.0),
    r"Plate: specular and diffuse light are 1.3": lambda: sky.Plate((0, 0, 1), 1.0, 0.8, 0.5),
    r"Thrust: direction is zero": lambda: sky.Thrust(1.0, 300.0, [0, 0, 0]),
    r"Thrust: specific_impulse=-3.0 must be above 0 s": lambda: sky.Thrust(1.0, -3.0, [1, 0, 0]),
    r"Thrust: start: t must be seconds .* write Epoch": lambda: sky.Thrust(
        1.0, 300.0, [1, 0, 0], start="2026-01-01"
    ),
    r"SphericalHarmonics: degree must be an integer": lambda: SH("EGM2008", degree=4.5),
    r"SphericalHarmonics: rotation=4 must be a function": lambda: SH("EGM2008", rotation=4),
    r"SphericalHarmonics: 7 is no GravityField": lambda: SH(7),
    r"ThirdBody: ephemeris='de421' must be an Ephemeris": lambda: sky.ThirdBody("de421", "sun"),
    r"PointMasses: ephemeris=1 must be an Ephemeris": lambda: sky.PointMasses(1),
    r"c has shape \(3, 3\) and s \(2, 2\)": lambda: sky.GravityField(
        "x", 1.0, 1.0, np.zeros((3, 3)), np.zeros((2, 2))
    ),
    r"GravityField: radius=0.0 must be above 0 km": lambda: sky.GravityField(
        "x", 1.0, 0.0, np.eye(3), np.eye(3)
    ),
    r"Mascons: rotation=2 must be a function": lambda: sky.Mascons(
        [[1.0, 0, 0]], [1.0], rotation=2
    ),
    r"must be a list of forces": lambda: ty.models.spacecraft(SH("EGM2008", degree=2)),
    r"gm=-1.0 must be 0 km\^3/s\^2 or more": lambda: ty.models.spacecraft([], gm=-1.0),
    r"mass=-1.0 must be above 0 kg": lambda: ty.models.spacecraft([], gm=1.0, mass=-1.0),
    r"no force is the attraction of the central body": lambda: ty.models.spacecraft(
        [SH("EGM2008", degree=2), sky.Drag(AIR, 1.0, mass=9.0)]
    ),
    r"has the attraction of the central body already": lambda: ty.models.spacecraft(
        [SH("EGM2008", degree=2, central=True)], gm=398600.4418
    ),
}


@pytest.mark.parametrize("said", list(WRONG))
def test_wrong_forces_are_refused(said: str) -> None:
    with pytest.raises(ty.TaylorError, match=said):
        WRONG[said]()


def test_bodies_that_would_attract_wrongly() -> None:
    pytest.importorskip("de421")
    ephemeris = sky.Ephemeris("de421")
    assert repr(ephemeris) == "<Ephemeris de421: 1899-12-04 to 2200-02-01>"
    with pytest.raises(ty.ArgumentError, match="'earth' is the central body"):
        sky.ThirdBody(ephemeris, ["sun", "earth"])
    with pytest.raises(ty.ArgumentError, match="301 is there twice"):
        sky.ThirdBody(ephemeris, ["moon", "sun", 301])
    with pytest.raises(ty.ArgumentError, match="'sun' is there twice"):
        sky.PointMasses(ephemeris, ["sun", "sun"])


def test_expressions_pass_and_forces_alone_need_no_center() -> None:
    area, isp = ty.parameter("area"), ty.parameter("isp")
    drag = sky.Drag(AIR, area, 2.2, ty.parameter("mass"))
    assert ty.models.spacecraft([drag], gm=0).parameters
    thrust = sky.Thrust(ty.parameter("force"), isp, [1, 0, 0])
    assert ty.models.spacecraft([thrust]).variables[2] is ty.variable("m")


def test_thrust_between_instants() -> None:
    epoch = sky.Epoch("2026-03-20T12:00:00")
    thrust = sky.Thrust(1.0, None, [1, 0, 0], start=epoch + 10, stop=epoch + 30, mass=1000.0)
    ta = ty.Integrator(ty.models.spacecraft([thrust], epoch=epoch).system, np.zeros(6))
    ta.propagate_until(100.0)
    assert ta.state[3] == pytest.approx(20.0 * 1e-6, rel=1e-6)  # 1 N on a tonne; times to 1e-7 s
    with pytest.raises(ty.ArgumentError, match="is not before stop"):
        sky.Thrust(1.0, None, [1, 0, 0], start=epoch, stop=epoch)


def test_an_orientation_is_a_rotation() -> None:
    earth = sky.EarthOrientation(sky.EarthParameters.constant(), accuracy=1e-7)
    r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    state = sky.OrbitState(ty.constant(1000), r, v)
    forces = [
        SH("EGM2008", degree=3, rotation=rotation)
        for rotation in (earth, lambda t: sky.gcrs_to_itrf(t, earth))
    ]
    one, other = (ty.compile(force.acceleration(state), [r]) for force in forces)
    assert np.array_equal(one([7000.0, 100.0, 900.0]), other([7000.0, 100.0, 900.0]))

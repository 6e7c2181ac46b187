"""Periodic orbits against closed forms, elliptic integrals and published halo orbits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V, K = *ty.variables("x v"), ty.parameter("k")
PENDULUM = [(X, V), (V, -ty.sin(X))]
VAN_DER_POL = [(X, V), (V, K * (1 - X**2) * V - X)]
MODEL = ty.models.cr3bp("0.04")
ODD = [MODEL.variables[i] for i in (1, 3, 5)]

# Howell, Celest. Mech. 32 (1984) 53, table III, mu = 0.04, L1: x_0, z_0, y'_0, T/2
HOWELL = [
    (0.723268, 0.040000, 0.198019, 1.300177),
    (0.729988, 0.215589, 0.397259, 1.348532),
    (0.753700, 0.267595, 0.399909, 1.211253),
    (0.777413, 0.284268, 0.361870, 1.101099),
    (0.801125, 0.299382, 0.312474, 1.017241),
    (0.817724, 0.313788, 0.271306, 0.978635),
]


def period(amplitude: float) -> float:
    """Of a pendulum: 4 K(sin(a/2))."""
    return float(4 * mpmath.ellipk(mpmath.sin(mpmath.mpf(amplitude) / 2) ** 2))


def test_pendulum() -> None:
    for options in ({"odd": V, "fixed": X}, {"fixed": X, "period": 7.0}):
        orbit = ty.analysis.periodic_orbit(PENDULUM, {X: 1.2, V: 0.0}, **options)
        assert orbit.period == pytest.approx(period(1.2), rel=1e-13)
        assert orbit.state == pytest.approx([1.2, 0.0], abs=1e-12)
        # M = 1 + a Jordan block: -dT/da times the flow
        change = (period(1.2 + 1e-5) - period(1.2 - 1e-5)) / 2e-5
        wanted = np.array([[1.0, 0.0], [np.sin(1.2) * change, 1.0]])
        assert orbit.monodromy == pytest.approx(wanted, abs=1e-8)
        assert orbit.stable and orbit.multipliers.trivial == 2


def test_orbits_that_are_not_isolated_are_found_nearby() -> None:
    orbit = ty.analysis.periodic_orbit(PENDULUM, [1.0, 0.2], 6.5)
    energy = orbit.state[1] ** 2 / 2 - np.cos(orbit.state[0])
    assert orbit.period == pytest.approx(period(np.arccos(-energy)), rel=1e-10)
    assert orbit.residual < 1e-10


def test_conditions_choose_an_orbit() -> None:
    energy = V**2 / 2 - ty.cos(X)
    orbit = ty.analysis.periodic_orbit(PENDULUM, [0.8, 0.5], 6.5, conditions=[energy + ty.cos(1.2)])
    assert orbit.period == pytest.approx(period(1.2), rel=1e-12)


def test_a_parameter_for_a_period() -> None:
    """x'' = -k x has the period 2 pi/sqrt(k)."""
    orbit = ty.analysis.periodic_orbit(
        [(X, V), (V, -K * X)], [1.0, 0.0], 3.0, fixed=[X, "period"], free=K, parameters={K: 4.0}
    )
    assert orbit[K] == pytest.approx((2 * np.pi / 3) ** 2, rel=1e-12) and orbit["period"] == 3.0


def test_limit_cycle() -> None:
    """Van der Pol's, mu = 1: period 6.66328685932313 (published to 16 digits), and Abel's formula.

    The product of the multipliers is the exponential of the mean divergence over the orbit.
    """
    orbit = ty.analysis.periodic_orbit(VAN_DER_POL, [2.0, 0.0], 6.5, parameters={K: 1.0})
    assert orbit.period == pytest.approx(6.663286859323130, rel=1e-13)
    times, states = orbit.sample(2000)
    divergence = np.mean(1 - states[:-1, 0] ** 2) * orbit.period
    assert orbit.multipliers.others[0].real == pytest.approx(np.exp(divergence), rel=1e-9)
    assert times[-1] == orbit.period and states[-1] == pytest.approx(states[0], abs=1e-12)


def test_a_forced_oscillator_has_the_period_of_its_force() -> None:
    """x'' + 0.2 x' + x = cos 2t: x = a cos 2t + b sin 2t; the multipliers are closed, too."""
    system = [(X, V), (V, ty.cos(2 * ty.time) - V / 5 - X)]
    orbit = ty.analysis.periodic_orbit(system, [0.0, 0.0], np.pi)
    a, b = np.linalg.solve([[-3.0, 0.4], [-0.4, -3.0]], [1.0, 0.0])
    assert orbit.state == pytest.approx([a, 2 * b], abs=1e-13)
    roots = np.exp(np.pi * np.roots([1, 0.2, 1]))
    found = orbit.multipliers.others
    assert sorted(found, key=np.imag) == pytest.approx(sorted(roots, key=np.imag), rel=1e-12)
    assert orbit.multipliers.trivial == 0


def test_multipliers_of_mathieus_equation() -> None:
    """x'' = -(a - 2 q cos 2t) x along a forced orbit: the trace is 2 cos(pi nu), by mpmath."""
    a, q = 1.3, 0.4
    system = [(X, V), (V, -(a - 2 * q * ty.cos(2 * ty.time)) * X + ty.cos(2 * ty.time))]
    orbit = ty.analysis.periodic_orbit(system, [0.0, 0.0], np.pi)
    even = mpmath.odefun(
        lambda t, y: [y[1], -(a - 2 * q * mpmath.cos(2 * t)) * y[0]], 0, [mpmath.mpf(1), 0]
    )
    # Hill: the trace of the matrix is twice the even solution after a period
    assert np.trace(orbit.monodromy) == pytest.approx(float(2 * even(mpmath.pi)[0]), abs=1e-11)
    assert np.prod(orbit.multipliers.others).real == pytest.approx(1.0, abs=1e-12)


@pytest.mark.parametrize("row", HOWELL, ids=str)
def test_howells_halo_orbits(row: tuple[float, ...]) -> None:
    x, z, speed, half = row
    orbit = ty.analysis.periodic_orbit(
        MODEL.system, [x, 0, z, 0, speed, 0], 2 * half, odd=ODD, fixed=MODEL.variables[2]
    )
    assert orbit.state[[0, 2, 4]] == pytest.approx([x, z, speed], abs=3e-6)
    assert orbit.period / 2 == pytest.approx(half, abs=6e-6)
    _, states = orbit.sample(50)
    assert states[-1] == pytest.approx(states[0], abs=1e-9)


def test_howells_first_orbit_has_his_constant_and_indices() -> None:
    x, z, speed, half = HOWELL[0]
    orbit = ty.analysis.periodic_orbit(
        MODEL.system, [x, 0, z, 0, speed, 0], 2 * half, odd=ODD, fixed=MODEL.variables[2]
    )
    values = dict(zip(MODEL.variables, orbit.state, strict=True))
    assert MODEL.jacobi is not None
    assert float(MODEL.jacobi.evaluate(values)) == pytest.approx(3.329168, abs=1e-6)
    assert orbit.multipliers.indices.real == pytest.approx([1181.69, 0.98085], rel=1e-5)
    assert not orbit.stable


def test_symmetric_and_general_correction_agree() -> None:
    start, variables = [0.723268, 0, 0.04, 0, 0.198019, 0], MODEL.variables
    one = ty.analysis.periodic_orbit(MODEL.system, start, odd=ODD, fixed=variables[2])
    two = ty.analysis.periodic_orbit(MODEL.system, start, 2.6, fixed=variables[2])
    assert one.period == pytest.approx(two.period, rel=1e-12)
    assert one.state == pytest.approx(two.state, abs=1e-12)
    scale = np.abs(two.monodromy).max()
    assert np.abs(one.monodromy - two.monodromy).max() < 1e-9 * scale


def test_failures_are_errors() -> None:
    find = ty.analysis.periodic_orbit
    with pytest.raises(ty.analysis.AnalysisError, match="did not converge"):
        find(PENDULUM, [1.0, 0.0], 6.0, fixed=[X, V], conditions=[X - 2])
    with pytest.raises(ty.analysis.AnalysisError, match="at rest"):
        find(VAN_DER_POL, [1e-3, 0.0], 6.0, parameters={K: 0.1})
    with pytest.raises(ty.analysis.AnalysisError, match="last for"):
        find([(X, X**2), (V, -V)], [1.0, 1.0], 5.0)
    with pytest.raises(ty.analysis.AnalysisError, match="does not vanish again"):
        find([(X, 1 + V**2), (V, X * V)], [1.0, 1.0], odd=X)


def test_arguments_are_checked() -> None:
    find = ty.analysis.periodic_orbit
    with pytest.raises(ty.ArgumentError, match="no such symmetry"):
        find(VAN_DER_POL, [2.0, 0.0], 6.5, parameters={K: 1.0}, odd=V)
    with pytest.raises(ty.ArgumentError, match="give the period"):
        find(PENDULUM, [1.0, 0.0])
    with pytest.raises(ty.ArgumentError, match="none of the unknowns"):
        find(PENDULUM, [1.0, 0.0], 6.0, fixed="z")
    with pytest.raises(ty.ArgumentError, match="no parameter"):
        find(PENDULUM, [1.0, 0.0], 6.0, free=K)
    with pytest.raises(ty.ArgumentError, match="all is fixed"):
        find(PENDULUM, [1.0, 0.0], 6.0, fixed=[X, V, "period"])
    with pytest.raises(ty.ArgumentError, match="depends on time"):
        find([(X, V), (V, -X + ty.cos(ty.time))], [1.0, 0.0], 6.0, odd=V)

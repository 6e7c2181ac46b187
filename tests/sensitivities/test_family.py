"""Families of periodic orbits: closed forms, elliptic integrals, and known facts of halo orbits."""

from __future__ import annotations

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V, K = *ty.variables("x v"), ty.parameter("k")
MU = 0.012150585
MODEL = ty.models.cr3bp(MU)
AXES = MODEL.variables
ODD = [AXES[1], AXES[3], AXES[5]]


def test_the_family_of_a_pendulum() -> None:
    """Its period is an elliptic integral of the amplitude, up to the separatrix."""
    orbit = ty.analysis.periodic_orbit([(X, V), (V, -ty.sin(X))], [0.3, 0.0], odd=V, fixed=X)
    family = ty.analysis.continue_family(orbit, 500, bounds={X: (0.0, 3.0)})
    assert family.complete and "left the bounds" in family.message and not family.bifurcations
    amplitudes = family.values(X)
    assert (np.diff(amplitudes) > 0).all() and amplitudes[-1] > 3.0
    exact = [float(4 * mpmath.ellipk(mpmath.sin(mpmath.mpf(a) / 2) ** 2)) for a in amplitudes]
    assert family.values("period") == pytest.approx(exact, rel=1e-10)
    back = ty.analysis.continue_family(orbit, 5, direction=-1)
    assert (np.diff(back.values("period")) < 0).all() and len(back) == 5


def test_a_family_of_limit_cycles_turns_back() -> None:
    """r' = r (k + 2 r^2 - r^4): cycles with r^2 = 1 +- sqrt(1 + k), which turn at k = -1."""
    y = ty.variable("y")
    square = X**2 + y**2
    growth = K + 2 * square - square**2
    system = [(X, growth * X - y), (y, growth * y + X)]
    orbit = ty.analysis.periodic_orbit(system, [1.5, 0.0], 6.3, parameters={K: 0.0})
    assert np.hypot(*orbit.state) == pytest.approx(2**0.5, rel=1e-12)
    family = ty.analysis.continue_family(
        orbit, 300, parameter=K, direction=-1, bounds={K: (-2.0, 0.01), X: (0.35, 2.0)}
    )
    radius = family.values(lambda o: np.hypot(*o.state))
    k = family.values(K)
    assert (radius[-1] - 1) * (radius[0] - 1) < 0  # it went round the turning point
    exact = 1 + np.sign(radius - 1) * np.sqrt(np.maximum(1 + k, 0))
    far = np.abs(1 + k) > 1e-6
    assert radius[far] ** 2 == pytest.approx(exact[far], abs=1e-8)
    (turning,) = family.bifurcations
    assert turning.kind == "turning point" and turning.orbit[K] == pytest.approx(-1.0, abs=1e-9)
    assert family.stable.tolist() == (radius >= 1).tolist()
    # the multiplier is exp of the divergence along the orbit, 4 r^2 (1 - r^2) per unit of time
    for one, r in zip(family.orbits[::20], radius[::20], strict=True):
        wanted = np.exp(2 * np.pi * (4 * r**2 - 4 * r**4))
        assert one.multipliers.others[0].real == pytest.approx(wanted, rel=1e-7)


def test_a_torus_is_born() -> None:
    """Two oscillators, one of which grows by (k - z^2) along the limit cycle r = 1 of the other."""
    y, z, w = ty.variables("y z w")
    r2 = X**2 + y**2
    system = [
        (X, (1 - r2) * X - y),
        (y, (1 - r2) * y + X),
        (z, (K - z**2 - w**2) * z - w / 3),
        (w, (K - z**2 - w**2) * w + z / 3),
    ]
    orbit = ty.analysis.periodic_orbit(system, [1.0, 0.0, 0.0, 0.0], 6.2, parameters={K: -0.2})
    family = ty.analysis.continue_family(orbit, 40, parameter=K, bounds={K: (-1.0, 0.2)})
    (found,) = family.bifurcations
    assert found.kind == "torus" and found.orbit[K] == pytest.approx(0.0, abs=1e-9)
    assert family.stable[0] and not family.stable[-1]


def test_period_doubling() -> None:
    """x'' = -(k + 2 q cos 2t) x, forced: the edge of Mathieu's first tongue, a_1 and b_1 at q."""
    q = 0.3
    system = [(X, V), (V, -(K - 2 * q * ty.cos(2 * ty.time)) * X + ty.cos(2 * ty.time) / 10)]
    orbit = ty.analysis.periodic_orbit(system, [0.0, 0.0], np.pi, parameters={K: 0.4})
    family = ty.analysis.continue_family(orbit, 200, parameter=K, bounds={K: (0.0, 2.0)})
    found = [b.orbit[K] for b in family.bifurcations if b.kind == "period doubling"]
    edges = _mathieu_edges(q)
    assert found == pytest.approx(edges, abs=1e-8)
    outside = family.values(K)
    inside = (outside > edges[0]) & (outside < edges[1])
    assert (family.stable == ~inside).all()


def test_orbits_of_twice_the_period_branch_off() -> None:
    """At the edges of the tongue any multiple of Mathieu's function may be added."""
    q = 0.3
    system = [(X, V), (V, -(K - 2 * q * ty.cos(2 * ty.time)) * X + ty.cos(2 * ty.time) / 10)]
    orbit = ty.analysis.periodic_orbit(system, [0.0, 0.0], np.pi, parameters={K: 0.4})
    family = ty.analysis.continue_family(orbit, 200, parameter=K, bounds={K: (0.0, 2.0)})
    doublings = [b for b in family.bifurcations if b.kind == "period doubling"]
    for found, edge in zip(doublings, _mathieu_edges(q), strict=True):
        other = ty.analysis.continue_family(found, 12, parameter=K)
        assert other.values("period") == pytest.approx(np.full(12, 2 * np.pi), rel=1e-15)
        assert other.values(K) == pytest.approx(np.full(12, edge), abs=1e-7)
        assert np.abs(other[-1].state - other[0].state).max() > 0.01


def test_a_chain_of_doublings() -> None:
    """Roessler's flow, a = b = 0.2: the cycle doubles at c = 2.8323, and again at 3.8371."""
    y, z = ty.variables("y z")
    system = [(X, -y - z), (y, X + y / 5), (z, ty.constant("0.2") + z * (X - K))]
    ta = ty.Integrator(system, [2.0, 2.0, 0.1], parameters={K: 2.5})
    ta.propagate_until(300.0)
    orbit = ty.analysis.periodic_orbit(system, ta.state, 5.8, parameters={K: 2.5})
    family = ty.analysis.continue_family(orbit, 100, parameter=K, bounds={K: (2.0, 3.0)})
    (first,) = family.bifurcations
    assert first.kind == "period doubling" and first.orbit[K] == pytest.approx(2.8323, abs=1e-3)
    assert family.stable[0] and not family.stable[-1]
    other = ty.analysis.continue_family(
        first, 100, parameter=K, bounds={K: (2.7, 4.0)}, direction=first.direction
    )
    assert other[5].period == pytest.approx(2 * first.orbit.period, rel=0.01)
    assert other[5].stable
    second = [b for b in other.bifurcations if b.kind == "period doubling"]
    assert second[0].orbit[K] == pytest.approx(3.8371, abs=2e-3)


def _mathieu_edges(q: float) -> list[float]:
    """b_1(q) < a_1(q): eigenvalues of the recurrences of the odd coefficients (DLMF 28.4)."""
    found = []
    for sign in (-1, 1):
        n = 12
        matrix = np.diag([(2.0 * k + 1) ** 2 for k in range(n)])
        matrix += q * (np.eye(n, k=1) + np.eye(n, k=-1))
        matrix[0, 0] += sign * q
        found.append(float(np.linalg.eigvalsh(matrix)[0]))
    return sorted(found)


@pytest.fixture(scope="module")
def lyapunov() -> ty.analysis.Family:
    """The planar orbits about L1 of Earth and Moon."""
    x = ty.models.lagrange_points(MU)[0][0] - 0.005
    orbit = ty.analysis.periodic_orbit(
        MODEL.system, [x, 0, 0, 0, 0.0419, 0], 2.7, odd=ODD, fixed=[AXES[0], AXES[2]]
    )
    return ty.analysis.continue_family(orbit, 60, direction={AXES[0]: -1})


def test_halo_orbits_branch_off(lyapunov: ty.analysis.Family) -> None:
    """At C = 3.1743 the halo family of L1 begins (JPL's catalogue of periodic orbits)."""
    first, axial = [b for b in lyapunov.bifurcations if b.kind == "branch point"]
    assert MODEL.jacobi is not None
    values = dict(zip(AXES, first.orbit.state, strict=True))
    assert float(MODEL.jacobi.evaluate(values)) == pytest.approx(3.1743, abs=2e-4)
    assert first.orbit.period == pytest.approx(2.743, abs=1e-3)
    assert set(first.direction) == {"z"} and not axial.direction
    halo = ty.analysis.continue_family(first, 100, direction={AXES[2]: 1}, largest_step=0.2)
    heights = halo.values(AXES[2])
    assert (np.diff(heights[:40]) > 0).all() and heights[-1] > 0.1
    for orbit in halo.orbits[::20]:
        _, states = orbit.sample(20)
        assert states[-1] == pytest.approx(states[0], abs=1e-8)
    kinds = {b.kind for b in halo.bifurcations}
    assert "turning point" in kinds  # the stable orbits near the Moon begin there
    assert halo.stable.any() and not halo.stable[0]


def test_the_map_of_a_period_keeps_the_symplectic_form(lyapunov: ty.analysis.Family) -> None:
    """In momenta p_x = v_x - y, p_y = v_y + x; and the Jacobi constant's gradient is kept."""
    change = np.eye(6)
    change[3, 1], change[4, 0] = -1.0, 1.0
    form = np.block([[np.zeros((3, 3)), np.eye(3)], [-np.eye(3), np.zeros((3, 3))]])
    for orbit in lyapunov.orbits[::15]:
        m = change @ orbit.monodromy @ np.linalg.inv(change)
        assert np.abs(m.T @ form @ m - form).max() < 1e-8 * np.abs(m).max()
        gradient = orbit.multipliers.conserved
        assert gradient is not None
        values = dict(zip(AXES, orbit.state, strict=True))
        wanted = np.array([float(ty.diff(MODEL.jacobi, e).evaluate(values)) for e in AXES])
        along = abs(gradient @ wanted) / np.linalg.norm(wanted)
        assert along == pytest.approx(1.0, abs=1e-7)


def test_errors_are_clear() -> None:
    van_der_pol = [(X, V), (V, K * (1 - X**2) * V - X)]
    orbit = ty.analysis.periodic_orbit(van_der_pol, [2.0, 0.0], 6.5, parameters={K: 1.0})
    follow = ty.analysis.continue_family
    with pytest.raises(ty.ArgumentError, match="belongs to no family"):
        follow(orbit)
    with pytest.raises(ty.ArgumentError, match="no parameter"):
        follow(orbit, parameter="b")
    with pytest.raises(ty.ArgumentError, match="count"):
        follow(orbit, 1, parameter=K)
    with pytest.raises(ty.ArgumentError, match="smallest_step"):
        follow(orbit, 5, parameter=K, step=0.5)
    with pytest.raises(ty.ArgumentError, match="does not go in that direction"):
        follow(orbit, 5, parameter=K, direction={V: 1.0})
    with pytest.raises(ty.ArgumentTypeError, match="an orbit"):
        follow([2.0, 0.0])  # type: ignore[arg-type]


def test_a_family_that_ends_says_so() -> None:
    """At the pendulum's separatrix, where the period has no bound."""
    orbit = ty.analysis.periodic_orbit([(X, V), (V, -ty.sin(X))], [2.0, 0.0], odd=V, fixed=X)
    family = ty.analysis.continue_family(orbit, 500, smallest_step=1e-4)
    assert not family.complete and "no orbit was found by steps of 0.0001" in family.message
    assert 3.14 < family[-1][X] < np.pi and family[-1].period > 30

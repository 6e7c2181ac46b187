"""The equations of Einstein, Infeld and Hoffmann against many digits."""

from __future__ import annotations

from math import pi
from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.polynomial import polynomial
from numpy.polynomial.legendre import leg2poly

import taylor as ty
from taylor.errors import ArgumentError
from taylor.models import Figure, eih

MP = mpmath.MPContext()
MP.dps = 40
RNG = np.random.default_rng(15)


def dot(a: Any, b: Any) -> Any:
    return sum(x * y for x, y in zip(a, b, strict=True))


def printed(gm: Any, r: Any, v: Any, c: float, beta: float, gamma: float) -> Any:
    """The accelerations, body by body and term by term as in print."""
    count = len(gm)
    gm, c, beta, gamma = [MP.mpf(float(x)) for x in gm], MP.mpf(c), MP.mpf(beta), MP.mpf(gamma)
    r, v = ([[MP.mpf(float(x)) for x in row] for row in array] for array in (r, v))

    def away(a: int, b: int) -> list[Any]:
        return [y - x for x, y in zip(r[a], r[b], strict=True)]

    def length(a: int, b: int) -> Any:
        return MP.sqrt(dot(away(a, b), away(a, b)))

    others = [[b for b in range(count) if b != a] for a in range(count)]
    u = [sum(gm[b] / length(a, b) for b in others[a]) for a in range(count)]
    newton = [
        [sum(gm[b] * away(a, b)[k] / length(a, b) ** 3 for b in others[a]) for k in range(3)]
        for a in range(count)
    ]
    found = []
    for a in range(count):
        total = [MP.mpf(0)] * 3
        for b in others[a]:
            d, size = away(a, b), length(a, b)
            bracket = (
                1
                + (
                    -2 * (beta + gamma) * u[a]
                    - (2 * beta - 1) * u[b]
                    + gamma * dot(v[a], v[a])
                    + (1 + gamma) * dot(v[b], v[b])
                    - 2 * (1 + gamma) * dot(v[a], v[b])
                    - MP.mpf(3) / 2 * (dot(d, v[b]) / size) ** 2
                    + dot(d, newton[b]) / 2
                )
                / c**2
            )
            mixed = [
                (2 + 2 * gamma) * x - (1 + 2 * gamma) * y for x, y in zip(v[a], v[b], strict=True)
            ]
            turned = -gm[b] * dot(d, mixed) / (c**2 * size**3)
            for k in range(3):
                total[k] += gm[b] * d[k] / size**3 * bracket
                total[k] += turned * (v[a][k] - v[b][k])
                total[k] += (3 + 4 * gamma) / (2 * c**2) * gm[b] * newton[b][k] / size
        found.append([float(x) for x in total])
    return np.array(found)


@pytest.mark.parametrize(("beta", "gamma"), [(1.0, 1.0), (1.25, 0.5)])
def test_accelerations_term_by_term(beta: float, gamma: float) -> None:
    gm = [5.0, 0.7, 0.0, 1.3]
    r, v = RNG.normal(size=(4, 3)) * 3, RNG.normal(size=(4, 3))
    model = eih(gm, c=20, beta=beta, gamma=gamma)
    (place, _), (speed, slope) = model.system
    found = ty.compile(slope, [place, speed])(r, v)
    expected = printed(gm, r, v, 20, beta, gamma)
    assert np.abs(found - expected).max() < 1e-14 * np.abs(expected).max()


def test_without_relativity_it_is_newton() -> None:
    gm = [5.0, 0.7, 1.3]
    r, v = RNG.normal(size=(3, 3)) * 3, RNG.normal(size=(3, 3))
    (place, _), (speed, slope) = eih(gm, c=1e30).system
    model = ty.models.n_body(gm)
    flat = np.concatenate([r, v], axis=1).ravel()
    derivatives = np.array(ty.compile([e for _, e in model.system], list(model.variables))(*flat))
    found = ty.compile(slope, [place, speed])(r, v)
    assert np.allclose(found, derivatives.reshape(3, 6)[:, 3:], rtol=1e-13, atol=1e-15)


def test_parameters_and_derivatives_by_them() -> None:
    """The perihelion of a planet turns by (2 - beta + 2 gamma)/3 of Einstein's angle."""
    beta, gamma = ty.parameters("beta gamma")
    gm, c = 1.0, 100.0
    model = eih([gm, 0], c=c, beta=beta, gamma=gamma)
    assert model.parameters == (beta, gamma)
    e = 0.3
    state = np.zeros(12)
    state[3], state[10] = 1 - e, np.sqrt((1 + e) / (1 - e))
    angles = []
    for values in ((1.0, 1.0), (0.5, 1.0), (1.0, 0.5)):
        (r, v) = model.variables
        event = ty.Event(r[1, 0] * v[1, 0] + r[1, 1] * v[1, 1], direction=1)
        given = dict(zip((beta, gamma), values, strict=True))
        ta = ty.Integrator(model.system, state, parameters=given, events=[event])
        out = ta.propagate_for(4.5 * 2 * pi)
        last, turns = out.events[0].states[-1], round(out.events[0].times[-1] / (2 * pi))
        angles.append(np.arctan2(last[4], last[3]) / turns)
    full = 6 * pi * gm / (c**2 * (1 - e**2))
    for angle, part in zip(angles, (1.0, 3.5 / 3, 2 / 3), strict=True):
        assert angle == pytest.approx(full * part, rel=3e-3)


def test_refusals() -> None:
    with pytest.raises(ArgumentError, match="gm is empty"):
        eih([])
    with pytest.raises(ArgumentError, match="not finite"):
        eih([1.0, float("inf")])
    with pytest.raises(ArgumentError, match="does not fit bodies 0 to 1"):
        eih([1.0, 2.0], figures=[Figure(2, 1.0, {(2, 0): 1e-3})])
    with pytest.raises(ArgumentError, match="does not fit bodies 0 to 1"):
        eih([1.0, 2.0], figures=[Figure(0, 1.0, {(2, 0): 1e-3}, on=[0])])
    with pytest.raises(ArgumentError, match="no degree"):
        Figure(0, 1.0, {(2, 3): 1e-3})
    with pytest.raises(ArgumentError, match="must be positive"):
        Figure(0, 0.0, {(2, 0): 1e-3})
    with pytest.raises(ArgumentError, match=r"give \(3, 3\)"):
        eih([1.0, 2.0], figures=[Figure(0, 1.0, {(2, 0): 1e-3}, axes=[[1.0, 0.0, 0.0]])])


def test_figures_are_gradients_of_their_potential() -> None:
    cosines = {(2, 0): -1e-3, (3, 0): 2e-4, (2, 2): 3e-4, (3, 1): -5e-4, (4, 3): 7e-4, (2, 1): 1e-4}
    sines = {(2, 2): -2e-4, (3, 1): 4e-4, (4, 4): 3e-4}
    gm, radius = 5.0, 1.5
    # d^m P_n / ds^m, exact; (1 - s^2)^(m/2) times it is P_nm without Condon and Shortley's phase.
    legendre = {
        (n, m): polynomial.polyder(leg2poly([0] * n + [1]), m)[::-1].tolist()
        for n, m in {*cosines, *sines}
    }

    def potential(x: Any, y: Any, z: Any) -> Any:
        r = MP.sqrt(x * x + y * y + z * z)
        s, total = z / r, MP.mpf(0)
        longitude = MP.atan2(y, x)
        for n, m in {*cosines, *sines}:
            p = MP.polyval(legendre[n, m], s) * (1 - s * s) ** MP.mpf(m / 2) * (radius / r) ** n
            wave = cosines.get((n, m), 0) * MP.cos(m * longitude)
            wave += sines.get((n, m), 0) * MP.sin(m * longitude)
            total += p * wave
        return gm / r * total

    r = ty.variable("r", shape=(3,))
    turn = np.linalg.qr(RNG.normal(size=(3, 3)))[0]
    turn *= np.linalg.det(turn)
    plain = Figure(0, radius, cosines, sines).acceleration(r, gm, ty.time)
    turned = Figure(0, radius, cosines, sines, turn.tolist()).acceleration(r, gm, ty.time)
    f, g = ty.compile(plain, [r]), ty.compile(turned, [r])
    for _ in range(5):
        at = RNG.normal(size=3) * 2 + np.array([1.5, 0.0, 0.0])
        steps = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
        expected = [float(MP.diff(potential, tuple(map(float, at)), n)) for n in steps]
        size = max(map(abs, expected))
        assert np.abs(f(at) - expected).max() < 1e-13 * size
        assert np.abs(g(turn.T @ at) - turn.T @ expected).max() < 1e-13 * size


def test_figures_conserve_momentum() -> None:
    gm = [5.0, 0.7, 1.3]
    figure = Figure(0, 0.5, {(2, 0): -1e-2, (2, 2): 1e-3}, on=[1, 2])
    (r, _), (v, slope) = eih(gm, c=1e30, figures=[figure]).system
    at, moving = RNG.normal(size=(3, 3)) * 3, RNG.normal(size=(3, 3))
    found = ty.compile(slope, [r, v])(at, moving)
    assert np.abs(np.array(gm) @ found).max() < 1e-15
    (_, _), (_, without) = eih(gm, c=1e30).system
    assert np.abs(found - ty.compile(without, [r, v])(at, moving)).max() > 1e-7


def test_spins_drag_others_along_as_lense_and_thirring_say() -> None:
    """In the equator the pericentre turns by -4 G J / (c^2 a^3 (1 - e^2)^(3/2)) a second: its
    argument by -6 of them, the node by 2 (Lense & Thirring, Physik. Z. 19 (1918) 156).
    """
    gm, c, spin = 1.0, 100.0, [0.0, 0.0, 2.0]
    e = 0.2
    start = np.zeros(12)
    start[3], start[10] = 1 - e, np.sqrt((1 + e) / (1 - e))
    angles = []
    for spins in ({}, {0: spin}):
        model = eih([gm, 0], c=c, spins=spins)
        (r, v) = model.variables
        event = ty.Event(r[1, 0] * v[1, 0] + r[1, 1] * v[1, 1], direction=1)
        out = ty.Integrator(model.system, start, events=[event]).propagate_for(6.5 * 2 * pi)
        last, turns = out.events[0].states[-1], round(out.events[0].times[-1] / (2 * pi))
        angles.append(np.arctan2(last[4], last[3]) / turns)
    expected = -4 * gm * spin[2] / (c**2 * (1 - e**2) ** 1.5) * 2 * pi
    assert angles[1] - angles[0] == pytest.approx(expected, rel=1e-2)
    (_, _), (_, slope) = eih([gm, 2.0], c=c, spins={0: spin, 1: spin}).system
    assert slope.shape == (2, 3)
    with pytest.raises(ArgumentError, match="spin of body 2 does not fit bodies 0 to 1"):
        eih([1.0, 2.0], spins={2: spin})

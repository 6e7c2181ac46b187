"""Elements against their definitions in mpmath, and canonical ones against Poisson's brackets."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

sky = ty.astrodynamics
MP = mpmath.mp.clone()
MP.dps = 40
GM = 1.3
REGULAR = ("equinoctial", "modified-equinoctial", "poincare")
KINDS = (
    *("cartesian", "keplerian", "keplerian-eccentric", "keplerian-true", "cometary", "delaunay"),
    *(*REGULAR, "equinoctial-retrograde", "modified-equinoctial-retrograde", "spherical"),
)
OPEN = ("cartesian", "keplerian", "keplerian-eccentric", "keplerian-true", "cometary")
OPEN += ("modified-equinoctial", "modified-equinoctial-retrograde", "spherical")
ORBITS = [
    (1.5, 0.3, 0.7, 0.5, 1.1, 2.0),
    (1.5, 0.95, 2.9, -1.5, 0.1, -3.0),
    (0.7, 0.01, 1.5, 3.0, -2.5, 0.4),
    (-2.0, 1.4, 0.3, 2.0, 0.6, 3.0),
    (-0.5, 6.0, 1.9, -2.0, 1.6, -8.0),
]


def conic(a: float, e: float, i: float, node: float, peri: float, mean: float) -> dict[str, Any]:
    """Everything that elements of all kinds are made of, at 40 digits."""
    a, e, i, node, peri, mean = map(MP.mpf, (a, e, i, node, peri, mean))
    if e < 1:
        anomaly = MP.findroot(lambda x: x - e * MP.sin(x) - mean, mean + e * MP.sin(mean))
        true = 2 * MP.atan2(
            MP.sqrt(1 + e) * MP.sin(anomaly / 2), MP.sqrt(1 - e) * MP.cos(anomaly / 2)
        )
    else:
        anomaly = MP.findroot(lambda x: e * MP.sinh(x) - x - mean, MP.asinh(mean / e))
        true = 2 * MP.atan(MP.sqrt((e + 1) / (e - 1)) * MP.tanh(anomaly / 2))
    p = a * (1 - e * e)
    r, h = p / (1 + e * MP.cos(true)), MP.sqrt(GM * p)
    u = peri + true

    def along(angle: Any) -> Any:
        c, s = MP.cos(angle), MP.sin(angle)
        return MP.matrix(
            [
                MP.cos(node) * c - MP.sin(node) * s * MP.cos(i),
                MP.sin(node) * c + MP.cos(node) * s * MP.cos(i),
                s * MP.sin(i),
            ]
        )

    up, ahead = along(u), along(u + MP.pi / 2)
    state = [*(r * up), *(GM / h * e * MP.sin(true) * up + h / r * ahead)]
    return {"state": state, "true": true, "anomaly": anomaly, "p": p, "r": r, "h": h, "up": up}


def definitions(orbit: tuple[float, ...]) -> dict[str, list[Any]]:
    a, e, i, node, peri, mean = map(MP.mpf, orbit)
    o = conic(*orbit)
    t, tan = o["true"], MP.tan(i / 2)
    found = {
        "cartesian": o["state"],
        "keplerian": [a, e, i, node, peri, mean],
        "keplerian-eccentric": [a, e, i, node, peri, o["anomaly"]],
        "keplerian-true": [a, e, i, node, peri, t],
        "cometary": [a * (1 - e), e, i, node, peri, mean * MP.sqrt(abs(a) ** 3 / GM)],
    }
    for sense, name in ((1, ""), (-1, "-retrograde")):
        w, z = peri + sense * node, tan**sense
        h, k, p, q = e * MP.sin(w), e * MP.cos(w), z * MP.sin(node), z * MP.cos(node)
        found["equinoctial" + name] = [a, h, k, p, q, mean + w]
        found["modified-equinoctial" + name] = [o["p"], k, h, q, p, t + w]
    if e < 1:
        big_l = MP.sqrt(GM * a)
        big_g, big_h = o["h"], o["h"] * MP.cos(i)
        found["delaunay"] = [mean, peri, node, big_l, big_g, big_h]
        x, y = MP.sqrt(2 * (big_l - big_g)), MP.sqrt(2 * (big_g - big_h))
        w = node + peri
        found["poincare"] = [
            *(mean + w, -x * MP.sin(w), -y * MP.sin(node)),
            *(big_l, x * MP.cos(w), y * MP.cos(node)),
        ]
    return found


@pytest.mark.parametrize("orbit", ORBITS)
@pytest.mark.parametrize("kind", [k for k in KINDS if k != "spherical"])
def test_every_kind_by_its_definition(orbit: tuple[float, ...], kind: str) -> None:
    if orbit[0] < 0 and kind not in OPEN:
        pytest.skip("ellipses alone")
    known = definitions(orbit)
    state = np.array([float(x) for x in known["cartesian"]])
    found = sky.convert_elements(state, "cartesian", kind, GM)
    slopes = ty.jacobian(lambda x: sky.convert_elements(x, "cartesian", kind, GM))(state)
    moved = np.abs(slopes) @ np.abs(state) + np.abs(found)
    difference = found - np.array([float(x) for x in known[kind]])
    angles = [
        n.endswith(("anomaly", "node", "pericentre", "longitude")) or n in "lgh"
        for n in sky.element_names(kind)
    ]
    if "delaunay" not in kind and "keplerian" not in kind and "cometary" not in kind:
        angles = [n.endswith("longitude") for n in sky.element_names(kind)]
    turns = np.where(angles, 2 * np.pi * np.round(difference / (2 * np.pi)), 0)
    assert np.all(np.abs(difference - turns) < 4e-15 * moved)
    again = sky.convert_elements(found, kind, "cartesian", GM)
    back = np.linalg.inv(slopes)
    np.testing.assert_array_less(
        np.abs(again - state), 4e-15 * (np.abs(back) @ (np.abs(found) + moved) + np.abs(state))
    )


@pytest.mark.parametrize("kind", ["delaunay", "poincare"])
@pytest.mark.parametrize("orbit", ORBITS[:3])
def test_canonical_elements_keep_poisson_brackets(kind: str, orbit: tuple[float, ...]) -> None:
    state = sky.convert_elements(orbit, "keplerian", "cartesian", GM)
    slopes = ty.jacobian(lambda x: sky.convert_elements(x, "cartesian", kind, GM))(state)
    form = np.block([[np.zeros((3, 3)), np.eye(3)], [-np.eye(3), np.zeros((3, 3))]])
    np.testing.assert_allclose(slopes @ form @ slopes.T, form, atol=1e-10)


def test_spherical_coordinates() -> None:
    # due east on the equator, due north at 60 degrees, climbing
    found = sky.convert_elements([2.0, 0, 0, 0, 0.5, 0], "cartesian", "spherical", GM)
    np.testing.assert_allclose(found, [2, 0, 0, 0.5, 0, np.pi / 2], atol=1e-16)
    up = np.array([0.0, 0.5, np.sqrt(0.75)])
    north = np.array([0.0, -np.sqrt(0.75), 0.5])
    state = [*(3 * up), *(0.3 * north + 0.4 * up)]
    found = sky.convert_elements(state, "cartesian", "spherical", GM)
    wanted = [3, np.pi / 2, np.pi / 3, 0.5, np.arctan2(4, 3), 0]
    np.testing.assert_allclose(found, wanted, atol=1e-15)
    np.testing.assert_allclose(
        sky.convert_elements(found, "spherical", "cartesian", GM), state, atol=1e-15
    )


@pytest.mark.parametrize("kind", REGULAR)
def test_regular_kinds_on_circles_in_the_plane(kind: str) -> None:
    state = np.array([1.0, 0.0, 0.0, 0.0, np.sqrt(GM), 0.0])
    slopes = ty.jacobian(lambda x: sky.convert_elements(x, "cartesian", kind, GM))(state)
    found = sky.convert_elements(state, "cartesian", kind, GM)
    back = ty.jacobian(lambda x: sky.convert_elements(x, kind, "cartesian", GM))(found)
    np.testing.assert_allclose(slopes @ back, np.eye(6), atol=1e-13)


@pytest.mark.parametrize("e", [1 - 1e-9, 1.0, 1 + 1e-9])
@pytest.mark.parametrize("since", [-40.0, -0.3, 0.0, 1e-3, 2.0, 500.0])
def test_cometary_elements_through_the_parabola(e: float, since: float) -> None:
    elements = [0.8, e, 0.4, 0.3, 0.2, since]
    state = sky.convert_elements(elements, "cometary", "cartesian", GM)
    start = sky.convert_elements([*elements[:5], 0.0], "cometary", "cartesian", GM)
    speed = np.linalg.norm(start[3:])
    assert np.linalg.norm(start[:3]) == pytest.approx(0.8, rel=1e-15)
    assert speed == pytest.approx(np.sqrt(GM * (1 + e) / 0.8), rel=1e-15)
    later = sky.kepler_propagate(start[:3], start[3:], since, GM)
    np.testing.assert_allclose(state, np.concatenate(later), rtol=1e-12, atol=1e-14)
    back = sky.convert_elements(state, "cartesian", "cometary", GM)
    back[4] -= 2 * np.pi * np.round((back[4] - elements[4]) / (2 * np.pi))
    np.testing.assert_allclose(back, elements, rtol=1e-9, atol=1e-12)


def test_many_at_once_are_the_same_as_one_by_one() -> None:
    states = sky.convert_elements(ORBITS, "keplerian", "cartesian", GM)
    assert states.shape == (5, 6)
    for orbit, state in zip(ORBITS, states, strict=True):
        place, speed = sky.to_cartesian(sky.Elements(*orbit), GM)
        np.testing.assert_allclose(state, [*place, *speed], rtol=1e-14, atol=1e-15)
    traced = ty.jit(lambda x: sky.convert_elements(x, "keplerian", "cartesian", GM))(
        np.array(ORBITS)
    )
    np.testing.assert_allclose(traced, states, rtol=1e-13, atol=1e-14)


def test_polynomials() -> None:
    x = ty.Polynomial.variables("a e i n p m", 3, at=ORBITS[0])
    image = sky.convert_elements(x, "keplerian", "cartesian", GM)
    shift = 1e-4 * np.array([1.0, -2, 3, 1, -1, 2])
    near = sky.convert_elements(np.array(ORBITS[0]) + shift, "keplerian", "cartesian", GM)
    np.testing.assert_allclose([q(*shift) for q in image], near, atol=1e-13)


@pytest.mark.parametrize("e", [0.0, 0.3, 0.99, 1.01, 5.0])
@pytest.mark.parametrize("mean", [-9.0, -1.0, 1e-9, 2.0, 40.0])
def test_anomalies(e: float, mean: float) -> None:
    eccentric = float(sky.convert_anomaly(mean, e, "mean", "eccentric"))
    x = MP.mpf(eccentric)
    exact = x - e * MP.sin(x) if e < 1 else e * MP.sinh(x) - x
    slope = 1 - e * MP.cos(x) if e < 1 else e * MP.cosh(x) - 1
    assert abs(exact - mean) < 4e-16 * (abs(mean) + slope * abs(x))
    true = sky.convert_anomaly(mean, e, "mean", "true")
    assert np.cos(true) == pytest.approx(
        (np.cos(eccentric) - e) / (1 - e * np.cos(eccentric))
        if e < 1
        else (e - np.cosh(eccentric)) / (e * np.cosh(eccentric) - 1),
        abs=1e-13,
    )
    assert sky.convert_anomaly(true, e, "true", "mean") == pytest.approx(mean, rel=1e-10)


def test_errors_name_what_was_wrong() -> None:
    with pytest.raises(ty.ArgumentError, match="no kind 'kepler'"):
        sky.convert_elements(ORBITS[0], "kepler", "cartesian", GM)
    with pytest.raises(ty.ArgumentError, match="no kind"):
        sky.element_names("")
    with pytest.raises(ty.ShapeError, match=r"shape \(\.\.\., 6\)"):
        sky.convert_elements([1.0, 2.0], "keplerian", "cartesian", GM)
    with pytest.raises(ty.ArgumentError, match="none of"):
        sky.convert_anomaly(1.0, 0.1, "mean", "flat")


def test_gauss_equations_follow_a_perturbed_orbit() -> None:
    """A constant acceleration along the radius, ahead and across: in elements as in positions."""
    push = np.array([2e-3, -1e-3, 3e-3])
    start = sky.convert_elements(ORBITS[0], "keplerian", "cartesian", GM)
    r = ty.variable("r", shape=(3,))
    v = ty.variable("v", shape=(3,))
    normal = np.cross(r, v)
    up, across = r / ty.sqrt(ty.sum(r * r)), normal / ty.sqrt(ty.sum(normal * normal))
    ahead = np.cross(across, up)
    pull = -GM * r * ty.sum(r * r) ** -1.5 + push[0] * up + push[1] * ahead + push[2] * across
    cartesian = ty.Integrator([(r, v), (v, pull)], start)
    cartesian.propagate_until(15.0)
    y = ty.variable("y", shape=(6,))
    begin = sky.convert_elements(start, "cartesian", "modified-equinoctial", GM)
    elements = ty.Integrator([(y, sky.gauss_rates(y, push, GM))], begin)
    elements.propagate_until(15.0)
    found = sky.convert_elements(elements.state, "modified-equinoctial", "cartesian", GM)
    np.testing.assert_allclose(found, cartesian.state, rtol=0, atol=1e-12)

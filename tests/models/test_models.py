"""Models against formulae written out independently in mpmath, and closed forms."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.astrodynamics.orbits.anomalies import eccentric_anomaly
from taylor.errors import ArgumentError
from taylor.models import (
    Elements,
    Model,
    cr3bp,
    lagrange_points,
    n_body,
    pendulum,
    to_cartesian,
    to_elements,
    two_body,
)

MP = mpmath.mp.clone()
MP.dps = 50


def random_state(seed: int, count: int) -> list[Any]:
    """Numbers of modest size, exact in mpmath."""
    generator = np.random.default_rng(seed)
    return [MP.mpf(float(value)) for value in generator.uniform(-1, 1, count)]


def right_hand_side(model: Model, state: list[Any], **parameters: Any) -> list[Any]:
    values = dict(zip(model.variables, state, strict=True))
    values.update({p: parameters[p.payload] for p in model.parameters})
    with mpmath.workdps(50):
        return [ty.evaluate(derivative, values) for _, derivative in model.system]


def assert_close(actual: list[Any], expected: list[Any], bound: float = 1e-40) -> None:
    for a, b in zip(actual, expected, strict=True):
        assert abs(a - b) <= bound * (1 + abs(b))


def attraction(masses: list[Any], state: list[Any], dimensions: int) -> list[Any]:
    """Newton's accelerations by the plain double loop."""
    size = 2 * dimensions
    result = []
    for i in range(len(masses)):
        mine = state[size * i : size * i + dimensions]
        total = [MP.mpf(0)] * dimensions
        for j, mass in enumerate(masses):
            if j == i:
                continue
            d = [b - a for a, b in zip(mine, state[size * j : size * j + dimensions], strict=True)]
            cube = MP.sqrt(sum(q * q for q in d)) ** 3
            total = [t + mass * q / cube for t, q in zip(total, d, strict=True)]
        result += state[size * i + dimensions : size * (i + 1)] + total
    return result


@pytest.mark.parametrize("dimensions", [2, 3])
@pytest.mark.parametrize("masses", [[1.0, 0.25, 0.125], [1.0, 0.0, 2.0, 0.0], [1.0, 1.0], [3.0]])
def test_newtonian_accelerations(masses: list[float], dimensions: int) -> None:
    state = random_state(1, 2 * dimensions * len(masses))
    model = n_body(masses, Fraction(1, 3), dimensions=dimensions)
    third = MP.mpf(1) / 3
    expected = attraction([third * MP.mpf(m) for m in masses], state, dimensions)
    assert_close(right_hand_side(model, state), expected)


def einstein_infeld_hoffmann(gm: list[Any], state: list[Any], c: Any, center: int) -> list[Any]:
    """The stated post-Newtonian accelerations and the recoil, by vectors."""
    place = [MP.matrix(state[6 * i : 6 * i + 3]) for i in range(len(gm))]
    speed = [MP.matrix(state[6 * i + 3 : 6 * i + 6]) for i in range(len(gm))]
    dot = lambda a, b: sum(p * q for p, q in zip(a, b, strict=True))  # noqa: E731
    extra = [MP.matrix([0, 0, 0]) for _ in gm]
    for i in range(len(gm)):
        if i != center:
            r, v = place[i] - place[center], speed[i] - speed[center]
            d = MP.sqrt(dot(r, r))
            factor = gm[center] / (c**2 * d**3)
            extra[i] = factor * ((4 * gm[center] / d - dot(v, v)) * r + 4 * dot(r, v) * v)
            extra[center] -= gm[i] / gm[center] * extra[i]
    return [component for vector in extra for component in vector]


@pytest.mark.parametrize("center", [0, 2])
def test_post_newtonian_term(center: int) -> None:
    masses = [1.0, 0.0, 0.5]
    state = random_state(2, 18)
    with mpmath.workdps(50):
        change = [
            a - b
            for a, b in zip(
                right_hand_side(n_body(masses, c=3, center=center), state),
                right_hand_side(n_body(masses), state),
                strict=True,
            )
        ]
    expected = einstein_infeld_hoffmann([MP.mpf(m) for m in masses], state, MP.mpf(3), center)
    for i in range(3):
        assert_close(change[6 * i : 6 * i + 3], [0, 0, 0])
        assert_close(change[6 * i + 3 : 6 * i + 6], expected[3 * i : 3 * i + 3])


def conserved_rates(model: Model, seed: int, **parameters: Any) -> list[Any]:
    """d/dt of every conserved quantity along the flow, by the chain rule, with its size."""
    state = random_state(seed, len(model.system))
    derivatives = right_hand_side(model, state, **parameters)
    values = dict(zip(model.variables, state, strict=True))
    values.update({p: parameters[p.payload] for p in model.parameters})
    with mpmath.workdps(50):
        return [
            sum(
                ty.evaluate(ty.diff(quantity, variable), values) * rate
                for (variable, _), rate in zip(model.system, derivatives, strict=True)
            )
            for quantity in model.conserved.values()
        ]


@pytest.mark.parametrize(
    "model",
    [
        n_body([1.0, 0.5, 0.0, 0.25]),
        n_body([1.0, 0.5, 0.25], 6.5, dimensions=2),
        two_body(2.5),
        two_body(2, dimensions=2),
        pendulum(),
        cr3bp("0.01"),
        cr3bp(0.3, dimensions=2),
    ],
    ids=lambda model: model.name,
)
def test_conserved_quantities_are_constant(model: Model) -> None:
    assert model.conserved
    # A massless body does not take part in the sums, so that its own motion cannot spoil them.
    assert_close(conserved_rates(model, 3), [0] * len(model.conserved), 1e-38)


def test_conserved_quantities_with_parameters() -> None:
    k, mu = ty.parameters("k mu")
    value = MP.mpf("0.37")
    assert_close(conserved_rates(pendulum(k), 4, k=value), [0])
    assert_close(conserved_rates(cr3bp(mu), 4, mu=value), [0], 1e-38)
    model = n_body([1, k], mu)
    assert [p.payload for p in model.parameters] == ["k", "mu"]
    assert_close(conserved_rates(model, 4, k=value, mu=2 * value), [0] * 4, 1e-38)


def test_energy_and_angular_momentum_of_n_bodies() -> None:
    masses = [MP.mpf(2), MP.mpf("0.5")]
    state = random_state(5, 12)
    model = n_body([2.0, 0.5], 3)
    values = dict(zip(model.variables, state, strict=True))
    with mpmath.workdps(50):
        apart = MP.sqrt(sum((state[a] - state[6 + a]) ** 2 for a in range(3)))
        energy = sum(
            m * sum(w * w for w in state[6 * i + 3 : 6 * i + 6]) / 2 for i, m in enumerate(masses)
        )
        energy -= 3 * masses[0] * masses[1] / apart
        z = sum(
            m * (state[6 * i] * state[6 * i + 4] - state[6 * i + 1] * state[6 * i + 3])
            for i, m in enumerate(masses)
        )
        assert_close([ty.evaluate(model.energy, values)], [energy])
        assert_close([ty.evaluate(model.angular_momentum[2], values)], [z])


def test_pairs_share_their_inverse_cubes() -> None:
    """One power per pair, whatever the number of uses; none between massless bodies."""

    def powers(model: Model) -> int:
        seen: set[int] = set()
        found: set[int] = set()
        stack = [derivative for _, derivative in model.system]
        while stack:
            node = stack.pop()
            if node.id in seen:
                continue
            seen.add(node.id)
            if node.op == "pow" and node.args[1].payload == Fraction(-3, 2):
                found.add(node.id)
            stack.extend(node.args)
        return len(found)

    assert powers(n_body([1.0, 2.0, 3.0, 4.0])) == 6
    assert powers(n_body([1.0, 0, 0, 0])) == 3
    assert powers(n_body([1.0, 2.0, 3.0, 4.0], c=10)) == 6


def test_restricted_problem_in_the_inertial_frame() -> None:
    """The rotating equations are Newton's for the two masses on their circles."""
    mu = MP.mpf(0.25)
    x, y, z, vx, vy, vz = state = random_state(6, 6)
    rates = right_hand_side(cr3bp(0.25), state)
    gravity = attraction(
        [MP.mpf(0), 1 - mu, mu], [x, y, z, vx, vy, vz, -mu, *[0] * 5, 1 - mu, *[0] * 5], 3
    )[3:6]
    # Coriolis and centrifugal acceleration for the angular velocity (0, 0, 1).
    expected = [gravity[0] + 2 * vy + x, gravity[1] - 2 * vx + y, gravity[2]]
    assert_close(rates, [vx, vy, vz, *expected])


@pytest.mark.parametrize("mu", [1e-6, 3.04e-6, 0.01215, 0.3, 0.5])
def test_lagrange_points_are_equilibria(mu: float) -> None:
    model = cr3bp(mu, dimensions=2)
    points = lagrange_points(mu)
    assert points[2][0] < -mu < points[0][0] < 1 - mu < points[1][0]
    for x, y in points:
        rates = right_hand_side(model, [MP.mpf(x), MP.mpf(y), MP.mpf(0), MP.mpf(0)])
        assert max(abs(rate) for rate in rates) < 1e-14 / mu ** (1 / 3)


def test_pendulum() -> None:
    rates = right_hand_side(pendulum(2.5), [MP.mpf(0.5), MP.mpf(-1)])
    with mpmath.workdps(50):
        assert_close(rates, [-1, -2.5 * MP.sin(MP.mpf(0.5))])


@pytest.mark.parametrize("e", [0.0, 1e-9, 0.1, 0.9, 0.999999])
@pytest.mark.parametrize("mean", [-3.0, -1e-7, 0.0, 1e-5, 0.3, 3.14159, 40.0])
def test_kepler_equation(e: float, mean: float) -> None:
    anomaly = eccentric_anomaly(mean, e)
    with mpmath.workdps(50):
        exact = MP.mpf(anomaly) - MP.mpf(e) * MP.sin(MP.mpf(anomaly))
        slope = 1 - MP.mpf(e) * MP.cos(MP.mpf(anomaly))
        # One rounding of the anomaly, and of the mean anomaly reduced to one turn.
        assert abs(exact - MP.mpf(mean)) <= 4e-16 * (slope * abs(anomaly) + abs(mean))


@pytest.mark.parametrize("e", [1.0001, 1.5, 10.0])
@pytest.mark.parametrize("mean", [-50.0, -1e-6, 0.0, 0.5, 300.0])
def test_hyperbolic_kepler_equation(e: float, mean: float) -> None:
    anomaly = eccentric_anomaly(mean, e)
    with mpmath.workdps(50):
        f = MP.mpf(anomaly)
        exact, slope = MP.mpf(e) * MP.sinh(f) - f, MP.mpf(e) * MP.cosh(f) - 1
        assert abs(exact - MP.mpf(mean)) <= 4e-16 * (slope * abs(f) + abs(mean))


def cartesian_by_true_anomaly(elements: Elements, gm: float) -> list[Any]:
    """Another way: p, true anomaly, and three rotation matrices (Vallado, algorithm COE2RV)."""
    a, e, i, node, peri, mean = (MP.mpf(v) for v in vars(elements).values())
    if e < 1:
        anomaly = MP.findroot(lambda x: x - e * MP.sin(x) - mean, mean + e * MP.sin(mean))
        true = 2 * MP.atan(MP.sqrt((1 + e) / (1 - e)) * MP.tan(anomaly / 2))
    else:
        anomaly = MP.findroot(lambda x: e * MP.sinh(x) - x - mean, MP.asinh(mean / e) + 0.5)
        true = 2 * MP.atan(MP.sqrt((e + 1) / (e - 1)) * MP.tanh(anomaly / 2))
    p = a * (1 - e**2)
    r = p / (1 + e * MP.cos(true))
    place = MP.matrix([r * MP.cos(true), r * MP.sin(true), 0])
    speed = MP.sqrt(MP.mpf(gm) / p) * MP.matrix([-MP.sin(true), e + MP.cos(true), 0])

    def about(axis: int, angle: Any) -> Any:
        rotation = MP.eye(3)
        j, k = (axis + 1) % 3, (axis + 2) % 3
        rotation[j, j] = rotation[k, k] = MP.cos(angle)
        rotation[k, j], rotation[j, k] = MP.sin(angle), -MP.sin(angle)
        return rotation

    turn = about(2, node) * about(0, i) * about(2, peri)
    return [*(turn * place), *(turn * speed)]


ORBITS = [
    Elements(2.77, 0.079, 0.185, 1.40, 1.28, 1.05),
    Elements(0.387, 0.2056, 0.122, 0.84, 0.51, 3.05),
    Elements(17.8, 0.967, 2.83, 1.02, 1.94, -0.67),
    Elements(1.0, 0.0, 0.0, 0.0, 0.0, 0.7),
    Elements(-1.27, 1.2, 2.14, 0.43, 4.21, 1.3),
    Elements(-0.85, 3.36, 0.77, 5.37, 3.65, -2.0),
]


@pytest.mark.parametrize("elements", ORBITS)
def test_elements_to_cartesian(elements: Elements) -> None:
    gm = 0.000295912208
    position, velocity = to_cartesian(elements, gm)
    expected = cartesian_by_true_anomaly(elements, gm)
    size = [math.hypot(*position)] * 3 + [math.hypot(*velocity)] * 3
    for actual, wanted, scale in zip([*position, *velocity], expected, size, strict=True):
        assert abs(actual - wanted) < 2e-15 * scale


@pytest.mark.parametrize("elements", ORBITS)
def test_elements_and_back(elements: Elements) -> None:
    position, velocity = to_cartesian(elements, 2.0)
    back = to_elements(position.tolist(), velocity.tolist(), 2.0)
    again = to_cartesian(back, 2.0)
    np.testing.assert_allclose(again[0], position, atol=2e-14 * math.hypot(*position))
    np.testing.assert_allclose(again[1], velocity, atol=2e-14 * math.hypot(*velocity))
    assert back.semi_major_axis == pytest.approx(elements.semi_major_axis, rel=1e-13)
    assert back.eccentricity == pytest.approx(elements.eccentricity, abs=1e-14)
    assert back.inclination == pytest.approx(elements.inclination, abs=1e-14)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: n_body([]), "masses is empty"),
        (lambda: n_body(2), "masses = 2 is no list; give one number or parameter per body"),
        (lambda: n_body([1.0, math.nan]), "masses[1]"),
        (lambda: n_body([1.0, math.inf]), "masses[1]"),
        (lambda: n_body([1.0, "heavy"]), "masses[1]"),
        (lambda: n_body([1, 1], names=["a", "a"]), "given twice"),
        (lambda: n_body([1, 1], names=["a"]), "1 names for 2 masses"),
        (lambda: n_body([1, 1], dimensions=4), "dimensions"),
        (lambda: n_body([1, 1], c=10, center=2), "center = 2"),
        (lambda: n_body([0, 1], c=10), "masses[0]"),
        (lambda: n_body([1, 1], c=0), "c = 0"),
        (lambda: two_body(math.nan), "gm"),
        (lambda: pendulum(math.nan), "k"),
        (lambda: cr3bp(1.5), "between 0 and 1"),
        (lambda: cr3bp(0.1, dimensions=1), "dimensions"),
        (lambda: lagrange_points(0.7), "(0, 1/2]"),
        (lambda: to_cartesian(Elements(1.0, 1.0), 1.0), "no orbit"),
        (lambda: to_cartesian(Elements(-1.0, 0.5), 1.0), "no orbit"),
        (lambda: to_cartesian(Elements(math.nan, 0.5), 1.0), "not finite"),
        (lambda: to_cartesian(Elements(1.0, 0.5), 0.0), "gm"),
        (lambda: to_elements([1, 0, 0], [2, 0, 0], 1.0), "parallel"),
        (lambda: to_elements([1, 0], [0, 1], 1.0), "three finite numbers"),
        (lambda: to_elements([2.0, 0, 0], [0, 1.0, 0], 1.0), "parabola"),
    ],
)
def test_errors_name_the_argument(call: Any, words: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call()
    assert words in str(caught.value)

"""Polyhedra against the closed form of a cuboid and a sphere, inside and outside; point masses."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from mpmath import mp

import taylor as ty

sky = ty.astrodynamics
R, V = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))

CORNERS = np.array(list(itertools.product((0.0, 2.0), (0.0, 1.0), (0.0, 3.0))))
FACES = [
    [0, 1, 3], [0, 3, 2], [4, 6, 7], [4, 7, 5], [0, 4, 5], [0, 5, 1],
    [2, 3, 7], [2, 7, 6], [0, 2, 6], [0, 6, 4], [1, 5, 7], [1, 7, 3],
]  # fmt: skip


def compiled(force: object) -> object:
    return ty.compile(force.acceleration(sky.OrbitState(ty.constant(0), R, V)), [R])


def cuboid(place: list[float], sides: tuple[float, float, float]) -> list[float]:
    """Of G rho = 1, from 0 to `sides` (Nagy 1966), in many digits."""
    found = []
    with mp.workdps(40):
        for axis in range(3):
            total = mp.mpf(0)
            for signs in itertools.product((0, 1), repeat=3):
                rows = zip(signs, sides, place, strict=True)
                q = [mp.mpf(sign * side) - mp.mpf(p) for sign, side, p in rows]
                z, x, y = q[axis], q[axis - 2], q[axis - 1]
                r = mp.sqrt(x * x + y * y + z * z)
                term = x * mp.log(y + r) + y * mp.log(x + r) - z * mp.atan(x * y / (z * r))
                total += term if sum(signs) % 2 else -term
            found.append(float(-total))
    return found


@pytest.mark.parametrize(
    "place", [[4.0, 3.0, -2.0], [1.1, 0.4, 1.3], [0.3, -0.2, 2.2], [-9.0, 30.0, 12.0]]
)
def test_a_cuboid_in_closed_form(place: list[float]) -> None:
    body = sky.Polyhedron(CORNERS, FACES, gm=6.0)
    assert body.volume == pytest.approx(6.0, rel=1e-15)
    np.testing.assert_allclose(
        compiled(body)(place), cuboid(place, (2.0, 1.0, 3.0)), rtol=1e-11, atol=1e-11
    )


def icosphere(times: int) -> tuple[np.ndarray, list[list[int]]]:
    phi = (1 + 5**0.5) / 2
    corners = [[-1, phi, 0], [1, phi, 0], [-1, -phi, 0], [1, -phi, 0], [0, -1, phi], [0, 1, phi]]
    corners += [[0, -1, -phi], [0, 1, -phi], [phi, 0, -1], [phi, 0, 1], [-phi, 0, -1], [-phi, 0, 1]]
    text = "0 11 5 0 5 1 0 1 7 0 7 10 0 10 11 1 5 9 5 11 4 11 10 2 10 7 6 7 1 8"
    text += " 3 9 4 3 4 2 3 2 6 3 6 8 3 8 9 4 9 5 2 4 11 6 2 10 8 6 7 9 8 1"
    faces = np.array(text.split(), dtype=int).reshape(-1, 3).tolist()
    points = [np.array(c) / np.linalg.norm(c) for c in corners]
    for _ in range(times):
        middle: dict[tuple[int, int], int] = {}
        finer = []
        for a, b, c in faces:
            new = []
            for p, q in ((a, b), (b, c), (c, a)):
                key = (min(p, q), max(p, q))
                if key not in middle:
                    half = points[p] + points[q]
                    middle[key] = len(points)
                    points.append(half / np.linalg.norm(half))
                new.append(middle[key])
            finer += [[a, new[0], new[2]], [b, new[1], new[0]], [c, new[2], new[1]], new]
        faces = finer
    return np.array(points), faces


def test_a_sphere_outside_and_inside() -> None:
    """The same mass attracts as a point; within, as what is below, to the mesh's flatness."""
    points, faces = icosphere(3)
    f = compiled(sky.Polyhedron(points, faces, gm=1.0))
    place = np.array([1.5, -0.7, 1.1])
    np.testing.assert_allclose(f(place), -place / np.linalg.norm(place) ** 3, rtol=1e-4)
    inside = np.array([0.3, 0.2, -0.4])
    radius = (3 * sky.Polyhedron(points, faces, gm=1.0).volume / (4 * np.pi)) ** (1 / 3)
    np.testing.assert_allclose(f(inside), -inside / radius**3, rtol=1e-3)


def test_density_and_rotation() -> None:
    turned = sky.uniform_rotation(1e-3, 0.5)
    body = sky.Polyhedron(CORNERS, FACES, density=2000.0, rotation=turned)
    f = ty.compile(body.acceleration(sky.OrbitState(ty.time, R, V)), [R, ty.time])
    angle = 1e-3 * 400 + 0.5
    c, s = np.cos(angle), np.sin(angle)
    matrix = np.array([[c, s, 0], [-s, c, 0], [0, 0, 1]])
    place = np.array([3.0, 2.0, -1.0])
    right = matrix.T @ np.array(cuboid(list(matrix @ place), (2.0, 1.0, 3.0)))
    np.testing.assert_allclose(f(place, 400.0), right * 6.67430e-20 * 2e12, rtol=1e-12)


def test_orbit_about_a_polyhedron_conserves_energy() -> None:
    points, faces = icosphere(0)
    points = points * [2.0, 1.2, 1.0]
    model = ty.models.spacecraft([sky.Polyhedron(points, faces, gm=1e-3)])
    ta = ty.Integrator(model.system, [4.0, 0, 0.5, 0, 0.015, 0.003])
    masses = sky.Mascons([[1.0, 0, 0], [-1.0, 0, 0]], [5e-4, 5e-4])
    tb = ty.Integrator(ty.models.spacecraft([masses]).system, [4.0, 0, 0.5, 0, 0.015, 0.003])

    def energy() -> float:
        r, v = tb.state[:3], tb.state[3:]
        return v @ v / 2 - 5e-4 * sum(1 / np.linalg.norm(r - p) for p in ([1, 0, 0], [-1, 0, 0]))

    before = energy()
    for integrator in (ta, tb):
        assert integrator.propagate_until(5000.0).time == 5000.0
    assert abs(energy() / before - 1) < 1e-13


def test_wrong_meshes() -> None:
    with pytest.raises(ty.ArgumentError, match="inside out"):
        sky.Polyhedron(CORNERS, [face[::-1] for face in FACES], gm=1.0)
    with pytest.raises(ty.ArgumentError, match="do not close"):
        sky.Polyhedron(CORNERS, FACES[:-1], gm=1.0)
    with pytest.raises(ty.ArgumentError, match="either gm= or density="):
        sky.Polyhedron(CORNERS, FACES)
    with pytest.raises(ty.ArgumentError, match="gm of shape"):
        sky.Mascons([[1.0, 0, 0]], [1.0, 2.0])

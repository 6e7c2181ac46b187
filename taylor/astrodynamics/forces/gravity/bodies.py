"""Gravity of irregular bodies: polyhedra of constant density, and many point masses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.gravity.spherical import Rotation, check_rotation, turned_back
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.functions.exponential import log
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan

_NEWTON = 6.67430e-20  # km^3/(kg s^2), CODATA 2018


class Polyhedron:
    """Gravity of a polyhedron of constant density, exact outside and inside.

    vertices: shape (n, 3), km, in axes that rotate with the body, from the origin of the state.
    faces:    shape (m, 3), triangles as places among the vertices, counterclockwise from outside.
    gm:       km^3/s^2, a number or parameter; or density: kg/m^3.
    rotation: a function of time that returns the matrix from the axes of the state to those of the
              vertices, as for `SphericalHarmonics`; None where they are the same.

    Werner & Scheeres (1997), Celest. Mech. Dyn. Astron. 65, 313: sums over edges and faces.

    Raises ArgumentError where faces do not close or are turned inside out.

    >>> import taylor as ty
    >>> corners = [[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]
    >>> body = ty.astrodynamics.Polyhedron(
    ...     corners, [[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], gm=1e-3
    ... )
    >>> round(body.volume, 12)
    0.166666666667
    """

    def __init__(
        self,
        vertices: Sequence[Sequence[float]] | NDArray,
        faces: Sequence[Sequence[int]] | NDArray,
        *,
        gm: float | Expression | None = None,
        density: float | Expression | None = None,
        rotation: Rotation | None = None,
    ) -> None:
        self.vertices = np.array(vertices, dtype=float)
        self.faces = np.array(faces, dtype=int)
        self.rotation = rotation
        shapes = self.vertices.shape[1:], self.faces.shape[1:]
        if shapes != ((3,), (3,)) or self.vertices.ndim != 2 or self.faces.ndim != 2:
            raise ArgumentError("Polyhedron: give vertices of shape (n, 3) and faces (m, 3)")
        if self.faces.min() < 0 or self.faces.max() >= len(self.vertices):
            raise ArgumentError("Polyhedron: faces name vertices that do not exist")
        if (gm is None) == (density is None):
            raise ArgumentError("Polyhedron: give either gm= or density=")
        a, b, c = (self.vertices[self.faces[:, k]] for k in range(3))
        self.volume = float(np.sum(np.cross(a, b) * c) / 6)
        if self.volume <= 0:
            raise ArgumentError("Polyhedron: its faces are turned inside out; swap two corners")
        normals = np.cross(b - a, c - a)
        self._normals = normals / np.linalg.norm(normals, axis=1, keepdims=True)
        self._edges, self._dyads = self._joined()
        self.strength = gm / self.volume if gm is not None else _NEWTON * 1e9 * (density or 0)

    def _joined(self) -> tuple[NDArray, NDArray]:
        """Edges (k, 2) once each, and their dyads n_A n_12^A + n_B n_21^B, shape (k, 3, 3)."""
        found: dict[tuple[int, int], list[NDArray]] = {}
        for face, normal in zip(self.faces, self._normals, strict=True):
            for p, q in zip(face, np.roll(face, -1), strict=True):
                along = self.vertices[q] - self.vertices[p]
                outward = np.cross(along, normal) / np.linalg.norm(along)
                pair = (int(min(p, q)), int(max(p, q)))
                found.setdefault(pair, []).append(np.outer(normal, outward))
        if any(len(parts) != 2 for parts in found.values()):
            raise ArgumentError("Polyhedron: its faces do not close: an edge has not two of them")
        return np.array(list(found)), np.array([p + q for p, q in found.values()])

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        turned = None if self.rotation is None else self.rotation(state.time)
        position: Any = state.position if turned is None else turned @ state.position
        away = self.vertices - position  # (n, 3), from the point to the vertices
        size = sqrt((away * away).sum(axis=1))
        first, last = self._edges.T
        ends = self.vertices[last] - self.vertices[first]
        length = np.linalg.norm(ends, axis=1)
        both = size[first] + size[last]
        potential = log((both + length) / (both - length))
        by_edge = np.einsum("eij,ej->ei", self._dyads, away[first])
        a, b, c = (away[self.faces[:, k]] for k in range(3))
        p, q, r = (size[self.faces[:, k]] for k in range(3))
        sine = _triple(a, b, c)
        cosine = p * q * r + p * _dot(b, c) + q * _dot(c, a) + r * _dot(a, b)
        # Twice the angle, by its half: smooth but on the face itself, where atan2 has its cut.
        solid = 4 * atan(sine / (sqrt(sine * sine + cosine * cosine) + cosine))
        by_face = self._normals * _dot(self._normals, a)[:, None]
        total = (by_face * solid[:, None]).sum(axis=0) - (by_edge * potential[:, None]).sum(axis=0)
        found: Expression = self.strength * total
        return found if turned is None else turned_back(turned, found)


class Mascons:
    """Gravity of point masses that are fixed in a body.

    positions: shape (n, 3), km, in axes that rotate with the body.
    gm:        shape (n,), km^3/s^2.
    rotation:  as for `Polyhedron`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> pair = sky.Mascons([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]], [0.5, 0.5])
    >>> f = ty.compile(pair.acceleration(sky.OrbitState(ty.time, r, v)), [r])
    >>> f([0.0, 2.0, 0.0]).round(6).tolist()
    [-0.0, -0.178885, -0.0]
    """

    def __init__(
        self,
        positions: Sequence[Sequence[float]] | NDArray,
        gm: Sequence[float] | NDArray,
        *,
        rotation: Rotation | None = None,
    ) -> None:
        self.positions, self.gm = np.array(positions, float), np.array(gm, float)
        self.rotation = rotation
        if self.positions.shape != (len(self.gm), 3) or self.gm.ndim != 1:
            raise ArgumentError("Mascons: give positions of shape (n, 3) and gm of shape (n,)")
        check_rotation("Mascons", rotation)

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        turned = None if self.rotation is None else self.rotation(state.time)
        position: Any = state.position if turned is None else turned @ state.position
        away = self.positions - position
        pull = self.gm * (away * away).sum(axis=1) ** -1.5
        found: Expression = (pull[:, None] * away).sum(axis=0)
        return found if turned is None else turned_back(turned, found)


def _dot(a: Any, b: Any) -> Any:
    return (a * b).sum(axis=1)


def _triple(a: Any, b: Any, c: Any) -> Any:
    """a . (b x c) of rows."""
    total: Any = 0
    for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1)):
        total = total + a[:, i] * (b[:, j] * c[:, k] - b[:, k] * c[:, j])
    return total

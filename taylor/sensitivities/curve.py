"""The curve of solutions of F(z) = 0 where one more unknown than equations is left."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from taylor.errors import ArgumentError
from taylor.sensitivities.periodic import PeriodicOrbit
from taylor.sensitivities.shooting import PERIOD, Shooter, Shot
from taylor_runtime.program.records import dataclass

CORRECTIONS = 8  # after which a step is too long
FARTHEST = 1.2  # times the length of a step, between two orbits
SINGULAR = 1e-6  # of the largest singular value: directions in which the equations go on to hold

Direction: TypeAlias = "Mapping[Any, float]"


@dataclass(frozen=True, slots=True)
class Point:
    """A solution, the direction of the curve there, what was found, and how many corrections."""

    z: np.ndarray
    tangent: np.ndarray
    shot: Shot
    taken: int


class Curve:
    """The solutions of F(z) = 0 near an orbit, where one more unknown than equations is left."""

    def __init__(self, orbit: PeriodicOrbit, parameter: Any, tolerance: float) -> None:
        known = orbit._shooter
        setting, z, n = known.setting, orbit._z, known.setting.size
        self.name = PERIOD if parameter is None else str(parameter)
        self.natural = parameter is None
        places = set(orbit._unknown)
        shooter = known
        if parameter is None:
            held = set(setting.odd or ()) | (set() if setting.autonomous else {len(z) - 1})
            places = set(range(len(z))) - held
            if setting.conditions:
                setting = replace(setting, conditions=())
                shooter = Shooter(setting, z)
        elif self.name not in setting.varied:
            if self.name not in setting.parameters:
                raise ArgumentError(f"continue_family: {parameter} is no parameter of the system")
            setting = setting.with_parameters([self.name])
            z = np.array([*z[:-1], setting.parameters[self.name], z[-1]])
            places = {k if k < len(z) - 2 else k + 1 for k in places} | {len(z) - 2}
            shooter = Shooter(setting, z)
        else:
            places = places | {setting.place(self.name)}
        assert n == setting.size
        self.setting, self.tolerance = setting, tolerance
        self.conservative = orbit.multipliers.conserved is not None
        self.shooter = shooter = copy.copy(shooter)  # whose scales change along the family
        self.places = sorted(places)
        self.z = z
        shooter.rescale(z)
        shot = shooter.shoot(z, z)
        assert shot is not None  # it is a solution
        self.shot = shot
        self.branches = len(self.null_space(shot)) > 1

    def null_space(self, shot: Shot) -> np.ndarray:
        """Orthonormal rows: directions in which the equations go on to hold, to first order."""
        matrix = shot.jacobian[:, self.places]
        _, sizes, rows = np.linalg.svd(matrix)
        sizes = np.append(sizes, np.zeros(len(rows) - len(sizes)))
        return np.asarray(rows[sizes <= SINGULAR * sizes[0]])

    def first_tangent(self, direction: int | Direction | None) -> np.ndarray:
        """The direction of the first step, among the unknowns."""
        rows = self.null_space(self.shot)
        if not len(rows):
            raise ArgumentError(
                "continue_family: this orbit belongs to no family: give a parameter that varies"
            )
        if isinstance(direction, Mapping):
            wanted = np.zeros(len(self.setting.names))
            for key, value in direction.items():
                wanted[self.setting.place(key)] = float(value)
            along = rows.T @ (rows @ (wanted / self.shooter.scales)[self.places])
            length = float(np.linalg.norm(along))
            if not length > 1e-9 * np.linalg.norm(wanted / self.shooter.scales):
                raise ArgumentError("continue_family: the family does not go in that direction")
            return np.asarray(along / length)
        if direction not in (None, 1, -1):
            raise ArgumentError(
                f"continue_family: direction must be +1, -1 or a mapping, got {direction!r}"
            )
        if len(rows) > 1:
            raise ArgumentError(
                f"continue_family: {len(rows)} families go through this orbit, or it is a place "
                "where they meet; say by direction={name: number} where to go"
            )
        row = rows[0]
        own = self.setting.place(self.name)
        grows = row[self.places.index(own)] if own in self.places else row[np.argmax(np.abs(row))]
        return np.asarray(row * np.copysign(1.0, grows) * (direction or 1))

    def rescaled(self, point: Point) -> Point:
        """The point in units of how large things have become."""
        before = self.shooter.scales
        self.shooter.rescale(point.z)
        tangent = point.tangent * (before / self.shooter.scales)[self.places]
        return replace(point, tangent=tangent / np.linalg.norm(tangent))

    def step(self, point: Point, length: float) -> Point | None:
        """The solution across the end of a step, or None where it is not found."""
        own, scales = self.places, self.shooter.scales
        move = np.zeros(len(scales))
        move[own] = length * point.tangent
        z = point.z + move * scales
        for taken in range(CORRECTIONS + 1):
            shot = self.shooter.shoot(z, point.z)
            if shot is None:
                return None
            size = float(np.abs(shot.residual).max())
            matrix = np.vstack([shot.jacobian[:, own], point.tangent])
            if size <= max(self.tolerance, shot.floor):
                gone = np.linalg.norm(((z - point.z) / scales)[own])
                if gone > FARTHEST * length:  # it is another orbit
                    return None
                return Point(z, _unit(matrix), shot, taken)
            if size > 1.0:
                return None
            moved = np.zeros(len(scales))
            moved[own] = np.linalg.lstsq(matrix, np.append(-shot.residual, 0.0), rcond=None)[0]
            z = z + moved * scales
        return None


def _unit(matrix: np.ndarray) -> np.ndarray:
    """The unit vector that all rows but the last vanish on, on the last one's side."""
    wanted = np.zeros(len(matrix))
    wanted[-1] = 1.0
    found = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return np.asarray(found / np.linalg.norm(found))

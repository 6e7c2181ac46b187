"""Tides of the oceans, as changes of the coefficients of gravity."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.forces.gravity.harmonics import gradient
from taylor.astrodynamics.forces.gravity.spherical import (
    Rotation,
    check_rotation,
    earth_angle,
    turned_back,
    uniform_rotation,
)
from taylor.astrodynamics.frames.celestial import centuries
from taylor.astrodynamics.frames.nutation import ARCSECOND, moon_and_sun, polynomial
from taylor.errors import ArgumentError, FormatError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, constant, stack
from taylor.functions.trigonometric import cos, sin
from taylor.numbers.checks import checked_order
from taylor_runtime.program.records import dataclass

_UNIT = 1e-11  # of the coefficients of a file
_NUMBERS = 4  # C+, S+, C-, S-
# What Greenwich's mean sidereal time is ahead of the Earth's angle of rotation: arcseconds by
# powers of centuries (Capitaine, Wallace & Chapront 2003; IERS Conventions 2010, eq. 5.32).
_SIDEREAL = (0.014506, 4612.156534, 1.3915817, -0.00000044, -0.000029956)


@dataclass(frozen=True)
class TidalWave:
    """A wave of the oceans' tides, by the coefficients of IERS Conventions (2010), eq. 6.15.

    doodson: its number, as "255.555" (M2): digits less 5, but for the first, are multiples of
             Doodson's arguments tau, s, h, p, N', p_s.
    name:    Darwin's, as "M2".
    coefficients: C+, S+, C-, S- by (n, m): fully normalised, without unit.

    >>> import taylor as ty
    >>> wave = ty.astrodynamics.TidalWave("255.555", "M2", {(2, 2): (-59e-11, 33e-11, 0.0, 0.0)})
    >>> wave.multiples
    (2, 0, 0, 0, 0, 0)
    """

    doodson: str
    name: str
    coefficients: dict[tuple[int, int], tuple[float, float, float, float]]

    def __post_init__(self) -> None:
        whole, _, rest = self.doodson.strip().partition(".")
        if not (whole.isdigit() and rest.isdigit() and len(whole) <= 3 and len(rest) == 3):
            raise ArgumentError(f"TidalWave: {self.doodson!r} is no Doodson number, as '255.555'")
        for (n, m), values in self.coefficients.items():
            if not 0 <= m <= n or len(values) != _NUMBERS:
                raise ArgumentError(
                    f"TidalWave: {values!r} at ({n}, {m}) are no C+, S+, C-, S- of a degree and "
                    "order"
                )

    @property
    def multiples(self) -> tuple[int, ...]:
        """The multiples of tau, s, h, p, N' and p_s."""
        digits = [int(digit) for digit in self.doodson.strip().replace(".", "").rjust(6, "0")]
        return digits[0], *(digit - 5 for digit in digits[1:])


class OceanTides:
    """What the tides of the oceans add to the attraction of the Earth.

    waves:    records `TidalWave`, or read a file of FES2004's format with `OceanTides.read`.
    degree:   how far to go; None for all that there is.
    rotation: from the axes of the state to the Earth's, as for `SphericalHarmonics`.
    gm, radius: that the coefficients belong to: the Earth's, km^3/s^2 and km.

    The change of C_nm - i S_nm is the sum over waves of (C+ - i S+) e^{i theta} + (C- + i S-)
    e^{-i theta}, theta the argument of the wave (IERS Conventions 2010, eq. 6.15).  The Earth turns
    evenly in theta: UT1 is off by less than 1e-4 rad in decades.

    Raises ArgumentError for no wave.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> wave = sky.TidalWave("255.555", "M2", {(2, 2): (-59e-11, 33e-11, 0.0, 0.0)})
    >>> tides = sky.OceanTides([wave])
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> tides.acceleration(sky.OrbitState(ty.time, r, v)).shape
    (3,)
    """

    central = False  # no force that holds a satellite in its orbit

    def __init__(
        self,
        waves: Sequence[TidalWave],
        *,
        degree: int | None = None,
        rotation: Rotation | None = None,
        gm: float = 398600.4415,
        radius: float = 6378.1363,
    ) -> None:
        check_rotation("OceanTides", rotation)
        if not waves or any(not isinstance(wave, TidalWave) for wave in waves):
            raise ArgumentError("OceanTides: give one TidalWave or several, or read a file")
        highest = max(n for wave in waves for n, _ in wave.coefficients)
        if degree is not None:
            highest = min(checked_order(degree, "OceanTides: degree"), highest)
        self.waves, self.degree = tuple(waves), highest
        self.rotation = uniform_rotation() if rotation is None else rotation
        self.gm, self.radius = gm, radius

    @staticmethod
    def read(
        path: str | Path,
        *,
        degree: int | None = None,
        waves: Sequence[str] | None = None,
        rotation: Rotation | None = None,
    ) -> OceanTides:
        """The tides of a file such as IERS's `fes2004_Cnm-Snm.dat`.

        path:  lines of Doodson number, name, n, m, C+, S+, C-, S- in units of 1e-11; others before
               the first of these are a header.
        waves: names of those that are wanted ("M2", "K1"); None for all.

        Raises FormatError for what is no such file, ArgumentError for waves that it does not have.
        """
        lines = Path(path).read_text("utf-8", errors="replace").splitlines()
        found = _waves(lines, Path(path).name, degree)
        missing = [name for name in waves or () if name not in {wave.name for wave in found}]
        if missing:
            raise ArgumentError(
                f"OceanTides.read: {Path(path).name} has no wave {missing[0]!r}; it has "
                f"{', '.join(wave.name for wave in found)}"
            )
        chosen = [wave for wave in found if waves is None or wave.name in waves]
        return OceanTides(chosen, degree=degree, rotation=rotation)

    def coefficients(self, time: Expression) -> tuple[Expression, Expression]:
        """Changes of C and S, fully normalised, expressions of shape (degree + 1, degree + 1)."""
        size = self.degree + 1
        table = np.zeros((_NUMBERS, len(self.waves), size, size))
        for k, wave in enumerate(self.waves):
            for (n, m), values in wave.coefficients.items():
                if n < size:
                    table[:, k, n, m] = values
        angles = constant(np.array([wave.multiples for wave in self.waves])) @ _arguments(time)
        cosines, sines = as_expression(cos(angles)), as_expression(sin(angles))
        cp, sp, cm, sm = table.reshape(_NUMBERS, len(self.waves), size * size)
        c = cosines @ constant(cp + cm) + sines @ constant(sp + sm)
        s = cosines @ constant(sp - sm) - sines @ constant(cp - cm)
        return c.reshape(size, size), s.reshape(size, size)

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        turned = self.rotation(state.time)
        c, s = self.coefficients(state.time)
        slope = gradient((turned @ state.position) / self.radius, c, s)
        return turned_back(turned, self.gm / self.radius**2 * slope)


def _arguments(time: Expression) -> Expression:
    """Doodson's tau, s, h, p, N', p_s in rad, shape (6,) (IERS Conventions 2010, section 6.3.1)."""
    moon, sun, latitude, elongation, node = moon_and_sun(centuries(time))
    s = latitude + node
    sidereal = earth_angle(time) + ARCSECOND * polynomial(_SIDEREAL, centuries(time))
    h = s - elongation
    return stack([sidereal + math.pi - s, s, h, s - moon, -node, h - sun])


def _waves(lines: Sequence[str], name: str, degree: int | None) -> list[TidalWave]:
    """The waves of a file's lines, up to a degree."""
    found: dict[tuple[str, str], dict[tuple[int, int], tuple[float, float, float, float]]] = {}
    for number, line in enumerate(lines, 1):
        words = line.split()
        if len(words) < 4 + _NUMBERS or not words[0].replace(".", "", 1).isdigit():
            if found and words:
                raise FormatError(f"{name}: line {number}, {line.strip()!r}, is no line of a wave")
            continue
        try:
            n, m = int(words[2]), int(words[3])
            a, b, c, d = (_UNIT * float(word) for word in words[4 : 4 + _NUMBERS])
        except ValueError as error:
            raise FormatError(f"{name}: line {number}, {line.strip()!r}: {error}") from None
        if degree is None or n <= degree:
            found.setdefault((words[0], words[1]), {})[n, m] = a, b, c, d
    if not found:
        raise FormatError(f"{name}: there are no waves of tides in it, as of FES2004")
    return [TidalWave(*key, coefficients) for key, coefficients in found.items()]

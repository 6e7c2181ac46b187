"""What can be measured of a spacecraft: a record each, with its expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeAlias

import numpy as np

from taylor.astrodynamics.checks import check_number
from taylor.astrodynamics.determination.sights import LIGHT, Sight, dot, length
from taylor.astrodynamics.encounters.station import Station, check_station
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.types import ExpressionLike
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan2
from taylor_runtime.program.records import dataclass

Bias: TypeAlias = "float | Expression | Sequence[float | Expression]"


class Measurement(Protocol):
    """Anything with these five: what is computed are expressions, whose derivatives are taylor's.

    labels:  a name for each number that is measured at a time.
    angular: which of them are angles, of which 2 pi is nothing.
    station: from where, or None.
    legs:    how many ways of light are followed: 0 none, 1 down, 2 up and down.

    One that has an `interval` (begin and end, s, from the time of the observation) is computed at
    both and is what that changes by, divided by the length, as `CountedDoppler`.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.Range(sky.Station("origin", (0.0, 0.0, 0.0)), light_time=True).legs
    1
    """

    @property
    def labels(self) -> tuple[str, ...]: ...

    @property
    def angular(self) -> tuple[bool, ...]: ...

    @property
    def station(self) -> Station | None: ...

    @property
    def legs(self) -> int: ...

    def computed(self, sight: Sight) -> Sequence[ExpressionLike]:
        """What would be measured."""
        ...

    def stretch(self, values: np.ndarray) -> np.ndarray:
        """By what a change of the numbers is multiplied to be what `sigma` speaks of; shape
        (times, numbers), as that of the values.
        """
        ...


@dataclass(frozen=True, eq=False)
class _FromStation:
    station: Station
    bias: Bias = 0.0
    light_time: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "station", check_station(self.station))

    @property
    def legs(self) -> int:
        return int(self.light_time)

    @property
    def labels(self) -> tuple[str, ...]:
        raise NotImplementedError

    @property
    def angular(self) -> tuple[bool, ...]:
        return (False,)

    def stretch(self, values: np.ndarray) -> np.ndarray:
        return np.ones_like(values)

    def _biased(self, *values: Expression) -> list[Expression]:
        bias = self.bias if isinstance(self.bias, Sequence) else [self.bias] * len(values)
        if len(bias) != len(values):
            raise ArgumentError(
                f"{type(self).__name__}: bias has {len(bias)} numbers, there are {len(values)}"
            )
        return [value + b for value, b in zip(values, bias, strict=True)]


@dataclass(frozen=True, eq=False)
class _Link(_FromStation):
    two_way: bool = False

    @property
    def legs(self) -> int:
        return (1 + self.two_way) * self.light_time


@dataclass(frozen=True, eq=False)
class Range(_Link):
    """Distance from a station, km.

    station:    a `Station`.
    bias:       a number or a parameter that is added.
    light_time: whether the spacecraft is where it was when the light set out that arrives at the
                time of the observation; else distances are those of one moment.
    two_way:    with `light_time`: half of the way of a signal up and down, received at that time.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> station = sky.Station("origin", (0.0, 0.0, 0.0))
    >>> sky.Range(station, bias=ty.parameter("b")).labels
    ('range',)
    """

    @property
    def labels(self) -> tuple[str, ...]:
        return ("range",)

    def computed(self, sight: Sight) -> list[Expression]:
        """What would be measured."""
        if not self.legs:
            return self._biased(length(sight.craft.position - sight.receiver.position))
        craft, delay = sight.arrived()
        if self.legs == 1:
            return self._biased(LIGHT * delay)
        return self._biased(LIGHT * (delay + sight.sent(craft, delay)[1]) / 2)


@dataclass(frozen=True, eq=False)
class RangeRate(_Link):
    """Rate of the distance from a station, km/s, at the moment; arguments as of `Range`.

    With `light_time` it is the rate of what `Range` measures, by the time of reception.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.RangeRate(sky.Station("origin", (0.0, 0.0, 0.0))).labels
    ('range rate',)
    """

    @property
    def labels(self) -> tuple[str, ...]:
        return ("range rate",)

    def computed(self, sight: Sight) -> list[Expression]:
        """What would be measured."""
        here = sight.receiver
        if not self.legs:
            off = sight.craft.position - here.position
            return self._biased(dot(off, sight.craft.velocity - here.velocity) / length(off))
        craft, delay = sight.arrived()
        off = craft.position - here.position
        ray = off / length(off)
        # c delay' = ray . (v (1 - delay') - w): the light leaves at t - delay.
        slope = dot(ray, craft.velocity - here.velocity) / (LIGHT + dot(ray, craft.velocity))
        if self.legs == 1:
            return self._biased(LIGHT * slope)
        start, _ = sight.sent(craft, delay)
        off = craft.position - start.position
        ray = off / length(off)
        upward = (1 - slope) * dot(ray, craft.velocity - start.velocity)
        return self._biased(
            LIGHT * (slope + upward / (LIGHT - dot(ray, start.velocity))) / 2,
        )


@dataclass(frozen=True, eq=False)
class CountedDoppler(_Link):
    """The mean rate of the distance over a count interval, km/s: what counted cycles tell.

    count:     the length of the interval, s, by the station's clock.
    reference: which moment of it the times of the observations are: "start", "middle" or "end".

    It is the distance that `Range` measures at the end of the interval, less that at its beginning,
    divided by its length; other arguments as there, bias in km/s (Moyer 2003, Formulation for
    Observed and Computed Values of Deep Space Network Data Types, section 13.3, without media).

    A filter with `process_noise` takes none: they belong to two moments.

    Raises ArgumentError for a count that is not positive, or another reference.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> station = sky.Station("origin", (0.0, 0.0, 0.0))
    >>> sky.CountedDoppler(station, count=60.0, light_time=True, two_way=True).legs
    2
    """

    count: float = 60.0
    reference: str = "middle"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("CountedDoppler", "count", self.count, above=0, unit="s")
        if self.reference not in _AFTER:
            raise ArgumentError(
                f"CountedDoppler: reference={self.reference!r} is none of {', '.join(_AFTER)}"
            )

    @property
    def labels(self) -> tuple[str, ...]:
        return ("counted Doppler",)

    @property
    def interval(self) -> tuple[float, float]:
        """Begin and end of the count, from the time of the observation."""
        end = _AFTER[self.reference] * self.count
        return end - self.count, end

    def computed(self, sight: Sight) -> list[Expression]:
        """The distance at one moment, and what a bias of the rate has made of it since time 0."""
        (bias,) = self._biased(as_expression(0))
        return [Range(self.station, 0, self.light_time, self.two_way).computed(sight)[0]
                + bias * sight.time]  # fmt: skip


_AFTER = {"start": 1.0, "middle": 0.5, "end": 0.0}  # parts of a count that follow its time


@dataclass(frozen=True, eq=False)
class EquatorialAngles(_FromStation):
    """Right ascension and declination from a station, radians, in the trajectory's axes.

    `sigma` of the right ascension is on the sky: of alpha cos(delta).  With `light_time` the
    direction is that in which the light set out; there is no stellar aberration in it.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.EquatorialAngles(sky.Station("origin", (0.0, 0.0, 0.0))).labels
    ('right ascension', 'declination')
    """

    @property
    def labels(self) -> tuple[str, ...]:
        return ("right ascension", "declination")

    @property
    def angular(self) -> tuple[bool, ...]:
        return (True, True)

    def computed(self, sight: Sight) -> list[Expression]:
        """What would be measured."""
        return self._biased(*_angles(_direction(sight, self.legs)))

    def stretch(self, values: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(values[:, 1]), np.ones(len(values))], axis=1)


@dataclass(frozen=True, eq=False)
class HorizonAngles(_FromStation):
    """Azimuth (from north over east) and elevation from a station, radians; no refraction.

    `sigma` of the azimuth is on the sky: of the azimuth times the cosine of the elevation.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> sky.HorizonAngles(sky.Station.geodetic("equator", 0.0, 0.0)).labels
    ('azimuth', 'elevation')
    """

    @property
    def labels(self) -> tuple[str, ...]:
        return ("azimuth", "elevation")

    @property
    def angular(self) -> tuple[bool, ...]:
        return (True, True)

    def computed(self, sight: Sight) -> list[Expression]:
        """What would be measured."""
        local = sight.horizon @ _direction(sight, self.legs)
        east, north, up = local[0], local[1], local[2]
        return self._biased(atan2(east, north), atan2(up, sqrt(east * east + north * north)))

    def stretch(self, values: np.ndarray) -> np.ndarray:
        return np.stack([np.cos(values[:, 1]), np.ones(len(values))], axis=1)


@dataclass(frozen=True, eq=False)
class PositionFix:
    """The three coordinates of the spacecraft, km, in the trajectory's axes.

    >>> import taylor as ty
    >>> ty.astrodynamics.PositionFix().labels
    ('x', 'y', 'z')
    """

    bias: Sequence[float | Expression] = (0.0, 0.0, 0.0)
    labels = ("x", "y", "z")
    angular = (False, False, False)
    station = None
    legs = 0

    def computed(self, sight: Sight) -> list[Expression]:
        """What would be measured."""
        return [sight.craft.position[k] + self.bias[k] for k in range(3)]

    def stretch(self, values: np.ndarray) -> np.ndarray:
        return np.ones_like(values)


@dataclass(frozen=True, eq=False)
class Measured:
    """Whatever an expression of the integrator's states, parameters and `taylor.time` says.

    expressions: one or several scalars.
    labels:      a name for each.
    angular:     which of them are angles, of which 2 pi is nothing.

    >>> import taylor as ty
    >>> q = ty.variable("q", shape=(3,))
    >>> height = ty.sqrt(ty.sum(q * q)) - 6378.0
    >>> ty.astrodynamics.Measured(height, "altitude").labels
    ('altitude',)
    """

    expressions: Expression | Sequence[Expression]
    labels: tuple[str, ...] | str = ()
    angular: tuple[bool, ...] | bool = False
    station = None
    legs = 0

    def __post_init__(self) -> None:
        given = self.expressions
        listed = (given,) if isinstance(given, Expression) else tuple(given)
        for e in listed:
            if not isinstance(e, Expression) or e.shape:
                raise ArgumentTypeError(f"Measured: expressions must be scalars, got {e!r:.60}")
        labels = (self.labels,) if isinstance(self.labels, str) else tuple(self.labels)
        labels = labels or tuple(f"{e!s:.20}" for e in listed)
        angular = self.angular
        flags = (angular,) * len(listed) if isinstance(angular, bool) else tuple(angular)
        if not len(listed) == len(labels) == len(flags) or not listed:
            raise ArgumentError(
                f"Measured: {len(listed)} expressions, {len(labels)} labels and {len(flags)} flags "
                "of angles do not fit together"
            )
        object.__setattr__(self, "expressions", listed)
        object.__setattr__(self, "labels", labels)
        object.__setattr__(self, "angular", flags)

    def computed(self, sight: Sight) -> Sequence[Expression]:
        """What would be measured."""
        return list(self.expressions)

    def stretch(self, values: np.ndarray) -> np.ndarray:
        return np.ones_like(values)


def _direction(sight: Sight, legs: int) -> Expression:
    craft = sight.arrived()[0] if legs else sight.craft
    return craft.position - sight.receiver.position


def _angles(off: Expression) -> tuple[Expression, Expression]:
    x, y, z = off[0], off[1], off[2]
    return atan2(y, x), atan2(z, sqrt(x * x + y * y))

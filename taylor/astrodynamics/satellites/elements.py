"""Mean elements, as two-line and OMM element sets have them."""

from __future__ import annotations

from collections.abc import Mapping

from taylor.astrodynamics.satellites.reading import EPOCH_ZERO, Satellite, read_lines, read_message
from taylor.expressions.types import ExpressionOrArray
from taylor_runtime.program.records import dataclass


@dataclass(frozen=True)
class MeanElements:
    """Mean elements of SGP4; numbers, arrays, or expressions.

    mean_motion:  Kozai's, radians a minute.
    eccentricity: 0 or more and less than 1.
    inclination, ascending_node, argument_of_pericentre, mean_anomaly: radians, in the axes of TEME.
    bstar:        the drag term B*, in 1/(radius of the Earth).
    epoch:        UTC, days since 1949 December 31, 0h; of deep-space orbits alone, for which the
                  places of Moon and Sun count, does the theory ask.

    >>> import taylor as ty
    >>> elements = ty.astrodynamics.MeanElements.from_tle(
    ...     "1 00005U 58002B   00179.78495062  .00000023  00000-0  28098-4 0  4753",
    ...     "2 00005  34.2682 348.7242 1859667 331.7664  19.3264 10.82419157413667",
    ... )  # doctest: +SKIP
    """

    mean_motion: ExpressionOrArray
    eccentricity: ExpressionOrArray
    inclination: ExpressionOrArray
    ascending_node: ExpressionOrArray
    argument_of_pericentre: ExpressionOrArray
    mean_anomaly: ExpressionOrArray
    bstar: ExpressionOrArray = 0.0
    epoch: ExpressionOrArray = 0.0

    @classmethod
    def from_satrec(cls, satellite: Satellite) -> MeanElements:
        """Those of an object of the package `sgp4`."""
        # One float holds the date to 40 microseconds; it is what the package computes with.
        days = (satellite.jdsatepoch + satellite.jdsatepochF) - EPOCH_ZERO
        return cls(
            satellite.no_kozai,
            satellite.ecco,
            satellite.inclo,
            satellite.nodeo,
            satellite.argpo,
            satellite.mo,
            satellite.bstar,
            days,
        )

    @classmethod
    def from_tle(cls, line1: str, line2: str) -> MeanElements:
        """Those of two lines.

        Raises FormatError for lines that are no element set.
        """
        return cls.from_satrec(read_lines(line1, line2))

    @classmethod
    def from_omm(cls, fields: Mapping[str, str]) -> MeanElements:
        """Those of an orbit mean-elements message, by its keywords such as "MEAN_MOTION".

        Raises FormatError for a message that lacks some, or has others than numbers.
        """
        return cls.from_satrec(read_message(fields))

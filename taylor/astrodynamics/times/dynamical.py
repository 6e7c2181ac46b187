"""TDB - TT: the relativistic clock at the Earth's centre, by the series of Fairhead and Bretagnon.

L. Fairhead & P. Bretagnon, Astron. Astrophys. 229 (1990) 240, in the full form of 787 terms that
the IERS Conventions (2003) give (file tdb.npz: amplitudes in s, frequencies in rad per Julian
millennium, phases, and powers of time, from the tables of SOFA and ERFA), with the changes to
the masses of JPL.  It is good to 10 ns from 1600 to 2200; software agrees to far less.
"""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from pathlib import Path

import numpy as np

from taylor.astrodynamics.times.calendar import CENTURY
from taylor.astrodynamics.times.functions import TimeFunction, TimeLike, checked_accuracy
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import ZERO, as_expression
from taylor.expressions.types import ExpressionOrArray
from taylor.functions.apply import sum as total
from taylor.functions.trigonometric import sin

TT_TAI = Fraction("32.184")  # TT - TAI, seconds
# Amplitudes in s, frequencies in rad per millennium, phases: from the masses of the IAU to JPL's.
_MASSES = (
    (0.00065e-6, 6069.776754, 4.021194),
    (0.00033e-6, 213.299095, 5.543132),
    (-0.00196e-6, 6208.294251, 5.696701),
    (-0.00173e-6, 74.781599, 2.435900),
)
_MASSES_SQUARE = 0.03638e-6  # s per millennium squared


def tdb_minus_tt(t: TimeLike, accuracy: float = 0.0) -> ExpressionOrArray:
    """TDB - TT at the Earth's centre in seconds, of seconds of TDB since J2000: within 1.7 ms.

    t: a number, an array, an Epoch, or an expression.
    accuracy: seconds by which the result may be off between 1900 and 2100: terms that are below
        that together are left out.

    Where t is TT instead of TDB the result is the same to 1e-12 s.

    Raises ArgumentError for a negative accuracy or times that are not finite.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> round(float(sky.tdb_minus_tt(0.0)), 7)
    -9.93e-05
    >>> sky.tdb_minus_tt(ty.time, accuracy=1e-6).shape
    ()
    """
    return difference(accuracy)(t)


def difference(accuracy: float = 0.0) -> TimeFunction:
    """`tdb_minus_tt` of this accuracy."""
    return _difference(checked_accuracy("tdb_minus_tt", accuracy))


@lru_cache(16)
def _difference(accuracy: float) -> TimeFunction:
    return TimeFunction("tdb_minus_tt", _Series(*_terms(accuracy)))


def _terms(accuracy: float) -> tuple[np.ndarray, np.ndarray]:
    """Rows of amplitude, frequency and phase, and powers of time: those that matter."""
    with np.load(Path(__file__).with_name("tdb.npz")) as table:
        columns = [table[name] for name in ("amplitude", "frequency", "phase")]
        power = table["power"].astype(int)
    terms = np.concatenate([np.stack(columns, axis=1), _MASSES])
    power = np.concatenate([power, np.zeros(len(_MASSES), dtype=int)])
    size = np.abs(terms[:, 0]) * 0.1**power  # a tenth of a millennium off J2000
    order = np.argsort(size)
    dropped = np.cumsum(size[order]) <= accuracy
    kept = np.sort(order[~dropped])
    return terms[kept], power[kept]


class _Series:
    """sum over terms of amplitude t^power sin(frequency t + phase), t in millennia."""

    def __init__(self, terms: np.ndarray, power: np.ndarray) -> None:
        self.terms = terms
        self.power = power

    def __call__(self, t: Expression) -> Expression:
        millennia = t / (10 * CENTURY)
        result = ZERO
        for power in range(4, -1, -1):
            amplitude, frequency, phase = self.terms[self.power == power].T
            result = result * millennia
            if len(amplitude):
                result = result + total(amplitude * sin(frequency * millennia + phase))
            if power == 2:
                result = result + _MASSES_SQUARE
        return as_expression(result)

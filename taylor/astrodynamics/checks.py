"""Checks of what forces, encounters and orbits are given, before anything is made of it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression

SUN = "lambda t: ephemeris.position('sun', t)"  # how one writes where it is


def check_number(
    where: str,
    name: str,
    value: object,
    *,
    above: float | None = None,
    least: float | None = None,
    most: float | None = None,
    unit: str = "",
) -> None:
    """Raise unless `value` is an expression, or a finite number within bounds.

    above, least, most: bounds, the first of which the value must not reach.

    >>> check_number("Drag", "mass", 100.0, above=0, unit="kg")
    >>> try:
    ...     check_number("Drag", "mass", -1.0, above=0, unit="kg")
    ... except ArgumentError as error:
    ...     print(error)
    Drag: mass=-1.0 must be above 0 kg
    """
    if isinstance(value, Expression):
        return
    plain = not isinstance(value, str | bytes | bool) and np.ndim(value) == 0  # type: ignore[arg-type]
    try:
        if not plain:
            raise TypeError
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"{where}: {name}={value!r:.80} must be a number or an expression"
        ) from None
    behind = f" {unit}" if unit else ""
    if not math.isfinite(number):
        raise ArgumentError(f"{where}: {name}={value!r} must be finite")
    if above is not None and not number > above:
        raise ArgumentError(f"{where}: {name}={value!r} must be above {above}{behind}")
    if least is not None and not number >= least:
        raise ArgumentError(f"{where}: {name}={value!r} must be {least}{behind} or more")
    if most is not None and not number <= most:
        raise ArgumentError(f"{where}: {name}={value!r} must be {most}{behind} or less")


def check_positive(where: str, **values: object) -> None:
    """Raise ArgumentError where numbers, or arrays of them, are not positive.

    Expressions and polynomials pass, and so does NaN.

    >>> check_positive("lambert", dt=[1.0, 2.0], gm=398600.4418)
    >>> try:
    ...     check_positive("lambert", dt=-5.0)
    ... except ArgumentError as error:
    ...     print(error)
    lambert: dt=-5.0 must be positive
    """
    for name, value in values.items():
        if isinstance(value, Expression):
            continue
        try:
            numbers = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            continue
        if np.any(numbers <= 0):
            raise ArgumentError(f"{where}: {name}={value!r:.80} must be positive")


def check_function(where: str, name: str, value: object, like: str) -> None:
    """Raise unless `value` can be called; `like` is how one writes it.

    >>> try:
    ...     check_function("Drag", "rotation", 3, "lambda t: earth.rotation('gcrs', 'itrf', t)")
    ... except ArgumentTypeError as error:
    ...     print(error)
    Drag: rotation=3 must be a function, as lambda t: earth.rotation('gcrs', 'itrf', t)
    """
    if not callable(value):
        raise ArgumentTypeError(f"{where}: {name}={value!r:.80} must be a function, as {like}")


def checked_vector(where: str, name: str, value: object) -> NDArray:
    """Three finite numbers as an array.

    >>> checked_vector("Thrust", "direction", [1, 0, 0]).tolist()
    [1.0, 0.0, 0.0]
    """
    try:
        found = np.asarray(value, float)
    except (TypeError, ValueError):
        raise ArgumentTypeError(f"{where}: {name}={value!r:.80} must be three numbers") from None
    if found.shape != (3,) or not np.isfinite(found).all():
        raise ArgumentError(f"{where}: {name}={value!r:.80} must be three finite numbers")
    return found


def two_arrays(
    where: str, name: str, motion: Callable[[NDArray], Any] | Any, times: NDArray
) -> tuple[NDArray, NDArray]:
    """Positions and velocities that a function of times gives, or that are given as arrays.

    Raises ArgumentTypeError for what is no function and no pair of arrays of numbers.

    >>> import numpy as np
    >>> r, v = two_arrays("f", "motion", lambda t: (np.zeros(3), np.ones(3)), np.zeros(1))
    >>> v.tolist()
    [1.0, 1.0, 1.0]
    """
    found = motion(times) if callable(motion) else motion
    what = "returned" if callable(motion) else "is"
    pair = isinstance(found, tuple | list | np.ndarray) and len(found) == 2
    try:
        if not pair:
            raise TypeError
        place, speed = (np.asarray(x, dtype=np.float64) for x in found)
    except (TypeError, ValueError):
        raise ArgumentTypeError(
            f"{where}: {name} {what} {type(found).__name__}; it has to be a function of an array "
            "of times that returns two arrays of numbers, positions and velocities"
        ) from None
    return place, speed

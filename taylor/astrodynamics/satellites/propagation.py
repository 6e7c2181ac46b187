"""SGP4 of expressions."""

from __future__ import annotations

from dataclasses import fields
from functools import partial

from taylor.astrodynamics.satellites.elements import MeanElements
from taylor.astrodynamics.satellites.sgp4.gravity import Gravity, as_gravity
from taylor.astrodynamics.satellites.sgp4.secular import secular
from taylor.astrodynamics.satellites.sgp4.theory import BRANCHES, branch_of, check_mode, motion_in
from taylor.control.branches import switch
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.expressions.types import ExpressionOrArray as Value
from taylor.expressions.types import Operand
from taylor.nodes.traverse import inputs


def sgp4(
    elements: MeanElements,
    minutes: Operand,
    *,
    gravity: str = "wgs72",
    mode: str = "i",
    branch: str | None = None,
) -> tuple[Value, Value]:
    """Position (km) and velocity (km/s) in TEME, of shape (3,), of mean elements.

    elements: of numbers and scalar expressions; derivatives by these are there to all orders.
    minutes:  since the epoch of the elements, a number or a scalar expression.  Where all are
              numbers results are arrays of numbers, else expressions.
    gravity:  "wgs72", which element sets are made with, "wgs72-old" or "wgs84".
    mode:     "i" (improved) or "a" (as the Air Force's programs of old).
    branch:   which formulas: "near-earth" (periods below 225 minutes), "low" (of these, perigees
              below 220 km), "deep-space", "one-day" or "half-day" (of these, resonant orbits).  Of
              elements that are numbers it is known; where they are not and it is None the
              expressions choose, which takes the code of all.

    Components are NaN where the theory ends, see `SatelliteStates.errors`.  Kepler's equation is
    solved to the last digit; `Catalogue` stops as the theory does, up to 4e-8 km from there.

    Vallado, Crawford, Hujsak & Kelso (2006), AIAA 2006-6753.

    >>> import taylor as ty
    >>> elements = ty.astrodynamics.MeanElements(0.0676, 0.001, 0.9, 1.0, 3.0, 5.0, 1e-5)
    >>> r, v = ty.astrodynamics.sgp4(elements, ty.time)
    >>> position = ty.compile(r, [ty.time])
    >>> position([0.0, 90.0]).shape
    (2, 3)
    >>> slope = ty.jacobian(lambda e: ty.astrodynamics.sgp4(
    ...     ty.astrodynamics.MeanElements(0.0676, e, 0.9, 1.0, 3.0, 5.0), 90.0, branch="near-earth"
    ... )[0])(0.001)
    >>> slope.shape
    (3,)
    """
    if not isinstance(elements, MeanElements):
        raise ArgumentTypeError(f"sgp4: {elements!r:.80} must be MeanElements, before the minutes")
    g = as_gravity(gravity)
    check_mode(mode)
    values = {f.name: as_expression(getattr(elements, f.name)) for f in fields(elements)}
    time = as_expression(minutes)
    for name, value in (*values.items(), ("minutes", time)):
        if value.shape != ():
            raise ShapeError(
                f"sgp4: {name} must be a scalar, got shape {value.shape}; a Catalogue takes arrays"
            )
    given = MeanElements(**values)
    number = _number(given, g, branch)
    if isinstance(number, int):
        state = _state(number, g, mode, tuple(values.values()), time)
    else:
        branches = [partial(_state, k, g, mode) for k in range(len(BRANCHES))]
        state = switch(number, branches, tuple(values.values()), time)
    if not inputs([state]):
        state = evaluate(state)
    return state[:3], state[3:]


def _state(branch: int, g: Gravity, mode: str, values: tuple[Value, ...], time: Value) -> Value:
    """Position and velocity in one array."""
    found = motion_in(branch, MeanElements(*values), time, g, mode)
    return stack([*found.position, *found.velocity])


def _number(elements: MeanElements, g: Gravity, branch: str | None) -> int | Expression:
    """The number of a branch, an expression where elements decide that are not known."""
    if branch is None:
        number = as_expression(branch_of(secular(elements, g)))
        return number if inputs([number]) else int(evaluate(number))
    if branch not in BRANCHES:
        raise ArgumentError(f"branch must be one of {', '.join(BRANCHES)}; got {branch!r}")
    return BRANCHES.index(branch)

"""A spacecraft under any forces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Protocol

from taylor.astrodynamics.checks import check_number
from taylor.astrodynamics.forces.force import Force, OrbitState
from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import time, try_expression, variable
from taylor.models.model import Model, Quantity, coefficient, parameters_of


class _Epoch(Protocol):
    """What an `Epoch` can do that matters here: a number of seconds added is seconds of TDB."""

    def __add__(self, other: Expression, /) -> Expression: ...


Instant = float | Expression | _Epoch


def spacecraft(
    forces: Sequence[Force],
    *,
    gm: Quantity | None = None,
    epoch: Instant = 0,
    mass: Quantity | None = None,
) -> Model:
    """Motion about a central body under forces of `ty.astrodynamics`.

    forces: anything with `acceleration(state)`: `SphericalHarmonics`, `Drag`, `ThirdBody`, ...
    gm:     of the central body's point mass, km^3/s^2, a number or a parameter; None where the
            forces have it (`SphericalHarmonics(central=True)`).
    epoch:  what `ty.time` counts from: an `Epoch`, or seconds of TDB since J2000.
    mass:   kg, of forces that are given none; where a force uses mass up (`Thrust`), it is a
            state, and this is None.

    The state is r, shape (3,), km, and v, shape (3,), km/s, in the axes of the forces (GCRS); then
    the mass m, kg, if it changes.

    Raises ArgumentError for no force at all, where none attracts to the middle or two do, and for a
    mass that is a state as well.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> flattened = sky.SphericalHarmonics("EGM2008", degree=2)
    >>> model = ty.models.spacecraft([flattened], gm=flattened.field.gm)
    >>> ta = ty.Integrator(model.system, [7000.0, 0.0, 0.0, 0.0, 7.5, 1.0])
    >>> outcome = ta.propagate_until(86400.0)
    >>> model.variables
    (r, v)
    """
    if not isinstance(forces, Iterable):
        raise ArgumentTypeError(f"spacecraft: forces={forces!r:.80} must be a list of forces")
    forces = list(forces)
    if gm is None and not forces:
        raise ArgumentError("spacecraft: there is no force; give gm= or forces")
    for force in forces:
        if not callable(getattr(force, "acceleration", None)):
            raise ArgumentTypeError(
                f"spacecraft: {force!r} is no force: it has no method acceleration(state)"
            )
    _check_center(forces, gm)
    if mass is not None:
        check_number("spacecraft", "mass", mass, above=0, unit="kg")
    engines = [force for force in forces if getattr(force, "uses_mass", False)]
    if engines and mass is not None:
        raise ArgumentError(
            "spacecraft: a force uses mass, which is a state then; leave mass= out and give the "
            "mass as the last number of the initial state"
        )
    r, v = variable("r", shape=(3,)), variable("v", shape=(3,))
    m = variable("m") if engines else None
    if mass is not None:
        m = coefficient("spacecraft", "mass", mass)
    state = OrbitState(_since(epoch), r, v, m)
    parts = [_vector(force, force.acceleration(state)) for force in forces]
    if gm is not None:
        center = coefficient("spacecraft", "gm", gm)
        parts.insert(0, -center * (r * r).sum() ** -1.5 * r)
    total: Any = sum(parts[1:], start=parts[0])
    system: list[tuple[Expression, Expression]] = [(r, v), (v, total)]
    if engines and m is not None:
        rates: list[Any] = [force.mass_rate(state) for force in engines]  # type: ignore[attr-defined]
        system.append((m, sum(rates[1:], start=rates[0])))
    return Model("spacecraft", system, parameters_of(*(rate for _, rate in system)))


def _check_center(forces: Sequence[Force], gm: Quantity | None) -> None:
    """Raise where nothing attracts to the middle, or the same is there twice."""
    central = [getattr(force, "central", None) for force in forces]  # None: not known
    if gm is None and all(known is False for known in central):
        raise ArgumentError(
            "spacecraft: no force is the attraction of the central body; give gm= (0 for none), or "
            "SphericalHarmonics(central=True)"
        )
    if gm is not None:
        check_number("spacecraft", "gm", gm, least=0, unit="km^3/s^2")
        if any(known is True for known in central):
            raise ArgumentError(
                "spacecraft: a force has the attraction of the central body already "
                "(central=True); leave gm= out"
            )


def _vector(force: Force, acceleration: object) -> Expression:
    found = try_expression(acceleration)
    shape = None if found is None else found.shape
    if not isinstance(found, Expression) or shape != (3,):
        raise ArgumentError(
            f"spacecraft: the acceleration of {force!r} has shape {shape}, not (3,)"
        )
    return found


def _since(epoch: Instant) -> Expression:
    """Seconds of TDB since J2000 at `ty.time`, from an `Epoch` or from seconds."""
    try:
        found = epoch + time
    except TypeError:
        found = None
    if not isinstance(found, Expression) or found.shape:
        raise ArgumentTypeError(
            f"spacecraft: epoch = {epoch!r} is neither an Epoch nor seconds of TDB since J2000"
        )
    return found

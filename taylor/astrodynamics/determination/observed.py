"""A measurement as machine code: what would be measured, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.astrodynamics.determination.measurements import Measurement
from taylor.astrodynamics.determination.sights import LIGHT, Path, Sight, dot, length
from taylor.astrodynamics.determination.stations import Station
from taylor.astrodynamics.determination.unknowns import elements
from taylor.errors import ArgumentError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import stack
from taylor.expressions.leaves import time as now
from taylor.expressions.substitute import substitute_all
from taylor.nodes.conversion import as_expression
from taylor.nodes.traverse import inputs
from taylor.points.formula import compile as compiled
from taylor.transforms.differentiate import diff, grad_expressions
from taylor_runtime.program.records import dataclass

Array = np.ndarray
MOST_TURNS = 12  # of Newton's method for light times, which take two or three
SHORT = 1e-9  # km: nearer to the root the formula's own step makes the rest exact


@dataclass(frozen=True, eq=False)
class Craft:
    """The spacecraft in a system: its position and velocity as expressions of the states."""

    position: Expression
    velocity: Expression


@dataclass(frozen=True, eq=False)
class Light:
    """How long light took, down and up, at the rows of a table; zeros where it takes no time."""

    down: Array
    up: Array


class Turning:
    """The matrix by which a station's vectors become those of the trajectory, with its rate."""

    def __init__(self, station: Station) -> None:
        self.fixed = station.rotation is None
        if station.rotation is None:
            return
        try:
            matrix = as_expression(station.rotation(now))
        except (TypeError, ValueError) as error:
            raise ArgumentError(
                f"the rotation of the station {station.name} must be written with taylor's "
                f"functions of time: {error}"
            ) from error
        if matrix.shape != (3, 3):
            raise ShapeError(
                f"the rotation of the station {station.name} must give a (3, 3) matrix, got shape "
                f"{matrix.shape}"
            )
        parts = elements(matrix)
        self._values = compiled([*parts, *[diff(e, now) for e in parts]], [now])

    def __call__(self, times: Array) -> Array:
        """Nine elements and their nine rates at times, (k, 18)."""
        if self.fixed:
            return np.broadcast_to([*np.eye(3).reshape(-1), *np.zeros(9)], (len(times), 18))
        found = self._values(times)
        return np.stack([np.broadcast_to(x, times.shape) for x in found], axis=-1)


class Drawn:
    """A measurement in the user's own states and parameters, and in numbers beside them.

    values:  what would be measured.
    lengths: distances and their rates, down and up, from which light times are found.
    beside:  accelerations, delays, and the elements of rotations: what is computed along the
             nominal trajectory.
    """

    def __init__(self, measurement: Measurement, craft: Craft) -> None:
        self.measurement = measurement
        rates = [argument(f"f{k}") for k in range(3)]
        turned = [[argument(f"r{leg}_{k}") for k in range(18)] for leg in range(2)]
        delays = argument("down"), argument("up")
        self.beside = [*rates, *delays, *turned[0], *turned[1]]
        station = measurement.station or Station("origin", (0.0, 0.0, 0.0))
        self.turning = Turning(station)
        where = Path(craft.position, craft.velocity, stack(rates))
        place = stack([as_expression(x) for x in station.place])
        receiver, sender = (_turned(parts, place) for parts in turned)
        axes = stack(turned[0][:9]).reshape(3, 3)
        sight = Sight(where, receiver, sender, *delays, axes, now)
        self.values = [as_expression(e) for e in measurement.computed(sight)]
        if len(self.values) != len(measurement.labels):
            raise ShapeError(
                f"{type(measurement).__name__}: {len(self.values)} numbers are computed, and "
                f"{len(measurement.labels)} have labels"
            )
        self.lengths: list[Expression] = []
        for end in (receiver, sender) if measurement.legs else ():
            off = where.position - end.position
            size = length(off)
            moving = where.velocity if end is receiver else end.velocity
            self.lengths += [size, dot(off, moving) / size]


class Observed:
    """A measurement's numbers, and their derivatives by states and parameters."""

    def __init__(
        self, drawn: Drawn, states: Sequence[Expression], parameters: Sequence[Expression]
    ) -> None:
        """states, parameters: all there are, scalars; derivatives are by all of them."""
        self.measurement, self.turning = drawn.measurement, drawn.turning
        self._sizes = len(states), len(parameters)
        self._own = [argument(f"x{k}") for k in range(len(states) + len(parameters))]
        known = dict(zip([*states, *parameters], self._own, strict=True))
        values = renamed(drawn.values, known, drawn.beside)
        slopes = [s for value in values for s in grad_expressions(value, self._own)]
        free = [*self._own, *drawn.beside, now]
        self._formula: Callable[..., Any] = compiled([*values, *slopes], free)
        self._values: Callable[..., Any] = compiled(values, free)
        self._lengths: Callable[..., Any] | None = None
        if drawn.lengths:
            self._lengths = compiled(renamed(drawn.lengths, known, drawn.beside), free)

    # -- numbers ----------------------------------------------------------------------------------

    def values(
        self, states: Array, parameters: Array, times: Array, light: Light, rates: Array
    ) -> Array:
        """What would be measured, (k, m).

        states: (k, n), when the light leaves the spacecraft.  parameters: of all, (p,) or (k, p).
        rates:  accelerations of the spacecraft, (k, 3).
        """
        found = self._values(*self._arguments(states, parameters, times, light, rates))
        return _table(found, len(times))

    def linear(
        self, states: Array, parameters: Array, times: Array, light: Light, rates: Array
    ) -> tuple[Array, Array, Array]:
        """Values (k, m), and their derivatives by all states (k, m, n) and parameters (k, m, p)."""
        found = self._formula(*self._arguments(states, parameters, times, light, rates))
        table = _table(found, len(times))
        count, (n, p) = len(self.measurement.labels), self._sizes
        slopes = table[:, count:].reshape(len(times), count, n + p)
        return table[:, :count], slopes[..., :n], slopes[..., n:]

    def light(
        self, states: Callable[[Array], Array], parameters: Array, times: Array, first: Light
    ) -> Light:
        """Light times along a trajectory, by Newton's method.

        states: of times (k,), (k, n).
        """
        legs, found = self.measurement.legs, first
        if self._lengths is None:
            return found
        for _ in range(MOST_TURNS):
            at = states(times - found.down)
            numbers = self._arguments(at, parameters, times, found, np.zeros((len(times), 3)))
            down, speed, up, sender = _table(self._lengths(*numbers), len(times)).T
            late = LIGHT * found.down - down
            changed = found.down - late / (LIGHT + speed)
            if legs == 1:
                found, off = Light(changed, found.up), np.abs(late)
            else:
                back = LIGHT * found.up - up
                found = Light(changed, found.up - back / (LIGHT - sender))
                off = np.maximum(np.abs(late), np.abs(back))
            if not np.isfinite(off).all() or off.max() < SHORT:
                break
        return found

    def _arguments(
        self, states: Array, parameters: Array, times: Array, light: Light, rates: Array
    ) -> list[Array]:
        turned = self.turning(times)
        sent = self.turning(times - light.down - light.up) if self.measurement.legs > 1 else turned
        columns = [states.T, np.moveaxis(parameters, -1, 0), rates.T]
        columns += [np.stack([light.down, light.up]), turned.T, sent.T, times[np.newaxis]]
        return [column for columns_ in columns for column in columns_]


def no_light(count: int) -> Light:
    """Light that takes no time."""
    return Light(np.zeros(count), np.zeros(count))


class Acceleration:
    """The rate of the spacecraft's velocity along solutions of equations."""

    def __init__(
        self,
        craft: Craft,
        states: Sequence[Expression],
        derivatives: Sequence[Expression],
        parameters: Sequence[Expression],
    ) -> None:
        own = [argument(f"x{k}") for k in range(len(states) + len(parameters))]
        known = dict(zip([*states, *parameters], own, strict=True))
        velocity = renamed([craft.velocity[k] for k in range(3)], known)
        rates = renamed(list(derivatives), known)
        found = []
        for e in velocity:
            slopes = grad_expressions(e, own[: len(states)])
            along = [s * f for s, f in zip(slopes, rates, strict=True)]
            found.append(as_expression(sum(along)) + diff(e, now))
        self._formula: Callable[..., Any] = compiled(found, [*own, now])

    def __call__(self, states: Array, parameters: Array, times: Array) -> Array:
        """At states (k, n), with parameters (p,) or (k, p), at times (k,): (k, 3)."""
        columns = [*states.T, *np.moveaxis(parameters, -1, 0), times]
        return _table(self._formula(*columns), len(times))


def renamed(
    formulas: Sequence[Expression],
    known: Mapping[Expression, Expression],
    beside: Sequence[Expression] = (),
) -> list[Expression]:
    """Expressions in other inputs: `known` has one for each state and parameter, and `beside` what
    stays.

    Raises ArgumentError for what is no state of the equations.
    """
    places: dict[Expression, Any] = {}
    kept = set(beside)
    for leaf in inputs(formulas):
        if leaf.op not in ("variable", "parameter") or leaf in kept:
            continue
        parts = elements(leaf)
        unknown = [x for x in parts if x not in known]
        if unknown:
            raise ArgumentError(f"determine: {unknown[0]} is no state of the equations")
        own = [known[x] for x in parts]
        places[leaf] = stack(own).reshape(leaf.shape) if leaf.shape else own[0]
    return substitute_all(list(formulas), places)


def _turned(parts: Sequence[Expression], place: Expression) -> Path:
    """A station's path, where light takes so little time that its acceleration does not count."""
    matrix, rate = (stack(list(half)).reshape(3, 3) for half in (parts[:9], parts[9:]))
    return Path(matrix @ place, rate @ place, stack([0.0, 0.0, 0.0]))


def _table(found: Any, count: int) -> Array:
    listed = found if isinstance(found, tuple | list) else [found]
    return np.stack([np.broadcast_to(x, (count,)) for x in listed], axis=-1)

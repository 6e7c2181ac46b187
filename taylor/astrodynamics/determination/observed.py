"""A measurement as machine code: what would be measured, and its derivatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.astrodynamics.determination.measurements import Measurement
from taylor.astrodynamics.determination.sights import LIGHT, Path, Sight, dot, length
from taylor.astrodynamics.determination.unknowns import elements
from taylor.astrodynamics.encounters.station import Station
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


@dataclass(frozen=True, eq=False)
class Rows:
    """The times of a table, and where its station is then, in numbers for the formulas."""

    times: Array
    here: Array
    level: Array


class Ground:
    """A station in the trajectory's axes, and what a formula has to be told of it.

    Where its coordinates are numbers it is told place and speed, so that measurements of one kind
    from many stations are one formula; else the rotation.
    """

    def __init__(self, station: Station) -> None:
        self.station = station
        self.turns = station.rotation is not None
        self.known = not any(isinstance(x, Expression) for x in station.place)
        count = 6 if self.known else 18
        self.symbols = [[argument(f"s{leg}_{k}") for k in range(count)] for leg in range(2)]
        self.horizon = [argument(f"h{k}") for k in range(9)]
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
        parts = elements(matrix.T)  # back to the trajectory's axes
        self._turning = compiled([*parts, *[diff(e, now) for e in parts]], [now])

    def path(self, leg: int) -> Path:
        """The station's path when light arrives (0) and sets out (1), in expressions; light takes
        so little time that its acceleration does not count.
        """
        own, still = self.symbols[leg], stack([0.0, 0.0, 0.0])
        if self.known:
            return Path(stack(own[:3]), stack(own[3:]), still)
        place = stack([as_expression(x) for x in self.station.place])
        matrix, rate = (stack(half).reshape(3, 3) for half in (own[:9], own[9:]))
        return Path(matrix @ place, rate @ place, still)

    def turned(self, times: Array) -> tuple[Array, Array]:
        """The rotation and its rate at times, (k, 3, 3)."""
        shape = (len(times), 3, 3)
        if not self.turns:
            return np.broadcast_to(np.eye(3), shape), np.zeros(shape)
        table = _table(self._turning(times), len(times))
        return table[:, :9].reshape(shape), table[:, 9:].reshape(shape)

    def numbers(self, times: Array) -> Array:
        """What the symbols are at times, (k, symbols)."""
        matrix, rate = self.turned(times)
        if not self.known:
            return np.concatenate([matrix.reshape(-1, 9), rate.reshape(-1, 9)], axis=1)
        place = np.asarray(self.station.place, float)
        return np.concatenate([matrix @ place, rate @ place], axis=1)

    def horizons(self, times: Array) -> Array:
        """East, north and up at times in the trajectory's axes, (k, 9)."""
        matrix, _ = self.turned(times)
        return (self.station.horizon() @ np.swapaxes(matrix, 1, 2)).reshape(-1, 9)


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
        delays = argument("down"), argument("up")
        self.ground = ground = Ground(measurement.station or Station("origin", (0.0, 0.0, 0.0)))
        self.beside = [*rates, *delays, *ground.symbols[0], *ground.symbols[1], *ground.horizon]
        where = Path(craft.position, craft.velocity, stack(rates))
        receiver, sender = ground.path(0), ground.path(1)
        horizon = stack(ground.horizon).reshape(3, 3)
        sight = Sight(where, receiver, sender, *delays, horizon, now)
        self.values = [as_expression(e) for e in measurement.computed(sight)]
        if len(self.values) != len(measurement.labels):
            raise ShapeError(
                f"{type(measurement).__name__}: {len(self.values)} numbers are computed, and "
                f"{len(measurement.labels)} have labels"
            )
        self.level = bool(set(ground.horizon) & set(inputs(self.values)))
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
        self.measurement, self._ground = drawn.measurement, drawn.ground
        self._level = drawn.level
        self._sizes = len(states), len(parameters)
        self._own = [argument(f"x{k}") for k in range(len(states) + len(parameters))]
        known = dict(zip([*states, *parameters], self._own, strict=True))
        values = renamed(drawn.values, known, drawn.beside)
        slopes = [s for value in values for s in grad_expressions(value, self._own)]
        free = [*self._own, *drawn.beside, now]
        self._formula: Callable[..., Any] = compiled([*values, *slopes], free)
        self._lengths: Callable[..., Any] | None = None
        if drawn.lengths:
            self._lengths = compiled(renamed(drawn.lengths, known, drawn.beside), free)

    # -- numbers ----------------------------------------------------------------------------------

    def rows(self, times: Array) -> Rows:
        """What stays as it is for a table with these times."""
        ground = self._ground
        level = ground.horizons(times) if self._level else np.zeros((len(times), 9))
        return Rows(times, ground.numbers(times), level)

    def values(
        self, states: Array, parameters: Array, rows: Rows, light: Light, rates: Array
    ) -> Array:
        """What would be measured, (k, m).

        states: (k, n), when the light leaves the spacecraft.  parameters: of all, (p,) or (k, p).
        rates:  accelerations of the spacecraft, (k, 3).
        """
        return self.linear(states, parameters, rows, light, rates)[0]

    def linear(
        self, states: Array, parameters: Array, rows: Rows, light: Light, rates: Array
    ) -> tuple[Array, Array, Array]:
        """Values (k, m), and their derivatives by all states (k, m, n) and parameters (k, m, p)."""
        found = self._formula(*self._arguments(states, parameters, rows, light, rates))
        times = rows.times
        table = _table(found, len(times))
        count, (n, p) = len(self.measurement.labels), self._sizes
        slopes = table[:, count:].reshape(len(times), count, n + p)
        return table[:, :count], slopes[..., :n], slopes[..., n:]

    def nearer(
        self, states: Array, parameters: Array, rows: Rows, light: Light
    ) -> tuple[Light, float]:
        """Light times after a step of Newton's method, and by how many km they were wrong.

        states: (k, n), when the light leaves by what is known.
        """
        if self._lengths is None:
            return light, 0.0
        numbers = self._arguments(states, parameters, rows, light, np.zeros((len(states), 3)))
        down, speed, up, sender = _table(self._lengths(*numbers), len(states)).T
        late, back = LIGHT * light.down - down, LIGHT * light.up - up
        if self.measurement.legs == 1:
            return Light(light.down - late / (LIGHT + speed), light.up), float(np.abs(late).max())
        found = Light(light.down - late / (LIGHT + speed), light.up - back / (LIGHT - sender))
        return found, float(max(np.abs(late).max(), np.abs(back).max()))

    def _arguments(
        self, states: Array, parameters: Array, rows: Rows, light: Light, rates: Array
    ) -> list[Array]:
        here, sent = rows.here, rows.here
        if self.measurement.legs > 1:
            sent = self._ground.numbers(rows.times - light.down - light.up)
        columns = [states.T, np.moveaxis(parameters, -1, 0), rates.T]
        columns += [np.stack([light.down, light.up]), here.T, sent.T, rows.level.T]
        return [*(column for several in columns for column in several), rows.times]


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


def _table(found: Any, count: int) -> Array:
    listed = found if isinstance(found, tuple | list) else [found]
    table = np.empty((count, len(listed)))
    for k, column in enumerate(listed):
        table[:, k] = column
    return table

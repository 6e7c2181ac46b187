"""Engines: thrust between two times, the mass that it costs, and laws of its direction."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor.astrodynamics.checks import check_number, checked_vector
from taylor.astrodynamics.forces.drag import check_surface, mass_of
from taylor.astrodynamics.forces.force import OrbitState
from taylor.astrodynamics.times.functions import Instant, given_times
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import constant, stack
from taylor.functions.apply import where
from taylor.functions.piecewise import abs as absolute
from taylor.functions.powers import sqrt
from taylor.functions.trigonometric import atan2, cos, sin
from taylor.programs.gradients import grad

Scalar = float | Expression
Steering = Callable[[OrbitState], Any]  # of a state: a vector (3,) in its axes, of any length > 0

GRAVITY = 9.80665  # m/s^2, standard


class Thrust:
    """A thrust between two times, and the mass flow of its engine.

    force:     N; specific_impulse: s, or None for an engine that uses no mass.
    direction: a vector (3,) in the axes of the state, or a law: `tangential`, `steered(...)`,
               `descent(...)`, or any function of the state that returns a vector.
    start, stop: seconds of TDB since J2000, or instants (`Epoch`), between which it is on; None for
               always.
    mass:      kg; None for the mass of the state.

    The integrator stops where it is switched on and off.

    >>> import taylor as ty
    >>> sky = ty.astrodynamics
    >>> burn = sky.Thrust(0.5, 1600.0, sky.tangential, start=0.0, stop=600.0)
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> burn.acceleration(sky.OrbitState(ty.time, r, v, ty.variable("m"))).shape
    (3,)
    """

    def __init__(
        self,
        force: Scalar,
        specific_impulse: Scalar | None,
        direction: Steering | Sequence[float] | NDArray,
        *,
        start: Scalar | Instant | None = None,
        stop: Scalar | Instant | None = None,
        mass: Scalar | None = None,
    ) -> None:
        start, stop = _seconds("start", start), _seconds("stop", stop)
        if isinstance(start, float) and isinstance(stop, float) and not start < stop:
            raise ArgumentError(f"Thrust: start = {start!r} is not before stop = {stop!r}")
        check_number("Thrust", "force", force)
        if specific_impulse is not None:
            check_number("Thrust", "specific_impulse", specific_impulse, above=0, unit="s")
        check_surface("Thrust", None, mass)
        fixed = not callable(direction) and not isinstance(direction, Expression)
        if fixed and not np.any(checked_vector("Thrust", "direction", direction)):
            raise ArgumentError("Thrust: direction is zero; give a vector or a law")
        self.force, self.specific_impulse, self.direction = force, specific_impulse, direction
        self.start, self.stop, self.mass = start, stop, mass

    @property
    def uses_mass(self) -> bool:
        """Whether the spacecraft becomes lighter."""
        return self.specific_impulse is not None

    def _on(self, state: OrbitState) -> Any:
        """The force, N, at the time of the state."""
        on: Any = self.force
        if self.start is not None:
            on = where(state.time >= self.start, on, 0)
        if self.stop is not None:
            on = where(state.time < self.stop, on, 0)
        return on

    def acceleration(self, state: OrbitState) -> Expression:
        """The acceleration, km/s^2, shape (3,), in the axes of the state."""
        law = self.direction
        chosen: Any = law(state) if callable(law) else constant(np.asarray(law, dtype=float))
        x, y, z = chosen
        mass = mass_of("Thrust", self.mass, state)
        found: Expression = self._on(state) / (1000 * mass) / sqrt(x * x + y * y + z * z) * chosen
        return found

    def mass_rate(self, state: OrbitState) -> Expression | float:
        """kg/s: -force/(specific impulse times standard gravity)."""
        if self.specific_impulse is None:
            return 0.0
        found: Expression = -self._on(state) / (self.specific_impulse * GRAVITY)
        return found


def _seconds(name: str, time: Scalar | Instant | None) -> Scalar | None:
    """Seconds of TDB since J2000 of a time."""
    if time is None or isinstance(time, Expression):
        return time
    found, _ = given_times(f"Thrust: {name}", time)
    return float(found.sum())


def tangential(state: OrbitState) -> Expression:
    """Along the velocity.

    >>> import taylor as ty
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> ty.astrodynamics.tangential(ty.astrodynamics.OrbitState(ty.time, r, v)) is v
    True
    """
    return state.velocity


def steered(yaw: Scalar | Callable[[Expression], Scalar] = 0.0, pitch: Scalar = 0.0) -> Steering:
    """A law: from the transverse direction by `pitch` towards the zenith, by `yaw` to the normal.

    Both in radians; `yaw` may be a function of time.

    >>> import taylor as ty
    >>> law = ty.astrodynamics.steered(yaw=0.1)
    """

    def direction(state: OrbitState) -> Expression:
        up, across, normal = _local(state)
        turn = yaw(state.time) if callable(yaw) else yaw
        flat = cos(pitch) * across + sin(pitch) * up
        found: Expression = cos(turn) * flat + sin(turn) * normal
        return found

    return direction


def edelbaum(
    gm: float, before: float, after: float, tilt: float, acceleration: float, start: float = 0.0
) -> tuple[Steering, float]:
    """A law from a circular orbit to another with another inclination, and how long it takes.

    before, after: radii, km; tilt: the change of inclination, rad (0 .. 114 degrees).
    acceleration:  of the engine, km/s^2, constant.
    start:         when it begins, seconds of TDB since J2000.

    The yaw is constant in each half of a turn and changes its sign where the orbit is farthest from
    the plane that it started with its nodes in (Edelbaum 1961; Kechichian 1997).  Returns the law,
    and seconds.

    >>> import taylor as ty
    >>> law, duration = ty.astrodynamics.edelbaum(398600.4418, 7000.0, 42166.0, 0.49741, 3.5e-7)
    >>> round(duration / 86400, 1)  # Kechichian's example: 191.3 days
    191.3
    """
    if not (gm > 0 and before > 0 and after > 0 and acceleration > 0):
        raise ArgumentError("edelbaum: gm, before, after and acceleration have to be positive")
    first, last = math.sqrt(gm / before), math.sqrt(gm / after)
    angle = math.pi / 2 * abs(tilt)
    if not angle < math.pi:
        raise ArgumentError(f"edelbaum: tilt = {tilt!r} is beyond the 2 rad of this law")
    total = math.sqrt(first**2 - 2 * first * last * math.cos(angle) + last**2)
    yaw = math.atan2(last * math.sin(angle), first - last * math.cos(angle))
    sign = math.copysign(1, tilt)

    def direction(state: OrbitState) -> Expression:
        _, across, normal = _local(state)
        spent = acceleration * (state.time - start)
        turn = atan2(first * math.sin(yaw), first * math.cos(yaw) - spent)
        # The node is where the orbit crosses the x-y plane: cos u > 0 on its side.
        node = normal[0] * state.position[1] - normal[1] * state.position[0]
        side = where(node > 0, sign, -sign)
        found: Expression = cos(turn) * across + sin(turn) * side * normal
        return found

    return direction, total / acceleration


def descent(distance: Callable[[Any, Any], Any]) -> Steering:
    """A law that makes a function of position and velocity fall as fast as it can (Lyapunov).

    distance: of position and velocity, each (3,); its gradient by the velocity, reversed, is the
              direction.  `proximity(...)` gives that of the Q-law.

    >>> import taylor as ty
    >>> law = ty.astrodynamics.descent(lambda r, v: (v * v).sum())
    >>> r, v = ty.variable("r", shape=(3,)), ty.variable("v", shape=(3,))
    >>> steering = law(ty.astrodynamics.OrbitState(ty.time, r, v))
    >>> ty.compile(steering, [v])([1.0, 0.0, 2.0]).tolist()
    [-2.0, -0.0, -4.0]
    """

    def direction(state: OrbitState) -> Expression:
        slope = grad(lambda v: distance(state.position, v))(state.velocity)
        found: Expression = -slope
        return found

    return direction


def proximity(
    gm: float,
    *,
    semi_major_axis: float | None = None,
    eccentricity: float | None = None,
    inclination: float | None = None,
    weights: Sequence[float] = (1.0, 1.0, 1.0),
) -> Callable[[Any, Any], Any]:
    """The Q-law's distance from an orbit, for `descent`: squares of differences over best rates.

    semi_major_axis (km), eccentricity, inclination (rad): those that matter; None for any.
    weights: of the three.

    Petropoulos (2003), AAS 03-630, without penalties.  Its direction is not defined on circles
    (where an eccentricity is asked for), nor in the x-y plane (an inclination).

    >>> import numpy as np
    >>> import taylor as ty
    >>> q = ty.astrodynamics.proximity(1.0, semi_major_axis=1.0)
    >>> float(q(np.array([1.0, 0.0, 0.0]), np.array([0.0, 1.0, 0.0])))
    0.0
    """

    def distance(r: Any, v: Any) -> Any:
        size = sqrt(_dot(r, r))
        a = 1 / (2 / size - _dot(v, v) / gm)
        h = _cross(r, v)
        momentum = sqrt(_dot(h, h))
        lens = [p / gm - q / size for p, q in zip(_cross(v, h), r, strict=True)]  # e, a vector
        e = sqrt(_dot(lens, lens))
        parameter = momentum * momentum / gm
        total: Any = 0.0
        if semi_major_axis is not None:
            best = 4 * a**3 * (1 + e) / (gm * (1 - e))
            total = total + weights[0] * (a - semi_major_axis) ** 2 / best
        if eccentricity is not None:
            best = (2 * parameter / momentum) ** 2
            total = total + weights[1] * (e - eccentricity) ** 2 / best
        if inclination is not None:
            flat = sqrt(h[0] * h[0] + h[1] * h[1])
            along = (lens[1] * h[0] - lens[0] * h[1]) / flat  # e cos(argument of pericentre)
            rate = momentum / parameter * (sqrt(1 - e * e + along * along) - absolute(along))
            total = total + weights[2] * ((atan2(flat, h[2]) - inclination) * rate) ** 2
        return total

    return distance


def _local(state: OrbitState) -> tuple[Expression, Expression, Expression]:
    """Unit vectors to the zenith, ahead in the orbit's plane, and along its normal."""
    r = state.position
    h = _cross(r, state.velocity)
    up, normal = r / sqrt(_dot(r, r)), stack(h) / sqrt(_dot(h, h))
    return up, stack(_cross(normal, up)), normal


def _dot(a: Any, b: Any) -> Any:
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def _cross(a: Any, b: Any) -> list[Any]:
    return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]

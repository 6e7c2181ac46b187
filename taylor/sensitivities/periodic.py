"""Periodic orbits by differential correction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

import numpy as np

from taylor.displays.pictures import COLORS, figure, legend, name_axes
from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.types import Named
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Status
from taylor.numbers.types import Numbers, Time
from taylor.sensitivities.failures import AnalysisError
from taylor.sensitivities.multipliers import Multipliers, multipliers_of
from taylor.sensitivities.shooting import Setting, Shooter, Shot, make_setting
from taylor.systems.events import Event
from taylor.systems.system import Equations, System
from taylor_runtime.program.records import dataclass

CROSSING = 10_000  # steps within which half a period is looked for
REST = 1e-7  # of the size of the solution from the given state: what moves less stands still
MOST_HALVINGS = 12  # of a correction that makes matters worse


@dataclass(frozen=True, slots=True)
class PeriodicOrbit:
    """An orbit that closes after its period.

    state:       (n,): where it begins.
    period:      its period.
    parameters:  values of all parameters by name.
    monodromy:   (n, n): derivatives of the state after a period by the initial one.
    multipliers: eigenvalues of that: `Multipliers`.
    residual:    the largest component of what Newton's method makes vanish, relative to the
                 orbit's size.
    iterations:  of Newton's method.

    `orbit[x]` is the initial value of a state, `orbit[k]` that of a parameter, `orbit["period"]`
    the period.

    >>> import taylor as ty
    >>> x, v = ty.variables("x v")
    >>> orbit = ty.analysis.periodic_orbit([(x, v), (v, -x - x**3)], [0.5, 0.0], odd=v, fixed=x)
    >>> orbit[x], orbit.stable, bool(orbit.period < 6.2831)
    (0.5, True, True)
    """

    state: np.ndarray
    period: float
    parameters: Mapping[str, float]
    monodromy: np.ndarray = field(repr=False)
    multipliers: Multipliers = field(repr=False)
    residual: float
    iterations: int
    _z: np.ndarray = field(repr=False)
    _shooter: Shooter = field(repr=False)
    _unknown: tuple[int, ...] = field(repr=False)

    def __getitem__(self, key: Expression | str) -> float:
        name = str(key)
        if name in self.parameters:
            return float(self.parameters[name])
        return float(self._z[self._shooter.setting.place(name)])

    @property
    def stable(self) -> bool:
        """Whether no multiplier is outside the unit circle, by more than a millionth."""
        return self.multipliers.largest <= 1 + 1e-6

    def sample(self, count: int = 400) -> tuple[np.ndarray, np.ndarray]:
        """Equally spaced times (count + 1,) from 0 to the period, and the states (count + 1, n)."""
        return self._shooter.sample(self._z, count)

    def plot(self, x: Expression | str | None = None, y: Expression | str | None = None) -> Any:
        """A Matplotlib figure of the orbit, y over x (by default the first two states)."""
        setting = self._shooter.setting
        names = [setting.names[0] if x is None else str(x)]
        names.append(setting.names[min(1, setting.size - 1)] if y is None else str(y))
        made, (axes,) = figure()
        _, states = self.sample()
        columns = [states[:, setting.place(name)] for name in names]
        axes.plot(*columns, color=COLORS[0], linewidth=1.4)
        axes.plot(*(c[:1] for c in columns), "o", color=COLORS[1], markersize=4, label="start")
        legend(axes)
        name_axes(axes, names[0], names[1], f"period {self.period:.8g}")
        return made


def periodic_orbit(
    system: System | Equations,
    state: Numbers | Named[Numbers],
    period: float | None = None,
    *,
    odd: Iterable[Expression | str] | Expression | str | None = None,
    fixed: Iterable[Expression | str] | Expression | str = (),
    free: Iterable[Expression | str] | Expression | str = (),
    conditions: Sequence[Expression] = (),
    parameters: Named[Numbers] | Numbers | None = None,
    time: Time = 0.0,
    tol: float | None = None,
    tolerance: float = 1e-11,
    iterations: int = 30,
) -> PeriodicOrbit:
    """The periodic orbit near a state: a `PeriodicOrbit`.

    Newton's method for the initial state and the period, whose derivatives are those of the flow
    map and the derivative f of the state by its time.  Where orbits are not isolated, as in systems
    that conserve something, it finds one nearby.

    system, parameters, time, tol: as `Integrator` takes them.  Of a right-hand side that depends
                on time the period is that of the equations, and is not changed.
    state:      near the orbit.
    period:     about; by default twice the time to the next zero of the first of `odd`.
    odd:        states that change their sign under a symmetry of time reversal, f(R x) = -R f(x):
                they are to vanish at the start and after half a period (a perpendicular crossing),
                and half of the orbit is enough.
    fixed:      states, or "period", that are kept as given: they choose an orbit of a family.
    free:       parameters that are adapted, too.
    conditions: expressions of the initial state and the parameters that are to vanish, such as the
                energy less a number.
    tolerance:  of the equations, relative to how large each state becomes along the orbit; where
                rounding errors grow to more than that, what they leave is accepted.
    iterations: the most.

    Raises AnalysisError where it does not converge, ValueError or TypeError for arguments that do
    not fit.

    Source: Howell, Celest. Mech. 32 (1984) 53, for orbits with a symmetry.

    >>> import taylor as ty
    >>> x, v, k = *ty.variables("x v"), ty.parameter("k")
    >>> orbit = ty.analysis.periodic_orbit([(x, v), (v, k * (1 - x**2) * v - x)], [2.0, 0.0], 6.5,
    ...                                    parameters={k: 1.0})  # van der Pol's
    >>> print(f"{orbit.period:.10f}")
    6.6632868593
    """
    setting, start = make_setting(system, state, parameters, odd, conditions, time, tol)
    by_name = {str(e) for e in setting.system.parameters}
    wanted = [str(e) for e in ([free] if isinstance(free, str | Expression) else free)]
    unknown = [name for name in wanted if name not in by_name]
    if unknown:
        raise ArgumentError(f"periodic_orbit: free: {unknown[0]} is no parameter of the system")
    setting = setting.with_parameters(wanted)
    held = set(setting.places(fixed)) | set(setting.odd or ())
    if not setting.autonomous:
        held.add(len(setting.names) - 1)
    if not 0 < tolerance < 1:
        raise ArgumentError(f"periodic_orbit: tolerance must be in (0, 1), got {tolerance!r}")
    extra = [setting.parameters[name] for name in setting.varied]
    z = np.array([*start, *extra, _guess(setting, start, period)])
    places = tuple(k for k in range(len(z)) if k not in held)
    if not places:
        raise ArgumentError("periodic_orbit: nothing is left to be adapted: all is fixed")
    shooter = Shooter(setting, z)
    z, shot, taken = correct(shooter, z, places, tolerance, iterations)
    orbit = make_orbit(shooter, z, shot, places, taken)
    _check_closed(orbit)
    return orbit


def _guess(setting: Setting, start: np.ndarray, period: Any) -> float:
    """The period that was given, or twice the time to the next crossing."""
    if period is not None:
        number = float(period)
        if not 0 < number < np.inf:
            raise ArgumentError(f"periodic_orbit: period must be positive, got {period!r}")
        return number
    if setting.odd is None:
        raise ArgumentError("periodic_orbit: give the period, or `odd` to have it found")
    first = setting.system.states[setting.odd[0]]
    ta = Integrator(
        setting.system,
        start,
        parameters=dict(setting.parameters),
        time=setting.time,
        tol=setting.tol,
        events=[Event(first, terminal=True)],
    )
    outcome = ta.propagate_for(1e300, max_steps=CROSSING)
    if outcome.status is not Status.EVENT:
        raise AnalysisError(
            f"periodic_orbit: {setting.names[setting.odd[0]]} does not vanish again; give a period"
        )
    return 2 * (outcome.time - setting.time[0])


def correct(
    shooter: Shooter, z: np.ndarray, places: Sequence[int], tolerance: float, most: int
) -> tuple[np.ndarray, Shot, int]:
    """z with F(z) = 0, what was found there, and the number of corrections.

    Raises AnalysisError if it does not converge.
    """
    own = list(places)
    first = z
    shot = shooter.shoot(z, first)
    if shot is None:
        raise AnalysisError(
            f"periodic_orbit: the solution from the given state does not last for {z[-1]!r}"
        )
    for taken in range(most + 1):
        size = float(np.abs(shot.residual).max())
        if size <= max(tolerance, shot.floor):
            return *_polished(shooter, z, shot, own, first), taken
        better = _shorter(shooter, z, _correction(shooter, shot, own), size, first)
        if better is None:
            break
        z, shot = better
    raise AnalysisError(
        f"periodic_orbit: Newton's method did not converge: the largest residual is {size:.3g} "
        f"after {taken} corrections; begin nearer to the orbit, or fix less"
    )


def _correction(shooter: Shooter, shot: Shot, own: list[int]) -> np.ndarray:
    """What to add to z: Newton's step, damped by as much as the equations do not hold.

    So it converges quadratically where solutions are not isolated, too, and the matrix is singular:
    Yamashita & Fukushima, Computing Suppl. 15 (2001) 239, on the method of Levenberg and Marquardt.
    """
    damped = float(np.linalg.norm(shot.residual)) * np.eye(len(own))
    matrix = np.vstack([shot.jacobian[:, own], damped])
    wanted = np.append(-shot.residual, np.zeros(len(own)))
    step = np.zeros(len(shooter.scales))
    step[own] = np.linalg.lstsq(matrix, wanted, rcond=None)[0]
    return step * shooter.scales


def _polished(
    shooter: Shooter, z: np.ndarray, shot: Shot, own: list[int], first: np.ndarray
) -> tuple[np.ndarray, Shot]:
    """One more correction, if it is one."""
    moved = z + _correction(shooter, shot, own)
    again = shooter.shoot(moved, first)
    if again is not None and np.abs(again.residual).max() < np.abs(shot.residual).max():
        return moved, again
    return z, shot


def _shorter(
    shooter: Shooter, z: np.ndarray, step: np.ndarray, size: float, first: np.ndarray
) -> tuple[np.ndarray, Shot] | None:
    """The step, or a part of it that makes the residual smaller."""
    for _ in range(MOST_HALVINGS):
        shot = shooter.shoot(z + step, first)
        if shot is not None and float(np.abs(shot.residual).max()) < size:
            return z + step, shot
        step = step / 2
    return None


def make_orbit(
    shooter: Shooter,
    z: np.ndarray,
    shot: Shot,
    places: Sequence[int],
    taken: int,
    conservative: bool | None = None,
) -> PeriodicOrbit:
    """What is known of a solution of F(z) = 0."""
    setting = shooter.setting
    monodromy = shooter.monodromy(shot)
    flow = shot.flow if setting.autonomous else None
    values = shooter.values(z).tolist()
    return PeriodicOrbit(
        z[: setting.size].copy(),
        float(z[-1]),
        dict(zip(map(str, setting.system.parameters), values, strict=True)),
        monodromy,
        multipliers_of(monodromy, flow, conservative),
        float(np.abs(shot.residual).max()),
        taken,
        z,
        shooter,
        tuple(places),
    )


def _check_closed(orbit: PeriodicOrbit) -> None:
    """Raise AnalysisError for an orbit at rest, or whose other half is no mirror image."""
    _, states = orbit.sample(64)
    spread = np.ptp(states, axis=0) / orbit._shooter.scales[: len(orbit.state)]
    if not spread.max() > REST:
        raise AnalysisError(
            f"periodic_orbit: it converged to a point at rest, {orbit.state}; begin elsewhere"
        )
    apart = np.abs(states[-1] - states[0]).max()
    allowed = 1e-9 + 1e-14 * np.abs(orbit.monodromy).max()
    if not apart <= 1e4 * allowed * np.abs(states).max():
        raise AnalysisError(
            f"periodic_orbit: the orbit does not close: after a period it is off by {apart:.3g}"
        )

"""Running the scenario of a spacecraft: equations, trajectory, files, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from taylor.astrodynamics.ephemerides.ephemeris import Ephemeris
from taylor.astrodynamics.files.comma import write_csv
from taylor.astrodynamics.files.oem import write_oem
from taylor.astrodynamics.files.trajectory import Trajectory
from taylor.astrodynamics.forces.atmospheres import (
    Atmosphere,
    ExponentialAtmosphere,
    HarrisPriester,
    TabulatedAtmosphere,
)
from taylor.astrodynamics.forces.drag import Drag
from taylor.astrodynamics.forces.force import Force
from taylor.astrodynamics.forces.gravity.spherical import SphericalHarmonics, uniform_rotation
from taylor.astrodynamics.forces.radiation import RadiationPressure
from taylor.astrodynamics.forces.relativity import Schwarzschild
from taylor.astrodynamics.forces.third_body import ThirdBody
from taylor.astrodynamics.frames.geodetic import WGS84, position_to_geodetic
from taylor.astrodynamics.frames.orientation import EarthOrientation
from taylor.astrodynamics.frames.transforms import change_frame, frame_rotation
from taylor.displays.pictures import COLORS, legend, name_axes, styled
from taylor.errors import TaylorError
from taylor.expressions.leaves import time as now
from taylor.expressions.scalars import scalars
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Status
from taylor.models import Model
from taylor.models.spacecraft import spacecraft
from taylor.nodes.conversion import as_expression
from taylor.points.formula import compile as compiled
from taylor.scenario.flight import FRAME_NAMES, Array, Flight
from taylor.scenario.section import ScenarioError
from taylor.scenario.stops import propagated
from taylor_runtime.program.records import dataclass

if TYPE_CHECKING:
    import matplotlib.figure

FLIGHT_KINDS = (".oem", ".xml", ".csv")
MARGIN = 86400.0  # seconds beyond the span that tables of the sky reach
ACCURACY = 1e-9  # rad, of the Earth's pole


@dataclass(frozen=True)
class Flown:
    """A trajectory in the axes of the GCRS, and what it took."""

    trajectory: Trajectory
    steps: int
    order: int
    wall_seconds: float
    compile_seconds: float


def equations(flight: Flight) -> Model:
    """The equations of motion of a scenario."""
    asked = flight.forces
    low, high = sorted((0.0, float(flight.times[-1])))
    span = flight.epoch.seconds + low - MARGIN, flight.epoch.seconds + high + MARGIN
    field, degree, order = asked.gravity
    earth = _rotation(asked.rotation, span)
    gravity = SphericalHarmonics(field, degree=degree, order=order, rotation=earth)
    forces: list[Force] = [gravity]
    gm = gravity.field.gm
    sky = None
    if asked.bodies or asked.radiation or (asked.drag and asked.drag[2] == "harris-priester"):
        sky = Ephemeris(asked.ephemeris).over(*span)

    def sun(t: Any) -> Any:
        assert sky is not None
        return sky.position("sun", t)

    if asked.bodies and sky is not None:
        forces.append(ThirdBody(sky, list(asked.bodies)))
    if asked.drag is not None:
        area, cd, air = asked.drag
        forces.append(Drag(_atmosphere(air, flight, sun), area, cd, flight.mass, rotation=earth))
    if asked.radiation is not None:
        area, cr, shadow = asked.radiation
        forces.append(RadiationPressure(sun, area, cr, flight.mass, shadow=shadow))
    if asked.relativity:
        forces.append(Schwarzschild(gm))
    return spacecraft(forces, gm=gm, epoch=flight.epoch)


def _rotation(kind: str, span: tuple[float, float]) -> Callable[[Any], Any]:
    if kind == "uniform":
        return uniform_rotation()
    earth = EarthOrientation(accuracy=ACCURACY).over(*span)
    return lambda t: frame_rotation("gcrs", "itrf", t, earth)


def _atmosphere(kind: str, flight: Flight, sun: Callable[[Any], Any]) -> Atmosphere:
    if kind == "harris-priester":
        return HarrisPriester(sun)
    if kind == "us-standard-1976":
        return TabulatedAtmosphere.us_standard_1976()
    height = float(np.linalg.norm(flight.state[:3])) - WGS84.equatorial_radius
    return ExponentialAtmosphere.at(max(height, 0.0))


def fly(flight: Flight, progress: bool = False) -> Flown:
    """Integrate a scenario.

    Raises ScenarioError where something is missing that the forces need, or the end is not reached.
    """
    began = time.perf_counter()
    try:
        made = equations(flight)
        integrator = Integrator(made.system, flight.state, **flight.settings)
    except TaylorError as error:
        raise ScenarioError(f"[forces]: {error}") from error
    ready = time.perf_counter()
    outcome, reached = propagated(integrator, flight.times, flight.max_steps, progress)
    finished = time.perf_counter()
    if outcome.status is Status.INTERRUPTED:
        kept = flight.times[: len(reached)]
        outcome = replace(outcome, status=Status.REACHED, times=kept, states=reached)
    elif outcome.status is not Status.REACHED:
        raise ScenarioError(
            f"the flight ended {integrator.time:.17g} s after its epoch: "
            f"{outcome.message or outcome.status.value}"
        )
    trajectory = Trajectory.of(outcome, epoch=flight.epoch, name=flight.name, frame="GCRF")
    return Flown(trajectory, outcome.steps, integrator.order, finished - ready, ready - began)


def in_frame(trajectory: Trajectory, frame: str) -> Trajectory:
    """The trajectory in other axes, by their name for `frame_rotation`."""
    if frame == "gcrs":
        return trajectory
    states = np.stack(
        [
            np.concatenate(change_frame("gcrs", frame, float(t), state[:3], state[3:]))
            for t, state in zip(trajectory.times, trajectory.states, strict=True)
        ]
    )
    said = {"name": trajectory.name, "frame": FRAME_NAMES.get(frame, frame.upper())}
    return Trajectory(trajectory.start, trajectory.seconds, states, **said)  # type: ignore[arg-type]


def write_flight(path: Path, trajectory: Trajectory) -> None:
    """Write an OEM (as keywords, or XML for .xml) or CSV."""
    if path.suffix.lower() == ".csv":
        write_csv(path, trajectory)
    else:
        write_oem(path, trajectory)


def heights(flight: Flight, trajectory: Trajectory) -> tuple[Array, Array, Array]:
    """Longitude and latitude in degrees, and height above WGS84 in km, of a GCRS trajectory."""
    if flight.forces.rotation == "itrf":
        matrices = np.asarray(frame_rotation("gcrs", "itrf", trajectory.times))
    else:
        parts = compiled(list(scalars(as_expression(uniform_rotation()(now))).reshape(-1)), [now])
        columns = [np.broadcast_to(x, len(trajectory)) for x in parts(trajectory.times)]
        matrices = np.stack(columns, axis=-1).reshape(-1, 3, 3)
    places = np.einsum("kij,kj->ki", matrices, trajectory.positions)
    latitude, longitude, height = np.moveaxis(np.asarray(position_to_geodetic(places)), -1, 0)
    return np.degrees(longitude), np.degrees(latitude), height


def flight_report(flight: Flight, flown: Flown) -> str:
    """What was flown, in a few lines."""
    height = heights(flight, flown.trajectory)[2]
    acting = flight.forces
    field, degree, order = acting.gravity
    parts = [f"{field} {degree}x{order}", *acting.bodies]
    parts += ["drag"] * (acting.drag is not None) + ["radiation"] * (acting.radiation is not None)
    parts += ["relativity"] * acting.relativity
    last = flown.trajectory.states[-1 if flight.times[-1] > 0 else 0]
    state = " ".join(f"{x:.6f}" for x in last)
    return "\n".join(
        [
            f"{flight.title}: {flight.name} from {flight.epoch.isoformat(digits=3)} UTC, "
            f"{abs(flight.times[-1]):g} s",
            f"  forces: {', '.join(parts)}",
            f"  height between {height.min():.3f} and {height.max():.3f} km",
            f"  at the end: {state} (GCRS, km and km/s)",
            f"  {flown.steps} steps of order {flown.order}; {flown.wall_seconds:.3f} s to "
            f"integrate, {flown.compile_seconds:.2f} s to compile",
        ]
    )


def plot_flight(path: Path, flight: Flight, flown: Flown) -> None:
    """Draw the track on the ground and the height into a file; ImportError without matplotlib."""
    figure = _drawn(flight, flown)
    try:
        figure.savefig(path, dpi=120)
    except OSError as error:
        raise ScenarioError(f"cannot write {path}: {error.strerror or error}") from None


def _drawn(flight: Flight, flown: Flown) -> matplotlib.figure.Figure:
    longitude, latitude, height = heights(flight, flown.trajectory)
    hours = flown.trajectory.seconds / 3600
    with styled():
        from matplotlib.figure import Figure

        figure = Figure(figsize=(11, 7))
        upper, lower = figure.subplots(2, 1, height_ratios=(2, 1))
    jumps = np.abs(np.diff(longitude)) > 180
    broken = np.insert(longitude, np.flatnonzero(jumps) + 1, np.nan)
    upper.plot(
        broken, np.insert(latitude, np.flatnonzero(jumps) + 1, np.nan), lw=0.8, color=COLORS[0]
    )
    upper.plot(longitude[0], latitude[0], "o", ms=5, color=COLORS[2], label="start")
    legend(upper)
    upper.set(xlim=(-180, 180), ylim=(-90, 90))
    upper.set_xticks(range(-180, 181, 60))
    upper.set_yticks(range(-90, 91, 30))
    name_axes(upper, "longitude [degrees]", "latitude [degrees]", flight.title)
    lower.plot(hours, height, lw=0.8, color=COLORS[0])
    name_axes(lower, "time [h]", "height [km]")
    return figure

"""Running a scenario: propagation, control run, conserved quantities, comparison."""

from __future__ import annotations

import time
from typing import cast

import numpy as np

from taylor.expressions.evaluate import evaluate
from taylor.expressions.expression import Expression
from taylor.integrator.integrator import Integrator
from taylor.integrator.outcome import Status
from taylor.models import Model, n_body
from taylor.scenario.bodies import Array
from taylor.scenario.scenario import Comparison, Scenario
from taylor.scenario.section import ScenarioError
from taylor.scenario.stops import propagated
from taylor_runtime.program.records import dataclass

EPOCHS = 50  # states at which conserved quantities are evaluated, beside the first
DIGITS = 40  # of that evaluation


@dataclass(frozen=True)
class Run:
    """One propagation.

    times, states: shapes (k,) and (k, bodies, 6): x, y, z, vx, vy, vz; of a run that Ctrl-C ended
        fewer than the scenario's.
    wall_seconds, compile_seconds: spent integrating, and from equations to machine code.
    """

    times: Array
    states: Array
    steps: int
    order: int
    smallest_step: float
    largest_step: float
    wall_seconds: float
    compile_seconds: float


@dataclass(frozen=True)
class Drift:
    """Change of a conserved quantity: at the end, and the largest seen at `epochs` times.

    `relative` says whether it is divided by the initial value, which is not possible where that is
    zero.
    """

    end: float
    largest: float
    epochs: int
    relative: bool


@dataclass(frozen=True)
class Result:
    """All that a scenario yields.

    control:   the purely Newtonian run whose energy and angular momentum were followed: the run
               itself where no relativity acts, None if that was not asked for.
    distances: rows of the comparison: label and distances in km at each of `comparison_times`.
    """

    run: Run
    control: Run | None
    energy: Drift | None
    angular_momentum: Drift | None
    comparison_times: tuple[float, ...]
    distances: tuple[tuple[str, tuple[float, ...]], ...]


def execute(scenario: Scenario, progress: bool = False) -> Result:
    """Propagate a scenario and evaluate it.

    progress: show a bar on a terminal when the run is long.

    Ctrl-C ends the run; what was reached is evaluated, without the control run.

    Raises ScenarioError if a run ends before the end of the span for other reasons.
    """
    relativistic = scenario.relativity is not None
    run = propagate(scenario, relativistic, progress)
    control, energy, momentum = None, None, None
    whole = len(run.times) == len(scenario.times)
    if scenario.conservation and whole:
        control = propagate(scenario, False, progress) if relativistic else run
        energy, momentum = drifts(model(scenario, False), control)
    distances: tuple[tuple[str, tuple[float, ...]], ...] = ()
    times: tuple[float, ...] = ()
    if scenario.comparison is not None:
        times = tuple(t for t in scenario.comparison.states if t in run.times)
        distances = compare(scenario, scenario.comparison, run)
    return Result(run, control, energy, momentum, times, distances)


def model(scenario: Scenario, relativistic: bool) -> Model:
    """The equations of motion of a scenario, with or without its post-Newtonian term."""
    masses = [body.gm for body in scenario.bodies]
    names = [str(number) for number in range(len(masses))]  # any text may be the name of a body
    if not relativistic or scenario.relativity is None:
        return n_body(masses, names=names)
    center = scenario.names.index(scenario.relativity)
    return n_body(masses, names=names, c=scenario.units.speed_of_light, center=center)


def propagate(scenario: Scenario, relativistic: bool, progress: bool = False) -> Run:
    """Integrate from the first to the last output time."""
    began = time.perf_counter()
    try:
        integrator = Integrator(
            model(scenario, relativistic).system,
            scenario.state,
            time=float(scenario.times[0]),
            **scenario.settings,
        )
    except ValueError as error:
        raise ScenarioError(f"[integration]: {error}") from error
    ready = time.perf_counter()
    outcome, reached = propagated(integrator, scenario.times[1:], scenario.max_steps, progress)
    finished = time.perf_counter()
    if outcome.status not in (Status.REACHED, Status.INTERRUPTED):
        where = f"{integrator.time:.17g} {scenario.units.time}"
        why = outcome.message or outcome.status.value
        raise ScenarioError(
            f"the propagation ended at {where}, before the end of the span: {why}; "
            f"{_remedy(outcome.status)}"
        )
    states = np.concatenate([scenario.state[None], reached])
    return Run(
        times=scenario.times[: len(states)],
        states=states.reshape(len(states), len(scenario.bodies), 6),
        steps=outcome.steps,
        order=integrator.order,
        smallest_step=outcome.smallest_step,
        largest_step=outcome.largest_step,
        wall_seconds=finished - ready,
        compile_seconds=ready - began,
    )


def _remedy(status: Status) -> str:
    if status is Status.STEP_LIMIT:
        return "raise max_steps in [integration], or shorten the span"
    if status in (Status.NON_FINITE, Status.STEP_UNDERFLOW):
        return "two bodies probably collided: point masses cannot pass through each other"
    return "the states up to there were discarded"


def drifts(equations: Model, run: Run) -> tuple[Drift, Drift]:
    """Drift of energy and angular momentum over a run.

    Evaluated with 40 digits from the stored states, so that what is seen is the trajectory's error
    alone.
    """
    import mpmath

    chosen = np.unique(np.linspace(0, len(run.times) - 1, EPOCHS + 1).round().astype(int))
    energies, momenta = [], []
    with mpmath.workdps(DIGITS):
        for index in chosen:
            numbers = [mpmath.mpf(float(value)) for value in run.states[index].ravel()]
            values = dict(zip(equations.variables, numbers, strict=True))
            energies.append([evaluate(cast(Expression, equations.energy), values)])
            momenta.append([evaluate(part, values) for part in equations.angular_momentum])
        return _drift(mpmath, energies), _drift(mpmath, momenta)


def _drift(mpmath: object, vectors: list[list[object]]) -> Drift:
    norm = mpmath.norm  # type: ignore[attr-defined]
    first = vectors[0]
    size = norm(first)
    changes = [
        norm([b - a for a, b in zip(first, vector, strict=True)])  # type: ignore[operator]
        for vector in vectors[1:]
    ]
    scaled = [float(change / size) if size else float(change) for change in changes]
    return Drift(scaled[-1], max(scaled), len(scaled), bool(size))


def compare(
    scenario: Scenario, comparison: Comparison, run: Run
) -> tuple[tuple[str, tuple[float, ...]], ...]:
    """Distances in km between run and ephemeris, both taken relative to a reference body.

    One row for each body relative to the center, then one for each pair, as (label, distance at
    each time).
    """
    position = {name: i for i, name in enumerate(scenario.names)}
    known = [name for name in scenario.names if all(name in s for s in comparison.states.values())]
    rows = [(name, name, comparison.center) for name in known if name != comparison.center]
    rows += [(f"{body} from {other}", body, other) for body, other in comparison.pairs]
    result = []
    for label, body, reference in rows:
        distances = []
        for epoch, expected in comparison.states.items():
            if epoch not in run.times:  # it was interrupted before
                continue
            states = run.states[int(np.flatnonzero(run.times == epoch)[0])]
            seen = states[position[body], :3] - states[position[reference], :3]
            wanted = expected[body][:3] - expected[reference][:3]
            distances.append(float(np.linalg.norm(seen - wanted)) * scenario.units.kilometers)
        result.append((label, tuple(distances)))
    return tuple(result)

"""Trajectories that no longer get on end in bounded steps; those that only seem to, go on."""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.ensembles.lanes import Batch
from taylor_runtime.program.codes import REACHED

X, Y, V, W = ty.variables("x y v w")
STUCK = (ty.Status.STEP_UNDERFLOW, ty.Status.NON_FINITE)
MOST_STEPS = 20_000  # two windows of any usual order, and the way there

System = list[tuple[ty.Expression, Any]]


def named_time(message: str) -> float:
    """The time of the singularity that a message names."""
    found = re.search(r"with a singularity at t = (\S+?)[;,]? ", message)
    assert found, message
    return float(found[1].rstrip(";,"))


def masses(m: float, M: float) -> System:
    """Two bodies at x < y on a line; their velocities are v and w."""
    square = (Y - X) ** 2
    return [(X, V), (Y, W), (V, M / square), (W, -m / square)]


# x' = 1 has the independent variable in the precision of a state: there it cannot be resolved
# however close one comes, and rounding errors are all that is left of the right-hand side.
SINGULAR: dict[str, tuple[System, list[float], float, float]] = {  # end and time of the singularity
    "pole": ([(X, 1), (Y, 1 / (1 - X))], [0, 0], 5, 1),
    "double pole": ([(X, 1), (Y, 1 / (1 - X) ** 2)], [0, 0], 5, 1),
    "tangent": ([(X, 1), (Y, ty.tan(X))], [0, 0], 5, math.pi / 2),
    "logarithm": ([(X, 1), (Y, ty.log(1 - X))], [0, 0], 5, 1),
    "power": ([(X, 1), (Y, (1 - X) ** ty.constant("-1.3"))], [0, 0], 5, 1),
    "backwards": ([(X, 1), (Y, 1 / (1 + X))], [0, 0], -5, -1),
    "own pole": ([(X, X * X)], [1], 5, 1),
    "own pole with an offset": ([(X, (X - 3) ** 2)], [4], 5, 1),
    "collision": (masses(1.0, 1.0), [0, 1, 0, 0], 5, math.pi / 4),
    "unequal collision": (masses(3.0, 1.0), [0.1, 1, 0, 0], 5, math.pi * 0.9**1.5 / math.sqrt(32)),
}


@pytest.mark.parametrize("name", SINGULAR)
@pytest.mark.parametrize(
    "options", [{}, {"tol": 1e-9}, {"rtol": 1e-12, "atol": 1e-12}, {"high_accuracy": True}], ids=str
)
def test_singularities_end_a_run(name: str, options: dict[str, Any]) -> None:
    system, state, end, singular = SINGULAR[name]
    ta = ty.Integrator(system, [float(x) for x in state], **options)
    outcome = ta.propagate_until(end)
    assert outcome.status in STUCK
    assert outcome.steps < MOST_STEPS
    assert ta.time == pytest.approx(singular, rel=1e-6)
    assert np.isfinite(ta.state).all()
    assert repr(ta.time) in outcome.message
    if outcome.status is ty.Status.STEP_UNDERFLOW and "gives" not in outcome.message:
        assert named_time(outcome.message) == pytest.approx(singular, rel=1e-9)
    again = ta.propagate_until(end)  # nor does it go on when asked again
    assert again.status in STUCK and again.steps < MOST_STEPS


def test_a_pole_of_gamma_ends_a_run() -> None:
    """Slow, for its derivatives are polygammas; so with few digits, and once."""
    ta = ty.Integrator([(X, 1), (Y, ty.gamma(X - 1.5))], [0.0, 0.0], tol=1e-6)
    outcome = ta.propagate_until(5.0)
    assert outcome.status in STUCK and outcome.steps < MOST_STEPS
    assert ta.time == pytest.approx(0.5, abs=1e-6)


@pytest.mark.parametrize("precision", ["float32", "double-double"])
@pytest.mark.parametrize("name", ["own pole", "collision", "unequal collision", "power"])
def test_other_numbers(name: str, precision: str) -> None:
    system, state, end, singular = SINGULAR[name]
    if precision == "float32" and name == "power":
        pytest.skip("1 - x stays at an ulp, which is not small enough to take for ever")
    kind = np.float32 if precision == "float32" else float
    start = [(float(x), 0.0) for x in state] if precision == "double-double" else state
    ta = ty.Integrator(system, np.array(start, kind), precision=precision)
    outcome = ta.propagate_until(end)
    assert outcome.status in STUCK and outcome.steps < MOST_STEPS
    assert named_time(outcome.message) == pytest.approx(singular, rel=1e-6)


def test_random_singular_times(scale: int) -> None:
    """x' = r from x_0, and y' = f(c - x) with f singular at 0; in either direction.

    None is real on both sides but for poles: log |c - x| may be passed over, and is.
    """
    c, r = ty.parameters("c r")
    ahead = (c - X) / r
    forms = [1 / (c - X), 1 / (c - X) ** 3, ty.log(ahead), 1 / ty.tan(c - X)]
    forms.append(ahead ** ty.constant("-0.7"))
    integrators = [
        ty.Integrator([(X, r), (Y, f)], [0.0, 0.0], parameters={c: 1.0, r: 1.0}, order=order)
        for f in forms
        for order in (None, 16)
    ]
    for i in range(20 * scale):
        rng = np.random.default_rng(i)
        ta = integrators[i % len(integrators)]
        start, rate = rng.normal(), rng.choice([-1, 1]) * np.exp(rng.normal())
        distance = 3 * rng.random()  # less than pi, the next pole of the cotangent
        ta.state[:], ta.time = (start, 0.0), rng.normal()
        ta.parameters[r], ta.parameters[c] = rate, start + distance * np.sign(rate)
        singular = ta.time + distance / abs(rate)
        outcome = ta.propagate_until(singular + 2.0)
        assert outcome.status in STUCK, (i, outcome)
        assert outcome.steps < MOST_STEPS, (i, outcome)
        assert ta.time == pytest.approx(singular, abs=1e-5), i


def test_many_jumps_that_nothing_knows_of() -> None:
    """Each is found by halving steps, from twenty places that come closer."""
    stairs = ty.register_function(
        "stairs_of_progress", lambda x: float(math.floor(x)), lambda x: ty.constant(0)
    )
    ta = ty.Integrator([(X, 1), (Y, stairs(8 * X))], [0.0, 0.0])
    outcome = ta.propagate_until(10.0)
    assert outcome.success and outcome.retracted > 4 * outcome.steps
    assert ta.state[1] == pytest.approx(sum(k / 8 for k in range(80)), rel=1e-10)


def test_random_close_approaches_are_no_singularities(scale: int) -> None:
    """x' = 1, y' = 1 / ((x - c)^2 + d^2), y = (atan((x - c) / d) + atan(c / d)) / d."""
    c, d = ty.parameters("c d")
    system = [(X, 1), (Y, 1 / ((X - c) ** 2 + d**2))]
    ta = ty.Integrator(system, [0.0, 0.0], parameters={c: 1.0, d: 1.0})
    for i in range(100 * scale):
        rng = np.random.default_rng(i)
        at, depth = 0.5 + rng.random(), 10.0 ** rng.uniform(-6, 0)
        ta.state[:], ta.time = 0.0, 0.0
        ta.parameters[c], ta.parameters[d] = at, depth
        outcome = ta.propagate_until(2.0)
        assert outcome.success, (i, at, depth, outcome)
        exact = (math.atan((2 - at) / depth) + math.atan(at / depth)) / depth
        assert ta.state[1] == pytest.approx(exact, rel=1e-14 / depth + 1e-13), (i, at, depth)


@pytest.mark.parametrize("e", [0.9, 1 - 1e-4, 1 - 1e-7, 1 - 1e-10])
@pytest.mark.parametrize("options", [{}, {"tol": 1e-6}, {"order": 8, "tol": 1e-9}], ids=str)
def test_narrow_ellipses_pass(e: float, options: dict[str, Any]) -> None:
    """From the far end of the ellipse, a period of 2 pi: radius 1 + e and at rest but sideways."""
    cube = ty.hypot(X, Y) ** 3
    system = [(X, V), (Y, W), (V, -X / cube), (W, -Y / cube)]
    state = [1 + e, 0.0, 0.0, math.sqrt((1 - e) / (1 + e))]
    ta = ty.Integrator(system, state, **options)
    for _ in range(3):
        assert ta.propagate_for(2 * math.pi).success
    if not options:
        assert math.hypot(ta.state[0], ta.state[1]) == pytest.approx(1 + e, rel=1e-3)


@pytest.mark.parametrize("exponent", [4, 5, 6])
def test_massive_bodies_pass(exponent: int) -> None:
    """Off the origin, so that their distance is rounded at 1e-16: steps are taken back there."""
    e = 1 - 10.0**-exponent
    model = ty.models.n_body([1, 1], dimensions=2)
    r, v = (1 + e) / 2, math.sqrt(2 * (1 - e) / (1 + e)) / 2
    ta = ty.Integrator(model.system, [0.3 + r, 0.1, 0, v, 0.3 - r, 0.1, 0, -v])
    assert ta.propagate_until(math.pi * math.sqrt(2)).success
    assert ta.state[0] - ta.state[4] == pytest.approx(1 + e, rel=1e-2)


GO_ON: dict[str, tuple[System, list[float], float, dict[str, Any]]] = {
    "fast from the start": ([(X, V), (V, -1e24 * X)], [1, 0], 1e-9, {}),
    "short steps": ([(X, V), (V, -X)], [1, 0], 1e-2, {"max_step": 1e-6}),
    "from rest": ([(X, ty.time**40)], [0], 2, {}),
    "a start that is all but at rest": ([(X, V), (V, X)], [0, 1e-200], 3, {}),
    "late": ([(X, V), (V, -X)], [1, 0], 1e10 + 100, {"time": 1e10}),
    "late and fast": ([(X, V), (V, -1e20 * X)], [1, 0], 1e6 + 1e-6, {"time": 1e6}),
    "decay of the rate": ([(X, V), (V, -X / (1e-3 + ty.time) ** 4)], [1, 0], 1, {}),
}


@pytest.mark.parametrize("name", GO_ON)
def test_what_goes_on(name: str) -> None:
    system, state, end, options = GO_ON[name]
    ta = ty.Integrator(system, [float(x) for x in state], **options)
    assert ta.propagate_until(end).success


def test_a_far_end_with_another_way_to_stop() -> None:
    """Where an event, a limit or a callback may end a run, its end is no measure of its pace."""
    system, far = [(X, V), (V, -X)], 1e100
    ta = ty.Integrator(system, [1.0, 0.0], events=ty.Event(ty.time - 20_000, terminal=True))
    assert ta.propagate_until(far).status is ty.Status.EVENT
    ta = ty.Integrator(system, [1.0, 0.0])
    assert ta.propagate_until(far, max_steps=20_000).status is ty.Status.STEP_LIMIT
    assert ta.propagate_until(far, callback=lambda now: now.time > 30_000).time > 30_000
    assert ta.propagate_until(-far, callback=lambda now: now.time < 20_000).time < 20_000


def test_an_end_that_no_run_can_reach() -> None:
    ta = ty.Integrator([(X, V), (V, -X)], [1.0, 0.0])
    outcome = ta.propagate_until(1e20)
    assert outcome.status is ty.Status.STEP_UNDERFLOW and outcome.steps < MOST_STEPS
    assert "of them would be needed" in outcome.message


def test_callbacks_that_turn_time_back() -> None:
    """Each starts the watch anew: the same second may be lived through as often as one likes."""
    seen = []

    def back(ta: ty.Integrator) -> bool:
        seen.append(ta.time)
        ta.time = 0.0
        return len(seen) == MOST_STEPS

    ta = ty.Integrator([(X, V), (V, -X)], [1.0, 0.0])
    assert ta.propagate_until(1e6, callback=back).status is ty.Status.STOPPED


def test_rows_of_ensembles_end_as_they_do_alone(scale: int) -> None:
    """One by one in machine code and in lanes; their singular times differ, and some have none."""
    c = ty.parameter("c")
    ta = ty.Integrator([(X, 1), (Y, 1 / (c - X))], [0.0, 0.0], parameters={c: 1.0})
    values = np.random.default_rng(0).uniform(0.5, 8.0, 60 * scale)
    states, times = np.zeros((len(values), 2)), np.zeros((len(values), 2))
    found = ty.ensemble(ta, states, until=4.0, parameters={c: values})
    lanes = Batch(ta).run(states, times, np.add(times, [4.0, 0.0]), values[:, None])
    for i in range(len(values)):
        ta.state[:], ta.time, ta.parameters[c] = 0.0, 0.0, values[i]
        outcome = ta.propagate_until(4.0)
        assert outcome.success == (values[i] > 4.0)
        assert found.status[i] is outcome.status and found.steps[i] == outcome.steps
        assert found.final_states[i].tobytes() == ta.state.tobytes()
        assert (lanes.codes[i] == REACHED) == outcome.success
        assert lanes.steps[i] == outcome.steps
        assert lanes.states[i].tobytes() == ta.state.tobytes()
    assert all("with a singularity at t = " in found.messages[i] for i in found.messages)

"""Events that reset states and parameters by expressions: closed forms, and what comes first."""

from __future__ import annotations

import copy
import math
import pickle
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
K = ty.parameter("k")
CLOCK = [(X, 1 + 0 * X), (V, 0 * V)]
BOUNCE = ty.Event(X, direction=-1, reset={V: -0.5 * V})
FALL = [(X, V), (V, -2 + 0 * V)]


def watch(*events: ty.Event, system: Any = CLOCK, state: Any = (0.0, 1.0), **options: Any) -> Any:
    return ty.Integrator(system, list(state), events=list(events), **options)


# -- closed forms ---------------------------------------------------------------------------------


def test_the_bouncing_ball_200_times_in_31_digits() -> None:
    """With g = 2 from height 1, impact k is at 1 + 2 (e + ... + e^k), with speed 2 e^k."""
    e = Fraction(9, 10)
    bounce = ty.Event(X, direction=-1, reset={V: -e * V})
    ta = watch(bounce, system=FALL, state=(1, 0), precision="double-double")
    outcome = ta.propagate_until(1 + 2 * sum(e**k for k in range(1, 200)) + e**200)
    assert outcome.status is ty.Status.REACHED
    seen = outcome.events[0]
    assert len(seen) == 200
    with mpmath.workdps(45):
        times, states = ty.to_mpmath(seen.times), ty.to_mpmath(seen.states)
        speed, time = mpmath.mpf(2), mpmath.mpf(1)
        for k in range(200):
            assert abs(times[k] - time) < 1e-28
            assert abs(states[k, 1] + speed) < 1e-28
            assert abs(states[k, 0]) < 1e-28
            speed *= mpmath.mpf(9) / 10
            time += speed
        height = speed * speed / 4
        assert abs(ty.to_mpmath(ta[X]) - height) < 1e-28  # at the top again


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_a_thermostat(precision: str) -> None:
    """T' = -(T - 10) + 20 h: log(12/10) from 22 down to 20 degrees, log(10/8) up again."""
    heat, power = ty.parameter("h"), ty.parameter("power")
    on = ty.Event(X - 20, direction=-1, reset={heat: power})
    off = ty.Event(X - 22, direction=1, reset={heat: 0})
    ta = ty.Integrator(
        [(X, 10 - X + heat)],
        [22.0],
        parameters={heat: 0, power: 20},
        events=[on, off],
        precision=precision,
    )
    down, up = math.log(12 / 10), math.log(10 / 8)
    outcome = ta.propagate_until(50 * (down + up) + down / 2)
    accuracy = 1e-13 if precision == "float64" else 1e-4
    assert [len(seen) for seen in outcome.events] == [50, 50]
    np.testing.assert_allclose(
        outcome.events[0].times, down + (down + up) * np.arange(50), rtol=accuracy
    )
    np.testing.assert_allclose(
        outcome.events[1].times, (down + up) * np.arange(1, 51), rtol=accuracy
    )
    assert ta.parameters[heat] == 0
    assert ta[X] == pytest.approx(10 + 12 * math.exp(-down / 2), rel=accuracy)


def test_a_round_billiard() -> None:
    """A ball in the unit circle: every chord has the length 2 cos a, and turns by pi - 2 a."""
    r, w = ty.variable("r", shape=(2,)), ty.variable("w", shape=(2,))
    wall = ty.Event(r @ r - 1, direction=1, reset={w: w - 2 * (r @ w) / (r @ r) * r})
    a = 0.7
    start = [1.0, 0.0, -math.cos(a), math.sin(a)]
    ta = ty.Integrator([(r, w), (w, 0 * w)], start, events=wall)
    chord, turn = 2 * math.cos(a), math.pi - 2 * a
    outcome = ta.propagate_until(100.5 * chord)
    k = np.arange(1, 101)
    np.testing.assert_allclose(outcome.events[0].times, k * chord, rtol=1e-13)
    points = np.stack([np.cos(k * turn), np.sin(k * turn)], axis=1)
    np.testing.assert_allclose(outcome.events[0].states[:, :2], points, atol=1e-12)


def test_a_square_billiard_and_its_corners() -> None:
    """Unfolded, the ball goes straight on; in a corner it meets two walls at once."""
    y, u = ty.variables("y u")
    walls = [ty.Event(X - c, reset={V: -V}) for c in (0, 1)]
    walls += [ty.Event(y - c, reset={u: -u}) for c in (0, 1)]
    system = [(X, V), (V, 0 * V), (y, u), (u, 0 * u)]
    slope = math.sqrt(2)
    ta = ty.Integrator(system, [0.5, 1.0, 0.25, slope], events=walls)
    times = np.linspace(0.0, 60.0, 121)
    outcome = ta.propagate_grid(times)
    for start, speed, place in ((0.5, 1.0, 0), (0.25, slope, 2)):
        unfolded = np.abs((start + speed * times + 1) % 2 - 1)
        np.testing.assert_allclose(outcome.states[:, place], unfolded, atol=1e-12)
    ta = ty.Integrator(system, [0.5, 1.0, 0.5, 1.0], events=walls)
    ta.propagate_until(0.75)
    assert ta.state == pytest.approx([0.75, -1.0, 0.75, -1.0], abs=1e-15)


@pytest.mark.parametrize(
    ("precision", "accuracy"), [("float32", 1e-4), ("float64", 1e-12), ("double-double", 1e-28)]
)
def test_random_affine_maps(precision: str, accuracy: float) -> None:
    """Every unit of time y becomes M y + b + c t + d k, and k becomes k/2 + y[0]; y' = s y."""
    rng = np.random.default_rng(5)
    m, s, b, c, d = (rng.integers(-64, 65, n) / 128 for n in ((4, 4), 4, 4, 4, 4))
    y = ty.variable("y", shape=(4,))
    m /= 4
    beat = ty.Event(X - 1, reset={X: 0, y: m @ y + b + c * ty.time + d * K, K: K / 2 + y[0]})
    ta = ty.Integrator(
        [(X, 1 + 0 * X), (y, s * y)],
        [0, 1, 1, 1, 1],
        parameters={K: 3},
        events=beat,
        precision=precision,
    )
    ta.propagate_until(Fraction(61, 2))
    with mpmath.workdps(45):
        known, k = mpmath.matrix([1] * 4), mpmath.mpf(3)
        matrix, factors = mpmath.matrix(m.tolist()), [mpmath.exp(mpmath.mpf(f)) for f in s]
        for time in range(1, 31):
            known = mpmath.matrix([x * f for x, f in zip(known, factors, strict=True)])
            before = known[0]
            shift = [b[i] + c[i] * time + d[i] * k for i in range(4)]
            known, k = matrix * known + mpmath.matrix(shift), k / 2 + before
        wanted = [x * mpmath.exp(mpmath.mpf(f) / 2) for x, f in zip(known, s, strict=True)]
        pairs = precision == "double-double"
        state = ty.to_mpmath(ta[y]) if pairs else ta[y].tolist()
        for found, exact in zip([*state, ta.parameters[K]], [*wanted, k], strict=True):
            assert abs(found - exact) < accuracy * (1 + abs(exact))


def test_a_neuron_that_leaks_and_fires() -> None:
    """x' = 2 - x reaches 1 from 0 after log 2; a parameter counts."""
    fire = ty.Event(X - 1, direction=1, reset={X: 0, K: K + 1})
    ta = ty.Integrator([(X, 2 - X)], [0.0], parameters={K: 0}, events=fire)
    outcome = ta.propagate_until(100.0)
    count = int(100 / math.log(2))
    assert ta.parameters[K] == count == len(outcome.events[0])
    np.testing.assert_allclose(
        outcome.events[0].times, math.log(2) * np.arange(1, count + 1), rtol=1e-14
    )


def test_a_switch_at_the_time_of_a_reset() -> None:
    """x'' = -sign(x), turned round at 0, never goes to the other side: a ball again."""
    bounce = ty.Event(X, direction=-1, reset={V: -0.5 * V})
    ta = ty.Integrator([(X, V), (V, -ty.sign(X))], [0.5, 0.0], events=bounce)
    outcome = ta.propagate_until(2.99)
    times = 1 + 2 * (1 - 0.5 ** np.arange(8))
    np.testing.assert_allclose(outcome.events[0].times, times[times < 2.99], atol=1e-14)
    assert ta[X] >= 0


def test_it_has_the_bits_of_a_callback() -> None:
    def bounce(ta: ty.Integrator) -> None:
        ta.state[1] *= -0.9

    results = []
    for options in ({"callback": bounce}, {"reset": {"v": -0.9 * V}}):
        ta = watch(ty.Event(X, direction=-1, **options), system=FALL, state=(1.0, 0.0))
        outcome = ta.propagate_until(15.0)
        results.append((ta.state.tobytes(), outcome.events[0].times.tobytes(), outcome.steps))
    assert results[0] == results[1]


def test_a_reset_where_the_domain_of_a_branch_ends() -> None:
    """x' = -sqrt(x) comes from 1 to 0 at 2, and starts again."""
    system = [(X, ty.where(X > 0, -ty.sqrt(X), 0))]
    ta = ty.Integrator(system, [1.0], events=ty.Event(X, reset={X: 1}))
    outcome = ta.propagate_grid([1.0, 2.0, 4.0, 5.0], dense=True)
    np.testing.assert_allclose(outcome.events[0].times, [2, 4], atol=1e-14)
    np.testing.assert_allclose(outcome.states[[0, 3], 0], 0.25, atol=1e-14)


# -- what happens in which order ------------------------------------------------------------------


def test_all_right_hand_sides_are_of_the_state_before() -> None:
    ta = watch(ty.Event(X - 2, reset={X: V, V: X + K, K: X * V + ty.time}), parameters={K: 7.0})
    ta.propagate_until(2.0)
    assert ta.state.tolist() == [1.0, 9.0]
    assert ta.parameters[K] == 4.0


def test_events_at_one_time_go_in_the_order_of_the_list() -> None:
    double, more = ty.Event(X - 1, reset={V: 2 * V}), ty.Event(3 * X - 3, reset={V: V + 1})
    for events, value in (((double, more), 3.0), ((more, double), 4.0)):
        ta = watch(*events)
        ta.propagate_until(1.5)
        assert ta[V] == value


def test_records_show_the_state_before_grids_and_dense_output_the_one_behind() -> None:
    times = np.arange(7) / 2
    ta = watch(ty.Event(X - 1, reset={X: 0, V: V + 1}))
    outcome = ta.propagate_grid(times, dense=True)
    saw = [[0, 1], [0.5, 1], [0, 2], [0.5, 2], [0, 3], [0.5, 3], [0, 4]]
    np.testing.assert_array_equal(outcome.states, saw)
    np.testing.assert_array_equal(outcome.dense(times[:-1]), saw[:-1])
    np.testing.assert_array_equal(outcome.events[0].states, [[1, 1], [1, 2], [1, 3]])
    np.testing.assert_array_equal(outcome.events[0].times, [1, 2, 3])
    assert ta.state.tolist() == saw[-1]


def test_a_terminal_event_ends_behind_its_reset_and_lets_go_on() -> None:
    ta = watch(ty.Event(X, direction=-1, terminal=True, reset={V: -0.5 * V}), system=FALL)
    ta.state = [1.0, 0.0]
    times = []
    for k in range(20):
        outcome = ta.propagate_until(100.0)
        assert outcome.status is ty.Status.EVENT
        assert outcome.events[0].states[-1, 1] == pytest.approx(-2 * 0.5**k, rel=1e-13)
        assert ta[V] == pytest.approx(0.5**k, rel=1e-13)
        assert len(outcome.events[0]) == 1
        times.append(ta.time)
    np.testing.assert_allclose(times, 1 + 2 * (1 - 0.5 ** np.arange(20)), atol=1e-14)


def test_a_callback_comes_behind_the_reset() -> None:
    seen: list[float] = []

    def look(ta: ty.Integrator) -> bool:
        seen.append(float(ta[V]))
        ta[V] = ta[V] + 1
        return bool(ta[V] > 9)

    stop = ty.Event(X - 1, terminal=True, reset={X: 0, V: 2 * V}, callback=look)
    ta = watch(stop)
    assert ta.propagate_until(10.0).status is ty.Status.EVENT
    assert seen == [2.0, 6.0, 14.0]
    assert ta[V] == 15.0
    ta = watch(ty.Event(X - 1, reset={X: 0, V: 2 * V}, callback=look))
    assert ta.propagate_until(10.0).status is ty.Status.STOPPED
    assert ta.time == 3.0


def test_an_event_that_stops_does_so_behind_all_resets_of_its_time() -> None:
    ta = watch(ty.Event(X - 1, terminal=True), ty.Event(2 * X - 2, reset={V: 5}))
    outcome = ta.propagate_until(3.0)
    assert outcome.status is ty.Status.EVENT
    assert "events[0]" in outcome.message
    assert ta.state.tolist() == [1.0, 5.0]
    assert ta.propagate_until(3.0).status is ty.Status.REACHED


def test_jumps_across_surfaces_are_no_zeros() -> None:
    across, at = ty.Event(X - 5, terminal=True), ty.Event(X - 8)
    ta = watch(ty.Event(X - 1, direction=1, reset={X: 8}), across, at)
    outcome = ta.propagate_until(2.0)
    assert outcome.status is ty.Status.REACHED
    assert [len(seen) for seen in outcome.events] == [1, 0, 1]
    assert ta[X] == 9.0


def test_a_start_on_the_surface_and_cooldown() -> None:
    ta = watch(
        ty.Event(X, reset={V: 7}), ty.Event(ty.sin(2 * math.pi * X), False, 1, None, 1.5, {V: -V})
    )
    outcome = ta.propagate_until(4.25)
    assert [len(seen) for seen in outcome.events] == [1, 3]
    np.testing.assert_allclose(outcome.events[1].times, [0, 2, 4], atol=1e-14)
    assert ta[V] == 1.0


def test_an_impulse_at_the_time_of_a_reset_comes_second() -> None:
    event, kick = ty.Event(X - 1, reset={V: 10 * V}), ty.Impulse([1.0, 2.0], add={V: 1})
    outcome = watch(event, impulses=kick).propagate_grid([0.5, 1.0, 1.5, 2.0], dense=True)
    assert outcome.states[:, 1].tolist() == [1.0, 11.0, 11.0, 12.0]
    assert outcome.events[0].states.tolist() == [[1.0, 1.0]]


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_a_ball_that_comes_to_rest_accumulates(precision: str) -> None:
    ta = watch(BOUNCE, system=FALL, state=(1.0, 0.0), precision=precision)
    outcome = ta.propagate_until(5.0)
    assert outcome.status is ty.Status.ACCUMULATING
    assert "reset was made" in outcome.message
    assert ta.time == pytest.approx(3.0, abs=1e-10)


# -- going on, copies, ensembles ------------------------------------------------------------------


def test_copies_pickles_and_checkpoints_go_on_to_the_same_bits(tmp_path: Any) -> None:
    event = ty.Event(X, direction=-1, reset={V: -K * V, K: K * 0.99})
    ta = watch(event, system=FALL, state=(1.0, 0.0), parameters={K: 0.95})
    ta.propagate_until(4.3)
    ta.save(tmp_path / "ball")
    others = [copy.copy(ta), copy.deepcopy(ta), pickle.loads(pickle.dumps(ta))]
    others.append(ty.Integrator.load(tmp_path / "ball"))
    ta.propagate_until(12.0)
    for other in others:
        other.propagate_until(12.0)
        assert other.state.tobytes() == ta.state.tobytes()
        assert other.parameters[K] == ta.parameters[K]
    restored = pickle.loads(pickle.dumps(event))
    assert restored.reset == event.reset
    assert copy.deepcopy(event).reset == event.reset


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
def test_ensembles_have_the_bits_of_single_runs(precision: str) -> None:
    event = ty.Event(X, direction=-1, reset={V: -K * V, K: K * Fraction(31, 32)})
    options: dict[str, Any] = {"parameters": {K: 0.5}, "precision": precision}
    ta = watch(event, system=FALL, state=(1.0, 0.0), **options)
    states = np.array([[1 + i / 8, i % 3] for i in range(12)])
    given = ty.from_mpmath(states) if precision == "double-double" else states
    factors = 0.5 + np.arange(12) / 32
    outcome = ty.ensemble(ta, given, until=6.0, parameters={K: factors}, workers=2)
    for i in range(12):
        alone = watch(event, system=FALL, state=states[i], **options)
        alone.parameters[K] = factors[i]
        single = alone.propagate_until(6.0)
        assert outcome.states[i].tobytes() == alone.state.tobytes()
        assert outcome.status[i] is single.status
        assert outcome.steps[i] == single.steps


def test_functions_of_arrays() -> None:
    def rhs(t: Any, y: Any, p: Any) -> list[Any]:
        return [y[1], -p[0]]

    event = ty.Event(lambda t, y: y[0], direction=-1, reset=lambda t, y, p: [y[0], -p[1] * y[1]])
    ta = ty.Integrator(rhs, [1.0, 0.0], parameters=[2.0, 0.5], events=event)
    ta.propagate_until(1.5)
    assert ta.state == pytest.approx([0.25, 0.0], abs=1e-15)
    ta.events = ty.Event(lambda t, y: y[0], direction=-1, reset={"y[1]": 3})
    ta.propagate_until(2.0)
    assert ta.state == pytest.approx([0.0, 3.0], abs=1e-15)

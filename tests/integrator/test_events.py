"""Events: every zero once, in order, where it belongs; callbacks; terminal events; restarts.

Zeros are known from closed forms or from mpmath.
"""

from __future__ import annotations

import copy
import math
import pickle

import mpmath
import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
OSCILLATOR = [(X, V), (V, -X)]
CLOCK = [(X, 1 + 0 * X)]


def watch(*events: ty.Event, system=OSCILLATOR, state=(0.0, 1.0), **options) -> ty.Integrator:
    return ty.Integrator(system, list(state), events=list(events), **options)


# -- completeness ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_random_polynomials_of_time(seed: int) -> None:
    """Hundreds of polynomials with roots in [0, 1], some close together, watched at once."""
    rng = np.random.default_rng(seed)
    roots, events = [], []
    for _ in range(60):
        own = np.sort(rng.uniform(0.02, 0.98, rng.integers(1, 8)))
        if len(own) > 1 and rng.uniform() < 0.5:
            own[1] = own[0] + 10.0 ** rng.uniform(-5, -2)
            own = np.sort(own)
        roots.append(own)
        g = ty.constant(1)
        for root in own:
            g = g * (ty.time - root)
        events.append(ty.Event(g))
    ta = ty.Integrator(CLOCK, [0.0], events=events, max_step=0.3)
    outcome = ta.propagate_until(1.0)
    for own, seen in zip(roots, outcome.events, strict=True):
        assert len(seen) == len(own)
        for i, root in enumerate(own):
            with mpmath.workdps(40):
                slope = mpmath.fprod(abs(mpmath.mpf(root) - r) for k, r in enumerate(own) if k != i)
                # rounding of the factors, one after the other, over the slope of the product
                noise = len(own) * 2**-53 / float(slope) * 4
            assert abs(seen.times[i] - root) <= max(4 * math.ulp(root), noise)
        sign = (-1.0) ** (len(own) - 1 - np.arange(len(own)))
        np.testing.assert_array_equal(seen.directions, sign)


def test_a_thousand_zeros_of_a_quasi_periodic_function() -> None:
    """sin t + sin(sqrt(2) t) = 2 sin(a t) cos(b t): zeros at k pi/a and (k + 1/2) pi/b."""
    w = math.sqrt(2.0)
    g = ty.sin(ty.time) + ty.sin(w * ty.time)
    ta = ty.Integrator(CLOCK, [0.0], events=[ty.Event(g)])
    seen = ta.propagate_until(2000.0).events[0]
    with mpmath.workdps(40):
        a, b = (1 + mpmath.mpf(w)) / 2, (mpmath.mpf(w) - 1) / 2
        zeros = [k * mpmath.pi / a for k in range(int(2000 * a / mpmath.pi) + 1)]
        zeros += [(k + 0.5) * mpmath.pi / b for k in range(int(2000 * b / mpmath.pi + 0.5))]
        zeros.sort()
        assert len(seen) == len(zeros) > 900
        for time, zero in zip(seen.times, zeros, strict=True):
            slope = mpmath.cos(zero) + w * mpmath.cos(w * zero)
            assert abs(time - zero) <= 4 * math.ulp(2000.0) + 2e-15 * abs(1 / slope) * 8


def test_zeros_of_a_fast_function_do_not_shorten_steps() -> None:
    """sin(200 x) = 1/2 along x = sin t: the steps are those without events, bit for bit."""
    ta = watch(ty.Event(ty.sin(200 * X) - 0.5), ty.Event(ty.sin(200 * X) - 2))
    plain = ty.Integrator(OSCILLATOR, [0.0, 1.0])
    outcome, reference = ta.propagate_until(3.0), plain.propagate_until(3.0)
    assert outcome.steps == reference.steps
    assert ta.state.tobytes() == plain.state.tobytes()
    assert len(outcome.events[1]) == 0
    zeros = []
    for k in range(-64, 65):
        angle = (math.pi * k + (-1) ** k * math.pi / 6) / 200
        if 0 <= angle <= 1:
            zeros += [t for t in (math.asin(angle), math.pi - math.asin(angle)) if t <= 3.0]
    np.testing.assert_allclose(outcome.events[0].times, sorted(zeros), rtol=0, atol=2e-13)


def test_pairs_that_are_closer_than_a_step() -> None:
    for distance in (1e-3, 1e-5, 1e-6):
        ta = watch(ty.Event((X - 0.5) ** 2 - distance**2))
        seen = ta.propagate_until(2.0).events[0]
        exact = [math.asin(0.5 - distance), math.asin(0.5 + distance)]
        np.testing.assert_allclose(seen.times, exact, rtol=0, atol=1e-15 / distance)
        assert seen.directions.tolist() == [-1, 1]


@pytest.mark.parametrize("height", [0.0, 1e-30, -1e-30])
def test_a_touch_counts_once(height: float) -> None:
    ta = watch(ty.Event((X - 0.5) ** 2 + height), ty.Event(X - 1), state=(0.0, 1.0))
    seen, top = ta.propagate_until(6.0).events
    np.testing.assert_allclose(seen.times, [math.pi / 6, 5 * math.pi / 6], atol=1e-7)
    assert seen.directions.tolist() == [0, 0]
    np.testing.assert_allclose(top.times, [math.pi / 2], atol=1e-7)


def test_a_near_miss_is_none() -> None:
    ta = watch(ty.Event((X - 0.5) ** 2 + 1e-13))
    assert len(ta.propagate_until(6.0).events[0]) == 0


def test_a_triple_zero_is_one_crossing() -> None:
    seen = watch(ty.Event(X**3), state=(1.0, 0.0)).propagate_until(6.0).events[0]
    np.testing.assert_allclose(seen.times, [math.pi / 2, 3 * math.pi / 2], atol=1e-4)
    assert seen.directions.tolist() == [-1, 1]


def test_zeros_at_the_ends_of_steps() -> None:
    """Steps of 1/4 that end at the zeros 1/4, 1/2, ..: each is seen once."""
    event = ty.Event(ty.sin(4 * math.pi * ty.time))
    ta = ty.Integrator(CLOCK, [0.0], events=[event, ty.Event(X - 1)], max_step=0.25)
    outcome = ta.propagate_until(2.1)
    np.testing.assert_allclose(outcome.events[0].times, np.arange(9) / 4, atol=1e-15)
    assert outcome.events[0].directions.tolist() == [1, -1] * 4 + [1]
    assert outcome.events[1].times.tolist() == [1.0]


def test_zeros_between_two_propagations_count_once() -> None:
    ta = watch(ty.Event(X))
    counts = [len(ta.propagate_until(k * math.pi).events[0]) for k in range(1, 6)]
    assert sum(counts) in (5, 6)  # the start, and k pi: the last perhaps behind the end
    ta = watch(ty.Event(X - 1), system=CLOCK, state=(0.0,))
    counts = [len(ta.propagate_until(t).events[0]) for t in (0.5, 1.0, 1.5, 2.0)]
    assert sum(counts) == 1


def test_a_zero_at_the_start() -> None:
    seen = watch(ty.Event(X), ty.Event(X, direction=-1)).propagate_until(1.0).events
    assert seen[0].times.tolist() == [0.0]
    assert seen[0].directions.tolist() == [1]
    assert len(seen[1]) == 0


def test_a_function_that_overlooked_structure_hides() -> None:
    """t^40 - 1 has vanishing coefficients at 0 to any usual order."""
    ta = ty.Integrator(CLOCK, [0.0], events=[ty.Event(ty.time**40 - 1)])
    assert ta.propagate_until(2.0).events[0].times == pytest.approx([1.0], abs=1e-15)


def test_functions_with_kinks() -> None:
    g = ty.minimum(ty.abs(ty.time - 1) - 0.5, 1.75 - ty.time)
    seen = ty.Integrator(CLOCK, [0.0], events=[ty.Event(g)]).propagate_until(3.0).events[0]
    np.testing.assert_allclose(seen.times, [0.5, 1.5, 1.75], atol=1e-14)


def test_a_function_that_is_not_defined_everywhere() -> None:
    """log(x) + 1 while x < 0 half of the time."""
    ta = watch(ty.Event(ty.log(X) + 1), state=(1.0, 0.0))
    outcome = ta.propagate_until(9.0)
    assert outcome.status is ty.Status.REACHED
    angle = math.acos(math.exp(-1))
    exact = [angle, 2 * math.pi - angle, 2 * math.pi + angle]
    np.testing.assert_allclose(outcome.events[0].times, exact, atol=1e-13)


def test_backwards_finds_the_same_zeros() -> None:
    ta = watch(ty.Event(X * V - 0.2), state=(0.3, 0.4))
    forwards = ta.propagate_until(20.0).events[0]
    backwards = ta.propagate_until(0.0).events[0]
    np.testing.assert_allclose(backwards.times[::-1], forwards.times, atol=1e-13)
    assert backwards.directions[::-1].tolist() == forwards.directions.tolist()


def test_the_same_events_in_one_or_many() -> None:
    """What is watched besides, and the order of events, changes nothing, to the last bit."""
    g = [ty.Event(X - 0.01 * k) for k in range(1, 12)] + [
        ty.Event(X * V + 0.05 * k) for k in (1, 2)
    ]
    together = watch(*g).propagate_until(30.0).events
    for event, seen in zip(g, together, strict=True):
        alone = watch(event).propagate_until(30.0).events[0]
        np.testing.assert_allclose(alone.times, seen.times, rtol=0, atol=1e-14)
        assert alone.directions.tolist() == seen.directions.tolist()


def test_many_records() -> None:
    ta = watch(ty.Event(X))
    seen = ta.propagate_until(20000.0).events[0]
    np.testing.assert_allclose(seen.times, np.pi * np.arange(len(seen)), rtol=0, atol=1e-9)
    assert len(seen) == int(20000 / math.pi) + 1
    assert np.abs(seen.states[:, 0]).max() < 2e-15
    assert np.abs(np.abs(seen.states[:, 1]) - 1).max() < 1e-11


@pytest.mark.parametrize(("precision", "tolerance"), [("float32", 1e-5), ("double-double", 1e-29)])
def test_in_other_kinds_of_numbers(precision: str, tolerance: float) -> None:
    ta = watch(ty.Event(X), ty.Event(X * V - 0.25), precision=precision)
    seen, other = ta.propagate_until(12.0).events
    with mpmath.workdps(40):
        times = ty.to_mpmath(seen.times) if precision == "double-double" else seen.times
        errors = [abs(time - k * mpmath.pi) for k, time in enumerate(times)]
        assert len(errors) == 4
        assert max(errors) < tolerance
        times = ty.to_mpmath(other.times) if precision == "double-double" else other.times
        errors = [abs(mpmath.sin(2 * time) - 0.5) for time in times]
        assert len(errors) == 8
        assert max(errors) < tolerance


@pytest.mark.parametrize("speed", [1e-10, 1e-30, 1e-100])
def test_zeros_at_the_very_beginning_of_a_long_step(speed: float) -> None:
    """A parabola is one step, whatever its length."""
    ta = ty.Integrator([(X, V), (V, -9.81)], [0.0, speed], events=ty.Event(X))
    seen = ta.propagate_until(8.0).events[0]
    np.testing.assert_allclose(seen.times, [0.0, 2 * speed / 9.81], rtol=1e-12)
    ta = ty.Integrator(CLOCK, [speed], events=ty.Event(X - 1, terminal=True))
    assert ta.propagate_until(1e5).status is ty.Status.EVENT
    assert ta.time == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize(
    ("g", "times"),
    [
        (ty.sign(X), [0.5, 1.5, 2.5]),
        (ty.where(X > 0, 2, -1), [0.5, 1.5, 2.5]),
        (ty.where(ty.time > math.pi, 1, -1), [1.0]),
    ],
)
def test_functions_that_jump_through_zero(g: ty.Expression, times: list[float]) -> None:
    seen = watch(ty.Event(g), state=(1.0, 0.0)).propagate_until(10.0).events[0]
    np.testing.assert_allclose(seen.times / np.pi, times, atol=1e-13)


def test_a_zero_at_the_end_belongs_to_the_propagation_that_ends_there() -> None:
    ta = watch(ty.Event(X - 1), ty.Event(X - 2, terminal=True), system=CLOCK, state=(0.0,))
    outcomes = [ta.propagate_until(t) for t in (1.0, 1.5, 2.0, 2.0, 3.0)]
    assert [len(o.events[0]) for o in outcomes] == [1, 0, 0, 0, 0]
    assert [len(o.events[1]) for o in outcomes] == [0, 0, 1, 0, 0]
    assert [o.status.name for o in outcomes] == [
        "REACHED",
        "REACHED",
        "EVENT",
        "REACHED",
        "REACHED",
    ]


# -- terminal events and callbacks ----------------------------------------------------------------


def test_a_terminal_event_stops_at_its_zero_and_lets_go_on() -> None:
    ta = watch(ty.Event(X - 0.5, terminal=True), ty.Event(V))
    wanted = [math.pi / 6 + 2 * math.pi * k for k in range(3)]
    wanted += [5 * math.pi / 6 + 2 * math.pi * k for k in range(3)]
    others: list[float] = []
    for time in sorted(wanted):
        outcome = ta.propagate_until(100.0)
        assert outcome.status is ty.Status.EVENT
        assert "events[0]" in outcome.message
        assert ta.time == pytest.approx(time, abs=4e-15)
        assert ta.state == pytest.approx([0.5, math.cos(time)], abs=2e-15)
        assert outcome.events[0].times.tolist() == [ta.time]
        others += outcome.events[1].times.tolist()
    np.testing.assert_allclose(others, math.pi / 2 + math.pi * np.arange(5), atol=1e-14)


def test_the_bouncing_ball_200_times() -> None:
    """Impact k is at t_0 + 2 v_0 (e + ... + e^k)/g; the intervals fall by nine powers of ten."""
    e, gravity, drop = 0.9, 9.8, 1.0

    def bounce(ta: ty.Integrator) -> None:
        ta.state[1] *= -e

    ta = ty.Integrator(
        [(X, V), (V, -gravity)], [drop, 0.0], events=[ty.Event(X, direction=-1, callback=bounce)]
    )
    first = math.sqrt(2 * drop / gravity)
    speed = gravity * first
    end = first + 2 * speed / gravity * e / (1 - e) * (1 - e**199.5)
    outcome = ta.propagate_until(end)
    impacts = [first]
    with mpmath.workdps(30):
        time = mpmath.sqrt(mpmath.mpf(2) / mpmath.mpf(9.8))
        flight = 2 * time
        for _ in range(199):
            flight *= mpmath.mpf(e)
            time += flight
            impacts.append(float(time))
    assert outcome.status is ty.Status.REACHED
    assert len(outcome.events[0]) == 200
    np.testing.assert_allclose(outcome.events[0].times, impacts, rtol=0, atol=1e-13)


def test_bounces_by_hand_are_the_same() -> None:
    ta = ty.Integrator([(X, V), (V, -1)], [0.5, 0.0], events=[ty.Event(X, terminal=True)])
    times = []
    for _ in range(20):
        outcome = ta.propagate_until(1000.0)
        assert outcome.status is ty.Status.EVENT
        times.append(ta.time)
        ta.state[1] *= -0.5
    np.testing.assert_allclose(times, 1 + 2 * (1 - 0.5 ** np.arange(20)), atol=1e-14)


def test_a_callback_that_changes_nothing_changes_nothing() -> None:
    seen: list[tuple[float, float]] = []
    event = ty.Event(X - 0.25, callback=lambda ta: seen.append((ta.time, ta.state[0])))
    ta, plain = watch(event), ty.Integrator(OSCILLATOR, [0.0, 1.0])
    outcome = ta.propagate_until(50.0)
    assert plain.propagate_until(50.0).steps == outcome.steps
    assert ta.state.tobytes() == plain.state.tobytes()
    assert [time for time, _ in seen] == outcome.events[0].times.tolist()
    assert max(abs(x - 0.25) for _, x in seen) < 1e-15


def test_callbacks_decide() -> None:
    limited = iter([False, False, None])
    ta = watch(ty.Event(X - 0.5, terminal=True, callback=lambda _: next(limited)))
    outcome = ta.propagate_until(100.0)
    assert outcome.status is ty.Status.EVENT
    assert len(outcome.events[0]) == 3
    ta = watch(ty.Event(V, callback=lambda _: True))
    assert ta.propagate_until(100.0).status is ty.Status.STOPPED
    assert ta.time == pytest.approx(math.pi / 2, abs=4e-15)
    assert ta.propagate_until(100.0).status is ty.Status.STOPPED
    assert ta.time == pytest.approx(3 * math.pi / 2, abs=4e-15)


def test_callbacks_may_change_parameters() -> None:
    """x' = k, and k doubles where x passes 1 and 2."""
    k = ty.parameter("k")

    def double(ta: ty.Integrator) -> None:
        ta.parameters[k] *= 2

    events = [ty.Event(X - c, callback=double) for c in (1, 2)]
    ta = ty.Integrator([(X, k)], [0.0], parameters={k: 1.0}, events=events)
    ta.propagate_until(2.0)
    assert ta.state[0] == pytest.approx(1 + 1 + 0.5 * 4, abs=1e-14)


def test_events_at_the_same_time_are_all_seen() -> None:
    calls: list[str] = []

    def flip(ta: ty.Integrator) -> None:
        calls.append("flip")
        ta.state[1] *= -1

    ta = ty.Integrator(
        [(X, V), (V, 0 * V)],
        [0.0, 1.0],
        events=[
            ty.Event(X - 1, callback=flip),
            ty.Event(2 * X - 2),
            ty.Event(3 * X - 3, callback=lambda _: calls.append("other")),
            ty.Event(X - 1, terminal=True, callback=lambda _: False),
        ],
    )
    outcome = ta.propagate_until(1.5)
    assert [len(seen) for seen in outcome.events] == [1, 1, 1, 1]
    assert calls == ["flip", "other"]
    assert ta.state == pytest.approx([0.5, -1.0], abs=1e-15)


def test_an_exception_leaves_a_usable_integrator() -> None:
    def fail(_: ty.Integrator) -> None:
        raise RuntimeError("no")

    ta = watch(ty.Event(X - 0.5, callback=fail))
    with pytest.raises(RuntimeError, match="no"):
        ta.propagate_until(10.0)
    assert ta.state == pytest.approx([0.5, math.cos(math.pi / 6)], abs=1e-15)
    assert ta.time == pytest.approx(math.pi / 6, abs=1e-15)
    ta.events = []
    ta.propagate_until(10.0)
    assert ta.state == pytest.approx([math.sin(10), math.cos(10)], abs=1e-14)


def test_a_callback_must_not_propagate() -> None:
    ta = watch(ty.Event(V, callback=lambda ta: ta.propagate_until(50.0)))
    with pytest.raises(ty.TaylorError, match="propagating already"):
        ta.propagate_until(10.0)


def test_cooldown() -> None:
    seen = watch(ty.Event(X, cooldown=7.0)).propagate_until(30.0).events[0]
    np.testing.assert_allclose(seen.times / np.pi, [0, 3, 6, 9], atol=1e-14)


def test_grids_and_dense_output_through_events() -> None:
    """A ball between walls at 0 and 1: a triangle wave."""
    walls = [
        ty.Event(X - c, callback=lambda ta: ta.state.__setitem__(1, -ta.state[1])) for c in (0, 1)
    ]
    ta = ty.Integrator([(X, V), (V, 0 * V)], [0.5, 1.0], events=walls)
    times = np.linspace(0.0, 9.7, 98)
    outcome = ta.propagate_grid(times, dense=True)
    wave = np.abs((times + 0.5 + 1) % 2 - 1)
    np.testing.assert_allclose(outcome.states[:, 0], wave, atol=1e-14)
    np.testing.assert_allclose(outcome.dense(times)[:, 0], wave, atol=1e-14)
    np.testing.assert_allclose(outcome.events[1].times, np.arange(0.5, 9.7, 2), atol=1e-14)


def test_time_set_by_a_callback_leaves_a_gap_in_a_grid() -> None:
    def leap(ta: ty.Integrator) -> None:
        ta.time = 5.0

    ta = watch(ty.Event(X - 0.5, callback=leap, cooldown=100.0))
    outcome = ta.propagate_grid(np.arange(8.0))
    assert np.isnan(outcome.states[:, 0]).tolist() == [False] + [True] * 4 + [False] * 3
    np.testing.assert_allclose(
        outcome.states[5:, 0], np.sin(math.pi / 6 + np.arange(3)), atol=1e-14
    )


def test_callbacks_and_the_stiffness_watch(monkeypatch: pytest.MonkeyPatch) -> None:
    """It looks after every slice here, also where a callback has just set the state."""
    monkeypatch.setattr("taylor.integrator.stiffness.LOOK_STEPS", 0)
    monkeypatch.setattr("taylor.integrator.stiffness.STEEP", 1e-300)
    walls = ty.Event(X, callback=lambda ta: ta.state.__setitem__(1, -ta.state[1]))
    ta = ty.Integrator([(X, V), (V, -1)], [0.5, 0.0], events=walls)
    outcome = ta.propagate_until(12.5)
    np.testing.assert_allclose(outcome.events[0].times, np.arange(1, 12, 2), atol=1e-13)


def test_a_step_limit_loses_nothing() -> None:
    ta, whole = watch(ty.Event(X)), watch(ty.Event(X))
    times: list[float] = []
    while ta.time < 40.0:
        times += ta.propagate_until(40.0, max_steps=1).events[0].times.tolist()
    assert times == whole.propagate_until(40.0).events[0].times.tolist()
    assert ta.state.tobytes() == whole.state.tobytes()


# -- life -----------------------------------------------------------------------------------------


def test_events_come_and_go() -> None:
    ta = watch()
    assert ta.propagate_until(1.0).events == ()
    ta.events = [ty.Event(X)]
    assert ta.propagate_until(4.0).events[0].times == pytest.approx([math.pi], abs=1e-15)
    ta.events = [*ta.events, ty.Event(V)]
    assert [len(seen) for seen in ta.propagate_until(10.0).events] == [2, 2]
    ta.events = ()
    assert ta.propagate_until(12.0).events == ()


def test_copies_and_pickles_go_on_alike() -> None:
    ta = watch(ty.Event(X), ty.Event(V, direction=1))
    ta.propagate_until(math.pi)  # at a zero
    others = [copy.copy(ta), pickle.loads(pickle.dumps(ta))]
    expected = ta.propagate_until(20.0)
    for other in others:
        outcome = other.propagate_until(20.0)
        assert other.state.tobytes() == ta.state.tobytes()
        for seen, wanted in zip(outcome.events, expected.events, strict=True):
            assert seen.times.tolist() == wanted.times.tolist()


def test_parameters_of_events_alone() -> None:
    c = ty.parameter("c")
    ta = watch(ty.Event(X - c), parameters={c: 0.5})
    assert ta.propagate_until(1.0).events[0].times == pytest.approx([math.pi / 6], abs=1e-15)
    ta.parameters[c] = -0.5
    assert ta.propagate_until(4.0).events[0].times == pytest.approx([7 * math.pi / 6], abs=1e-15)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: ty.Event(3), "constant"),
        (lambda: ty.Event(X == 0), "is a condition; give the function"),
        (lambda: ty.Event(X, direction=2), "direction must be -1, 0 or"),
        (lambda: ty.Event(X, callback=3), "callback must be a function"),
        (lambda: ty.Event(X, terminal="yes"), "terminal must be True or False"),
        (lambda: ty.Event(X, cooldown=-1), "cooldown must be a time"),
        (lambda: ty.Event(ty.variable("q", shape=(2,))), "must be a scalar"),
        (lambda: watch(X), "is no Event"),
        (lambda: watch(ty.Event(ty.variable("z"))), "no state of the system"),
        (lambda: ty.Integrator(OSCILLATOR, [0.0, 1.0], events=X), "must be a list of Event"),
        (lambda: watch(ty.Event(X - ty.parameter("c"))), "no value for parameter 'c'"),
    ],
)
def test_bad_events_are_refused(make, message: str) -> None:
    with pytest.raises((ValueError, TypeError), match=message):
        make()


def test_functions_of_arrays() -> None:
    """As scipy's events; and expressions of array variables."""

    def rhs(t, y, p):
        return [y[1], -p[0] * y[0]]

    ta = ty.Integrator(
        rhs, [0.0, 1.0], parameters=[1.0], events=[ty.Event(lambda t, y: y[0] * np.cos(t) - 0.25)]
    )
    seen = ta.propagate_until(3.0).events[0]
    np.testing.assert_allclose(np.sin(2 * seen.times), 0.5, atol=1e-15)
    ta.events = ty.Event(lambda t, y, p: p[0] * t - 4)
    assert ta.propagate_until(5.0).events[0].times.tolist() == [4.0]
    q = ty.variable("q", shape=(3,))
    ta = ty.Integrator([(q, -q)], [1.0, 2.0, 3.0], events=ty.Event(ty.sum(q**2) - 1))
    assert ta.propagate_until(3.0).events[0].times == pytest.approx([math.log(14) / 2], abs=4e-16)

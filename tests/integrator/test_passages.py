"""Derivatives through events, resets, switches and impulses: closed forms and differences."""

from __future__ import annotations

import math

import mpmath as mp
import numpy as np
import pytest

import taylor as ty

x, v, y = ty.variables("x v y")
g, e, k, T = ty.parameters("g e k T")


def ball(order, start, parameters, wrt=(x, v, g, e), **options):
    event = ty.Event(x, direction=-1, reset={v: -e * v})
    system = ty.variational([(x, v), (v, -g)], order, wrt=list(wrt))
    return ty.Integrator(system, start, parameters=parameters, events=[event], **options)


def flight(h, w, gravity, restitution, time, bounces):
    """The ball from height h and speed w after so many bounces, in closed form."""
    impact = mp.sqrt(w * w + 2 * gravity * h)
    hit = (w + impact) / gravity
    speed = impact
    for _ in range(bounces - 1):
        speed = restitution * speed
        hit += 2 * speed / gravity
    speed = restitution * speed
    s = time - hit
    return speed * s - gravity * s * s / 2, speed - gravity * s


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_one_bounce(precision):
    ta = ball(1, [1.0, 0.0], {g: "9.8", e: "0.8"} if precision != "float64" else {g: 9.8, e: 0.8})
    ta.propagate_until(1.0)
    by_g = ta.flow_map.derivative({g: 1})
    assert np.allclose(by_g, [-0.09342144369263687, -0.5934214436926368], rtol=0, atol=1e-14)


@pytest.mark.parametrize("bounces", [3, 40, 200])
def test_bounces(bounces):
    """All derivatives to order 2 between two bounces."""
    given = (mp.mpf(1), mp.mpf("0.3"), mp.mpf("9.8"), mp.mpf("0.99"))
    time = float(sum_of_times(given, bounces))
    ta = ball(2, [1.0, 0.3], {g: 9.8, e: 0.99})
    outcome = ta.propagate_until(time)
    assert len(outcome.events[0]) == bounces
    floats = [mp.mpf(float(one)) for one in given]
    with mp.workdps(40):
        for orders in ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (0, 0, 0, 2)):
            found = ta.flow_map.derivative(dict(zip((x, v, g, e), orders, strict=True)))
            for part in range(2):
                wanted = mp.diff(lambda *a: flight(*a, time, bounces)[part], floats, orders)  # noqa: B023
                assert abs(found[part] - wanted) < 1e-10 * max(1, abs(wanted)) * bounces


def sum_of_times(given, bounces):
    """A time between two bounces."""
    h, w, gravity, restitution = given
    impact = mp.sqrt(w * w + 2 * gravity * h)
    hits = (w + impact) / gravity
    hits += sum(2 * impact * restitution**n / gravity for n in range(1, bounces))
    return hits + impact * restitution**bounces / gravity * mp.mpf("0.7")


@pytest.mark.parametrize("h", [1.0, 3.0, 10.0])
def test_time_of_a_fall(h):
    """dt/dh = 1 / sqrt(2 g h), and further derivatives."""
    system = ty.variational([(x, v), (v, -g)], 4, wrt=[x, g])
    ta = ty.Integrator(system, [h, 0.0], parameters={g: 8.0}, events=[ty.Event(x, terminal=True)])
    outcome = ta.propagate_until(10.0)
    assert outcome.status is ty.Status.EVENT
    (time,) = outcome.events[0].time_maps
    for i in range(5):
        for j in range(5 - i):
            with mp.workdps(30):
                wanted = mp.diff(lambda a, b: mp.sqrt(2 * a / b), (h, 8.0), (i, j))
            assert float(time.derivative({x: i, g: j})) == pytest.approx(float(wanted), rel=1e-12)
    assert outcome.events[0].state_maps.shape == (1, 2)
    there = outcome.events[0].state_maps[0]
    assert np.abs(there[0].coefficients).max() < 1e-13  # on the ground, wherever from
    speed = -math.sqrt(2 * 8.0 * h)
    assert float(there[1].derivative({x: 1})) == pytest.approx(8.0 / speed, rel=1e-13)


def test_end_of_a_decay():
    """y' = -k y to T, then 0: dy/dT = -k y, dy/dk = -T y, and all to order 3."""
    system = ty.variational([(y, ty.where(ty.time <= T, -k * y, 0))], 3, wrt=[T, k, y])
    ta = ty.Integrator(system, [2.0], parameters={T: 1.5, k: 0.7})
    ta.propagate_until(3.0)
    for orders in np.ndindex(4, 4, 2):
        if sum(orders) <= 3:
            with mp.workdps(30):
                wanted = mp.diff(lambda a, b, c: c * mp.exp(-a * b), (1.5, 0.7, 2.0), orders)
            found = ta.flow_map[0].derivative(dict(zip((T, k, y), orders, strict=True)))
            assert float(found) == pytest.approx(float(wanted), rel=1e-12, abs=1e-13)


def test_end_of_a_rise():
    """y' = 1 to t_e, then 0: dy/dt_e = 1."""
    system = ty.variational([(y, ty.where(ty.time < T, 1, 0))], 2, wrt=[T])
    ta = ty.Integrator(system, [0.0], parameters={T: 1.25})
    ta.propagate_until(2.0)
    assert ta.flow_map[0].coefficients == pytest.approx([1.25, 1.0, 0.0], abs=1e-15)


@pytest.mark.parametrize("order", [1, 2])
def test_a_switch_between_slopes_that_are_parameters(order):
    """x' = g for x < e, then x' = k: at t it is e + k (t - (e - x0) / g)."""
    system = ty.variational([(x, ty.where(x < e, g, k))], order, wrt=[x, g, e, k])
    ta = ty.Integrator(system, [0.25], parameters={g: 2.0, e: 1.0, k: 3.0})
    ta.propagate_until(1.0)
    hit = 0.75 / 2
    wanted = [3 / 2, 3 * hit / 2, 1 - 3 / 2, 1 - hit]
    assert ta.flow_map[0].coefficients[:5] == pytest.approx([1 + 3 * (1 - hit), *wanted], rel=1e-13)


def test_oscillator_turns():
    """x' = 0 of x'' = -k x at times (n + 1/2) pi / sqrt(k)."""
    system = ty.variational([(x, v), (v, -k * x)], 3, wrt=[k])
    ta = ty.Integrator(system, [0.0, 1.0], parameters={k: 0.456}, events=[ty.Event(v)])
    outcome = ta.propagate_until(12.0)
    maps = outcome.events[0].time_maps
    assert len(maps) == 3
    assert float(maps[0].derivative({k: 1})) == pytest.approx(-2.550601538829664, rel=1e-13)
    for n, one in enumerate(maps):
        for order in range(4):
            wanted = mp.diff(lambda a: (n + 0.5) * mp.pi / mp.sqrt(a), 0.456, order)  # noqa: B023
            assert float(one.derivative({k: order})) == pytest.approx(float(wanted), rel=1e-11)


def test_parameter_of_the_event_alone():
    a = ty.parameter("a")
    system = ty.variational([(x, 1)], 2, wrt=[a, x])
    ta = ty.Integrator(system, [0.5], parameters={a: 2.0}, events=[ty.Event(x - a**2)])
    (time,) = ta.propagate_until(10.0).events[0].time_maps
    assert time.coefficients == pytest.approx([3.5, 4.0, -1.0, 1.0, 0.0, 0.0], abs=1e-14)


def test_kepler_fall_to_a_circle():
    """The time, and its map to order 2 against differences in double-double."""
    z, w = ty.variables("z w")
    r3 = (x**2 + z**2) ** 1.5
    system = [(x, v), (z, w), (v, -x / r3), (w, -z / r3)]
    start = [0.1, 2.3, 0.4, 0.1]
    event = ty.Event(x**2 + z**2 - 1, terminal=True, direction=-1)
    ta = ty.Integrator(ty.variational(system, 2), start, events=[event])
    outcome = ta.propagate_until(50.0)
    (time,) = outcome.events[0].time_maps
    assert float(time.constant_part) == pytest.approx(5.494381002478122, abs=1e-12)

    def hit(*moved):
        given = [mp.mpf(s) + m for s, m in zip(start, moved, strict=True)]
        other = ty.Integrator(system, given, events=[event], precision="double-double")
        return ty.to_mpmath(other.propagate_until(50.0).events[0].times)[0]

    h = mp.mpf("1e-8")
    with mp.workdps(40):
        for place, name in enumerate((x, z, v, w)):
            up, down = ([h * s * (i == place) for i in range(4)] for s in (1, -1))
            first = (hit(*up) - hit(*down)) / (2 * h)
            second = (hit(*up) - 2 * hit(0, 0, 0, 0) + hit(*down)) / h**2
            assert float(time.derivative({name: 1})) == pytest.approx(float(first), rel=1e-10)
            assert float(time.derivative({name: 2})) == pytest.approx(float(second), rel=1e-8)


SYSTEMS = {
    "spring of two rates": [(x, v), (v, -x - k * ty.where(x > 0, x, 0))],
    "dry friction": [(x, v), (v, -x - 0.1 * ty.sign(v - k))],
    "kink": [(x, v), (v, -abs(x) * k - x)],
    "saturated": [(x, v), (v, -ty.minimum(x, k))],
    "steps of time": [(x, v), (v, -x + k * ty.floor(ty.time))],
}


@pytest.mark.parametrize("name", SYSTEMS)
def test_switches(name):
    """First and second derivatives against differences of runs in double-double."""
    start, value, end = [1.0, 0.3], 0.4, 5.0
    ta = ty.Integrator(
        ty.variational(SYSTEMS[name], 2, wrt=[x, v, k]), start, parameters={k: value}
    )
    outcome = ta.propagate_until(end)
    assert outcome.status is ty.Status.REACHED
    assert sum(map(len, outcome.switches)) > 0

    def run(moved):
        given = [mp.mpf(s) + m for s, m in zip((*start, value), moved, strict=True)]
        other = ty.Integrator(
            SYSTEMS[name], given[:2], parameters={k: given[2]}, precision="double-double"
        )
        other.propagate_until(end)
        return ty.to_mpmath(other.state)

    h = mp.mpf("1e-7")
    with mp.workdps(40):
        here = run((0, 0, 0))
        for place, leaf in enumerate((x, v, k)):
            up, down = (run([s * h * (i == place) for i in range(3)]) for s in (1, -1))
            for part in range(2):
                first = (up[part] - down[part]) / (2 * h)
                second = (up[part] - 2 * here[part] + down[part]) / h**2
                by = ta.flow_map[part]
                assert float(by.derivative({leaf: 1})) == pytest.approx(
                    float(first), rel=1e-9, abs=1e-10
                )
                assert float(by.derivative({leaf: 2})) == pytest.approx(
                    float(second), rel=1e-5, abs=1e-5
                )


def test_impulses():
    """Sizes that depend on the state and on what varies."""
    a = ty.parameter("a")
    kicks = ty.Impulse([1.0, 2.0], add={v: a * x**2})
    start, value = (1.0, 0.3), 0.4
    ta = ty.Integrator(
        ty.variational([(x, v), (v, -x)], 2, wrt=[x, v, a]),
        start,
        parameters={a: value},
        impulses=[kicks],
    )
    ta.propagate_until(3.0)

    def run(x0, v0, size):
        for _ in range(2):
            x0, v0 = x0 * mp.cos(1) + v0 * mp.sin(1), v0 * mp.cos(1) - x0 * mp.sin(1)
            v0 = v0 + size * x0**2
        return x0 * mp.cos(1) + v0 * mp.sin(1), v0 * mp.cos(1) - x0 * mp.sin(1)

    for orders in np.ndindex(3, 3, 3):
        if sum(orders) <= 2:
            found = ta.flow_map.derivative(dict(zip((x, v, a), orders, strict=True)))
            for part in range(2):
                wanted = mp.diff(lambda *z: run(*z)[part], (*start, value), orders)  # noqa: B023
                assert found[part] == pytest.approx(float(wanted), rel=1e-10, abs=1e-10)


def test_time_and_size_of_a_kick():
    """A kick whose time varies is an event of time."""
    dv = ty.parameter("dv")
    kick = ty.Event(ty.time - T, direction=1, reset={v: v + dv})
    ta = ty.Integrator(
        ty.variational([(x, v), (v, 0)], 2, wrt=[T, dv]),
        [0.0, 1.0],
        parameters={T: 1.0, dv: 2.0},
        events=[kick],
    )
    ta.propagate_until(3.0)  # x = 3 + dv (3 - T)
    assert ta.flow_map[0].coefficients == pytest.approx([7.0, -2.0, 2.0, 0.0, -1.0, 0.0])
    assert ta.flow_map[1].coefficients == pytest.approx([3.0, 0.0, 1.0, 0.0, 0.0, 0.0])


def test_impulses_at_expressions_are_told_what_to_write():
    with pytest.raises(ty.TaylorError, match="Event"):
        ty.Impulse(T, add={v: 1.0})


def test_reset_of_a_parameter_that_varies():
    """A schedule: x' = k, k doubled where x reaches 1."""
    event = ty.Event(x - 1, direction=1, reset={k: 2 * k})
    ta = ty.Integrator(
        ty.variational([(x, k)], 2, wrt=[x, k]), [0.0], parameters={k: 0.5}, events=[event]
    )
    ta.propagate_until(3.0)  # x = 1 + 2 k (3 - (1 - x0) / k) = -1 + 6 k + 2 x0
    assert ta.flow_map[0].coefficients == pytest.approx([2.0, 2.0, 6.0, 0.0, 0.0, 0.0], abs=1e-13)


def test_reset_that_keeps_the_numbers():
    """At x = 0 a reset to 2 x changes derivatives alone."""
    event = ty.Event(ty.time - 1, reset={x: 2 * x})
    ta = ty.Integrator(ty.variational([(x, 0 * x)], 1), [0.0], events=[event])
    ta.propagate_until(2.0)
    assert ta.state_transition_matrix.item() == 2.0


def test_what_has_no_derivatives_says_so():
    """Callbacks, touches, two resets at one time: the state goes on, derivatives do not."""

    def kick(ta):
        ta.state[1] = 5.0

    oscillator = ty.variational([(x, v), (v, -x)], 2)
    ta = ty.Integrator(oscillator, [1.0, 0.3], events=[ty.Event(x, callback=kick)])
    outcome = ta.propagate_until(3.0)
    assert outcome.status is ty.Status.REACHED
    assert outcome.flow_map is None
    with pytest.raises(ty.UndefinedDerivativesError, match="callback changed the state"):
        _ = ta.flow_map
    ta.state = [1.0, 0.0]
    ta.time = 0.0
    ta.events = [ty.Event(x - 1), ty.Event(x + 1, reset={v: 1.0}), ty.Event(v)]
    outcome = ta.propagate_until(7.0)
    assert np.isnan(outcome.events[0].time_maps.coefficients).all()
    with pytest.raises(ty.UndefinedDerivativesError, match="touched"):
        _ = ta.flow_map
    both = [ty.Event(x, reset={v: -v}), ty.Event(2 * x, reset={v: 0.5 * v})]
    ta = ty.Integrator(oscillator, [1.0, 0.0], events=both)
    ta.propagate_until(2.0)
    with pytest.raises(ty.UndefinedDerivativesError, match="at one time"):
        _ = ta.flow_map


def test_derivatives_up_to_where_they_end():
    """Grids and dense output have them as far as they go."""

    def kick(ta):
        ta.state[1] = 5.0

    oscillator = ty.variational([(x, v), (v, -x)], 1)
    ta = ty.Integrator(oscillator, [1.0, 0.0], events=[ty.Event(x, direction=-1, callback=kick)])
    times = [0.0, 1.0, 1.5, 1.7, 2.0]
    outcome = ta.propagate_grid(times, dense=True)
    assert "callback" in outcome.message
    for n, t in enumerate(times):
        for maps in (outcome.flow_maps[n], outcome.dense.flow_map(t)):
            assert np.isfinite(maps.constant_part).all()
            if t < np.pi / 2:
                turn = [[np.cos(t), np.sin(t)], [-np.sin(t), np.cos(t)]]
                assert np.allclose(maps.jacobian, turn, atol=1e-14)
            else:
                assert np.isnan(maps.jacobian).all()
    assert ta.propagate_grid([2.5, 3.0]).flow_maps is None


def test_records_are_as_without_derivatives():
    """The same zeros; asking at each changes no bits of the solution."""
    events = [ty.Event(x, direction=1), ty.Event(v - 0.5), ty.Event(ty.time - 2)]
    system = ty.variational([(x, v), (v, -ty.sin(x))], 2)
    ta = ty.Integrator(system, [1.0, 0.3], events=events)
    plain = ty.Integrator(system, [1.0, 0.3])
    outcome = ta.propagate_until(10.0)
    plain.propagate_until(10.0)
    assert np.array_equal(ta.flow_map.coefficients, plain.flow_map.coefficients)
    for one in outcome.events:
        assert np.allclose(one.time_maps.constant_part, one.times, rtol=0, atol=1e-14)
        assert np.allclose(one.state_maps.constant_part, one.states, rtol=0, atol=1e-13)
    # Every point of a section's map lies on the section.
    there = outcome.events[1].state_maps[:, 1]
    assert np.abs(there.coefficients[:, 1:]).max() < 1e-12


def test_steps_stay_confirmed_while_events_are_looked_at():
    """A step that waits for Python is neither taken back afterwards nor searched twice."""
    system = ty.variational([(x, v), (v, -ty.sin(x))], 2)
    events = [ty.Event(x, direction=1), ty.Event(v - 0.5), ty.Event(ty.time - 2)]
    for listed in ([], *([event] for event in events), events):  # calls find unlike memory
        outcome = ty.Integrator(system, [1.0, 0.3], events=listed).propagate_until(10.0)
        assert outcome.retracted == 0
        for one in outcome.events:
            assert (np.diff(one.times) > 1e-3).all()


def test_backwards_through_a_switch():
    system = ty.variational([(x, v), (v, -x - ty.where(x > 0, x, 0))], 3)
    ta = ty.Integrator(system, [1.0, 0.3])
    ta.propagate_until(5.0)
    ta.propagate_until(0.0)
    wanted = np.zeros_like(ta.flow_map.coefficients)
    wanted[:, 0], wanted[:, 1:3] = [1.0, 0.3], np.eye(2)
    assert np.abs(ta.flow_map.coefficients - wanted).max() < 1e-11


def test_steps_with_tolerances_by_component_stay_confirmed():
    """Events at which Python is asked and changes nothing change nothing."""
    given = {"rtol": 1e-12, "atol": [1e-14, 1e-10]}
    plain = ty.Integrator([(x, v), (v, -ty.sin(x))], [1.0, 0.3], **given)
    plain.propagate_until(100.0)
    for _ in range(20):
        asked = ty.Event(x, callback=lambda ta: None)
        ta = ty.Integrator([(x, v), (v, -ty.sin(x))], [1.0, 0.3], events=[asked], **given)
        outcome = ta.propagate_until(100.0)
        assert outcome.retracted == 0
        assert np.array_equal(ta.state, plain.state)

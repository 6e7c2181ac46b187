"""Random ways forwards and back through impulses, against the motion in plain Python."""

from __future__ import annotations

import copy
import math
import pickle
import random
from collections.abc import Callable
from typing import Any

import pytest

import taylor as ty

X, V = ty.variables("x v")
K = ty.parameter("k")
Point = tuple[float, float, float]  # x, v, k
SYSTEM = [(X, V), (V, K)]

# An impulse's arguments, and what it does to a point; those that are numbers alone can be undone.
PLAIN: list[tuple[dict[str, Any], Callable[[Point, int], Point]]] = [
    ({"add": {V: 0.5}}, lambda p, s: (p[0], p[1] + 0.5 * s, p[2])),
    ({"add": {"x": -1, V: 0.25}}, lambda p, s: (p[0] - s, p[1] + 0.25 * s, p[2])),
]
OTHERS: list[tuple[dict[str, Any], Callable[[Point], Point]]] = [
    ({"add": {V: -0.5 * V}}, lambda p: (p[0], 0.5 * p[1], p[2])),
    ({"add": {"v": K, X: V}}, lambda p: (p[0] + p[1], p[1] + p[2], p[2])),
    ({"set": {K: 0.5}}, lambda p: (p[0], p[1], 0.5)),
    ({"set": {"k": -0.25}}, lambda p: (p[0], p[1], -0.25)),
    ({"set": {"k": K / 2 + 0.25}}, lambda p: (p[0], p[1], p[2] / 2 + 0.25)),
    ({"set": {K: ty.sin(X)}, "add": {V: 1}}, lambda p: (p[0], p[1] + 1, math.sin(p[0]))),
]


def moved(p: Point, dt: float) -> Point:
    return p[0] + p[1] * dt + p[2] * dt * dt / 2, p[1] + p[2] * dt, p[2]


class Model:
    """The motion through a point; jumps at its time are behind it."""

    def __init__(self, jumps: list[tuple[float, bool, Any]], time: float, point: Point) -> None:
        self.jumps, self.time, self.point = jumps, time, point

    def at(self, time: float) -> Point | None:
        """The point at a time; None where the way back cannot be known."""
        now, p = self.time, self.point
        for t, plain, do in self.jumps:
            if self.time < t <= time:
                p, now = moved(p, t - now), t
                p = do(p, 1) if plain else do(p)
        for t, plain, do in reversed(self.jumps):
            if time < t <= self.time:
                if not plain:
                    return None
                p, now = moved(p, t - now), t
                p = do(p, -1)
        return moved(p, time - now)


def random_case(case: int) -> tuple[ty.Integrator, Model]:
    random.seed(case)
    times = sorted(random.choice([1, 1.5, 2, 2.25, 3, 4]) for _ in range(random.randrange(1, 6)))
    jumps: list[tuple[float, bool, Any]] = []
    impulses = []
    for t in times:
        plain = random.random() < 0.4
        given, do = random.choice(PLAIN if plain else OTHERS)
        jumps.append((t, plain, do))
        impulses.append(ty.Impulse(t, **given))
    start = random.choice([0.0, 0.0, 0.0, 1.0, 1.75, 5.0])
    ta = ty.Integrator(
        SYSTEM,
        [0.5, 1.0],
        time=start,
        parameters={K: 0.75},
        impulses=impulses,
        max_step=random.choice([0.2, 0.45, 10.0]),
        high_accuracy=random.random() < 0.3,
    )
    return ta, Model(jumps, start, (0.5, 1.0, 0.75))


class Enough(Exception):
    pass


def go(ta: ty.Integrator, end: float) -> ty.Integrator:
    """To `end`, in one of many ways; returns the integrator, or a copy that is there."""
    way = random.randrange(8)
    if way == 0:
        while not ta.propagate_until(end, max_steps=random.randrange(1, 3)).success:
            if random.random() < 0.3:
                ta = pickle.loads(pickle.dumps(ta))
    elif way == 1:
        while not ta.propagate_until(end, callback=lambda _: random.random() < 0.4).success:
            pass
    elif way == 2:

        def fail(_: ty.Integrator) -> None:
            if random.random() < 0.3:
                raise Enough

        for _ in range(1000):
            try:
                ta.propagate_until(end, callback=fail)
                break
            except Enough:
                continue
    elif way == 3:
        ta = copy.copy(ta)
        ta.propagate_for(end - ta.time)
    elif way == 4 and end != ta.time:
        ta.propagate_grid([(ta.time + end) / 2, end])
    elif way == 5:
        for k in range(1, 5):
            ta.propagate_until(ta.time + (end - ta.time) * k / 4)
        ta.propagate_until(end)
    elif way == 6:
        t = random.choice([1, 1.5, 2, 3, end])
        ta.events = [ty.Event(ty.time - t, terminal=True)]
        while not ta.propagate_until(end).success:
            pass
        ta.events = []
    else:
        ta.propagate_until(end)
    return ta


def here(ta: ty.Integrator) -> Point:
    return float(ta.state[0]), float(ta.state[1]), ta.parameters[K]


def close(a: Point, b: Point) -> bool:
    return all(math.isclose(x, y, rel_tol=1e-11, abs_tol=1e-11) for x, y in zip(a, b, strict=True))


def test_random_ways_lead_where_the_motion_does(scale: int) -> None:
    refused = 0
    for case in range(60 * scale):
        ta, model = random_case(case)
        for _ in range(8):
            if random.random() < 0.15:
                point = random.random(), random.random(), random.random()
                time = random.choice([ta.time, ta.time, 0.5, 2.0])
                if time != ta.time:
                    ta.time = time
                ta.state, ta.parameters = point[:2], {K: point[2]}
                model = Model(model.jumps, ta.time, point)
            end = random.choice([0.0, 0.5, 1.0, 1.25, 1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 4.5, 6.0])
            right = model.at(end)
            if right is None:
                before = here(ta), ta.time
                with pytest.raises(ty.TaylorError, match="cannot be undone"):
                    ta.propagate_until(end)
                assert (here(ta), ta.time) == before
                refused += 1
                continue
            ta = go(ta, end)
            assert ta.time == end
            assert close(here(ta), right), (case, end, here(ta), right)
            if end < model.time:  # what is undone without a past is from there on known
                model = Model(model.jumps, end, right)
    assert refused


def test_grids_backwards_show_the_state_behind_the_jump() -> None:
    ta = ty.Integrator(SYSTEM, [0.0, 1.0], parameters={K: 0}, impulses=ty.Impulse(1, add={V: 2}))
    ta.propagate_until(2.0)
    outcome = ta.propagate_grid([1.5, 1.0, 0.5])
    assert outcome.states[:, 1].tolist() == [3.0, 3.0, 1.0]
    assert outcome.states[:, 0] == pytest.approx([2.5, 1.0, 0.5], abs=1e-15)


def test_a_jump_that_cannot_be_made_is_not_made_in_part_and_waits() -> None:
    kick = ty.Impulse(1.0, add={X: 5, V: ty.log(K)}, set={K: 3})
    ta = ty.Integrator(SYSTEM, [0.0, 1.0], parameters={K: -1.0}, impulses=kick)
    with pytest.raises(ty.TaylorError, match=r"log\(k\) for v is nan"):
        ta.propagate_until(3.0)
    assert ta.time == 1.0 and here(ta) == (0.5, 0.0, -1.0)
    ta.parameters[K] = 1.0
    ta.propagate_until(1.0)
    assert here(ta) == (5.5, 0.0, 3.0)
    ta.propagate_until(1.0)
    assert here(ta) == (5.5, 0.0, 3.0)
    ta.propagate_until(0.0)
    assert here(ta)[2] == 1.0


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1j, "0.5 + k", None])
@pytest.mark.parametrize("what", ["add", "set"])
def test_impulses_that_are_no_numbers_are_refused_when_made(bad: Any, what: str) -> None:
    with pytest.raises(ty.TaylorError):
        ty.Impulse(1.0, **{what: {V if what == "add" else K: bad}})


@pytest.mark.parametrize("given", [{"add": {V: 1, "v": 2}}, {"set": {K: 1, "k": 2}}])
def test_a_state_or_parameter_is_given_once(given: dict[str, Any]) -> None:
    with pytest.raises(ty.TaylorError, match="twice"):
        ty.Impulse(1.0, **given)


def test_a_callback_that_sets_the_time_is_led_to_the_next_impulse() -> None:
    kicks = [ty.Impulse(t, add={V: 1}) for t in (1.0, 2.0, 3.0)]
    ta = ty.Integrator(SYSTEM, [0.0, 1.0], parameters={K: 0}, impulses=kicks, max_step=0.3)

    def leap(ta: ty.Integrator) -> None:
        if 0.5 < ta.time < 1:
            ta.time = 2.5

    assert ta.propagate_until(4.0, callback=leap).success
    assert ta.time == 4.0 and here(ta) == pytest.approx((0.6 + 0.5 + 2.0, 2.0, 0.0))

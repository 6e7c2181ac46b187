"""Random systems with branches against pieces that are integrated exactly; fresh starts."""

from __future__ import annotations

import copy
import math
import random
from collections.abc import Callable
from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.nodes.traverse import inputs

X, Y, V = ty.variables("x y v")
A, B, C, P, Q, R = ty.parameters("a b c p q r")
Number = Fraction | float
Reached = ty.Status.REACHED


def eighths(rng: random.Random, size: int) -> Fraction:
    return Fraction(rng.randint(-8 * size, 8 * size), 8)


def sign(x: Number) -> int:
    return (x > 0) - (x < 0)


def edges_of(c: Fraction) -> Callable[[Fraction, Fraction], list[Fraction]]:
    return lambda low, high: [c]


def every(step: Fraction, shift: Fraction = Fraction(0)) -> Callable[..., list[Fraction]]:
    """Places x = shift + k step."""

    def places(low: Fraction, high: Fraction) -> list[Fraction]:
        first = math.floor((low - shift) / step)
        last = math.ceil((high - shift) / step)
        return [shift + k * step for k in range(first, last + 1)]

    return places


# Of x, a right-hand side, the same in Fractions with b, c, p, q, and where its pieces end.
RATES: list[tuple[Any, Callable[..., Fraction], Callable[..., Any]]] = [
    (ty.floor(X), lambda x, b, c, p, q: Fraction(math.floor(x)), lambda b, c: every(Fraction(1))),
    (X % 1, lambda x, b, c, p, q: x % 1, lambda b, c: every(Fraction(1))),
    (ty.floor(X / 3), lambda x, b, c, p, q: Fraction(x // 3), lambda b, c: every(Fraction(3))),
    (
        ty.floor(2 * X - C) * X,
        lambda x, b, c, p, q: math.floor(2 * x - c) * x,
        lambda b, c: every(Fraction(1, 2), c / 2),
    ),
    (ty.abs(X - C), lambda x, b, c, p, q: abs(x - c), lambda b, c: edges_of(c)),
    (ty.sign(X - C), lambda x, b, c, p, q: Fraction(sign(x - c)), lambda b, c: edges_of(c)),
    (ty.minimum(X, C), lambda x, b, c, p, q: min(x, c), lambda b, c: edges_of(c)),
    (
        ty.maximum(X * X, C),
        lambda x, b, c, p, q: max(x * x, c),
        lambda b, c: (
            lambda low, high: (
                [math.sqrt(c), -math.sqrt(c)] if c > 0 else []  # type: ignore[list-item]
            )
        ),
    ),
    (
        ty.where(X > C, P, Q * X),
        lambda x, b, c, p, q: p if x > c else q * x,
        lambda b, c: edges_of(c),
    ),
    (
        ty.where(X <= C, P * X * X, Q),
        lambda x, b, c, p, q: p * x * x if x <= c else q,
        lambda b, c: edges_of(c),
    ),
    (
        ty.where((X < C) | (X >= B), P, Q),
        lambda x, b, c, p, q: p if x < c or x >= b else q,
        lambda b, c: lambda low, high: [b, c],
    ),
    (ty.where(X == C, P, Q), lambda x, b, c, p, q: p if x == c else q, lambda b, c: edges_of(c)),
    (
        ty.where((X - C) * (X - C) != 0, P, Q),
        lambda x, b, c, p, q: p if x != c else q,
        lambda b, c: edges_of(c),
    ),
    (
        ty.where(X > C, ty.abs(X - B), ty.sign(X - B) * P),
        lambda x, b, c, p, q: abs(x - b) if x > c else sign(x - b) * p,
        lambda b, c: lambda low, high: [b, c],
    ),
    (
        ty.relu(X - C) * ty.leaky_relu(B - X, 0.5),
        lambda x, b, c, p, q: max(x - c, Fraction(0)) * ((b - x) if b > x else (b - x) / 2),
        lambda b, c: lambda low, high: [b, c],
    ),
]


def exact_integral(
    rate: Callable[[Fraction], Fraction],
    edges: list[Fraction],
    start: Fraction,
    speed: Fraction,
    span: Fraction,
) -> float:
    """Of rate(start + speed s) over 0 <= s <= span; pieces are cubics."""
    if speed == 0:
        return float(rate(start) * span)
    times = sorted({(Fraction(e) - start) / speed for e in edges} | {Fraction(0), span})
    times = [s for s in times if 0 <= s <= span]
    total = Fraction(0)
    for low, high in pairwise(times):
        inside = [rate(start + speed * (low + (high - low) * k / 4)) for k in (1, 2, 3)]
        total += (high - low) * (2 * inside[0] - inside[1] + 2 * inside[2]) / 3
    return float(total)


@pytest.mark.parametrize("of_time", [False, True])
@pytest.mark.parametrize("number", range(len(RATES)))
def test_pieces_of_a_line(number: int, of_time: bool, scale: int) -> None:
    """x' = a and y' = f(x), or f of the time, from starts of which many are on a surface."""
    rate, exact, places = RATES[number]
    f = ty.substitute(rate, {X: ty.time}) if of_time else rate
    names = [k for k in (A, B, C, P, Q) if k is A or k in set(inputs([f]))]
    ta = ty.Integrator([(X, A), (Y, f)], [0.0, 0.0], parameters=dict.fromkeys(names, 0.0))
    speeds = [Fraction(s) for s in ("-2", "-1.375", "-1", "-0.5", "0", "0.25", "1", "1.375", "2")]
    for case in range(12 * scale):
        rng = random.Random(f"{number} {of_time} {case}")
        b, c, p, q = (eighths(rng, 2) for _ in range(4))
        start, span = rng.choice([b, c, eighths(rng, 3)]), abs(eighths(rng, 4)) + Fraction(1, 8)
        speed = rng.choice([Fraction(1), Fraction(-1)]) if of_time else rng.choice(speeds)
        if rng.random() < 0.3:
            start += Fraction(rng.choice([-1, 1]) * rng.random() / 100)
        numbers = dict(zip((A, B, C, P, Q), map(float, (speed, b, c, p, q)), strict=True))
        ta.parameters = {k: numbers[k] for k in names}
        ta.state, ta.time = [float(start), 0.0], float(start) if of_time else 0.0
        end = start + speed * span if of_time else span
        outcome = ta.propagate_until(float(end))
        start = Fraction(float(start))
        span = abs(Fraction(float(end)) - (start if of_time else 0))
        low, high = sorted([start, start + speed * span])
        edges = places(b, c)(low, high)
        given = partial(exact, b=b, c=c, p=p, q=q)
        wanted = exact_integral(given, edges, start, speed, span)
        wanted = wanted * float(speed) if of_time else wanted
        assert outcome.status is Reached, (case, outcome)
        assert ta.state[1] == pytest.approx(wanted, abs=1e-13, rel=1e-13), case
    print(f"random run: {12 * scale} systems, 0 wrong")


def piecewise_constant(
    x: Fraction, span: Fraction, c: Fraction, p: Fraction, q: Fraction, r: Fraction
) -> tuple[Fraction, Fraction, bool]:
    """x' = p above c, q below, r at c; state, time, and whether it slides."""
    left = span
    if x != c:
        speed = p if x > c else q
        if speed and 0 <= (c - x) / speed <= span:
            left = span - (c - x) / speed
            came = 1 if x > c else -1
            x = c
            if left == 0:
                return x, span, False
            beyond = q if came > 0 else p
            if sign(beyond) == -came:
                return x + beyond * left, span, False
            return x, span - left * bool(beyond), bool(beyond)
        return x + speed * span, span, False
    if p < 0 < q:
        return x, Fraction(0), True
    ways = [s for s, v in ((1, p), (-1, q)) if sign(v) == s]
    if r == 0 and len(ways) != 1:
        return x, span, False
    way = ways[0] if len(ways) == 1 else sign(r) if ways else 0
    return x + {1: p, -1: q, 0: Fraction(0)}[way] * left, span, False


def test_a_surface_that_turns_the_motion(scale: int) -> None:
    """x' is p above c, q below and r at c: to pass, to rest, to slide, as it has to be."""
    slope = ty.where(X > C, P, ty.where(X < C, Q, R))
    ta = ty.Integrator([(X, slope)], [0.0], parameters={C: 0, P: 0, Q: 0, R: 0})
    slid = 0
    for case in range(150 * scale):
        rng = random.Random(case)
        c, p, q = (eighths(rng, 1) for _ in range(3))
        p, q = p * rng.choice([0, 1, 1, 1]), q * rng.choice([0, 1, 1, 1])
        start, span = rng.choice([c, eighths(rng, 1)]), Fraction(3)
        # At a rest that the formula denies on the surface there is no solution.
        r = rng.choice([p, q, Fraction(0)])
        if p == 0 or q == 0:
            r = Fraction(0)
        if r == 0 and start == c and sign(p) == 1 and sign(q) == 1:
            r = p
        if r == 0 and start == c and sign(p) == -1 and sign(q) == -1:
            r = q
        ta.parameters = {C: float(c), P: float(p), Q: float(q), R: float(r)}
        ta.state, ta.time = [float(start)], 0.0
        outcome = ta.propagate_until(3.0)
        state, time, slides = piecewise_constant(start, span, c, p, q, r)
        if not slides and start == c and r == 0 and {sign(p), sign(q)} != {1, -1}:
            ways = [s for s, v in ((1, p), (-1, q)) if sign(v) == s]
            if len(ways) == 1:
                continue  # rests as it is written, or leaves: both are solutions
        assert (outcome.status is ty.Status.SLIDING) == slides, (case, outcome)
        assert ta.state[0] == pytest.approx(float(state), abs=1e-14), case
        assert ta.time == pytest.approx(float(time), abs=1e-14), case
        slid += slides
    assert slid > 5


def bounces(
    x: float, v: float, span: float, c: float, p: float, q: float
) -> tuple[float, float] | None:
    """x'' is p above c and q below; None where it hardly moves."""
    import mpmath

    with mpmath.workdps(40):
        left, x, v = mpmath.mpf(span), mpmath.mpf(x), mpmath.mpf(v)
        side = sign(x - c) or sign(v) or (1 if p > 0 else -1)
        for _ in range(400):
            a = mpmath.mpf(p if side > 0 else q)
            g = x - c
            # g + v t + a t^2 / 2 = 0, the first t > 0 on the way out of this side
            inside = v * v - 2 * a * g
            roots = [(-v + s * mpmath.sqrt(inside)) / a for s in (1, -1)] if inside >= 0 else []
            times = [t for t in roots if t > 1e-20 and (v + a * t) * side < 0]
            t = min([*times, left])
            x, v, left = g + v * t + a * t * t / 2 + c, v + a * t, left - t
            if left <= 0:
                return float(x), float(v)
            if abs(v) < 1e-3:
                return None
            x, side = mpmath.mpf(c), -side
    return None


def test_a_surface_that_turns_the_acceleration(scale: int) -> None:
    """x'' is p above c and q below, from starts of which many are on the surface."""
    ta = ty.Integrator([(X, V), (V, ty.where(X >= C, P, Q))], [0.0, 0.0], parameters=[0, 0, 0])
    for case in range(60 * scale):
        rng = random.Random(case)
        c, v, p, q = (float(eighths(rng, 2)) for _ in range(4))
        x = c if rng.random() < 0.6 else float(eighths(rng, 2))
        if x == c and v == 0 and p < 0 < q:
            ta.parameters = {C: c, P: p, Q: q}
            ta.state, ta.time = [x, v], 0.0
            assert ta.propagate_until(1.0).status is ty.Status.SLIDING
            continue
        if p == 0 or q == 0 or (x == c and v == 0):
            p, q, v = p or 1.0, q or -1.0, v or 0.5
        wanted = bounces(x, v, 4.0, c, p, q)
        if wanted is None:
            continue
        ta.parameters = {C: c, P: p, Q: q}
        ta.state, ta.time = [x, v], 0.0
        outcome = ta.propagate_until(4.0)
        assert outcome.status is Reached, (case, outcome)
        assert ta.state == pytest.approx(wanted, abs=2e-11, rel=1e-11), case


# -- fresh starts ----------------------------------------------------------------------------------


def several_ends() -> ty.Integrator:
    """By its starts: reaches, slides, meets an event, rests, or breaks down."""
    slope = ty.where(X > C, P, ty.where(X < C, Q, R))
    system = [(X, slope), (Y, ty.floor(X) + ty.where(Y == 1, 2, 0.5)), (V, ty.abs(X) * V * V)]
    events = [ty.Event(X - 2, terminal=True), ty.Event(X + 2, callback=lambda ta: ta.time > 1.0)]
    return ty.Integrator(system, [0.5, 1.0, 1.0], parameters=[0.0, 0.0, 0.0, 0.0], events=events)


def random_start(rng: random.Random) -> tuple[list[float], float, list[float]]:
    c, p, q, r = (float(eighths(rng, 1)) for _ in range(4))
    state = [rng.choice([c, float(eighths(rng, 3)), rng.uniform(-2, 2)]), 0.0, 0.0]
    state[1:] = rng.choice([0.0, 1.0, 1.5, -0.01]), rng.choice([0.1, 0.1, 2.0])
    return state, rng.choice([0.0, 0.0, 1.0, rng.random()]), [c, p, q, r]


def seen(ta: ty.Integrator, outcome: ty.Outcome) -> tuple[Any, ...]:
    listed = [*outcome.events, *outcome.switches]
    crossings = [(c.times.tobytes(), c.states.tobytes(), c.directions.tobytes()) for c in listed]
    return outcome.status, outcome.steps, ta.time_pair, ta.state.tobytes(), crossings


def test_what_is_set_is_all_new(scale: int) -> None:
    """After any ending, a state and time that are set go on as in a new integrator."""
    ta, model = several_ends(), several_ends()
    endings = set()
    for case in range(60 * scale):
        rng = random.Random(case)
        state, time, parameters = random_start(rng)
        fresh = copy.copy(model)
        for one in (ta, fresh):
            one.state, one.time, one.parameters = (
                state,
                time,
                dict(zip(one.parameters, parameters, strict=True)),
            )
        if rng.random() < 0.2 and fresh.time_pair == ta.time_pair:
            assert ta.modes.tolist() == fresh.modes.tolist()
        end, limit = time + rng.choice([-2.0, 3.0]), rng.choice([500, 500, 2])
        results = [seen(one, one.propagate_until(end, max_steps=limit)) for one in (ta, fresh)]
        assert results[0] == results[1], (case, results)
        endings.add(results[0][0])
    assert len(endings) >= 5


def test_rows_of_ensembles_are_fresh(scale: int) -> None:
    ta = several_ends()
    starts = [random_start(random.Random(case)) for case in range(40 * scale)]
    states, times, parameters = (np.array(part) for part in zip(*starts, strict=True))
    outcome = ty.ensemble(
        ta, states, until=times + 2.0, time0=times, parameters=parameters, max_steps=500
    )
    for row in range(len(starts)):
        alone = copy.copy(ta)
        alone.state, alone.time = states[row], times[row]
        alone.parameters = dict(zip(alone.parameters, parameters[row], strict=True))
        single = alone.propagate_until(times[row] + 2.0, max_steps=500)
        assert outcome.status[row] is single.status, row
        assert outcome.states[row].tobytes() == alone.state.tobytes(), row


# -- single cases, each known in closed form -------------------------------------------------------

T = ty.time


@pytest.mark.parametrize(
    ("system", "start", "span", "wanted"),
    [
        ([(X, ty.sign(Y)), (Y, 0)], [0, 0], (0, 1), [0, 0]),
        ([(X, ty.where(Y >= 0, 2, 1)), (Y, 0)], [0, 0], (0, 1), [2, 0]),
        ([(X, ty.where(Y > 0, 2, 1)), (Y, 0)], [0, 0], (0, 1), [1, 0]),
        ([(X, ty.where(Y == 0, 2, 1)), (Y, 0)], [0, 0], (0, 1), [2, 0]),
        ([(X, ty.where(T == 1, 5, 1))], [0], (1, 2), [1]),
        ([(X, ty.where(T == 1, 5, 1))], [0], (0, 2), [2]),
        ([(X, ty.where(X > 0, -ty.sqrt(X), 0))], [1], (0, 3), [0]),
        ([(X, ty.where(X > 0, -ty.cbrt(X), 0))], [1], (0, 3), [0]),
        ([(X, ty.where(X > 0, -1, 0)), (Y, ty.sign(X))], [1, 0], (0, 3), [0, 1]),
        ([(X, ty.where(X > 0, -1, 0)), (Y, ty.where(X == 0, 5, 1))], [1, 0], (0, 3), [0, 11]),
        # Stick-slip: v = (1 + t)^2 / 2 - 1, held at 0 until t = 1, then (t - 1)^2 / 2.
        (
            [(V, ty.where(V == 0, ty.where(X < 1, 0, X - 1), X - ty.sign(V))), (X, 1)],
            [-0.5, 0],
            (0, 3),
            [2, 3],
        ),
        # The angle of a point that goes round: a sawtooth.
        ([(X, 1), (Y, ty.atan2(ty.sin(X), ty.cos(X)))], [1, 0], (0, 10), [11, None]),
        ([(X, 1.375), (Y, ty.where(X * ty.abs(X) > 0, 1, 0))], [-1, 0], (0, 3), [3.125, 25 / 11]),
        ([(X, 1.375), (Y, ty.where(X**21 > 0, 1, 0))], [-1, 0], (0, 3), [3.125, 25 / 11]),
        ([(Y, ty.where(ty.cbrt(ty.cos(T + 1)) > 0, 1, 0))], [0], (0, 8), [1.5 * math.pi - 1]),
        ([(Y, ty.where(1 / ty.cos(T + 1) > 0, 1, 0))], [0], (0, 8), [1.5 * math.pi - 1]),
    ],
)
def test_known_solutions(system: Any, start: Any, span: Any, wanted: Any) -> None:
    ta = ty.Integrator(system, [float(x) for x in start], time=float(span[0]))
    assert ta.propagate_until(float(span[1]), max_steps=2000).status is Reached
    for got, right in zip(ta.state, wanted, strict=True):
        if right is None:  # 11 after 1: up to pi, a whole turn, and the rest
            right = (math.pi**2 - 1) / 2 + ((11 - 4 * math.pi) ** 2 - math.pi**2) / 2
        assert got == pytest.approx(float(right), abs=1e-14, rel=1e-14)


def test_an_event_where_the_domain_of_a_branch_ends() -> None:
    system = [(X, ty.where(X > 0, -ty.sqrt(X), 0))]
    ta = ty.Integrator(system, [1.0], events=[ty.Event(X, terminal=True)])
    outcome = ta.propagate_until(3.0)
    assert outcome.status is ty.Status.EVENT
    assert ta.time == pytest.approx(2.0, abs=1e-15)
    assert ta.state[0] == 0.0
    assert ta.propagate_until(3.0).status is Reached


def test_sliding_on_the_cut_of_an_angle() -> None:
    ta = ty.Integrator([(X, ty.atan2(ty.sin(X), ty.cos(X)))], [1.0])
    outcome = ta.propagate_until(1.5, max_steps=1000)
    assert outcome.status is ty.Status.SLIDING
    assert ta.time == pytest.approx(math.log(math.pi), abs=1e-15)

"""Where gradients begin and end: random spans, impulses, observations and events, at one another's
times too, and means over many rows, against closed forms at 40 digits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import mpmath
import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from taylor.adjoints import means, side_by_side

X = ty.variable("x")
A, B, G, C = ty.parameters("a b g c")
GRID = np.arange(-4, 5) / 4  # times of everything, so that they often meet
LATE = 9.0  # after all


class Decay:
    """x' = b - a x, with x += g x + 1/8 at some times, and b = c from another one on."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.a, self.b, self.g, self.c = rng.uniform(0.25, 1.5, 4)
        self.x, self.start = rng.uniform(2.0, 4.0), rng.choice(GRID)
        self.kicks = sorted(rng.choice(GRID, rng.integers(0, 4), replace=False))
        self.sets = sorted(rng.choice(GRID, rng.integers(0, 2), replace=False))

    @property
    def values(self) -> list[float]:
        return [self.x, self.a, self.b, self.g, self.c]

    def integrator(self, **options: Any) -> ty.Integrator:
        kicks, sets = [*self.kicks, LATE], [*self.sets, LATE]
        impulses = [ty.Impulse(kicks, add={X: G * X + 0.125}), ty.Impulse(sets, set={B: C})]
        return ty.Integrator(
            [(X, B - A * X)],
            [self.x],
            time=self.start,
            parameters={A: self.a, B: self.b, G: self.g, C: self.c},
            impulses=impulses,
            **options,
        )

    def at(self, t: Any, start: Any, x: Any, a: Any, b: Any, g: Any, c: Any) -> Any:
        """x(t); an impulse at the start is done, one at t is done there."""
        now = start
        for when in sorted({*self.kicks, *self.sets}):
            if start < when <= t:
                x, now = self._flow(when - now, x, a, b), mp.mpf(when)
                x = x + g * x + mp.mpf(1) / 8 if when in self.kicks else x
                b = c if when in self.sets else b
        return self._flow(t - now, x, a, b)

    @staticmethod
    def _flow(span: Any, x: Any, a: Any, b: Any) -> Any:
        return (x - b / a) * mp.exp(-a * span) + b / a

    def is_jump(self, t: float) -> bool:
        return t in self.kicks or t in self.sets


def slopes(f: Callable[..., Any], given: Sequence[Any], ahead: Sequence[bool]) -> list[float]:
    """Derivatives by all arguments; on one side where there is a jump: behind it."""
    found = []
    for k, one_sided in enumerate(ahead):
        place = tuple(int(i == k) for i in range(len(given)))
        side = {"direction": 1} if one_sided else {}
        found.append(float(mp.diff(f, tuple(given), place, **side)))
    return found


def close(found: Any, right: Any, rel: float = 1e-12) -> None:
    right = np.asarray(right, float)
    np.testing.assert_allclose(np.asarray(found), right, rtol=rel, atol=rel * np.abs(right).max())


def weighted(states: Any) -> Any:
    return (np.arange(1.0, states.shape[0] + 1) * states[:, 0] ** 2).sum()


@pytest.mark.parametrize("observed", [False, True])
def test_impulses_and_observations(observed: bool, scale: int) -> None:
    for case in range(40 * scale):
        rng = np.random.default_rng(case)
        own = Decay(rng)
        later = [t for t in GRID if t >= own.start]
        times = rng.choice(later, rng.integers(1, 5)) if observed else [rng.choice(later)]
        ta, k = own.integrator(), len(times)

        def cost(*given: Any, own: Decay = own, k: int = k) -> Any:
            states = [own.at(t, *given[k:]) for t in given[:k]]
            return sum((j + 1) * x * x for j, x in enumerate(states))

        if observed:
            found = ty.gradient_through(ta, weighted, times=times)
            by_end = found.times
        else:
            found = ty.gradient_through(ta, X**2, until=times[0])
            by_end = [found.final_time]
        with mpmath.workdps(40):
            given = [mp.mpf(float(v)) for v in (*times, own.start, *own.values)]
            ahead = [own.is_jump(t) for t in (*times, own.start)] + [False] * 5
            # At the start itself, observations are ahead; they and it are behind an impulse there.
            ahead[:k] = [one or t == own.start for t, one in zip(times, ahead, strict=False)]
            close(found.value, cost(*given))
            inside = [float(v) for v in slopes(cost, given, ahead[: k + 1] + [False] * 5)]
        by_start = inside[k]
        close(by_end, inside[:k])
        if own.start not in times:  # where it is, states there do not depend on the start's time
            close(found.initial_time, by_start)
        close([found[X], found[A], found[B], found[G], found[C]], inside[k + 1 :])


class Fall:
    """x' = b - a x until x = c, whichever way; there it ends, or goes on from g c."""

    def __init__(self, rng: np.random.Generator) -> None:
        self.forward, self.terminal = rng.random(2) < 0.5
        self.terminal |= not self.forward  # resets are not undone
        a, b, x, start = rng.uniform([0.25, -1.0, 1.0, -1.0], [1.5, 0.0, 2.0, 1.0])
        c = x * (rng.uniform(0.25, 0.75) if self.forward else rng.uniform(1.25, 2.0))
        g = rng.uniform(0.25, 0.75) if self.forward else rng.uniform(1.5, 2.0)
        span = rng.choice([0.0, rng.uniform(0.0, 1.5)])
        self.until = start + (span if self.forward else -span)
        self.values = [start, x, a, b, c, g]
        self.meets = False
        if span:
            with mpmath.workdps(20):
                met = self._met(*map(mp.mpf, (start, x, a, b, c)))
                self.meets = bool(met <= self.until if self.forward else met >= self.until)

    def integrator(self, **options: Any) -> ty.Integrator:
        start, x, a, b, c, g = self.values
        known = {A: a, B: b, C: c} if self.terminal else {A: a, B: b, C: c, G: g}
        event = ty.Event(X - C, terminal=True)
        if not self.terminal:
            event = ty.Event(X - C, reset={X: G * X})
        slopes = [(X, B - A * X)]
        return ty.Integrator(slopes, [x], time=start, parameters=known, events=[event], **options)

    @staticmethod
    def _met(start: Any, x: Any, a: Any, b: Any, c: Any) -> Any:
        return start + mp.log((x - b / a) / (c - b / a)) / a

    def cost(self, end: Any, start: Any, x: Any, a: Any, b: Any, c: Any, g: Any) -> Any:
        """x**2 + x t at the end, and the integral of x, which falls by what b and a leave of it."""
        total = mp.mpf(0)
        if self.meets:
            met = self._met(start, x, a, b, c)
            total += (b * (met - start) + x - c) / a
            if self.terminal:
                return c * c + c * met + total
            x, start = g * c, met
        last = (x - b / a) * mp.exp(-a * (end - start)) + b / a
        return last * last + last * end + total + (b * (end - start) + x - last) / a


def fallen(seed: int, precision: str) -> tuple[Fall, Any, list[Any]]:
    """A fall, the gradient of what it costs, and what that is by."""
    own = Fall(np.random.default_rng(seed))
    ta = own.integrator(precision=precision)
    found = ty.gradient_through(ta, X**2 + X * ty.time, running_cost=X, until=own.until)
    return own, found, [X, A, B, C] if own.terminal else [X, A, B, C, G]


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_terminal_events_and_resets_in_both_directions(precision: str, scale: int) -> None:
    finer = precision == "double-double"
    for case in range((10 if finer else 30) * scale):
        own, found, by = fallen(1000 + case, precision)
        got = [found.final_time, found.initial_time, *(found[name] for name in by)]
        with mpmath.workdps(60):
            given = [mp.mpf(float(v)) for v in (own.until, *own.values)]
            places = [tuple(int(i == k) for i in range(7)) for k in range(len(got))]
            right = [mp.diff(own.cost, tuple(given), place) for place in places]
            if finer:
                got = [g if isinstance(g, float | mp.mpf) else ty.to_mpmath(g) for g in got]
            size = max(abs(one) for one in right)
            errors = [abs(one - other) / size for one, other in zip(got, right, strict=True)]
            assert max(errors) < (1e-27 if finer else 1e-12), (case, got, right)


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_second_derivatives_through_events(precision: str, scale: int) -> None:
    """A running cost jumps where a reset is, and ends where the solution does."""
    finer = precision == "double-double"
    for case in range((3 if finer else 12) * scale):
        own, found, by = fallen(7000 + case, precision)
        for number, key in enumerate(by):
            product = found.hessian_product({key: 1.0})
            got = [product[name] for name in by]
            with mpmath.workdps(60):
                given = tuple(mp.mpf(float(v)) for v in (own.until, *own.values))
                right = []
                for k in range(len(by)):
                    place = [0] * 7
                    place[2 + k] += 1
                    place[2 + number] += 1
                    right.append(mp.diff(own.cost, given, tuple(place)))
                got = [ty.to_mpmath(one) for one in got] if finer else got
                size = max(1, *(abs(one) for one in right))
                errors = [abs(one - other) / size for one, other in zip(got, right, strict=True)]
                assert max(errors) < (1e-25 if finer else 1e-10), (case, key, got, right)


def test_second_derivatives_of_arrays_through_resets() -> None:
    """Against differences of gradients: three resets, times in any order, and a running cost."""
    u, m = ty.variable("u", shape=(2,)), ty.parameter("m", shape=(2, 2))

    def gradient(z: np.ndarray) -> ty.Gradient:
        reset = ty.Event(u[0] - C, direction=-1, reset={u: np.array([0.5, 1.2]) * u + C})
        known = {m: z[2:6].reshape(2, 2), C: z[6]}
        ta = ty.Integrator([(u, m @ u)], z[:2], parameters=known, events=[reset])
        running = u[0] ** 2 * m[0, 1] + C * u[1]
        return ty.gradient_through(ta, u[1] ** 2, running_cost=running, times=[2.5, 1.0])

    def numbers(z: np.ndarray) -> np.ndarray:
        found = gradient(z)
        return np.concatenate([found.state, found.parameters])

    z = np.array([1.0, 0.3, -0.4, 0.9, -0.8, -0.1, 0.4])
    found, step, rows = gradient(z), 1e-5, []
    assert len(found.outcome.events[0].times) == 3
    for e in np.eye(7):
        product = found.hessian_product({u: e[:2], m: e[2:6].reshape(2, 2), C: e[6]})
        rows.append(np.concatenate([product[u], product[m].ravel(), [product[C]]]))
        differences = (numbers(z + step * e) - numbers(z - step * e)) / (2 * step)
        np.testing.assert_allclose(rows[-1], differences, atol=1e-7)
    np.testing.assert_allclose(rows, np.transpose(rows), atol=1e-13)


def logistic(t: Any, x: Any, a: Any, b: Any) -> Any:
    return b / (1 + (b / x - 1) * mp.exp(-a * t))


@pytest.mark.parametrize("beside", [False, True])
def test_means_over_any_number_of_rows(
    beside: bool, monkeypatch: pytest.MonkeyPatch, scale: int
) -> None:
    """x' = a x (1 - x/b) side by side and one by one, rows at both fixed points among them."""
    monkeypatch.setattr(side_by_side, "WORTH", 0.0 if beside else np.inf)
    monkeypatch.setattr(means, "FEWEST", 3)
    for case in range(12 * scale):
        rng = np.random.default_rng(2000 + case)
        rows = int(rng.choice([1, 2, 3, 4, 5, 7, 8, 9, 10, 17, 33]))
        a, b, start = rng.uniform([0.25, 0.5, -2.0], [1.5, 2.0, 2.0])
        starts = rng.uniform(0.1, 1.5, rows) * b
        starts[rng.random(rows) < 0.2] = b
        span = rng.choice([0.0, rng.uniform(-0.75, 0.0), rng.uniform(0.0, 3.0)])
        ta = ty.Integrator([(X, A * X * (1 - X / B))], [1.0], time=start, parameters={A: a, B: b})
        cost = X**2 + B * ty.time
        found = ty.mean_gradient_through(ta, starts[:, None], cost, until=start + span, workers=1)

        def mean(a: Any, b: Any, *starts: Any, span: float = span, start: float = start) -> Any:
            states = [logistic(mp.mpf(start + span) - mp.mpf(start), x, a, b) for x in starts]
            return sum(x * x for x in states) / len(states) + b * (mp.mpf(start) + span)

        with mpmath.workdps(40):
            given = tuple(mp.mpf(float(v)) for v in (a, b, *starts))
            close(found.value, mean(*given), 1e-13)
            right = slopes(mean, given, [False] * len(given))
        close([found[A], found[B], *found.state[:, 0]], right)

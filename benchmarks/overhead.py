"""What stands in front of machine code: calls of integrators, dense output, derivatives, creation.

Run with ``python -m benchmarks.overhead [--quick] [--creation]``; it takes a minute, and needs
heyoka and daceypy for the other side, which are measured in the same process, turn by turn.
"""

from __future__ import annotations

import argparse
import copy
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import count
from statistics import median
from typing import Any, NamedTuple

import numpy as np

import taylor as ty
from benchmarks.celestial import planets
from benchmarks.harness import heading, in_one_tier, publish, table
from benchmarks.versions import own_versions, version

START = [0.05, 0.025]
GRID = np.linspace(0.0, 10.0, 101)
MANY = np.sort(np.random.default_rng(1).uniform(0.0, 10.0, 1000))
TURNS = 9
TURN_SECONDS = 0.02
ARENSTORF = (0.994, 0.0, 0.0, -2.00158510637908252240537862224)
PERIOD = 17.0652165601579625588917206249
MU = 0.012277471

Call = Callable[[], Any]


class Row(NamedTuple):
    """One line of the table: a call of ours, one of theirs or None, and what is wanted: a ratio of
    times, or microseconds where there is nothing to compare with.
    """

    name: str
    own: Call
    other: Call | None
    most: float
    per: int = 1  # calls that one is


def seconds(call: Call, repeat: int) -> float:
    start = time.thread_time()
    for _ in range(repeat):
        call()
    return (time.thread_time() - start) / repeat


def compared(row: Row) -> tuple[float, float | None]:
    """Median seconds of both sides' calls, in alternating turns."""
    calls = [row.own] if row.other is None else [row.own, row.other]
    for call in calls:
        seconds(call, 3)  # what is made when it is first wanted
    repeats = [max(1, int(TURN_SECONDS / max(seconds(call, 3), 1e-8))) for call in calls]
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(TURNS):
        for k, call in enumerate(calls):
            times[k].append(seconds(call, repeats[k]) / row.per)
    found = [median(listed) for listed in times]
    return found[0], None if row.other is None else found[1]


# -- the systems, for either package ---------------------------------------------------------------


def pendulum(sin: Any, x: Any, v: Any, k: Any = 9.8) -> list[Any]:
    return [(x, v), (v, -k * sin(x))]


def arenstorf(x: Any, y: Any, vx: Any, vy: Any) -> list[Any]:
    one, two = ((x + MU) ** 2 + y**2) ** -1.5, ((x + MU - 1.0) ** 2 + y**2) ** -1.5
    first, second = (1.0 - MU) * one, MU * two
    return [
        (x, vx),
        (y, vy),
        (vx, x + 2.0 * vy - first * (x + MU) - second * (x + MU - 1.0)),
        (vy, y - 2.0 * vx - first * y - second * y),
    ]


def cr3bp(mu: float, x: Any, y: Any, z: Any, px: Any, py: Any, pz: Any) -> list[Any]:
    one = (1.0 - mu) * ((x - mu) ** 2 + y**2 + z**2) ** -1.5
    two = mu * ((x - mu + 1.0) ** 2 + y**2 + z**2) ** -1.5
    return [
        (x, px + y),
        (y, py - x),
        (z, pz),
        (px, py - one * (x - mu) - two * (x - mu + 1.0)),
        (py, -px - (one + two) * y),
        (pz, -(one + two) * z),
    ]


def small_system(name: str, c: float, variables: Callable[..., Any], sin: Any) -> tuple[Any, Any]:
    """A system whose creation is timed, with a state to start from.

    c: a number near 1; code that was made for another one is of no use.
    """
    if name in ("linear oscillator", "pendulum"):
        x, v = variables("x", "v")
        return ([(x, v), (v, -c * x)] if name[0] == "l" else pendulum(sin, x, v, c)), START
    if name == "Lorenz":
        x, y, z = variables("x", "y", "z")
        return [(x, 10.0 * (y - x)), (y, x * (28.0 - z) - y), (z, x * y - c * z)], [1.0, 1.0, 1.0]
    if name == "Kepler":
        x, y, vx, vy = variables("x", "y", "vx", "vy")
        force = -c * (x**2 + y**2) ** -1.5
        return [(x, vx), (y, vy), (vx, force * x), (vy, force * y)], [1.0, 0.0, 0.0, 1.0]
    given = variables("x", "y", "z", "px", "py", "pz")
    return cr3bp(0.01 * c, *given), [-0.45, 0.80, 0.0, -0.80, -0.45, 0.58]


SMALL = ("linear oscillator", "pendulum", "Lorenz", "Kepler", "CR3BP")


# -- rows ------------------------------------------------------------------------------------------


class Both:
    """An integrator of each package."""

    def __init__(self, heyoka: Any) -> None:
        self.heyoka = heyoka
        x, v = ty.variables("x v")
        self.own = ty.Integrator(pendulum(ty.sin, x, v), START)
        self.x = x
        k = ty.parameter("k")
        self.with_parameter = ty.Integrator(pendulum(ty.sin, x, v, k), START, parameters={k: 9.8})
        hx, hv = heyoka.make_vars("x", "v")
        self.hx = hx
        self.other = heyoka.taylor_adaptive(pendulum(heyoka.sin, hx, hv), START)
        self.k = k

    def steps(self) -> Iterator[Row]:
        own, other = self.own, self.other
        yield Row("step()", own.step, other.step, 1.5)
        for span, most in ((1e-3, 1.5), (1.0, 1.0)):
            yield Row(
                f"propagate_for({span:g})",
                lambda s=span: own.propagate_for(s),  # type: ignore[misc]
                lambda s=span: other.propagate_for(s),  # type: ignore[misc]
                most,
            )

        def again(ta: Any) -> Any:
            ta.state[:] = START
            ta.time = 0.0
            ta.propagate_until(1.0)
            return ta.state[0]

        yield Row(
            "set state and time, propagate, read", lambda: again(own), lambda: again(other), 1.5
        )
        watched = copy.copy(own)
        watched.events = [ty.Event(self.x - 10.0)]
        event = self.heyoka.nt_event(self.hx - 10.0, lambda ta, t, sign: None)
        system = self.other.sys
        seen = self.heyoka.taylor_adaptive(system, START, nt_events=[event])
        yield Row(
            "the same, an event that does not fire",
            lambda: again(watched),
            lambda: again(seen),
            1.0,
        )

        def grid(ta: Any) -> Any:
            ta.state[:] = START
            ta.time = 0.0
            return ta.propagate_grid(GRID)

        yield Row("grid of 101 times over 10 units", lambda: grid(own), lambda: grid(other), 1.0)

    def dense(self) -> Iterator[Row]:
        own, other = self.own, self.other

        def make(ta: Any, **options: Any) -> Any:
            ta.state[:] = START
            ta.time = 0.0
            return ta.propagate_until(10.0, **options)

        yield Row(
            "dense output: making it",
            lambda: make(own, dense=True),
            lambda: make(other, c_output=True),
            0.5,
        )
        solution, theirs = make(own, dense=True).dense, make(other, c_output=True)[4]
        yield Row("dense output: one time", lambda: solution(3.7), lambda: theirs(3.7), 1.0)
        yield Row("dense output: 1000 times", lambda: solution(MANY), lambda: theirs(MANY), 1.0)

    def others(self) -> Iterator[Row]:
        values = self.with_parameter.parameters

        def put() -> None:
            values[self.k] = 9.7

        yield Row("one parameter set", put, None, 1.0)
        q = ty.variables("x y vx vy")
        heyoka = self.heyoka
        orbit = ty.Integrator(arenstorf(*q), list(ARENSTORF))
        names = heyoka.make_vars("x", "y", "vx", "vy")
        theirs = heyoka.taylor_adaptive(arenstorf(*names), list(ARENSTORF))

        def period(ta: Any) -> Any:
            ta.state[:] = ARENSTORF
            ta.time = 0.0
            return ta.propagate_until(PERIOD)

        yield Row("Arenstorf orbit, one period", lambda: period(orbit), lambda: period(theirs), 0.6)
        states = np.random.default_rng(2).uniform(-1.0, 1.0, (8, 2))
        own = self.own

        def single() -> None:
            for state in states:
                own.state[:] = state
                own.time = 0.0
                own.propagate_until(1.0)

        yield Row(
            "ensemble of 8 pendulums, against 8 propagations",
            lambda: ty.ensemble(own, states, until=1.0, workers=1),
            single,
            3.0,
        )
        yield Row("copy of an integrator", lambda: copy.copy(own), None, 10.0)
        yield Row("pickle and load", lambda: pickle.loads(pickle.dumps(own)), None, 300.0)


def of_derivatives() -> Iterator[Row]:
    def three(x: Any, y: Any, z: Any) -> Any:
        return ty.sin(x * y) + ty.exp(z) * x

    point = (0.3, 0.4, 0.5)
    known = ty.derivatives(three, point, order=6)
    second = ty.derivatives(three, point, order=2)
    nth = ty.derivative(ty.tanh, 20)
    yield Row("Derivatives.at, order 6, three variables", lambda: known.at(point), None, 4.0)
    yield Row(".hessian of one point", lambda: second.hessian, None, 4.0)
    yield Row("ty.derivative(tanh, 20)(0.5)", lambda: nth(0.5), None, 3.0)
    yield Row("ty.jet again", lambda: ty.jet(ty.tanh, 0.5, order=20), None, 5.0)


def of_polynomials() -> Iterator[Row]:
    from daceypy import DA  # type: ignore[import-not-found]

    x, y = ty.Polynomial.variables("x y", order=4)
    p, q = 1.0 + x + x * y, 2.0 - y + 0.5 * x * x
    DA.init(4, 2)
    a, b = DA(1), DA(2)
    s, t = 1.0 + a + a * b, 2.0 - b + 0.5 * a * a
    yield Row("polynomials: sum", lambda: p + q, lambda: s + t, 1.0)
    yield Row("polynomials: product", lambda: p * q, lambda: s * t, 1.0)
    yield Row("polynomials: sine", lambda: np.sin(p), lambda: s.sin(), 1.5)
    point = (0.1, 0.2)
    yield Row("polynomials: value", lambda: p(point), lambda: s.eval([0.1, 0.2]), 1.0)


def of_creation(heyoka: Any) -> Iterator[Row]:
    """Each time with another constant, so that no cache has anything of it; heyoka's on disk would
    have it from the last time that this was run.
    """
    heyoka.llvm_state.set_diskcache_enabled(False)
    numbers = count(1)

    def constant() -> float:
        return 1.0 + next(numbers) / 997.0

    def make(name: str) -> Any:
        os.environ["TAYLOR_TIERS"] = "on"
        made = small_system(name, constant(), lambda *n: [ty.variable(v) for v in n], ty.sin)
        return ty.Integrator(*made)

    def theirs(name: str) -> Any:
        heyoka.llvm_state.clear_memcache()
        made = small_system(name, constant(), heyoka.make_vars, heyoka.sin)
        return heyoka.taylor_adaptive(*made)

    for name in SMALL:
        yield Row(
            f"creation: {name}",
            lambda n=name: make(n),  # type: ignore[misc]
            lambda n=name: theirs(n),  # type: ignore[misc]
            0.5,
        )


def first_creation(whose: str, name: str) -> float:
    """Seconds of the processor to create a system before anything else was compiled."""
    if whose == "heyoka":
        import heyoka

        heyoka.llvm_state.set_diskcache_enabled(False)
        make, made = heyoka.taylor_adaptive, small_system(name, 1.5, heyoka.make_vars, heyoka.sin)
    else:
        os.environ |= {"TAYLOR_CACHE": "off", "TAYLOR_TIERS": "on"}
        variables = lambda *names: [ty.variable(name) for name in names]  # noqa: E731
        make, made = ty.Integrator, small_system(name, 1.5, variables, ty.sin)
    start = time.process_time()
    make(*made)
    return time.process_time() - start


def of_first(name: str, most: float = 0.5) -> list[str]:
    """The line of the table for the first system of a process, which compiles what all share."""
    code = (
        "import sys; from benchmarks import overhead; print(overhead.first_creation(*sys.argv[1:]))"
    )
    times: dict[str, list[float]] = {"taylor": [], "heyoka": []}
    for _ in range(5):
        for whose, found in times.items():
            done = subprocess.run(
                [sys.executable, "-c", code, whose, name],
                check=True,
                capture_output=True,
                text=True,
            )
            found.append(float(done.stdout))
    own, other = (median(found) for found in times.values())
    row, reached = f"creation: {name}, first of a process", "yes" if own <= most * other else "no"
    ratio = f"{own / other:.2f}"
    return [row, f"{1e6 * own:.0f}", f"{1e6 * other:.0f}", ratio, f"{most:g}", reached]


def of_bodies() -> Iterator[list[str]]:
    """Lines of the table: creation of n bodies from the double loop over pairs, once each."""
    os.environ["TAYLOR_TIERS"] = "on"
    for bodies, most in ((50, 0.6), (100, 2.0), (200, 8.0)):
        problem = planets(bodies)
        start = time.process_time()
        states = [ty.variable(name) for name in problem.variables]
        system = list(zip(states, problem.equations(ty, states), strict=True))
        ty.Integrator(system, problem.state)
        took = time.process_time() - start
        reached = "yes" if took <= most else "no"
        yield [f"creation: {bodies} bodies", f"{1e6 * took:.0f}", "", "", f"{most:g} s", reached]


def text_of(row: Row) -> list[str]:
    own, other = compared(row)
    if other is None:
        reached = "yes" if 1e6 * own <= row.most else "no"
        return [row.name, f"{1e6 * own:.2f}", "", "", f"{row.most:g} us", reached]
    ratio = own / other
    reached = "yes" if ratio <= row.most else "no"
    shown = (f"{1e6 * own:.2f}", f"{1e6 * other:.2f}", f"{ratio:.2f}", f"{row.most:g}")
    return [row.name, *shown, reached]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    os.environ["TAYLOR_CACHE"] = "off"
    in_one_tier()
    parser.add_argument("--quick", action="store_true", help="calls alone, no results file")
    parser.add_argument("--creation", action="store_true", help="creation alone, no results file")
    options = parser.parse_args()
    import heyoka  # type: ignore[import-not-found]

    both = Both(heyoka)
    rows: list[Row] = []
    if not options.creation:
        rows += [*both.steps(), *both.dense(), *both.others()]
        rows += [*of_derivatives(), *of_polynomials()]
    if not options.quick:
        rows += of_creation(heyoka)
    columns = ["call", "taylor, us", "other, us", "ratio", "at most", "reached"]
    lines = [text_of(row) for row in rows]
    if not options.quick:
        lines += [*map(of_first, SMALL), *of_bodies()]
    listed = table(columns, lines)
    print(listed)
    if not (options.quick or options.creation):
        known = {**own_versions(), "heyoka": version("heyoka"), "daceypy": version("daceypy")}
        title = "Calls and creation"
        command = "python -m benchmarks.overhead"
        publish("overhead.md", f"{heading(title, command, known)}\n{listed}\n")


if __name__ == "__main__":
    main()

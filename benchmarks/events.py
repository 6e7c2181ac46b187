"""Events beside heyoka's: time, steps, and completeness.

Run with ``python -m benchmarks.events``; it takes a minute and needs heyoka.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import mpmath
import numpy as np

import taylor as ty
from benchmarks.harness import heading, in_one_tier, publish, table
from benchmarks.problem import Problem
from benchmarks.problems import PROBLEMS
from benchmarks.versions import own_versions, version

TURNS = 9
PAIRS = [(i, j) for i in range(5) for j in range(i + 1, 5)]  # of the outer Solar System's bodies
NEAR = 1e-2  # square of a distance that none of them comes to (AU^2)

Events = Callable[[Any, list[Any], Any], list[Any]]


def own(problem: Problem, events: Events) -> ty.Integrator:
    """This project's integrator of a problem with events."""
    x = list(ty.variables(" ".join(problem.variables)))
    system = list(zip(x, problem.equations(ty, x), strict=True))
    watched = [ty.Event(g) for g in events(ty, x, ty.time)]
    return ty.Integrator(system, problem.state, tol=problem.tolerance, events=watched)


def other(problem: Problem, events: Events) -> Any:
    """heyoka's; its events are given callbacks that do nothing, for it records none itself."""
    import heyoka as hy  # type: ignore[import-not-found]

    x = hy.make_vars(*problem.variables)
    system = list(zip(x, problem.equations(hy, x), strict=True))
    watched = [hy.nt_event(g, lambda *_: None) for g in events(hy, list(x), hy.time)]
    return hy.taylor_adaptive(system, list(problem.state), tol=problem.tolerance, nt_events=watched)


class Run:
    """One integrator, run from its start again and again."""

    def __init__(self, integrator: Any, problem: Problem) -> None:
        self.integrator = integrator
        self.problem = problem
        self.ours = isinstance(integrator, ty.Integrator)
        self.span = problem.span
        self.steps = 0

    def __call__(self) -> float:
        """Seconds of one run."""
        self.integrator.state[:] = self.problem.state
        self.integrator.time = 0.0
        start = time.perf_counter()
        result = self.integrator.propagate_until(self.span)
        elapsed = time.perf_counter() - start
        self.steps = result.steps if self.ours else result[3]
        return elapsed


def alternating(runs: list[Run]) -> list[float]:
    """Median seconds of each, taking turns."""
    for run in runs:
        run()
    times = [[run() for run in runs] for _ in range(TURNS)]
    return [median(column) for column in zip(*times, strict=True)]


def no_events(*_: Any) -> list[Any]:
    return []


def section(_: Any, x: list[Any], __: Any) -> list[Any]:
    return [x[0]]


def encounters(_: Any, x: list[Any], __: Any) -> list[Any]:
    return [sum((x[6 * i + k] - x[6 * j + k]) ** 2 for k in range(3)) - NEAR for i, j in PAIRS]


def times_table() -> list[list[str]]:
    """Time per step without and with events."""
    rows = []
    for name, title, events in (
        ("henon-heiles", "Henon-Heiles, x = 0 recorded", section),
        ("outer-solar-system", "outer Solar System, 10 close encounters, none", encounters),
    ):
        problem = PROBLEMS[name]
        runs = [
            Run(make(problem, chosen), problem)
            for make in (own, other)
            for chosen in (no_events, events)
        ]
        seconds = alternating(runs)
        step = [1e9 * s / run.steps for s, run in zip(seconds, runs, strict=True)]
        overhead = [step[1] / step[0] - 1, step[3] / step[2] - 1]
        rows.append(
            [
                title,
                f"{step[0]:.0f}",
                f"{step[1]:.0f}",
                f"{overhead[0]:.0%}",
                f"{step[2]:.0f}",
                f"{step[3]:.0f}",
                f"{overhead[1]:.0%}",
                f"{seconds[3] / seconds[1]:.2f} x",
            ]
        )
    return rows


def fast_event() -> str:
    """Steps with sin(200 x) - 2 on the oscillator."""
    problem = Problem("oscillator", "", ("x", "v"), lambda _, y: [y[1], -y[0]], (0.0, 1.0), 100.0)

    def never(m: Any, x: list[Any], _: Any) -> list[Any]:
        return [m.sin(200.0 * x[0]) - 2.0]

    runs = [
        Run(make(problem, chosen), problem)
        for make in (own, other)
        for chosen in (no_events, never)
    ]
    seconds = alternating(runs)
    ours, theirs = runs[1].steps / runs[0].steps, runs[3].steps / runs[2].steps
    return (
        f"`sin(200 x) - 2` on the oscillator multiplies the steps by {ours:.1f} (heyoka "
        f"{theirs:.0f}), "
        f"the time by {seconds[1] / seconds[0]:.0f} (heyoka {seconds[3] / seconds[2]:.0f}); "
        f"{seconds[3] / seconds[1]:.1f} times faster than heyoka."
    )


def zeros_of_two_sines(span: float) -> list[Any]:
    """Of sin t + sin(w t) = 2 sin(a t) cos(b t), w the double nearest to the root of 2."""
    with mpmath.workdps(40):
        w = mpmath.mpf(math.sqrt(2.0))
        a, b = (1 + w) / 2, (w - 1) / 2
        zeros = [k * mpmath.pi / a for k in range(1, int(span * a / mpmath.pi) + 1)]
        count = int(mpmath.floor(span * b / mpmath.pi - mpmath.mpf(1) / 2))
        zeros += [(k + mpmath.mpf(1) / 2) * mpmath.pi / b for k in range(count + 1)]
        return sorted(zeros)


def thousand_zeros() -> list[list[str]]:
    """Zeros of a quasi-periodic function of time: found, missed, twice, and how accurately."""
    span = 3000.0
    w = math.sqrt(2.0)
    exact = zeros_of_two_sines(span)
    import heyoka as hy

    problem = Problem("clock", "", ("x", "v"), lambda _, y: [y[1], -y[0]], (1.0, 0.0), span)
    ta = own(problem, lambda m, _, t: [m.sin(t) + m.sin(w * t)])
    ours = ta.propagate_until(span).events[0].times
    theirs: list[float] = []
    x, v = hy.make_vars("x", "v")
    g = hy.sin(hy.time) + hy.sin(w * hy.time)
    events = [hy.nt_event(g, lambda _, t, __: theirs.append(t))]
    hy.taylor_adaptive([(x, v), (v, -x)], [1.0, 0.0], nt_events=events).propagate_until(span)
    rows = []
    for name, found in (("taylor", ours[ours > 0]), ("heyoka", np.array(theirs))):
        found = found[found > 1e-9]
        if len(found) != len(exact):
            rows.append([name, str(len(exact)), str(len(found)), "-"])
            continue
        worst = 0.0
        for seen, zero in zip(found, exact, strict=True):
            slope = abs(mpmath.cos(zero) + w * mpmath.cos(w * zero))
            allowed = max(4 * math.ulp(float(zero)), 2.0**-52 / float(slope))
            worst = max(worst, float(abs(seen - zero)) / allowed)
        rows.append([name, str(len(exact)), str(len(found)), f"{worst:.2f}"])
    return rows


def main() -> None:
    """Measure, print, and write results/events.md."""
    in_one_tier()
    import heyoka

    heyoka.set_nthreads(1)
    columns = ["ns per step", "alone", "events", "more", "heyoka alone", "events", "more", "ratio"]
    text = heading(
        "Events",
        "python -m benchmarks.events",
        {**own_versions(), "heyoka": version("heyoka")},
    )
    text += (
        "\nMedians of alternating runs in one process. heyoka records no events: its callbacks do "
        "nothing.\n\n"
    )
    text += table(columns, times_table()) + "\n\n" + fast_event() + "\n\n"
    text += (
        "Zeros of sin t + sin(sqrt(2) t) to t = 3000; errors in units of the larger of 4 ulp of "
        "the time and of the rounding error 2^-52 of g over its slope.\n\n"
    )
    text += table(["zeros", "exact", "found", "largest error"], thousand_zeros()) + "\n"
    print(text)
    print(f"wrote {publish('events.md', text)}")


if __name__ == "__main__":
    main()

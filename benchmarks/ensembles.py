"""Ensembles beside heyoka's batch ensembles: time, two threads against one, equality, memory.

Run with ``python -m benchmarks.ensembles [--quick] [part of a row's name ...]``; it takes ten
minutes, with --quick one, and needs heyoka.
"""

from __future__ import annotations

import argparse
import copy
import math
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.harness import heading, in_one_tier, publish, table
from benchmarks.problem import Problem, starts
from benchmarks.problems import PROBLEMS
from benchmarks.versions import own_versions, version

TURNS = 3
THREADS = 2
CHECKED = 50  # rows compared with the integrator alone
PIECE = 4096  # trajectories at a time for a grid, whose states would not fit into memory
EARTH, RADIUS, J2 = 398600.4418, 6378.137, 1.08262668e-3  # km^3/s^2, km; WGS 84
DAY = 86400.0


@dataclass(frozen=True, slots=True)
class Work:
    """An ensemble: states (r, n) to `until`, or along `grid`; `target` as a ratio of times."""

    title: str
    problem: Problem
    states: np.ndarray
    until: float
    target: float
    grid: np.ndarray | None = None


def earth_orbit(_: Any, x: Sequence[Any]) -> list[Any]:
    """Kepler with J2 (Vallado, Fundamentals of Astrodynamics (2013), section 8.7.1), km and s."""
    square = x[0] * x[0] + x[1] * x[1] + x[2] * x[2]
    inverse = 1.0 / square
    pull = -EARTH * square ** (-1.5)
    ring = (1.5 * J2 * RADIUS**2) * inverse
    height = 5.0 * (x[2] * x[2]) * inverse
    flat = pull * (1.0 + ring * (1.0 - height))
    steep = pull * (1.0 + ring * (3.0 - height))
    return [x[3], x[4], x[5], flat * x[0], flat * x[1], steep * x[2]]


def satellites(count: int) -> np.ndarray:
    """Orbits of all inclinations, 400 to 2000 km high, eccentricities up to 0.05."""
    rng = np.random.default_rng(7)
    radius = RADIUS + rng.uniform(400.0, 2000.0, count)
    speed = np.sqrt(EARTH / radius * (1 + rng.uniform(0.0, 0.05, count)))
    tilt, turn = rng.uniform(0.0, math.pi, count), rng.uniform(0.0, 2 * math.pi, count)
    node = np.stack([np.cos(turn), np.sin(turn), np.zeros(count)])
    ahead = np.stack([-np.sin(turn) * np.cos(tilt), np.cos(turn) * np.cos(tilt), np.sin(tilt)])
    return np.concatenate([radius * node, speed * ahead]).T


def mixed_periods(problem: Problem, count: int) -> np.ndarray:
    """Circles about the heavier mass of the CR3BP with periods spread over a factor of 100.

    In a fixed frame; x, y, px, py of the rotating one, whose momenta are the fixed frame's.
    """
    radius = np.geomspace(0.02, 0.02 * 100 ** (2 / 3), count)
    np.random.default_rng(3).shuffle(radius)
    mu = 0.01  # of `celestial.planar_cr3bp`, whose heavier mass rests at (mu, 0)
    zero = np.zeros(count)
    speed = np.sqrt((1 - mu) / radius)
    return np.stack([radius + mu, zero, zero, speed + mu], axis=1)


def works(scale: int) -> list[Work]:
    """What is measured; `scale` divides the numbers of trajectories."""
    cr3bp, outer = PROBLEMS["planar-cr3bp"], PROBLEMS["outer-solar-system"]
    names = ("x", "y", "z", "vx", "vy", "vz")
    earth = Problem("satellites", "", names, earth_orbit, tuple(satellites(1)[0]), DAY)
    count = 2000 // scale
    return [
        Work("planar CR3BP, t = 200", cr3bp, starts(cr3bp, count), 200.0, 2.0),
        Work("CR3BP, periods over 1:100, t = 10", cr3bp, mixed_periods(cr3bp, count), 10.0, 4.0),
        Work("outer Solar System, 1000 years", outer, starts(outer, 256 // scale), 1000.0, 2.0),
        Work(
            "satellites with J2, a day, 1441 times",
            earth,
            satellites(100_000 // scale**2),
            DAY,
            2.0,
            np.linspace(0.0, DAY, 1441),
        ),
    ]


@dataclass(frozen=True, slots=True)
class Last:
    """Where trajectories ended, (r, n), and their steps, (r,)."""

    states: np.ndarray
    steps: np.ndarray


class Own:
    """This project's ensemble."""

    def __init__(self, work: Work) -> None:
        self.work = work
        x = list(ty.variables(" ".join(work.problem.variables)))
        system = list(zip(x, work.problem.equations(ty, x), strict=True))
        self.integrator = ty.Integrator(system, work.states[0], tol=work.problem.tolerance)

    def whole(self, threads: int, output: Path | None) -> tuple[float, ty.EnsembleOutcome]:
        """Seconds, and the outcome, of all at once."""
        work = self.work
        goal: dict[str, Any] = {"until": work.until} if work.grid is None else {"times": work.grid}
        begun = time.perf_counter()
        out = ty.ensemble(self.integrator, work.states, workers=threads, output=output, **goal)
        return time.perf_counter() - begun, out

    def run(self, threads: int) -> tuple[float, Last]:
        """Seconds, and the last states; grids piece by piece."""
        work = self.work
        if work.grid is None:
            seconds, out = self.whole(threads, None)
            return seconds, Last(out.final_states, out.steps)
        found = []
        begun = time.perf_counter()
        for first in range(0, len(work.states), PIECE):
            part = work.states[first : first + PIECE]
            out = ty.ensemble(self.integrator, part, times=work.grid, workers=threads)
            found.append((out.final_states, out.steps))
        seconds = time.perf_counter() - begun
        return seconds, Last(*(np.concatenate(parts) for parts in zip(*found, strict=True)))

    def equal(self, out: Any) -> bool:
        """Whether rows are what the integrator gives alone."""
        work = self.work
        rows = np.linspace(0, len(work.states) - 1, min(CHECKED, len(work.states))).astype(int)
        for row in rows:
            one = copy.copy(self.integrator)
            one.state, one.time = work.states[row], 0.0
            if work.grid is None:
                steps = one.propagate_until(work.until).steps
                states = one.state
            else:
                outcome = one.propagate_grid(work.grid)
                steps, states = outcome.steps, outcome.states
            if not np.array_equal(states, out.states[row]) or steps != out.steps[row]:
                return False
        return True


class Other:
    """heyoka's batch ensemble."""

    def __init__(self, work: Work) -> None:
        import heyoka as hy  # type: ignore[import-not-found]

        self.work, self.hy = work, hy
        self.lanes = hy.recommended_simd_size()
        x = hy.make_vars(*work.problem.variables)
        system = list(zip(x, work.problem.equations(hy, x), strict=True))
        first = np.repeat(np.asarray(work.states[0])[:, None], self.lanes, axis=1)
        self.integrator = hy.taylor_adaptive_batch(system, first, tol=work.problem.tolerance)

    def run(self, threads: int) -> tuple[float, np.ndarray]:
        """Seconds, and the last states."""
        self.hy.set_nthreads(threads)
        work, lanes = self.work, self.lanes
        piece = len(work.states) if work.grid is None else PIECE
        final = np.empty_like(work.states)
        begun = time.perf_counter()
        for first in range(0, len(work.states), piece):
            part = work.states[first : first + piece]
            batches = -(-len(part) // lanes)
            padded = np.resize(part, (batches * lanes, part.shape[1]))
            padded[: len(part)] = part
            blocks = padded.reshape(batches, lanes, -1).transpose(0, 2, 1)

            def start(ta: Any, number: int, blocks: np.ndarray = blocks) -> Any:
                ta.set_time(0.0)
                ta.state[:] = blocks[number]
                return ta

            if work.grid is None:
                found = self.hy.ensemble_propagate_until_batch(
                    self.integrator, work.until, batches, start
                )
                ends = [item[0].state.copy() for item in found]
            else:
                found = self.hy.ensemble_propagate_grid_batch(
                    self.integrator, work.grid, batches, start
                )
                ends = [item[-1][-1].copy() for item in found]
            last = np.stack(ends).transpose(0, 2, 1).reshape(-1, part.shape[1])
            final[first : first + piece] = last[: len(part)]
        return time.perf_counter() - begun, final


def on_dask(work: Work) -> str:
    """The first ensemble by a Dask client's executor: one and two processes, against threads."""
    try:
        from distributed import Client, LocalCluster  # type: ignore[import-not-found]
    except ImportError:
        return "Dask: not installed.\n"
    own = Own(work)
    seconds = [min(own.run(1)[0] for _ in range(TURNS))]
    for processes in (1, 2):
        cluster = LocalCluster(n_workers=processes, threads_per_worker=1, dashboard_address=None)
        with cluster, Client(cluster) as client:
            executor = client.get_executor()
            times = []
            for _ in range(TURNS + 1):  # the first compiles
                begun = time.perf_counter()
                ty.ensemble(own.integrator, work.states, until=work.until, executor=executor)
                times.append(time.perf_counter() - begun)
            seconds.append(min(times[1:]))
    return (
        f"{work.title} on a Dask LocalCluster: {seconds[1]:.2f} s with one process and "
        f"{seconds[2]:.2f} s with two, {seconds[1] / seconds[2]:.2f} times as fast; one thread "
        f"without Dask {seconds[0]:.2f} s.\n"
    )


def peak_memory() -> float:
    """The most that this process has had, in megabytes."""
    try:
        import resource
    except ImportError:
        return math.nan
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def best(runs: Sequence[Callable[[], tuple[float, Any]]], turns: int) -> list[tuple[float, Any]]:
    """The shortest time of each, taking turns, and the last result."""
    seconds: list[list[float]] = [[] for _ in runs]
    results: list[Any] = [None] * len(runs)
    for _ in range(turns):
        for place, run in enumerate(runs):
            results[place] = None  # not two at a time in memory
            elapsed, results[place] = run()
            seconds[place].append(elapsed)
    return [(min(s), result) for s, result in zip(seconds, results, strict=True)]


def row_of(work: Work, folder: Path, turns: int) -> list[str]:
    """One line of the table."""
    own, other = Own(work), None
    output = None if work.grid is None else folder / "states.npy"
    before = peak_memory()
    streaming, first = own.whole(THREADS, output)
    memory = peak_memory() - before
    equal = own.equal(first)
    other = Other(work)
    two, one, theirs = best(
        [lambda: own.run(THREADS), lambda: own.run(1), lambda: other.run(THREADS)],
        turns if work.grid is None else 1,
    )
    out = two[1]
    ours = out.states
    scale = np.abs(theirs[1]).max()
    difference = float(np.median(np.abs(ours - theirs[1]).max(axis=1)) / scale)
    ratio = theirs[0] / two[0]
    return [
        work.title,
        str(len(work.states)),
        f"{out.steps.mean():.0f}",
        f"{1e9 * two[0] / out.steps.sum():.0f}",
        f"{two[0]:.2f}",
        f"{theirs[0]:.2f}",
        f"{ratio:.2f} x",
        f"{work.target:g} x",
        f"{one[0] / two[0]:.2f} x",
        "yes" if equal else "NO",
        f"{difference:.0e}",
        f"{memory:.0f}",
        "-" if work.grid is None else f"{streaming:.1f}",
    ]


COLUMNS = [
    "ensemble",
    "trajectories",
    "steps of each",
    "ns per step",
    "seconds",
    "heyoka",
    "ratio",
    "target",
    "2 threads against 1",
    "bits of single runs",
    "median difference",
    "more memory, MB",
    "to a file, s",
]


def main() -> None:
    """Measure, print, and write results/ensembles.md."""
    in_one_tier()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ensembles")
    parser.add_argument("--quick", action="store_true", help="a tenth of the trajectories")
    parser.add_argument("parts", nargs="*", metavar="part", help="of the names of rows to measure")
    arguments = parser.parse_args()
    chosen = [
        work
        for work in works(10 if arguments.quick else 1)
        if not arguments.parts or any(part in work.title for part in arguments.parts)
    ]
    with tempfile.TemporaryDirectory() as folder:
        rows = [row_of(work, Path(folder), TURNS) for work in chosen]
    text = heading(
        "Ensembles",
        "python -m benchmarks.ensembles",
        {**own_versions(), "heyoka": version("heyoka")},
    )
    text += (
        f"\nShortest of {TURNS} alternating runs in one process, {THREADS} threads on both sides; "
        f"heyoka's batch ensembles with the lanes that it recommends. With a grid both get {PIECE} "
        "trajectories at a time, and taylor besides all at once, their states written to a file. "
        f"Bits: of {CHECKED} rows. Memory: growth of the peak in the first run of taylor, which is "
        "the one to a file.\n\n"
    )
    text += table(COLUMNS, rows) + "\n"
    if not arguments.parts:
        text += "\n" + on_dask(works(10 if arguments.quick else 1)[0])
    print(text)
    if not arguments.parts and not arguments.quick:
        print(f"wrote {publish('ensembles.md', text)}")


if __name__ == "__main__":
    main()

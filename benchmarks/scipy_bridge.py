"""Right-hand sides in Python, through SciPy's `solve_ivp`: its DOP853, our method, our function.

Run with ``python -m benchmarks.scipy_bridge``; it takes half a minute, and needs SciPy.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import solve_ivp

import taylor as ty
from benchmarks.harness import heading, publish, table
from benchmarks.versions import own_versions, version

TOLERANCE = {"rtol": 1e-12, "atol": 1e-12}
ASKED = 10.0  # times as fast as DOP853
ROUNDS = 9
SHORTEST = 0.05  # seconds of a round
MU = 0.012277471


def arenstorf(t: float, y: np.ndarray) -> Any:
    """A satellite between Earth and Moon (Hairer, Norsett & Wanner I, eq. 0.1)."""
    d1 = ((y[0] + MU) ** 2 + y[1] ** 2) ** 1.5
    d2 = ((y[0] - (1 - MU)) ** 2 + y[1] ** 2) ** 1.5
    return [
        y[2],
        y[3],
        y[0] + 2 * y[3] - (1 - MU) * (y[0] + MU) / d1 - MU * (y[0] - (1 - MU)) / d2,
        y[1] - 2 * y[2] - (1 - MU) * y[1] / d1 - MU * y[1] / d2,
    ]


MASSES = np.arange(1.0, 8.0)


def pleiades(t: float, u: np.ndarray) -> Any:
    """Seven stars in a plane (Hairer, Norsett & Wanner I, eq. 10.3), by NumPy's arrays."""
    x, y = u[:7], u[7:14]
    dx, dy = x - x[:, np.newaxis], y - y[:, np.newaxis]
    pull = MASSES / (dx**2 + dy**2 + np.eye(7)) ** 1.5
    return np.concatenate([u[14:], (pull * dx).sum(axis=1), (pull * dy).sum(axis=1)])


class Case(NamedTuple):
    """A problem, and the state at its end: of the second from the Test Set for IVP Solvers (Mazzia
    & Magherini, 2008), positions alone.
    """

    name: str
    fun: Callable[..., Any]
    span: tuple[float, float]
    y0: list[float]
    end: list[float]


START = [0.994, 0.0, 0.0, -2.00158510637908252240537862224]
CASES = (
    Case("Arenstorf's orbit", arenstorf, (0.0, 17.0652165601579625588917206249), START, START),
    Case(
        "Pleiades",
        pleiades,
        (0.0, 3.0),
        [
            *(3.0, 3.0, -1.0, -3.0, 2.0, -2.0, 2.0, 3.0, -3.0, 2.0, 0.0, 0.0, -4.0, 4.0),
            *(0.0, 0.0, 0.0, 0.0, 0.0, 1.75, -1.5, 0.0, 0.0, 0.0, -1.25, 1.0, 0.0, 0.0),
        ],
        [
            *(0.3706139143970502, 3.237284092057233, -3.222559032418324, 0.6597091455775310),
            *(0.3425581707156584, 1.562172101400631, -0.7003092922212495, -3.943437585517392),
            *(-3.271380973972550, 5.225081843456543, -2.590612434977470, 1.198213693392275),
            *(-0.2429682344935824, 1.091449240428980),
        ],
    ),
)


def by_scipy(case: Case) -> Any:
    return solve_ivp(case.fun, case.span, case.y0, "DOP853", **TOLERANCE)


def by_method(case: Case) -> Any:
    return solve_ivp(case.fun, case.span, case.y0, ty.scipy.Taylor, **TOLERANCE)


def by_function(case: Case) -> Any:
    return ty.scipy.solve_ivp(case.fun, case.span, case.y0, **TOLERANCE)


WAYS = {
    "scipy, DOP853": by_scipy,
    "scipy, method=ty.scipy.Taylor": by_method,
    "ty.scipy.solve_ivp": by_function,
}


def error(case: Case, found: Any) -> float:
    """Of the state at the end, relative to the largest component."""
    end = np.array(case.end)
    return float(np.abs(found.y[: len(end), -1] - end).max() / np.abs(end).max())


def medians(calls: list[Callable[[], Any]]) -> list[float]:
    """Median seconds of calls that take turns."""
    counts = []
    for call in calls:
        call()
        start = time.thread_time()
        call()
        counts.append(max(1, int(SHORTEST / max(time.thread_time() - start, 1e-6))))
    times: list[list[float]] = [[] for _ in calls]
    for _ in range(ROUNDS):
        for call, count, own in zip(calls, counts, times, strict=True):
            start = time.thread_time()
            for _ in range(count):
                call()
            own.append((time.thread_time() - start) / count)
    return [statistics.median(own) for own in times]


FIRST = """
import sys, time
from taylor_runtime.callables.process import cache
from benchmarks import scipy_bridge as b
import taylor as ty
ty.scipy
case, way = b.CASES[int(sys.argv[1])], list(b.WAYS.values())[int(sys.argv[2])]
with cache.disabled():
    start = time.thread_time()
    way(case)
    print(time.thread_time() - start)
"""


def first(case: int, way: int, turns: int = 3) -> float:
    """Seconds of a first call, in a process of its own without a cache of machine code."""
    command = [sys.executable, "-c", FIRST, str(case), str(way)]
    done = [
        subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(turns)
    ]
    return statistics.median(float(run.stdout) for run in done)


def rows() -> list[list[str]]:
    found = []
    for number, case in enumerate(CASES):
        times = medians([partial(way, case) for way in WAYS.values()])
        for place, (name, way) in enumerate(WAYS.items()):
            result = way(case)
            assert result.success
            ratio = times[0] / times[place]
            verdict = "" if not place else ("met" if ratio >= ASKED else "NOT met")
            cells = [f"{case.name}: {name}", str(len(result.t) - 1), f"{error(case, result):.1e}"]
            cells += [f"{1e3 * times[place]:.2f}", f"{ratio:.1f} x", verdict]
            found.append([*cells, f"{1e3 * first(number, place):.0f}"])
            print(*found[-1], sep=" | ", flush=True)
    return found


def main() -> None:
    text = [
        heading(
            "SciPy's solve_ivp",
            "python -m benchmarks.scipy_bridge",
            own_versions() | {"SciPy": version("scipy")},
        ),
        "Whole calls from Python right-hand sides, rtol = atol = 1e-12; medians of processor time, "
        f"in turns.  Asked for: {ASKED:g} times DOP853's speed where the function has been seen "
        "before.  A first call traces and compiles: in a fresh process, without a cache.",
        table(
            ["whole call", "steps", "error", "again, ms", "against DOP853", "asked", "first, ms"],
            rows(),
        ),
    ]
    joined = "\n\n".join(text) + "\n"
    print(joined)
    print(f"written to {publish('scipy_bridge.md', joined)}")


if __name__ == "__main__":
    main()

"""Many trajectories and their maps, for the table of `benchmarks.flow_maps`.

A batch of first-order maps is heyoka's batch integrator of the variational equations in a loop, as
wide as it recommends, against `taylor.ensemble`.  Ten thousand integrated orbits are what one map
of order 4 stands for where a distribution is wanted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

import taylor as ty
from benchmarks.problem import Equations

MAPS = 4096
SPAN = 10.0
SPREAD = 0.02  # of starts
ORBITS = 10_000
TURNS = 5


def cpu_seconds(call: Callable[[], Any]) -> float:
    """Time of the processor: others may share it."""
    started = time.process_time()
    call()
    return time.process_time() - started


def batch_row(equations: Equations, start: tuple[float, ...], tolerance: float) -> list[str]:
    """First-order maps of many trajectories, one thread: seconds of the shortest of turns."""
    import heyoka as hy  # type: ignore[import-not-found]

    n = len(start)
    starts = np.array(start) + SPREAD * np.random.default_rng(5).normal(size=(MAPS, n))
    x = [ty.variable(f"x{i}") for i in range(n)]
    system = ty.variational(list(zip(x, equations(ty, x), strict=True)), 1)
    ta = ty.Integrator(system, start, tol=tolerance)
    lanes = hy.recommended_simd_size()
    y = [hy.expression(f"x{i}") for i in range(n)]
    whole = hy.var_ode_sys(list(zip(y, equations(hy, y), strict=True)), y, order=1)
    batch = hy.taylor_adaptive_batch(whole, starts[:lanes].T.copy(), tol=tolerance)
    begun = batch.state.copy()
    found = np.empty((MAPS, n, n))

    def theirs() -> None:
        for first in range(0, MAPS, lanes):
            batch.set_time(0.0)
            batch.state[:] = begun
            batch.state[:n] = starts[first : first + lanes].T
            batch.propagate_until(SPAN)
            found[first : first + lanes] = batch.state[n:].T.reshape(-1, n, n)

    def ours() -> Any:
        return ty.ensemble(ta, starts, until=SPAN, workers=1)

    matrices = ours().state_transition_matrix
    theirs()
    scale = np.abs(found).max(axis=(1, 2))
    differ = np.abs(matrices - found).max(axis=(1, 2)) / scale
    if np.median(differ) > 1e-12:
        raise RuntimeError("the sides have other maps")
    mine, other = (min(cpu_seconds(one) for _ in range(TURNS)) for one in (ours, theirs))
    name = f"{MAPS} planar CR3BP maps of order 1"
    return [name, f"{1e3 * mine:.0f}", f"{1e3 * other:.0f}", f"{other / mine:.1f}", "3"]


def uncertainty_row() -> tuple[list[str], str]:
    """One map of order 4 with its moments against integrated orbits; and how right moments are.

    The orbit of examples/orbit_uncertainty.py: eccentricity 0.73, from an apogee to the third
    perigee.
    """
    mu, radius, j2, perigee, apogee = 398600.4418, 6378.137, 1.08262668e-3, 6628.0, 42164.0
    axis = (perigee + apogee) / 2
    start = np.array([apogee, 0.0, 0.0, np.sqrt(mu * (2 / apogee - 1 / axis))])
    sigma = np.array([2.0, 2.0, 0.5e-3, 0.5e-3])
    end = 5 * np.pi * np.sqrt(axis**3 / mu)
    x, y, u, v = ty.variables("x y u v")
    square = x**2 + y**2
    pull = mu * square**-1.5 * (1 + 1.5 * j2 * radius**2 / square)
    system = [(x, u), (y, v), (u, -pull * x), (v, -pull * y)]
    displacements = np.random.default_rng(1).normal(size=(ORBITS, 4)) * sigma
    ta = ty.Integrator(system, start, tol=1e-12)

    def one_map() -> Any:
        covariance = np.diag(sigma**2)
        return ty.analysis.uncertainty(system, start, end, covariance, order=4, tol=1e-12)

    def one_by_one() -> None:
        for displacement in displacements[: ORBITS // 10]:
            ta.time, ta.state = 0.0, start + displacement
            ta.propagate_until(end)

    def third(points: np.ndarray) -> np.ndarray:
        off = points - points.mean(axis=0)
        return np.einsum("ai,aj,ak->ijk", off, off, off, optimize=True) / len(off)

    flow = one_map()
    spread = np.einsum("i,j,k->ijk", *[np.sqrt(np.diag(flow.covariance))] * 3)
    lanes = ty.ensemble(ta, start + displacements, until=end, workers=1)
    true, mapped = third(lanes.states) / spread, third(flow(displacements)) / spread
    mine = min(cpu_seconds(one_map) for _ in range(TURNS))
    other = 10 * min(cpu_seconds(one_by_one) for _ in range(TURNS))
    name = f"map of order 4 for {ORBITS} orbits one by one"
    row = [name, f"{1e3 * mine:.1f}", f"{1e3 * other:.0f}", f"{other / mine:.0f}", "100"]
    return row, f"{np.abs(mapped - true).max() / np.abs(true).max():.1e}"

"""Many solutions at once as parts of functions (`taylor.solutions`): ensembles of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from taylor.ensembles.ensemble import ensemble
from taylor.integrator.outcome import Status
from taylor.machines.arrivals import Arrivals, Starts, many_at_once


def at_once(integrator: Any, starts: Starts, ends: np.ndarray, limit: int | None) -> Arrivals:
    """Solutions from many starts.

    ends: (r, 2), or of grids (r, k, 2).

    Raises KeyboardInterrupt where it was interrupted.
    """
    kind, grid = integrator._kind, ends.ndim == 3
    times = ends if kind.is_finer or not grid else ends[..., 0]
    outcome = ensemble(
        integrator,
        starts.state,
        until=None if grid else ends,
        times=times if grid else None,
        parameters=starts.parameters,
        time0=starts.time,
        max_steps=limit,
    )
    if outcome.interrupted:
        raise KeyboardInterrupt
    derived = integrator._flow is not None
    maps = outcome.flow_maps
    states = outcome.states if maps is None else np.asarray(maps.coefficients)
    if not derived:
        states = np.expand_dims(states, 2 + grid)
    stopped = outcome.status == Status.EVENT
    good = outcome.reached | (stopped & (not grid))
    failed = {
        row: f"{outcome.status[row].name}, {outcome.messages.get(row, outcome.status[row].value)}"
        for row in np.flatnonzero(~good).tolist()
    }
    if derived:
        wrong = np.isnan(states.reshape(len(states), -1)).any(axis=1) & good
        failed |= {int(row): outcome.messages.get(int(row), "") for row in np.flatnonzero(wrong)}
    return Arrivals(states, outcome.times, outcome.reached, failed)


many_at_once.append(at_once)

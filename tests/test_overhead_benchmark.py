"""The benchmark of calls: its systems are what their names say, and its rows can be measured."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty
from benchmarks import overhead


def test_the_arenstorf_orbit_closes() -> None:
    ta = ty.Integrator(overhead.arenstorf(*ty.variables("x y vx vy")), list(overhead.ARENSTORF))
    assert ta.propagate_until(overhead.PERIOD).success
    np.testing.assert_allclose(ta.state, overhead.ARENSTORF, atol=1e-9)


@pytest.mark.parametrize("name", overhead.SMALL)
def test_small_systems_begin_where_they_say(name: str) -> None:
    system, state = overhead.small_system(name, 1.0, lambda *n: ty.variables(" ".join(n)), ty.sin)
    assert len(system) == len(state)
    assert ty.Integrator(system, state).propagate_for(0.5).success


def test_rows_are_measured_by_turns() -> None:
    rows = list(overhead.of_derivatives())
    assert len({row.name for row in rows}) == len(rows) == 4
    for row in rows:
        row.own()
    calls: list[int] = []
    row = overhead.Row("two", lambda: calls.append(1), lambda: calls.append(2), 1.0)
    own, other = overhead.compared(row)
    assert own > 0 and other is not None and other > 0 and {*calls} == {1, 2}
    assert overhead.text_of(row)[0] == "two"

"""Flow maps of systems of equal parts, whose rows one loop computes: those of a part alone."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty


def _rotor(x: ty.Expression, v: ty.Expression, rate: float) -> list[tuple[object, object]]:
    return [(x, v), (v, -rate * ty.sin(x) / (1.0 + 0.1 * x * v))]


@pytest.mark.parametrize("precision", ["float64", "double-double"])
@pytest.mark.parametrize("rates", [[1.5] * 4, [1.5, 1.5, 0.5, 1.5]])
def test_equal_parts_have_the_maps_of_one(rates: list[float], precision: str) -> None:
    names = [ty.variables(f"x{k} v{k}") for k in range(len(rates))]
    starts = [(0.5 + 0.1 * k, 0.2 - 0.3 * k) for k in range(len(rates))]
    whole = [one for (x, v), r in zip(names, rates, strict=True) for one in _rotor(x, v, r)]
    varied = [one for pair in names for one in pair]
    together = ty.Integrator(
        ty.variational(whole, 3, varied), np.ravel(starts), precision=precision
    )
    outcome = together.propagate_until(2.0)
    assert outcome.success
    flow = together.flow_map.astype("float64")
    size = 2 * len(rates)
    for k, rate in enumerate(rates):
        x, v = names[k]
        alone = ty.Integrator(
            ty.variational(_rotor(x, v, rate), 3, [x, v]), starts[k], precision=precision
        )
        alone.propagate_until(2.0)
        single = alone.flow_map.astype("float64")
        for i in range(2):
            mine = {
                powers[2 * k : 2 * k + 2]: c
                for powers, c in zip(flow.monomials, flow.coefficients[2 * k + i], strict=True)
                if sum(powers) == sum(powers[2 * k : 2 * k + 2])
            }
            others = [
                c
                for powers, c in zip(flow.monomials, flow.coefficients[2 * k + i], strict=True)
                if sum(powers) > sum(powers[2 * k : 2 * k + 2])
            ]
            wanted = dict(zip(single.monomials, single.coefficients[i], strict=True))
            assert mine == pytest.approx(wanted, rel=1e-12, abs=1e-12)
            assert not np.any(others)
    assert len(flow.names) == size

"""Common factors of sums of products: fewer convolutions, the same maps."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty
from taylor_runtime.callables import stepper as steppers
from taylor_runtime.engine import cache
from taylor_runtime.passes.factor import factored
from taylor_runtime.program.flow import FlowProgram
from taylor_runtime.program.monomials import Monomials
from taylor_runtime.program.program import Convolution
from tests.flow_maps import built, run

START = [-0.8, 0.1, 0.05, -0.6]


def _restricted_problem() -> list[tuple[ty.Expression, ty.Expression]]:
    x, y, u, v = (ty.variable(name) for name in "xyuv")
    heavy = 0.99 * ((x + 0.01) ** 2 + y**2) ** -1.5
    light = 0.01 * ((x - 0.99) ** 2 + y**2) ** -1.5
    right = 2 * v + x - (x + 0.01) * heavy - (x - 0.99) * light
    return [(x, u), (y, v), (u, right), (v, -2 * u + y - y * heavy - y * light)]


def _moving(program: FlowProgram) -> int:
    """Convolutions of which both factors have more than order zero."""
    operands = {term.operand for row in program.rows if row.step for term in row.step.terms}
    steady = program.steady
    found = [c for c in operands if isinstance(c, Convolution)]
    return sum(not (steady[c.a] or steady[c.b]) for c in found)


@pytest.mark.parametrize("order", [1, 2, 3])
def test_fewer_convolutions_give_the_same_map(monkeypatch: pytest.MonkeyPatch, order: int) -> None:
    among = Monomials(4, order)
    seen: list[tuple[int, int]] = []

    def noted(program: FlowProgram) -> FlowProgram:
        after = factored(program)
        seen.append((_moving(program), _moving(after)))
        return after

    maps = []
    for change in (noted, lambda program: program):
        monkeypatch.setattr(steppers, "factored", change)
        with cache.disabled():
            maps.append(run(built(_restricted_problem(), among), among, START, 2.0))
    assert seen == [(9, 6)]
    assert np.abs(maps[0] - maps[1]).max() <= 1e-12 * np.abs(maps[1]).max()


def test_nothing_cancels_near_a_center() -> None:
    """x + 1 multiplies its own order zero: with x near -1 its products keep their digits.

    x' = (x + 1) y, y' = 0 but for a product with x that wants the same factor: x + 1 = d exp(y t).
    """
    x, y, z = (ty.variable(name) for name in "xyz")
    among = Monomials(3, 1)
    system = [(x, (x + 1) * y), (y, 0 * x), (z, (x + 1) * y + x * y)]
    d = 2.0**-40
    found = run(built(system, among), among, [d - 1, 0.75, 0.0], 1.0)
    assert abs((found[0, 0] + 1) / d / np.exp(0.75) - 1) < 2.0**-11  # of d, rounded with x
    assert abs(found[0, 2] / (d * np.exp(0.75)) - 1) < 1e-14  # dx / dy

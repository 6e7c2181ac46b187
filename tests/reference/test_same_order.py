"""The reference adds in the order that machine code does: in float64 it has the same bits.

Programs of sums, products, quotients and roots alone, whose kernels are correctly rounded.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import coefficients, float_algebra, fused_float
from taylor_runtime.callables.points import build_jet
from taylor_runtime.program.program import Input

x, y, z, v = ty.variables("x y z v")
FORMULAS = {
    "product": x * y,
    "square": x**2 + x,
    "cube and quotient": x**3 / (1 + y**2),
    "root": ty.sqrt(x * x + y * y + 1),
    "sums of many terms": sum(((k + 1) / 7 * x**k for k in range(1, 8)), y) * y,
    "differences": (x - y) * (x + y) - x / y,
    "powers": (x * x + y * y) ** -1.5,
}
SYSTEMS: dict[str, tuple[list[Any], list[float]]] = {
    "kepler": (
        [(x, z), (y, v), (z, -x / (x * x + y * y) ** 1.5), (v, -y / (x * x + y * y) ** 1.5)],
        [1.0, 0.1, 0.0, 1.1],
    ),
    "lorenz": ([(x, 10 * (y - x)), (y, x * (28 - z) - y), (z, x * y - 8 / 3 * z)], [1.0, 2.0, 3.0]),
    "henon": ([(x, z), (y, v), (z, -x - 2 * x * y), (v, -y - x * x + y * y)], [0.1, 0.2, 0.3, 0.1]),
    "van der pol": ([(x, v), (v, 2 * (1 - x * x) * v - x)], [2.0, 0.3]),
}


@pytest.mark.parametrize("order", (1, 2, 3, 6, 15))
@pytest.mark.parametrize("name", FORMULAS)
def test_coefficients_at_points(name: str, order: int) -> None:
    rng = np.random.default_rng(order)
    given = rng.uniform(0.5, 1.5, (2, order + 1))
    inputs = {s: Input("jet", (i,)) for i, s in enumerate((x, y))}
    program = replace(decompose([FORMULAS[name]], inputs, order), exact_division=True)
    (wanted,) = coefficients(program, {"jet": given.tolist()}, float_algebra(mpmath.mp))
    code = build_jet(program, given=order + 1)
    numbers = np.repeat(given[np.newaxis, :, :, np.newaxis], code.block, axis=-1)
    found = np.empty((1, 1, order + 1, code.block))
    code.run(np.ascontiguousarray(numbers), found, code.block, 0, 1)
    assert found[0, 0, :, 0].tolist() == wanted


@pytest.mark.parametrize("name", SYSTEMS)
def test_coefficients_of_a_step(name: str) -> None:
    equations, start = SYSTEMS[name]
    ta = ty.Integrator(equations, start)
    dense = ta.propagate_until(10.0, max_steps=3, dense=True).dense
    program = ta._machine.stepper.program
    for k in range(3):
        found = dense.coefficients[k]
        state = found[0].tolist()
        scale = float(dense.scales[k])
        wanted = coefficients(program, {"state": state}, float_algebra(mpmath.mp), scale)
        np.testing.assert_array_equal(np.array(wanted).T, found)


def test_fused_float() -> None:
    tiny = 2.0**-53
    assert fused_float(1 + 2 * tiny, 1 - 2 * tiny, -1.0) == -4 * tiny**2
    assert fused_float(3.0, 5.0, -15.0) == 0.0
    assert np.isnan(fused_float(np.inf, 0.0, 1.0))
    multiply: Callable[[float], float] = lambda c: fused_float(1e308, 10.0, c)  # noqa: E731
    assert multiply(-1e308) == np.inf

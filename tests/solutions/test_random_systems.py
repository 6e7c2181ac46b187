"""Gradients of solutions of random systems against differences of double-doubles.

They have kinks and jumps, of states and of conditions; some have more inputs than go forward.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose
from random_systems import random_system

import taylor as ty

K = ty.parameter("k")
STEP = 1e-10


def loss_of(equations: Any, start: np.ndarray, end: float, **options: Any) -> Any:
    states = [e for e, _ in equations]
    ta = ty.Integrator(equations, start, parameters={K: 0.4}, **options)
    value = ty.sum([(k + 1) * e**2 for k, e in enumerate(states)])
    last = ta.as_function([states, K], value)
    return lambda x, k: last(x, k, end)


@pytest.mark.seeds(5)
def test_gradients(seed: int) -> None:
    equations, start = random_system(seed)
    plain = loss_of(equations, start, 1.25)
    fine = loss_of(equations, start, 1.25, precision="double-double")
    try:
        by_states, by_k = ty.grad(plain, argnums=(0, 1))(start, 0.4)
    except ty.UndefinedDerivativesError:
        pytest.skip("a surface is touched")

    def exact(x: np.ndarray, k: Any) -> Any:
        return ty.to_mpmath(fine(ty.from_mpmath(x), ty.from_mpmath(k)))

    for place in (0, len(start) - 1):
        high, low = (start.astype(object), start.astype(object))
        high[place] += STEP
        low[place] -= STEP
        difference = float((exact(high, 0.4) - exact(low, 0.4)) / (high[place] - low[place]))
        assert_allclose(by_states[place], difference, rtol=1e-9, atol=1e-11)
    difference = float(exact(start, 0.4 + STEP) - exact(start, 0.4 - STEP))
    assert_allclose(by_k, difference / ((0.4 + STEP) - (0.4 - STEP)), rtol=1e-9, atol=1e-11)


@pytest.mark.parametrize("seed", [2])
def test_second_derivatives(seed: int) -> None:
    """Of gradients in double-double."""
    equations, start = random_system(seed)
    plain = loss_of(equations, start, 1.0)
    fine = loss_of(equations, start, 1.0, precision="double-double")
    try:
        found = ty.hessian(lambda x: plain(x, 0.4))(start)
    except ty.UndefinedDerivativesError:
        pytest.skip("a surface is touched")
    slope = ty.grad(fine, precision="double-double")
    step = np.eye(len(start))[1] * 1e-9
    rows = [
        ty.to_mpmath(slope(ty.from_mpmath(start + h), ty.from_mpmath(0.4))) for h in (step, -step)
    ]
    difference = ((rows[0] - rows[1]) / ((start + step)[1] - (start - step)[1])).astype(float)
    assert_allclose(found[1], difference, rtol=1e-7, atol=1e-9)

"""Random systems of arrays: loops over arrays against the same spelled out in scalars, and against
their Taylor series in mpmath.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import mpmath
import numpy as np
import pytest
from mp_series import DIGITS, Series, all_series
from random_arrays import ArrayFunction, random_function

import taylor as ty
from taylor.systems import blocks

END, TERMS = 0.0625, 13


def slopes(
    fun: ArrayFunction, xs: Sequence[Any], after: Callable[[Any], Any] | None = None
) -> list[Any]:
    """Derivatives of the arrays that a function takes: what it returns, as far as shapes fit."""
    results = fun(*xs, after=after)
    found = []
    for x, shape in zip(xs, fun.shapes, strict=True):
        slope = np.sum(results[0]) * 0.1 - 0.3 * x
        for result in results:
            own = np.shape(result)
            if len(own) <= len(shape) and own == shape[len(shape) - len(own) :]:
                slope = slope + 0.2 * result
        found.append(slope)
    return found


def solution(fun: ArrayFunction, few: int, monkeypatch: pytest.MonkeyPatch) -> tuple[Any, bool]:
    """The state at the end, and whether arrays stayed arrays."""
    monkeypatch.setattr(blocks, "FEWEST", few)
    xs = [ty.variable(f"x{k}", shape=shape) for k, shape in enumerate(fun.shapes)]
    state = np.concatenate([p.ravel() for p in fun.point])
    ta = ty.Integrator(list(zip(xs, slopes(fun, xs), strict=True)), state)
    assert ta.propagate_until(END).status is ty.Status.REACHED
    return ta.state.copy(), bool(ta.system.blocks)


def by_series(fun: ArrayFunction) -> tuple[np.ndarray, float]:
    """The same by the series of the solution, order by order, and the size of its last term."""
    sizes = [math.prod(shape) for shape in fun.shapes]
    known = [[mpmath.mpf(float(v))] for p in fun.point for v in p.ravel()]
    for k in range(TERMS):
        flat = np.empty(len(known), dtype=object)
        flat[:] = [Series(coefficients) for coefficients in known]
        parts = np.split(flat, np.cumsum(sizes)[:-1])
        xs = [p.reshape(shape) for p, shape in zip(parts, fun.shapes, strict=True)]
        given = [x[()] if x.shape == () else x for x in xs]
        found = slopes(fun, given, partial(all_series, order=k))
        listed = [v for slope in found for v in np.asarray(slope, dtype=object).ravel()]
        for coefficients, slope in zip(known, listed, strict=True):
            coefficients.append(slope.coefficients[k] / (k + 1))
    end = [mpmath.polyval(coefficients[::-1], END) for coefficients in known]
    last = max(abs(coefficients[-1]) for coefficients in known) * END**TERMS
    return np.array([float(v) for v in end]), float(last)


def check_system(seed: int, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Compare what can be compared; whether arrays stayed arrays."""
    fun = random_function(random.Random(seed), steps=6, largest=24, longest=17, least=seed % 2)
    if not sum(math.prod(shape) for shape in fun.shapes):
        return False
    found, stayed = solution(fun, -1, monkeypatch)
    scalars, _ = solution(fun, 10**9, monkeypatch)
    assert np.abs(found - scalars).max() <= 1e-13 * (1 + np.abs(scalars).max()), fun.text
    if stayed and len(found) <= 12 and seed % 2:
        with mpmath.workdps(DIGITS):
            wanted, last = by_series(fun)
        bound = 1e-14 + 4 * last
        assert np.abs(found - wanted).max() <= bound * (1 + np.abs(wanted).max()), fun.text
    return stayed


def test_random_systems_of_arrays(monkeypatch: pytest.MonkeyPatch) -> None:
    stayed = sum(check_system(seed, monkeypatch) for seed in range(8))
    assert stayed >= 3


@pytest.mark.slow
def test_many_random_systems_of_arrays(scale: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for seed in range(100, 100 + 5 * scale):
        check_system(seed, monkeypatch)


@pytest.mark.parametrize("few", [-1, 10**9])
def test_states_without_elements(few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """They may stand anywhere in a system, but not alone."""
    monkeypatch.setattr(blocks, "FEWEST", few)
    x, y, z = (ty.variable(n, shape=s) for n, s in (("x", (0,)), ("y", (3,)), ("z", (2, 0))))
    ta = ty.Integrator([(x, 2 * x), (y, -y + x.sum()), (z, z)], np.ones(3))
    grid = ta.propagate_grid([0.0, 0.5, 1.0])
    np.testing.assert_allclose(grid.states[:, 1], np.exp([0.0, -0.5, -1.0]), rtol=1e-14)
    assert ta[x].shape == (0,) and ta[z].shape == (2, 0)
    with pytest.raises(ty.TaylorError, match="the system is empty"):
        ty.Integrator([(x, x)], [])

"""Results of loops that nobody reads: what is left of programs, and what these compute."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor_runtime.passes.regions import unread
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.kernels import Region, regions


@pytest.fixture
def compiled(monkeypatch: pytest.MonkeyPatch) -> list[ArrayProgram]:
    """The programs that are compiled in a test, as they are after the pass."""
    found: list[ArrayProgram] = []
    plain = unread.without_unread

    def seen(program: ArrayProgram) -> ArrayProgram:
        found.append(plain(program))
        return found[-1]

    monkeypatch.setattr(unread, "without_unread", seen)
    return found


def only(programs: list[ArrayProgram]) -> Region:
    (region,) = regions(programs[-1])
    return region


def test_a_carry_for_itself_alone_goes(compiled: list[ArrayProgram]) -> None:
    def heat(rod: Any, turns: int) -> Any:
        u, following, count = rod.copy(), rod.copy(), 0.0
        for _ in range(turns):
            for k in range(1, len(u) - 1):
                following[k] = u[k] + 0.25 * (u[k - 1] - 2 * u[k] + u[k + 1])
            for k in range(1, len(u) - 1):
                u[k] = following[k]
            count += u[0]
        return u

    rod = np.random.default_rng(0).normal(size=200)
    np.testing.assert_allclose(ty.program(heat)(rod, 7.0), heat(rod.copy(), 7), rtol=1e-14)
    assert only(compiled).shapes == ((200,),)


def test_what_another_carry_or_the_condition_reads_stays(compiled: list[ArrayProgram]) -> None:
    def run(x: Any, n: int) -> Any:
        u, v, w, k = x.copy(), x.copy(), x.copy(), 0
        while k < n and v[0] < 50:
            u[k], v[0], w[1], k = u[k] + v[k], v[0] + 1, w[1] * 2, k + 1
        return u

    x = np.arange(30.0)
    for n in (0, 5, 29):
        np.testing.assert_array_equal(ty.program(run)(x, n), run(x.copy(), n))
    assert sorted(map(len, only(compiled).shapes)) == [0, 1, 1]


def test_branches_and_inner_loops_lose_theirs(compiled: list[ArrayProgram]) -> None:
    def run(x: Any, n: int) -> Any:
        u, w = np.zeros(30), np.zeros(30)
        for k in range(n):
            if x > k:
                for j in range(k):
                    u[j], w[j] = u[j + 1] + x, w[j] - x
            else:
                u[k], w[k] = x, 2.0
        return u

    for x in (0.5, 3.5, 9.0):
        np.testing.assert_allclose(ty.program(run)(x, 8), run(x, 8), rtol=1e-14)
    region = only(compiled)
    while regions(region.graphs[-1]):
        assert sum(1 for shape in region.shapes if shape) == 1
        region = regions(region.graphs[-1])[0]


@pytest.mark.parametrize("transform", [ty.grad, lambda f: lambda x: ty.jvp(f, (x,), (x,))[1]])
def test_derivatives_keep_what_they_need(transform: Callable[..., Any]) -> None:
    def run(x: Any, n: int) -> Any:
        u, w = x.copy(), x.copy()
        for k in range(n):
            w[k] = u[k] * u[k + 1]
            u[k + 1] = w[k] + x[k]
        return u[3]

    # u3 = u2 x3 + x2, u2 = u1 x2 + x1, u1 = x0 x1 + x0
    x = np.array([0.5, 2.0, -1.0, 3.0, 1.0])
    u1 = x[0] * x[1] + x[0]
    u2 = u1 * x[2] + x[1]
    d2 = np.array([x[2] * (x[1] + 1), x[2] * x[0] + 1, u1, 0, 0])
    slope = d2 * x[3] + np.array([0, 0, 1, u2, 0])
    found = transform(lambda x: ty.program(run)(x, 3))(x)
    np.testing.assert_allclose(found, slope if np.ndim(found) else slope @ x, rtol=1e-14)

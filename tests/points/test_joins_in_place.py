"""Arrays put together of parts that are read where they are: rolls, pads and shifts of any size."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty
from taylor.points import formula
from taylor.recurrences import arrays
from taylor_runtime.arrays.plan import Plan
from taylor_runtime.passes.shapes.arrange import arranged
from taylor_runtime.program.arrays import Join

CASES: dict[str, Callable[[Any], Any]] = {
    "roll": lambda x: np.roll(x, 1, axis=-1) - 2 * x + np.roll(x, -1, axis=-1),
    "far": lambda x: x * np.roll(x, 3, axis=-1) + np.roll(x, -2, axis=0),
    "both axes": lambda x: np.sin(np.roll(x, 1, axis=0)) * np.roll(x, 1, axis=-1),
    "turned": lambda x: np.concatenate([x[..., ::-1], x[..., :0]], axis=-1) + np.roll(x, 1, -1),
    "padded": lambda x: (
        np.pad(x, [(0, 0)] * (x.ndim - 1) + [(1, 2)])[..., 1:-2] * np.roll(x, 1, -1)
    ),
    "three parts": lambda x: (
        2 + np.concatenate([x[..., 1:], x[..., :1], x[..., ::-1]], axis=-1) ** 2
    ),
    "summed": lambda x: np.sum(np.roll(x, 1, axis=-1) * x, axis=-1),
    "rolled twice": lambda x: np.roll(np.roll(x, 1, axis=-1) + x, 1, axis=-1) * np.roll(x, 1, -1),
    "divisor": lambda x: x / (3 + np.roll(x, 1, -1)) + 1 / np.roll(x + 4, 1, -1),
    "product of two": lambda x: np.roll(x, 1, axis=-1) * np.roll(x, -1, axis=-1),
}
SHAPES = [(1,), (2,), (3,), (8,), (9,), (40,), (3, 5), (2, 33), (17, 2), (3, 4, 9)]


@pytest.fixture(autouse=True)
def _always_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    yield


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("name", CASES)
def test_values(name: str, shape: tuple[int, ...]) -> None:
    fun, x = CASES[name], ty.variable("x", shape=shape)
    numbers = np.random.default_rng(len(shape)).random(shape)
    function = ty.compile(fun(x), [x])
    assert isinstance(function, formula.Function) and function._arrays is not None
    right = fun(numbers)
    np.testing.assert_allclose(function(numbers), right, rtol=1e-14, atol=1e-15)
    single = ty.compile(fun(x), [x], precision="float32")(numbers)
    np.testing.assert_allclose(single, right, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("size", [3, 12, 37])
@pytest.mark.parametrize("name", CASES)
def test_series(name: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those that are written out in scalars."""
    rng = np.random.default_rng(size)
    point, direction = rng.random(size), rng.standard_normal(size)
    found = ty.jet(CASES[name], point, 6, direction=direction)
    monkeypatch.setattr(arrays, "FEWEST", 10**9)
    right = ty.jet(CASES[name], point, 6, direction=direction)
    assert np.abs(np.asarray(found) - right).max() <= 1e-14 * np.abs(right).max()


def test_rolls_are_not_copied() -> None:
    x = ty.variable("x", shape=(256,))
    function = ty.compile(np.roll(x, 1) - 2 * x + np.roll(x, -1), [x])
    assert function._arrays is not None
    program = arranged(function._arrays.lowered.program)
    joins = {i for i in range(len(program.rows)) if isinstance(program.row(i).moved, Join)}
    assert len(joins) == 2 and Plan(program).joins == joins


def test_equations_with_rolls_along_both_axes() -> None:
    """Heat in a torus: what is a product of waves decays at a known rate."""
    n, m = 24, 10
    u = ty.variable("u", shape=(n, m))
    around = [np.roll(u, k, axis) for k in (1, -1) for axis in (0, 1)]
    start = np.outer(np.cos(2 * np.pi * np.arange(n) / n), np.cos(4 * np.pi * np.arange(m) / m))
    ta = ty.Integrator([(u, sum(around) - 4 * u)], start)
    ta.propagate_until(1.0)
    rate = 2 * np.cos(2 * np.pi / n) + 2 * np.cos(4 * np.pi / m) - 4
    np.testing.assert_allclose(ta.state.reshape(n, m), np.exp(rate) * start, atol=1e-14)


@pytest.mark.parametrize(
    ("precision", "tolerance"), [("float32", 2e-6), ("float64", 3e-15), ("double-double", 1e-28)]
)
def test_sums_that_states_add_up_themselves(precision: str, tolerance: float) -> None:
    """Heat on a ring: a sawtooth decays by exp(-4 t), to the last digits of each kind."""
    n = 600
    u = ty.variable("u", shape=(n,))
    start = np.where(np.arange(n) % 2, -1.0, 1.0)
    rate = np.roll(u, 1) - 2 * u + np.roll(u, -1)
    ta = ty.Integrator([(u, rate)], start, precision=precision)
    plan = Plan(ta._machine.stepper.program)
    assert len(plan.sums) == 1 and len(plan.joins) == 2 and plan.sums <= plan.recent
    assert ta.propagate_until(0.5).retracted == 0  # slopes at the ends of steps are confirmed
    with mpmath.workdps(40):
        right = mpmath.exp(-2)
        values = ta.state[:: n // 5 + 1]
        for value, sign in zip(values, start[:: n // 5 + 1], strict=True):
            own = mpmath.fsum(map(float, np.atleast_1d(value)))  # of high and low parts
            assert abs(own - int(sign) * right) <= tolerance

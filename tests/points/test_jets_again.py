"""Functions that are known again: the same coefficients without a trace, and never stale ones."""

from __future__ import annotations

import gc
import math
import weakref
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from mpmath import mp

import taylor as ty
from taylor.points import jets, traced
from taylor.points.traced import KnownJet, known_jets

FACTOR = 2.0


def scaled(x: Any) -> Any:
    return FACTOR * ty.sin(x)


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Functions that were traced."""
    seen: list[Any] = []
    trace = jets.call_on

    def traced_now(fun: Any, arguments: Any) -> Any:
        seen.append(fun)
        return trace(fun, arguments)

    monkeypatch.setattr(jets, "call_on", traced_now)
    return seen


@pytest.mark.parametrize("fun", [ty.tanh, np.exp, scaled, lambda x: x**3 - 1 / x])
def test_coefficients_are_the_same(fun: Any, traces: list[Any]) -> None:
    first = ty.jet(fun, 0.7, order=12)
    ty.jet(fun, 0.1, order=12)
    known = len(traces)
    for x in (0.7, 0.7, 0.25, 0.7):
        again = ty.jet(fun, x, order=12)
        assert again.shape == (13,) and again.flags.owndata and again.flags.writeable
    np.testing.assert_array_equal(again, first)
    assert len(traces) == known


def test_derivatives_of_any_order_against_mpmath() -> None:
    for n in (1, 7, 20, 21, 30):
        nth = ty.derivative(ty.tanh, n)
        with mp.workdps(40):
            expected = float(mp.diff(mp.tanh, 0.5, n))
        for _ in range(3):
            found = nth(0.5)
            assert type(found) is np.float64
            assert abs(found - expected) <= 1e-11 * abs(expected)


def test_what_a_function_reads_may_change(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        assert ty.jet(scaled, 0.5, order=1)[0] == 2 * math.sin(0.5)
    monkeypatch.setattr(f"{__name__}.FACTOR", 3.0)
    for _ in range(3):
        assert ty.jet(scaled, 0.5, order=1)[0] == 3 * math.sin(0.5)


def test_captured_variables_and_arrays_may_change() -> None:
    a, listed = 1.5, np.array([1.0, 2.0])

    def fun(x: Any) -> Any:
        return a * x + listed[1] * x**2

    for _ in range(3):
        assert ty.jet(fun, 1.0, order=2).tolist() == [3.5, 5.5, 2.0]
    listed[1] = 4.0
    for _ in range(3):
        assert ty.jet(fun, 1.0, order=2).tolist() == [5.5, 9.5, 4.0]
    a = 2.5
    for _ in range(3):
        assert ty.jet(fun, 1.0, order=2).tolist() == [6.5, 10.5, 4.0]


def test_limits_at_singular_points_are_found_again() -> None:
    def fun(x: Any) -> Any:
        return x**2.5

    for _ in range(4):
        found = ty.jet(fun, 0.0, order=4)
        assert found[:3].tolist() == [0.0, 0.0, 0.0] and found[3] == math.inf
        assert np.isfinite(ty.jet(fun, 1.0, order=4)).all()


def test_other_arguments_go_the_long_way() -> None:
    for _ in range(3):
        assert ty.jet(scaled, 0.5, order=3).shape == (4,)
    assert ty.jet(scaled, [0.5, 1.0], order=3).shape == (4, 2)
    assert ty.jet(scaled, 0.5, order=3, precision="double-double").shape == (4, 2)
    assert len(ty.jet(scaled, 0.5, order=3, error=True)) == 2
    y = ty.variable("y")
    assert ty.jet(scaled, y, order=1)[0] is scaled(y)
    pair = ty.jet(lambda x: (x, 2 * x), 0.5, order=1)
    assert isinstance(pair, tuple) and len(pair) == 2


def test_functions_are_not_kept() -> None:
    def make() -> Any:
        return lambda x: ty.exp(x) * 2

    fun = make()
    for _ in range(4):
        ty.jet(fun, 0.5)
    assert isinstance(known_jets(fun)[20], KnownJet)
    seen = weakref.ref(fun)
    del fun
    gc.collect()
    assert seen() is None


def test_threads_have_rooms_of_their_own() -> None:
    points = np.linspace(-1.0, 1.0, 200).tolist()
    expected = [ty.jet(ty.tanh, x, order=15) for x in points]
    with ThreadPoolExecutor(4) as pool:
        for _ in range(10):
            found = list(pool.map(lambda x: ty.jet(ty.tanh, x, order=15), points))
            assert all(np.array_equal(a, b) for a, b in zip(found, expected, strict=True))


def test_only_what_is_asked_for_twice_is_kept() -> None:
    def fun(x: Any) -> Any:
        return x * x

    ty.jet(fun, 0.5, order=3)
    assert known_jets(fun) == {3: None}
    ty.jet(fun, 0.5, order=3)
    assert isinstance(traced.known_jets(fun)[3], KnownJet)


@pytest.mark.parametrize("variables", [1, 2, 3, 5])
@pytest.mark.parametrize("order", [0, 1, 2, 3, 4])
def test_tensors_have_all_derivatives(variables: int, order: int) -> None:
    def fun(*x: Any) -> Any:
        return sum((k + 1) * v**4 for k, v in enumerate(x)) * (1 + x[0] * x[-1])

    point = tuple(0.3 + 0.1 * k for k in range(variables))
    d = ty.derivatives(fun, point, order=4)
    tensor = d.at(list(point)).tensor(order)
    assert tensor.shape == (variables,) * order
    for index in np.ndindex(*tensor.shape):
        powers = tuple(index.count(k) for k in range(variables))
        assert tensor[index] == d[powers]

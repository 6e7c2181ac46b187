"""Dense output by machine code beside the same by NumPy: bits, errors, and what it hands on."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError
from taylor.machines.dense import DenseOutput
from taylor_runtime.callables import driving

X, V = ty.variables("x v")


@pytest.fixture(autouse=True)
def _compiled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(driving, "_asked", {"dense", "driver"})
    yield


def chain(count: int) -> ty.Integrator:
    """Coupled oscillators, one state more or less than twice as many."""
    x = [ty.variable(f"x{i}") for i in range(count)]
    slopes = [x[(i + 1) % count] - ty.sin(x[i]) if i % 2 else -x[i - 1] for i in range(count)]
    return ty.Integrator(list(zip(x, slopes, strict=True)), np.linspace(0.1, 1.0, count))


def by_numpy(dense: DenseOutput, times: object, derivative: int = 0) -> np.ndarray:
    other = replace(dense)
    object.__setattr__(other, "_evaluators", {derivative: driving.undriven})
    return other(times, derivative=derivative)  # type: ignore[arg-type]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 8, 9, 17])
@pytest.mark.parametrize("end", [7.0, -7.0])
def test_bits_are_those_of_numpy(count: int, end: float) -> None:
    dense = chain(count).propagate_until(end, dense=True).dense
    assert dense is not None and dense.steps > 3
    rng = np.random.default_rng(count)
    times = np.sort(rng.uniform(min(0.0, end), max(0.0, end), 203))
    several = [times, times[::-1].copy(), rng.permutation(times), dense.starts[:, 0].copy()]
    several += [times[:k].copy() for k in range(6)]
    for derivative in (0, 1, 2, 5):
        evaluate = dense._make_evaluator(derivative)
        for one in several:
            found = dense(one, derivative=derivative)
            assert found.shape == (len(one), count) and found.flags.owndata
            assert found.tobytes() == by_numpy(dense, one, derivative).tobytes()
            assert evaluate(one).tobytes() == found.tobytes()
        for time in (0.0, end, float(times[3]), np.float64(times[7]), float(dense.starts[2, 0])):
            found = dense(time, derivative=derivative)
            assert found.shape == (count,)
            assert found.tobytes() == by_numpy(dense, time, derivative).tobytes()
            assert evaluate(time).tobytes() == found.tobytes()


def test_derivatives_beyond_the_order_are_zero() -> None:
    dense = chain(2).propagate_until(1.0, dense=True).dense
    assert dense is not None
    assert not dense(0.5, derivative=dense.order + 1).any()
    assert dense(0.5, derivative=dense.order).any()


def test_other_times_are_handed_on() -> None:
    dense = chain(3).propagate_until(2.0, dense=True).dense
    assert dense is not None
    evaluate, times = dense._make_evaluator(0), np.linspace(0.0, 2.0, 12)
    for other in (1, [0.5, 1.0], times.reshape(3, 4), times[::2], np.array(0.5), np.arange(2)):
        assert evaluate(other) is None
        found = dense(other)  # type: ignore[arg-type]
        assert found.tobytes() == by_numpy(dense, other).tobytes()
        assert found.shape == (*np.shape(other), 3)
    assert evaluate() is None and evaluate(0.5, 1.0) is None


def test_errors_are_those_of_before() -> None:
    dense = chain(2).propagate_until(2.0, dense=True).dense
    assert dense is not None
    for _ in range(2):
        for time in (2.1, -0.1, [0.5, 9.0], np.array([0.1, 0.2, 0.3, 0.4, 5.0]), np.inf):
            with pytest.raises(ty.ExtrapolationError, match="outside"):
                dense(time)  # type: ignore[arg-type]
        for time in (np.nan, np.array([0.5, np.nan])):
            with pytest.raises(ArgumentError, match="NaN"):
                dense(time)  # type: ignore[arg-type]
        for derivative in (-1, 1.0, "1"):
            with pytest.raises(ArgumentError, match="natural"):
                dense(0.5, derivative=derivative)  # type: ignore[arg-type]
    assert dense(2.5, extrapolate=True).shape == (2,)


def test_results_belong_to_the_caller() -> None:
    dense = chain(2).propagate_until(2.0, dense=True).dense
    assert dense is not None
    first = dense(1.0)
    kept = first.copy()
    first[:] = 0.0
    np.testing.assert_array_equal(dense(1.0), kept)


def test_dense_output_pickles_and_copies_after_calls() -> None:
    dense = chain(2).propagate_until(2.0, dense=True).dense
    assert dense is not None
    expected = dense(np.linspace(0.0, 2.0, 9))
    for other in (pickle.loads(pickle.dumps(dense)), copy.copy(dense), copy.deepcopy(dense)):
        np.testing.assert_array_equal(other(np.linspace(0.0, 2.0, 9)), expected)


def test_no_step_and_the_last_one() -> None:
    ta = chain(2)
    rest = ta.propagate_until(0.0, dense=True).dense
    assert rest is not None
    np.testing.assert_array_equal(rest(0.0), ta.state)
    before = ta.state.copy()
    ta.step()
    np.testing.assert_array_equal(ta.dense(0.0), before)
    np.testing.assert_allclose(ta.dense(ta.time), ta.state, rtol=1e-15)


def test_other_kinds_of_numbers_are_evaluated_by_numpy() -> None:
    system = [(X, V), (V, -X)]
    for precision in ("float32", "double-double"):
        ta = ty.Integrator(system, [1.0, 0.0], precision=precision)
        dense = ta.propagate_until(1.0, dense=True).dense
        assert dense is not None and dense._make_evaluator(0) is driving.undriven
        assert dense(0.5).shape[0] == 2

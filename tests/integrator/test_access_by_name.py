"""States and parameters by variable or name, scalars and arrays in their shapes."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
Y = ty.variable("y", shape=(2,))
Q = ty.variable("q", shape=(2, 3))
A = ty.parameter("A", shape=(2, 2))
K = ty.parameter("k")


def rotation(**options: Any) -> ty.Integrator:
    """y' = A y: with A = [[0, 1], [-1, 0]] from (1, 0) the cosine and minus the sine."""
    given = {"parameters": {A: [[0, 1], [-1, 0]]}, **options}
    return ty.Integrator([(Y, A @ Y)], [1.0, 0.0], **given)


@pytest.mark.parametrize("precision", ["float64", "float32", "double-double"])
@pytest.mark.parametrize("key", [A, "A"])
def test_array_parameters_are_set_as_arrays(key: Any, precision: str) -> None:
    ta = rotation(parameters={key: [[0, 1], [-1, 0]]}, precision=precision)
    outcome = ta.propagate_until(1.0)
    found = ta.state[:, 0] if precision == "double-double" else ta.state
    assert found == pytest.approx([np.cos(1.0), -np.sin(1.0)], abs=1e-6)
    assert np.array_equal(outcome[Y], ta.state) and np.array_equal(ta["y"], ta.state)
    ta.parameters[key] = np.eye(2)
    assert np.asarray(ta.parameters[A], dtype=float).tolist() == [[1, 0], [0, 1]]
    assert float(ta.parameters[A[0, 1]]) == 0.0 == float(ta.parameters["A[0, 1]"])
    ta.parameters = {A: 2 * np.eye(2)}
    for other in (copy.copy(ta), pickle.loads(pickle.dumps(ta))):
        assert np.asarray(other.parameters["A"], dtype=float).tolist() == [[2, 0], [0, 2]]


def test_elements_that_are_not_used_may_be_given() -> None:
    ta = ty.Integrator([(X, A[0, 1] * X)], [1.0], parameters={A: [[1, 2], [3, 4]]})
    assert list(ta.parameters.values()) == [2.0]
    assert np.array_equal(ta.parameters[A], [[np.nan, 2], [np.nan, np.nan]], equal_nan=True)
    ta.parameters[A[0, 1]] = 5
    assert ta.parameters[A][0, 1] == 5


def test_array_parameters_of_ensembles() -> None:
    turns = np.array([[[0, w], [-w, 0]] for w in (0.5, 1.0, 2.0)])
    found = ty.ensemble(rotation(), [1.0, 0.0], until=1.0, parameters={A: turns})
    assert found.states[:, 0] == pytest.approx(np.cos([0.5, 1.0, 2.0]))
    same = ty.ensemble(rotation(), np.ones((2, 2)), until=1.0, parameters={"A": np.zeros((2, 2))})
    assert same.states.tolist() == [[1.0, 1.0], [1.0, 1.0]]


def test_states_in_the_shape_of_an_array_variable() -> None:
    start = np.arange(6.0).reshape(2, 3)
    ta = ty.Integrator([(Q, 0 * Q + K)], start, parameters={K: 1})
    outcome = ta.propagate_grid([0.0, 1.0, 3.0])
    assert np.allclose(ta[Q], start + 3, atol=1e-14) and ta[Q].shape == (2, 3)
    assert np.allclose(outcome[Q][1], start + 1, atol=1e-14) and outcome["q"].shape == (3, 2, 3)
    assert outcome[Q[1, 2]].shape == (3,) and outcome[Q[1, :]].shape == (3, 3)
    ta.state = start
    assert np.array_equal(ta.state, start.ravel())
    ta[Q[0, :]] = [7, 8, 9]
    assert ta.state.tolist() == [7, 8, 9, 3, 4, 5]
    with pytest.raises(ty.TaylorError, match=r"shape \(2, 3\)"):
        ta[Q] = 1.0


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_states_by_variable_or_name(precision: str) -> None:
    system = [(X, V), (Y, Y), (V, -X)]
    ta = ty.Integrator(system, {V: 2, "y": [3, 4], X: 1}, precision=precision)
    first = ta.state[:, 0] if precision == "double-double" else ta.state
    assert first.tolist() == [1.0, 3.0, 4.0, 2.0]
    ta.state = {"v": 5, "x": 6, "y[0]": 7, Y[1]: 8}
    assert np.ravel(ta[V])[0] == 5 and np.ravel(ta["x"])[0] == 6 and np.ravel(ta[Y])[0] == 7
    ta[X] = 0.5
    outcome = ta.propagate_until(0.25)
    assert np.array_equal(outcome[V], ta[V]) and np.array_equal(outcome.state, ta.state)
    again = pickle.loads(pickle.dumps(outcome))
    assert np.array_equal(again["x"], outcome[X])


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_variables_of_ensembles(precision: str) -> None:
    ta = ty.Integrator([(X, V), (Y, 0 * Y), (V, -X)], np.zeros(4), precision=precision)
    starts = np.arange(12.0).reshape(3, 4)
    pairs = (2,) if precision == "double-double" else ()
    found = ty.ensemble(ta, starts, until=0.5)
    assert found[X].shape == (3, *pairs) and found["y"].shape == (3, 2, *pairs)
    assert np.array_equal(found[V], found.states[:, 3])
    assert np.array_equal(found[Y[1]], found.states[:, 2])
    grid = ty.ensemble(ta, starts, times=[0.0, 0.25])
    assert grid[X].shape == (3, 2, *pairs) and grid[Y].shape == (3, 2, 2, *pairs)
    assert np.array_equal(grid[Y], grid.states[:, :, 1:3])
    assert np.array_equal(pickle.loads(pickle.dumps(grid))["v"], grid[V])
    with pytest.raises(ty.TaylorError, match="no state 'q'"):
        found["q"]


@pytest.mark.parametrize("precision", ["float64", "double-double"])
@pytest.mark.parametrize(("matrix", "vector"), [(A, Y), ("A", "y")])
def test_impulses_of_arrays(matrix: Any, vector: Any, precision: str) -> None:
    """y' = A y: A is zero until t = 1, y = (1, 2) there doubled, then turned by A to t = 2."""
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])
    kick = ty.Impulse(1.0, add={vector: Y}, set={matrix: turn})
    ta = ty.Integrator(
        [(Y, A @ Y)],
        [1.0, 2.0],
        parameters={A: np.zeros((2, 2))},
        impulses=[kick],
        precision=precision,
    )
    ta.propagate_until(2.0)
    c, s = np.cos(1.0), np.sin(1.0)
    first = ta.state.reshape(2, -1)[:, 0]
    assert first == pytest.approx([2 * c + 4 * s, 4 * c - 2 * s], rel=1e-14)
    assert np.asarray(ta.parameters[A], dtype=float).tolist() == turn.tolist()
    again = pickle.loads(pickle.dumps(ta))
    for back in (ta, again):  # undone by what was done
        back.propagate_until(0.5)
        assert back.state.reshape(2, -1)[:, 0] == pytest.approx([1, 2], abs=1e-14)
        assert not np.asarray(back.parameters[A], dtype=float).any()


def test_impulses_of_elements_and_of_array_expressions() -> None:
    rate = ty.parameter("rate", shape=(2,))
    kicks = [
        ty.Impulse(1.0, add={Y[0]: 10, "y[1]": rate[0] * Y[0]}, set={rate[1]: Y.sum()}),
        ty.Impulse(2.0, add={Y: [[1, 2] @ Y, 5]}, set={"rate": 2 * rate}),
        ty.Impulse(3.0, set={A[0, 1]: 7, A[1, 0]: A[0, 1] + 1}),
    ]
    ta = ty.Integrator(
        [(Y, 0 * Y + A[0, 1] - A[0, 1] + rate - rate)],
        [1.0, 2.0],
        parameters={rate: [3, 4], A: np.ones((2, 2))},
        impulses=kicks,
    )
    ta.propagate_until(1.5)
    assert ta.state.tolist() == [11, 5] and ta.parameters[rate].tolist() == [3, 3]
    ta.propagate_until(2.5)
    assert ta.state.tolist() == [32, 10] and ta.parameters[rate].tolist() == [6, 6]
    ta.propagate_until(3.5)
    assert (ta.parameters[A[0, 1]], ta.parameters[A[1, 0]]) == (7, 2)
    ta.propagate_until(0.0)
    assert ta.state.tolist() == [1, 2] and ta.parameters[rate].tolist() == [3, 4]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: ty.Integrator([(X, V), (V, -X)], {X: 1}), "no value for state 'v'"),
        (lambda: ty.Integrator([(X, V), (V, -X)], {X: 1, V: 0, K: 1}), "no state 'k'"),
        (lambda: ty.Integrator([(X, V), (V, -X)], {X: 1, V: 0, "v": 1}), "given twice"),
        (lambda: ty.Integrator([(X, V), (V, -X)], {X: 1, V: [1, 2]}), "must be numbers"),
        (lambda: ty.Integrator(lambda t, y: -y, {X: 1}), "takes the state as array"),
        (lambda: rotation()[X], "no state 'x'"),
        (lambda: rotation().propagate_until(1)[X], "no state 'x'"),
        (lambda: rotation(parameters={A: np.eye(3)}), r"shape \(2, 2\), got \(3, 3\)"),
        (lambda: rotation(parameters={A: 1.0}), r"shape \(2, 2\), got \(\)"),
        (lambda: ty.Impulse(1, add={Y: 1}), r"add\[y\] must have shape \(2,\)"),
        (lambda: ty.Impulse(1, set={K: [1, 2]}), r"set\[k\] must be a scalar"),
        (lambda: ty.Impulse(1, set={A: [[1, 2], [np.inf, 4]]}), "finite"),
        (lambda: rotation(impulses=ty.Impulse(1, set={"A": 1})), r"set\[A\] must have shape"),
        (lambda: rotation(impulses=ty.Impulse(1, add={Y: [1, 2], Y[0]: 1})), "twice"),
        (lambda: rotation(impulses=ty.Impulse(1, add={"z": 1})), "no state 'z'"),
        (lambda: rotation().parameters["B"], "no parameter 'B'; it has: A"),
        (lambda: rotation().parameters[Y], "no parameter 'y'"),
    ],
)
def test_mistakes_are_named(wrong: Any, message: str) -> None:
    with pytest.raises(ty.TaylorError, match=message):
        wrong()

"""All ways of writing a system of equations, and everything that is not one."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, V, Y, Z = ty.variables("x v y z")
K = ty.parameter("k")
Q = ty.variable("q", shape=(3, 2))
P = ty.variable("p", shape=(3, 2))
START = np.arange(12.0) / 10 - 0.5


def run(system: Any, state: Any, span: float = 3.0, **options: Any) -> np.ndarray:
    ta = ty.Integrator(system, state, **options)
    assert ta.propagate_for(span).status is ty.Status.REACHED
    return ta.state


def test_every_form_of_the_same_system_ends_in_the_same_bits() -> None:
    forms: list[Any] = [
        [(Q, P), (P, -Q)],
        {Q: P, P: -Q},
        ((left, right) for left, right in [(Q, P), (P, -Q)]),
        [(Q[i], P[i]) for i in range(3)]
        + [(P[i, j], -Q[i, j]) for i in range(3) for j in range(2)],
        lambda t, y: np.concatenate([y[6:], -y[:6]]),
        lambda t, y, p: [*y[6:], *[-a for a in y[:6]]],
    ]
    ends = [run(form, START) for form in forms]
    c, s = math.cos(3.0), math.sin(3.0)
    exact = np.concatenate([c * START[:6] + s * START[6:], c * START[6:] - s * START[:6]])
    assert np.abs(ends[0] - exact).max() < 2e-15
    assert len({end.tobytes() for end in ends}) == 1


def test_a_scalar_derivative_broadcasts_over_an_array_variable() -> None:
    end = run([(Q, 2), (P, ty.time)], START)
    assert end == pytest.approx(START + np.repeat([6.0, 4.5], 6), abs=1e-15)


def test_a_numpy_function_with_parameters() -> None:
    def damped(t: Any, y: Any, p: Any) -> Any:
        return np.array([y[1], -p[0] * np.sin(y[0]) - p[1] * y[1]])

    pairs = [(X, V), (V, -9.8 * ty.sin(X) - 0.1 * V)]
    assert run(damped, [0.5, 0.0], parameters=[9.8, 0.1]) == pytest.approx(
        run(pairs, [0.5, 0.0]), abs=1e-14
    )


def test_parameters_in_a_closure_are_found() -> None:
    end = run(lambda t, y: -K * y, [1.0], parameters={"k": 2.0})
    assert end[0] == pytest.approx(math.exp(-6.0), rel=1e-14)


def test_constants_parameters_and_time_alone() -> None:
    system = [(X, 2), (Y, K), (Z, ty.time), (V, 0)]
    ta = ty.Integrator(system, [1.0, 2.0, 0.0, 7.0], parameters={K: 0.5})
    assert ta.propagate_until(3.0).steps == 1  # polynomials need no second step
    assert ta.state.tolist() == [7.0, 3.5, 4.5, 7.0]


def test_states_that_occur_in_no_equation() -> None:
    end = run([(X, ty.cos(ty.time)), (Y, Z - Z + 1), (Z, 0)], [1.0, 2.0, -1.0])
    assert end == pytest.approx([1 + math.sin(3.0), 5.0, -1.0], abs=1e-15)


def test_two_states_with_the_same_derivative() -> None:
    end = run([(X, Y), (Z, Y), (Y, -X)], [1.0, 2.0, 0.0])
    assert end == pytest.approx([math.cos(3), 1 + math.cos(3), -math.sin(3)], abs=2e-15)


def test_order_of_equations_is_order_of_states() -> None:
    assert run([(V, -X), (X, V)], [0.0, 1.0]) == pytest.approx(
        [-math.sin(3), math.cos(3)], abs=2e-15
    )


@pytest.mark.parametrize(
    "state", [[1, 0], (1.0, 0), np.array([1, 0]), np.array([1, 0], np.float32)]
)
def test_states_of_any_real_type(state: Any) -> None:
    assert run([(X, V), (V, -X)], state)[0] == pytest.approx(math.cos(3), abs=2e-15)


def test_one_hundred_coupled_oscillators() -> None:
    """A chain with fixed ends, packed into lanes, against its normal modes."""
    n, span = 100, 10.0
    q, p = ty.variable("q", shape=(n,)), ty.variable("p", shape=(n,))
    left = [q[i - 1] if i else 0 for i in range(n)]
    right = [q[i + 1] if i < n - 1 else 0 for i in range(n)]
    force = [a - 2 * b + c for a, b, c in zip(left, q, right, strict=True)]
    start = np.concatenate([np.random.default_rng(1).standard_normal(n), np.zeros(n)])
    end = run([(q, p), (p, force)], start, span)
    frequencies, modes = np.linalg.eigh(2 * np.eye(n) - np.eye(n, k=1) - np.eye(n, k=-1))
    omega, amplitude = np.sqrt(frequencies), modes.T @ start[:n]
    exact = np.concatenate(
        [
            modes @ (amplitude * np.cos(omega * span)),
            -modes @ (omega * amplitude * np.sin(omega * span)),
        ]
    )
    assert np.abs(end - exact).max() < 1e-13


BAD: list[tuple[Any, Any, type[Exception], str]] = [
    ([], [], ty.EquationsError, "the system is empty"),
    ({}, [], ty.EquationsError, "the system is empty"),
    (lambda t, y: y, [], ty.EquationsError, "the system is empty"),
    (None, [1.0], TypeError, "a system is a list of"),
    ("x' = v", [1.0], TypeError, "got str"),
    (X, [1.0], TypeError, "got Expression"),
    ([X, V], [1.0, 2.0], ty.EquationsError, "equation 0 must be a pair"),
    ([(X, V, 1)], [1.0], ty.EquationsError, "equation 0 must be a pair"),
    ([(X, Y)], [1.0], ty.EquationsError, r"y is used but has no equation; .*ty\.parameter\('y'\)"),
    ([(Q[0, 0], Q[0, 1])], [1.0], ty.EquationsError, r"q\[0, 1\] is used but has no equation"),
    (
        [(X, V), (V, X), (X, V)],
        [1.0] * 3,
        ty.EquationsError,
        "x has two equations, numbers 0 and 2",
    ),
    ([(Q, P), (Q, P)], START, ty.EquationsError, r"q\[0, 0\] has two equations"),
    ([(1, X)], [1.0], ty.EquationsError, "equation 0 is for 1, which is not a variable"),
    ([(X + 1, X)], [1.0], ty.EquationsError, "which is not a variable"),
    ([(K, 1)], [1.0], ty.EquationsError, "which is not a variable"),
    ([(ty.time, 1)], [1.0], ty.EquationsError, "which is not a variable"),
    ([("x", 1)], [1.0], TypeError, "'x' of type str"),
    ([(X, "v")], [1.0], TypeError, "'v' of type str"),
    ([(X, None)], [1.0], TypeError, "NoneType"),
    ([(X, 1j)], [1.0], TypeError, "complex"),
    (
        [(X, P)],
        [1.0],
        ty.EquationsError,
        r"the derivative of x has shape \(3, 2\), the variable \(\)",
    ),
    ([(Q, [1, 2, 3])], START[:6], ty.EquationsError, r"has shape \(3,\), the variable \(3, 2\)"),
    (lambda t, y: [y[1]], [1.0, 0.0], ty.ShapeError, r"shape \(1,\) for a state of 2"),
    (lambda t, y: None, [1.0], TypeError, "returned None"),
    (lambda y: y, [1.0], TypeError, "takes 1 positional"),
    (lambda t, y: y if y[0] > 0 else -y, [1.0], ty.TracingError, "where"),
    (lambda t, y: [y[1]], [1.0], ty.EquationsError, "1 states and 0 parameters.*IndexError"),
    (lambda t, y, p: p[0] * y, [1.0], ty.EquationsError, "1 states and 0 parameters.*IndexError"),
]


@pytest.mark.parametrize(("system", "state", "error", "message"), BAD)
def test_what_is_no_system_is_refused(
    system: Any, state: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ty.Integrator(system, state)


BAD_STATES: list[tuple[Any, type[Exception], str]] = [
    ([1.0], ValueError, "the initial state has 1 components, the system 2 equations"),
    ([1.0, 2.0, 3.0], ValueError, "3 components"),
    ([[1.0, 2.0]], ValueError, r"shape \(n,\), got shape \(1, 2\)"),
    (1.0, ValueError, r"got shape \(\)"),
    ([1.0, math.nan], ValueError, "component 1 is nan"),
    ([-math.inf, 1.0], ValueError, "component 0 is -inf"),
    (["a", "b"], TypeError, "array of numbers"),
    ([1j, 0], TypeError, "array of real numbers"),
    ([X, 0], TypeError, "array of numbers"),
    ([[1.0], [2.0, 3.0]], TypeError, "array of numbers"),
]


@pytest.mark.parametrize(("state", "error", "message"), BAD_STATES)
def test_bad_states_are_refused(state: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        ty.Integrator([(X, V), (V, -X)], state)


BAD_PARAMETERS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: None, ValueError, "no value for parameter 'k'"),
    (dict, ValueError, "no value for parameter 'k'"),
    (lambda: {K: 1.0, "z": 1.0}, ValueError, "no parameter 'z'; it has: k"),
    (lambda: {K: math.nan}, ValueError, "parameter k must be finite"),
    (lambda: {K: "fast"}, TypeError, "parameter k must be a number"),
    (lambda: {K: None}, TypeError, "parameter k must be a number"),
    (lambda: [1.0, 2.0], ValueError, r"got shape \(2,\)"),
]


@pytest.mark.parametrize(("values", "error", "message"), BAD_PARAMETERS)
def test_bad_parameters_are_refused(
    values: Callable[[], Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        ty.Integrator([(X, -K * X)], [1.0], parameters=values())
    ta = ty.Integrator([(X, -K * X)], [1.0], parameters={K: 0.5})
    with pytest.raises(error, match=message):
        ta.parameters = values()
    assert dict(ta.parameters) == {"k": 0.5}


def test_the_first_name_of_the_error_still_catches_it() -> None:
    assert ty.SystemError is ty.EquationsError


def test_a_function_may_make_arrays_on_its_way() -> None:
    """As derivatives inside it do, and branches of arrays."""

    def by_matrices(t: ty.Expression, y: np.ndarray) -> object:
        return ty.stack([y[0], y[1]]) @ np.array([[0.0, -1.0], [1.0, 0.0]])

    def by_branch(t: ty.Expression, y: np.ndarray) -> object:
        turned = lambda: ty.stack([y[1], -y[0]])  # noqa: E731
        return ty.cond(t < 1, turned, lambda: 0 * turned())

    for rhs, end in ((by_matrices, 2.0), (by_branch, 1.0)):
        ta = ty.Integrator(rhs, [1.0, 0.0])
        assert ta.propagate_until(2.0).success
        assert np.abs(ta.state - [np.cos(end), -np.sin(end)]).max() < 1e-14

"""Tracing ordinary NumPy functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.arguments import argument
from taylor.expressions.object_arrays import expression_array
from taylor.expressions.trace import trace_function, trace_rhs

x, y = ty.variables("x y")


def lorenz(t: float, y: Any) -> Any:
    sigma, rho, beta = 10.0, 28.0, 8 / 3
    return np.array([sigma * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - beta * y[2]])


def kepler(t: float, y: Any, p: Any) -> Any:
    position, velocity = y[:2], y[2:]
    return np.concatenate([velocity, -p[0] * position / np.linalg.norm(position) ** 3])


def clamped(t: float, y: Any) -> Any:
    rates = np.zeros_like(y)
    for i in range(3):
        rates[i] = np.maximum(y, 0.0)[i] * np.sin(t) + np.where(y > 0.5, y, 1.0)[i - 1]
    return rates


@pytest.mark.parametrize(
    ("function", "state", "parameters"),
    [
        (lorenz, [1.0, 2.0, 3.0], []),
        (kepler, [1.0, 0.1, 0.2, 0.9], [1.3]),
        (clamped, [-1.0, 0.7, 0.2], []),
    ],
)
def test_right_hand_sides_against_running_them(
    function: Callable[..., Any], state: list[float], parameters: list[float]
) -> None:
    traced = trace_rhs(function, len(state), len(parameters))
    values: dict[Any, Any] = {ty.time: 0.4}
    values |= dict(zip(traced.states, state, strict=True))
    values |= dict(zip(traced.parameters, parameters, strict=True))
    ours = [ty.evaluate(e, values) for e in traced.derivatives]
    expected = function(0.4, np.array(state), *([np.array(parameters)] if parameters else []))
    np.testing.assert_allclose(ours, expected, rtol=1e-14)


def test_shared_parts_stay_shared() -> None:
    traced = trace_rhs(kepler, 4, 1)
    cubes = {e for d in traced.derivatives[2:] for e in _powers(d)}
    assert len(cubes) == 1


def _powers(e: ty.Expression) -> list[ty.Expression]:
    from taylor.nodes.traverse import reachable

    return [n for n in reachable([e]) if n.op == "pow" and n.args[1].payload != 2]


def test_functions_of_scalars_and_array_nodes() -> None:
    assert trace_function(lambda a, b: np.hypot(a, b), x, y) is ty.hypot(x, y)
    q = ty.variable("q", shape=3)
    assert trace_function(lambda a: a @ a, q) is q @ q
    pair = trace_function(lambda a: (a, [a * 2, 1.0]), x)
    assert pair[0] is x
    assert pair[1][0] is 2 * x
    assert trace_function(lambda a: [a, 2 * a], q).shape == (2, 3)
    m = argument("m", (2, 2))
    assert expression_array(m)[0, 1] is m[0, 1] is not ty.variable("m", shape=(2, 2))[0, 1]


def test_one_equation_may_return_a_scalar() -> None:
    assert trace_rhs(lambda t, y: -y[0], 1).derivatives[0].op == "linear"
    assert trace_rhs(lambda t, y: -y, 1).derivatives[0].op == "linear"


def stores_in_floats(t: float, y: Any) -> Any:
    rates = np.zeros(2)
    rates[0] = y[1]
    return rates


def asks(t: float, y: Any) -> Any:
    return [y[1], 1.0] if y[0] > 0 else [y[1], -1.0]


@pytest.mark.parametrize(
    ("function", "error", "words"),
    [
        (stores_in_floats, ty.TracingError, r"test_trace.*dtype=object"),
        (asks, ty.TracingError, r"test_trace.*taylor\.where"),
        (lambda t, y: [math.sin(y[0]), 0], ty.TracingError, "math module"),
        (lambda t, y: None, ty.ArgumentTypeError, "returned None"),
        (lambda t, y: [y[0]], ty.ShapeError, r"\(1,\).*2 variable"),
        (lambda t, y: "abc", ty.ArgumentTypeError, "'abc'"),
        (lambda t, y: [1j, 0], ty.ArgumentTypeError, "real numbers"),
        (lambda t: [0, 0], ty.ArgumentTypeError, "1 positional"),
        (lambda t, y, p, s: [0, 0], ty.ArgumentTypeError, "4 positional"),
        (lambda t, y: [y[2], 0], IndexError, "2"),
    ],
)
def test_errors(function: Callable[..., Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        trace_rhs(function, 2)


def stored(x: Any) -> Any:
    found = np.zeros(2)
    found[0] = x
    return found


WAYS: dict[str, Callable[[], Any]] = {
    "jet": lambda: ty.jet(stored, 0.3, order=2),
    "jet at points": lambda: ty.jet(stored, [0.3, 0.4], order=2),
    "jet in a jet": lambda: ty.jet(lambda x: ty.jet(stored, x, order=1), 0.3, order=1),
    "derivative": lambda: ty.derivative(lambda x: stored(x)[0], 1)(0.3),
    "derivatives": lambda: ty.derivatives(lambda x, y: stored(x * y), [0.3, 0.4], 2),
    "array": lambda: ty.derivatives(lambda z: stored(z[0]), [0.3, 0.4], 1),
    "compile": lambda: ty.compile(stored)(0.3),
    "jit": lambda: ty.jit(stored)(0.3),
    "grad": lambda: ty.grad(lambda x: stored(x).sum())(0.3),
    "jacfwd": lambda: ty.jacfwd(stored)(0.3),
    "vmap": lambda: ty.vmap(stored)(np.array([0.3, 0.4])),
    "right-hand side": lambda: ty.Integrator(lambda t, y: stored(y[0]), [0.3, 0.4]),
    "event": lambda: ty.Integrator(
        lambda t, y: y, [0.3], events=[ty.Event(lambda t, y: stored(y[0])[0])]
    ),
    "cost": lambda: ty.gradient_through(
        ty.Integrator(lambda t, y: y, [0.3]), lambda y: stored(y[0])[0], until=1.0
    ),
    "scan": lambda: ty.jit(lambda x: ty.scan(lambda c, e: (c, stored(c)), x, length=3))(0.3),
    "implicit": lambda: ty.compile(ty.implicit(lambda x, y: stored(y - x)[0], bracket=(0, 1)))(0.3),
}


@pytest.mark.parametrize("way", WAYS)
def test_arrays_of_floats_are_no_place_for_expressions(way: str) -> None:
    """Whatever traces says so in our words, which NumPy hides behind its own of a sequence."""
    with pytest.raises(ty.TracingError, match=r"test_trace.*dtype=object"):
        WAYS[way]()


def test_parameters_need_a_third_argument() -> None:
    with pytest.raises(ty.ArgumentError, match=r"rhs\(t, y, p\)"):
        trace_rhs(lambda t, y: y, 2, 1)
    traced = trace_rhs(lambda *args: args[1] * args[2][0], 2, 1)
    assert traced.derivatives[0] is traced.states[0] * traced.parameters[0]

"""The program that goes back over a step is the exact transpose of the step's derivative."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.adjoints.pullback import make_pullback, parts
from taylor.nodes.operations.arrays.cotangents import total
from taylor.recurrences.decompose import decompose
from taylor.reference.interpreter import coefficients, fraction_algebra
from taylor.systems.system import make_system
from taylor.transforms.forward import tangents
from taylor_runtime.callables.trajectories.sweep import Observed, Steps, SweepMemory
from taylor_runtime.program.program import Input

X, Y, U, W = ty.variables("x y u w")
K, Q = ty.parameters("k q")
SLOPES = [X * Y - K * X**2 + X / 3, X - Y**3 / (2 + X)]
ORDER, SCALE, TAU = 7, Fraction(1, 4), Fraction(5, 3)
POINT, VALUE, START = (Fraction(1, 2), Fraction(-2, 3)), Fraction(3, 7), Fraction(1, 5)


def _forward(direction: tuple[Fraction, ...]) -> list[Any]:
    """The states at the end of a step and their derivatives along a direction, exactly."""
    moved = tangents(SLOPES, {X: U, Y: W, K: Q})
    states = {e: Input("state", (k,)) for k, e in enumerate((X, Y, U, W))}
    inputs = {**states, K: Input("parameter", (0,)), Q: Input("parameter", (1,))}
    program = decompose([X, Y, U, W], inputs, ORDER, [*SLOPES, *moved])
    *by_states, by_parameter = direction
    given = {"state": [*POINT, *by_states], "parameter": [VALUE, by_parameter], "time": [START, 0]}
    found = coefficients(program, given, fraction_algebra(), SCALE)
    return [sum(c * TAU**n for n, c in enumerate(series)) for series in found]


def _pullback(running: Any = None) -> Any:
    system = make_system([(X, SLOPES[0]), (Y, SLOPES[1])], 2)
    return make_pullback(system, ORDER, "float64", [True], running)


def _backward(adjoint: tuple[Fraction, Fraction]) -> list[Any]:
    seeds = [[TAU ** (ORDER - m) * a for m in range(ORDER + 1)] for a in adjoint]
    given = {"state": [*POINT, 0, 0], "parameter": [VALUE], "time": [START, 0], "jet": seeds}
    program = _pullback().sweeper.program
    found = coefficients(program, given, fraction_algebra(), SCALE)
    return [series[ORDER] for series in found]


@pytest.mark.parametrize("direction", [(1, 0, 0), (0, 1, 0), (0, 0, 1), (2, -3, 5)])
def test_transposition_is_exact(direction: tuple[int, ...]) -> None:
    along = tuple(Fraction(d) for d in direction)
    adjoint = Fraction(2, 3), Fraction(-1, 4)
    moved = _forward(along)[2:]
    left = sum(a * u for a, u in zip(adjoint, moved, strict=True))
    right = sum(b * d for b, d in zip(_backward(adjoint), along, strict=True))
    assert left == right  # of rational numbers


def test_machine_code_does_the_same() -> None:
    memory = SweepMemory(_pullback().sweeper)
    adjoint = 2 / 3, -1 / 4
    memory.limit, memory.parameters[0, 0] = np.inf, float(VALUE)
    memory.forget_sums()
    memory.adjoint[0] = adjoint
    headers = np.array([[float(START), 0.0, float(SCALE), float(SCALE * TAU)]])
    steps = Steps(headers, np.array([[float(TAU)]]), np.array([[[float(p) for p in POINT]]]))
    nothing = Observed(np.empty(0, np.int64), np.empty((1, 0)), np.empty((1, 0, 2)))
    assert memory.run(steps, nothing, 1, careful=False) == (0, 0)
    right = [float(x) for x in _backward((Fraction(2, 3), Fraction(-1, 4)))]
    np.testing.assert_allclose([*memory.adjoint[0], *memory.sums()[0]], right, rtol=1e-14)


def test_observations_within_a_step_add_up() -> None:
    memory = SweepMemory(_pullback().sweeper)
    memory.limit, memory.parameters[0, 0] = np.inf, float(VALUE)
    headers = np.array([[float(START), 0.0, float(SCALE), float(SCALE * TAU)]])
    steps = Steps(headers, np.array([[float(TAU)]]), np.array([[[float(p) for p in POINT]]]))
    found = []
    for seen, end in ((0, (2 / 3, -1 / 4)), (2, (0.0, 0.0))):
        memory.forget_sums()
        memory.adjoint[0] = end
        given = np.array([[[1.0, 0.5], [2 / 3 - 1, -1 / 4 - 0.5]]])[:, :seen]
        lengths = np.full((1, seen), float(TAU))  # both at the end of the step
        observed = Observed(np.zeros(seen, np.int64), lengths, np.ascontiguousarray(given))
        memory.run(steps, observed, 1, careful=False)
        found.append([*memory.adjoint[0], *memory.sums()[0]])
    np.testing.assert_allclose(found[0], found[1], rtol=1e-14)


def test_long_sums_are_taken_apart() -> None:
    a, b, c, d, e, f = ty.variables("a b c d e f")
    r, s = ty.sin(a + b), ty.cos(c)
    terms = [(1, r * a * d), (1, r * b * e), (2, s * c * f), (1, s * a * d), (-1, r * c)]
    whole = total(terms, ())
    listed = parts(whole)
    assert [len(part.args) for part in listed] == [2, 2, 1]
    values = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4, "e": 0.5, "f": 0.6}
    values = {x: values[str(x)] for x in (a, b, c, d, e, f)}
    found = sum(ty.evaluate(part, values) for part in listed)
    assert found == pytest.approx(ty.evaluate(whole, values), rel=1e-15)
    assert len(parts(-whole)) == 3
    assert parts(a * b)[0] is a * b and parts(-(a * b))[0] is -(a * b)

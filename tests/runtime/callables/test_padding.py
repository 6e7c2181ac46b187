"""Lanes behind the last of a row: what is in them decides nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

import taylor as ty
from taylor.systems.system import make_system
from taylor_runtime.callables import stepper as build
from taylor_runtime.passes.pack import pack
from taylor_runtime.program.arrays import ArrayProgram
from taylor_runtime.program.program import Coefficient as Newest
from taylor_runtime.program.program import Gather, Input, Program, Row, Step, Term
from taylor_runtime.program.widths import APART, computed, padded
from taylor_runtime.series.layout import Layout, windows


@pytest.mark.parametrize("unrolled", [False, True])
@pytest.mark.parametrize("n", [3, 5, 7, 9, 13, 17, 19, 20, 35])
def test_rates_beside_other_parameters(
    n: int, unrolled: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """x_k' = -v_k x_k m with m = x_0, chosen by numbers that lie in one register with the rates.

    x_0 = a_0 / g with g = 1 + v_0 a_0 t, and x_k = a_k / g^(v_k / v_0).
    """
    monkeypatch.setattr(build, "choose", lambda p, element="double": (pack(p), unrolled))
    x = [ty.variable(f"x{k} {unrolled}") for k in range(n)]  # what is known is not made again
    v = [ty.parameter(f"v{k}") for k in range(n)]
    w = [ty.parameter(f"w{k}") for k in range(4)]
    chosen = ty.where(ty.where(w[0] >= 0, w[1], w[2]) * w[3] >= 0, x[0], x[1])
    rng = np.random.default_rng(n)
    start, rates = rng.uniform(0.5, 1, n), rng.uniform(0.5, 1, n)
    system = make_system([(x[k], -x[k] * chosen * v[k]) for k in range(n)], n)
    system = replace(system, parameters=(*v, *w))  # the rates first
    ta = ty.Integrator(system, start, parameters=[*rates, 1.0, -3.0, 2.0, -2.0])
    outcome = ta.propagate_until(1.0, max_steps=100)
    assert ta._machine.stepper.options.unrolled is unrolled
    assert outcome.status is ty.Status.REACHED
    assert outcome.retracted == 0 and outcome.steps <= 5
    growth = 1 + rates[0] * start[0]
    assert np.abs(ta.state * growth ** (rates / rates[0]) / start - 1).max() <= 1e-14


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        pytest.param(0, None, id="its padding would be the rest of the source"),
        pytest.param(4, (0, 4), id="it ends with the source, whose padding repeats the last"),
    ],
)
def test_windows_that_states_see(first: int, expected: tuple[int, int] | None) -> None:
    rates = Row(start=Input("parameter", tuple(range(9))), width=9, constant=True)
    lanes = tuple((0, first + k) for k in range(5))
    window = Row(gather=Gather(lanes), width=5, constant=True)
    slope = Row(step=Step((Term(1, Newest(2), head=1),)), width=5)
    state = Row(Input("state", tuple(range(5))), Step((Term(1, Newest(3, 1)),), "h/n"), width=5)
    shown = Program((rates, window, state, slope), tuple((2, k) for k in range(5)), 4)
    assert windows(shown)[1] == expected
    jet = Row(Input("jet", tuple(range(5))), width=5)
    free = Program((rates, window, jet, slope), tuple((3, k) for k in range(5)), 4)
    assert windows(free)[1] == (0, first)  # nobody sees that padding


@pytest.mark.parametrize("width", [18, 20, 34, 36])
def test_windows_within_what_is_computed(width: int) -> None:
    """Of a row's last register the half that is not filled may be anything."""
    row = Row(
        Input("state", tuple(range(width))), Step((Term(1, Newest(1, 1)),), "h/n"), width=width
    )
    inside = Row(gather=Gather(tuple((0, k) for k in range(width)), False), width=width)
    beyond = Row(gather=Gather(tuple((0, 1 + k) for k in range(width - 1)), False), width=width - 1)
    outputs = tuple((0, k) for k in range(width))
    found = windows(Program((row, inside, beyond), outputs, 4))
    assert computed(width) < padded(width)
    assert found[1] == (0, 0)
    assert found[2] is None or 1 + computed(width - 1) <= computed(width)


@pytest.mark.parametrize("unrolled", [False, True])
@pytest.mark.parametrize("n", [17, 18, 20, 21, 28, 33, 36, 40])
def test_rings_of_all_lengths(n: int, unrolled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """x_k' = a (x_{k+1} - x_{k-1}) turns the phases of waves: exp(2 pi i k m / n) runs at the
    speed 2 a sin(2 pi m / n), which is known; the neighbours are windows and gathers.
    """
    monkeypatch.setattr(build, "choose", lambda p, element="double": (pack(p), unrolled))
    x = [ty.variable(f"ring{k} {unrolled}") for k in range(n)]
    phase = 2 * np.pi * np.arange(n) / n
    pairs = [(x[k], 0.5 * (x[(k + 1) % n] - x[k - 1])) for k in range(n)]
    ta = ty.Integrator(pairs, np.sin(phase))
    assert ta.propagate_until(3.0).status is ty.Status.REACHED
    assert ta._machine.stepper.options.unrolled is unrolled
    exact = np.sin(phase + 3.0 * np.sin(2 * np.pi / n))
    assert np.abs(ta.state - exact).max() <= 4e-15


@pytest.mark.parametrize("count", [64, 127, 128, 256])
def test_orders_of_wide_rows_lie_apart(count: int) -> None:
    """The same lane of all orders is not in a few sets of a cache; that changes no bit: a ring of
    springs in scalars, in arrays, and as one of the trajectories in lanes, whose rows are narrow.
    """
    q = [ty.variable(f"apart{i}") for i in range(count)]
    p = [ty.variable(f"rate{i}") for i in range(count)]
    forces = [ty.sin(q[i - 1] - q[i]) - ty.sin(q[i] - q[(i + 1) % count]) for i in range(count)]
    scalars = ty.Integrator(list(zip(q + p, p + forces, strict=True)), np.zeros(2 * count))
    row, rate = ty.variable("apart", shape=(count,)), ty.variable("rates", shape=(count,))
    force = np.sin(np.roll(row, 1) - row) - np.sin(row - np.roll(row, -1))
    arrays = ty.Integrator([(row, rate), (rate, force)], np.zeros(2 * count))
    start = np.sin(3.0 * np.arange(2 * count))
    for ta in (scalars, arrays):
        ta.state[:] = start
        assert ta.propagate_until(0.5).success
    program = scalars._machine.stepper.program
    assert not isinstance(program, ArrayProgram)
    strides = Layout.of(program).stride
    assert max(strides) >= 64 and all(stride % APART for stride in strides if stride)
    many = ty.ensemble(scalars, np.array([start, -start]), until=0.5, time0=0.0)
    assert scalars.order == arrays.order
    assert scalars.state.tobytes() == many.states[0].tobytes()
    np.testing.assert_allclose(arrays.state, scalars.state, rtol=0, atol=1e-14)

"""Loops and branches in differential equations and events: written out, and switches seen."""

from __future__ import annotations

import numpy as np
import pytest

import taylor as ty

X, V = ty.variables("x v")
K, N = ty.parameters("k n")


def end(force, **options):
    ta = ty.Integrator([(X, V), (V, force)], [0.5, 0.1], **options)
    ta.propagate_until(2.0)
    return ta.state.tolist()


def horner(x):
    return ty.fori_loop(0, 3, lambda i, s: s * x + i, 0.0)


def test_a_loop_of_known_length_is_its_turns() -> None:
    assert end(-X + 0.1 * horner(X)) == end(-X + 0.1 * ((0 * X + 1) * X + 2))
    total = ty.scan(lambda s, c: (s * X + c, None), 0.0, np.array([1.0, -2.0, 3.0]))[0]
    assert end(-total) == end(-((X - 2) * X + 3))


def test_inner_bounds_may_depend_on_the_outer_turn() -> None:
    def triangle(x):
        def row(n, s):
            return ty.fori_loop(0, n, lambda m, t: t + m * x**2, s)

        return ty.fori_loop(1, 4, row, 0.0)

    assert end(-triangle(X)) == end(-4 * X**2)


def test_functions_of_arrays_have_loops() -> None:
    def rhs(t, y):
        return [y[1], -ty.fori_loop(0, 4, lambda i, s: s * 0.5 + ty.sin(y[0] * i), 0.0)]

    ta = ty.Integrator(rhs, [0.5, 0.0])
    ta.propagate_until(1.0)
    total = sum(ty.sin(X * i) * 0.5 ** (3 - i) for i in range(1, 4))
    tb = ty.Integrator([(X, V), (V, -total)], [0.5, 0.0])
    tb.propagate_until(1.0)
    np.testing.assert_allclose(ta.state, tb.state, rtol=1e-14)


def test_branches_are_switches() -> None:
    chosen = ty.cond(
        X > 0, lambda: ty.sin(3 * X) * ty.exp(X) * ty.cos(X), lambda: -(ty.sin(X) ** 3)
    )
    plain = ty.where(X > 0, ty.sin(3 * X) * ty.exp(X) * ty.cos(X), -(ty.sin(X) ** 3))
    assert end(-X + chosen) == end(-X + plain)
    three = ty.switch(X * 4, [lambda: X * 1.0, lambda: X * 2, lambda: X * 3])
    assert end(-three) == end(-ty.where(X * 4 < 1, X, ty.where(X * 4 < 2, 2 * X, 3 * X)))


def test_a_branch_inside_a_loop() -> None:
    def turn(i, s):
        return ty.cond(s > 0.2, lambda: s - X * 0.1, lambda: s + X)

    s = 0.0 * X
    for _ in range(3):
        s = ty.where(s > 0.2, s - X * 0.1, s + X)
    assert end(-ty.fori_loop(0, 3, turn, 0.0 * X)) == end(-s)


def test_loops_of_parameters_stay_loops() -> None:
    force = -X * ty.fori_loop(0, N, lambda i, s: s + K, 0.0)
    assert end(force, parameters={K: 0.5, N: 4}) == end(-X * K, parameters={K: 2.0})
    ta = ty.Integrator([(X, V), (V, force)], [0.5, 0.0], parameters={K: 0.5, N: 10**5})
    ta.propagate_until(0.5)
    assert ta.state[0] == pytest.approx(0.5 * np.cos(0.5 * np.sqrt(0.5e5)), abs=1e-10)


@pytest.mark.parametrize(
    ("force", "message"),
    [
        (
            lambda: ty.while_loop(lambda s: s < 1, lambda s: s + 0.5, X),
            "the system: a while_loop that depends on",
        ),
        (
            lambda: ty.fori_loop(0, N, lambda i, s: s + X, 0.0),
            "the system: a fori_loop that depends on states",
        ),
        (
            lambda: ty.fori_loop(0, 10**6, lambda i, s: ty.where(s > 1, s * X, X), 1.0),
            "the system: a fori_loop of 1000000 turns",
        ),
        (
            lambda: ty.fori_loop(0, 10**8, lambda i, s: s * X, 1.0),
            "fori_loop: 100000000 turns .* keep their coefficients of all orders",
        ),
    ],
)
def test_other_loops_are_refused(force, message) -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match=message):
        ty.Integrator([(X, V), (V, force() + 0 * N)], [0.5, 0.1])


def test_events() -> None:
    def times(g):
        ta = ty.Integrator([(X, V), (V, -X)], [0.5, 0.1], events=[ty.Event(g)])
        return ta.propagate_until(9.0).events[0].times.tolist()

    assert times(horner(X) - 2.2) == times(X + 2 - 2.2)
    by_function = times(lambda t, y: ty.fori_loop(0, 3, lambda i, s: s * y[0] + i, 0.0) - 2.2)
    assert by_function == times(X + 2 - 2.2)
    with pytest.raises(ty.UnsupportedFunctionError, match="Event: a while_loop"):
        ty.Event(ty.while_loop(lambda s: s < 1, lambda s: s + 0.5, X))


def test_derivatives_by_parameters_of_a_loop() -> None:
    force = -X * ty.fori_loop(0, 4, lambda i, s: s * K + i, K)
    plain = -X * ((((K * K + 0) * K + 1) * K + 2) * K + 3)
    found = []
    for f in (force, plain):
        system = ty.variational([(X, V), (V, f)], order=1, wrt=[K])
        ta = ty.Integrator(system, [0.5, 0.1], parameters={K: 0.3})
        ta.propagate_until(1.0)
        found.append(ta.state_transition_matrix)
    np.testing.assert_allclose(found[0], found[1], rtol=1e-13)


def test_switches_of_loops_of_parameters_are_decided_in_many_digits() -> None:
    friction = ty.fori_loop(0, N, lambda i, s: s + K, 0.0)

    def motion(force, parameters):
        ta = ty.Integrator([(X, V), (V, force)], [0.5, 0.0], parameters=parameters)
        ta.propagate_until(30.0)
        return ta.state

    found = motion(-X - friction * ty.sign(V), {K: 0.025, N: 4})
    right = motion(-X - K * ty.sign(V), {K: 0.1})  # it comes to rest
    np.testing.assert_allclose(found, right, rtol=1e-12, atol=1e-12)


def test_equations_of_implicit_functions() -> None:
    root = ty.implicit(lambda x, y: ty.fori_loop(0, 3, lambda i, s: s * y + 1, 1.0) - x, start=0.5)
    plain = ty.implicit(lambda x, y: ((y + 1) * y + 1) * y + 1 - x, start=0.5)
    np.testing.assert_allclose(ty.jet(root, 5.0, 5), ty.jet(plain, 5.0, 5), rtol=1e-13)
    by_while = ty.implicit(
        lambda x, y: ty.while_loop(lambda s: s < x, lambda s: s * 1.5, y) - x - 0.25, start=1.0
    )
    assert by_while(2.0) == 1.0
    with pytest.raises(ty.UnsupportedFunctionError, match=r"values and no series"):
        ty.jet(by_while, 2.0, 2)


def test_numbers_of_a_turn_that_higher_orders_read() -> None:
    """dx/dt = sum (x/3)^k, whose terms are put in an array: x = 3 - sqrt(9 - 6 t)."""
    x = ty.variable("x")

    def turn(k, state):
        powers, total = state
        following = powers.copy()
        following[k] = x * powers[k - 1] / 3
        return following, total + following[k] + 0 * powers.sum()

    first = np.zeros(64)
    first[0] = 1.0
    slope = ty.fori_loop(1, 64, turn, (ty.constant(first), ty.constant(1.0)))[1]
    ta = ty.Integrator([(x, slope)], [0.0])
    ta.propagate_until(0.8)
    assert ta.state[0] == pytest.approx(3 - np.sqrt(9 - 6 * 0.8), rel=1e-14)

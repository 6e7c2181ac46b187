"""What holds of any flow: maps compose, go back, and keep what the motion keeps."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest

import taylor as ty

X, Y, U, V = ty.variables("x y u v")
P = ty.parameter("p")
T = ty.time
MU = Fraction(1, 100)


def three_bodies() -> list[tuple[ty.Expression, ty.Expression]]:
    """The planar circular restricted three-body problem, in momenta: H is a function of q and p."""
    first = ((X + MU) ** 2 + Y**2) ** Fraction(-3, 2) * (1 - MU)
    second = ((X - 1 + MU) ** 2 + Y**2) ** Fraction(-3, 2) * MU
    return [
        (X, U + Y),
        (Y, V - X),
        (U, V - first * (X + MU) - second * (X - 1 + MU)),
        (V, -U - (first + second) * Y),
    ]


START = [-0.8, 0.0, 0.0, -1.4276410653920694]
FORCED = [(X, V), (V, -ty.sin(X) * P - 0.1 * V + ty.cos(T) * X)]


def mapped(
    system: Any, state: Any, span: tuple[float, float], order: int, wrt: Any = None, **options: Any
) -> ty.Polynomial:
    """The map from the beginning of a span to its end."""
    ta = ty.Integrator(ty.variational(system, order, wrt), state, time=span[0], **options)
    assert ta.propagate_until(span[1], max_steps=2000).success
    return ta.flow_map


def by_order(found: ty.Polynomial, right: ty.Polynomial) -> float:
    """The largest difference of an order, relative to its largest coefficient (and 1)."""
    degrees = right.powers.sum(axis=1)
    errors = []
    for degree in range(right.order + 1):
        mask = degrees == degree
        a, b = found.coefficients[..., mask], right.coefficients[..., mask]
        errors.append(np.abs(a - b).max() / max(1.0, np.abs(b).max()))
    return max(errors)


def identity(names: str, order: int) -> ty.Polynomial:
    return np.stack(ty.Polynomial.variables(names, order))


@pytest.mark.parametrize("order", [1, 2, 4])
def test_maps_compose(order: int) -> None:
    """[0, 1.3] after [1.3, 3], and the way through both at once."""
    whole = mapped(three_bodies(), START, (0.0, 3.0), order)
    first = mapped(three_bodies(), START, (0.0, 1.3), order)
    second = mapped(three_bodies(), first.constant_part, (1.3, 3.0), order)
    assert by_order(second.compose(first - first.constant_part), whole) < 3e-12


def test_maps_of_forced_systems_compose_with_their_parameters() -> None:
    options: dict[str, Any] = {"parameters": {P: 1.5}}
    wrt = [X, V, P]
    whole = mapped(FORCED, [0.5, 0.2], (0.0, 3.0), 4, wrt, **options)
    first = mapped(FORCED, [0.5, 0.2], (0.0, 1.3), 4, wrt, **options)
    second = mapped(FORCED, first.constant_part, (1.3, 3.0), 4, wrt, **options)
    p = ty.Polynomial.variables("x v p", 4)[2]
    inner = np.stack([*(first - first.constant_part), p])
    assert by_order(second.compose(inner), whole) < 1e-12


def test_a_map_is_taken_up_where_another_ends() -> None:
    """Set as `flow_map`, a map goes on as if there had been no end."""
    whole = mapped(three_bodies(), START, (0.0, 3.0), 3)
    first = mapped(three_bodies(), START, (0.0, 1.3), 3)
    other = ty.Integrator(ty.variational(three_bodies(), 3), START, time=1.3)
    other.flow_map = first
    assert (other.state == first.constant_part).all()
    assert (other.flow_map.coefficients == first.coefficients).all()
    other.propagate_until(3.0)
    assert by_order(other.flow_map, whole) < 1e-12


@pytest.mark.parametrize("order, end", [(1, 10.0), (3, 4.0), (5, 2.0)])
def test_hamiltonian_maps_are_symplectic_to_every_order(order: int, end: float) -> None:
    """Poisson brackets of the map's components are those of the coordinates: {q, p} = 1, others 0.

    Of a map to order n they are known to order n - 1, each of which vanishes by itself.
    """
    flow = mapped(three_bodies(), START, (0.0, end), order)

    def bracket(f: ty.Polynomial, g: ty.Polynomial) -> ty.Polynomial:
        return sum(
            f.diff(q) * g.diff(p) - f.diff(p) * g.diff(q) for q, p in (("x", "u"), ("y", "v"))
        )

    largest = np.abs(flow.coefficients).max()
    for i in range(4):
        for j in range(i):
            found = bracket(flow[j], flow[i]).truncate(order - 1)
            right = 1.0 if (j, i) in ((0, 2), (1, 3)) else 0.0
            assert np.abs((found - right).coefficients).max() < 1e-14 * max(1, largest) ** 2


def test_maps_in_space_are_symplectic_in_double_double() -> None:
    """Whose rows, alike in threes, have several sums of products each."""
    z, w = ty.variables("z w")
    first = ((X + MU) ** 2 + Y**2 + z**2) ** Fraction(-3, 2) * (1 - MU)
    second = ((X - 1 + MU) ** 2 + Y**2 + z**2) ** Fraction(-3, 2) * MU
    system = [
        (X, U + Y),
        (Y, V - X),
        (z, w),
        (U, V - first * (X + MU) - second * (X - 1 + MU)),
        (V, -U - (first + second) * Y),
        (w, -(first + second) * z),
    ]
    start = [-0.8, 0.0, 0.1, 0.0, -1.42, 0.05]
    flow = mapped(system, start, (0.0, 0.75), 2, precision="double-double")
    pairs = (("x", "u"), ("y", "v"), ("z", "w"))
    for i in range(6):
        for j in range(i):
            f, g = flow[j], flow[i]
            found = sum(f.diff(q) * g.diff(p) - f.diff(p) * g.diff(q) for q, p in pairs)
            found = found.truncate(1) - (1.0 if i == j + 3 else 0.0)
            assert np.abs(found.astype("float64").coefficients).max() < 1e-27


def test_symplectic_means_something() -> None:
    """A map with friction is not: its bracket is e^(-t/10)."""
    flow = mapped([(X, V), (V, -ty.sin(X) - 0.1 * V)], [0.5, 0.2], (0.0, 2.0), 3)
    found = flow[0].diff("x") * flow[1].diff("v") - flow[0].diff("v") * flow[1].diff("x")
    found = found.truncate(2)
    assert found.coefficients[0] == pytest.approx(np.exp(-0.2), rel=1e-13)
    assert np.abs(found.coefficients[1:]).max() < 1e-13


@pytest.mark.parametrize("order", [1, 3])
@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_there_and_back(order: int, precision: str) -> None:
    ta = ty.Integrator(ty.variational(three_bodies(), order), START, precision=precision)
    begun = ta.flow_map.astype("float64")
    ta.propagate_until(3.0)
    assert by_order(ta.flow_map.astype("float64"), begun) > 1
    ta.propagate_until(0.0)
    found = ta.flow_map.astype("float64") - begun
    assert np.abs(found.coefficients).max() < (1e-10 if precision == "float64" else 1e-24)


@pytest.mark.parametrize("order", [1, 2, 4])
def test_the_inverse_is_the_way_back(order: int) -> None:
    there = mapped(three_bodies(), START, (0.0, 1.5), order)
    back = mapped(three_bodies(), there.constant_part, (1.5, 0.0), order)
    inverse = there.inverse()
    assert by_order(inverse, back - back.constant_part) < 1e-11
    both = inverse.compose(there - there.constant_part)
    assert by_order(both, identity("x y u v", order)) < 1e-9


def test_reversed_time_is_reversed_motion() -> None:
    """x'' = -sin x: back in time is forward in time with the velocity turned round."""
    pendulum = [(X, V), (V, -ty.sin(X))]
    forward = mapped(pendulum, [0.5, 0.2], (0.0, 2.0), 4)
    back = mapped(pendulum, [0.5, -0.2], (0.0, -2.0), 4)
    x, v = ty.Polynomial.variables("x v", 4)
    turned = back.compose(np.stack([x, -v]))
    assert by_order(np.stack([turned[0], -turned[1]]), forward) < 1e-14


def test_a_later_start_of_an_autonomous_system_is_an_earlier_end() -> None:
    """By the initial time, the map has the solution's own derivatives by time, with signs."""
    pendulum = [(X, V), (V, -ty.sin(X))]
    ta = ty.Integrator(ty.variational(pendulum, 4, [T, X]), [0.5, 0.2])
    dense = ta.propagate_until(2.0, dense=True).dense
    for k in range(1, 5):
        right = (-1) ** k * dense(2.0, derivative=k)
        found = ta.flow_map.derivative({T: k})
        assert found == pytest.approx(right, abs=1e-9 if k > 2 else 1e-12)


def test_values_of_a_map_are_solutions_beside_it() -> None:
    """The error of order 5 falls with the sixth power of the displacement."""
    flow = mapped(three_bodies(), START, (0.0, 2.0), 5)
    errors = []
    for size in (1e-2, 5e-3):
        by = size * np.array([1.0, -0.5, 0.25, 0.5])
        ta = ty.Integrator(three_bodies(), np.array(START) + by)
        ta.propagate_until(2.0)
        errors.append(np.abs(flow(by) - ta.state).max())
    assert 2.0**5.3 < errors[0] / errors[1] < 2.0**6.7

"""Flow maps: derivatives of solutions that are known in closed form, or published by others."""

from __future__ import annotations

import math
from typing import Any

import mpmath
import numpy as np
import pytest

import taylor as ty

X, Y, V = ty.variables("x y v")
K, A, B, C = ty.parameters("k a b c")
T = ty.time
KINDS = {"float64": 1e-14, "float32": 1e-5, "double-double": 1e-28}


def flown(
    system: Any, state: Any, end: Any, order: int = 1, wrt: Any = None, **options: Any
) -> ty.Integrator:
    """The integrator at the end."""
    ours = {k: options.pop(k) for k in ("limits", "directions", "control") if k in options}
    ta = ty.Integrator(ty.variational(system, order, wrt, **ours), state, **options)
    assert ta.propagate_until(end, max_steps=2000).success
    return ta


def exactly(value: Any, precision: str) -> Any:
    """A number of an array of some kind, without rounding."""
    return ty.to_mpmath(np.asarray(value)) if precision == "double-double" else float(value)


# -- first order -----------------------------------------------------------------------------------


@pytest.mark.parametrize("precision", ["float64", "double-double"])
def test_a_solution_at_rest_has_derivatives_that_grow(precision: str) -> None:
    """x = y = 1 for ever, and d x(5)/d x(0) = (1 + e^10)/2.

    Source: arXiv 2406.09699, whose code gives 3755.8 at every tolerance.
    """
    ta = flown([(X, X - Y), (Y, Y - X)], [1.0, 1.0], 5.0, precision=precision)
    with mpmath.workdps(40):
        grown, waned = (1 + mpmath.exp(10)) / 2, (1 - mpmath.exp(10)) / 2
        right = [[grown, waned], [waned, grown]]
        for row, wanted in zip(ta.state_transition_matrix, right, strict=True):
            for value, one in zip(row, wanted, strict=True):
                assert abs(exactly(value, precision) / one - 1) < 10 * KINDS[precision]


@pytest.mark.parametrize("precision", list(KINDS))
def test_decay_by_its_rate(precision: str) -> None:
    ta = flown(
        [(Y, -A * Y)],
        [1],
        "0.1",
        wrt=[A],
        parameters={A: "2.3"},
        precision=precision,
    )
    with mpmath.workdps(40):
        a, t = mpmath.mpf("2.3"), mpmath.mpf("0.1")
        if precision != "double-double":
            a = mpmath.mpf(float(np.dtype(precision).type(2.3)))
        right = -t * mpmath.exp(-a * t)
        found = exactly(ta.state_transition_matrix[0, 0], precision)
        assert abs(found / right - 1) < KINDS[precision]


def test_a_sum_over_observation_times_by_a_rate() -> None:
    """f(k) = sum of exp(k t) over 50 times (jax #3558, where it is silently wrong)."""
    times = np.linspace(0.0, 1.0, 50)
    ta = ty.Integrator(ty.variational([(Y, K * Y)], 2, [K]), [1.0], parameters={K: 3.0})
    outcome = ta.propagate_grid(times, max_steps=2000)
    total = outcome.flow_maps[:, 0].sum()
    for k in range(3):
        right = math.fsum(t**k * math.exp(3 * t) for t in times)
        assert total.derivative({K: k}) == pytest.approx(right, rel=1e-14)


def test_repeated_displacements_of_an_observation_each_count() -> None:
    """A loss that has an observation twice has its derivative twice (SciMLSensitivity #335)."""
    ta = ty.Integrator(ty.variational([(Y, -A * Y)], 1, [A]), [1.0], parameters={A: 2.0})
    outcome = ta.propagate_until(1.0, dense=True)
    maps = outcome.dense.flow_map([0.5, 0.5, 1.0])
    right = [-t * math.exp(-2 * t) for t in (0.5, 0.5, 1.0)]
    assert maps.sum().derivative({A: 1}) == pytest.approx(sum(right), rel=1e-14)


@pytest.mark.parametrize(
    "end, y, by_a", [(0.45, 0.4165982112, -0.0435200554), (1.1, None, -0.5010731088)]
)
def test_the_initial_time_is_one_of_them(end: float, y: float | None, by_a: float) -> None:
    """y' = cos(a t) (stan-math #1833, where the derivative by the initial time is never set)."""
    ta = flown([(Y, ty.cos(A * T))], [0.0], end, 3, [Y, A, T], parameters={A: 1.5})
    if y is not None:
        assert ta.state[0] == pytest.approx(y, abs=1e-10)
    flow = ta.flow_map[0]
    assert flow.derivative({Y: 1}) == 1.0
    assert flow.derivative({A: 1}) == pytest.approx(by_a, abs=1e-10)
    # y = (sin(a t) - sin(a t0))/a: by t0 at 0: -1, 0, a^2; mixed with a: d/da of -cos(a t0) is 0.
    assert [flow.derivative({T: k}) for k in (1, 2, 3)] == pytest.approx([-1, 0, 2.25], abs=1e-14)
    assert flow.derivative({T: 1, A: 1}) == pytest.approx(0, abs=1e-14)
    assert flow.derivative({T: 2, A: 1}) == pytest.approx(0, abs=1e-14)


def test_a_linear_system_with_irrational_numbers() -> None:
    """diffrax #499, by the exponential of the matrix."""
    matrix = np.array([[-273 / 512, 0.0], [-1 / 160, 785 / 512 - math.sqrt(2) / 8]])
    x = ty.variables("x0 x1")
    ta = flown(list(zip(x, matrix @ np.array(x), strict=True)), [1.0, 1.0], 3.0)
    with mpmath.workdps(30):
        right = np.array(mpmath.expm(3 * mpmath.matrix(matrix.tolist())).tolist(), float)
    assert np.abs(ta.state_transition_matrix - right).max() < 1e-14 * np.abs(right).max()
    assert np.abs(ta.state - right.sum(axis=1)).max() < 1e-13 * np.abs(right).max()


def test_three_parameters_at_once() -> None:
    """casadi #4383: wrong with three or more directions."""
    equation = [(X, A * (1 - T) + B * T + C * T)]
    parameters = {A: 1.0, B: 2.0, C: 3.0}
    ta = flown(equation, [0.0], 1.0, 1, [A, B, C], parameters=parameters)
    assert np.abs(ta.state_transition_matrix - 0.5).max() < 1e-15
    ta = flown(equation, [0.0], 1.0, 2, [A, B, C], parameters=parameters, directions=np.eye(3))
    assert np.abs(ta.state_transition_matrix - 0.5).max() < 1e-15
    assert ta.flow_map.names == ("s0", "s1", "s2")


@pytest.mark.parametrize("precision", list(KINDS))
def test_kepler(precision: str) -> None:
    """casadi #3783, to the six digits that are published there; and det = 1."""
    q, w = ty.variable("q", 3), ty.variable("w", 3)
    ta = flown([(q, w), (w, -q / (q @ q) ** 1.5)], [1, 0, 0, 0, 1, 0], 1, precision=precision)
    matrix = ta.state_transition_matrix
    matrix = matrix[..., 0] if precision == "double-double" else matrix
    published = [
        [1.89694, 0.386823, 0, 1.22829, 0.188871, 0],
        [0.516683, 0.751624, 0, 0.211322, 0.971331, 0],
        [0, 0, 0.540302, 0, 0, 0.841471],
    ]
    assert np.abs(matrix[:3] - published).max() < 1.1e-5
    # What moves the plane moves as the oscillator with the angular velocity 1 of the circle.
    turn = [[math.cos(1), math.sin(1)], [-math.sin(1), math.cos(1)]]
    assert np.abs(matrix[np.ix_([2, 5], [2, 5])] - turn).max() < max(KINDS[precision], 1e-15)
    assert np.linalg.det(matrix.astype(float)) == pytest.approx(1, abs=max(1e-13, KINDS[precision]))


def test_gravity_with_small_coefficients() -> None:
    """-MU/(r r r) x and -(MU/r^2)(x/r) are one function (DACE #12, where a cutoff zeroes one)."""
    mu = 1e-25
    r = ty.sqrt(X * X + Y * Y)
    u = ty.variable("u")
    forces = [
        [(X, u), (Y, V), (u, -MU / (r * r * r) * X), (V, -MU / (r * r * r) * Y)]
        for MU in (ty.constant(mu),)
    ]
    forces.append([(X, u), (Y, V), (u, -(mu / r**2) * (X / r)), (V, -(mu / r**2) * (Y / r))])
    end = 1e12
    maps = [flown(force, [1.0, 0.5, 0.0, 1e-13], end, 2).flow_map for force in forces]
    small = np.abs(maps[0].coefficients)
    assert (small[:, 1:] > 0).sum() >= 50  # nothing is cut off
    for one, other in zip(maps[0].coefficients, maps[1].coefficients, strict=True):
        for degree in range(3):
            mask = maps[0].powers.sum(axis=1) == degree
            scale = np.abs(one[mask]).max()
            assert np.abs(one - other)[mask].max() <= 1e-11 * scale


def test_a_pendulum_to_second_order() -> None:
    """The example of heyoka's documentation."""
    ta = flown([(X, V), (V, ty.cos(T) - 0.4 * V - ty.sin(X))], [0.2, 0.3], 3.0, 2)
    assert ta.state == pytest.approx([0.11757215, -1.24940656], abs=1e-8)
    first = [[-0.425478, 0.41983649], [-0.19171818, -0.51871994]]
    assert np.abs(ta.flow_map.tensor(1) - first).max() < 1e-7
    second = [
        [[0.27771856625922825, 0.2239243290399873], [0.2239243290399873, 0.6041486469599123]],
        [[-0.1122785039896587, -0.12689065229074553], [-0.12689065229074553, 0.12443791]],
    ]
    assert np.abs(ta.flow_map.tensor(2) - second).max() < 1e-8


def test_an_equation_that_is_not_analytic_where_it_starts_says_so() -> None:
    """y' = p sqrt(t) from t = 0 (tfp #1318, an endless loop)."""
    p = ty.parameter("p")
    ta = ty.Integrator(ty.variational([(Y, p * ty.sqrt(T))], 1, [p]), [1.0], parameters={p: 1.0})
    outcome = ta.propagate_until(0.008, max_steps=1000)
    assert not outcome.success and outcome.message
    ta = ty.Integrator(ty.variational([(Y, p * ty.sqrt(T))], 1, [p, T]), [1.0], parameters={p: 1.0})
    message = ta.propagate_until(0.008, max_steps=1000).message
    assert message.count("no derivatives: the solution has no series at t = 0.0") == 1
    assert message.count("there are no derivatives") == 1
    with pytest.raises(ty.UndefinedDerivativesError, match="has no series at t = 0"):
        _ = ta.flow_map
    ta = ty.Integrator(
        ty.variational([(Y, p * ty.sqrt(T))], 1, [p]), [1.0], time=1e-6, parameters={p: 1.0}
    )
    ta.propagate_until(0.008)
    right = 2 / 3 * (0.008**1.5 - 1e-6**1.5)
    assert ta.state_transition_matrix[0, 0] == pytest.approx(right, rel=1e-12)


# -- every order -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "order, precision",
    [
        *((k, "float64") for k in range(1, 9)),
        (3, "float32"),
        (2, "double-double"),
        (4, "double-double"),
    ],
)
def test_all_orders_of_a_rational_solution(order: int, precision: str) -> None:
    """x' = k x^2 from x0 at t0: x = x0/(1 - k x0 (t - t0)), a geometric series in x0 k (t - t0)."""
    ta = flown(
        [(X, K * X**2)], [0.5], 1.0, order, [X, K, T], parameters={K: 0.75}, precision=precision
    )
    x, k, t = ty.Polynomial.variables("x k t", order)
    right = (0.5 + x) / (1 - (0.75 + k) * (0.5 + x) * (1 - t))
    error = np.abs((ta.flow_map[0].astype("float64") - right).coefficients).max()
    assert error < max(KINDS[precision], 1e-14) * np.abs(right.coefficients).max()


@pytest.mark.parametrize("order", [1, 2, 4, 6])
@pytest.mark.parametrize("end", [2.0, -2.0])
def test_all_orders_of_an_oscillator(order: int, end: float) -> None:
    """x'' = -k x: x = x0 cos(w t) + v0 sin(w t)/w with w = sqrt(k)."""
    ta = flown([(X, V), (V, -K * X)], [1.0, 0.5], end, order, [X, V, K, T], parameters={K: 2.0})
    x, v, k, t = ty.Polynomial.variables("x v k t", order)
    w = np.sqrt(2 + k)
    phase = w * (end - t)
    right = np.stack(
        [
            (1 + x) * np.cos(phase) + (0.5 + v) * np.sin(phase) / w,
            (0.5 + v) * np.cos(phase) - (1 + x) * w * np.sin(phase),
        ]
    )
    error = np.abs((ta.flow_map - right).coefficients).max()
    assert error < 1e-14 * np.abs(right.coefficients).max()


def test_seven_variables() -> None:
    """A linear chain x_i' = k x_(i+1): x_i = sum over j of x_(i+j) (k t)^j / j!."""
    n = 6
    x = [ty.variable(f"x{i}") for i in range(n)]
    start = [1.0, -0.5, 0.25, 2.0, -1.0, 0.5]
    equations = [(x[i], K * x[i + 1] if i + 1 < n else K * 0) for i in range(n)]
    ta = flown(equations, start, 1.5, 3, [*x, K], parameters={K: 0.5})
    *d, k = ty.Polynomial.variables([*(f"x{i}" for i in range(n)), "k"], 3)
    for i in range(n):
        right = sum(
            (start[i + j] + d[i + j]) * ((0.5 + k) * 1.5) ** j / math.factorial(j)
            for j in range(n - i)
        )
        assert np.abs((ta.flow_map[i] - right).coefficients).max() < 1e-14


def test_parameters_that_do_not_occur_alone() -> None:
    """A parameter in an exponent, in a divisor, and under a condition that it decides."""
    p = ty.parameter("p")
    equation = [(X, ty.where(p > 1, X / (1 + p**2), -(X**3)))]
    ta = flown(equation, [2.0], 0.5, 4, [X, p], parameters={p: 2.0})
    x, dp = ty.Polynomial.variables("x p", 4)
    right = (2 + x) * np.exp(0.5 / (1 + (2 + dp) ** 2))
    assert np.abs((ta.flow_map[0] - right).coefficients).max() < 1e-14
    ta = flown([(X, T**p)], [0.0], 2.0, 4, [p], time=1.0, parameters={p: 1.5})
    (dp,) = ty.Polynomial.variables("p", 4)
    right = (np.exp((2.5 + dp) * math.log(2)) - 1) / (2.5 + dp)
    assert np.abs((ta.flow_map[0] - right).coefficients).max() < 1e-14


def test_squares_of_what_does_not_move_are_added_once() -> None:
    """x' = 1/(x^2 + 1 + p^2), in which a sum has squares of a state and of a parameter.

    x (1 + p^2) + x^3/3 grows as t does: implicit, and solved here by Newton's rule.
    """
    p = ty.parameter("p")
    ta = flown([(X, 1 / (X**2 + 1 + p**2))], [0.5], 2.0, 4, [X, p], parameters={p: 0.75})
    x, dp = ty.Polynomial.variables("x p", 4)
    square = 1 + (0.75 + dp) ** 2
    level = (0.5 + x) * square + (0.5 + x) ** 3 / 3 + 2.0
    right = ty.Polynomial.constant(float(ta.state[0]), "x p", 4)
    for _ in range(4):
        right = right - (right * square + right**3 / 3 - level) / (square + right**2)
    assert np.abs((ta.flow_map[0] - right).coefficients).max() < 1e-14


def test_what_does_not_depend_on_the_displacements_is_zero() -> None:
    ta = flown([(X, -X), (Y, ty.sin(T))], [1.0, 2.0], 1.0, 3, [X])
    flow = ta.flow_map
    assert (flow.coefficients[1, 1:] == 0).all()
    assert flow[0].coefficients == pytest.approx([math.exp(-1), math.exp(-1), 0, 0], abs=1e-15)

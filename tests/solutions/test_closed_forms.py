"""Derivatives of solutions through `as_function`: systems whose answers are known in closed form.

Most are cases in which other packages gave a wrong derivative, and said nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.testing import assert_allclose
from scipy.linalg import expm

import taylor as ty

x, y, v = ty.variables("x y v")
k, a, b, c, g = ty.parameters("k a b c g")
TIGHT = 1e-13


def both(function: Callable[..., object], *point: float) -> list[np.ndarray]:
    """Its Jacobian forward and backward, (arguments,) or (outputs, arguments)."""
    numbers = tuple(range(len(point)))
    return [np.array(jac(function, argnums=numbers)(*point)) for jac in (ty.jacfwd, ty.jacrev)]


def test_a_constant_solution_whose_derivative_grows() -> None:
    ta = ty.Integrator([(x, x - y), (y, y - x)], [1.0, 1.0])
    first = ta.as_function([x, y], x, until=5.0)
    wanted = (1 + math.exp(10.0)) / 2, (1 - math.exp(10.0)) / 2
    for found in both(first, 1.0, 1.0):
        assert_allclose(found, wanted, rtol=1e-11)


def test_decay_that_ends_at_a_time_that_is_a_parameter() -> None:
    end = ty.parameter("T")
    system = [(y, ty.where(ty.time <= end, -k * y, 0))]
    ta = ty.Integrator(system, [1.0], parameters={k: 0.7, end: 1.3})
    last = ta.as_function([y, k, end], y, until=4.0)
    value = 2.0 * math.exp(-0.7 * 1.3)
    for found in both(last, 2.0, 0.7, 1.3):
        assert_allclose(found, (value / 2, -1.3 * value, -0.7 * value), rtol=TIGHT)


def test_a_ramp_that_ends() -> None:
    end = ty.parameter("T")
    ta = ty.Integrator([(y, ty.where(ty.time < end, 1, 0))], [0.0], parameters={end: 1.2})
    last = ta.as_function([end], y, until=2.0)
    assert_allclose(last(1.2), 1.2, rtol=TIGHT)
    assert_allclose(ty.grad(last)(1.2), 1.0, rtol=TIGHT)


@pytest.mark.parametrize("height", [1.0, 3.0, 10.0])
def test_the_time_of_an_impact(height: float) -> None:
    ground = ty.Event(x, terminal=True, direction=-1)
    ta = ty.Integrator([(x, v), (v, -g)], [1.0, 0.0], parameters={g: 8.0}, events=[ground])
    when = ta.as_function([x, g], ty.time, until=100.0)
    t = math.sqrt(2 * height / 8)
    assert_allclose(when(height, 8.0), t, rtol=TIGHT)
    for found in both(when, height, 8.0):
        assert_allclose(found, (1 / math.sqrt(16 * height), -t / 16), rtol=TIGHT)
    second = ty.hessian(when)(height, 8.0)
    assert_allclose(second, -0.25 * t / height**2, rtol=1e-12)


def test_speed_at_the_impact() -> None:
    ground = ty.Event(x, terminal=True, direction=-1)
    ta = ty.Integrator([(x, v), (v, -g)], [1.0, 0.0], parameters={g: 8.0}, events=[ground])
    speed = ta.as_function([x, g], v, until=100.0)
    for found in both(speed, 3.0, 8.0):
        assert_allclose(found, (-8 / math.sqrt(48), -3 / math.sqrt(48)), rtol=TIGHT)


def test_rebound_at_the_end_of_a_fall() -> None:
    """A terminal event that resets: what is asked for is behind it, at its time."""
    ground = ty.Event(x, terminal=True, direction=-1, reset={v: -0.5 * v})
    ta = ty.Integrator([(x, v), (v, -g)], [1.0, 0.0], parameters={g: 8.0}, events=[ground])
    speed = ta.as_function([x, g], [x, v], until=100.0)
    assert_allclose(speed(3.0, 8.0), (0.0, 0.5 * math.sqrt(48)), atol=1e-14)
    found = np.array(ty.jacobian(speed, argnums=(0, 1))(3.0, 8.0))
    assert_allclose(found, [[0, 0], [4 / math.sqrt(48), 1.5 / math.sqrt(48)]], atol=1e-14)


def test_forward_and_backward_of_a_decay() -> None:
    ta = ty.Integrator([(y, -a * y)], [1.0], parameters={a: 2.3})
    last = ta.as_function([a], y, until=0.1)
    value, slope = ty.jvp(last, (2.3,), (1.0,))
    assert_allclose((value, slope), (math.exp(-0.23), -0.1 * math.exp(-0.23)), rtol=TIGHT)
    assert_allclose(ty.grad(last)(2.3), -0.1 * math.exp(-0.23), rtol=TIGHT)


@pytest.mark.parametrize("derivative", [ty.jacfwd, ty.jacrev, ty.grad])
def test_a_sum_over_fifty_times(derivative: Callable[..., object]) -> None:
    times = np.linspace(0.0, 1.0, 50)
    ta = ty.Integrator([(y, k * y)], [1.0], parameters={k: 3.0})
    values = ta.as_function([k], y, times=times)
    total = lambda rate: np.sum(values(rate))  # noqa: E731
    wanted = float(np.sum(times * np.exp(3 * times)))
    assert_allclose(derivative(total)(3.0), wanted, rtol=TIGHT)  # type: ignore[operator]


@pytest.mark.parametrize("end", [0.45, 1.1])
def test_the_initial_time(end: float) -> None:
    ta = ty.Integrator([(y, ty.cos(a * ty.time))], [0.0], parameters={a: 1.5})
    last = ta.as_function([ty.time, a], y, until=end)
    s, co = math.sin(1.5 * end), math.cos(1.5 * end)
    assert_allclose(last(0.0, 1.5), s / 1.5, rtol=TIGHT)
    for found in both(last, 0.0, 1.5):
        assert_allclose(found, (-1.0, end * co / 1.5 - s / 2.25), rtol=TIGHT)


def test_a_system_that_others_found_hard_to_step() -> None:
    matrix = np.array([[-273 / 512, 0.0], [-1 / 160, 785 / 512 - math.sqrt(2) / 8]])
    ta = ty.Integrator(
        [(x, matrix[0, 0] * x), (y, matrix[1, 0] * x + matrix[1, 1] * y)], [1.0, 1.0]
    )
    whole = ta.as_function([[x, y]], until=3.0)
    assert_allclose(ty.jacobian(whole)(np.ones(2)), expm(3 * matrix), rtol=1e-12, atol=1e-15)


def test_three_directions_at_once() -> None:
    system = [(x, a * (1 - ty.time) + b * ty.time + c * ty.time)]
    ta = ty.Integrator(system, [0.0], parameters={a: 0.3, b: -1.0, c: 2.0})
    last = ta.as_function([a, b, c], x, until=1.0)
    for found in both(last, 0.3, -1.0, 2.0):
        assert_allclose(found, (0.5, 0.5, 0.5), rtol=TIGHT)


def test_kepler_transition_matrix() -> None:
    q, p = ty.variable("q", shape=(3,)), ty.variable("p", shape=(3,))
    ta = ty.Integrator([(q, p), (p, -q / np.sum(q * q) ** 1.5)], [1.0, 0, 0, 0, 1, 0])
    whole = ta.as_function([[q, p]], until=1.0)
    start = np.array([[1.0, 0, 0], [0, 1, 0]])
    found = ty.jacobian(whole)(start).reshape(6, 6)
    rows = [  # of the circle, six digits
        (1.89694, 0.386823, 0, 1.22829, 0.188871, 0),
        (0.516683, 0.751624, 0, 0.211322, 0.971331, 0),
        (0, 0, 0.540302, 0, 0, 0.841471),
    ]
    assert_allclose(found[:3], rows, atol=6e-6)
    symplectic = np.block([[np.zeros((3, 3)), np.eye(3)], [-np.eye(3), np.zeros((3, 3))]])
    assert_allclose(found.T @ symplectic @ found, symplectic, atol=1e-13)


def test_repeated_times_all_count() -> None:
    ta = ty.Integrator([(y, -k * y)], [1.0], parameters={k: 0.5})
    values = ta.as_function([k], y, times=[1.0, 2.0, 1.0, 1.0])
    wanted = 3 * math.exp(-0.5) + 2 * math.exp(-1.0)
    assert_allclose(ty.grad(lambda rate: np.sum(values(rate)))(0.5), -wanted, rtol=TIGHT)


def test_an_observation_at_the_time_of_an_event_is_behind_it() -> None:
    ground = ty.Event(ty.time - 1.0, direction=1, reset={x: 2 * x})
    ta = ty.Integrator([(x, -k * x)], [1.0], parameters={k: 0.5}, events=[ground])
    values = ta.as_function([k], x, times=[0.5, 1.0, 1.5])
    after = np.array([1, 2, 2]) * np.exp(-0.5 * np.array([0.5, 1.0, 1.5]))
    assert_allclose(values(0.5), after, rtol=TIGHT)
    assert_allclose(ty.jacobian(values)(0.5), -np.array([0.5, 1, 1.5]) * after, rtol=TIGHT)


def test_an_event_that_the_state_triggers_and_changes() -> None:
    """x' = 1 from x0 until x = 1, where it is tripled: at t = 2 it is 3 + 2 - (1 - x0)."""
    level = ty.parameter("level")
    crossed = ty.Event(x - level, direction=1, reset={x: 3 * x})
    ta = ty.Integrator([(x, 1)], [0.25], parameters={level: 1.0}, events=[crossed])
    last = ta.as_function([x, level], x, until=2.0)
    assert_allclose(last(0.25, 1.0), 3 + 2 - 0.75, rtol=TIGHT)
    for found in both(last, 0.25, 1.0):
        assert_allclose(found, (1.0, 2.0), rtol=TIGHT)


def test_half_a_power_of_time() -> None:
    """Not analytic where it begins: it ends, and its value and derivative are known."""
    ta = ty.Integrator([(y, k * ty.sqrt(ty.time))], [1.0], time=1e-9, parameters={k: 1.0})
    last = ta.as_function([k], y, until=0.008)
    assert_allclose(ty.grad(last)(1.0), 2 / 3 * (0.008**1.5 - 1e-9**1.5), rtol=1e-12)


def test_the_first_turning_point_of_an_oscillator() -> None:
    turning = ty.Event(v, terminal=True, direction=1)
    ta = ty.Integrator([(x, v), (v, -k * x)], [1.0, 0.0], parameters={k: 1.0}, events=[turning])
    when = ta.as_function([k], ty.time, until=50.0)
    wanted = [math.pi / math.sqrt(0.456)]
    for n in range(1, 4):  # derivatives of pi k^-1/2
        wanted.append(wanted[-1] * (0.5 - n) / 0.456)
    assert_allclose(wanted[1] / 2, -2.550601538829664, rtol=1e-13)
    found = ty.jet(when, 0.456, order=3) * [1, 1, 2, 6]
    assert_allclose(found, wanted, rtol=1e-12)


def test_a_fall_to_the_unit_circle() -> None:
    u, w = ty.variables("u w")
    inside = ty.Event(x * x + y * y - 1, terminal=True, direction=-1)
    cube = (x * x + y * y) ** -1.5
    system = [(x, u), (y, w), (u, -x * cube), (w, -y * cube)]
    ta = ty.Integrator(system, [0.1, 2.3, 0.4, 0.1], events=[inside])
    when = ta.as_function([[x, y, u, w]], ty.time, until=20.0)
    start = np.array([0.1, 2.3, 0.4, 0.1])
    assert_allclose(when(start), 5.494381002478122, rtol=1e-12)
    steps = 1e-4 * np.eye(4)
    differences = [(when(start + h) - when(start - h)) / 2e-4 for h in steps]
    assert_allclose(ty.grad(when)(start), differences, rtol=2e-6)
    slopes = [(ty.grad(when)(start + h) - ty.grad(when)(start - h)) / 2e-4 for h in steps]
    assert_allclose(ty.hessian(when)(start), slopes, rtol=1e-4, atol=1e-5)


def ball(gravity: float, kept: float, height: float, t: float) -> tuple[float, float]:
    """Height and speed of a ball that has bounced once."""
    hit = math.sqrt(2 * height / gravity)
    up = kept * gravity * hit
    return up * (t - hit) - gravity * (t - hit) ** 2 / 2, up - gravity * (t - hit)


def test_a_bouncing_ball() -> None:
    e = ty.parameter("e")
    ground = ty.Event(x, direction=-1, reset={v: -e * v})
    ta = ty.Integrator([(x, v), (v, -g)], [1.0, 0.0], parameters={g: 9.8, e: 0.8}, events=[ground])
    last = ta.as_function([g, e, x], [x, v], until=1.0)
    assert_allclose(last(9.8, 0.8, 1.0), ball(9.8, 0.8, 1.0, 1.0), rtol=1e-13)
    hit = math.sqrt(2 / 9.8)
    by_g = (1.8 * hit / 2 - 0.8 * hit**2 / 2 * 0 - 0.5, 0.0)
    del by_g
    found = np.array(ty.jacobian(last, argnums=(0, 1))(9.8, 0.8, 1.0))
    assert_allclose(found[:, 0], (-0.09342144369263687, -0.5934214436926368), rtol=1e-12)
    assert_allclose(found[:, 1], (9.8 * hit * (1 - hit), 9.8 * hit), rtol=1e-13)


def test_a_driven_pendulum_to_second_order() -> None:
    """Values as heyoka's documentation prints them."""
    system = [(x, v), (v, ty.cos(ty.time) - 0.4 * v - ty.sin(x))]
    ta = ty.Integrator(system, [0.2, 0.3])
    whole = ta.as_function([[x, v]], until=3.0)
    start = np.array([0.2, 0.3])
    assert_allclose(whole(start), (0.11757215, -1.24940656), atol=1e-8)
    first = ty.jacobian(whole)(start)
    assert_allclose(first.ravel(), (-0.425478, 0.41983649, -0.19171818, -0.51871994), atol=5e-7)
    second = [ty.hessian(lambda s, i=i: whole(s)[i])(start) for i in range(2)]
    found = [h[i, j] for h in second for i, j in ((0, 0), (0, 1), (1, 1))]
    wanted = (
        *(0.27771856625922825, 0.2239243290399873, 0.6041486469599123),
        *(-0.1122785039896587, -0.12689065229074553, 0.12443791),
    )
    assert_allclose(found, wanted, rtol=1e-6)


def test_small_coefficients_are_kept() -> None:
    """-mu / (r r r) x and -(mu / r^2) (x / r) where mu is tiny and r large."""
    mu = ty.parameter("mu")
    found = []
    for pull in (-mu / (x * x * x) * x, -(mu / x**2) * (x / x)):
        ta = ty.Integrator([(x, v), (v, pull)], [1e6, 0.0], parameters={mu: 1e-12})
        last = ta.as_function([mu], v, until=1e3)
        found.append(float(ty.grad(last)(1e-12)))
    assert_allclose(found, [-1e3 / 1e12] * 2, rtol=1e-12)

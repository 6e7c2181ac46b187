"""Series of solutions along curves of many inputs, against maps and against other packages' way."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from numpy.testing import assert_allclose

import taylor as ty
from taylor.solutions import expansion

x, v = ty.variables("x v")
k, c = ty.parameters("k c")
RNG = np.random.default_rng(5)


def damped() -> ty.Integrator:
    """x'' = -k x - c x', known in closed form."""
    return ty.Integrator([(x, v), (v, -k * x - c * v)], [1.0, 0.0], parameters={k: 2.0, c: 0.3})


def exact(s: Any) -> Any:
    """Its place at t = 2 along a curve of all four inputs."""
    start, speed, rate, damping = 1 + s, s**2, 2 + s / 2, mpmath.mpf(3) / 10 + s
    root = mpmath.sqrt(rate - damping**2 / 4)
    other = (speed + damping * start / 2) / root
    return mpmath.exp(-damping) * (start * mpmath.cos(2 * root) + other * mpmath.sin(2 * root))


@pytest.mark.parametrize("end", [{"until": 2.0}, {"times": [2.0, -1.0, 2.0]}])
def test_a_curve_of_all_inputs(end: dict[str, Any]) -> None:
    last = damped().as_function([[x, v], k, c], x, **end)

    def along(s: Any) -> Any:
        value = last(ty.stack([1 + s, s**2]), 2 + s / 2, 0.3 + s)
        return value if "until" in end else value[2]

    with mpmath.workdps(40):
        wanted = [float(q) for q in mpmath.taylor(exact, 0, 12)]
    assert_allclose(ty.jet(along, 0.0, order=12), wanted, rtol=1e-10)


def test_series_are_those_of_maps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also what is differentiated of them, and for many at once."""
    last = damped().as_function([[x, v], k, c], v * x, until=2.0)

    def fourth(p: Any) -> Any:
        along = lambda s: last(p[:2] + s, p[2] * (1 + s), p[3] - s**2)  # noqa: E731
        return ty.jet(along, 0.0, order=4)[4]

    point = np.array([1.0, 0.2, 2.0, 0.3])
    many = np.stack([point, 1.1 * point])

    def all_of_them() -> list[np.ndarray]:
        return [
            ty.jit(fourth)(point),
            ty.grad(fourth)(point),
            ty.jvp(fourth, (point,), (np.ones(4),))[1],
            ty.vmap(fourth)(many),
        ]

    monkeypatch.setattr(expansion, "FEW", 0)
    as_series = all_of_them()
    monkeypatch.setattr(expansion, "FEW", 10**9)
    for one, other in zip(as_series, all_of_them(), strict=True):
        assert_allclose(one, other, rtol=1e-11)


def test_high_orders_of_an_orbit_take_no_map_of_six_variables() -> None:
    q, p = ty.variable("q", shape=(3,)), ty.variable("p", shape=(3,))
    system = [(q, p), (p, -q / ty.sum(q * q) ** 1.5)]
    ta = ty.Integrator(system, [1.0, 0, 0, 0, 1.1, 0.1])
    last = ta.as_function([[q, p]], q, until=1.5)
    start = np.array([[1.0, 0, 0], [0, 1.1, 0.1]])
    direction = RNG.normal(size=(2, 3)) * 0.1
    found = ty.jet(lambda s: last(start + s * direction)[0], 0.0, order=15)
    for s in (0.05, -0.1):
        value = np.polynomial.polynomial.polyval(s, found)
        assert_allclose(value, last(start + s * direction)[0], rtol=1e-13)


def test_curves_through_events_and_parameters_that_are_set() -> None:
    ground = ty.Event(x, direction=-1, reset={v: -0.5 * v, k: k + v})
    ta = ty.Integrator([(x, v), (v, -k)], [1.0, 0.0], parameters={k: 8.0}, events=[ground])
    last = ta.as_function([x, v, k], [x, k], until=0.9)

    def along(s: Any) -> Any:
        return ty.stack(list(last(1 + s, s / 2, 8.0 + s**2)))

    def by_hand(s: Any) -> list[Any]:
        height, up, pull = 1 + s, s / 2, 8 + s**2
        hit = (up + mpmath.sqrt(up**2 + 2 * pull * height)) / pull
        speed = up - pull * hit
        rest, changed = mpmath.mpf(9) / 10 - hit, pull + speed
        return [-speed / 2 * rest - changed * rest**2 / 2, changed]

    found = ty.jet(along, 0.0, order=10)
    with mpmath.workdps(40):
        for n in range(2):
            wanted = mpmath.taylor(lambda s, n=n: by_hand(s)[n], 0, 10)
            assert_allclose(found[:, n], [float(q) for q in wanted], rtol=1e-9, atol=1e-12)

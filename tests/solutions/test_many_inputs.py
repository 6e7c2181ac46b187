"""Functions of many inputs: adjoints backward, one direction forward, against differences of
double-doubles, and against flow maps, which few inputs have.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose

import taylor as ty
from taylor.solutions import rules

q = ty.variable("q", shape=(3,))
w, b = ty.parameter("w", shape=(3, 4)), ty.parameter("b", shape=(4,))
NETWORK = [(q, w @ ty.tanh(w.T @ q + b) - 0.3 * q + 0.1 * ty.time)]
RNG = np.random.default_rng(7)
POINT = RNG.normal(size=19) * 0.6
DIRECTION = RNG.normal(size=19)


def integrator(**options: Any) -> ty.Integrator:
    values = {w: np.zeros((3, 4)), b: np.zeros(4)}
    return ty.Integrator(NETWORK, np.zeros(3), parameters=values, **options)


def apart(p: Any) -> tuple[Any, Any, Any]:
    return p[:12].reshape(3, 4), p[12:16], p[16:]


def loss_of(solution: Any) -> Any:
    weights = np.array([1.0, 2.0, -1.0])
    return lambda p: np.sum(solution(*apart(p)) ** 2 * weights)


CASES = {
    "at one time": {"until": 1.5},
    "at several times": {"times": [0.5, 1.5, -0.5, 0.5]},
}


@pytest.fixture(params=CASES)
def solution(request: pytest.FixtureRequest) -> Any:
    return integrator().as_function([w, b, q], q, **CASES[request.param])


def test_gradients_against_differences(solution: Any) -> None:
    ends = {"until": solution.wanted.ends} if np.ndim(solution.wanted.ends) == 0 else None
    fine = integrator(precision="double-double")
    exact = fine.as_function([w, b, q], q, **(ends or {"times": solution.wanted.ends}))
    steps = 1e-8 * np.eye(19)
    weights = np.array([1.0, 2.0, -1.0])

    def loss(p: np.ndarray) -> np.ndarray:
        pairs = exact(*(ty.from_mpmath(part) for part in apart(p.astype(object))))
        values = ty.to_mpmath(pairs)
        return np.sum(values**2 * weights)

    differences = [float(loss(POINT + h) - loss(POINT - h)) / 2e-8 for h in steps]
    found = ty.grad(loss_of(solution))(POINT)
    assert_allclose(found, differences, rtol=1e-6, atol=1e-8 * np.abs(found).max())


def test_every_order_against_flow_maps(solution: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def all_of_them() -> list[np.ndarray]:
        loss = loss_of(solution)
        both = np.stack([POINT, 0.9 * POINT])
        gradient = lambda p: ty.grad(loss)(p)  # noqa: E731
        return [
            gradient(POINT),
            ty.jvp(loss, (POINT,), (DIRECTION,))[1],
            ty.hvp(loss)(POINT, DIRECTION),
            ty.jit(lambda p: ty.vjp(gradient, p)[1](DIRECTION)[0])(POINT),
            ty.hessian(loss)(POINT),
            ty.vmap(ty.grad(loss))(both),
            ty.grad(lambda p: np.sum(gradient(p) ** 2))(POINT),
        ]

    by_adjoints = all_of_them()
    monkeypatch.setattr(rules, "MANY", 10**9)
    for one, other in zip(by_adjoints, all_of_them(), strict=True):
        assert_allclose(one, other, rtol=1e-12, atol=1e-12 * np.abs(other).max())


def test_times_among_many_inputs() -> None:
    last = integrator().as_function([w, b, q, ty.time], q)
    loss = lambda p, start, end: np.sum(last(*apart(p), start, end) ** 2)  # noqa: E731
    slopes = ty.grad(loss, argnums=(0, 1, 2))(POINT, 0.25, 1.5)
    for k in (1, 2):
        step = np.array([0.0, 0.25, 1.5])
        step[k] += 1e-5
        high = loss(POINT, step[1], step[2])
        step[k] -= 2e-5
        assert_allclose(slopes[k], (high - loss(POINT, step[1], step[2])) / 2e-5, rtol=1e-8)
    mixed = ty.grad(lambda t: np.sum(ty.grad(loss)(POINT, 0.25, t) * DIRECTION))(1.5)
    along = ty.jvp(lambda p: ty.grad(loss, argnums=2)(p, 0.25, 1.5), (POINT,), (DIRECTION,))[1]
    assert_allclose(mixed, along, rtol=1e-11)


def test_many_inputs_through_events() -> None:
    """Bounces of a ball in a field of twenty coefficients, which it is let go in."""
    x, v = ty.variables("x v")
    c = ty.parameter("c", shape=(20,))
    field = np.sum(c * np.array([ty.sin((k + 1) * x) / (k + 1) ** 2 for k in range(20)]))
    ground = ty.Event(x, direction=-1, reset={v: -0.8 * v})
    ta = ty.Integrator([(x, v), (v, field - 9.8)], [1.0, 0.0], parameters={c: np.zeros(20)},
                       events=[ground])  # fmt: skip
    last = ta.as_function([c, x], x, until=1.3)
    values = np.linspace(0.5, -0.5, 20)
    by_adjoint = ty.grad(last)(values, 1.0)
    few = [
        float(ty.grad(lambda one, k=k: last(values + one * np.eye(20)[k], 1.0))(0.0))
        for k in (0, 7)
    ]
    assert_allclose(by_adjoint[[0, 7]], few, rtol=1e-11)
    step = 1e-6 * np.eye(20)[3]
    difference = (last(values + step, 1.0) - last(values - step, 1.0)) / 2e-6
    assert_allclose(by_adjoint[3], difference, rtol=1e-7)


def test_undefined_derivatives_are_said() -> None:
    x, v = ty.variables("x v")
    c = ty.parameter("c", shape=(20,))
    wall = ty.Event(x - 0.5, reset={v: -v})
    pull = np.sum(c * np.ones(20))
    ta = ty.Integrator([(x, v), (v, pull)], [0.0, 1.0], parameters={c: np.full(20, -0.05)},
                       events=[wall])  # fmt: skip
    last = ta.as_function([c], x, until=3.0)
    with pytest.raises(ty.UndefinedDerivativesError):
        ty.grad(last)(np.full(20, -0.05))
    blow = ty.Integrator([(x, x**2 * pull)], [1.0], parameters={c: np.full(20, 0.05)})
    with pytest.raises(ty.TaylorError, match="end"):
        ty.grad(blow.as_function([c], x, until=2.0))(np.full(20, 0.05))

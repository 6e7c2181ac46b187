"""Derivatives where they are used: optimisers of SciPy, and training in plain NumPy."""

from __future__ import annotations

import numpy as np
from scipy import optimize

import taylor as ty


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def test_minimize():
    start = np.full(9, 0.1)
    found = optimize.minimize(ty.value_and_grad(rosenbrock), start, jac=True, method="BFGS")
    np.testing.assert_allclose(found.x, 1, atol=1e-5)
    for method in ("Newton-CG", "trust-ncg"):
        found = optimize.minimize(
            ty.value_and_grad(rosenbrock),
            start,
            jac=True,
            hessp=ty.hvp(rosenbrock),
            method=method,
            options={"gtol": 1e-10} if method != "Newton-CG" else {"xtol": 1e-12},
        )
        np.testing.assert_allclose(found.x, 1, atol=1e-8)
    found = optimize.minimize(
        rosenbrock,
        start,
        jac=ty.grad(rosenbrock),
        hess=ty.hessian(rosenbrock),
        method="trust-exact",
    )
    np.testing.assert_allclose(found.x, 1, atol=1e-6)


def test_least_squares_and_roots():
    times = np.linspace(0, 2, 40)
    right = np.array([2.0, 0.7, 3.0])

    def model(p, t):
        return p[0] * np.exp(-p[1] * t) * np.cos(p[2] * t)

    data = model(right, times)
    found = optimize.least_squares(
        lambda p: model(p, times) - data,
        [1.5, 1.0, 2.8],
        jac=ty.jacobian(lambda p: model(p, times) - data),
        xtol=1e-15,
    )
    np.testing.assert_allclose(found.x, right, rtol=1e-8)

    def equations(z):
        return np.array([z[0] ** 2 + z[1] ** 2 - 4, z[0] - z[1]])

    found = optimize.root(equations, [1.0, 2.0], jac=ty.jacobian(equations))
    np.testing.assert_allclose(found.x, np.sqrt([2, 2]), rtol=1e-12)


def test_training():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(64, 2))
    y = (x[:, 0] * x[:, 1] > 0).astype(float)

    def loss(params, x, y):
        hidden = np.tanh(x @ params["w"] + params["b"])
        score = hidden @ params["v"]
        return np.mean(np.logaddexp(0, score) - y * score)

    params = {"w": rng.normal(size=(2, 12)), "b": np.zeros(12), "v": rng.normal(size=12)}
    step = ty.value_and_grad(loss)
    losses = []
    for _ in range(300):
        value, slopes = step(params, x, y)
        losses.append(value)
        params = {name: p - 0.5 * slopes[name] for name, p in params.items()}
    assert losses[-1] < 0.15 < 0.5 < losses[0]

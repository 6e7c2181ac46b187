"""Gradients of ordinary functions: closed forms, by hand, and the meaning of the arguments."""

from __future__ import annotations

import dataclasses
import pickle
from itertools import pairwise
from typing import Any, NamedTuple

import mpmath
import numpy as np
import pytest

import taylor as ty

RNG = np.random.default_rng(15)


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def rosenbrock_slope(x):
    found = np.zeros_like(x)
    found[:-1] += -400 * x[:-1] * (x[1:] - x[:-1] ** 2) - 2 * (1 - x[:-1])
    found[1:] += 200 * (x[1:] - x[:-1] ** 2)
    return found


def rosenbrock_hessian(x):
    found = np.diag(
        np.r_[-400 * (x[1:] - 3 * x[:-1] ** 2) + 2, 0] + np.r_[0, np.full(len(x) - 1, 200)]
    )
    found += np.diag(-400 * x[:-1], 1) + np.diag(-400 * x[:-1], -1)
    return found


@pytest.mark.parametrize("precision", ["float32", "float64", "double-double"])
@pytest.mark.parametrize("y", [0.3, 0.5, 1.5, 2.0, 2.5, 3.0])
def test_powers_of_zero_by_their_exponents(y, precision):
    """x**y log(x)**k goes to zero with x where y > 0, and is not a number times infinity."""

    def power(x, y):
        return x**y

    by_exponent = power
    for _ in range(3):
        by_exponent = ty.grad(by_exponent, argnums=1, precision=precision)
        assert not np.any(by_exponent(0.0, y))
    for transform in (ty.jacfwd, ty.jacrev):
        assert not np.any(transform(power, argnums=1, precision=precision)(0.0, y))
    if y > 1:  # and x**(y - 1) does as well
        assert not np.any(ty.grad(ty.grad(power), argnums=1, precision=precision)(0.0, y))
        assert not np.any(ty.grad(ty.grad(power, argnums=1), precision=precision)(0.0, y))

    def fit(y, x, shift):
        return ((x**y - shift) ** 2).sum()

    x = np.array([0.0, 0.5, 1.0, 2.0, 0.0])
    given = np.stack([x, 0 * x], axis=-1) if precision == "double-double" else x
    found = np.sum(ty.grad(fit, precision=precision)(y, given, 0.25))  # of both parts
    right = sum(2 * (v**y - 0.25) * v**y * np.log(v) for v in x if v)
    assert found == pytest.approx(right, rel=2e-6 if precision == "float32" else 1e-14)


def test_infinite_slopes_of_powers_of_zero():
    """Of 0**y by y where that is no zero, and by the base where that is no longer finite."""
    slope = ty.grad(lambda x, y: x**y, argnums=1)
    assert slope(0.0, 0.0) == slope(0.0, -1.0) == -np.inf
    assert ty.grad(slope)(0.0, 0.5) == -np.inf
    assert np.isnan(slope(-2.0, 2.0))


@pytest.mark.parametrize("size", [2, 3, 12, 700])
def test_rosenbrock(size):
    x = RNG.normal(size=size)
    value, slope = ty.value_and_grad(rosenbrock)(x)
    assert value == pytest.approx(rosenbrock(x), rel=1e-14)
    np.testing.assert_allclose(slope, rosenbrock_slope(x), rtol=1e-12, atol=1e-11)
    np.testing.assert_allclose(ty.grad(rosenbrock)(x), slope, rtol=1e-14)
    v = RNG.normal(size=size)
    wanted = rosenbrock_hessian(x) @ v
    np.testing.assert_allclose(ty.hvp(rosenbrock)(x, v), wanted, rtol=1e-11, atol=1e-9)


def test_hessians_and_jacobians():
    x = RNG.normal(size=12)
    wanted = rosenbrock_hessian(x)
    for way in (ty.hessian, lambda f: ty.jacobian(ty.grad(f)), lambda f: ty.jacrev(ty.jacfwd(f))):
        np.testing.assert_allclose(way(rosenbrock)(x), wanted, rtol=1e-12, atol=1e-10)
    a = RNG.normal(size=(4, 12))
    for way in (ty.jacobian, ty.jacfwd, ty.jacrev):
        found = way(lambda x: np.sin(a @ x))(x)
        np.testing.assert_allclose(found, np.cos(a @ x)[:, None] * a, rtol=1e-13, atol=1e-14)
        slopes = way(lambda x, y: {"p": x * y, "s": np.sum(x) + y}, argnums=(0, 1))(x, 2.0)
        np.testing.assert_array_equal(slopes["p"][0], 2 * np.eye(12))
        np.testing.assert_array_equal(slopes["p"][1], x)
        np.testing.assert_array_equal(slopes["s"][0], np.ones(12))
        assert slopes["s"][1] == 1
    shapes = ty.jacobian(lambda m: m.T @ m)(RNG.normal(size=(2, 3)))
    assert shapes.shape == (3, 3, 2, 3)
    assert (
        ty.hessian(lambda m: np.sum(m) ** 2)(np.ones((2, 3))).tolist()
        == np.full((2, 3) * 2, 2.0).tolist()
    )


def network(weights, x, targets):
    h = x
    for w, b in weights[:-1]:
        h = np.tanh(h @ w + b)
    w, b = weights[-1]
    scores = h @ w + b
    scores = scores - np.max(scores, axis=1, keepdims=True)
    return -np.mean(
        np.sum(targets * (scores - np.log(np.sum(np.exp(scores), 1, keepdims=True))), 1)
    )


def network_by_hand(weights, x, targets):
    """The gradient, backwards layer by layer."""
    layers, h = [], x
    for w, b in weights[:-1]:
        layers.append(h)
        h = np.tanh(h @ w + b)
    scores = h @ weights[-1][0] + weights[-1][1]
    e = np.exp(scores - scores.max(1, keepdims=True))
    delta = (e / e.sum(1, keepdims=True) * targets.sum(1, keepdims=True) - targets) / len(x)
    found = [(h.T @ delta, delta.sum(0))]
    for (w, _), below in zip(weights[:0:-1], layers[::-1], strict=True):
        delta = (delta @ w.T) * (1 - h**2)
        found.append((below.T @ delta, delta.sum(0)))
        h = below
    return found[::-1]


def test_network():
    sizes = [9, 7, 5, 3]
    weights = [(RNG.normal(size=s), RNG.normal(size=s[1])) for s in pairwise(sizes)]
    x, targets = RNG.normal(size=(6, 9)), np.eye(3)[RNG.integers(0, 3, 6)]
    found = ty.grad(network)(weights, x, targets)
    assert isinstance(found, list)
    for (w, b), (own, bias) in zip(found, network_by_hand(weights, x, targets), strict=True):
        np.testing.assert_allclose(w, own, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(b, bias, rtol=1e-11, atol=1e-13)


# --- arguments and results -----------------------------------------------------------------------


class Pair(NamedTuple):
    a: Any
    b: Any


@dataclasses.dataclass
class Model:
    weight: Any
    layers: int
    on: bool = True


def test_containers():
    model = Model(np.array([1.0, 2.0]), 3)

    def loss(m):
        return (np.sum(m.weight**2) if m.on else 0.0) * m.layers

    found = ty.grad(loss)(model)
    assert isinstance(found, Model)
    assert found.weight.tolist() == [6.0, 12.0]
    assert (found.layers, found.on) == (0, 0)
    found = ty.grad(lambda p: p.a * p.b["x"][0] + 0 * p.b["n"])(
        Pair(2.0, {"x": [3.0, 1.0], "n": 5})
    )
    assert found == Pair(3.0, {"x": [2.0, 0.0], "n": 0})
    found = ty.grad(lambda p: p[0] * p[1])((2.0, 3.0))
    assert found == (3.0, 2.0)


def test_argnums_and_aux():
    def f(x, y, scale=1.0):
        return scale * x**2 * y, {"y": y, "n": None}

    assert ty.grad(f, argnums=1, has_aux=True)(3.0, 2.0) == (9.0, {"y": 2.0, "n": None})
    assert ty.grad(f, argnums=(0, -1), has_aux=True)(3.0, 2.0)[0] == (12.0, 9.0)
    (value, aux), slope = ty.value_and_grad(f, has_aux=True)(3.0, 2.0, scale=2.0)
    assert (value, aux["y"], slope) == (36.0, 2.0, 24.0)
    assert ty.grad(lambda x, y: x * y, argnums=(1,))(3.0, 2.0) == (3.0,)  # a tuple, as in JAX
    assert ty.grad(lambda x, *, k: k * x)(3.0, k=4) == 4.0


def test_whole_numbers():
    assert ty.grad(lambda x: x**2)(3) == 6.0  # the argument itself counts as real
    found = ty.grad(lambda p: p["x"] * p["n"])({"x": 2.0, "n": np.arange(3)[1]})
    assert found == {"x": 1.0, "n": 0}
    assert ty.grad(lambda x, n: x**2 * n)(3.0, 4) == 24.0
    with pytest.raises(ty.ArgumentTypeError, match="nothing real"):
        ty.grad(lambda p: p["n"] ** 2)({"n": 1})


def test_truth_values_choose_without_a_warning():
    mask = np.array([True, False, True])
    slope = ty.grad(lambda x, m: np.sum(np.where(m, x**2, 0)))
    assert slope(np.ones(3), mask).tolist() == [2.0, 0.0, 2.0]
    assert slope(np.ones(3), ~mask).tolist() == [0.0, 2.0, 0.0]


def test_whole_numbers_beside_real_ones_in_a_list_are_doubtful():
    with pytest.warns(ty.DifferentiationWarning, match=r"x\[1\] is a whole number"):
        assert ty.grad(lambda x: x[0] * x[1])([1.0, 2]) == [2.0, 0.0]
    assert ty.grad(lambda x: x[0] ** 2)([1.0, 2]) == [2.0, 0.0]  # of no influence
    assert ty.grad(lambda x: x[0] * x[1])([1.0, 2.0]) == [2.0, 1.0]


def test_products():
    value, slope = ty.jvp(lambda x, y: x * np.sin(y), (2.0, 0.0), (1.0, 0.5))
    assert (value, slope) == (0.0, 1.0)
    x, v = RNG.normal(size=5), RNG.normal(size=5)
    value, pull = ty.vjp(lambda x: {"p": x**2, "q": np.sum(x)}, x)
    (found,) = pull({"p": v, "q": 2.0})
    np.testing.assert_allclose(found, 2 * x * v + 2, rtol=1e-15)
    np.testing.assert_array_equal(value["p"], x**2)
    value, along = ty.linearize(lambda x: x**3, x)
    np.testing.assert_allclose(along(v), 3 * x**2 * v, rtol=1e-14)
    assert ty.vjp(lambda x: (x**2, "seen"[:0] or None), 3.0, has_aux=True)[2] is None
    out, tangent, aux = ty.jvp(lambda x: (x**2, {"x": x}), (3.0,), (1.0,), has_aux=True)
    assert (out, tangent, aux) == (9.0, 6.0, {"x": 3.0})


def test_errors():
    cases = [
        (lambda: ty.grad(lambda x: x * 2)(np.ones(2)), ty.ShapeError, "only a single number"),
        (lambda: ty.grad(lambda x: (x, x))(1.0), ty.ArgumentTypeError, "only a single number"),
        (lambda: ty.grad(lambda x: x, argnums=1)(1.0), ty.ArgumentError, "1 positional"),
        (lambda: ty.grad(lambda x, y: x, argnums=(0, -2))(1.0, 2.0), ty.ArgumentError, "twice"),
        (lambda: ty.grad(lambda x: x, argnums="x"), ty.ArgumentTypeError, "argnums"),
        (lambda: ty.grad(lambda x: x, argnums=()), ty.ArgumentError, "empty"),
        (lambda: ty.grad(3), ty.ArgumentTypeError, "not a function"),
        (lambda: ty.grad(lambda x: x if x > 0 else -x)(1.0), ty.TracingError, "where"),
        (lambda: ty.grad(lambda x: x)("a"), ty.ArgumentTypeError, "'a'"),
        (lambda: ty.grad(lambda x: x)(1j), ty.ArgumentTypeError, "real"),
        (lambda: ty.grad(lambda x: 1j * x)(1.0), ty.UnsupportedFunctionError, "imaginary"),
        (lambda: ty.grad(lambda x: None)(1.0), ty.ArgumentTypeError, "None"),
        (lambda: ty.grad(lambda x: "a")(1.0), ty.ArgumentTypeError, "'a'"),
        (lambda: ty.grad(lambda x: x, has_aux=True)(1.0), ty.ArgumentError, "pair"),
        (lambda: ty.jvp(lambda x: x, (1.0,), (np.ones(2),)), ty.ShapeError, r"\(2,\)"),
        (lambda: ty.jvp(lambda x: x, (1.0,), ([1.0],)), ty.ArgumentTypeError, "structure"),
        (lambda: ty.jvp(lambda x: x, (1.0,), ()), ty.ArgumentTypeError, "0 tangents"),
        (lambda: ty.jvp(lambda x: x, 1.0, 1.0), ty.ArgumentTypeError, "tuple"),
        (lambda: ty.vjp(lambda x: x, 1.0)[1](np.ones(3)), ty.ShapeError, "cotangent"),
        (lambda: ty.hvp(lambda x: x**2)(1.0), ty.ArgumentTypeError, "vector"),
        (lambda: ty.jit(lambda x: x, static_argnums=0)(np.ones(2)), ty.ArgumentTypeError, "hash"),
        (lambda: ty.grad(lambda x: x, precision="half"), ty.ArgumentError, "precision"),
    ]
    for call, error, words in cases:
        with pytest.raises(error, match=words):
            call()


# --- transforms of transforms --------------------------------------------------------------------


def test_nested():
    assert ty.grad(ty.grad(ty.grad(lambda x: x**5)))(2.0) == 240.0
    # d/dx x * d/dy (x y^2) at y = 3: perturbations of one are not those of the other
    assert ty.grad(lambda x: x * ty.grad(lambda y: x * y**2)(3.0))(2.0) == 24.0
    assert ty.grad(lambda x: x * ty.grad(lambda y: x * y)(x))(2.0) == 4.0
    assert ty.grad(lambda x: ty.jvp(lambda y: x * y**2, (x,), (1.0,))[1])(3.0) == 12.0
    assert ty.grad(lambda x: ty.derivative(lambda y: y**3 * x, 1)(x))(2.0) == 3 * 3 * 4
    assert ty.grad(lambda x: ty.jet(np.exp, x, order=2)[2])(0.0) == 0.5
    outer = ty.jit(lambda x: ty.value_and_grad(lambda y: np.sum(x * y**2))(x))
    value, slope = outer(np.array([1.0, 2.0]))
    assert (value, slope.tolist()) == (9.0, [2.0, 8.0])
    found = ty.jet(ty.grad(np.sin), 0.0, order=4)
    np.testing.assert_allclose(found, [1, 0, -1 / 2, 0, 1 / 24], atol=1e-16)
    found = ty.compile(ty.grad(lambda x: x**3))([1.0, 2.0, 3.0])
    assert found.tolist() == [3.0, 12.0, 27.0]


def test_precisions():
    with mpmath.workdps(40):
        found = ty.grad(lambda x: np.exp(np.sin(x)), precision="double-double")(mpmath.mpf("0.3"))
        x = mpmath.mpf("0.3")
        wanted = mpmath.exp(mpmath.sin(x)) * mpmath.cos(x)
        assert abs(ty.to_mpmath(found) - wanted) < 1e-30
    found = ty.grad(lambda x: np.sum(np.exp(x)), precision="float32")(np.ones(3))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.e, rtol=1e-6)


def test_pickle_and_names():
    made = ty.grad(rosenbrock)
    assert made.__name__ == "rosenbrock"
    assert made.__wrapped__ is rosenbrock
    again = pickle.loads(pickle.dumps(made))
    assert again(np.ones(3)).tolist() == [0.0, 0.0, 0.0]
    assert "grad of rosenbrock" in repr(made)


def test_whole_numbers_choose_without_a_warning():
    """A condition of whole numbers does not vary: it holds nowhere "at single points"."""

    def chosen(x, k):
        return np.where(k == 0, x**2, np.where(k == 1, x**3, x))

    for k, slope in enumerate((4.0, 12.0, 1.0)):
        assert ty.grad(chosen)(2.0, k) == slope  # warnings are errors
    with pytest.warns(ty.DifferentiationWarning):
        ty.grad(lambda x, y: np.where(x == y, x**2, x))(2.0, 3.0)


def test_hessian_of_sums_that_scale_pieces():
    """Totals of turned rows are views, of which no others may be."""

    def turned(s):
        for _ in range(2):
            s = np.concatenate([s[2:], -s[:2] * np.sum(s[:2] ** 2)])
        return np.sum(s**2)

    s = np.array([1.0, 0.2, 0.3, 0.4])
    step = 1e-5 * np.eye(4)
    rows = [(ty.grad(turned)(s + d) - ty.grad(turned)(s - d)) / 2e-5 for d in step]
    np.testing.assert_allclose(ty.hessian(turned)(s), rows, rtol=1e-8, atol=1e-8)

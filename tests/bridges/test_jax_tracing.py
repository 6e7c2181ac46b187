"""JAX's functions as ours: each primitive against JAX, values and gradients, and networks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from jax import lax  # noqa: E402

import taylor as ty  # noqa: E402


@pytest.fixture(autouse=True)
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


X = np.array([0.3, -1.2, 1.7, 0.9])
A = np.random.default_rng(0).normal(size=(4, 4)) + 3 * np.eye(4)
POSITIVE = A @ A.T
PICTURE = np.random.default_rng(1).normal(size=(2, 6, 5, 4))  # many, height, width, channels
KERNEL = np.random.default_rng(2).normal(size=(3, 2, 2, 6))

ELEMENTWISE: dict[str, Callable[[Any], Any]] = {
    name: getattr(jnp, name)
    for name in (
        *("exp", "exp2", "expm1", "sin", "cos", "tan", "arctan", "sinh", "cosh", "tanh", "arcsinh"),
        *("square", "cbrt", "abs", "sign", "floor", "ceil", "round", "trunc", "sinc", "reciprocal"),
    )
} | {
    "roots": lambda x: jnp.sqrt(x**2 + 1) + lax.rsqrt(x**2 + 2),
    "logarithms": lambda x: jnp.log(x**2 + 1) + jnp.log1p(x**2),
    "inverses": lambda x: jnp.arcsin(x / 2) + jnp.arccos(x / 2) + jnp.arctanh(x / 2),
    "acosh": lambda x: jnp.arccosh(x**2 + 2),
    "powers": lambda x: jnp.abs(x) ** 1.5 + x**3 + 2.0**x + x**-2 + jnp.abs(x) ** x,
    "two": lambda x: jnp.arctan2(x, 0.3 + x**2) + jnp.hypot(x, 2.0),
    "bounds": lambda x: jnp.maximum(x, 0.2) * jnp.minimum(x, 1.1) + jnp.clip(x, -0.5, 0.5),
    "remainders": lambda x: x % 0.7 + jnp.fmod(x, 0.37) + lax.rem(x, 0.37),
    "rounded": lambda x: x * lax.round(3 * x, lax.RoundingMethod.AWAY_FROM_ZERO),
    "special": lambda x: (
        jax.scipy.special.erf(x) + jax.scipy.special.erfc(x / 2) * jax.nn.sigmoid(x)
    ),
    "inverse erf": lambda x: jax.scipy.special.erfinv(x / 2),
    "gamma": lambda x: jax.scipy.special.gammaln(x**2 + 1) + jax.scipy.special.digamma(x**2 + 1),
    "polygamma": lambda x: jax.scipy.special.polygamma(1, x**2 + 1),
    "incomplete gamma": lambda x: jax.scipy.special.gammainc(2.5, x**2),
    "bessel": lambda x: jax.scipy.special.i0e(x) + jax.scipy.special.i1e(x),
    "choice": lambda x: jnp.where(x > 0, x**2, jnp.sin(x)),
    "several choices": lambda x: jnp.select([x > 1, x > 0], [x, 2 * x], 3 * x),
    "truths": lambda x: ((x > 0) ^ (x > 1)).astype(float) * x + jnp.where(~(x < 1), x, 0.0),
    "finite": lambda x: jnp.nan_to_num(x) + jnp.where(jnp.isfinite(x), x, 0.0),
    "whole numbers": lambda x: (3 * x).astype(int) // 2 * x + (7 * x).astype(int) % 3,
    "exponents": lambda x: jnp.logaddexp(x, 0.3 * x) + jax.nn.softplus(x),
    "activations": lambda x: jax.nn.relu(x) + jax.nn.silu(x) + jax.nn.gelu(x) + jax.nn.elu(x),
    "more activations": lambda x: jax.nn.mish(x) + jax.nn.leaky_relu(x) + jax.nn.hard_tanh(x),
}

ARRAYS: dict[str, Callable[[Any], Any]] = {
    "index": lambda x: x[1] * x[-1] + x[::2].sum() + x[::-1][0],
    "new axes": lambda x: x[:, None] * x[None] + x.reshape(2, 2).T.reshape(1, 4),
    "gather": lambda x: x[jnp.array([0, 2, 2, -1])] * jnp.outer(x, x)[jnp.array([1, 3]), 2:].sum(),
    "out of bounds": lambda x: x.at[jnp.array([0, 9])].get(mode="fill", fill_value=7.0) * x[1],
    "clipped": lambda x: x.at[jnp.array([1, 9])].get(mode="clip") * x[0],
    "computed place": lambda x: x[jnp.argmax(x)] * x[jnp.argmin(x)],
    "computed row": lambda x: jnp.outer(x, x)[jnp.argmax(x)],
    "computed places": lambda x: jnp.outer(x, x)[jnp.argmax(x), jnp.arange(3)],
    "computed fill": lambda x: x.at[3 * jnp.argmax(x)].get(mode="fill", fill_value=2.0) * x[0],
    "rows at places": lambda x: jnp.outer(x, x)[jnp.argsort(x)[:2]] @ x,
    "along an axis": lambda x: jnp.take_along_axis(
        jnp.outer(x, x), jnp.array([[0], [1], [2], [1]]), 1
    ),
    "dynamic slice": lambda x: lax.dynamic_slice(jnp.outer(x, x), (jnp.argmax(x), 1), (2, 3)),
    "dynamic update": lambda x: lax.dynamic_update_slice(x, x[:2] * 3, (jnp.argmin(x),)),
    "known update": lambda x: lax.dynamic_update_slice(x, x[:2] * 3, (9,)),
    "set": lambda x: x.at[0].set(2.0 * x[1]).at[jnp.array([1, 2])].set(x[:2] ** 2),
    "add": lambda x: x.at[jnp.array([0, 0, 3, 9])].add(x, mode="drop"),
    "computed set": lambda x: x.at[jnp.argmax(x)].set(0.1 * x[0]),
    "computed add": lambda x: x.at[jnp.argmax(x) * jnp.array([0, 1, 5])].add(x[:3], mode="drop"),
    "computed row set": lambda x: jnp.outer(x, x).at[jnp.argmax(x)].set(x) @ x,
    "pad": lambda x: lax.pad(jnp.outer(x, x), 0.5, [(1, -1, 1), (-1, 2, 0)]),
    "join": lambda x: jnp.concatenate([x, x**2]) * jnp.repeat(x, 2) * jnp.tile(x, 2),
    "stack and split": lambda x: jnp.stack([x, x**2])[1] * jnp.split(x, 2)[1].sum(),
    "roll": lambda x: jnp.roll(x, 1) - jnp.diff(jnp.append(x, 0.0)),
    "triangles": lambda x: jnp.tril(jnp.outer(x, x)) @ jnp.diag(x) @ x,
    "reductions": lambda x: x.sum() * x.prod() + x.max() - x.min() + x.var() + x.mean(),
    "axes": lambda x: jnp.max(jnp.outer(x, x), axis=1) + jnp.prod(jnp.outer(x, x), axis=0),
    "truths of all": lambda x: jnp.where(jnp.any(x > 1) & jnp.all(x > -9), x, 0.0),
    "running": lambda x: jnp.cumsum(x) * jnp.cumprod(x) + lax.cumsum(x, reverse=True),
    "sorted": lambda x: jnp.sort(jnp.outer(x, x), axis=0)[1] + jnp.median(x),
    "largest": lambda x: lax.top_k(x, 2)[0] * lax.top_k(x, 2)[1],
    "norm": lambda x: jnp.linalg.norm(x) * x,
    "products": lambda x: jnp.einsum("ij,j,ik->k", A, x, A) + A @ x + jnp.dot(x, x),
    "batched products": lambda x: jnp.einsum(
        "bij,bj->bi", jnp.stack([A, 2 * A]), jnp.stack([x, x])
    ),
    "softmax": lambda x: jax.nn.softmax(jnp.outer(x, x), axis=1) @ jax.nn.log_softmax(x),
    "log of sum": lambda x: jax.scipy.special.logsumexp(x),
    "solve": lambda x: jnp.linalg.solve(A + jnp.diag(x), x),
    "inverse": lambda x: jnp.linalg.inv(A + jnp.diag(x)) @ x,
    "determinant": lambda x: jnp.linalg.det(A / 3 + jnp.diag(x)),
    "eigenvalues": lambda x: jnp.linalg.eigvalsh(POSITIVE + jnp.outer(x, x)),
    "interpolation": lambda x: jnp.interp(x, jnp.linspace(-2, 2, 5), jnp.linspace(-2, 2, 5) ** 2),
    "polynomial": lambda x: jnp.polyval(jnp.array([1.0, 2.0, 3.0]), x),
    "convolution": lambda x: jnp.convolve(x, jnp.array([1.0, 2.0, 3.0])),
    "picture": lambda x: lax.conv_general_dilated(
        PICTURE * x, KERNEL[:, :, :, :], (2, 1), "SAME", dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=2,
    )[0].sum((0, 1)),
    "dilated picture": lambda x: lax.conv_general_dilated(
        jnp.outer(x, x)[None, None], KERNEL[:2, :2, :1, 0].reshape(2, 1, 2, 1), (1, 2),
        [(1, 0), (0, 1)], lhs_dilation=(1, 2), rhs_dilation=(2, 1),
    ),
}  # fmt: skip


@jax.custom_jvp
def steep(x: Any) -> Any:
    return jnp.sin(x)


steep.defjvp(lambda primals, tangents: (steep(primals[0]), 3.0 * tangents[0] * jnp.cos(primals[0])))


@partial(jax.custom_vjp, nondiff_argnums=(1,))
def scaled(x: Any, factor: float) -> Any:
    return factor * x**2


scaled.defvjp(lambda x, factor: (scaled(x, factor), x), lambda factor, x, bar: (bar * 5.0 * x,))


def _newton(x: Any) -> Any:
    return lax.while_loop(
        lambda c: c[1] < 5, lambda c: ((c[0] + (x**2 + 1) / c[0]) / 2, c[1] + 1), (x**2 + 1, 0)
    )[0]


CONTROL: dict[str, Callable[[Any], Any]] = {
    "nested": lambda x: jax.jit(lambda y: jax.jit(jnp.sin)(y) * y)(x),
    "checkpoint": jax.checkpoint(lambda x: jnp.sin(jnp.cos(x))),
    "fori": lambda x: lax.fori_loop(0, 3, lambda i, y: y * x + i, x),
    "while": _newton,
    "condition in a loop": lambda x: lax.while_loop(
        lambda y: (y**2).sum() < 90, lambda y: y * 1.5, x
    ),
    "truth in a loop": lambda x: lax.scan(
        lambda c, a: ((c[0] * a, ~c[1]), jnp.where(c[1], a, c[0])), (x[0], True), x
    )[1],
    "scan": lambda x: lax.scan(lambda c, a: (c * a + 1, (c, a > c)), 1.0, x, reverse=True)[1][0],
    "cond": lambda x: lax.cond(x[0] > 1, jnp.sin, jnp.cos, x),
    "switch": lambda x: lax.switch(jnp.argmax(x), [jnp.sin, jnp.cos, jnp.tan], x),
    "map": lambda x: lax.map(lambda a: a * x, x),
    "vmap": lambda x: jax.vmap(lambda a: jnp.tanh(a * x))(x),
    "gradient": lambda x: jax.grad(lambda y: jnp.sin(y).sum() ** 2)(x),
    "hessian": lambda x: jax.hessian(lambda y: jnp.sum(jnp.cos(y)) ** 2)(x) @ x,
    "forward rule": lambda x: steep(x) * x,
    "backward rule": lambda x: scaled(x, 2.0) + x,
    "stopped": lambda x: lax.stop_gradient(x) * x,
    "known random numbers": lambda x: x * jax.random.normal(jax.random.key(1), (4,)),
    "another precision": lambda x: x.astype(jnp.float32).astype(float) * 0 + x,
}


@pytest.mark.parametrize("name", [*ELEMENTWISE, *ARRAYS, *CONTROL])
def test_values_and_gradients_are_those_of_jax(name: str) -> None:
    f = {**ELEMENTWISE, **ARRAYS, **CONTROL}[name]
    found, wanted = ty.jit(ty.jax.trace(f))(X), f(jnp.asarray(X))
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-13)
    assert np.shape(found) == wanted.shape

    def loss(x: Any) -> Any:
        return jnp.sum(jnp.cos(0.3 * f(x)))

    slopes = ty.grad(ty.jax.trace(loss))(X)
    derivative = jax.grad if name == "backward rule" else jax.jacfwd  # not all have both in JAX
    np.testing.assert_allclose(slopes, derivative(loss)(jnp.asarray(X)), rtol=1e-11, atol=1e-12)


def test_series_of_a_rule_are_those_of_the_function() -> None:
    found = ty.jet(lambda t: ty.jax.trace(steep)(t), 0.3, order=1)
    np.testing.assert_allclose(found, [np.sin(0.3), 3 * np.cos(0.3)], rtol=1e-14)


def test_containers_conditions_and_numbers() -> None:
    def f(model: Any, *, x: Any, flag: bool = True) -> Any:
        return {"y": model["w"] @ x if flag else x, "positive": x > 0, "rest": (None, 2.0)}

    traced = ty.jax.trace(f)
    x = ty.variable("x", shape=(3,))
    found = traced({"w": np.eye(3), "name": "net"}, x=x)
    assert isinstance(found["y"], ty.Expression)
    assert found["rest"][0] is None
    assert float(found["rest"][1]) == 2.0
    value = ty.compile(ty.where(found["positive"], 1, 0), [x])([1.0, -1.0, 2.0])
    np.testing.assert_array_equal(value, [1, 0, 1])
    numbers = traced({"w": np.eye(3)}, x=np.ones(3), flag=False)
    np.testing.assert_array_equal(numbers["y"], np.ones(3))


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: lax.cummax(x), "'cummax'"),
        (lambda x: jnp.lexsort((x, x)) * x, "several keys"),
        (lambda x: jnp.fft.fft(x).real, "complex"),
        (lambda x: (x.astype(int) & 3) * x, "bits"),
        (lambda x: jax.random.normal(jax.random.key(x[0].astype(int)), (4,)) * x, "primitive"),
    ],
)
def test_what_is_missing_is_named(function: Any, words: str) -> None:
    with pytest.raises(ty.UnsupportedFunctionError, match=words):
        ty.jit(ty.jax.trace(function))(X)


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(ty.ArgumentTypeError, match="not a function"):
        ty.jax.trace(3)


# --- networks ------------------------------------------------------------------------------------


def by_steps(f: Callable[..., Any], y: Any, end: float, count: int = 400) -> Any:
    """The classical method of Runge and Kutta, of order 4."""
    h = end / count

    def step(y: Any, _: None) -> Any:
        a = f(y)
        b = f(y + h / 2 * a)
        c = f(y + h / 2 * b)
        d = f(y + h * c)
        return y + h / 6 * (a + 2 * b + 2 * c + d), None

    return lax.scan(step, y, None, length=count)[0]


def _own_network() -> tuple[Any, Callable[..., Any]]:
    rng = np.random.default_rng(3)
    sizes = (2, 8, 8, 2)
    layers = [
        {"w": rng.normal(size=(m, n)) / np.sqrt(n), "b": rng.normal(size=m) / 4}
        for n, m in pairwise(sizes)
    ]

    def network(layers: Any, y: Any) -> Any:
        for layer in layers[:-1]:
            y = jax.nn.softplus(layer["w"] @ y + layer["b"])
        return layers[-1]["w"] @ y + layers[-1]["b"]

    return layers, network


def _equinox_network() -> tuple[Any, Callable[..., Any]]:
    eqx = pytest.importorskip("equinox")
    model = eqx.nn.MLP(2, 2, 8, 2, activation=jnp.tanh, key=jax.random.key(0))
    return model, lambda model, y: model(y)


def _flax_network() -> tuple[Any, Callable[..., Any]]:
    nn = pytest.importorskip("flax.linen")
    network = nn.Sequential([nn.Dense(8), nn.silu, nn.Dense(2)])
    weights = network.init(jax.random.key(0), jnp.zeros(2))
    return weights, network.apply


NETWORKS = {"own": _own_network, "equinox": _equinox_network, "flax": _flax_network}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_is_a_right_hand_side(name: str) -> None:
    model, network = NETWORKS[name]()
    weights = ty.jax.weights(model)
    y = ty.variable("y", shape=(2,))
    rate = ty.jax.trace(network)(weights.tree, y) - y
    ta = ty.Integrator([(y, rate)], [1.0, 0.5], parameters=weights.values)
    ta.propagate_until(2.0)
    doubles = jax.tree.map(lambda a: a.astype(float) if hasattr(a, "astype") else a, model)
    wanted = by_steps(lambda y: network(doubles, y) - y, jnp.array([1.0, 0.5]), 2.0)
    np.testing.assert_allclose(ta.state, wanted, rtol=1e-9)


def test_gradients_by_the_weights_go_both_ways() -> None:
    """By our gradient of the network, and by JAX's of the solution, against JAX alone."""
    model, network = _own_network()
    weights = ty.jax.weights(model)
    y = ty.variable("y", shape=(2,))
    rate = ty.jax.trace(network)(weights.tree, y) - y
    ta = ty.Integrator([(y, rate)], [1.0, 0.5], parameters=weights.values)
    start = np.array([1.0, 0.5])
    solution = ty.jax.function(ta.as_function([*weights.parameters, y], y, until=0.5))

    def loss(model: Any) -> Any:
        return jnp.sum(solution(*jax.tree.leaves(model), start) ** 2)

    def theirs(model: Any) -> Any:
        return jnp.sum(by_steps(lambda y: network(model, y) - y, start, 0.5, 100) ** 2)

    found, wanted = jax.grad(loss)(model), jax.grad(theirs)(model)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
    ours = ty.grad(lambda m: np.sum(ty.jax.trace(network)(m, np.array([0.3, 0.2])) ** 2))(model)
    jaxs = jax.grad(lambda m: jnp.sum(network(m, jnp.array([0.3, 0.2])) ** 2))(model)
    for a, b in zip(jax.tree.leaves(ours), jax.tree.leaves(jaxs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


def test_weights_go_there_and_back() -> None:
    tree = {"w": jnp.ones((2, 3), jnp.float32), "count": 3, "act": jnp.tanh, "b": np.zeros(2)}
    weights = ty.jax.weights(tree, "net")
    assert [str(e) for e in weights.parameters] == ["net['b']", "net['w']"]
    assert weights.tree["count"] == 3
    assert weights.tree["act"] is jnp.tanh
    assert weights.values[weights.tree["w"]].dtype == np.float64
    back = weights.restored({weights.tree["w"]: np.full((2, 3), 2.0)})
    assert back["w"].dtype == jnp.float32
    assert float(back["w"].sum()) == 12.0
    assert back["b"] is tree["b"]
    with pytest.raises(ty.ArgumentError, match="shape"):
        weights.restored({weights.tree["w"]: np.ones(2)})
    with pytest.raises(ty.ArgumentError, match="no array"):
        ty.jax.weights({"n": 3})


def test_a_softmax_may_be_in_a_right_hand_side() -> None:
    y = ty.variable("y", shape=(3,))
    rate = ty.jax.trace(lambda y: jax.nn.softmax(y) - y)(y)
    ta = ty.Integrator([(y, rate)], [0.9, 0.1, -0.4])
    ta.propagate_until(1.0)
    wanted = by_steps(lambda y: jax.nn.softmax(y) - y, jnp.array([0.9, 0.1, -0.4]), 1.0)
    np.testing.assert_allclose(ta.state, wanted, rtol=1e-10)

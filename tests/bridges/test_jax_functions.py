"""Our functions in JAX: values, derivatives and batches against JAX's own of the same function."""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

jax = pytest.importorskip("jax")

import jax.numpy as jnp  # noqa: E402
from jax.test_util import check_grads  # noqa: E402

import taylor as ty  # noqa: E402


@pytest.fixture(autouse=True)
def x64() -> Iterator[None]:
    with jax.enable_x64(True):
        yield


def ours_of_two(x: Any, k: Any) -> Any:
    return np.sin(k * x[0]) * x[1] + np.sum(x**2) / (1 + k**2) + np.tanh(x[2] * k)


def theirs_of_two(x: Any, k: Any) -> Any:
    return jnp.sin(k * x[0]) * x[1] + jnp.sum(x**2) / (1 + k**2) + jnp.tanh(x[2] * k)


WEIGHTS = np.random.default_rng(1).normal(size=(2, 3, 3))


def ours_of_arrays(x: Any, k: Any) -> Any:
    hidden = np.tanh(WEIGHTS[0] @ x + k)
    last, _ = ty.scan(lambda s, row: (np.sin(s * k + row), s), k * 1.0, hidden)
    return np.exp(-np.sum((WEIGHTS[1] @ hidden) ** 2)) + last


def theirs_of_arrays(x: Any, k: Any) -> Any:
    hidden = jnp.tanh(WEIGHTS[0] @ x + k)
    last, _ = jax.lax.scan(lambda s, row: (jnp.sin(s * k + row), s), k * 1.0, hidden)
    return jnp.exp(-jnp.sum((WEIGHTS[1] @ hidden) ** 2)) + last


PAIRS = {"elements": (ours_of_two, theirs_of_two), "arrays": (ours_of_arrays, theirs_of_arrays)}
X, K = np.array([0.3, -1.2, 0.7]), 0.8
MANY = np.random.default_rng(2).normal(size=(5, 3))


def _of_sum(f: Callable[..., Any]) -> Callable[..., Any]:
    return jax.grad(lambda x, k: jax.vmap(f, (0, None))(x * MANY, k).sum(), argnums=(0, 1))


def _along(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, k: jax.jvp(f, (x, k), (x**2, jnp.cos(k)))


def _back(f: Callable[..., Any]) -> Callable[..., Any]:
    return lambda x, k: jax.vjp(f, x, k)[1](jnp.float64(1.3))


def _looped(f: Callable[..., Any]) -> Callable[..., Any]:
    def total(x: Any, k: Any) -> Any:
        return jax.lax.scan(lambda s, _: (s + 0.1 * f(x, s), s), k, None, length=4)[0]

    return jax.value_and_grad(total, argnums=(0, 1))


def _third(f: Callable[..., Any]) -> Callable[..., Any]:
    return jax.jacfwd(jax.hessian(f))


TRANSFORMS: dict[str, Callable[..., Any]] = {
    "value": lambda f: f,
    "jit": jax.jit,
    "grad": lambda f: jax.grad(f, argnums=(0, 1)),
    "jitted grad": lambda f: jax.jit(jax.grad(f, argnums=(0, 1))),
    "jvp": _along,
    "vjp": _back,
    "jacfwd": lambda f: jax.jacfwd(f, argnums=(0, 1)),
    "jacrev": lambda f: jax.jacrev(f, argnums=(0, 1)),
    "hessian": lambda f: jax.hessian(f, argnums=(0, 1)),
    "reverse over reverse": lambda f: jax.jacrev(jax.jacrev(f)),
    "forward over forward": lambda f: jax.jacfwd(jax.jacfwd(f)),
    "reverse over forward": lambda f: jax.jacrev(jax.jacfwd(f)),
    "third": _third,
    "vmap of x": lambda f: lambda x, k: jax.vmap(f, (0, None))(x * MANY, k),
    "vmap of k": lambda f: lambda x, k: jax.vmap(f, (None, 0))(x, k * MANY[:, 0]),
    "vmap of both": lambda f: lambda x, k: jax.vmap(f, (1, 0))(x[:, None] * MANY.T, k * MANY[:, 0]),
    "vmap of vmap": lambda f: (
        lambda x, k: jax.vmap(jax.vmap(f, (0, None)), (None, 0))(x * MANY, k * MANY[:, 0])
    ),
    "vmap of grad": lambda f: lambda x, k: jax.vmap(jax.grad(f), (None, 0))(x, k * MANY[:, 0]),
    "grad of vmap": _of_sum,
    "vmap of hessian": lambda f: lambda x, k: jax.vmap(jax.hessian(f), (0, None))(x * MANY, k),
    "hessian of vmap": lambda f: jax.hessian(
        lambda x, k: jax.vmap(f, (0, None))(x * MANY, k).sum()
    ),
    "scan": _looped,
    "jit of all": lambda f: jax.jit(
        jax.vmap(jax.hessian(f, argnums=1), (None, 0)),
    ),
}


@pytest.mark.parametrize("name", [n for n in TRANSFORMS if n != "jit of all"])
@pytest.mark.parametrize("pair", PAIRS)
def test_transforms_are_those_of_the_same_function_in_jax(name: str, pair: str) -> None:
    ours, theirs = PAIRS[pair]
    transform = TRANSFORMS[name]
    found = transform(ty.jax.function(ours))(X, K)
    wanted = transform(theirs)(X, K)
    assert jax.tree.structure(found) == jax.tree.structure(wanted)
    for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(wanted), strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


def test_a_batch_of_hessians_is_compiled_as_one() -> None:
    k = np.linspace(0.1, 1.0, 7)
    found = TRANSFORMS["jit of all"](ty.jax.function(ours_of_two))(X, k)
    wanted = TRANSFORMS["jit of all"](theirs_of_two)(X, k)
    np.testing.assert_allclose(found, wanted, rtol=1e-12)


@pytest.mark.parametrize("pair", PAIRS)
def test_jax_finds_derivatives_to_order_three_consistent(pair: str) -> None:
    f = ty.jax.function(PAIRS[pair][0])
    check_grads(f, (X, K), order=3, modes=("fwd", "rev"), rtol=1e-5, atol=1e-5)
    check_grads(jax.vmap(f, (0, None)), (MANY, K), order=2, rtol=1e-5, atol=1e-5)


def test_compiled_functions_broadcast_as_they_do_by_themselves() -> None:
    x, v = ty.variables("x v")
    f = ty.compile([x * ty.sin(v), ty.exp(-(x**2))], [x, v])
    g = ty.jax.function(f)
    xs, vs = np.linspace(0, 1, 3)[:, None], np.linspace(-1, 2, 4)
    for a, b in zip(g(xs, vs), f(xs, vs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-15)
    slopes = jax.vmap(jax.grad(lambda x, v: g(x, v)[0], argnums=1), (None, 0))(2.0, vs)
    np.testing.assert_allclose(slopes, 2 * np.cos(vs), rtol=1e-14)
    matrix = ty.variable("m", shape=(2, 2))
    h = ty.jax.function(ty.compile(matrix @ matrix, [matrix]))
    many = np.random.default_rng(0).normal(size=(3, 2, 2))
    np.testing.assert_allclose(h(many), many @ many, rtol=1e-14)
    with pytest.raises(ty.ShapeError, match="last axes"):
        h(np.ones((2, 3)))
    with pytest.raises(ty.ShapeError, match="broadcast"):
        g(np.ones(2), np.ones(3))
    with pytest.raises(ty.ArgumentTypeError, match="by position"):
        g(1.0)


def test_programs_come_as_they_are() -> None:
    program = ty.value_and_grad(lambda w: np.sum(np.sin(w["a"]) * w["b"]))
    w = {"a": np.array([0.1, 0.2]), "b": np.array([2.0, -3.0])}
    value, slopes = jax.jit(ty.jax.function(program))(w)
    np.testing.assert_allclose(value, np.sum(np.sin(w["a"]) * w["b"]), rtol=1e-15)
    np.testing.assert_allclose(slopes["a"], np.cos(w["a"]) * w["b"], rtol=1e-14)
    second = jax.jacobian(lambda a: ty.jax.function(program)({**w, "a": a})[1]["a"])(w["a"])
    np.testing.assert_allclose(second, np.diag(-np.sin(w["a"]) * w["b"]), rtol=1e-14, atol=1e-16)


def test_containers_of_all_kinds_go_in_and_out() -> None:
    @ty.jax.function
    def f(a: Any, *, b: Any, flag: bool = True) -> Any:
        return {"sum": a[0] + b["x"], "rest": (a[1] if flag else -a[1], None, [b["y"] > 0])}

    found = f((1.0, np.arange(2.0)), b={"x": 2.0, "y": np.array([-1.0, 1.0])}, flag=False)
    assert found["sum"] == 3.0
    np.testing.assert_array_equal(found["rest"][0], [-0.0, -1.0])
    assert found["rest"][1] is None
    assert found["rest"][2][0].dtype == bool
    np.testing.assert_array_equal(found["rest"][2][0], [False, True])
    assert f((1.0, 2.0), b={"x": 2.0, "y": 1.0})["rest"][0] == 2.0


def test_numbers_are_of_the_kind_that_jax_has() -> None:
    f = ty.jax.function(lambda x, n: np.exp(x) * n)
    assert f(jnp.float32(1), 2).dtype == jnp.float32
    assert f(jnp.float64(1), 2).dtype == jnp.float64
    assert f(jnp.float32(1), jnp.float64(2)).dtype == jnp.float64
    assert f(jnp.bfloat16(1), 2).dtype == jnp.bfloat16
    assert f(1, 2).dtype == jnp.float64
    np.testing.assert_allclose(f(jnp.float32(1), 2), 2 * np.exp(np.float32(1)), rtol=2e-7)
    with jax.enable_x64(False):
        assert f(1.0, 2).dtype == jnp.float32
        assert f(np.ones(2), 2).dtype == jnp.float32
        slope = jax.jit(jax.grad(f))(0.5, 3)
        assert slope.dtype == jnp.float32
        np.testing.assert_allclose(slope, 3 * np.exp(0.5), rtol=2e-7)
        check_grads(f, (0.3, 1.5), order=2, rtol=1e-2, atol=1e-2)


def test_whole_numbers_are_constants() -> None:
    f = ty.jax.function(lambda x, n: x**3 * n)
    assert jax.grad(f)(2.0, jnp.int32(4)) == 48.0
    with pytest.raises(TypeError):
        jax.grad(f, argnums=1)(2.0, jnp.int32(4))


def test_arrays_without_elements_and_functions_without_inputs() -> None:
    f = ty.jax.function(lambda x, y: (x * 2, y + np.sum(x)))
    empty, total = jax.jit(f)(np.zeros((0, 3)), 1.5)
    assert empty.shape == (0, 3)
    assert total == 1.5
    assert jax.grad(lambda y: f(np.zeros((0, 3)), y)[1])(2.0) == 1.0
    assert jax.vmap(f, (None, 0))(np.ones(2), np.zeros(0))[1].shape == (0,)
    only = ty.jax.function(lambda x: x * 2)
    assert jax.jit(only)(np.zeros(0)).shape == (0,)
    assert ty.jax.function(lambda flag: 3.0 if flag else 4.0)(False) == 4.0


def test_a_trace_is_made_anew_where_what_is_read_outside_has_changed() -> None:
    scale = {"k": 2.0}
    f = ty.jax.function(lambda x: x * scale["k"])
    assert f(1.5) == 3.0
    scale["k"] = 4.0
    assert f(1.5) == 6.0


def test_arrays_of_jax_may_be_captured() -> None:
    w = jnp.arange(3.0)
    f = ty.jax.function(lambda x: np.sum(w * x) + w[1] * x[0])
    np.testing.assert_allclose(jax.grad(f)(np.ones(3)), [1.0, 1.0, 2.0])

    def outer(z: Any) -> Any:
        return ty.jax.function(lambda x: x * z)(2.0)

    with pytest.raises(ty.TracingError, match="make it an argument"):
        jax.jit(outer)(3.0)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: ty.jax.function(3), ty.ArgumentTypeError, "not a function"),
        (lambda: ty.jax.function(lambda x: "text")(1.0), ty.ArgumentTypeError, "returned 'text'"),
        (lambda: ty.jax.function(lambda x: x)(jnp.ones(2) * 1j), ty.ArgumentTypeError, "complex"),
        (
            lambda: ty.jax.function(lambda x: x * ty.variable("w"))(1.0),
            ty.ArgumentError,
            "depends on w",
        ),
        (
            lambda: ty.jax.function(
                ty.compile(ty.variable("x"), [ty.variable("x")], precision="double-double")
            ),
            ty.ArgumentError,
            "double-double",
        ),
        (
            lambda: ty.jax.function(lambda x: x if x > 0 else -x)(1.0),
            ty.TracingError,
            "its value is not known",
        ),
    ],
)
def test_what_cannot_be_is_refused(call: Any, error: type, words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_functions_of_python_take_the_gil_and_tell_of_their_errors() -> None:
    def cube(x: float) -> float:
        x = float(x)
        if x > 100:
            raise ValueError(f"{x} is too much: é")
        return x**3

    own = ty.register_function("jax_cube", cube, lambda x: 3 * x**2)
    f = ty.jax.function(lambda x: own(x) + 1)
    assert jax.jit(f)(2.0) == 9.0
    assert jax.grad(f)(2.0) == 12.0
    with pytest.raises(Exception, match=r"ValueError: 101\.0 is too much: é"):
        jax.jit(f)(101.0).block_until_ready()
    assert f(3.0) == 28.0


def test_many_threads_compute_at_once() -> None:
    """Each call has memory of its own: XLA calls without the GIL, from several threads."""
    f = jax.jit(jax.value_and_grad(ty.jax.function(ours_of_arrays), argnums=1))
    points = [(X * (k + 1) / 7, 0.1 * k) for k in range(8)]
    wanted = [tuple(map(float, f(*point))) for point in points]
    wrong: list[Any] = []

    def work(k: int) -> None:
        with jax.enable_x64(True):  # of each thread
            for turn in range(300):
                place = (k + turn) % len(points)
                found = tuple(map(float, f(*points[place])))
                if found != wanted[place]:
                    wrong.append((place, found))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_machine_code_outlives_what_it_was_made_from() -> None:
    def made() -> Any:
        return jax.jit(ty.jax.function(lambda x: np.cos(x) * 3 + np.sum(np.arange(5.0) * x)))

    f = made()
    first = f(0.5)
    gc.collect()
    assert f(0.5) == first
    assert f(np.float64(0.25)) == pytest.approx(3 * np.cos(0.25) + 2.5, rel=1e-15)


def test_equal_functions_are_one_target() -> None:
    """Targets are named by what they compute, so that programs kept on disk find them again."""
    texts = []
    for _ in range(2):
        f = ty.jax.function(lambda x: np.sin(x) * 2)
        texts.append(jax.jit(f).lower(1.0).as_text())
    names = [text.split("@taylor_")[1].split("(")[0] for text in texts]
    assert names[0] == names[1]
    other = jax.jit(ty.jax.function(lambda x: np.sin(x) * 3)).lower(1.0).as_text()
    assert other.split("@taylor_")[1].split("(")[0] != names[0]


def test_called_with_expressions_it_is_the_function_itself() -> None:
    x = ty.variable("x")
    assert ty.jax.function(lambda y: y * 2)(x) is 2 * x

"""Compiled functions: NumPy behaviour, many operands, arrays, pickling, threads, errors."""

from __future__ import annotations

import math
import pickle
import threading
from collections.abc import Callable
from fractions import Fraction

import numpy as np
import pytest
from function_cases import context

import taylor as ty
from taylor.errors import ArgumentError, ArgumentTypeError, TaylorError
from taylor_runtime.engine.call import MAX_OPERANDS

X, Y = ty.variables("x y")
K = ty.parameter("k")
MP = context(50)
POINTS = np.random.default_rng(7).normal(size=300) * np.exp(np.linspace(-30, 30, 300))


@pytest.fixture(scope="module")
def f() -> ty.Function:
    return ty.compile(X * Y + K, [X, Y, K], name="f")


# -- values ----------------------------------------------------------------------------------------

ROUNDED_ONCE: dict[str, tuple[ty.Expression, Callable]] = {
    "x / 3": (X / 3, lambda x, y: x / 3),
    "x / 0.7": (X / 0.7, lambda x, y: x / 0.7),
    "x * 0.1": (X * 0.1, lambda x, y: x * 0.1),
    "x / 8": (X / 8, lambda x, y: x / 8),
    "1 / x": (1 / X, lambda x, y: 1 / x),
    "x / y": (X / Y, lambda x, y: x / y),
    "x + y": (X + Y, lambda x, y: x + y),
    "x - y": (X - Y, lambda x, y: x - y),
    "x * y": (X * Y, lambda x, y: x * y),
    "x + 0.1": (X + 0.1, lambda x, y: x + 0.1),
    "-x": (-X, lambda x, y: -x),
    "sqrt": (ty.sqrt(abs(X)), lambda x, y: np.sqrt(abs(x))),
    "abs": (abs(X), lambda x, y: abs(x)),
    "floor": (ty.floor(X), lambda x, y: np.floor(x)),
    "minimum": (ty.minimum(X, Y), lambda x, y: np.minimum(x, y)),
    "where": (ty.where(X < Y, X, Y / 3), lambda x, y: np.where(x < y, x, y / 3)),
    "x**2": (X**2, lambda x, y: x * x),
}


@pytest.mark.parametrize("name", ROUNDED_ONCE)
def test_operations_that_round_once_are_numpys_bit_for_bit(name: str) -> None:
    expression, right = ROUNDED_ONCE[name]
    compiled = ty.compile(expression, [X, Y])
    y = POINTS[::-1].copy()
    assert compiled(POINTS, y).tobytes() == right(POINTS, y).tobytes()
    for a, b in zip(POINTS[:20].tolist(), y[:20].tolist(), strict=True):
        assert compiled(a, b) == right(np.float64(a), np.float64(b))


def test_exact_constants_are_rounded_once() -> None:
    compiled = ty.compile([X * Fraction(1, 3), X + ty.constant("0.1"), X * 10**400], [X])
    assert [float(v) for v in compiled(1.0)] == [1 / 3, 1.1, math.inf]


def test_special_values() -> None:
    compiled = ty.compile([1 / X, ty.log(X), ty.sqrt(X), ty.exp(X), X / X, X * 0], [X])
    with np.errstate(all="ignore"):
        found = np.array(compiled(np.array([0.0, -0.0, np.inf, -np.inf, np.nan, -1.0])))
    inf, nan = np.inf, np.nan
    right = [
        [inf, -inf, 0.0, -0.0, nan, -1.0],
        [-inf, -inf, inf, nan, nan, nan],
        [0.0, -0.0, inf, nan, nan, nan],
        [1.0, 1.0, inf, 0.0, nan, math.exp(-1.0)],
        [1.0] * 6,  # x / x is 1 and x * 0 is 0 before anything is compiled
        [0.0] * 6,
    ]
    assert np.array_equal(found, right, equal_nan=True)


def test_elementary_values_are_within_an_ulp() -> None:
    names = ("exp", "log", "sin", "cos", "tan", "atan", "sinh", "tanh", "erf", "asinh", "cbrt")
    compiled = ty.compile([getattr(ty, name)(X) for name in names], [X])
    points = np.concatenate([np.linspace(0.01, 20, 40), [1e-8, 300.5]])
    found = compiled(points)
    for name, values in zip(names, found, strict=True):
        for x, value in zip(points, values, strict=True):
            right = getattr(MP, name)(MP.mpf(float(x)))
            assert abs(MP.mpf(float(value)) - right) <= math.ulp(float(right)), (name, x)


# -- NumPy -----------------------------------------------------------------------------------------


def test_broadcasting_and_kinds_of_arguments(f: ty.Function) -> None:
    grid = f(np.arange(3.0)[:, None], np.arange(4.0), 1)
    assert grid.shape == (3, 4) and np.array_equal(grid, np.outer(np.arange(3), np.arange(4)) + 1)
    assert f([1, 2], (3, 4), 0.5).tolist() == [3.5, 8.5]
    assert f(True, np.int8(3), np.float32(0.5)) == 3.5
    assert isinstance(f(1.0, 2.0, 3.0), float) and f(1, 2, 3) == 5
    if np.lib.NumpyVersion(np.__version__) >= "2.0.0":  # before, such integers are objects
        assert f(2**70, 1, 0) == 2.0**70
    assert f(np.zeros((2, 0)), 1.0, 1.0).shape == (2, 0)
    assert f(np.float64(3), np.array(2.0), 0.0) == 6


def test_out_where_casting_and_dtype(f: ty.Function) -> None:
    x = np.arange(6.0)
    out = np.full(6, -1.0)
    assert f(x, 2, 0, out=out) is out and np.array_equal(out, 2 * x)
    kept = f(x, 3, 0, out=out.copy(), where=x > 3)
    assert kept.tolist() == [0, 2, 4, 6, 12, 15]
    assert f(x.astype(np.float32), 1, 0).dtype == np.float64
    assert f(x, 1, 0, dtype=np.float64).dtype == np.float64
    integers = np.zeros(6, dtype=np.int64)
    with pytest.raises(TypeError, match="cast"):
        f(x, 1, 0, out=integers)
    f(x, 1.5, 0, out=integers, casting="unsafe")
    assert integers.tolist() == [0, 1, 3, 4, 6, 7]
    with pytest.raises(TypeError):
        f(x + 1j, 1, 0)


def test_memory_layouts(f: ty.Function) -> None:
    """Strided, reversed, transposed, overlapping and unaligned memory; lengths around the chunk."""
    base = np.random.default_rng(1).normal(size=(70, 3))
    for x in (base[:, 1], base[::-3, 2], base.T[0], base[5:, 0][::-1], base[::2]):
        assert np.array_equal(f(x, 2.0, 1.0), 2.0 * x + 1.0)
    for size in range(20):
        x = base[:size, 0]
        assert np.array_equal(f(x, -2.0, 1.0), -2.0 * x + 1.0)
    chain = np.arange(40.0)
    right = 2 * chain[:-1] + 1
    f(chain[:-1], 2, 1, out=chain[1:])
    assert np.array_equal(chain[1:], right)
    raw = np.zeros(8 * 9 + 1, dtype=np.uint8)
    unaligned = raw[1:].view(np.float64)
    unaligned[:] = np.arange(9)
    assert np.array_equal(f(unaligned, 1, 1), np.arange(9) + 1)


def test_ufunc_methods_work_where_operands_fit() -> None:
    add = ty.compile(X + Y, [X, Y])
    assert add.ufunc is not None
    table = np.random.default_rng(3).normal(size=(41, 37))
    for axis in (0, 1, -1):
        assert np.allclose(add.ufunc.reduce(table, axis=axis), table.sum(axis), rtol=0, atol=1e-12)
    for x in (table[0], table[::2, 3], table[:, ::-1], table.T):
        assert np.array_equal(add.ufunc.accumulate(x), np.add.accumulate(x))
    pieces = [0, 5, 3, 30, 36]
    found, right = (g.reduceat(table[0], pieces) for g in (add.ufunc, np.add))
    assert np.allclose(found, right, rtol=0, atol=1e-13)
    assert add.ufunc.outer([1.0, 2.0], [10.0, 20.0]).tolist() == [[11, 21], [12, 22]]
    count = np.zeros(3)
    add.ufunc.at(count, [0, 2, 2, 0, 2], 1.0)
    assert count.tolist() == [2, 0, 3]


def test_several_outputs_are_a_tuple() -> None:
    both = ty.compile([X + Y, X - Y], [X, Y])
    total, difference = both(np.arange(3.0), 1.0)
    assert total.tolist() == [1, 2, 3] and difference.tolist() == [-1, 0, 1]
    (only,) = ty.compile([X], [X])(2.0)
    assert only == 2
    constant, same = ty.compile([ty.constant(3) + 0 * X, Y], [X, Y])(np.zeros(4), 1.0)
    assert np.broadcast_shapes(constant.shape, same.shape) == (4,)


def test_parameters_and_time_are_inputs_like_others() -> None:
    wave = ty.compile(K * ty.sin(ty.time) + X, [ty.time, K, X])
    assert wave(0.5, 2.0, 1.0) == pytest.approx(2 * math.sin(0.5) + 1, rel=1e-15)


# -- arrays and many operands ----------------------------------------------------------------------


@pytest.mark.parametrize("count", [5, 62, 63, 64, 100])
def test_more_operands_than_a_ufunc_takes(count: int) -> None:
    x = [ty.variable(f"x{i}") for i in range(count)]
    many = ty.compile([ty.sum([(i + 1) * e for i, e in enumerate(x)]), x[0] - x[-1]], x)
    assert (many.ufunc is None) == (count + 2 > MAX_OPERANDS)
    points = np.random.default_rng(count).normal(size=(count, 2, 9))
    total, difference = many(*points)
    exact = [
        sum(Fraction(i + 1) * Fraction(float(p)) for i, p in enumerate(column))
        for column in points.reshape(count, -1).T
    ]
    size = np.tensordot(np.arange(1, count + 1), abs(points), 1).ravel()
    errors = [abs(Fraction(float(a)) - b) for a, b in zip(total.ravel(), exact, strict=True)]
    assert all(e <= count * 2.0**-53 * s for e, s in zip(errors, size, strict=True))
    assert np.array_equal(difference, points[0] - points[-1])
    assert many(*points[:, 0, 0])[0] == total[0, 0]


def test_array_inputs_and_outputs() -> None:
    q = ty.variable("q", shape=(3,))
    m = ty.variable("m", shape=(2, 3))
    compiled = ty.compile([m @ q + 1, ty.sum(q * q), X * q], [m, q, X])
    matrix = np.random.default_rng(0).normal(size=(4, 2, 3))
    vector = np.random.default_rng(1).normal(size=(4, 3))
    image, square, scaled = compiled(matrix, vector, np.arange(4.0))
    assert np.allclose(image, np.einsum("nij,nj->ni", matrix, vector) + 1, rtol=1e-14, atol=1e-15)
    assert np.allclose(square, (vector**2).sum(1), rtol=1e-15)
    assert np.array_equal(scaled, np.arange(4.0)[:, None] * vector)
    one = compiled(matrix[0], vector[0], 2.0)
    assert one[0].shape == (2,) and one[1] == square[0] and one[2].shape == (3,)
    with pytest.raises(ArgumentError, match=r"last axes \(3,\), got shape \(2,\)"):
        compiled(matrix[0], [1.0, 2.0], 1.0)


def test_array_operands_take_no_keywords() -> None:
    q = ty.variable("q", shape=(3,))
    compiled = ty.compile(q + 1, [q])
    with pytest.raises(TypeError, match="no keyword arguments; got out"):
        compiled(np.zeros(3), out=np.zeros(3))
    with pytest.raises(TypeError, match=r"takes 1 argument.*got 2"):
        compiled(np.zeros(3), 1.0)


# -- life ------------------------------------------------------------------------------------------


def test_functions_pickle_as_their_expressions() -> None:
    original = ty.compile([ty.sin(X) / 3 + K, ty.where(X < K, X, 1)], [X, K], name="twin")
    copy = pickle.loads(pickle.dumps(original))
    assert copy.name == "twin" and copy.inputs == original.inputs
    x = np.linspace(-2, 2, 17)
    for a, b in zip(original(x, 0.5), copy(x, 0.5), strict=True):
        assert np.array_equal(a, b)
    assert str(original) == str(copy) and "twin" in repr(copy)


def test_two_threads_use_one_function() -> None:
    compiled = ty.compile(ty.exp(ty.sin(X)) * Y, [X, Y])
    x = np.linspace(0, 10, 50_000)
    right = compiled(x, 2.0)
    wrong: list[int] = []

    def work(number: int) -> None:
        for _ in range(20):
            if not np.array_equal(compiled(x, 2.0), right):
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_deep_and_wide_expressions() -> None:
    deep = X
    for _ in range(3000):
        deep = deep + 1 / (2 + deep * 0)
    assert ty.compile(deep, [X])(0.0) == pytest.approx(1500, rel=1e-13)


# -- errors ----------------------------------------------------------------------------------------


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(ArgumentError, match=r"depends on y.*not among the inputs \(x\)"):
        ty.compile(X + Y, [X])
    with pytest.raises(ArgumentError, match="x occurs twice"):
        ty.compile(X, [X, X])
    with pytest.raises(ArgumentError, match="at least one expression"):
        ty.compile([], [X])
    with pytest.raises(ArgumentTypeError, match="must be a list of expressions"):
        ty.compile(X, X)
    with pytest.raises(ArgumentTypeError, match="input 1 must be a variable"):
        ty.compile(X, [X, 2 * X])
    with pytest.raises((ArgumentTypeError, TaylorError)):
        ty.compile("x + 1", [X])
    with pytest.raises(TypeError):
        ty.compile(X, [X])(1.0, 2.0)
    with pytest.raises(TypeError):
        ty.compile(X, [X])("a")


@pytest.mark.parametrize("shape", [(100_003,), (3, 50_001), (40_000, 2), (7,), ()])
def test_threads_do_not_change_results(shape: tuple[int, ...]) -> None:
    x, y = ty.variables("x y")
    expressions = [ty.sin(x) * y, x / y]
    one, two = (ty.compile(expressions, [x, y], threads=n) for n in (1, 3))
    rng = np.random.default_rng(1)
    p, q = rng.uniform(1, 2, shape), rng.uniform(1, 2, shape[-1:])
    expected = one(p, q)
    assert all(np.array_equal(a, b) for a, b in zip(expected, two(p, q), strict=True))
    outs = tuple(np.empty(shape) for _ in expected)
    if shape:
        assert two(p, q, out=outs)[1] is outs[1]
        assert np.array_equal(outs[0], expected[0])
    many = [ty.compile([x * k + y for k in range(70)], [x, y], threads=n) for n in (1, 2)]
    assert np.array_equal(*(np.array(f(p, q)) for f in many))
    again = p.copy()
    ty.compile(ty.sin(x), [x], threads=2)(again, out=again)
    assert np.array_equal(again, ty.compile(ty.sin(x), [x])(p))


def test_threads_must_be_a_positive_integer() -> None:
    x = ty.variable("x")
    with pytest.raises(ArgumentError, match="threads must be a positive integer, got 0"):
        ty.compile(x, [x], threads=0)

"""The reference interpreter of programs of arrays: the bits of machine code in float64, whatever it
is rendered as, and exact values in exact numbers.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import mpmath
import numpy as np
import pytest
from machine_algebra import machine_algebra
from random_arrays import added_at, random_function

import taylor as ty
from taylor.errors import ArgumentError
from taylor.expressions.leaves import try_expression
from taylor.numbers.precision import as_precision
from taylor.recurrences import arrays
from taylor.recurrences.arrays import Lowered, lower_arrays
from taylor.reference.arrays import array_coefficients
from taylor.reference.interpreter import fraction_algebra, mpmath_algebra
from taylor.systems import blocks
from taylor_runtime.callables.points import ArrayFunction, build_array_function
from taylor_runtime.program.program import Input
from taylor_runtime.program.text import from_text, to_text

DOUBLE = as_precision("float64")
MACHINE = machine_algebra()


def lowered(fun: Callable[..., Any], shapes: Sequence[tuple[int, ...]], order: int) -> Lowered:
    """The program of a function's results; outputs that have elements."""
    xs = [ty.variable(f"x{k}", shape=shape) for k, shape in enumerate(shapes)]
    inputs, first = {}, 0
    for x in xs:
        inputs[x] = Input("jet" if order else "parameter", (first,))
        first += x.size
    return lower_arrays([e for e in outputs_of(fun, xs) if e.size], inputs, order)


def outputs_of(fun: Callable[..., Any], xs: Sequence[Any]) -> list[Any]:
    found = fun(*xs)
    return [try_expression(e) for e in (found if isinstance(found, tuple) else (found,))]


def compiled(low: Lowered, shapes: Sequence[tuple[int, ...]], order: int) -> ArrayFunction:
    outputs = list(dict.fromkeys(row for row, _ in low.program.outputs))
    sides = list(shapes), [low.program.shape(row) for row in outputs]
    numbers = low.planes(DOUBLE)
    return build_array_function(
        low.program, sides, numbers, low.table, "f", "", None, "float64", order + 1
    )


def same_bits(
    fun: Callable[..., Any], point: Sequence[np.ndarray], order: int, seed: int = 0
) -> None:
    """All coefficients of a function at random ones of its arguments, which begin with a point."""
    shapes = [p.shape for p in point]
    rng = np.random.default_rng(seed)
    more = [rng.uniform(-1, 1, (order, *shape)) for shape in shapes]
    given = [np.concatenate([p[None], m]) for p, m in zip(point, more, strict=True)]
    low = lowered(fun, shapes, order)
    if not low.program.outputs:
        return
    code = compiled(low, shapes, order)
    found = code.ufunc(*(given if order else point))
    slots = np.concatenate([g.reshape(order + 1, -1) for g in given], axis=1).T.tolist()
    inputs = {"jet": slots} if order else {"parameter": [slot[0] for slot in slots]}
    wanted = array_coefficients(code.program, {**inputs, **low.outside()}, MACHINE)
    for one, series in zip(found if isinstance(found, tuple) else (found,), wanted, strict=True):
        other = np.array([c.astype(float) for c in series])
        other = other if order else other[0]
        # What is compiled has columns as vectors; results are as they were asked for.
        assert np.array_equal(one, other.reshape(one.shape), equal_nan=True)


# Sums of many forms: lanes along what is summed and along what is not, in one chain and in several,
# axes that are walked as one, views at strides that are negative or zero.
SUMS: dict[str, Callable[[Any], Any]] = {
    "all": lambda x: x.sum(),
    "all of a product": lambda x: (x * x[::-1]).sum(),
    "first": lambda x: x.sum(axis=0),
    "middle": lambda x: x.sum(axis=1),
    "last": lambda x: x.sum(axis=2),
    "first and last": lambda x: (x + 1).sum(axis=(0, 2)),
    "last two of the exponential": lambda x: np.exp(x).sum(axis=(1, 2)),
    "with a factor along one of them": lambda x: (x * x[:, :1, :]).sum(axis=(1, 2)),
    "transposed": lambda x: np.sin(x.T).sum(axis=0),
    "reversed": lambda x: x[:, ::-1, ::-1].sum(axis=(1, 2)),
    "repeated": lambda x: np.broadcast_to(x[:, 0], (5, *x[:, 0].shape)).sum(axis=0),
    "several of one shape": lambda x: (x.sum(axis=0), (x * x[:1]).sum(axis=0), np.max(x, axis=0)),
    "extremes": lambda x: (np.max(x, axis=(0, 1)), np.min(x[:, ::-1]), np.max(x.T, axis=1)),
    "sum of sums": lambda x: (x - x.sum(axis=0)).sum(axis=2).sum(),
    "running": lambda x: (np.cumsum(x, axis=0), np.cumsum(x, axis=1), np.cumsum(x, axis=2)),
    "running the other way": lambda x: np.cumsum(x[:, ::-1, ::-1], axis=2),
    "running through the transposed": lambda x: np.cumsum(x.T, axis=2),
    "products": lambda x: x @ x.swapaxes(1, 2),
    "matrix times vector": lambda x: x @ x[0, 0],
    "einsum": lambda x: np.einsum("abc,dbc->ad", x, x[::-1]),
    "dot": lambda x: np.dot(x.ravel(), np.cos(x).ravel()),
    "outer": lambda x: np.outer(x[0, 0], x[:, 0, 0]),
    "scattered": lambda x: added_at(x, [k * k % 7 for k in range(x.size)], 7),
    "scattered from the transposed": lambda x: added_at(x.T, [k % 5 for k in range(x.size)], 5),
}


@pytest.mark.parametrize("order", [0, 3])
@pytest.mark.parametrize("name", SUMS)
def test_sums_have_the_bits_of_machine_code(name: str, order: int) -> None:
    rng = np.random.default_rng(len(name))
    for shape in [(3, 5, 7), (4, 1, 33), (2, 17, 16), (9, 8, 3), (1, 2, 1)]:
        same_bits(SUMS[name], [rng.uniform(-1, 1, shape)], order)


def test_long_contractions_have_the_bits_of_machine_code() -> None:
    rng = np.random.default_rng(1)
    for terms in (31, 32, 127, 128, 300, 2100):
        for rows, columns in ((1, 1), (2, 3), (9, 4)):
            sides = [rng.uniform(-1, 1, (rows, terms)), rng.uniform(-1, 1, (terms, columns))]
            same_bits(lambda a, b: a @ b, sides, 0)


@pytest.mark.seeds(40)
def test_random_programs_have_the_bits_of_machine_code(seed: int) -> None:
    order = (0, 1, 3, 6)[seed % 4]
    fun = random_function(random.Random(seed), smooth=order > 0, largest=60, longest=33)
    if all(0 not in shape for shape in fun.shapes):
        same_bits(fun, fun.point, order, seed)


def test_all_renderings_have_the_same_bits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A function compiled, alone and in batches; order zero of its jet; the slope of a system."""
    monkeypatch.setattr(arrays, "FEWEST", -1)
    monkeypatch.setattr(blocks, "FEWEST", -1)
    weights = np.random.default_rng(2).standard_normal((12, 12))

    def smooth(x: Any) -> Any:
        y = x.reshape(3, 4)
        total = np.tanh(weights @ x) + (y[:, None] * np.cos(y)).sum(axis=(1, 2)).sum()
        return total - np.cumsum(x) / 3

    def slope(x: Any) -> Any:
        return smooth(x) + np.max(x)

    point = np.random.default_rng(3).uniform(0.5, 1.5, 12)
    x = ty.variable("x", shape=(12,))
    function = ty.compile(slope(x), [x])
    value = function(point)
    assert (function(np.stack([point, 2 * point, point]))[::2] == value).all()
    for order in (1, 2, 5):
        jet = ty.jet(slope, point, order, direction=np.ones(12))
        assert jet[0].tobytes() == value.tobytes()

    ta = ty.Integrator([(x, smooth(x))], point)
    assert ta.system.blocks
    dense = ta.propagate_until(0.5, max_steps=1, dense=True).dense
    assert dense is not None
    wanted = ty.compile(smooth(x), [x])(point) * dense.scales[0]
    assert dense.coefficients[0][1].tobytes() == wanted.tobytes()


def test_coefficients_of_steps_of_systems(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blocks, "FEWEST", -1)
    x, v = ty.variable("x", shape=(5, 3)), ty.variable("v", shape=(5, 3))
    k, m = ty.parameter("k"), ty.parameter("m", shape=(5,))
    d = x[None] - x[:, None]
    pull = (m[None, :, None] * d * ((d * d).sum(axis=-1) + np.eye(5))[..., None] ** -1.5).sum(
        axis=1
    )
    rng = np.random.default_rng(4)
    state, masses = rng.uniform(-1, 1, 30), rng.uniform(0.1, 0.2, 5)
    equations = [(x, v), (v, pull - k * v * np.cos(ty.time))]
    ta = ty.Integrator(equations, state, parameters={k: 0.25, m: masses})
    assert ta.system.blocks
    program = ta._machine.stepper.program
    numbers, table = ta._machine.stepper.kept["memory"]
    dense = ta.propagate_until(1.0, max_steps=2, dense=True).dense
    assert dense is not None
    for step in range(2):
        found = dense.coefficients[step]
        inputs = {
            "state": found[0].tolist(),
            "parameter": [0.25, *masses.tolist()],
            "time": [float(np.ravel(dense.starts[step])[0])],
            "data": numbers[0].tolist(),
            "table": table.tolist(),
        }
        series = array_coefficients(program, inputs, MACHINE, float(dense.scales[step]))
        rows = [np.stack([c.astype(float).ravel() for c in row]) for row in series]
        np.testing.assert_array_equal(np.concatenate(rows, axis=1), found)


def test_a_program_that_was_read_is_the_same() -> None:
    fun = SUMS["several of one shape"]
    shape = (4, 3, 9)
    low = lowered(fun, [shape], 2)
    code = compiled(low, [shape], 2)
    again = from_text(to_text(code.program))
    assert again == code.program
    given = np.random.default_rng(5).uniform(-1, 1, (3, *shape))
    inputs = {"jet": given.reshape(3, -1).T.tolist(), **low.outside()}
    one, other = (array_coefficients(p, inputs, MACHINE) for p in (again, code.program))
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(np.array(a), np.array(b))


def test_exact_numbers() -> None:
    """Coefficients of sums of products of polynomials, in fractions."""

    def fun(x: Any) -> Any:
        return (np.cumsum(x * x[::-1]), x[:2, None] * x[None, 1:] @ x[1:], x[[0, 0, 2]].sum() / 3)

    low = lowered(fun, [(3,)], 3)
    curve = [[Fraction(k + 1, j + 2) for j in range(4)] for k in range(3)]
    found = array_coefficients(low.program, {"jet": curve, **low.outside()}, fraction_algebra())

    def times(a: list[Fraction], b: list[Fraction]) -> list[Fraction]:
        return [sum((a[j] * b[n - j] for j in range(n + 1)), Fraction(0)) for n in range(4)]

    squares = [times(a, b) for a, b in zip(curve, curve[::-1], strict=True)]
    running = [[sum(column) for column in zip(*squares[: k + 1], strict=True)] for k in range(3)]
    assert [[c[k] for c in found[0]] for k in range(3)] == running
    products = [times(curve[1], curve[1]), times(curve[2], curve[2])]
    norm = [a + b for a, b in zip(*products, strict=True)]
    assert [[c[k] for c in found[1]] for k in range(2)] == [times(curve[k], norm) for k in (0, 1)]
    third = [(2 * a + b) / 3 for a, b in zip(curve[0], curve[2], strict=True)]
    assert [c[()] for c in found[2]] == third


def test_many_digits() -> None:
    context = mpmath.mp.clone()
    context.dps = 50
    low = lowered(lambda x: (np.exp(x).sum(), np.argmax(x), np.max(x)), [(4,)], 2)
    given = [[context.mpf(k) / 3, 1, 0] for k in range(4)]
    total, place, largest = array_coefficients(
        low.program, {"jet": given, **low.outside()}, mpmath_algebra(context)
    )
    exact = sum(context.exp(context.mpf(k) / 3) for k in range(4))
    for n, factor in enumerate((1, 1, 2)):
        assert abs(total[n][()] - exact / factor) < context.mpf(10) ** -48
    assert [c[()] for c in place] == [3, 0, 0]
    assert [c[()] for c in largest] == [1, 1, 0]


def test_missing_memory_is_named() -> None:
    low = lowered(lambda x: x[[0, 2, 0]] * np.arange(3.0), [(3,)], 0)
    for source in ("data", "table"):
        outside = {**low.outside(), source: []}
        with pytest.raises(ArgumentError, match=f"inputs\\['{source}'\\]"):
            array_coefficients(low.program, {"parameter": [1, 2, 3], **outside}, fraction_algebra())

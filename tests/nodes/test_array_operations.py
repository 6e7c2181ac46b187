"""Operations of arrays against NumPy: whole arrays, spelled out, compiled; their normal forms."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counting import calls
from hypothesis import given, settings
from hypothesis import strategies as st

import taylor as ty
from taylor.expressions.evaluate import Floats, evaluate_in
from taylor.expressions.leaves import as_expression
from taylor.expressions.scalars import scalars
from taylor.nodes import arrays, conversion
from taylor.nodes.operations.arrays.contractions import contract
from taylor.nodes.operations.arrays.moves import scatter
from taylor.nodes.operations.arrays.reductions import arg_extreme, over_axes, running
from taylor.nodes.operations.arrays.views import view
from taylor.nodes.traverse import reachable
from taylor.numbers.data import positions

SHAPES = ((), (1,), (3,), (4, 3), (1, 3), (2, 1, 3), (2, 3, 4), (0,), (2, 0), (0, 3))


def spelled_out(e: Any, values: dict[Any, Any]) -> np.ndarray:
    flat = evaluate_in(list(scalars(e).reshape(-1)), values, Floats())
    return np.array(flat, dtype=float).reshape(e.shape)


def used(e: Any, values: dict[Any, Any]) -> dict[Any, Any]:
    """Values of those inputs on which an expression depends."""
    found = set(reachable([e]))
    return {q: value for q, value in values.items() if q in found}


def check(e: Any, values: dict[Any, Any], right: Any, exact: bool = False) -> None:
    """Every way to a value; the node is one that is found again however it is made."""
    right = np.asarray(right, dtype=float)
    assert e.shape == right.shape, (e, e.shape, right.shape)
    found = [np.asarray(ty.evaluate(e, values)), spelled_out(e, values)]
    if e.size and len(values) and all(np.size(v) for v in values.values()):
        found.append(np.asarray(ty.compile(e, list(values))(*values.values())))
    for value in found:
        np.testing.assert_allclose(value, right, rtol=0 if exact else 1e-13, atol=1e-14)
    assert pickle.loads(pickle.dumps(e)) is e
    others = {q: ty.variable(f"other {q}", shape=q.shape) for q in values}
    changed = ty.substitute(e, others)
    assert ty.substitute(changed, {new: old for old, new in others.items()}) is e
    assert str(e)


shapes = st.lists(st.integers(0, 3), min_size=0, max_size=3).map(tuple)
filled = st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple)


def made(shape: tuple[int, ...], name: str = "q", seed: int = 0) -> tuple[Any, np.ndarray]:
    numbers = np.random.default_rng(seed).normal(size=shape)
    return ty.variable(name, shape=shape), numbers


# --- moves ----------------------------------------------------------------------------------------


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_views(data: Any) -> None:
    """Strides of any sign, zero ones too, and elements that occur several times."""
    shape = data.draw(filled)
    q, numbers = made(shape)
    count = data.draw(st.integers(0, 3))
    target = tuple(data.draw(st.integers(0, 3)) for _ in range(count))
    strides = tuple(data.draw(st.integers(-2, 2)) for _ in range(count))
    offset = data.draw(st.integers(0, q.size - 1))
    places = np.full(target, offset)
    for axis, stride in enumerate(strides):
        steps = stride * np.arange(target[axis])
        places = places + steps.reshape([-1 if i == axis else 1 for i in range(count)])
    if places.size and not 0 <= places.min() <= places.max() < q.size:
        with pytest.raises(ty.ShapeError, match=r"view: elements .* shape"):
            view(q, offset, strides, target)
        return
    check(
        view(q, offset, strides, target) * 2,
        {q: numbers},
        2 * numbers.reshape(-1)[places],
        exact=True,
    )


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_concatenations(data: Any) -> None:
    shape = data.draw(filled)
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    parts, values = [], {}
    for k in range(data.draw(st.integers(1, 4))):
        sizes = list(shape)
        sizes[axis] = data.draw(st.integers(0, 3))
        q, numbers = made(tuple(sizes), f"part {k}", k)
        if data.draw(st.booleans()):
            values[q] = numbers
            parts.append((q, numbers))
        else:
            parts.append((as_expression(numbers), numbers))
    e = conversion.concatenate([part for part, _ in parts], axis)
    right = np.concatenate([numbers for _, numbers in parts], axis)
    check(e, used(e, values), right, exact=True)
    kinds = "".join("c" if part.op == "constant" else "." for part in e.args)
    assert "cc" not in kinds


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_an_index_looks_into_arrays_that_were_put_together(data: Any) -> None:
    axis = data.draw(st.integers(0, 1))
    values = {}
    for k in range(3):
        q, numbers = made((3, 2) if axis == 0 else (2, 3), f"part {k}", k)
        values[q] = numbers
    e = conversion.concatenate(list(values), axis)
    right = np.concatenate(list(values.values()), axis)
    start, stop = (data.draw(st.none() | st.integers(-10, 10)) for _ in range(2))
    step = data.draw(st.sampled_from((1, -1, 2, -3, None)))
    keys: list[Any] = [slice(None), slice(None)]
    keys[axis] = data.draw(st.integers(0, 8) | st.just(slice(start, stop, step)))
    if data.draw(st.booleans()):
        keys.insert(data.draw(st.integers(0, 2)), None)
    part = e[tuple(keys)]
    check(part, used(part, values), right[tuple(keys)], exact=True)
    if isinstance(keys[0], int) and axis == 0:
        assert part.op == "index" and len(used(part, values)) == 1


def test_nested_changes_of_shape_are_one() -> None:
    q = ty.variable("q", shape=(2, 3, 4))
    assert q.reshape(6, 4).reshape(24) is q.reshape(24)
    assert q.reshape(6, 4).reshape(2, 3, 4) is q
    assert q.transpose(1, 2, 0).transpose(2, 0, 1) is q
    assert q.transpose(1, 2, 0).transpose(1, 0, 2) is q.transpose(2, 1, 0)
    a = ty.variable("a", shape=2)
    assert conversion.concatenate([conversion.concatenate([a, 2 * a]), a]).args == (a, 2 * a, a)
    assert conversion.concatenate([a]) is a
    assert conversion.concatenate([a, np.zeros(0)]) is a
    assert conversion.concatenate([[1.0], [2.0, 3.0]]) is as_expression([1.0, 2.0, 3.0])


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_scatter_is_take_transposed(data: Any) -> None:
    shape, target = data.draw(shapes), data.draw(filled)
    q, numbers = made(shape)
    size = int(np.prod(target))
    places = np.array([data.draw(st.integers(0, size - 1)) for _ in range(q.size)], dtype=int)
    right = np.zeros(size)
    np.add.at(right, places, numbers.reshape(-1))
    e = scatter(q, positions(places.reshape(shape)), target)
    check(e, {q: numbers} if q.size else {}, right.reshape(target))


def test_wrong_places_of_scatter() -> None:
    q = ty.variable("q", shape=2)
    with pytest.raises(ty.ShapeError, match=r"scatter: .*\(3,\).*\(2,\)"):
        scatter(q, positions([0, 1, 2]), (4,))
    with pytest.raises(IndexError, match=r"scatter: .*4 elements"):
        scatter(q, positions([0, 4]), (4,))


# --- reductions -----------------------------------------------------------------------------------


@given(st.data(), st.sampled_from(["sum", "prod", "max", "min"]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_reductions(data: Any, name: str, keepdims: bool) -> None:
    shape = data.draw(shapes)
    q, numbers = made(shape)
    axes = [i for i in range(len(shape)) if data.draw(st.booleans())]
    axis = None if data.draw(st.booleans()) else tuple(i - len(shape) for i in axes)
    build: Callable[..., Any] = arrays.sum_axes if name == "sum" else None
    try:
        right = getattr(np, name)(numbers, axis=axis, keepdims=keepdims)
    except ValueError:
        with pytest.raises(ty.ShapeError, match=rf"{name}: shape .*no elements"):
            over_axes(name, q, axis, keepdims)
        return
    e = build(q, axis, keepdims) if build else over_axes(name, q, axis, keepdims)
    check(e, {q: numbers}, right)


@given(st.data(), st.sampled_from(["argmax", "argmin"]), st.booleans())
@settings(max_examples=100, deadline=None)
def test_places_of_extremes(data: Any, name: str, keepdims: bool) -> None:
    """The first of equals, and the first NaN before all numbers, as NumPy has it."""
    shape = data.draw(filled)
    numbers = np.empty(shape)
    kinds = st.sampled_from([0.0, 1.0, -2.5, np.inf, -np.inf, np.nan])
    for position in np.ndindex(*shape):
        numbers[position] = data.draw(kinds)
    q = ty.variable("q", shape=shape)
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1))
    e = arg_extreme(name, q, axis, keepdims)
    check(e, {q: numbers}, getattr(np, name)(numbers, axis=axis, keepdims=keepdims), exact=True)


def test_places_are_steady() -> None:
    q = ty.variable("q", shape=3)
    place = arg_extreme("argmax", q * q)
    assert [g.evaluate({q: [1.0, 3.0, 2.0]}) for g in ty.grad_expressions(place, [q])[0]] == [0] * 3
    highest = over_axes("max", q * q)
    gradient = ty.grad_expressions(highest, [q])[0]
    assert [g.evaluate({q: [1.0, 3.0, 2.0]}) for g in gradient] == [0, 6, 0]


@given(st.data(), st.sampled_from(["max", "min"]))
@settings(max_examples=30, deadline=None)
def test_extremes_of_nan_are_nan(data: Any, name: str) -> None:
    numbers = np.array([data.draw(st.sampled_from([0.0, 1.0, np.nan, -np.inf])) for _ in range(4)])
    q = ty.variable("q", shape=4)
    e, right = over_axes(name, q), getattr(np, name)(numbers)
    for found in (ty.evaluate(e, {q: numbers}), ty.compile(e, [q])(numbers)):
        assert np.array_equal(found, right, equal_nan=True)
    assert np.array_equal(spelled_out(e, {q: numbers}), right, equal_nan=True)


@given(st.data(), st.sampled_from(["cumsum", "cumprod"]))
@settings(max_examples=60, deadline=None)
def test_running_sums_and_products(data: Any, name: str) -> None:
    shape = data.draw(shapes)
    q, numbers = made(shape)
    axis = data.draw(st.none() | st.integers(-len(shape), len(shape) - 1)) if shape else None
    check(running(name, q, axis), {q: numbers}, getattr(np, name)(numbers, axis=axis))


# --- contractions ---------------------------------------------------------------------------------


@given(st.data())
@settings(max_examples=150, deadline=None)
def test_contractions(data: Any) -> None:
    sizes = {x: data.draw(st.integers(0, 3)) for x in "ijkl"}
    letters = [data.draw(st.lists(st.sampled_from("ijkl"), unique=True, max_size=3)) for _ in "ab"]
    both = sorted(set(letters[0] + letters[1]))
    result = data.draw(st.permutations(both))[: data.draw(st.integers(0, 4))]
    operands = []
    for name, axes in zip("ab", letters, strict=True):
        short = [data.draw(st.integers(0, 5)) == 0 for _ in axes]
        shape = tuple(1 if s else sizes[x] for x, s in zip(axes, short, strict=True))
        operands.append(made(shape, name, len(name)))
    (a, left), (b, right) = operands
    written = ["".join(x) for x in (*letters, result)]
    value = np.einsum(f"{written[0]},{written[1]}->{written[2]}", left, right)
    e = contract(a, b, *written)
    check(e, used(e, {a: left, b: right}), value)
    assert len(reachable([e])) <= 12


def test_contractions_have_one_normal_form() -> None:
    a, b = ty.variable("a", shape=(3, 4)), ty.variable("b", shape=(4, 5))
    e = contract(a, b, "xk", "kz", "xz")
    assert e.op == "einsum" and e.payload == "ab,bc->ac" and e.args == (a, b)
    assert e is contract(a, b, "ij", "jk", "ik")
    assert str(e) == "einsum('ab,bc->ac', a, b)"
    assert contract(a, b, "ij", "kl", "ijkl").op == "mul"
    with pytest.raises(ty.ShapeError, match=r"einsum: shapes \(3, 4\) and \(4, 5\).*'j'"):
        contract(a, b, "ij", "kj", "ik")


def test_sums_of_contractions_are_added_in_the_order_of_letters() -> None:
    a, b = ty.variable("a", shape=(2, 2)), ty.variable("b", shape=(2, 2))
    element = scalars(contract(a, b, "ij", "ij", ""))[()]
    assert element is ty.sum([a[i, j] * b[i, j] for i in range(2) for j in range(2)])


# --- evaluation of whole arrays -------------------------------------------------------------------


def test_evaluation_spells_nothing_out() -> None:
    generator = np.random.default_rng(0)
    weights, numbers = generator.normal(size=(500, 400)), generator.normal(size=400)
    q = ty.variable("q", shape=400)
    e = np.sum(np.tanh(weights @ q) ** 2) + over_axes("max", running("cumsum", q))
    found = ty.evaluate(e, {q: numbers})
    assert calls(lambda: ty.evaluate(e, {q: numbers})) < 20_000  # there are 200,000 products
    right = np.sum(np.tanh(weights @ numbers) ** 2) + np.cumsum(numbers).max()
    assert found == pytest.approx(right, rel=1e-13) and isinstance(found, np.float64)


def test_values_of_arrays_are_the_callers_own() -> None:
    q = ty.variable("q", shape=(2, 2))
    numbers = np.eye(2)
    for e in (
        q,
        q.T,
        q[0],
        q.reshape(4),
        as_expression(numbers * 3),
        np.broadcast_to(q[0], (3, 2)),
    ):
        value = ty.evaluate(e, {q: numbers})
        value += 1
    assert np.array_equal(numbers, np.eye(2)) and ty.evaluate(as_expression(numbers * 3))[0, 0] == 3


def test_complex_values_of_arrays() -> None:
    q = ty.variable("q", shape=3)
    numbers = np.array([1 + 2j, 0.5j, -1.0])
    e = np.sum(np.exp(q) * q[::-1]) + over_axes("prod", q)
    right = np.sum(np.exp(numbers) * numbers[::-1]) + np.prod(numbers)
    assert ty.evaluate(e, {q: numbers}) == pytest.approx(right, rel=1e-14)


def test_elements_may_be_given() -> None:
    q, x = ty.variable("q", shape=2), ty.variable("x")
    assert ty.evaluate(np.sum(q), {q[0]: 1.0, q[1]: 2.0}) == 3
    assert ty.evaluate(q * x, {q: [1.0, 2.0], x: np.array([1.0, 2.0, 3.0])}).shape == (2, 3)
    with pytest.raises(ty.ArgumentError, match="no value is given for q"):
        ty.evaluate(np.sum(q), {x: 1.0})

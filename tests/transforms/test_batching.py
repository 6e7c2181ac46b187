"""Every operation for many values at once, against a loop of Python's over the values."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import taylor as ty
from taylor.expressions.evaluate import Floats, evaluate_in
from taylor.expressions.leaves import as_expression
from taylor.expressions.scalars import scalars
from taylor.nodes import arrays, conversion, logic
from taylor.nodes.operation import OPERATIONS
from taylor.nodes.operations.arrays.contractions import contract
from taylor.nodes.operations.arrays.moves import scatter
from taylor.nodes.operations.arrays.orders import FEW, places_in_order
from taylor.nodes.operations.arrays.places import pick, put
from taylor.nodes.operations.arrays.reductions import arg_extreme, over_axes, running
from taylor.nodes.operations.arrays.views import view
from taylor.nodes.traverse import inputs, reachable
from taylor.numbers.data import positions
from taylor.transforms.batching import batched
from taylor.transforms.reverse import adjoints

SIZE = 3

# For each operation functions of inputs of some shapes; arguments are of several ranks.
Case = tuple[Callable[..., Any], tuple[tuple[int, ...], ...]]
BINARY = [((), ()), ((2, 3), (3,)), ((2, 1), (4, 1, 3)), ((1,), (2, 3)), ((), (3,))]


def elementwise(f: Callable[..., Any]) -> list[Case]:
    return [(f, shapes) for shapes in BINARY]


def compared(op: str) -> list[Case]:
    return elementwise(lambda a, b: logic.where(logic.compare(op, a, b), a, b))


def joined(op: str) -> list[Case]:
    return elementwise(lambda a, b: logic.logical(op, a > 0, b > 0.5))


def reductions(name: str) -> list[Case]:
    over = [(0,), (1,), (0, 2), (0, 1, 2)]
    return [(lambda a, axes=axes: over_axes(name, a, axes), ((2, 3, 2),)) for axes in over]


def along(f: Callable[..., Any], name: str) -> list[Case]:
    return [(lambda a, axis=axis: f(name, a, axis), ((2, 3, 2),)) for axis in range(3)]


PRODUCTS = [
    ((3,), (3,)),
    ((2, 3), (3,)),
    ((3,), (3, 2)),
    ((2, 3), (3, 4)),
    ((4, 2, 3), (3,)),
    ((3,), (4, 3, 2)),
    ((4, 2, 3), (3, 2)),
    ((2, 3), (5, 4, 3, 2)),
    ((4, 2, 3), (5, 1, 3, 2)),
]
EINSUMS = [
    ("ab", "bc", "ac", ((2, 3), (3, 4))),
    ("abc", "cb", "a", ((2, 3, 4), (4, 3))),
    ("abc", "abc", "ca", ((2, 3, 4), (2, 3, 4))),
    ("ab", "ab", "", ((2, 3), (2, 3))),
]
TAKEN, PUT = (
    positions(np.array([[5, 0], [3, 3], [1, 2]])),
    positions(np.array([[1, 0, 3], [3, 1, 1]])),
)


def scanned(s: Any, xs: Any, k: Any) -> Any:
    def turn(carry: Any, x: Any) -> Any:
        total, count = carry
        return (total * k + x.sum(), count + 1), {"seen": total - x, "count": count}

    (total, count), out = ty.scan(turn, (s, 0.0), xs, reverse=True)
    return conversion.concatenate(
        [conversion.stack([total, count]), out["seen"].reshape(-1), out["count"]]
    )


def halved(x: Any, k: Any) -> Any:
    """Turns while any element is large; what it carries besides is the same for all at first."""
    y, n, kept = ty.while_loop(
        lambda c: (c[0] * c[0]).sum() > 0.1, lambda c: (c[0] * k / 2, c[1] + 1, c[2]), (x, 0, x)
    )
    return conversion.concatenate([y, kept, conversion.stack([n])])


def counted(x: Any, k: Any) -> Any:
    """Conditions of inputs alone; carries that differ."""
    return ty.while_loop(lambda c: c[0] < 4, lambda c: (c[0] + 1, c[1] * k), (k * 0, x))[1]


def powers(x: Any, lower: Any, upper: Any) -> Any:
    y, n = ty.fori_loop(lower * 2, upper * 3, lambda i, c: (c[0] * x + i, c[1] + 1), (x, 0.0))
    return conversion.stack([y, n])


def branches(n: Any, x: Any) -> Any:
    return ty.switch(n, [lambda x: x * 2, ty.sin, lambda x: 1 / x], x)


def with_loops(n: Any, x: Any) -> Any:
    """A branch that never ends for those that do not take it."""
    return ty.cond(
        n > 0,
        lambda x: ty.while_loop(lambda y: y < 3, lambda y: y + n, x * x),
        lambda x: ty.scan(lambda c, _: (c * x, None), 1.0, length=3)[0],
        x,
    )


def in_turns(x: Any, k: Any) -> Any:
    """Loops inside one another; the inner takes as many turns as each needs."""

    def turn(i: Any, y: Any) -> Any:
        return ty.while_loop(lambda z: z > 1, lambda z: z / 2, y + k * k + i)

    outer = ty.fori_loop(0, 3, turn, x)
    return ty.while_loop(
        lambda y: y < 2, lambda y: ty.fori_loop(0, y, lambda i, z: z + 1, y + 1), outer
    )


def backward(f: Callable[..., Any]) -> Callable[..., Any]:
    """The gradient of the sum of squares of what a function gives."""

    def slopes(*given: Any) -> Any:
        found = as_expression(f(*given))
        listed = adjoints([(found * found).sum()], [ty.constant(1)], given)
        return conversion.concatenate([arrays.reshape(e, -1) for e in listed])

    return slopes


def linear(name: str) -> Callable[..., Any]:
    """A function of matrices, of positive definite ones."""

    def function(a: Any) -> Any:
        n = a.shape[-1]
        return OPERATIONS[name].build(None, [a @ np.swapaxes(a, -1, -2) + np.eye(n)])

    return function


@ty.custom_derivative
def ruled(x: Any, k: Any) -> Any:
    return ty.sin(x).sum() * k, x * k


ruled.defjvp(lambda p, t: (ruled(*p), (p[1] * (t[0] * p[0]).sum(), 3 * t[1] * p[0])))


def with_rule(x: Any, k: Any) -> Any:
    return conversion.concatenate([conversion.stack([ruled(x, k)[0]]), ruled(x, k)[1]])


CASES: dict[str, list[Case]] = {
    "linear": elementwise(lambda a, b: 2 * a - b + 3),
    "mul": elementwise(lambda a, b: a * b),
    "div": elementwise(lambda a, b: a / b),
    "pow": elementwise(lambda a, b: abs(a) ** b),
    **{op: compared(op) for op in ("lt", "le", "gt", "ge", "eq", "ne")},
    "and": joined("and"),
    "or": joined("or"),
    "not": [(lambda a: logic.logical_not(a > 0), ((2, 3),))],
    "where": [(lambda a, b, c: logic.where(a > 0, b, c), ((3,), (), (2, 1)))],
    "sin": [(ty.sin, ((),)), (ty.sin, ((2, 3),))],
    "atan2": elementwise(ty.atan2),
    "besselj": [(lambda x: ty.besselj(2, x), ((2, 3),))],
    "index": [
        (lambda a, key=key: a[key], ((2, 3, 4),))
        for key in (0, (slice(None), 1), (slice(None, None, -1), None, 2), (..., slice(1, 3)))
    ],
    "take": [(lambda a: arrays.take_from(a, TAKEN), ((2, 3),))],
    "view": [(lambda a: view(a, 1, (1, 2), (3, 2)), ((2, 3),))],
    "stack": [(lambda a, b: conversion.stack([a, b, a]), (s, s)) for s in ((), (2,), (2, 3))],
    "concatenate": [
        (lambda a, b, k=k: conversion.concatenate([a, b], k), ((2, 3), (2, 3))) for k in (0, 1)
    ],
    "scatter": [(lambda a: scatter(a, PUT, (2, 3)), ((2, 3),))],
    "reshape": [(lambda a, s=s: arrays.reshape(a, s), ((2, 6),)) for s in ((12,), (3, 4))],
    "transpose": [
        (lambda a, p=p: arrays.transpose(a, p), ((2, 3, 4),)) for p in ((2, 0, 1), (0, 2, 1))
    ],
    "broadcast": [
        (lambda a: arrays.broadcast_to(a, (4, 2, 3)), (s,)) for s in ((), (3,), (2, 1), (1, 1, 1))
    ],
    **{name: reductions(name) for name in ("prod", "max", "min")},
    "sum": [(lambda a, k=k: a.sum(axis=k), ((2, 3, 2),)) for k in (0, (1, 2), None)],
    **{name: along(arg_extreme, name) for name in ("argmax", "argmin")},
    **{name: along(running, name) for name in ("cumsum", "cumprod")},
    "argsort": [(places_in_order, (shape,)) for shape in ((FEW + 2,), (2, FEW + 1))],
    "matmul": [(arrays.matmul, shapes) for shapes in PRODUCTS],
    "einsum": [(lambda a, b, s=s: contract(a, b, *s), shapes) for *s, shapes in EINSUMS],
    "scan": [(scanned, ((), (4, 2), ()))],
    "while_loop": [(halved, ((2,), ())), (counted, ((2,), ())), (in_turns, ((), ()))],
    "fori_loop": [(powers, ((), (), ()))],
    "switch": [(branches, ((), s)) for s in ((), (2,))] + [(with_loops, ((), ()))],
    "reverse_loop": [
        (backward(halved), ((2,), ())),
        (backward(powers), ((), (), ())),
        (backward(with_loops), ((), ())),
    ],
    **{
        name: [(linear(name), (shape,)) for shape in ((3, 3), (2, 2, 2))]
        for name in ("cholesky", "qr", "eigh", "det", "slogdet")
    },
    "solve": [
        (lambda a, b: np.linalg.solve(a + 4 * np.eye(3), b), shapes)
        for shapes in (((3, 3), (3,)), ((3, 3), (3, 2)), ((2, 3, 3), (2, 3, 2)))
    ],
    "pick": [(pick, ((4, 2), places)) for places in ((), (3,), (2, 3))],
    "put": [(put, ((4, 2), places, (*places, 2))) for places in ((), (3,), (2, 2))],
    "custom": [(with_rule, ((2,), ())), (backward(with_rule), ((2,), ()))],
    "stop_gradient": [(lambda a: ty.stop_gradient(a) * a, ((2, 3),))],
    "part": [(scanned, ((), (3, 1), ()))],
}
LISTED = [(name, number) for name, cases in CASES.items() for number in range(len(cases))]


def test_every_operation_is_among_the_cases() -> None:
    # `series` is made of functions when jets are compiled, and is never a part of any; no more is
    # `recursion`, of loops when machine code is made.
    # `call` is there only while a recursive function is traced; of `solution` the ensembles of
    # tests/solutions are.
    made = {"series", "recursion", "call", "solution"}
    others = {"constant", "variable", "parameter", "time"} | made
    assert OPERATIONS.keys() - CASES.keys() <= others


# NumPy takes them whole; its linear algebra sums in another order.
WHOLE = {"cholesky", "qr", "eigh", "det", "slogdet", "solve", "argsort"}


def value_of(e: Any, known: dict[Any, Any]) -> np.ndarray:
    """Element by element, in doubles, as the scalars are written; linear algebra by NumPy."""
    own = {q: value for q, value in known.items() if q in set(inputs([e]))}
    if any(node.op in WHOLE for node in reachable([e])):
        return np.asarray(ty.evaluate(e, own))
    found = evaluate_in(list(scalars(e).reshape(-1)), own, Floats())
    return np.array(found, dtype=float).reshape(e.shape)


def one_by_one(e: Any, known: dict[Any, Any], many: dict[Any, np.ndarray]) -> np.ndarray:
    """The values for each k, with input q of the value many[q][k]."""
    listed = [{**known, **{q: value[k] for q, value in many.items()}} for k in range(SIZE)]
    return np.stack([value_of(e, values) for values in listed])


@pytest.mark.parametrize(("name", "number"), LISTED)
def test_operations_of_many(name: str, number: int) -> None:
    f, shapes = CASES[name][number]
    rng = np.random.default_rng(number)
    given = [ty.variable(f"q{k}", shape=s) for k, s in enumerate(shapes)]
    e = as_expression(f(*given))
    assert any(node.op == name for node in reachable([e])) or f"{name}(" in str(e)
    for wide in product((False, True), repeat=len(shapes)):
        many = {
            q: ty.variable(f"many {q}", shape=(SIZE, *q.shape))
            for q, does in zip(given, wide, strict=True)
            if does
        }
        (found,) = batched([e], many, SIZE)
        assert found.shape == (SIZE, *e.shape)
        values = {q: rng.uniform(-1, 1.5, q.shape) for q in (*given, *many.values())}
        right = one_by_one(e, values, {q: values[m] for q, m in many.items()})
        if name in WHOLE:
            np.testing.assert_allclose(value_of(found, values), right, rtol=1e-12, atol=1e-14)
        else:
            seen = value_of(found, values)
            assert np.array_equal(seen, right, equal_nan=True), (wide, seen, right)


@pytest.mark.parametrize("name", ["scan", "while_loop", "fori_loop", "switch"])
def test_machine_code_of_loops_of_many(name: str) -> None:
    rng = np.random.default_rng(1)
    for f, shapes in CASES[name]:
        given = [ty.variable(f"q{k}", shape=s) for k, s in enumerate(shapes)]
        many = {q: ty.variable(f"many {q}", shape=(SIZE, *q.shape)) for q in given}
        (found,) = batched([as_expression(f(*given))], many, SIZE)
        values = [rng.uniform(-1, 1.5, q.shape) for q in many.values()]
        right = one_by_one(as_expression(f(*given)), {}, dict(zip(given, values, strict=True)))
        seen = ty.compile(found, list(many.values()))(*values)
        np.testing.assert_allclose(seen, right, rtol=1e-15)


def test_none_of_many_and_one() -> None:
    x, y = ty.variable("x", shape=(2,)), ty.variable("y")
    for size in (0, 1):
        many = ty.variable("many", shape=(size, 2))
        e = (x * y).sum() + ty.while_loop(lambda z: z > 1, lambda z: z / 2, x[0])
        (found,) = batched([e], {x: many}, size)
        seen = ty.evaluate(found, {many: np.ones((size, 2)), y: 3.0})
        assert seen.tolist() == [7.0] * size


def test_seeds_have_an_axis_more() -> None:
    x = ty.variable("x", shape=(2,))
    with pytest.raises(ty.ShapeError, match=r"3 values of x have shape \(3, 2\), not that of x, "):
        batched([x], {x: x}, 3)


def test_what_does_not_vary_is_computed_once() -> None:
    x, k, many = ty.variable("x"), ty.variable("k"), ty.variable("many", shape=(5,))
    (found,) = batched([x * ty.sin(k)], {x: many}, 5)
    assert found is many * ty.sin(k)
    rows, matrix = ty.variable("rows", shape=(5, 3)), ty.variable("m", shape=(3, 2))
    (found,) = batched(
        [ty.variable("v", shape=(3,)) @ matrix], {ty.variable("v", shape=(3,)): rows}, 5
    )
    assert [e.op for e in reachable([found])] == ["variable", "variable", "einsum"]


def test_branches_not_taken_do_not_spoil_derivatives() -> None:
    """sqrt(x) is not taken at 0 and below, where its derivative is infinite or NaN."""
    x, many = ty.variable("x"), ty.variable("many", shape=(4,))
    e = ty.cond(x > 0, ty.sqrt, lambda x: 0 * x, x)
    (found,) = batched([e], {x: many}, 4)
    slopes = ty.grad_expressions(found.sum(), [many])[0]
    value = ty.evaluate(slopes, {many: [4.0, 0.0, -1.0, 0.25]})
    assert value.tolist() == [0.25, 0.0, 0.0, 1.0]


def test_those_that_have_ended_do_not_spoil_derivatives() -> None:
    """x - 1 while x > 0 with sqrt(x) on the way: the root is singular where some have ended."""
    x, many = ty.variable("x"), ty.variable("many", shape=(3,))
    loop = ty.while_loop(lambda c: c[0] > 0, lambda c: (c[0] - 1, c[1] + ty.sqrt(c[0])), (x, 0.0))
    (found,) = batched([loop[1]], {x: many}, 3)
    slopes = [ty.diff(found, many[k])[k] for k in range(3)]
    points = np.array([0.5, 2.25, 1.0])
    values = [float(ty.evaluate(slope, {many: points})) for slope in slopes]
    right = [sum(0.5 / math.sqrt(p - k) for k in range(math.ceil(p))) for p in points]
    assert values == pytest.approx(right, rel=1e-15)


shapes_of_three = st.lists(st.integers(1, 3), max_size=3).map(tuple)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_random_programs_of_many(data: st.DataObject) -> None:
    """Operations of operations: whatever shapes fit together."""
    shape = data.draw(shapes_of_three)
    q, r = ty.variable("q", shape=shape), ty.variable("r")
    pool: list[Any] = [q, r, q * r]
    for _ in range(data.draw(st.integers(1, 6))):
        a, b = data.draw(st.sampled_from(pool)), data.draw(st.sampled_from(pool))
        kind = data.draw(st.integers(0, 6))
        axis = data.draw(st.integers(0, max(a.ndim - 1, 0)))
        if kind == 0:
            pool.append(ty.sin(a) - 2 * r)
        elif kind == 1 and a.ndim:
            pool.append(a.sum(axis=axis))
        elif kind == 2 and a.ndim:
            pool.append(running("cumsum", a, axis))
        elif kind == 3 and a.ndim:
            pool.append(arrays.index(a, (*[slice(None)] * axis, slice(None, None, -1))))
        elif kind == 4:
            pool.append(conversion.stack([a, a * r]))
        elif kind == 5 and a.shape == b.shape:
            pool.append(logic.where(a > b, a, b * b))
        elif kind == 6 and a.ndim:
            pool.append(ty.scan(lambda c, x: (c + r, x * r), r, a)[1])
    e = pool[-1]
    many, more = ty.variable("mq", shape=(SIZE, *shape)), ty.variable("mr", shape=(SIZE,))
    wide = {x: m for x, m in ((q, many), (r, more)) if data.draw(st.booleans())}
    rng = np.random.default_rng(3)
    values = {x: rng.uniform(-1, 1, x.shape) for x in (q, r, many, more)}
    (found,) = batched([e], wide, SIZE)
    right = one_by_one(e, values, {x: values[m] for x, m in wide.items()})
    np.testing.assert_allclose(value_of(found, values), right, rtol=4e-16, atol=1e-16)

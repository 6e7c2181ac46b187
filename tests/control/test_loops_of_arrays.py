"""Loops and branches with arrays inside: machine code against the same loops run by Python."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.recurrences import arrays

Statement = Callable[[list[Any]], list[Any]]
SHAPES = [(), (3,), (4, 2), (1,), (9,), (2, 17)]


@pytest.fixture(autouse=True)
def _always_arrays(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(arrays, "FEWEST", -1)
    yield


class Python:
    """The loops and branches as Python has them."""

    @staticmethod
    def fori_loop(lower: Any, upper: Any, body: Any, init: Any) -> Any:
        for i in range(int(lower), int(upper)):
            init = body(float(i), init)
        return init

    @staticmethod
    def while_loop(test: Any, body: Any, init: Any) -> Any:
        while test(init):
            init = body(init)
        return init

    @staticmethod
    def scan(f: Any, init: Any, xs: Any, length: int, reverse: bool = False) -> Any:
        found = [None] * length
        for t in reversed(range(length)) if reverse else range(length):
            init, found[t] = f(init, None if xs is None else xs[t])
        return init, np.array(found)

    @staticmethod
    def switch(index: Any, branches: Any, *operands: Any) -> Any:
        return branches[int(np.clip(np.floor(index), 0, len(branches) - 1))](*operands)


def change(rng: random.Random) -> Callable[[Any, Any], Any]:
    """An array of the shape of the first, from both."""
    kind, c = rng.randrange(6), rng.choice([0.5, -0.25, 0.75])
    if kind == 0:
        return lambda a, b: np.sin(a) * c + b.sum() / 8
    if kind == 1:
        return lambda a, b: a * c + (a.sum(axis=0) if a.shape else a) / 4
    if kind == 2:
        return lambda a, b: np.tanh(a * b.sum()) - c
    if kind == 3:
        return lambda a, b: np.where(a > c, a, a * a) * 0.75
    if kind == 4:
        return lambda a, b: (a if not a.shape else a[::-1]) * c + 1 / (1 + (b * b).sum())
    return lambda a, b: a * c + (a * a).sum() / (1 + (a * a).sum())


def block(rng: random.Random, depth: int) -> Callable[[Any, list[Any]], list[Any]]:
    """Statements that change two arrays, and may read a third."""
    if depth == 0 or rng.random() < 0.2:
        first, second = change(rng), change(rng)
        return lambda m, v: [first(v[0], v[1]), second(v[1], v[0] + 0 * v[2].sum())]
    kind, inner, other = rng.randrange(4), block(rng, depth - 1), block(rng, depth - 1)
    turns, border, back = rng.randrange(4), rng.choice([-0.3, 0.1, 0.5]), rng.random() < 0.5
    known = rng.random() < 0.5

    def statement(m: Any, v: list[Any]) -> list[Any]:
        rest = v[2:]
        if kind == 0:
            upper = turns if known else turns + 0 * v[2].sum()
            return m.fori_loop(0, upper, lambda i, s: inner(m, [s[0] + i / 8, s[1], *rest]), v[:2])
        if kind == 1:
            return m.while_loop(
                lambda s: (s[0].sum() > border) & (s[2] < 4),
                lambda s: [*inner(m, [s[0] - s[2] / 4, s[1], *rest]), s[2] + 1],
                [*v[:2], np.float64(0)],
            )[:2]
        if kind == 2:
            return m.switch(
                v[0].sum() * 3,
                [
                    lambda a, b: inner(m, [a, b, *rest]),
                    lambda a, b: other(m, [a, b, *rest]),
                    lambda a, b: [a * 2, b],
                ],
                *v[:2],
            )

        def turn(s: Any, x: Any) -> Any:
            s = inner(m, [s[0] * x, s[1], *rest])
            return s, s[0].sum() + s[1]

        xs = np.array([0.5, -1.0, 0.75, 0.25])[:turns]
        carry, found = m.scan(turn, v[:2], xs, length=turns, reverse=back)
        total = 0 if turns == 0 else found.sum(axis=0)
        return [carry[0], carry[1] + total / 4]

    return statement


@pytest.mark.parametrize("seed", range(40))
def test_random_programs(seed: int) -> None:
    rng = random.Random(seed)
    statement = block(rng, 3)
    shapes = [rng.choice(SHAPES) for _ in range(3)]
    numbers = np.random.default_rng(seed)
    inputs = [ty.variable(name, shape=s) for name, s in zip("abc", shapes, strict=True)]
    code = ty.compile(list(statement(ty, inputs)), inputs)
    values = [np.float64(0) + numbers.uniform(-1, 1, (3, *s)) for s in shapes]
    found = code(*values)
    for k in range(3):
        right = statement(Python, [value[k] for value in values])
        for one, exact in zip(found, right, strict=True):
            np.testing.assert_allclose(one[k], exact, rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("precision", ["float32", "double-double"])
@pytest.mark.parametrize("seed", range(8))
def test_precisions(seed: int, precision: str) -> None:
    rng = random.Random(100 + seed)
    statement = block(rng, 2)
    shapes = [rng.choice(SHAPES) for _ in range(3)]
    numbers = np.random.default_rng(seed)
    inputs = [ty.variable(name, shape=s) for name, s in zip("abc", shapes, strict=True)]
    outputs = list(statement(ty, inputs))
    values = [np.float64(np.float32(numbers.uniform(-1, 1, s))) for s in shapes]
    right = ty.compile(outputs, inputs)(*values)
    code = ty.compile(outputs, inputs, precision=precision)
    if precision == "double-double":
        found = [one[..., 0] for one in code(*map(ty.from_mpmath, values))]
    else:
        found = code(*[np.float32(value) for value in values])
    for one, exact in zip(found, right, strict=True):
        np.testing.assert_allclose(one, exact, rtol=1e-4, atol=1e-5)
        if precision == "double-double":
            np.testing.assert_allclose(one, exact, rtol=1e-12, atol=1e-13)


def test_same_bits_as_python() -> None:
    """Where each operation is rounded by itself, so is it in machine code."""

    def heat(m: Any, u: Any, turns: Any) -> Any:
        def turn(i: Any, u: Any) -> Any:
            return (np.roll(u, 1) + np.roll(u, -1)) * 0.5

        return m.fori_loop(0, turns, turn, u)

    u, n = ty.variable("u", shape=33), ty.variable("n")
    start = np.random.default_rng(3).standard_normal(33)
    for count in (0, 1, 2, 7):
        right = heat(Python, start, count)
        assert ty.compile(heat(ty, u, n), [u, n])(start, count).tolist() == right.tolist()
        assert ty.compile(heat(ty, u, count), [u])(start).tolist() == right.tolist()
        assert ty.evaluate(heat(ty, u, n), {u: start, n: float(count)}).tolist() == right.tolist()


def test_outputs_of_every_kind() -> None:
    x = ty.variable("x", shape=(5, 2, 3))

    def turn(s: Any, a: Any) -> Any:
        return s + a.sum(), {"number": s, "array": a[0] * s, "given": a, "constant": 2.0}

    total, found = ty.scan(turn, 0.0, x, reverse=True)
    values = np.random.default_rng(0).standard_normal((5, 2, 3))
    code = ty.compile([total, *found.values()], [x])
    result = code(values)
    before = np.cumsum(values.sum(axis=(1, 2))[::-1])[::-1]
    before = np.append(before[1:], 0)
    by_name = dict(zip(["total", *found], result, strict=True))
    np.testing.assert_allclose(by_name["total"], values.sum(), rtol=1e-13)
    np.testing.assert_allclose(by_name["number"], before, rtol=1e-12, atol=1e-14)
    np.testing.assert_allclose(by_name["array"], values[:, 0] * before[:, None], atol=1e-12)
    assert (by_name["given"] == values).all() and (by_name["constant"] == 2).all()


def test_arrays_that_exchange_their_places() -> None:
    a, b = ty.variable("a", shape=20), ty.variable("b", shape=20)
    n = ty.variable("n")
    found = ty.fori_loop(0, n, lambda i, s: (s[1], s[0], s[2] + s[0][0]), (a, b, 0.0))
    code = ty.compile(list(found), [a, b, n])
    one, two = np.arange(20.0), -np.ones(20)
    for count in (0, 1, 4, 5):
        first, second, total = code(one, two, count)
        right = (one, two) if count % 2 == 0 else (two, one)
        assert first.tolist() == right[0].tolist() and second.tolist() == right[1].tolist()
        assert total == -(count // 2)


def test_the_text_to_compile_does_not_grow_with_turns() -> None:
    x = ty.variable("x", shape=(30,))

    def code(turns: int) -> int:
        carry, found = ty.scan(lambda s, _: (np.cos(s), s[0]), x, None, length=turns)
        return ty.compile([carry, found], [x]).explain().code_bytes

    assert abs(code(100) - code(100_000)) < 300


def test_long_scans_over_arrays() -> None:
    def function(x: Any) -> Any:
        return ty.scan(lambda c, s: (c + ty.sin(x * s), None), x, np.arange(5000.0))[0]

    right = 0.3 + np.sin(0.3 * np.arange(5000)).sum()
    assert ty.compile(function)(0.3) == pytest.approx(right, rel=1e-11)


def test_empty_arrays_and_no_turns() -> None:
    x = ty.variable("x", shape=(0, 3))
    y = ty.variable("y", shape=3)
    total, found = ty.scan(lambda s, a: (s + a, s), y, x)
    assert total is y and found.shape == (0, 3)
    z = ty.fori_loop(0, y[0], lambda i, s: (s[0] * 2, s[1] + 1), (np.zeros((0, 3)), y))
    assert ty.compile(z[1], [y])(np.array([2.0, 0, 0])).tolist() == [4, 2, 2]


def test_registered_functions_are_called() -> None:
    double = ty.register_function(
        "double_in_loops", lambda x: 2 * x, derivative=lambda x: 2 + 0 * x
    )
    x = ty.variable("x", shape=4)
    code = ty.compile(ty.fori_loop(0, 3, lambda i, s: double(s) + s[0], x), [x])
    assert code(np.ones(4)).tolist() == [27, 27, 27, 27]

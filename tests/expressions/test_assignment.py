"""Assignment to elements of arrays that a traced function made: NumPy's outcome, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from counting import calls
from hypothesis import given, settings
from hypothesis import strategies as st

import taylor as ty
from taylor.expressions.arrays.assignment import ArrayUnderConstruction
from taylor.expressions.leaves import as_expression
from taylor.nodes.traverse import reachable

x = ty.variable("x", shape=(4, 3))
NUMBERS = np.random.default_rng(0).normal(size=(4, 3))


def outcome(function: Callable[[Any], Any]) -> None:
    """A function of an array, as NumPy has it, evaluated and compiled."""
    right = function(NUMBERS.copy())
    built = function(x)
    for e, number in zip(*[r if type(r) is tuple else (r,) for r in (built, right)], strict=True):
        e, number = as_expression(e), np.asarray(number)
        assert e.shape == number.shape
        np.testing.assert_allclose(ty.evaluate(e, {x: NUMBERS}), number, rtol=1e-14)
        np.testing.assert_allclose(ty.compile(e, [x])(NUMBERS), number, rtol=1e-14)


def statements(code: str) -> Callable[[Any], Any]:
    """The function that makes a copy `a` of x, runs the statements and returns a."""

    def function(x: Any) -> Any:
        names = {"x": x, "a": x.copy(), "np": np}
        exec(code, names)
        return names["a"]

    return function


ASSIGNMENTS = [
    "a[1] = 0",
    "a[1] = x[0]",
    "a[-1, 2] = 7",
    "a[1:3] = x[:2] * 2",
    "a[:, 1] = 5",
    "a[:, 1] = np.arange(4.0)",
    "a[1:3, 0:2] = [[1, 2], [3, 4]]",
    "a[1:-1, 1:] = x[:2, :2]",
    "a[::2] = 1",
    "a[::-1] = x * 2",
    "a[3:0:-2, ::2] = x[:2, :2]",
    "a[...] = 3",
    "a[..., 0] = 4",
    "a[None, 1] = x[2]",
    "a[1] = x[None, 0]",
    "a[[0, 2]] = 1",
    "a[[0, 0]] = [[1, 2, 3], [4, 5, 6]]",
    "a[[0, 1], [1, 2]] = x[3, :2]",
    "a[np.array([True, False, True, False])] = 2",
    "a[np.eye(4, 3) > 0] = [1, 2, 3]",
    "a[2:2] = 1",
    "a[a < 0] = 0",
    "a[a[:, 0] > 0] = 9",
    "a[0] += 1",
    "a[:, 0] -= a[:, 1]",
    "a *= 2; a /= 3; a **= 2",
    "a += x; a -= 1",
    "a[1:][0] = 5",
    "b = a[1:]; b[1:, 0] = 8; b *= 2",
    "b = a.T; b[0] = 1; a[1, 1] = 2; a += b.T",
    "b = a.reshape(3, 4); b[1] = 0; a[0, 0] = 5; b[2] = b[0]",
    "b = a.ravel(); b[3:6] = -1",
    "b = np.ravel(a); b[0] = 3; c = np.transpose(a, (1, 0)); c[2] = 4",
    "b = np.reshape(a, 12); b[5] = 6; a[0] = b[3:6]",
    "b = np.flip(a); b[0, 0] = 5; a[1] = b[2]; b[3] *= 2",
    "b = np.swapaxes(a, 0, 1); a[0] = 5; b[1] = 7; c = a.swapaxes(0, 1); c[0, 0] = 2",
    "b = np.rot90(a[:3]); b[0] = 1; a[0] += b[1]",
    "b = np.expand_dims(a, 1); b[2, 0, :] = 4; c = np.squeeze(b); c[0, 0] = 3",
    "b = a.diagonal(); a[0, 0] = 5; a[1, :] = b",
    "b = a[0]; a[0] = 5; a[1] = b",
    "b = a[0, 0]; a[0, 0] = 5; a[1, 1] = b",
    "b = a.copy(); b[0] = 1; a[1] = b[0]",
    "a[1] = a[2]; a[2] = a[1] + a[0]",
    "a.fill(3); a[0, 1] = 2",
    "for row in a: row[0] = 1; row[1:] *= 2",
    "for i in range(4): a[i, i % 3] = a[i - 1].sum()",
    "np.add.at(a, ([0, 0, 1], [1, 1, 1]), 2.0)",
    "np.subtract.at(a, 1, x[2])",
    "np.fill_diagonal(a, 0)",
    "np.fill_diagonal(a, [1, 2], wrap=True)",
    "np.copyto(a, x + 1); np.copyto(a, 5, where=a > 1)",
    "np.put(a, [0, 5, -1], [1, 2])",
    "np.add(a, 1, out=a); np.multiply(x, x, out=a)",
    "a[0] = np.maximum(a[1], 0) @ a.T @ np.where(a > 0, a, 1)",
    "a[1] = 4; a[3] = x[0]; a[2] = a[1] + a[3]; b = a[1]; a[1] = 0; a[0] = b",
    "b = a[:, 0].copy(); b[2] = 1; b[0] = b[2] + b[1]; b[1] = b[0]; b[-1] = b.sum(); a[:, 1] = b",
    "a = np.zeros_like(x); a[1] = x[0]; a[:, 2] = x[:, 0]",
    "a = np.empty_like(x); a[...] = 1; a[0] = x[0]",
    "a = np.full_like(x, 2.5); a[0, 0] = x[0, 0]",
    "a = np.ones_like(x) + 0; a = a * 2",
    "a = (x * 2).copy(); a[0] = 1",
    "a = np.copy(x); a[0] = 1",
]


@pytest.mark.parametrize("code", ASSIGNMENTS)
def test_outcomes_are_numpys(code: str) -> None:
    outcome(statements(code))


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_random_assignments_one_after_the_other(data: Any) -> None:
    """Slices of any step, places and numbers, to the array or to parts of it."""
    lines = []
    for _ in range(data.draw(st.integers(1, 5))):
        keys = []
        for size in (4, 3):
            ends = st.none() | st.integers(-size, size)
            kind = data.draw(st.integers(0, 2))
            if kind:
                step = data.draw(st.sampled_from(["", "-1", "2", "-2"]))
                low, high = ("" if e is None else e for e in (data.draw(ends), data.draw(ends)))
                keys.append(f"{low}:{high}:{step}")
            else:
                keys.append(str(data.draw(st.integers(-size, size - 1))))
        key = ", ".join(keys[: data.draw(st.integers(1, 2))])
        target = data.draw(st.sampled_from(["a", "a[::-1]", "a[1:]", "a.reshape(4, 3)"]))
        value = data.draw(st.sampled_from(["1.5", "x[0, 0]", f"{target}[{key}] * 2", "a.sum()"]))
        sign = data.draw(st.sampled_from(["=", "+="]))
        lines.append(f"{target}[{key}] {sign} {value}")
    function = statements("\n".join(lines))
    try:
        right = function(NUMBERS)
    except IndexError:
        with pytest.raises(IndexError):
            function(x)
        return
    e = as_expression(function(x))
    np.testing.assert_allclose(ty.evaluate(e, {x: NUMBERS}), right, rtol=1e-13)


def test_functions_that_fill_arrays_are_traced() -> None:
    def laplacian(u: Any) -> Any:
        result = np.zeros_like(u)
        result[1:-1] = u[2:] - 2 * u[1:-1] + u[:-2]
        result[0], result[-1] = u[1] - u[0], u[-2] - u[-1]
        return result

    numbers = np.linspace(0, 1, 7) ** 3
    compiled = ty.compile(laplacian, shapes=[(7,)])
    np.testing.assert_allclose(compiled(numbers), laplacian(numbers), rtol=1e-14)
    pair = ty.compile(lambda u: (laplacian(u), laplacian(u).sum()), shapes=[(7,)])
    np.testing.assert_allclose(pair(numbers)[0], laplacian(numbers), rtol=1e-14)
    counts = [
        len(reachable([as_expression(laplacian(ty.variable("u", shape=n)))])) for n in (7, 7000)
    ]
    assert counts[0] == counts[1] < 20


def test_zeros_of_taylor() -> None:
    a = ty.zeros((2, 3))
    v = ty.variable("v")
    a[0, 1], a[1] = v, [1, v, 2]
    assert isinstance(a, ArrayUnderConstruction) and a.shape == (2, 3)
    assert ty.evaluate(a, {v: 5.0}).tolist() == [[0, 5, 0], [1, 5, 2]]
    assert ty.zeros(2).now is as_expression(np.zeros(2))
    assert ty.sin(ty.zeros(2) + v).shape == (2,) and ty.sin(a).shape == (2, 3)
    assert ty.stack([a, a]).shape == (2, 2, 3) and ty.substitute(a, {v: 1}).shape == (2, 3)


def test_arrays_that_were_filled_are_short() -> None:
    v = ty.variable("v", shape=50)
    a = ty.zeros(50)
    for k in range(50):
        a[k] = v[k] * (k + 1)
    assert a.now is ty.stack([v[k] * (k + 1) for k in range(50)])
    b = np.zeros_like(v)
    for k in np.random.default_rng(0).permutation(50):
        b[k] = a[k]
    assert b.now is a.now


def test_loops_over_elements_take_work_in_proportion() -> None:
    def loop(count: int) -> int:
        v = ty.variable("v", shape=count)
        a = np.zeros_like(v)
        for k in np.random.default_rng(0).permutation(count):
            a[k] = a[k - 1] * 0.5 + v[k]
        return len(a.now.args)

    assert calls(lambda: loop(2000)) < 2.2 * calls(lambda: loop(1000))
    assert loop(20_000) == 20_000  # in proportion to its square it would be an hour


def test_what_it_is_made_of_stays_as_it_is() -> None:
    a = x.copy()
    before = a + 0
    kept = a[0, 0]
    a[0] = 1
    assert as_expression(before) is x and kept is x[0, 0]
    assert x.copy().now is x
    scalar = ty.variable("s")
    assert scalar.copy() is scalar


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        ("x[0] = 1", ty.TracingError, r"x\.copy\(\).*zeros_like\(x\).*taylor\.zeros"),
        ("x[0][1] = 1", ty.TracingError, "never changes"),
        ("a[0] = np.ones(2)", ty.ShapeError, r"shape \(2,\), the elements \(3,\).*\(4, 3\)"),
        ("a[x > 0] = np.ones(2)", ty.TracingError, r"numpy\.where\(condition, value, a\)"),
        ("a[x > 0] += x", ty.TracingError, r"numpy\.where"),
        ("np.multiply.at(a, 0, 2)", ty.UnsupportedFunctionError, r"numpy\.multiply\.at"),
        ("b = np.ones((4, 3)); b += x", ty.ArgumentTypeError, r"taylor\.zeros"),
    ],
)
def test_errors_name_the_line(code: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words) as caught:
        statements(code)(x)
    if error is not ty.UnsupportedFunctionError:
        assert "<string>:1" in str(caught.value)


def test_arrays_of_floats_cannot_hold_expressions() -> None:
    def fills(u: Any) -> Any:
        result = np.zeros(3)
        result[1] = u[0]
        return result

    def fills_a_part(u: Any) -> Any:
        result = np.zeros(3)
        result[:2] = u[:2]
        return result

    for function in (fills, fills_a_part):
        with pytest.raises(ty.TracingError, match=r"test_assignment.*zeros_like.*taylor\.zeros"):
            ty.compile(function, shapes=[(3,)])


def test_a_position_may_be_known_later() -> None:
    a, places = x.copy(), ty.variable("k", shape=2)
    a[places] = [[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]
    given = np.arange(12.0).reshape(4, 3)
    wanted = given.copy()
    wanted[[3, 0]] = [[1, 2, 3], [4, 5, 6]]
    found = ty.compile(a.now, [x, places])(given, [3.0, 0.0])
    np.testing.assert_array_equal(found, wanted)


def test_a_position_that_is_not_there_is_refused() -> None:
    a = x.copy()
    with pytest.raises(IndexError, match="axis 0 of size 4"):
        a[4] = 1

"""Constants of arrays: one node of any size, exact, equal by content."""

from __future__ import annotations

import pickle
from fractions import Fraction

import mpmath
import numpy as np
import pytest
from counting import calls

import taylor as ty
from taylor.expressions.leaves import as_expression
from taylor.expressions.scalars import scalars
from taylor.nodes.traverse import reachable
from taylor.numbers.data import ArrayData, positions


def test_equal_numbers_are_one_constant() -> None:
    numbers = np.array([[0.5, 1.0], [2.0, -3.0]])
    whole = as_expression(numbers)
    assert whole is as_expression([[0.5, 1], [Fraction(2), -3]])
    assert whole is as_expression(numbers.astype(np.float32))
    assert whole is not as_expression(numbers.reshape(4))
    assert whole.reshape(4) is as_expression(numbers.reshape(4))
    assert as_expression(np.arange(3)) is as_expression([0.0, 1.0, 2.0])
    assert as_expression(np.array([True, False])) is as_expression([1, 0])
    assert as_expression(np.full((2, 2), 0.1)) is ty.constant(0.1, (2, 2))
    assert as_expression(np.array([-0.0, 1.0])) is as_expression([0, 1])


def test_numbers_of_users_may_change_afterwards() -> None:
    numbers = np.array([1.0, 2.0])
    whole = as_expression(numbers)
    numbers[0] = 7.0
    assert whole is as_expression([1.0, 2.0])
    places = np.array([1, 0])
    taken = ty.variable("q", shape=2)[places]
    places[0] = 0
    assert ty.evaluate(taken, {"q": 0, ty.variable("q", shape=2): [3.0, 4.0]}).tolist() == [4, 3]
    with pytest.raises(ValueError, match="read-only"):
        whole.payload.array[0] = 1.0
    with pytest.raises(AttributeError, match="array"):
        whole.payload.array = numbers


@pytest.mark.parametrize(
    "given",
    [
        [Fraction(1, 3), 1],
        [2**60 + 1, 1],
        [2**60 + 1, 0.5],
        np.array([2**60 + 1, 3]),
        np.array([2**63 + 2**11 + 1], dtype=np.uint64)[[0, 0]] - np.array([0, 1], np.uint64),
        [0.1, float("inf"), Fraction(1, 3)],
        [mpmath.mpf(2) ** -1080, 1],
        [10**400, 1],
    ],
    ids=range(8),
)
def test_what_no_doubles_hold_stays_exact(given: object) -> None:
    numbers = np.asarray(given, dtype=object) if isinstance(given, list) else given
    elements = scalars(as_expression(given))
    for element, number in zip(elements, numbers.tolist(), strict=True):
        assert element is ty.constant(number)


def test_numbers_that_are_not_finite() -> None:
    elements = scalars(as_expression(np.array([np.nan, np.inf, -np.inf, 1.5])))
    assert [str(e) for e in elements] == ["nan", "inf", "-inf", "1.5"]
    assert as_expression([np.nan, 1]) is as_expression([-np.nan, 1])


def test_empty_arrays() -> None:
    for shape in ((0,), (2, 0), (0, 3)):
        e = as_expression(np.zeros(shape))
        assert e.shape == shape and ty.evaluate(e).shape[:1] == shape[:1]
        assert pickle.loads(pickle.dumps(e)) is e


def test_parts_of_constants_are_constants() -> None:
    numbers = np.arange(24.0).reshape(2, 3, 4)
    e = as_expression(numbers)
    for part in ((1,), (slice(None), 2), (..., slice(None, None, -2)), ([0, 1], [2, 0]), (1, 2, 3)):
        assert e[part] is as_expression(numbers[part])
    assert e[0, 1, 2] is ty.constant(6)


def test_pickles_are_found_again() -> None:
    e = as_expression(np.random.default_rng(0).normal(size=(30, 40)))
    assert pickle.loads(pickle.dumps(e)) is e
    data = positions([3, 1, 2])
    assert pickle.loads(pickle.dumps(data)) == data and data != positions([3, 1, 1])
    exact = as_expression([Fraction(1, 3), 2])
    assert pickle.loads(pickle.dumps(exact)) is exact
    assert len({data, positions([3, 1, 2]), ArrayData(np.array([3.0, 1.0, 2.0]))}) == 2


def test_text_is_short() -> None:
    e = as_expression(np.arange(1e5))
    assert str(e) == "array([0, 1, 2, 3, 4, 5, 6, 7, ...], shape=(100000,))"
    assert str(as_expression([0.5, Fraction(1, 3)])) == "array([0.5, 1/3], shape=(2,))"
    assert len(repr(e.payload)) < 100
    taken = ty.variable("v", shape=10**5)[np.arange(10**5)[::-1]]
    assert len(str(taken)) < 100


def test_a_million_numbers_take_no_work() -> None:
    weights = np.random.default_rng(1).normal(size=(1000, 1000))
    state = ty.variable("state", shape=1000)
    assert calls(lambda: np.tanh(weights @ state + 1.0)) < 20_000  # a Fraction each: 10**6
    layer = np.tanh(weights @ state + 1.0)
    assert len(reachable([layer])) == 5


def test_slopes_of_leaky_relu_may_be_an_array() -> None:
    q = ty.variable("q", shape=2)
    assert ty.evaluate(ty.leaky_relu(q, [0.5, 0.25]), {q: [-1.0, -1.0]}).tolist() == [-0.5, -0.25]
    with pytest.raises(ty.ArgumentError, match="slope=-1"):
        ty.leaky_relu(q, [0.5, -1.0])

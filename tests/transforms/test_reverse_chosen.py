"""Gradients of chosen elements: what the others divide by does not matter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.expressions.leaves import ONE, variable
from taylor.nodes.traverse import reachable
from taylor.transforms.reverse import adjoints

SIZES = [12, 600]  # spelled out, and in loops

# What is chosen of 1 / b, and where; slopes are -1 / b**2.
CHOICES: dict[str, tuple[Callable[[Any, Any], Any], list[int]]] = {
    "known": (lambda y, k: y[4], [4]),
    "slice": (lambda y, k: np.sum(y[4:6]), [4, 5]),
    "places": (lambda y, k: np.sum(y[[4, 8]]), [4, 8]),
    "traced": (lambda y, k: y[k], [4]),
    "traced from the end": (lambda y, k: y[k - len(y)], [4]),
    "two": (lambda y, k: y[k] + y[k + 1], [4, 5]),
}


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("name", CHOICES)
def test_elements_that_are_not_chosen_may_be_singular(name: str, size: int) -> None:
    choose, places = CHOICES[name]
    b = np.arange(1.0, size + 1)
    b[[0, 7]] = 0
    expected = np.zeros(size)
    expected[places] = -1 / b[places] ** 2
    found = ty.grad(lambda b, k: choose(1 / b, k))(b, 4)
    np.testing.assert_allclose(found, expected, rtol=1e-15)


@pytest.mark.parametrize("size", SIZES)
def test_choices_are_carried_through_chains(size: int) -> None:
    x = np.linspace(0, 3, size)

    def chosen(x: Any, k: Any) -> Any:
        root = np.sqrt(x)
        return (np.sin(root) * root / np.sum(x))[k]

    k, root, total = 3, np.sqrt(x[3]), x.sum()
    expected = np.full(size, -np.sin(root) * root / total**2)
    expected[k] += (np.cos(root) * root + np.sin(root)) / (2 * root) / total
    np.testing.assert_allclose(ty.grad(chosen)(x, k), expected, rtol=1e-13)


def test_rows_of_matrices() -> None:
    x = np.outer(np.arange(20.0), np.ones(5))
    found = ty.grad(lambda x, k: np.sum(np.log(x * np.arange(1, 6))[k]))(x, 2)
    expected = np.zeros((20, 5))
    expected[2] = 0.5
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_many_choices_at_once() -> None:
    b = np.arange(20.0)
    found = ty.vmap(ty.grad(lambda b, k: (1 / b)[k]), in_axes=(None, 0))(b, np.array([2, 5]))
    expected = np.zeros((2, 20))
    expected[[0, 1], [2, 5]] = -1 / b[[2, 5]] ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-15)


def test_nothing_large_is_computed_again() -> None:
    """Most of an array, or many parts of it, are taken from what was computed anyway."""
    x = variable("x", shape=(100,))
    y = np.exp(x)
    most = np.sum(y[1:] ** 2)
    many = sum(np.sum(y[i : i + 2] ** 2) for i in range(10))
    for total in (most, many):
        gradient = adjoints([total], [ONE], [x])[0]
        assert [e.args[0] is x for e in reachable([gradient]) if e.op == "exp"] == [True]
    gradient = adjoints([np.sum(y[3:5] ** 2)], [ONE], [x])[0]
    assert [e.size for e in reachable([gradient]) if e.op == "exp"] == [2]

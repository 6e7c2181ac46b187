"""Arguments that mean more than their numbers are refused; what is no number is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

x, v = ty.variables("x v")
MASKED = np.ma.array([1.0, 2.0], mask=[False, True])
WAYS: dict[str, Callable[[Any], Any]] = {
    "jit": ty.jit(lambda a: 2 * a),
    "grad": ty.grad(lambda a: np.sum(a * a)),
    "float32": ty.jit(lambda a: 2 * a, precision="float32"),
    "jet": lambda a: ty.jet(np.sin, a, order=1),
    "derivatives": lambda a: ty.derivatives(np.sin, (a,), order=1),
    "captured": lambda a: ty.jit(lambda b: a * b)(np.ones(2)),
    "captured behind": lambda a: ty.jit(lambda b: b + a)(np.ones(2)),
    "state": lambda a: ty.Integrator([(x, v), (v, -x)], a),
    "times": lambda a: ty.Integrator([(x, v), (v, -x)], [1.0, 0.0]).propagate_grid(a),
}


@pytest.mark.parametrize("way", WAYS)
def test_masked_arrays_are_refused(way: str) -> None:
    for _ in range(3):  # by the short way of later calls, too
        if "captured" not in way:
            WAYS[way](np.array([1.0, 2.0]))
    with pytest.raises(ty.ArgumentTypeError, match=r"MaskedArray: .* write a\.filled"):
        WAYS[way](MASKED)


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("way", ["jit", "grad", "captured behind"])
def test_matrices_are_refused(way: str) -> None:
    with pytest.raises(ty.ArgumentTypeError, match=r"matrix: .* numpy\.asarray"):
        WAYS[way](np.matrix([[1.0, 2.0], [3.0, 4.0]]))


def test_other_kinds_of_arrays_are_their_numbers() -> None:
    class Own(np.ndarray):
        pass

    for a in (np.ones(2).view(Own), np.asfortranarray(np.eye(2)), np.ones(5)[::2]):
        np.testing.assert_array_equal(WAYS["jit"](a), 2 * np.asarray(a))


def test_what_makes_an_array_is_told() -> None:
    class Table:
        __hash__ = None  # type: ignore[assignment]

        def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
            return np.ones(2)

    with pytest.raises(ty.ArgumentTypeError, match=r"numpy\.asarray\(\.\.\.\) makes an array"):
        ty.jit(lambda a: a)(Table())


@pytest.mark.parametrize("name", ["a", b"a"])
def test_strings_are_told_beside_the_errors_that_they_make(name: Any) -> None:
    for fails in (np.sort, np.sum, np.exp, lambda x: 2 * x):
        with pytest.raises((TypeError, ValueError)) as caught:
            ty.jit(lambda x, f=fails: f(x))(name)
        assert f"x = {name!r} of type {type(name).__name__}" in caught.value.__notes__[0]

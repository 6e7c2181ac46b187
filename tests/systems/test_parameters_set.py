"""Parameters set one by one, again and again."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import taylor as ty
from taylor.errors import ArgumentError

X, K, L = ty.variable("x"), *ty.parameters("k l")
A = ty.parameter("a", shape=(2,))
SYSTEM = [(X, -K * X + L + A[0] - A[1])]


def made() -> ty.Integrator:
    return ty.Integrator(SYSTEM, [1.0], parameters={K: 1.0, L: 2.0, A: [0.0, 0.0]})


@pytest.mark.parametrize("key", [K, "k"])
def test_numbers_are_set_whatever_came_before(key: Any) -> None:
    ta = made()
    for value in (3.0, 4.5, 5, np.float64(6.0), "7", 8.0):
        ta.parameters[key] = value
        assert ta.parameters[K] == float(value) and ta.parameters["l"] == 2.0


def test_what_is_wrong_is_refused_again_and_again() -> None:
    ta = made()
    ta.parameters[K] = 3.0
    for _ in range(2):
        for value in (np.nan, np.inf, -np.inf):
            with pytest.raises(ArgumentError, match="finite"):
                ta.parameters[K] = value
        with pytest.raises(ArgumentError, match="no parameter"):
            ta.parameters["none"] = 1.0
        with pytest.raises((ArgumentError, TypeError)):
            ta.parameters[["k"]] = 1.0  # type: ignore[index]
        with pytest.raises(ArgumentError, match="shape"):
            ta.parameters[A] = 1.0
    assert ta.parameters[K] == 3.0


def test_copies_have_values_of_their_own() -> None:
    ta = made()
    ta.parameters[K] = 3.0
    for other in (copy.copy(ta), copy.deepcopy(ta), pickle.loads(pickle.dumps(ta))):
        other.parameters[K] = 4.0
        other.parameters[A] = [1.0, 2.0]
        assert ta.parameters[K] == 3.0 and ta.parameters["a"].tolist() == [0.0, 0.0]
        assert other.parameters["k"] == 4.0
        loaded = pickle.loads(pickle.dumps(other.parameters))
        loaded[K] = 5.0
        loaded[K] = 6.0
        assert loaded["k"] == 6.0 and other.parameters[K] == 4.0


def test_elements_of_arrays_are_set() -> None:
    ta = made()
    for value in (1.0, 2.0, 3.0):
        ta.parameters[A[1]] = value
        assert ta.parameters["a"].tolist() == [0.0, value]

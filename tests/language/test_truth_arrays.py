"""Arrays of truth values and of whole numbers that programs make, as places: beside Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import taylor as ty


def read(x: Any) -> Any:
    mask = np.array([True, False, True])
    return x[mask], x.copy()[mask], x[~mask]


def written(x: Any) -> Any:
    mask = np.array([True, False, True])
    a = x.copy()
    a[mask] = 7.0
    a[~mask] *= 5.0
    return a


def combined(x: Any) -> Any:
    one, other = np.array([True, False, True]), np.array([True, True, False])
    return x[one & other], x[one | other], x[one ^ other], np.where(~one, 2.0, x)


def compared(x: Any) -> Any:
    k = np.array([1, 2, 3])
    a = x.copy()
    a[k > 1] += 1
    return x[k != 2], x[(k > 1) & (k < 3)], a


def changed(x: Any) -> Any:
    mask = np.zeros(3, dtype=bool)
    mask[1] = True
    return x[mask], mask.sum() * x


def decided(x: Any) -> Any:
    mask = np.zeros(3, dtype=bool)
    mask[0] = x[0] > 0.5
    mask[2] = x[2] > 100
    a = x.copy()
    a[mask] = 5.0
    return a


def by_places(x: Any) -> Any:
    k = np.array([2, 0])
    a = x.copy()
    a[k] += np.array([1.0, 10.0])
    np.add.at(a, k, 100.0)
    np.put(a, np.array([1]), 3.0)
    return a, x[k - 1]


def in_a_loop(x: Any) -> Any:
    a = x.copy()
    for i in range(3):
        a[a > i] -= 0.5
    return a


def in_a_long_loop(x: Any) -> Any:
    a = x.copy()
    while np.max(a) > 1:
        a[a > 1] /= 2
    return a


CASES = (
    read,
    written,
    combined,
    compared,
    changed,
    decided,
    by_places,
    in_a_loop,
    in_a_long_loop,
)


@pytest.mark.parametrize("function", CASES)
def test_places_are_those_of_numpy(function: Any) -> None:
    x = np.array([1.0, 2.5, 3.75])
    wanted = function(x)
    found = ty.jit(ty.program(function))(x)
    if not isinstance(wanted, tuple):
        wanted, found = (wanted,), (found,)
    for one, other in zip(found, wanted, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-15)

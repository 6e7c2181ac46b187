"""Arrays of numbers that programs make, changed by NumPy's functions: beside Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

ODD = np.array([False, True, False, True])

CHANGES: dict[str, Callable[[Any, Any], object]] = {
    "put": lambda a, x: np.put(a, [0], 5.0),
    "fill_diagonal": lambda a, x: np.fill_diagonal(a.reshape(2, 2), 2.0),
    "copyto": lambda a, x: np.copyto(a, 7.0),
    "put_along_axis": lambda a, x: np.put_along_axis(a, np.array([1]), 3.0, 0),
    "putmask": lambda a, x: np.putmask(a, ODD, 4.0),
    "place": lambda a, x: np.place(a, ODD, 4.0),
    "add.at": lambda a, x: np.add.at(a, [0, 0], 1.0),
    "out": lambda a, x: np.add(a, 1.0, out=a),
    "out by place": lambda a, x: np.add(a, 1.0, a),
    "out where": lambda a, x: np.add(a, 1.0, out=a, where=ODD),
    "sum": lambda a, x: np.cumsum(a + 1, out=a),
    "sort": lambda a, x: a[::-1].sort(),
    "put, traced": lambda a, x: np.put(a, [0], x[0]),
    "fill_diagonal, traced": lambda a, x: np.fill_diagonal(a.reshape(2, 2), x[:2]),
    "copyto, traced": lambda a, x: np.copyto(a, x),
    "put_along_axis, traced": lambda a, x: np.put_along_axis(a, np.array([1]), x[0], 0),
    "putmask, traced": lambda a, x: np.putmask(a, x > 1, x),
    "place, traced": lambda a, x: np.place(a, ODD, x),
    "add.at, traced": lambda a, x: np.add.at(a, [0, 0], x[0]),
    "out, traced": lambda a, x: np.add(a, x, out=a),
    "sum, traced": lambda a, x: np.cumsum(x, out=a),
}


@pytest.mark.parametrize("name", CHANGES)
def test_changes_are_not_lost(name: str) -> None:
    def function(x: Any) -> Any:
        a = np.zeros(4)
        a[2] = 1.0
        CHANGES[name](a, x)
        return a * x

    x = np.arange(4.0) + 0.5
    wanted = function(x)
    assert ty.jit(ty.program(function))(x).tolist() == wanted.tolist()
    slopes = [(function(x + h) - function(x - h)) / 2e-5 for h in 1e-5 * np.eye(4)]
    found = ty.jacobian(ty.program(function))(x)
    np.testing.assert_allclose(found, np.transpose(slopes), rtol=0, atol=1e-9)

"""Linear algebra of which a mask or a choice uses a part: gradients against differences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import taylor as ty

MATRIX = 2 * np.eye(3) + 0.1
MASK = np.array([[True, False, True], [True, True, False], [False, True, True]])


def _at(x: Any) -> Any:
    return MATRIX + np.diag(x**2) + 0.1 * np.outer(x, x)


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "lower half of a factor": lambda x: np.sum(np.tril(np.linalg.cholesky(_at(x).T)) @ x),
    "mask of a factor": lambda x: np.sum(np.where(MASK, np.linalg.cholesky(_at(x)), 0.0) @ x),
    "inverse": lambda x: np.sum(np.where(MASK, np.linalg.inv(_at(x)), x)),
    "solution": lambda x: np.sum(np.where(x > 0, np.linalg.solve(_at(x), x), x) ** 2),
    "determinant": lambda x: np.where(x[0] > 0, np.linalg.det(_at(x)), 0.0),
    "eigenvalues": lambda x: np.sum(np.where(x > 0, np.linalg.eigvalsh(_at(x)), 0.0) * x),
    "orthogonal factor": lambda x: np.sum(np.triu(np.linalg.qr(_at(x))[1]) @ x),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_gradients_are_those_of_differences(name: str) -> None:
    f, x = FUNCTIONS[name], np.array([1.0, 0.5, -0.7])
    step = 1e-4
    shifts = step * np.eye(3)
    wanted = [
        (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * step) for h in shifts
    ]
    np.testing.assert_allclose(ty.grad(f)(x), wanted, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(ty.jacfwd(f)(x), wanted, rtol=1e-10, atol=1e-10)

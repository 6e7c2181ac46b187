"""Matrices of rotations: arrays of numbers and expressions, of which zeros stay zeros."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.functions.trigonometric import cos, sin

Matrix: TypeAlias = np.ndarray  # of objects: scalars, expressions among them

X, Y, Z = range(3)


def about(axis: int, angle: Any) -> Matrix:
    """Coordinates in axes turned by this angle about one of them, right-handed."""
    return turned(axis, cos(angle), sin(angle))


def turned(axis: int, cosine: Any, sine: Any) -> Matrix:
    """The same from the angle's cosine and sine."""
    first, second = (axis + 1) % 3, (axis + 2) % 3
    matrix = np.array([[0] * 3] * 3, dtype=object)
    matrix[axis, axis] = 1
    matrix[first, first] = matrix[second, second] = cosine
    matrix[first, second], matrix[second, first] = sine, -sine
    return matrix


def product(*factors: Matrix) -> Matrix:
    """The matrix product, the last factor being applied first."""
    result = factors[-1]
    for factor in reversed(factors[:-1]):
        result = factor @ result
    return result


def expression(matrix: Matrix) -> Expression:
    """The matrix as one array expression."""
    return as_expression(stack([stack([as_expression(each) for each in row]) for row in matrix]))


def elements(matrix: Expression) -> Matrix:
    """The elements of an array expression of shape (3, 3)."""
    return np.array([[matrix[i, j] for j in range(3)] for i in range(3)], dtype=object)

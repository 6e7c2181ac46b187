"""Formulas of vectors and numbers, written once for expressions and called with either."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.astrodynamics.times.functions import at_polynomials
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack
from taylor.points.formula import Function, compile
from taylor.points.polynomial_values import has_polynomials
from taylor.polynomials.polynomial import Polynomial


class Formula:
    """A formula of arguments of known shapes, as a function of expressions or of numbers.

    name:      for error messages.
    arguments: their names and shapes, () or (3,).
    build:     makes the formula of expressions of these shapes.

    Of expressions it returns the formula, of polynomials a polynomial; of numbers, which may have
    more axes in front, values.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[tuple[str, tuple[int, ...]]],
        build: Callable[..., Expression],
    ) -> None:
        self.name = name
        self._arguments = tuple(arguments)
        self._build = build
        self._compiled: Function[Any] | None = None

    def __call__(self, *values: Any) -> Any:
        given = [
            self._read(name, shape, value)
            for (name, shape), value in zip(self._arguments, values, strict=True)
        ]
        if any(isinstance(value, Expression) for value in given):
            return self._build(*self._all_expressions(given))
        if any(isinstance(value, Polynomial) for value in given):
            return self._at_polynomials(given)
        if self._compiled is None:
            inputs = [argument(name, shape) for name, shape in self._arguments]
            self._compiled = compile(as_expression(self._build(*inputs)), inputs, name=self.name)
        return self._compiled(*given)

    def _read(self, name: str, shape: tuple[int, ...], value: Any) -> Any:
        """An expression or polynomial of the shape, or an array with more axes in front."""
        value = _joined(value)
        if isinstance(value, Polynomial):
            if value.shape != shape:
                raise ShapeError(f"{self.name}: {name} must be of shape {shape}, got {value.shape}")
            return value
        try:
            made: Any = np.asarray(value, dtype=np.float64)
        except (TypeError, ValueError):
            try:
                made = as_expression(value)
            except (TypeError, ValueError):
                raise ArgumentTypeError(
                    f"{self.name}: {name} must be numbers or an expression, got {value!r}"
                ) from None
            if made.shape != shape:
                raise ShapeError(
                    f"{self.name}: {name} must be of shape {shape}, got {made.shape}"
                ) from None
            return made
        if made.shape[made.ndim - len(shape) :] != shape:
            raise ShapeError(f"{self.name}: {name} must be of shape {shape}, got {made.shape}")
        if not np.isfinite(made).all():
            raise ArgumentError(f"{self.name}: {name} must be finite")
        return made if made.ndim else made[()]

    def _at_polynomials(self, given: Sequence[Any]) -> Any:
        """Element by element: polynomials are known by scalar arguments."""
        inputs: list[Expression] = []
        known: dict[Expression, Any] = {}
        for (name, shape), value in zip(self._arguments, given, strict=True):
            if value.shape != shape:
                raise ShapeError(f"{self.name}: {name} must be of shape {shape}, got {value.shape}")
            places = [argument(name) for _ in range(math.prod(shape))]
            inputs.append(stack(places) if shape else places[0])
            known.update(zip(places, value if shape else [value], strict=True))
        return at_polynomials(as_expression(self._build(*inputs)), known)

    def _all_expressions(self, given: Sequence[Any]) -> list[Expression]:
        made = []
        for (name, shape), value in zip(self._arguments, given, strict=True):
            if not isinstance(value, Expression) and value.shape != shape:
                raise ShapeError(
                    f"{self.name}: {name} must be of shape {shape} next to expressions, got "
                    f"{value.shape}"
                )
            made.append(as_expression(value))
        return made


def _joined(value: Any) -> Any:
    """A list of polynomials and numbers as one polynomial; all else as it is."""
    if not isinstance(value, list | tuple) or not has_polynomials(value):
        return value
    some = next(each for each in value if isinstance(each, Polynomial))
    whole: list[Any] = [e if isinstance(e, Polynomial) else 0 * some + e for e in value]
    return np.stack(whole)


def turned_vector(matrix: Any, vector: Any) -> Any:
    """matrix @ vector: of expressions, polynomials, or numbers with more axes in front."""
    given = _joined(vector)
    if not isinstance(given, Expression | Polynomial):
        given = np.asarray(given)
    if given.shape[-1:] != (3,):
        raise ShapeError(f"a position or velocity must be of shape (..., 3), got {given.shape}")
    if isinstance(given, Polynomial) or isinstance(matrix, Polynomial):
        return np.stack([sum(matrix[i, k] * given[k] for k in range(3)) for i in range(3)])
    if isinstance(given, Expression) or given.dtype == object or isinstance(matrix, Expression):
        return as_expression(as_expression(matrix) @ as_expression(vector))
    return np.einsum("...ij,...j->...i", matrix, given)

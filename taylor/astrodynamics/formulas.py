"""Formulae written once, for numbers, arrays, expressions and polynomials."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression, stack, variable
from taylor.points.formula import Function, compile
from taylor.points.polynomial_values import evaluate_polynomials, has_polynomials

Array: TypeAlias = np.ndarray
Body: TypeAlias = Callable[..., Any]


def formula(signature: str, name: str | None = None) -> Callable[[Body], Formula]:
    """Return a decorator of functions of expressions that makes them functions of everything.

    signature: shapes of arguments and results as for `numpy.vectorize`: "(3),()->(3)", "()->(3,3)".
        Leading axes broadcast.
    name: what error messages call it; by default what the function is called.

    >>> import numpy as np, taylor as ty
    >>> @formula("(3),()->()")
    ... def moment(r, weight):
    ...     return weight * (r[..., 0] ** 2 + r[..., 1] ** 2)
    >>> moment(np.ones((2, 3)), [1.0, 2.0]).tolist()
    [2.0, 4.0]
    >>> moment(ty.variable("r", shape=(3,)), 1.0)
    r[0]**2 + r[1]**2
    """
    return lambda body: Formula(body, signature, name)


class Formula:
    """A function of expressions, called with whatever there is.

    Expressions are handed on; numbers are computed by machine code, which is made when it is first
    wanted; of polynomials the same expressions are evaluated.

    name:   for error messages; the body's by default.
    finite: whether numbers that are not are refused, rather than giving NaN.
    """

    def __init__(
        self, body: Body, signature: str, name: str | None = None, finite: bool = False
    ) -> None:
        self.name = name or body.__name__.strip("_")
        self.body = body
        self.finite = finite
        given, _, wanted = signature.partition("->")
        self.inputs, self.outputs = _shapes(given), _shapes(wanted)
        code = body.__code__  # type: ignore[attr-defined]
        self.arguments = code.co_varnames[: code.co_argcount]

    def __call__(self, *arguments: Any) -> Any:
        """Results in the order of the signature: one, or a tuple."""
        values = [self._read(number, value) for number, value in enumerate(arguments)]
        self._check(values)
        if any(type(value) is Expression for value in values):
            return self.body(*map(as_expression, values))
        if has_polynomials(values):
            results = self._of_polynomials(values)
        else:
            results = self._of_numbers(values)
        return results[0] if len(results) == 1 else tuple(results)

    def _read(self, number: int, value: Any) -> Any:
        """An expression, something with polynomials, or numbers as floats."""
        found = plain(value)
        if type(found) is Expression or has_polynomials([found]):
            return found
        return _as_floats(f"{self.name}: {self._argument(number)}", found)

    def _check(self, values: Sequence[Any]) -> None:
        for number, (value, shape) in enumerate(zip(values, self.inputs, strict=True)):
            found = tuple(np.shape(value))
            if found[len(found) - len(shape) :] != shape:
                wanted = ", ".join(["..."] + [str(size) for size in shape])
                raise ShapeError(
                    f"{self.name}: {self._argument(number)} must have shape ({wanted}), got {found}"
                )

    def _argument(self, number: int) -> str:
        """What an argument is called."""
        known = number < len(self.arguments)
        return self.arguments[number] if known else f"argument {number}"

    @cached_property
    def _traced(self) -> tuple[list[Expression], list[Expression]]:
        """Inputs and outputs, scalar by scalar."""
        given = [
            [variable(f"{self.name} {i}.{j}") for j in range(math.prod(shape))]
            for i, shape in enumerate(self.inputs)
        ]
        pairs = zip(given, self.inputs, strict=True)
        found = self.body(*(_shaped(stack(names), shape) for names, shape in pairs))
        results = found if isinstance(found, tuple) else (found,)
        return [name for names in given for name in names], _scalars(results, self.outputs)

    @cached_property
    def _compiled(self) -> Function[tuple[Any, ...]]:
        inputs, outputs = self._traced
        return compile(outputs, inputs, name=self.name)

    def _of_numbers(self, values: Sequence[Any]) -> list[Any]:
        columns: list[Any] = []
        for number, (numbers, shape) in enumerate(zip(values, self.inputs, strict=True)):
            if self.finite and not np.isfinite(numbers).all():
                raise ArgumentError(f"{self.name}: {self._argument(number)} must be finite")
            columns += [
                c if c.ndim < 1 else np.ascontiguousarray(c) for c in _components(numbers, shape)
            ]
        return self._packed(list(self._compiled(*columns)))

    def _of_polynomials(self, values: Sequence[Any]) -> list[Any]:
        inputs, outputs = self._traced
        columns = [
            component
            for value, shape in zip(values, self.inputs, strict=True)
            for component in _components(value, shape)
        ]
        found = evaluate_polynomials(outputs, dict(zip(inputs, columns, strict=True)))
        some = next(c for c in columns if has_polynomials([c]))
        return self._packed([p if has_polynomials([p]) else 0 * some + p for p in found])

    def _packed(self, columns: list[Any]) -> list[Any]:
        results, first = [], 0
        for shape in self.outputs:
            count = math.prod(shape)
            part = columns[first : first + count]
            first += count
            whole = np.stack(part, axis=-1) if shape else part[0]
            results.append(whole.reshape(*whole.shape[:-1], *shape) if len(shape) > 1 else whole)
        return results


def _shapes(text: str) -> list[tuple[int, ...]]:
    """The shapes in a signature."""
    listed = re.findall(r"\(([\d,]*)\)", text)
    return [tuple(int(size) for size in sizes.split(",") if size) for sizes in listed]


def _shaped(names: Expression, shape: tuple[int, ...]) -> Expression:
    """Scalars in a row as an array of a shape."""
    return as_expression(names[0] if not shape else names.reshape(shape))


def plain(value: Any) -> Any:
    """Lists and arrays of expressions as one expression."""
    if isinstance(value, (list, tuple)) or (
        isinstance(value, np.ndarray) and value.dtype == object
    ):
        items = np.asarray(value, dtype=object).ravel().tolist()
        if any(type(item) is Expression for item in items):
            return as_expression(value)
        if has_polynomials(items):
            some = next(item for item in items if has_polynomials([item]))
            return np.stack([i if has_polynomials([i]) else 0 * some + i for i in items])
        return np.asarray(value)
    return value


def _components(value: Any, shape: tuple[int, ...]) -> list[Any]:
    return [value[(..., *place)] for place in np.ndindex(*shape)] if shape else [value]


def _scalars(values: Sequence[Any], shapes: Sequence[tuple[int, ...]]) -> list[Expression]:
    pairs = zip(values, shapes, strict=True)
    return [as_expression(c) for value, shape in pairs for c in _components(value, shape)]


def _as_floats(name: str, value: Any) -> Array:
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ArgumentTypeError(f"{name} = {value!r} is no number or array of numbers") from error

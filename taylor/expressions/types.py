"""What the public functions take as expressions, in the words of a type checker."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np

from taylor.expressions.expression import Expression
from taylor.numbers.types import Numbers, Real

V = TypeVar("V")

Key: TypeAlias = "Expression | str"  # of a variable or parameter: itself, or its name
# Mappings by key: `Mapping` is invariant in its keys, so that each kind is named.
Named: TypeAlias = "Mapping[Expression, V] | Mapping[str, V] | Mapping[Key, V]"

Operand: TypeAlias = "Expression | Real"  # a scalar or an array expression, or a number
# What becomes an expression: arrays and nested lists, too.
ExpressionLike: TypeAlias = "Expression | Real | np.ndarray | list[Any] | tuple[Any, ...]"
# The same where decimal strings are numbers, and whatever NumPy makes arrays of.
ValueLike: TypeAlias = "Expression | Numbers | Sequence[ValueLike]"

# An expression or an `np.ndarray` of them, by shapes; of numbers alone what NumPy has.
ExpressionOrArray: TypeAlias = Any

# Functions that are called with expressions. Their arguments are any number of scalars or arrays.
UserFunction: TypeAlias = "Callable[..., Any]"
ScalarFunction: TypeAlias = "Callable[..., Operand | np.ndarray]"
ListFunction: TypeAlias = "Callable[..., tuple[Any, ...] | list[Any]]"

__all__ = [
    "ExpressionLike",
    "ExpressionOrArray",
    "Key",
    "ListFunction",
    "Named",
    "Numbers",
    "Operand",
    "ScalarFunction",
    "UserFunction",
    "ValueLike",
]

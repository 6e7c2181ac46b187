"""What rules share: truth values and numbers, axes, and dtypes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.nodes.conversion import Mutable
from taylor.nodes.logic import is_condition

Value = Any  # a number, an array or an expression
Rule = Callable[..., Any]
Dims = int | Sequence[int] | None


def is_truth(x: Value) -> bool:
    """Whether these are truth values."""
    if isinstance(x, Expression):
        return is_condition(x)
    return isinstance(x, bool) or getattr(x, "dtype", None) == np.bool_


def as_number(x: Value) -> Value:
    """Numbers in the place of truth values: 1 and 0."""
    if isinstance(x, Mutable):
        x = x.now
    if not is_truth(x):
        return x
    return np.where(x, 1.0, 0.0) if isinstance(x, Expression) else np.asarray(x, dtype=float)[()]


def as_truth(x: Value) -> Value:
    """Truth values in the place of numbers: what is not zero is true."""
    return x if is_truth(x) else np.not_equal(x, 0)


def as_dtype(x: Value, dtype: torch.dtype | None) -> Value:
    """Values converted to what a dtype holds: truth values, whole numbers, real ones."""
    x = x.now if isinstance(x, Mutable) else x
    if dtype is None:
        return x
    if dtype is torch.bool:
        return as_truth(x)
    if dtype.is_complex:
        raise UnsupportedFunctionError(f"{dtype}: expressions are real")
    if not isinstance(x, Expression):
        return np.asarray(x, dtype=float if dtype.is_floating_point else np.int64)[()]
    whole = is_truth(x) or getattr(x.payload, "whole", False)
    return as_number(x) if whole or dtype.is_floating_point else np.trunc(x)


def axes_of(dim: Dims) -> int | tuple[int, ...] | None:
    """Dimensions as NumPy takes them; all of them where none is given."""
    if dim is None or isinstance(dim, int):
        return dim
    return tuple(dim) or None


def place(dim: int, count: int) -> int:
    """A dimension counted from the front."""
    return dim % count if count else 0

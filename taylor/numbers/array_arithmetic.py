"""What a kind of number whose numbers are several floats must tell of arrays of them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from taylor_runtime.program.records import dataclass

Binary = Callable[[np.ndarray, np.ndarray], np.ndarray]
Unary = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True, eq=False)
class ArrayArithmetic:
    """Arithmetic on arrays of shape (..., parts), for what is not worth machine code.

    normalised: the same numbers, with parts as arithmetic assumes them.
    is_meant:   whether floats with such a last axis look like numbers of the kind.
    """

    add: Binary
    multiply: Binary
    reciprocal: Unary
    normalised: Unary
    is_meant: Callable[[np.ndarray], bool]

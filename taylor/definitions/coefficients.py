"""Functions known by their Taylor coefficients at any point: opaque, and of every order.

With c_k = f^(k)(x_0)/k! at the argument's order-zero value x_0, which are steady, the series of
f(x) is the polynomial sum_k c_k (x - x_0)^k, by Horner's rule in series.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from taylor.errors import ArgumentError
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import make_function_node
from taylor.nodes.defined import DefinedName, makes
from taylor.nodes.record import BY_USER, Function
from taylor.nodes.registry import get
from taylor.numbers.checks import real_number
from taylor.recurrences.builder import SeriesBuilder
from taylor_runtime.program.kernels import CallbackKernel
from taylor_runtime.program.program import Kernel
from taylor_runtime.program.records import dataclass

Coefficients = Callable[[float, int], Sequence[float]]
_REMEMBERED = 64  # points at which coefficients are kept: every order asks for its own


def coefficient_record(
    name: str, coefficients: Coefficients, derivative: Callable[..., Any] | None, domain: str
) -> Function:
    """The record of a function by `coefficients(x0, order)`."""

    @lru_cache(_REMEMBERED)
    def known(x: float, order: int) -> tuple[float, ...]:
        given = coefficients(x, order)
        listed = given if isinstance(given, Sequence | np.ndarray) else [given]
        found = tuple(real_number(name, value) for value in listed)
        if len(found) < order + 1:
            raise ArgumentError(
                f"the registered function {name!r} has to return {order + 1} coefficients for "
                f"order {order}, got {len(found)}"
            )
        return found

    def after(count: int, x: float, k: int, order: int) -> float:
        """Coefficient k of derivative number `count`."""
        value = known(x, order + count)[k + count]
        return value * math.perm(k + count, count) if count else value

    def record(count: int) -> Function:
        title: str = name if not count else DefinedName(Derivative(name, count))
        given = derivative if count == 0 else None
        return Function(
            name=title,
            arity=1,
            mpmath=lambda mp, x: mp.mpf(after(count, float(x), 0, 0)),
            numpy=np.vectorize(lambda x: after(count, float(x), 0, 0), otypes=[float]),
            derivative=given or (lambda x: (_derivative_node(name, count + 1, x),)),
            recurrence=lambda b, x: _composed(b, name, count, x),
            numpy_names=(),
            sympy=lambda sympy, *args: sympy.Function(str(title))(*args),
            sympy_names=(str(title),),
            domain=domain,
            reference=BY_USER,
            kernel=CallbackKernel(name, count),
            series=(record, after),
        )

    return record(0)


def _composed(b: SeriesBuilder, name: str, count: int, x: int) -> int:
    """sum_k c_k s^k with s = x - x_0, whose order zero vanishes."""
    s = b.row(b.term(1, x), start=Kernel("lt", (x, x)))
    kernels = [CallbackKernel(name, count, k, b.order) for k in range(b.order + 1)]
    numbers = [b.kernel(kernel, x) for kernel in kernels]
    value = numbers[-1]
    for number in reversed(numbers[:-1]):
        value = b.row(b.term(1, number) + b.convolution(1, s, value, first=1))
    return value


@dataclass(frozen=True, slots=True)
class Derivative:
    """Derivative number `count` of a registered function, as a function."""

    function: str
    count: int

    @property
    def name(self) -> str:
        return f"{self.function}_derivative{self.count}"


@makes(Derivative)
def _derivative(name: DefinedName, definition: Derivative) -> Function:
    record: Function = get(definition.function).series[0](definition.count)
    return record


def _derivative_node(name: str, count: int, x: Expression) -> Expression:
    return make_function_node(DefinedName(Derivative(name, count)), x)

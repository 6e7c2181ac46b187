"""NumPy's ufuncs and other functions of polynomials."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError, UnsupportedFunctionError
from taylor.nodes.registry import functions
from taylor.polynomials import arrays
from taylor.polynomials.arithmetic import equal
from taylor.polynomials.coefficients import Coefficients
from taylor.polynomials.operators import Operators, divide, elementary, power


def _either(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operation that takes its operands in either order."""

    def apply(a: Any, b: Any) -> Any:
        return function(a, b) if isinstance(a, Coefficients) else function(b, a)

    return apply


def _different(p: Any, q: Any) -> Any:
    return ~equal(p, q)


def _subtract(a: Any, b: Any) -> Any:
    return a.__sub__(b) if isinstance(a, Operators) else b.__rsub__(a)


_UFUNCS: Mapping[str, Callable[..., Any]] = {
    "add": _either(lambda p, q: p.__add__(q)),
    "subtract": _subtract,
    "multiply": _either(lambda p, q: p.__mul__(q)),
    "divide": divide,
    "power": power,
    "float_power": power,
    "square": lambda p: p**2,
    "reciprocal": lambda p: divide(1, p),
    "negative": operator.neg,
    "positive": operator.pos,
    "conjugate": operator.pos,
    "equal": _either(equal),
    "not_equal": _either(_different),
    "matmul": arrays.matmul,
    "deg2rad": lambda p: p * (math.pi / 180),
    "radians": lambda p: p * (math.pi / 180),
    "rad2deg": lambda p: p * (180 / math.pi),
    "degrees": lambda p: p * (180 / math.pi),
}


def apply_ufunc(ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]) -> Any:
    """The `__array_ufunc__` of polynomials."""
    name = ufunc.__name__
    if name == "add" and method == "reduce":
        return arrays.total(inputs[0], options.get("axis", 0), bool(options.get("keepdims")))
    if method != "__call__":
        raise UnsupportedFunctionError(f"numpy.{name}.{method}: not available for polynomials")
    refused = [key for key in options if key not in ("dtype", "casting", "order", "subok")]
    if refused:
        raise ArgumentTypeError(
            f"numpy.{name}: polynomials never change, and take no {', '.join(refused)}="
        )
    rule = _UFUNCS.get(name)
    if rule is not None:
        result = rule(*inputs)
        if result is NotImplemented:
            raise ArgumentTypeError(f"numpy.{name}: polynomials and numbers are needed")
        return result
    for record in functions.values():
        if name in record.numpy_names:
            return elementary(record.name, *inputs)
    raise UnsupportedFunctionError(f"numpy.{name}: there is no rule for polynomials")


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return arrays.total(a, axis, keepdims)


def _mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    found = arrays.total(a, axis, keepdims)
    return found / (math.prod(a.shape) // max(1, math.prod(found.shape)))


def _reshape(a: Any, shape: Any) -> Any:
    return arrays.reshape(a, shape)


def _dot(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return np.multiply(a, b)
    return arrays.matmul(a, b)


def _all_equal(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.all(_either(equal)(a, b)))


_FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    np.stack: arrays.stack,
    np.concatenate: arrays.concatenate,
    np.sum: _sum,
    np.mean: _mean,
    np.reshape: _reshape,
    np.ravel: lambda a: arrays.reshape(a, -1),
    np.transpose: arrays.transpose,
    np.dot: _dot,
    np.array_equal: _all_equal,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.copy: operator.pos,
}


def apply_function(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The `__array_function__` of polynomials."""
    rule = _FUNCTIONS.get(func)
    if rule is None:
        raise UnsupportedFunctionError(
            f"numpy.{func.__name__}: there is no rule for polynomials; use their components or "
            ".coefficients"
        )
    return rule(*args, **kwargs)

"""NumPy's ufuncs and other functions of polynomials."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentTypeError, ShapeError, TaylorError, UnsupportedFunctionError
from taylor.nodes.registry import functions
from taylor.polynomials import arithmetic, arrays
from taylor.polynomials.arithmetic import equal, multiply, negative
from taylor.polynomials.coefficients import Coefficients, P, converted, reshape
from taylor.polynomials.elementary import divide, divide_into, elementary, exponential, power


def _ordered(
    function: Callable[[Any, Any], Any], reflected: Callable[[Any, Any], Any]
) -> Callable[[Any, Any], Any]:
    """An operation of two operands, the polynomial being the first one or the second."""

    def apply(a: Any, b: Any) -> Any:
        return function(a, b) if isinstance(a, Coefficients) else reflected(b, a)

    return apply


def _either(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """An operation that takes its operands in either order."""
    return _ordered(function, function)


def _different(p: Any, q: Any) -> Any:
    return ~equal(p, q)


def _same(p: P) -> P:
    return converted(p, p._space)


_matmul = _ordered(arrays.matmul, arrays.matmul_from)

_UFUNCS: Mapping[str, Callable[..., Any]] = {
    "add": _either(arithmetic.add),
    "subtract": _ordered(arithmetic.subtract, arithmetic.subtract_from),
    "multiply": _either(multiply),
    "divide": _ordered(divide, divide_into),
    "power": _ordered(power, exponential),
    "float_power": _ordered(power, exponential),
    "square": lambda p: power(p, 2),
    "reciprocal": lambda p: divide_into(p, 1),
    "negative": negative,
    "positive": _same,
    "conjugate": _same,
    "equal": _either(equal),
    "not_equal": _either(_different),
    "matmul": _matmul,
    "vecdot": lambda a, b: arrays.total(_either(multiply)(a, b), -1),
    "isnan": lambda p: np.isnan(p._planes[0]).any(axis=-1),
    "isfinite": lambda p: np.isfinite(p._planes[0]).all(axis=-1),
    "deg2rad": lambda p: multiply(p, math.pi / 180),
    "radians": lambda p: multiply(p, math.pi / 180),
    "rad2deg": lambda p: multiply(p, 180 / math.pi),
    "degrees": lambda p: multiply(p, 180 / math.pi),
}


_names: dict[str, str] = {}  # of functions, by those that NumPy has for them


def apply_ufunc(
    p: Coefficients, ufunc: Any, method: str, inputs: Sequence[Any], options: dict[str, Any]
) -> Any:
    """The `__array_ufunc__` of polynomials, of `p` as one of the inputs."""
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
    known = _names.get(name)
    if known in functions:
        return elementary(p, known, *inputs)
    for record in functions.values():
        if name in record.numpy_names:
            _names[name] = record.name
            return elementary(p, record.name, *inputs)
    raise UnsupportedFunctionError(f"numpy.{name}: there is no rule for polynomials")


def _sum(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return arrays.total(a, axis, keepdims)


def _mean(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
    found = arrays.total(a, axis, keepdims)
    return divide(found, math.prod(a.shape) // max(1, math.prod(found.shape)))


def _reshape(a: Any, shape: Any) -> Any:
    return reshape(a, shape)


def _dot(a: Any, b: Any) -> Any:
    if not np.ndim(a) or not np.ndim(b):
        return np.multiply(a, b)
    return _matmul(a, b)


def _all_equal(a: Any, b: Any) -> bool:
    return np.shape(a) == np.shape(b) and bool(np.all(_either(equal)(a, b)))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Any:
    along_one = axis is None if x.ndim == 1 else isinstance(axis, int)
    if ord is not None and not (ord == 2 and along_one):
        raise UnsupportedFunctionError(
            f"numpy.linalg.norm: ord={ord!r}: of polynomials there is the Euclidean norm alone"
        )
    return elementary(x, "sqrt", arrays.total(multiply(x, x), axis, keepdims))


_FUNCTIONS: Mapping[Any, Callable[..., Any]] = {
    np.stack: arrays.stack,
    np.concatenate: arrays.concatenate,
    np.sum: _sum,
    np.mean: _mean,
    np.reshape: _reshape,
    np.ravel: lambda a: reshape(a, -1),
    np.transpose: arrays.transpose,
    np.dot: _dot,
    np.array_equal: _all_equal,
    np.shape: lambda a: a.shape,
    np.ndim: lambda a: a.ndim,
    np.copy: _same,
    np.linalg.norm: _norm,
}


# What changes its operands or writes files, and so cannot be given others in their place; or does
# not look into objects.
_REFUSED = frozenset(
    (
        *(np.copyto, np.fill_diagonal, np.place, np.put, np.put_along_axis, np.putmask),
        *(np.save, np.savetxt, np.savez, np.savez_compressed, np.nan_to_num),
    )
)


def apply_function(func: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """The `__array_function__` of polynomials.

    What has no rule here is NumPy's own function of arrays of single polynomials: `cross`, `prod`,
    `trace`, `roll` and the like need no more than sums and products of what is in an array.
    """
    rule = _FUNCTIONS.get(func)
    if rule is not None:
        return rule(*args, **kwargs)
    known: list[Coefficients] = []
    try:
        if func in _REFUSED or "out" in kwargs:
            raise TypeError("it is for arrays of numbers")
        found = func(*_single(args, known), **_single(kwargs, known))
        return _joined(found, known[0])
    except TaylorError:
        raise
    except (TypeError, AttributeError, np.linalg.LinAlgError) as error:
        raise UnsupportedFunctionError(
            f"numpy.{func.__name__}: there is no rule for polynomials ({error}); use their "
            "components or .coefficients"
        ) from None
    except ValueError as error:
        raise ShapeError(f"numpy.{func.__name__}: {error}") from None


def _single(given: Any, known: list[Coefficients]) -> Any:
    """The same with arrays of single polynomials for polynomials, which are added to a list."""
    if isinstance(given, Coefficients):
        known.append(given)
        found = np.empty(given.shape, object)
        flat = reshape(given, -1)
        for k, place in enumerate(np.ndindex(given.shape)):
            found[place] = flat[k]
        return found
    if isinstance(given, list | tuple):
        return type(given)([_single(item, known) for item in given])
    if isinstance(given, dict):
        return {key: _single(item, known) for key, item in given.items()}
    return given


def _joined(found: Any, like: Coefficients) -> Any:
    """The same with polynomials for arrays of single ones, and of numbers among them."""
    if isinstance(found, list | tuple):
        items = [_joined(item, like) for item in found]
        return tuple(items) if isinstance(found, tuple) else items
    if not isinstance(found, np.ndarray) or found.dtype != object:
        return found
    items = found.ravel().tolist()
    if not items:
        planes = np.empty((like._kind.parts, *found.shape, like._space.size), like._kind.dtype)
        return like._made(planes, like._space, like._kind)
    if not any(isinstance(item, Coefficients) for item in items):
        items[0] = arithmetic.as_polynomial(items[0], like)
    return reshape(arithmetic.stacked(items, like), found.shape)

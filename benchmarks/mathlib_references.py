"""Right values of elementary functions for arrays of arguments, by numbers of 80 bits.

NumPy's functions of `longdouble` are those of the C library; what it lacks is called through cffi,
or made of these so that nothing cancels.  Their errors are some thousandths of an ulp of a double.
"""

from __future__ import annotations

from collections.abc import Callable
from ctypes.util import find_library
from functools import cache
from typing import Any

import numpy as np
from cffi import FFI
from kernel_accuracy import FORMATS

LONG = np.finfo(np.longdouble).nmant >= 63
_TWO_OVER_SQRT_PI = "1.1283791670955125738961589031215451716881012586579977136881714434"


def _of_c(name: str) -> Callable[[Any], Any]:
    """A function of the C library, element by element."""

    def apply(x: Any) -> Any:
        ffi, function = _c_function(name)
        result = np.empty_like(x)
        given, place = (ffi.from_buffer("long double[]", array) for array in (x, result))
        for i in range(len(x)):
            place[i] = function(given[i])
        return result

    return apply


@cache
def _c_function(name: str) -> tuple[FFI, Any]:
    ffi = FFI()
    ffi.cdef(f"long double {name}l(long double);")
    return ffi, getattr(ffi.dlopen(find_library("m")), f"{name}l")


def _logistic_derivative(x: Any) -> Any:
    e = np.exp(-np.abs(x))
    return e / (1 + e) ** 2


def _gaussian(x: Any) -> Any:
    """2/sqrt(pi) exp(-x**2), the square taken apart into numbers that are exact."""
    x = np.clip(x, -40, 40)
    short = x.astype(np.float32).astype(np.longdouble)
    rest = x - short
    return (
        np.longdouble(_TWO_OVER_SQRT_PI)
        * np.exp(-short * short)
        * np.exp(-(2 * short * rest + rest * rest))
    )


_NUMPY = {
    **{name: name for name in ("exp", "expm1", "exp2", "log", "log1p", "log2", "log10")},
    **{name: name for name in ("sqrt", "cbrt", "hypot", "sin", "cos", "tan")},
    **{name: name for name in ("sinh", "cosh", "tanh")},
    **{f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    "atan2": "arctan2",
    "pow": "power",
}
NUMPY: dict[str, np.ufunc] = {name: getattr(np, numpy) for name, numpy in _NUMPY.items()}
WIDE: dict[str, Callable[..., Any]] = {
    **NUMPY,
    "sech_squared": lambda x: 1 / np.cosh(x) ** 2,
    "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    "sigmoid_derivative": _logistic_derivative,
    "softplus": lambda x: np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x))),
    "erf": _of_c("erf"),
    "erfc": _of_c("erfc"),
    "erf_derivative": _gaussian,
    "pow_sum": lambda x, y, z: np.power(x, y) * np.exp(z * np.log(x)),
}


def right_values(name: str, arguments: list[Any]) -> Any:
    """The function's values in 80 bits, of arguments that are shorter."""
    with np.errstate(all="ignore"):
        return WIDE[name](*(x.astype(np.longdouble) for x in arguments))


def errors(values: Any, right: Any, precision: str) -> Any:
    """Errors in ulp; 0 where both overflow or nothing finite is right, infinity where one does."""
    form = FORMATS[precision]
    with np.errstate(all="ignore"):
        exponent = np.maximum(np.frexp(right)[1] - form.bits, form.least)
        found = np.abs(np.ldexp(values.astype(np.longdouble) - right, -exponent))
    limit = np.ldexp(np.longdouble(2) - np.longdouble(2) ** -form.bits, form.end - 1)
    overflows = np.abs(right) >= limit
    found[overflows & ~np.isfinite(values) | np.isnan(right)] = 0
    found[(overflows == np.isfinite(values)) & ~np.isnan(right)] = np.inf
    return found

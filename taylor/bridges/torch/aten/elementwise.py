"""Operations that act on each element."""

from __future__ import annotations

import numpy as np
import torch

from taylor import functions
from taylor.bridges.torch.aten.values import Rule, Value, as_dtype, as_number, as_truth


def _add(self: Value, other: Value, alpha: float = 1) -> Value:
    return as_number(self) + (as_number(other) if alpha == 1 else alpha * as_number(other))


def _sub(self: Value, other: Value, alpha: float = 1) -> Value:
    return as_number(self) - (as_number(other) if alpha == 1 else alpha * as_number(other))


def _rsub(self: Value, other: Value, alpha: float = 1) -> Value:
    return _sub(other, self, alpha)


def _div(self: Value, other: Value, rounding_mode: str | None = None) -> Value:
    a, b = as_number(self), as_number(other)
    if rounding_mode == "floor":
        return np.floor_divide(a, b)
    quotient = np.true_divide(a, b)
    return quotient if rounding_mode is None else np.trunc(quotient)


def clamp(self: Value, min: Value = None, max: Value = None) -> Value:
    """The nearest number between two bounds, each of which may be missing."""
    bounded = self if min is None else np.maximum(self, min)
    return bounded if max is None else np.minimum(bounded, max)


def _where(condition: Value, self: Value, other: Value) -> Value:
    return np.where(as_truth(condition), self, other)


def _masked_fill(self: Value, mask: Value, value: Value) -> Value:
    return np.where(as_truth(mask), value, self)


def _lerp(self: Value, end: Value, weight: Value) -> Value:
    return self + weight * (end - self)


def _addcmul(self: Value, tensor1: Value, tensor2: Value, value: float = 1) -> Value:
    return self + value * tensor1 * tensor2


def _addcdiv(self: Value, tensor1: Value, tensor2: Value, value: float = 1) -> Value:
    return self + value * tensor1 / tensor2


def _nan_to_num(
    self: Value, nan: float | None = None, posinf: float | None = None, neginf: float | None = None
) -> Value:
    return np.nan_to_num(self, nan=nan or 0.0, posinf=posinf, neginf=neginf)


def _round(self: Value, decimals: int = 0) -> Value:
    return np.round(self, decimals)


def _logit(self: Value, eps: float | None = None) -> Value:
    return functions.logit(self if eps is None else clamp(self, eps, 1 - eps))


def _cast(self: Value, *args: Value, **kwargs: Value) -> Value:
    """Converted to the dtype among the arguments; devices and layouts mean nothing here."""
    given = (*args, *kwargs.values())
    return as_dtype(self, next((x for x in given if isinstance(x, torch.dtype)), None))


def _of_numbers(function: Rule) -> Rule:
    """A function of numbers, of truth values as well."""
    return lambda *args, **kwargs: function(*map(as_number, args), **kwargs)


def _of_truths(function: Rule) -> Rule:
    """A function of truth values; bits of whole numbers are no expressions."""
    return lambda *args: function(*map(as_truth, args))


RULES: dict[str, Rule] = {
    "add": _add,
    "sub": _sub,
    "rsub": _rsub,
    "mul": _of_numbers(np.multiply),
    "div": _div,
    "floor_divide": _of_numbers(np.floor_divide),
    "remainder": _of_numbers(np.remainder),
    "fmod": _of_numbers(np.fmod),
    "pow": _of_numbers(lambda self, exponent: self**exponent),
    "neg": _of_numbers(np.negative),
    "abs": np.abs,
    "sign": np.sign,
    "sgn": np.sign,
    "square": np.square,
    "sqrt": np.sqrt,
    "rsqrt": lambda self: 1 / np.sqrt(self),
    "reciprocal": lambda self: 1 / self,
    "exp": np.exp,
    "exp2": np.exp2,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "log2": np.log2,
    "log10": np.log10,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "atan2": np.arctan2,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
    "hypot": np.hypot,
    "sinc": np.sinc,
    "deg2rad": np.deg2rad,
    "rad2deg": np.rad2deg,
    "erf": functions.erf,
    "erfc": functions.erfc,
    "erfinv": functions.erfinv,
    "special_erfcx": functions.erfcx,
    "special_ndtr": functions.ndtr,
    "special_log_ndtr": functions.log_ndtr,
    "special_bessel_j0": lambda self: functions.besselj(0, self),
    "special_bessel_j1": lambda self: functions.besselj(1, self),
    "special_modified_bessel_i0": lambda self: functions.besseli(0, self),
    "special_modified_bessel_i1": lambda self: functions.besseli(1, self),
    "special_i0": lambda self: functions.besseli(0, self),
    "special_i1": lambda self: functions.besseli(1, self),
    "i0": lambda self: functions.besseli(0, self),
    "special_xlog1py": functions.xlog1py,
    "special_gammainc": functions.gammainc,
    "special_gammaincc": functions.gammaincc,
    "xlogy": functions.xlogy,
    "lgamma": functions.lgamma,
    "digamma": functions.digamma,
    "polygamma": functions.polygamma,
    "logit": _logit,
    "logaddexp": functions.logaddexp,
    "floor": np.floor,
    "ceil": np.ceil,
    "trunc": np.trunc,
    "round": _round,
    "frac": lambda self: self - np.trunc(self),
    "maximum": np.maximum,
    "minimum": np.minimum,
    "fmax": np.fmax,
    "fmin": np.fmin,
    "copysign": np.copysign,
    "heaviside": np.heaviside,
    "clamp": clamp,
    "clamp_min": clamp,
    "clamp_max": lambda self, max: clamp(self, None, max),
    "clip": clamp,
    "where": _where,
    "masked_fill": _masked_fill,
    "lerp": _lerp,
    "addcmul": _addcmul,
    "addcdiv": _addcdiv,
    "nan_to_num": _nan_to_num,
    "eq": np.equal,
    "ne": np.not_equal,
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "isnan": np.isnan,
    "isinf": np.isinf,
    "isfinite": np.isfinite,
    "logical_and": _of_truths(np.logical_and),
    "logical_or": _of_truths(np.logical_or),
    "logical_xor": _of_truths(np.not_equal),
    "logical_not": _of_truths(np.logical_not),
    "bitwise_and": _of_truths(np.logical_and),
    "bitwise_or": _of_truths(np.logical_or),
    "bitwise_xor": _of_truths(np.not_equal),
    "bitwise_not": _of_truths(np.logical_not),
    "to": _cast,
    "_to_copy": _cast,
    "type_as": lambda self, other: self,
}

"""Operations that put the elements along axes together."""

from __future__ import annotations

import math

import numpy as np

from taylor import functions
from taylor.bridges.torch.aten.values import (
    Dims,
    Rule,
    Value,
    as_dtype,
    as_number,
    as_truth,
    axes_of,
)


def _sum(self: Value, dim: Dims = None, keepdim: bool = False, dtype: Value = None) -> Value:
    return np.sum(as_number(self), axis=axes_of(dim), keepdims=keepdim)


def _mean(self: Value, dim: Dims = None, keepdim: bool = False, dtype: Value = None) -> Value:
    return np.mean(as_number(self), axis=axes_of(dim), keepdims=keepdim)


def _prod(self: Value, dim: Dims = None, keepdim: bool = False, dtype: Value = None) -> Value:
    return np.prod(as_number(self), axis=axes_of(dim), keepdims=keepdim)


def variance(
    self: Value,
    dim: Dims | bool = None,
    unbiased: bool | None = None,
    keepdim: bool = False,
    correction: float | None = None,
) -> Value:
    """The mean of squared distances from the mean, divided by n - 1 unless it is said otherwise."""
    if isinstance(dim, bool):  # var(self, unbiased)
        dim, unbiased = None, dim
    if correction is None:
        correction = 0 if unbiased is False else 1
    axes = axes_of(dim)
    listed = range(np.ndim(self)) if axes is None else np.atleast_1d(axes)
    count = math.prod(np.shape(self)[k] for k in listed)
    apart = (self - np.mean(self, axis=axes, keepdims=True)) ** 2
    return np.sum(apart, axis=axes, keepdims=keepdim) / (count - correction)


def _with_mean(rule: Rule) -> Rule:
    def both(self: Value, dim: Dims = None, *args: Value, **kwargs: Value) -> tuple[Value, Value]:
        keep = kwargs.get("keepdim", args[1] if len(args) > 1 else False)
        return rule(self, dim, *args, **kwargs), _mean(self, dim, bool(keep))

    return both


def _deviation(*args: Value, **kwargs: Value) -> Value:
    return np.sqrt(variance(*args, **kwargs))


def _extreme(reduce: Rule, place: Rule, choose: Rule) -> Rule:
    """max and min: of all elements, along an axis with places, or of two arrays."""

    def rule(self: Value, dim: Value = None, keepdim: bool = False, other: Value = None) -> Value:
        if other is not None or not isinstance(dim, int | None):
            return choose(self, dim if other is None else other)
        if dim is None:
            return reduce(self)
        return reduce(self, axis=dim, keepdims=keepdim), place(self, axis=dim, keepdims=keepdim)

    return rule


def _along(reduce: Rule) -> Rule:
    def rule(self: Value, dim: Dims = None, keepdim: bool = False) -> Value:
        return reduce(self, axis=axes_of(dim), keepdims=keepdim)

    return rule


def _truth(reduce: Rule) -> Rule:
    def rule(self: Value, dim: Dims = None, keepdim: bool = False) -> Value:
        return reduce(as_truth(self), axis=axes_of(dim), keepdims=keepdim)

    return rule


def norm(
    self: Value, ord: float = 2, dim: Dims = None, keepdim: bool = False, dtype: Value = None
) -> Value:
    """The norm of vectors along axes, those of matrices as of vectors."""
    axes = axes_of(dim)
    if ord == 2 and (axes is None or np.size(axes) == 1):  # whose derivative is 0 at 0
        flat = np.reshape(self, (-1,)) if axes is None else self
        axis = 0 if axes is None else int(np.ravel(axes)[0])
        found = np.linalg.norm(flat, axis=axis, keepdims=keepdim and axes is not None)
        return np.reshape(found, (1,) * np.ndim(self)) if keepdim and axes is None else found
    if ord == 2:
        return np.sqrt(np.sum(self**2, axis=axes, keepdims=keepdim))
    size = np.abs(self)
    if math.isinf(ord):
        return (np.max if ord > 0 else np.min)(size, axis=axes, keepdims=keepdim)
    if ord == 1:
        return np.sum(size, axis=axes, keepdims=keepdim)
    if ord == 0:
        return np.sum(as_number(np.not_equal(self, 0)), axis=axes, keepdims=keepdim)
    return np.sum(size**ord, axis=axes, keepdims=keepdim) ** (1 / ord)


def _norm(
    self: Value, p: float | None = 2, dim: Dims = None, keepdim: bool = False, dtype: Value = None
) -> Value:
    return norm(self, 2 if p is None else p, dim, keepdim)


def _logsumexp(self: Value, dim: Dims, keepdim: bool = False) -> Value:
    largest = np.max(self, axis=axes_of(dim), keepdims=True)  # for its shape alone
    found = functions.logsumexp(self, axis=axes_of(dim))
    return np.reshape(found, np.shape(largest)) if keepdim else found


def _running(function: Rule) -> Rule:
    def rule(self: Value, dim: int, dtype: Value = None) -> Value:
        return function(as_number(as_dtype(self, dtype)), axis=dim)

    return rule


RULES: dict[str, Rule] = {
    "sum": _sum,
    "mean": _mean,
    "prod": _prod,
    "var": variance,
    "std": _deviation,
    "var_mean": _with_mean(variance),
    "std_mean": _with_mean(_deviation),
    "max": _extreme(np.max, np.argmax, np.maximum),
    "min": _extreme(np.min, np.argmin, np.minimum),
    "amax": _along(np.max),
    "amin": _along(np.min),
    "argmax": _along(np.argmax),
    "argmin": _along(np.argmin),
    "any": _truth(np.any),
    "all": _truth(np.all),
    "norm": _norm,
    "linalg_vector_norm": norm,
    "logsumexp": _logsumexp,
    "cumsum": _running(np.cumsum),
    "cumprod": _running(np.cumprod),
}

"""Activation functions, and what follows the last layer: softmax and losses."""

from __future__ import annotations

import math

import numpy as np

from taylor import functions
from taylor.bridges.torch.aten.elementwise import clamp
from taylor.bridges.torch.aten.values import Rule, Value, as_dtype


def _gelu(self: Value, approximate: str = "none") -> Value:
    """Hendrycks & Gimpel (2016)."""
    if approximate == "none":
        return self * functions.ndtr(self)
    return 0.5 * self * (1 + np.tanh(math.sqrt(2 / math.pi) * (self + 0.044715 * self**3)))


def _elu(self: Value, alpha: float = 1.0, scale: float = 1.0, input_scale: float = 1.0) -> Value:
    below = alpha * np.expm1(np.minimum(self * input_scale, 0.0))
    return scale * np.where(np.greater(self, 0), self, below)


def _selu(self: Value) -> Value:
    """Klambauer et al. (2017), equation 2."""
    return _elu(self, 1.6732632423543772, 1.0507009873554805)


def _celu(self: Value, alpha: float = 1.0) -> Value:
    return _elu(self, alpha, 1.0, 1 / alpha)


def _leaky_relu(self: Value, negative_slope: float = 0.01) -> Value:
    return np.where(np.greater(self, 0), self, negative_slope * self)


def _prelu(self: Value, weight: Value) -> Value:
    ndim = np.ndim(self)
    if np.size(weight) > 1:  # one a channel
        weight = weight.reshape((-1, *(1,) * (ndim - 2)) if ndim > 1 else (-1,))
    elif np.ndim(weight):
        weight = weight.reshape(())
    return np.where(np.greater(self, 0), self, weight * self)


def _softplus(self: Value, beta: float = 1, threshold: float = 20) -> Value:
    """Beyond the threshold PyTorch takes x itself, which differs by less than 3e-9."""
    return functions.softplus(beta * self) / beta


def _softshrink(self: Value, lambd: float = 0.5) -> Value:
    return self - np.clip(self, -lambd, lambd)


def _hardshrink(self: Value, lambd: float = 0.5) -> Value:
    return np.where(np.greater(np.abs(self), lambd), self, 0.0)


def _threshold(self: Value, threshold: float, value: float) -> Value:
    return np.where(np.greater(self, threshold), self, value)


def _glu(self: Value, dim: int = -1) -> Value:
    first, second = np.split(self, 2, axis=dim)
    return first * functions.sigmoid(second)


def _hardtanh(self: Value, min_val: float = -1, max_val: float = 1) -> Value:
    return np.clip(self, min_val, max_val)


def softmax(self: Value, dim: int, dtype: Value = None) -> Value:
    """exp(x) / sum of exp(x), which does not overflow."""
    return functions.softmax(as_dtype(self, dtype), axis=dim)


def log_softmax(self: Value, dim: int, dtype: Value = None) -> Value:
    """The logarithm of `softmax`."""
    return functions.log_softmax(as_dtype(self, dtype), axis=dim)


def _reduced(loss: Value, reduction: int) -> Value:
    """Of the elements' losses none, the mean or the sum, as PyTorch numbers them."""
    return (lambda x: x, np.mean, np.sum)[reduction](loss)


def _mse_loss(self: Value, target: Value, reduction: int = 1) -> Value:
    return _reduced((self - target) ** 2, reduction)


def _l1_loss(self: Value, target: Value, reduction: int = 1) -> Value:
    return _reduced(np.abs(self - target), reduction)


def _huber_loss(self: Value, target: Value, reduction: int = 1, delta: float = 1.0) -> Value:
    size = np.abs(self - target)
    near = np.minimum(size, delta)
    return _reduced(near * (size - 0.5 * near), reduction)


def _smooth_l1_loss(self: Value, target: Value, reduction: int = 1, beta: float = 1.0) -> Value:
    return _huber_loss(self, target, reduction, beta) / beta


def _with_logits(
    self: Value,
    target: Value,
    weight: Value = None,
    pos_weight: Value = None,
    reduction: int = 1,
) -> Value:
    scale = 1 if pos_weight is None else 1 + (pos_weight - 1) * target
    loss = (1 - target) * self + scale * functions.softplus(-self)
    return _reduced(loss if weight is None else weight * loss, reduction)


def _binary_cross_entropy(
    self: Value, target: Value, weight: Value = None, reduction: int = 1
) -> Value:
    """With logarithms of at least -100, as PyTorch has them."""
    loss = -target * np.maximum(np.log(self), -100.0)
    loss = loss - (1 - target) * np.maximum(np.log(1 - self), -100.0)
    return _reduced(loss if weight is None else weight * loss, reduction)


RULES: dict[str, Rule] = {
    "sigmoid": functions.sigmoid,
    "special_expit": functions.sigmoid,
    "log_sigmoid": functions.log_expit,
    "relu": functions.relu,
    "relu6": lambda self: np.clip(self, 0.0, 6.0),
    "leaky_relu": _leaky_relu,
    "prelu": _prelu,
    "_prelu_kernel": _leaky_relu,
    "elu": _elu,
    "selu": _selu,
    "celu": _celu,
    "gelu": _gelu,
    "silu": lambda self: self * functions.sigmoid(self),
    "mish": lambda self: self * np.tanh(functions.softplus(self)),
    "softplus": _softplus,
    "softsign": lambda self: self / (1 + np.abs(self)),
    "softshrink": _softshrink,
    "hardshrink": _hardshrink,
    "threshold": _threshold,
    "glu": _glu,
    "hardtanh": _hardtanh,
    "hardsigmoid": lambda self: clamp(self + 3, 0.0, 6.0) / 6,
    "hardswish": lambda self: self * clamp(self + 3, 0.0, 6.0) / 6,
    "softmax": softmax,
    "_softmax": lambda self, dim, half_to_float: softmax(self, dim),
    "log_softmax": log_softmax,
    "_log_softmax": lambda self, dim, half_to_float: log_softmax(self, dim),
    "softmin": lambda self, dim: softmax(-self, dim),
    "mse_loss": _mse_loss,
    "l1_loss": _l1_loss,
    "huber_loss": _huber_loss,
    "smooth_l1_loss": _smooth_l1_loss,
    "binary_cross_entropy": _binary_cross_entropy,
    "binary_cross_entropy_with_logits": _with_logits,
}

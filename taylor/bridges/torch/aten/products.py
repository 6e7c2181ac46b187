"""Products of matrices, convolutions, and what else layers do: normalising, pooling, attention."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.bridges.torch.aten.activations import softmax
from taylor.bridges.torch.aten.reductions import norm
from taylor.bridges.torch.aten.values import Rule, Value, is_truth
from taylor.errors import UnsupportedFunctionError

Sizes = int | Sequence[int]


def _addmm(self: Value, a: Value, b: Value, beta: float = 1, alpha: float = 1) -> Value:
    product = a @ b if alpha == 1 else alpha * (a @ b)
    return product if beta == 0 else product + (self if beta == 1 else beta * self)


def _linear(input: Value, weight: Value, bias: Value = None) -> Value:
    product = input @ np.swapaxes(weight, -1, -2) if np.ndim(weight) > 1 else input @ weight
    return product if bias is None else product + bias


def _bilinear(input1: Value, input2: Value, weight: Value, bias: Value = None) -> Value:
    rows = np.einsum("...j,kij->...ki", input2, weight)
    product = np.sum(rows * np.expand_dims(input1, -2), axis=-1)
    return product if bias is None else product + bias


def _einsum(equation: str, tensors: Sequence[Value], path: Value = None) -> Value:
    return np.einsum(equation, *tensors)


def _cross(self: Value, other: Value, dim: int = -1) -> Value:
    return np.cross(self, other, axis=dim)


def _convolution(
    input: Value,
    weight: Value,
    bias: Value = None,
    stride: Sizes = 1,
    padding: Sizes | str = 0,
    dilation: Sizes = 1,
    groups: int = 1,
) -> Value:
    """Sums of products over windows; shapes (batch, in, ...) and (out, in / groups, ...)."""
    dims = np.ndim(weight) - 2
    single = np.ndim(input) == dims + 1  # without a batch
    x = np.expand_dims(input, 0) if single else input
    steps, apart = _each(stride, dims), _each(dilation, dims)
    widths = [a * (n - 1) for a, n in zip(apart, np.shape(weight)[2:], strict=True)]
    if isinstance(padding, str):
        around = [(w // 2, w - w // 2) if padding == "same" else (0, 0) for w in widths]
    else:
        around = [(p, p) for p in _each(padding, dims)]
    if any(map(any, around)):
        x = np.pad(x, [(0, 0), (0, 0), *around])
    axes = tuple(range(2, 2 + dims))
    windows = np.lib.stride_tricks.sliding_window_view(x, [w + 1 for w in widths], axis=axes)
    chosen = [slice(None, None, s) for s in (*steps, *apart)]
    windows = windows[(slice(None), slice(None), *chosen)]
    inner, outer = "uvw"[:dims], "xyz"[:dims]
    rule = f"bc{outer}{inner},oc{inner}->bo{outer}"
    pairs = zip(np.split(windows, groups, axis=1), np.split(weight, groups, axis=0), strict=True)
    parts = [np.einsum(rule, a, b) for a, b in pairs]
    found = parts[0] if groups == 1 else np.concatenate(parts, axis=1)
    if bias is not None:
        found = found + np.reshape(bias, (-1, *(1,) * dims))
    return found[0] if single else found


def _general_convolution(
    input: Value,
    weight: Value,
    bias: Value,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    transposed: bool,
    output_padding: Sizes,
    groups: int,
) -> Value:
    if transposed:
        raise UnsupportedFunctionError("a transposed convolution")
    return _convolution(input, weight, bias, stride, padding, dilation, groups)


def _each(given: Sizes, count: int) -> list[int]:
    """A number for each dimension, of one for all or a list."""
    listed = [given] if isinstance(given, int) else list(given)
    return listed * count if len(listed) == 1 else listed


def _windows(
    input: Value, kernel: Sizes, stride: Sizes, padding: Sizes, around: float, dims: int
) -> Value:
    """What a pool puts together, along the last axes."""
    sizes = _each(kernel, dims)
    steps = sizes if stride is None or np.size(stride) == 0 else _each(stride, dims)
    widths = _each(padding, dims)
    lead = np.ndim(input) - dims
    x = input
    if any(widths):
        pairs = [(0, 0)] * lead + [(w, w) for w in widths]
        x = np.pad(x, pairs, constant_values=around)
    axes = tuple(range(lead, lead + dims))
    windows = np.lib.stride_tricks.sliding_window_view(x, sizes, axis=axes)
    chosen: tuple[Any, ...] = (..., *(slice(None, None, s) for s in steps))
    return windows[chosen + (slice(None),) * dims]


def _max_pool(dims: int) -> Rule:
    def rule(
        self: Value,
        kernel_size: Sizes,
        stride: Sizes = (),
        padding: Sizes = 0,
        dilation: Sizes = 1,
        ceil_mode: bool = False,
    ) -> Value:
        if ceil_mode or any(apart != 1 for apart in _each(dilation, dims)):
            raise UnsupportedFunctionError("a pool with dilation or ceil_mode")
        windows = _windows(self, kernel_size, stride, padding, -np.inf, dims)
        return np.max(windows, axis=tuple(range(-dims, 0)))

    return rule


def _mean_pool(dims: int) -> Rule:
    def rule(
        self: Value,
        kernel_size: Sizes,
        stride: Sizes = (),
        padding: Sizes = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
    ) -> Value:
        without = not count_include_pad and any(_each(padding, dims))
        if ceil_mode or without or divisor_override is not None:
            raise UnsupportedFunctionError("a mean pool with ceil_mode or another divisor")
        windows = _windows(self, kernel_size, stride, padding, 0.0, dims)
        return np.mean(windows, axis=tuple(range(-dims, 0)))

    return rule


def _adaptive(reduce: Rule, dims: int) -> Rule:
    """Means or maxima over equal parts of the last axes."""

    def rule(self: Value, output_size: Sizes) -> Value:
        shape = np.shape(self)
        lead, sizes = shape[:-dims], shape[-dims:]
        wanted = _each(output_size, dims)
        if any(n % m for n, m in zip(sizes, wanted, strict=True)):
            raise UnsupportedFunctionError("an adaptive pool of sizes that do not divide the axes")
        parts = [k for n, m in zip(sizes, wanted, strict=True) for k in (m, n // m)]
        axes = tuple(len(lead) + 2 * k + 1 for k in range(dims))
        return reduce(np.reshape(self, (*lead, *parts)), axis=axes)

    return rule


def _with_places(rule: Rule) -> Rule:
    """A pool that gives places as well, which nobody may ask for."""
    return lambda *args, **kwargs: (rule(*args, **kwargs), None)


def _nearest(dims: int) -> Rule:
    """Each element several times along the last axes."""

    def rule(
        input: Value, output_size: Sizes | None, scale_factors: Sequence[float] | None
    ) -> Value:
        sizes = np.shape(input)[-dims:]
        wanted = output_size or [
            int(n * factor) for n, factor in zip(sizes, scale_factors or (), strict=True)
        ]
        found = input
        for k, (n, m) in enumerate(zip(sizes, _each(wanted, dims), strict=True)):
            if m % n:
                raise UnsupportedFunctionError("upsampling by factors that are no whole numbers")
            found = np.repeat(found, m // n, axis=k - dims)
        return found

    return rule


def _scaled(x: Value, weight: Value, bias: Value) -> Value:
    x = x if weight is None else x * weight
    return x if bias is None else x + bias


def _normal(x: Value, axes: tuple[int, ...], eps: float) -> Value:
    apart = x - np.mean(x, axis=axes, keepdims=True)
    return apart / np.sqrt(np.mean(apart**2, axis=axes, keepdims=True) + eps)


def _layer_norm(
    input: Value,
    normalized_shape: Sequence[int],
    weight: Value = None,
    bias: Value = None,
    eps: float = 1e-5,
    cudnn_enable: bool = True,
) -> Value:
    axes = tuple(range(-len(normalized_shape), 0))
    return _scaled(_normal(input, axes, eps), weight, bias)


def _rms_norm(
    input: Value, normalized_shape: Sequence[int], weight: Value = None, eps: float | None = None
) -> Value:
    axes = tuple(range(-len(normalized_shape), 0))
    square = np.mean(input**2, axis=axes, keepdims=True)
    return _scaled(input / np.sqrt(square + (2.0**-52 if eps is None else eps)), weight, None)


def _group_norm(
    input: Value,
    num_groups: int,
    weight: Value = None,
    bias: Value = None,
    eps: float = 1e-5,
    cudnn_enabled: bool = True,
) -> Value:
    shape = np.shape(input)
    parts = np.reshape(input, (shape[0], num_groups, -1))
    normal = np.reshape(_normal(parts, (-1,), eps), shape)
    return _scaled(normal, *(_channels(x, len(shape)) for x in (weight, bias)))


def _channels(x: Value, ndim: int) -> Value:
    """A number a channel, along the second axis."""
    return None if x is None else np.reshape(x, (-1, *(1,) * (ndim - 2)))


def _batch_norm(
    input: Value,
    weight: Value,
    bias: Value,
    running_mean: Value,
    running_var: Value,
    training: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Value:
    ndim = np.ndim(input)
    if training:
        axes = (0, *range(2, ndim))
        normal = _normal(input, axes, eps)
    else:
        mean, spread = (_channels(x, ndim) for x in (running_mean, running_var))
        normal = (input - mean) / np.sqrt(spread + eps)
    return _scaled(normal, *(_channels(x, ndim) for x in (weight, bias)))


def _instance_norm(
    input: Value,
    weight: Value,
    bias: Value,
    running_mean: Value,
    running_var: Value,
    use_input_stats: bool,
    momentum: float,
    eps: float,
    cudnn_enabled: bool = True,
) -> Value:
    ndim = np.ndim(input)
    if not use_input_stats:
        return _batch_norm(input, weight, bias, running_mean, running_var, False, momentum, eps)
    normal = _normal(input, tuple(range(2, ndim)), eps)
    return _scaled(normal, *(_channels(x, ndim) for x in (weight, bias)))


def _cdist(x1: Value, x2: Value, p: float, compute_mode: int | None = None) -> Value:
    return norm(np.expand_dims(x1, -2) - np.expand_dims(x2, -3), p, -1)


def _attention(
    query: Value,
    key: Value,
    value: Value,
    attn_mask: Value = None,
    dropout_p: float = 0.0,
    is_causal: bool = False,
    scale: float | None = None,
    enable_gqa: bool = False,
) -> Value:
    """Vaswani et al. (2017), equation 1."""
    if dropout_p or enable_gqa:
        raise UnsupportedFunctionError("attention with dropout or grouped queries")
    size = np.shape(query)[-1]
    factor = 1 / math.sqrt(size) if scale is None else scale
    scores = (query * factor) @ np.swapaxes(key, -1, -2)
    if is_causal:
        attn_mask = np.tril(np.ones(np.shape(scores)[-2:])) != 0
    if attn_mask is not None:
        scores = np.where(attn_mask, scores, -np.inf) if is_truth(attn_mask) else scores + attn_mask
    return softmax(scores, -1) @ value


def _cosine_similarity(x1: Value, x2: Value, dim: int = 1, eps: float = 1e-8) -> Value:
    lengths = np.maximum(norm(x1, 2, dim), eps) * np.maximum(norm(x2, 2, dim), eps)
    return np.sum(x1 * x2, axis=dim) / lengths


RULES: dict[str, Rule] = {
    **dict.fromkeys(("mm", "bmm", "matmul", "mv", "dot", "linalg_matmul"), np.matmul),
    **dict.fromkeys(("addmm", "addmv", "baddbmm"), _addmm),
    "linear": _linear,
    "bilinear": _bilinear,
    "outer": np.outer,
    "einsum": _einsum,
    "linalg_cross": _cross,
    "trace": np.trace,
    "linalg_solve": lambda A, B, left=True: np.linalg.solve(A, B),
    "linalg_inv": np.linalg.inv,
    "inverse": np.linalg.inv,
    "linalg_det": np.linalg.det,
    "det": np.linalg.det,
    "linalg_cholesky": np.linalg.cholesky,
    "conv1d": _convolution,
    "conv2d": _convolution,
    "conv3d": _convolution,
    "convolution": _general_convolution,
    "max_pool1d": _max_pool(1),
    "max_pool2d": _max_pool(2),
    "avg_pool1d": _mean_pool(1),
    "avg_pool2d": _mean_pool(2),
    "max_pool2d_with_indices": _with_places(_max_pool(2)),
    "adaptive_avg_pool1d": _adaptive(np.mean, 1),
    "adaptive_avg_pool2d": _adaptive(np.mean, 2),
    "adaptive_max_pool1d": _with_places(_adaptive(np.max, 1)),
    "adaptive_max_pool2d": _with_places(_adaptive(np.max, 2)),
    "upsample_nearest1d": _nearest(1),
    "upsample_nearest2d": _nearest(2),
    "layer_norm": _layer_norm,
    "rms_norm": _rms_norm,
    "group_norm": _group_norm,
    "batch_norm": _batch_norm,
    "instance_norm": _instance_norm,
    "_cdist_forward": _cdist,
    "scaled_dot_product_attention": _attention,
    "cosine_similarity": _cosine_similarity,
}

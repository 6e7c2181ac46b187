"""Operations that move elements, choose from them, and make arrays of constants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from taylor.bridges.torch.aten.values import Rule, Value, as_dtype, place
from taylor.definitions.custom import stop_gradient
from taylor.errors import UnsupportedFunctionError

END = 2**62  # PyTorch's name for the end of an axis is 2**63 - 1


def _flatten(self: Value, start_dim: int = 0, end_dim: int = -1) -> Value:
    shape = np.shape(self) or (1,)
    first, last = place(start_dim, len(shape)), place(end_dim, len(shape))
    size = int(np.prod(shape[first : last + 1]))
    return np.reshape(self, (*shape[:first], size, *shape[last + 1 :]))


def _unflatten(self: Value, dim: int, sizes: Sequence[int]) -> Value:
    shape = np.shape(self)
    at = place(dim, len(shape))
    inner = np.empty(shape[at], dtype=bool).reshape(sizes).shape
    return np.reshape(self, (*shape[:at], *inner, *shape[at + 1 :]))


def _transpose(self: Value, dim0: int, dim1: int) -> Value:
    return np.swapaxes(self, dim0, dim1) if np.ndim(self) else self


def _squeeze(self: Value, dim: Value = None) -> Value:
    shape = np.shape(self)
    dims = range(len(shape)) if dim is None else (dim,) if isinstance(dim, int) else dim
    gone = {d % len(shape) for d in dims if shape and shape[d] == 1}
    return np.reshape(self, [n for k, n in enumerate(shape) if k not in gone])


def _unsqueeze(self: Value, dim: int) -> Value:
    return np.expand_dims(self, place(dim, np.ndim(self) + 1))


def _expand(self: Value, size: Sequence[int], implicit: bool = False) -> Value:
    shape = np.shape(self)
    new = len(size) - len(shape)
    wanted = [shape[k - new] if n == -1 else n for k, n in enumerate(size)]
    return np.broadcast_to(self, wanted)


def _cat(tensors: Sequence[Value], dim: int = 0) -> Value:
    kept = [x for x in tensors if np.shape(x) != (0,)]  # PyTorch skips these, whatever the shapes
    return np.concatenate(kept or tensors, axis=dim)


def _stack(tensors: Sequence[Value], dim: int = 0) -> Value:
    return np.stack(tensors, axis=dim)


def _cut(self: Value, sizes: Sequence[int], dim: int) -> list[Value]:
    ends = np.cumsum(sizes).tolist()
    starts = [0, *ends[:-1]]
    return [_slice(self, dim, a, b) for a, b in zip(starts, ends, strict=True)]


def _split(self: Value, split_size: int | Sequence[int], dim: int = 0) -> list[Value]:
    if not isinstance(split_size, int):
        return _cut(self, split_size, dim)
    size = np.shape(self)[dim]
    ends = list(range(split_size, size, split_size))
    return _cut(self, np.diff([0, *ends, size]).tolist(), dim)


def _chunk(self: Value, chunks: int, dim: int = 0) -> list[Value]:
    return _split(self, -(-np.shape(self)[dim] // chunks), dim)


def _unbind(self: Value, dim: int = 0) -> list[Value]:
    return [_select(self, dim, k) for k in range(np.shape(self)[dim])]


def _at(ndim: int, dim: int, index: Value) -> tuple[Value, ...]:
    return (*(slice(None),) * place(dim, ndim), index)


def _select(self: Value, dim: int, index: int) -> Value:
    return self[_at(np.ndim(self), dim, index)]


def _slice(
    self: Value, dim: int = 0, start: int | None = None, end: int | None = None, step: int = 1
) -> Value:
    stop = None if end is None or end > END else end
    return self[_at(np.ndim(self), dim, slice(start, stop, step))]


def _narrow(self: Value, dim: int, start: int, length: int) -> Value:
    return _slice(self, dim, start, start + length)


def _index_select(self: Value, dim: int, index: Value) -> Value:
    return self[_at(np.ndim(self), dim, index)]


def _index(self: Value, indices: Sequence[Value]) -> Value:
    return self[tuple(slice(None) if index is None else index for index in indices)]


def _gather(self: Value, dim: int, index: Value, sparse_grad: bool = False) -> Value:
    shape, own = np.shape(index), np.shape(self)
    cut = tuple(slice(None) if k == place(dim, len(own)) else slice(n) for k, n in enumerate(shape))
    return np.take_along_axis(self[cut], index, axis=dim)


def _put(self: Value, at: tuple[Value, ...], src: Value) -> Value:
    """An array with elements replaced: places of elements are known, so that each is chosen."""
    places = np.arange(np.size(self)).reshape(np.shape(self))
    chosen = places[at]
    source = np.full(np.size(self), 0)
    source[chosen.reshape(-1)] = np.arange(chosen.size)
    mask = np.zeros(np.size(self), dtype=bool)
    mask[chosen.reshape(-1)] = True
    flat = np.reshape(np.broadcast_to(src, chosen.shape), (-1,))
    return np.where(mask.reshape(np.shape(self)), np.reshape(flat[source], np.shape(self)), self)


def _select_scatter(self: Value, src: Value, dim: int, index: int) -> Value:
    return _put(self, _at(np.ndim(self), dim, index), src)


def _slice_scatter(
    self: Value,
    src: Value,
    dim: int = 0,
    start: int | None = None,
    end: int | None = None,
    step: int = 1,
) -> Value:
    stop = None if end is None or end > END else end
    return _put(self, _at(np.ndim(self), dim, slice(start, stop, step)), src)


def _index_put(
    self: Value, indices: Sequence[Value], values: Value, accumulate: bool = False
) -> Value:
    if accumulate:
        raise UnsupportedFunctionError("index_put with accumulate=True")
    return _put(self, tuple(slice(None) if i is None else i for i in indices), values)


def _copy(self: Value, src: Value, non_blocking: bool = False) -> Value:
    return np.broadcast_to(src, np.shape(self))


def _repeat(self: Value, repeats: Sequence[int]) -> Value:
    return np.tile(self, tuple(repeats))


def _repeat_interleave(
    self: Value, repeats: int, dim: int | None = None, output_size: int | None = None
) -> Value:
    return np.repeat(self, repeats, axis=dim)


def _roll(self: Value, shifts: Value, dims: Value = ()) -> Value:
    axis = tuple(dims) if not isinstance(dims, int) else dims
    return np.roll(self, shifts, axis if axis != () else None)


def _pad(self: Value, pad: Sequence[int], mode: str = "constant", value: Value = None) -> Value:
    """Pairs of widths, those of the last axis first; negative ones cut."""
    ndim = np.ndim(self)
    pairs = [(0, 0)] * (ndim - len(pad) // 2)
    pairs += [(pad[k], pad[k + 1]) for k in range(len(pad) - 2, -1, -2)]
    shape = np.shape(self)
    cut = tuple(slice(max(-a, 0), n - max(-b, 0)) for (a, b), n in zip(pairs, shape, strict=True))
    widths = [(max(a, 0), max(b, 0)) for a, b in pairs]
    modes: Any = {
        "constant": "constant",
        "reflect": "reflect",
        "replicate": "edge",
        "circular": "wrap",
    }
    more: dict[str, Any] = {"constant_values": value or 0.0} if mode == "constant" else {}
    return np.pad(self[cut], widths, modes[mode], **more)


def _constant_pad(self: Value, pad: Sequence[int], value: float = 0) -> Value:
    return _pad(self, pad, "constant", value)


def _diagonal(self: Value, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Value:
    return np.diagonal(self, offset, dim1, dim2)


def _same(self: Value, *_: Value, **__: Value) -> Value:
    return self


def _dropout(input: Value, p: float, train: bool) -> Value:
    if train and p:
        raise UnsupportedFunctionError("dropout draws random numbers; call .eval() of the module")
    return input


def _full(size: Sequence[int], fill_value: Value, dtype: Value = None, **_: Value) -> Value:
    return np.broadcast_to(as_dtype(fill_value, dtype), tuple(size))


def _filled(value: float) -> tuple[Rule, Rule, Rule]:
    """Rules of arrays of one number: of a size, of the size of another, `new_` ones."""
    return (
        lambda size, dtype=None, **_: _full(size, value, dtype),
        lambda self, dtype=None, **_: _full(np.shape(self), value, dtype),
        lambda self, size, dtype=None, **_: _full(size, value, dtype),
    )


def _arange(*given: float, **_: Value) -> Value:
    return np.arange(*given)


def _linspace(start: float, end: float, steps: int, **_: Value) -> Value:
    return np.linspace(start, end, steps)


def _eye(n: int, m: int | None = None, **_: Value) -> Value:
    return np.eye(n, m)


def _meshgrid(tensors: Sequence[Value], indexing: Value = "ij") -> list[Value]:
    return list(np.meshgrid(*tensors, indexing=indexing))


RULES: dict[str, Rule] = {
    **dict.fromkeys(("view", "reshape", "_unsafe_view", "_reshape_alias"), np.reshape),
    **dict.fromkeys(
        ("contiguous", "clone", "alias", "lift_fresh_copy", "lift_fresh"),
        _same,
    ),
    "detach": stop_gradient,
    **dict.fromkeys(("dropout", "feature_dropout", "alpha_dropout"), _dropout),
    "view_as": lambda self, other: np.reshape(self, np.shape(other)),
    "reshape_as": lambda self, other: np.reshape(self, np.shape(other)),
    "flatten": _flatten,
    "unflatten": _unflatten,
    "ravel": np.ravel,
    "permute": np.transpose,
    "transpose": _transpose,
    "swapaxes": _transpose,
    "t": np.transpose,
    "numpy_T": np.transpose,
    "mT": lambda self: np.swapaxes(self, -1, -2),
    "movedim": np.moveaxis,
    "squeeze": _squeeze,
    "unsqueeze": _unsqueeze,
    "expand": _expand,
    "expand_as": lambda self, other: np.broadcast_to(self, np.shape(other)),
    "broadcast_to": _expand,
    "cat": _cat,
    "concat": _cat,
    "stack": _stack,
    "split": _split,
    "split_with_sizes": _split,
    "chunk": _chunk,
    "unbind": _unbind,
    "select": _select,
    "slice": _slice,
    "narrow": _narrow,
    "index_select": _index_select,
    "index": _index,
    "gather": _gather,
    "embedding": lambda weight, indices, *_: weight[indices],
    "select_scatter": _select_scatter,
    "slice_scatter": _slice_scatter,
    "index_put": _index_put,
    "copy": _copy,
    "repeat": _repeat,
    "tile": _repeat,
    "repeat_interleave": _repeat_interleave,
    "roll": _roll,
    "flip": lambda self, dims: np.flip(self, tuple(dims)),
    "pad": _pad,
    "constant_pad_nd": _constant_pad,
    "diagonal": _diagonal,
    "tril": np.tril,
    "triu": np.triu,
    "meshgrid": _meshgrid,
    "full": _full,
    "full_like": lambda self, fill_value, **options: _full(np.shape(self), fill_value, **options),
    "new_full": lambda self, size, fill_value, **options: _full(size, fill_value, **options),
    "fill": lambda self, value: _full(np.shape(self), value),
    **dict(zip(("zeros", "zeros_like", "new_zeros"), _filled(0.0), strict=True)),
    **dict(zip(("ones", "ones_like", "new_ones"), _filled(1.0), strict=True)),
    "scalar_tensor": lambda self, **_: self,
    "arange": _arange,
    "linspace": _linspace,
    "eye": _eye,
}

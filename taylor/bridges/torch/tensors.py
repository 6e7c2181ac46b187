"""Tensors as arrays and back: the same memory, looked at by two packages."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch

from taylor.errors import ArgumentError, ArgumentTypeError

_REAL = (torch.float64, torch.float32)
_WHOLE = (torch.int64, torch.int32, torch.int16, torch.int8, torch.uint8)
KINDS = frozenset((*_REAL, *_WHOLE, torch.bool))


def check(name: str, tensor: torch.Tensor) -> None:
    """Raise ArgumentError or ArgumentTypeError unless a tensor is what machine code can read.

    name: the function's, and the argument's.
    """
    if not tensor.is_cpu:
        raise ArgumentError(
            f"{name} is on device {tensor.device}; machine code runs on the CPU: call .cpu()"
        )
    if tensor.layout is not torch.strided:
        raise ArgumentTypeError(f"{name} has layout {tensor.layout}; call .to_dense()")
    if tensor.dtype not in KINDS:
        raise ArgumentTypeError(
            f"{name} has dtype {tensor.dtype}; use float64 or float32, integers or bool"
        )


def common_dtype(tensors: Iterable[torch.Tensor]) -> torch.dtype:
    """The dtype of results: float32 where all that is real is float32, else float64.

    >>> common_dtype([torch.zeros(2, dtype=torch.float32), torch.zeros(2, dtype=torch.int64)])
    torch.float32
    """
    real = {tensor.dtype for tensor in tensors if tensor.dtype in _REAL}
    return torch.float32 if real == {torch.float32} else torch.float64


def array_of(tensor: torch.Tensor, computed: torch.dtype) -> np.ndarray | float:
    """The numbers of a tensor, without a copy where they are contiguous and of the kind of number
    that is computed with; of a single real number a float, which is cheaper to hand over.
    """
    if tensor.dtype is not computed and tensor.dtype in _REAL:
        tensor = tensor.to(computed)
    if not tensor.ndim and tensor.dtype is computed:
        return tensor.item()
    if not tensor.is_contiguous():
        tensor = tensor.contiguous()
    return tensor.numpy(force=True)  # force: gradients are the business of autograd


def tensor_of(value: np.ndarray | np.generic, dtype: torch.dtype) -> torch.Tensor:
    """A tensor on the memory of a result; of a dtype, unless it has truth values."""
    tensor = torch.from_numpy(np.asarray(value))
    return tensor if tensor.dtype is dtype or tensor.dtype is torch.bool else tensor.to(dtype)


def number(value: float | np.ndarray | np.generic) -> torch.Tensor:
    """A number or an array of NumPy's, given beside tensors, as one.

    Whole numbers stay whole, and nobody writes to it.
    """
    array = np.array(value)
    if array.dtype.kind not in "biuf":
        raise ArgumentTypeError(f"{value!r:.60} has to be real numbers")
    if array.dtype.kind == "f" and array.dtype != np.float32:
        array = array.astype(np.float64)
    return torch.from_numpy(array)

"""PyTorch: our functions and solutions as functions and layers of tensors, and its modules as ours.

`taylor.torch` is this room; PyTorch is imported with it, and with nothing else.
"""

from __future__ import annotations

try:
    import torch as _torch  # noqa: F401
except ImportError as error:  # pragma: no cover - PyTorch is there where this is tested
    from taylor.displays.tables import MissingPackageError

    raise MissingPackageError("ty.torch needs PyTorch: pip install 'taylor-jit[torch]'") from error

from taylor.bridges.torch.function import TensorFunction as TensorFunction
from taylor.bridges.torch.function import function as function
from taylor.bridges.torch.layer import Layer as Layer
from taylor.bridges.torch.traced import TracedModule as TracedModule
from taylor.bridges.torch.traced import trace as trace

__all__ = ["Layer", "TensorFunction", "TracedModule", "function", "trace"]

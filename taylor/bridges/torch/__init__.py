"""PyTorch: our functions and solutions as functions and layers of tensors, and its modules as ours.

`taylor.torch` is this room; PyTorch is imported with it, and with nothing else.
"""

from __future__ import annotations

from taylor.bridges.torch.function import TensorFunction as TensorFunction
from taylor.bridges.torch.function import function as function
from taylor.bridges.torch.layer import Layer as Layer

__all__ = ["Layer", "TensorFunction", "function"]

"""Compiled functions as operators: they act at each point, as NumPy's and PyTorch's own do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from taylor.bridges.torch.autograd import Flags, Pull
from taylor.bridges.torch.tensors import tensor_of
from taylor.errors import ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.points.formula import Function
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints


class PointwiseOperator:
    """A compiled function at points, the same for all inputs; the last axes are the inputs' own.

    dtype: of results.
    """

    keeps = False

    def __init__(self, function: Function[Any], dtype: torch.dtype) -> None:
        self._function, self._dtype = function, dtype
        self._computed = torch.float32 if function.precision == "float32" else torch.float64
        self._single = len(function.outputs) == 1
        self._derived: dict[Any, PointwiseOperator] = {}

    def compute(self, tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The results at all points."""
        numbers = [tensor.to(self._computed).numpy(force=True) for tensor in tensors]
        found = self._function(*numbers)
        results = found if isinstance(found, tuple) else (found,)
        return tuple([tensor_of(np.asarray(value), self._dtype) for value in results])

    def _made(
        self, key: Any, outputs: Sequence[Expression], more: Sequence[Expression]
    ) -> PointwiseOperator:
        function = self._function
        inputs = (*function.inputs, *more)
        single, threads = len(outputs) == 1, function.threads
        made: Function[Any] = Function(
            outputs, inputs, single, function.name, threads, function.precision
        )
        return self._derived.setdefault(key, PointwiseOperator(made, self._dtype))

    def linear(
        self, tensors: Sequence[torch.Tensor], wanted: Flags
    ) -> tuple[tuple[torch.Tensor, ...], Pull] | None:
        """Nothing: derivatives are made when they are asked for."""
        return None

    def pulled(self, wanted: Flags, given: Flags) -> PointwiseOperator:
        """Of the inputs and the cotangents of some results, the gradients of some inputs."""
        key = wanted, given
        known = self._derived.get(key)
        if known is not None:
            return known
        by = [x for x, does in zip(self._function.inputs, wanted, strict=True) if does]
        outputs = [e for e, does in zip(self._function.outputs, given, strict=True) if does]
        weights = [argument(f"cotangent[{k}]", e.shape) for k, e in enumerate(outputs)]
        return self._made(key, adjoints(outputs, weights, by), weights)

    def pushed(self, given: Flags) -> PointwiseOperator:
        """Of the inputs and the tangents of some of them, the tangents of all results."""
        known = self._derived.get(given)
        if known is not None:
            return known
        by = [x for x, does in zip(self._function.inputs, given, strict=True) if does]
        along = [argument(f"d{x}", x.shape) for x in by]
        found = tangents(self._function.outputs, dict(zip(by, along, strict=True)))
        return self._made(given, found, along)

    def mapped(
        self, dims: tuple[int | None, ...], size: int, tensors: Sequence[torch.Tensor]
    ) -> tuple[PointwiseOperator, Sequence[torch.Tensor]]:
        """The same at as many more points."""
        moved = [
            tensor.expand(size, *tensor.shape) if dim is None else tensor.movedim(dim, 0)
            for tensor, dim in zip(tensors, dims, strict=True)
        ]
        return self, moved


def at_points(function: Function[Any], tensors: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
    """Arguments at the same points, without copies; PyTorch adds up gradients where one stands for
    many.

    Raises ShapeError for arguments that do not broadcast, or without the axes of their inputs.
    """
    shapes = []
    for x, tensor in zip(function.inputs, tensors, strict=True):
        shape, own = tuple(tensor.shape), x.shape
        if len(shape) < len(own) or shape[len(shape) - len(own) :] != own:
            raise ShapeError(
                f"{function.name}: argument {x} needs shape {(..., *own)}, got {shape}".replace(
                    "Ellipsis", "..."
                )
            )
        shapes.append(shape[: len(shape) - len(own)])
    if len(set(shapes)) <= 1:
        return tensors
    try:
        points = torch.broadcast_shapes(*shapes)
    except RuntimeError:
        listed = ", ".join(f"{x} {s}" for x, s in zip(function.inputs, shapes, strict=True))
        raise ShapeError(
            f"{function.name}: the points of its arguments do not broadcast together: {listed}"
        ) from None
    named = zip(function.inputs, tensors, strict=True)
    return [tensor.expand(*points, *x.shape) for x, tensor in named]

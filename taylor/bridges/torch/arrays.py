"""Functions of arrays as operators: their derivatives are traced by our own transforms."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from taylor.bridges.torch.autograd import NAME, Flags, Pull
from taylor.bridges.torch.tensors import array_of, tensor_of
from taylor.control.tracing import as_node
from taylor.programs.batching import vmap
from taylor.programs.differentiated import Differentiated
from taylor.programs.program import MOST, Program
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints


class ArrayOperator:
    """A function of arrays of known shapes, and what is derived from it.

    build:    of arrays or expressions, in order; gives a tuple of them.
    source:   the user's function, of which is asked whether what it reads from outside has changed.
    dtype:    of results that are numbers.
    computed: the kind of number, of the same two.
    values:   what computes the results of numbers, where nothing has to be traced for them.
    """

    keeps = False

    def __init__(
        self,
        build: Callable[..., tuple[Any, ...]],
        source: Callable[..., Any],
        dtype: torch.dtype,
        computed: torch.dtype,
        values: Callable[..., Any] | None = None,
    ) -> None:
        self._build, self._source = build, source
        self._dtype, self._computed = dtype, computed
        precision = "float32" if computed is torch.float32 else "float64"
        program: Program[..., Any] = Program(NAME, source, self._of_one, (), precision)
        self._values = program if values is None else values
        self._derived: dict[Any, ArrayOperator] = {}

    def _of_one(self, *values: Any) -> Any:
        """The results; a single one by itself, which is the quickest to give."""
        found = self._build(*values)
        return found[0] if len(found) == 1 else found

    def compute(self, tensors: Sequence[torch.Tensor]) -> tuple[torch.Tensor, ...]:
        """The results, by machine code."""
        computed, dtype = self._computed, self._dtype
        found = self._values(*[array_of(tensor, computed) for tensor in tensors])
        if type(found) is not tuple:
            found = (found,)
        if not tensors:  # a constant that the program has kept
            found = tuple(np.array(value) for value in found)
        return tuple([tensor_of(value, dtype) for value in found])

    def _made(self, key: Any, build: Callable[..., tuple[Any, ...]]) -> ArrayOperator:
        made = ArrayOperator(build, self._source, self._dtype, self._computed)
        self._derived[key] = made
        while len(self._derived) > MOST:  # as for batches of ever other sizes
            self._derived.pop(next(iter(self._derived)), None)
        return made

    def linear(
        self, tensors: Sequence[torch.Tensor], wanted: Flags
    ) -> tuple[tuple[torch.Tensor, ...], Pull] | None:
        """Nothing: derivatives are made when they are asked for."""
        return None

    def pulled(self, wanted: Flags, given: Flags) -> ArrayOperator:
        """Of the inputs and the cotangents of some results, the gradients of some inputs."""
        key = wanted, given
        known = self._derived.get(key)
        if known is not None:
            return known
        places, count = _places(wanted), len(wanted)

        def gradients(*values: Any) -> tuple[Any, ...]:
            found = Differentiated(NAME, self._build, values[:count], {}, places, False)
            outputs = [e for e, does in zip(found.outputs, given, strict=True) if does]
            weights = [as_node(value) for value in values[count:]]
            return tuple(found.at_given(adjoints(outputs, weights, found.own))[0])

        return self._made(key, gradients)

    def pushed(self, given: Flags) -> ArrayOperator:
        """Of the inputs and the tangents of some of them, the tangents of all results."""
        known = self._derived.get(given)
        if known is not None:
            return known
        places, count = _places(given), len(given)

        def along(*values: Any) -> tuple[Any, ...]:
            found = Differentiated(NAME, self._build, values[:count], {}, places, False)
            seeds = dict(zip(found.own, map(as_node, values[count:]), strict=True))
            return tuple(found.at_given(tangents(found.outputs, seeds))[0])

        return self._made(given, along)

    def mapped(
        self, dims: tuple[int | None, ...], size: int, tensors: Sequence[torch.Tensor]
    ) -> tuple[ArrayOperator, Sequence[torch.Tensor]]:
        """The function of many, as `taylor.vmap` makes it."""
        key = dims, size
        known = self._derived.get(key)
        if known is None:
            known = self._made(key, vmap(self._build, dims, 0, size))
        return known, tensors


def _places(flags: Flags) -> list[int]:
    return [place for place, does in enumerate(flags) if does]

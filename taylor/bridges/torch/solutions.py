"""Solutions of differential equations as operators."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from taylor.bridges.torch.arrays import ArrayOperator
from taylor.bridges.torch.autograd import Flags, Pull
from taylor.bridges.torch.tensors import array_of, tensor_of
from taylor.machines.crossing import UndefinedDerivativesError
from taylor.solutions.rules import MANY
from taylor.solutions.solution import Solution
from taylor.solutions.straight import StraightMap, straight_map


class Wanted(NamedTuple):
    """What is known of first derivatives by some inputs.

    wrt:    the inputs; sizes: how many numbers each of them is.
    slopes: where the derivatives are among the coefficients of a solution.
    quick:  what gives these coefficients in the least time, if there is any.
    """

    wrt: tuple[int, ...]
    sizes: list[int]
    slopes: Any  # a slice, or indices
    quick: StraightMap | None


class SolutionOperator(ArrayOperator):
    """A solution: of numbers by itself, and where gradients by few inputs may follow with all
    first derivatives at once, which take about as long as they alone.
    """

    def __init__(
        self, build: Callable[..., tuple[Any, ...]], solution: Solution, dtype: torch.dtype
    ) -> None:
        super().__init__(build, solution, dtype, torch.float64, values=solution)
        self._solution = solution
        ends = solution.wanted.ends
        self._ends = np.atleast_1d(np.asarray(0.0 if ends is None else ends, dtype=float))
        self._problem = solution._problem(np.ndim(ends) > 0)
        places = solution._places()
        self._places = places or []
        plain = self._problem.kind.name == "float64"
        self._sizes = self._problem.sizes(range(len(solution.inputs.listed)))
        shapes = [one.shape for one in solution.inputs.listed]
        self._scalars = not any(shapes) and all(type(place) is int for place in self._places)
        self._end = float(self._ends[0])
        self._wanted: dict[Flags, Wanted | None] = {}
        self.keeps = plain and ends is not None and places is not None

    def linear(
        self, tensors: Sequence[torch.Tensor], wanted: Flags
    ) -> tuple[tuple[torch.Tensor, ...], Pull] | None:
        """The results, and their Jacobian as a function; None for many inputs, and where there are
        no derivatives.
        """
        try:
            known = self._wanted[wanted]
        except KeyError:
            known = self._wanted[wanted] = self._found(wanted)
        if known is None:
            return None
        if known.quick is not None and self._scalars:
            numbers = [x.item() for x in tensors if not x.ndim]
            if len(numbers) == len(tensors) == len(self._sizes):
                found = known.quick(np.array([*numbers, self._end]))
                if found is not None:
                    return self._of_scalars(found, known.slopes)
        given = [array_of(tensor, torch.float64) for tensor in tensors]
        found = self._coefficients(known, given)
        if found is None:
            return None
        wide, dtype = [found[..., place, :] for place in self._places], self._dtype
        results = tuple([tensor_of(part[..., 0].copy(), dtype) for part in wide])
        return results, self._pull(known, [part[..., known.slopes] for part in wide], tensors)

    def _coefficients(
        self, known: Wanted, given: Sequence[np.ndarray | float]
    ) -> np.ndarray | None:
        """Of the states: ([times,] n, terms); None where there are none, or an error is due."""
        numbers = [np.array([x]) if type(x) is float else np.reshape(x, -1) for x in given]
        if [x.size for x in numbers] != self._sizes:
            return None
        if known.quick is not None:
            found = known.quick(np.concatenate([*numbers, self._ends]))
            if found is not None:
                return found
        try:
            found = self._problem.solved(1, known.wrt, numbers, self._ends)
        except UndefinedDerivativesError:
            return None
        return found if self._problem.grid else found[0]

    def _of_scalars(self, found: np.ndarray, slopes: Any) -> tuple[tuple[torch.Tensor, ...], Pull]:
        """The results, and their Jacobian as a function, where all are single numbers."""
        dtype = self._dtype
        results = tuple([tensor_of(found[place, 0], dtype) for place in self._places])
        rows = [found[place, slopes] for place in self._places]

        def pull(cotangents: Sequence[torch.Tensor | None]) -> Sequence[torch.Tensor]:
            total: Any = None
            for cotangent, along in zip(cotangents, rows, strict=True):
                if cotangent is not None:
                    part = cotangent.item() * along
                    total = part if total is None else total + part
            return tensor_of(total, dtype).unbind()

        return results, pull

    def _found(self, wanted: Flags) -> Wanted | None:
        problem, wrt = self._problem, tuple(k for k, does in enumerate(wanted) if does)
        sizes = problem.sizes(wrt)
        among, count = problem.among(1, wrt), sum(sizes)
        if count >= MANY or among is None:
            return None
        slopes = among.find(np.eye(count, dtype=np.int64))
        follow = (slopes == np.arange(1, count + 1)).all()
        quick = straight_map(problem, 1, wrt)
        return Wanted(wrt, sizes, slice(1, None) if follow else slopes, quick)

    def _pull(
        self, known: Wanted, slopes: Sequence[np.ndarray], tensors: Sequence[torch.Tensor]
    ) -> Pull:
        """What gives the gradients, from derivatives with one axis more, the last."""
        dtype, shapes = self._dtype, [tensors[k].shape for k in known.wrt]
        count, scalars = sum(known.sizes), not any(shapes)

        def pull(cotangents: Sequence[torch.Tensor | None]) -> Sequence[torch.Tensor]:
            total: Any = None
            for cotangent, along in zip(cotangents, slopes, strict=True):
                if cotangent is not None:
                    weight = array_of(cotangent, torch.float64)
                    if type(weight) is float:
                        part = weight * along
                    else:
                        part = np.reshape(weight, -1) @ along.reshape(-1, count)
                    total = part if total is None else total + part
            gradients = tensor_of(total, dtype)
            if scalars:
                return gradients.unbind()
            pieces = zip(gradients.split(known.sizes), shapes, strict=True)
            return [piece.view(shape) for piece, shape in pieces]

        return pull

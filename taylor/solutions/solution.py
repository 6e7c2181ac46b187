"""Solutions as functions that users hold."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from taylor.control.tracing import as_node, has_nodes
from taylor.errors import ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.types import ExpressionLike
from taylor.nodes.arrays import reshape
from taylor.nodes.regions import inner_input
from taylor.numbers.precision import as_array
from taylor.points.formula import Function
from taylor.programs.products import jvp, vjp
from taylor.solutions.expressed import expressed
from taylor.solutions.inputs import Inputs
from taylor.solutions.problem import Problem
from taylor.solutions.propagators import Propagator
from taylor.solutions.solved import Solved, solved_node
from taylor.systems.names import UNUSED
from taylor.transforms.batching import batched
from taylor_runtime.program.records import dataclass

OutputLike: TypeAlias = "ExpressionLike | str"

LAST = "until"  # what the time is called that is an argument


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a solution returns.

    outputs: expressions of states, parameters and time; None for the whole state.
    single:  whether it is one array, and no tuple of them.
    ends:    the time, or an array of times, as an expression or numbers; None where that is the
        last argument.
    """

    outputs: tuple[Expression, ...] | None
    single: bool
    ends: Any


class Solution:
    """The solution of differential equations as a function; made by `Integrator.as_function`.

    It takes numbers, arrays, and expressions: in functions that `taylor.jit`, `grad`, `jet`,
    `vmap` and their like trace it is one operation, whose derivatives of every order are those of
    the solution.
    """

    def __init__(
        self, propagator: Propagator, inputs: Inputs, wanted: Wanted, limit: int | None
    ) -> None:
        self.inputs, self.wanted = inputs, wanted
        self._propagator, self._limit = propagator, limit
        self._problems: dict[bool, Problem] = {}
        self._functions: dict[bool, Function[Any]] = {}
        self.__name__ = "solution"

    def _problem(self, grid: bool) -> Problem:
        known = self._problems.get(grid)
        if known is None:
            known = Problem(self._propagator, self.inputs, grid, self._limit)
            self._problems[grid] = known
        return known

    # -- what it looks like -----------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """What the arguments are called."""
        own = tuple(one.name for one in self.inputs.listed)
        return own if self.wanted.ends is not None else (*own, LAST)

    @property
    def __signature__(self) -> inspect.Signature:
        kind = inspect.Parameter.POSITIONAL_ONLY
        names = [n if n.isidentifier() else f"argument_{k}" for k, n in enumerate(self.names)]
        return inspect.Signature([inspect.Parameter(name, kind) for name in dict.fromkeys(names)])

    def __repr__(self) -> str:
        outputs = self.wanted.outputs
        values = "state" if outputs is None else ", ".join(map(str, outputs))
        return f"<solution: ({', '.join(self.names)}) -> {values}>"

    # -- calls ------------------------------------------------------------------------------------

    def __call__(self, *args: Any) -> Any:
        given, ends = self._split(args)
        if has_nodes(ends) or any(map(has_nodes, given)):
            return self._traced(given, ends)
        return self._solved(given, ends)

    def _split(self, args: Sequence[Any]) -> tuple[Sequence[Any], Any]:
        """The inputs and the time."""
        if len(args) != len(self.names):
            raise ArgumentTypeError(
                f"the solution takes {len(self.names)} argument(s), {', '.join(self.names)}; got "
                f"{len(args)}"
            )
        return (args, self.wanted.ends) if self.wanted.ends is not None else (args[:-1], args[-1])

    def _check(self, k: int, shape: tuple[int, ...]) -> None:
        one = self.inputs.listed[k]
        if shape != one.shape:
            raise ShapeError(
                f"solution: argument {one.name} must have shape {one.shape}, got {shape}"
            )

    # -- of expressions ---------------------------------------------------------------------------

    def _traced(self, given: Sequence[Any], ends: Any) -> Any:
        operands = [as_node(x) for x in given]
        for k, operand in enumerate(operands):
            self._check(k, operand.shape)
        times = as_node(ends)
        if times.ndim > 1:
            raise ShapeError(f"solution: times must have shape (k,), got {times.shape}")
        problem, grid = self._problem(bool(times.ndim)), bool(times.ndim)
        listed = times if grid else reshape(times, (1,))
        payload = Solved(problem, listed.size)
        columns = solved_node(payload, [*operands, listed])[..., 0]
        found = self._outputs(problem, columns, operands, listed)
        results = found if grid else [e[0] for e in found]
        return results[0] if self.wanted.single else tuple(results)

    def _outputs(
        self, problem: Problem, columns: Any, operands: Sequence[Expression], times: Expression
    ) -> list[Any]:
        """What is wanted of the columns (times, columns): one axis more, the first."""
        if self.wanted.outputs is None:
            return [columns[:, : problem.states]]
        state, time = inner_input("x", (problem.columns,)), inner_input("t")
        own = state[problem.columns - 2] if problem.ends else time
        made = expressed(self.wanted.outputs, problem, state, operands, own)
        return batched(made, {state: columns, time: times}, columns.shape[0])

    # -- of numbers -------------------------------------------------------------------------------

    def _solved(self, given: Sequence[Any], ends: Any) -> Any:
        kind = self._propagator._kind
        arrays = []
        for k, (one, value) in enumerate(zip(self.inputs.listed, given, strict=True)):
            array = as_array(value, kind, f"solution: argument {one.name}", len(one.shape))
            self._check(k, array.shape[: array.ndim - len(kind.axes)])
            arrays.append(array)
        times = self._times(ends)
        grid = times.ndim > len(kind.axes)
        problem = self._problem(grid)
        flat = [array.reshape(-1, *kind.axes) for array in arrays]
        listed = times if grid else times[np.newaxis]
        columns = problem.solved(0, (), flat, listed)[:, :, 0]
        found = self._values(problem, columns, arrays, listed)
        results = found if grid else [values[0] for values in found]
        return results[0] if self.wanted.single else tuple(results)

    def _times(self, ends: Any) -> np.ndarray:
        """A time or times as numbers of the kind."""
        kind = self._propagator._kind
        number = np.ndim(ends) == 0 or (isinstance(ends, tuple) and kind.is_finer)
        times = as_array(ends, kind, "solution: the time", 0 if number else 1)
        if times.ndim - len(kind.axes) > 1 or not times.size:
            raise ShapeError(f"solution: times must have shape (k,), got {np.shape(ends)}")
        return times

    def _values(
        self,
        problem: Problem,
        columns: np.ndarray,
        arrays: Sequence[np.ndarray],
        times: np.ndarray,
    ) -> list[Any]:
        """What is wanted of columns (times, columns, ..)."""
        if self.wanted.outputs is None:
            return [columns[:, : problem.states]]
        places = self._places
        if places is not None:
            return [columns[:, one] for one in places]
        function = self._functions.get(problem.grid)
        if function is None:
            function = self._functions[problem.grid] = self._function(problem)
        found = function(columns, *arrays, times)
        return list(found)

    @cached_property
    def _places(self) -> list[np.ndarray] | None:
        """Where outputs are among the states, if all are."""
        names, outputs = self._propagator._names, self.wanted.outputs or ()
        if not all(e in names and UNUSED not in names[e] for e in outputs):
            return None
        return [np.asarray(names[e]) for e in outputs]

    def _function(self, problem: Problem) -> Function[Any]:
        """The outputs as machine code."""
        assert self.wanted.outputs is not None
        state, time = argument("x", (problem.columns,)), argument("t")
        own = [argument(one.name, one.shape) for one in self.inputs.listed]
        now = state[problem.columns - 2] if problem.ends else time
        made = expressed(self.wanted.outputs, problem, state, own, now)
        name = problem.kind.name
        return Function(made, [state, *own, time], False, "outputs", 1, name)

    # -- derivatives of numbers -------------------------------------------------------------------

    def jvp(self, inputs: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
        """The value, and the derivative along changes of the arguments: numbers and arrays."""
        name = self._propagator._kind.name
        value, along = jvp(self, tuple(inputs), tuple(tangents), precision=name)
        return value, along

    def vjp(self, inputs: Sequence[Any], cotangents: Any) -> tuple[Any, tuple[Any, ...]]:
        """The value, and what each argument has of an adjoint of the value: numbers and arrays."""
        value, pull = vjp(self, *inputs, precision=self._propagator._kind.name)
        return value, pull(cotangents)

"""Solutions as functions that users hold."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import partial
from typing import Any, TypeAlias

import numpy as np

from taylor.control.tracing import as_node, has_nodes
from taylor.errors import ArgumentTypeError, ShapeError
from taylor.expressions.arguments import argument
from taylor.expressions.expression import Expression
from taylor.expressions.types import ExpressionLike, ValueLike
from taylor.nodes.arrays import reshape
from taylor.nodes.regions import inner_input
from taylor.numbers.precision import as_array
from taylor.numbers.times import time_pair
from taylor.numbers.types import NumberOrArray, Numbers
from taylor.points.formula import Function
from taylor.programs.batching import vmap
from taylor.programs.jit import jit
from taylor.programs.products import jvp, vjp
from taylor.programs.program import Program
from taylor.solutions.expressed import expressed
from taylor.solutions.inputs import Inputs
from taylor.solutions.problem import Problem, times_kind
from taylor.solutions.propagators import Propagator
from taylor.solutions.solved import Solved, solved_node
from taylor.solutions.straight import assembler, straight
from taylor.systems.names import UNUSED
from taylor.transforms.batching import batched
from taylor_runtime.program.records import dataclass

OutputLike: TypeAlias = "ExpressionLike | str"

_unknown = object()
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
    the solution.  It pickles, and may be called from several threads.

    >>> import taylor as ty
    >>> x, k = ty.variable("x"), ty.parameter("k")
    >>> decay = ty.Integrator([(x, -k * x)], [1.0], parameters={k: 1.0})
    >>> end = decay.as_function(inputs=[k], outputs=x, until=1.0)
    >>> round(float(end(2.0)), 12), round(float(ty.grad(end)(2.0)), 12)  # +-exp(-2)
    (0.135335283237, -0.135335283237)
    """

    # Without a dictionary nobody looks whether attributes have changed (`points.outside`).
    __slots__ = ("__name__", "__weakref__", "_made", "inputs", "limit", "propagator", "wanted")

    def __init__(
        self, propagator: Propagator, inputs: Inputs, wanted: Wanted, limit: int | None
    ) -> None:
        self.propagator, self.inputs, self.wanted, self.limit = propagator, inputs, wanted, limit
        self.__name__ = "solution"
        self._made: dict[Any, Any] = {}

    def __reduce__(self) -> tuple[Any, ...]:
        return Solution, (self.propagator, self.inputs, self.wanted, self.limit)

    def _once(self, key: Any, make: Callable[[], Any]) -> Any:
        """What is made when it is first asked for."""
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]

    def _problem(self, grid: bool) -> Problem:
        make = partial(Problem, self.propagator, self.inputs, grid, self.limit)
        found: Problem = self._once(("problem", grid), make)
        return found

    def check(self) -> None:
        """Raise ArgumentError where outputs are not known at the times that are asked for."""
        if self.wanted.ends is not None and np.ndim(self.wanted.ends):
            problem = self._problem(grid=True)
            own = [inner_input(one.name, one.shape) for one in self.inputs.listed]
            state = inner_input("x", (problem.columns,))
            expressed(self.wanted.outputs or (), problem, state, own, inner_input("t"))

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

    def __call__(self, *args: ValueLike) -> NumberOrArray:
        quick = self._made.get("quick", _unknown)
        if quick is _unknown:
            quick = self._made["quick"] = self._quick()
        if quick is not None:
            found = quick(args)
            if found is not None:
                return found
        given, ends = self._split(args)
        if has_nodes(ends) or any(map(has_nodes, given)):
            return self._traced(given, ends)
        return self._solved(given, ends)

    def _quick(self) -> Callable[[tuple[Any, ...]], Any] | None:
        """What takes plain numbers, and gives None for others; None where there is nothing such."""
        ends = self.wanted.ends
        if ends is not None and type(ends) not in (int, float):
            return None
        shapes = tuple(one.shape for one in self.inputs.listed)
        assembled = assembler(shapes, None if ends is None else float(ends))
        problem, places, single = self._problem(False), self._places(), self.wanted.single
        run = straight(problem)
        if run is None:
            return None

        def called(args: tuple[Any, ...]) -> Any:
            numbers = assembled(args)
            state = None if numbers is None else run(numbers)
            if numbers is None or state is None:
                return None
            if places is None:
                found = self._values(problem, state[np.newaxis], args[: len(shapes)], numbers[-1:])
                return found[0][0] if single else tuple([e[0] for e in found])
            return state[places[0]] if single else tuple([state[place] for place in places])

        return called

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
        kind = self.propagator._kind
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
        kind = times_kind(self.propagator._kind)
        if isinstance(ends, tuple):  # a sum of two numbers, as times may be
            high, low = time_pair(ends)
            ends = Fraction(high) + Fraction(low)
        times = as_array(ends, kind, "solution: the time", kind.ndim_of(ends, most=1))
        if times.ndim - len(kind.axes) > 1 or not times.size:
            raise ShapeError(f"solution: times must have shape (k,), got {np.shape(ends)}")
        return times

    def _values(
        self, problem: Problem, columns: np.ndarray, arrays: Sequence[Any], times: np.ndarray
    ) -> list[Any]:
        """What is wanted of columns (times, columns, ..); inputs may have times, too."""
        places = self._places()
        if places is not None:
            return [columns[:, one] for one in places]
        function = self._once(("outputs", problem.grid), partial(self._function, problem))
        return list(function(columns, *arrays, times))

    def _places(self) -> list[Any] | None:
        """Where outputs are among the states, if all are."""
        names, outputs = self.propagator._names, self.wanted.outputs
        if outputs is None:
            return [np.arange(self.inputs.states)]
        if not all(e in names and UNUSED not in names[e] for e in outputs):
            return None
        found = [np.asarray(names[e]) for e in outputs]
        return [one if one.shape else int(one) for one in found]

    def _function(self, problem: Problem) -> Function[Any]:
        """The outputs as machine code."""
        assert self.wanted.outputs is not None
        state, time = argument("x", (problem.columns,)), argument("t")
        own = [argument(one.name, one.shape) for one in self.inputs.listed]
        now = state[problem.columns - 2] if problem.ends else time
        made = expressed(self.wanted.outputs, problem, state, own, now)
        name = problem.kind.name
        return Function(made, [state, *own, time], False, "outputs", 1, name)

    def map(self, *args: Numbers) -> NumberOrArray:
        """The values for many at once: of arguments with one axis more, the first, or as they are
        where they are the same for all; so are results, an axis more.

        >>> import numpy as np, taylor as ty
        >>> x = ty.variable("x")
        >>> decay = ty.Integrator([(x, -x)], [1.0]).as_function(x, x, until=np.log(2.0))
        >>> decay.map(np.array([1.0, 2.0, 4.0])).round(12)
        array([0.5, 1. , 2. ])
        """
        many: Program[..., Any] | None = None
        given, ends = self._split(args)
        axes = [
            0 if np.ndim(x) - self._axes(x, one.shape) > len(one.shape) else None
            for x, one in zip(given, self.inputs.listed, strict=True)
        ]
        if self.wanted.ends is None:
            axes.append(0 if np.ndim(ends) else None)
        if not any(axis == 0 for axis in axes):
            raise ShapeError("solution: map takes arguments with one axis more than a call")
        name = self.propagator._kind.name
        many = self._once(("many", *axes), lambda: jit(vmap(self, tuple(axes)), precision=name))
        return many(*args)

    def _axes(self, x: Any, shape: tuple[int, ...]) -> int:
        """Axes of numbers that an argument has behind its own."""
        kind = self.propagator._kind
        return len(kind.axes) if np.ndim(x) > len(shape) + 1 else 0

    # -- derivatives of numbers -------------------------------------------------------------------

    def jvp(
        self, inputs: Sequence[Numbers], tangents: Sequence[Numbers]
    ) -> tuple[NumberOrArray, NumberOrArray]:
        """The value, and the derivative along changes of the arguments: numbers and arrays."""
        name = self.propagator._kind.name
        value, along = jvp(self, tuple(inputs), tuple(tangents), precision=name)
        return value, along

    def vjp(
        self, inputs: Sequence[Numbers], cotangents: Numbers
    ) -> tuple[NumberOrArray, tuple[NumberOrArray, ...]]:
        """The value, and what each argument has of an adjoint of the value: numbers and arrays."""
        value, pull = vjp(self, *inputs, precision=self.propagator._kind.name)
        return value, pull(cotangents)

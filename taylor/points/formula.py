"""Expressions as compiled NumPy functions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar, overload

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError
from taylor.expressions.arguments import has_expressions
from taylor.expressions.expression import Expression
from taylor.expressions.leaves import as_expression
from taylor.expressions.printing import SHORT, to_arrow
from taylor.expressions.scalars import scalars
from taylor.expressions.substitute import substitute
from taylor.expressions.types import (
    ExpressionLike,
    ListFunction,
    Operand,
    ScalarFunction,
    UserFunction,
    ValueLike,
)
from taylor.nodes.operations.regions.inlined import inlined
from taylor.nodes.operations.regions.recursions import with_calls
from taylor.nodes.operations.scalars.quotients import as_written
from taylor.nodes.traverse import from_records, to_records
from taylor.numbers.checks import checked_threads
from taylor.numbers.precision import as_array, as_precision
from taylor.points.given import as_columns, check_leaves, checked_inputs, results_of
from taylor.points.sharing import shared
from taylor.points.types import One, Several
from taylor.recurrences.arrays import has_arrays
from taylor.recurrences.lowered import lowered
from taylor.transforms.joined import joined
from taylor_runtime.callables.points import ArrayFunction, Formula, build_formula
from taylor_runtime.callables.process import in_shares, shares, uncollected
from taylor_runtime.program.program import Input, Program

if TYPE_CHECKING:
    from taylor.explanations.explanation import Explanation
    from taylor.points.arrays import CompiledArrays

R = TypeVar("R", covariant=True)


class Function(Generic[R]):
    """A compiled function of scalars or arrays that acts as a NumPy ufunc.

    Arguments broadcast; `out=`, `where=`, `casting=` and `dtype=` are NumPy's. One output gives an
    array (or scalar), several a tuple. An input or output that is an array expression of shape s
    takes its last axes from s. Computation releases the GIL. Functions pickle (as their
    expressions) and may be called from several threads.

    In double-double, arrays of floats have a trailing axis of length 2 (high, low); numbers of any
    kind that `taylor.from_mpmath` takes may be given, and `out=` and the like are not supported.

    inputs:  the expressions the arguments stand for, in order.
    outputs: the compiled expressions.
    ufunc:   the NumPy ufunc over scalar inputs and outputs, or None where they are more than the
             64 that NumPy allows; `rows` is then the generalised ufunc (n)->(m).
    threads: how many share the points of long arrays; results do not depend on it.
    precision: the kind of number, "float64", "float32" or "double-double".

    >>> import numpy as np, taylor as ty
    >>> x, y = ty.variables("x y")
    >>> f = ty.compile(x * y + 1, [x, y])
    >>> f(np.array([1.0, 2.0]), 3.0)
    array([4., 7.])
    """

    @uncollected()
    def __init__(
        self,
        outputs: Sequence[Expression],
        inputs: Sequence[Expression],
        single: bool,
        name: str,
        threads: int = 1,
        precision: str = "float64",
    ) -> None:
        self._kind = as_precision(precision)
        self.precision = self._kind.name
        self.outputs = tuple(outputs)
        self.inputs = tuple(inputs)
        self.name = name
        self.threads = threads
        self._single = single
        self._arrays: CompiledArrays | None = None
        self.ufunc: np.ufunc | None = None
        self.rows: np.ufunc | None = None
        self._elementwise = self._quick = None
        self._slow_calls = 0
        doc = to_arrow(self.inputs, self.outputs, SHORT)
        computed = inlined(with_calls(self.outputs))
        if has_arrays(computed) or not all(e.size for e in computed):
            from taylor.points.arrays import CompiledArrays  # loaded with the first arrays

            wanted = joined(computed)
            self._arrays = CompiledArrays(wanted, self.inputs, self._kind, name, doc, threads)
            return
        program, externals = self._lowered()
        self._nout = len(program.outputs) * self._kind.parts
        self._code = build_formula(program, name, doc, externals, self._kind.name)
        self.ufunc = self._code.ufunc
        self.rows = self._code.rows
        plain = all(e.shape == () for e in (*self.inputs, *self.outputs))
        direct = plain and self._kind.parts == 1 and (single or self._nout > 1)
        self._elementwise = self.ufunc if direct else None
        self._quick = self._code.scalar if plain and (single or self._nout > 1) else None

    def _lowered(self) -> tuple[Program, dict[str, int]]:
        flat_inputs = [e for given in self.inputs for e in scalars(given).ravel()]
        flat_outputs = [e for made in with_calls(self.outputs) for e in scalars(made).ravel()]
        sources = {e: Input("parameter", (i,)) for i, e in enumerate(flat_inputs)}
        return lowered(as_written(flat_outputs), sources, 0, precision=self.precision)

    @overload
    def __call__(
        self: Function[Several], *arguments: Expression, **options: Any
    ) -> tuple[Expression, ...]: ...
    @overload
    def __call__(
        self: Function[Several], *arguments: np.ndarray, **options: Any
    ) -> tuple[np.ndarray, ...]: ...
    @overload
    def __call__(self, *arguments: ValueLike, **options: Any) -> R: ...
    def __call__(self, *arguments: Any, **options: Any) -> Any:
        if self._quick is not None and not options:
            value = self._quick(*arguments)
            if value is not None:
                return value
        if self._elementwise is None:
            results = self._call_general(arguments, options)
            self._slow_calls += 1
            if self._slow_calls == 2:  # it takes a few milliseconds to make in a new process
                self._quick = self.make_entry(None)
            return results
        try:
            if self.threads > 1 and not options.keys() - {"out"}:
                return self._shared(self._elementwise, arguments, options)
            return self._elementwise(*arguments, **options)
        except TypeError as error:
            return self._call_converted(arguments, options, error)
        except (ValueError, OverflowError):
            self._check_arguments(arguments)
            raise

    def _check_arguments(self, arguments: Sequence[Any]) -> None:
        """Raise ArgumentError for a number beyond all floats, ShapeError for unlike shapes."""
        named = zip(self.inputs, arguments, strict=True)
        arrays = [as_array(a, self._kind, f"{self.name}: argument {e}") for e, a in named]
        self._check_shapes([array.shape for array in arrays])

    def _check_shapes(self, shapes: Sequence[tuple[int, ...]]) -> None:
        try:
            np.broadcast_shapes(*shapes)
        except ValueError:
            named = zip(self.inputs, shapes, strict=True)
            listed = ", ".join(f"{e} {shape}" for e, shape in named)
            raise ShapeError(
                f"{self.name}: the points of its arguments do not broadcast together: {listed}"
            ) from None

    def _call_converted(
        self, arguments: Sequence[Any], options: dict[str, Any], error: TypeError
    ) -> Any:
        """The call again, with what NumPy does not take for numbers made into arrays."""
        assert self._elementwise is not None
        self.check_count(len(arguments))
        if any(map(has_expressions, arguments)):
            return self.of_expressions(arguments)
        named = zip(self.inputs, arguments, strict=True)
        numbers = [as_array(a, self._kind, f"{self.name}: argument {e}") for e, a in named]
        try:
            return self._elementwise(*numbers, **options)
        except TypeError:
            raise ArgumentTypeError(f"{self.name}: {error}") from None
        except ValueError:
            self._check_shapes([array.shape for array in numbers])
            raise

    def check_count(self, count: int) -> None:
        """Raise ArgumentTypeError unless there are as many arguments as inputs."""
        if count != len(self.inputs):
            names = ", ".join(map(str, self.inputs))
            raise ArgumentTypeError(
                f"{self.name} takes {len(self.inputs)} argument(s), {names}; got {count}"
            )

    def of_expressions(self, arguments: Sequence[ExpressionLike]) -> Any:
        """The outputs as expressions of others, or of numbers; arrays have the shapes of inputs."""
        self.check_count(len(arguments))
        known = dict(zip(self.inputs, map(as_expression, arguments), strict=True))
        for given, value in known.items():
            if value.shape != given.shape:
                raise ShapeError(
                    f"{self.name}: argument {given} must have shape {given.shape}, got {value} of "
                    f"shape {value.shape}"
                )
        found = tuple(substitute(e, known) for e in self.outputs)
        return found[0] if self._single else found

    def _call_general(self, arguments: Sequence[Any], options: dict[str, Any]) -> Any:
        """Array inputs and outputs, other kinds of numbers, more scalars than a ufunc takes."""
        self.check_count(len(arguments))
        if any(map(has_expressions, arguments)):
            return self.of_expressions(arguments)
        if self._arrays is not None:
            results = self._arrays(arguments, options)
            return results[0] if self._single else tuple(results)
        if options:
            raise ArgumentTypeError(
                f"{self.name} is no ufunc (array operands, too many of them, or numbers of several "
                f"parts) and takes no keyword arguments; got {', '.join(options)}"
            )
        parts = [as_columns(e, a, self._kind) for e, a in zip(self.inputs, arguments, strict=True)]
        self._check_shapes([part[0].shape if part else () for part in parts])
        columns = [column for part in parts for column in part]
        if self.ufunc is None:
            return self._assembled(self._in_rows(columns))
        results = self._shared(self.ufunc, columns, {})
        return self._assembled([results] if self._nout == 1 else list(results))

    def _in_rows(self, columns: Sequence[np.ndarray]) -> list[Any]:
        """Through the generalised ufunc, with the points of a column side by side in memory."""
        shape = np.broadcast_shapes(*(column.shape for column in columns))
        given = np.empty((len(columns), math.prod(shape)), self._kind.dtype)
        for k, column in enumerate(columns):
            given[k] = np.broadcast_to(column, shape).ravel()
        found = np.empty((self._nout, given.shape[1]), self._kind.dtype)

        def work(first: int, last: int) -> None:
            assert self.rows is not None
            self.rows(given[:, first:last].T, out=found[:, first:last].T)

        points = given.shape[1]
        in_shares(work, points, shares(points, self.threads))
        return [row.reshape(shape)[()] for row in found]

    def _shared(self, ufunc: np.ufunc, arguments: Sequence[Any], options: dict[str, Any]) -> Any:
        return shared(ufunc, arguments, options, self.threads, self._kind.dtype)

    def _assembled(self, flat: list[Any]) -> Any:
        """Outputs from the columns of their elements (two a number for pairs)."""
        results, columns = [], iter(flat)
        for wanted in self.outputs:
            size = math.prod(wanted.shape) * self._kind.parts
            part = [next(columns) for _ in range(size)]
            if size == 1 and wanted.shape == ():
                results.append(part[0])
            else:
                joined = np.stack([np.asarray(p) for p in part], axis=-1)
                shape = (*joined.shape[:-1], *wanted.shape, *self._kind.axes)
                results.append(joined.reshape(shape))
        return results[0] if self._single else tuple(results)

    @property
    def is_single(self) -> bool:
        """Whether it returns one array, and no tuple."""
        return self._single

    @property
    def code(self) -> Formula | ArrayFunction:
        """The machine code, for other packages to call."""
        return self._code if self._arrays is None else self._arrays.code

    @property
    def entry(self) -> Callable[..., Any]:
        """The function as a built-in one, which costs least to call: for numbers and arrays at one
        point, given by position, some 0.1 us and what the function itself takes.

        It returns what the function does, also for arguments that are anything else.  Hold it where
        many calls are made; the function lives as long.

        >>> import taylor as ty
        >>> f = ty.compile(lambda x: 2 * x).entry
        >>> float(f(1.5)), f([1.0, 2.0])
        (3.0, array([2., 4.]))
        """
        made = self.make_entry(self.__call__)
        return self.__call__ if made is None else made

    def make_entry(
        self, otherwise: Callable[..., Any] | None, wholes: Sequence[bool] = ()
    ) -> Callable[..., Any] | None:
        """A built-in function, if there is one, that calls `otherwise` for arguments out of the
        ordinary, or gives None; wholes: which arguments have to be ints.
        """
        if self._arrays is not None:
            return self._arrays.entry(not self._single, otherwise, wholes)
        shapes = [e.shape for e in self.inputs], [e.shape for e in self.outputs]
        return self._code.entry(*shapes, not self._single, otherwise, wholes)

    def explain(self) -> Explanation:
        """What the compiler made of the function: print it, use its fields, `plot` or `save` it."""
        from taylor.explanations.explanation import explain_formula

        if self._arrays is not None:
            inputs = [str(e) for e in self.inputs]
            return explain_formula(self._arrays.code.module, self._arrays.lowered.program, inputs)
        program, _ = self._lowered()
        names = [str(e) for given in self.inputs for e in scalars(given).ravel()]
        return explain_formula(self._code.module, program, names)

    def __str__(self) -> str:
        return to_arrow(self.inputs, self.outputs)

    def __repr__(self) -> str:
        return f"<taylor function {self.name}: {self}>"

    def __reduce__(self) -> tuple[Any, ...]:
        """The expressions together, so that what they share is written once."""
        records = to_records([*self.outputs, *self.inputs])
        options = (self._single, self.name, self.threads, self.precision)
        return _load, (records, len(self.outputs), *options)


def _load(records: Any, outputs: int, *options: Any) -> Function:
    """Compile a pickled function."""
    roots = from_records(records)
    return Function(roots[:outputs], roots[outputs:], *options)


@overload
def compile(
    expressions: Operand | np.ndarray | ScalarFunction,
    inputs: Sequence[Expression] | None = None,
    *,
    shapes: Sequence[int | Sequence[int]] | None = None,
    name: str = "function",
    threads: int = 1,
    precision: str = "float64",
) -> Function[One]: ...
@overload
def compile(
    expressions: list[Any] | tuple[ExpressionLike, ...] | ListFunction,
    inputs: Sequence[Expression] | None = None,
    *,
    shapes: Sequence[int | Sequence[int]] | None = None,
    name: str = "function",
    threads: int = 1,
    precision: str = "float64",
) -> Function[Several]: ...
def compile(
    expressions: ExpressionLike | UserFunction,
    inputs: Sequence[Expression] | None = None,
    *,
    shapes: Sequence[int | Sequence[int]] | None = None,
    name: str = "function",
    threads: int = 1,
    precision: str = "float64",
) -> Function[Any]:
    """Compile one expression, or a sequence of them, as a function of `inputs`.

    expressions: an expression (the function returns an array) or a list or tuple (it returns a
    tuple); or a Python function that builds them from its arguments.
    inputs:      variables, parameters or `taylor.time`, in the order of the arguments; of a Python
                 function its own arguments, unless given.
    shapes:      of the arguments of a Python function, where they are arrays or cannot be counted.
    threads:     how many share the points of long arrays (from some 30,000 points on); results are
                 the same, bit for bit.
    precision:   "float64", "float32", or "double-double" with about 31 digits: arrays of pairs
                 (high, low) in and out, see `taylor.from_mpmath` and `taylor.to_mpmath`.

    Raises ArgumentError if an expression depends on something that is not an input, if an input
    occurs twice, or if `threads` is not a positive integer; ArgumentTypeError for what is no
    expression; UnsupportedFunctionError for a registered Python function in double-double.

    >>> import taylor as ty
    >>> x, k = ty.variable("x"), ty.parameter("k")
    >>> f = ty.compile(ty.sin(x) + k, [x, k])
    >>> float(f(0.0, 2.0))
    2.0
    >>> f([0.0, 0.5], [[1.0], [2.0]]).shape
    (2, 2)
    >>> float(ty.compile(lambda a, b: a * ty.exp(b))(2.0, 0.0))
    2.0
    >>> g = ty.compile(ty.exp(x), [x], precision="double-double")
    >>> g("0.1").shape, float(ty.to_mpmath(g("0.1")) - ty.to_mpmath(g(0.1))) < -6e-18
    ((2,), True)
    """
    built: Any = expressions
    if isinstance(expressions, Function):
        inputs = expressions.inputs if inputs is None else inputs
        built = expressions.of_expressions(inputs)
    elif callable(expressions) and not isinstance(expressions, Expression):
        built, inputs = results_of(expressions, inputs, shapes)
    elif inputs is None or shapes is not None:
        raise ArgumentTypeError("compile: expressions need `inputs`, as [x, y], and no `shapes`")
    single = not isinstance(built, list | tuple)
    outputs = [as_expression(e) for e in ([built] if single else built)]
    if not outputs:
        raise ArgumentError("compile needs at least one expression")
    given = checked_inputs(inputs)
    threads = checked_threads(threads)
    check_leaves(outputs, given)
    return Function(outputs, given, single, name, threads, precision)

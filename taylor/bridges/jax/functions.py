"""Functions of ours as functions of JAX arrays."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from functools import partial
from typing import Any, Generic, ParamSpec, TypeVar

import jax
import jax.numpy as jnp
import numpy as np

from taylor.bridges.jax.formulas import Formula
from taylor.bridges.jax.primitives import bound
from taylor.control.tracing import as_node
from taylor.control.trees import CONDITION, NUMBER, kind_of
from taylor.definitions.decorated import Decorated
from taylor.errors import ArgumentError, ArgumentTypeError, ShapeError, TracingError
from taylor.expressions.arguments import captured, traced
from taylor.expressions.arrays.settled import settled
from taylor.expressions.expression import Expression
from taylor.nodes.conversion import Mutable
from taylor.points.formula import Function
from taylor.points.outside import Outside
from taylor.programs.arguments import argument_names, stand_in
from taylor.programs.quick import WHOLE, told
from taylor.solutions.solution import Solution

P = ParamSpec("P")
R = TypeVar("R", covariant=True)


class JaxFunction(Decorated, Generic[P, R]):
    """A function of JAX arrays and of containers of them, computed by our machine code.

    Made by `taylor.jax.function`.  It is traced once for each structure, shape and kind of its
    arguments, and again where what it reads from outside has changed.

    __wrapped__: what was given.

    >>> import jax, taylor as ty
    >>> f = ty.jax.function(lambda x: ty.sin(x))
    >>> isinstance(f, ty.jax.JaxFunction), float(jax.grad(f)(0.0))
    (True, 1.0)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        if not callable(function):
            raise ArgumentTypeError(f"jax.function: {function!r} is not a function")
        if getattr(function, "precision", "float64") not in ("float64", "float32"):
            raise ArgumentError(
                "jax.function: JAX has no double-doubles; give a function of float64 or float32"
            )
        super().__init__(function)
        named = getattr(function, "__name__", None) or getattr(function, "name", None)
        self._name: str = named or type(function).__name__
        self._traces: dict[Hashable, _Trace] = {}
        self._outside: Outside | None = None

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R:
        leaves, tree = jax.tree_util.tree_flatten((args, kwargs))
        if any(isinstance(leaf, Expression | Mutable) for leaf in leaves):
            return self.__wrapped__(*args, **kwargs)  # type: ignore[no-any-return]
        sorts = tuple(map(_sort, leaves))
        if self._outside is not None and not self._outside.is_unchanged():
            self._traces.clear()
        key = tree, sorts
        trace = self._traces.get(key)
        if trace is None or not trace.objects.is_unchanged():
            trace = self._traces[key] = self._traced(leaves, tree, sorts)
            objects = [sort.value for sort in sorts if isinstance(sort, _Static)]
            trace.objects = Outside(None, *objects)
            self._outside = Outside(getattr(self.__wrapped__, "__wrapped__", self.__wrapped__))
        return trace(leaves)  # type: ignore[no-any-return]

    def _traced(self, leaves: Sequence[Any], tree: Any, sorts: Sequence[Any]) -> _Trace:
        if isinstance(self.__wrapped__, Function):
            return _at_points(self.__wrapped__, self._name, leaves, tree, sorts)
        args, kwargs = jax.tree_util.tree_unflatten(tree, leaves)
        own, seen, places = [], [], []
        for place, (leaf, sort, path) in enumerate(
            zip(leaves, sorts, _paths(self.__wrapped__, args, kwargs), strict=True)
        ):
            if isinstance(sort, _Static):
                seen.append(leaf)
                continue
            node, shown = stand_in(path, *sort)
            own.append(node)
            seen.append(shown)
            places.append(place)
        args, kwargs = jax.tree_util.tree_unflatten(tree, seen)
        with traced(own):
            found, result_tree = jax.tree_util.tree_flatten(self._result(args, kwargs))
            outputs = [self._output(leaf) for leaf in found]
        captured_ones = captured(outputs, own)
        if captured_ones:
            raise ArgumentError(
                f"jax.function: the value of {self._name} depends on {captured_ones[0]}, which is "
                "no argument of it; make it one"
            )
        formula = Formula(own, outputs, self._name)
        if isinstance(self.__wrapped__, Solution) and len(own) == len(args):
            formula.solution = self.__wrapped__
        truths = [kind_of(leaf)[0] == CONDITION for leaf in found]
        return _Trace(formula, places, result_tree, truths)

    def _result(self, args: Any, kwargs: Any) -> Any:
        try:
            return settled(self.__wrapped__(*args, **kwargs))
        except jax.errors.TracerArrayConversionError:
            raise TracingError(
                f"jax.function: {self._name} reads a JAX value from outside that is being traced; "
                "make it an argument"
            ) from None

    def _output(self, leaf: Any) -> Expression:
        try:
            return as_node(leaf.now if isinstance(leaf, Mutable) else leaf)
        except (ArgumentTypeError, TypeError):
            raise ArgumentTypeError(
                f"jax.function: {self._name} returned {leaf!r:.60} of type {type(leaf).__name__}; "
                "return numbers, expressions, and JAX's containers (pytrees) of them"
            ) from None

    def __reduce__(self) -> Any:
        return self.__qualname__ if self.is_decorated else (JaxFunction, (self.__wrapped__,))

    def __repr__(self) -> str:
        return f"<jax.function of {self._name}>"


def function(fun: Callable[P, R]) -> JaxFunction[P, R]:
    """Return `fun` as a function of JAX arrays that machine code of ours computes.

    fun: a compiled function (`taylor.compile`), a program (`taylor.jit`, `taylor.value_and_grad`
        and the like), a solution (`Integrator.as_function`), or an ordinary function of numbers and
        NumPy arrays.  Arguments and results may be any of JAX's containers (pytrees).

    The result may be called under `jax.jit`, `grad`, `jvp`, `vjp`, `vmap`, `scan`, `hessian`, ...:
    derivatives of every order are our own transforms of the function, and many values at once are
    one call of machine code.  XLA calls it through its foreign function interface, on the CPU,
    without the GIL.

    float64 and float32 arrays are computed with as they are, narrower ones in float32; where x64 is
    not enabled in JAX all are float32.  Whole numbers and truth values are constants to
    derivatives.  What `fun` reads from outside must be numbers.

    Raises ArgumentError or ArgumentTypeError for what is no such function.

    >>> import jax, taylor as ty
    >>> f = ty.jax.function(lambda x, k: ty.sin(k * x))
    >>> float(jax.jit(jax.grad(f))(0.0, 2.0))
    2.0
    """
    return JaxFunction(fun)


# --- arguments -----------------------------------------------------------------------------------


class _Static:
    """What is no number: each value of it has a trace of its own."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return hash(told(self.value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Static) and bool(told(self.value) == told(other.value))


_REAL, _WHOLE = (NUMBER, ()), (WHOLE, ())  # single numbers
_kinds: dict[Any, str] = {}  # by dtype


def _sort(leaf: Any) -> Hashable:
    """What a leaf of the arguments is: the kind of its numbers and its shape, or something else."""
    if type(leaf) is float:
        return _REAL
    if isinstance(leaf, jax.Array | np.ndarray | np.generic):
        return _kinds.get(leaf.dtype) or _kind(leaf.dtype), leaf.shape
    if isinstance(leaf, float | int) and not isinstance(leaf, bool):
        return _WHOLE if isinstance(leaf, int) else _REAL
    return _Static(leaf)


def _kind(dtype: Any) -> str:
    """Of numbers of a dtype."""
    found = None
    if dtype == np.bool_:
        found = CONDITION
    elif jnp.issubdtype(dtype, jnp.integer):
        found = WHOLE
    elif jnp.issubdtype(dtype, jnp.floating):
        found = NUMBER
    if found is None:
        raise ArgumentTypeError(
            f"jax.function: an argument has dtype {dtype}; only real numbers are supported"
        )
    _kinds[dtype] = found
    return found


def _paths(function: Any, args: Sequence[Any], kwargs: dict[str, Any]) -> list[str]:
    """How one would write each leaf of the arguments."""
    names = argument_names(function, len(args))
    named = [(names[k], value) for k, value in enumerate(args)]
    named += [(key, kwargs[key]) for key in sorted(kwargs)]
    return [
        name + jax.tree_util.keystr(path)
        for name, value in named
        for path, _ in jax.tree_util.tree_flatten_with_path(value)[0]
    ]


def _dtypes(numbers: Sequence[Any]) -> tuple[Any, Any]:
    """The dtype of the results, and the one that is computed in."""
    real = [x for x in numbers if jnp.issubdtype(jnp.result_type(x), jnp.floating)]
    wanted = jnp.result_type(*real) if real else jnp.result_type(float)
    return wanted, wanted if wanted in (jnp.float32, jnp.float64) else jnp.dtype(jnp.float32)


# --- calls ---------------------------------------------------------------------------------------


class _Trace:
    """A function for arguments of one structure.

    places: of the leaves that are the formula's inputs.
    points: shape of the points that a compiled function is evaluated at, and which inputs differ
        between them; None for one point.
    objects: what is no number among the arguments.
    """

    objects: Outside

    def __init__(
        self,
        formula: Formula,
        places: Sequence[int],
        tree: Any,
        truths: Sequence[bool],
        points: tuple[tuple[int, ...], tuple[bool, ...]] | None = None,
    ) -> None:
        self.formula, self.places, self.tree, self.truths = formula, places, tree, truths
        self.points = points
        self._run = jax.jit(partial(_run, self))

    def __call__(self, leaves: Sequence[Any]) -> Any:
        numbers = [leaves[k] for k in self.places]
        is_traced = any(isinstance(x, jax.core.Tracer) for x in numbers)
        found = _run(self, *numbers) if is_traced else self._run(*numbers)
        return jax.tree_util.tree_unflatten(self.tree, found)


def _run(trace: _Trace, *numbers: Any) -> list[Any]:
    """The leaves of the value."""
    wanted, computed = _dtypes(numbers)
    arrays = [jnp.asarray(x).astype(computed) for x in numbers]
    formula = trace.formula
    shape: tuple[int, ...] = ()
    if not arrays:
        found = [jnp.asarray(e.evaluate(), computed) for e in formula.outputs]
    elif trace.points is None:
        found = bound(formula, arrays, computed)
    else:
        shape, wide = trace.points
        size = math.prod(shape)
        for k, (x, e) in enumerate(zip(arrays, formula.inputs, strict=True)):
            if wide[k]:
                arrays[k] = jnp.broadcast_to(x, (*shape, *e.shape)).reshape(size, *e.shape)
        found = bound(formula.many(wide, size), arrays, computed)
    pairs = zip(found, formula.outputs, strict=True)
    found = [x.reshape((*shape, *e.shape)) for x, e in pairs]
    return [
        x != 0 if truth else x.astype(wanted) for x, truth in zip(found, trace.truths, strict=True)
    ]


def _at_points(
    function: Function[Any], name: str, leaves: Sequence[Any], tree: Any, sorts: Sequence[Any]
) -> _Trace:
    """A compiled function, which broadcasts."""
    flat = jax.tree_util.tree_structure((tuple(leaves), {}))
    if tree != flat or len(leaves) != len(function.inputs):
        names = ", ".join(map(str, function.inputs))
        raise ArgumentTypeError(
            f"jax.function: {name} takes {len(function.inputs)} array(s) by position, {names}"
        )
    shapes = []
    for e, leaf, sort in zip(function.inputs, leaves, sorts, strict=True):
        if isinstance(sort, _Static):
            raise ArgumentTypeError(f"jax.function: {name}: argument {e} is {leaf!r:.60}")
        first = len(sort[1]) - e.ndim
        if first < 0 or sort[1][first:] != e.shape:
            raise ShapeError(
                f"jax.function: {name}: argument {e} must have last axes {e.shape}, got shape "
                f"{sort[1]}"
            )
        shapes.append(sort[1][:first])
    try:
        shape = np.broadcast_shapes(*shapes)
    except ValueError:
        listed = ", ".join(f"{e} {s}" for e, s in zip(function.inputs, shapes, strict=True))
        raise ShapeError(
            f"jax.function: {name}: the points of its arguments do not broadcast together: {listed}"
        ) from None
    outputs = function.outputs
    result = outputs[0] if function.is_single else tuple(outputs)
    points = (shape, tuple(map(bool, shapes))) if shape else None
    truths = [False] * len(outputs)
    formula = Formula(function.inputs, outputs, name)
    result_tree = jax.tree_util.tree_structure(result)
    return _Trace(formula, range(len(leaves)), result_tree, truths, points)

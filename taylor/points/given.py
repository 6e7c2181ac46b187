"""What compiled functions are given: inputs to be compiled for, and arguments to be called with."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor.errors import ArgumentError, ArgumentTypeError
from taylor.expressions.arguments import argument, kept, traced
from taylor.expressions.expression import Expression
from taylor.expressions.trace import positional_names, trace_function
from taylor.nodes.traverse import inputs as leaves
from taylor.numbers.precision import FLOAT64, Precision, as_array


def as_columns(given: Expression, argument: Any, kind: Precision) -> list[np.ndarray]:
    """The elements of an argument, each an array over the points (two for pairs)."""
    if kind is FLOAT64 and type(argument) is np.ndarray and argument.dtype.kind in "fiub":
        array = np.asarray(argument, dtype=float)
    else:
        array = as_array(argument, kind, f"argument {given}")
    depth = len(given.shape) + len(kind.axes)
    if depth == 0:
        return [array]
    if array.shape[array.ndim - depth :] != (*given.shape, *kind.axes):
        raise ArgumentError(
            f"argument {given} must have last axes {(*given.shape, *kind.axes)}, got shape "
            f"{array.shape}"
        )
    count = math.prod(array.shape[array.ndim - depth :])
    flat = array.reshape(*array.shape[: array.ndim - depth], count)
    return [flat[..., k] for k in range(flat.shape[-1])]


def checked_inputs(inputs: Any) -> list[Expression]:
    """Different variables, parameters and time; raises ArgumentError for anything else."""
    if isinstance(inputs, Expression):
        raise ArgumentTypeError(f"inputs must be a list of expressions, e.g. [{inputs}]")
    given = list(inputs)
    for position, e in enumerate(given):
        if not isinstance(e, Expression) or e.op not in ("variable", "parameter", "time"):
            raise ArgumentTypeError(
                f"input {position} must be a variable, a parameter or taylor.time, got {e!r}"
            )
        if any(e is other for other in given[:position]):
            raise ArgumentError(f"input {e} occurs twice")
    return given


def inputs_of(function: Any, shapes: Sequence[int | Sequence[int]] | None) -> Sequence[Expression]:
    """New inputs for the arguments of a Python function, numbers where no shapes are given.

    Raises ArgumentTypeError for arguments that cannot be counted.
    """
    names = positional_names(function)
    if names is None and shapes is not None:
        names = [f"argument {k}" for k in range(len(shapes))]
    if names is None:
        raise ArgumentTypeError(
            f"compile: the arguments of {function!r} cannot be counted; give shapes= (a shape "
            "for each, () for a number) or inputs="
        )
    sizes = [()] * len(names) if shapes is None else list(shapes)
    if len(sizes) != len(names):
        raise ArgumentError(f"compile: {len(sizes)} shapes for the arguments {names}")
    return kept(*(argument(n, s) for n, s in zip(names, sizes, strict=True)))


def check_leaves(outputs: Sequence[Expression], given: Sequence[Expression]) -> None:
    """Raise ArgumentError for what depends on something that is not given."""
    known = {id(e) for e in given}
    for leaf in leaves(outputs):
        if id(leaf) not in known:
            names = ", ".join(str(e) for e in given) or "none"
            raise ArgumentError(
                f"the expression depends on {leaf}, which is not among the inputs ({names}); "
                f"add it to the inputs, or substitute a number for it"
            )


def results_of(
    function: Callable[..., Any],
    inputs: Sequence[Expression] | None,
    shapes: Sequence[int | Sequence[int]] | None,
) -> tuple[Any, Sequence[Expression]]:
    """What a Python function returns for its arguments, and these."""
    if inputs is not None and shapes is not None:
        raise ArgumentTypeError("compile: give inputs or shapes, not both")
    inputs = checked_inputs(inputs_of(function, shapes) if inputs is None else inputs)
    with traced(inputs):
        return trace_function(function, *inputs), inputs

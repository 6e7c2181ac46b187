"""Derivatives along vectors, and weighted by vectors, with JAX's signatures and meaning."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np

from taylor.control.tracing import Value, value_of
from taylor.control.trees import flatten
from taylor.errors import ArgumentTypeError, ShapeError
from taylor.expressions.expression import Expression
from taylor.programs.differentiated import Differentiated, directions_of
from taylor.programs.program import Program
from taylor.programs.remembered import remembered
from taylor.transforms import forward
from taylor.transforms.reverse import adjoints


def jvp(
    fun: Callable[..., Any],
    primals: Sequence[Any],
    tangents: Sequence[Any],
    has_aux: bool = False,
    *,
    precision: str = "float64",
) -> Any:
    """Return (value, derivative along the tangents) of `fun` at the primals.

    primals:  tuple or list of the arguments of `fun`, each a number, an array or a container.
    tangents: the same structure and shapes: how much each of them changes.
    has_aux:  `fun` returns a pair (value, aux); the result has aux as a third part.

    Whole numbers inside do not vary, and their tangents are not looked at.  Machine code is found
    again for the same function, and for a new one of the same code that captures equal values.

    Raises ArgumentTypeError or ShapeError where structure or shapes differ.

    >>> import numpy as np, taylor as ty
    >>> value, slope = ty.jvp(lambda x, y: x * np.sin(y), (2.0, 0.0), (1.0, 0.5))
    >>> float(value), float(slope)
    (0.0, 1.0)
    """
    _check_list("jvp", "primals", primals)
    _check_list("jvp", "tangents", tangents)
    if len(primals) != len(tangents):
        raise ArgumentTypeError(f"jvp: {len(primals)} primals and {len(tangents)} tangents")
    key = "jvp", has_aux, precision
    program = remembered(key, fun, lambda: _forward("jvp", fun, has_aux, precision))
    return program(tuple(primals), tuple(tangents))


def linearize(
    fun: Callable[..., Any], *primals: Any, has_aux: bool = False, precision: str = "float64"
) -> Any:
    """Return (value, function of tangents) of `fun` at the primals: its best linear approximation.

    The function takes as many tangents as there are primals and gives the derivative along them.

    >>> import taylor as ty
    >>> value, along = ty.linearize(lambda x: x**3, 2.0)
    >>> float(value), float(along(1.0)), float(along(0.5))
    (8.0, 12.0, 6.0)
    """
    primals = _as_now("linearize", primals)
    key = "linearize", has_aux, precision
    program = remembered(key, fun, lambda: _forward("linearize", fun, has_aux, precision))
    value = remembered(
        ("value", precision), fun, lambda: Program("linearize", fun, fun, (), precision)
    )(*primals)

    def along(*directions: Any) -> Any:
        """The derivative along tangents."""
        if len(directions) != len(primals):
            raise ArgumentTypeError(
                f"linearize: {len(primals)} primals and {len(directions)} tangents"
            )
        return program(primals, directions)[1]

    if has_aux:
        value, aux = value
        return value, along, aux
    return value, along


def vjp(
    fun: Callable[..., Any], *primals: Any, has_aux: bool = False, precision: str = "float64"
) -> Any:
    """Return (value, function of cotangents) of `fun` at the primals.

    The function takes a cotangent, of the structure and shapes of the value, and gives a tuple: for
    each primal what the sum of cotangent times value changes with.  Whole numbers have 0 there.
    With `has_aux`, `fun` returns a pair (value, aux), and aux is a third result.

    >>> import numpy as np, taylor as ty
    >>> value, pull = ty.vjp(lambda x, y: x * y, 2.0, 5.0)
    >>> [float(slope) for slope in pull(1.0)]
    [5.0, 2.0]
    """
    if not primals:
        raise ArgumentTypeError("vjp: give the arguments of the function after it")
    primals = _as_now("vjp", primals)
    program = remembered(
        ("vjp", has_aux, precision),
        fun,
        lambda: Program("vjp", fun, partial(_pulled, fun, has_aux), (), precision),
    )
    value = remembered(("value", precision), fun, lambda: Program("vjp", fun, fun, (), precision))(
        *primals
    )

    def pull(cotangent: Any) -> tuple[Any, ...]:
        """What each primal contributes."""
        found: tuple[Any, ...] = program(primals, cotangent)
        return found

    if has_aux:
        value, aux = value
        return value, pull, aux
    return value, pull


def _as_now(name: str, primals: tuple[Any, ...]) -> tuple[Any, ...]:
    """Primals that stay what they are, whatever becomes of the caller's arrays."""
    leaves, tree = flatten(name, primals, opaque=True)
    kept = [x.copy() if isinstance(x, np.ndarray) else x for x in leaves]
    return tree.build(kept)  # type: ignore[no-any-return]


def _forward(name: str, fun: Any, has_aux: bool, precision: str) -> Program[..., Any]:
    return Program(name, fun, partial(_along, name, fun, has_aux), (), precision)


def _along(
    name: str, fun: Any, has_aux: bool, primals: Sequence[Any], directions: Sequence[Any]
) -> Any:
    found = Differentiated(name, fun, primals, {}, range(len(primals)), has_aux)
    seeds = dict(zip(found.own, directions_of(name, found, directions), strict=True))
    along = forward.tangents(found.outputs, seeds)
    extra = [] if found.aux is None else found.aux.nodes
    outputs, along, extra = found.at_given(found.outputs, along, extra)
    tree = found.value.tree
    parts = tree.build(outputs), tree.build(along)
    return parts if found.aux is None else (*parts, found.aux.tree.build(extra))


def _pulled(fun: Any, has_aux: bool, primals: Sequence[Any], cotangent: Any) -> Any:
    found = Differentiated("vjp", fun, primals, {}, range(len(primals)), has_aux)
    weights = _like("vjp", "the cotangent", value_of("vjp: the cotangent", cotangent), found)
    slopes = adjoints(found.outputs, weights, found.own)
    return found.of_arguments(found.at_given(slopes)[0])


def _like(name: str, what: str, given: Value, found: Differentiated) -> list[Expression]:
    """A value of the structure and shapes of the function's, as expressions."""
    if given.tree != found.value.tree:
        raise ArgumentTypeError(
            f"{name}: {what} is {given}, and the value of the function {found.value}"
        )
    for output, weight in zip(found.outputs, given.nodes, strict=True):
        if output.shape != weight.shape:
            raise ShapeError(
                f"{name}: {what} is {given}, and the value of the function {found.value}"
            )
    return given.nodes


def _check_list(name: str, what: str, given: Any) -> None:
    if not isinstance(given, tuple | list):
        raise ArgumentTypeError(
            f"{name}: {what} has to be a tuple or a list of the arguments, "
            f"got {type(given).__name__}"
        )

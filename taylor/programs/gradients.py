"""Gradients of Python functions, with the signatures and the meaning that JAX gives them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from taylor.errors import ArgumentTypeError
from taylor.expressions.leaves import ONE
from taylor.programs.arguments import checked_argnums
from taylor.programs.differentiated import Differentiated, directions_of
from taylor.programs.program import Program
from taylor.transforms.forward import tangents
from taylor.transforms.reverse import adjoints


def grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    *,
    precision: str = "float64",
) -> Program[..., Any]:
    """Return a function that gives the gradient of `fun`.

    fun:     an ordinary function of numbers, NumPy arrays, and tuples, lists, dictionaries or
             dataclasses of these, that returns a single number.
    argnums: which argument to differentiate by, or several; the result is then a tuple.
    has_aux: `fun` returns a pair (number, whatever else); the result is a pair (gradient, that).
    precision: "float64", "float32" or "double-double".

    The gradient has the structure and the shapes of the argument.  Whole numbers and truth values
    inside are constants, whose derivative is given as 0; a whole number that is itself the argument
    counts as a real one.  The function is traced when it is first called, and whenever structure,
    shapes or what it reads from outside have changed; then a call is a call of machine code (large
    arrays should be arguments: captured ones are compared before each call).  Called with
    expressions it gives expressions: gradients of gradients are made like this.

    What `np.where` does not choose, and what a few choices of parts (`y[k]`, `y[2:5]`) leave out of
    an array that was computed element by element, has no part in the gradient, even where its own
    would be infinite.  Elsewhere zero times infinity is NaN: where `np.max` or `np.min` leave out
    elements, where many parts are chosen, or after a change of shape or a sum.  Choose before you
    compute then (`a[k] / b[k]`), or replace the operands by harmless ones with `np.where`.

    Raises ShapeError or ArgumentTypeError where `fun` returns no single number, TracingError (with
    your line) where it asks for the value of an argument, as `if x > 0` does.

    >>> import numpy as np, taylor as ty
    >>> def loss(w, x):
    ...     return np.sum(np.tanh(x @ w) ** 2)
    >>> ty.grad(loss)(np.zeros(2), np.ones((5, 2))).tolist()
    [0.0, 0.0]
    >>> float(ty.grad(ty.grad(lambda x: x**3))(2.0))
    12.0
    """
    checked_argnums("grad", argnums)
    return Program("grad", fun, partial(_slope, fun, argnums, has_aux), (), precision)


def value_and_grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    *,
    precision: str = "float64",
) -> Program[..., Any]:
    """Return a function that gives a pair: the value of `fun` and its gradient.

    Arguments and errors are those of `taylor.grad`; with `has_aux` the value is a pair (number,
    aux).  What both need is computed once.

    >>> import numpy as np, taylor as ty
    >>> value, slope = ty.value_and_grad(lambda x: np.sum(x**2))(np.array([1.0, 2.0]))
    >>> float(value), slope.tolist()
    (5.0, [2.0, 4.0])
    """
    checked_argnums("value_and_grad", argnums)
    build = partial(_value_and_slope, fun, argnums, has_aux)
    return Program("value_and_grad", fun, build, (), precision)


def hvp(
    fun: Callable[..., Any], argnums: int = 0, *, precision: str = "float64"
) -> Program[..., Any]:
    """Return a function hvp(x, v, ...) that gives the Hessian of `fun` at x times v.

    fun: as for `taylor.grad`, of x and further arguments; v: of the structure and shapes of x.

    The cost is that of a few values of `fun`, whatever the size of x: the gradient is
    differentiated in one direction.  It is what `scipy.optimize.minimize` takes for `hessp`.

    >>> import numpy as np, taylor as ty
    >>> product = ty.hvp(lambda x: np.sum(x**3))
    >>> product(np.array([1.0, 2.0]), np.array([1.0, 0.5])).tolist()
    [6.0, 6.0]
    """
    if isinstance(argnums, tuple | list):
        raise ArgumentTypeError(f"hvp: argnums={argnums!r} has to be a single int")
    checked_argnums("hvp", argnums)
    return Program("hvp", fun, partial(_curvature, fun, int(argnums)), (), precision)


# --- what they make of expressions ---------------------------------------------------------------


def _slope(fun: Any, argnums: Any, has_aux: bool, /, *args: Any, **kwargs: Any) -> Any:
    found = Differentiated("grad", fun, args, kwargs, argnums, has_aux)
    slopes = adjoints([found.loss], [ONE], found.own)
    if found.aux is None:
        return found.of_arguments(found.at_given(slopes)[0])
    slopes, aux = found.at_given(slopes, found.aux.nodes)
    return found.of_arguments(slopes), found.aux.tree.build(aux)


def _value_and_slope(fun: Any, argnums: Any, has_aux: bool, /, *args: Any, **kwargs: Any) -> Any:
    found = Differentiated("value_and_grad", fun, args, kwargs, argnums, has_aux)
    loss = found.loss
    extra = [] if found.aux is None else found.aux.nodes
    slopes = adjoints([loss], [ONE], found.own)
    (loss,), slopes, extra = found.at_given([loss], slopes, extra)
    value = loss if found.aux is None else (loss, found.aux.tree.build(extra))
    return value, found.of_arguments(slopes)


def _curvature(fun: Any, number: int, /, *args: Any, **kwargs: Any) -> Any:
    place = number if number >= 0 else number + len(args) - 1
    if not 0 <= place < len(args) - 1:
        raise ArgumentTypeError(
            f"hvp: a call has the arguments of the function and, after argument {number}, the "
            f"vector; got {len(args)} argument(s)"
        )
    vector, rest = args[place + 1], (*args[: place + 1], *args[place + 2 :])
    found = Differentiated("hvp", fun, rest, kwargs, place, False)
    slopes = adjoints([found.loss], [ONE], found.own)
    seeds = dict(zip(found.own, directions_of("hvp", found, [vector]), strict=True))
    return found.of_arguments(found.at_given(tangents(slopes, seeds))[0])

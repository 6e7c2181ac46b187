"""What rules of primitives are given."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from taylor.control.tracing import as_node
from taylor.errors import UnsupportedFunctionError
from taylor.expressions.expression import Expression
from taylor.nodes.logic import condition, is_condition

OWN = os.path.dirname(jax.__file__) + os.sep  # where JAX's own functions are

# A number, an array of JAX or NumPy (both are known), or an expression.
Operand = Any


class Walk(Protocol):
    """What reads jaxprs."""

    name: str  # of the function that is read, for messages

    def read(self, jaxpr: Any, operands: Sequence[Operand]) -> list[Operand]:
        """The results of a closed jaxpr."""

    def evaluated(self, eqn: Any, operands: Sequence[Any]) -> list[Any]:
        """The results of an equation whose operands are known, by JAX."""


class Call:
    """One equation of a jaxpr.

    params:  of the primitive.
    kind:    of the numbers of the first operand: "f" floating, "i" whole, "b" truth values.
    shape:   of the first result, wanted: its kind.
    """

    def __init__(self, walk: Walk, eqn: Any) -> None:
        self.walk, self.eqn, self.params = walk, eqn, eqn.params
        self.name = str(eqn.primitive.name)
        self.kind = kind_of(eqn.invars[0].aval) if eqn.invars else "f"
        self.shape: tuple[int, ...] = eqn.outvars[0].aval.shape if eqn.outvars else ()
        self.wanted = kind_of(eqn.outvars[0].aval) if eqn.outvars else "f"

    def is_asked_by_jax(self, function: str) -> bool:
        """Whether a function of JAX's own called this one, which made the equation."""
        frames = getattr(self.eqn.source_info.traceback, "frames", [])
        names = [frame.function_name for frame in frames]
        if function not in names[:-1]:
            return False
        return bool(frames[names.index(function) + 1].file_name.startswith(OWN))

    def refuse(self, what: str) -> UnsupportedFunctionError:
        """The error that says what is missing."""
        return UnsupportedFunctionError(
            f"jax.trace: {self.walk.name} uses JAX's primitive {self.name!r} {what}"
        )


Rule = Callable[..., Any]  # of a call and its operands; gives one result, or a list of them


def doubles() -> Any:
    """A context in which JAX has float64."""
    if hasattr(jax, "enable_x64"):
        return jax.enable_x64(True)
    from jax.experimental import enable_x64  # before JAX 0.8

    return enable_x64()


def kind_of(aval: Any) -> str:
    """Whether numbers are floating ("f"), whole ("i") or truth values ("b"); "?" for others."""
    if jnp.issubdtype(aval.dtype, jnp.floating):
        return "f"
    if jnp.issubdtype(aval.dtype, jnp.integer):
        return "i"
    return "b" if aval.dtype == jnp.bool_ else "?"


def is_known(operand: Operand) -> bool:
    """Whether an operand is no expression."""
    return not isinstance(operand, Expression)


def number(operand: Operand) -> Expression:
    """An operand as an expression; of truth values a condition."""
    if isinstance(operand, Expression):
        return operand
    array = np.asarray(operand)
    if array.dtype == object:  # of scalar expressions
        return as_node(operand)
    if array.dtype.kind not in "biuf":  # bfloat16 and the like
        array = np.asarray(jnp.asarray(operand, jnp.float32))
    if array.dtype.kind == "b":
        return truth(as_node(array.astype(float) if array.shape else float(array)))
    return as_node(array)


def truth(operand: Operand) -> Expression:
    """An operand as a condition."""
    e = operand if isinstance(operand, Expression) else number(operand)
    return e if is_condition(e) else condition(e)


def known_shape(operand: Operand) -> tuple[int, ...]:
    """The shape of an operand."""
    return operand.shape if isinstance(operand, Expression) else tuple(np.shape(operand))


def places_of(shape: tuple[int, ...], first: int = 0) -> jax.Array:
    """The numbers of an array's elements, by which one sees where they are moved to."""
    size = int(np.prod(shape, dtype=int))
    return jnp.arange(first, first + size, dtype=jnp.int64).reshape(shape)

"""Formulas as primitives of JAX: values, derivatives forward and backward, batches, machine code.

There are two: `taylor` is any formula, `taylor_linear` one that is linear in its last operands,
which JAX may transpose.  The derivative of either is a formula of the second kind, and so on: all
orders are our own transforms, made when JAX asks for them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
from jax.extend.core import Primitive
from jax.interpreters import ad, batching, mlir

from taylor.bridges.jax.compiled import target
from taylor.bridges.jax.formulas import Formula, Linear

_value, _linear = Primitive("taylor"), Primitive("taylor_linear")


def bound(formula: Formula, arrays: Sequence[Any], dtype: Any) -> list[Any]:
    """The outputs of a formula, for arrays of JAX of this dtype and of the inputs' shapes."""
    primitive = _linear if isinstance(formula, Linear) else _value
    found: list[Any] = primitive.bind(*arrays, formula=formula, dtype=jnp.dtype(dtype))
    return found


def _shapes(formula: Formula, dtype: Any) -> list[Any]:
    return [jax.ShapeDtypeStruct(e.shape, dtype) for e in formula.outputs]


def _abstract(*avals: Any, formula: Formula, dtype: Any) -> list[Any]:
    return [jax.core.ShapedArray(e.shape, dtype) for e in formula.outputs]


def _at_once(*arrays: Any, formula: Formula, dtype: Any) -> list[Any]:
    """The values themselves, where nothing is traced."""
    return _compiled(*arrays, formula=formula, dtype=dtype)


def _traced(*arrays: Any, formula: Formula, dtype: Any) -> list[Any]:
    return bound(formula, arrays, dtype)


_compiled = jax.jit(_traced, static_argnames=("formula", "dtype"))


def _called(*arrays: Any, formula: Formula, dtype: Any) -> Sequence[Any]:
    """The call of the machine code, as JAX has it."""
    wanted = _shapes(formula, dtype)
    if not any(e.size for e in formula.outputs):
        return [jnp.zeros(one.shape, dtype) for one in wanted]
    found: Sequence[Any] = jax.ffi.ffi_call(target(formula, dtype.name), wanted)(*arrays)
    return found


# --- derivatives ---------------------------------------------------------------------------------


def _jvp(
    primals: Sequence[Any], tangents: Sequence[Any], *, formula: Formula, dtype: Any
) -> tuple[list[Any], list[Any]]:
    values = bound(formula, primals, dtype)
    which = tuple(type(t) is not ad.Zero for t in tangents)
    if isinstance(formula, Linear) and not any(which[: formula.fixed]):
        fixed, last = primals[: formula.fixed], tangents[formula.fixed :]
        return values, bound(formula, [*fixed, *map(ad.instantiate_zeros, last)], dtype)
    given = [t for t, does in zip(tangents, which, strict=True) if does]
    return values, bound(formula.along(which), [*primals, *given], dtype)


def _transposed(
    cotangents: Sequence[Any], *operands: Any, formula: Linear, dtype: Any
) -> list[Any]:
    """What each of the last operands has of the adjoints; None for the first ones."""
    fixed = operands[: formula.fixed]
    given = map(ad.instantiate_zeros, cotangents)
    found = bound(formula.transposed, [*fixed, *given], dtype)
    return [*[None] * formula.fixed, *found]


# --- batches -------------------------------------------------------------------------------------


def _batched(
    operands: Sequence[Any], axes: Sequence[int | None], *, formula: Formula, dtype: Any
) -> tuple[list[Any], list[int]]:
    pairs = list(zip(operands, axes, strict=True))
    size = next(x.shape[axis] for x, axis in pairs if axis is not None)
    fixed = formula.fixed if isinstance(formula, Linear) else len(operands)
    given, wide = [], []
    for k, (x, axis) in enumerate(pairs):
        wide.append(axis is not None or k >= fixed)
        if axis is not None:
            x = jnp.moveaxis(x, axis, 0)
        elif k >= fixed:
            x = jnp.broadcast_to(x, (size, *x.shape))
        given.append(x)
    found = bound(formula.many(tuple(wide), size), given, dtype)
    return found, [0] * len(found)


for _primitive in (_value, _linear):
    _primitive.multiple_results = True
    _primitive.def_impl(_at_once)
    _primitive.def_abstract_eval(_abstract)
    ad.primitive_jvps[_primitive] = _jvp
    batching.primitive_batchers[_primitive] = _batched
    mlir.register_lowering(_primitive, mlir.lower_fun(_called, multiple_results=True), "cpu")
ad.primitive_transposes[_linear] = _transposed

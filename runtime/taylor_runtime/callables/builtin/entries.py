"""Entries to compiled functions: built-in functions whose arguments machine code looks at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.callables.python_calls import Externals, watched
from taylor_runtime.engine.compiler import STEP_PASSES, Module, Options, compile_ir
from taylor_runtime.points import array_call, scalar_call
from taylor_runtime.points.python_objects import make_builtin
from taylor_runtime.program.arrays import Shape

Shapes = Sequence[Shape]


def facts_of(
    loop: int,
    inputs: Shapes,
    outputs: Shapes,
    packed: bool,
    spelled: bool = False,
    makers: Sequence[Callable[..., Any] | None] = (),
    wholes: Sequence[bool] = (),
) -> np.ndarray:
    """What `points.array_call` is told.

    spelled: whether the loop has an operand for each element.
    """
    sizes = [int(np.prod(shape, dtype=int)) for shape in (*inputs, *outputs)]
    facts = [len(inputs), len(outputs), loop, int(packed), 1, sizes[0] if sizes else 0, sizes[-1]]
    place = array_call.OPERANDS + array_call.EACH * len(sizes)
    whole = [int(k < len(wholes) and wholes[k]) for k in range(len(inputs))]
    made = [*whole, *[2 + k if make else 0 for k, make in enumerate(makers)]]
    for k, shape in enumerate((*inputs, *outputs)):
        maker = made[k] if k < len(made) else 0
        facts += [len(shape), place, sizes[k] if spelled else 1, maker]
        place += len(shape)
    return np.array([*facts, *[n for shape in (*inputs, *outputs) for n in shape]], np.int64)


def array_entry(
    facts: np.ndarray,
    otherwise: Callable[..., Any] | None,
    makers: tuple[Callable[..., Any] | None, ...],
    owner: object,
    externals: Externals | None,
) -> Callable[..., Any] | None:
    """A built-in function of contiguous arrays of float64 of certain shapes, and of floats.

    It returns arrays of the caller's own and numpy.float64s, one or a tuple; for arguments that are
    anything else what `otherwise` makes of them (None where that is None).  None where NumPy or
    Python do not look as known, or for more operands than there is room for.
    """
    pointers = facts[array_call.OPERANDS + 2 :: array_call.EACH][: facts[0] + facts[1]].sum()
    code = _array_call() if pointers <= array_call.MOST else None
    if code is None:
        return None
    address = code.address(array_call.ARRAY_CALL)
    items = (facts, otherwise, *makers, code, owner)
    made = make_builtin(address, array_call.ARRAY_CALL, *items, keywords=True)
    return watched(made, externals)


def guarded_entry(
    entry: Callable[..., Any],
    otherwise: Callable[..., Any],
    functions: Sequence[tuple[dict[Any, Any], Any, Any, Any]],
) -> Callable[..., Any] | None:
    """A built-in function that calls another one while functions of a module are what they were.

    functions: each a dictionary, the key in it, the function, and its code.
    otherwise: is called where one has changed.
    """
    code = _guarded_call()
    if code is None:
        return None
    table = np.array([id(x) for row in functions for x in row], dtype=np.int64)
    items = (table, otherwise, entry, code, tuple(functions))
    address = code.address(scalar_call.GUARDED)
    return make_builtin(address, scalar_call.GUARDED, *items, keywords=True)


@lru_cache(maxsize=1)
def _guarded_call() -> Module | None:
    linked = scalar_call.guarded_externals()
    if not linked:
        return None  # pragma: no cover - no such NumPy
    symbols = [scalar_call.GUARDED]
    return compile_ir(scalar_call.guarded_module(), symbols, externals=linked, label="guarded call")


@lru_cache(maxsize=1)
def _array_call() -> Module | None:
    linked = array_call.externals()
    if not linked:
        return None  # pragma: no cover - no such NumPy
    text = array_call.array_call_module()
    options = Options(STEP_PASSES, codegen=0)  # made in 2 ms instead of 16, and 20 ns slower
    return compile_ir(
        text, [array_call.ARRAY_CALL], options=options, externals=linked, label="array call"
    )

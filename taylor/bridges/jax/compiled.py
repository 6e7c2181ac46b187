"""Formulas as targets of XLA's foreign function interface."""

from __future__ import annotations

import ctypes
import itertools
import os
import threading
from typing import Any

import jax

from taylor.bridges.jax.formulas import Formula
from taylor.bridges.jax.solves import handler_of, listed
from taylor.points.formula import Function
from taylor_runtime.callables.foreign.xla import Handler, loop_handler, python_handler

_PROCESS = os.urandom(8).hex()  # of what no other process may take for the same
_number = itertools.count()
_lock = threading.Lock()
# XLA keeps addresses for good, and so does this: handlers by their names.
_registered: dict[str, Handler] = {}


def target(formula: Formula, dtype: str) -> str:
    """The name of the target that computes a formula in "float64" or "float32".

    It is told by what it computes: programs that XLA has kept on disk find the same again.
    """
    with _lock:
        found = formula.targets.get(dtype)
        if found is None:
            found = formula.targets[dtype] = _register(_handler(formula, dtype))
    return found


def _handler(formula: Formula, dtype: str) -> Handler:
    shapes = [e.shape for e in formula.inputs], [e.shape for e in formula.outputs]
    operands = [[(shape, dtype) for shape in side] for side in shapes]
    if formula.solution is not None:
        own = handler_of(formula.solution, *operands)
        return own or python_handler(listed(formula.solution), *operands)
    function: Function[Any] = Function(
        formula.outputs, formula.inputs, False, formula.name, precision=dtype
    )
    found = loop_handler(function.code, *shapes)
    return python_handler(function, *operands) if found is None else found


def _register(handler: Handler) -> str:
    """Make a handler known to XLA, once."""
    name = f"taylor_{handler.digest or f'{_PROCESS}_{next(_number)}'}"
    if name not in _registered:
        capsule = jax.ffi.pycapsule(ctypes.c_void_p(handler.address))
        jax.ffi.register_ffi_target(name, capsule, platform="cpu")
        _registered[name] = handler
    return name

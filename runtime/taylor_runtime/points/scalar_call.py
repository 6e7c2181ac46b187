"""Calls with plain numbers, past NumPy's machinery: compiled functions as built-in Python
functions.

NumPy takes about 0.4 us to find out that three Python floats are float64.  A CPython built-in
function of the METH_FASTCALL convention (Python/C API manual, "Common Object Structures") is
entered in a tenth of that, and can be compiled like any other function.  It answers only for exact
floats and numpy.float64; for anything else it returns None, and the caller goes the long way.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I64, PTR
from taylor_runtime.ir.values import Value
from taylor_runtime.points.blocks import Counts, call_block, memory
from taylor_runtime.program.widths import REGISTER

SCALAR = "taylor.scalar"
_METH_FASTCALL = 0x0080
# Of ob_type, the header's last field: all that the text depends on besides the program.
TYPE_OFFSET = object.__basicsize__ - ctypes.sizeof(ctypes.c_void_p)
_NONE = "taylor.none"
_FLOAT, _FLOAT64 = "taylor.float", "taylor.float64"
_API = ("PyFloat_AsDouble", "PyFloat_FromDouble", "PyTuple_New", "PyTuple_SetItem", "Py_IncRef")


def supported() -> bool:
    """Whether this is a CPython whose objects look as assumed."""
    return sys.implementation.name == "cpython" and ctypes.sizeof(ctypes.c_void_p) == 8


def externals() -> dict[str, int]:
    """Addresses that a module with `emit_scalar_call` is linked with."""
    found = {_NONE: id(None), _FLOAT: id(float), _FLOAT64: id(np.float64)}
    for name in _API:
        address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        found[name] = address or 0
    return found


def emit_scalar_call(module: Module, counts: Counts, block: str = "block") -> None:
    """PyObject *taylor.scalar(PyObject *self, PyObject *const *args, Py_ssize_t count), around
    @block, or what computes its first lane alone.
    """
    inputs, outputs = counts.inputs, counts.outputs
    for name in (_NONE, _FLOAT, _FLOAT64):
        module.declare(name, f"@{name} = external global i8")
    module.declare("PyFloat_AsDouble", "declare double @PyFloat_AsDouble(ptr)")
    module.declare("PyFloat_FromDouble", "declare ptr @PyFloat_FromDouble(double)")
    module.declare("PyTuple_New", "declare ptr @PyTuple_New(i64)")
    module.declare("PyTuple_SetItem", "declare i32 @PyTuple_SetItem(ptr, i64, ptr)")
    module.declare("Py_IncRef", "declare void @Py_IncRef(ptr)")
    parameters = [("ptr", "self"), ("ptr", "args"), ("i64", "count")]
    with define_function(module, SCALAR, "ptr", parameters, "nounwind") as (b, (_, args, count)):
        _leave_unless(b, b.eq(count, inputs))
        given = [b.load(PTR, b.at(args, k, "ptr")) for k in range(inputs)]
        for argument in given:
            _leave_unless(b, _is_float(b, argument))
        tables = [b.alloca("ptr", max(inputs, 1)), b.alloca("ptr", outputs)]
        for k, argument in enumerate(given):
            buffer = b.alloca("double", REGISTER)
            value = b.call(F64, "PyFloat_AsDouble", argument)
            b.store(b.splat(value, REGISTER), buffer, 64)
            b.store(buffer, b.at(tables[0], k, "ptr"))
        results = [b.alloca("double", REGISTER) for _ in range(outputs)]
        for k, buffer in enumerate(results):
            b.store(buffer, b.at(tables[1], k, "ptr"))
        with memory(b, counts.places * REGISTER, "double") as work:
            call_block(b, tables[0], tables[1], work, name=block)
        b.ret(_packed(b, results))


def _is_float(b: Builder, argument: Value) -> Value:
    kind = b.load(I64, b.at(argument, TYPE_OFFSET, "i8"))
    exact, numpy_kind = (
        b.eq(kind, b.emit(I64, f"ptrtoint ptr @{name} to i64")) for name in (_FLOAT, _FLOAT64)
    )
    return exact | numpy_kind


def _leave_unless(b: Builder, condition: Value) -> None:
    go_on, leave = b.fresh_label("fits"), b.fresh_label("leave")
    b.branch(condition, go_on, leave)
    b.label(leave)
    b.line(f"call void @Py_IncRef(ptr @{_NONE})")
    b.line(f"ret ptr @{_NONE}")
    b.label(go_on)


def _packed(b: Builder, results: list[Value]) -> Value:
    """A float, or a tuple of floats."""
    numbers = [b.call(PTR, "PyFloat_FromDouble", b.load(F64, buffer)) for buffer in results]
    if len(numbers) == 1:
        return numbers[0]
    packed = b.call(PTR, "PyTuple_New", b.constant(len(numbers), I64))
    for k, number in enumerate(numbers):
        b.line(f"call i32 @PyTuple_SetItem(ptr {packed.text}, i64 {k}, ptr {number.text})")
    return packed


class _MethodDefinition(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def make_builtin(address: int, name: str, owner: object) -> Callable[..., Any]:
    """The machine code at `address` as a Python function; `owner` lives as long as it does."""
    definition = _MethodDefinition(name.encode(), address, _METH_FASTCALL, None)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    belongings = (owner, definition)  # the function's `self`, so that it keeps them alive
    function: Callable[..., Any] = new(ctypes.addressof(definition), belongings, None)
    return function

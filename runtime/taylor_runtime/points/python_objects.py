"""How Python's and NumPy's objects look to machine code, and what makes them.

A CPython built-in function of the METH_FASTCALL convention (Python/C API manual, "Common Object
Structures") is entered in 40 ns, and can be compiled like any other function.

NumPy's table of functions for extension modules (capsule `_ARRAY_API`) and the first fields of an
array are its stable binary interface (NumPy reference, "NumPy C-API: Array API"), which 2.0
changed last.  Both are looked at before they are used: elsewhere nothing is known, and calls go
through NumPy.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from taylor_runtime.ir.builder import Builder
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import F64, I1, I32, I64, PTR
from taylor_runtime.ir.values import Index, Value

# Positions in the table.
_VERSION, _ARRAY_TYPE, _NEW = 0, 2, 93
_ALLOC = 47  # `Py_tp_alloc`: what makes an object of a type
_INTERFACES = (0x01000009, 0x02000000)  # of NumPy 1 and 2: what NPY_ABI_VERSION was
# Fields of an array, in bytes after the header of all objects.
DATA, NDIM, DIMENSIONS, DTYPE, FLAGS = 0, 8, 16, 40, 48
ORDINARY = 0x0001 | 0x0100  # flags of what is contiguous and aligned
WRITEABLE = 0x0400
_DOUBLE_NUMBER = 12  # NPY_DOUBLE

NONE, FLOAT, FLOAT64 = "taylor.none", "taylor.float", "taylor.float64"
INT = "taylor.int"
ARRAY, DOUBLES = "taylor.array", "taylor.doubles"
NEW_ARRAY, NEW_NUMBER = "PyArray_New", "taylor.new_float64"
# What all of it uses; further functions are declared beside.
FUNCTIONS = {
    "PyTuple_GetItem": "ptr @PyTuple_GetItem(ptr, i64)",
    "Py_IncRef": "void @Py_IncRef(ptr)",
    "PyObject_Vectorcall": "ptr @PyObject_Vectorcall(ptr, ptr, i64, ptr)",
}
_MAKERS = {
    NEW_ARRAY: "ptr @PyArray_New(ptr, i32, ptr, i32, ptr, ptr, i32, i32, ptr)",
    NEW_NUMBER: "ptr @taylor.new_float64(ptr, i64)",
}
_METH_KEYWORDS, _METH_FASTCALL = 0x0002, 0x0080
HEADER = object.__basicsize__
TYPE_OFFSET = HEADER - ctypes.sizeof(ctypes.c_void_p)  # of ob_type, the header's last field


def supported() -> bool:
    """Whether this is a CPython whose objects look as assumed."""
    return sys.implementation.name == "cpython" and ctypes.sizeof(ctypes.c_void_p) == 8


def python_symbols(*functions: str) -> dict[str, int]:
    """Addresses of functions of Python's own interface, and of the objects that are told apart."""
    found = {NONE: id(None), FLOAT: id(float), FLOAT64: id(np.float64), INT: id(int)}
    for name in functions:
        address = ctypes.cast(getattr(ctypes.pythonapi, name), ctypes.c_void_p).value
        found[name] = address or 0
    return found


def symbols(*functions: str) -> dict[str, int]:
    """Addresses of all that a module with arrays and numbers is linked with, and of functions of
    Python's own interface; none where NumPy is not as known.
    """
    found = array_symbols()
    return {**python_symbols(*functions, *FUNCTIONS), **found} if found else {}


@lru_cache(maxsize=1)
def array_symbols() -> dict[str, int]:
    """Addresses of what makes arrays and numbers of float64; none where NumPy is not as known."""
    try:
        return _array_symbols() if supported() else {}
    except (AttributeError, ValueError, ctypes.ArgumentError):  # pragma: no cover - no such NumPy
        return {}


def _array_symbols() -> dict[str, int]:
    module = getattr(np, "_core", None) or np.core
    capsule = module._multiarray_umath._ARRAY_API
    prototype = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    address = prototype(("PyCapsule_GetPointer", ctypes.pythonapi))(capsule, None)
    table = (ctypes.c_void_p * (_NEW + 1)).from_address(address)
    version = ctypes.CFUNCTYPE(ctypes.c_uint)(table[_VERSION] or 0)()
    known = version in _INTERFACES and table[_ARRAY_TYPE] == id(np.ndarray)
    slot = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_int)
    new_number = slot(("PyType_GetSlot", ctypes.pythonapi))(np.float64, _ALLOC)
    known = known and bool(new_number) and floats_look_as_known()
    if not known or not looks_as_known(np.ones((2, 3))[:, ::2]):
        return {}  # pragma: no cover - no such NumPy
    return {
        ARRAY: id(np.ndarray),
        DOUBLES: id(np.dtype(float)),
        NEW_ARRAY: table[_NEW] or 0,
        NEW_NUMBER: new_number,
    }


@lru_cache(maxsize=1)
def floats_look_as_known() -> bool:
    """Whether the number of a float, and of a numpy.float64, comes right after the header."""
    return supported() and all(
        ctypes.c_double.from_address(id(x) + HEADER).value == x for x in (2.75, np.float64(-1.375))
    )


def looks_as_known(array: np.ndarray) -> bool:
    """Whether an array's fields are where they are expected."""
    if np.ndarray.__basicsize__ < HEADER + FLAGS + 8:
        return False  # pragma: no cover - no such NumPy
    first = id(array) + HEADER
    dimensions = ctypes.c_void_p.from_address(first + DIMENSIONS).value
    number = ctypes.c_int.from_address(first + NDIM).value
    if number != array.ndim or not dimensions:
        return False  # pragma: no cover - no such NumPy
    return (
        ctypes.c_void_p.from_address(first + DATA).value == array.ctypes.data
        and tuple((ctypes.c_int64 * number).from_address(dimensions)) == array.shape
        and ctypes.c_void_p.from_address(first + DTYPE).value == id(array.dtype)
        and ctypes.c_int.from_address(first + FLAGS).value == array.flags.num
    )


def has_slots_first(kind: type) -> bool:
    """Whether instances of a class begin with their first two slots, after the header."""
    made: Any = object.__new__(kind)
    slots = [name for base in reversed(kind.__mro__) for name in vars(base).get("__slots__", ())]
    marks = [object(), object()]
    for name, mark in zip(slots, marks, strict=False):
        object.__setattr__(made, name, mark)
    size = ctypes.sizeof(ctypes.c_void_p)
    if len(slots) < len(marks) or kind.__basicsize__ < HEADER + len(marks) * size:
        return False
    found = (ctypes.c_void_p * len(marks)).from_address(id(made) + HEADER)
    return list(found) == [id(mark) for mark in marks]


class _MethodDefinition(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def make_builtin(
    address: int, name: str, *items: object, keywords: bool = False
) -> Callable[..., Any]:
    """The machine code at `address` as a Python function.

    items: of the tuple that it is passed first, as `self`; they live as long as the function.
    keywords: whether it takes the names of keyword arguments, a tuple or null, last.
    """
    flags = _METH_FASTCALL | (_METH_KEYWORDS if keywords else 0)
    definition = _MethodDefinition(name.encode(), address, flags, None)
    new = ctypes.pythonapi.PyCFunction_NewEx
    new.restype = ctypes.py_object
    new.argtypes = (ctypes.c_void_p, ctypes.py_object, ctypes.c_void_p)
    belongings = (*items, definition)
    function: Callable[..., Any] = new(ctypes.addressof(definition), belongings, None)
    return function


# -- text ---------------------------------------------------------------------------------------


def declare(module: Module, functions: Mapping[str, str]) -> None:
    """Declare all objects and makers, and these functions with `FUNCTIONS`."""
    for name in (NONE, FLOAT, FLOAT64, INT, ARRAY, DOUBLES):
        module.declare(name, f"@{name} = external global i8")
    for name, signature in {**FUNCTIONS, **functions, **_MAKERS}.items():
        module.declare(name, f"declare {signature}")


def is_at(b: Builder, pointer: Value, name: str) -> Value:
    """i1: whether an address is that of a symbol."""
    return b.emit(I1, f"icmp eq ptr {pointer.text}, @{name}")


def has_type(b: Builder, argument: Value, name: str) -> Value:
    """i1: whether an object is exactly of the type at a symbol."""
    return is_at(b, b.load(PTR, b.at(argument, TYPE_OFFSET, "i8")), name)


def is_float(b: Builder, argument: Value) -> Value:
    """i1: whether an object is exactly a float or a numpy.float64."""
    return has_type(b, argument, FLOAT) | has_type(b, argument, FLOAT64)


def place_of_float(b: Builder, argument: Value) -> Value:
    """Where the number of a float is; see `floats_look_as_known`."""
    return b.at(argument, HEADER, "i8")


def is_ordinary(b: Builder, array: Value, axes: Value) -> tuple[Value, Value]:
    """i1: whether an array is of contiguous doubles with so many axes; and where its shape is."""
    first = b.at(array, HEADER, "i8")
    flags = b.load(I32, b.at(first, FLAGS, "i8"), 4) & ORDINARY
    doubles = is_at(b, b.load(PTR, b.at(first, DTYPE, "i8")), DOUBLES)
    number = b.cast("sext", b.load(I32, b.at(first, NDIM, "i8"), 4), "i64")
    fits = doubles & b.eq(flags, ORDINARY) & b.eq(number, axes)
    return fits, b.load(PTR, b.at(first, DIMENSIONS, "i8"))


def data_of(b: Builder, array: Value) -> Value:
    """Where the elements of an array are."""
    return b.load(PTR, b.at(array, HEADER + DATA, "i8"))


def size_of(b: Builder, array: Value) -> Value:
    """How many elements an array of one axis has."""
    return b.load(I64, b.load(PTR, b.at(array, HEADER + DIMENSIONS, "i8")))


def let_write(b: Builder, array: Value, allowed: Value) -> None:
    """Whether Python may write to a new array's elements; it may unless told."""
    place = b.at(array, HEADER + FLAGS, "i8")
    flags = b.load(I32, place, 4)
    b.store(b.select(allowed, flags, flags & ~WRITEABLE), place, 4)


def item(b: Builder, items: Value, which: Index) -> Value:
    """An item of a tuple, which keeps it."""
    number = which if isinstance(which, Value) else b.constant(which, I64)
    return b.call(PTR, "PyTuple_GetItem", items, number)


def new_number(b: Builder, place: Value) -> Value:
    """A numpy.float64 of the double at `place`; null without memory."""
    made = b.emit_anew(PTR, f"call ptr @{NEW_NUMBER}(ptr @{FLOAT64}, i64 0)")

    def put() -> list[Value]:
        b.store(b.load(F64, place), place_of_float(b, made))
        return []

    b.if_(b.ne(made, Value(b, PTR, "null")), put)
    return made


def new_array(b: Builder, axes: Value, shape: Value) -> Value:
    """An array of doubles with anything in it, of a shape at an address; null without memory."""
    number = b.cast("trunc", axes, "i32")
    first = f"ptr @{ARRAY}, i32 {number.text}, ptr {shape.text}, i32 {_DOUBLE_NUMBER}"
    rest = "ptr null, ptr null, i32 0, i32 0, ptr null"
    return b.emit_anew(PTR, f"call ptr @{NEW_ARRAY}({first}, {rest})")


def call_python(
    b: Builder, function: Value, args: Value, count: Value, names: Value | None = None
) -> Value:
    """What a Python function makes of arguments; null where it raises."""
    given = names or Value(b, PTR, "null")
    return b.call(PTR, "PyObject_Vectorcall", function, args, count, given)


def call_otherwise(
    b: Builder, own: Value, args: Value, count: Value, names: Value | None = None
) -> Value:
    """What the second item of `self` makes of the arguments; None where that is None.

    names: of keyword arguments, which come last.
    """
    function = item(b, own, 1)

    def nothing() -> list[Value]:
        b.line(f"call void @Py_IncRef(ptr {function.text})")
        return [function]

    def call() -> list[Value]:
        return [call_python(b, function, args, count, names)]

    return b.if_(is_at(b, function, NONE), nothing, call)[0]

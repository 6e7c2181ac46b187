"""How Python reaches machine code: real NumPy ufuncs, generalised ufuncs, and plain function calls.

NumPy makes ufuncs out of C loops through the table of functions that it exports for extension
modules as the capsule `_UFUNC_API` (NumPy reference, "NumPy C-API: UFunc API"). Here the table is
read with ctypes, so that no C compiler is needed. A ufunc owns its machine code: it may outlive
everything else that refers to it.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

try:  # the part of cffi in C, which parses types without the 20 ms that its Python part loads in
    from _cffi_backend import FFI
except ImportError:  # pragma: no cover - PyPy has no such module
    from cffi import FFI

# Operands that a ufunc may have: NPY_MAXARGS, raised from 32 to 64 in NumPy 2.0.
MAX_OPERANDS = 64 if int(np.__version__.split(".")[0]) >= 2 else 32

# Positions in the table; part of NumPy's stable binary interface.
_FROM_FUNC_AND_DATA = 1
_CLEAR_FLOATING_POINT_FLAGS = 27
_FROM_FUNC_AND_DATA_AND_SIGNATURE = 31
_NO_IDENTITY = -1  # PyUFunc_None: no value that reductions could start from

Loops = Mapping[str, int]  # dtype name -> address of void(char**, npy_intp*, npy_intp*, void*)


def make_ufunc(
    loops: Loops, inputs: int, outputs: int, name: str, doc: str = "", *, owner: object = None
) -> np.ufunc:
    """A NumPy ufunc around compiled inner loops.

    Args:
        loops: address of the loop `void(char **args, npy_intp *dimensions, npy_intp *steps, void
            *data)` for each dtype, e.g. {"float64": address}; all operands have this dtype. NumPy
            takes the first that the inputs can be cast to safely, so list the narrowest first.
        inputs, outputs: how many operands the loop reads and writes.
        name, doc: as shown by `help`.
        owner: kept alive as long as the ufunc, e.g. the `Module` that the addresses are from.

    Raises:
        ValueError: with no loops, no operands, or more operands than NumPy allows (`MAX_OPERANDS`).

    Example:
        >>> from taylor_runtime.engine.compiler import compile_ir
        >>> text = '''
        ... define void @loop(ptr %args, ptr %dims, ptr %steps, ptr %data) nounwind {
        ...   ret void
        ... }'''
        >>> module = compile_ir(text, ["loop"])
        >>> make_ufunc({"float64": module.address("loop")}, 2, 1, "nothing", owner=module)
        <ufunc 'nothing'>
    """
    total = inputs + outputs
    if not loops or inputs < 0 or outputs < 1 or total > MAX_OPERANDS:
        raise ValueError(
            f"make_ufunc: {len(loops)} loops, inputs={inputs}, outputs={outputs} of {name!r}; "
            f"a ufunc needs a loop, an output, and at most {MAX_OPERANDS} operands in all "
            "(use make_gufunc for more)"
        )
    return _make(loops, inputs, outputs, name, doc, None, owner)


def make_gufunc(
    loops: Loops, inputs: int, outputs: int, name: str, doc: str = "", *, owner: object = None
) -> np.ufunc:
    """A generalised ufunc from rows of `inputs` numbers to rows of `outputs`.

    The loop gets args = (input, output), dimensions = (rows, inputs, outputs) and steps = (from row
    to row of the input and of the output, from item to item of the input and of the output), in
    bytes. The result takes arrays of shape (..., inputs) to arrays of shape (..., outputs).
    Arguments as in `make_ufunc`.

    Raises:
        ValueError: with no loops or no operands.
    """
    if not loops or inputs < 1 or outputs < 1:
        raise ValueError(
            f"make_gufunc: {len(loops)} loops, inputs={inputs}, outputs={outputs} of {name!r}; "
            "at least one of each is needed"
        )
    return _make(loops, 1, 1, name, doc, f"({inputs})->({outputs})", owner)


_LOOP = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 4)
Shape = tuple[int, ...]


class WideFunction:
    """What a generalised ufunc of arrays of fixed shapes does: leading axes broadcast.

    It takes arrays of its dtype, and of options `out` alone.

    address: of a loop as ufuncs have; the steps within operands are those of contiguous arrays.
    """

    def __init__(
        self,
        address: int,
        dtype: Any,
        inputs: Sequence[Sequence[int]],
        outputs: Sequence[Sequence[int]],
        name: str,
        owner: object,
    ) -> None:
        self._loop, self._owner = _LOOP(address), owner
        self._dtype, self.__name__ = np.dtype(dtype), name
        self._inputs: list[Shape] = [tuple(shape) for shape in inputs]
        self._outputs: list[Shape] = [tuple(shape) for shape in outputs]
        self.nin, self.nout = len(inputs), len(outputs)

    def __call__(self, *given: Any, out: Any = None, order: str = "C") -> Any:
        """The outputs at points that broadcast: an array or number, or a tuple of several."""
        pairs = list(zip(map(np.asarray, given), self._inputs, strict=True))
        ahead = [array.shape[: array.ndim - len(shape)] for array, shape in pairs]
        outs = [None] * self.nout if out is None else [*out]
        there = [
            o.shape[: o.ndim - len(shape)]
            for o, shape in zip(outs, self._outputs, strict=True)
            if o is not None
        ]
        points = np.broadcast_shapes(*ahead, *there)
        arrays = [
            self._spread(array, points, own, shape)
            for (array, shape), own in zip(pairs, ahead, strict=True)
        ]
        results = [
            o if o is not None and self._takes(o) else np.empty((*points, *shape), self._dtype)
            for o, shape in zip(outs, self._outputs, strict=True)
        ]
        steps = [math.prod(s) * self._dtype.itemsize for s in (*self._inputs, *self._outputs)]
        for k, own in enumerate(ahead):
            if not any(size > 1 for size in own):
                steps[k] = 0  # the same at all points
        places = [array.ctypes.data for array in (*arrays, *results)]
        count = len(places)
        self._loop(
            (ctypes.c_void_p * count)(*places),
            (ctypes.c_ssize_t * 1)(math.prod(points)),
            (ctypes.c_ssize_t * count)(*steps),
            None,
        )
        for o, result in zip(outs, results, strict=True):
            if o is not None and o is not result:
                o[...] = result
        found = tuple(r[()] if o is None else o for o, r in zip(outs, results, strict=True))
        return found[0] if len(found) == 1 else found

    def _spread(self, array: np.ndarray, points: Shape, own: Shape, shape: Shape) -> np.ndarray:
        """Contiguous, at all points or at one."""
        array = np.asarray(array, self._dtype)
        if any(size > 1 for size in own):
            array = np.broadcast_to(array, (*points, *shape))
        return array if array.flags.c_contiguous else array.copy()

    def _takes(self, array: np.ndarray) -> bool:
        """Whether the loop may write there."""
        return array.dtype == self._dtype and array.flags.c_contiguous and array.flags.writeable


def make_array_function(
    loops: Loops,
    inputs: Sequence[Sequence[int]],
    outputs: Sequence[Sequence[int]],
    name: str,
    doc: str = "",
    *,
    owner: object = None,
) -> np.ufunc | WideFunction:
    """A generalised ufunc of arrays of fixed shapes, whose leading axes broadcast; a `WideFunction`
    where NumPy has none of so many operands.

    The loop gets its operands contiguous only if they are given so.  Other arguments as in
    `make_ufunc`.
    """
    if len(inputs) + len(outputs) > MAX_OPERANDS:
        ((dtype, address),) = loops.items()
        return WideFunction(address, dtype, inputs, outputs, name, owner)
    sides = [
        ",".join(f"({','.join(map(str, shape))})" for shape in side) for side in (inputs, outputs)
    ]
    return _make(loops, len(inputs), len(outputs), name, doc, "->".join(sides), owner)


def _make(
    loops: Loops,
    inputs: int,
    outputs: int,
    name: str,
    doc: str,
    signature: str | None,
    owner: object,
) -> np.ufunc:
    # NumPy copies none of these; they live as long as the ufunc, in the tuple that it comes to own.
    functions = (ctypes.c_void_p * len(loops))(*loops.values())
    data = (ctypes.c_void_p * len(loops))()
    numbers = [np.dtype(dtype).num for dtype in loops for _ in range(inputs + outputs)]
    types = ctypes.create_string_buffer(bytes(numbers), len(numbers))
    texts = [ctypes.c_char_p(text.encode()) for text in (name, doc)]
    counts = (len(loops), inputs, outputs, _NO_IDENTITY)
    if signature is None:
        ufunc = _constructor(_FROM_FUNC_AND_DATA)(functions, data, types, *counts, *texts, 0)
    else:
        make = _constructor(_FROM_FUNC_AND_DATA_AND_SIGNATURE)
        ufunc = make(functions, data, types, *counts, *texts, 0, signature.encode())
    _give(ufunc, (functions, data, types), (texts, owner))
    return ufunc


class _Head(ctypes.Structure):
    """The public fields of PyUFuncObject (numpy/ufuncobject.h) after the object header."""

    _fields_ = (
        ("nin", ctypes.c_int),
        ("nout", ctypes.c_int),
        ("nargs", ctypes.c_int),
        ("identity", ctypes.c_int),
        ("functions", ctypes.c_void_p),
        ("data", ctypes.c_void_p),
        ("ntypes", ctypes.c_int),
        ("reserved1", ctypes.c_int),
        ("name", ctypes.c_void_p),
        ("types", ctypes.c_void_p),
        ("doc", ctypes.c_void_p),
        ("ptr", ctypes.c_void_p),
        ("obj", ctypes.c_void_p),
    )


_immortal: list[object] = []  # what belongs to ufuncs of an unknown layout


def _give(ufunc: Any, tables: tuple[Any, ...], others: tuple[object, ...]) -> None:
    """Let the ufunc own its tables of functions, data and types, and other objects.

    Its field `obj` is there for that: NumPy releases it with the ufunc (`frompyfunc` keeps its
    callable so).
    """
    belongings = (tables, others)
    head = _Head.from_address(id(ufunc) + object.__basicsize__)
    found = (head.nin, head.nout, head.nargs, head.functions, head.data, head.types)
    addresses = (ctypes.addressof(table) for table in tables)
    expected = (ufunc.nin, ufunc.nout, ufunc.nargs, *addresses)
    if found != expected or head.obj is not None:
        _immortal.append(belongings)  # an unknown NumPy: never free, rather than free too early
        return
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(belongings))
    head.obj = id(belongings)


@lru_cache(maxsize=1)
def _table() -> ctypes.Array[ctypes.c_void_p]:
    """NumPy's table of ufunc functions."""
    module = getattr(np, "_core", None) or np.core
    capsule = module._multiarray_umath._UFUNC_API
    prototype = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)
    address = prototype(("PyCapsule_GetPointer", ctypes.pythonapi))(capsule, None)
    return (ctypes.c_void_p * (_FROM_FUNC_AND_DATA_AND_SIGNATURE + 1)).from_address(address)


@lru_cache(maxsize=2)
def _constructor(position: int) -> Callable[..., np.ufunc]:
    """One of NumPy's two constructors; PYFUNCTYPE keeps the GIL and raises Python's errors."""
    arguments: list[Any] = [ctypes.c_void_p] * 3 + [ctypes.c_int] * 4
    arguments += [ctypes.c_char_p] * 2 + [ctypes.c_int]
    if position == _FROM_FUNC_AND_DATA_AND_SIGNATURE:
        arguments.append(ctypes.c_char_p)
    function: Callable[..., np.ufunc] = ctypes.PYFUNCTYPE(ctypes.py_object, *arguments)(
        _table()[position] or 0
    )
    return function


def clear_flags_address() -> int:
    """Address of NumPy's `void(void)` that clears the processor's floating-point flags.

    NumPy turns flags that an inner loop leaves set into RuntimeWarnings; branch-free code raises
    flags in arms that are not taken, and may call this at its end.
    """
    return int(_table()[_CLEAR_FLOATING_POINT_FLAGS] or 0)


@lru_cache(maxsize=1)
def _ffi() -> Any:
    return FFI()


def prepare_pointers(*signatures: str) -> None:
    """Parse types that `function_pointer` will want (cffi keeps them)."""
    for signature in signatures:
        _ffi().typeof(signature)


def buffer(array: np.ndarray) -> Any:
    """The memory of a contiguous array, as an argument of type `void *`; it keeps the array alive.

    A fifth of the time that NumPy takes to tell an address.
    """
    return _ffi().from_buffer(array)


def callback(function: Callable[..., Any], arity: int, on_error: Callable[..., Any]) -> Any:
    """An object with the `address` of a C function of `arity` doubles that calls a Python function.

    Where that raises or returns no number, on_error(type, exception, traceback) is called and the
    result is NaN.

    >>> made = callback(abs, 1, print)
    >>> function_pointer(made.address, "double(*)(double)", owner=made)(-2.0)
    2.0
    """
    kind = f"double(*)({', '.join(['double'] * arity)})"
    made = _ffi().callback(kind, function, error=math.nan, onerror=on_error)
    return _Callback(made, int(_ffi().cast("uintptr_t", made)))


def array_callback(
    function: Callable[..., Any], arity: int, element: str, on_error: Callable[..., Any]
) -> Any:
    """An object with the `address` of a C function of `arity` pointers to numbers of a C type that
    calls a Python function of pointers, see `memory_at`.

    Where that raises, on_error(type, exception, traceback) is called.
    """
    kind = f"void(*)({', '.join([f'{element} *'] * arity)})"
    made = _ffi().callback(kind, function, onerror=on_error)
    return _Callback(made, int(_ffi().cast("uintptr_t", made)))


def memory_at(pointer: Any, size: int) -> Any:
    """So many bytes from a pointer on, which have to live as long, as a writable buffer."""
    return _ffi().buffer(pointer, size)


class _Callback(NamedTuple):
    """A C function that calls Python."""

    closure: Any  # the C function lives as long
    address: int


def function_pointer(address: int, signature: str, owner: object = None) -> Callable[..., Any]:
    """A callable for the C function at `address` that releases the GIL while it runs.

    Args:
        address: of the machine code.
        signature: type of a C function pointer, e.g. "int64_t(*)(double *, int64_t)".
        owner: kept alive as long as the callable, e.g. the `Module` that the address is from.

    Raises:
        ValueError: if `address` is zero.
        FFI.error: if `signature` is not a C type.

    Example:
        >>> import ctypes
        >>> absolute = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_int)(abs)
        >>> address = ctypes.cast(absolute, ctypes.c_void_p).value
        >>> function_pointer(address, "int(*)(int)", owner=absolute)(-3)
        3
    """
    if not address:
        raise ValueError("function_pointer: address is zero; take it from Module.address")
    pointer = _ffi().cast(signature, address)
    if owner is None:
        return pointer
    return _ffi().gc(pointer, lambda _: owner)  # the destructor is what holds the owner

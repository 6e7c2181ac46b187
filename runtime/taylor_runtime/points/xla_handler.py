"""Calls from XLA: handlers of its foreign function interface around loops of ufuncs.

A handler is `XLA_FFI_Error *(XLA_FFI_CallFrame *)`.  It finds the addresses of the arrays that XLA
gives and wants, puts those that have elements side by side, and calls a loop for one point, or a
function that enters Python.  All its memory is on the stack: XLA calls handlers from several
threads at once, without the GIL.

Layouts are those of xla/ffi/api/c_api.h, version 0, in which fields are only ever added at the end.
"""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.builder import Builder, define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I32, I64, PTR
from taylor_runtime.ir.values import Index, Value

HANDLER = "taylor.xla"
LOOP = "taylor.loop"  # void(char **args, npy_intp *dimensions, npy_intp *steps, void *data)
PYTHON = "taylor.python"  # const char *(void **arrays): null, or a message of what went wrong

# Offsets in bytes: of a call frame, of its lists of arguments and of results, of a buffer.
_EXTENSION, _API, _ARGUMENTS, _RESULTS = 8, 16, 40, 80
_COUNT, _BUFFERS = 16, 32
_DATA = 24
# Of the extension that asks what a handler is, and of what it wants to be told.
_TYPE, _METADATA, _ASKS = 8, 24, 1
_MAJOR, _MINOR, _TRAITS, _STATE, _WITH_STATE = 24, 28, 32, 40, 48
# Of the table of XLA's functions, and of what the one that makes errors is given.
_API_MINOR, _CREATE_ERROR = 36, 48
_ERROR_BYTES, _MESSAGE, _CODE = 28, 16, 24
INVALID_ARGUMENT, INTERNAL = 3, 13


def xla_module(inputs: Sequence[int], outputs: Sequence[int], stride: int, python: bool) -> str:
    """IR text of a handler for so many arrays, each with the number of its addresses that are
    wanted: none of an array without elements, else that of the first element or of all.

    stride: bytes of an element.
    python: it calls `PYTHON`, which gets the addresses of all arrays, instead of `LOOP`, the loop
        of a ufunc with these operands.
    """
    module = Module()
    if python:
        module.declare(PYTHON, f"declare ptr @{PYTHON}(ptr)")
    else:
        module.declare(LOOP, f"declare void @{LOOP}(ptr, ptr, ptr, ptr)")
    with define_function(module, HANDLER, "ptr", [("ptr", "frame")], "nounwind") as (b, (frame,)):
        handler = _Handler(b, frame, stride)
        extension = handler.field(frame, _EXTENSION)

        def call() -> list[Value]:
            fits = handler.has(_ARGUMENTS, len(inputs)) & handler.has(_RESULTS, len(outputs))
            run = handler.python if python else handler.loop
            return b.if_(fits, lambda: [run(inputs, outputs)], lambda: [handler.misfit()])

        b.ret(b.if_(b.eq(extension, _null(b)), call, lambda: [handler.answer(extension)])[0])
    return module.text()


class _Handler:
    """Writes the parts of a handler."""

    def __init__(self, b: Builder, frame: Value, stride: int) -> None:
        self.b, self.frame, self.stride = b, frame, stride

    def field(self, base: Value, offset: Index) -> Value:
        """An address that a structure has."""
        return self.b.load(PTR, self.b.at(base, offset, "i8"))

    def number(self, base: Value, offset: Index) -> Value:
        """A number of 64 bits that a structure has."""
        return self.b.load(I64, self.b.at(base, offset, "i8"))

    def has(self, side: int, count: int) -> Value:
        """i1: whether the frame has so many arguments, or results."""
        return self.b.eq(self.number(self.frame, side + _COUNT), count)

    def answer(self, extension: Value) -> Value:
        """Tell XLA the version of its interface that the handler is made for: its own, for all that
        is used here has been there from the first.
        """
        b = self.b
        asks = b.eq(b.load(I32, b.at(extension, _TYPE, "i8")), _ASKS)

        def tell() -> Sequence[Value]:
            told, api = self.field(extension, _METADATA), self.field(self.frame, _API)
            minor = b.load(I32, b.at(api, _API_MINOR, "i8"))
            zero = b.constant(0, I32)
            for offset, value in ((_MAJOR, zero), (_MINOR, minor), (_TRAITS, zero)):
                b.store(value, b.at(told, offset, "i8"))
            has_state = b.compare("ge", self.number(told, 0), _WITH_STATE)
            b.if_(has_state, lambda: stateless(told))
            return []

        def stateless(told: Value) -> Sequence[Value]:
            b.store(b.constant(0, I64), b.at(told, _STATE, "i8"))
            return []

        b.if_(asks, tell)
        return _null(b)

    def loop(self, inputs: Sequence[int], outputs: Sequence[int]) -> Value:
        """Call the ufunc's loop for one point."""
        b = self.b
        arrays, count = self._arrays(inputs, outputs)
        dimensions, steps = b.table([1], "i64"), b.table([0] * max(count, 1), "i64")
        listed = ", ".join(f"ptr {v.text}" for v in (arrays, dimensions, steps))
        b.line(f"call void @{LOOP}({listed}, ptr null)")
        return _null(b)

    def python(self, inputs: Sequence[int], outputs: Sequence[int]) -> Value:
        """Enter Python; its exception is XLA's error."""
        b = self.b
        arrays, _ = self._arrays(inputs, outputs)
        message = b.call(PTR, PYTHON, arrays)
        none = b.eq(message, _null(b))
        return b.if_(none, lambda: [_null(b)], lambda: [self._error(message, INTERNAL)])[0]

    def misfit(self) -> Value:
        """The error for other numbers of arrays."""
        text = b"taylor: a handler was called with other arrays than it is made for\0"
        message = Value(self.b, PTR, self.b.module.data(text))
        return self._error(message, INVALID_ARGUMENT)

    def _arrays(self, inputs: Sequence[int], outputs: Sequence[int]) -> tuple[Value, int]:
        """The addresses that are wanted, one after the other, and how many they are."""
        b, count = self.b, 0
        arrays = b.alloca("ptr", max(sum(inputs) + sum(outputs), 1))
        for side, counts in ((_ARGUMENTS, inputs), (_RESULTS, outputs)):
            buffers = self.field(self.frame, side + _BUFFERS)
            for k, wanted in enumerate(counts):
                if wanted:
                    data = self.field(b.load(PTR, b.at(buffers, k, "ptr")), _DATA)
                for i in range(wanted):
                    element = b.at(data, i * self.stride, "i8")
                    b.store(element, b.at(arrays, count + i, "ptr"))
                count += wanted
        return arrays, count

    def _error(self, message: Value, code: int) -> Value:
        b = self.b
        given = b.alloca("i8", 32)
        b.store(b.constant(_ERROR_BYTES, I64), given)
        b.store(_null(b), b.at(given, _EXTENSION, "i8"))
        b.store(message, b.at(given, _MESSAGE, "i8"))
        b.store(b.constant(code, I32), b.at(given, _CODE, "i8"))
        create = self.field(self.field(self.frame, _API), _CREATE_ERROR)
        return b.emit_anew(PTR, f"call ptr {create.text}(ptr {given.text})")


def _null(b: Builder) -> Value:
    return Value(b, PTR, "null")

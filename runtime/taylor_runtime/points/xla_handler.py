"""Calls from XLA: handlers of its foreign function interface.

A handler is `XLA_FFI_Error *(XLA_FFI_CallFrame *)`.  It finds the addresses of the arrays that XLA
gives and wants, puts those that have elements side by side, and calls what is to be called.  All
its memory is on the stack: XLA calls handlers from several threads at once, without the GIL.

Layouts are those of xla/ffi/api/c_api.h, version 0, in which fields are only ever added at the end.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

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
_MAJOR, _MINOR, _TRAITS = 24, 28, 32
_FIRST = 1  # the minor version of an XLA that does not say its own
# Of the table of XLA's functions, and of what the one that makes errors is given.
_API_MINOR, _CREATE_ERROR = 36, 48
_ERROR_BYTES, _MESSAGE, _CODE = 28, 16, 24
INVALID_ARGUMENT, INTERNAL = 3, 13

Run = Callable[["Handling", Value], Value]  # of the addresses of arrays; gives null, or an error


def loop_module(inputs: Sequence[int], outputs: Sequence[int], stride: int) -> str:
    """IR text of a handler that calls `LOOP`, the loop of a ufunc, for one point.

    inputs, outputs: for each of XLA's arrays how many of its addresses the loop wants: none of an
        array without elements, else that of the first element or of all.
    stride: bytes of an element.
    """
    declared = {LOOP: f"declare void @{LOOP}(ptr, ptr, ptr, ptr)"}
    count = max(sum(inputs) + sum(outputs), 1)

    def run(handling: Handling, arrays: Value) -> Value:
        b = handling.b
        given = arrays, b.table([1], "i64"), b.table([0] * count, "i64")
        listed = ", ".join(f"ptr {value.text}" for value in given)
        b.line(f"call void @{LOOP}({listed}, ptr null)")
        return handling.nothing()

    return handler_text(inputs, outputs, stride, run, declared)


def python_module(inputs: Sequence[int], outputs: Sequence[int]) -> str:
    """IR text of a handler that calls `PYTHON`, with the addresses of all arrays with elements."""

    def run(handling: Handling, arrays: Value) -> Value:
        return handling.entered(arrays)

    return handler_text(inputs, outputs, 8, run, {}, python=True)


def handler_text(
    inputs: Sequence[int],
    outputs: Sequence[int],
    stride: int,
    run: Run,
    declared: Mapping[str, str],
    python: bool = False,
) -> str:
    """IR text of a handler.

    inputs, outputs, stride: as for `loop_module`.
    run:      writes what is to be done.
    declared: what it calls; python: whether that is `PYTHON`, too.
    """
    module = Module()
    for name, text in declared.items():
        module.declare(name, text)
    if python:
        module.declare(PYTHON, f"declare ptr @{PYTHON}(ptr)")
    with define_function(module, HANDLER, "ptr", [("ptr", "frame")], "nounwind") as (b, (frame,)):
        handling = Handling(b, frame)
        extension = handling.field(frame, _EXTENSION)

        def call() -> list[Value]:
            fits = handling.has(_ARGUMENTS, len(inputs)) & handling.has(_RESULTS, len(outputs))
            return b.if_(fits, fitting, lambda: [handling.misfit()])

        def fitting() -> list[Value]:
            return [run(handling, handling.arrays(inputs, outputs, stride))]

        asked = b.ne(extension, handling.nothing())
        b.ret(b.if_(asked, lambda: [handling.answer(extension)], call)[0])
    return module.text()


class Handling:
    """Writes the parts of a handler."""

    def __init__(self, b: Builder, frame: Value) -> None:
        self.b, self.frame = b, frame

    def nothing(self) -> Value:
        """A null pointer."""
        return Value(self.b, PTR, "null")

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
        is used here has been there from the first.  A handler without a state has no more to say.
        """
        b = self.b
        asks = b.eq(b.load(I32, b.at(extension, _TYPE, "i8")), _ASKS)

        def tell() -> Sequence[Value]:
            told, api = self.field(extension, _METADATA), self.field(self.frame, _API)
            minor = b.if_(
                b.ne(api, self.nothing()),
                lambda: [b.load(I32, b.at(api, _API_MINOR, "i8"))],
                lambda: [b.constant(_FIRST, I32)],
            )[0]
            zero = b.constant(0, I32)
            for offset, value in ((_MAJOR, zero), (_MINOR, minor), (_TRAITS, zero)):
                b.store(value, b.at(told, offset, "i8"))
            return []

        b.if_(asks, tell)
        return self.nothing()

    def arrays(self, inputs: Sequence[int], outputs: Sequence[int], stride: int) -> Value:
        """The addresses that are wanted, one after the other."""
        b, count = self.b, 0
        arrays = b.alloca("ptr", max(sum(inputs) + sum(outputs), 1))
        for side, counts in ((_ARGUMENTS, inputs), (_RESULTS, outputs)):
            buffers = self.field(self.frame, side + _BUFFERS)
            for k, wanted in enumerate(counts):
                if wanted:
                    data = self.field(b.load(PTR, b.at(buffers, k, "ptr")), _DATA)
                for i in range(wanted):
                    element = b.at(data, i * stride, "i8")
                    b.store(element, b.at(arrays, count + i, "ptr"))
                count += wanted
        return arrays

    def entered(self, arrays: Value) -> Value:
        """Enter Python; its exception is XLA's error."""
        message = self.b.call(PTR, PYTHON, arrays)
        none = self.b.eq(message, self.nothing())
        return self.b.if_(none, lambda: [self.nothing()], lambda: [self._error(message, INTERNAL)])[
            0
        ]

    def misfit(self) -> Value:
        """The error for other numbers of arrays."""
        text = b"taylor: a handler was called with other arrays than it is made for\0"
        message = Value(self.b, PTR, self.b.module.data(text))
        return self._error(message, INVALID_ARGUMENT)

    def _error(self, message: Value, code: int) -> Value:
        b = self.b
        given = b.alloca("i8", 32)
        b.store(b.constant(_ERROR_BYTES, I64), given)
        b.store(self.nothing(), b.at(given, _EXTENSION, "i8"))
        b.store(message, b.at(given, _MESSAGE, "i8"))
        b.store(b.constant(code, I32), b.at(given, _CODE, "i8"))
        create = self.field(self.field(self.frame, _API), _CREATE_ERROR)
        return b.emit_anew(PTR, f"call ptr {create.text}(ptr {given.text})")

"""Handlers that XLA calls: of machine code, and of Python functions of arrays."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from taylor_runtime.callables.points import ArrayFunction, Formula
from taylor_runtime.callables.python_calls import calls_python
from taylor_runtime.engine.compiler import Module, Options, compile_ir, package_digest
from taylor_runtime.engine.entries import null, python_entry, reader, text_in_memory, writer
from taylor_runtime.points.arrays import ARRAYS
from taylor_runtime.points.formula import FORMULA
from taylor_runtime.points.xla_handler import HANDLER, LOOP, PYTHON, loop_module, python_module
from taylor_runtime.program.arrays import Shape
from taylor_runtime.program.kinds import KINDS
from taylor_runtime.program.records import blake2b, dataclass

Operand = tuple[Shape, str]  # shape and dtype of an array


@dataclass(frozen=True, slots=True)
class Handler:
    """Machine code `XLA_FFI_Error *(XLA_FFI_CallFrame *)`.

    address: valid as long as this lives.
    digest:  of all that decides what it does: the same in every process.  Empty where it calls
        functions of which nothing is known.
    """

    address: int
    digest: str
    owner: tuple[object, ...]


def loop_handler(
    code: Formula | ArrayFunction, inputs: Sequence[Shape], outputs: Sequence[Shape]
) -> Handler | None:
    """The handler of a function of arrays of these shapes; None where it enters Python, or where a
    formula has its operands in rows.
    """
    if calls_python(code.externals):
        return None
    sizes = [math.prod(shape) for shape in inputs], [math.prod(shape) for shape in outputs]
    if isinstance(code, Formula):
        if code.ufunc is None:
            return None
        loop, tables = FORMULA, tuple[object, ...]()
    else:
        loop, tables = ARRAYS, code.belongings
        sizes = [min(n, 1) for n in sizes[0]], [min(n, 1) for n in sizes[1]]
    stride = np.dtype(KINDS[code.precision].dtype).itemsize
    module = compile_ir(
        lambda: loop_module(*sizes, stride),
        [HANDLER],
        options=Options(codegen=0),
        externals={LOOP: code.module.address(loop)},
        label="XLA handler",
        source=f"xla loop {stride} {sizes}",
    )
    known = "" if code.externals else _digest(code, repr((loop, *sizes)), tables)
    return Handler(module.address(HANDLER), known, (module, code))


def _digest(code: Formula | ArrayFunction, form: str, tables: Sequence[object]) -> str:
    """Of what a function computes and how: constants and tables, too."""
    digest = blake2b(digest_size=16)
    parts = (
        package_digest().encode(),
        repr((code.module.target, code.precision, form)).encode(),
        code.text().encode(),
        *(np.asarray(table).tobytes() for table in tables),
    )
    for part in parts:
        digest.update(len(part).to_bytes(8, "little") + part)
    return digest.hexdigest()


def python_handler(
    run: Callable[..., Sequence[Any]], inputs: Sequence[Operand], outputs: Sequence[Operand]
) -> Handler:
    """The handler of a Python function of NumPy arrays and floats, which returns a list of them.

    It takes the GIL.  The function's exceptions become XLA's errors, with their messages.
    """
    entry = entry_of(run, inputs, outputs)
    given, wanted = ([min(math.prod(shape), 1) for shape, _ in s] for s in (inputs, outputs))
    module: Module = compile_ir(
        lambda: python_module(given, wanted),
        [HANDLER],
        options=Options(codegen=0),
        externals={PYTHON: entry.address},
        label="XLA handler",
        source=f"xla python {given} {wanted}",
    )
    return Handler(module.address(HANDLER), "", (module, entry))


def entry_of(
    run: Callable[..., Sequence[Any]], inputs: Sequence[Operand], outputs: Sequence[Operand]
) -> Any:
    """A C function with an `address` that calls a Python function, as `PYTHON` is called."""
    kept = threading.local()  # XLA copies a message before the thread comes here again
    empty = [None if math.prod(shape) else np.empty(shape, dtype) for shape, dtype in inputs]
    readers = [reader(*operand) for operand in inputs]
    writers = [(k, writer(*one)) for k, one in enumerate(outputs) if math.prod(one[0])]

    def enter(arrays: Any) -> Any:
        try:
            given, place = [], 0
            for read, nothing in zip(readers, empty, strict=True):
                if nothing is None:
                    given.append(read(arrays[place]))
                    place += 1
                else:
                    given.append(nothing)
            found = run(*given)
            for k, write in writers:
                write(arrays[place], found[k])
                place += 1
        except BaseException as error:  # there is nobody to whom it could go on
            kept.message = text_in_memory(f"{type(error).__name__}: {error}")
            return kept.message
        return null()

    return python_entry(enter)

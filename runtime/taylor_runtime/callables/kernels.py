"""A kernel applied to NumPy arrays: for functions that NumPy does not have, and for tests."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from taylor_runtime.engine.call import buffer, function_pointer
from taylor_runtime.engine.compiler import compile_ir
from taylor_runtime.engine.target import Target
from taylor_runtime.ir.builder import define_function
from taylor_runtime.ir.module import Module
from taylor_runtime.ir.types import I64, Type
from taylor_runtime.ir.values import Value
from taylor_runtime.mathlib.basics.kernel import KernelFunction, emit_call
from taylor_runtime.program.kinds import KINDS, element_of

Arrays = tuple[NDArray[np.float64], ...]
_ENTRY = "apply_kernel"


def loop_text(kernel: KernelFunction, lanes: int, element: str = "double") -> str:
    """IR of ``void apply_kernel(i64 count, ptr in.., ptr out..)``; `count` in blocks of `lanes`."""
    module = Module()
    pointers = [f"a{i}" for i in range(kernel.arity + kernel.results)]
    parameters = [("i64", "count"), *(("ptr", name) for name in pointers)]
    t = Type(element, lanes)
    with define_function(module, _ENTRY, "void", parameters, "nounwind") as (b, (count, *places)):
        total = count * max(lanes, 1)
        places = [b.planes(place, total, element) for place in places]

        def block(i: Value | int, _: list[Value]) -> list[Value]:
            at = [b.at(place, i * max(lanes, 1), element) for place in places]
            arguments = [b.load(t, place) for place in at[: kernel.arity]]
            values = emit_call(b, kernel, arguments)
            for value, place in zip(values, at[kernel.arity :], strict=True):
                b.store(value, place)
            return []

        b.fold(b.constant(0, I64), count, [], block)
        b.ret()
    return module.text()


def array_function(
    kernel: KernelFunction, lanes: int = 0, target: Target | None = None, dtype: str = "float64"
) -> Callable[..., Arrays]:
    """``(*arrays) -> tuple of arrays``: `kernel` elementwise, compiled alone.

    lanes: how many numbers at a time; 0 is scalar code.  The arrays have one dimension and equal
    lengths, float64 or float32 as `dtype` says; padded to a multiple of `lanes`.  With
    "double-double" their shape is (2, length): high parts, then low parts.

    >>> from taylor_runtime.mathlib.families import kernels
    >>> array_function(kernels["exp"], lanes=4)(np.array([0.0, 1.0]))
    (array([1.        , 2.71828183]),)
    """
    element = element_of(dtype)
    code = compile_ir(loop_text(kernel, lanes, element), [_ENTRY], target=target, label=kernel.name)
    pointers = ", ".join(["void *"] * (kernel.arity + kernel.results))
    run = function_pointer(code.address(_ENTRY), f"void (*)(int64_t, {pointers})", code)
    step = max(lanes, 1)

    def apply(*arrays: NDArray[np.float64]) -> Arrays:
        *planes, size = arrays[0].shape
        padded = -(-size // step) * step
        part = KINDS[dtype].dtype
        inputs = [np.ones((*planes, padded), part) for _ in arrays]
        for block, array in zip(inputs, arrays, strict=True):
            block[..., :size] = array
        outputs = [np.empty((*planes, padded), part) for _ in range(kernel.results)]
        run(padded // step, *(buffer(a) for a in (*inputs, *outputs)))
        return tuple(output[..., :size] for output in outputs)

    return apply


_LANES = 8


@cache
def _by_name(name: str) -> Callable[..., Arrays]:
    from taylor_runtime.mathlib.families import kernels

    return array_function(kernels[name], _LANES)


def kernel_values(name: str, *arguments: Any) -> Any:
    """Values of a kernel for numbers or arrays, broadcast, in float64.

    Raises TypeError for complex numbers.

    >>> float(kernel_values("gamma", 5))
    24.0
    """
    if any(np.iscomplexobj(a) for a in arguments):
        raise TypeError("complex numbers are not supported")
    arrays = np.broadcast_arrays(*(np.asarray(a, np.float64) for a in arguments))
    flat = [np.ascontiguousarray(a).reshape(-1) for a in arrays]
    return _by_name(name)(*flat)[0].reshape(arrays[0].shape)[()]

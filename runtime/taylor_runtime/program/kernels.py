"""Kernels that programs name: pairs of them, and those that programs bring along."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

# Kernels that cost little more together than one alone, and the kernel that gives both.
PAIRS = {("sin", "cos"): "sincos", ("sinh", "cosh"): "sinhcosh"}


@dataclass(frozen=True, slots=True)
class KernelFunction:
    """One elementary function at order zero.

    name, arity: as in ``taylor_runtime.program.Kernel``; `arity` counts rows and constants.
    emit: ``(b, *arguments) -> results``, all of the type of the arguments.
    results: how many values it gives; two for pairs such as sine and cosine.
    inline: written out at the call; otherwise an internal function, once per module and lane count.
    generic: `emit` works in every floating-point type; otherwise it is made for double (or, in
        the folder `double_double`, for that), and narrower types are widened for the call.
    """

    name: str
    arity: int
    emit: Callable[..., Sequence[Any]]
    results: int = 1
    inline: bool = False
    generic: bool = False


class OwnKernel(str):
    """The name of a kernel that is not in mathlib: it carries the kernel along.

    Equal names must mean equal kernels, in other processes too, because programs and machine code
    are known by names: let a digest of all that the kernel computes be part of it.

    function: what to emit.
    inner:    names of other kernels that it calls, those of callbacks included.
    """

    function: KernelFunction
    inner: tuple[str, ...]

    def __new__(cls, name: str, function: KernelFunction, inner: tuple[str, ...] = ()) -> OwnKernel:
        made = super().__new__(cls, name)
        made.function = function
        made.inner = inner
        return made

"""Kernels of programs as functions of expressions: what recurrences ask for at order zero."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from taylor.expressions.leaves import make_function_node
from taylor.functions.by_machine import by_machine
from taylor.nodes.defined import DefinedName, defined, makes
from taylor.nodes.logic import compare, logical, logical_not, where
from taylor.nodes.node import COMPARISONS
from taylor.nodes.products import divide, power
from taylor.nodes.record import Function, that_of_expression
from taylor.nodes.registry import functions
from taylor.reference.interpreter import mpmath_algebra
from taylor_runtime.program.program import OwnKernel
from taylor_runtime.program.records import dataclass


def kernel_node(kernel: str | OwnKernel, args: Sequence[Any]) -> Any:
    """The value of a kernel, its rows first and its constants last, as an expression."""
    if isinstance(kernel, str):
        if kernel in COMPARISONS:
            return compare(kernel, args[0], args[1])
        if kernel in _OPERATIONS:
            return _OPERATIONS[kernel](*args)
        record = functions.get(kernel)
        if record is not None and record.expression is None:
            rows = len(args) - record.orders
            return make_function_node(kernel, *args[rows:], *args[:rows])
    return make_function_node(DefinedName(_KernelValue(kernel, len(args))), *args)


_OPERATIONS: dict[str, Any] = {
    "and": partial(logical, "and"),
    "or": partial(logical, "or"),
    "not": logical_not,
    "where": where,
    "div": divide,
    "pow": power,
}


@dataclass(frozen=True, slots=True)
class _KernelValue:
    """A kernel as the definition of a function."""

    kernel: str | OwnKernel
    arity: int

    @property
    def name(self) -> str:
        return f"{self.kernel} at order zero"


@makes(_KernelValue)
def _function(name: DefinedName, value: _KernelValue) -> Function:
    return defined(
        name,
        value.kernel,
        steady=True,
        arity=value.arity,
        mpmath=lambda mp, *args: mpmath_algebra(mp).kernel(value.kernel, list(map(mp.mpf, args))),
        numpy=by_machine(value.kernel, value.arity),
        derivative=that_of_expression,
        domain="as the kernel's",
        reference="the kernel",
    )

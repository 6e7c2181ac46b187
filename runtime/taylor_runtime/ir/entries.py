"""Functions whose machine code can be replaced while it is in use."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.module import Module


def define_entry(
    module: Module, name: str, first: str, result: str, parameters: Sequence[tuple[str, str]]
) -> None:
    """Define a function that goes on with the function whose address the variable `<name>.slot`
    holds, which is that of `first` until somebody stores another there.

    Whoever is in the other function stays there until it returns.
    """
    slot = f"@{name}.slot"
    module.declare(slot, f"{slot} = global ptr @{first}, align 8")
    listed = ", ".join(f"{text} %{parameter}" for text, parameter in parameters)
    module.define(
        name,
        [
            f"define {result} @{name}({listed}) nounwind {{",
            f"  %next = load atomic ptr, ptr {slot} acquire, align 8",
            f"  %returned = tail call {result} %next({listed})",
            f"  ret {result} %returned",
            "}",
        ],
    )

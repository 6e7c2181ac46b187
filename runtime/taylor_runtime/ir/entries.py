"""Functions whose machine code can be replaced while it is in use."""

from __future__ import annotations

from collections.abc import Sequence

from taylor_runtime.ir.module import Module


def make_replaceable(
    module: Module, name: str, result: str, parameters: Sequence[tuple[str, str]]
) -> None:
    """Put a function in the place of a defined one, which goes on with the function whose address
    the variable `<name>.slot` holds: that which was defined, until somebody stores another there.

    Whoever is in the other function stays there until it returns.
    """
    first, slot = f"{name}.first", f"@{name}.slot"
    module.rename(name, first)
    module.declare(slot, f"{slot} = global ptr @{first}, align 8")
    listed = ", ".join(f"{text} %{parameter}" for text, parameter in parameters)
    value = "" if result == "void" else "%returned"
    module.define(
        name,
        [
            f"define {result} @{name}({listed}) nounwind {{",
            f"  %next = load atomic ptr, ptr {slot} acquire, align 8",
            f"  {value}{' = ' * bool(value)}tail call {result} %next({listed})",
            f"  ret {result} {value}",
            "}",
        ],
    )

"""Functions that are not in the registry: their names carry along what they are made from.

A table of numbers or an equation makes a function of its own.  Its name is part of every node that
uses it and keeps its data alive.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from taylor.nodes.record import Function, no_sympy
from taylor_runtime.program.kernels import DIGITS
from taylor_runtime.program.program import OwnKernel

_SHOWN = 6  # digits of digests
_DIGEST = re.compile(f"[0-9a-f]{{{DIGITS}}}")


class Definition(Protocol):
    """What a function is made from: data that pickles.

    name: the function's; definitions of the same name define the same function.
    """

    @property
    def name(self) -> str: ...


class DefinedName(str):
    """The name of a function that is not in the registry, with its definition.

    >>> from taylor_runtime.program.kernels import InverseKernel
    >>> name = DefinedName(InverseKernel(2, 0, 1))
    >>> name, name.record.arity
    ('inverse2_0_1', 4)
    """

    definition: Definition
    _record: Function | None

    def __new__(cls, definition: Definition) -> DefinedName:
        made = super().__new__(cls, definition.name)
        made.definition = definition
        made._record = None
        return made

    @property
    def record(self) -> Function:
        """The function itself, made at first use by what `makes` it."""
        if self._record is None:
            self._record = _makers[type(self.definition)](self, self.definition)
        return self._record

    @property
    def label(self) -> str:
        """The name as it is printed, with the first digits of its digest."""
        return _DIGEST.sub(lambda found: found[0][:_SHOWN], self)

    def __reduce__(self) -> tuple[type[DefinedName], tuple[Definition]]:
        return DefinedName, (self.definition,)

    def __copy__(self) -> DefinedName:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> DefinedName:
        return self


Maker = Callable[[DefinedName, Any], Function]
_makers: dict[type, Maker] = {}


def makes(kind: type) -> Callable[[Maker], Maker]:
    """A decorator of what makes functions of definitions of this type."""

    def remember(maker: Maker) -> Maker:
        _makers[kind] = maker
        return maker

    return remember


def defined(
    name: DefinedName, kernel: OwnKernel | str, steady: bool = False, **fields: Any
) -> Function:
    """Return the record of a function with a kernel of its own.

    steady: it is constant in pieces.
    fields: those of its `Function` besides name and kernel.
    """
    if steady:
        fields["recurrence"] = lambda b, *rows: b.kernel(kernel, *rows)
    usual = {"recurrence": None, "numpy_names": (), "sympy_names": (), "sympy": no_sympy}
    return Function(**{"name": name, "kernel": kernel, **usual, **fields})
